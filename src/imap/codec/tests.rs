//! The decoder as a whole: what it says is the same wherever the input is split, it stays in step
//! after whatever went wrong, and its limits hold at their edges.

use proptest::prelude::*;

use super::*;
use crate::imap::command::*;
use crate::types::{Flags, Keyword, MailboxName, ModSeq, Secret, SpecialUse, SystemFlag};

/// What a script of input brings, with every message taken, and its bytes joined.
fn events(limits: &Limits, utf8: Utf8Mode, pieces: &[&[u8]]) -> Vec<String> {
    let mut decoder = Decoder::new(limits.clone());
    decoder.set_utf8(utf8);
    let (mut out, mut body) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut input = *piece;
        while let Some(event) = decoder.decode(&mut input) {
            match &event {
                Event::AppendData(bytes) => {
                    body.extend_from_slice(bytes);
                    continue;
                }
                Event::Append(_) => decoder.accept_append(),
                Event::AppendSteps(_) => {
                    out.push(format!("message {:?}", String::from_utf8_lossy(&body)));
                    decoder.accept_append();
                }
                Event::Command(Command { body: CommandBody::Idle, .. }) => decoder.expect_done(),
                Event::Command(Command { body: CommandBody::Authenticate { initial: None, .. }, .. }) => {
                    decoder.expect_sasl();
                }
                _ => {}
            }
            if matches!(event, Event::Append(_) | Event::AppendSteps(_) | Event::Refused(_)) {
                body.clear();
            }
            out.push(match event {
                Event::Refused(refusal) => {
                    let mut line = Vec::new();
                    refusal.write(&mut line);
                    String::from_utf8(line).unwrap()
                }
                event => format!("{event:?}"),
            });
        }
        assert!(input.is_empty());
    }
    out
}

fn limits() -> Limits {
    Limits::signed_in(1 << 20)
}

fn whole(wire: &str) -> Vec<String> {
    events(&limits(), Utf8Mode::Off, &[wire.as_bytes()])
}

/// One event of one command.
fn parsed(wire: &str) -> CommandBody {
    parsed_in(Utf8Mode::Off, wire)
}

fn parsed_in(utf8: Utf8Mode, wire: &str) -> CommandBody {
    let wire = format!("a {wire}\r\n");
    let mut decoder = Decoder::new(limits());
    decoder.set_utf8(utf8);
    let mut input = wire.as_bytes();
    loop {
        match decoder.decode(&mut input) {
            Some(Event::Continue) => {}
            Some(Event::Command(Command { tag, body })) => {
                assert_eq!(tag.as_str(), "a");
                return body;
            }
            other => panic!("{wire:?}: {other:?}"),
        }
    }
}

fn refusal(wire: &str) -> String {
    let all = whole(&format!("a {wire}\r\n"));
    assert_eq!(all.len(), 1, "{wire}: {all:?}");
    assert!(all[0].starts_with("a NO ") || all[0].starts_with("a BAD "), "{wire}: {all:?}");
    all[0].clone()
}

fn name(name: &str) -> MailboxName {
    MailboxName::new(name).unwrap()
}

