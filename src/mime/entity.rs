//! The `Content-…` fields of one header block (RFC 2045, 2183, 3282, 2557).

use memchr::memchr;

use super::TransferEncoding;
use super::address::take_comment;
use super::field::{fields, unfold};
use super::parameter::Parameters;
use super::summary::Disposition;

/// A longer boundary cannot be told apart from a body line (RFC 2046 §5.1.1 allows 70).
pub(super) const MAX_BOUNDARY: usize = 200;

/// What a header block says of its body.
#[derive(Debug, Default)]
pub(super) struct Entity {
    /// `type/subtype` in lower case.
    pub media_type: String,
    pub parameters: Parameters,
    pub encoding: TransferEncoding,
    /// The word of `Content-Transfer-Encoding` as written.
    pub encoding_word: Option<Vec<u8>>,
    /// The word of `Content-Disposition` as written, and its parameters.
    pub disposition: Option<(Vec<u8>, Parameters)>,
    pub id: Option<Vec<u8>>,
    pub description: Option<Vec<u8>>,
    pub md5: Option<Vec<u8>>,
    pub location: Option<Vec<u8>>,
    pub languages: Vec<Vec<u8>>,
    /// Some field occurs twice or is malformed.
    pub ambiguous: bool,
}

impl Entity {
    /// Reads a block; `default_type` holds where no type is declared (RFC 2046 §5.1.5).
    pub fn parse(block: &[u8], default_type: &str) -> Self {
        let mut own = Self { media_type: default_type.to_owned(), ..Self::default() };
        let mut seen_type = false;
        for field in fields(block) {
            if field.name.len() < 10 || !field.name[..8].eq_ignore_ascii_case(b"content-") {
                continue;
            }
            if field.is("content-type") {
                own.ambiguous |= seen_type;
                if !std::mem::replace(&mut seen_type, true) {
                    own.set_type(&unfold(field.value));
                }
            } else if field.is("content-transfer-encoding") {
                own.ambiguous |= own.encoding_word.is_some();
                if own.encoding_word.is_none() {
                    let value = unfold(field.value);
                    let word = behind_comments(&value);
                    own.encoding = TransferEncoding::from_field(word);
                    // In quotes, or in a comment that does not end, it is for some programs what it says.
                    own.ambiguous |=
                        !value.is_empty() && !word.first().is_some_and(u8::is_ascii_alphanumeric);
                    own.encoding_word = Some(first_word(word).to_vec());
                }
            } else if field.is("content-disposition") {
                own.ambiguous |= own.disposition.is_some();
                if own.disposition.is_none() {
                    let value = unfold(field.value);
                    let value = behind_comments(&value);
                    let word = first_word(value);
                    let parameters = Parameters::parse(&value[word.len()..]);
                    own.disposition = Some((word.to_vec(), parameters));
                }
            } else if field.is("content-language") {
                let value = unfold(field.value);
                // With comments, as any structured field (RFC 5322 §3.2.2).
                let tag = |written| {
                    let tag = behind_comments(written);
                    tag[..memchr(b'(', tag).unwrap_or(tag.len())].trim_ascii()
                };
                let tags = value.split(|&b| b == b',').map(tag).filter(|t| !t.is_empty());
                own.languages.extend(tags.map(<[u8]>::to_vec).take(100));
            } else {
                let slot = match field.name.len() {
                    10 if field.is("content-id") => &mut own.id,
                    11 if field.is("content-md5") => &mut own.md5,
                    16 if field.is("content-location") => &mut own.location,
                    19 if field.is("content-description") => &mut own.description,
                    _ => continue,
                };
                slot.get_or_insert_with(|| unfold(field.value));
            }
        }
        let of_disposition = |f: fn(&Parameters) -> bool| own.disposition.as_ref().is_some_and(|(_, p)| f(p));
        own.ambiguous |= own.parameters.ambiguous || of_disposition(|p| p.ambiguous);
        own.ambiguous |= own.is_container() && !own.encoding.is_identity();
        own
    }

