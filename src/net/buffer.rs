//! What has been read and not yet used, and lines out of it.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::ready;

use memchr::memchr2;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes between the socket and the protocol.
///
/// Holds no memory while it is empty: a read waits with nothing, and its bytes land on the stack
/// first. So 1,000 idle connections cost 1,000 empty vectors.
#[derive(Default)]
pub struct ReadBuffer {
    bytes: Vec<u8>,
    start: usize,
    /// `bytes[start..scanned]` holds no CR and no LF.
    scanned: usize,
}

/// What [`ReadBuffer::line`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineStep {
    /// A line of this many bytes, CRLF not counted, stands at the start.
    Line(usize),
    /// No line end yet, and not too many bytes.
    More,
    /// More than the limit without a line end.
    TooLong,
    /// A CR without LF, or an LF without CR, this many bytes from the start.
    Bare(usize),
}

impl ReadBuffer {
    /// Most that one [`fill`](Self::fill) adds, in bytes.
    pub const READ: usize = 16 * 1024;

    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is there.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Drops `n` bytes from the start (no more than there are).
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.bytes.len());
        self.scanned = self.scanned.max(self.start);
        if self.is_empty() {
            self.clear();
        }
    }

    /// Drops everything, memory included.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds bytes that did not come from a stream: what a decompressor or a test has.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Reads what there is, up to [`READ`](Self::READ) bytes; 0 means the peer has closed its side.
    /// Cancel-safe: nothing read is lost when the future is dropped.
    ///
    /// # Errors
    /// What the stream says.
    pub async fn fill<R: AsyncRead + Unpin>(&mut self, from: &mut R) -> io::Result<usize> {
        poll_fn(|cx| {
            let mut space = [MaybeUninit::<u8>::uninit(); Self::READ];
            let mut space = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut *from).poll_read(cx, &mut space))?;
            let read = space.filled();
            self.push(read);
            Ok(read.len()).into()
        })
        .await
    }

    /// Looks for one CRLF line of at most `limit` bytes at the start; consumes nothing. Bytes are
    /// looked at once however often it is asked.
    pub fn line(&mut self, limit: usize) -> LineStep {
        let from = self.scanned;
        let step = match memchr2(b'\r', b'\n', &self.bytes[from..]) {
            None => {
                self.scanned = self.bytes.len();
                LineStep::More
            }
            Some(at) => {
                let at = from + at;
                self.scanned = at;
                match (self.bytes[at], self.bytes.get(at + 1)) {
                    (b'\r', Some(b'\n')) => LineStep::Line(at - self.start),
                    (b'\r', None) => LineStep::More,
                    _ => LineStep::Bare(at - self.start),
                }
            }
        };
        match step {
            LineStep::Line(n) | LineStep::Bare(n) if n > limit => LineStep::TooLong,
            LineStep::More if self.scanned - self.start > limit => LineStep::TooLong,
            step => step,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn filled(input: &[u8]) -> ReadBuffer {
        let mut buffer = ReadBuffer::new();
        let mut from = input;
        while buffer.fill(&mut from).await.unwrap() > 0 {}
        buffer
    }

    #[tokio::test]
    async fn lines() {
        let mut buffer = filled(b"NOOP\r\n\r\nx\ry\r\n").await;
        assert_eq!(buffer.line(10), LineStep::Line(4));
        assert_eq!(buffer.line(3), LineStep::TooLong);
        buffer.consume(6);
        assert_eq!(buffer.line(10), LineStep::Line(0));
        buffer.consume(2);
        assert_eq!(buffer.line(10), LineStep::Bare(1));
        buffer.consume(2);
        assert_eq!(buffer.line(10), LineStep::Line(1));
        buffer.consume(3);
        assert_eq!(buffer.line(10), LineStep::More);
        assert_eq!(buffer.bytes.capacity(), 0);
    }

    #[tokio::test]
    async fn a_line_split_anywhere_is_the_same_line() {
        let input = b"MAIL FROM:<>\r\n";
        for cut in 0..input.len() {
            let mut buffer = ReadBuffer::new();
            let (mut first, mut rest) = (&input[..cut], &input[cut..]);
            if cut > 0 {
                buffer.fill(&mut first).await.unwrap();
                assert_eq!(buffer.line(20), LineStep::More);
            }
            buffer.fill(&mut rest).await.unwrap();
            assert_eq!(buffer.line(20), LineStep::Line(12), "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn the_limit_is_exact() {
        let mut buffer = filled(b"12345\r").await;
        assert_eq!(buffer.line(5), LineStep::More);
        assert_eq!(buffer.line(4), LineStep::TooLong);
        assert_eq!(filled(b"123456").await.line(5), LineStep::TooLong);
        assert_eq!(filled(b"a\nb").await.line(5), LineStep::Bare(1));
    }
}
