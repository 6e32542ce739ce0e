//! A message's flags in one word: bits 0–4 the system flags, bits 8–62 the mailbox's keywords.
//!
//! Which keyword a bit stands for is the mailbox's own table; `\Recent` is no flag of a message
//! but of a session (RFC 3501 §2.3.2) and lives in the view.

/// The flags that RFC 9051 §2.3.2 names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SystemFlag {
    /// `\Seen`
    Seen = 0,
    /// `\Answered`
    Answered = 1,
    /// `\Flagged`
    Flagged = 2,
    /// `\Deleted`
    Deleted = 3,
    /// `\Draft`
    Draft = 4,
}

impl SystemFlag {
    /// All of them, in the order responses list them.
    pub const ALL: [Self; 5] = [Self::Answered, Self::Flagged, Self::Deleted, Self::Seen, Self::Draft];

    /// As written on the wire, backslash included.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "\\Seen",
            Self::Answered => "\\Answered",
            Self::Flagged => "\\Flagged",
            Self::Deleted => "\\Deleted",
            Self::Draft => "\\Draft",
        }
    }
}

/// A set of flags; see the module text for the bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u64);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// The bits that keywords may take.
    pub const KEYWORD_BITS: std::ops::RangeInclusive<u8> = 8..=62;

    /// The set of one system flag.
    pub const fn of(flag: SystemFlag) -> Self {
        Self(1 << flag as u8)
    }

    /// The set of one keyword's bit.
    pub const fn keyword(bit: u8) -> Self {
        Self(1 << bit)
    }

    /// Whether the flag is set.
    pub const fn has(self, flag: SystemFlag) -> bool {
        self.0 & (1 << flag as u8) != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The keyword bits that are set, ascending.
    pub fn keywords(self) -> impl Iterator<Item = u8> {
        Self::KEYWORD_BITS.filter(move |bit| self.0 & (1 << bit) != 0)
    }

    /// The set after a STORE.
    #[must_use]
    pub const fn changed(self, how: FlagChange, by: Self) -> Self {
        match how {
            FlagChange::Add => self.union(by),
            FlagChange::Remove => self.without(by),
            FlagChange::Replace => by,
        }
    }
}

/// `+FLAGS`, `-FLAGS`, `FLAGS` (RFC 9051 §6.4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagChange {
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
    /// `FLAGS`
    Replace,
}

/// A keyword: an atom that does not start with a backslash (RFC 9051 §9 `flag-keyword`).
///
/// Compared without regard to case (RFC 9051 §2.3.2); the spelling first seen is kept.
#[derive(Clone, Debug)]
pub struct Keyword(String);

/// Why a word is no keyword.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a keyword: it must be 1 to {max} letters without spaces, quotes, brackets or wildcards", max = Keyword::MAX_LEN)]
pub struct KeywordError;

impl Keyword {
    /// Longest keyword taken, in bytes.
    pub const MAX_LEN: usize = 128;

    /// Checks the `atom` grammar.
    ///
    /// # Errors
    /// [`KeywordError`] for an empty, too long or ill-formed word.
    pub fn new(word: &str) -> Result<Self, KeywordError> {
        let fine = |b: u8| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(&b);
        if word.is_empty() || word.len() > Self::MAX_LEN || !word.bytes().all(fine) {
            return Err(KeywordError);
        }
        Ok(Self(word.to_owned()))
    }

    /// The spelling as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PartialEq for Keyword {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for Keyword {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_forms() {
        let seen = Flags::of(SystemFlag::Seen);
        let both = seen.union(Flags::keyword(8));
        assert_eq!(seen.changed(FlagChange::Add, Flags::keyword(8)), both);
        assert_eq!(both.changed(FlagChange::Remove, seen), Flags::keyword(8));
        assert_eq!(both.changed(FlagChange::Replace, Flags::NONE), Flags::NONE);
        assert_eq!(both.keywords().collect::<Vec<_>>(), [8]);
    }

    #[test]
    fn keywords_are_atoms() {
        assert!(Keyword::new("$MDNSent").is_ok());
        assert_eq!(Keyword::new("Junk").unwrap(), Keyword::new("JUNK").unwrap());
        for bad in ["", "a b", "\\Seen", "a]", "ü", "a*"] {
            assert!(Keyword::new(bad).is_err(), "{bad}");
        }
    }
}
