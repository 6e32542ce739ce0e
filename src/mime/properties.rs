//! Properties of the whole pass, over the corpus of the fuzz target and over generated messages.

use super::*;
use imap_codec::ResponseCodec;
use imap_codec::decode::Decoder as _;
use proptest::prelude::*;
use std::fmt::Write as _;

fn scan(message: &[u8]) -> Scan {
    scan_with(message, Limits::default(), message.len().max(1))
}

fn scan_with(message: &[u8], limits: Limits, step: usize) -> Scan {
    let mut scanner = Scanner::new(limits);
    message.chunks(step).for_each(|chunk| scanner.feed(chunk));
    scanner.finish()
}

/// The corpus: name and bytes of each message, in order.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/mime");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() >= 50, "the corpus is there");
    files
}

/// What holds for every message whatsoever.
fn check(message: &[u8], scan: &Scan) {
    let facts = &scan.facts;
    let size = message.len() as u64;
    assert_eq!((facts.size, scan.summary.size), (size, size));
    assert!(message.starts_with(&facts.header));
    let stored = facts.encode();
    let view = FactsRef::parse(&stored).unwrap();
    let sections = view.sections();
    assert_eq!(sections, facts.view().sections());
    assert_eq!(sections.len(), scan.summary.parts.len());
    assert_eq!((sections[0].header.start, sections[0].body.end), (0, size));
    for (section, part) in sections.iter().zip(&scan.summary.parts) {
        assert_eq!(section.header.end, section.body.start);
        assert!(section.header.start <= section.header.end && section.body.start <= section.body.end);
        if let Some(parent) = section.parent {
            let outer = &sections[parent].body;
            assert!(outer.start <= section.header.start && section.body.end <= outer.end);
        }
        assert_eq!(part.encoded, section.body);
        assert_eq!(part.content.is_some(), section.kind == SectionKind::Leaf);
        locates(message, view, part);
        content(message, section, part);
    }
    assert!(view.locate(SectionSpec::new(&[9999], SectionPart::Whole)).is_none());
    is_imap("ENVELOPE", &facts.envelope);
    // imap-codec gives up at eight levels, a limit of its own.
    if depth(&sections) >= 8 {
        return;
    }
    for (item, value) in [("BODY", &facts.body), ("BODYSTRUCTURE", &facts.bodystructure)] {
        is_imap(item, value);
    }
}

/// The part numbers that the summary says lead to the section it describes.
fn locates(message: &[u8], view: FactsRef<'_>, part: &PartSummary) {
    // The multipart inside a message shares its numbers with the message's part.
    let shared = part.kind == SectionKind::Multipart && part.role == Role::Embedded;
    if !part.path.is_empty() && !shared {
        assert_eq!(view.part(&part.path).unwrap().body, part.encoded, "{:?}", part.path);
    }
    for which in [SectionPart::Whole, SectionPart::Header, SectionPart::Text, SectionPart::Mime] {
        if let Some(range) = view.locate(SectionSpec::new(&part.path, which)) {
            assert!(range.start <= range.end && range.end <= message.len() as u64);
        }
    }
}

/// Decoding afresh, from the start and from every checkpoint, gives what the pass saw.
fn content(message: &[u8], section: &SectionRef<'_>, part: &PartSummary) {
    let Some(content) = &part.content else {
        assert_eq!(section.decoded_size, section.body.end - section.body.start);
        return;
    };
    let decode = |from: u64| {
        let mut out = Vec::new();
        let mut decoder = TransferDecoder::new(section.encoding);
        decoder.push(&message[from as usize..section.body.end as usize], &mut out);
        decoder.finish(&mut out);
        out
    };
    let whole = decode(section.body.start);
    assert_eq!(whole.len() as u64, content.decoded_size);
    assert_eq!(section.decoded_size, content.decoded_size);
    assert_eq!(content.head, whole[..whole.len().min(1024)]);
    assert_eq!(content.has_nul, whole.contains(&0));
    assert_eq!(content.valid_utf8, std::str::from_utf8(&whole).is_ok());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &whole);
    assert_eq!(digest.as_ref(), content.sha256);
    for mark in &content.checkpoints {
        assert_eq!(decode(mark.encoded), whole[mark.decoded as usize..]);
    }
}