fn set(ranges: &[(u32, u32)]) -> MessageSet {
    MessageSet::Numbers(SequenceSet::from_ranges(ranges.iter().copied()))
}

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
        ("DELETE x", CommandBody::Delete(name("x"))),
        ("RENAME inbox \"a b\"", CommandBody::Rename { from: name("INBOX"), to: name("a b") }),
        ("SUBSCRIBE &ANw-", CommandBody::Subscribe(name("Ü"))),
        ("UNSUBSCRIBE {3}\r\na/b", CommandBody::Unsubscribe(name("a/b"))),
        ("CREATE a/ ", CommandBody::Create { mailbox: name("a"), uses: vec![] }),
        (
            "CREATE a (USE (\\sent \\Archive))",
            CommandBody::Create { mailbox: name("a"), uses: vec![SpecialUse::Sent, SpecialUse::Archive] },
        ),
        (
            "SELECT INBOX",
            CommandBody::Select(Select { mailbox: name("INBOX"), condstore: false, qresync: None }),
        ),
        (
            "EXAMINE INBOX (CONDSTORE)",
            CommandBody::Examine(Select { mailbox: name("INBOX"), condstore: true, qresync: None }),
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
fn append_is_streamed() {
    assert_eq!(
        whole("a append \"Sent\" (\\Seen $x) \" 1-Feb-2026 08:30:00 +0100\" {3}\r\nabc\r\nb NOOP\r\n"),
        [
            "Append(Append { tag: Tag(\"a\"), mailbox: MailboxName(\"Sent\"), replaces: None, steps: \
             [Message(AppendMessage { flags: FlagNames { system: Flags(1), keywords: [Keyword(\"$x\")] }, \
             internal_date: Some(1769931000) }), Literal(Literal { size: 3, synchronising: true, form: Plain \
             })] })",
            "Continue",
            "message \"abc\"",
            "AppendSteps([MessageEnd, End])",
            "Command(Command { tag: Tag(\"b\"), body: Noop })",
        ]
    );
    // The name may be a literal of its own; an empty message is one too.
    let all = whole("a APPEND {5}\r\nINBOX {0+}\r\n\r\n\r\nb NOOP\r\n");
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(all[0], "Continue");
    assert_eq!(all[2], "message \"\"");
    // Something behind the message.
    let all = whole("a APPEND INBOX {1+}\r\nx NIL {1+}\r\ny\r\nb NOOP\r\n");
    assert_eq!(all[1], "a BAD APPEND needs a message, sent as a literal\r\n");
    assert!(all[2].contains("Noop"), "{all:?}");
    let all = whole("a REPLACE 1 INBOX {1+}\r\nx {1+}\r\ny\r\nb NOOP\r\n");
    assert_eq!(all[1], "a BAD After the message nothing more was expected\r\n");
    assert!(all[2].contains("Noop"), "{all:?}");
    for bad in ["APPEND INBOX", "APPEND INBOX x", "APPEND INBOX \"x\"", "APPEND INBOX (\\Seen)"] {
        assert!(refusal(bad).starts_with("a BAD "), "{bad}");
    }
    assert_eq!(
        refusal("APPEND INBOX \"32-Feb-2026 08:30:00 +0100\" {3}"),
        "a BAD A date has the form 1-Feb-2026\r\n"
    );
    let utf8 = b"a APPEND INBOX UTF8 (~{2+}\r\nxy)\r\nb NOOP\r\n";
    let all = events(&limits(), Utf8Mode::Accept, &[utf8]);
    assert!(all[0].contains("form: Utf8") && all[1] == "message \"xy\"" && all.len() == 4, "{all:?}");
    let all = events(&limits(), Utf8Mode::Off, &[utf8]);
    assert!(all[0].starts_with("a BAD ") && all[1].contains("Noop") && all.len() == 2, "{all:?}");
}

/// RFC 3502, RFC 4469: several messages, and messages of several pieces.
#[test]
fn append_in_pieces() {
    let all = whole("a APPEND x {1+}\r\na (\\Seen) {1}\r\nb\r\nb NOOP\r\n");
    let kept: Vec<&str> = all.iter().map(String::as_str).filter(|e| !e.starts_with("Append(")).collect();
    assert_eq!(
        kept,
        [
            "message \"a\"",
            "AppendSteps([MessageEnd, Message(AppendMessage { flags: FlagNames { system: Flags(1), keywords: [] }, \
             internal_date: None }), Literal(Literal { size: 1, synchronising: true, form: Plain })])",
            "Continue",
            "message \"b\"",
            "AppendSteps([MessageEnd, End])",
            "Command(Command { tag: Tag(\"b\"), body: Noop })",
        ]
    );
    let all = whole(
        "a APPEND x CATENATE (URL /INBOX/;UID=1 TEXT {2+}\r\nab URL {2}\r\n;u TEXT ~{1+}\r\nc) \
         CATENATE (URL \"y\")\r\nb NOOP\r\n",
    );
    assert!(all[0].contains("Url(\"/INBOX/;UID=1\"), Literal("), "{all:#?}");
    assert_eq!(all[1], "Continue", "{all:#?}");
    assert_eq!(all[2], "message \"ab\"");
    assert!(all[3].starts_with("AppendSteps([Url(\";u\"), Literal("), "{all:#?}");
    assert_eq!(all[4], "message \"c\"");
    assert!(all[5].ends_with("Url(\"y\"), MessageEnd, End])") && all[5].contains("([MessageEnd, Message("));
    assert_eq!(all.len(), 7);
    let all = whole("a UID  REPLACE * x CATENATE (URL y)\r\nb NOOP\r\n");
    assert!(
        all[0].contains("replaces: Some(Replaced { by: Uid, message: None })") && all.len() == 2,
        "{all:?}"
    );
    for bad in [
        "APPEND x CATENATE ()",
        "APPEND x CATENATE (URL)",
        "APPEND x CATENATE (FILE y)",
        "APPEND x CATENATE (URL y",
        "APPEND x CATENATE (URL y) z",
        "REPLACE 1 x CATENATE (URL y) CATENATE (URL z)",
        "REPLACE 1:2 x {3}",
        "REPLACE x {3}",
        "REPLACE 0 x {3}",
    ] {
        assert!(refusal(bad).starts_with("a BAD "), "{bad}");
    }
}

#[test]
fn a_refused_append_stays_in_step() {
    for (wire, left) in
        [(&b"a APPEND x {3}\r\nb NOOP\r\n"[..], 1), (b"a APPEND x {3+}\r\nabc\r\nb NOOP\r\n", 1)]
    {
        let mut decoder = Decoder::new(limits());
        let mut input = wire;
        assert!(matches!(decoder.decode(&mut input), Some(Event::Append(_))));
        decoder.refuse_append();
        let mut seen = 0;
        while let Some(event) = decoder.decode(&mut input) {
            assert!(matches!(event, Event::Command(_)), "{event:?}");
            seen += 1;
        }
        assert_eq!(seen, left);
        assert!(decoder.is_idle());
    }
    // Midway.
    let mut decoder = Decoder::new(limits());
    let mut input = &b"a APPEND x {6+}\r\nabc"[..];
    assert!(matches!(decoder.decode(&mut input), Some(Event::Append(_))));
    decoder.accept_append();
    assert!(matches!(decoder.decode(&mut input), Some(Event::AppendData(b"abc"))));
    decoder.refuse_append();
    let mut input = &b"def\r\nb NOOP\r\n"[..];
    assert!(matches!(decoder.decode(&mut input), Some(Event::Command(_))));
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
fn literal_limits() {
    let small =
        Limits { literal: 10, command: 60, line: 40, literals: 3, discard: 100, append: 20, ..limits() };
    let run = |wire: &str| events(&small, Utf8Mode::Off, &[wire.as_bytes()]);
    // At the edge, and one over it.
    assert!(run("a SELECT {10}\r\n0123456789\r\n")[1].contains("Select"));
    assert_eq!(
        run("a SELECT {11}\r\nb NOOP\r\n"),
        [
            "a BAD [TOOBIG] The literal is too large here\r\n",
            "Command(Command { tag: Tag(\"b\"), body: Noop })"
        ]
    );
    let all = run("a SELECT {11+}\r\n01234567890 {2+}\r\nxx\r\nb NOOP\r\n");
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1].contains("Noop"));
    // More than is thrown away.
    assert_eq!(
        run("a SELECT {101+}\r\n"),
        [
            "a BAD [TOOBIG] The literal is too large here\r\n",
            "Close(\"More was sent than this server takes\")"
        ]
    );
    assert_eq!(run("a SELECT {99999999999999999999999+}\r\n").len(), 2);
    // A message: at the edge, over it, over what is thrown away.
    assert_eq!(run(&format!("a APPEND x {{20+}}\r\n{}\r\n", "m".repeat(20))).len(), 3);
    let all = run(&format!("a APPEND x {{21+}}\r\n{}\r\nb NOOP\r\n", "m".repeat(21)));
    assert_eq!(all[0], "a NO [TOOBIG] The message is larger than this server takes\r\n");
    assert!(all[1].contains("Noop") && all.len() == 2);
    assert!(run("a APPEND x {101+}\r\n")[1].starts_with("Close"));
    assert_eq!(run("a APPEND x {99999999}\r\nb NOOP\r\n").len(), 2);
    // Their number, and the sum.
    let roomy = Limits { command: 100, ..small.clone() };
    let sum = Limits { command: 50, ..small.clone() };
    let three = "a SEARCH OR SUBJECT {1+}\r\nx SUBJECT {1+}\r\nx SUBJECT {1+}\r\n";
    let run = |limits: &Limits, wire: &str| events(limits, Utf8Mode::Off, &[wire.as_bytes()]);
    assert!(run(&roomy, &format!("{three}x\r\n"))[0].contains("Search"));
    assert!(run(&roomy, &format!("{three}x SUBJECT {{1+}}\r\nx\r\n"))[0].starts_with("a BAD [TOOBIG]"));
    let two = "a SEARCH SUBJECT {5+}\r\n01234 SUBJECT {5+}\r\n";
    assert_eq!(two.len(), 43);
    assert!(run(&sum, &format!("{two}01234\r\n"))[0].contains("Search"));
    assert_eq!(run(&sum, &format!("{two}01234 \r\n")), ["a BAD The line is too long\r\n"]);
    assert!(
        run(&sum, &two.replacen(" {5+}\r\n", " {8+}\r\n", 2).replacen("{8+}", "{5+}", 1))[0]
            .starts_with("a BAD [TOOBIG]")
    );
    let run = |wire: &str| run(&small, wire);
    // A bad command is refused before its literal is asked for.
    assert_eq!(run("a FOO {5}\r\n"), ["a BAD Unknown command\r\n"]);
    assert_eq!(run("a NOOP {5}\r\n"), ["a BAD Too many arguments\r\n"]);
}

