//! NOTIFY.

use super::fetch::item_of;
use super::search::mailbox_filter;
use crate::imap::codec::RefusalCode;
use crate::imap::codec::cursor::{Cursor, Parsed, Stop};
use crate::imap::command::{
    EventGroup, Events, FetchItem, MailboxFilter, Notify, NotifyEvent, NotifySet, SelectedEvents,
    WhenExpunged,
};

/// RFC 5465 §8
/// ```abnf
/// notify         = "NOTIFY" SP (notify-set / notify-none)
/// notify-set     = "SET" [status-indicator] SP event-groups
/// notify-none    = "NONE"
/// status-indicator = SP "STATUS"
/// event-groups   = event-group *(SP event-group)
/// ```
pub(super) fn notify(c: &mut Cursor<'_>) -> Parsed<Notify> {
    c.space()?;
    if c.eat_word(b"NONE") {
        return Ok(Notify::None);
    }
    if !c.eat_word(b"SET") {
        return Err(Stop::Bad("NOTIFY takes SET or NONE"));
    }
    let mut groups = Groups { set: NotifySet::default(), selected: false };
    groups.set.status = c.eat_ahead_word(b"STATUS");
    c.space()?;
    loop {
        groups.group(c)?;
        if !c.space_and_more() {
            return Ok(Notify::Set(groups.set));
        }
        if groups.set.groups.len() >= c.limits.list {
            return Err(Stop::Bad("The list is too long"));
        }
    }
}

/// What was read.
struct Groups {
    set: NotifySet,
    /// The selected mailbox was named.
    selected: bool,
}

impl Groups {
    /// ```abnf
    /// event-group    = "(" filter-mailboxes SP events ")"
    /// filter-mailboxes-selected = "selected" / "selected-delayed"
    /// ```
    fn group(&mut self, c: &mut Cursor<'_>) -> Parsed<()> {
        c.expect(b'(', "NOTIFY takes events in parentheses")?;
        let expunges = if c.eat_word(b"selected") {
            Some(WhenExpunged::AtOnce)
        } else if c.eat_word(b"selected-delayed") {
            Some(WhenExpunged::WithCommand)
        } else {
            None
        };
        if let Some(expunges) = expunges {
            if std::mem::replace(&mut self.selected, true) {
                return Err(Stop::Bad("The selected mailbox is named twice"));
            }
            let mut new_items = Vec::new();
            let events = events(c, Some(&mut new_items))?;
            if NotifyEvent::ALL.into_iter().any(|event| events.has(event) && !event.is_of_messages()) {
                return Err(Stop::Bad("The selected mailbox has events of messages alone"));
            }
            let flag_change = events.has(NotifyEvent::FlagChange);
            let chosen = SelectedEvents { expunges, new_items, flag_change };
            self.set.selected = (!events.is_empty()).then_some(chosen);
        } else {
            let mailboxes = mailbox_filter(c)?;
            let by_word = matches!(
                mailboxes,
                MailboxFilter::Inboxes | MailboxFilter::Personal | MailboxFilter::Subscribed
            );
            if by_word && self.set.groups.iter().any(|group| group.mailboxes == mailboxes) {
                return Err(Stop::Bad("The same mailboxes are named twice"));
            }
            let events = events(c, None)?;
            self.set.groups.push(EventGroup { mailboxes, events });
        }
        c.skip_spaces();
        c.expect(b')', "The events do not end")
    }
}

/// ```abnf
/// events         = ("(" event *(SP event) ")") / "NONE"
/// message-event  = ("MessageNew" [SP "(" fetch-att *(SP fetch-att) ")"]) / "MessageExpunge" /
///                  "FlagChange" / "AnnotationChange"
/// ```
/// `items`: what is to be fetched; none where that cannot be asked for.
fn events(c: &mut Cursor<'_>, mut items: Option<&mut Vec<FetchItem>>) -> Parsed<Events> {
    c.space()?;
    if c.eat_word(b"NONE") {
        return Ok(Events::default());
    }
    let mut events = Events::default();
    c.list(|c| {
        let word = c.word();
        if word.is_empty() {
            return Err(Stop::Bad("An event was expected"));
        }
        let event = NotifyEvent::ALL.into_iter().find(|e| e.as_str().as_bytes().eq_ignore_ascii_case(word));
        let event = event.ok_or(Stop::No(RefusalCode::BadEvent, "The server does not know this event"))?;
        events = events.with(event);
        if event == NotifyEvent::MessageNew && c.eat_ahead(b" (") {
            let Some(items) = items.as_deref_mut() else {
                return Err(Stop::Bad("Messages of the selected mailbox alone are fetched"));
            };
            c.list_rest(|c| item_of(c, items))?;
            if items.is_empty() {
                return Err(Stop::Bad("What to fetch was expected"));
            }
        }
        Ok(())
    })?;
    let has = |event| events.has(event);
    if events.is_empty() {
        return Err(Stop::Bad("Events were expected"));
    }
    if has(NotifyEvent::MessageNew) != has(NotifyEvent::MessageExpunge) {
        return Err(Stop::Bad("MessageNew and MessageExpunge come together"));
    }
    if has(NotifyEvent::FlagChange) && !has(NotifyEvent::MessageNew) {
        return Err(Stop::Bad("FlagChange comes with MessageNew and MessageExpunge"));
    }
    Ok(events)
}
