//! The patterns of LIST and LSUB: `*` stands for anything, `%` for anything within one level
//! (RFC 9051 §6.3.9). Pure.
//!
//! Invariant: matching costs no more than the name's length times the pattern's pieces, and both are
//! bounded; a pattern made to be slow is refused.

use crate::types::MailboxName;

/// More pieces than this are refused: a name has at most 32 levels.
const PIECES: usize = 200;

/// A pattern, ready to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `*`
    Any,
    /// `%`
    Level,
}

/// The pattern has too many wildcards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooComplicated;

impl Pattern {
    /// Reference and pattern together.
    ///
    /// # Errors
    /// [`TooComplicated`]
    pub fn new(reference: &str, pattern: &str) -> Result<Self, TooComplicated> {
        let mut pieces: Vec<Piece> = Vec::new();
        for c in reference.chars().chain(pattern.chars()) {
            match (c, pieces.last_mut()) {
                ('*', Some(Piece::Any)) | ('%', Some(Piece::Any | Piece::Level)) => {}
                ('*', Some(last @ Piece::Level)) => *last = Piece::Any,
                ('*', _) => pieces.push(Piece::Any),
                ('%', _) => pieces.push(Piece::Level),
                (c, Some(Piece::Text(text))) => text.push(c),
                (c, _) => pieces.push(Piece::Text(c.to_string())),
            }
            if pieces.len() > PIECES {
                return Err(TooComplicated);
            }
        }
        Ok(Self(pieces))
    }

    /// Whether the last piece is `%`: what matches may stand for names below it.
    pub fn ends_at_level(&self) -> bool {
        self.0.last() == Some(&Piece::Level)
    }

    /// Whether the name matches. INBOX does in any case (RFC 9051 §5.1), also where the pattern has only a part of it.
    pub fn matches(&self, name: &str) -> bool {
        let level = name.find(MailboxName::DELIMITER).unwrap_or(name.len());
        // In the special name case does not count.
        let any_case = if &name[..level] == "INBOX" { level } else { 0 };
        // at[i]: the pieces so far can end before byte i.
        let name = name.as_bytes();
        let mut at = vec![false; name.len() + 1];
        at[0] = true;
        for piece in &self.0 {
            let mut next = vec![false; name.len() + 1];
            match piece {
                Piece::Text(text) => {
                    for i in (0..=name.len()).filter(|&i| at[i]) {
                        if starts_with(&name[i..], text.as_bytes(), any_case.saturating_sub(i)) {
                            next[i + text.len()] = true;
                        }
                    }
                }
                Piece::Any | Piece::Level => {
                    let mut open = false;
                    for i in 0..=name.len() {
                        open |= at[i];
                        next[i] = open;
                        if *piece == Piece::Level && name.get(i) == Some(&b'/') {
                            open = false;
                        }
                    }
                }
            }
            at = next;
        }
        at[name.len()]
    }
}

/// Whether the name begins with the text; of its first `any_case` bytes case does not count.
fn starts_with(name: &[u8], text: &[u8], any_case: usize) -> bool {
    let Some(head) = name.get(..text.len()) else { return false };
    let (loose, strict) = text.split_at(any_case.min(text.len()));
    head[..loose.len()].eq_ignore_ascii_case(loose) && head[loose.len()..] == *strict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::new("", pattern).unwrap().matches(name)
    }

    #[test]
    fn wildcards() {
        for (pattern, yes, no) in [
            ("*", vec!["a", "a/b", ""], vec![]),
            ("%", vec!["a", "INBOX"], vec!["a/b"]),
            ("a/%", vec!["a/b"], vec!["a", "a/b/c", "b/a"]),
            ("%/c", vec!["a/c"], vec!["c", "a/b/c"]),
            ("*c", vec!["c", "a/b/c"], vec!["a/b"]),
            ("%b*d%", vec!["abcd", "ab/x/de"], vec!["a/bcd", "abd/e"]),
            ("%*", vec!["a/b"], vec![]),
            ("inbox", vec!["INBOX"], vec!["inboxes"]),
            ("iNbOx/%", vec!["INBOX/a"], vec!["INBOX"]),
            ("i%", vec!["INBOX"], vec!["INBOX/a", "Iris"]),
            ("*bo*/a", vec!["INBOX/a"], vec!["INBOX/A"]),
            ("sent", vec![], vec!["Sent"]),
        ] {
            assert!(yes.iter().all(|n| matches(pattern, n)), "{pattern}");
            assert!(no.iter().all(|n| !matches(pattern, n)), "{pattern}");
        }
        assert!(Pattern::new("a/", "%").unwrap().matches("a/b"));
    }

    #[test]
    fn too_many_wildcards_are_refused() {
        assert_eq!(Pattern::new("", &"%a".repeat(PIECES)), Err(TooComplicated));
        assert!(Pattern::new("", &"*".repeat(60_000)).is_ok());
    }
}
