//! The life of keys: a new master key while everything serves, a practice erased.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use postern::clock::Clock;
use postern::mime;
use postern::store::{
    Account, Erased, KeyError, MasterKey, NewAccount, NewSubmission, Options, Role, Store, StoreError,
    SubmitOutcome, VerifyFrom,
};
use postern::types::{AccountId, BodyId, MailboxName, PracticeId, Tier};

use crate::client::Client;
use crate::harness::{World, database, scratch};
use crate::smtp_transcripts::plain;

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

async fn try_open(url: &str, key: Result<MasterKey, KeyError>) -> Result<Store, StoreError> {
    Store::open(Options {
        database_url: url.to_owned(),
        max_connections: 3,
        master_key: key?,
        domain: "secure.test".into(),
        clock: Clock::system(),
    })
    .await
}

async fn open(url: &str, key: &Path) -> Store {
    try_open(url, MasterKey::load(key)).await.unwrap()
}

/// Two practices and somebody without one; anna has written to carla and to frieda.
struct Place {
    url: String,
    key: PathBuf,
    first: PracticeId,
    anna: Account,
    carla: Account,
    frieda: Account,
}

impl Place {
    async fn new() -> Self {
        let url = database().await;
        let key = scratch().await.join("master.key");
        MasterKey::create(&key).unwrap();
        let store = open(&url, &key).await;
        let first = store.practice_create("Praxis am Markt", None).await.unwrap().id;
        let second = store.practice_create("Zahnzentrum Nord", None).await.unwrap().id;
        let anna = person(&store, "anna", Some(first)).await;
        let carla = person(&store, "carla", Some(second)).await;
        let frieda = person(&store, "frieda", None).await;
        for (n, to) in [&carla, &frieda].into_iter().enumerate() {
            submit(&store, anna.id, to.id, &format!("m{n}")).await;
        }
        store.close().await;
        Self { url, key, first, anna, carla, frieda }
    }
}

async fn person(store: &Store, name: &str, practice: Option<PracticeId>) -> Account {
    let new = NewAccount {
        practice,
        first_name: name.to_owned(),
        last_name: "Weber".to_owned(),
        role: Role::Doctor,
        tier: Tier::Paid,
        user_manager: false,
        email: format!("{name}@praxis.test").parse().unwrap(),
        portal_password: None,
    };
    store.account_create(new).await.unwrap()
}

async fn submit(store: &Store, sender: AccountId, recipient: AccountId, id: &str) {
    let mut ingest = store.ingest(mime::Limits::default()).unwrap();
    ingest.push(format!("Subject: {id}\r\n\r\nBefund {id}\r\n").as_bytes()).await.unwrap();
    let new = NewSubmission {
        sender,
        recipient,
        ingested: ingest.finish().await.unwrap(),
        message_id: format!("{id}@x"),
        fingerprint: [7; 32],
        invitation: None,
    };
    assert_eq!(store.submit(new).await.unwrap(), SubmitOutcome::Delivered);
}

/// The messages of somebody's mailbox, opened; how many.
async fn read(store: &Store, account: AccountId, mailbox: &str) -> Result<usize, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let name = MailboxName::new(mailbox).unwrap();
    let id = store.mailbox(account, &name).await.map_err(|e| told(&e))?.ok_or("no mailbox")?.id;
    let live = store.open_mailbox(account, id).await.map_err(|e| told(&e))?;
    let bodies: Vec<BodyId> = live.read(|state| state.rows.iter().map(|row| row.body).collect());
    for reader in store.bodies(account, &bodies).await.map_err(|e| told(&e))? {
        reader.ok_or("no body")?.read(0..100).await.map_err(|e| told(&e))?;
    }
    Ok(bodies.len())
}

/// Anna has sent so many.
async fn all_is_read(store: &Store, place: &Place, sent: usize) {
    assert_eq!(read(store, place.anna.id, "Sent").await, Ok(sent));
    assert_eq!(read(store, place.carla.id, "INBOX").await, Ok(1));
    assert_eq!(read(store, place.frieda.id, "INBOX").await, Ok(1));
}

async fn rotate(store: &Store) -> i32 {
    let mut rotation = store.rotate_begin().await.unwrap().unwrap();
    while store.rotate_some(&mut rotation).await.unwrap() {}
    assert_eq!(rotation.left, 0);
    rotation.version
}

