//! CardDAV (RFC 6352) for an address book that is read and never written: what is asked, and how it is
//! answered. Pure; the portal's listener carries it.
//!
//! | resource | path |
//! |---|---|
//! | the host, where discovery ends that knows no redirect (RFC 6764 §6) | `/` |
//! | root, where discovery ends (RFC 6764 §5) | `/carddav/` |
//! | the person who signed in | `/carddav/me/` |
//! | their one collection | `/carddav/me/books/` |
//! | the address book | `/carddav/me/books/contacts/` |
//! | a card | `/carddav/me/books/contacts/UID.vcf` |
//!
//! Paths name nobody: who signs in decides. Properties are those that programs ask for; any other is
//! answered 404 in the multistatus, as RFC 4918 §9.1 wants.

mod answer;
mod filter;
mod request;

pub use answer::{Answer, Asked, Fault, propfind, report, tell};
pub use filter::Filter;
pub use request::{BODY_MAX, Limit, Name, Properties, Query, Report, propfind_body, report_body};

use uuid::Uuid;

/// Where everything is.
pub const ROOT: &str = "/carddav/";
const HOST: &str = "/";
const PRINCIPAL: &str = "/carddav/me/";
const HOME: &str = "/carddav/me/books/";
const BOOK: &str = "/carddav/me/books/contacts/";

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `/`
    Host,
    /// `/carddav/`
    Root,
    /// The person.
    Principal,
    /// The collection of address books.
    Home,
    /// The address book.
    Book,
    /// A card, which may not exist.
    Card(Uuid),
}

impl Resource {
    /// Of a request's path; the slash at a collection's end may be missing.
    pub fn of(path: &str) -> Option<Self> {
        let is = |collection: &str| path == collection || Some(path) == collection.strip_suffix('/');
        if path == HOST {
            return Some(Self::Host);
        }
        [(ROOT, Self::Root), (PRINCIPAL, Self::Principal), (HOME, Self::Home), (BOOK, Self::Book)]
            .into_iter()
            .find_map(|(collection, resource)| is(collection).then_some(resource))
            .or_else(|| {
                let uid = path.strip_prefix(BOOK)?.strip_suffix(".vcf")?;
                // One way of writing it, so that one card has one address.
                Uuid::parse_str(uid).ok().filter(|u| u.hyphenated().to_string() == uid).map(Self::Card)
            })
    }

    /// Its path.
    pub fn path(self) -> String {
        match self {
            Self::Host => HOST.to_owned(),
            Self::Root => ROOT.to_owned(),
            Self::Principal => PRINCIPAL.to_owned(),
            Self::Home => HOME.to_owned(),
            Self::Book => BOOK.to_owned(),
            Self::Card(uid) => format!("{BOOK}{uid}.vcf"),
        }
    }
}

/// `Depth` (RFC 4918 §10.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The resource.
    Zero,
    /// It and its members.
    One,
}

/// A card as the book holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardState {
    /// Its name.
    pub uid: Uuid,
    /// The book's revision when it last changed.
    pub revision: i64,
    /// `None`: gone.
    pub person: Option<super::vcard::Person>,
}

/// Cards of one state of the book, by ascending revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookState {
    /// Of the book.
    pub revision: i64,
    /// Those that were read.
    pub cards: Vec<CardState>,
}

/// A card's entity tag; one for both versions, which say the same.
pub fn etag(revision: i64, version: super::vcard::Version) -> String {
    match version {
        super::vcard::Version::Three => format!("\"{revision}\""),
        super::vcard::Version::Four => format!("\"{revision}-4\""),
    }
}

/// RFC 6578 §4: names a state of the book.
pub(super) fn sync_token(revision: i64) -> String {
    format!("urn:postern:contacts:{revision}")
}

/// The state that a token names.
pub fn token_revision(token: &str) -> Option<i64> {
    let digits = token.trim().strip_prefix("urn:postern:contacts:")?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
