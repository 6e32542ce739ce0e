//! ZIP archives, judged by bounded random access (R19; APPNOTE.TXT 6.3.10).
//!
//! Programs disagree about damaged archives: some read the central directory, some walk the local
//! headers, and what one shows the other hides. So an archive is accepted only when both tell the
//! same story and leave no byte between: members one after the other from the first byte on, then
//! the directory, then its end record. Memory: about 150 bytes a member, whatever the archive says.
//! The `zip` crate reads the central directory alone and takes memory for as many members as it
//! claims, so it only writes the archives of the tests.

use std::collections::HashSet;
use std::io::{Read, SeekFrom};

use super::content::{self, Known, ReadSeek, Rules, Seen, TextFacts, read_full};
use super::fault::{CheckError, Fault};
use super::inflated::{Budget, Inflated, Window};
use super::kinds::{Kind, Never};
use super::name::{self, Ending};

/// Caps for archives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLimits {
    /// Most members of one archive, directories included.
    pub members: usize,
    /// Most bytes of all members together, unpacked.
    pub unpacked: u64,
    /// Most unpacked bytes for one packed byte, looked at from [`ContainerLimits::RATIO_FROM`] on.
    pub ratio: u64,
}

impl ContainerLimits {
    /// Below this unpacked size (bytes) a high ratio hurts nobody: an empty sheet packs very well.
    pub const RATIO_FROM: u64 = 16 << 20;
}

impl Default for ContainerLimits {
    fn default() -> Self {
        Self { members: 10_000, unpacked: 1 << 30, ratio: 100 }
    }
}

/// One member, as the central directory and its local header agree.
#[derive(Clone, Debug)]
pub struct Member {
    /// The name, `/` between levels.
    pub name: String,
    /// Stored (`false`) or Deflate (`true`).
    pub deflated: bool,
    /// CRC-32 of the unpacked bytes.
    pub crc: u32,
    /// Packed bytes.
    pub packed: u64,
    /// Unpacked bytes.
    pub len: u64,
    /// Where the packed bytes start.
    pub data: u64,
    /// A symbolic link, by its Unix mode.
    link: bool,
    local: u64,
    flags: u16,
}

