//! What each command is understood as, and what is refused.

use super::*;
use crate::types::{Flags, Keyword, ModSeq, Secret, SpecialUse, SystemFlag};

#[test]
fn plain_commands() {
    for (wire, body) in [
        ("capability", CommandBody::Capability),
        ("NOOP ", CommandBody::Noop),
        ("Logout", CommandBody::Logout),
        ("STARTTLS", CommandBody::StartTls),
        ("NAMESPACE", CommandBody::Namespace),
        ("IDLE", CommandBody::Idle),
        ("CHECK", CommandBody::Check),
        ("CLOSE", CommandBody::Close),
        ("UNSELECT", CommandBody::Unselect),
        ("EXPUNGE", CommandBody::Expunge { uids: None }),
        ("UID  EXPUNGE 3:4", CommandBody::Expunge { uids: Some(set(&[(3, 4)])) }),
        ("DELETE x", CommandBody::Delete { mailbox: name("x"), supplied: None }),
        (
            "RENAME inbox \"a b\"",
            CommandBody::Rename { from: name("INBOX"), to: name("a b"), supplied: None },
        ),
        ("SUBSCRIBE &ANw-", CommandBody::Subscribe(name("Ü"))),
        ("UNSUBSCRIBE {3}\r\na/b", CommandBody::Unsubscribe(name("a/b"))),
        ("CREATE a/ ", CommandBody::Create { mailbox: name("a"), supplied: None, uses: vec![] }),
        (
            "CREATE a (USE (\\sent \\Archive))",
            CommandBody::Create {
                mailbox: name("a"),
                supplied: None,
                uses: vec![SpecialUse::Sent, SpecialUse::Archive],
            },
        ),
        (
            "SELECT INBOX",
            CommandBody::Select(Select {
                mailbox: name("INBOX"),
                supplied: None,
                condstore: false,
                qresync: None,
            }),
        ),
        (
            "EXAMINE INBOX (CONDSTORE)",
            CommandBody::Examine(Select {
                mailbox: name("INBOX"),
                supplied: None,
                condstore: true,
                qresync: None,
            }),
        ),
        ("LSUB \"\" *", CommandBody::Lsub { reference: String::new(), pattern: "*".into() }),
        (
            "STATUS INBOX (messages UIDNEXT messages)",
            CommandBody::Status {
                mailbox: name("INBOX"),
                items: vec![StatusItem::Messages, StatusItem::UidNext],
            },
        ),
        ("GETQUOTA \"\"", CommandBody::GetQuota { root: String::new() }),
        ("GETQUOTAROOT INBOX", CommandBody::GetQuotaRoot(name("INBOX"))),
        (
            "SETQUOTA \"\" (storage 512)",
            CommandBody::SetQuota { root: String::new(), limits: vec![("STORAGE".into(), 512)] },
        ),
        ("COMPRESS deflate", CommandBody::Compress("DEFLATE".into())),
        (
            "ENABLE utf8=accept CONDSTORE IMAP4rev2 x",
            CommandBody::Enable(vec![
                Enable::Utf8Accept,
                Enable::CondStore,
                Enable::Imap4Rev2,
                Enable::Other("X".into()),
            ]),
        ),
        ("ID NIL", CommandBody::Id(None)),
        (
            "ID (\"name\" \"x\" \"version\" NIL)",
            CommandBody::Id(Some(vec![("name".into(), Some("x".into())), ("version".into(), None)])),
        ),
        (
            "LOGIN anna {3+}\r\na\"b",
            CommandBody::Login { user: "anna".into(), password: Secret::new(*b"a\"b") },
        ),
        (
            "AUTHENTICATE plain AGEAYg==",
            CommandBody::Authenticate { mechanism: "PLAIN".into(), initial: Some(Secret::new(*b"\0a\0b")) },
        ),
        (
            "AUTHENTICATE EXTERNAL =",
            CommandBody::Authenticate { mechanism: "EXTERNAL".into(), initial: Some(Secret::new([])) },
        ),
        ("AUTHENTICATE PLAIN", CommandBody::Authenticate { mechanism: "PLAIN".into(), initial: None }),
        (
            "COPY $ x",
            CommandBody::Copy(Transfer { by: By::Sequence, set: MessageSet::Saved, mailbox: name("x") }),
        ),
        (
            "UID MOVE 1,5:* x",
            CommandBody::Move(Transfer { by: By::Uid, set: set(&[(1, 1), (5, 0)]), mailbox: name("x") }),
        ),
    ] {
        assert_eq!(parsed(wire), body, "{wire}");
    }
}

