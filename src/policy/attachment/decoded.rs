//! `Read + Seek` over the decoded content of one part, from bytes that are stored encoded.
//!
//! A seek goes to the last checkpoint of the MIME pass before the wanted place and decodes from
//! there, so it costs at most about 64 KiB of decoding. Memory: one block of encoded bytes and what
//! it decodes to.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::inflated::target;
use crate::mime::{PartSummary, TransferDecoder};

/// Where stored bytes come from.
pub trait ReadAt {
    /// The bytes of `range`, all of them; the caller stays inside the message.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn read_at(&mut self, range: Range<u64>) -> io::Result<bytes::Bytes>;
}

/// The decoded content of one part.
pub struct Decoded<'a, S> {
    source: S,
    part: &'a PartSummary,
    len: u64,
    decoder: TransferDecoder,
    /// Next encoded byte to be taken.
    next: u64,
    /// Decoded bytes from `block_at` on.
    block: Vec<u8>,
    block_at: u64,
    at: u64,
}

impl<'a, S: ReadAt> Decoded<'a, S> {
    /// Encoded bytes that are asked for at once.
    const STEP: u64 = 32 * 1024;

    /// The content of a part whose offsets refer to `source`.
    pub fn new(part: &'a PartSummary, source: S) -> Self {
        Self {
            source,
            part,
            len: part.content.as_ref().map_or(0, |c| c.decoded_size),
            decoder: TransferDecoder::new(part.encoding),
            next: part.encoded.start,
            block: Vec::new(),
            block_at: 0,
            at: 0,
        }
    }

    /// Makes `block` hold the byte at `at`; `false` at the end.
    fn load(&mut self) -> io::Result<bool> {
        if self.at >= self.len {
            return Ok(false);
        }
        let end = self.block_at + self.block.len() as u64;
        let (decoded, encoded) = self.start_before(self.at);
        if self.at < self.block_at || decoded > end {
            self.decoder = TransferDecoder::new(self.part.encoding);
            self.next = encoded;
            self.block.clear();
            self.block_at = decoded;
        }
        while self.at >= self.block_at + self.block.len() as u64 {
            self.block_at += self.block.len() as u64;
            self.block.clear();
            if self.next < self.part.encoded.end {
                let range = self.next..self.part.encoded.end.min(self.next + Self::STEP);
                let bytes = self.source.read_at(range.clone())?;
                if bytes.len() as u64 != range.end - range.start {
                    return Err(io::Error::other("stored message is shorter than its facts say"));
                }
                self.next = range.end;
                self.decoder.push(&bytes, &mut self.block);
            } else {
                self.decoder.finish(&mut self.block);
                if self.block.is_empty() {
                    return Err(io::Error::other("stored message decodes to less than its facts say"));
                }
            }
        }
        Ok(true)
    }

    /// The last place at or before `at` where decoding can start: decoded and encoded offset.
    fn start_before(&self, at: u64) -> (u64, u64) {
        if self.part.encoding.is_identity() {
            return (at, self.part.encoded.start + at);
        }
        let marks = self.part.content.as_ref().map_or(&[][..], |c| &c.checkpoints);
        match marks.partition_point(|m| m.decoded <= at).checked_sub(1).and_then(|i| marks.get(i)) {
            Some(mark) => (mark.decoded, mark.encoded),
            None => (0, self.part.encoded.start),
        }
    }
}

impl<S: ReadAt> Read for Decoded<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() || !self.load()? {
            return Ok(0);
        }
        let from = (self.at - self.block_at) as usize;
        let got = (self.block.len() - from).min(buf.len());
        buf[..got].copy_from_slice(&self.block[from..from + got]);
        self.at += got as u64;
        Ok(got)
    }
}

impl<S: ReadAt> Seek for Decoded<'_, S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = target(to, self.at, self.len)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::mime::{Checkpoint, TransferEncoding};
    use crate::policy::testing::part;

    struct Stored(Vec<u8>);

    impl ReadAt for Stored {
        fn read_at(&mut self, range: Range<u64>) -> io::Result<bytes::Bytes> {
            Ok(bytes::Bytes::copy_from_slice(&self.0[range.start as usize..range.end as usize]))
        }
    }

    fn read_everywhere(part: &PartSummary, stored: &[u8], plain: &[u8]) {
        let mut decoded = Decoded::new(part, Stored(stored.to_vec()));
        let mut all = Vec::new();
        decoded.read_to_end(&mut all).unwrap();
        assert!(all == plain);
        for at in [0, 199_990, 70_000, 65_535, 65_536, 130_000, 1, 131_072, 199_999] {
            let mut piece = vec![0; 10.min(plain.len() - at)];
            decoded.seek(SeekFrom::Start(at as u64)).unwrap();
            decoded.read_exact(&mut piece).unwrap();
            assert_eq!(piece, plain[at..at + piece.len()], "{at}");
        }
        decoded.seek(SeekFrom::End(0)).unwrap();
        assert_eq!(decoded.read(&mut [0; 4]).unwrap(), 0);
        decoded.seek(SeekFrom::Start(u64::MAX)).unwrap();
        assert_eq!(decoded.read(&mut [0; 4]).unwrap(), 0);
        assert!(decoded.seek(SeekFrom::End(-200_001)).is_err());
    }

    #[test]
    fn any_place_in_base64_and_in_plain() {
        let plain: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let front = b"header\r\n\r\n";
        let mut identity = part("application/pdf", &["a.pdf"], &plain);
        identity.encoded = 10..200_010;
        read_everywhere(&identity, &[&front[..], &plain, b"behind"].concat(), &plain);

        // Lines of 57 bytes; checkpoints at line starts, the first past each 64 KiB.
        let mut encoded = front.to_vec();
        let mut marks = Vec::new();
        for (line, bytes) in plain.chunks(57).enumerate() {
            let at = line * 57;
            if at / 65_536 > marks.len() {
                marks.push(Checkpoint { decoded: at as u64, encoded: encoded.len() as u64 });
            }
            encoded.extend_from_slice(base64::engine::general_purpose::STANDARD.encode(bytes).as_bytes());
            encoded.extend_from_slice(b"\r\n");
        }
        let mut base64 = identity.clone();
        base64.encoding = TransferEncoding::Base64;
        base64.encoded = 10..encoded.len() as u64;
        base64.content.as_mut().unwrap().checkpoints = marks;
        encoded.extend_from_slice(b"--behind");
        read_everywhere(&base64, &encoded, &plain);
    }
}
