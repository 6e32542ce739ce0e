//! The decoder as a whole: what it says is the same wherever the input is split, it stays in step
//! after whatever went wrong, and its limits hold at their edges.

mod append;
mod cut;
mod limits;
mod understood;

use super::*;
use crate::imap::command::*;
use crate::types::MailboxName;

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
