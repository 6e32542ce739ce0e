//! Any bytes as a message that is signed (R22): no panic, the same message at any split, the same structure,
//! every part that is not signed as it was, and of a signed text nothing but an insertion.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use postern::mime::signature::{Signature, Signing, Unsigned};
use postern::mime::{Limits, Scan, Scanner, SectionKind, TextDecoder, TransferDecoder};

const LIMITS: Limits = Limits { header_bytes: 4096, parts: 50, depth: 8 };

fn sign(signature: &Arc<Signature>, message: &[u8], step: usize) -> (Vec<u8>, Vec<Unsigned>) {
    let mut signing = Signing::new(signature.clone(), LIMITS);
    let mut out = Vec::new();
    message.chunks(step).for_each(|piece| signing.push(piece, &mut out));
    let unsigned = signing.finish(&mut out);
    (out, unsigned)
}

fn scan(message: &[u8]) -> Scan {
    let mut scanner = Scanner::new(LIMITS);
    scanner.feed(message);
    scanner.finish()
}

fuzz_target!(|message: &[u8]| {
    let signature = Arc::new(Signature::new("Dr. Änne Arnold\nPraxis & Söhne").expect("words"));
    let (out, unsigned) = sign(&signature, message, message.len().max(1));
    let step = message.first().map_or(1, |b| usize::from(*b % 61) + 1);
    assert_eq!(sign(&signature, message, step), (out.clone(), unsigned.clone()));
    if unsigned.is_empty() {
        assert_eq!(out, message);
        return;
    }
    let (before, after) = (scan(message), scan(&out));
    let (old, new) = (&before.summary.parts, &after.summary.parts);
    assert_eq!(old.len(), new.len());
    for (old, new) in old.iter().zip(new) {
        assert_eq!((&old.path, old.parent, old.kind), (&new.path, new.parent, new.kind));
        assert_eq!((&old.media_type, &old.names, &old.disposition), (&new.media_type, &new.names, &new.disposition));
        let (Some(was), Some(is)) = (&old.content, &new.content) else { continue };
        let Some(signed) = unsigned.iter().find(|u| u.path == old.path) else {
            assert_eq!(was.sha256, is.sha256, "{:?}", old.path);
            continue;
        };
        assert_eq!((was.sha256, was.decoded_size), (signed.sha256, signed.decoded_size));
        assert_eq!(old.kind, SectionKind::Leaf);
        let text = |message: &[u8], part: &postern::mime::PartSummary| {
            let mut bytes = Vec::new();
            let mut decoder = TransferDecoder::new(part.encoding);
            decoder.push(&message[part.encoded.start as usize..part.encoded.end as usize], &mut bytes);
            decoder.finish(&mut bytes);
            TextDecoder::decode(part.charset.as_deref(), &bytes)
        };
        let (was, is) = (text(message, old), text(&out, new));
        let front = was.bytes().zip(is.bytes()).take_while(|(a, b)| a == b).count();
        let back = was.bytes().rev().zip(is.bytes().rev()).take_while(|(a, b)| a == b).count();
        assert!(front + back >= was.len() && is.len() > was.len(), "{was:?} became {is:?}");
    }
});