#[test]
fn names_follow_the_mode() {
    assert_eq!(parsed_in(Utf8Mode::Rev2, "SUBSCRIBE \"Ü&-\""), CommandBody::Subscribe(name("Ü&-")));
    assert_eq!(parsed("SUBSCRIBE Tom&-Jerry"), CommandBody::Subscribe(name("Tom&Jerry")));
    assert!(refusal("SUBSCRIBE \"Ü\"").starts_with("a NO [CANNOT] "));
    assert!(refusal("SUBSCRIBE &Jjo").starts_with("a NO [CANNOT] "));
    assert!(refusal("SUBSCRIBE \"\"").starts_with("a NO [CANNOT] "));
    assert!(refusal("CREATE a//b").starts_with("a NO [CANNOT] "));
}

#[test]
fn list_forms() {
    let plain = List { patterns: vec!["%".into()], ..List::default() };
    assert_eq!(parsed("LIST \"\" %"), CommandBody::List(plain.clone()));
    let thunderbird = List {
        extended: true,
        select: ListSelect { subscribed: true, ..ListSelect::default() },
        patterns: vec!["*".into()],
        returns: ListReturn { special_use: true, ..ListReturn::default() },
        ..List::default()
    };
    assert_eq!(parsed("list (subscribed) \"\" \"*\" return (special-use)"), CommandBody::List(thunderbird));
    let many = List {
        extended: true,
        select: ListSelect { subscribed: true, remote: true, recursive_match: true, special_use: false },
        reference: "a/".into(),
        patterns: vec!["INBOX".into(), "Ü%".into()],
        returns: ListReturn {
            subscribed: true,
            children: true,
            special_use: false,
            status: vec![StatusItem::Unseen, StatusItem::Size],
            ..ListReturn::default()
        },
    };
    assert_eq!(
        parsed(
            "LIST (REMOTE RECURSIVEMATCH SUBSCRIBED) a/ ( INBOX \"&ANw-%\") RETURN (CHILDREN STATUS (UNSEEN SIZE) SUBSCRIBED)"
        ),
        CommandBody::List(many)
    );
    assert_eq!(parsed("LIST () \"\" %"), CommandBody::List(List { extended: true, ..plain }));
    for bad in [
        "LIST",
        "LIST \"\"",
        "LIST \"\" ()",
        "LIST (RECURSIVEMATCH) \"\" *",
        "LIST (RECURSIVEMATCH REMOTE) \"\" *",
        "LIST (X) \"\" *",
        "LIST \"\" * RETURN (X)",
        "LIST \"\" * FOO",
        "LIST \"\" * RETURN (STATUS ())",
    ] {
        assert!(refusal(bad).starts_with("a BAD "), "{bad}");
    }
}

#[test]
fn fetch_items() {
    let CommandBody::Fetch(fetch) = parsed(
        "UID fetch 1:16 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To)] BODY[]<0.65536> BODY[1.2.MIME] \
         BODY[TEXT] BODY[2] BODY[3.HEADER.FIELDS.NOT (\"X-A\")] BINARY.PEEK[1]<2.3> BINARY.SIZE[] MODSEQ UID) (CHANGEDSINCE 0)",
    ) else {
        panic!();
    };
    let section = |part: &[u32], text, partial, peek| FetchItem::Section {
        section: Section { part: part.to_vec(), text },
        partial,
        peek,
    };
    assert_eq!(
        fetch,
        Fetch {
            by: By::Uid,
            set: set(&[(1, 16)]),
            items: vec![
                FetchItem::Uid,
                FetchItem::Rfc822Size,
                FetchItem::Flags,
                section(&[], SectionText::HeaderFields(vec!["From".into(), "To".into()]), None, true),
                section(&[], SectionText::Whole, Some(Partial { offset: 0, length: 65536 }), false),
                section(&[1, 2], SectionText::Mime, None, false),
                section(&[], SectionText::Text, None, false),
                section(&[2], SectionText::Whole, None, false),
                section(&[3], SectionText::HeaderFieldsNot(vec!["X-A".into()]), None, false),
                FetchItem::Binary {
                    part: vec![1],
                    partial: Some(Partial { offset: 2, length: 3 }),
                    peek: true
                },
                FetchItem::BinarySize { part: vec![] },
                FetchItem::ModSeq,
            ],
            modifiers: FetchModifiers { changed_since: Some(ModSeq(0)), ..FetchModifiers::default() },
        }
    );
    for (one, other) in [
        ("FETCH 1 ALL", "FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)"),
        ("FETCH 1 fast", "FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)"),
        ("FETCH 1 FULL", "FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY)"),
        ("FETCH 1 BODY", "FETCH 1 ( BODY )"),
        ("FETCH 1 body[header]", "FETCH 1 (BODY[HEADER])"),
    ] {
        assert_eq!(parsed(one), parsed(other), "{one}");
    }
    for bad in [
        "FETCH",
        "FETCH 1",
        "FETCH 0 FLAGS",
        "FETCH 1: FLAGS",
        "FETCH 1,, FLAGS",
        "FETCH 4294967296 FLAGS",
        "FETCH 1 ()",
        "FETCH 1 (FLAGS",
        "FETCH 1 FLAGS)",
        "FETCH 1 FLAGS UID",
        "FETCH 1 BODY[",
        "FETCH 1 BODY[MIME]",
        "FETCH 1 BODY[1.]",
        "FETCH 1 BODY[0]",
        "FETCH 1 BODY[HEADER.FIELDS]",
        "FETCH 1 BODY[HEADER.FIELDS ()]",
        "FETCH 1 BODY[]<0.0>",
        "FETCH 1 BODY[]<0>",
        "FETCH 1 BINARY[TEXT]",
        "FETCH 1 BODY.STRUCTURE",
        "FETCH 1 (FLAGS) (X)",
        "FETCH 1 (FLAGS) ()",
    ] {
        assert!(refusal(bad).starts_with("a BAD "), "{bad}");
    }
}

