//! Questions as real programs put them, and answers read back.

use proptest::prelude::*;
use uuid::Uuid;

use super::request::{Malformed, Name};
use super::*;
use crate::devices::vcard::{Person, Version};

fn card(n: u128, revision: i64, last: &str) -> CardState {
    let uid = Uuid::from_u128(n);
    let person = Person {
        uid,
        first_name: "Bert".to_owned(),
        last_name: last.to_owned(),
        practice: Some("Praxis & Söhne".to_owned()),
        secure_address: format!("bert.{n}@secure.example"),
    };
    CardState { uid, revision, person: Some(person) }
}

/// Bert Adam, Bert Bond, and somebody who has left.
fn book() -> BookState {
    let gone = CardState { person: None, ..card(3, 7, "") };
    BookState { revision: 7, cards: vec![card(1, 2, "Adam"), card(2, 5, "Bond <&>"), gone] }
}

fn names(properties: &str) -> Properties {
    let text = format!(
        "<d:propfind xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:carddav' xmlns:cs='http://calendarserver.org/ns/'><d:prop>{properties}</d:prop></d:propfind>"
    );
    propfind_body(text.as_bytes()).unwrap()
}

fn sync(token: &str, more: &str) -> Answer {
    let text = format!(
        "<?xml version=\"1.0\"?><D:sync-collection xmlns:D=\"DAV:\"><D:sync-token>{token}</D:sync-token>\
         <D:sync-level>1</D:sync-level>{more}<D:prop><D:getetag/></D:prop></D:sync-collection>"
    );
    let asked = report_body(text.as_bytes()).unwrap();
    let mut book = book();
    if let Some(since) = token_revision(token) {
        book.cards.retain(|c| c.revision > since);
    }
    report(&asked, &book)
}

#[test]
fn paths() {
    for resource in [
        Resource::Root,
        Resource::Principal,
        Resource::Home,
        Resource::Book,
        Resource::Card(Uuid::from_u128(5)),
    ] {
        assert_eq!(Resource::of(&resource.path()), Some(resource));
    }
    assert_eq!(Resource::of("/carddav"), Some(Resource::Root));
    assert_eq!(Resource::of("/carddav/me/books/contacts"), Some(Resource::Book));
    assert_eq!(Resource::of("/"), Some(Resource::Host));
    for nothing in [
        "/carddav/you/",
        "/carddav/me/books/contacts/x.vcf",
        "/carddav/me/books/contacts/00000000000000000000000000000005.vcf",
    ] {
        assert_eq!(Resource::of(nothing), None, "{nothing}");
    }
}

/// As an iPhone and Thunderbird begin.
#[test]
fn discovery_leads_to_the_book() {
    let state = book();
    let asked = Asked { full_name: "Anna <Weber>", book: Some(&state) };
    let at = |resource, depth, wanted: &str| propfind(resource, depth, &names(wanted), asked).unwrap().body;
    let root =
        at(Resource::Root, Depth::Zero, "<d:current-user-principal/><d:resourcetype/><x xmlns='urn:other'/>");
    assert!(root.contains("<D:current-user-principal><D:href>/carddav/me/</D:href>"), "{root}");
    assert!(root.contains("<X:x xmlns:X=\"urn:other\"/></D:prop><D:status>HTTP/1.1 404 Not Found"), "{root}");
    let principal = at(Resource::Principal, Depth::Zero, "<c:addressbook-home-set/><d:displayname/>");
    assert!(principal.contains("<C:addressbook-home-set><D:href>/carddav/me/books/</D:href>"), "{principal}");
    assert!(principal.contains("Anna &lt;Weber&gt;"), "{principal}");
    let home = at(
        Resource::Home,
        Depth::One,
        "<d:resourcetype/><d:current-user-privilege-set/><cs:getctag/><d:sync-token/>",
    );
    assert!(home.contains("<D:href>/carddav/me/books/contacts/</D:href>"), "{home}");
    assert!(
        home.contains("<D:collection/><C:addressbook/>") && home.contains("<S:getctag>7</S:getctag>"),
        "{home}"
    );
    assert!(home.contains("<D:read/>") && !home.contains("write"), "{home}");
    let members = at(Resource::Book, Depth::One, "<d:getetag/><d:getcontenttype/>");
    assert!(members.contains("00000000-0000-0000-0000-000000000002.vcf</D:href>"), "{members}");
    assert!(!members.contains("000000000003.vcf"), "who has left is no member: {members}");
    assert!(members.contains("<D:getetag>&quot;5&quot;</D:getetag>"), "{members}");
}

