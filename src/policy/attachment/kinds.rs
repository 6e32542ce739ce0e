//! The catalogue of file types: what each is called, its endings, its media types; and the list of
//! those that this portal accepts (R19), which is configuration.
//!
//! Invariants: an ending belongs to one kind; an ending in [`Never`] is in no list, whatever the
//! operator writes.

use std::collections::BTreeSet;

/// A file type that this code can recognise by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// JPEG picture.
    Jpeg,
    /// PNG picture.
    Png,
    /// GIF picture.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF picture.
    Tiff,
    /// HEIF picture, what phones make.
    Heif,
    /// `WebP` picture; not in the default list.
    Webp,
    /// MP4 or QuickTime video.
    Mp4,
    /// PDF document.
    Pdf,
    /// Word, Excel, PowerPoint up to 2003: an OLE compound file.
    Ole,
    /// Word document (OOXML).
    Docx,
    /// Excel sheet (OOXML).
    Xlsx,
    /// PowerPoint presentation (OOXML).
    Pptx,
    /// Rich Text.
    Rtf,
    /// Plain text in any of its endings.
    Text,
    /// Appointment (iCalendar); not in the default list.
    Calendar,
    /// Business card (vCard); not in the default list.
    Card,
    /// DICOM image.
    Dicom,
    /// STL surface model.
    Stl,
    /// PLY surface model.
    Ply,
    /// Wavefront OBJ surface model.
    Obj,
    /// ZIP archive, its members from the same list.
    Zip,
    /// S/MIME signature, only as part of `multipart/signed`.
    SmimeSignature,
    /// OpenPGP signature, only as part of `multipart/signed`.
    PgpSignature,
    /// The operator's own, by index into [`AttachmentTypes::custom`].
    Custom(usize),
}

struct Row {
    kind: Kind,
    /// "is not …" in a sentence.
    label: &'static str,
    endings: &'static [&'static str],
    /// What a part without any name may be instead of its ending.
    media: &'static [&'static str],
    by_default: bool,
}

const fn row(
    kind: Kind,
    label: &'static str,
    endings: &'static [&'static str],
    media: &'static [&'static str],
    by_default: bool,
) -> Row {
    Row { kind, label, endings, media, by_default }
}

const CATALOGUE: &[Row] = &[
    row(
        Kind::Jpeg,
        "a JPEG picture",
        &["jpg", "jpeg", "jfif"],
        &["image/jpeg", "image/jpg", "image/pjpeg"],
        true,
    ),
    row(Kind::Png, "a PNG picture", &["png"], &["image/png", "image/x-png"], true),
    row(Kind::Gif, "a GIF picture", &["gif"], &["image/gif"], true),
    row(Kind::Bmp, "a bitmap picture", &["bmp"], &["image/bmp", "image/x-bmp", "image/x-ms-bmp"], true),
    row(Kind::Tiff, "a TIFF picture", &["tif", "tiff"], &["image/tiff"], true),
    row(Kind::Heif, "a HEIC picture", &["heic", "heif"], &["image/heic", "image/heif"], true),
    row(Kind::Webp, "a WebP picture", &["webp"], &["image/webp"], false),
    row(
        Kind::Mp4,
        "an MP4 video",
        &["mp4", "mov", "m4v"],
        &["video/mp4", "video/quicktime", "video/x-m4v"],
        true,
    ),
    row(Kind::Pdf, "a PDF document", &["pdf"], &["application/pdf"], true),
    row(
        Kind::Ole,
        "an Office document",
        &["doc", "xls", "ppt"],
        &["application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"],
        true,
    ),
    row(
        Kind::Docx,
        "a Word document",
        &["docx"],
        &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
        true,
    ),
    row(
        Kind::Xlsx,
        "an Excel sheet",
        &["xlsx"],
        &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
        true,
    ),
    row(
        Kind::Pptx,
        "a PowerPoint presentation",
        &["pptx"],
        &["application/vnd.openxmlformats-officedocument.presentationml.presentation"],
        true,
    ),
    row(Kind::Rtf, "a Rich Text document", &["rtf"], &["application/rtf", "text/rtf"], true),
    row(Kind::Text, "plain text", &["txt", "csv", "log"], &["text/plain", "text/csv"], true),
    row(Kind::Calendar, "an appointment", &["ics"], &["text/calendar", "application/ics"], false),
    row(Kind::Card, "a business card", &["vcf"], &["text/vcard", "text/x-vcard", "text/directory"], false),
    row(Kind::Dicom, "a DICOM image", &["dcm", "dicom"], &["application/dicom"], true),
    row(
        Kind::Stl,
        "an STL model",
        &["stl"],
        &["model/stl", "application/sla", "application/vnd.ms-pki.stl"],
        true,
    ),
    row(Kind::Ply, "a PLY model", &["ply"], &["model/ply"], true),
    row(Kind::Obj, "an OBJ model", &["obj"], &["model/obj"], true),
    row(Kind::Zip, "a ZIP archive", &["zip"], &["application/zip", "application/x-zip-compressed"], true),
    row(
        Kind::SmimeSignature,
        "a signature",
        &["p7s"],
        &["application/pkcs7-signature", "application/x-pkcs7-signature"],
        true,
    ),
    row(Kind::PgpSignature, "a signature", &["asc", "sig"], &["application/pgp-signature"], true),
];

