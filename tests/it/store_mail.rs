//! Mailboxes and messages on a real PostgreSQL: submissions, appends, flags, copies, live views,
//! wake-ups between gateways, bodies, sweeping. R14, R17, R28.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::mime::{FactsRef, Limits};
use postern::store::{
    Appended, Ingested, KEYWORDS_MAX, LiveMailbox, MailError, MailboxState, MasterKey, NewAccount, NewAppend,
    NewSubmission, Options, Retention, Role, Row, SentCopy, Store, SubmitOutcome,
};
use postern::types::{
    AccountId, Address, FlagChange, Flags, Keyword, MailboxId, MailboxName, ModSeq, SpecialUse, SystemFlag,
    Tier, UidValidity,
};
use tokio::sync::watch;

use crate::client::PATIENCE;
use crate::harness;

const SEEN: Flags = Flags::of(SystemFlag::Seen);
const DELETED: Flags = Flags::of(SystemFlag::Deleted);
const FLAGGED: Flags = Flags::of(SystemFlag::Flagged);

/// One database with two accounts of their own seal keys.
pub struct Ground {
    pub url: String,
    pub folder: tempfile::TempDir,
    pub store: Store,
    pool: sqlx::PgPool,
    pub anna: AccountId,
    ben: AccountId,
}

async fn open(url: &str, folder: &Path) -> Store {
    Store::open(Options {
        database_url: url.to_owned(),
        max_connections: 16,
        master_key: MasterKey::load(&folder.join("master.key")).unwrap(),
        domain: "portal.example".to_owned(),
        clock: Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)),
    })
    .await
    .unwrap()
}

async fn person(store: &Store, name: &str) -> AccountId {
    let new = NewAccount {
        practice: None,
        first_name: name.to_owned(),
        last_name: "Weber".to_owned(),
        role: Role::Staff,
        tier: Tier::Paid,
        user_manager: false,
        email: Address::parse(&format!("{name}@weber.example")).unwrap(),
        portal_password: None,
    };
    store.account_create(new).await.unwrap().id
}

/// A small generator, so that a failing run can be repeated.
struct Seed(u64);

impl Seed {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

pub fn message(id: &str, size: usize) -> Vec<u8> {
    let mut text = format!(
        "From: <anna@portal.example>\r\nTo: <ben@portal.example>\r\nMessage-ID: <{id}>\r\nSubject: {id}\r\n\r\n"
    )
    .into_bytes();
    let mut seed = Seed(id.len() as u64);
    while text.len() + 2 < size {
        let line = (size - text.len() - 2).min(76);
        text.extend((0..line).map(|_| b'a' + seed.next(26) as u8));
        text.extend(b"\r\n");
    }
    text.resize(size, b' ');
    text
}

impl Ground {
    pub async fn new() -> Self {
        let url = harness::database().await;
        let folder = tempfile::tempdir().unwrap();
        MasterKey::create(&folder.path().join("master.key")).unwrap();
        let store = open(&url, folder.path()).await;
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        let (anna, ben) = (person(&store, "anna").await, person(&store, "ben").await);
        Self { url, folder, store, pool, anna, ben }
    }

    /// A second gateway on the same database.
    pub async fn another(&self) -> Store {
        open(&self.url, self.folder.path()).await
    }

