//! Message bytes off the wire: dot-unstuffing for DATA, counting for BDAT, and CRLF enforced for both.
//!
//! Invariants: only CRLF `.` CRLF ends DATA. A CR without LF or an LF without CR spoils the message: the
//! rest is swallowed up to the real end and the whole is refused, so no two programs can disagree about
//! where a message ends (SMTP smuggling). What comes out is CRLF lines, in order, each byte once, however
//! the input was split.

use memchr::memchr2;

/// Whether all lines so far ended as they must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// In CRLF.
    Crlf,
    /// One did not; nothing comes out any more.
    Spoilt,
}

/// CR and LF only as pairs; a CR at the end of the input is held back until its LF comes.
#[derive(Clone, Copy, Debug)]
struct Pairs {
    cr: bool,
    line_start: bool,
    lines: Lines,
}

impl Pairs {
    const fn new() -> Self {
        Self { cr: false, line_start: true, lines: Lines::Crlf }
    }

    fn spoil(&mut self) {
        self.lines = Lines::Spoilt;
        self.line_start = false;
    }

    fn emit(self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.lines == Lines::Crlf {
            out.extend_from_slice(bytes);
        }
    }

    /// Takes bytes up to and including the first line end, or all; says how many.
    fn line(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let Some(&first) = input.first() else { return 0 };
        if self.cr {
            self.cr = false;
            if first == b'\n' {
                self.emit(b"\r\n", out);
                self.line_start = true;
                return 1;
            }
            self.spoil();
        }
        let end = memchr2(b'\r', b'\n', input).unwrap_or(input.len());
        if end > 0 {
            self.line_start = false;
            self.emit(&input[..end], out);
        }
        match input.get(end) {
            None => end,
            Some(b'\r') => {
                self.cr = true;
                end + 1
            }
            Some(_) => {
                self.spoil();
                end + 1
            }
        }
    }
}

/// The content of DATA (RFC 5321 §4.1.1.4, §4.5.2).
#[derive(Debug)]
pub struct DataReceiver {
    pairs: Pairs,
    dot: Dot,
}

/// What stands at the start of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dot {
    No,
    /// `.`
    Seen,
    /// `.` CR
    Cr,
}

impl Default for DataReceiver {
    fn default() -> Self {
        Self { pairs: Pairs::new(), dot: Dot::No }
    }
}

impl DataReceiver {
    /// Takes input, adds content to `out`; returns how much was used and whether that was the end.
    /// Bytes after the end are the next command's.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, bool) {
        let mut used = 0;
        while used < input.len() {
            let byte = input[used];
            match self.dot {
                Dot::No if self.pairs.line_start && !self.pairs.cr && byte == b'.' => {
                    self.dot = Dot::Seen;
                    used += 1;
                }
                Dot::No => used += self.pairs.line(&input[used..], out),
                Dot::Seen if byte == b'\r' => {
                    self.dot = Dot::Cr;
                    used += 1;
                }
                Dot::Seen => {
                    // The sender's stuffing: dropped, and the line goes on.
                    self.dot = Dot::No;
                    self.pairs.line_start = false;
                }
                Dot::Cr if byte == b'\n' => return (used + 1, true),
                Dot::Cr => {
                    self.dot = Dot::No;
                    self.pairs.spoil();
                    self.pairs.cr = byte == b'\r';
                    used += usize::from(self.pairs.cr);
                }
            }
        }
        (used, false)
    }

    /// How its lines ended so far.
    pub fn lines(&self) -> Lines {
        self.pairs.lines
    }
}

/// The content of BDAT chunks, all of one message (RFC 3030 §2).
#[derive(Debug)]
pub struct ChunkReceiver {
    pairs: Pairs,
    left: u64,
}

impl Default for ChunkReceiver {
    fn default() -> Self {
        Self { pairs: Pairs::new(), left: 0 }
    }
}

impl ChunkReceiver {
    /// A chunk of that many octets follows.
    pub fn begin(&mut self, size: u64) {
        self.left = size;
    }