impl Kind {
    /// The kind that an ending (lower case, without the dot) stands for.
    pub fn of_ending(ending: &str) -> Option<Self> {
        CATALOGUE.iter().find(|r| r.endings.contains(&ending)).map(|r| r.kind)
    }

    /// Its ending, when a part gives a media type and no name.
    pub fn ending_of_media(media_type: &str) -> Option<&'static str> {
        let row = CATALOGUE.iter().find(|r| r.media.iter().any(|m| m.eq_ignore_ascii_case(media_type)))?;
        row.endings.first().copied()
    }

    /// What stands after "is not" in a sentence.
    pub fn label(self) -> &'static str {
        CATALOGUE.iter().find(|r| r.kind == self).map_or("a file of that type", |r| r.label)
    }
}

/// What no configuration can let in, in the words of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {
    /// Programs, scripts, installers, shortcuts, disk images.
    Program,
    /// HTML and SVG: pages that run in the reader's browser.
    WebPage,
    /// Office files whose ending says that they carry macros.
    Macros,
    /// A whole message as a file (R17).
    Mail,
    /// `winmail.dat` (TNEF).
    Tnef,
    /// S/MIME envelopes and OpenPGP containers.
    Encrypted,
}

const NEVER: &[(Never, &[&str])] = &[
    (
        Never::Program,
        &[
            "ade",
            "adp",
            "apk",
            "app",
            "appimage",
            "appx",
            "appxbundle",
            "bas",
            "bat",
            "bin",
            "cab",
            "chm",
            "class",
            "cmd",
            "com",
            "command",
            "cpl",
            "crt",
            "deb",
            "desktop",
            "dll",
            "dmg",
            "drv",
            "elf",
            "exe",
            "gadget",
            "hlp",
            "hta",
            "htc",
            "img",
            "inf",
            "ins",
            "iso",
            "isp",
            "jar",
            "jnlp",
            "js",
            "jse",
            "ksh",
            "lib",
            "library-ms",
            "lnk",
            "mde",
            "mjs",
            "msc",
            "msi",
            "msix",
            "msp",
            "mst",
            "ocx",
            "osx",
            "php",
            "pif",
            "pkg",
            "pl",
            "ps1",
            "ps1xml",
            "ps2",
            "psc1",
            "psd1",
            "psm1",
            "py",
            "pyc",
            "pyw",
            "pyz",
            "rb",
            "reg",
            "rpm",
            "run",
            "scf",
            "scr",
            "sct",
            "search-ms",
            "settingcontent-ms",
            "sh",
            "shb",
            "shs",
            "so",
            "sys",
            "url",
            "vb",
            "vbe",
            "vbs",
            "vhd",
            "vhdx",
            "vxd",
            "wasm",
            "webloc",
            "ws",
            "wsc",
            "wsf",
            "wsh",
            "xbap",
            "xll",
        ],
    ),
    (
        Never::WebPage,
        &["htm", "html", "mht", "mhtml", "shtm", "shtml", "svg", "svgz", "xht", "xhtml", "xsl", "xslt"],
    ),
    (
        Never::Macros,
        &["docm", "dotm", "xlsm", "xltm", "xlam", "xla", "pptm", "potm", "ppam", "ppsm", "sldm", "ppa"],
    ),
    (Never::Mail, &["eml", "msg", "emlx", "mbox", "oft", "pst", "ost"]),
    (Never::Tnef, &["tnef"]),
    (Never::Encrypted, &["p7m", "p7c", "p7z", "pgp", "gpg"]),
];

