//! How it is answered: multistatus bodies (RFC 4918 §13) and the errors of RFC 3253 §1.6.

use std::borrow::Cow;
use std::fmt::Write as _;

use quick_xml::escape;

use super::filter::Unsupported;
use super::request::{CARD, Name, Properties, Query, Report};
use super::{BOOK, BookState, CardState, Depth, HOME, PRINCIPAL, Resource, etag, sync_token, token_revision};
use crate::devices::vcard::{Person, Version};

/// Whose book it is.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// First and last name.
    pub full_name: &'a str,
    /// `None`: a free account, which has no book (R21).
    pub book: Option<&'a BookState>,
}

/// A status with a body of XML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 207, or that of a fault.
    pub status: u16,
    /// XML.
    pub body: String,
}

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// R21: no editing, no deleting.
    ReadOnly,
    /// RFC 6578 §3.2: not a token of ours.
    SyncToken,
    /// A report that is not there, or not on this resource.
    Report,
    /// RFC 6352 §8.6
    Filter,
    /// RFC 6352 §8.6
    Collation,
    /// RFC 4918 §9.1: only depths 0 and 1.
    Depth,
}

/// The answer that names a fault.
pub fn tell(fault: Fault) -> Answer {
    let (name, condition) = match fault {
        Fault::ReadOnly => ("DAV:", "need-privileges"),
        Fault::SyncToken => ("DAV:", "valid-sync-token"),
        Fault::Report => ("DAV:", "supported-report"),
        Fault::Filter => (CARD, "supported-filter"),
        Fault::Collation => (CARD, "supported-collation"),
        Fault::Depth => ("DAV:", "propfind-finite-depth"),
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error xmlns:D=\"DAV:\"><X:{condition} xmlns:X=\"{name}\"/></D:error>\n"
    );
    Answer { status: 403, body }
}

/// Answers a PROPFIND; `None`: there is no such resource. `asked.book` holds the members for depth 1 of the
/// book, or the card.
pub fn propfind(resource: Resource, depth: Depth, wanted: &Properties, asked: Asked<'_>) -> Option<Answer> {
    let mut status = Multistatus::new();
    match resource {
        Resource::Card(uid) => {
            let card = asked.book?.cards.iter().find(|c| c.uid == uid)?;
            status.card(card, wanted, Data::Unknown)?;
        }
        Resource::Book if asked.book.is_none() => return None,
        collection => {
            status.collection(collection, wanted, asked);
            if depth == Depth::One {
                match collection {
                    Resource::Host => status.collection(Resource::Root, wanted, asked),
                    Resource::Root => status.collection(Resource::Principal, wanted, asked),
                    Resource::Principal => status.collection(Resource::Home, wanted, asked),
                    Resource::Home if asked.book.is_some() => {
                        status.collection(Resource::Book, wanted, asked);
                    }
                    Resource::Home | Resource::Card(_) => {}
                    Resource::Book => {
                        for card in asked.book.iter().flat_map(|b| &b.cards) {
                            status.card(card, wanted, Data::Unknown);
                        }
                    }
                }
            }
        }
    }
    Some(status.finish(""))
}

/// Answers a REPORT on the book. `book` holds what the report needs: all cards, those named, or those that
/// changed since the token.
pub fn report(report: &Report, book: &BookState) -> Answer {
    match report {
        Report::Unknown => tell(Fault::Report),
        Report::Query(query, wanted) => answer_query(query, wanted, book),
        Report::Multiget(paths, wanted) => {
            let mut status = Multistatus::new();
            for path in paths {
                // A client may send the whole address.
                let local = path
                    .split_once("://")
                    .map_or(path.as_str(), |(_, rest)| rest.find('/').map_or("", |slash| &rest[slash..]));
                let card = match Resource::of(local) {
                    Some(Resource::Card(uid)) => book.cards.iter().find(|c| c.uid == uid),
                    _ => None,
                };
                if card.and_then(|card| status.card(card, wanted, Data::Written)).is_none() {
                    status.response(path, "<D:status>HTTP/1.1 404 Not Found</D:status>");
                }
            }
            status.finish("")
        }
        Report::Sync(token, limit, wanted) => {
            let since = if token.is_empty() { Some(0) } else { token_revision(token) };
            if since.is_none_or(|since| since > book.revision) {
                return tell(Fault::SyncToken);
            }
            let mut status = Multistatus::new();
            // Whoever begins has nothing that could be gone.
            let changed: Vec<&CardState> =
                book.cards.iter().filter(|c| !token.is_empty() || c.person.is_some()).collect();
            let most = limit.unwrap_or(usize::MAX);
            for card in changed.iter().take(most) {
                if status.card(card, wanted, Data::Written).is_none() {
                    let path = Resource::Card(card.uid).path();
                    status.response(&path, "<D:status>HTTP/1.1 404 Not Found</D:status>");
                }
            }
            let mut reached = book.revision;
            if changed.len() > most {
                // RFC 6578 §3.6: the rest comes with the next question.
                reached = most.checked_sub(1).map_or(since.unwrap_or(0), |last| changed[last].revision);
                status.response(
                    BOOK,
                    "<D:status>HTTP/1.1 507 Insufficient Storage</D:status>\
                     <D:error><D:number-of-matches-within-limits/></D:error>",
                );
            }
            status.finish(&format!("<D:sync-token>{}</D:sync-token>", sync_token(reached)))
        }
    }
}