#[test]
fn line_limits() {
    let small = Limits { line: 40, discard: 100, ..limits() };
    let line = |n: usize| format!("a SELECT {}\r\n", "x".repeat(n - 11));
    let run = |wire: String| events(&small, Utf8Mode::Off, &[wire.as_bytes()]);
    assert!(run(line(40))[0].starts_with("Command"));
    assert_eq!(
        run(line(41) + "b NOOP\r\n"),
        ["a BAD The line is too long\r\n", "Command(Command { tag: Tag(\"b\"), body: Noop })"]
    );
    assert_eq!(run(format!("a SELECT {} {{3+}}\r\nxyz\r\nb NOOP\r\n", "x".repeat(40))).len(), 2);
    assert_eq!(run("x".repeat(41)), ["* BAD The line is too long\r\n"]);
    let all = run("a ".repeat(200));
    assert_eq!(all, ["a BAD The line is too long\r\n", "Close(\"More was sent than this server takes\")"]);
}

/// The limit may fall inside the head of a literal: the literal still belongs to the line thrown away.
#[test]
fn a_line_too_long_ends_with_a_literal() {
    let limit = limits().line;
    for over in 0..12 {
        let wire = format!("a {}{{3+}}\r\nb X\r\nc NOOP\r\n", "x".repeat(limit - over));
        let at_once = events(&limits(), Utf8Mode::Off, &[wire.as_bytes()]);
        assert!(at_once.len() <= 2 && at_once[at_once.len() - 1].contains("Noop"), "{over}: {at_once:?}");
        for chunk in [1, 2, 3, 7] {
            let pieces: Vec<&[u8]> = wire.as_bytes().chunks(chunk).collect();
            assert_eq!(events(&limits(), Utf8Mode::Off, &pieces), at_once, "{over} by {chunk}");
        }
    }
}

