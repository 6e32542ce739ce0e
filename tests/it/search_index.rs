//! The index of words over sealed mail: the same answers as without it, whatever becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use postern::service::search::Tender;
use postern::store::{IndexWritten, NewIndexSegment, Store};
use postern::types::{AccountId, MailboxId};
use sqlx::{Connection as _, PgConnection};

use crate::client::Client;
use crate::harness::{World, execute};

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

async fn append(wire: &mut Client, message: &str) {
    wire.send(format!("x APPEND INBOX {{{}+}}\r\n{message}\r\n", message.len()).as_bytes()).await;
    assert!(wire.imap_until("x").await.last().unwrap().starts_with("x OK"));
}

async fn search(wire: &mut Client, keys: &str) -> Vec<u32> {
    let answer = wire.imap("y", &format!("SEARCH CHARSET UTF-8 {keys}")).await;
    assert!(answer.last().unwrap().starts_with("y OK"), "{answer:?}");
    let found = answer.iter().find_map(|line| line.strip_prefix("* SEARCH")).unwrap();
    found.split_whitespace().map(|n| n.parse().unwrap()).collect()
}

/// Mixed messages: plain, quoted-printable, base64, HTML, an attachment, umlauts, odd charsets.
fn message(n: u32) -> String {
    use base64::Engine as _;
    let names = ["Müller", "Weber", "Özdemir", "O'Neil", "d’Arc"];
    let name = names[n as usize % names.len()];
    let text =
        format!("Der Befund von {name} Nr. {n}: Zahn {}, Röntgen-Aufnahme; e-mail {n}@x.example.", n % 32);
    let subject = base64::engine::general_purpose::STANDARD.encode(format!("Überweisung {name} {n}"));
    let head = format!(
        "From: \"{name}, Anna\" <a{n}@praxis.example>\r\nTo: b@praxis.example\r\n\
         Subject: =?utf-8?b?{subject}?=\r\nMessage-ID: <m{n}.{}@x>\r\nMIME-Version: 1.0\r\n",
        n * 7919
    );
    match n % 4 {
        0 => format!("{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"),
        1 => format!(
            "{head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            base64::engine::general_purpose::STANDARD.encode(&text)
        ),
        2 => format!(
            "{head}Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\nContent-Type: text/html; \
             charset=utf-8\r\n\r\n<p>{text}</p>\r\n--bb\r\nContent-Type: application/pdf; \
             name=\"plan{n}.pdf\"\r\n\r\nhidden {n}\r\n--bb--\r\n"
        ),
        _ => format!(
            "{head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
            text.replace('ü', "=C3=BC").replace('ö', "=C3=B6\r\n").replace("\r\n", "=\r\n")
        ),
    }
}

const QUERIES: [&str; 22] = [
    "BODY \"müller\"",
    "BODY \"ÜLL\"",
    "TEXT \"Özdemir\"",
    "TEXT \"m12.\"",
    "TEXT \"plan1\"",
    "SUBJECT \"überweisung\"",
    "SUBJECT \"weber 1\"",
    "FROM \"müller, anna\"",
    "FROM \"anna <a1\"",
    "TO \"b@praxis\"",
    "CC \"b\"",
    "HEADER Message-ID \"<m3.\"",
    "HEADER Subject \"neil\"",
    "BODY \"e\"",
    "BODY \"z\"",
    "BODY \", \"",
    "BODY \"-\"",
    "TEXT \"@\"",
    "BODY \"Nr. 1\"",
    "BODY \"hidden\"",
    "OR SUBJECT \"özdemir\" NOT BODY \"zahn 3,\"",
    "TEXT \"n d\"",
];

struct Place {
    world: World,
    wire: Client,
    store: Store,
    account: AccountId,
    mailbox: MailboxId,
}

/// Anna's INBOX with so many messages.
async fn place(count: u32) -> Place {
    let world = World::new().await;
    let mut wire = world.imap("anna").await;
    for n in 1..=count {
        append(&mut wire, &message(n)).await;
    }
    wire.imap("s", "SELECT INBOX").await;
    let store = world.gateway().store().clone();
    let mut conn = PgConnection::connect(&world.database_url).await.unwrap();
    let (account, mailbox): (i64, i64) =
        sqlx::query_as("select account_id, mailbox_id from mailbox_message limit 1")
            .fetch_one(&mut conn)
            .await
            .unwrap();
    Place { world, wire, store, account: AccountId(account), mailbox: MailboxId(mailbox) }
}