/// Media types that a mail program opens by, whatever the name says.
const NEVER_MEDIA: &[(Never, &[&str])] = &[
    (
        Never::Program,
        &[
            "application/x-msdownload",
            "application/x-msdos-program",
            "application/x-dosexec",
            "application/vnd.microsoft.portable-executable",
            "application/x-executable",
            "application/x-sh",
            "application/x-shellscript",
            "application/x-msi",
            "application/java-archive",
            "application/javascript",
            "application/x-javascript",
            "application/ecmascript",
            "application/hta",
            "application/x-bat",
            "text/javascript",
            "text/ecmascript",
            "text/vbscript",
            "text/x-sh",
            "text/x-python",
            "text/x-shellscript",
            "application/vnd.android.package-archive",
            "application/x-apple-diskimage",
            "application/wasm",
        ],
    ),
    (
        Never::WebPage,
        &[
            "text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "image/svg",
            "multipart/x-mixed-replace",
            "text/xsl",
        ],
    ),
    (
        Never::Macros,
        &[
            "application/vnd.ms-word.document.macroenabled.12",
            "application/vnd.ms-word.template.macroenabled.12",
            "application/vnd.ms-excel.sheet.macroenabled.12",
            "application/vnd.ms-excel.template.macroenabled.12",
            "application/vnd.ms-excel.addin.macroenabled.12",
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
            "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
            "application/vnd.ms-powerpoint.addin.macroenabled.12",
        ],
    ),
    (
        Never::Mail,
        &[
            "message/rfc822",
            "message/global",
            "message/partial",
            "message/external-body",
            "application/vnd.ms-outlook",
        ],
    ),
    (Never::Tnef, &["application/ms-tnef", "application/vnd.ms-tnef"]),
    (
        Never::Encrypted,
        &[
            "application/pkcs7-mime",
            "application/x-pkcs7-mime",
            "application/pgp-encrypted",
            "application/pgp",
        ],
    ),
];

impl Never {
    /// By ending, lower case, without the dot.
    pub fn of_ending(ending: &str) -> Option<Self> {
        NEVER.iter().find(|(_, list)| list.contains(&ending)).map(|(never, _)| *never)
    }

    /// By media type, without parameters.
    pub fn of_media(media_type: &str) -> Option<Self> {
        let is = |m: &&str| m.eq_ignore_ascii_case(media_type);
        NEVER_MEDIA.iter().find(|(_, list)| list.iter().any(is)).map(|(never, _)| *never)
    }

    /// By the whole name: what Outlook calls its own container.
    pub fn of_name(name: &str) -> Option<Self> {
        name.eq_ignore_ascii_case("winmail.dat").then_some(Self::Tnef)
    }
}

/// A type that the operator describes: an ending and the bytes that a file of it holds at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomType {
    /// The ending, lower case, without the dot.
    pub ending: String,
    /// Where the signature stands, from the start of the file.
    pub offset: usize,
    /// The bytes.
    pub signature: Vec<u8>,
}

impl std::str::FromStr for CustomType {
    type Err = AttachmentTypesError;

    /// `ending@offset:bytes`, the bytes in hexadecimal.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || AttachmentTypesError::Form(text.to_owned());
        let (ending, rest) = text.split_once('@').ok_or_else(form)?;
        let (offset, hex) = rest.split_once(':').ok_or_else(form)?;
        let digits: Option<Vec<u32>> = hex.chars().map(|c| c.to_digit(16)).collect();
        let digits = digits.filter(|d| d.len().is_multiple_of(2)).ok_or_else(form)?;
        Ok(Self {
            ending: ending.to_owned(),
            offset: offset.parse().map_err(|_| form())?,
            signature: digits.chunks_exact(2).map(|d| (d[0] << 4 | d[1]) as u8).collect(),
        })
    }
}

/// The list of accepted types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentTypes {
    endings: BTreeSet<String>,
    custom: Vec<CustomType>,
}

