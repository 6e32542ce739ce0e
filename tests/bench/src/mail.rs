//! Messages from a seed: the same number gives the same bytes, on every machine and for both servers.

/// Splitmix64: small, and the same everywhere.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `below`.
    pub fn below(&mut self, below: usize) -> usize {
        (self.next() % below.max(1) as u64) as usize
    }
}

/// What a body is compared by (FNV-1a).
pub fn digest(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(8);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for word in &mut words {
        let mut eight = [0; 8];
        eight.copy_from_slice(word);
        hash = (hash ^ u64::from_le_bytes(eight)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
    }
    words.remainder().iter().fold(hash, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// How many words there are.
const WORDS: usize = 4000;

/// The word of that rank: of two to four syllables, no two the same.
pub fn word(rank: usize) -> String {
    const FIRST: [&str; 16] =
        ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "zu", "kra"];
    const SECOND: [&str; 16] = [
        "ber", "dan", "fel", "gor", "kus", "lam", "men", "nis", "pol", "run", "sal", "ter", "vin", "won",
        "zum", "x",
    ];
    let mut out = String::from(FIRST[rank % 16]);
    out.push_str(SECOND[rank / 16 % 16]);
    out.push_str(FIRST[rank / 256 % 16]);
    if rank.is_multiple_of(3) {
        out.push_str(SECOND[rank / 7 % 16]);
    }
    out
}

/// A message as it lies in a mailbox: its INTERNALDATE and its bytes, about 2 KiB, ASCII text.
///
/// Nothing in it is encoded, so that what a search must find is what the bytes hold.
pub fn stored(seed: u64, n: u64) -> (String, Vec<u8>) {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut random = Random::new(seed ^ n.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let (day, month) = (1 + n % 28, MONTHS[(n / 28 % 12) as usize]);
    let clock = format!("{:02}:{:02}:{:02} +0000", random.below(24), random.below(60), random.below(60));
    // Squared, so that words of low rank are common and those of high rank rare.
    let pick = |random: &mut Random| {
        let at = random.below(WORDS);
        word(at * at / WORDS)
    };
    let from = format!("p{}@praxis.example", random.below(511));
    let mut text = format!(
        "Received: from gw{}.example (gw.example [192.0.2.{}])\r\n\tby mx.example with ESMTPS id {:016x}\r\n\t\
         for <anna@secure.test>; {day} {month} 2025 {clock}\r\n\
         From: \"{} {}\" <{from}>\r\nTo: Anna Weber <anna@secure.test>\r\nSubject: {} {} {}\r\n\
         Date: {day} {month} 2025 {clock}\r\nMessage-ID: <{n}.{:016x}@praxis.example>\r\n",
        random.below(9),
        random.below(255),
        random.next(),
        pick(&mut random),
        pick(&mut random),
        pick(&mut random),
        pick(&mut random),
        pick(&mut random),
        random.next(),
    );
    if n % 3 == 1 {
        let before = format!("<{}.reply@praxis.example>", n - 1);
        text.push_str("In-Reply-To: ");
        text.push_str(&before);
        text.push_str("\r\nReferences: ");
        text.push_str(&before);
        text.push_str("\r\n");
    }
    text.push_str(
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n",
    );
    let words = 60 + random.below(280);
    for at in 0..words {
        text.push_str(&pick(&mut random));
        text.push_str(if at % 10 == 9 { ".\r\n" } else { " " });
    }
    text.push_str("\r\n");
    (format!("{day:02}-{month}-2025 {clock}"), text.into_bytes())
}

/// A message to submit.
pub struct Letter {
    /// Which user sends it.
    pub from: usize,
    /// Which user gets it.
    pub to: usize,
    /// Its Message-ID, without the angle brackets.
    pub id: String,
    /// [`digest`] of what follows the header.
    pub body: u64,
    /// All of it; no line begins with a dot.
    pub bytes: Vec<u8>,
}

/// A letter of `size` bytes, about: text up to 64 KiB, text and a PDF above. `id` must be used once.
pub fn letter(id: &str, from: (usize, &str), to: (usize, &str), size: usize) -> Letter {
    let mut random = Random::new(digest(id.as_bytes()));
    let head = format!(
        "From: {}\r\nTo: {}\r\nSubject: letter {:x}\r\nMessage-ID: <{id}>\r\n\
         Date: Tue, 24 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n",
        from.1,
        to.1,
        random.next()
    );
    let mut bytes = head.into_bytes();
    let text = |bytes: &mut Vec<u8>, random: &mut Random, upto: usize| {
        while bytes.len() + 2 < upto {
            let line = format!("{:016x} {:016x} {:016x}\r\n", random.next(), random.next(), random.next());
            let room = (upto - bytes.len() - 2).min(line.len() - 2);
            bytes.extend_from_slice(&line.as_bytes()[..room]);
            bytes.extend_from_slice(b"\r\n");
        }
    };
    let head_end;
    if size <= 1 << 16 {
        bytes.extend_from_slice(b"Content-Type: text/plain; charset=us-ascii\r\n\r\n");
        head_end = bytes.len();
        text(&mut bytes, &mut random, size);
    } else {
        bytes.extend_from_slice(b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n");
        head_end = bytes.len();
        bytes.extend_from_slice(b"--bb\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n");
        let upto = bytes.len() + 500;
        text(&mut bytes, &mut random, upto);
        bytes.extend_from_slice(
            b"--bb\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\n\
              Content-Disposition: attachment; filename=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        );
        bytes.extend_from_slice(&crate::base64::encode_lines(&pdf(&mut random, size)));
        bytes.extend_from_slice(b"--bb--\r\n");
    }
    Letter { from: from.0, to: to.0, id: id.to_owned(), body: digest(&bytes[head_end..]), bytes }
}

/// Bytes that begin as a PDF does.
fn pdf(random: &mut Random, size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(size + 8);
    out.extend_from_slice(b"%PDF-1.7\n");
    while out.len() < size {
        out.extend_from_slice(&random.next().to_le_bytes());
    }
    out.truncate(size);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_message() {
        assert_eq!(stored(7, 12), stored(7, 12));
        assert_ne!(stored(7, 12).1, stored(7, 13).1);
    }

    #[test]
    fn a_letter_has_its_size_and_no_line_with_a_dot_first() {
        for size in [1000, 4096, 60_000] {
            let letter = letter("a@b", (0, "x@y"), (1, "z@y"), size);
            assert!(letter.bytes.len().abs_diff(size) < 4, "{size} {}", letter.bytes.len());
            assert!(!letter.bytes.windows(3).any(|w| w == b"\r\n."));
            assert!(letter.bytes.ends_with(b"\r\n"));
        }
    }
}
