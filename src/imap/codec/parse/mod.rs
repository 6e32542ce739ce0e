//! One command, from its tag to its end.
//!
//! Each function has its production of RFC 9051 §9 (or of the RFC named) above it.

mod acl;
pub(super) mod append;
mod fetch;
mod list;
mod metadata;
mod notify;
mod qresync;
mod search;
mod store;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cursor::{Cursor, Parsed, Stop, is_astring_char};
use super::{Limits, RefusalCode, Utf8Mode};
use crate::imap::command::{
    Append, AppendStep, By, Command, CommandBody, Enable, Select, StatusItem, Tag, Transfer,
};
use crate::types::{Secret, SpecialUse};

/// What a buffer held.
pub(super) enum Parse {
    Command(Command),
    /// The buffer ends with the head of a message, or with the command.
    Append(Append, append::Inside),
}

/// Longest tag.
const TAG_MAX: usize = 255;

/// The tag a line starts with, for a reply to a line that is no command.
///
/// `tag = 1*<any ASTRING-CHAR except "+">`
pub(super) fn tag(line: &[u8]) -> Option<Tag> {
    let end = line.iter().position(|&b| !is_astring_char(b) || b == b'+').unwrap_or(line.len());
    let whole = matches!(line.get(end), None | Some(b' ' | b'\r' | b'\n'));
    match std::str::from_utf8(&line[..end]) {
        Ok(tag) if whole && (1..=TAG_MAX).contains(&end) => Some(Tag(tag.into())),
        _ => None,
    }
}

/// What stands between the brackets of a section.
pub(super) fn section_spec(spec: &str) -> Option<crate::imap::command::Section> {
    let (text, limits) = (format!("[{spec}]"), Limits::before_sign_in());
    let mut cursor = Cursor::new(text.as_bytes(), false, &limits, Utf8Mode::Off);
    let section = fetch::section(&mut cursor).ok()?;
    cursor.at_end().then_some(section)
}

/// What follows a literal of an APPEND.
pub(super) fn tail(
    input: &[u8],
    prefix: bool,
    limits: &Limits,
    utf8: Utf8Mode,
    inside: append::Inside,
    many: append::Messages,
) -> Parsed<(Vec<AppendStep>, append::Inside)> {
    append::tail(&mut Cursor::new(input, prefix, limits, utf8), inside, many)
}

/// ```abnf
/// command        = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
/// ```
/// `prefix`: the buffer ends with the head of a literal, still to be read.
pub(super) fn command(input: &[u8], prefix: bool, limits: &Limits, utf8: Utf8Mode) -> Parsed<Parse> {
    let tag = tag(input).ok_or(Stop::Bad("A command starts with a tag"))?;
    let mut cursor = Cursor::new(&input[tag.as_str().len()..], prefix, limits, utf8);
    let c = &mut cursor;
    if !c.space_and_more() {
        return Err(Stop::Bad("After the tag a command was expected"));
    }
    let name = c.atom().map_err(|_| UNKNOWN)?.to_ascii_uppercase();
    let written = match name.as_str() {
        "APPEND" => Some(append::append(c, tag.clone())?),
        "REPLACE" => Some(append::replace(c, tag.clone(), By::Sequence)?),
        "UID" if c.eat_ahead_word(b"REPLACE") => Some(append::replace(c, tag.clone(), By::Uid)?),
        _ => None,
    };
    if let Some((append, inside)) = written {
        return Ok(Parse::Append(append, inside));
    }
    let body = body(c, &name)?;
    c.end()?;
    Ok(Parse::Command(Command { tag, body }))
}

const UNKNOWN: Stop = Stop::Bad("Unknown command");