#[test]
fn store_forms() {
    let flags = |system: &[SystemFlag], keywords: &[&str]| FlagNames {
        system: system.iter().fold(Flags::NONE, |all, f| all.union(Flags::of(*f))),
        keywords: keywords.iter().map(|k| Keyword::new(k).unwrap()).collect(),
    };
    let store = |by, unchanged_since, change, silent, flags| {
        CommandBody::Store(Store { by, set: set(&[(1, 0)]), unchanged_since, change, silent, flags })
    };
    assert_eq!(
        parsed("store 1:* +FLAGS.SILENT (\\Deleted)"),
        store(By::Sequence, None, FlagChange::Add, true, flags(&[SystemFlag::Deleted], &[]))
    );
    assert_eq!(
        parsed("uid store 1:* -Flags \\seen $MDNSent junk JUNK"),
        store(By::Uid, None, FlagChange::Remove, false, flags(&[SystemFlag::Seen], &["$MDNSent", "junk"]))
    );
    assert_eq!(
        parsed("STORE 1:* (UNCHANGEDSINCE 12) FLAGS ()"),
        store(By::Sequence, Some(ModSeq(12)), FlagChange::Replace, false, flags(&[], &[]))
    );
    for bad in [
        "STORE 1 +FLAGS",
        "STORE 1 FLAGS (\\Recent)",
        "STORE 1 FLAGS (\\*)",
        "STORE 1 FLAGS (\\Foo)",
        "STORE 1 (X 1) FLAGS ()",
        "STORE 1 X ()",
        "STORE 1 FLAGS (a",
    ] {
        assert!(refusal(bad).starts_with("a BAD "), "{bad}");
    }
    assert!(refusal(&format!("STORE 1 FLAGS ({})", "k".repeat(129))).starts_with("a NO [LIMIT] "));
}

