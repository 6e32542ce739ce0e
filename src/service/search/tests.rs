//! Searching against a naive matcher, which knows what was put into the messages.

use base64::Engine as _;
use futures_util::FutureExt as _;
use jiff::civil::Date;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::hunt::Hunt;
use super::index::question::{Answer, Question};
use super::index::segment::{Builder, DOCS, Half, read_docs};
use super::index::words::Words;
use super::message::{Source, take_words};
use super::plan::{Known, Plan, Scope};
use super::{FirstPass, Hit, header};
use crate::mime::{Limits, Scanner};
use crate::service::mailbox::{MailError, Row};
use crate::types::{
    AddressField, BodyId, DateOrder, Flags, Keyword, MessageSet, ModSeq, SearchKey, SequenceSet, SystemFlag,
};

/// A text part, as the sender means it and as it is sent.
#[derive(Clone, Debug)]
struct Part {
    text: String,
    latin1: bool,
    /// 0 plain, 1 quoted-printable, 2 base64
    encoding: u8,
    name: String,
    /// Sent as a message of its own with this subject.
    embedded: Option<String>,
}

#[derive(Clone, Debug)]
struct Message {
    from: String,
    to: Vec<String>,
    subject: Option<String>,
    date: Option<Date>,
    parts: Vec<Part>,
    flags: u64,
    internal_date: i64,
    modseq: u64,
}

/// Letters that meet in many ways, and all that Latin-1 has a byte for.
const TEXT: &str = "[kvKV äÄöé]{0,12}";

fn part() -> impl Strategy<Value = Part> {
    (TEXT, any::<bool>(), 0u8..3, "[kvx]{1,4}", prop::option::of("[kvä]{0,6}"))
        .prop_map(|(text, latin1, encoding, name, embedded)| Part { text, latin1, encoding, name, embedded })
}

fn message() -> impl Strategy<Value = Message> {
    let date =
        prop::option::of((2020i16..2023, 1i8..13, 1i8..29).prop_map(|(y, m, d)| jiff::civil::date(y, m, d)));
    (
        "[kvKä]{1,6}",
        prop::collection::vec("[kvKä]{1,6}", 0..3),
        prop::option::of("[kvä][kvKäÄö ]{0,8}[kvä]"),
        date,
        prop::collection::vec(part(), 0..4),
        0u64..1024,
        0i64..4_000_000_000,
        1u64..50,
    )
        .prop_map(|(from, to, subject, date, parts, flags, internal_date, modseq)| Message {
            from,
            to,
            subject,
            date,
            parts,
            flags,
            internal_date,
            modseq,
        })
}

fn encoded_word(text: &str) -> String {
    format!("=?utf-8?b?{}?=", base64::engine::general_purpose::STANDARD.encode(text))
}

impl Part {
    /// The content in its charset, line ends included.
    fn octets(&self) -> Vec<u8> {
        if self.latin1 {
            self.text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
        } else {
            self.text.clone().into_bytes()
        }
    }

    fn sent(&self) -> Vec<u8> {
        let charset = if self.latin1 { "iso-8859-1" } else { "UTF-8" };
        let encoding = ["8bit", "quoted-printable", "base64"][usize::from(self.encoding)];
        let mut out = Vec::new();
        if let Some(subject) = &self.embedded {
            out.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\n");
            out.extend_from_slice(format!("Subject: {}\r\n", encoded_word(subject)).as_bytes());
        }
        let head = format!(
            "Content-Type: text/plain; charset={charset}; name={}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n",
            self.name
        );
        out.extend_from_slice(head.as_bytes());
        match self.encoding {
            0 => out.extend(self.octets()),
            // Soft breaks in the middle of everything.
            1 => self.octets().iter().for_each(|b| out.extend(format!("={b:02X}=\r\n").bytes())),
            _ => {
                let text = base64::engine::general_purpose::STANDARD.encode(self.octets());
                text.as_bytes().chunks(5).for_each(|line| {
                    out.extend_from_slice(line);
                    out.extend_from_slice(b"\r\n");
                });
            }
        }
        out
    }
}