fn body(c: &mut Cursor<'_>, name: &str) -> Parsed<CommandBody> {
    Ok(match name {
        "CAPABILITY" => CommandBody::Capability,
        "NOOP" => CommandBody::Noop,
        "LOGOUT" => CommandBody::Logout,
        "STARTTLS" => CommandBody::StartTls,
        "NAMESPACE" => CommandBody::Namespace,
        "IDLE" => CommandBody::Idle,
        "CHECK" => CommandBody::Check,
        "CLOSE" => CommandBody::Close,
        "UNSELECT" => CommandBody::Unselect,
        "EXPUNGE" => CommandBody::Expunge { uids: None },
        "UID" => {
            c.space()?;
            let name = c.atom().map_err(|_| UNKNOWN)?.to_ascii_uppercase();
            return if name == "EXPUNGE" {
                c.space()?;
                Ok(CommandBody::Expunge { uids: Some(c.message_set()?) })
            } else {
                selected(c, &name, By::Uid)
            };
        }
        "AUTHENTICATE" => authenticate(c)?,
        "LOGIN" => login(c)?,
        "ENABLE" => enable(c)?,
        "ID" => id(c)?,
        "SELECT" => CommandBody::Select(select(c)?),
        "EXAMINE" => CommandBody::Examine(select(c)?),
        "CREATE" => create(c)?,
        "DELETE" => {
            let (mailbox, supplied) = spaced(c, Cursor::mailbox_as_supplied)?;
            CommandBody::Delete { mailbox, supplied }
        }
        "RENAME" => rename(c)?,
        "SUBSCRIBE" => CommandBody::Subscribe(spaced(c, Cursor::mailbox)?),
        "UNSUBSCRIBE" => CommandBody::Unsubscribe(spaced(c, Cursor::mailbox)?),
        "LIST" => CommandBody::List(list::list(c)?),
        "LSUB" => CommandBody::Lsub {
            reference: spaced(c, Cursor::reference)?,
            pattern: spaced(c, Cursor::pattern)?,
        },
        "STATUS" => {
            CommandBody::Status { mailbox: spaced(c, Cursor::mailbox)?, items: spaced(c, status_items)? }
        }
        "GETQUOTA" => CommandBody::GetQuota { root: spaced(c, Cursor::text)? },
        "GETQUOTAROOT" => CommandBody::GetQuotaRoot(spaced(c, Cursor::mailbox)?),
        "SETQUOTA" => set_quota(c)?,
        "ESEARCH" => CommandBody::MultiSearch(search::multi_search(c)?),
        "NOTIFY" => CommandBody::Notify(notify::notify(c)?),
        "CANCELUPDATE" => CommandBody::CancelUpdate(search::cancel_update(c)?),
        "UNAUTHENTICATE" => CommandBody::Unauthenticate,
        "MYRIGHTS" => CommandBody::MyRights(spaced(c, Cursor::mailbox)?),
        "GETACL" => CommandBody::GetAcl(spaced(c, Cursor::mailbox)?),
        "LISTRIGHTS" => CommandBody::ListRights {
            mailbox: spaced(c, Cursor::mailbox)?,
            identifier: spaced(c, acl::identifier)?,
        },
        "SETACL" => acl::set(c)?,
        "DELETEACL" => acl::delete(c)?,
        "GETMETADATA" => CommandBody::GetMetadata(metadata::get(c)?),
        "SETMETADATA" => metadata::set(c)?,
        "COMPRESS" => CommandBody::Compress(spaced(c, Cursor::atom)?.to_ascii_uppercase()),
        _ => return selected(c, name, By::Sequence),
    })
}

/// The commands that count by sequence number or, after `UID`, by UID.
///
/// ```abnf
/// uid            = "UID" SP (copy / move / fetch / search / store / uid-expunge)
/// copy           = "COPY" SP sequence-set SP mailbox
/// ```
fn selected(c: &mut Cursor<'_>, name: &str, by: By) -> Parsed<CommandBody> {
    match name {
        "FETCH" => fetch::fetch(c, by).map(CommandBody::Fetch),
        "STORE" => store::store(c, by).map(CommandBody::Store),
        "SEARCH" => search::search(c, by).map(CommandBody::Search),
        "SORT" => search::sort(c, by).map(CommandBody::Sort),
        "THREAD" => search::thread(c, by).map(CommandBody::Thread),
        "COPY" => transfer(c, by).map(CommandBody::Copy),
        "MOVE" => transfer(c, by).map(CommandBody::Move),
        _ => Err(UNKNOWN),
    }
}

fn transfer(c: &mut Cursor<'_>, by: By) -> Parsed<Transfer> {
    Ok(Transfer { by, set: spaced(c, Cursor::message_set)?, mailbox: spaced(c, Cursor::mailbox)? })
}

/// `rename = "RENAME" SP mailbox SP mailbox`
fn rename(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let (from, from_supplied) = spaced(c, Cursor::mailbox_as_supplied)?;
    let (to, to_supplied) = spaced(c, Cursor::mailbox_as_supplied)?;
    let supplied = from_supplied.or_else(|| to_supplied.map(|_| from.as_str().to_owned()));
    Ok(CommandBody::Rename { from, to, supplied })
}

/// `SP x`
fn spaced<'a, T>(c: &mut Cursor<'a>, x: impl FnOnce(&mut Cursor<'a>) -> Parsed<T>) -> Parsed<T> {
    c.space()?;
    x(c)
}

/// `login = "LOGIN" SP userid SP password`
fn login(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let user = spaced(c, Cursor::text)?;
    let password = Secret::new(spaced(c, Cursor::astring)?.into_owned());
    Ok(CommandBody::Login { user, password })
}

/// ```abnf
/// authenticate   = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)
/// initial-resp   =  (base64 / "=")
/// ```
fn authenticate(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mechanism = spaced(c, Cursor::atom)?.to_ascii_uppercase();
    let initial = if c.space_and_more() {
        let bytes = c.astring()?;
        Some(sasl(&bytes).ok_or(Stop::Bad("The initial response is not base64"))?)
    } else {
        None
    };
    Ok(CommandBody::Authenticate { mechanism, initial })
}

/// Base64 as SASL carries it; `=` and nothing at all are an empty response.
pub(super) fn sasl(bytes: &[u8]) -> Option<Secret> {
    if bytes == b"=" {
        return Some(Secret::new([]));
    }
    STANDARD.decode(bytes).ok().map(Secret::new)
}