    /// Takes input, adds content to `out`; returns how much was used and whether the chunk is complete.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, bool) {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(input.len());
        let mut used = 0;
        while used < most {
            used += self.pairs.line(&input[used..most], out);
        }
        self.left -= used as u64;
        (used, self.left == 0)
    }

    /// The last chunk is complete: a last line without CRLF gets one, a lone CR spoils.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if self.pairs.cr {
            self.pairs.spoil();
        } else if !self.pairs.line_start {
            self.pairs.emit(b"\r\n", out);
        }
    }

    /// How its lines ended so far.
    pub fn lines(&self) -> Lines {
        self.pairs.lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Content, state of the lines, bytes used up to the end (`None`: it did not come).
    fn data(pieces: &[&[u8]]) -> (Vec<u8>, Lines, Option<usize>) {
        let (mut receiver, mut out, mut total) = (DataReceiver::default(), Vec::new(), 0);
        for piece in pieces {
            let (used, ended) = receiver.push(piece, &mut out);
            total += used;
            if ended {
                return (out, receiver.lines(), Some(total));
            }
            assert_eq!(used, piece.len());
        }
        (out, receiver.lines(), None)
    }

    #[test]
    fn dots() {
        for (input, content) in [
            (&b".\r\n"[..], &b""[..]),
            (b"a\r\n.\r\n", b"a\r\n"),
            (b"..\r\n.\r\n", b".\r\n"),
            (b".a\r\n.\r\n", b"a\r\n"),
            (b"a.\r\n..b\r\n\r\n.\r\n", b"a.\r\n.b\r\n\r\n"),
        ] {
            assert_eq!(data(&[input]), (content.to_vec(), Lines::Crlf, Some(input.len())), "{input:?}");
        }
    }

    #[test]
    fn only_crlf_dot_crlf_ends() {
        for end in [
            "\n.\n",
            "\r.\r",
            "\n.\r\n",
            "\r\n.\n",
            "\r\n.\r",
            "\r.\r\n",
            "\r\n.\r\r\n",
            "\n\r.\r\n",
            "\r\n\0.\r\n",
        ] {
            let smuggled = format!("a{end}MAIL FROM:<>\r\n.\r\n");
            let (content, lines, used) = data(&[smuggled.as_bytes()]);
            assert_eq!(used, Some(smuggled.len()), "{end:?}");
            assert_eq!(lines, if end.contains('\0') { Lines::Crlf } else { Lines::Spoilt }, "{end:?}");
            assert!(!content.windows(4).any(|w| w == b"MAIL") || lines == Lines::Crlf, "{end:?}");
        }
    }

    #[test]
    fn what_follows_the_end_is_left() {
        assert_eq!(data(&[b"a\r\n.\r\nQUIT\r\n"]).2, Some(6));
    }

    /// What the text of RFC 5321 §4.5.2 says, on a whole input.
    fn model(input: &[u8]) -> (Vec<u8>, Lines, Option<usize>) {
        let end = if input.starts_with(b".\r\n") {
            Some(0)
        } else {
            input.windows(5).position(|w| w == b"\r\n.\r\n").map(|at| at + 2)
        };
        let body = &input[..end.unwrap_or(input.len())];
        let bare = (0..body.len()).any(|i| match body[i] {
            b'\r' => body.get(i + 1).is_some_and(|b| *b != b'\n'),
            b'\n' => i == 0 || body[i - 1] != b'\r',
            _ => false,
        });
        let mut content = Vec::new();
        for line in body.split_inclusive(|b| *b == b'\n') {
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        (content, if bare { Lines::Spoilt } else { Lines::Crlf }, end.map(|at| at + 3))
    }

    fn wire() -> impl Strategy<Value = Vec<u8>> {
        let pieces = vec!["\r\n", ".", "\r", "\n", "a", "\r\n.\r\n", "\0", "\r\n.."];
        let piece = prop::sample::select(pieces);
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn split_anywhere_it_is_what_the_rfc_says(input in wire(), cuts in prop::collection::vec(0usize..64, 0..6)) {
            let mut cuts: Vec<_> = cuts.into_iter().filter(|c| *c < input.len()).chain([0, input.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|w| &input[w[0]..w[1]]).collect();
            let (content, lines, used) = data(&pieces);
            let (expected, expected_lines, expected_used) = model(&input);
            prop_assert_eq!(used, expected_used);
            if used.is_some() {
                prop_assert_eq!(lines, expected_lines);
                if lines == Lines::Crlf {
                    prop_assert_eq!(content, expected);
                }
            }
        }

        #[test]
        fn chunks_split_anywhere_are_one_message(lines in prop::collection::vec("[a.]{0,3}", 0..6), cut in 0usize..30) {
            let text = lines.join("\r\n").into_bytes();
            let cut = cut.min(text.len());
            let (mut receiver, mut out) = (ChunkReceiver::default(), Vec::new());
            for chunk in [&text[..cut], &text[cut..]] {
                receiver.begin(chunk.len() as u64);
                let mut input = [chunk, b"MORE".as_slice()].concat();
                while !input.is_empty() {
                    let (used, done) = receiver.push(&input[..1], &mut out);
                    if used == 0 { prop_assert!(done); break; }
                    input.drain(..used);
                }
                prop_assert_eq!(input, b"MORE");
            }
            receiver.end(&mut out);
            let mut expected = text.clone();
            if !text.is_empty() && !text.ends_with(b"\r\n") { expected.extend_from_slice(b"\r\n"); }
            prop_assert_eq!(out, expected);
            prop_assert_eq!(receiver.lines(), Lines::Crlf);
        }
    }

    #[test]
    fn chunks_refuse_bare_ends() {
        for text in ["a\nb\r\n", "a\rb\r\n", "a\r", "\n"] {
            let (mut receiver, mut out) = (ChunkReceiver::default(), Vec::new());
            receiver.begin(text.len() as u64);
            assert_eq!(receiver.push(text.as_bytes(), &mut out), (text.len(), true));
            receiver.end(&mut out);
            assert_eq!(receiver.lines(), Lines::Spoilt, "{text:?}");
        }
    }
}