    pub async fn box_of(&self, account: AccountId, name: &str) -> MailboxId {
        let name = MailboxName::new(name).unwrap();
        self.store.mailbox(account, &name).await.unwrap().unwrap().id
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// Waits for what happens in the background.
    async fn becomes(&self, sql: &'static str, expected: i64) {
        tokio::time::timeout(PATIENCE, async {
            while self.count(sql).await != expected {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("never {expected}: {sql}"));
    }

    async fn run(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }

    /// The counters say what a recount says, uids are below UIDNEXT, modseqs not above HIGHESTMODSEQ.
    pub async fn counters_are_right(&self) {
        let wrong: Vec<(i64, i64, i64, i64, i64)> = sqlx::query_as(
            "select m.id, m.messages, c.messages, m.uidnext, c.uid from mailbox m,
                    lateral (select count(*) as messages, count(*) filter (where flags & 1 = 0) as unseen,
                                    count(*) filter (where flags & 8 <> 0) as deleted,
                                    coalesce(sum(size), 0)::bigint as size,
                                    coalesce(sum(size) filter (where flags & 8 <> 0), 0)::bigint as deleted_size,
                                    coalesce(max(uid), 0) as uid, coalesce(max(modseq), 0) as modseq
                               from mailbox_message e
                              where e.account_id = m.account_id and e.mailbox_id = m.id) c
              where (m.messages, m.unseen, m.deleted, m.size, m.deleted_size)
                    <> (c.messages, c.unseen, c.deleted, c.size, c.deleted_size)
                 or c.uid >= m.uidnext or c.modseq > m.highestmodseq",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        assert!(wrong.is_empty(), "mailbox, messages, counted, uidnext, highest uid: {wrong:?}");
    }

    /// Every uid below UIDNEXT is there or was expunged.
    async fn uids_are_gapless(&self) {
        let gaps = self
            .count(
                "select count(*) from mailbox m where m.uidnext - 1 <>
                   (select count(distinct uid) from (
                        select uid from mailbox_message e where e.account_id = m.account_id and e.mailbox_id = m.id
                        union all
                        select uid from expunged x where x.account_id = m.account_id and x.mailbox_id = m.id) u)",
            )
            .await;
        assert_eq!(gaps, 0);
    }
}

async fn ingest(store: &Store, bytes: &[u8]) -> Ingested {
    let mut ingest = store.ingest(Limits::default()).unwrap();
    for piece in bytes.chunks(50_000) {
        ingest.push(piece).await.unwrap();
    }
    ingest.finish().await.unwrap()
}

/// A submission whose fingerprint is its text.
async fn submit(
    store: &Store,
    from: AccountId,
    to: AccountId,
    id: &str,
    bytes: &[u8],
) -> Result<SubmitOutcome, MailError> {
    let ingested = ingest(store, bytes).await;
    let fingerprint = store.lookup().fingerprint(from, bytes);
    store
        .submit(NewSubmission {
            sender: from,
            recipient: to,
            ingested,
            message_id: id.to_owned(),
            fingerprint,
            invitation: None,
        })
        .await
}

pub async fn append(
    store: &Store,
    account: AccountId,
    mailbox: MailboxId,
    bytes: &[u8],
    flags: Flags,
) -> Appended {
    try_append(store, account, mailbox, bytes, flags, None).await.unwrap()
}

async fn try_append(
    store: &Store,
    account: AccountId,
    mailbox: MailboxId,
    bytes: &[u8],
    flags: Flags,
    sent_copy: Option<SentCopy>,
) -> Result<Appended, MailError> {
    let ingested = ingest(store, bytes).await;
    let new = NewAppend { mailbox, ingested, flags, keywords: &[], internal_date: Some(7), sent_copy };
    store.append(account, new).await
}

fn sent_copy(store: &Store, account: AccountId, id: &str, bytes: &[u8]) -> Option<SentCopy> {
    Some(SentCopy { message_id: id.to_owned(), fingerprint: store.lookup().fingerprint(account, bytes) })
}

/// The bytes of the message with that uid.
async fn content(store: &Store, account: AccountId, mailbox: MailboxId, uid: u32) -> Vec<u8> {
    let live = store.open_mailbox(account, mailbox).await.unwrap();
    let row = live.read(|s| *s.row(uid).unwrap());
    let reader = store.body(account, row.body).await.unwrap().unwrap();
    assert_eq!(reader.size(), row.size);
    let mut all = Vec::new();
    while (all.len() as u64) < reader.size() {
        let at = all.len() as u64;
        all.extend_from_slice(&reader.read(at..at + 300_000).await.unwrap());
    }
    all
}

/// R28 and R14: both copies, read by their owners, the sender's already read; the delivery is on record.
#[tokio::test]
async fn a_submission_is_in_both_mailboxes() {
    let g = Ground::new().await;
    let bytes = message("one@x", 4096);
    assert_eq!(submit(&g.store, g.anna, g.ben, "one@x", &bytes).await.unwrap(), SubmitOutcome::Delivered);
    let (inbox, sent) = (g.box_of(g.ben, "INBOX").await, g.box_of(g.anna, "Sent").await);
    assert_eq!(content(&g.store, g.ben, inbox, 1).await, bytes);
    assert_eq!(content(&g.store, g.anna, sent, 1).await, bytes);
    let live = g.store.open_mailbox(g.anna, sent).await.unwrap();
    let row = live.read(|s| s.rows[0]);
    assert_eq!(row.flags, SEEN);
    let facts = g.store.facts(g.anna, &[row.body]).await.unwrap().remove(0).unwrap();
    assert_eq!(FactsRef::parse(&facts).unwrap().size, bytes.len() as u64);
    assert_eq!(g.store.delivered_by(g.ben, &["one@x".into(), "two@x".into()]).await.unwrap(), [g.anna]);
    assert!(g.store.delivered_by(g.anna, &["one@x".into()]).await.unwrap().is_empty());
    // To oneself: one account, two mailboxes, one key.
    assert_eq!(submit(&g.store, g.anna, g.anna, "self@x", &bytes).await.unwrap(), SubmitOutcome::Delivered);
    assert_eq!(content(&g.store, g.anna, g.box_of(g.anna, "INBOX").await, 1).await, bytes);
    assert_eq!(content(&g.store, g.anna, sent, 2).await, bytes);
    assert_eq!(g.count("select count(*) from message_key").await, 3);
    g.counters_are_right().await;
}

/// R17: a retry is answered and not delivered again; the same Message-ID with other content is refused.
#[tokio::test]
async fn r17_a_retry_is_delivered_once() {
    let g = Ground::new().await;
    for size in [1000, 400_000] {
        let id = format!("{size}@x");
        let bytes = message(&id, size);
        assert_eq!(submit(&g.store, g.anna, g.ben, &id, &bytes).await.unwrap(), SubmitOutcome::Delivered);
        assert_eq!(submit(&g.store, g.anna, g.ben, &id, &bytes).await.unwrap(), SubmitOutcome::Repeated);
        let other = message(&id, size + 100);
        assert_eq!(submit(&g.store, g.anna, g.ben, &id, &other).await.unwrap(), SubmitOutcome::Conflict);
        // The same content to somebody else is no retry.
        assert_eq!(submit(&g.store, g.anna, g.anna, &id, &bytes).await.unwrap(), SubmitOutcome::Conflict);
    }
    assert_eq!(g.count("select count(*) from message").await, 2);
    assert_eq!(g.count("select count(*) from message_key").await, 4);
    // What was refused after it had been staged is removed in the background.
    g.becomes("select count(*) from staged", 0).await;
    assert_eq!(g.count("select count(*) from body_chunk").await, 1 + 4);
    g.counters_are_right().await;
}

/// R17: however many retries come at once, and through whichever gateway, one is delivered.
#[tokio::test(flavor = "multi_thread")]
async fn r17_retries_at_the_same_time() {
    let g = Ground::new().await;
    let other = g.another().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..24 {
        let store = if n % 2 == 0 { g.store.clone() } else { other.clone() };
        let (anna, ben) = (g.anna, g.ben);
        tasks.spawn(async move {
            let id = format!("{}@x", n % 3);
            submit(&store, anna, ben, &id, &message(&id, 2000)).await.unwrap()
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| **o == SubmitOutcome::Delivered).count(), 3);
    assert_eq!(outcomes.iter().filter(|o| **o == SubmitOutcome::Repeated).count(), 21);
    assert_eq!(g.count("select count(*) from mailbox_message").await, 6);
    g.counters_are_right().await;
}

/// R28, the server's copy first: the client's own APPEND to `\Sent` is answered with that copy, once.
#[tokio::test]
async fn r28_the_submission_came_first() {
    let g = Ground::new().await;
    let bytes = message("one@x", 2000);
    submit(&g.store, g.anna, g.ben, "one@x", &bytes).await.unwrap();
    let (sent, drafts) = (g.box_of(g.anna, "Sent").await, g.box_of(g.anna, "Drafts").await);
    let copy = || sent_copy(&g.store, g.anna, "one@x", &bytes);
    // Only in \Sent, only this content.
    assert!(!try_append(&g.store, g.anna, drafts, &bytes, SEEN, copy()).await.unwrap().existing);
    let other = sent_copy(&g.store, g.anna, "one@x", b"other");
    assert!(!try_append(&g.store, g.anna, sent, &bytes, SEEN, other).await.unwrap().existing);
    let found = try_append(&g.store, g.anna, sent, &bytes, SEEN.union(FLAGGED), copy()).await.unwrap();
    assert!(found.existing && found.uid == 1);
    let live = g.store.open_mailbox(g.anna, sent).await.unwrap();
    assert_eq!(live.read(|s| s.row(1).unwrap().flags), SEEN.union(FLAGGED), "the client's flags are kept");
    // Once for each submission.
    assert!(!try_append(&g.store, g.anna, sent, &bytes, SEEN, copy()).await.unwrap().existing);
    g.counters_are_right().await;
}

/// R28: no copy is recognised that is not there any more.
#[tokio::test]
async fn r28_only_while_the_copy_is_there() {
    let g = Ground::new().await;
    let bytes = message("one@x", 2000);
    submit(&g.store, g.anna, g.ben, "one@x", &bytes).await.unwrap();
    let sent = g.box_of(g.anna, "Sent").await;
    g.store.store_flags(g.anna, sent, &[1], FlagChange::Add, DELETED, None).await.unwrap();
    g.store.expunge(g.anna, sent, None).await.unwrap();
    let copy = sent_copy(&g.store, g.anna, "one@x", &bytes);
    let stored = try_append(&g.store, g.anna, sent, &bytes, SEEN, copy).await.unwrap();
    assert!(!stored.existing && stored.uid == 2);
}

/// R28, the client's copy first: then the server saves none.
#[tokio::test]
async fn r28_the_client_was_faster() {
    let g = Ground::new().await;
    let sent = g.box_of(g.anna, "Sent").await;
    let bytes = message("one@x", 2000);
    let copy = || sent_copy(&g.store, g.anna, "one@x", &bytes);
    assert_eq!(try_append(&g.store, g.anna, sent, &bytes, SEEN, copy()).await.unwrap().uid, 1);
    submit(&g.store, g.anna, g.ben, "one@x", &bytes).await.unwrap();
    let live = g.store.open_mailbox(g.anna, sent).await.unwrap();
    assert_eq!(live.read(|s| s.rows.len()), 1);
    // That was its copy: another one is stored.
    assert!(!try_append(&g.store, g.anna, sent, &bytes, SEEN, copy()).await.unwrap().existing);

    // A copy that was thrown away before, or that is of something else, does not count.
    let second = message("two@x", 2000);
    let copy = sent_copy(&g.store, g.anna, "two@x", b"something else");
    try_append(&g.store, g.anna, sent, &second, SEEN, copy).await.unwrap();
    let copy = sent_copy(&g.store, g.anna, "two@x", &second);
    let gone = try_append(&g.store, g.anna, sent, &second, SEEN.union(DELETED), copy).await.unwrap();
    g.store.expunge(g.anna, sent, Some(&[gone.uid])).await.unwrap();
    submit(&g.store, g.anna, g.ben, "two@x", &second).await.unwrap();
    live.refresh().await.unwrap();
    assert_eq!(live.read(|s| s.rows.iter().map(|r| r.uid).collect::<Vec<_>>()), [1, 2, 3, 5]);
    g.counters_are_right().await;
}

/// R28: a sender who threw the folder marked `\Sent` away gets a new one.
#[tokio::test]
async fn r28_the_sent_folder_is_mended() {
    let g = Ground::new().await;
    let name = |n: &str| MailboxName::new(n).unwrap();
    // Thunderbird deletes a folder so.
    g.store.rename_mailbox(g.anna, &name("Sent"), &name("Trash/Sent")).await.unwrap();
    submit(&g.store, g.anna, g.ben, "one@x", &message("one@x", 500)).await.unwrap();
    let sent = g.store.mailbox(g.anna, &name("Sent")).await.unwrap().unwrap();
    assert_eq!((sent.special_use, sent.messages), (Some(SpecialUse::Sent), 1));
    assert!(g.store.subscriptions(g.anna).await.unwrap().contains(&name("Sent")));
    // One that is called so and has lost its mark takes it up again.
    g.run("update mailbox set special_use = null where special_use = 'sent'").await;
    submit(&g.store, g.anna, g.ben, "two@x", &message("two@x", 300_000)).await.unwrap();
    let again = g.store.mailbox(g.anna, &name("Sent")).await.unwrap().unwrap();
    assert_eq!((again.id, again.messages), (sent.id, 2));
    g.counters_are_right().await;
}

/// Once the gateway knows where a pair's mail goes it takes the short way (ADR 70): to the same end, and what is
/// not plain still goes the long one.
#[tokio::test]
async fn the_short_way_leads_to_the_same_end() {
    let g = Ground::new().await;
    let sent = g.box_of(g.anna, "Sent").await;
    let inbox = g.box_of(g.ben, "INBOX").await;
    let send =
        async |id: &str, size: usize| submit(&g.store, g.anna, g.ben, id, &message(id, size)).await.unwrap();
    for (n, size) in [500, 700, 300_000, 900].into_iter().enumerate() {
        assert_eq!(send(&format!("{n}@x"), size).await, SubmitOutcome::Delivered);
    }
    // R17, R14, the audit log and the notice are as they were.
    assert_eq!(send("3@x", 900).await, SubmitOutcome::Repeated);
    assert_eq!(send("3@x", 901).await, SubmitOutcome::Conflict);
    assert_eq!(g.store.delivered_by(g.ben, &["3@x".into()]).await.unwrap(), [g.anna]);
    assert_eq!(
        g.count("select count(*) from audit_pending where action = 'send' and detail is null").await,
        4
    );
    assert_eq!(g.count("select count(*) from notice where kind = 'secure-message'").await, 1);
    assert_eq!(content(&g.store, g.ben, inbox, 4).await, message("3@x", 900));
    assert_eq!(content(&g.store, g.anna, sent, 3).await, message("2@x", 300_000));
    // R28, the client's copy first.
    let bytes = message("own@x", 800);
    let copy = sent_copy(&g.store, g.anna, "own@x", &bytes);
    let own = try_append(&g.store, g.anna, sent, &bytes, SEEN, copy).await.unwrap();
    assert_eq!((own.uid, own.existing), (5, false));
    assert_eq!(send("own@x", 800).await, SubmitOutcome::Delivered);
    assert_eq!(g.count("select count(*) from mailbox_message where flags = 1").await, 5);
    // A mark that went to another folder is followed, an INBOX that is full of names is not mistaken.
    let name = |n: &str| MailboxName::new(n).unwrap();
    g.run("update mailbox set special_use = null where special_use = 'sent'").await;
    g.store.create_mailbox(g.anna, &name("Gesendet"), Some(SpecialUse::Sent)).await.unwrap();
    assert_eq!(send("after@x", 600).await, SubmitOutcome::Delivered);
    let there = g.store.mailbox(g.anna, &name("Gesendet")).await.unwrap().unwrap();
    assert_eq!(there.messages, 1);
    // To a mailbox that is gone.
    g.store.create_mailbox(g.anna, &name("Plan"), None).await.unwrap();
    let plan = g.box_of(g.anna, "Plan").await;
    append(&g.store, g.anna, plan, &message("x", 100), SEEN).await;
    g.store.delete_mailbox(g.anna, &name("Plan")).await.unwrap();
    let nowhere = try_append(&g.store, g.anna, plan, &message("x", 100), SEEN, None).await;
    assert!(matches!(nowhere, Err(MailError::NoMailbox)), "{nowhere:?}");
    g.counters_are_right().await;
}

/// Submissions and APPENDs that come at once, some of them into the same mailbox, get each its own UID.
#[tokio::test(flavor = "multi_thread")]
async fn appends_and_submissions_share_a_commit() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.ben, "INBOX").await;
    for way in 0..2 {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..60 {
            let (store, anna, ben) = (g.store.clone(), g.anna, g.ben);
            tasks.spawn(async move {
                let id = format!("{way}.{n}@x");
                let bytes = message(&id, 500 + n);
                match n % 3 {
                    0 => {
                        let flags = if n % 2 == 0 { SEEN.union(DELETED) } else { Flags::NONE };
                        Some(append(&store, ben, inbox, &bytes, flags).await.uid).zip(Some(bytes))
                    }
                    _ => {
                        submit(&store, anna, ben, &id, &bytes).await.unwrap();
                        None
                    }
                }
            });
        }
        for (uid, bytes) in tasks.join_all().await.into_iter().flatten() {
            assert_eq!(content(&g.store, g.ben, inbox, uid).await, bytes);
        }
    }
    assert_eq!(g.count("select count(*) from message").await, 120);
    g.counters_are_right().await;
    g.uids_are_gapless().await;
}

/// Content of every size comes back; a range is what a slice is.
#[tokio::test]
async fn content_comes_back_in_any_range() {
    const CHUNK: usize = 128 * 1024;
    let g = Ground::new().await;
    let inbox = g.box_of(g.ben, "INBOX").await;
    let drafts = g.box_of(g.ben, "Drafts").await;
    let mut seed = Seed(5);
    let sizes = [200, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 1 << 20, 30 << 20];
    for (uid, size) in (1..).zip(sizes) {
        let id = format!("{size}@x");
        let bytes = message(&id, size);
        let ingested = ingest(&g.store, &bytes).await;
        for _ in 0..20 {
            let lo = seed.next(size as u64 + 10);
            let hi = lo + seed.next(200_000);
            let (from, to) = ((lo as usize).min(bytes.len()), (hi as usize).min(bytes.len()));
            assert_eq!(
                ingested.read(lo..hi).await.unwrap(),
                &bytes[from..to],
                "{size}: {lo}..{hi}, on its way in"
            );
        }
        ingested.discard().await.unwrap();
        submit(&g.store, g.anna, g.ben, &id, &bytes).await.unwrap();
        assert!(content(&g.store, g.ben, inbox, uid).await == bytes, "{size} by submission");
        append(&g.store, g.ben, drafts, &bytes, Flags::NONE).await;
        assert!(content(&g.store, g.ben, drafts, uid).await == bytes, "{size} by append");
        let live = g.store.open_mailbox(g.ben, inbox).await.unwrap();
        let reader = g.store.body(g.ben, live.read(|s| s.row(uid).unwrap().body)).await.unwrap().unwrap();
        for _ in 0..40 {
            let lo = seed.next(size as u64 + 10);
            let hi = lo + seed.next(700_000);
            let (from, to) = ((lo as usize).min(bytes.len()), (hi as usize).min(bytes.len()));
            assert_eq!(reader.read(lo..hi).await.unwrap(), &bytes[from..to], "{size}: {lo}..{hi}");
        }
        let all = reader.read(0..u64::MAX).await.unwrap();
        assert!(all == bytes);
        assert!(reader.read(u64::MAX - 1..u64::MAX).await.unwrap().is_empty());
    }
    assert_eq!(g.count("select count(*) from staged").await, 0);
    // An empty message is a message.
    let uid = append(&g.store, g.ben, drafts, b"", Flags::NONE).await.uid;
    assert!(content(&g.store, g.ben, drafts, uid).await.is_empty());
}

/// A dump reads nothing, and nobody without a copy has a key.
#[tokio::test]
async fn nobody_else_opens_it() {
    let g = Ground::new().await;
    let drafts = g.box_of(g.anna, "Drafts").await;
    append(&g.store, g.anna, drafts, &message("secret-word@x", 3000), Flags::NONE).await;
    let live = g.store.open_mailbox(g.anna, drafts).await.unwrap();
    let body = live.read(|s| s.rows[0].body);
    assert!(g.store.body(g.ben, body).await.unwrap().is_none());
    assert_eq!(g.store.facts(g.ben, &[body, body]).await.unwrap(), [None, None]);
    assert!(matches!(g.store.open_mailbox(g.ben, drafts).await, Err(MailError::NoMailbox)));
    let plain = "select count(*) from message where position('secret-word'::bytea in facts) > 0";
    assert_eq!(g.count(plain).await, 0);
    let plain = "select count(*) from body_chunk where position('secret-word'::bytea in data) > 0";
    assert_eq!(g.count(plain).await, 0);
    // A changed byte is noticed.
    g.run("update body_chunk set data = set_byte(data, 100, get_byte(data, 100) # 1)").await;
    assert!(g.store.body(g.anna, body).await.is_err());
    g.run("update message set facts = set_byte(facts, 50, get_byte(facts, 50) # 1)").await;
    assert!(g.store.facts(g.anna, &[body]).await.is_err());
}

/// STORE: each message from what it is; what has these flags already keeps its modseq.
#[tokio::test]
async fn flags_change_and_unchangedsince_is_exact() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for n in 0..4 {
        append(&g.store, g.anna, inbox, &message("x", 300 + n), Flags::NONE).await;
    }
    let live = g.store.open_mailbox(g.anna, inbox).await.unwrap();
    let store = |uids: &'static [u32], how, flags, since| {
        let (store, anna) = (g.store.clone(), g.anna);
        async move { store.store_flags(anna, inbox, uids, how, flags, since).await.unwrap() }
    };
    let at = live.known();
    let first = store(&[2], FlagChange::Add, FLAGGED, Some(at)).await;
    assert_eq!(first.changed, [(2, FLAGGED, ModSeq(at.0 + 1))]);
    // Message 2 changed after `at`: it alone is left out; 9 is not there.
    let second = store(&[1, 2, 3, 9], FlagChange::Add, SEEN, Some(at)).await;
    assert_eq!(second.modified, [2]);
    assert_eq!(second.changed.iter().map(|c| c.0).collect::<Vec<_>>(), [1, 3]);
    let third = store(&[3, 4, 1], FlagChange::Replace, SEEN, None).await;
    assert_eq!(
        third.same.iter().map(|c| (c.0, c.2)).collect::<Vec<_>>(),
        [(1, ModSeq(at.0 + 2)), (3, ModSeq(at.0 + 2))]
    );
    assert_eq!(third.changed, [(4, SEEN, ModSeq(at.0 + 3))]);
    let nothing = store(&[1, 3, 4], FlagChange::Remove, DELETED, None).await;
    assert!(nothing.changed.is_empty());
    live.refresh().await.unwrap();
    assert_eq!(live.known(), ModSeq(at.0 + 3), "nothing changed, so no modseq was used");
    assert_eq!(live.read(|s| s.row(2).unwrap().flags), FLAGGED);
    g.counters_are_right().await;
}

/// +FLAGS and -FLAGS of many sessions at once: none is lost.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_flag_changes_all_count() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for _ in 0..3 {
        append(&g.store, g.anna, inbox, &message("x", 300), FLAGGED).await;
    }
    let words: Vec<_> = (0..20).map(|n| Keyword::new(&format!("k{n}")).unwrap()).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for word in words.clone() {
        let (store, anna) = (g.store.clone(), g.anna);
        tasks.spawn(async move {
            let bit = store.keyword_bits(anna, inbox, &[word], true).await.unwrap();
            for uids in [[1, 2], [2, 3], [3, 1]] {
                store.store_flags(anna, inbox, &uids, FlagChange::Add, bit, None).await.unwrap();
            }
            store.store_flags(anna, inbox, &[2], FlagChange::Remove, bit.union(FLAGGED), None).await.unwrap();
            bit
        });
    }
    let bits: HashSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(bits.len(), 20, "each keyword has a bit of its own");
    let all = bits.iter().fold(FLAGGED, |all, b| all.union(*b));
    let live = g.store.open_mailbox(g.anna, inbox).await.unwrap();
    assert_eq!(live.read(|s| s.rows.iter().map(|r| r.flags).collect::<Vec<_>>()), [all, Flags::NONE, all]);
    assert_eq!(live.read(|s| s.keywords.len()), 20);
    for word in words {
        assert!(live.read(|s| s.keyword_bit(&word)).is_some());
    }
}