impl Member {
    /// A name that ends in `/` is a directory.
    pub fn is_directory(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// General purpose bits: encryption (0), data descriptor (3), patched data (5), strong encryption (6),
/// UTF-8 name (11), masked headers (13).
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const DESCRIPTOR: u16 = 1 << 3;
const PATCHED: u16 = 1 << 5;

/// R19: an archive whose members are all from the list.
///
/// # Errors
/// The fault, around the member's name where it is a member's; or [`CheckError::Read`].
pub fn check(
    content: &mut dyn ReadSeek,
    len: u64,
    rules: Rules<'_>,
    budget: &mut Budget,
) -> Result<(), CheckError> {
    let members = read_directory(content, len, rules.containers)?;
    for member in &members {
        check_member(content, member, rules, budget).map_err(|e| match e {
            // These say something about the whole.
            CheckError::Fault(fault @ Fault::TooMuchInside) => fault.into(),
            CheckError::Fault(fault) => Fault::Member(member.name.clone(), Box::new(fault)).into(),
            read @ CheckError::Read(_) => read,
        })?;
    }
    Ok(())
}

fn check_member(
    archive: &mut dyn ReadSeek,
    member: &Member,
    rules: Rules<'_>,
    budget: &mut Budget,
) -> Result<(), CheckError> {
    if member.link {
        return Err(Fault::Escapes.into());
    }
    if member.is_directory() {
        return if member.len == 0 { Ok(()) } else { Err(Fault::Damaged.into()) };
    }
    let Pass { head, text } = read_through(archive, member, budget)?;
    if is_finder_leftover(&member.name, &head) {
        return Ok(());
    }
    let kind = member_kind(&member.name, rules)?;
    let known = Known { len: member.len, charset: None, text: Some(text) };
    match content::by_head(kind, &head, known, rules.types) {
        Seen::Fits => Ok(()),
        Seen::Fault(fault) => Err(fault.into()),
        Seen::Unread if member.deflated => {
            // The checks of a document inside draw on the same budget as unpacking it.
            let mut inner = Budget(budget.0);
            let mut unpacked = Inflated::new(archive, member.data, member.packed, member.len, budget);
            content::by_content(kind, &mut unpacked, known, rules, &mut inner)?;
            Ok(())
        }
        Seen::Unread => {
            let mut window = Window::new(archive, member.data, member.len);
            content::by_content(kind, &mut window, known, rules, budget)
        }
    }
}

fn member_kind(member: &str, rules: Rules<'_>) -> Result<Kind, Fault> {
    if let Some(never) = Never::of_name(name::file_name(member)) {
        return Err(Fault::Never(never));
    }
    let ending = match name::ending(member) {
        Ending::Some(ending) => ending,
        Ending::None => return Err(Fault::NoEnding),
        Ending::Ambiguous => return Err(Fault::AmbiguousName),
    };
    if let Some(never) = Never::of_ending(&ending) {
        return Err(Fault::Never(never));
    }
    match rules.types.accepted(&ending) {
        Some(Kind::Zip) => Err(Fault::Nested),
        Some(Kind::SmimeSignature | Kind::PgpSignature) => Err(Fault::LooseSignature),
        Some(kind) => Ok(kind),
        None if matches!(ending.as_str(), "zip" | "7z" | "rar" | "gz" | "tgz" | "tar" | "bz2" | "xz") => {
            Err(Fault::Nested)
        }
        None => Err(Fault::NotAccepted(ending)),
    }
}

/// What a Mac's Finder packs beside the files: `AppleDouble` copies of attributes and folder views.
/// Nobody chooses them, no program opens them as documents, and refusing them would refuse every
/// archive made there.
fn is_finder_leftover(member: &str, head: &[u8]) -> bool {
    let file = name::file_name(member);
    let double = member.starts_with("__MACOSX/") && file.starts_with("._");
    (double && head.starts_with(b"\x00\x05\x16\x07"))
        || (file == ".DS_Store" && head.starts_with(b"\x00\x00\x00\x01Bud1"))
}

/// The first kilobyte of a member and what a pass over all of it showed.
struct Pass {
    head: Vec<u8>,
    text: TextFacts,
}

/// Reads a member from end to end: its length and checksum are what the headers say, so no reader
/// unpacks more than was judged.
fn read_through(
    archive: &mut dyn ReadSeek,
    member: &Member,
    budget: &mut Budget,
) -> Result<Pass, CheckError> {
    fn pass(mut source: impl Read, member: &Member) -> Result<Pass, CheckError> {
        let mut crc = flate2::Crc::new();
        let mut head = Vec::new();
        let mut scan = content::TextScan::default();
        let mut piece = vec![0; 32 * 1024];
        let mut seen = 0;
        loop {
            let got = source.read(&mut piece)?;
            if got == 0 {
                break;
            }
            let bytes = &piece[..got];
            seen += got as u64;
            crc.update(bytes);
            scan.feed(bytes);
            let room = 1024usize.saturating_sub(head.len());
            head.extend_from_slice(&bytes[..got.min(room)]);
        }
        if seen != member.len || crc.sum() != member.crc {
            return Err(Fault::Damaged.into());
        }
        Ok(Pass { head, text: scan.finish() })
    }
    if member.deflated {
        pass(Inflated::new(archive, member.data, member.packed, member.len, budget), member)
    } else {
        pass(Window::new(archive, member.data, member.len), member)
    }
}

/// Reads and checks the structure: end record, central directory, every local header.
///
/// # Errors
/// The fault found, or [`CheckError::Read`].
pub fn read_directory(
    content: &mut dyn ReadSeek,
    len: u64,
    limits: &ContainerLimits,
) -> Result<Vec<Member>, CheckError> {
    let end = find_end(content, len)?;
    if end.members > limits.members {
        return Err(Fault::TooMuchInside.into());
    }
    // Directory and end record touch, so nothing (a ZIP64 record, for one) hides between them.
    if end.directory.checked_add(end.directory_len) != Some(end.at) {
        return Err(Fault::Damaged.into());
    }
    let mut members = central(content, &end, limits)?;
    members.sort_unstable_by_key(|m| m.local);
    let mut next = 0;
    for index in 0..members.len() {
        let following = members.get(index + 1).map_or(end.directory, |m| m.local);
        let Some(member) = members.get_mut(index) else { break };
        if member.local != next {
            return Err(Fault::Damaged.into());
        }
        local(content, member, following)?;
        next = following;
    }
    if next != end.directory {
        return Err(Fault::Damaged.into());
    }
    Ok(members)
}

struct End {
    at: u64,
    members: usize,
    directory: u64,
    directory_len: u64,
}

/// The end record (§4.3.16): the last thing in the file, and only one place can be it.
fn find_end(content: &mut dyn ReadSeek, len: u64) -> Result<End, CheckError> {
    const RECORD: usize = 22;
    let tail_len = len.min(RECORD as u64 + 0xffff);
    let start = len - tail_len;
    let mut tail = vec![0; tail_len as usize];
    content.seek(SeekFrom::Start(start))?;
    content.read_exact(&mut tail)?;
    let fits = |at: &usize| {
        tail.get(at + 20..at + RECORD).is_some_and(|n| at + RECORD + le(n) as usize == tail.len())
    };
    let mut places = memchr::memmem::find_iter(&tail, b"PK\x05\x06").filter(fits);
    let (Some(at), None) = (places.next(), places.next()) else { return Err(Fault::Damaged.into()) };
    let record = &tail[at..at + RECORD];
    let (disk, directory_disk) = (le(&record[4..6]), le(&record[6..8]));
    let (here, members) = (le(&record[8..10]), le(&record[10..12]));
    let (directory_len, directory) = (le(&record[12..16]), le(&record[16..20]));
    // 0xffff and 0xffffffff stand for "see the ZIP64 record", which no archive of this size needs.
    if disk != 0 || directory_disk != 0 || here != members || members == 0xffff || directory == 0xffff_ffff {
        return Err(Fault::Damaged.into());
    }
    Ok(End { at: start + at as u64, members: members as usize, directory, directory_len })
}

fn central(
    content: &mut dyn ReadSeek,
    end: &End,
    limits: &ContainerLimits,
) -> Result<Vec<Member>, CheckError> {
    const HEADER: usize = 46;
    let mut window = Window::new(content, end.directory, end.directory_len);
    let mut reader = std::io::BufReader::with_capacity(16 * 1024, &mut window);
    let mut members = Vec::with_capacity(end.members.min(1024));
    let mut names = HashSet::new();
    let (mut unpacked, mut packed) = (0u64, 0u64);
    for _ in 0..end.members {
        let mut h = [0; HEADER];
        reader.read_exact(&mut h)?;
        if !h.starts_with(b"PK\x01\x02") {
            return Err(Fault::Damaged.into());
        }
        let mut variable = vec![0; (le(&h[28..30]) + le(&h[30..32]) + le(&h[32..34])) as usize];
        reader.read_exact(&mut variable)?;
        let (name_bytes, rest) = variable.split_at(le(&h[28..30]) as usize);
        let extra = &rest[..le(&h[30..32]) as usize];
        let flags = le(&h[8..10]) as u16;
        let method = le(&h[10..12]);
        if flags & ENCRYPTED != 0 || method == 99 {
            return Err(Fault::Encrypted.into());
        }
        if flags & PATCHED != 0 || !matches!(method, 0 | 8) {
            return Err(Fault::Compression.into());
        }
        let member = Member {
            name: member_name(name_bytes, extra)?,
            deflated: method == 8,
            crc: le(&h[16..20]) as u32,
            packed: le(&h[20..24]),
            len: le(&h[24..28]),
            data: 0,
            // Made on Unix: the high half of the attributes is the mode.
            link: h[5] == 3 && (le(&h[38..42]) >> 16) & 0o170_000 == 0o120_000,
            local: le(&h[42..46]),
            flags,
        };
        let zip64 = [member.packed, member.len, member.local].contains(&0xffff_ffff);
        if zip64 || le(&h[34..36]) != 0 || (!member.deflated && member.packed != member.len) {
            return Err(Fault::Damaged.into());
        }
        unpacked = unpacked.saturating_add(member.len);
        packed = packed.saturating_add(member.packed);
        if !names.insert(member.name.to_lowercase()) {
            return Err(Fault::Damaged.into());
        }
        members.push(member);
    }
    let mut rest = [0];
    if reader.read(&mut rest)? != 0 {
        return Err(Fault::Damaged.into());
    }
    let bomb = unpacked > ContainerLimits::RATIO_FROM && unpacked / packed.max(1) >= limits.ratio;
    if unpacked > limits.unpacked || bomb {
        return Err(Fault::TooMuchInside.into());
    }
    Ok(members)
}

/// The one name of a member, checked for where it would be unpacked.
fn member_name(bytes: &[u8], extra: &[u8]) -> Result<String, CheckError> {
    // Without the UTF-8 bit the letters are the sender's code page; dots, slashes and endings are ASCII in all.
    let name = String::from_utf8_lossy(bytes).replace('\\', "/");
    // Info-ZIP's Unicode name (§4.6.9) replaces the other one in some programs: both have one ending.
    if let Some(unicode) = extra_field(extra, 0x7075) {
        let unicode = String::from_utf8_lossy(unicode.get(5..).unwrap_or_default()).replace('\\', "/");
        let same_place = unicode.split('/').count() == name.split('/').count();
        if name::ending(&unicode) != name::ending(&name)
            || unicode.split('/').any(|l| l == "..")
            || !same_place
        {
            return Err(Fault::Damaged.into());
        }
    }
    let escapes = name.is_empty()
        || name.starts_with('/')
        || name.split('/').any(|level| level == ".." || level == "~")
        || name.as_bytes().get(1) == Some(&b':');
    if escapes {
        return Err(Fault::Member(name, Box::new(Fault::Escapes)).into());
    }
    Ok(name)
}

fn extra_field(mut extra: &[u8], id: u64) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (head, rest) = extra.split_at(4);
        let (data, after) = rest.split_at_checked(le(&head[2..4]) as usize)?;
        if le(&head[..2]) == id {
            return Some(data);
        }
        extra = after;
    }
    None
}

