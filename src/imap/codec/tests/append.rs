//! Messages in a command: streamed, in pieces, refused midway.

use super::*;

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
    // RFC 6855 §4
    let utf8 = b"a APPEND x CATENATE (UTF8 (~{2+}\r\nab ) URL y UTF8 (~{1+}\r\nc))\r\nb NOOP\r\n";
    let all = events(&limits(), Utf8Mode::Accept, &[utf8]);
    assert!(all[0].contains("form: Utf8") && all[1] == "message \"ab\"", "{all:#?}");
    assert!(
        all[2].starts_with("AppendSteps([Url(\"y\"), Literal(") && all[2].contains("form: Utf8"),
        "{all:#?}"
    );
    assert!(all[4] == "AppendSteps([MessageEnd, End])" && all.len() == 6, "{all:#?}");
    let all = events(&limits(), Utf8Mode::Rev2, &[utf8]);
    assert!(all[0].starts_with("a BAD ") && all[1].contains("Noop") && all.len() == 2, "{all:#?}");
    let open = b"a APPEND x CATENATE (UTF8 (~{1+}\r\nc URL y)\r\nb NOOP\r\n";
    let all = events(&limits(), Utf8Mode::Accept, &[open]);
    assert!(all[1].starts_with("a BAD ") && all[2].contains("Noop") && all.len() == 3, "{all:#?}");
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