impl Message {
    fn top(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("From", format!("{} <f@x.example>", self.from))];
        if !self.to.is_empty() {
            let all: Vec<String> = self.to.iter().map(|name| format!("{name} <t@x.example>")).collect();
            fields.push(("To", all.join(", ")));
        }
        fields.extend(self.subject.clone().map(|subject| ("Subject", subject)));
        fields.extend(self.date.map(|d| ("Date", d.strftime("%a, %d %b %Y 23:59:59 -0800").to_string())));
        fields
    }

    fn sent(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(format!("From: {} <f@x.example>\r\n", encoded_word(&self.from)).bytes());
        if !self.to.is_empty() {
            let all: Vec<String> =
                self.to.iter().map(|name| format!("{} <t@x.example>", encoded_word(name))).collect();
            out.extend(format!("To: {}\r\n", all.join(",\r\n ")).bytes());
        }
        for (name, value) in self.top() {
            match name {
                "Subject" => out.extend(format!("Subject: {}\r\n", encoded_word(&value)).bytes()),
                "Date" => out.extend(format!("Date: {value}\r\n").bytes()),
                _ => {}
            }
        }
        out.extend(b"Content-Type: multipart/mixed; boundary=\"=-=\"\r\n\r\n");
        for part in &self.parts {
            out.extend(b"--=-=\r\n");
            out.extend(part.sent());
            out.extend(b"\r\n");
        }
        out.extend(b"--=-=--\r\n");
        out
    }

    fn row(&self, uid: u32, size: u64) -> Row {
        Row {
            uid,
            flags: Flags(self.flags),
            modseq: ModSeq(self.modseq),
            size,
            internal_date: self.internal_date,
            body: BodyId(uuid::Uuid::nil()),
        }
    }
}

fn naive_fold(text: &str) -> String {
    text.nfkd().collect::<String>().to_uppercase().nfkd().collect()
}

fn holds(text: &str, needle: &str) -> bool {
    naive_fold(text).contains(&naive_fold(needle))
}

struct World<'a> {
    uids: &'a [u32],
    saved: &'a [u32],
    keywords: &'a [(u8, Keyword)],
}

fn in_set(set: &MessageSet, n: u32, last: u32, uid: u32, world: &World<'_>) -> bool {
    match set {
        MessageSet::Numbers(numbers) => numbers.contains(n, last),
        MessageSet::Saved => world.saved.contains(&uid),
    }
}

fn ordered(on: Date, order: DateOrder, date: Date) -> bool {
    match order {
        DateOrder::Before => on < date,
        DateOrder::On => on == date,
        DateOrder::Since => on >= date,
    }
}

