//! The audit log: everything is in it, in one chain, and whatever is changed in it is named.

use std::time::Duration;

use postern::store::{AuditFilter, AuditRow, AuditSettings, Broken, HeadFile, Store, Verified};
use postern::types::{AuditAction, AuditNote, Origin};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::client::PATIENCE;
use crate::harness::World;
use crate::notices::Ground;

const YEAR: Duration = Duration::from_hours(365 * 24);

fn note(n: usize) -> AuditNote {
    let actions = AuditAction::ALL;
    AuditNote::done(actions[n % actions.len()]).detail(format!("n={n}"))
}

/// Entries are written in the background: until so many are there.
async fn written(g: &Ground, count: i64) {
    let sql = "select (select count(*) from audit_pending) + (select count(*) from audit_entry)";
    tokio::time::timeout(PATIENCE, async {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while g.count(sql).await < count {
            look.tick().await;
        }
    })
    .await
    .expect("the entries are not written");
}

/// A sealed log of `count` entries of all forms (the first two made Anna and Ben).
async fn sealed(count: usize) -> Ground {
    let g = Ground::new().await;
    let origins = [
        Origin::system(),
        Origin::account(g.anna, Some("192.0.2.7".parse().unwrap())),
        Origin::support("ida".parse().unwrap()),
        Origin::stranger("2001:db8::1".parse().unwrap()),
    ];
    for n in 2..count {
        let mut entry = note(n);
        if n % 2 == 0 {
            entry = entry.account(g.ben);
        }
        if n % 3 == 0 {
            entry = entry.object("thing", n);
        }
        if n % 5 == 0 {
            entry.detail = None;
        }
        g.store.audit_note_by(origins[n % origins.len()].clone(), entry);
    }
    written(&g, count as i64).await;
    assert_eq!(g.store.seal_audit().await.unwrap(), count as u64);
    g
}

async fn verify(store: &Store, heads: &[HeadFile]) -> Result<Verified, Broken> {
    store.audit_verify(heads).await.unwrap()
}

/// Behind the back of the triggers, as somebody who owns the database can.
async fn tamper(g: &Ground, sql: &str) -> u64 {
    let mut tx = g.pool.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    let done = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    done.rows_affected()
}

const COLUMNS: [&str; 11] =
    ["id", "at", "actor", "address", "action", "account_id", "object", "result", "detail", "gateway", "mac"];

#[tokio::test]
async fn a_chain_that_nobody_touched_holds() {
    let g = sealed(40).await;
    let whole = Verified { first: 1, last: 40, heads: 0, pending: 0 };
    assert_eq!(verify(&g.store, &[]).await, Ok(whole));
    // Another gateway goes on with it.
    let other = g.another().await;
    other.audit_note(note(1));
    written(&g, 41).await;
    assert_eq!(other.seal_audit().await.unwrap(), 1);
    assert_eq!(verify(&g.store, &[]).await, Ok(Verified { last: 41, ..whole }));
}

/// Every column of every row, exhaustively: set to another row's value, to nothing, to something else.
#[tokio::test]
async fn any_changed_column_of_any_row_is_named() {
    let g = sealed(12).await;
    g.run("create table copy as table audit_entry").await;
    let mut tried = 0;
    for seq in 1..=12_u64 {
        for column in COLUMNS {
            let other = seq % 12 + 1;
            let some = match column {
                "id" => "id + 1000",
                "at" => "at + interval '1 microsecond'",
                "account_id" => "coalesce(account_id, 0) + 1",
                "mac" => "set_byte(mac, 31, get_byte(mac, 31) # 1)",
                _ => &format!("coalesce({column}, '') || ' '"),
            };
            let anothers = match column {
                "id" => "-id".to_owned(),
                _ => format!("(select c.{column} from copy c where c.seq = {other})"),
            };
            let mut values = vec![some.to_owned(), anothers];
            if ["address", "account_id", "object", "detail"].contains(&column) {
                values.push("null".to_owned());
            }
            for value in values {
                let changed = tamper(
                    &g,
                    &format!(
                        "update audit_entry set {column} = {value}
                          where seq = {seq} and {column} is distinct from ({value})"
                    ),
                )
                .await;
                if changed == 0 {
                    continue;
                }
                tried += 1;
                assert_eq!(verify(&g.store, &[]).await, Err(Broken::Changed(seq)), "{column} = {value}");
                tamper(&g, &format!("delete from audit_entry where seq = {seq}")).await;
                tamper(&g, &format!("insert into audit_entry select * from copy where seq = {seq}")).await;
            }
        }
    }
    assert!(tried > 200, "{tried}");
    assert!(verify(&g.store, &[]).await.is_ok());
}

