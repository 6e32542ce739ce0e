//! Damage is noticed: by reading, and by `postern verify`, which names all of it.

use postern::clock::Clock;
use postern::mime;
use postern::service::search::Tender;
use postern::store::{MasterKey, NewAccount, NewAppend, Options, Role, Store, TextDomain, VerifyFrom};
use postern::types::{AccountId, AnnotationName, BodyId, Flags, Keyword, MailboxId, MailboxName, Tier};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::harness::{World, execute};

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

struct Place {
    world: World,
    /// Anna's.
    account: AccountId,
    inbox: MailboxId,
    bodies: Vec<BodyId>,
}

async fn fresh_store(world: &World) -> Result<Store, String> {
    Store::open(Options {
        database_url: world.database_url.clone(),
        max_connections: 2,
        master_key: MasterKey::load(&world.master_key()).unwrap(),
        domain: "secure.test".into(),
        clock: Clock::system(),
    })
    .await
    .map_err(|error| error.to_string())
}

/// Anna has small messages and one of several chunks, a keyword, a search index.
async fn place() -> Place {
    let world = World::new().await;
    let store = world.gateway().store().clone();
    let address = world.account("anna").secure.parse().unwrap();
    let account = store.resolve(&address).await.unwrap().unwrap().id;
    let (inbox, bodies) = seed(&store, account).await;
    // One of each short text.
    let seal = store.seal_key(account).await.unwrap();
    let sealed = |domain| {
        let sealed = seal.seal_text(domain, account, "+49 351 1").unwrap();
        let hex: String = sealed.iter().map(|b| format!("{b:02x}")).collect();
        format!("'\\x{hex}'::bytea")
    };
    let (notice, phone) = (sealed(TextDomain::Notice), sealed(TextDomain::Phone));
    let reason = sealed(TextDomain::AccessReason);
    let (signature, totp) = (sealed(TextDomain::Signature), sealed(TextDomain::Totp));
    let sql = format!(
        "delete from notice;
         insert into notice (account_id, kind, channel, payload, state, created_at, due_at, expires_at)
         values ({account}, 'reset-link', 'email', {notice}, 'dead', now(), 'infinity', 'infinity');
         update account set phone = {phone}, signature = {signature} where id = {account};
         insert into invitation (account_id, inviter_id, email, phone, state, created_at)
         values ({account}, {account}, 'x@y.test', {phone}, 'registered', now());
         insert into phone_code (account_id, purpose, code_key, phone, sent_at, expires_at)
         values ({account}, 'phone', '', {phone}, now(), 'infinity');
         insert into totp (account_id, secret, pending) values ({account}, {totp}, {totp});
         insert into support_access (account_id, kind, reason, asked_by, asked_key, asked_at, lapses_at)
         values ({account}, 'export', {reason}, 'ida', 'ida', now(), 'infinity')"
    );
    execute(&world.database_url, &sql).await;
    Place { world, account, inbox, bodies }
}

async fn seed(store: &Store, account: AccountId) -> (MailboxId, Vec<BodyId>) {
    let inbox = store.mailbox(account, &MailboxName::inbox()).await.unwrap().unwrap().id;
    for n in 0..6 {
        let mut ingest = store.ingest(mime::Limits::default()).unwrap();
        let filler = if n == 5 { "Befund\r\n".repeat(60_000) } else { String::new() };
        let text = format!("Subject: Patient {n}\r\n\r\nZahn {n}\r\n{filler}");
        ingest.push(text.as_bytes()).await.unwrap();
        let ingested = ingest.finish().await.unwrap();
        let append = NewAppend {
            mailbox: inbox,
            ingested,
            flags: Flags::NONE,
            keywords: &[Keyword::new("Dringend").unwrap()],
            internal_date: None,
            sent_copy: None,
        };
        store.append(account, append).await.unwrap();
    }
    let note = (AnnotationName::new("/private/comment").unwrap(), Some(b"Frau Weber".to_vec()));
    store.set_annotations(account, Some(inbox), &[note]).await.unwrap();
    Tender::new(store.clone()).catch_up_mailbox(account, inbox).await.unwrap();
    let live = store.open_mailbox(account, inbox).await.unwrap();
    (inbox, live.read(|state| state.rows.iter().map(|row| row.body).collect()))
}