    fn set_type(&mut self, value: &[u8]) {
        let value = behind_comments(value);
        let word = first_word(value);
        let token = |t: &[u8]| {
            !t.is_empty() && t.iter().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(b))
        };
        let slash = word.iter().position(|&b| b == b'/');
        let usable = slash.is_some_and(|at| token(&word[..at]) && token(&word[at + 1..]));
        if usable {
            self.media_type = String::from_utf8_lossy(word).to_ascii_lowercase();
        } else {
            // RFC 2045 §5.2: what cannot be understood is plain text. Other programs may differ.
            "text/plain".clone_into(&mut self.media_type);
            self.ambiguous = true;
        }
        self.parameters = Parameters::parse(&value[word.len()..]);
    }

    pub fn is_multipart(&self) -> bool {
        self.media_type.starts_with("multipart/")
    }

    /// RFC 2046 §5.2.1, RFC 6532 §3.7
    pub fn is_message(&self) -> bool {
        matches!(self.media_type.as_str(), "message/rfc822" | "message/global")
    }

    fn is_container(&self) -> bool {
        self.is_multipart() || self.is_message()
    }

    /// How the body is read: a multipart's own encoding means nothing (RFC 2045 §6.4).
    pub fn body_encoding(&self) -> TransferEncoding {
        if self.is_multipart() && !self.encoding.is_identity() {
            TransferEncoding::Binary
        } else {
            self.encoding
        }
    }

    /// The delimiter of a multipart's parts; `None` where it cannot be used.
    pub fn boundary(&self) -> Option<Vec<u8>> {
        let mut boundary = self.parameters.get("boundary")?;
        boundary.truncate(boundary.trim_ascii_end().len());
        (1..=MAX_BOUNDARY).contains(&boundary.len()).then_some(boundary)
    }

    /// A parameter of the type, in lower case.
    pub fn word(&self, name: &str) -> Option<String> {
        let value = self.parameters.get(name)?;
        Some(String::from_utf8_lossy(value.trim_ascii()).to_ascii_lowercase()).filter(|v| !v.is_empty())
    }

    /// Every file name that a program may show.
    pub fn names(&self) -> Vec<String> {
        let disposition = self.disposition.as_ref().map(|(_, parameters)| parameters);
        let mut names = Vec::new();
        for parameters in disposition.into_iter().chain([&self.parameters]) {
            for key in ["filename", "name"] {
                for text in parameters.texts(key) {
                    if !names.contains(&text) {
                        names.push(text);
                    }
                }
            }
        }
        names
    }

    pub fn disposition(&self) -> Option<Disposition> {
        let (word, _) = self.disposition.as_ref()?;
        Some(match String::from_utf8_lossy(word).to_ascii_lowercase().as_str() {
            "inline" => Disposition::Inline,
            "attachment" => Disposition::Attachment,
            other => Disposition::Other(other.to_owned()),
        })
    }

    /// More values than were kept.
    pub fn overflow(&self) -> bool {
        self.parameters.overflow || self.disposition.as_ref().is_some_and(|(_, p)| p.overflow)
    }
}

/// Up to the first blank, semicolon or comment.
/// What follows the blanks and comments that a value may begin with (RFC 5322 §3.2.2).
fn behind_comments(mut value: &[u8]) -> &[u8] {
    loop {
        value = value.trim_ascii_start();
        if value.first() != Some(&b'(') {
            return value;
        }
        take_comment(&mut value);
    }
}

fn first_word(value: &[u8]) -> &[u8] {
    let end = value.iter().position(|b| matches!(b, b' ' | b'\t' | b';' | b'(')).unwrap_or(value.len());
    &value[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_their_defaults() {
        let of = |block: &str| {
            let entity = Entity::parse(block.as_bytes(), "text/plain");
            (entity.media_type.clone(), entity.ambiguous)
        };
        assert_eq!(of("Content-Type: Image/JPEG (a picture); name=x\r\n"), ("image/jpeg".into(), false));
        assert_eq!(of(""), ("text/plain".into(), false));
        assert_eq!(of("Content-Type: pdf\r\n"), ("text/plain".into(), true));
        assert_eq!(of("Content-Type: a/b\r\nContent-type: c/d\r\n"), ("a/b".into(), true));
        assert_eq!(
            of("Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: base64\r\n"),
            ("multipart/mixed".into(), true)
        );
    }

    #[test]
    fn comments_before_the_word() {
        let block = "Content-Type: (c) (d) text/html; charset=x\r\nContent-Transfer-Encoding: (a (b)) base64\r\n\
            Content-Disposition: (c)attachment; filename=a.pdf\r\nContent-Language: de (German), (c) en, (none)\r\n";
        let entity = Entity::parse(block.as_bytes(), "text/plain");
        assert_eq!((entity.media_type.as_str(), entity.encoding), ("text/html", TransferEncoding::Base64));
        assert_eq!(entity.disposition.as_ref().unwrap().0, b"attachment");
        assert_eq!(entity.languages, [b"de", b"en"]);
        assert!(!entity.ambiguous);
        // R19: nobody knows how these are read.
        for value in ["\"base64\"", "(base64", "=base64"] {
            let block = format!("Content-Transfer-Encoding: {value}\r\n");
            assert!(Entity::parse(block.as_bytes(), "text/plain").ambiguous, "{value}");
        }
        assert!(!Entity::parse(b"Content-Transfer-Encoding:\r\n", "text/plain").ambiguous);
    }

    #[test]
    fn every_name_is_seen() {
        let block = "Content-Type: application/pdf; name=\"a.pdf\"\r\n\
            Content-Disposition: attachment;\r\n filename*=utf-8''%C3%BC.exe; filename=a.pdf\r\n";
        assert_eq!(Entity::parse(block.as_bytes(), "text/plain").names(), ["a.pdf", "ü.exe"]);
    }

    #[test]
    fn boundaries() {
        let of = |value: &str| {
            let block = format!("Content-Type: multipart/mixed; boundary={value}\r\n");
            Entity::parse(block.as_bytes(), "text/plain").boundary()
        };
        assert_eq!(of("\"a b:c  \""), Some(b"a b:c".to_vec()));
        assert_eq!(of("----=_Part_1:2"), Some(b"----=_Part_1:2".to_vec()));
        assert_eq!(of("\"\""), None);
        assert_eq!(of(&"x".repeat(MAX_BOUNDARY + 1)), None);
    }
}
