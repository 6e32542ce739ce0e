//! The other side, for tests: commands made up at random, and written as some client might.

use proptest::prelude::*;

use crate::imap::command::*;
use crate::imap::utf7;
use crate::types::{
    AnnotationName, BodyId, Flags, Keyword, MailboxName, ModSeq, Secret, SpecialUse, SystemFlag,
};

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
        Select { mailbox, condstore: condstore && qresync.is_none(), qresync }
    })
}

/// Commands that imap-codec understands as well.
pub(super) fn shared() -> impl Strategy<Value = CommandBody> {
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
        name().prop_map(|mailbox| CommandBody::Create { mailbox, uses: vec![] }),
        name().prop_map(CommandBody::Delete),
        (name(), name()).prop_map(|(from, to)| CommandBody::Rename { from, to }),
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
pub(super) fn extended() -> impl Strategy<Value = CommandBody> {
    let returns = || {
        (any::<[bool; 7]>(), range())
            .prop_map(|([min, max, all, count, save, update, context], partial)| {
                let partial = partial.filter(|_| !all);
                SearchReturn { min, max, all, count, save, partial, update, context }
            })
            .prop_filter("() is (ALL)", |r| *r != SearchReturn::default())
    };
    let values = || prop::collection::vec(any::<u8>(), 0..9);
    let changes = prop::collection::vec((annotation(), prop::option::of(values())), 1..4);
    prop_oneof![
        Just(CommandBody::Unauthenticate),
        super::notify_tests::notify().prop_map(CommandBody::Notify),
        prop::collection::vec("[A-Za-z0-9]{1,4}", 1..3).prop_map(CommandBody::CancelUpdate),
        (prop::collection::vec(filter(), 1..3), returns(), key(any_set().boxed())).prop_map(
            |(sources, returns, key)| {
                let save = returns.save && sources == [MailboxFilter::Selected];
                let mut returns = SearchReturn { save, ..returns };
                returns.all |= returns == SearchReturn::default();
                CommandBody::MultiSearch(MultiSearch { sources, returns, key })
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
            .prop_map(|(mailbox, uses)| CommandBody::Create { mailbox, uses: unique(uses) }),
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

/// Writes a command; `style` decides between the ways there are.
pub(super) struct Client {
    out: Vec<u8>,
    style: u64,
}

impl Client {
    pub fn command(body: &CommandBody, style: u64) -> Vec<u8> {
        let mut client = Self { out: b"a1 ".to_vec(), style };
        client.body(body);
        client.raw("\r\n");
        client.out
    }

    /// One of `n` ways.
    fn choose(&mut self, n: u64) -> u64 {
        self.style =
            self.style.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.style >> 33) % n
    }

    fn raw(&mut self, text: &str) -> &mut Self {
        self.out.extend_from_slice(text.as_bytes());
        self
    }

    /// A keyword in some case.
    fn word(&mut self, word: &str) -> &mut Self {
        let word = match self.choose(3) {
            0 => word.to_ascii_lowercase(),
            1 => word.to_ascii_uppercase(),
            _ => word.to_owned(),
        };
        self.raw(&word)
    }

    fn astring(&mut self, bytes: &[u8]) -> &mut Self {
        let atom = !bytes.is_empty() && bytes.iter().all(|b| super::cursor::is_astring_char(*b));
        if atom && self.choose(2) == 0 {
            self.out.extend_from_slice(bytes);
            return self;
        }
        self.string(bytes)
    }

    fn string(&mut self, bytes: &[u8]) -> &mut Self {
        let quotable = bytes.iter().all(|b| (b' '..=b'~').contains(b));
        if quotable && self.choose(3) > 0 {
            self.raw("\"");
            for b in bytes {
                if matches!(b, b'"' | b'\\') {
                    self.raw("\\");
                }
                self.out.push(*b);
            }
            return self.raw("\"");
        }
        let plus = if self.choose(2) == 0 { "+" } else { "" };
        self.raw(&format!("{{{}{plus}}}\r\n", bytes.len()));
        self.out.extend_from_slice(bytes);
        self
    }

    fn name(&mut self, name: &str) -> &mut Self {
        let mut wire = Vec::new();
        utf7::encode(name, &mut wire);
        self.astring(&wire)
    }

    fn pattern(&mut self, pattern: &str) -> &mut Self {
        let mut wire = Vec::new();
        utf7::encode(pattern, &mut wire);
        if self.choose(2) == 0 {
            self.out.extend_from_slice(&wire);
            return self;
        }
        self.string(&wire)
    }

    fn set(&mut self, set: &MessageSet) -> &mut Self {
        match set {
            MessageSet::Numbers(set) => self.raw(&set.to_string()),
            MessageSet::Saved => self.raw("$"),
        }
    }

    fn list<T>(&mut self, members: &[T], mut write: impl FnMut(&mut Self, &T)) -> &mut Self {
        self.raw("(");
        for (i, member) in members.iter().enumerate() {
            if i > 0 {
                self.raw(" ");
            }
            write(self, member);
        }
        self.raw(")")
    }

    fn status(&mut self, items: &[StatusItem]) -> &mut Self {
        self.list(items, |c, i| {
            c.word(i.as_str());
        })
    }

    fn options(&mut self, options: &[(bool, &str)]) -> &mut Self {
        let on: Vec<&str> = options.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        self.list(&on, |c, word| {
            c.word(word);
        })
    }

    fn body(&mut self, body: &CommandBody) {
        let name = body.name();
        self.word(name);
        match body {
            CommandBody::Capability
            | CommandBody::Noop
            | CommandBody::Logout
            | CommandBody::StartTls
            | CommandBody::Namespace
            | CommandBody::Idle
            | CommandBody::Check
            | CommandBody::Close
            | CommandBody::Unselect
            | CommandBody::Unauthenticate
            | CommandBody::Expunge { uids: None } => {}
            CommandBody::ListRights { mailbox, identifier } => {
                self.raw(" ").name(mailbox.as_str()).raw(" ").astring(identifier.as_bytes());
            }
            CommandBody::ChangeAcl { name, mailbox } => {
                let rights = if *name == "SETACL" { " +lr" } else { "" };
                self.raw(" ").name(mailbox.as_str()).raw(" anna").raw(rights);
            }
            CommandBody::GetMetadata(get) => {
                let depth = get.depth.map_or("infinity".to_owned(), |depth| depth.to_string());
                let max_size = get.max_size.map_or(String::new(), |size| format!(" MAXSIZE {size}"));
                let options = format!(" (DEPTH {depth}{max_size})");
                let first = self.choose(2) == 0;
                self.raw(if first { &options } else { "" }).raw(" ").annotated(get.mailbox.as_ref());
                self.raw(if first { "" } else { &options }).raw(" ").list(&get.entries, |c, name| {
                    c.astring(name.as_str().as_bytes());
                });
            }
            CommandBody::SetMetadata { mailbox, changes } => {
                self.raw(" ").annotated(mailbox.as_ref()).raw(" ").list(changes, |c, (name, value)| {
                    c.astring(name.as_str().as_bytes()).raw(" ");
                    match value {
                        None => c.raw("NIL"),
                        Some(value) if value.contains(&0) => {
                            c.raw(&format!("~{{{}}}\r\n", value.len())).out.extend_from_slice(value);
                            c
                        }
                        Some(value) => c.string(value),
                    };
                });
            }
            CommandBody::Expunge { uids: Some(set) } => {
                self.raw(" ").set(set);
            }
            CommandBody::Authenticate { mechanism, initial } => {
                self.raw(" ").word(mechanism);
                if let Some(initial) = initial {
                    use base64::Engine;
                    let text = base64::engine::general_purpose::STANDARD.encode(initial.expose());
                    self.raw(" ").raw(if text.is_empty() { "=" } else { &text });
                }
            }
            CommandBody::Login { user, password } => {
                self.raw(" ").astring(user.as_bytes()).raw(" ").astring(password.expose());
            }
            CommandBody::Enable(all) => {
                for one in all {
                    self.raw(" ").word(match one {
                        Enable::Imap4Rev2 => "IMAP4rev2",
                        Enable::Utf8Accept => "UTF8=ACCEPT",
                        Enable::CondStore => "CONDSTORE",
                        Enable::QResync => "QRESYNC",
                        Enable::UidOnly => "UIDONLY",
                        Enable::Other(word) => word,
                    });
                }
            }
            CommandBody::Id(None) => {
                self.raw(" NIL");
            }
            CommandBody::Id(Some(fields)) => {
                self.raw(" ").list(fields, |c, (name, value)| {
                    c.string(name.as_bytes()).raw(" ");
                    match value {
                        None => c.raw("NIL"),
                        Some(value) => c.string(value.as_bytes()),
                    };
                });
            }
            CommandBody::Select(select) | CommandBody::Examine(select) => {
                self.raw(" ").name(select.mailbox.as_str());
                if select.condstore {
                    self.raw(" (").word("CONDSTORE").raw(")");
                }
                if let Some(q) = &select.qresync {
                    self.raw(" (").word("QRESYNC").raw(&format!(" ({} {}", q.uidvalidity, q.modseq));
                    if let Some(known) = &q.known_uids {
                        self.raw(&format!(" {known}"));
                    }
                    if let Some((numbers, uids)) = &q.matches {
                        self.raw(&format!(" ({numbers} {uids})"));
                    }
                    self.raw("))");
                }
            }
            CommandBody::Create { mailbox, uses } => {
                self.raw(" ").name(mailbox.as_str());
                if !uses.is_empty() {
                    self.raw(" (USE ")
                        .list(uses, |c, u| {
                            c.word(u.as_str());
                        })
                        .raw(")");
                }
            }
            CommandBody::MyRights(mailbox)
            | CommandBody::GetAcl(mailbox)
            | CommandBody::Delete(mailbox)
            | CommandBody::Subscribe(mailbox)
            | CommandBody::Unsubscribe(mailbox)
            | CommandBody::GetQuotaRoot(mailbox) => {
                self.raw(" ").name(mailbox.as_str());
            }
            CommandBody::Rename { from, to } => {
                self.raw(" ").name(from.as_str()).raw(" ").name(to.as_str());
            }
            CommandBody::List(list) => self.list_command(list),
            CommandBody::Lsub { reference, pattern } => {
                self.raw(" ").name(reference).raw(" ").pattern(pattern);
            }
            CommandBody::Status { mailbox, items } => {
                self.raw(" ").name(mailbox.as_str()).raw(" ").status(items);
            }
            CommandBody::Search(search) => self.search(search),
            CommandBody::MultiSearch(search) => {
                if search.sources != [MailboxFilter::Selected] || self.choose(2) == 0 {
                    self.raw(" ").word("IN").raw(" ").list(&search.sources, Self::filter);
                }
                self.returns(&search.returns);
                self.raw(" ").word("CHARSET").raw(" UTF-8 ").keys(&search.key);
            }
            CommandBody::Notify(notify) => {
                self.raw(&super::notify_tests::written(notify));
            }
            CommandBody::CancelUpdate(tags) => {
                for tag in tags {
                    self.raw(" ").string(tag.as_bytes());
                }
            }
            CommandBody::Sort(sort) => {
                if let Some(returns) = &sort.returns {
                    self.returns(returns);
                }
                self.raw(" ").list(&sort.criteria, |c, criterion| {
                    if criterion.order == SortOrder::Descending {
                        c.word("REVERSE").raw(" ");
                    }
                    c.word(criterion.by.as_str());
                });
                self.raw(" UTF-8 ").keys(&sort.key);
            }
            CommandBody::Thread(thread) => {
                self.raw(" ").word(thread.algorithm.as_str()).raw(" UTF-8 ").keys(&thread.key);
            }
            CommandBody::Fetch(fetch) => self.fetch(fetch),
            CommandBody::Store(store) => self.store(store),
            CommandBody::Copy(t) | CommandBody::Move(t) => {
                self.raw(" ").set(&t.set).raw(" ").name(t.mailbox.as_str());
            }
            CommandBody::GetQuota { root } => {
                self.raw(" ").astring(root.as_bytes());
            }
            CommandBody::SetQuota { root, limits } => {
                self.raw(" ").astring(root.as_bytes()).raw(" ").list(limits, |c, (resource, n)| {
                    c.word(resource).raw(&format!(" {n}"));
                });
            }
            CommandBody::Compress(algorithm) => {
                self.raw(" ").word(algorithm);
            }
        }
    }

    fn annotated(&mut self, mailbox: Option<&MailboxName>) -> &mut Self {
        match mailbox {
            Some(name) => self.name(name.as_str()),
            None => self.raw("\"\""),
        }
    }

    fn list_command(&mut self, list: &List) {
        if list.extended {
            let s = &list.select;
            self.raw(" ").options(&[
                (s.subscribed, "SUBSCRIBED"),
                (s.remote, "REMOTE"),
                (s.recursive_match, "RECURSIVEMATCH"),
                (s.special_use, "SPECIAL-USE"),
            ]);
        }
        self.raw(" ").name(&list.reference).raw(" ");
        if let [pattern] = &list.patterns[..] {
            self.pattern(pattern);
        } else {
            self.list(&list.patterns, |c, p| {
                c.pattern(p);
            });
        }
        if list.extended {
            let r = &list.returns;
            let metadata: Vec<String> =
                r.metadata.iter().map(|name| format!("\"{}\"", name.as_str())).collect();
            let metadata = format!("METADATA ({})", metadata.join(" "));
            let start = self.raw(" RETURN ").out.len();
            self.options(&[
                (r.subscribed, "SUBSCRIBED"),
                (r.my_rights, "MYRIGHTS"),
                (r.children, "CHILDREN"),
                (r.special_use, "SPECIAL-USE"),
            ]);
            if !r.metadata.is_empty() {
                self.out.pop();
                let first = self.out.len() == start + 1;
                self.raw(if first { "" } else { " " }).raw(&metadata).raw(")");
            }
            if !r.status.is_empty() {
                self.out.pop();
                let first = self.out.len() == start + 1;
                self.raw(if first { "" } else { " " }).word("STATUS").raw(" ").status(&r.status).raw(")");
            }
        }
    }

    fn search(&mut self, search: &Search) {
        if let Some(returns) = &search.returns {
            self.returns(returns);
        }
        self.raw(" ").word("CHARSET").raw(" UTF-8 ").keys(&search.key);
    }

    fn returns(&mut self, r: &SearchReturn) {
        let partial = r.partial.map(|range| format!("PARTIAL {range}"));
        self.raw(" RETURN ").options(&[
            (r.min, "MIN"),
            (r.max, "MAX"),
            (r.all, "ALL"),
            (partial.is_some(), partial.as_deref().unwrap_or_default()),
            (r.count, "COUNT"),
            (r.save, "SAVE"),
            (r.update, "UPDATE"),
            (r.context, "CONTEXT"),
        ]);
    }

    fn filter(&mut self, filter: &MailboxFilter) {
        let (word, names) = match filter {
            MailboxFilter::Selected => ("selected", None),
            MailboxFilter::Inboxes => ("inboxes", None),
            MailboxFilter::Personal => ("personal", None),
            MailboxFilter::Subscribed => ("subscribed", None),
            MailboxFilter::Subtree(names) => ("subtree", Some(names)),
            MailboxFilter::SubtreeOne(names) => ("subtree-one", Some(names)),
            MailboxFilter::Mailboxes(names) => ("mailboxes", Some(names)),
        };
        self.word(word);
        match names.map(Vec::as_slice) {
            None => {}
            Some([only]) if self.choose(2) == 0 => {
                self.raw(" ").name(only.as_str());
            }
            Some(names) => {
                self.raw(" ").list(names, |c, name| {
                    c.name(name.as_str());
                });
            }
        }
    }

    fn keys(&mut self, key: &SearchKey) {
        match key {
            SearchKey::And(keys) if self.choose(2) == 0 => {
                for (i, key) in keys.iter().enumerate() {
                    if i > 0 {
                        self.raw(" ");
                    }
                    self.key(key);
                }
            }
            key => self.key(key),
        }
    }

    fn key(&mut self, key: &SearchKey) {
        let date = |d: &jiff::civil::Date| d.strftime("%-d-%b-%Y").to_string();
        match key {
            SearchKey::All => self.word("ALL"),
            SearchKey::And(keys) => self.list(keys, Self::key),
            SearchKey::Or(a, b) => {
                self.word("OR").raw(" ").key(a);
                self.raw(" ").key(b);
                self
            }
            SearchKey::Not(inner) => {
                match &**inner {
                    SearchKey::Flag(flag) if self.choose(2) == 0 => {
                        self.word(&format!("UN{}", &flag.as_str()[1..]));
                    }
                    SearchKey::Recent if self.choose(2) == 0 => {
                        self.word("OLD");
                    }
                    SearchKey::Keyword(keyword) if self.choose(2) == 0 => {
                        self.word("UNKEYWORD").raw(" ").raw(keyword.as_str());
                    }
                    inner => self.word("NOT").raw(" ").key(inner),
                }
                self
            }
            SearchKey::Sequence(set) => self.set(set),
            SearchKey::Uid(set) => self.word("UID").raw(" ").set(set),
            SearchKey::Flag(flag) => self.word(&flag.as_str()[1..]),
            SearchKey::Keyword(keyword) => self.word("KEYWORD").raw(" ").raw(keyword.as_str()),
            SearchKey::Recent => self.word("RECENT"),
            SearchKey::InternalDate(order, d) => self
                .word(match order {
                    DateOrder::Before => "BEFORE",
                    DateOrder::On => "ON",
                    DateOrder::Since => "SINCE",
                })
                .raw(" ")
                .raw(&date(d)),
            SearchKey::SaveDate(order, d) => self
                .word(match order {
                    DateOrder::Before => "SAVEDBEFORE",
                    DateOrder::On => "SAVEDON",
                    DateOrder::Since => "SAVEDSINCE",
                })
                .raw(" ")
                .raw(&date(d)),
            SearchKey::SentDate(order, d) => self
                .word(match order {
                    DateOrder::Before => "SENTBEFORE",
                    DateOrder::On => "SENTON",
                    DateOrder::Since => "SENTSINCE",
                })
                .raw(" ")
                .raw(&format!("\"{}\"", date(d))),
            SearchKey::Older(n) => self.word("OLDER").raw(&format!(" {n}")),
            SearchKey::Younger(n) => self.word("YOUNGER").raw(&format!(" {n}")),
            SearchKey::Larger(n) => self.word("LARGER").raw(&format!(" {n}")),
            SearchKey::Smaller(n) => self.word("SMALLER").raw(&format!(" {n}")),
            SearchKey::Address(field, text) => self
                .word(match field {
                    AddressField::From => "FROM",
                    AddressField::To => "TO",
                    AddressField::Cc => "CC",
                    AddressField::Bcc => "BCC",
                })
                .raw(" ")
                .astring(text.as_bytes()),
            SearchKey::Subject(text) => self.word("SUBJECT").raw(" ").astring(text.as_bytes()),
            SearchKey::Header(name, text) => {
                self.word("HEADER").raw(" ").astring(name.as_bytes()).raw(" ").astring(text.as_bytes())
            }
            SearchKey::Body(text) => self.word("BODY").raw(" ").astring(text.as_bytes()),
            SearchKey::Text(text) => self.word("TEXT").raw(" ").astring(text.as_bytes()),
            SearchKey::ModSeq(n) => {
                self.word("MODSEQ").raw(" ");
                if self.choose(2) == 0 {
                    self.raw("\"/flags/\\\\Seen\" all ");
                }
                self.raw(&n.to_string())
            }
            SearchKey::EmailId(id) => {
                let id = id.map_or("x".to_owned(), BodyId::object_id);
                self.word("EMAILID").raw(" ").raw(&id)
            }
            SearchKey::ThreadId => self.word("THREADID").raw(" T1"),
        };
    }

    fn fetch(&mut self, fetch: &Fetch) {
        self.raw(" ").set(&fetch.set).raw(" ");
        match &fetch.items[..] {
            [item] if self.choose(2) == 0 => self.item(item),
            items => {
                self.list(items, Self::item);
            }
        }
        if let Some(since) = fetch.modifiers.changed_since {
            self.raw(" (").word("CHANGEDSINCE").raw(&format!(" {since}"));
            if fetch.modifiers.vanished {
                self.raw(" ").word("VANISHED");
            }
            if let Some(range) = fetch.modifiers.partial {
                self.raw(" ").word("PARTIAL").raw(&format!(" {range}"));
            }
            self.raw(")");
        }
    }

    fn item(&mut self, item: &FetchItem) {
        let numbers = |part: &[u32]| part.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        let partial =
            |p: &Option<Partial>| p.map_or(String::new(), |p| format!("<{}.{}>", p.offset, p.length));
        match item {
            FetchItem::Uid => self.word("UID"),
            FetchItem::Flags => self.word("FLAGS"),
            FetchItem::InternalDate => self.word("INTERNALDATE"),
            FetchItem::Rfc822Size => self.word("RFC822.SIZE"),
            FetchItem::Envelope => self.word("ENVELOPE"),
            FetchItem::Body => self.word("BODY"),
            FetchItem::BodyStructure => self.word("BODYSTRUCTURE"),
            FetchItem::ModSeq => self.word("MODSEQ"),
            FetchItem::Preview => self.word("PREVIEW"),
            FetchItem::SaveDate => self.word("SAVEDATE"),
            FetchItem::EmailId => self.word("EMAILID"),
            FetchItem::ThreadId => self.word("THREADID"),
            FetchItem::Rfc822 => self.word("RFC822"),
            FetchItem::Rfc822Header => self.word("RFC822.HEADER"),
            FetchItem::Rfc822Text => self.word("RFC822.TEXT"),
            FetchItem::Section { section, partial: p, peek } => {
                self.word(if *peek { "BODY.PEEK" } else { "BODY" }).raw("[");
                let dot =
                    if section.part.is_empty() || section.text == SectionText::Whole { "" } else { "." };
                self.raw(&numbers(&section.part)).raw(dot);
                match &section.text {
                    SectionText::Whole => self.raw(""),
                    SectionText::Header => self.word("HEADER"),
                    SectionText::Text => self.word("TEXT"),
                    SectionText::Mime => self.word("MIME"),
                    SectionText::HeaderFields(names) => {
                        self.word("HEADER.FIELDS").raw(" ").list(names, |c, n| {
                            c.astring(n.as_bytes());
                        })
                    }
                    SectionText::HeaderFieldsNot(names) => {
                        self.word("HEADER.FIELDS.NOT").raw(" ").list(names, |c, n| {
                            c.astring(n.as_bytes());
                        })
                    }
                };
                self.raw("]").raw(&partial(p))
            }
            FetchItem::Binary { part, partial: p, peek } => self
                .word(if *peek { "BINARY.PEEK" } else { "BINARY" })
                .raw(&format!("[{}]{}", numbers(part), partial(p))),
            FetchItem::BinarySize { part } => self.word("BINARY.SIZE").raw(&format!("[{}]", numbers(part))),
        };
    }

    fn store(&mut self, store: &Store) {
        self.raw(" ").set(&store.set).raw(" ");
        if let Some(n) = store.unchanged_since {
            self.raw("(").word("UNCHANGEDSINCE").raw(&format!(" {n}) "));
        }
        self.raw(match store.change {
            FlagChange::Add => "+",
            FlagChange::Remove => "-",
            FlagChange::Replace => "",
        });
        self.word(if store.silent { "FLAGS.SILENT" } else { "FLAGS" }).raw(" ");
        let mut words: Vec<String> = SystemFlag::ALL
            .into_iter()
            .filter(|f| store.flags.system.has(*f))
            .map(|f| f.as_str().to_owned())
            .collect();
        words.extend(store.flags.keywords.iter().map(|k| k.as_str().to_owned()));
        if words.is_empty() || self.choose(2) == 0 {
            self.list(&words, |c, w| {
                c.raw(w);
            });
        } else {
            self.raw(&words.join(" "));
        }
    }
}
