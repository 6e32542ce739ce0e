//! Messages as nobody should write them: taken from a corpus and damaged at random.

use crate::dice::Dice;

/// What the corpus of the fuzz targets lacks.
const SEEDS: &[&[u8]] = &[
    b"",
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b":\r\n\r\n",
    b" folded from the start\r\nSubject: x\r\n\r\ny",
    b"From nobody Thu Jan  1 00:00:00 1970\r\nSubject: mbox\r\n\r\ny\r\n",
    b"Subject:\r\n\r\n",
    b"Subject: \xff\xfe raw latin \xe4\xf6\xfc\r\nFrom: \"J\xf6rg\" <j@x.invalid>\r\n\r\n\xe4\r\n",
    b"Subject: =?utf-8?q?cut_in_the=20mid?= =?utf-8?b?w6Q?=\r\n =?x-none?q?=E4?= =?utf-8*de?q?lang?=\r\n\r\nx\r\n",
    b"From: Freunde: a@x.invalid, <b@x.invalid>;, undisclosed:;\r\nTo: @route,@b:c@d.invalid\r\nCc: (only a comment)\r\n\
      Reply-To: <>\r\nSender: no-at-sign\r\nDate: yesterday, at noon\r\nMessage-ID: <a@b> <c@d>\r\n\r\nx\r\n",
    b"Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\npreamble\r\n--a\r\n\r\none\r\n--a\r\n\
      Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n--a--\r\nepilogue\r\n",
    b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
      Content-Transfer-Encoding: quoted-printable\r\n\r\nM=FCller=\r\n=ZZ =\r\n--b\r\nContent-Type: text/html; charset=utf-16\r\n\
      Content-Transfer-Encoding: base64\r\n\r\nPGI+\r\n====\r\n--b--\r\n",
    b"Content-Type: application/octet-stream; name*0*=utf-8'de'R%C3%B6ntgen; name*1=\" 36\"; name*3=lost\r\n\
      Content-Disposition: attachment; filename*=iso-8859-1''%E4.pdf; filename=\"a\\\"b\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n\
      begin 644 a\r\n#0V%T\r\n`\r\nend\r\n",
    b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQp5DQo=\r\n",
    b"Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: one\r\n\r\n1\r\n--d\r\n\r\nSubject: two\r\n\r\n2\r\n--d--",
    b"Content-Type: message/partial; id=\"x\"; number=1; total=2\r\n\r\nSubject: half\r\n\r\nh\r\n",
    b"Content-Type: text/plain; charset=\"\xc3\x28\"\r\nContent-Language: de, en\r\nContent-Location: x y\r\nContent-MD5: !\r\n\
      Content-ID: <\r\nContent-Description: =?utf-8?b?\r\n\r\n\xc3\x28\r\n",
    b"Received: a\rSubject: after a bare CR\r\n\r\nbody\rwith\nboth\n\rkinds\r\n.\r\n..\r\n",
    b"Content-Type: multipart/related; type=\"text/html\"; boundary=\"=_\\\"quoted\"\r\n\r\n--=_\"quoted\r\n\r\nx\r\n--=_\"quoted--\r\n",
];

/// Header lines that are put in somewhere.
const LINES: &[&[u8]] = &[
    b"Content-Type: multipart/mixed; boundary=zz",
    b"Content-Type: multipart/mixed; boundary=\"\"",
    b"Content-Type: multipart/mixed",
    b"Content-Type: text",
    b"Content-Type: /;=;;",
    b"Content-Type: message/rfc822",
    b"Content-Type: message/global; charset=koi8-r",
    b"Content-Type: text/plain; charset=iso-2022-jp",
    b"Content-Type: text/plain; charset=x-unknown",
    b"Content-Type: text/html; charset=utf-7",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Transfer-Encoding: binary",
    b"Content-Transfer-Encoding: x-none",
    b"Content-Disposition: inline; filename==?utf-8?q?=C3=A4?=",
    b"Content-Disposition: ; ;",
    b"Date: Mon, 32 Foo 99999 25:61:61 +9999",
    b"Date: 1 Jan 70 00:00 EST (comment (nested)",
    b"From: =?iso-8859-15?q?=A4?= <a@b>, \"open",
    b"To: a@b; c: d@e;; f:;",
    b"Subject: =?gb18030?b?xOO6ww==?= Re: Re: [list] Fwd: (fwd)",
    b"In-Reply-To: <<>> nonsense <seed@x.invalid>",
    b"References: <seed@x.invalid>\r\n\t<seed@x.invalid> <other@x.invalid",
    b"--zz",
    b"--zz--",
    b"",
];

/// Bytes that mean something to somebody.
const BYTES: &[u8] = b"\r\n\0\x7f\x80\xc3\xff\xfe\"\\=?;:()<>%*@,.- \t{}[]\x1b~&/'";