/// Any text, in any of the columns that hold text, of any row.
#[test]
fn any_text_is_noticed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let g = runtime.block_on(sealed(20));
    let texts = ["actor", "address", "action", "object", "result", "detail", "gateway"];
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let cases = (1..=20_u64, prop::sample::select(texts.to_vec()), "[^\\x00]{0,20}");
    runner
        .run(&cases, |(seq, column, text)| {
            runtime.block_on(async {
                let before: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
                    "select {column} from audit_entry where seq = {seq}"
                )))
                .fetch_one(&g.pool)
                .await
                .unwrap();
                prop_assume!(before.as_deref() != Some(text.as_str()));
                let set = |value: Option<String>| {
                    let pool = g.pool.clone();
                    async move {
                        let mut tx = pool.begin().await.unwrap();
                        sqlx::query("set local session_replication_role = replica")
                            .execute(&mut *tx)
                            .await
                            .unwrap();
                        sqlx::query(sqlx::AssertSqlSafe(format!(
                            "update audit_entry set {column} = $1 where seq = {seq}"
                        )))
                        .bind(value)
                        .execute(&mut *tx)
                        .await
                        .unwrap();
                        tx.commit().await.unwrap();
                    }
                };
                set(Some(text)).await;
                let verdict = verify(&g.store, &[]).await;
                set(before).await;
                prop_assert_eq!(verdict, Err(Broken::Changed(seq)));
                Ok(())
            })
        })
        .unwrap();
    assert!(runtime.block_on(verify(&g.store, &[])).is_ok());
}

/// Rows taken away, put in, exchanged, renumbered.
#[tokio::test]
async fn rows_taken_away_or_put_in_are_named() {
    let g = sealed(12).await;
    g.run("create table copy as table audit_entry").await;
    let restore = async || {
        tamper(&g, "delete from audit_entry").await;
        tamper(&g, "insert into audit_entry table copy").await;
    };
    for seq in 2..12 {
        tamper(&g, &format!("delete from audit_entry where seq = {seq}")).await;
        assert_eq!(verify(&g.store, &[]).await, Err(Broken::Missing(seq)));
        // Closing the gap does not help.
        tamper(&g, &format!("update audit_entry set seq = seq - 1000 where seq > {seq}")).await;
        tamper(&g, "update audit_entry set seq = seq + 999 where seq < 0").await;
        assert_eq!(verify(&g.store, &[]).await, Err(Broken::Changed(seq)));
        restore().await;
    }
    tamper(&g, "delete from audit_entry where seq = 1").await;
    assert_eq!(verify(&g.store, &[]).await, Err(Broken::Beginning(2)));
    restore().await;
    tamper(&g, "insert into audit_entry select 13, 1000, at, actor, address, action, account_id, object, result, detail, gateway, mac from copy where seq = 12").await;
    assert_eq!(verify(&g.store, &[]).await, Err(Broken::Changed(13)));
    restore().await;
    // A checkpoint that nobody but the gateway can have made.
    tamper(&g, "insert into audit_checkpoint select seq, at, mac, mac, at from copy where seq = 4").await;
    tamper(&g, "delete from audit_entry where seq <= 4").await;
    assert_eq!(verify(&g.store, &[]).await, Err(Broken::Beginning(5)));
}