fn naive(key: &SearchKey, message: &Message, row: &Row, recent: bool, world: &World<'_>) -> bool {
    let top = message.top();
    let named =
        |name: &str, text: &str| top.iter().any(|(n, v)| n.eq_ignore_ascii_case(name) && holds(v, text));
    let body = |text: &str| message.parts.iter().any(|part| holds(&part.text, text));
    match key {
        SearchKey::All => true,
        SearchKey::And(keys) => keys.iter().all(|k| naive(k, message, row, recent, world)),
        SearchKey::Or(a, b) => naive(a, message, row, recent, world) || naive(b, message, row, recent, world),
        SearchKey::Not(k) => !naive(k, message, row, recent, world),
        SearchKey::Sequence(set) => {
            let n = world.uids.iter().position(|u| *u == row.uid).unwrap() as u32 + 1;
            in_set(set, n, world.uids.len() as u32, row.uid, world)
        }
        SearchKey::Uid(set) => in_set(set, row.uid, *world.uids.last().unwrap(), row.uid, world),
        SearchKey::Flag(flag) => row.flags.has(*flag),
        SearchKey::Keyword(word) => {
            world.keywords.iter().any(|(bit, k)| k == word && row.flags.0 & (1 << bit) != 0)
        }
        SearchKey::Recent => recent,
        SearchKey::InternalDate(order, date) => {
            let at = jiff::Timestamp::from_second(row.internal_date).unwrap();
            ordered(jiff::tz::TimeZone::UTC.to_datetime(at).date(), *order, *date)
        }
        SearchKey::SentDate(order, date) => message.date.is_some_and(|on| ordered(on, *order, *date)),
        SearchKey::Larger(n) => row.size > *n,
        SearchKey::Smaller(n) => row.size < *n,
        SearchKey::Address(AddressField::From, text) => named("From", text),
        SearchKey::Address(AddressField::To, text) => named("To", text),
        SearchKey::Address(..) | SearchKey::ThreadId(_) => false,
        SearchKey::Subject(text) => named("Subject", text),
        SearchKey::Header(name, text) => named(name, text),
        SearchKey::Body(text) => text.is_empty() || body(text),
        SearchKey::Text(text) => {
            let inner = message.parts.iter().any(|p| {
                holds(&p.name, text) || p.embedded.as_ref().is_some_and(|subject| holds(subject, text))
            });
            text.is_empty() || body(text) || inner || top.iter().any(|(_, value)| holds(value, text))
        }
        SearchKey::ModSeq(n) => row.modseq.0 >= n.0,
        SearchKey::SaveDate(order, date) => {
            let at = jiff::Timestamp::from_second(saved_at(row)).unwrap();
            ordered(jiff::tz::TimeZone::UTC.to_datetime(at).date(), *order, *date)
        }
        SearchKey::Older(seconds) => NOW - row.internal_date >= i64::from(*seconds),
        SearchKey::Younger(seconds) => NOW - row.internal_date <= i64::from(*seconds),
        SearchKey::EmailId(id) => *id == Some(row.body),
    }
}

/// 2023-01-01
const NOW: i64 = 1_672_531_200;

/// Some time after it was sent.
fn saved_at(row: &Row) -> i64 {
    row.internal_date + 250_000
}

fn key() -> impl Strategy<Value = SearchKey> {
    let order = || prop_oneof![Just(DateOrder::Before), Just(DateOrder::On), Just(DateOrder::Since)];
    let date = || (2020i16..2023, 1i8..13, 1i8..29).prop_map(|(y, m, d)| jiff::civil::date(y, m, d));
    let set = || {
        prop_oneof![
            1 => Just(MessageSet::Saved),
            4 => prop::collection::vec((0u32..12, 0u32..12), 1..3)
                .prop_map(|r| MessageSet::Numbers(SequenceSet::from_ranges(r))),
        ]
    };
    // Letters that the words of part headers have not.
    let needle = || "[kvKäÄ][kvKäÄ ]{1,3}";
    let field = prop_oneof![Just(AddressField::From), Just(AddressField::To), Just(AddressField::Cc)];
    let leaf = prop_oneof![
        Just(SearchKey::All),
        Just(SearchKey::Recent),
        set().prop_map(SearchKey::Sequence),
        set().prop_map(SearchKey::Uid),
        prop::sample::select(&SystemFlag::ALL[..]).prop_map(SearchKey::Flag),
        "[xyz]".prop_map(|w| SearchKey::Keyword(Keyword::new(&w).unwrap())),
        (order(), date()).prop_map(|(o, d)| SearchKey::InternalDate(o, d)),
        (order(), date()).prop_map(|(o, d)| SearchKey::SentDate(o, d)),
        (order(), date()).prop_map(|(o, d)| SearchKey::SaveDate(o, d)),
        (1u32..100_000_000).prop_map(SearchKey::Older),
        (1u32..100_000_000).prop_map(SearchKey::Younger),
        prop::option::of(0u128..2)
            .prop_map(|id| { SearchKey::EmailId(id.map(|id| BodyId(uuid::Uuid::from_u128(id)))) }),
        Just(SearchKey::ThreadId("T0".into())),
        (300u64..900).prop_map(SearchKey::Larger),
        (300u64..900).prop_map(SearchKey::Smaller),
        (1u64..50).prop_map(|n| SearchKey::ModSeq(ModSeq(n))),
        (field, needle()).prop_map(|(f, t)| SearchKey::Address(f, t)),
        needle().prop_map(SearchKey::Subject),
        "[kvä]{0,2}".prop_map(|t| SearchKey::Header("SUBJECT".into(), t)),
        needle().prop_map(SearchKey::Body),
        needle().prop_map(SearchKey::Body),
        needle().prop_map(SearchKey::Text),
        Just(SearchKey::Text(String::new())),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(SearchKey::And),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| SearchKey::Or(Box::new(a), Box::new(b))),
            inner.prop_map(SearchKey::negated),
        ]
    })
}

