//! Damage is noticed: by reading, and by `postern verify`, which names all of it.

use postern::clock::Clock;
use postern::mime;
use postern::service::search::Tender;
use postern::store::{MasterKey, NewAccount, NewAppend, Options, Role, Store, TextDomain, VerifyFrom};
use postern::types::{
    AccountId, AnnotationName, BodyId, FlagChange, Flags, Keyword, MailboxId, MailboxName, SystemFlag, Tier,
};
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
         insert into account_phone (account_id, phone, proved_at) values ({account}, {phone}, now());
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
    assert!(store.write_snapshot(account, inbox).await.unwrap());
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
    faults.extend(store.verify_snapshots(account).await.unwrap().iter().map(ToString::to_string));
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
    // Before it is opened, which drops a damaged one: `store_mail::a_damaged_snapshot_is_dropped`.
    if let Some(fault) = store.verify_snapshots(Some(place.account)).await.map_err(|e| told(&e))?.first() {
        return Err(fault.to_string());
    }
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
const SEALED: [(&str, &str); 22] = [
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
    ("mailbox_snapshot", "wrapped"),
    ("mailbox_snapshot", "data"),
    ("annotation", "sealed"),
    ("notice", "payload"),
    ("account", "phone"),
    ("account_phone", "phone"),
    ("account", "signature"),
    ("invitation", "phone"),
    ("phone_code", "phone"),
    ("totp", "secret"),
    ("totp", "pending"),
    ("support_access", "reason"),
];

/// Short texts, opened with their account's key alone: table, column, what they are.
const TEXTS: [(&str, &str, TextDomain); 9] = [
    ("notice", "payload", TextDomain::Notice),
    ("account", "phone", TextDomain::Phone),
    ("account_phone", "phone", TextDomain::Phone),
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

/// What is neither sealed nor a keyed hash, with who looks after it.
const OTHER_BYTES: [(&str, &str); 7] = [
    // Of the text of a migration, compared at each start.
    ("_sqlx_migrations", "checksum"),
    // Nobody can start without it: tests/it/keys.rs.
    ("master_key_check", "carried"),
    // The chain of the audit log: tests/it/audit.rs.
    ("audit_entry", "mac"),
    ("audit_checkpoint", "mac"),
    ("audit_checkpoint", "proof"),
    // What an entry is tied with: `an_entry_is_of_one_message_only`.
    ("mailbox_message", "tie"),
    ("expunged", "tie"),
];

/// Every column of bytes that the database has is sealed and in the list above, or a keyed hash (its name says so),
/// or named with who looks after it. So a new one cannot be forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_bytes_is_looked_after() {
    let mut conn = PgConnection::connect(&crate::harness::database().await).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns c
          join information_schema.tables t using (table_schema, table_name)
          where table_schema = 'public' and t.table_type = 'BASE TABLE'
            and (c.udt_name = 'bytea' or c.column_name = 'tie') order by 1, 2",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let has = |list: &[(&str, &str)], column: &(String, String)| {
        list.iter().any(|(t, c)| (*t, *c) == (column.0.as_str(), column.1.as_str()))
    };
    for column in &columns {
        let (table, name) = column;
        let places = [has(&SEALED, column), has(&OTHER_BYTES, column), name.ends_with("_key")];
        let places = places.into_iter().filter(|place| *place).count();
        assert_eq!(places, 1, "{table}.{name}: sealed, a keyed hash, or what? See tests/it/verify.rs");
    }
    for (table, name) in SEALED.iter().chain(&OTHER_BYTES) {
        assert!(
            columns.iter().any(|(t, c)| (t, c) == (&(*table).to_owned(), &(*name).to_owned())),
            "{table}.{name}"
        );
    }
}