/// `enable = "ENABLE" 1*(SP capability)`
fn enable(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    c.space()?;
    let mut all = Vec::new();
    loop {
        if all.len() == c.limits.list {
            return Err(Stop::Bad("The list is too long"));
        }
        let word = c.atom()?.to_ascii_uppercase();
        all.push(match word.as_str() {
            "IMAP4REV2" => Enable::Imap4Rev2,
            "UTF8=ACCEPT" => Enable::Utf8Accept,
            "CONDSTORE" => Enable::CondStore,
            "QRESYNC" => Enable::QResync,
            "UIDONLY" => Enable::UidOnly,
            _ => Enable::Other(word),
        });
        if !c.space_and_more() {
            return Ok(CommandBody::Enable(all));
        }
    }
}

/// RFC 2971 §4
/// ```abnf
/// id             = "ID" SP id-params-list
/// id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
/// ```
fn id(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    c.space()?;
    if c.peek() != Some(b'(') {
        return if c.eat_word(b"NIL") {
            Ok(CommandBody::Id(None))
        } else {
            Err(Stop::Bad("ID takes a list of names and values, or NIL"))
        };
    }
    let mut fields = Vec::new();
    c.list(|c| {
        let name = c.text()?;
        let value = spaced(c, Cursor::nstring)?;
        // RFC 2971 §3.3
        if fields.len() == 30 || name.len() > 30 || value.as_ref().is_some_and(|v| v.len() > 1024) {
            return Err(Stop::Bad("ID takes at most 30 fields of 1024 octets, with names of at most 30"));
        }
        fields.push((name, value));
        Ok(())
    })?;
    Ok(CommandBody::Id(Some(fields)))
}

/// ```abnf
/// select         = "SELECT" SP mailbox [SP select-params]
/// select-params  = "(" select-param *(SP select-param) ")"
/// ```
/// RFC 7162 §7: `condstore-param = "CONDSTORE"`
fn select(c: &mut Cursor<'_>) -> Parsed<Select> {
    let (mailbox, supplied) = spaced(c, Cursor::mailbox_as_supplied)?;
    let (mut condstore, mut remembered) = (false, None);
    if c.space_and_more() {
        c.list(|c| {
            if c.eat_word(b"CONDSTORE") {
                condstore = true;
            } else if c.eat_word(b"QRESYNC") {
                remembered = Some(spaced(c, qresync::parameter)?);
            } else {
                return Err(Stop::Bad("Unknown SELECT parameter"));
            }
            Ok(())
        })?;
    }
    Ok(Select { mailbox, supplied, condstore, qresync: remembered })
}

/// ```abnf
/// create         = "CREATE" SP mailbox [SP "(" create-param *(SP create-param) ")"]
/// ```
/// RFC 6154 §6: `create-param =/ "USE" SP "(" [use-attr *(SP use-attr)] ")"`
fn create(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let (mailbox, supplied) = spaced(c, Cursor::mailbox_as_supplied)?;
    let mut uses = Vec::new();
    if c.space_and_more() {
        c.list(|c| {
            if !c.eat_word(b"USE") {
                return Err(Stop::Bad("Unknown CREATE parameter"));
            }
            c.space()?;
            c.list(|c| {
                c.expect(b'\\', "A special use starts with a backslash")?;
                let special_use = SpecialUse::parse(&format!("\\{}", c.atom()?)).ok_or(Stop::No(
                    RefusalCode::UseAttr,
                    "No mailbox can be created for this special use",
                ))?;
                if !uses.contains(&special_use) {
                    uses.push(special_use);
                }
                Ok(())
            })
        })?;
    }
    Ok(CommandBody::Create { mailbox, supplied, uses })
}

/// ```abnf
/// status         = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
/// ```
fn status_items(c: &mut Cursor<'_>) -> Parsed<Vec<StatusItem>> {
    let mut items = Vec::new();
    c.list(|c| {
        let word = c.word();
        let item = StatusItem::ALL.into_iter().find(|i| i.as_str().as_bytes().eq_ignore_ascii_case(word));
        let item = item.ok_or(Stop::Bad("Unknown STATUS item"))?;
        if !items.contains(&item) {
            items.push(item);
        }
        Ok(())
    })?;
    if items.is_empty() { Err(Stop::Bad("STATUS without items")) } else { Ok(items) }
}

/// RFC 9208 §6
/// ```abnf
/// setquota          = "SETQUOTA" SP quota-root-name SP setquota-list
/// setquota-list     = "(" [setquota-resource *(SP setquota-resource)] ")"
/// setquota-resource = resource-name SP resource-limit
/// ```
fn set_quota(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let root = spaced(c, Cursor::text)?;
    let mut limits = Vec::new();
    c.space()?;
    c.list(|c| {
        let resource = c.atom()?.to_ascii_uppercase();
        limits.push((resource, spaced(c, Cursor::number64)?));
        Ok(())
    })?;
    Ok(CommandBody::SetQuota { root, limits })
}
