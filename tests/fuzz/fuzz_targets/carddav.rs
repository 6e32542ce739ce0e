//! Any bytes as the body of a CardDAV request: no panic, and every answer is well-formed XML with declared
//! prefixes, whatever the question brought into it, and not out of proportion.
//!
//! The first byte chooses: bit 0 PROPFIND or REPORT, then the resource, the depth, and whether there is a book.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern::devices::carddav::{
    Answer, Asked, BODY_MAX, BookState, CardState, Depth, Resource, propfind, propfind_body, report, report_body,
};
use postern::devices::vcard::Person;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use uuid::Uuid;

fn book() -> BookState {
    let card = |n: u128, name: &str| CardState {
        uid: Uuid::from_u128(n),
        revision: n as i64,
        person: (!name.is_empty()).then(|| Person {
            uid: Uuid::from_u128(n),
            first_name: name.to_owned(),
            last_name: "Brandt; <Söhne> & \"Co\", \u{1}]]>".to_owned(),
            practice: Some("Praxis\\am Markt".to_owned()),
            secure_address: format!("p{n}@secure.test"),
        }),
    };
    BookState { revision: 3, cards: vec![card(1, "Anna"), card(2, ""), card(3, "Ben\r\nX")] }
}

fn well_formed(Answer { status, body }: &Answer) {
    assert!(matches!(status, 207 | 403));
    let mut reader = quick_xml::NsReader::from_str(body);
    reader.config_mut().check_end_names = true;
    let mut depth = 0_u32;
    loop {
        let (namespace, event) = reader.read_resolved_event().unwrap_or_else(|e| panic!("{e}: {body}"));
        assert!(!matches!(namespace, ResolveResult::Unknown(_)), "{body}");
        match event {
            Event::Start(start) | Event::Empty(start) if !is_name(start.local_name().as_ref()) => panic!("{body}"),
            Event::Start(start) => {
                start.attributes().for_each(|a| drop(a.expect(body)));
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Text(text) => drop(text.decode().expect(body)),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
}

/// No character that ends a name or an element.
fn is_name(local: &[u8]) -> bool {
    !local.is_empty() && !local.iter().any(|b| b.is_ascii_whitespace() || b"<>&\"'/=:".contains(b))
}

fuzz_target!(|data: &[u8]| {
    let Some((&mode, body)) = data.split_first() else { return };
    if body.len() > BODY_MAX {
        return;
    }
    let book = book();
    let answer = if mode & 1 == 0 {
        let Ok(wanted) = propfind_body(body) else { return };
        let card = |n| Resource::Card(Uuid::from_u128(n));
        let resources =
            [Resource::Host, Resource::Root, Resource::Principal, Resource::Home, Resource::Book, card(1), card(2), card(9)];
        let depth = if mode & 2 == 0 { Depth::Zero } else { Depth::One };
        let book = (mode & 4 == 0).then_some(&book);
        propfind(resources[usize::from(mode >> 3) % 8], depth, &wanted, Asked { full_name: "Anna <W> & \u{2}", book })
    } else {
        let Ok(asked) = report_body(body) else { return };
        Some(report(&asked, &book))
    };
    if let Some(answer) = answer {
        well_formed(&answer);
        // Each of the book's members repeats what was asked for, with a prefix and a namespace.
        assert!(answer.body.len() <= 8 * 1024 + 64 * body.len(), "{} for {}", answer.body.len(), body.len());
    }
});