/// The database itself takes nothing but additions.
#[tokio::test]
async fn append_only() {
    let g = sealed(5).await;
    g.store.audit_note(note(1));
    written(&g, 6).await;
    for sql in [
        "update audit_entry set actor = 'system'",
        "delete from audit_entry where seq = 5",
        "truncate audit_entry",
        "update audit_pending set actor = 'system'",
        "delete from audit_pending",
        "truncate audit_pending",
        "delete from audit_checkpoint",
        "update audit_checkpoint set seq = 0",
    ] {
        let error = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&g.pool).await.unwrap_err();
        let code = error.as_database_error().and_then(|e| e.code()).map(|c| c.to_string());
        assert_eq!(code.as_deref(), Some("PM006"), "{sql}: {error}");
    }
}

/// What a transaction writes under a lower number than those already sealed is sealed when it commits.
#[tokio::test]
async fn late_commits_are_not_skipped() {
    let g = sealed(4).await;
    let insert = "insert into audit_pending (at, actor, action, result, gateway) values (now(), 'system', 'late', 'done', 'g')";
    let mut late = g.pool.begin().await.unwrap();
    sqlx::query(insert).execute(&mut *late).await.unwrap();
    g.store.audit_note(note(1));
    written(&g, 5).await;
    assert_eq!(g.store.seal_audit().await.unwrap(), 1);
    late.commit().await.unwrap();
    let mut undone = g.pool.begin().await.unwrap();
    sqlx::query(insert).execute(&mut *undone).await.unwrap();
    undone.rollback().await.unwrap();
    assert_eq!(g.store.seal_audit().await.unwrap(), 1);
    assert_eq!(verify(&g.store, &[]).await, Ok(Verified { first: 1, last: 6, heads: 0, pending: 0 }));
    assert_eq!(g.count("select count(*) from audit_entry where action = 'late'").await, 1);
}

/// Many gateways write and seal at the same time: one chain, nothing lost, nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_chain_of_many_gateways() {
    let g = Ground::new().await;
    let stores = [g.store.clone(), g.another().await, g.another().await];
    let tasks: Vec<_> = stores
        .iter()
        .map(|store| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..200 {
                    store.audit_note(note(n));
                    if n % 20 == 0 {
                        store.seal_audit().await.unwrap();
                    }
                }
                // An orderly end loses nothing.
                store.close().await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let last = g.another().await;
    last.seal_audit().await.unwrap();
    let whole = Verified { first: 1, last: 602, heads: 0, pending: 0 };
    assert_eq!(verify(&last, &[]).await, Ok(whole));
}

/// A log cut off at its end, set back to a backup, or written anew by somebody with another key.
#[tokio::test]
async fn the_head_outside_the_database() {
    let g = sealed(6).await;
    let path = g.folder.path().join("audit.head");
    let append = async || {
        let head = g.store.audit_head().await.unwrap();
        HeadFile::append(&path, &head, g.clock.now()).unwrap();
    };
    append().await;
    g.store.audit_note(note(1));
    written(&g, 7).await;
    g.store.seal_audit().await.unwrap();
    append().await;
    let heads = [HeadFile::read(&path).unwrap()];
    assert_eq!(verify(&g.store, &heads).await, Ok(Verified { first: 1, last: 7, heads: 2, pending: 0 }));
    let file = path.display().to_string();
    tamper(&g, "delete from audit_entry where seq = 7").await;
    assert!(verify(&g.store, &[]).await.is_ok(), "without the file nobody sees it");
    let cut = Broken::CutOff { last: 6, known: 7, file: file.clone() };
    assert_eq!(verify(&g.store, &heads).await, Err(cut));
    // Somebody lets the gateway seal other entries in their place.
    g.store.audit_note(note(2));
    written(&g, 7).await;
    g.store.seal_audit().await.unwrap();
    assert!(verify(&g.store, &[]).await.is_ok());
    assert_eq!(verify(&g.store, &heads).await, Err(Broken::Replaced { seq: 7, file }));
}