/// Whether the messages are indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Index {
    None,
    All,
}

impl Source for Vec<u8> {
    async fn bytes(&self, range: std::ops::Range<u64>) -> Result<bytes::Bytes, MailError> {
        Ok(bytes::Bytes::copy_from_slice(&self[range.start as usize..range.end as usize]))
    }
}

/// What an index of all messages says of each.
fn look_up(plan: &Plan, rows: &[(Row, bool)], messages: &[Vec<u8>]) -> Option<Vec<Known>> {
    let question = Question::new(plan)?;
    let mut builder = Builder::default();
    let mut words = Words::new();
    for ((row, _), message) in rows.iter().zip(messages) {
        let mut scanner = Scanner::new(Limits::default());
        scanner.feed(message);
        let facts = scanner.finish().facts;
        words.clear();
        take_words(&facts.view(), message, &mut words).now_or_never().unwrap().unwrap();
        builder.add(row.uid, &words);
    }
    let segment = builder.finish();
    let mut answer = Answer::new(&question, read_docs(&segment.parts[DOCS][0]).unwrap());
    for half in [Half::Content, Half::Header] {
        for block in &segment.parts[half.words()] {
            answer.words(half, block).unwrap();
        }
        let lists = &segment.parts[half.lists()];
        let blocks: Vec<_> = answer.wants(half).iter().map(|n| (*n, lists[*n as usize].clone())).collect();
        answer.lists(half, &blocks).unwrap();
    }
    Some(rows.iter().map(|(row, _)| answer.of(row.uid).unwrap()).collect())
}

/// All passes over messages in memory; bodies come `piece` bytes at a time.
fn search(plan: &Plan, rows: &[(Row, bool)], messages: &[Vec<u8>], piece: usize, index: Index) -> Vec<u32> {
    let told = (index == Index::All).then(|| look_up(plan, rows, messages)).flatten();
    let FirstPass { hits, undecided, .. } = plan.first_pass(rows.iter().map(|(row, recent)| (row, *recent)));
    let mut uids: Vec<u32> = hits.iter().map(|Hit { uid, .. }| *uid).collect();
    for (row, recent) in undecided {
        let at = rows.iter().position(|(r, _)| r.uid == row.uid).unwrap();
        let message = &messages[at];
        let mut scanner = Scanner::new(Limits::default());
        scanner.feed(message);
        let facts = scanner.finish().facts;
        let mut known = told.as_ref().map_or_else(|| plan.unknown(), |told| told[at].clone());
        header::examine(plan, &facts.header, row.body, &mut known);
        if let Some(matches) = plan.verdict(&row, recent, &known) {
            uids.extend(matches.then_some(row.uid));
            continue;
        }
        let mut hunt = Hunt::new(plan, row, recent, known, &facts.view());
        let mut asked = 0;
        while let Some(range) = hunt.wants() {
            let range = range.start as usize..range.end as usize;
            // A header block is taken as a whole.
            let whole = message[range.clone()].starts_with(b"Content-Type")
                || message[range.clone()].starts_with(b"Subject");
            let end = if whole { range.end } else { range.end.min(range.start + piece) };
            hunt.feed(&message[range.start..end]);
            asked += 1;
            assert!(asked < 10_000, "it never ends");
        }
        uids.extend(hunt.matches().then_some(row.uid));
    }
    uids.sort_unstable();
    uids
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn as_the_naive_matcher(
        messages in prop::collection::vec(message(), 1..5),
        gaps in prop::collection::vec(1u32..4, 5),
        recent in any::<[bool; 5]>(),
        saved in prop::collection::btree_set(1u32..12, 0..4),
        key in key(),
        piece in 1usize..20,
    ) {
        let mut uid = 0;
        let sent: Vec<Vec<u8>> = messages.iter().map(Message::sent).collect();
        let rows: Vec<(Row, bool)> = messages
            .iter()
            .enumerate()
            .map(|(i, m)| {
                uid += gaps[i];
                (m.row(uid, sent[i].len() as u64), recent[i])
            })
            .collect();
        let uids: Vec<u32> = rows.iter().map(|(row, _)| row.uid).collect();
        let saved: Vec<u32> = saved.into_iter().collect();
        let keywords = [(8, Keyword::new("X").unwrap()), (9, Keyword::new("y").unwrap())];
        let saved_at: Vec<(u32, i64)> = rows.iter().map(|(row, _)| (row.uid, saved_at(row))).collect();
        let scope =
            Scope { uids: &uids, saved: &saved, keywords: &keywords, saved_at: &saved_at, now: NOW };
        let plan = Plan::new(&key, scope);
        let world = World { uids: &uids, saved: &saved, keywords: &keywords };
        let expected: Vec<u32> = rows
            .iter()
            .zip(&messages)
            .filter(|((row, recent), message)| naive(&key, message, row, *recent, &world))
            .map(|((row, _), _)| row.uid)
            .collect();
        prop_assert_eq!(&search(&plan, &rows, &sent, piece, Index::None), &expected);
        prop_assert_eq!(search(&plan, &rows, &sent, piece, Index::All), expected);
    }
}

