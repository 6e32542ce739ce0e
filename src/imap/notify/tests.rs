use super::*;

fn name(text: &str) -> MailboxName {
    MailboxName::new(text).unwrap()
}

fn mailbox(id: i64, text: &str) -> MailboxInfo {
    MailboxInfo {
        id: MailboxId(id),
        name: name(text),
        special_use: None,
        selectable: true,
        uidvalidity: UidValidity::new(id as u32).unwrap(),
        uidnext: 1,
        highestmodseq: ModSeq(1),
        messages: 0,
        unseen: 0,
        deleted: 0,
        size: 0,
        deleted_size: 0,
    }
}

fn holdings(mailboxes: &[MailboxInfo]) -> Holdings {
    Holdings { mailboxes: mailboxes.to_vec(), ..Holdings::default() }
}

fn personal(events: &[NotifyEvent]) -> Vec<EventGroup> {
    let events = events.iter().fold(Events::default(), |all, event| all.with(*event));
    vec![EventGroup { mailboxes: MailboxFilter::Personal, events }]
}

const MESSAGES: [NotifyEvent; 2] = [NotifyEvent::MessageNew, NotifyEvent::MessageExpunge];

fn deliver(info: &mut MailboxInfo) {
    info.uidnext += 1;
    info.messages += 1;
    info.unseen += 1;
    info.highestmodseq.0 += 1;
}

#[test]
fn a_change_is_told_once() {
    let mut now = holdings(&[mailbox(1, "INBOX"), mailbox(2, "A")]);
    let mut watch = Watch::new(personal(&MESSAGES), &now);
    assert!(watch.compare(&now, None, ModSeqs::Unknown).is_empty());
    deliver(&mut now.mailboxes[1]);
    let told = watch.compare(&now, None, ModSeqs::Unknown);
    let items = vec![StatusItem::UidNext, StatusItem::Messages];
    assert_eq!(told, [News::Status(Box::new(now.mailboxes[1].clone()), items)]);
    assert!(watch.compare(&now, None, ModSeqs::Unknown).is_empty());
    // Flags alone were not asked for.
    now.mailboxes[1].highestmodseq.0 += 1;
    now.mailboxes[1].unseen = 0;
    assert!(watch.compare(&now, None, ModSeqs::Told).is_empty());
}

/// §5.1
#[test]
fn flags_are_told_by_what_the_client_knows() {
    let mut now = holdings(&[mailbox(1, "INBOX")]);
    let events = [MESSAGES[0], MESSAGES[1], NotifyEvent::FlagChange];
    let mut watch = Watch::new(personal(&events), &now);
    now.mailboxes[0].highestmodseq.0 += 1;
    let told = watch.compare(&now, None, ModSeqs::Told);
    let status = |items: &[StatusItem]| News::Status(Box::new(now.mailboxes[0].clone()), items.to_vec());
    assert_eq!(told, [status(&[StatusItem::UidValidity, StatusItem::HighestModSeq])]);
    now.mailboxes[0].highestmodseq.0 += 1;
    assert!(watch.compare(&now, None, ModSeqs::Unknown).is_empty(), "nothing that can be said");
}

#[test]
fn of_the_selected_mailbox_nothing_until_it_is_left() {
    let mut now = holdings(&[mailbox(1, "INBOX")]);
    let mut watch = Watch::new(personal(&MESSAGES), &now);
    deliver(&mut now.mailboxes[0]);
    assert!(watch.compare(&now, Some(MailboxId(1)), ModSeqs::Unknown).is_empty());
    // The view had not told of it yet.
    let state = crate::service::mailbox::MailboxState {
        uidvalidity: UidValidity::new(1).unwrap(),
        uidnext: 1,
        highestmodseq: ModSeq(1),
        rows: Vec::new(),
        expunged: std::collections::VecDeque::new(),
        expunged_from: ModSeq(0),
        recent: crate::service::mailbox::RecentChanges::after(ModSeq(1)),
        keywords: Vec::new(),
        gone: false,
    };
    watch.left(MailboxId(1), &View::open(&state));
    assert_eq!(watch.compare(&now, None, ModSeqs::Unknown).len(), 1);
}