/// 55 keywords fit; the 56th is refused, and what came with it is not added either.
#[tokio::test]
async fn keywords_are_limited() {
    let g = Ground::new().await;
    let (inbox, archive) = (g.box_of(g.anna, "INBOX").await, g.box_of(g.anna, "Archive").await);
    let words: Vec<_> = (0..=KEYWORDS_MAX).map(|n| Keyword::new(&format!("k{n}")).unwrap()).collect();
    let bits = |mailbox, words: &[Keyword], create| {
        let (store, anna, words) = (g.store.clone(), g.anna, words.to_vec());
        async move { store.keyword_bits(anna, mailbox, &words, create).await }
    };
    assert_eq!(bits(inbox, &words, false).await.unwrap(), Flags::NONE);
    assert!(matches!(bits(inbox, &words, true).await, Err(MailError::Full)));
    assert_eq!(bits(inbox, &words, false).await.unwrap(), Flags::NONE);
    let all = bits(inbox, &words[..KEYWORDS_MAX], true).await.unwrap();
    assert_eq!(all.keywords().count(), KEYWORDS_MAX);
    assert!(matches!(bits(inbox, &words, true).await, Err(MailError::Full)));
    let upper = Keyword::new("K7").unwrap();
    assert_eq!(bits(inbox, &[upper], true).await.unwrap(), Flags::keyword(15));

    // COPY takes keywords along by name, as far as there is room; the message goes in any case.
    let elsewhere: Vec<_> = (0..53).map(|n| Keyword::new(&format!("other{n}")).unwrap()).collect();
    bits(archive, &elsewhere, true).await.unwrap();
    append(&g.store, g.anna, inbox, &message("x", 300), SEEN.union(all)).await;
    g.store.copy(g.anna, inbox, &[1], archive).await.unwrap();
    let live = g.store.open_mailbox(g.anna, archive).await.unwrap();
    let flags = live.read(|s| s.rows[0].flags);
    assert_eq!(flags, SEEN.union(Flags::keyword(61)).union(Flags::keyword(62)));
    let names =
        live.read(|s| s.keywords[53..].iter().map(|(_, k)| k.as_str().to_owned()).collect::<Vec<_>>());
    assert_eq!(names, ["k0", "k1"]);
}

