//! Commands made up at random.

use proptest::prelude::*;

use crate::imap::command::*;
use crate::types::{AnnotationName, Flags, Keyword, MailboxName, ModSeq, Secret, SpecialUse, SystemFlag};

fn name() -> impl Strategy<Value = MailboxName> {
    "[A-Za-z0-9 /ü台&\"\\\\\\]({-]{1,12}".prop_filter_map("no name", |n| MailboxName::new(&n).ok())
}

/// A text that survives the trip as it is.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9@.]{1,8}", "[ -~]{0,10}", "[ -~äöüß台\r\n]{0,10}"]
}

fn ascending() -> impl Strategy<Value = MessageSet> {
    prop_oneof![
        1 => Just(MessageSet::Numbers(SequenceSet::from_ranges([(3, 0)]))),
        8 => prop::collection::btree_set(1u32..40, 1..6).prop_map(|numbers| {
            // Every other number doubled, so that no two ranges touch.
            MessageSet::Numbers(SequenceSet::from_ranges(numbers.into_iter().map(|n| (n * 3, n * 3 + n % 2))))
        }),
    ]
}

fn any_set() -> impl Strategy<Value = MessageSet> {
    prop_oneof![
        1 => Just(MessageSet::Saved),
        8 => prop::collection::vec((0u32..9, 0u32..9), 1..5)
            .prop_map(|ranges| MessageSet::Numbers(SequenceSet::from_ranges(ranges))),
    ]
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![Just(By::Sequence), Just(By::Uid)]
}

fn flags() -> impl Strategy<Value = FlagNames> {
    (0u64..32, prop::collection::btree_set("[a-z$][a-z0-9]{0,5}", 0..3)).prop_map(|(bits, words)| FlagNames {
        system: Flags(bits),
        keywords: words.iter().map(|w| Keyword::new(w).unwrap()).collect(),
    })
}

fn key(set: BoxedStrategy<MessageSet>) -> impl Strategy<Value = SearchKey> {
    let date = || (1970i16..2100, 1i8..13, 1i8..29).prop_map(|(y, m, d)| jiff::civil::date(y, m, d));
    let order = || prop_oneof![Just(DateOrder::Before), Just(DateOrder::On), Just(DateOrder::Since)];
    let field = prop_oneof![
        Just(AddressField::From),
        Just(AddressField::To),
        Just(AddressField::Cc),
        Just(AddressField::Bcc)
    ];
    let leaf = prop_oneof![
        Just(SearchKey::All),
        Just(SearchKey::Recent),
        set.clone().prop_map(SearchKey::Sequence),
        set.prop_map(SearchKey::Uid),
        prop::sample::select(&SystemFlag::ALL[..]).prop_map(SearchKey::Flag),
        "[a-z$][a-z0-9]{0,5}".prop_map(|w| SearchKey::Keyword(Keyword::new(&w).unwrap())),
        (order(), date()).prop_map(|(o, d)| SearchKey::InternalDate(o, d)),
        (order(), date()).prop_map(|(o, d)| SearchKey::SentDate(o, d)),
        any::<u32>().prop_map(|n| SearchKey::Larger(n.into())),
        any::<u32>().prop_map(|n| SearchKey::Smaller(n.into())),
        (field, text()).prop_map(|(f, t)| SearchKey::Address(f, t)),
        text().prop_map(SearchKey::Subject),
        ("[A-Za-z-]{1,8}", text()).prop_map(|(f, t)| SearchKey::Header(f, t)),
        text().prop_map(SearchKey::Body),
        text().prop_map(SearchKey::Text),
        (0u64..1 << 60).prop_map(|n| SearchKey::ModSeq(ModSeq(n))),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(SearchKey::And),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| SearchKey::Or(Box::new(a), Box::new(b))),
            inner.prop_map(SearchKey::negated),
        ]
    })
}

fn section() -> impl Strategy<Value = Section> {
    let fields = || prop::collection::vec("[A-Za-z-]{1,8}", 1..4);
    let text = prop_oneof![
        Just(SectionText::Whole),
        Just(SectionText::Header),
        Just(SectionText::Text),
        Just(SectionText::Mime),
        fields().prop_map(SectionText::HeaderFields),
        fields().prop_map(SectionText::HeaderFieldsNot),
    ];
    (prop::collection::vec(1u32..9, 0..3), text)
        .prop_map(|(part, text)| Section { part, text })
        .prop_filter("MIME is of a part", |s| !s.part.is_empty() || s.text != SectionText::Mime)
}