/// As [`place`], with a second account, and nobody connected: copies are made of it.
struct Quiet {
    database: String,
    key: std::path::PathBuf,
    account: AccountId,
    inbox: MailboxId,
    bodies: Vec<BodyId>,
}

impl Quiet {
    async fn new() -> Self {
        let url = crate::harness::database().await;
        let key = crate::harness::scratch().await.join("master.key");
        MasterKey::create(&key).unwrap();
        let store = store_at(&url, &key).await;
        let practice = store.practice_create("Praxis", None).await.unwrap().id;
        let mut accounts = Vec::new();
        for name in ["anna", "bert"] {
            let new = NewAccount {
                practice: Some(practice),
                first_name: name.to_owned(),
                last_name: "Weber".to_owned(),
                role: Role::Doctor,
                tier: Tier::Paid,
                user_manager: false,
                email: format!("{name}@praxis.test").parse().unwrap(),
                portal_password: None,
            };
            accounts.push(store.account_create(new).await.unwrap().id);
        }
        let (inbox, bodies) = seed(&store, accounts[0]).await;
        store.close().await;
        let database = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        Self { database, key, account: accounts[0], inbox, bodies }
    }

    async fn copy(&self) -> String {
        crate::harness::from_template(&self.database).await
    }
}

async fn store_at(url: &str, key: &std::path::Path) -> Store {
    Store::open(Options {
        database_url: url.to_owned(),
        max_connections: 2,
        master_key: MasterKey::load(key).unwrap(),
        domain: "secure.test".into(),
        clock: Clock::system(),
    })
    .await
    .unwrap()
}

/// Everything that `postern verify` looks at.
async fn verify(store: &Store, account: Option<AccountId>) -> Vec<String> {
    let mut run = store.verify_begin(account, VerifyFrom::Start).await.unwrap();
    while store.verify_messages(&mut run).await.unwrap() {}
    let mut faults = store.verify_end(run).await.unwrap();
    faults.extend(store.verify_names(account).await.unwrap().iter().map(ToString::to_string));
    faults.extend(store.verify_counters(account).await.unwrap().iter().map(ToString::to_string));
    faults.extend(store.verify_references(account).await.unwrap().iter().map(ToString::to_string));
    let tender = Tender::new(store.clone());
    for (owner, mailbox) in store.index_mailboxes(account).await.unwrap() {
        if let Ok(found) = tender.check(owner, mailbox).await {
            faults.extend(found.into_iter().map(|fault| format!("search index: {}", fault.what)));
        }
    }
    faults
}

/// Reads all that Anna has; what fails.
async fn read_all(store: &Store, place: &Place) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    store.mailboxes(place.account).await.map_err(|e| told(&e))?;
    store.subscriptions(place.account).await.map_err(|e| told(&e))?;
    store.open_mailbox(place.account, place.inbox).await.map_err(|e| told(&e))?;
    store.annotations(place.account, Some(place.inbox)).await.map_err(|e| told(&e))?;
    let mut conn = PgConnection::connect(&place.world.database_url).await.unwrap();
    let seal = store.seal_key(place.account).await.map_err(|e| told(&e))?;
    for (table, column, domain) in TEXTS {
        let key = if table == "account" { "id" } else { "account_id" };
        let sql = format!("select {column} from {table} where {key} = {}", place.account);
        let texts: Vec<Vec<u8>> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut conn).await.unwrap();
        for text in texts {
            seal.open_text(domain, place.account, &text).map_err(|e| told(&e))?;
        }
    }
    conn.close().await.unwrap();
    let facts = store.facts(place.account, &place.bodies).await.map_err(|e| told(&e))?;
    for facts in &facts {
        mime::FactsRef::parse(facts.as_deref().ok_or("gone")?).map_err(|e| told(&e))?;
    }
    for reader in store.bodies(place.account, &place.bodies).await.map_err(|e| told(&e))? {
        let reader = reader.ok_or("gone")?;
        reader.read(0..reader.size()).await.map_err(|e| told(&e))?;
    }
    let faults = Tender::new(store.clone()).check(place.account, place.inbox).await.map_err(|e| told(&e))?;
    if let Some(fault) = faults.first() { Err(fault.what.clone()) } else { Ok(()) }
}

