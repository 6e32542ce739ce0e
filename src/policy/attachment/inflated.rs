//! Read and seek in the unpacked bytes of one archive member, in constant memory.
//!
//! Deflate has no random access: going back starts again from the front. All unpacking draws on one
//! [`Budget`], so that no arrangement of members and seeks makes a verdict expensive.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::{Decompress, FlushDecompress, Status};

use super::fault::Fault;

/// How many bytes may still be unpacked for the message under judgement.
#[derive(Clone, Copy, Debug)]
pub struct Budget(pub u64);

impl Budget {
    fn take(&mut self, bytes: u64) -> io::Result<()> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| io::Error::other(Fault::TooMuchInside))?;
        Ok(())
    }
}

/// Bytes `start .. start + len` of another source, as a source of its own.
pub struct Window<'a, S: ?Sized> {
    source: &'a mut S,
    start: u64,
    len: u64,
    at: u64,
}

impl<'a, S: Read + Seek + ?Sized> Window<'a, S> {
    /// The caller has checked that the source is that long.
    pub fn new(source: &'a mut S, start: u64, len: u64) -> Self {
        Self { source, start, len, at: 0 }
    }
}

impl<S: Read + Seek + ?Sized> Read for Window<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.at);
        let want = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if want == 0 {
            return Ok(0);
        }
        self.source.seek(SeekFrom::Start(self.start + self.at))?;
        let got = self.source.read(&mut buf[..want])?;
        self.at += got as u64;
        Ok(got)
    }
}

impl<S: Read + Seek + ?Sized> Seek for Window<'_, S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = target(to, self.at, self.len)?;
        Ok(self.at)
    }
}

/// A member packed with Deflate: exactly `len` bytes must come out, else [`Fault::Damaged`].
pub struct Inflated<'a, S: ?Sized> {
    source: &'a mut S,
    start: u64,
    packed: u64,
    len: u64,
    budget: &'a mut Budget,
    state: Decompress,
    input: Box<[u8]>,
    /// Unread part of `input`.
    filled: std::ops::Range<usize>,
    /// Bytes of the packed form read so far.
    consumed: u64,
    /// Bytes unpacked so far.
    out: u64,
    /// Where the next read starts.
    at: u64,
    ended: bool,
}

impl<'a, S: Read + Seek + ?Sized> Inflated<'a, S> {
    const BUFFER: usize = 16 * 1024;

    /// The packed bytes stand at `start`; both lengths are the archive's word.
    pub fn new(source: &'a mut S, start: u64, packed: u64, len: u64, budget: &'a mut Budget) -> Self {
        Self {
            source,
            start,
            packed,
            len,
            budget,
            state: Decompress::new(false),
            input: vec![0; Self::BUFFER].into_boxed_slice(),
            filled: 0..0,
            consumed: 0,
            out: 0,
            at: 0,
            ended: false,
        }
    }

    fn restart(&mut self) {
        self.state.reset(false);
        self.filled = 0..0;
        self.consumed = 0;
        self.out = 0;
        self.ended = false;
    }

    /// The next unpacked bytes; 0 only at the proper end.
    fn step(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let damaged = || io::Error::other(Fault::Damaged);
        while !self.ended && !buf.is_empty() {
            if self.filled.is_empty() && self.consumed < self.packed {
                let left = usize::try_from(self.packed - self.consumed).unwrap_or(usize::MAX);
                let want = left.min(self.input.len());
                self.source.seek(SeekFrom::Start(self.start + self.consumed))?;
                let got = self.source.read(&mut self.input[..want])?;
                if got == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.filled = 0..got;
                self.consumed += got as u64;
            }
            let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
            let input = &self.input[self.filled.clone()];
            let status = self.state.decompress(input, buf, FlushDecompress::None).map_err(|_| damaged())?;
            let used = (self.state.total_in() - before_in) as usize;
            let made = (self.state.total_out() - before_out) as usize;
            self.filled.start += used;
            self.out += made as u64;
            self.budget.take(made as u64)?;
            if self.out > self.len {
                return Err(damaged());
            }
            if status == Status::StreamEnd {
                self.ended = true;
                // All of the packed bytes, no more and no less.
                if self.out != self.len || !self.filled.is_empty() || self.consumed != self.packed {
                    return Err(damaged());
                }
            } else if used == 0 && made == 0 && (!self.filled.is_empty() || self.consumed == self.packed) {
                return Err(damaged());
            }
            if made > 0 {
                return Ok(made);
            }
        }
        Ok(0)
    }
}

impl<S: Read + Seek + ?Sized> Read for Inflated<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at < self.out {
            self.restart();
        }
        let mut skip = [0; 4096];
        while self.out < self.at {
            let want = (self.at - self.out).min(skip.len() as u64) as usize;
            if self.step(&mut skip[..want])? == 0 {
                return Ok(0);
            }
        }
        let got = self.step(buf)?;
        self.at += got as u64;
        Ok(got)
    }
}

impl<S: Read + Seek + ?Sized> Seek for Inflated<'_, S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = target(to, self.at, self.len)?;
        Ok(self.at)
    }
}

/// The position a seek asks for.
pub fn target(to: SeekFrom, at: u64, len: u64) -> io::Result<u64> {
    let target = match to {
        SeekFrom::Start(n) => Some(n),
        SeekFrom::End(n) => len.checked_add_signed(n),
        SeekFrom::Current(n) => at.checked_add_signed(n),
    };
    target.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(plain).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn reads_anywhere() {
        let plain: Vec<u8> = (0..200_000u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        let packed = packed(&plain);
        let mut stored = vec![9; 7];
        stored.extend_from_slice(&packed);
        stored.push(1);
        let mut budget = Budget(10_000_000);
        let mut source = Cursor::new(stored);
        let mut inflated =
            Inflated::new(&mut source, 7, packed.len() as u64, plain.len() as u64, &mut budget);
        for at in [0, 799_990, 100_000, 0, 400_001] {
            let mut piece = [0; 10];
            inflated.seek(SeekFrom::Start(at)).unwrap();
            inflated.read_exact(&mut piece).unwrap();
            assert_eq!(piece, plain[at as usize..at as usize + 10]);
        }
        inflated.seek(SeekFrom::End(-3)).unwrap();
        let mut rest = Vec::new();
        inflated.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, plain[plain.len() - 3..]);
    }

    #[test]
    fn lies_and_bombs_end() {
        let plain = vec![0; 1_000_000];
        let packed = packed(&plain);
        for (packed_len, len, budget) in [
            (packed.len() as u64, 999_999, 10_000_000),
            (packed.len() as u64, 1_000_001, 10_000_000),
            (packed.len() as u64 - 1, 1_000_000, 10_000_000),
            (packed.len() as u64 + 1, 1_000_000, 10_000_000),
            (packed.len() as u64, 1_000_000, 999_999),
        ] {
            let mut source = Cursor::new([&packed[..], b"x"].concat());
            let mut budget = Budget(budget);
            let mut inflated = Inflated::new(&mut source, 0, packed_len, len, &mut budget);
            assert!(io::copy(&mut inflated, &mut io::sink()).is_err(), "{packed_len} {len}");
        }
    }
}