fn item() -> impl Strategy<Value = FetchItem> {
    let partial = || {
        prop::option::of(
            (any::<u32>(), 1u32..).prop_map(|(o, l)| Partial { offset: o.into(), length: l.into() }),
        )
    };
    let part = || prop::collection::vec(1u32..9, 0..3);
    prop_oneof![
        Just(FetchItem::Uid),
        Just(FetchItem::Flags),
        Just(FetchItem::InternalDate),
        Just(FetchItem::Rfc822Size),
        Just(FetchItem::Envelope),
        Just(FetchItem::Body),
        Just(FetchItem::BodyStructure),
        Just(FetchItem::ModSeq),
        Just(FetchItem::Rfc822),
        Just(FetchItem::Rfc822Header),
        Just(FetchItem::Rfc822Text),
        (section(), partial(), any::<bool>()).prop_map(|(section, partial, peek)| FetchItem::Section {
            section,
            partial,
            peek
        }),
        (part(), partial(), any::<bool>()).prop_map(|(part, partial, peek)| FetchItem::Binary {
            part,
            partial,
            peek
        }),
        part().prop_map(|part| FetchItem::BinarySize { part }),
    ]
}

fn unique<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    items.into_iter().fold(Vec::new(), |mut kept, item| {
        if !kept.contains(&item) {
            kept.push(item);
        }
        kept
    })
}

fn status_items(of: &'static [StatusItem], min: usize) -> impl Strategy<Value = Vec<StatusItem>> {
    prop::collection::vec(prop::sample::select(of), min..5).prop_map(unique)
}

fn range() -> impl Strategy<Value = Option<PartialRange>> {
    let ends = || (1u32..1000, 1u32..1000);
    prop_oneof![
        Just(None),
        ends().prop_map(|(a, b)| Some(PartialRange::FromFirst(a.min(b), a.max(b)))),
        ends().prop_map(|(a, b)| Some(PartialRange::FromLast(a.min(b), a.max(b)))),
    ]
}

fn filter() -> impl Strategy<Value = MailboxFilter> {
    let names = || prop::collection::vec(name(), 1..3);
    prop_oneof![
        Just(MailboxFilter::Selected),
        Just(MailboxFilter::Inboxes),
        Just(MailboxFilter::Personal),
        Just(MailboxFilter::Subscribed),
        names().prop_map(MailboxFilter::Subtree),
        names().prop_map(MailboxFilter::SubtreeOne),
        names().prop_map(MailboxFilter::Mailboxes),
    ]
}

fn annotation() -> impl Strategy<Value = AnnotationName> {
    "/(private|shared)/[a-z ]{1,5}(/[a-z]{1,3})?".prop_map(|name| AnnotationName::new(&name).unwrap())
}

fn criteria() -> impl Strategy<Value = Vec<SortCriterion>> {
    let order = prop_oneof![Just(SortOrder::Ascending), Just(SortOrder::Descending)];
    prop::collection::vec((prop::sample::select(&SortBy::ALL[..]), order), 1..4).prop_map(|all| {
        all.into_iter().fold(Vec::new(), |mut kept: Vec<SortCriterion>, (by, order)| {
            if !kept.iter().any(|c| c.by == by) {
                kept.push(SortCriterion { by, order });
            }
            kept
        })
    })
}

fn numbers() -> impl Strategy<Value = SequenceSet> {
    prop::collection::btree_set(1u32..40, 4)
        .prop_map(|numbers| SequenceSet::from_ranges(numbers.into_iter().map(|n| (n * 3, n * 3))))
}

fn select() -> impl Strategy<Value = Select> {
    let matches = prop::option::of((numbers(), numbers()));
    let qresync = (1u32.., 1u64..1 << 60, prop::option::of(numbers()), matches).prop_map(
        |(uidvalidity, modseq, known_uids, matches)| QResync {
            uidvalidity,
            modseq: ModSeq(modseq),
            known_uids,
            matches,
        },
    );
    (name(), any::<bool>(), prop::option::of(qresync)).prop_map(|(mailbox, condstore, qresync)| {
        // imap-codec knows one parameter at a time.
        Select { mailbox, supplied: None, condstore: condstore && qresync.is_none(), qresync }
    })
}

