//! Mailbox names: UTF-8 inside, `/` between levels, INBOX in one spelling.

use unicode_normalization::UnicodeNormalization;

/// A checked name. The first level `inbox` in any case is `INBOX` (RFC 9051 §5.1); NFC (RFC 5198).
///
/// How a name is written on the wire (modified UTF-7, UTF-8) is the codec's business.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxName(String);

/// Why a name cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxNameError {
    /// Nothing, or an empty level (`a//b`, `/a`).
    #[error("a mailbox name needs a name on every level")]
    Empty,
    /// More than [`MailboxName::MAX_LEN`] bytes or [`MailboxName::MAX_DEPTH`] levels.
    #[error("the mailbox name is too long or too deep")]
    Length,
    /// Control characters (RFC 5198 §2), or the wildcards `%` and `*`.
    #[error("the mailbox name holds a character that is not allowed")]
    Character,
}

impl MailboxName {
    /// The hierarchy delimiter.
    pub const DELIMITER: char = '/';
    /// Longest name, in bytes of UTF-8.
    pub const MAX_LEN: usize = 1000;
    /// Deepest nesting.
    pub const MAX_DEPTH: usize = 32;

    /// Normalises and checks. One trailing delimiter is dropped (RFC 9051 §6.3.4: a client says
    /// that it means to create names below).
    ///
    /// # Errors
    /// [`MailboxNameError`] names what is wrong.
    pub fn new(name: &str) -> Result<Self, MailboxNameError> {
        let name = name.strip_suffix(Self::DELIMITER).unwrap_or(name);
        if name.len() > Self::MAX_LEN || name.split(Self::DELIMITER).count() > Self::MAX_DEPTH {
            return Err(MailboxNameError::Length);
        }
        if name.split(Self::DELIMITER).any(str::is_empty) {
            return Err(MailboxNameError::Empty);
        }
        let bad = |c: char| c.is_control() || matches!(c, '%' | '*' | '\u{2028}' | '\u{2029}');
        if name.chars().any(bad) {
            return Err(MailboxNameError::Character);
        }
        let mut name: String = name.nfc().collect();
        let first = name.find(Self::DELIMITER).unwrap_or(name.len());
        if name[..first].eq_ignore_ascii_case("INBOX") {
            name.replace_range(..first, "INBOX");
        }
        Ok(Self(name))
    }

    /// `INBOX`
    pub fn inbox() -> Self {
        Self("INBOX".to_owned())
    }

    /// Whether it is INBOX itself.
    pub fn is_inbox(&self) -> bool {
        self.0 == "INBOX"
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name one level up.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once(Self::DELIMITER).map(|(p, _)| Self(p.to_owned()))
    }

    /// Whether this name lies below `other`.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| rest.starts_with(Self::DELIMITER))
    }

    /// This name moved from below `from` (or from `from` itself) to `to`, as RENAME does with children.
    ///
    /// # Errors
    /// [`MailboxNameError::Length`] when the result grows too long or too deep.
    pub fn moved(&self, from: &Self, to: &Self) -> Result<Self, MailboxNameError> {
        let rest = self.0.strip_prefix(&from.0).unwrap_or("");
        Self::new(&format!("{}{rest}", to.0))
    }
}

impl std::fmt::Display for MailboxName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Special uses (RFC 6154 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialUse {
    /// `\Sent`
    Sent,
    /// `\Drafts`
    Drafts,
    /// `\Trash`
    Trash,
    /// `\Junk`
    Junk,
    /// `\Archive`
    Archive,
    /// `\Flagged`
    Flagged,
    /// `\All`
    All,
}

impl SpecialUse {
    /// With the mailbox each account starts with; the last two have none.
    pub const INITIAL: [(Self, &'static str); 5] = [
        (Self::Sent, "Sent"),
        (Self::Drafts, "Drafts"),
        (Self::Trash, "Trash"),
        (Self::Junk, "Junk"),
        (Self::Archive, "Archive"),
    ];

    /// As LIST writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "\\Sent",
            Self::Drafts => "\\Drafts",
            Self::Trash => "\\Trash",
            Self::Junk => "\\Junk",
            Self::Archive => "\\Archive",
            Self::Flagged => "\\Flagged",
            Self::All => "\\All",
        }
    }

    /// From the wire form, in any case, with the backslash.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sent, Self::Drafts, Self::Trash, Self::Junk, Self::Archive, Self::Flagged, Self::All]
            .into_iter()
            .find(|u| u.as_str().eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(s: &str) -> MailboxName {
        MailboxName::new(s).unwrap()
    }

    #[test]
    fn inbox_in_any_case() {
        assert_eq!(name("inBox"), MailboxName::inbox());
        assert_eq!(name("Inbox/Müller").as_str(), "INBOX/Müller");
        assert_eq!(name("Inboxes").as_str(), "Inboxes");
    }

    /// RFC 5198 §3: one name, however a keyboard composes it.
    #[test]
    fn names_are_composed() {
        assert_eq!(name("Mu\u{308}ller"), name("M\u{fc}ller"));
        assert_eq!(MailboxName::new("a\u{85}b"), Err(MailboxNameError::Character));
    }

    #[test]
    fn levels() {
        assert_eq!(name("a/b/").as_str(), "a/b");
        assert!(name("a/b").is_below(&name("a")));
        assert!(!name("ab").is_below(&name("a")));
        assert_eq!(name("a/b/c").moved(&name("a/b"), &name("x")).unwrap().as_str(), "x/c");
        for bad in ["", "/", "/a", "a//b"] {
            assert_eq!(MailboxName::new(bad), Err(MailboxNameError::Empty), "{bad:?}");
        }
        assert_eq!(MailboxName::new("a\u{7}"), Err(MailboxNameError::Character));
    }
}