async fn all(wire: &mut Client) -> Vec<Vec<u32>> {
    let mut answers = Vec::new();
    for query in QUERIES {
        answers.push(search(wire, query).await);
    }
    answers
}

fn number_of_segments(url: &str) -> impl Future<Output = i64> {
    let url = url.to_owned();
    async move {
        let mut conn = PgConnection::connect(&url).await.unwrap();
        sqlx::query_scalar("select count(*) from search_segment").fetch_one(&mut conn).await.unwrap()
    }
}

/// Built at once, in two halves, joined, with messages gone: the answers stay.
#[test]
fn the_same_answers_with_and_without() {
    run(async {
        let mut place = place(90).await;
        let without = all(&mut place.wire).await;
        assert!(without.iter().filter(|found| !found.is_empty()).count() > 18, "{without:?}");
        let tender = Tender::new(place.store.clone());
        let done = tender.catch_up_mailbox(place.account, place.mailbox).await.unwrap();
        assert_eq!((done.messages, done.segments), (90, 1));
        assert_eq!(all(&mut place.wire).await, without);
        assert!(tender.check(place.account, place.mailbox).await.unwrap().is_empty());

        // More come: what is not indexed is read; then they are, and four segments of a size become one.
        for (more, segments) in [(91..=105, 2), (106..=120, 3), (121..=135, 4), (136..=150, 2)] {
            for n in more {
                append(&mut place.wire, &message(n)).await;
            }
            let mixed = all(&mut place.wire).await;
            let done = tender.catch_up_mailbox(place.account, place.mailbox).await.unwrap();
            assert_eq!((done.messages, done.segments), (15, 1));
            assert_eq!(number_of_segments(&place.world.database_url).await, segments);
            assert_eq!(all(&mut place.wire).await, mixed);
        }
        assert!(tender.check(place.account, place.mailbox).await.unwrap().is_empty());

        // Half of them go, and their words with them.
        place.wire.imap("d", "STORE 1:75 +FLAGS.SILENT (\\Deleted)").await;
        place.wire.imap("e", "EXPUNGE").await;
        let left = all(&mut place.wire).await;
        tender.mend_worn().await.unwrap();
        assert_eq!(all(&mut place.wire).await, left);
        let segments = place.store.index_segments(place.account, place.mailbox).await.unwrap();
        assert_eq!(segments.iter().map(|s| s.docs()).collect::<Vec<_>>(), [15, 60]);
    });
}

/// Any byte of the index changed, blocks exchanged or gone: noticed by the check, and no answer changes.
#[test]
fn a_damaged_index_is_noticed_and_changes_no_answer() {
    run(async {
        let mut place = place(60).await;
        let without = all(&mut place.wire).await;
        let tender = Tender::new(place.store.clone());
        for damage in [
            "update search_block set data = set_byte(data, length(data) / 2, get_byte(data, length(data) / 2) # 1) \
              where part = 1",
            "update search_block set data = set_byte(data, 0, get_byte(data, 0) # 128) where part = 0",
            "delete from search_block where part = 1; update search_block set part = 1 where part = 3",
            "delete from search_block where part = 1",
            "update search_segment set docs = docs - 1",
            "update search_segment set uid_to = uid_to + 1",
            "update search_segment set blocks[2] = 0",
            "update search_segment set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 4)",
        ] {
            place.store.index_drop(place.account, place.mailbox).await.unwrap();
            tender.catch_up_mailbox(place.account, place.mailbox).await.unwrap();
            execute(&place.world.database_url, damage).await;
            assert_eq!(all(&mut place.wire).await, without, "{damage}");
            let faults = tender.check(place.account, place.mailbox).await.unwrap();
            assert!(!faults.is_empty(), "{damage}");
        }
    });
}

/// What is to be joined, or lies between, and does not open: the index is dropped and built anew, in the same round.
#[test]
fn what_is_damaged_is_not_joined() {
    for damage in [
        "update search_block set data = set_byte(data, 30, get_byte(data, 30) # 2) where part = 2",
        "update search_segment set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 4) where uid_from = 13",
        "delete from search_block where part = 1",
    ] {
        not_joined(damage);
    }
}