/// Sealed columns of what Anna has. A column that is added belongs here (`every_sealed_column_is_listed`).
const SEALED: [(&str, &str); 19] = [
    ("message", "facts"),
    ("message_key", "wrapped"),
    ("body_chunk", "data"),
    ("seal_key", "wrapped"),
    ("master_key_check", "proof"),
    ("mailbox", "name"),
    ("mailbox_keyword", "name"),
    ("subscription", "name"),
    ("search_segment", "wrapped"),
    ("search_block", "data"),
    ("annotation", "sealed"),
    ("notice", "payload"),
    ("account", "phone"),
    ("account", "signature"),
    ("invitation", "phone"),
    ("phone_code", "phone"),
    ("totp", "secret"),
    ("totp", "pending"),
    ("support_access", "reason"),
];

/// Short texts, opened with their account's key alone: table, column, what they are.
const TEXTS: [(&str, &str, TextDomain); 8] = [
    ("notice", "payload", TextDomain::Notice),
    ("account", "phone", TextDomain::Phone),
    ("account", "signature", TextDomain::Signature),
    ("invitation", "phone", TextDomain::Phone),
    ("phone_code", "phone", TextDomain::Phone),
    ("totp", "secret", TextDomain::Totp),
    ("totp", "pending", TextDomain::Totp),
    ("support_access", "reason", TextDomain::AccessReason),
];

/// Any flipped bit in any sealed column is noticed by who reads it and by the verification, which is then
/// quiet again when it is set right.
#[test]
fn any_flipped_bit_is_noticed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let place = runtime.block_on(place());
    let quiet = runtime.block_on(async { verify(place.world.gateway().store(), None).await });
    assert_eq!(quiet, [] as [&str; 0]);
    let mut runner = TestRunner::new(Config { cases: 120, ..Config::default() });
    runner
        .run(
            &(0..SEALED.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>()),
            |(column, row, bit)| {
                runtime.block_on(async {
                    let (table, name) = SEALED[column];
                    let anna = match table {
                        "mailbox" | "mailbox_keyword" | "subscription" | "annotation" => {
                            format!("where account_id = {}", place.account)
                        }
                        "account" => format!("where id = {}", place.account),
                        "seal_key" => format!(
                            "where practice_id = (select practice_id from account where id = {})",
                            place.account
                        ),
                        _ => String::new(),
                    };
                    let mut conn = PgConnection::connect(&place.world.database_url).await.unwrap();
                    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
                        "select ctid::text as tid, {name} as value from {table} {anna} order by ctid"
                    )))
                    .fetch_all(&mut conn)
                    .await
                    .unwrap();
                    let row = row.get(&rows);
                    let (tid, value): (String, Vec<u8>) = (row.get("tid"), row.get("value"));
                    let bit = bit.index(value.len() * 8);
                    let mut changed = value.clone();
                    changed[bit / 8] ^= 1 << (bit % 8);
                    let set = |value: &[u8], at: &str| {
                        let hex: String = value.iter().map(|b| format!("{b:02x}")).collect();
                        format!(
                            "update {table} set {name} = '\\x{hex}' where ctid = '{at}' returning ctid::text"
                        )
                    };
                    let at: String = sqlx::query_scalar(sqlx::AssertSqlSafe(set(&changed, &tid)))
                        .fetch_one(&mut conn)
                        .await
                        .unwrap();
                    let seen = match fresh_store(&place.world).await {
                        // Nothing can be done without the right key: that is noticed loudly enough.
                        Err(refused) => (Err(refused.clone()), vec![refused]),
                        Ok(store) => {
                            let seen = (read_all(&store, &place).await, verify(&store, None).await);
                            store.close().await;
                            seen
                        }
                    };
                    let _: String = sqlx::query_scalar(sqlx::AssertSqlSafe(set(&value, &at)))
                        .fetch_one(&mut conn)
                        .await
                        .unwrap();
                    conn.close().await.unwrap();
                    let (read, faults) = seen;
                    prop_assert!(read.is_err(), "{}.{} bit {}: read without a word", table, name, bit);
                    prop_assert!(!faults.is_empty(), "{}.{} bit {}: verified", table, name, bit);
                    Ok(())
                })
            },
        )
        .unwrap();
    let quiet = runtime.block_on(async { verify(place.world.gateway().store(), None).await });
    assert_eq!(quiet, [] as [&str; 0]);
}

