//! A test for each type of `attachment-types.md`, on real minimal files made here.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::accepted::{AttachmentTypes, CustomType};
use super::archive::ContainerLimits;
use super::content::{Known, Rules, Seen, by_content, by_head};
use super::fault::{CheckError, Fault};
use super::inflated::Budget;
use super::kinds::{Kind, Never};
use super::ole;

fn types() -> AttachmentTypes {
    let custom = CustomType { ending: "3ox".to_owned(), offset: 2, signature: b"3OXZ".to_vec() };
    let all = AttachmentTypes::default_endings().into_iter().chain(["webp", "ics", "vcf"]);
    AttachmentTypes::new(all, vec![custom]).unwrap()
}

/// As the rules judge a file: by the head, then by the content.
fn judge(ending: &str, bytes: &[u8], charset: Option<&str>) -> Result<(), Fault> {
    let types = types();
    let limits = ContainerLimits { members: 50, unpacked: 64 << 20, ratio: 100 };
    let rules = Rules { types: &types, containers: &limits };
    let kind = types.accepted(ending).ok_or_else(|| Fault::NotAccepted(ending.to_owned()))?;
    let known = Known { len: bytes.len() as u64, charset, text: None };
    let head = &bytes[..bytes.len().min(1024)];
    let seen = by_head(kind, head, known, &types);
    let whole = by_content(kind, &mut Cursor::new(bytes), known, rules, &mut Budget(128 << 20));
    let whole = match whole {
        Ok(()) => Ok(()),
        Err(CheckError::Fault(fault)) => Err(fault),
        Err(CheckError::Read(e)) => panic!("{e}"),
    };
    match seen {
        // What the head settles, the content must not settle otherwise.
        Seen::Fits => {
            assert_eq!(whole, Ok(()), "{ending}");
            Ok(())
        }
        Seen::Fault(fault) => {
            assert!(whole.is_err(), "{ending}");
            Err(fault)
        }
        Seen::Unread => whole,
    }
}

fn fits(ending: &str, bytes: &[u8]) {
    assert_eq!(judge(ending, bytes, None), Ok(()), "{ending} {:?}", &bytes[..bytes.len().min(16)]);
}

