//! How much a client may send before it is told to stop.

/// All in bytes unless said otherwise. [`Limits::default`] is before sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One line, its CRLF included (RFC 7162 §4 asks for at least 8192).
    pub line: usize,
    /// One literal that is not a message.
    pub literal: usize,
    /// All lines and literals of one command, messages aside.
    pub command: usize,
    /// Literals in one command.
    pub literals: usize,
    /// One appended message (APPENDLIMIT, RFC 7889).
    pub append: u64,
    /// What is read and thrown away to stay in step after a refusal; a client that sends more is
    /// cut off.
    pub discard: u64,
    /// Parentheses, NOT and OR of a SEARCH, in each other.
    pub depth: usize,
    /// Members of any list: search keys in all, flags, patterns, header names, ID pairs.
    pub list: usize,
    /// Ranges in a sequence set.
    pub ranges: usize,
}

impl Limits {
    /// Before sign-in: enough for AUTHENTICATE, LOGIN and ID.
    pub fn before_sign_in() -> Self {
        Self {
            line: 8 << 10,
            literal: 4 << 10,
            command: 12 << 10,
            literals: 4,
            append: 0,
            discard: 64 << 10,
            depth: 8,
            list: 64,
            ranges: 64,
        }
    }

    /// For a client that signed in; `append` is the largest message it may store.
    pub fn signed_in(append: u64) -> Self {
        Self {
            line: 64 << 10,
            literal: 64 << 10,
            command: 256 << 10,
            literals: 64,
            append,
            discard: append.saturating_mul(2).max(1 << 20),
            depth: 128,
            list: 4096,
            ranges: 16 << 10,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::before_sign_in()
    }
}
