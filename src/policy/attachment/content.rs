//! Whether the bytes of a file are what its ending says (R19).
//!
//! Two steps. [`by_head`] looks at the first kilobyte, which the MIME pass kept, and settles nearly
//! everything in nanoseconds. What it leaves [`Seen::Unread`] is read by [`by_content`] through
//! `Read + Seek`, in bounded memory.

use std::io::{Read, Seek, SeekFrom};

use super::accepted::AttachmentTypes;
use super::archive::{self, ContainerLimits};
use super::fault::{CheckError, Fault};
use super::inflated::Budget;
use super::kinds::Kind;
use super::{office, ole};

/// Read and seek, for trait objects.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// What the first kilobyte tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is what the name says.
    Fits,
    /// It is not.
    Fault(Fault),
    /// More has to be read.
    Unread,
}

/// What else is known of a file without reading it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Its length, in decoded bytes.
    pub len: u64,
    /// The `charset` parameter it came with.
    pub charset: Option<&'a str>,
    /// Whether all of it is free of NUL, and all of it UTF-8, where somebody looked.
    pub text: Option<TextFacts>,
}

/// What a pass over the whole content found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextFacts {
    /// A NUL byte somewhere.
    pub has_nul: bool,
    /// All of it is UTF-8.
    pub valid_utf8: bool,
}

/// The verdict from the first bytes (at least 1,024 where the file has them).
pub fn by_head(kind: Kind, head: &[u8], known: Known<'_>, types: &AttachmentTypes) -> Seen {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let fits = match kind {
        Kind::Jpeg => at(0, b"\xff\xd8\xff"),
        Kind::Png => at(0, b"\x89PNG\r\n\x1a\n"),
        Kind::Gif => at(0, b"GIF87a") || at(0, b"GIF89a"),
        Kind::Bmp => at(0, b"BM"),
        Kind::Tiff => at(0, b"II*\0") || at(0, b"MM\0*"),
        Kind::Webp => at(0, b"RIFF") && at(8, b"WEBP"),
        Kind::Heif => brands(head).any(|b| HEIF_BRANDS.contains(&b)),
        // An HEIC picture says "heic" first and often "mp41" after it: what it says first decides.
        Kind::Mp4 => {
            !brands(head).next().is_some_and(|b| HEIF_BRANDS.contains(&b))
                && brands(head).any(|b| is_video_brand(*b))
        }
        Kind::Pdf => memchr::memmem::find(head.get(..1024).unwrap_or(head), b"%PDF-").is_some(),
        Kind::Rtf => at(0, b"{\\rtf"),
        Kind::Ply => at(0, b"ply\n") || at(0, b"ply\r"),
        Kind::SmimeSignature => at(0, b"\x30") || at(0, b"-----BEGIN PKCS7-----") || at(0, b"MI"),
        Kind::PgpSignature => {
            at(0, b"-----BEGIN PGP SIGNATURE-----")
                || head.first().is_some_and(|b| matches!(b, 0x88 | 0x89 | 0xc2))
        }
        Kind::Calendar => begins(head, b"BEGIN:VCALENDAR"),
        Kind::Card => begins(head, b"BEGIN:VCARD"),
        Kind::Custom(index) => types.custom().get(index).is_some_and(|c| at(c.offset, &c.signature)),
        Kind::Dicom if at(128, b"DICM") => true,
        Kind::Dicom => {
            let xml = begins(head, b"<") || memchr::memmem::find(head, b"HPS").is_some();
            return Seen::Fault(if xml { Fault::ThreeShape } else { Fault::Differs(kind) });
        }
        Kind::Text => return text(head, known),
        Kind::Stl => return stl(head, known.len),
        Kind::Obj => return obj(head, known),
        Kind::Ole if at(0, ole::MAGIC) => return Seen::Unread,
        Kind::Zip if at(0, b"PK\x03\x04") || at(0, b"PK\x05\x06") => return Seen::Unread,
        Kind::Docx | Kind::Xlsx | Kind::Pptx if at(0, b"PK\x03\x04") => return Seen::Unread,
        // Office packs a document with a password into an OLE file and keeps the ending.
        Kind::Docx | Kind::Xlsx | Kind::Pptx if at(0, ole::MAGIC) => return Seen::Fault(Fault::Encrypted),
        Kind::Ole | Kind::Zip | Kind::Docx | Kind::Xlsx | Kind::Pptx => false,
    };
    if fits { Seen::Fits } else { Seen::Fault(Fault::Differs(kind)) }
}