/// COPY keeps flags, dates and order; MOVE takes the source away; both within one mailbox too.
#[tokio::test]
async fn copy_and_move() {
    let g = Ground::new().await;
    let (inbox, trash) = (g.box_of(g.anna, "INBOX").await, g.box_of(g.anna, "Trash").await);
    for n in 0..5 {
        let flags = if n % 2 == 0 { SEEN } else { DELETED };
        append(&g.store, g.anna, inbox, &message("x", 300 + n), flags).await;
    }
    let copied = g.store.copy(g.anna, inbox, &[4, 2, 2, 77], trash).await.unwrap();
    assert_eq!(copied.uids, [(2, 1), (4, 2)]);
    let moved = g.store.move_messages(g.anna, inbox, &[1, 2, 3], trash).await.unwrap();
    assert_eq!(moved.uids, [(1, 3), (2, 4), (3, 5)]);
    let within = g.store.move_messages(g.anna, inbox, &[4, 6, 7], inbox).await.unwrap();
    assert_eq!(within.uids, [(4, 6)]);
    assert_eq!(g.store.copy(g.anna, inbox, &[5], inbox).await.unwrap().uids, [(5, 7)]);
    assert!(g.store.copy(g.anna, inbox, &[], trash).await.unwrap().uids.is_empty());
    let rows = |mailbox| {
        let (store, anna) = (g.store.clone(), g.anna);
        async move {
            let live = store.open_mailbox(anna, mailbox).await.unwrap();
            live.read(|s| s.rows.iter().map(|r| (r.uid, r.flags, r.internal_date)).collect::<Vec<_>>())
        }
    };
    assert_eq!(rows(inbox).await, [(5, SEEN, 7), (6, DELETED, 7), (7, SEEN, 7)]);
    let in_trash = [(1, DELETED, 7), (2, DELETED, 7), (3, SEEN, 7), (4, DELETED, 7), (5, SEEN, 7)];
    assert_eq!(rows(trash).await, in_trash);
    let missing = g.store.copy(g.anna, inbox, &[5], MailboxId(999_999)).await;
    assert!(matches!(missing, Err(MailError::NoMailbox)));
    let foreign = g.store.copy(g.anna, inbox, &[5], g.box_of(g.ben, "INBOX").await).await;
    assert!(matches!(foreign, Err(MailError::NoMailbox)), "never into another account's mailbox");
    g.counters_are_right().await;
    g.uids_are_gapless().await;
}

/// EXPUNGE takes the deleted ones only; UID EXPUNGE only those named.
#[tokio::test]
async fn expunge_takes_what_is_deleted() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for n in 0..6 {
        append(&g.store, g.anna, inbox, &message("x", 300), if n % 2 == 0 { DELETED } else { SEEN }).await;
    }
    assert_eq!(g.store.expunge(g.anna, inbox, Some(&[1, 2, 9])).await.unwrap(), [1]);
    assert_eq!(g.store.expunge(g.anna, inbox, None).await.unwrap(), [3, 5]);
    assert!(g.store.expunge(g.anna, inbox, None).await.unwrap().is_empty());
    let info = g.store.mailbox(g.anna, &MailboxName::inbox()).await.unwrap().unwrap();
    assert_eq!((info.messages, info.unseen, info.deleted, info.size), (3, 0, 0, 900));
    g.counters_are_right().await;
    g.uids_are_gapless().await;
}

/// `\Recent` belongs to one session.
#[tokio::test(flavor = "multi_thread")]
async fn recent_is_claimed_once() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for _ in 0..5 {
        append(&g.store, g.anna, inbox, &message("x", 300), Flags::NONE).await;
    }
    assert_eq!(g.store.unclaimed_recent(g.anna, inbox).await.unwrap(), (1, 5));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, anna) = (g.store.clone(), g.anna);
        tasks.spawn(async move { store.claim_recent(anna, inbox, 6).await.unwrap() });
    }
    let mut from = tasks.join_all().await;
    from.sort_unstable();
    assert_eq!(from, [1, 6, 6, 6, 6, 6, 6, 6]);
    append(&g.store, g.anna, inbox, &message("x", 300), Flags::NONE).await;
    assert_eq!(g.store.unclaimed_recent(g.anna, inbox).await.unwrap(), (6, 1));
    // A session that is behind takes nothing back.
    assert_eq!(g.store.claim_recent(g.anna, inbox, 3).await.unwrap(), 6);
    assert_eq!(g.store.unclaimed_recent(g.anna, inbox).await.unwrap(), (6, 1));
}

/// R20: a cap that Support set holds for APPEND and COPY; delivery goes on.
#[tokio::test]
async fn r20_the_cap_holds() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    append(&g.store, g.anna, inbox, &message("x", 600), DELETED).await;
    g.run("update account set storage_cap = 1000").await;
    let usage = g.store.usage(g.anna).await.unwrap();
    assert_eq!((usage.size, usage.messages, usage.cap), (600, 1, Some(1000)));
    let more = try_append(&g.store, g.anna, inbox, &message("x", 401), SEEN, None).await;
    assert!(matches!(more, Err(MailError::OverQuota)));
    assert!(matches!(g.store.copy(g.anna, inbox, &[1], inbox).await, Err(MailError::OverQuota)));
    append(&g.store, g.anna, inbox, &message("x", 400), SEEN).await;
    submit(&g.store, g.ben, g.anna, "m@x", &message("m@x", 2000)).await.unwrap();
    assert_eq!(g.store.usage(g.anna).await.unwrap().size, 3000);
}