/// Commands that imap-codec understands as well.
pub(in super::super) fn shared() -> impl Strategy<Value = CommandBody> {
    let set = || ascending().boxed();
    prop_oneof![
        prop::sample::select(vec![
            CommandBody::Capability,
            CommandBody::Noop,
            CommandBody::Logout,
            CommandBody::StartTls,
            CommandBody::Namespace,
            CommandBody::Idle,
            CommandBody::Check,
            CommandBody::Close,
            CommandBody::Unselect,
            CommandBody::Expunge { uids: None },
            CommandBody::Id(None),
            CommandBody::Compress("DEFLATE".into()),
        ]),
        set().prop_map(|s| CommandBody::Expunge { uids: Some(s) }),
        ("[a-zA-Z0-9@.]{1,8}", "[ -~]{0,10}")
            .prop_map(|(user, p)| CommandBody::Login { user, password: Secret::new(p) }),
        prop::option::of(prop::collection::vec(any::<u8>(), 0..20)).prop_map(|initial| {
            CommandBody::Authenticate { mechanism: "PLAIN".into(), initial: initial.map(Secret::new) }
        }),
        select().prop_map(CommandBody::Select),
        select().prop_map(CommandBody::Examine),
        name().prop_map(|mailbox| CommandBody::Create { mailbox, supplied: None, uses: vec![] }),
        name().prop_map(|mailbox| CommandBody::Delete { mailbox, supplied: None }),
        (name(), name()).prop_map(|(from, to)| CommandBody::Rename { from, to, supplied: None }),
        name().prop_map(CommandBody::Subscribe),
        name().prop_map(CommandBody::Unsubscribe),
        name().prop_map(CommandBody::GetQuotaRoot),
        "[a-z]{0,5}".prop_map(|root| CommandBody::GetQuota { root }),
        ("[a-z]{0,5}", any::<u32>()).prop_map(|(root, n)| CommandBody::SetQuota {
            root,
            limits: vec![("STORAGE".into(), n.into()), ("MESSAGE".into(), 3)]
        }),
        ("[a-z/]{0,5}", "[a-z/%*ü]{1,5}")
            .prop_map(|(reference, pattern)| CommandBody::Lsub { reference, pattern }),
        ("[a-z/]{0,5}", "[a-z/%*ü]{1,5}").prop_map(|(reference, pattern)| CommandBody::List(List {
            reference,
            patterns: vec![pattern],
            ..List::default()
        })),
        (
            name(),
            status_items(
                &[
                    StatusItem::Messages,
                    StatusItem::Recent,
                    StatusItem::UidNext,
                    StatusItem::UidValidity,
                    StatusItem::Unseen,
                    StatusItem::Deleted,
                    StatusItem::DeletedStorage,
                    StatusItem::HighestModSeq
                ],
                1
            )
        )
            .prop_map(|(mailbox, items)| CommandBody::Status { mailbox, items }),
        prop::collection::vec(("[a-z]{1,8}", prop::option::of("[ -~]{0,10}")), 0..4)
            .prop_map(|fields| CommandBody::Id(Some(fields))),
        (by(), key(set())).prop_map(|(by, key)| CommandBody::Search(Search {
            by,
            returns: None,
            update_items: Vec::new(),
            key
        })),
        (by(), criteria(), key(set())).prop_map(|(by, mut criteria, key)| {
            // imap-codec knows the criteria of RFC 5256 alone.
            criteria.retain(|c| !matches!(c.by, SortBy::DisplayFrom | SortBy::DisplayTo));
            if criteria.is_empty() {
                criteria.push(SortCriterion { by: SortBy::Date, order: SortOrder::Descending });
            }
            CommandBody::Sort(Sort { by, returns: None, update_items: Vec::new(), criteria, key })
        }),
        (by(), any::<bool>(), key(set())).prop_map(|(by, references, key)| {
            let algorithm = if references { ThreadBy::References } else { ThreadBy::OrderedSubject };
            CommandBody::Thread(Thread { by, algorithm, key })
        }),
        (by(), set(), prop::collection::vec(item(), 1..5), prop::option::of(1u64..1 << 60)).prop_map(
            |(by, set, items, since)| CommandBody::Fetch(Fetch {
                by,
                set,
                items: unique(items),
                modifiers: FetchModifiers {
                    changed_since: since.map(ModSeq),
                    vanished: by == By::Uid && since.is_some_and(|n| n % 2 == 0),
                    partial: None,
                },
            })
        ),
        (
            by(),
            set(),
            prop::option::of(0u64..1 << 60),
            prop::sample::select(vec![FlagChange::Add, FlagChange::Remove, FlagChange::Replace]),
            any::<bool>(),
            flags()
        )
            .prop_map(|(by, set, unchanged, change, silent, flags)| CommandBody::Store(Store {
                by,
                set,
                unchanged_since: unchanged.map(ModSeq),
                change,
                silent,
                flags
            })),
        (by(), set(), name()).prop_map(|(by, set, mailbox)| CommandBody::Copy(Transfer { by, set, mailbox })),
        (by(), set(), name()).prop_map(|(by, set, mailbox)| CommandBody::Move(Transfer { by, set, mailbox })),
    ]
}