/// The migrations say of each column whether it is sealed; each that says so is in the list above or named
/// here with who looks after it.
#[test]
fn every_sealed_column_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut table = String::new();
        for line in text.lines() {
            for begin in ["create table ", "alter table "] {
                if let Some(rest) = line.strip_prefix(begin) {
                    table = rest.split([' ', '(']).next().unwrap().to_owned();
                }
            }
            let (code, comment) = line.split_once("--").unwrap_or((line, ""));
            if comment.contains("sealed") && code.contains("bytea") {
                let column = code.split_once("add column ").map_or(code, |(_, column)| column);
                found.push((table.clone(), column.split_whitespace().next().unwrap().to_owned()));
            }
        }
    }
    assert!(found.len() >= 8, "{found:?}");
    for (table, column) in found {
        // Nobody can start without it: tests/it/keys.rs.
        if (table.as_str(), column.as_str()) == ("master_key_check", "carried") {
            continue;
        }
        let known = SEALED.iter().any(|(t, c)| *t == table && *c == column);
        assert!(known, "{table}.{column} is sealed and nobody tests that a changed bit in it is noticed");
    }
}

/// Rows exchanged, set under another name, cut or doubled: the verification names each.
#[test]
fn exchanged_and_missing_rows_are_named() {
    run(async {
        let place = Quiet::new().await;
        let [a, b] = [place.bodies[0].0, place.bodies[1].0];
        let big = place.bodies[5].0;
        for (damage, named) in [
            (
                format!(
                    "update body_chunk c set data = o.data from body_chunk o
                      where c.idx = 0 and o.idx = 0
                        and (c.message_id, o.message_id) in (('{a}', '{b}'), ('{b}', '{a}'))"
                ),
                vec![format!("message {a}, chunk 0"), format!("message {b}, chunk 0")],
            ),
            (
                format!(
                    "update message m set facts = o.facts from message o
                      where (m.id, o.id) in (('{a}', '{b}'), ('{b}', '{a}'))"
                ),
                vec![format!("message {a}: "), format!("message {b}: ")],
            ),
            (
                format!(
                    "update message_key k set wrapped = o.wrapped from message_key o
                      where (k.message_id, o.message_id) in (('{a}', '{b}'), ('{b}', '{a}'))"
                ),
                vec![format!("message {a}, key"), format!("message {b}, key")],
            ),
            (
                format!(
                    "update body_chunk c set idx = case idx when 1 then 101 else 1 end
                      where message_id = '{big}' and idx in (1, 2);
                     update body_chunk c set idx = 2 where message_id = '{big}' and idx = 101"
                ),
                vec![format!("message {big}, chunk 1"), format!("message {big}, chunk 2")],
            ),
            (
                format!("delete from body_chunk where message_id = '{big}' and idx = 2"),
                vec![format!("message {big}, chunk 2: missing")],
            ),
            (
                format!("update message set size = size - 1 where id = '{a}'"),
                vec![format!("message {a}, key"), "its message has another size".to_owned()],
            ),
            (
                format!("update message set chunks = chunks + 1 where id = '{a}'"),
                vec![format!("message {a}: its number of chunks")],
            ),
            (
                format!("insert into body_chunk values ('{a}', 7, 'x')"),
                vec![format!("message {a}: it has more chunks")],
            ),
            (
                "update mailbox set messages = messages + 1".to_owned(),
                vec!["its counters are not what it holds".to_owned()],
            ),
            (
                format!("delete from message_key where message_id = '{a}'"),
                vec![
                    format!("message {a}: nobody has a key"),
                    "its message has no key that the account can use".to_owned(),
                ],
            ),
            (
                format!("delete from mailbox_message where message_id = '{a}'"),
                vec![format!("message {a}: no mailbox shows it")],
            ),
            (
                format!("delete from message where id = '{a}'"),
                vec![
                    "its message is gone".to_owned(),
                    format!("message {a}: a key without a message"),
                    format!("message {a}: chunks without a message"),
                ],
            ),
            (
                format!(
                    "update mailbox m set name = o.name from mailbox o
                      where m.account_id = {0} and o.account_id <> {0} and m.id = {1}",
                    place.account, place.inbox
                ),
                vec![format!("name of mailbox {}", place.inbox)],
            ),
            (
                format!(
                    "update mailbox m set name = o.name from mailbox o
                      where m.account_id = {0} and o.account_id = {0} and o.id <> m.id and m.id = {1}",
                    place.account, place.inbox
                ),
                vec!["it is looked up by another name".to_owned()],
            ),
        ] {
            let copy = place.copy().await;
            execute(&copy, &damage).await;
            let damaged = store_at(&copy, &place.key).await;
            let faults = verify(&damaged, None).await;
            for name in named {
                assert!(faults.iter().any(|f| f.contains(&name)), "{damage}\n{name}\n{faults:#?}");
            }
            damaged.close().await;
        }
        // The original is whole, for one account too.
        let whole = store_at(&place.copy().await, &place.key).await;
        assert_eq!(verify(&whole, None).await, [] as [&str; 0]);
        assert_eq!(verify(&whole, Some(place.account)).await, [] as [&str; 0]);
        whole.close().await;
    });
}