#[test]
fn search_keys() {
    let key = |wire: &str| match parsed(&format!("SEARCH {wire}")) {
        CommandBody::Search(search) => search.key,
        other => panic!("{other:?}"),
    };
    let seen = || SearchKey::Flag(SystemFlag::Seen);
    assert_eq!(key("unseen"), seen().negated());
    assert_eq!(key("NEW"), SearchKey::And(vec![SearchKey::Recent, seen().negated()]));
    assert_eq!(key("((SEEN))"), seen());
    assert_eq!(
        key("OR SEEN (NOT SEEN 1:2) UID $"),
        SearchKey::And(vec![
            SearchKey::Or(
                Box::new(seen()),
                Box::new(SearchKey::And(vec![seen().negated(), SearchKey::Sequence(set(&[(1, 2)]))]))
            ),
            SearchKey::Uid(MessageSet::Saved),
        ])
    );
    assert_eq!(
        key("SENTSINCE \"2-feb-2026\""),
        SearchKey::SentDate(DateOrder::Since, jiff::civil::date(2026, 2, 2))
    );
    assert_eq!(key("HEADER Message-ID <a@b>"), SearchKey::Header("Message-ID".into(), "<a@b>".into()));
    assert_eq!(key("MODSEQ \"/flags/\\\\draft\" all 620162338"), SearchKey::ModSeq(ModSeq(620_162_338)));
    assert_eq!(key("CHARSET ISO-8859-1 SUBJECT {2}\r\nä"), SearchKey::Subject("Ã¤".into()));
    assert_eq!(
        key("CHARSET UTF-8 UNDELETED SUBJECT {5}\r\nZähn SUBJECT \"x\""),
        SearchKey::And(vec![
            SearchKey::Flag(SystemFlag::Deleted).negated(),
            SearchKey::Subject("Zähn".into()),
            SearchKey::Subject("x".into())
        ])
    );
    let returns = |wire: &str| match parsed(wire) {
        CommandBody::Search(search) => search.returns,
        other => panic!("{other:?}"),
    };
    assert_eq!(returns("SEARCH ALL"), None);
    assert_eq!(returns("SEARCH RETURN () ALL"), Some(SearchReturn { all: true, ..SearchReturn::default() }));
    assert_eq!(
        returns("UID SEARCH RETURN (MIN COUNT SAVE) CHARSET UTF-8 ALL"),
        Some(SearchReturn { min: true, count: true, save: true, ..SearchReturn::default() })
    );
    for bad in [
        "SEARCH",
        "SEARCH RETURN (X) ALL",
        "SEARCH RETURN (MIN)",
        "SEARCH ()",
        "SEARCH OR SEEN",
        "SEARCH NOT",
        "SEARCH FOO",
        "SEARCH BEFORE 31-Feb-2026",
        "SEARCH ON 1-Foo-2026",
        "SEARCH SUBJECT {2+}\r\n\r\n",
        "SEARCH MODSEQ \"/flags/x\" 3",
        "SEARCH LARGER -1",
        "SEARCH SEEN) ALL",
    ] {
        let text = whole(&format!("a {bad}\r\n")).join("");
        assert!(text.starts_with("a BAD ") || bad.contains('{'), "{bad}: {text}");
    }
    assert!(refusal("SEARCH CHARSET KLINGON SUBJECT x").starts_with("a NO [BADCHARSET ("));
    let accept = events(&limits(), Utf8Mode::Accept, &[b"a SEARCH CHARSET UTF-8 ALL\r\n"]);
    assert!(accept[0].starts_with("a BAD "));
}

#[test]
fn idle_and_sasl_lines() {
    let all = whole("a IDLE\r\nDONE\r\n\r\nb IDLE\r\nb NOOP\r\n\r\n");
    assert_eq!(all[1], "Done");
    assert_eq!(all[3], "NotDone");
    assert_eq!(all[4], "* BAD A command starts with a tag\r\n");
    assert_eq!(all.len(), 5);
    let all =
        whole("a AUTHENTICATE PLAIN\r\nAGEAYg==\r\nb AUTHENTICATE PLAIN\r\n*\r\nc AUTHENTICATE X\r\n!\r\n");
    assert_eq!(all[1], "Sasl(Data(Secret(…)))");
    assert_eq!(all[3], "Sasl(Cancel)");
    assert_eq!(all[5], "Sasl(Malformed)");
}

#[test]
fn quirks() {
    assert_eq!(whole("a NOOP\nb  noop  \r\n").len(), 2);
    assert_eq!(parsed("SELECT  INBOX "), parsed("SELECT INBOX"));
    assert_eq!(parsed("FETCH 1  ( FLAGS  UID )"), parsed("FETCH 1 (FLAGS UID)"));
}

#[test]
fn tags() {
    assert_eq!(whole("+ NOOP\r\n"), ["* BAD A command starts with a tag\r\n"]);
    assert_eq!(whole("a+b NOOP\r\n"), ["* BAD A command starts with a tag\r\n"]);
    assert_eq!(whole(" NOOP\r\n"), ["* BAD A command starts with a tag\r\n"]);
    assert_eq!(whole("a\r\n"), ["a BAD After the tag a command was expected\r\n"]);
    assert_eq!(whole("a]. noop\r\n").len(), 1);
    assert!(whole(&format!("{} NOOP\r\n", "t".repeat(255)))[0].starts_with("Command"));
    assert!(whole(&format!("{} NOOP\r\n", "t".repeat(256)))[0].starts_with("* BAD"));
}