/// Where messages come from.
pub struct Corpus {
    originals: Vec<Vec<u8>>,
}

impl Corpus {
    /// The seeds here, and the corpus of the fuzz target for messages.
    pub fn new() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/mime");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mut originals: Vec<Vec<u8>> = SEEDS.iter().map(|seed| seed.to_vec()).collect();
        originals.extend(files.into_iter().map(|file| std::fs::read(file).unwrap()));
        // Large ones are what others are for.
        originals.retain(|message| message.len() < 20_000);
        Self { originals }
    }

    /// One message, never empty (RFC 9051 §6.3.12: APPEND of nothing is refused).
    pub fn message(&self, dice: &mut Dice) -> Vec<u8> {
        let mut message = dice.one(&self.originals).clone();
        for _ in 0..dice.roll(6) {
            self.damage(&mut message, dice);
        }
        if dice.roll(500) == 0 {
            message = nested(&message, dice);
        }
        message.truncate(60_000);
        if message.is_empty() {
            message.push(b'x');
        }
        message
    }

    fn damage(&self, message: &mut Vec<u8>, dice: &mut Dice) {
        let length = message.len();
        let at = dice.roll(length + 1);
        // Half of the time in the header or near it, which most is made of.
        let at = if dice.roll(2) == 0 { at.min(dice.roll(400)) } else { at };
        let some = 1 + dice.roll(40);
        let end = (at + some).min(length);
        match dice.roll(16) {
            0 if at < length => message[at] = dice.number() as u8,
            1 if at < length => message[at] = *dice.one(BYTES),
            0..=3 => message.insert(at, *dice.one(BYTES)),
            4 => drop(message.drain(at..end)),
            5 => {
                let again = message[at..end].to_vec();
                message.splice(at..at, again);
            }
            6 => message.truncate(at),
            7 => {
                let line = line_start(message, at);
                let mut new = dice.one(LINES).to_vec();
                let end: &&[u8] = dice.one(&[b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"]);
                new.extend_from_slice(end);
                message.splice(line..line, new);
            }
            8 => {
                // The beginning of this, the end of another.
                let other = dice.one(&self.originals);
                let from = line_start(other, dice.roll(other.len() + 1));
                message.truncate(line_start(message, at));
                message.extend_from_slice(&other[from..]);
            }
            9 => {
                if let Some(found) = message[at..].windows(2).position(|pair| pair == b"\r\n") {
                    let one = dice.one::<&[u8]>(&[b"\n", b"\r", b"\r\r\n", b"\n\r", b"", b"\r\n "]);
                    message.splice(at + found..at + found + 2, one.iter().copied());
                }
            }
            10 => {
                if let Some(found) = memchr::memmem::find(&message[at..], b"--") {
                    // A boundary once more, or half of it.
                    let start = at + found;
                    let end = (start + some).min(message.len());
                    let boundary = message[start..end].to_vec();
                    message.splice(at..at, boundary);
                }
            }
            11 => {
                if let Some(found) = memchr::memmem::find(message, b"charset=") {
                    let charset = dice.one::<&[u8]>(&[
                        b"utf-8",
                        b"utf-16",
                        b"us-ascii",
                        b"hz",
                        b"big5",
                        b"\"",
                        b"\xff",
                        b"",
                    ]);
                    message.splice(found + 8..found + 8, charset.iter().copied());
                }
            }
            12 => {
                let byte = *dice.one(b"x a=,;<(\"\\\t\xc3");
                let many = if dice.roll(200) == 0 { 30_000 } else { dice.roll(900) };
                message.splice(at..at, std::iter::repeat_n(byte, many));
            }
            13 => message.iter_mut().skip(at).take(some).for_each(|byte| *byte |= 0x80),
            14 => message[at..end].reverse(),
            _ => {
                let other = line_start(message, dice.roll(length + 1));
                let here = line_start(message, at);
                message[other.min(here)..]
                    .rotate_left((other.max(here) - other.min(here)).min(length - other.min(here)));
            }
        }
    }
}

fn line_start(message: &[u8], at: usize) -> usize {
    message[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
}

/// In parts within parts, or in messages within messages, some of them never closed.
fn nested(message: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (depth, closed) = (1 + dice.roll(120), dice.roll(3) > 0);
    let mut out = Vec::new();
    for level in 0..depth {
        if dice.roll(3) == 0 {
            out.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\n");
        } else {
            out.extend_from_slice(
                format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n").as_bytes(),
            );
        }
    }
    out.extend_from_slice(message);
    for level in (0..depth).rev().filter(|_| closed) {
        out.extend_from_slice(format!("\r\n--b{level}--\r\n").as_bytes());
    }
    out
}