async fn verify(store: &Store) -> Vec<String> {
    let mut run = store.verify_begin(None, VerifyFrom::Start).await.unwrap();
    while store.verify_messages(&mut run).await.unwrap() {}
    let mut faults = store.verify_end(run).await.unwrap();
    faults.extend(store.verify_names(None).await.unwrap().iter().map(ToString::to_string));
    faults.extend(store.verify_references(None).await.unwrap().iter().map(ToString::to_string));
    faults
}

/// A rotation: who served before it goes on, who comes after it needs the new version alone, and what is
/// looked up by keyed hashes is found as before. Twice.
#[test]
fn a_new_master_key_changes_nothing_else() {
    run(async {
        let place = Place::new().await;
        let warm = open(&place.url, &place.key).await;
        let cold = open(&place.url, &place.key).await;
        all_is_read(&warm, &place, 2).await;
        let before = warm.lookup().msgid(place.anna.id, "m0@x");
        let old_file = std::fs::read(&place.key).unwrap();

        for version in [2, 3] {
            let operator = open(&place.url, &place.key).await;
            assert!(operator.rotate_begin().await.unwrap().is_none(), "no newer version is at hand");
            assert_eq!(MasterKey::add_version(&place.key).unwrap(), version);
            let prepared = operator.key_status().await.unwrap();
            assert_eq!(prepared.last().map(|k| (k.version, k.since, k.seal_keys)), Some((version, None, 0)));
            assert_eq!(rotate(&operator).await, version);
            let status = operator.key_status().await.unwrap();
            let numbers: Vec<_> = status.iter().map(|k| (k.version, k.seal_keys, k.at_hand)).collect();
            // Three at first, and one more made in each round.
            assert!(numbers.contains(&(version, (version + 1) as u64, true)), "{numbers:?}");
            assert!(numbers.contains(&(version - 1, 0, true)), "{numbers:?}");
            assert!(operator.key_is_unused(version - 1).await.unwrap());
            assert!(!operator.key_is_unused(version).await.unwrap());

            // One that has the seal keys in memory, and one that meets them wrapped anew.
            all_is_read(&warm, &place, version as usize).await;
            all_is_read(&cold, &place, version as usize).await;
            // A seal key made with the old version could be lost; who has not heard yet makes none.
            assert!(warm.practice_create("Too early", None).await.is_err());
            warm.look_at_keys().await.unwrap();
            warm.practice_create(&format!("After {version}"), None).await.unwrap();
            let mut rest = rotate_rest(&operator).await;
            assert_eq!(rest, 0);
            rest = MasterKey::retire(&place.key, version).unwrap().len() as u64;
            assert_eq!(rest, 1);

            let later = open(&place.url, &place.key).await;
            all_is_read(&later, &place, version as usize).await;
            assert_eq!(later.lookup().msgid(place.anna.id, "m0@x"), before);
            later.seal_audit().await.unwrap();
            assert!(later.audit_verify(&[]).await.unwrap().is_ok());
            assert_eq!(verify(&later).await, [] as [&str; 0]);
            submit(&later, place.anna.id, place.anna.id, &format!("v{version}")).await;
            operator.close().await;
            later.close().await;
        }

        // The key from before opens nothing any more, and says which one is missing.
        std::fs::write(&place.key, &old_file).unwrap();
        let refused = try_open(&place.url, MasterKey::load(&place.key)).await.err();
        assert!(matches!(refused, Some(StoreError::Key(KeyError::Version(3)))), "{refused:?}");
    });
}

async fn rotate_rest(store: &Store) -> u64 {
    match store.rotate_begin().await.unwrap() {
        None => 0,
        Some(rotation) => rotation.left,
    }
}

/// Begun and interrupted: it goes on, by whoever.
#[test]
fn an_interrupted_rotation_goes_on() {
    run(async {
        let place = Place::new().await;
        MasterKey::add_version(&place.key).unwrap();
        let first = open(&place.url, &place.key).await;
        let begun = first.rotate_begin().await.unwrap().unwrap();
        assert_eq!((begun.version, begun.resumed, begun.left), (2, false, 3));
        first.close().await;
        let second = open(&place.url, &place.key).await;
        all_is_read(&second, &place, 2).await;
        let again = second.rotate_begin().await.unwrap().unwrap();
        assert_eq!((again.version, again.resumed, again.left), (2, true, 3));
        // The file may not lose what is still needed.
        assert!(!second.key_is_unused(1).await.unwrap());
        assert_eq!(rotate(&second).await, 2);
        all_is_read(&second, &place, 2).await;
    });
}