/// The sealer of a gateway: seals by itself, writes the head, and both once more at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sealer_of_a_gateway() {
    let g = Ground::new().await;
    let path = g.folder.path().join("audit.head");
    let gateway = g.another().await;
    gateway.start_sealer(AuditSettings { head_file: Some(path.clone()), keep: 6 * YEAR });
    tokio::time::timeout(PATIENCE, async {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while !path.exists() {
            look.tick().await;
        }
    })
    .await
    .expect("no head is written");
    for n in 0..50 {
        gateway.audit_note(note(n));
    }
    gateway.close().await;
    let heads = [HeadFile::read(&path).unwrap()];
    let Verified { last, heads, pending, .. } = verify(&g.store, &heads).await.unwrap();
    assert_eq!((last, pending), (52, 0));
    assert!(heads >= 2);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.lines().last().unwrap().starts_with("postern-audit-head-v1 52 "), "{text}");
}

/// Kept six years, then pruned by the month up to a checkpoint; the rest still verifies.
#[tokio::test]
async fn old_years_are_pruned() {
    let g = sealed(20).await;
    let path = g.folder.path().join("audit.head");
    HeadFile::append(&path, &g.store.audit_head().await.unwrap(), g.clock.now()).unwrap();
    g.clock.advance(3 * YEAR);
    for n in 0..10 {
        g.store.audit_note(note(n));
    }
    written(&g, 30).await;
    g.store.seal_audit().await.unwrap();
    g.clock.advance(3 * YEAR - Duration::from_hours(24));
    assert_eq!(g.store.audit_prune(6 * YEAR).await.unwrap(), 0);
    g.clock.advance(Duration::from_hours(24 * 40));
    assert_eq!(g.store.audit_prune(6 * YEAR).await.unwrap(), 20);
    g.store.seal_audit().await.unwrap();
    let heads = [HeadFile::read(&path).unwrap()];
    let whole = verify(&g.store, &heads).await.unwrap();
    assert_eq!((whole.first, whole.last), (21, 31));
    // The checkpoint is what stands in for what is gone.
    g.run("create table copy as table audit_checkpoint").await;
    for (sql, expected) in [
        ("update audit_checkpoint set seq = 19", Broken::Beginning(20)),
        ("update audit_checkpoint set mac = proof", Broken::Beginning(21)),
        ("update audit_checkpoint set at = at + interval '1 second'", Broken::Beginning(21)),
        ("delete from audit_checkpoint", Broken::Beginning(21)),
    ] {
        tamper(&g, sql).await;
        assert_eq!(verify(&g.store, &heads).await, Err(expected), "{sql}");
        tamper(&g, "delete from audit_checkpoint").await;
        tamper(&g, "insert into audit_checkpoint table copy").await;
    }
    tamper(&g, "delete from audit_entry where seq = 21").await;
    assert_eq!(verify(&g.store, &heads).await, Err(Broken::Missing(21)));
    // All of it old: the last entry stays.
    g.clock.advance(20 * YEAR);
    assert!(g.store.audit_prune(6 * YEAR).await.unwrap() > 0);
    assert!(g.count("select count(*) from audit_entry").await >= 1);
}

/// As "actor action account object result detail", without numbers that differ from run to run.
fn shown(e: &AuditRow) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    format!("{} {} {} {} {}", e.actor, or(&e.address), e.action, e.result, or(&e.detail))
}