/// Why a configured list cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentTypesError {
    /// On the list of what is always refused.
    #[error("attachments ending in .{0} are refused always and cannot be configured")]
    Never(String),
    /// Not in the catalogue: its content could not be checked.
    #[error("no content check is known for .{0}; describe it as a custom type with a signature")]
    Unknown(String),
    /// A custom type needs a signature within the part of a file that is kept for checking.
    #[error("the signature of .{0} must have 2 to 64 bytes and lie within the first 1024 bytes of the file")]
    Signature(String),
    /// Not `ending@offset:bytes`.
    #[error("\"{0}\" does not have the form ending@offset:bytes, as in 3oxz@0:504b0304")]
    Form(String),
    /// To be removed, but not on the standard list.
    #[error(".{0} is not on the standard list of attachment types")]
    NotListed(String),
    /// The ending belongs to a built-in type.
    #[error(".{0} has its own content check already")]
    Taken(String),
}

impl Default for AttachmentTypes {
    fn default() -> Self {
        let endings = CATALOGUE.iter().filter(|r| r.by_default).flat_map(|r| r.endings);
        Self { endings: endings.map(|e| (*e).to_owned()).collect(), custom: Vec::new() }
    }
}

impl AttachmentTypes {
    /// The operator's list: endings from the catalogue (with or without a dot, any case), and types
    /// of their own.
    ///
    /// # Errors
    /// [`AttachmentTypesError`] names the entry that cannot be.
    pub fn new<S: AsRef<str>>(
        endings: impl IntoIterator<Item = S>,
        custom: Vec<CustomType>,
    ) -> Result<Self, AttachmentTypesError> {
        let mut list = BTreeSet::new();
        for ending in endings {
            let ending = normal(ending.as_ref());
            if Never::of_ending(&ending).is_some() {
                return Err(AttachmentTypesError::Never(ending));
            }
            if Kind::of_ending(&ending).is_none() {
                return Err(AttachmentTypesError::Unknown(ending));
            }
            list.insert(ending);
        }
        let mut own = Vec::with_capacity(custom.len());
        for mut one in custom {
            one.ending = normal(&one.ending);
            if Never::of_ending(&one.ending).is_some() {
                return Err(AttachmentTypesError::Never(one.ending));
            }
            if Kind::of_ending(&one.ending).is_some() {
                return Err(AttachmentTypesError::Taken(one.ending));
            }
            let within = one.offset.checked_add(one.signature.len()).is_some_and(|end| end <= 1024);
            if !(2..=64).contains(&one.signature.len()) || !within || one.ending.is_empty() {
                return Err(AttachmentTypesError::Signature(one.ending));
            }
            list.insert(one.ending.clone());
            own.push(one);
        }
        Ok(Self { endings: list, custom: own })
    }

    /// The standard list, wider by `add` and `custom` (each as [`CustomType`] reads it), narrower by
    /// `remove`.
    ///
    /// # Errors
    /// [`AttachmentTypesError`] names the entry that cannot be.
    pub fn configured(
        add: &[String],
        remove: &[String],
        custom: &[String],
    ) -> Result<Self, AttachmentTypesError> {
        let custom = custom.iter().map(|c| c.parse()).collect::<Result<Vec<CustomType>, _>>()?;
        let standard = Self::default_endings();
        for ending in remove {
            if !standard.contains(&normal(ending).as_str()) {
                return Err(AttachmentTypesError::NotListed(normal(ending)));
            }
        }
        let removed = |ending: &&str| remove.iter().any(|r| normal(r) == *ending);
        let kept = standard.iter().copied().filter(|e| !removed(e));
        Self::new(kept.chain(add.iter().map(String::as_str)), custom)
    }

    /// The endings of the standard list.
    pub fn default_endings() -> Vec<&'static str> {
        CATALOGUE.iter().filter(|r| r.by_default).flat_map(|r| r.endings).copied().collect()
    }

    /// The operator's own types.
    pub fn custom(&self) -> &[CustomType] {
        &self.custom
    }

    /// The kind of an accepted ending; `None` when the ending is not accepted.
    pub fn accepted(&self, ending: &str) -> Option<Kind> {
        if !self.endings.contains(ending) || Never::of_ending(ending).is_some() {
            return None;
        }
        let own = || self.custom.iter().position(|c| c.ending == ending).map(Kind::Custom);
        Kind::of_ending(ending).or_else(own)
    }

    /// The list for a sentence: one ending for each kind.
    pub fn in_words(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for row in CATALOGUE {
            if matches!(row.kind, Kind::SmimeSignature | Kind::PgpSignature) {
                continue;
            }
            let many = matches!(row.kind, Kind::Ole | Kind::Text);
            let there = row.endings.iter().filter(|e| self.endings.contains(**e));
            words.extend(there.take(if many { 3 } else { 1 }));
        }
        words.extend(self.custom.iter().map(|c| c.ending.as_str()));
        words.join(", ")
    }
}

