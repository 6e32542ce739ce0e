//! Any bytes from a client: no panic, the same events at any split, and what is understood is
//! understood again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern::imap::codec::{Decoder, Event, Limits, Utf8Mode};
use postern::imap::command::{Command, CommandBody};
use postern::imap::utf7;

/// What the bytes bring, with every other message refused, and message bytes joined.
fn events(wire: &[u8], step: usize, mode: u8) -> Vec<String> {
    let limits = if mode & 1 == 0 {
        Limits::before_sign_in()
    } else {
        Limits { line: 300, literal: 50, command: 500, literals: 6, discard: 2000, depth: 6, ..Limits::signed_in(1000) }
    };
    let mut decoder = Decoder::new(limits);
    decoder.set_utf8([Utf8Mode::Off, Utf8Mode::Rev2, Utf8Mode::Accept][usize::from(mode >> 1) % 3]);
    let mut out = Vec::new();
    let mut message = 0;
    for piece in wire.chunks(step) {
        let mut input = piece;
        while let Some(event) = decoder.decode(&mut input) {
            match event {
                Event::AppendData(bytes) => {
                    message += bytes.len();
                    continue;
                }
                Event::Append(append) => {
                    message = 0;
                    if append.tag.as_str().len() % 2 == 0 { decoder.refuse_append() } else { decoder.accept_append() }
                    out.push(format!("{append:?}"));
                }
                Event::AppendSteps(steps) => {
                    out.push(format!("message of {message} {steps:?}"));
                    message = 0;
                    decoder.accept_append();
                }
                Event::Command(Command { tag, body }) => {
                    match &body {
                        CommandBody::Idle => decoder.expect_done(),
                        CommandBody::Authenticate { initial: None, .. } => decoder.expect_sasl(),
                        _ => {}
                    }
                    out.push(format!("{tag} {body:?}"));
                }
                Event::Refused(refusal) => {
                    let mut line = Vec::new();
                    refusal.write(&mut line);
                    assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
                    out.push(format!("{refusal:?}"));
                }
                event => out.push(format!("{event:?}")),
            }
        }
        assert!(input.is_empty());
    }
    out
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&mode, wire)) = bytes.split_first() else { return };
    let whole = events(wire, wire.len().max(1), mode);
    assert_eq!(events(wire, usize::from(mode % 7) + 1, mode), whole);
    if let Ok(name) = utf7::decode(wire) {
        let mut again = Vec::new();
        utf7::encode(&name, &mut again);
        assert_eq!(again, wire);
    }
});