/// A practice is erased: its mail opens nowhere any more, what it wrote to others stays theirs, and nothing
/// of it counts as damage.
#[test]
fn an_erased_practice_is_read_by_nobody() {
    run(async {
        let place = Place::new().await;
        let store = open(&place.url, &place.key).await;
        let other = open(&place.url, &place.key).await;
        all_is_read(&store, &place, 2).await;
        all_is_read(&other, &place, 2).await;
        assert_eq!(store.practice_erase(place.first).await.unwrap(), Erased::Now(1));
        assert_eq!(store.practice_erase(place.first).await.unwrap(), Erased::Before);
        other.look_at_keys().await.unwrap();
        for store in [&store, &other, &open(&place.url, &place.key).await] {
            assert!(read(store, place.anna.id, "Sent").await.is_err());
            assert_eq!(read(store, place.carla.id, "INBOX").await, Ok(1));
            assert_eq!(read(store, place.frieda.id, "INBOX").await, Ok(1));
        }
        let anna = store.account(place.anna.id).await.unwrap().unwrap();
        assert_eq!(anna.state.as_str(), "closed");
        assert_eq!(verify(&store).await, [] as [&str; 0]);
        store.seal_audit().await.unwrap();
        let filter = postern::store::AuditFilter {
            account: None,
            action: Some(postern::types::AuditAction::PracticeErase),
            since: None,
            limit: 10,
        };
        assert_eq!(store.audit_entries(&filter).await.unwrap().len(), 1);
    });
}

/// The key from a program: what it prints counts; what it does wrong is said, and nothing that it printed.
#[test]
fn a_key_from_a_program() {
    run(async {
        let place = Place::new().await;
        let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let path = place.key.to_str().unwrap();
        let store = try_open(&place.url, MasterKey::from_command(&words(&["cat", path]))).await.unwrap();
        all_is_read(&store, &place, 2).await;
        // At a rotation it is asked again.
        MasterKey::add_version(&place.key).unwrap();
        assert_eq!(rotate(&store).await, 2);
        for (bad, says) in [
            (words(&["false"]), "ended with"),
            (words(&["echo", "geheim"]), "no master key"),
            (words(&["/nowhere/at/all"]), "No such file"),
            (Vec::new(), "no program"),
        ] {
            let error = MasterKey::from_command(&bad).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("geheim"), "{error}");
        }
    });
}

/// Files with several versions: in order, once each, or refused.
#[test]
fn key_files_of_several_versions() {
    run(async {
        let folder = scratch().await;
        let path = folder.join("versions.key");
        MasterKey::create(&path).unwrap();
        assert_eq!(MasterKey::add_version(&path).unwrap(), 2);
        assert_eq!(MasterKey::add_version(&path).unwrap(), 3);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(MasterKey::load(&path).unwrap().versions().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(MasterKey::retire(&path, 2).unwrap(), [1]);
        assert!(matches!(MasterKey::retire(&path, 9), Err(KeyError::Version(9))));
        assert_eq!(MasterKey::load(&path).unwrap().versions().collect::<Vec<_>>(), [2, 3]);
        let lines: Vec<&str> = text.lines().collect();
        for bad in [
            format!("{}\n{}\n", lines[1], lines[0]),
            format!("{}\n{}\n", lines[0], lines[0]),
            format!("{} 4 5\n", lines[0]),
            format!("{} 0\n", lines[0]),
            format!("{}\nsomething else\n", lines[0]),
        ] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(MasterKey::load(&path), Err(KeyError::Form(_))));
        }
    });
}

/// A signed-in submission connection.
async fn submission(world: &World, name: &str) -> Client {
    let person = world.account(name);
    let mut wire = world.connect("submission-tls").await;
    wire.smtp_reply().await.unwrap();
    wire.smtp("EHLO [127.0.0.1]").await;
    assert_eq!(wire.smtp(&format!("AUTH PLAIN {}", plain(&person.secure, &person.password))).await.0, 235);
    wire
}