/// The verdict from the whole file, for what [`by_head`] left open.
///
/// # Errors
/// [`CheckError::Fault`] is the verdict "no"; [`CheckError::Read`] is no verdict.
pub fn by_content(
    kind: Kind,
    content: &mut dyn ReadSeek,
    known: Known<'_>,
    rules: Rules<'_>,
    budget: &mut Budget,
) -> Result<(), CheckError> {
    let mut head = [0; 1024];
    content.seek(SeekFrom::Start(0))?;
    let got = read_full(content, &mut head)?;
    match by_head(kind, &head[..got], known, rules.types) {
        Seen::Fits => return Ok(()),
        Seen::Fault(fault) => return Err(fault.into()),
        Seen::Unread => {}
    }
    content.seek(SeekFrom::Start(0))?;
    match kind {
        Kind::Ole => ole::check(content, known.len),
        Kind::Docx | Kind::Xlsx | Kind::Pptx => {
            office::check(kind, content, known.len, rules.containers, budget)
        }
        Kind::Zip => archive::check(content, known.len, rules, budget),
        Kind::Stl => {
            if contains(content, b"facet")? {
                Ok(())
            } else {
                Err(Fault::Differs(kind).into())
            }
        }
        Kind::Obj => {
            let mut scan = ObjLines::default();
            pass(content, |piece| Ok(scan.feed(piece)))?;
            if scan.fits() { Ok(()) } else { Err(Fault::Differs(kind).into()) }
        }
        Kind::Text => {
            let mut scan = TextScan::default();
            pass(content, |piece| {
                scan.feed(piece);
                Ok(false)
            })?;
            match text_verdict(scan.finish(), known.charset) {
                Seen::Fault(fault) => Err(fault.into()),
                Seen::Fits | Seen::Unread => Ok(()),
            }
        }
        // All others are settled by their head.
        _ => Err(Fault::Differs(kind).into()),
    }
}

/// What a check of content is made against.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The accepted types.
    pub types: &'a AttachmentTypes,
    /// Caps for archives.
    pub containers: &'a ContainerLimits,
}