/// CREATE, LIST, RENAME, DELETE, with names above and below.
#[tokio::test]
async fn names() {
    let g = Ground::new().await;
    let name = |n: &str| MailboxName::new(n).unwrap();
    let names = async || {
        let all = g.store.mailboxes(g.anna).await.unwrap();
        all.into_iter().map(|m| m.name.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]);
    let deep = g.store.create_mailbox(g.anna, &name("a/b/ü"), None).await.unwrap();
    assert_eq!(names().await[6..], ["a", "a/b", "a/b/ü"]);
    for taken in ["INBOX", "a/b", "a/b/ü"] {
        let refused = g.store.create_mailbox(g.anna, &name(taken), None).await;
        assert!(matches!(refused, Err(MailError::Exists)), "{taken}");
    }
    let second = g.store.create_mailbox(g.anna, &name("Sent2"), Some(SpecialUse::Sent)).await;
    assert!(matches!(second, Err(MailError::UseTaken)));
    let flagged = g.store.create_mailbox(g.anna, &name("Stars"), Some(SpecialUse::Flagged)).await;
    assert!(flagged.is_ok());

    append(&g.store, g.anna, deep, &message("x", 300), SEEN).await;
    g.store.rename_mailbox(g.anna, &name("a"), &name("x/y")).await.unwrap();
    assert_eq!(names().await[7..], ["x", "x/y", "x/y/b", "x/y/b/ü"]);
    let moved = g.store.mailbox(g.anna, &name("x/y/b/ü")).await.unwrap().unwrap();
    assert_eq!((moved.id, moved.messages), (deep, 1));
    for (from, to, why) in [
        ("none", "other", "no such mailbox"),
        ("x", "x/y/z", "below itself"),
        ("x", "Junk", "taken"),
        ("INBOX", "Junk", "taken"),
    ] {
        assert!(g.store.rename_mailbox(g.anna, &name(from), &name(to)).await.is_err(), "{why}");
    }
    let long = "l".repeat(996);
    let too_long = g.store.rename_mailbox(g.anna, &name("x"), &name(&long)).await;
    assert!(matches!(too_long, Err(MailError::Name(_))));

    // A name with names below stays as \Noselect; a new mailbox in its place is another one.
    g.store.delete_mailbox(g.anna, &name("x/y/b")).await.unwrap();
    let kept = g.store.mailbox(g.anna, &name("x/y/b")).await.unwrap().unwrap();
    assert!(!kept.selectable);
    let into = try_append(&g.store, g.anna, kept.id, b"", SEEN, None).await;
    assert!(matches!(into, Err(MailError::NotSelectable)));
    let again = g.store.delete_mailbox(g.anna, &name("x/y/b")).await;
    assert!(matches!(again, Err(MailError::HasChildren)));
    g.store.create_mailbox(g.anna, &name("x/y/b"), None).await.unwrap();
    let renewed = g.store.mailbox(g.anna, &name("x/y/b")).await.unwrap().unwrap();
    assert!(renewed.selectable && renewed.id != kept.id && renewed.uidvalidity > kept.uidvalidity);

    assert!(matches!(g.store.delete_mailbox(g.anna, &name("INBOX")).await, Err(MailError::Forbidden)));
    assert!(matches!(g.store.delete_mailbox(g.anna, &name("none")).await, Err(MailError::NoMailbox)));
    let live = g.store.open_mailbox(g.anna, deep).await.unwrap();
    g.store.delete_mailbox(g.anna, &name("x/y/b/ü")).await.unwrap();
    assert!(matches!(live.refresh().await, Err(MailError::NoMailbox)));
    assert!(live.read(|s| s.gone));
    assert_eq!(g.count("select count(*) from expunged").await, 1, "its message is recoverable");
    assert!(matches!(try_append(&g.store, g.anna, deep, b"", SEEN, None).await, Err(MailError::NoMailbox)));

    // INBOX gives its messages away and stays; what is below it stays too.
    let inbox = g.box_of(g.anna, "INBOX").await;
    g.store.create_mailbox(g.anna, &name("INBOX/below"), None).await.unwrap();
    append(&g.store, g.anna, inbox, &message("x", 300), SEEN).await;
    g.store.rename_mailbox(g.anna, &name("INBOX"), &name("INBOX/old/2026")).await.unwrap();
    assert_eq!(g.box_of(g.anna, "INBOX").await, inbox);
    let old = g.store.mailbox(g.anna, &name("INBOX/old/2026")).await.unwrap().unwrap();
    assert_eq!(old.messages, 1);
    assert!(g.store.mailbox(g.anna, &name("INBOX/below")).await.unwrap().is_some());
    g.counters_are_right().await;
}

/// Subscriptions have a life of their own.
#[tokio::test]
async fn subscriptions() {
    let g = Ground::new().await;
    let name = MailboxName::new("Not/there").unwrap();
    let before = g.store.subscriptions(g.anna).await.unwrap().len();
    g.store.subscribe(g.anna, &name).await.unwrap();
    g.store.subscribe(g.anna, &name).await.unwrap();
    assert_eq!(g.store.subscriptions(g.anna).await.unwrap().len(), before + 1);
    g.store.unsubscribe(g.anna, &name).await.unwrap();
    g.store.unsubscribe(g.anna, &name).await.unwrap();
    assert_eq!(g.store.subscriptions(g.anna).await.unwrap().len(), before);
}

