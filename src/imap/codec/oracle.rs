//! Two judges of the decoder: what a client wrote is what it meant, and imap-codec agrees wherever
//! it understands the command: it reads it, writes it in its own way, and the decoder must find
//! the same command in both.

use imap_codec::CommandCodec;
use imap_codec::decode::Decoder as _;
use imap_codec::encode::{Encoder as _, Fragment};
use proptest::prelude::*;

use super::client::{Client, extended, shared};
use super::{Decoder, Event, Limits};
use crate::imap::command::{Command, CommandBody};

fn ours(wire: &[u8]) -> CommandBody {
    let mut decoder = Decoder::new(Limits::signed_in(1 << 20));
    let mut input = wire;
    loop {
        match decoder.decode(&mut input) {
            Some(Event::Continue) => {}
            Some(Event::Command(Command { tag, body })) => {
                assert_eq!(tag.as_str(), "a1");
                assert!(input.is_empty() && decoder.is_idle());
                return body;
            }
            other => panic!("{}: {other:?}", wire.escape_ascii()),
        }
    }
}

/// The command as imap-codec writes it.
fn theirs(wire: &[u8]) -> Vec<u8> {
    let codec = CommandCodec::default();
    let (rest, command) = match codec.decode(wire) {
        Ok(decoded) => decoded,
        Err(e) => panic!("imap-codec does not understand {}: {e:?}", wire.escape_ascii()),
    };
    assert!(rest.is_empty());
    codec
        .encode(&command)
        .flat_map(|fragment| match fragment {
            Fragment::Line { data } | Fragment::Literal { data, .. } => data,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn imap_codec_agrees(body in shared(), style in any::<u64>()) {
        let wire = Client::command(&body, style);
        prop_assert_eq!(&ours(&wire), &body, "{}", wire.escape_ascii());
        let again = theirs(&wire);
        prop_assert_eq!(&ours(&again), &body, "{} {}", wire.escape_ascii(), again.escape_ascii());
    }

    #[test]
    fn what_a_client_meant(body in prop_oneof![shared().boxed(), extended().boxed()], style in any::<u64>()) {
        let wire = Client::command(&body, style);
        prop_assert_eq!(&ours(&wire), &body, "{}", wire.escape_ascii());
    }
}