/// Fills as much of `buf` as there is.
pub fn read_full(content: &mut dyn ReadSeek, buf: &mut [u8]) -> std::io::Result<usize> {
    let mut got = 0;
    while got < buf.len() {
        match content.read(&mut buf[got..])? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

/// Hands the content over in pieces until `each` says "enough" (`true`).
fn pass(
    content: &mut dyn ReadSeek,
    mut each: impl FnMut(&[u8]) -> Result<bool, CheckError>,
) -> Result<(), CheckError> {
    let mut piece = vec![0; 32 * 1024];
    loop {
        let got = content.read(&mut piece)?;
        if got == 0 || each(&piece[..got])? {
            return Ok(());
        }
    }
}

fn contains(content: &mut dyn ReadSeek, needle: &[u8]) -> Result<bool, CheckError> {
    let mut found = false;
    let mut tail: Vec<u8> = Vec::new();
    pass(content, |piece| {
        tail.extend_from_slice(&piece[..piece.len().min(needle.len())]);
        found =
            memchr::memmem::find(&tail, needle).is_some() || memchr::memmem::find(piece, needle).is_some();
        tail.clear();
        tail.extend_from_slice(&piece[piece.len().saturating_sub(needle.len())..]);
        Ok(found)
    })?;
    Ok(found)
}

const HEIF_BRANDS: [&[u8; 4]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

fn is_video_brand(brand: [u8; 4]) -> bool {
    const EXACT: [&[u8; 4]; 9] =
        [b"isom", b"avc1", b"dash", b"MSNV", b"mmp4", b"qt  ", b"XAVC", b"f4v ", b"hvc1"];
    EXACT.contains(&&brand)
        || [&b"iso"[..], b"mp4", b"M4V", b"3gp", b"3g2"].iter().any(|family| brand.starts_with(family))
}

/// The brands of an ISO base media file (ISO/IEC 14496-12 §4.3): the major one, then those it is
/// compatible with.
fn brands(head: &[u8]) -> impl Iterator<Item = &[u8; 4]> {
    let is_ftyp = head.get(4..8) == Some(b"ftyp");
    let declared = head.first_chunk().map_or(0, |n| u32::from_be_bytes(*n) as usize);
    let end = if is_ftyp { declared.clamp(12, 256).min(head.len()) } else { 0 };
    let boxed = head.get(8..end).unwrap_or_default();
    // The second word is the minor version.
    boxed.as_chunks().0.iter().enumerate().filter(|(n, _)| *n != 1).map(|(_, brand)| brand)
}

/// Whether text begins with `word`, after a byte order mark and blanks, in any case.
fn begins(head: &[u8], word: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    head.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn text(head: &[u8], known: Known<'_>) -> Seen {
    if memchr::memchr(0, head).is_some() {
        return Seen::Fault(Fault::NotUnicode);
    }
    match known.text {
        Some(facts) => text_verdict(facts, known.charset),
        None if head.len() as u64 >= known.len => {
            let mut scan = TextScan::default();
            scan.feed(head);
            text_verdict(scan.finish(), known.charset)
        }
        None => Seen::Unread,
    }
}

fn text_verdict(facts: TextFacts, charset: Option<&str>) -> Seen {
    let declared = || charset.is_some_and(|c| encoding_rs::Encoding::for_label(c.as_bytes()).is_some());
    if !facts.has_nul && (facts.valid_utf8 || declared()) {
        Seen::Fits
    } else {
        Seen::Fault(Fault::NotUnicode)
    }
}

/// NUL and UTF-8 over content that comes in pieces.
#[derive(Default)]
pub struct TextScan {
    has_nul: bool,
    broken: bool,
    /// The start of a character that the last piece cut.
    cut: Vec<u8>,
}

impl TextScan {
    pub fn feed(&mut self, piece: &[u8]) {
        self.has_nul |= memchr::memchr(0, piece).is_some();
        if self.broken {
            return;
        }
        let mut rest = piece;
        while !self.cut.is_empty() {
            let Some((&byte, after)) = rest.split_first() else { return };
            self.cut.push(byte);
            rest = after;
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(e) if e.error_len().is_some() => {
                    self.broken = true;
                    return;
                }
                Err(_) => {}
            }
        }
        if let Err(e) = std::str::from_utf8(rest) {
            if e.error_len().is_some() {
                self.broken = true;
            } else {
                self.cut = rest[e.valid_up_to()..].to_vec();
            }
        }
    }

    pub fn finish(self) -> TextFacts {
        TextFacts { has_nul: self.has_nul, valid_utf8: !self.broken && self.cut.is_empty() }
    }
}

/// The length decides first: a binary file may begin with "solid" too.
fn stl(head: &[u8], len: u64) -> Seen {
    let triangles = head.get(80..).and_then(<[u8]>::first_chunk).map(|n| u64::from(u32::from_le_bytes(*n)));
    if triangles.is_some_and(|n| len == 84 + 50 * n) {
        return Seen::Fits;
    }
    if !begins(head, b"solid") {
        return Seen::Fault(Fault::Differs(Kind::Stl));
    }
    if memchr::memmem::find(head, b"facet").is_some() {
        Seen::Fits
    } else if head.len() as u64 >= len {
        Seen::Fault(Fault::Differs(Kind::Stl))
    } else {
        Seen::Unread
    }
}

fn obj(head: &[u8], known: Known<'_>) -> Seen {
    let mut scan = ObjLines::default();
    scan.feed(head);
    if scan.fits() {
        Seen::Fits
    } else if scan.has_nul || head.len() as u64 >= known.len {
        Seen::Fault(Fault::Differs(Kind::Obj))
    } else {
        Seen::Unread
    }
}

/// Lines that begin with `v ` and with `f `, and no NUL until both were seen.
#[derive(Default)]
struct ObjLines {
    vertex: bool,
    face: bool,
    has_nul: bool,
    /// The last two bytes before this piece, the first standing for a line end.
    before: Option<[u8; 2]>,
}

impl ObjLines {
    /// Whether enough was seen.
    fn feed(&mut self, piece: &[u8]) -> bool {
        let mut last = self.before.unwrap_or(*b"\n\n");
        for &byte in piece {
            if byte == b' ' || byte == b'\t' {
                match last {
                    [b'\n' | b'\r', b'v'] => self.vertex = true,
                    [b'\n' | b'\r', b'f'] => self.face = true,
                    _ => {}
                }
            }
            self.has_nul |= byte == 0;
            if self.has_nul || self.fits() {
                return true;
            }
            last = [last[1], byte];
        }
        self.before = Some(last);
        false
    }

    fn fits(&self) -> bool {
        self.vertex && self.face && !self.has_nul
    }
}