/// Names changing in parallel never fail for each other's sake, and mail goes on meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn names_change_while_mail_comes() {
    let g = Ground::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..6 {
        let (store, anna, ben) = (g.store.clone(), g.anna, g.ben);
        tasks.spawn(async move {
            let name = |s: String| MailboxName::new(&s).unwrap();
            for i in 0..8 {
                let id = format!("{n}.{i}@x");
                submit(&store, anna, ben, &id, &message(&id, 600)).await.unwrap();
                store.create_mailbox(anna, &name(format!("p/{n}/{i}")), None).await.unwrap();
                store
                    .rename_mailbox(anna, &name(format!("p/{n}")), &name(format!("q{n}-{i}")))
                    .await
                    .unwrap();
                store.delete_mailbox(anna, &name(format!("q{n}-{i}/{i}"))).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let sent = g.store.mailbox(g.anna, &MailboxName::new("Sent").unwrap()).await.unwrap().unwrap();
    assert_eq!(sent.messages, 48);
    let all = g.store.mailboxes(g.anna).await.unwrap();
    let validities: HashSet<_> = all.iter().map(|m| m.uidvalidity).collect();
    assert_eq!(validities.len(), all.len(), "no UIDVALIDITY twice in an account");
    g.counters_are_right().await;
}

/// Everything at once on a few mailboxes, through two gateways: nothing fails, nothing is lost or
/// doubled, counters are what a recount says, and live views end up as what a cold load says.
#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_at_once() {
    let g = Ground::new().await;
    let other = g.another().await;
    let boxes =
        [g.box_of(g.anna, "INBOX").await, g.box_of(g.anna, "Sent").await, g.box_of(g.anna, "Archive").await];
    let mut views = Vec::new();
    for store in [&g.store, &other] {
        for mailbox in boxes {
            views.push(store.open_mailbox(g.anna, mailbox).await.unwrap());
        }
    }
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..32_u64 {
        let store = if n % 2 == 0 { g.store.clone() } else { other.clone() };
        let (anna, ben) = (g.anna, g.ben);
        tasks.spawn(async move {
            let mut seed = Seed(n);
            let mut submitted = 0;
            for i in 0..20 {
                let mailbox = boxes[seed.next(3) as usize];
                let to = boxes[seed.next(3) as usize];
                let uids: Vec<u32> = (0..8).map(|_| 1 + seed.next(120) as u32).collect();
                match seed.next(8) {
                    0 | 1 => {
                        let id = format!("{n}.{i}@x");
                        let (from, to) = if seed.next(2) == 0 { (anna, ben) } else { (ben, anna) };
                        let done = submit(&store, from, to, &id, &message(&id, 400)).await.unwrap();
                        assert_eq!(done, SubmitOutcome::Delivered);
                        submitted += 1;
                    }
                    2 => {
                        append(&store, anna, mailbox, &message("a", 300), SEEN).await;
                    }
                    3 | 4 => {
                        let how =
                            [FlagChange::Add, FlagChange::Remove, FlagChange::Replace][seed.next(3) as usize];
                        let flags = Flags(seed.next(32));
                        store.store_flags(anna, mailbox, &uids, how, flags, None).await.unwrap();
                    }
                    5 => {
                        store.copy(anna, mailbox, &uids, to).await.unwrap();
                    }
                    6 => {
                        store.move_messages(anna, mailbox, &uids, to).await.unwrap();
                    }
                    _ => {
                        store.expunge(anna, mailbox, None).await.unwrap();
                    }
                }
            }
            submitted
        });
    }
    let submitted: i64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(g.count("select count(*) from submission").await, submitted);
    assert_eq!(g.count("select count(*) from delivery").await, submitted);
    g.counters_are_right().await;
    g.uids_are_gapless().await;
    for view in &views {
        view.refresh().await.unwrap();
    }
    // A gateway that has seen nothing yet loads all from the database.
    let third = g.another().await;
    for view in &views {
        let cold = third.open_mailbox(g.anna, view.id()).await.unwrap();
        assert_eq!(view.read(|s| s.rows.clone()), cold.read(|s| s.rows.clone()));
        assert_eq!(view.read(|s| (s.uidnext, s.highestmodseq)), cold.read(|s| (s.uidnext, s.highestmodseq)));
    }
    // Modseqs: each change of a mailbox has its own, and no row is newer than its mailbox.
    let twice = "select count(*) from (select from mailbox_change group by account_id, mailbox_id, modseq
                                        having count(*) > 1 ) d";
    assert_eq!(g.count(twice).await, 0);
}

/// What a session sees of a mailbox.
fn all_of(live: &LiveMailbox) -> (UidValidity, u32, ModSeq, Vec<Row>, Vec<(u8, Keyword)>) {
    live.read(|s| (s.uidvalidity, s.uidnext, s.highestmodseq, s.rows.clone(), s.keywords.clone()))
}

/// They show the same. A keyword that no message has yet the live one hears of with the next change.
fn same(cold: &LiveMailbox, live: &LiveMailbox) {
    let (mut cold, live) = (all_of(cold), all_of(live));
    assert!(cold.4.starts_with(&live.4), "{:?} {:?}", cold.4, live.4);
    cold.4.truncate(live.4.len());
    assert_eq!(cold, live);
}

/// A live view brought up to date step by step is what a cold load is, whatever happened between.
#[tokio::test]
async fn a_live_view_equals_a_cold_load() {
    for seed in 0..6 {
        let g = Ground::new().await;
        let mut seed = Seed(seed);
        let (inbox, archive) = (g.box_of(g.anna, "INBOX").await, g.box_of(g.anna, "Archive").await);
        // Wake-ups refresh the view too; that must not matter.
        let live = g.store.open_mailbox(g.anna, inbox).await.unwrap();
        let mut told: BTreeMap<u32, Flags> = BTreeMap::new();
        let mut upto = live.known();
        for step in 0..60 {
            let uidnext = live.read(|s| s.uidnext);
            let uids: Vec<u32> = (0..5).map(|_| 1 + seed.next(u64::from(uidnext)) as u32).collect();
            match seed.next(7) {
                0 | 1 => {
                    append(&g.store, g.anna, inbox, &message("x", 200), Flags(seed.next(32))).await;
                }
                2 => {
                    let word = Keyword::new(&format!("k{}", seed.next(12))).unwrap();
                    let bits = g.store.keyword_bits(g.anna, inbox, &[word], true).await.unwrap();
                    g.store.store_flags(g.anna, inbox, &uids, FlagChange::Add, bits, None).await.unwrap();
                }
                3 => {
                    let flags = Flags(seed.next(32));
                    g.store
                        .store_flags(g.anna, inbox, &uids, FlagChange::Replace, flags, None)
                        .await
                        .unwrap();
                }
                4 => drop(g.store.copy(g.anna, inbox, &uids, inbox).await.unwrap()),
                5 => drop(g.store.move_messages(g.anna, inbox, &uids, archive).await.unwrap()),
                _ => drop(g.store.expunge(g.anna, inbox, None).await.unwrap()),
            }
            // A snapshot of some moment, and what changed since, is what the rows are.
            if seed.next(9) == 0 {
                g.store.write_snapshot(g.anna, inbox).await.unwrap();
            }
            if seed.next(6) == 0 {
                let by_snapshot = g.another().await.open_mailbox(g.anna, inbox).await.unwrap();
                live.refresh().await.unwrap();
                same(&by_snapshot, &live);
                assert!(g.store.verify_snapshots(None).await.unwrap().is_empty());
            }
            if seed.next(3) == 0 {
                live.refresh().await.unwrap();
                // A session that is told changes and expunges alone knows what the state holds.
                live.read(|s| {
                    // Something came and went between two looks: then uids are compared.
                    match s.expunged_since(upto) {
                        Some(all) => {
                            for gone in all {
                                told.remove(&gone.uid);
                            }
                        }
                        None => told.retain(|uid, _| s.position(*uid).is_some()),
                    }
                    for row in s.changed_since(upto) {
                        told.insert(row.uid, row.flags);
                    }
                    upto = s.highestmodseq;
                    let all: BTreeMap<_, _> = s.rows.iter().map(|r| (r.uid, r.flags)).collect();
                    assert_eq!(told, all, "step {step}");
                });
            }
            // The change log is pruned now and then: the view then loads all anew, and says so.
            if seed.next(20) == 0 {
                let keep = Retention { changes: Duration::ZERO, ..Retention::default() };
                g.store.sweep(&keep).await.unwrap();
                live.refresh().await.unwrap();
                told = live.read(|s| s.rows.iter().map(|r| (r.uid, r.flags)).collect());
                upto = live.known();
            }
        }
        live.refresh().await.unwrap();
        g.run("delete from mailbox_snapshot").await;
        let cold = g.another().await.open_mailbox(g.anna, inbox).await.unwrap();
        same(&cold, &live);
        g.counters_are_right().await;
        g.uids_are_gapless().await;
    }
}

/// The flags of a mailbox's first message, as a process sees them that did not know the mailbox.
async fn first_flags(g: &Ground, mailbox: MailboxId) -> Flags {
    let live = g.another().await.open_mailbox(g.anna, mailbox).await.unwrap();
    live.read(|s| s.rows[0].flags)
}

/// The snapshot is what is read, as long as the change log reaches back to it; then the rows are. (The row is
/// changed past all rules, so that one sees which it was.)
#[tokio::test]
async fn a_snapshot_is_read_in_place_of_the_rows() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for _ in 0..3 {
        append(&g.store, g.anna, inbox, &message("x", 300), SEEN).await;
    }
    assert!(g.store.write_snapshot(g.anna, inbox).await.unwrap());
    assert!(!g.store.write_snapshot(g.anna, inbox).await.unwrap(), "there is one of this moment");
    g.run("update mailbox_message set flags = 4 where uid = 1").await;
    assert_eq!(first_flags(&g, inbox).await, SEEN);
    // What changed since is the database's.
    g.store.store_flags(g.anna, inbox, &[2], FlagChange::Add, FLAGGED, None).await.unwrap();
    let live = g.another().await.open_mailbox(g.anna, inbox).await.unwrap();
    let flags = live.read(|s| s.rows.iter().map(|row| row.flags).collect::<Vec<_>>());
    assert_eq!(flags, [SEEN, SEEN.union(FLAGGED), SEEN]);
    // Pruned: nobody knows any more what changed since.
    let keep = Retention { changes: Duration::ZERO, ..Retention::default() };
    assert_eq!(g.store.sweep(&keep).await.unwrap().changes, 1);
    assert_eq!(first_flags(&g, inbox).await, FLAGGED);
    // Another one, of the state of now.
    assert!(g.another().await.write_snapshot(g.anna, inbox).await.unwrap());
    g.run("update mailbox_message set flags = 1 where uid = 1").await;
    assert_eq!(first_flags(&g, inbox).await, FLAGGED);
    // More changes than messages: the rows are less work.
    for n in 0..3 {
        let flags = if n % 2 == 0 { SEEN } else { FLAGGED };
        g.store.store_flags(g.anna, inbox, &[2, 3], FlagChange::Replace, flags, None).await.unwrap();
    }
    assert_eq!(first_flags(&g, inbox).await, SEEN);
    // A mailbox takes its snapshot with it.
    let name = MailboxName::new("Ablage").unwrap();
    let other = g.store.create_mailbox(g.anna, &name, None).await.unwrap();
    assert!(g.store.write_snapshot(g.anna, other).await.unwrap());
    g.store.rename_mailbox(g.anna, &name, &MailboxName::new("Archiv").unwrap()).await.unwrap();
    assert_eq!(g.count("select count(*) from mailbox_snapshot").await, 2);
    g.store.delete_mailbox(g.anna, &MailboxName::new("Archiv").unwrap()).await.unwrap();
    assert_eq!(g.count("select count(*) from mailbox_snapshot").await, 1);
}