/// Rotation and verification while 32 connections submit, append and read: nothing fails, nothing is taken for
/// damage. For some seconds; `POSTERN_SOAK=300` makes it that many.
#[test]
fn nothing_fails_while_keys_are_rotated() {
    run(async {
        let soak = std::env::var("POSTERN_SOAK").ok().map(|seconds| seconds.parse().unwrap());
        let first = World::new().await;
        let (url, shared) = (first.database_url.clone(), first.master_key());
        drop(first);
        let key = scratch().await.join("master.key");
        std::fs::copy(shared, &key).unwrap();
        let world = World::on(url.clone(), |config| config.keys.master_file.clone_from(&key)).await;
        let names = ["anna", "bert", "carla", "frieda"];
        for (n, name) in names.into_iter().enumerate() {
            // What a free account answers to; what is fetched below.
            world.seed(name, "INBOX", 1 + n as u32).await;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut busy = Vec::new();
        for n in 0..32 {
            let name = names[n % 4];
            let stop = stop.clone();
            // Paid accounts submit; one in four connections of anybody appends.
            if n % 4 < 2 {
                let (mut wire, from, to) = (
                    submission(&world, name).await,
                    world.account(name).secure.clone(),
                    world.account(names[2 + n / 4 % 2]).secure.clone(),
                );
                busy.push(tokio::spawn(async move {
                    let mut rounds = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let head =
                            format!("From: <{from}>\r\nTo: <{to}>\r\nMessage-ID: <{n}.{rounds}@x>\r\n");
                        assert_eq!(wire.smtp(&format!("MAIL FROM:<{from}>")).await.0, 250);
                        assert_eq!(wire.smtp(&format!("RCPT TO:<{to}>")).await.0, 250);
                        assert_eq!(wire.smtp("DATA").await.0, 354);
                        let text = format!("{head}Subject: {n}\r\n\r\nZahn {rounds}\r\n.");
                        assert_eq!(wire.smtp(&text).await.0, 250);
                        rounds += 1;
                    }
                    rounds
                }));
                continue;
            }
            let mut wire = world.imap(name).await;
            busy.push(tokio::spawn(async move {
                let select = wire.imap("s", "SELECT INBOX").await;
                assert!(select.last().unwrap().starts_with("s OK"), "{select:?}");
                let mut rounds = 0;
                while !stop.load(Ordering::Relaxed) {
                    let text = format!("Subject: {n}\r\n\r\nZahn {rounds}\r\n");
                    wire.send(format!("x APPEND INBOX {{{}+}}\r\n{text}\r\n", text.len()).as_bytes()).await;
                    assert!(wire.imap_until("x").await.last().unwrap().starts_with("x OK"));
                    for command in
                        ["FETCH 1 (ENVELOPE BODY.PEEK[])", "UID COPY 1 Archive", "SEARCH BODY Zahn"]
                    {
                        // A search of all would take ever longer in a long run.
                        if command.starts_with("SEARCH") && rounds % 32 != 0 {
                            continue;
                        }
                        let answer = wire.imap("f", command).await;
                        assert!(answer.last().unwrap().starts_with("f OK"), "{command}: {answer:?}");
                    }
                    rounds += 1;
                }
                rounds
            }));
        }
        let operator = open(&url, &key).await;
        let begin = std::time::Instant::now();
        let mut version = 1;
        let (mut rotated, mut verified) = (0, 0);
        while version < 4 || soak.is_some_and(|seconds| begin.elapsed().as_secs() < seconds) {
            version += 1;
            assert_eq!(MasterKey::add_version(&key).unwrap(), version);
            assert_eq!(rotate(&operator).await, version);
            rotated += 1;
            assert_eq!(verify(&operator).await, [] as [&str; 0]);
            verified += 1;
            // What wraps nothing any more goes from the file, as in life; gateways have it in memory.
            if version % 8 == 0 {
                MasterKey::retire(&key, version).unwrap();
            }
        }
        stop.store(true, Ordering::Relaxed);
        let mut rounds = 0;
        for one in busy {
            let done = one.await.unwrap();
            assert!(done > 0);
            rounds += done;
        }
        println!(
            "{} s: {rotated} rotations, {verified} verifications, {rounds} rounds",
            begin.elapsed().as_secs()
        );
    });
}

/// A seal key that does not open is left and named, and in nobody's way.
#[test]
fn a_damaged_seal_key_does_not_stop_a_rotation() {
    run(async {
        let place = Place::new().await;
        crate::harness::execute(
            &place.url,
            &format!(
                "update seal_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)
                  where practice_id = {}",
                place.first
            ),
        )
        .await;
        let store = open(&place.url, &place.key).await;
        MasterKey::add_version(&place.key).unwrap();
        let mut rotation = store.rotate_begin().await.unwrap().unwrap();
        while store.rotate_some(&mut rotation).await.unwrap() {}
        assert_eq!((rotation.left, rotation.damaged.len()), (1, 1));
        let status = store.key_status().await.unwrap();
        assert_eq!(status.iter().map(|k| k.seal_keys).collect::<Vec<_>>(), [1, 2]);
        assert!(!store.key_is_unused(1).await.unwrap());
        assert_eq!(read(&store, place.carla.id, "INBOX").await, Ok(1));
        assert_eq!(read(&store, place.frieda.id, "INBOX").await, Ok(1));
        store.close().await;
    });
}
