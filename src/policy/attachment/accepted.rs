//! The list of accepted types (R19), which is configuration: the standard one, wider or narrower.
//!
//! Invariant: an ending in [`Never`] is in no list, whatever the operator writes.

use std::collections::BTreeSet;

use super::kinds::{CATALOGUE, Kind, Never};

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