/// Commands of extensions that imap-codec does not know.
pub(in super::super) fn extended() -> impl Strategy<Value = CommandBody> {
    let returns = || {
        (any::<[bool; 7]>(), range())
            .prop_map(|([min, max, all, count, save, update, context], partial)| {
                let partial = partial.filter(|_| !all);
                SearchReturn { min, max, all, count, save, partial, update, context }
            })
            .prop_filter("() and (CONTEXT) are (ALL)", |r| {
                SearchReturn { context: false, ..*r } != SearchReturn::default()
            })
    };
    let values = || prop::collection::vec(any::<u8>(), 0..9);
    let changes = prop::collection::vec((annotation(), prop::option::of(values())), 1..4);
    prop_oneof![
        Just(CommandBody::Unauthenticate),
        crate::imap::codec::notify_tests::notify().prop_map(CommandBody::Notify),
        prop::collection::vec("[A-Za-z0-9]{1,4}", 1..3).prop_map(CommandBody::CancelUpdate),
        (prop::collection::vec(filter(), 1..3), returns(), key(any_set().boxed())).prop_map(
            |(sources, returns, key)| {
                let save = returns.save && sources == [MailboxFilter::Selected];
                let mut returns = SearchReturn { save, ..returns };
                // Beside CONTEXT, too, nothing asked for is ALL (RFC 5267 §4.2).
                returns.all |= SearchReturn { context: false, ..returns } == SearchReturn::default();
                let update_items = Vec::new();
                CommandBody::MultiSearch(MultiSearch { sources, returns, update_items, key })
            }
        ),
        name().prop_map(CommandBody::MyRights),
        name().prop_map(CommandBody::GetAcl),
        (name(), "[a-z@. ]{1,8}")
            .prop_map(|(mailbox, identifier)| CommandBody::ListRights { mailbox, identifier }),
        (name(), prop::sample::select(vec!["SETACL", "DELETEACL"]))
            .prop_map(|(mailbox, name)| CommandBody::ChangeAcl { name, mailbox }),
        (
            prop::option::of(name()),
            prop::option::of(0u64..1000),
            prop::sample::select(vec![Some(0), Some(1), None]),
            prop::collection::vec(annotation(), 1..4)
        )
            .prop_map(|(mailbox, max_size, depth, entries)| {
                CommandBody::GetMetadata(GetMetadata { mailbox, max_size, depth, entries: unique(entries) })
            }),
        (prop::option::of(name()), changes).prop_map(|(mailbox, changes)| {
            let changes =
                changes.into_iter().fold(Vec::new(), |mut kept: Vec<(AnnotationName, _)>, change| {
                    if !kept.iter().any(|c| c.0 == change.0) {
                        kept.push(change);
                    }
                    kept
                });
            CommandBody::SetMetadata { mailbox, changes }
        }),
        (by(), prop::option::of(returns()), criteria(), key(any_set().boxed())).prop_map(
            |(by, returns, criteria, key)| CommandBody::Sort(Sort {
                by,
                returns,
                update_items: Vec::new(),
                criteria,
                key
            })
        ),
        (by(), returns(), key(any_set().boxed())).prop_map(|(by, returns, key)| CommandBody::Search(
            Search { by, returns: Some(returns), update_items: Vec::new(), key }
        )),
        (by(), any_set(), prop::collection::vec(item(), 1..5), range()).prop_map(
            |(by, set, items, range)| {
                let partial = range.filter(|_| by == By::Uid);
                let modifiers = FetchModifiers { changed_since: Some(ModSeq(0)), vanished: false, partial };
                CommandBody::Fetch(Fetch { by, set, items: unique(items), modifiers })
            }
        ),
        (name(), prop::collection::vec(prop::sample::select(vec![SpecialUse::Sent, SpecialUse::All]), 1..3))
            .prop_map(|(mailbox, uses)| CommandBody::Create { mailbox, supplied: None, uses: unique(uses) }),
        prop::collection::vec(
            prop::sample::select(vec![
                Enable::Imap4Rev2,
                Enable::Utf8Accept,
                Enable::CondStore,
                Enable::QResync,
                Enable::Other("X-NONE".into())
            ]),
            1..4
        )
        .prop_map(CommandBody::Enable),
        (
            any::<[bool; 8]>(),
            "[a-z/ü]{0,5}",
            prop::collection::vec("[a-z/%*ü&]{1,5}", 1..3),
            status_items(&StatusItem::ALL, 0),
            prop::collection::vec(annotation(), 0..3)
        )
            .prop_map(|(b, reference, patterns, status, metadata)| CommandBody::List(List {
                extended: true,
                select: ListSelect {
                    subscribed: b[0],
                    remote: b[1],
                    recursive_match: b[0] && b[2],
                    special_use: b[3]
                },
                reference,
                patterns,
                returns: ListReturn {
                    subscribed: b[4],
                    children: b[5],
                    special_use: b[6],
                    status,
                    my_rights: b[7],
                    metadata: unique(metadata),
                }
            })),
    ]
}