fn answer_query(query: &Query, wanted: &Properties, book: &BookState) -> Answer {
    match query.filter.check() {
        Err(Unsupported::Filter) => return tell(Fault::Filter),
        Err(Unsupported::Collation) => return tell(Fault::Collation),
        Ok(()) => {}
    }
    let mut status = Multistatus::new();
    let fits = |card: &&CardState| card.person.as_ref().is_some_and(|p| query.filter.matches(p));
    let found: Vec<&CardState> = book.cards.iter().filter(fits).collect();
    let most = query.limit.unwrap_or(usize::MAX);
    for card in found.iter().take(most) {
        status.card(card, wanted, Data::Written);
    }
    if found.len() > most {
        // RFC 6352 §8.6.2
        status.response(
            BOOK,
            "<D:status>HTTP/1.1 507 Insufficient Storage</D:status>\
             <D:error><D:number-of-matches-within-limits/></D:error>",
        );
    }
    status.finish("")
}

/// Whether `address-data` can be asked for: in reports (RFC 6352 §10.4).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    Written,
    Unknown,
}

struct Multistatus(String);

/// Properties of `allprop`, and what `propname` names.
const COLLECTION: [&str; 2] = ["resourcetype", "displayname"];
const CARD_FILE: [&str; 4] = ["resourcetype", "getetag", "getcontenttype", "getcontentlength"];

impl Multistatus {
    fn new() -> Self {
        Self(format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <D:multistatus xmlns:D=\"DAV:\" xmlns:C=\"{CARD}\" xmlns:S=\"http://calendarserver.org/ns/\">\n"
        ))
    }

    fn finish(mut self, last: &str) -> Answer {
        self.0.push_str(last);
        self.0.push_str("</D:multistatus>\n");
        Answer { status: 207, body: self.0 }
    }

    fn response(&mut self, path: &str, inside: &str) {
        let _ = writeln!(self.0, "<D:response><D:href>{}</D:href>{inside}</D:response>", escape(path));
    }

    fn collection(&mut self, resource: Resource, wanted: &Properties, asked: Asked<'_>) {
        self.properties(&resource.path(), wanted, &COLLECTION, |name, _| property(resource, name, asked));
    }

    /// `None`: the card is gone, and nothing is written.
    fn card(&mut self, card: &CardState, wanted: &Properties, data: Data) -> Option<()> {
        let person = card.person.as_ref()?;
        let path = Resource::Card(card.uid).path();
        self.properties(&path, wanted, &CARD_FILE, |name, version| {
            card_property(card, person, name, version, data)
        });
        Some(())
    }

    fn properties(
        &mut self,
        path: &str,
        wanted: &Properties,
        usual: &[&str],
        value: impl Fn(&Name, Version) -> Option<String>,
    ) {
        let usual: Vec<Name> = usual.iter().map(|local| Name::dav(local)).collect();
        let (names, version, shown) = match wanted {
            Properties::All => (&usual, Version::Three, true),
            Properties::Names => (&usual, Version::Three, false),
            Properties::These(names, version) => (names, *version, true),
        };
        let (mut found, mut missing) = (String::new(), String::new());
        for name in names {
            match value(name, version) {
                Some(content) if shown => element(name, &content, &mut found),
                Some(_) => element(name, "", &mut found),
                None => element(name, "", &mut missing),
            }
        }
        let mut inside = String::new();
        if !found.is_empty() || missing.is_empty() {
            inside = format!(
                "<D:propstat><D:prop>{found}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
            );
        }
        if !missing.is_empty() {
            let _ = write!(
                inside,
                "<D:propstat><D:prop>{missing}</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"
            );
        }
        self.response(path, &inside);
    }
}

