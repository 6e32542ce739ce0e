//! COMPRESS=DEFLATE (RFC 4978): a stream whose both directions may turn compressed.
//!
//! Invariants: while the connection idles only the inflating side holds memory (its window, which the
//! client may refer back to: under 64 KiB). The deflating side is dropped after each flush: a sync flush
//! ends on a byte, and a fresh compressor never refers to what an earlier one wrote, so its raw blocks
//! simply follow. One read inflates no more than the reader has room for, so a bomb costs its sender.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Compressed bytes read at a time.
const READ: usize = 4 * 1024;
/// Compressed bytes that may wait to be written before more is taken.
const PENDING: usize = 32 * 1024;
/// RFC 4978 §3: level 1 already gives most of the gain, at an eighth of the cost.
const LEVEL: u32 = 1;

/// A stream, compressed once [`MaybeDeflated::start`] was called.
pub struct MaybeDeflated<S> {
    stream: S,
    deflated: Option<Box<Deflated>>,
}

struct Deflated {
    inflate: Decompress,
    /// Read, not inflated yet: `raw[used..]`.
    raw: Vec<u8>,
    used: usize,
    /// The last inflation filled its reader, so more may be inside without new input.
    more: bool,
    /// Only between a write and the flush after it.
    deflate: Option<Compress>,
    /// Deflated, not written yet: `pending[written..]`.
    pending: Vec<u8>,
    written: usize,
    /// The sync flush is in `pending`.
    flushed: bool,
}

impl<S> MaybeDeflated<S> {
    /// Not compressed yet.
    pub fn new(stream: S) -> Self {
        Self { stream, deflated: None }
    }

    /// Compresses everything from here on; `read` was read already and is compressed.
    pub fn start(&mut self, read: &[u8]) {
        self.deflated = Some(Box::new(Deflated {
            inflate: Decompress::new(false),
            raw: read.to_vec(),
            used: 0,
            more: false,
            deflate: None,
            pending: Vec::new(),
            written: 0,
            flushed: true,
        }));
    }

    /// The stream below.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl Deflated {
    /// Inflates what is there into `into`; whether that gave anything.
    fn inflate(&mut self, into: &mut ReadBuf<'_>) -> io::Result<bool> {
        let space = into.initialize_unfilled();
        let (read, made) = (self.inflate.total_in(), self.inflate.total_out());
        let status =
            self.inflate.decompress(&self.raw[self.used..], space, FlushDecompress::Sync).map_err(broken)?;
        if status == Status::StreamEnd {
            // RFC 4978 §3: compression lasts until the connection ends.
            return Err(broken("the client ended its compressed stream"));
        }
        let made = (self.inflate.total_out() - made) as usize;
        self.used += (self.inflate.total_in() - read) as usize;
        self.more = made == space.len();
        if self.used == self.raw.len() {
            self.raw = Vec::new();
            self.used = 0;
        }
        into.advance(made);
        Ok(made > 0)
    }

    /// Deflates all of `bytes` into `pending`.
    fn deflate(&mut self, mut bytes: &[u8], flush: FlushCompress) -> io::Result<()> {
        let deflate = self.deflate.get_or_insert_with(|| Compress::new(Compression::new(LEVEL), false));
        loop {
            self.pending.reserve(4 * 1024);
            let read = deflate.total_in();
            deflate.compress_vec(bytes, &mut self.pending, flush).map_err(broken)?;
            bytes = &bytes[(deflate.total_in() - read) as usize..];
            // Room left over: the compressor has given all it had to give.
            if bytes.is_empty() && self.pending.len() < self.pending.capacity() {
                return Ok(());
            }
        }
    }