/// §5.4
#[test]
fn names() {
    let mut now = holdings(&[mailbox(1, "INBOX"), mailbox(2, "A"), mailbox(3, "A/B")]);
    let mut watch = Watch::new(personal(&[NotifyEvent::MailboxName]), &now);
    now.mailboxes[1].name = name("C");
    now.mailboxes[2].name = name("C/B");
    let told = watch.compare(&now, None, ModSeqs::Unknown);
    assert_eq!(told, [News::Name(name("C"), Some(name("A")))], "children go along");
    now.mailboxes.remove(2);
    let told = watch.compare(&now, None, ModSeqs::Unknown);
    assert_eq!(told, [News::Name(name("C"), None), News::Name(name("C/B"), None)], "C lost its only child");
    assert_eq!(attributes(&name("C/B"), &now), ["\\NonExistent"]);
    assert_eq!(attributes(&name("C"), &now), ["\\HasNoChildren"]);
    now.mailboxes.push(mailbox(4, "D"));
    assert_eq!(watch.compare(&now, None, ModSeqs::Unknown), [News::Name(name("D"), None)]);
}

/// §5: not what this session did; what others did meanwhile is told.
#[test]
fn what_the_session_did_itself() {
    let mut now = holdings(&[mailbox(1, "INBOX"), mailbox(2, "A")]);
    let all = [MESSAGES[0], MESSAGES[1], NotifyEvent::MailboxName, NotifyEvent::SubscriptionChange];
    let mut watch = Watch::new(personal(&all), &now);
    watch.own_name(&name("P/Q"));
    now.mailboxes.extend([mailbox(3, "P"), mailbox(4, "P/Q"), mailbox(5, "Theirs")]);
    assert_eq!(watch.compare(&now, None, ModSeqs::Unknown), [News::Name(name("Theirs"), None)]);
    watch.own_rename(&name("P"), &name("R"));
    now.mailboxes[2].name = name("R");
    now.mailboxes[3].name = name("R/Q");
    watch.own_subscribe(&name("R"));
    now.subscribed.extend([name("R"), name("A")]);
    assert_eq!(watch.compare(&now, None, ModSeqs::Unknown), [News::Name(name("A"), None)]);
    watch.own_messages(MailboxId(2), &[1, 2]);
    deliver(&mut now.mailboxes[1]);
    deliver(&mut now.mailboxes[1]);
    assert!(watch.compare(&now, None, ModSeqs::Unknown).is_empty());
    watch.own_messages(MailboxId(2), &[4]);
    deliver(&mut now.mailboxes[1]);
    deliver(&mut now.mailboxes[1]);
    assert_eq!(watch.compare(&now, None, ModSeqs::Unknown).len(), 1, "3 was somebody else's");
}

/// §8: NONE takes mailboxes out.
#[test]
fn none_takes_out() {
    let mut now = holdings(&[mailbox(1, "INBOX"), mailbox(2, "A")]);
    let mut groups = personal(&MESSAGES);
    groups
        .push(EventGroup { mailboxes: MailboxFilter::Mailboxes(vec![name("A")]), events: Events::default() });
    let mut watch = Watch::new(groups, &now);
    assert_eq!(watch.standing(&now, None).len(), 1);
    deliver(&mut now.mailboxes[1]);
    assert!(watch.compare(&now, None, ModSeqs::Unknown).is_empty());
}

/// §5.6, §5.7
#[test]
fn annotations() {
    let mut now = holdings(&[mailbox(1, "INBOX")]);
    let events = [NotifyEvent::MailboxMetadataChange, NotifyEvent::ServerMetadataChange];
    let mut watch = Watch::new(personal(&events), &now);
    let comment = AnnotationName::new("/private/comment").unwrap();
    now.annotations.insert(MailboxId(1), vec![(comment.clone(), b"x".to_vec())]);
    now.own_annotations.push((comment.clone(), b"x".to_vec()));
    let told = watch.compare(&now, None, ModSeqs::Unknown);
    assert_eq!(
        told,
        [
            News::Annotations(None, vec![comment.clone()]),
            News::Annotations(Some(name("INBOX")), vec![comment.clone()])
        ]
    );
    watch.own_annotate(Some(MailboxId(1)), &[(comment, None)], false);
    now.annotations.clear();
    assert!(watch.compare(&now, None, ModSeqs::Unknown).is_empty());
}
