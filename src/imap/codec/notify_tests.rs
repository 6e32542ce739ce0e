//! NOTIFY as it is written and as it is read.

use proptest::prelude::*;

use super::{Decoder, Event, Limits};
use crate::imap::command::{
    CommandBody, EventGroup, Events, FetchItem, MailboxFilter, Notify, NotifyEvent, NotifySet,
    SelectedEvents, WhenExpunged,
};
use crate::types::MailboxName;

/// What a client may ask.
pub(super) fn notify() -> impl Strategy<Value = Notify> {
    let selected = (any::<[bool; 3]>()).prop_map(|[at_once, flag_change, items]| SelectedEvents {
        expunges: if at_once { WhenExpunged::AtOnce } else { WhenExpunged::WithCommand },
        new_items: if items { vec![FetchItem::Uid, FetchItem::Envelope] } else { Vec::new() },
        flag_change,
    });
    let events = prop::collection::vec(prop::sample::select(&NotifyEvent::ALL[3..]), 0..4);
    let events = (events, any::<bool>()).prop_map(|(events, messages)| {
        let messages = if messages { &NotifyEvent::ALL[..3] } else { &[] };
        events.iter().chain(messages).fold(Events::default(), |all, event| all.with(*event))
    });
    let name = "[a-z]{1,5}".prop_map(|name| MailboxName::new(&name).unwrap());
    let names = prop::collection::vec(name, 1..3);
    let filter = (0..3_u8, names).prop_map(|(which, names)| match which {
        0 => MailboxFilter::Subtree(names),
        1 => MailboxFilter::SubtreeOne(names),
        _ => MailboxFilter::Mailboxes(names),
    });
    let group = (filter, events).prop_map(|(mailboxes, events)| EventGroup { mailboxes, events });
    let set = (any::<bool>(), prop::option::of(selected), prop::collection::vec(group, 1..4));
    prop_oneof![
        Just(Notify::None),
        set.prop_map(|(status, selected, groups)| Notify::Set(NotifySet { status, selected, groups })),
    ]
}

/// As a client writes it, behind the word.
pub(super) fn written(notify: &Notify) -> String {
    let Notify::Set(NotifySet { status, selected, groups }) = notify else { return " NONE".into() };
    let mut out = " SET".to_owned();
    if *status {
        out.push_str(" STATUS");
    }
    if let Some(SelectedEvents { expunges, new_items, flag_change }) = selected {
        let which = match expunges {
            WhenExpunged::AtOnce => "selected",
            WhenExpunged::WithCommand => "Selected-Delayed",
        };
        let items = if new_items.is_empty() { "" } else { " (UID ENVELOPE)" };
        let flags = if *flag_change { " flagchange" } else { "" };
        out += &[" (", which, " (MessageNew", items, " MessageExpunge", flags, "))"].concat();
    }
    for group in groups {
        let (word, names) = match &group.mailboxes {
            MailboxFilter::Subtree(names) => ("subtree", names),
            MailboxFilter::SubtreeOne(names) => ("SUBTREE-ONE", names),
            MailboxFilter::Mailboxes(names) => ("mailboxes", names),
            other => panic!("{other:?}"),
        };
        let names: Vec<&str> = names.iter().map(MailboxName::as_str).collect();
        let names = if let [only] = names[..] { only.to_owned() } else { format!("({})", names.join(" ")) };
        let events = NotifyEvent::ALL.into_iter().filter(|event| group.events.has(*event));
        let events: Vec<&str> = events.map(NotifyEvent::as_str).collect();
        let events = if events.is_empty() { "NONE".to_owned() } else { format!("({})", events.join(" ")) };
        out += &[" (", word, " ", &names, " ", &events, ")"].concat();
    }
    out
}

fn read(line: &str) -> Option<CommandBody> {
    let bytes = format!("a NOTIFY{line}\r\n");
    let mut rest = bytes.as_bytes();
    match Decoder::new(Limits::signed_in(1000)).decode(&mut rest) {
        Some(Event::Command(command)) => Some(command.body),
        _ => None,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(notify in notify()) {
        prop_assert_eq!(read(&written(&notify)), Some(CommandBody::Notify(notify)));
    }
}