    fn write_pending<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.written < self.pending.len() {
            let n = ready!(Pin::new(&mut *stream).poll_write(cx, &self.pending[self.written..]))?;
            if n == 0 {
                return Err(io::ErrorKind::WriteZero.into()).into();
            }
            self.written += n;
        }
        self.pending = Vec::new();
        self.written = 0;
        Ok(()).into()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MaybeDeflated<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(deflated) = &mut this.deflated else {
            return Pin::new(&mut this.stream).poll_read(cx, into);
        };
        loop {
            if (deflated.more || deflated.used < deflated.raw.len()) && deflated.inflate(into)? {
                return Ok(()).into();
            }
            let mut space = [std::mem::MaybeUninit::<u8>::uninit(); READ];
            let mut space = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut space))?;
            if space.filled().is_empty() {
                return Ok(()).into();
            }
            deflated.raw.extend_from_slice(space.filled());
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MaybeDeflated<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Some(deflated) = &mut this.deflated else {
            return Pin::new(&mut this.stream).poll_write(cx, from);
        };
        if deflated.pending.len() >= PENDING {
            ready!(deflated.write_pending(&mut this.stream, cx))?;
        }
        let taken = &from[..from.len().min(PENDING)];
        deflated.flushed = false;
        deflated.deflate(taken, FlushCompress::None)?;
        Ok(taken.len()).into()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(deflated) = &mut this.deflated {
            if !deflated.flushed {
                deflated.deflate(&[], FlushCompress::Sync)?;
                deflated.deflate = None;
                deflated.flushed = true;
            }
            ready!(deflated.write_pending(&mut this.stream, cx))?;
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn noise(len: usize) -> Vec<u8> {
        let mut x = 1u32;
        (0..len)
            .map(|i| {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if i % 3 == 0 { b'a' } else { (x >> 24) as u8 }
            })
            .collect()
    }

    #[tokio::test]
    async fn both_directions_survive_many_flushes() {
        let (near, far) = tokio::io::duplex(700);
        let (mut near, mut far) = (MaybeDeflated::new(near), MaybeDeflated::new(far));
        near.start(&[]);
        far.start(&[]);
        let data = noise(200_000);
        let sent = data.clone();
        let writer = async {
            for piece in sent.chunks(9_973) {
                near.write_all(piece).await.unwrap();
                near.flush().await.unwrap();
                assert!(near.deflated.as_ref().unwrap().deflate.is_none());
            }
            near
        };
        let mut got = vec![0; data.len()];
        let (mut near, read) = tokio::join!(writer, far.read_exact(&mut got));
        read.unwrap();
        assert_eq!(got, data);
        far.write_all(b"back").await.unwrap();
        far.flush().await.unwrap();
        let mut back = [0; 4];
        near.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"back");
    }

    #[tokio::test]
    async fn a_bomb_is_inflated_no_faster_than_it_is_read() {
        let (near, far) = tokio::io::duplex(1 << 20);
        let (mut near, mut far) = (MaybeDeflated::new(near), MaybeDeflated::new(far));
        near.start(&[]);
        far.start(&[]);
        near.write_all(&vec![0; 8 << 20]).await.unwrap();
        near.flush().await.unwrap();
        let mut some = [1; 100];
        far.read_exact(&mut some).await.unwrap();
        assert_eq!(some, [0; 100]);
        assert!(far.deflated.as_ref().unwrap().raw.capacity() <= 2 * READ);
    }

    #[tokio::test]
    async fn what_was_read_before_is_inflated_too() {
        let (near, far) = tokio::io::duplex(1000);
        let mut near = MaybeDeflated::new(near);
        near.start(&[]);
        near.write_all(b"a1 NOOP\r\n").await.unwrap();
        near.flush().await.unwrap();
        let mut far = MaybeDeflated::new(far);
        let mut raw = [0; 500];
        let n = far.read(&mut raw).await.unwrap();
        far.start(&raw[..n]);
        let mut line = [0; 9];
        far.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"a1 NOOP\r\n");
    }

    #[tokio::test]
    async fn rubbish_is_an_error() {
        let (mut near, far) = tokio::io::duplex(1000);
        let mut far = MaybeDeflated::new(far);
        far.start(&[]);
        near.write_all(&[0xff; 100]).await.unwrap();
        assert!(far.read(&mut [0; 10]).await.is_err());
    }
}