#[test]
fn nesting_and_length_limits() {
    let small = Limits { depth: 4, list: 5, ranges: 3, ..limits() };
    let run = |wire: &str| events(&small, Utf8Mode::Off, &[format!("a {wire}\r\n").as_bytes()])[0].clone();
    let ok = |wire: &str| assert!(run(wire).starts_with("Command"), "{wire}: {}", run(wire));
    let bad = |wire: &str| assert!(run(wire).starts_with("a BAD"), "{wire}");
    ok("SEARCH ((((SEEN))))");
    bad("SEARCH (((((SEEN)))))");
    ok("SEARCH NOT NOT NOT NOT SEEN");
    bad("SEARCH NOT NOT NOT NOT NOT SEEN");
    ok("SEARCH OR OR SEEN SEEN SEEN");
    bad("SEARCH OR OR OR SEEN SEEN SEEN SEEN");
    ok("SEARCH 1 2 3 4 5");
    bad("SEARCH 1 2 3 4 5 6");
    ok("FETCH 1,2,3 FLAGS");
    bad("FETCH 1,2,3,4 FLAGS");
    ok("STORE 1 FLAGS (a b c d e)");
    bad("STORE 1 FLAGS (a b c d e f)");
    bad(&format!("FETCH 1 BODY[{}1]", "1.".repeat(100)));
    let id = |n: usize| format!("ID ({})", "\"a\" NIL ".repeat(n));
    assert!(matches!(parsed(&id(30)), CommandBody::Id(Some(_))));
    assert!(refusal(&id(31)).starts_with("a BAD"));
    let deep = Limits { depth: usize::MAX >> 1, ..Limits::signed_in(0) };
    assert!(deep.line < 1 << 20, "recursion is bounded by the line as well");
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

#[test]
fn secrets_do_not_show() {
    let wires = [
        "a LOGIN anna hunter2\r\n",
        "a LOGIN anna \"hunter2\r\n",
        "a LOGIN anna hunter2 hunter2\r\n",
        "a AUTHENTICATE PLAIN hunter2!\r\n",
        "a AUTHENTICATE PLAIN\r\nhunter2\r\n",
        "hunter2 \"\r\n",
    ];
    for wire in wires {
        let shown = whole(wire).concat().replacen("hunter2 BAD", "", 1);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let mut decoder = Decoder::new(limits());
    assert!(decoder.decode(&mut &b"a LOGIN anna hunter2"[..]).is_none());
    assert!(!format!("{decoder:?}").contains("hunter2"));
}

/// Things clients say, right and wrong, to be put in a row and cut up.
const SAYINGS: &[&str] = &[
    "a NOOP\r\n",
    "b LOGIN {4}\r\nanna {3+}\r\nxyz\r\n",
    "c APPEND \"Sent\" (\\Seen) {11+}\r\nhello\r\nyou!\r\n",
    "d APPEND {5+}\r\nINBOX \"01-Feb-2026 08:30:00 +0100\" {4}\r\nbody\r\n",
    "e IDLE\r\nDONE\r\n\r\n",
    "f IDLE\r\nnonsense\r\n",
    "g AUTHENTICATE PLAIN\r\nAGEAYg==\r\n",
    "h UID SEARCH CHARSET UTF-8 SUBJECT {5}\r\nZähn OR FROM \"x\" NOT 1:*,4\r\n",
    "i FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (From)]<0.5>)\r\n",
    "j FOO {3+}\r\nabc {2+}\r\nde\r\n",
    "k NOOP {3+}\r\nabc\r\n",
    "l SELECT {99}\r\n",
    "m STORE 1 FLAGS (\\Recent)\r\n",
    "\r\n",
    "n XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX {2+}\r\nab\r\n",
    "o LIST (SUBSCRIBED) \"\" (\"*\" {1}\r\n%) RETURN (CHILDREN)\r\n",
    "p APPEND x {100+}\r\n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n",
    "q APPEND x {3+}\r\nabc {3+}\r\ndef\r\n",
    "r APPEND x CATENATE (URL /a/;UID=1 TEXT {3+}\r\nabc URL {3}\r\nabc) (\\Seen) {41}\r\n",
    "s UID REPLACE 3 x CATENATE (TEXT {2}\r\nab TEXT {1+}\r\nc)\r\n",
    "t REPLACE * x {2+}\r\nab {1}\r\n",
];

fn tight() -> Limits {
    Limits { line: 90, literal: 20, command: 150, literals: 4, append: 40, discard: 400, ..limits() }
}

proptest! {
    /// Wherever the input is cut, the same things are understood.
    #[test]
    fn split_anywhere(
        which in prop::collection::vec(0..SAYINGS.len(), 1..5), cuts in prop::collection::vec(0usize..600, 0..6),
    ) {
        let wire: Vec<u8> = which.iter().flat_map(|&i| SAYINGS[i].bytes()).collect();
        let at_once = events(&tight(), Utf8Mode::Off, &[&wire]);
        let by_byte: Vec<&[u8]> = wire.chunks(1).collect();
        prop_assert_eq!(&events(&tight(), Utf8Mode::Off, &by_byte), &at_once);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(wire.len())).collect();
        cuts.extend([0, wire.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &wire[w[0]..w[1]]).collect();
        prop_assert_eq!(&events(&tight(), Utf8Mode::Off, &pieces), &at_once);
    }

    /// Damaged input is answered or refused, in the same way wherever it is cut.
    #[test]
    fn mutated(
        which in prop::collection::vec(0..SAYINGS.len(), 1..4),
        edits in prop::collection::vec((0usize..400, any::<u8>(), 0u8..3), 1..6),
        chunk in 1usize..50,
    ) {
        let mut wire: Vec<u8> = which.iter().flat_map(|&i| SAYINGS[i].bytes()).collect();
        for (at, byte, how) in edits {
            let at = at % (wire.len() + 1);
            match how {
                0 if at < wire.len() => wire[at] = byte,
                1 if at < wire.len() => { wire.remove(at); }
                _ => wire.insert(at, byte),
            }
        }
        let at_once = events(&tight(), Utf8Mode::Rev2, &[&wire]);
        let pieces: Vec<&[u8]> = wire.chunks(chunk).collect();
        prop_assert_eq!(events(&tight(), Utf8Mode::Rev2, &pieces), at_once);
    }

    #[test]
    fn random_bytes(wire in prop::collection::vec(any::<u8>(), 0..300)) {
        events(&tight(), Utf8Mode::Off, &[&wire]);
    }
}