fn differs(ending: &str, bytes: &[u8]) {
    let kind = types().accepted(ending).unwrap();
    assert_eq!(judge(ending, bytes, None), Err(Fault::Differs(kind)), "{ending}");
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn stored_zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(*name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n";

fn office_of(main: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Override PartName=\"/main.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.{main}.main+xml\"/></Types>"
    );
    let mut members: Vec<(&str, &[u8])> =
        vec![("[Content_Types].xml", xml.as_bytes()), ("main.xml", b"<x/>")];
    members.extend_from_slice(more);
    zip_of(&members)
}

const WORD: &str = "wordprocessingml.document";

#[test]
fn r19_pictures() {
    fits("jpg", b"\xff\xd8\xff\xe0\0\x10JFIF");
    fits("jpeg", b"\xff\xd8\xff\xe1");
    fits("jfif", b"\xff\xd8\xff\xdb");
    fits("png", PNG);
    fits("gif", b"GIF87a");
    fits("gif", b"GIF89a");
    fits("bmp", b"BM\0\0");
    fits("tif", b"II*\0");
    fits("tiff", b"MM\0*");
    fits("webp", b"RIFF\0\0\0\0WEBPVP8 ");
    differs("jpg", PNG);
    differs("png", b"\xff\xd8\xff");
    differs("gif", b"GIF88a");
    differs("tif", b"MM*\0");
    differs("jpg", b"");
    differs("png", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
}

#[test]
fn r19_heic_and_video() {
    let boxed = |brands: &[&[u8; 4]]| {
        let mut out = (8 + 4 + brands.len() as u32 * 4).to_be_bytes().to_vec();
        out.extend_from_slice(b"ftyp");
        out.extend_from_slice(brands[0]);
        out.extend_from_slice(&[0; 4]);
        out.extend(brands[1..].iter().flat_map(|b| **b));
        out.extend_from_slice(b"\0\0\0\x08mdat");
        out
    };
    fits("heic", &boxed(&[b"heic", b"mif1"]));
    fits("heif", &boxed(&[b"mif1", b"heic"]));
    fits("mp4", &boxed(&[b"isom", b"iso2", b"avc1", b"mp41"]));
    fits("mp4", &boxed(&[b"mp42"]));
    fits("mov", &boxed(&[b"qt  "]));
    fits("m4v", &boxed(&[b"M4V "]));
    differs("heic", &boxed(&[b"isom", b"mp41"]));
    differs("mp4", &boxed(&[b"heic", b"mp41"]));
    differs("mp4", &boxed(&[b"crx "]));
    differs("mp4", b"\0\0\0\x18moov....");
    differs("mp4", b"\xff\xff\xff\xffftyp");
}

#[test]
fn r19_documents() {
    fits("pdf", PDF);
    fits("pdf", &[&[b' '; 1019][..], b"%PDF-"].concat());
    differs("pdf", &[&[b' '; 1020][..], b"%PDF-"].concat());
    fits("rtf", b"{\\rtf1 x}");
    differs("rtf", b"rtf");
    for ending in ["doc", "xls", "ppt"] {
        fits(ending, &[ole::MAGIC, &[0; 40]].concat());
        fits(ending, &[ole::MAGIC, &[0; 4000]].concat());
        differs(ending, PDF);
    }
}

/// A compound file with these directory entries.
fn ole_of(names: &[&str]) -> Vec<u8> {
    let mut out = vec![0; 512];
    out[..8].copy_from_slice(ole::MAGIC);
    out[30] = 9;
    out[48..52].copy_from_slice(&1u32.to_le_bytes());
    out[76..80].copy_from_slice(&0u32.to_le_bytes());
    out[80..512].fill(0xff);
    // Sector 0: the table; the directory is sectors 1, 2, …
    let sectors = names.len().div_ceil(4);
    let mut table = vec![0xff; 512];
    for n in 1..sectors as u32 {
        table[n as usize * 4..][..4].copy_from_slice(&(n + 1).to_le_bytes());
    }
    table[sectors * 4..][..4].copy_from_slice(&0xffff_fffe_u32.to_le_bytes());
    out.extend_from_slice(&table);
    for name in names {
        let mut entry = [0; 128];
        for (n, unit) in name.encode_utf16().enumerate() {
            entry[n * 2..][..2].copy_from_slice(&unit.to_le_bytes());
        }
        entry[64] = (name.len() as u8 + 1) * 2;
        entry[66] = 1;
        out.extend_from_slice(&entry);
    }
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

#[test]
fn r19_old_office_files_with_macros_mails_or_a_password() {
    fits("doc", &ole_of(&["Root Entry", "WordDocument", "1Table"]));
    let many = ["Root Entry", "WordDocument", "1Table", "a", "b", "c", "d", "e", "Macros"];
    assert_eq!(judge("doc", &ole_of(&many), None), Err(Fault::Macros));
    assert_eq!(judge("xls", &ole_of(&["Root Entry", "_VBA_PROJECT_CUR"]), None), Err(Fault::Macros));
    assert_eq!(judge("doc", &ole_of(&["__properties_version1.0"]), None), Err(Fault::Never(Never::Mail)));
    assert_eq!(judge("doc", &ole_of(&["EncryptedPackage"]), None), Err(Fault::Encrypted));
}

#[test]
fn r19_new_office_files() {
    let word = office_of(WORD, &[]);
    fits("docx", &word);
    fits("xlsx", &office_of("spreadsheetml.sheet", &[]));
    fits("pptx", &office_of("presentationml.presentation", &[("ppt/media/image1.svg", b"<svg/>")]));
    differs("xlsx", &word);
    differs("docx", PDF);
    differs("docx", &zip_of(&[("main.xml", b"<x/>")]));
    assert_eq!(judge("docx", &office_of(WORD, &[("word/vbaProject.bin", b"x")]), None), Err(Fault::Macros));
    assert_eq!(judge("docx", &office_of(WORD, &[("word/VBAPROJECT.BIN", b"x")]), None), Err(Fault::Macros));
    assert!(matches!(judge("docx", &office_of(WORD, &[("x/run.exe", b"MZ")]), None), Err(Fault::Member(..))));
    assert_eq!(judge("docx", &[ole::MAGIC, &[0; 600]].concat(), None), Err(Fault::Encrypted));
    assert_eq!(judge("docx", &word[..word.len() - 1], None), Err(Fault::Damaged));
}

#[test]
fn r19_text() {
    fits("txt", "Grüße".as_bytes());
    fits("csv", b"a;b\r\n");
    fits("log", b"");
    fits("txt", "ü".repeat(60_000).as_bytes());
    let latin = b"Gr\xfc\xdfe";
    assert_eq!(judge("txt", latin, None), Err(Fault::NotUnicode));
    assert_eq!(judge("txt", latin, Some("windows-1252")), Ok(()));
    assert_eq!(judge("txt", latin, Some("no-such-charset")), Err(Fault::NotUnicode));
    assert_eq!(judge("txt", b"a\0b", Some("utf-8")), Err(Fault::NotUnicode));
    assert_eq!(judge("txt", &[&[b'a'; 2000][..], b"\0"].concat(), None), Err(Fault::NotUnicode));
    assert_eq!(judge("txt", &[&[b'a'; 2000][..], b"\xc3"].concat(), None), Err(Fault::NotUnicode));
}

#[test]
fn r19_dicom_and_3shape() {
    fits("dcm", &[&[0; 128][..], b"DICM"].concat());
    fits("dicom", &[&[7; 128][..], b"DICM\x02\0"].concat());
    differs("dcm", &[0; 200]);
    let three_shape = b"<?xml version=\"1.0\"?><HPS version=\"1.1\"><Packed_geometry>";
    assert_eq!(judge("dcm", three_shape, None), Err(Fault::ThreeShape));
}

#[test]
fn r19_models() {
    let binary = |n: u32, start: &[u8]| {
        let mut out = start.to_vec();
        out.resize(80, b' ');
        out.extend_from_slice(&n.to_le_bytes());
        out.resize(84 + 50 * n as usize, 0);
        out
    };
    fits("stl", &binary(0, b"exported"));
    fits("stl", &binary(2, b"solid but binary"));
    fits("stl", b"solid tooth\n facet normal 0 0 1\n");
    fits("stl", &[b"solid ", &b"x".repeat(40_000)[..], b"\nfacet normal"].concat());
    differs("stl", &binary(2, b"x")[..183]);
    differs("stl", b"solid tooth");
    differs("stl", &[b"solid ", &b"x".repeat(40_000)[..]].concat());
    fits("ply", b"ply\nformat ascii 1.0\n");
    fits("ply", b"ply\r\nformat");
    differs("ply", b"plywood");
    fits("obj", b"# x\nv 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n");
    fits("obj", &[&b"v 0 0 0\r\n".repeat(20_000)[..], b"f 1 2 3"].concat());
    differs("obj", b"v 0 0 0\n");
    differs("obj", b"xv 0\nxf 1\n");
    differs("obj", b"\0v 0 0\nf 1 2 3\n");
    differs("obj", &b"v 0 0 0\r\n".repeat(20_000));
}

#[test]
fn r19_signatures_and_extras() {
    fits("p7s", b"\x30\x82\x01\0");
    fits("asc", b"-----BEGIN PGP SIGNATURE-----\n");
    differs("asc", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n");
    differs("p7s", PDF);
    fits("ics", b"\xef\xbb\xbfBEGIN:VCALENDAR\r\n");
    fits("vcf", b"begin:vcard\r\n");
    fits("3ox", b"..3OXZ");
    differs("3ox", b"3OXZ");
}

#[test]
fn r19_zip_members_are_from_the_list() {
    fits("zip", &zip_of(&[]));
    fits("zip", &zip_of(&[("a.png", PNG), ("bilder/Röntgen.pdf", PDF), ("notes.TXT", b"x")]));
    fits("zip", &stored_zip_of(&[("a.png", PNG), ("doc.docx", &office_of(WORD, &[]))]));
    fits("zip", &zip_of(&[("doc.docx", &office_of(WORD, &[])), ("old.doc", &ole_of(&["WordDocument"]))]));
    let in_it =
        |member: &str, bytes: &[u8]| match judge("zip", &zip_of(&[("ok.png", PNG), (member, bytes)]), None) {
            Err(Fault::Member(name, fault)) => {
                assert_eq!(name, member);
                *fault
            }
            other => panic!("{member}: {other:?}"),
        };
    assert_eq!(in_it("run.exe", b"MZ"), Fault::Never(Never::Program));
    assert_eq!(in_it("page.html", b"<html>"), Fault::Never(Never::WebPage));
    assert_eq!(in_it("mail.eml", b"From: x"), Fault::Never(Never::Mail));
    assert_eq!(in_it("dir/winmail.dat", b"x"), Fault::Never(Never::Tnef));
    assert_eq!(in_it("a.xyz", b"x"), Fault::NotAccepted("xyz".to_owned()));
    assert_eq!(in_it("README", b"x"), Fault::NoEnding);
    assert_eq!(in_it("a.pdf", PNG), Fault::Differs(Kind::Pdf));
    assert_eq!(in_it("b.txt", b"a\0"), Fault::NotUnicode);
    assert_eq!(in_it("c.docx", &office_of(WORD, &[("word/vbaProject.bin", b"x")])), Fault::Macros);
    assert_eq!(in_it("d.doc", &ole_of(&["Macros"])), Fault::Macros);
    assert_eq!(in_it("e.zip", &zip_of(&[])), Fault::Nested);
    assert_eq!(in_it("f.7z", b"7z"), Fault::Nested);
    assert_eq!(in_it("g.p7s", b"\x30"), Fault::LooseSignature);
}

#[test]
fn r19_zip_from_a_mac() {
    let double = b"\x00\x05\x16\x07\x00\x02\x00\x00";
    fits("zip", &zip_of(&[("a.png", PNG), ("__MACOSX/._a.png", double), (".DS_Store", b"\0\0\0\x01Bud1")]));
    assert!(judge("zip", &zip_of(&[("__MACOSX/._a.png", b"MZ")]), None).is_err());
    assert!(judge("zip", &zip_of(&[("__MACOSX/._a.exe", b"MZ")]), None).is_err());
}

#[test]
fn r19_zip_directories_and_links() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("a/", SimpleFileOptions::default()).unwrap();
    let plain = zip.finish().unwrap().into_inner();
    fits("zip", &plain);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("a.png", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let link = zip.finish().unwrap().into_inner();
    assert_eq!(judge("zip", &link, None), Err(Fault::Member("a.png".to_owned(), Box::new(Fault::Escapes))));
}

#[test]
fn r19_zip_names_that_lead_out() {
    for bad in ["../a.png", "a/../../b.png", "/a.png", "..\\a.png", "\\a.png", "C:/a.png", "C:a.png"] {
        // The writer has its own opinion of such names: write harmless ones of the same length.
        let fine = "x".repeat(bad.len() - 4) + ".png";
        let zip = zip_of(&[(&fine, PNG)]);
        let swapped = replace_all(&zip, fine.as_bytes(), bad.as_bytes());
        let Err(Fault::Member(_, fault)) = judge("zip", &swapped, None) else { panic!("{bad}") };
        assert_eq!(*fault, Fault::Escapes, "{bad}");
    }
}

fn replace_all(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    for at in memchr::memmem::find_iter(bytes, from) {
        out[at..at + to.len()].copy_from_slice(to);
    }
    out
}

#[test]
fn r19_zip_with_a_password() {
    let mut zip = zip_of(&[("a.png", PNG)]);
    for (signature, at) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let header = memchr::memmem::find(&zip, signature).unwrap();
        zip[header + at] |= 1;
    }
    assert_eq!(judge("zip", &zip, None), Err(Fault::Encrypted));
}

#[test]
fn r19_zip_headers_must_agree() {
    let good = stored_zip_of(&[("a.png", PNG), ("b.png", PNG)]);
    fits("zip", &good);
    let directory = memchr::memmem::find(&good, b"PK\x01\x02").unwrap();
    let end = memchr::memmem::rfind(&good, b"PK\x05\x06").unwrap();
    // Offsets of fields in the local header: flags, method, checksum, sizes, name.
    for at in [6, 8, 14, 18, 22, 30] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(judge("zip", &bad, None).is_err(), "local {at}");
    }
    for at in [8, 10, 16, 20, 24, 42, 46] {
        let mut bad = good.clone();
        bad[directory + at] ^= 1;
        assert!(judge("zip", &bad, None).is_err(), "central {at}");
    }
    for at in [4, 6, 8, 10, 12, 16, 20] {
        let mut bad = good.clone();
        bad[end + at] ^= 1;
        assert!(judge("zip", &bad, None).is_err(), "end {at}");
    }
    // A member that only walkers of local headers would see: bytes before, between and behind.
    assert!(judge("zip", &[&good[..], b"x"].concat(), None).is_err());
    let mut before = b"MZ program".to_vec();
    before.extend_from_slice(&good);
    differs("zip", &before);
    // Content that is not what the checksum says.
    let mut bad = good.clone();
    let data = memchr::memmem::find(&bad, b"IHDR").unwrap();
    bad[data] ^= 1;
    assert_eq!(judge("zip", &bad, None), Err(Fault::Member("a.png".to_owned(), Box::new(Fault::Damaged))));
}

#[test]
fn r19_zip_written_as_a_stream() {
    // What programs write that do not know sizes beforehand: data descriptors (bit 3).
    let mut zip = zip::ZipWriter::new_stream(Vec::new());
    for (name, bytes) in [("a.png", PNG), ("b.pdf", PDF)] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let zip = zip.finish().unwrap().into_inner();
    fits("zip", &zip);
    let descriptor = memchr::memmem::find(&zip, b"PK\x07\x08").unwrap();
    let mut bad = zip.clone();
    bad[descriptor + 5] ^= 1;
    assert_eq!(judge("zip", &bad, None), Err(Fault::Damaged));
}

#[test]
fn r19_zip_bombs() {
    let zeros = vec![b'0'; 40 << 20];
    let bomb = zip_of(&[("zeros.txt", &zeros)]);
    assert!(bomb.len() < 100_000);
    assert_eq!(judge("zip", &bomb, None), Err(Fault::TooMuchInside));
    assert_eq!(
        judge("docx", &office_of(WORD, &[("word/zeros.xml", &zeros)]), None),
        Err(Fault::TooMuchInside)
    );
    // One that lies about its size, in both headers.
    let small = zip_of(&[("zeros.txt", &zeros[..1 << 20])]);
    let lie = replace_all(&small, &(1u32 << 20).to_le_bytes(), &100u32.to_le_bytes());
    assert_eq!(
        judge("zip", &lie, None),
        Err(Fault::Member("zeros.txt".to_owned(), Box::new(Fault::Damaged)))
    );
    let names: Vec<String> = (0..51).map(|n| format!("{n}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b""[..])).collect();
    fits("zip", &zip_of(&many[..50]));
    assert_eq!(judge("zip", &zip_of(&many), None), Err(Fault::TooMuchInside));
}

const ENDINGS: &[&str] = &[
    "jpg", "png", "gif", "bmp", "tif", "heic", "mp4", "pdf", "doc", "docx", "xlsx", "rtf", "txt", "dcm",
    "stl", "ply", "obj", "zip", "p7s", "asc", "webp", "ics", "vcf", "3ox",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_a_check_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        for ending in ENDINGS {
            let _ = judge(ending, &bytes, None);
        }
    }

    #[test]
    fn no_damage_to_a_container_makes_a_check_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let files = [
            ("zip", zip_of(&[("a.png", PNG), ("b.docx", &office_of(WORD, &[])), ("c.doc", &ole_of(&["a", "b", "c"]))])),
            ("docx", office_of(WORD, &[])),
            ("doc", ole_of(&["Root Entry", "WordDocument", "1Table", "a", "b"])),
        ];
        for (ending, mut file) in files {
            for (at, byte) in &flips {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            let _ = judge(ending, &file, None);
            let _ = judge(ending, &file[..cut.index(file.len())], None);
        }
    }
}
