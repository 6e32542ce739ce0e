//! What is said is understood in the same way wherever it is cut, damaged or not.

use proptest::prelude::*;

use super::*;

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