fn one(key: &SearchKey, message: &[u8]) -> bool {
    let row = Row {
        uid: 7,
        flags: Flags::NONE,
        modseq: ModSeq(1),
        size: message.len() as u64,
        internal_date: 0,
        body: BodyId(uuid::Uuid::nil()),
    };
    let plan = Plan::new(key, Scope { uids: &[7], saved: &[], keywords: &[], saved_at: &[], now: 0 });
    let [plain, indexed] = [Index::None, Index::All]
        .map(|index| !search(&plan, &[(row, false)], &[message.to_vec()], 1001, index).is_empty());
    assert_eq!(plain, indexed, "{key:?}");
    plain
}

#[test]
fn body_is_no_header_and_text_is_both() {
    let message = b"Subject: top\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\
        Content-Type: text/html\r\nX-Part: inner\r\n\r\n<b>bold</b>\r\n--b\r\n\
        Content-Type: application/octet-stream; name=x.bin\r\n\r\nbinary\r\n--b\r\n\
        Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b--\r\nepilogue\r\n";
    let body = |text: &str| one(&SearchKey::Body(text.into()), message);
    let text = |t: &str| one(&SearchKey::Text(t.into()), message);
    for found in ["BOLD", "<b>", "action: FAILED"] {
        assert!(body(found) && text(found), "{found}");
    }
    for header in ["top", "Subject: top", "x-part: inner", "name=x.bin"] {
        assert!(!body(header) && text(header), "{header}");
    }
    for neither in ["binary", "preamble", "epilogue", "bold</b>\r\n--b", "nothing"] {
        assert!(!body(neither) && !text(neither), "{neither}");
    }
}

#[test]
fn long_lines_in_odd_charsets() {
    let word = "Wurzelbehandlung";
    let text = format!("{}{word}{}", "ä".repeat(40_000), "ö".repeat(40_000));
    let (koi, _, _) = encoding_rs::ISO_8859_15.encode(&text);
    let mut message =
        b"Content-Type: text/plain; charset=iso-8859-15\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            .to_vec();
    for line in base64::engine::general_purpose::STANDARD.encode(koi).as_bytes().chunks(76) {
        message.extend_from_slice(line);
        message.extend_from_slice(b"\r\n");
    }
    assert!(one(&SearchKey::Body("ÄWURZELBEHANDLUNGÖ".into()), &message));
    assert!(!one(&SearchKey::Body("wurzelbehandlungen".into()), &message));
}
