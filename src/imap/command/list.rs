//! LIST and GETMETADATA.

use super::StatusItem;
use crate::types::{AnnotationName, MailboxName};

/// LIST in all its forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Any extended syntax was used: selection or return options, or a list of patterns. Then
    /// `LIST "" ""` is no longer the question for the delimiter (RFC 5258 §3).
    pub extended: bool,
    /// What is selected, before the reference.
    pub select: ListSelect,
    /// Put before each pattern; decoded.
    pub reference: String,
    /// With `%` and `*`; decoded, without those that cannot be.
    pub patterns: Vec<String>,
    /// What is told of each.
    pub returns: ListReturn,
}

/// GETMETADATA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetMetadata {
    /// `None`: of the server.
    pub mailbox: Option<MailboxName>,
    /// `MAXSIZE`, in bytes.
    pub max_size: Option<u64>,
    /// `DEPTH`: how many levels below each entry; `None` is `infinity`.
    pub depth: Option<usize>,
    /// At least one.
    pub entries: Vec<AnnotationName>,
}

/// Selection options of LIST (RFC 5258 §3.1, RFC 6154 §2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSelect {
    /// `SUBSCRIBED`
    pub subscribed: bool,
    /// `REMOTE`
    pub remote: bool,
    /// `RECURSIVEMATCH`; the codec refuses it alone.
    pub recursive_match: bool,
    /// `SPECIAL-USE`
    pub special_use: bool,
}

/// Return options of LIST (RFC 5258 §3.2, RFC 6154 §2, RFC 5819).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListReturn {
    /// `SUBSCRIBED`
    pub subscribed: bool,
    /// `CHILDREN`
    pub children: bool,
    /// `SPECIAL-USE`
    pub special_use: bool,
    /// `STATUS (…)`; empty: not asked.
    pub status: Vec<StatusItem>,
    /// `MYRIGHTS` (RFC 8440)
    pub my_rights: bool,
    /// `METADATA (…)` (RFC 9590); empty: not asked.
    pub metadata: Vec<AnnotationName>,
}
