//! Any bytes as a message: no panic, the same facts at any split, every range inside the message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern::mime::{FactsRef, Limits, Scan, Scanner, SectionPart, SectionSpec, TextDecoder, TransferDecoder};

fn scan(message: &[u8], step: usize) -> Scan {
    let mut scanner = Scanner::new(Limits { header_bytes: 4096, parts: 50, depth: 8 });
    message.chunks(step).for_each(|chunk| scanner.feed(chunk));
    scanner.finish()
}

fuzz_target!(|message: &[u8]| {
    let whole = scan(message, message.len().max(1));
    let step = message.first().map_or(1, |b| usize::from(*b % 61) + 1);
    assert_eq!(scan(message, step), whole);

    let stored = whole.facts.encode();
    let view = FactsRef::parse(&stored).expect("facts just written");
    let sections = view.sections();
    assert_eq!(sections, whole.facts.view().sections());
    for (section, part) in sections.iter().zip(&whole.summary.parts) {
        let body = &message[section.body.start as usize..section.body.end as usize];
        let mut decoded = Vec::new();
        let mut decoder = TransferDecoder::new(section.encoding);
        decoder.push(body, &mut decoded);
        decoder.finish(&mut decoded);
        if let Some(content) = &part.content {
            assert_eq!(content.decoded_size, decoded.len() as u64);
            assert!(decoded.starts_with(&content.head));
        }
        TextDecoder::decode(section.charset, &decoded);
        for which in [SectionPart::Whole, SectionPart::Header, SectionPart::Text, SectionPart::Mime] {
            if let Some(range) = view.locate(SectionSpec::new(&part.path, which)) {
                assert!(range.start <= range.end && range.end <= message.len() as u64);
            }
        }
    }
    // The same bytes as stored facts.
    if let Ok(damaged) = FactsRef::parse(message) {
        damaged.part(&[1, 2]);
        damaged.locate(SectionSpec::new(&[1], SectionPart::Header));
    }
});