/// A snapshot that was changed, cut, or is another mailbox's or of another moment: it goes, and the rows are read.
#[tokio::test]
async fn a_damaged_snapshot_is_dropped() {
    let g = Ground::new().await;
    let (inbox, archive) = (g.box_of(g.anna, "INBOX").await, g.box_of(g.anna, "Archive").await);
    for mailbox in [inbox, archive] {
        for _ in 0..3 {
            append(&g.store, g.anna, mailbox, &message("x", 300), SEEN).await;
        }
    }
    g.store.write_snapshot(g.anna, archive).await.unwrap();
    let whole = all_of(&g.store.open_mailbox(g.anna, inbox).await.unwrap());
    for damage in [
        "update mailbox_snapshot set data = set_byte(data, 20, get_byte(data, 20) # 4) where mailbox_id = $1",
        "update mailbox_snapshot set data = substring(data from 1 for octet_length(data) - 1) where mailbox_id = $1",
        "update mailbox_snapshot set data = '' where mailbox_id = $1",
        "update mailbox_snapshot set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 4) where mailbox_id = $1",
        "update mailbox_snapshot set rows = rows - 1 where mailbox_id = $1",
        "update mailbox_snapshot set modseq = modseq - 1 where mailbox_id = $1",
        "update mailbox_snapshot set uidnext = uidnext - 1 where mailbox_id = $1",
        "update mailbox_snapshot s set id = o.id, wrapped = o.wrapped, data = o.data, modseq = o.modseq,
                                      uidnext = o.uidnext, rows = o.rows
           from mailbox_snapshot o where s.mailbox_id = $1 and o.mailbox_id <> $1",
    ] {
        assert!(g.store.write_snapshot(g.anna, inbox).await.unwrap(), "{damage}");
        assert_eq!(sqlx::query(damage).bind(inbox.0).execute(&g.pool).await.unwrap().rows_affected(), 1);
        assert_eq!(g.store.verify_snapshots(None).await.unwrap().len(), 1, "{damage}");
        let cold = g.another().await.open_mailbox(g.anna, inbox).await.unwrap();
        assert_eq!(all_of(&cold), whole, "{damage}");
        assert_eq!(g.count("select count(*) from mailbox_snapshot").await, 1, "{damage}");
    }
}

/// A gateway that has a large mailbox open writes its snapshot, and a new one when much has changed, not sooner; of
/// two gateways one does. A mailbox with an entry that is not tied gets none.
#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_written_in_the_background() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for _ in 0..8 {
        append(&g.store, g.anna, inbox, &message("x", 300), SEEN).await;
    }
    let all = |n: u32| (1..=n).collect::<Vec<u32>>();
    let mut count = 8;
    while count < 2048 {
        g.store.copy(g.anna, inbox, &all(count), inbox).await.unwrap();
        count *= 2;
    }
    g.store.start_snapshots();
    let other = g.another().await;
    other.start_snapshots();
    let (here, there) = (
        g.store.open_mailbox(g.anna, inbox).await.unwrap(),
        other.open_mailbox(g.anna, inbox).await.unwrap(),
    );
    g.becomes("select coalesce(max(rows), 0) from mailbox_snapshot", 2048).await;
    // Too few, then enough.
    g.store.copy(g.anna, inbox, &all(200), inbox).await.unwrap();
    for live in [&here, &there] {
        live.refresh().await.unwrap();
    }
    assert_eq!(g.count("select rows from mailbox_snapshot").await, 2048);
    g.store.copy(g.anna, inbox, &all(100), inbox).await.unwrap();
    g.becomes("select rows from mailbox_snapshot", 2348).await;
    // Whoever opens it now reads that, and what it has is told to be near: no other one is written.
    assert_eq!(g.another().await.open_mailbox(g.anna, inbox).await.unwrap().read(|s| s.rows.len()), 2348);
    assert!(g.store.verify_snapshots(None).await.unwrap().is_empty());
    g.run("delete from mailbox_snapshot").await;
    g.run("update mailbox_message set size = size + 1 where uid = 7").await;
    assert!(!g.another().await.write_snapshot(g.anna, inbox).await.unwrap());
}

/// A view that missed what was pruned loads everything.
#[tokio::test]
async fn a_pruned_log_means_loading_anew() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for _ in 0..3 {
        append(&g.store, g.anna, inbox, &message("x", 300), DELETED).await;
    }
    // A store whose wake-ups have stopped, as one whose database connection is away.
    let late = g.another().await;
    let live = late.open_mailbox(g.anna, inbox).await.unwrap();
    let upto = live.known();
    let known = live.read(|s| s.rows.len());
    assert_eq!(known, 3);
    g.store.expunge(g.anna, inbox, Some(&[2])).await.unwrap();
    g.store.store_flags(g.anna, inbox, &[3], FlagChange::Replace, SEEN, None).await.unwrap();
    let keep = Retention { changes: Duration::ZERO, ..Retention::default() };
    assert_eq!(g.store.sweep(&keep).await.unwrap().changes, 2);
    live.refresh().await.unwrap();
    let rows = live.read(|s| s.rows.iter().map(|r| (r.uid, r.flags)).collect::<Vec<_>>());
    assert_eq!(rows, [(1, DELETED), (3, SEEN)]);
    // It may have heard of the expunge before the log was pruned; if not, it says that it does not know.
    if let Some(gone) = live.read(|s| s.expunged_since(upto).map(|g| g.map(|r| r.uid).collect::<Vec<_>>())) {
        assert_eq!(gone, [2]);
    }
}

/// Waits for a mailbox to be so, as a session does that is told of changes.
async fn until(
    live: &LiveMailbox,
    changes: &mut watch::Receiver<ModSeq>,
    so: impl Fn(&MailboxState) -> bool,
) {
    while !live.read(&so) {
        tokio::time::timeout(PATIENCE, changes.changed()).await.expect("nobody was told").unwrap();
    }
}

/// Two gateways: what one commits, the other's open mailbox shows within a second, without asking.
#[tokio::test(flavor = "multi_thread")]
async fn another_gateway_sees_it() {
    let g = Ground::new().await;
    let other = g.another().await;
    let inbox = g.box_of(g.ben, "INBOX").await;
    let here = g.store.open_mailbox(g.ben, inbox).await.unwrap();
    let there = other.open_mailbox(g.ben, inbox).await.unwrap();
    let mut times = Vec::new();
    for n in 1..=10_usize {
        let mut changes = [here.changes(), there.changes()];
        let id = format!("{n}@x");
        submit(&g.store, g.anna, g.ben, &id, &message(&id, 300)).await.unwrap();
        let begun = std::time::Instant::now();
        for (live, changes) in [&here, &there].into_iter().zip(&mut changes) {
            until(live, changes, |s| s.rows.len() == n).await;
        }
        times.push(begun.elapsed());
    }
    // The poll alone would need a second for each but the first. (Not the slowest: the machine may have stood still.)
    times.sort_unstable();
    assert!(times[times.len() / 2] < Duration::from_millis(500), "{times:?}");
    // The mailbox goes: both are told.
    let name = MailboxName::new("Other").unwrap();
    let id = g.store.create_mailbox(g.ben, &name, None).await.unwrap();
    let there = other.open_mailbox(g.ben, id).await.unwrap();
    let mut changes = there.changes();
    g.store.delete_mailbox(g.ben, &name).await.unwrap();
    until(&there, &mut changes, |s| s.gone).await;
}

/// Without a single notification, the poll finds out.
#[tokio::test(flavor = "multi_thread")]
async fn the_poll_finds_what_no_wake_up_told() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    append(&g.store, g.anna, inbox, &message("x", 300), SEEN).await;
    let live = g.store.open_mailbox(g.anna, inbox).await.unwrap();
    let mut changes = live.changes();
    g.run("select store_flags(account_id, mailbox_id, array[1::bigint], array[1::bigint], 'add', 4, null) from mailbox_message")
        .await;
    until(&live, &mut changes, |s| s.rows[0].flags == SEEN.union(FLAGGED)).await;
}

/// Who comes back soon finds the rows in memory, and what happened meanwhile, here and on another gateway.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_was_open_lately_is_kept() {
    let g = Ground::new().await;
    let other = g.another().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    append(&g.store, g.anna, inbox, &message("x", 300), SEEN).await;
    let one = g.store.open_mailbox(g.anna, inbox).await.unwrap();
    let two = g.store.open_mailbox(g.anna, inbox).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&one, &two), "shared");
    let weak = std::sync::Arc::downgrade(&one);
    drop((one, two));
    append(&other, g.anna, inbox, &message("y", 300), SEEN).await;
    append(&g.store, g.anna, inbox, &message("z", 300), SEEN).await;
    let again = g.store.open_mailbox(g.anna, inbox).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&again, &weak.upgrade().unwrap()), "kept");
    assert_eq!(again.read(|s| s.rows.iter().map(|r| r.uid).collect::<Vec<_>>()), [1, 2, 3]);
    // It is open again, and so it hears of what comes.
    let mut changes = again.changes();
    append(&other, g.anna, inbox, &message("w", 300), SEEN).await;
    until(&again, &mut changes, |s| s.rows.len() == 4).await;
    assert!(std::mem::size_of::<postern::store::Row>() <= 64);
}

/// One that is deleted while it is only kept is gone for who comes back.
#[tokio::test]
async fn a_kept_mailbox_may_be_deleted() {
    let g = Ground::new().await;
    let name = MailboxName::new("Other").unwrap();
    let id = g.store.create_mailbox(g.anna, &name, None).await.unwrap();
    drop(g.store.open_mailbox(g.anna, id).await.unwrap());
    g.another().await.delete_mailbox(g.anna, &name).await.unwrap();
    assert!(matches!(g.store.open_mailbox(g.anna, id).await, Err(MailError::NoMailbox)));
}