/// Interrupted, it goes on where it stopped, with what it had found; and an account's goes beside it.
#[test]
fn it_goes_on_where_it_stopped() {
    run(async {
        let place = place().await;
        let store = place.world.gateway().store().clone();
        execute(&place.world.database_url, "update body_chunk set data = set_byte(data, 3, 7)").await;
        let mut run = store.verify_begin(None, VerifyFrom::WhereItStopped).await.unwrap();
        assert!(!run.resumed);
        assert!(store.verify_messages(&mut run).await.unwrap());
        let (checked, faults) = (run.checked, run.faults.clone());
        assert!(checked >= 5 && !faults.is_empty());
        drop(run);
        let mut account = store.verify_begin(Some(place.account), VerifyFrom::WhereItStopped).await.unwrap();
        assert!(!account.resumed);
        while store.verify_messages(&mut account).await.unwrap() {}
        assert_eq!(account.checked, 6);
        store.verify_end(account).await.unwrap();
        let mut run = store.verify_begin(None, VerifyFrom::WhereItStopped).await.unwrap();
        assert!(run.resumed);
        assert_eq!((run.checked, &run.faults), (checked, &faults));
        while store.verify_messages(&mut run).await.unwrap() {}
        assert_eq!(run.checked, 6);
        assert!(run.faults.len() >= 6);
        store.verify_end(run).await.unwrap();
        assert!(!store.verify_begin(None, VerifyFrom::WhereItStopped).await.unwrap().resumed);
    });
}

/// While mail comes and goes nothing is taken for damage.
#[test]
fn mail_that_comes_and_goes_is_no_damage() {
    run(async {
        let world = World::new().await;
        let store = world.gateway().store().clone();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let mut busy = Vec::new();
        for name in ["anna", "bert", "carla", "frieda"] {
            let mut wire = world.imap(name).await;
            let stop = stop.clone();
            busy.push(tokio::spawn(async move {
                wire.imap("s", "SELECT INBOX").await;
                let mut rounds = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    for n in 0..5 {
                        let text = format!("Subject: {n}\r\n\r\n{}\r\n", "x".repeat(n * 300));
                        wire.send(format!("x APPEND INBOX {{{}+}}\r\n{text}\r\n", text.len()).as_bytes())
                            .await;
                        assert!(wire.imap_until("x").await.last().unwrap().starts_with("x OK"));
                    }
                    wire.imap("d", "STORE 1:* +FLAGS.SILENT (\\Deleted)").await;
                    wire.imap("e", "EXPUNGE").await;
                    rounds += 1;
                }
                rounds
            }));
        }
        for _ in 0..8 {
            assert_eq!(verify(&store, None).await, [] as [&str; 0]);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for one in busy {
            assert!(one.await.unwrap() > 0);
        }
    });
}