/// Reads a local header (§4.3.7), compares it, and finds where the data stands. `following` is
/// where the next thing starts.
fn local(content: &mut dyn ReadSeek, member: &mut Member, following: u64) -> Result<(), CheckError> {
    const HEADER: usize = 30;
    let damaged = || CheckError::from(Fault::Damaged);
    let mut h = [0; HEADER];
    content.seek(SeekFrom::Start(member.local))?;
    content.read_exact(&mut h)?;
    let mut variable = vec![0; (le(&h[26..28]) + le(&h[28..30])) as usize];
    content.read_exact(&mut variable)?;
    let (name, extra) = variable.split_at(le(&h[26..28]) as usize);
    let flags = le(&h[6..8]) as u16;
    let method = if member.deflated { 8 } else { 0 };
    let watched = ENCRYPTED | DESCRIPTOR | PATCHED;
    if !h.starts_with(b"PK\x03\x04")
        || (flags ^ member.flags) & watched != 0
        || le(&h[8..10]) != method
        || String::from_utf8_lossy(name).replace('\\', "/") != member.name
    {
        return Err(damaged());
    }
    member.data = member.local + HEADER as u64 + variable.len() as u64;
    let (crc, mut packed, mut len) = (le(&h[14..18]), le(&h[18..22]), le(&h[22..26]));
    if packed == 0xffff_ffff || len == 0xffff_ffff {
        // ZIP64 (§4.5.3): a program that did not know the size beforehand may always write it so.
        let field = extra_field(extra, 1).filter(|f| f.len() >= 16).ok_or_else(damaged)?;
        (len, packed) = (le(&field[..8]), le(&field[8..16]));
    }
    let same = crc == u64::from(member.crc) && packed == member.packed && len == member.len;
    let later = flags & DESCRIPTOR != 0;
    let unset = later && packed == 0 && len == 0 && (crc == 0 || crc == u64::from(member.crc));
    if !same && !unset {
        return Err(damaged());
    }
    let gap = member
        .data
        .checked_add(member.packed)
        .and_then(|end| following.checked_sub(end))
        .ok_or_else(damaged)?;
    match (later, gap) {
        (false, 0) => Ok(()),
        (true, 12 | 16 | 20 | 24) => descriptor(content, member, gap),
        _ => Err(damaged()),
    }
}

/// The data descriptor (§4.3.9): with or without a signature, with sizes of 4 or 8 bytes.
fn descriptor(content: &mut dyn ReadSeek, member: &Member, gap: u64) -> Result<(), CheckError> {
    let mut bytes = [0; 24];
    let bytes = &mut bytes[..gap as usize];
    content.seek(SeekFrom::Start(member.data + member.packed))?;
    if read_full(content, bytes)? != bytes.len() {
        return Err(Fault::Damaged.into());
    }
    let fields = match gap {
        16 | 24 => bytes.strip_prefix(b"PK\x07\x08").ok_or(Fault::Damaged)?,
        _ => bytes,
    };
    let wide = fields.len() == 20;
    let (crc, sizes) = fields.split_at(4);
    let (packed, len) = sizes.split_at(if wide { 8 } else { 4 });
    if le(crc) == u64::from(member.crc) && le(packed) == member.packed && le(len) == member.len {
        Ok(())
    } else {
        Err(Fault::Damaged.into())
    }
}

/// A little-endian number of up to 8 bytes.
fn le(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte))
}