/// A batch that waits for a mailbox does not hold up those behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_batch_holds_nobody_up() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    let mut holder = g.pool.begin().await.unwrap();
    let lock = sqlx::query("select 1 from mailbox where id = $1 for update").bind(inbox.0);
    lock.execute(&mut *holder).await.unwrap();
    let (store, anna) = (g.store.clone(), g.anna);
    let waits =
        tokio::spawn(async move { submit(&store, anna, anna, "one@x", &message("one@x", 500)).await });
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while g.count(waiting).await == 0 {}
    let text = message("two@x", 500);
    let to_himself = submit(&g.store, g.ben, g.ben, "two@x", &text);
    let done = tokio::time::timeout(PATIENCE, to_himself).await;
    assert_eq!(done.unwrap().unwrap(), SubmitOutcome::Delivered);
    assert!(!waits.is_finished());
    holder.rollback().await.unwrap();
    assert_eq!(waits.await.unwrap().unwrap(), SubmitOutcome::Delivered);
}

/// Staged chunks that nobody claims go; those of a message still coming in stay; claimed ones stay.
#[tokio::test]
async fn unclaimed_chunks_are_swept() {
    let g = Ground::new().await;
    let drafts = g.box_of(g.anna, "Drafts").await;
    let bytes = message("x", 600_000);
    // A client that breaks off: its chunks go at once.
    let mut broken_off = g.store.ingest(Limits::default()).unwrap();
    broken_off.push(&bytes[..300_000]).await.unwrap();
    g.becomes("select count(*) from body_chunk", 2).await;
    drop(broken_off);
    drop(ingest(&g.store, &bytes).await);
    g.becomes("select count(*) from body_chunk", 0).await;
    // A gateway that was killed leaves them to the sweeper.
    std::mem::forget(ingest(&g.store, &bytes).await);
    let mut slow = g.store.ingest(Limits::default()).unwrap();
    slow.push(&bytes[..300_000]).await.unwrap();
    // They are staged while more may come.
    g.becomes("select count(*) from staged", 2).await;
    let kept = append(&g.store, g.anna, drafts, &bytes, SEEN).await.uid;
    g.run("update staged set touched_at = now() - interval '3 hours'").await;
    // What goes on is touched again.
    slow.push(&bytes[300_000..]).await.unwrap();
    g.becomes("select count(*) from staged where touched_at > now() - interval '1 hour'", 1).await;
    let swept = g.store.sweep(&Retention::default()).await.unwrap();
    assert_eq!(swept.staged, 1);
    let ingested = slow.finish().await.unwrap();
    let new = NewAppend {
        mailbox: drafts,
        ingested,
        flags: SEEN,
        keywords: &[],
        internal_date: None,
        sent_copy: None,
    };
    let uid = g.store.append(g.anna, new).await.unwrap().uid;
    for uid in [kept, uid] {
        assert!(content(&g.store, g.anna, drafts, uid).await == bytes);
    }
    // One that was swept cannot go on, nor be stored.
    let mut late = g.store.ingest(Limits::default()).unwrap();
    late.push(&bytes[..300_000]).await.unwrap();
    let whole = ingest(&g.store, &bytes).await;
    g.becomes("select count(*) from staged", 2).await;
    g.run("update staged set touched_at = now() - interval '3 hours'").await;
    assert_eq!(g.store.sweep(&Retention::default()).await.unwrap().staged, 2);
    assert!(matches!(late.push(&bytes).await, Err(MailError::StagedGone)));
    let fingerprint = [0; 32];
    let new = NewSubmission {
        sender: g.anna,
        recipient: g.ben,
        ingested: whole,
        message_id: "m@x".to_owned(),
        fingerprint,
        invitation: None,
    };
    assert!(matches!(g.store.submit(new).await, Err(MailError::StagedGone)));
    assert_eq!(g.count("select count(*) from body_chunk").await, 10);
    assert_eq!(g.count("select count(*) from message").await, 2);
}

/// A member of a batch that fails takes none of its neighbours along.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_neighbour_hurts_nobody() {
    let g = Ground::new().await;
    let bytes = message("x", 600_000);
    let mut doomed = Vec::new();
    for _ in 0..4 {
        doomed.push(ingest(&g.store, &bytes).await);
    }
    g.run("delete from body_chunk").await;
    g.run("delete from staged").await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let (store, anna, ben) = (g.store.clone(), g.anna, g.ben);
        let bad = if n % 10 == 5 { doomed.pop() } else { None };
        tasks.spawn(async move {
            let id = format!("{n}@x");
            match bad {
                Some(ingested) => {
                    let fingerprint = [0; 32];
                    let new = NewSubmission {
                        sender: anna,
                        recipient: ben,
                        ingested,
                        message_id: id,
                        fingerprint,
                        invitation: None,
                    };
                    assert!(matches!(store.submit(new).await, Err(MailError::StagedGone)));
                    0
                }
                None => {
                    let done = submit(&store, anna, ben, &id, &message(&id, 500)).await.unwrap();
                    u32::from(done == SubmitOutcome::Delivered)
                }
            }
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<u32>(), 36);
    assert_eq!(g.count("select count(*) from mailbox_message").await, 72);
    g.counters_are_right().await;
    g.uids_are_gapless().await;
}

/// An expunged message stays until retention ends; a shared one until nobody shows it.
#[tokio::test]
async fn messages_go_when_nobody_shows_them() {
    let g = Ground::new().await;
    let (inbox, sent) = (g.box_of(g.ben, "INBOX").await, g.box_of(g.anna, "Sent").await);
    let bytes = message("one@x", 300_000);
    submit(&g.store, g.anna, g.ben, "one@x", &bytes).await.unwrap();
    submit(&g.store, g.anna, g.ben, "two@x", &message("two@x", 500)).await.unwrap();
    let delete = async |account, mailbox| {
        g.store.store_flags(account, mailbox, &[1], FlagChange::Add, DELETED, None).await.unwrap();
        assert_eq!(g.store.expunge(account, mailbox, None).await.unwrap(), [1]);
    };
    let now = Retention { expunged: Duration::ZERO, ..Retention::default() };
    delete(g.anna, sent).await;
    assert_eq!(g.store.sweep(&Retention::default()).await.unwrap().expunged, 0, "recoverable");
    let swept = g.store.sweep(&now).await.unwrap();
    assert_eq!((swept.expunged, swept.messages), (1, 0));
    assert!(content(&g.store, g.ben, inbox, 1).await == bytes);
    let archive = g.box_of(g.ben, "Archive").await;
    g.store.copy(g.ben, inbox, &[1], archive).await.unwrap();
    delete(g.ben, inbox).await;
    assert_eq!(g.store.sweep(&now).await.unwrap().messages, 0);
    delete(g.ben, archive).await;
    assert_eq!(g.store.sweep(&now).await.unwrap().messages, 1);
    for table in [
        "select count(*) from message",
        "select count(*) from body_chunk",
        "select count(*) from message_key where message_id = (select id from message) group by message_id having count(*) = 2",
    ] {
        assert!(g.count(table).await <= 2, "{table}");
    }
    assert_eq!(g.count("select count(*) from message").await, 1);
    assert_eq!(g.count("select count(*) from body_chunk").await, 1);
    assert_eq!(g.count("select count(*) from message_key").await, 2);
    // R14: the delivery record outlives the message.
    assert_eq!(g.store.delivered_by(g.ben, &["one@x".into()]).await.unwrap(), [g.anna]);
}

/// COPY against the sweeper: what was copied in time is there.
#[tokio::test(flavor = "multi_thread")]
async fn copying_while_sweeping_loses_nothing() {
    let g = Ground::new().await;
    let (inbox, archive) = (g.box_of(g.anna, "INBOX").await, g.box_of(g.anna, "Archive").await);
    for _ in 0..60 {
        append(&g.store, g.anna, inbox, &message("x", 300), DELETED).await;
    }
    let sweeping = {
        let store = g.store.clone();
        tokio::spawn(async move {
            let keep =
                Retention { expunged: Duration::ZERO, changes: Duration::ZERO, ..Retention::default() };
            for _ in 0..60 {
                store.sweep(&keep).await.unwrap();
            }
        })
    };
    let expunging = {
        let (store, anna) = (g.store.clone(), g.anna);
        tokio::spawn(async move {
            for uid in 1..=60 {
                store.expunge(anna, inbox, Some(&[uid])).await.unwrap();
            }
        })
    };
    for uid in (1..=60).rev() {
        g.store.copy(g.anna, inbox, &[uid], archive).await.unwrap();
    }
    expunging.await.unwrap();
    sweeping.await.unwrap();
    let lost = "select count(*) from mailbox_message e
                 where not exists (select from message m where m.id = e.message_id)
                    or not exists (select from body_chunk b where b.message_id = e.message_id)
                    or not exists (select from message_key k where k.message_id = e.message_id)";
    assert_eq!(g.count(lost).await, 0);
    let keep = Retention { expunged: Duration::ZERO, ..Retention::default() };
    g.store.sweep(&keep).await.unwrap();
    let orphans = "select count(*) from message m
                    where not exists (select from mailbox_message e where e.message_id = m.id)";
    assert_eq!(g.count(orphans).await, 0);
}