/// What people do at the doors is in the log: who, from where, with which result; and no word of their mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_do_is_entered() {
    let world = World::new().await;
    let (anna, bert) = (world.account("anna").clone(), world.account("bert").clone());
    let store = world.store().await;
    let anna_id = store.resolve(&anna.secure.parse().unwrap()).await.unwrap().unwrap().id;
    let bert_id = store.resolve(&bert.secure.parse().unwrap()).await.unwrap().unwrap().id;

    let mut smtp = world.connect("submission-tls").await;
    smtp.smtp_reply().await.unwrap();
    let auth = format!("AUTH PLAIN {}", crate::smtp_transcripts::plain(&anna.secure, &anna.password));
    for (command, code) in [
        ("EHLO [127.0.0.1]".to_owned(), 250),
        (auth, 235),
        (format!("MAIL FROM:<{}>", anna.secure), 250),
        ("RCPT TO:<nobody@secure.test>".to_owned(), 550),
        ("RSET".to_owned(), 250),
        (format!("MAIL FROM:<{}>", anna.secure), 250),
        (format!("RCPT TO:<{}>", bert.secure), 250),
        ("DATA".to_owned(), 354),
    ] {
        smtp.send(format!("{command}\r\n").as_bytes()).await;
        let (said, text) = smtp.smtp_reply().await.unwrap();
        assert_eq!(said, code, "{command}: {text:?}");
    }
    let text = format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: Frau Tannhoff\r\nMessage-ID: <geheim@x>\r\n\r\nBefundbericht\r\n.\r\n",
        anna.secure, bert.secure
    );
    smtp.send(text.as_bytes()).await;
    assert_eq!(smtp.smtp_reply().await.unwrap().0, 250);

    let mut imap = world.imap("bert").await;
    imap.imap("s", "SELECT INBOX").await;
    imap.imap("f", "FETCH 1 (FLAGS ENVELOPE)").await;
    imap.imap("g", "FETCH 1 BODY[TEXT]").await;
    imap.imap("h", "FETCH 1 BODY[]").await;
    imap.imap("d", "STORE 1 +FLAGS (\\Deleted)").await;
    imap.imap("x", "EXPUNGE").await;
    let mut wrong = world.connect("imap-tls").await;
    wrong.response().await.unwrap();
    let refused = wrong.imap("l", &format!("LOGIN {} hunter2", anna.secure)).await;
    assert!(refused.last().unwrap().contains(" NO "), "{refused:?}");

    let all = AuditFilter { limit: 1000, ..AuditFilter::default() };
    let expected = [
        format!("account:{anna_id} 127.0.0.1 sign-in done door=smtp"),
        format!("account:{anna_id} 127.0.0.1 send refused rule=R11 code=550"),
        format!("account:{anna_id} 127.0.0.1 send done -"),
        format!("account:{bert_id} 127.0.0.1 sign-in done door=imap"),
        format!("account:{bert_id} 127.0.0.1 read done uids=1"),
        format!("account:{bert_id} 127.0.0.1 delete done uids=1"),
        "stranger 127.0.0.1 sign-in refused door=imap because=wrong".to_owned(),
    ];
    let end = tokio::time::Instant::now() + PATIENCE;
    let mut look = tokio::time::interval(Duration::from_millis(50));
    let entries = loop {
        look.tick().await;
        let entries = store.audit_entries(&all).await.unwrap();
        let lines: Vec<_> = entries.iter().map(shown).collect();
        let missing: Vec<_> = expected.iter().filter(|e| !lines.contains(e)).collect();
        if missing.is_empty() {
            break entries;
        }
        assert!(tokio::time::Instant::now() < end, "missing {missing:#?}\nin {lines:#?}");
    };
    let everything = format!("{entries:?}");
    for word in ["Tannhoff", "Befund", "geheim", "hunter2", "secure.test", "praxis.test", "nobody"] {
        assert!(!everything.contains(word), "{word} is in the audit log");
    }
    // The gateway seals by itself.
    while store.audit_verify(&[]).await.unwrap().unwrap().pending > 0 {
        assert!(tokio::time::Instant::now() < end);
        look.tick().await;
    }
    let of_bert = AuditFilter { account: Some(bert_id), limit: 100, ..AuditFilter::default() };
    let of_bert = store.audit_entries(&of_bert).await.unwrap();
    assert!(of_bert.iter().any(|e| e.action == "send") && of_bert.iter().any(|e| e.action == "read"));
    store.close().await;
}