#[test]
fn r21_a_free_account_has_no_book() {
    let asked = Asked { full_name: "Frieda", book: None };
    let home = propfind(Resource::Home, Depth::One, &Properties::All, asked).unwrap().body;
    assert!(!home.contains("contacts/"), "{home}");
    for resource in [Resource::Book, Resource::Card(Uuid::from_u128(1))] {
        assert_eq!(propfind(resource, Depth::Zero, &Properties::All, asked), None);
    }
}

/// RFC 6578 §3
#[test]
fn synchronisation() {
    let first = sync("", "").body;
    assert_eq!(first.matches("<D:response>").count(), 2, "nothing that is gone: {first}");
    assert!(first.contains("<D:sync-token>urn:postern:contacts:7</D:sync-token>"), "{first}");
    let later = sync("urn:postern:contacts:2", "").body;
    assert!(later.contains("000000000002.vcf</D:href><D:propstat>"), "{later}");
    assert!(later.contains("000000000003.vcf</D:href><D:status>HTTP/1.1 404 Not Found"), "{later}");
    assert_eq!(sync("urn:postern:contacts:7", "").body.matches("<D:response>").count(), 0);
    for bad in ["urn:postern:contacts:8", "urn:postern:contacts:-1", "http://other/7"] {
        let answer = sync(bad, "");
        assert!(answer.status == 403 && answer.body.contains("valid-sync-token"), "{bad}: {}", answer.body);
    }
    let cut = sync("", "<D:limit><D:nresults>1</D:nresults></D:limit>").body;
    assert!(cut.contains("507 Insufficient Storage") && cut.contains(":contacts:2</D:sync-token>"), "{cut}");
}

#[test]
fn cards_come_in_the_version_asked_for() {
    let ask = |version: &str| {
        let text = format!(
            "<C:addressbook-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:prop><D:getetag/>\
             <C:address-data content-type=\"text/vcard\" version=\"{version}\"/></D:prop>\
             <D:href>https://portal.example/carddav/me/books/contacts/00000000-0000-0000-0000-000000000002.vcf</D:href>\
             <D:href>/carddav/me/books/contacts/00000000-0000-0000-0000-000000000009.vcf</D:href></C:addressbook-multiget>"
        );
        report(&report_body(text.as_bytes()).unwrap(), &book()).body
    };
    let three = ask("3.0");
    assert!(
        three.contains("VERSION:3.0&#13;\n") && three.contains("FN:Bert Bond &lt;&amp;&gt;&#13;\n"),
        "{three}"
    );
    assert!(three.contains("000000000009.vcf</D:href><D:status>HTTP/1.1 404"), "{three}");
    assert!(ask("4.0").contains("VERSION:4.0&#13;\n"));
}

