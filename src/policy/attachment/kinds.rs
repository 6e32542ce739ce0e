//! The catalogue of file types: what each is called, its endings, its media types; and what is
//! refused always (R19).
//!
//! Invariant: an ending belongs to one kind, or to [`Never`].

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
    /// The operator's own, by index into `AttachmentTypes::custom`.
    Custom(usize),
}

/// One kind of the catalogue.
pub(super) struct Row {
    pub(super) kind: Kind,
    /// "is not …" in a sentence.
    label: &'static str,
    pub(super) endings: &'static [&'static str],
    /// What a part without any name may be instead of its ending.
    media: &'static [&'static str],
    /// On the standard list.
    pub(super) by_default: bool,
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

pub(super) const CATALOGUE: &[Row] = &[
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_belongs_to_one_kind_and_never_to_what_is_refused_always() {
        let mut seen = std::collections::HashSet::new();
        for ending in CATALOGUE.iter().flat_map(|r| r.endings).chain(NEVER.iter().flat_map(|(_, l)| *l)) {
            assert!(seen.insert(*ending), "{ending}");
        }
    }
}
