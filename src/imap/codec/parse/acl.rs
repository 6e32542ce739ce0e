//! The commands on access rights (RFC 4314).

use super::spaced;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::command::CommandBody;

/// The rights there are, those of RFC 2086 too (RFC 4314 §2.1, §2.1.1).
const RIGHTS: &str = "lrswipkxteacd";

/// `identifier = astring`, of which `SASLprep` leaves something (RFC 4314 §3); as the client spelled it, for so
/// the reply repeats it (§3.4).
pub(super) fn identifier(c: &mut Cursor<'_>) -> Parsed<String> {
    let text = c.text()?;
    match stringprep::saslprep(&text) {
        Ok(prepared) if !prepared.is_empty() => Ok(text),
        Ok(_) => Err(Stop::Bad("An identifier is not empty")),
        Err(_) => Err(Stop::Bad("An identifier holds no such characters")),
    }
}

/// ```abnf
/// setacl         = "SETACL" SP mailbox SP identifier SP mod-rights
/// mod-rights     = astring         ; "+" or "-", and rights
/// ```
pub(super) fn set(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mailbox = spaced(c, Cursor::mailbox)?;
    spaced(c, identifier)?;
    let rights = spaced(c, Cursor::text)?;
    // RFC 4314 §3.1: never silently ignored.
    if !rights.strip_prefix(['+', '-']).unwrap_or(&rights).chars().all(|right| RIGHTS.contains(right)) {
        return Err(Stop::Bad("There is no such right"));
    }
    Ok(CommandBody::ChangeAcl { name: "SETACL", mailbox })
}

/// `deleteacl = "DELETEACL" SP mailbox SP identifier`
pub(super) fn delete(c: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mailbox = spaced(c, Cursor::mailbox)?;
    spaced(c, identifier)?;
    Ok(CommandBody::ChangeAcl { name: "DELETEACL", mailbox })
}