#[test]
fn queries() {
    let ask = |filter: &str| {
        let text = format!(
            "<C:addressbook-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:prop><D:getetag/></D:prop>\
             {filter}</C:addressbook-query>"
        );
        report(&report_body(text.as_bytes()).unwrap(), &book())
    };
    let found = |filter: &str| ask(filter).body.matches("<D:propstat>").count();
    assert_eq!(found(""), 2);
    let text = |property: &str, more: &str, text: &str| {
        format!(
            "<C:filter><C:prop-filter name=\"{property}\"><C:text-match {more}>{text}</C:text-match></C:prop-filter></C:filter>"
        )
    };
    assert_eq!(found(&text("FN", "", "aDAM")), 1);
    assert_eq!(found(&text("FN", "match-type=\"starts-with\"", "bert")), 2);
    assert_eq!(found(&text("EMAIL", "match-type=\"equals\"", "bert.2@secure.example")), 1);
    assert_eq!(found(&text("FN", "negate-condition=\"yes\"", "adam")), 1);
    assert_eq!(found(&text("ORG", "", "Praxis &amp; s\u{f6}hne")), 2);
    assert_eq!(found("<C:filter><C:prop-filter name=\"TEL\"/></C:filter>"), 0);
    assert_eq!(
        found("<C:filter><C:prop-filter name=\"TEL\"><C:is-not-defined/></C:prop-filter></C:filter>"),
        2
    );
    let all = "<C:filter test=\"allof\"><C:prop-filter name=\"FN\"><C:text-match>adam</C:text-match></C:prop-filter><C:prop-filter name=\"FN\"><C:text-match>bond</C:text-match></C:prop-filter></C:filter>";
    assert_eq!(found(all), 0);
    assert_eq!(found(&all.replace("allof", "anyof")), 2);
    assert!(ask(&text("FN", "collation=\"i;octet\"", "x")).body.contains("supported-collation"));
    let parameter =
        "<C:filter><C:prop-filter name=\"EMAIL\"><C:param-filter name=\"TYPE\"/></C:prop-filter></C:filter>";
    assert!(ask(parameter).body.contains("supported-filter"));
    assert!(ask("<C:limit><C:nresults>1</C:nresults></C:limit>").body.contains("507"));
}

#[test]
fn what_is_no_question() {
    for body in [
        "x",
        "<a/>",
        "<D:propfind xmlns:D='DAV:'>",
        "<D:propfind xmlns:D='DAV:'/>",
        "<propfind/>",
        "<X:propfind/>",
        "<!DOCTYPE x [<!ENTITY e 'e'>]><D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>",
        "<D:propfind xmlns:D='DAV:'><D:prop><D:a&b/></D:prop></D:propfind>",
    ] {
        assert_eq!(propfind_body(body.as_bytes()), Err(Malformed), "{body}");
    }
    assert_eq!(propfind_body(b" \r\n"), Ok(Properties::All));
    let nested = format!("<D:propfind xmlns:D='DAV:'>{}", "<D:x>".repeat(100_000));
    assert_eq!(propfind_body(nested.as_bytes()), Err(Malformed));
    assert_eq!(report_body(b"<D:version-tree xmlns:D='DAV:'/>"), Ok(Report::Unknown));
    let Properties::These(found, Version::Three) = names("<d:getetag/><c:address-data/>") else { panic!() };
    assert_eq!(found, [Name::dav("getetag"), Name::card("address-data")]);
}

proptest! {
    /// Whatever is asked, the answer is well-formed.
    #[test]
    fn no_question_breaks_the_answer(
        inside in "(<[a-z:]{1,6}( [a-z]=\"[^<\"]{0,5}\")?/?>|</[a-z:]{1,6}>|&[a-z#0-9]{1,4};|[ -~]){0,30}",
        last in any::<String>(),
    ) {
        let mut state = book();
        state.cards.push(card(9, 7, &last));
        let asked = Asked { full_name: &last, book: Some(&state) };
        let body = format!("<D:propfind xmlns:D='DAV:' xmlns:c='urn:ietf:params:xml:ns:carddav'><D:prop>{inside}</D:prop></D:propfind>");
        let wanted = propfind_body(body.as_bytes()).unwrap_or(Properties::All);
        for resource in [Resource::Root, Resource::Home, Resource::Book] {
            let answer = propfind(resource, Depth::One, &wanted, asked).unwrap();
            let mut reader = quick_xml::Reader::from_str(&answer.body);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e)) => {
                        prop_assert!(e.attributes().all(|a| a.is_ok()));
                    }
                    Ok(_) => {}
                    Err(error) => prop_assert!(false, "{error}: {}", answer.body),
                }
            }
        }
        for head in ["D:sync-collection", "c:addressbook-query", "c:addressbook-multiget"] {
            let body = format!("<{head} xmlns:D='DAV:' xmlns:c='urn:ietf:params:xml:ns:carddav'>{inside}</{head}>");
            if let Ok(asked) = report_body(body.as_bytes()) {
                let _ = report(&asked, &state);
            }
        }
    }
}
