//! OLE compound files (doc, xls, ppt): what they hold, as far as their directory says ([MS-CFB]).
//!
//! The signature alone makes such a file acceptable; the directory is read only to find what is
//! refused always (macros, a whole mail message) or cannot be checked (a password). A directory
//! that cannot be followed shows nothing and changes nothing: what Office can open can be followed.

use std::io::SeekFrom;

use super::content::ReadSeek;
use super::fault::{CheckError, Fault};
use super::kinds::Never;

/// The first eight bytes.
pub const MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Directory sectors that are looked at: 32,768 entries at most.
const SECTORS: usize = 4096;
/// `MAXREGSECT`: from here on numbers mean no sector.
const NO_SECTOR: u32 = 0xffff_fffa;

/// Looks for what an Office file may not hold.
///
/// # Errors
/// The fault found, or [`CheckError::Read`].
pub fn check(content: &mut dyn ReadSeek, len: u64) -> Result<(), CheckError> {
    let mut header = [0; 512];
    match content.read_exact(&mut header) {
        Ok(()) => {}
        // Only the signature: nothing inside.
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
        Err(e) => return Err(e.into()),
    }
    let shift = u16::from_le_bytes([header[30], header[31]]);
    if !matches!(shift, 9 | 12) {
        return Ok(());
    }
    let file = File { shift: u32::from(shift), len, header: &header };
    let mut sector = word(&header, 48);
    let mut entries = vec![0; 1 << shift];
    for _ in 0..SECTORS {
        if !file.read_sector(content, sector, &mut entries)? {
            return Ok(());
        }
        for entry in entries.chunks_exact(128) {
            name_fault(entry)?;
        }
        match file.next(content, sector)? {
            Some(next) => sector = next,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// What the name of a storage or stream gives away.
fn name_fault(entry: &[u8]) -> Result<(), Fault> {
    // Bytes of UTF-16 with the final NUL; type 0 is an unused entry.
    let bytes = usize::from(u16::from_le_bytes([entry[64], entry[65]])).clamp(2, 64) - 2;
    if entry[66] == 0 {
        return Ok(());
    }
    let units = entry[..bytes].chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]]));
    let name: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
    match name.to_ascii_lowercase().as_str() {
        "macros" | "_vba_project" | "_vba_project_cur" | "vba" => Err(Fault::Macros),
        "encryptedpackage" | "encryptioninfo" => Err(Fault::Encrypted),
        "__properties_version1.0" => Err(Fault::Never(Never::Mail)),
        _ => Ok(()),
    }
}

struct File<'a> {
    shift: u32,
    len: u64,
    header: &'a [u8; 512],
}

impl File<'_> {
    /// Where a sector starts; the header takes the place of one.
    fn offset(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) << self.shift
    }

    /// `false` when there is no such sector.
    fn read_sector(
        &self,
        content: &mut dyn ReadSeek,
        sector: u32,
        out: &mut [u8],
    ) -> Result<bool, CheckError> {
        let at = self.offset(sector);
        if sector >= NO_SECTOR || at + out.len() as u64 > self.len {
            return Ok(false);
        }
        content.seek(SeekFrom::Start(at))?;
        content.read_exact(out)?;
        Ok(true)
    }

    /// The sector that follows in a chain, by the file allocation table.
    fn next(&self, content: &mut dyn ReadSeek, sector: u32) -> Result<Option<u32>, CheckError> {
        let per_sector = 1u32 << (self.shift - 2);
        let Some(table) = self.table_sector(content, sector / per_sector)? else { return Ok(None) };
        let at = self.offset(table) + u64::from(sector % per_sector) * 4;
        Ok(read_word(content, at, self.len)?.filter(|next| *next < NO_SECTOR))
    }

    /// Which sector holds the n-th part of the table: the first 109 stand in the header, the others
    /// in a chain of sectors of their own.
    fn table_sector(&self, content: &mut dyn ReadSeek, n: u32) -> Result<Option<u32>, CheckError> {
        if n < 109 {
            return Ok(Some(word(self.header, 76 + n as usize * 4)).filter(|s| *s < NO_SECTOR));
        }
        let per_sector = (1u32 << (self.shift - 2)) - 1;
        let (mut hops, rest) = ((n - 109) / per_sector, (n - 109) % per_sector);
        let mut sector = word(self.header, 68);
        // A file of 300 MB needs 42 hops; more is a loop.
        if hops > 128 {
            return Ok(None);
        }
        while sector < NO_SECTOR {
            let start = self.offset(sector);
            if hops == 0 {
                let found = read_word(content, start + u64::from(rest) * 4, self.len)?;
                return Ok(found.filter(|s| *s < NO_SECTOR));
            }
            hops -= 1;
            match read_word(content, start + u64::from(per_sector) * 4, self.len)? {
                Some(next) => sector = next,
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(u32::MAX, |n| u32::from_le_bytes(*n))
}

fn read_word(content: &mut dyn ReadSeek, at: u64, len: u64) -> Result<Option<u32>, CheckError> {
    if at + 4 > len {
        return Ok(None);
    }
    let mut bytes = [0; 4];
    content.seek(SeekFrom::Start(at))?;
    content.read_exact(&mut bytes)?;
    Ok(Some(u32::from_le_bytes(bytes)))
}