fn not_joined(damage: &str) {
    run(async {
        let mut place = place(12).await;
        let tender = Tender::new(place.store.clone());
        for (more, segments) in [(13..=24, 1), (25..=36, 2), (37..=48, 3)] {
            tender.catch_up_mailbox(place.account, place.mailbox).await.unwrap();
            assert_eq!(number_of_segments(&place.world.database_url).await, segments);
            for n in more {
                append(&mut place.wire, &message(n)).await;
            }
        }
        let answers = all(&mut place.wire).await;
        execute(&place.world.database_url, damage).await;
        let done = tender.catch_up_mailbox(place.account, place.mailbox).await.unwrap();
        assert_eq!((done.messages, done.segments), (48, 1));
        assert_eq!(number_of_segments(&place.world.database_url).await, 1);
        assert!(tender.check(place.account, place.mailbox).await.unwrap().is_empty());
        assert_eq!(all(&mut place.wire).await, answers);
    });
}

/// A builder that began before another dropped the index writes nothing behind the hole, which nobody would fill.
#[test]
fn nothing_is_written_behind_what_was_dropped() {
    run(async {
        let place = place(20).await;
        let (store, account, mailbox) = (&place.store, place.account, place.mailbox);
        Tender::new(store.clone()).catch_up_mailbox(account, mailbox).await.unwrap();
        let standing = store.index_segments(account, mailbox).await.unwrap();
        let fresh = || NewIndexSegment { uids: (21, 22), docs: 2, parts: Default::default() };
        store.index_drop(account, mailbox).await.unwrap();
        let written = store.index_replace(account, mailbox, &[], standing.last(), fresh()).await.unwrap();
        assert!(matches!(written, IndexWritten::Lost));
        assert_eq!(number_of_segments(&place.world.database_url).await, 0);
        let written = store.index_replace(account, mailbox, &[], None, fresh()).await.unwrap();
        assert!(matches!(written, IndexWritten::Segment(_)));
    });
}

/// A mailbox that goes takes its index along; an index of a mailbox in which UIDs lie apart.
#[test]
fn the_index_goes_with_the_mailbox() {
    run(async {
        let mut place = place(40).await;
        place.wire.imap("c", "CREATE Old").await;
        place.wire.imap("m", "MOVE 1:30 Old").await;
        let tender = Tender::new(place.store.clone());
        assert_eq!(tender.catch_up(1).await.unwrap().messages, 40);
        assert_eq!(number_of_segments(&place.world.database_url).await, 2);
        place.wire.imap("d", "DELETE Old").await;
        assert_eq!(number_of_segments(&place.world.database_url).await, 1);
        assert_eq!(tender.catch_up(1).await.unwrap().messages, 0);
    });
}

/// Searches while segments are written and joined under them.
#[test]
fn segments_replaced_while_they_are_read() {
    run(async {
        let mut place = place(120).await;
        let expected = all(&mut place.wire).await;
        let (store, account, mailbox) = (place.store.clone(), place.account, place.mailbox);
        let rounds = Arc::new(AtomicU32::new(0));
        let (done, stop) = (rounds.clone(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let builder = tokio::spawn(async move {
            let tender = Tender::new(store.clone());
            while !stopped.load(Ordering::Relaxed) {
                store.index_drop(account, mailbox).await.unwrap();
                tender.catch_up_mailbox(account, mailbox).await.unwrap();
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Whichever of the two is slower on this machine.
        let mut looks = 0;
        while looks < 6 || rounds.load(Ordering::Relaxed) < 3 {
            assert_eq!(all(&mut place.wire).await, expected);
            looks += 1;
            assert!(!builder.is_finished(), "the builder ended");
        }
        stop.store(true, Ordering::Relaxed);
        builder.await.unwrap();
    });
}

/// Two at the same mailbox: one index, whole.
#[test]
fn two_builders_make_one_index() {
    run(async {
        let place = place(60).await;
        let build = || {
            let (store, account, mailbox) = (place.store.clone(), place.account, place.mailbox);
            async move { Tender::new(store).catch_up_mailbox(account, mailbox).await.unwrap() }
        };
        let (one, other) = tokio::join!(build(), build());
        assert_eq!(one.messages + other.messages, 60);
        assert_eq!(number_of_segments(&place.world.database_url).await, 1);
    });
}
