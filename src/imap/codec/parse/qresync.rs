//! The parameter of SELECT that resynchronises (RFC 7162 §3.2.5).

use super::spaced;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::command::{MessageSet, QResync, SequenceSet};
use crate::types::ModSeq;

/// ```abnf
/// select-param   =/ "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids]
///                   [SP seq-match-data] ")"
/// known-uids     = sequence-set                ; "*" is not allowed
/// seq-match-data = "(" known-sequence-set SP known-uid-set ")"
/// ```
/// from the parenthesis on.
pub(super) fn parameter(c: &mut Cursor<'_>) -> Parsed<QResync> {
    c.expect(b'(', "QRESYNC takes a list in parentheses")?;
    c.skip_spaces();
    let uidvalidity = c.nz_number()?;
    let modseq = ModSeq(spaced(c, Cursor::number64)?);
    if modseq.0 == 0 {
        return Err(Stop::Bad("A mod-sequence is at least 1"));
    }
    let (mut known_uids, mut matches) = (None, None);
    if c.space_and_more() && c.peek().is_some_and(|b| b.is_ascii_digit() || b == b'*') {
        known_uids = Some(plain_set(c)?);
        c.skip_spaces();
    }
    if c.eat(b'(') {
        c.skip_spaces();
        let numbers = plain_set(c)?;
        let uids = spaced(c, plain_set)?;
        c.skip_spaces();
        c.expect(b')', "The sequence match data do not end")?;
        if !ascends(&numbers) || !ascends(&uids) || count(&numbers) != count(&uids) {
            return Err(Stop::Bad("Sequence match data are two ascending sets of the same size"));
        }
        matches = Some((numbers, uids));
    }
    c.skip_spaces();
    c.expect(b')', "The QRESYNC parameter does not end")?;
    Ok(QResync { uidvalidity, modseq, known_uids, matches })
}

fn plain_set(c: &mut Cursor<'_>) -> Parsed<SequenceSet> {
    match c.message_set()? {
        MessageSet::Numbers(set) if set.ranges().all(|(a, b)| a.is_some() && b.is_some()) => Ok(set),
        _ => Err(Stop::Bad("Numbers were expected, without * and $")),
    }
}

/// RFC 7162 §3.2.5.2: "Both MUST be provided in ascending order".
fn ascends(set: &SequenceSet) -> bool {
    let mut last = 0;
    set.ranges().all(|(from, to)| {
        let (Some(from), Some(to)) = (from, to) else { return false };
        let good = from > last && to >= from;
        last = to;
        good
    })
}

fn count(set: &SequenceSet) -> u64 {
    set.ranges().map(|(a, b)| u64::from(b.unwrap_or(0)) - u64::from(a.unwrap_or(0)) + 1).sum()
}