/// An ending as operators write it: with a dot or without, in any case.
fn normal(ending: &str) -> String {
    ending.trim().trim_start_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r19_the_default_list_is_the_decided_one() {
        let decided = "jpg jpeg jfif png gif bmp tif tiff heic heif mp4 mov m4v pdf doc xls ppt docx xlsx pptx rtf txt \
                       csv log dcm dicom stl ply obj p7s asc sig zip";
        let mut decided: Vec<_> = decided.split(' ').collect();
        let mut ours = AttachmentTypes::default_endings();
        decided.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, decided);
    }

    #[test]
    fn an_ending_belongs_to_one_kind_and_never_to_what_is_refused_always() {
        let mut seen = std::collections::HashSet::new();
        for ending in CATALOGUE.iter().flat_map(|r| r.endings).chain(NEVER.iter().flat_map(|(_, l)| *l)) {
            assert!(seen.insert(*ending), "{ending}");
        }
    }

    #[test]
    fn r19_narrower_and_wider() {
        let types = AttachmentTypes::new([".PDF", "ics"], vec![]).unwrap();
        assert_eq!(types.accepted("pdf"), Some(Kind::Pdf));
        assert_eq!(types.accepted("ics"), Some(Kind::Calendar));
        assert_eq!(types.accepted("jpg"), None);
        let own = CustomType { ending: "3OX".to_owned(), offset: 4, signature: b"3OXZ".to_vec() };
        let types = AttachmentTypes::new(["pdf"], vec![own]).unwrap();
        assert_eq!(types.accepted("3ox"), Some(Kind::Custom(0)));
        assert_eq!(types.in_words(), "pdf, 3ox");
    }

    #[test]
    fn r19_as_the_configuration_says_it() {
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let of = |add: &[&str], remove: &[&str], custom: &[&str]| {
            AttachmentTypes::configured(&texts(add), &texts(remove), &texts(custom))
        };
        assert_eq!(of(&[], &[], &[]), Ok(AttachmentTypes::default()));
        let types = of(&[".ICS"], &["zip", ".Mov"], &["3oxz@4:504b0304"]).unwrap();
        assert_eq!(types.accepted("ics"), Some(Kind::Calendar));
        assert_eq!(types.accepted("zip"), None);
        assert_eq!(types.accepted("mov"), None);
        assert_eq!(types.accepted("mp4"), Some(Kind::Mp4));
        let own = CustomType { ending: "3oxz".to_owned(), offset: 4, signature: b"PK\x03\x04".to_vec() };
        assert_eq!(types.custom(), [own]);
        for bad in [
            "3oxz",
            "3oxz@x:00",
            "3oxz@0:0",
            "3oxz@0:zz",
            "3oxz@-1:0000",
            "@0:0000",
            "3oxz@0:00",
            "pdf@0:0000",
        ] {
            assert!(of(&[], &[], &[bad]).is_err(), "{bad}");
        }
        assert!(of(&["exe"], &[], &[]).is_err());
        assert!(of(&[], &["exe"], &[]).is_err());
        let said =
            crate::config::sections().into_iter().find(|s| s.name == "attachments").unwrap().doc.join(" ");
        for ending in AttachmentTypes::default_endings() {
            let signature = matches!(ending, "p7s" | "asc" | "sig");
            assert!(signature || said.split([' ', ',']).any(|word| word == ending), "{ending}");
        }
    }

    #[test]
    fn r19_some_are_refused_whatever_the_configuration() {
        for bad in ["svg", "html", "exe", "js", "docm", "eml", "msg"] {
            assert_eq!(AttachmentTypes::new([bad], vec![]), Err(AttachmentTypesError::Never(bad.to_owned())));
            let own = CustomType { ending: bad.to_owned(), offset: 0, signature: vec![1, 2] };
            assert_eq!(
                AttachmentTypes::new(["pdf"], vec![own]),
                Err(AttachmentTypesError::Never(bad.to_owned()))
            );
        }
        assert!(AttachmentTypes::new(["xyz"], vec![]).is_err());
        let far = CustomType { ending: "xyz".to_owned(), offset: 1023, signature: vec![1, 2] };
        assert!(AttachmentTypes::new(["pdf"], vec![far]).is_err());
    }
}
