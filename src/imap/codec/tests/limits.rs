//! The limits hold at their edges, and what a client said is not repeated.

use super::*;

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