/// The migrations say of each column whether it is sealed; each that says so is in one of the lists above.
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
        let known = SEALED.iter().chain(&OTHER_BYTES).any(|(t, c)| *t == table && *c == column);
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
                "update mailbox_snapshot set modseq = modseq - 1".to_owned(),
                vec![format!("snapshot of mailbox {}: sealed data does not open", place.inbox)],
            ),
            (
                format!(
                    "update mailbox_snapshot s set id = gen_random_uuid() where mailbox_id = {}",
                    place.inbox
                ),
                vec![format!("snapshot of mailbox {}: sealed data does not open", place.inbox)],
            ),
            (
                "update mailbox_message set flags = flags | 4 where uid in (1, 6)".to_owned(),
                vec![
                    format!("snapshot of mailbox {}: UID 1 differs", place.inbox),
                    format!("snapshot of mailbox {}: UID 6 differs", place.inbox),
                ],
            ),
            (
                "update mailbox_message set uid = 9 where uid = 6".to_owned(),
                vec![
                    format!("snapshot of mailbox {}: UID 9 is missing in it", place.inbox),
                    format!("snapshot of mailbox {}: UID 6 is only in it", place.inbox),
                ],
            ),
            (
                format!("delete from message_key where message_id = '{a}'"),
                vec![
                    format!("message {a}: nobody has a key"),
                    "its message has no key that the account can use".to_owned(),
                ],
            ),
            (
                format!(
                    "update mailbox_message e set message_id = '{b}', size = m.size from message m
                      where e.message_id = '{a}' and m.id = '{b}'"
                ),
                vec!["UID 1: it was changed, or is the entry of another message".to_owned()],
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

/// Bert is of Anna's practice, so one key opens the messages of both; Anna has a second mailbox, with one message
/// and one that was expunged: that mailbox.
async fn neighbours(place: &Place) -> MailboxId {
    let store = place.world.gateway().store().clone();
    let account = place.account;
    let bert = store.resolve(&place.world.account("bert").secure.parse().unwrap()).await.unwrap().unwrap().id;
    seed(&store, bert).await;
    let archive = MailboxName::new("Ablage").unwrap();
    let archive = store.create_mailbox(account, &archive, None).await.unwrap();
    store.copy(account, place.inbox, &[2, 4], archive).await.unwrap();
    let deleted = Flags::of(SystemFlag::Deleted);
    store.store_flags(account, archive, &[1], FlagChange::Add, deleted, None).await.unwrap();
    store.expunge(account, archive, None).await.unwrap();
    archive
}

/// How an entry can be made to stand for what it does not: SQL over two of them, x and y.
const TAMPERINGS: [&str; 12] = [
    // Another message of the same practice, with the size that goes with it or without.
    "update mailbox_message e set message_id = $y.message_id where $x",
    "update mailbox_message e set message_id = $y.message_id, size = $y.size where $x",
    // All that another entry says of its message, its tie too.
    "update mailbox_message e set message_id = $y.message_id, size = $y.size, internal_date = $y.internal_date, \
                                  tie = $y.tie where $x",
    "update mailbox_message e set size = $y.size + 1 where $x",
    "update mailbox_message e set internal_date = $y.internal_date + 86400 where $x",
    // To another place.
    "update mailbox_message e set uid = e.uid + 100 where $x",
    "update mailbox_message e set uid = 200, mailbox_id = $y.mailbox_id, account_id = $y.account_id where $x",
    // An entry more, made of one that is.
    "insert into mailbox_message select account_id, mailbox_id, uid + 300, modseq, flags, size, internal_date, \
                                        saved_at, message_id, tie from mailbox_message e where $x",
    "insert into mailbox_message select $x.account_id, $x.mailbox_id, 400, modseq, flags, size, internal_date, \
                                        saved_at, message_id, tie from mailbox_message e where $y",
    // What was expunged, put back under another number.
    "insert into mailbox_message select account_id, mailbox_id, 500, modseq, flags, size, internal_date, saved_at, \
                                        message_id, tie from expunged limit 1",
    // The tie itself.
    "update mailbox_message e set tie = $y.tie where $x",
    "update mailbox_message e set tie = overlay(tie::text placing translate(substr(tie::text, 3, 1), \
        '0123456789abcdef', '123456789abcdef0') from 3 for 1)::uuid where $x",
];

/// An entry stands for the message that it was made for, under its UID, in its mailbox, of its account, and for no
/// other: whoever reads there is told, and so does the verification.
#[test]
fn an_entry_is_of_one_message_only() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let place = runtime.block_on(place());
    let archive = runtime.block_on(neighbours(&place));
    let url = place.world.database_url.clone();
    // So that the entries are read: what stands in a snapshot was compared before.
    runtime.block_on(execute(&url, "delete from mailbox_snapshot"));
    runtime.block_on(execute(&url, "create table saved as select * from mailbox_message"));
    let entries: Vec<(i64, i64, i64)> = runtime.block_on(async {
        let mut conn = PgConnection::connect(&url).await.unwrap();
        sqlx::query_as("select account_id, mailbox_id, uid from saved order by 1, 2, 3")
            .fetch_all(&mut conn)
            .await
            .unwrap()
    });
    assert_eq!(entries.len(), 13);
    let mut runner = TestRunner::new(Config { cases: 60, ..Config::default() });
    let one = || any::<prop::sample::Index>();
    runner
        .run(&(0..TAMPERINGS.len(), one(), one()), |(which, x, y)| {
            let (x, y) = (x.index(entries.len()), y.index(entries.len()));
            prop_assume!(x != y);
            runtime.block_on(async {
                let key = |n: usize| {
                    let (account, mailbox, uid) = entries[n];
                    format!("(e.account_id, e.mailbox_id, e.uid) = ({account}, {mailbox}, {uid})")
                };
                let mut sql = TAMPERINGS[which].to_owned();
                for (name, n) in [("$x.", x), ("$y.", y)] {
                    while let Some(at) = sql.find(name) {
                        let rest = &sql[at + 3..];
                        let len = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap();
                        let of = format!("(select e.{} from saved e where {})", &rest[..len], key(n));
                        sql.replace_range(at..at + 3 + len, &of);
                    }
                }
                let sql = sql.replace("$x", &key(x)).replace("$y", &key(y));
                execute(&url, &sql).await;
                let mut conn = PgConnection::connect(&url).await.unwrap();
                let differs = "select exists (select * from mailbox_message except select * from saved)";
                // Two entries of one message may say the same.
                let differs: bool = sqlx::query_scalar(differs).fetch_one(&mut conn).await.unwrap();
                conn.close().await.unwrap();
                prop_assume!(differs);
                // One that has not loaded these mailboxes yet: what is in memory is not read again.
                let store = fresh_store(&place.world).await.unwrap();
                let faults = verify(&store, None).await;
                let mut told = false;
                let owners: std::collections::BTreeSet<_> =
                    entries.iter().map(|(a, m, _)| (*a, *m)).collect();
                for (account, mailbox) in owners {
                    let (account, mailbox) = (AccountId(account), MailboxId(mailbox));
                    let live = store.open_mailbox(account, mailbox).await.unwrap();
                    let bodies: Vec<BodyId> = live.read(|now| now.rows.iter().map(|row| row.body).collect());
                    for body in bodies {
                        let read = store.bodies(account, &[body]).await;
                        let facts = store.facts(account, &[body]).await;
                        prop_assert_eq!(read.is_err(), facts.is_err());
                        told |= read.is_err();
                    }
                    // Nor is it made right by a copy.
                    let all: Vec<u32> = live.read(|now| now.rows.iter().map(|row| row.uid).collect());
                    let damaged = live.read(|now| now.rows.iter().any(|row| row.body.0.is_nil()));
                    if damaged {
                        let copied = store.copy(account, mailbox, &all, mailbox).await;
                        prop_assert!(copied.unwrap_err().to_string().contains("belongs elsewhere"));
                    }
                }
                let back = "delete from mailbox_message; insert into mailbox_message select * from saved";
                execute(&url, back).await;
                store.close().await;
                prop_assert!(told, "read without a word: {}", sql);
                prop_assert!(
                    faults.iter().any(|f| f.contains("it was changed, or is the entry of")),
                    "{sql}"
                );
                Ok(())
            })
        })
        .unwrap();
    let store = runtime.block_on(fresh_store(&place.world)).unwrap();
    assert_eq!(runtime.block_on(verify(&store, None)), [] as [&str; 0]);
    let expunged = format!("update expunged set size = size + 1 where account_id = {}", place.account);
    runtime.block_on(async {
        execute(&url, &expunged).await;
        let back = store.restore(place.account, &[(archive, 1)], place.inbox).await;
        assert!(back.unwrap_err().to_string().contains("belongs elsewhere"));
        assert!(!verify(&store, None).await.is_empty());
        store.close().await;
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