/// A foreign parser reads the value as part of a FETCH response.
fn is_imap(item: &str, value: &[u8]) {
    let mut response = format!("* 1 FETCH ({item} ").into_bytes();
    response.extend_from_slice(value);
    response.extend_from_slice(b")\r\n");
    let (rest, _) = ResponseCodec::new()
        .decode(&response)
        .unwrap_or_else(|error| panic!("{error:?} in {:?}", String::from_utf8_lossy(&response)));
    assert!(rest.is_empty());
}

fn depth(sections: &[SectionRef<'_>]) -> usize {
    let mut depths: Vec<usize> = Vec::new();
    for section in sections {
        depths.push(section.parent.map_or(1, |parent| depths[parent] + 1));
    }
    depths.into_iter().max().unwrap_or_default()
}

#[test]
fn the_corpus_holds_every_property_at_every_split() {
    for (name, message) in corpus() {
        let whole = scan(&message);
        check(&message, &whole);
        for step in [1, 2, 3, 7, 64, 1000] {
            assert_eq!(scan_with(&message, Limits::default(), step), whole, "{name} in steps of {step}");
        }
        for at in 0..message.len().min(3000) {
            let mut scanner = Scanner::new(Limits::default());
            scanner.feed(&message[..at]);
            scanner.feed(&message[at..]);
            assert_eq!(scanner.finish(), whole, "{name} split at {at}");
        }
    }
}

/// The corpus as a specification: what each message is taken for.
#[test]
fn the_corpus_is_understood_as_written_down() {
    let mut text = String::new();
    for (name, message) in corpus() {
        let Scan { facts, summary } = scan(&message);
        writeln!(text, "== {name}\nenvelope {}", facts.envelope.escape_ascii()).unwrap();
        if summary.parts.len() <= 20 {
            writeln!(text, "structure {}", facts.bodystructure.escape_ascii()).unwrap();
        }
        writeln!(text, "subject {:?} id {:?}", summary.subject, summary.message_id).unwrap();
        if summary.parts.len() > 20 {
            writeln!(text, "  {} sections", summary.parts.len()).unwrap();
            continue;
        }
        for part in &summary.parts {
            let body = &message[part.encoded.start as usize..part.encoded.end as usize];
            let shown = &body[..body.len().min(24)];
            writeln!(
                text,
                "  {:?} {:?} {} {:?} {}{}{} \"{}\" of {}",
                part.path,
                part.kind,
                part.media_type,
                part.names,
                if part.ambiguous { "ambiguous " } else { "" },
                if part.is_signature { "signature " } else { "" },
                part.content.as_ref().map_or(String::new(), |c| format!("decoded {}", c.decoded_size)),
                shown.escape_ascii(),
                body.len()
            )
            .unwrap();
        }
        let odd =
            (summary.encryption, summary.report, summary.limit_hit, summary.resent, summary.forwarded_id);
        if odd != (None, None, None, false, false) {
            writeln!(text, "  {odd:?}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

/// Lines that mean something to the pass, and bytes that do not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"\r\n",
        b"\n",
        b"\r",
        b"--a",
        b"--a\r\n",
        b"--a--\r\n",
        b"--ab\r\n",
        b"--ab--",
        b"--",
        b"-",
        b"--a \r\n",
        b"Content-Type: multipart/mixed; boundary=a\r\n",
        b"Content-Type: multipart/digest; boundary=\"ab\"\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: text/plain; charset=\"x\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Disposition: attachment; filename*0*=u''%41; filename*1=b\r\n",
        b"From: a@b, (c) <d@e>\r\n",
        b"To: g: x@y, \"z\" ;\r\n",
        b"Subject: =?utf-8?Q?=C3?= =?utf-8?B?vA==?=\r\n",
        b" folded\r\n",
        b"no colon\r\n",
        b"aGVs\r\nbG8=",
        b"=C3=\r\n=BC =",
        b" \t",
        b"begin 644 x\r\n",
        b"Message-ID: <a@b>\r\n",
        b"\0",
        b"\xc3\xbc",
        b"\xff",
        b"(",
        b")",
        b"\"",
        b"\\",
    ];
    prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => "[ -~]{0,80}".prop_map(String::into_bytes),
    ]
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat())
}

/// A well-formed part, as any mail program would write it, and how many sections it has.
#[derive(Clone, Debug)]
enum Part {
    Leaf { media: &'static str, encoding: &'static str, body: Vec<u8> },
    Multipart(&'static str, Vec<Part>),
    Message(Box<Part>),
}

fn well_formed() -> impl Strategy<Value = Part> {
    let leaf = prop_oneof![
        "([a-zA-Z ,.]{0,60}\r\n){0,5}".prop_map(|t| Part::Leaf {
            media: "text/plain",
            encoding: "7bit",
            body: t.into_bytes()
        }),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(|body| Part::Leaf {
            media: "application/pdf",
            encoding: "base64",
            body
        }),
        "[a-zäöü=]{0,60}".prop_map(|t| Part::Leaf {
            media: "text/html",
            encoding: "quoted-printable",
            body: t.into_bytes()
        }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (
                proptest::sample::select(vec!["mixed", "alternative", "related"]),
                proptest::collection::vec(inner.clone(), 1..4)
            )
                .prop_map(|(subtype, parts)| Part::Multipart(subtype, parts)),
            // mail-parser loses its way in a message that is nothing but a message.
            inner.prop_map(|part| match part {
                Part::Message(_) => part,
                part => Part::Message(Box::new(part)),
            }),
        ]
    })
}

/// Writes a part; `next` numbers the boundaries.
fn write_part(part: &Part, next: &mut u32, out: &mut Vec<u8>) {
    match part {
        Part::Leaf { media, encoding, body } => {
            out.extend_from_slice(
                format!("Content-Type: {media}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n").as_bytes(),
            );
            match *encoding {
                "base64" => {
                    use base64::Engine as _;
                    let text = base64::engine::general_purpose::STANDARD.encode(body);
                    for line in text.as_bytes().chunks(76) {
                        out.extend_from_slice(line);
                        out.extend_from_slice(b"\r\n");
                    }
                }
                "quoted-printable" => out.extend_from_slice(&quoted_printable::encode(body)),
                _ => out.extend_from_slice(body),
            }
        }
        Part::Multipart(subtype, parts) => {
            let boundary = format!("=_{next}");
            *next += 1;
            out.extend_from_slice(
                format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n\r\npreamble\r\n")
                    .as_bytes(),
            );
            for part in parts {
                out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
                write_part(part, next, out);
            }
            out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        }
        Part::Message(inner) => {
            out.extend_from_slice(
                b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: x@y.example\r\n",
            );
            write_part(inner, next, out);
        }
    }
}

/// Header start, body start and, of leaves, the end of each entity, in order, as `mail-parser` sees
/// them. (It ends a multipart at the last delimiter, not where the next outer one begins.)
fn foreign_offsets(message: &mail_parser::Message<'_>, out: &mut Vec<(u64, u64, Option<u64>)>) {
    use mail_parser::PartType::{Message, Multipart};
    for part in &message.parts {
        let end = (!matches!(part.body, Message(_) | Multipart(_))).then_some(part.offset_end.into());
        out.push((part.offset_header.into(), part.offset_body.into(), end));
        if let mail_parser::PartType::Message(inner) = &part.body {
            foreign_offsets(inner, out);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_hold_every_property(message in message()) {
        check(&message, &scan(&message));
    }

    #[test]
    fn any_split_gives_the_same(message in message(), step in 1usize..50, at in any::<prop::sample::Index>()) {
        let whole = scan(&message);
        prop_assert_eq!(&scan_with(&message, Limits::default(), step), &whole);
        let at = at.index(message.len() + 1);
        let mut scanner = Scanner::new(Limits::default());
        scanner.feed(&message[..at]);
        scanner.feed(&message[at..]);
        prop_assert_eq!(&scanner.finish(), &whole);
    }

    #[test]
    fn tight_limits_hold_at_any_split(message in message(), header_bytes in 0usize..200, parts in 1usize..6, depth in 1usize..4, step in 1usize..50) {
        let limits = Limits { header_bytes, parts, depth };
        let whole = scan_with(&message, limits, message.len().max(1));
        check(&message, &whole);
        prop_assert!(whole.facts.sections.len() <= parts);
        prop_assert!(whole.facts.header.len() <= header_bytes);
        prop_assert_eq!(scan_with(&message, limits, step), whole);
    }

    #[test]
    fn mutated_mail_holds_every_property(which in any::<prop::sample::Index>(), edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..20)) {
        let corpus = corpus();
        let mut message = corpus[which.index(corpus.len())].1.clone();
        for (at, byte, how) in edits {
            let at = at.index(message.len() + 1);
            match how {
                0 => message.insert(at, byte),
                1 if at < message.len() => message[at] = byte,
                _ => { message.truncate(message.len().max(at + 1) - 1); }
            }
        }
        let whole = scan(&message);
        check(&message, &whole);
        prop_assert_eq!(scan_with(&message, Limits::default(), 5), whole);
    }

    #[test]
    fn damaged_facts_never_panic(message in message(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut stored = scan(&message).facts.encode();
        let at = at.index(stored.len());
        stored[at] = byte;
        for bytes in [&stored[..], &stored[..at]] {
            if let Ok(view) = FactsRef::parse(bytes) {
                view.sections();
                view.part(&[1, 1, 1]);
                view.locate(SectionSpec::new(&[1, 2], SectionPart::Text));
            }
        }
    }

    /// Two programs, one structure: `mail-parser` finds the same sections at the same places.
    #[test]
    fn well_formed_mail_is_seen_as_others_see_it(part in well_formed()) {
        let mut message = b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n".to_vec();
        write_part(&part, &mut 0, &mut message);
        let ours = scan(&message);
        check(&message, &ours);
        let theirs = mail_parser::MessageParser::default().parse(&message).unwrap();
        let mut offsets = Vec::new();
        foreign_offsets(&theirs, &mut offsets);
        let leaf_end = |s: &Section| (s.kind == SectionKind::Leaf).then_some(s.body.end);
        let own: Vec<_> =
            ours.facts.sections.iter().map(|s| (s.header.start, s.body.start, leaf_end(s))).collect();
        prop_assert_eq!(own, offsets);
    }

    #[test]
    fn header_tools_never_panic(raw in proptest::collection::vec(piece(), 0..20)) {
        let raw = raw.concat();
        decode_header(&raw);
        addresses(&raw);
        message_ids(&raw);
        sent_date(&raw);
        let mut chosen = Vec::new();
        select_header_fields(&raw, &["from"], false, &mut chosen);
        select_header_fields(&raw, &["from"], true, &mut chosen);
    }
}

/// RFC 9051 §6.4.5: the example of part numbers.
#[test]
fn part_numbers_of_the_rfc() {
    let inner = |subject: &str, body: &str| format!("Subject: {subject}\r\n{body}");
    let leaf = |media: &str, text: &str| format!("Content-Type: {media}\r\n\r\n{text}");
    let multi = |subtype: &str, boundary: &str, parts: &[String]| {
        let mut out = format!("Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n");
        for part in parts {
            write!(out, "--{boundary}\r\n{part}\r\n").unwrap();
        }
        write!(out, "--{boundary}--").unwrap();
        out
    };
    let third = inner(
        "third",
        &multi("mixed", "b3", &[leaf("text/plain", "3.1"), leaf("application/octet-stream", "3.2")]),
    );
    let alternative =
        multi("alternative", "b422", &[leaf("text/plain", "4.2.2.1"), leaf("text/richtext", "4.2.2.2")]);
    let second = inner("fourth", &multi("mixed", "b42", &[leaf("text/plain", "4.2.1"), alternative]));
    let fourth = multi("mixed", "b4", &[leaf("image/gif", "4.1"), leaf("message/rfc822", &second)]);
    let message = inner(
        "top",
        &multi(
            "mixed",
            "b",
            &[
                leaf("text/plain", "1"),
                leaf("application/octet-stream", "2"),
                leaf("message/rfc822", &third),
                fourth,
            ],
        ),
    );
    let scan = scan(message.as_bytes());
    check(message.as_bytes(), &scan);
    let view = scan.facts.view();
    let read = |path: &[u32], part| {
        view.locate(SectionSpec::new(path, part)).map(|r| &message[r.start as usize..r.end as usize])
    };
    for path in [&[1][..], &[2], &[3, 1], &[3, 2], &[4, 1], &[4, 2, 1], &[4, 2, 2, 1], &[4, 2, 2, 2]] {
        let name = path.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        assert_eq!(read(path, SectionPart::Whole), Some(name.as_str()));
        assert!(read(path, SectionPart::Mime).unwrap().starts_with("Content-Type: "));
        assert_eq!(read(path, SectionPart::Header), None);
        assert_eq!(read(path, SectionPart::Text), None);
    }
    assert_eq!(read(&[], SectionPart::Whole), Some(message.as_str()));
    assert!(read(&[], SectionPart::Header).unwrap().starts_with("Subject: top\r\n"));
    assert!(read(&[], SectionPart::Text).unwrap().starts_with("--b\r\n"));
    assert_eq!(read(&[], SectionPart::Mime), None);
    assert_eq!(read(&[3], SectionPart::Whole), Some(third.as_str()));
    assert!(read(&[3], SectionPart::Header).unwrap().starts_with("Subject: third\r\n"));
    assert!(read(&[3], SectionPart::Text).unwrap().starts_with("--b3\r\n"));
    assert_eq!(read(&[4, 1], SectionPart::Mime), Some("Content-Type: image/gif\r\n\r\n"));
    assert!(read(&[4, 2], SectionPart::Header).unwrap().starts_with("Subject: fourth\r\n"));
    assert!(read(&[4, 2, 2], SectionPart::Whole).unwrap().starts_with("--b422\r\n"));
    for path in [&[0][..], &[5], &[1, 1], &[3, 3], &[4, 3], &[4, 2, 1, 1], &[4, 1, 1]] {
        assert_eq!(read(path, SectionPart::Whole), None, "{path:?}");
    }
}

/// RFC 9051 §6.4.5: every message has at least one part; that of a plain one is its body.
#[test]
fn part_one_of_a_message_that_is_no_multipart() {
    let message = "Subject: x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext";
    let scan = scan(message.as_bytes());
    let view = scan.facts.view();
    let read = |path: &[u32], part| {
        view.locate(SectionSpec::new(path, part)).map(|r| &message[r.start as usize..r.end as usize])
    };
    assert_eq!(read(&[1], SectionPart::Whole), Some("Subject: inner\r\n\r\ntext"));
    assert_eq!(read(&[1], SectionPart::Mime), Some("Subject: x\r\nContent-Type: message/rfc822\r\n\r\n"));
    assert_eq!(read(&[1], SectionPart::Header), Some("Subject: inner\r\n\r\n"));
    assert_eq!(read(&[1], SectionPart::Text), Some("text"));
    assert_eq!(read(&[1, 1], SectionPart::Whole), Some("text"));
    assert_eq!(read(&[1, 1, 1], SectionPart::Whole), None);
    assert_eq!(read(&[2], SectionPart::Whole), None);
}

/// Bombs: what is kept does not grow with what comes.
#[test]
fn bombs_stay_small() {
    let limits = Limits::default();
    let million_parts =
        [b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec(), b"--b\r\n\r\n".repeat(1_000_000)]
            .concat();
    let nesting: Vec<u8> = (0..100_000)
        .flat_map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n").into_bytes())
        .collect();
    let messages = b"Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let header = b"X: y\r\n".repeat(1_000_000);
    let endless_line = [b"X: ".to_vec(), vec![b'x'; 5_000_000]].concat();
    let part_headers = [
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec(),
        [b"--b\r\nX: ".to_vec(), vec![b'x'; 100_000], b"\r\n\r\n".to_vec()].concat().repeat(50),
    ]
    .concat();
    let dashes =
        [b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec(), b"--\r\n".repeat(1_000_000)].concat();
    let people = [b"From: ".to_vec(), b"a,".repeat(100_000)].concat();
    for (name, message, hit) in [
        ("parts", million_parts, Some(LimitHit::Parts)),
        ("nesting", nesting, Some(LimitHit::Depth)),
        ("messages", messages, Some(LimitHit::Depth)),
        ("header", header, Some(LimitHit::Header)),
        ("endless line", endless_line, Some(LimitHit::Header)),
        ("part headers", part_headers, Some(LimitHit::Header)),
        ("dashes", dashes, None),
        ("people", people, Some(LimitHit::Values)),
    ] {
        let scan = scan_with(&message, limits, 10_000);
        assert_eq!(scan.summary.limit_hit, hit, "{name}");
        assert!(scan.facts.sections.len() <= limits.parts, "{name}");
        let stored = scan.facts.encode().len();
        assert!(stored < 3 * limits.header_bytes, "{name}: {stored} bytes of facts");
        assert_eq!(
            scan.facts.view().locate(SectionSpec::new(&[], SectionPart::Whole)),
            Some(0..message.len() as u64)
        );
    }
}

/// A scanner travels with its connection from thread to thread.
#[test]
fn a_scanner_can_be_sent() {
    fn sent<T: Send + 'static>() {}
    sent::<Scanner>();
    sent::<Scan>();
    sent::<TransferDecoder>();
    sent::<TextDecoder>();
}