fn element(name: &Name, content: &str, out: &mut String) {
    // The local name was an XML name in the question; only the namespace needs care.
    let local = &name.local;
    let (tag, declaration) = match name.namespace.as_str() {
        "DAV:" => (format!("D:{local}"), String::new()),
        CARD => (format!("C:{local}"), String::new()),
        "http://calendarserver.org/ns/" => (format!("S:{local}"), String::new()),
        "" => (local.clone(), String::new()),
        other => (format!("X:{local}"), format!(" xmlns:X=\"{}\"", escape(other))),
    };
    if content.is_empty() {
        let _ = write!(out, "<{tag}{declaration}/>");
    } else {
        let _ = write!(out, "<{tag}{declaration}>{content}</{tag}>");
    }
}

/// Text of an element or attribute, without what no XML can hold.
fn escape(text: &str) -> Cow<'_, str> {
    let fit = |c: char| {
        matches!(c, '\t' | '\n' | '\r') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    if text.chars().all(fit) {
        return escape::escape(text);
    }
    let clean: String = text.chars().filter(|c| fit(*c)).collect();
    Cow::Owned(escape::escape(&clean).into_owned())
}

fn href(path: &str) -> String {
    format!("<D:href>{path}</D:href>")
}

/// What anybody may do with anything here.
const PRIVILEGES: &str = "<D:privilege><D:read/></D:privilege>\
                          <D:privilege><D:read-current-user-privilege-set/></D:privilege>";

fn property(resource: Resource, name: &Name, asked: Asked<'_>) -> Option<String> {
    let namespace = name.namespace.as_str();
    let revision = asked.book.map(|b| b.revision);
    let book = resource == Resource::Book;
    Some(match (namespace, name.local.as_str()) {
        ("DAV:", "resourcetype") => match resource {
            Resource::Book => "<D:collection/><C:addressbook/>".to_owned(),
            Resource::Principal => "<D:collection/><D:principal/>".to_owned(),
            _ => "<D:collection/>".to_owned(),
        },
        ("DAV:", "displayname") => match resource {
            Resource::Book => "Secure mail contacts".to_owned(),
            Resource::Principal => escape(asked.full_name).into_owned(),
            _ => "Secure mail".to_owned(),
        },
        ("DAV:", "current-user-principal" | "owner" | "principal-URL") => href(PRINCIPAL),
        ("DAV:", "principal-collection-set") => href(super::ROOT),
        ("DAV:", "current-user-privilege-set") => PRIVILEGES.to_owned(),
        ("DAV:", "supported-report-set") if book => {
            ["D:sync-collection", "C:addressbook-query", "C:addressbook-multiget"]
                .map(|r| format!("<D:supported-report><D:report><{r}/></D:report></D:supported-report>"))
                .concat()
        }
        ("DAV:", "supported-report-set") => String::new(),
        ("DAV:", "sync-token") if book => sync_token(revision?),
        ("http://calendarserver.org/ns/", "getctag") if book => format!("{}", revision?),
        (CARD, "addressbook-home-set") => href(HOME),
        (CARD, "addressbook-description") if book => {
            "The people you have written to. The list is kept by the portal and cannot be edited.".to_owned()
        }
        (CARD, "supported-address-data") if book => [Version::Three, Version::Four]
            .map(|v| format!("<C:address-data-type content-type=\"text/vcard\" version=\"{}\"/>", v.as_str()))
            .concat(),
        (CARD, "supported-collation-set") if book => ["i;unicode-casemap", "i;ascii-casemap"]
            .map(|c| format!("<C:supported-collation>{c}</C:supported-collation>"))
            .concat(),
        (CARD, "max-resource-size") if book => "0".to_owned(),
        _ => return None,
    })
}

fn card_property(
    card: &CardState,
    person: &Person,
    name: &Name,
    version: Version,
    data: Data,
) -> Option<String> {
    Some(match (name.namespace.as_str(), name.local.as_str()) {
        ("DAV:", "getetag") => escape(&etag(card.revision, Version::Three)).into_owned(),
        ("DAV:", "getcontenttype") => "text/vcard; charset=utf-8".to_owned(),
        ("DAV:", "getcontentlength") => person.vcard(Version::Three).len().to_string(),
        ("DAV:", "resourcetype") => String::new(),
        ("DAV:", "displayname") => escape(&person.full_name()).into_owned(),
        ("DAV:", "current-user-principal" | "owner") => href(PRINCIPAL),
        ("DAV:", "current-user-privilege-set") => PRIVILEGES.to_owned(),
        // RFC 6352 §10.4: CR is kept from a reader's normalisation by writing it as a reference.
        (CARD, "address-data") if data == Data::Written => {
            escape(&person.vcard(version)).replace('\r', "&#13;")
        }
        _ => return None,
    })
}
