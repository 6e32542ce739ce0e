//! What a submission, and reading what was read lately, costs the database: counted between the gateway and PostgreSQL, by listening in.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::service::authenticate::Identity;
use postern::service::submit::{Accepted, MailFrom, Settings, Submitter};
use postern::store::{Account, MailError, MasterKey, NewAccount, NewAppend, Options, Role, Store};
use postern::types::{AppPasswordId, Flags, MailboxName, Tier};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use crate::demo_process::psql;
use crate::harness;

/// Round trips of the pool's connections: each Sync that ends something, and each simple Query. (A Sync alone
/// is the pool's own look at a connection that was given back; nobody waits for it.)
#[derive(Default)]
pub struct Count {
    pub trips: AtomicUsize,
}

/// What the store asks once a second of its own accord, or writes behind somebody's back: nobody waits for it, and
/// when it comes is chance.
const ASIDE: [&[u8]; 2] = [b"u(account_id, id, modseq)", b"insert into audit_pending (at, actor"];

/// The name that a Parse gives to a statement of [`ASIDE`], or that a Bind uses.
fn named(message: &[u8]) -> Option<&[u8]> {
    let mut strings = message.get(5..)?.split(|b| *b == 0);
    match message[0] {
        // Its name, its text.
        b'P' => {
            let (name, text) = (strings.next()?, strings.next()?);
            ASIDE.iter().any(|aside| text.windows(aside.len()).any(|w| w == *aside)).then_some(name)
        }
        // The portal, the statement.
        b'B' => strings.nth(1),
        _ => None,
    }
}

/// Passes everything on, and counts. The connection that only sends wake-ups after a commit is not counted.
async fn pass(client: UnixStream, real: PathBuf, count: Arc<Count>) {
    let server = UnixStream::connect(real).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut held = Vec::new();
    let mut started = false;
    let mut wake_ups = false;
    let mut busy = false;
    // Names of statements that are not counted, and whether what is sent now is one of them.
    let (mut aside, mut is_aside) = (HashSet::new(), false);
    let mut buffer = vec![0; 65_536];
    loop {
        let n = from_client.read(&mut buffer).await.unwrap_or(0);
        if n == 0 {
            return;
        }
        held.extend_from_slice(&buffer[..n]);
        // PostgreSQL's protocol 3: a letter (not in the first message), a length that counts itself, the rest.
        loop {
            let head = usize::from(started);
            let Some(length) = held.get(head..head + 4) else { break };
            let length = u32::from_be_bytes(length.try_into().unwrap()) as usize + head;
            if held.len() < length {
                break;
            }
            let message: Vec<u8> = held.drain(..length).collect();
            if started {
                wake_ups |= message[0] == b'P'
                    && [&b"pg_notify"[..], b"LISTEN", b"'synchronous_commit', 'off', false"]
                        .iter()
                        .any(|word| message.windows(word.len()).any(|w| w == *word));
                let ends = message[0] == b'Q' || message[0] == b'S' && busy;
                busy = message[0] != b'S' && message[0] != b'Q';
                match (message[0], named(&message)) {
                    (b'P', Some(name)) => {
                        aside.insert(name.to_vec());
                        is_aside = true;
                    }
                    (b'B', Some(name)) => is_aside |= aside.contains(name),
                    _ => {}
                }
                if !wake_ups && ends && !is_aside {
                    count.trips.fetch_add(1, Ordering::SeqCst);
                }
                is_aside &= !ends;
            }
            // An SSLRequest goes before the startup message, and has no letter either.
            started |= message[4..] != 80_877_103_u32.to_be_bytes();
        }
        if to_server.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

/// The same database through a socket of our own.
pub fn listen_in(url: &str, folder: &Path) -> (String, Arc<Count>) {
    let host = url.split('@').nth(1).unwrap().split('/').next().unwrap();
    let mut pieces = host.split('%');
    let mut real_dir = pieces.next().unwrap().to_owned();
    for piece in pieces {
        real_dir.push(char::from(u8::from_str_radix(&piece[..2], 16).unwrap()));
        real_dir.push_str(&piece[2..]);
    }
    let real = std::fs::read_dir(&real_dir)
        .unwrap()
        .map(|f| f.unwrap().path())
        .find(|p| {
            let name = p.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(".s.PGSQL.") && !name.ends_with(".lock")
        })
        .unwrap();
    let own = folder.join(real.file_name().unwrap());
    let listener = UnixListener::bind(own).unwrap();
    let count: Arc<Count> = Arc::default();
    let counting = count.clone();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(pass(client, real.clone(), counting.clone()));
        }
    });
    let folder = folder.display().to_string().replace('/', "%2F").replace('.', "%2E");
    (url.replace(host, &folder), count)
}

/// A store with Anna, who pays, and Frieda, who does not.
async fn people(url: String, folder: &Path, clock: Clock) -> (Store, [Account; 2]) {
    let store = Store::open(Options {
        database_url: url,
        // One, so that it has learnt every statement when the counting begins.
        max_connections: 1,
        master_key: MasterKey::create(&folder.join("master.key")).unwrap(),
        domain: "secure.example".to_owned(),
        clock,
    })
    .await
    .unwrap();
    let mut people = Vec::new();
    for (name, tier) in [("anna", Tier::Paid), ("frieda", Tier::Free)] {
        let new = NewAccount {
            practice: None,
            first_name: name.to_owned(),
            last_name: String::new(),
            role: Role::Staff,
            tier,
            user_manager: false,
            email: format!("{name}@praxis.example").parse().unwrap(),
            portal_password: None,
        };
        people.push(store.account_create(new).await.unwrap());
    }
    (store, people.try_into().unwrap())
}

/// At most three: the recipient, the delivery record where a rule asks for it (a free account's reply, R14),
/// and the transaction, notice (R23) and audit entry included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_is_three_round_trips_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let database = harness::database().await;
    let (url, count) = listen_in(&database, folder.path());
    let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000));
    let (store, [anna, frieda]) = people(url, folder.path(), clock.clone()).await;
    let mut settings = Settings::default();
    settings.policy.secure_domain = "secure.example".to_owned();
    let submitter = Submitter::new(store.clone(), clock.clone(), settings);
    let send = async |from: &Account, to: &Account, id: &str, more: &str| {
        let text = format!(
            "From: <{}>\r\nTo: <{}>\r\nSubject: Befund\r\nMessage-ID: <{id}@client>\r\n{more}\r\nHallo\r\n",
            from.secure_address, to.secure_address
        );
        let identity = Identity::new(from, AppPasswordId(1));
        let mail = MailFrom { path: from.secure_address.to_string(), ..MailFrom::default() };
        let before = count.trips.load(Ordering::SeqCst);
        let submission = submitter.begin(&identity, &mail).unwrap();
        let mut data = submission.recipient(to.secure_address.as_str()).await.unwrap().data();
        data.push(text.as_bytes()).await.unwrap();
        assert_eq!(data.finish().await.unwrap(), Accepted::Delivered);
        count.trips.load(Ordering::SeqCst) - before
    };
    // Each connection of the pool learns the statements once, which costs trips of its own.
    for n in 0..6 {
        send(&anna, &frieda, &format!("warm-{n}"), "").await;
        send(&frieda, &anna, &format!("back-{n}"), &format!("In-Reply-To: <warm-{n}@client>\r\n")).await;
    }
    clock.advance(Duration::from_hours(1));
    psql(&database, "delete from notice");
    let composed = send(&anna, &frieda, "new", "").await;
    let replied = send(&frieda, &anna, "answer", "In-Reply-To: <new@client>\r\n").await;
    println!("round trips: {composed} to compose, {replied} for a free account's reply");
    assert_eq!((composed, replied), (2, 3));
    let notices = store.notices(&postern::store::NoticeFilter::default()).await.unwrap();
    assert_eq!(notices.len(), 2, "each of the two has its notice");
    store.close().await;
}

/// What was opened lately asks for nothing that is known: SELECT takes one statement, headers none, whole messages
/// one, for their bytes alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_again_asks_for_no_more_than_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let (url, count) = listen_in(&harness::database().await, folder.path());
    let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000));
    let (store, [anna, _]) = people(url, folder.path(), clock).await;
    let anna = anna.id;
    let inbox = MailboxName::inbox();
    let id = store.mailbox(anna, &inbox).await.unwrap().unwrap().id;
    for n in 0..20 {
        let mut ingest = store.ingest(postern::mime::Limits::default()).unwrap();
        ingest.push(format!("Subject: Befund {n}\r\n\r\nText {n}\r\n").as_bytes()).await.unwrap();
        let append = NewAppend {
            mailbox: id,
            ingested: ingest.finish().await.unwrap(),
            flags: Flags::NONE,
            keywords: &[],
            internal_date: None,
            sent_copy: None,
        };
        store.append(anna, append).await.unwrap();
    }
    let read = async || {
        let mut trips = Vec::new();
        let mut last = count.trips.load(Ordering::SeqCst);
        let mut counted = |trips: &mut Vec<usize>| {
            let now = count.trips.load(Ordering::SeqCst);
            trips.push(now - last);
            last = now;
        };
        let live = store.open_mailbox_named(anna, &inbox).await.unwrap();
        counted(&mut trips);
        let bodies: Vec<_> = live.read(|state| state.rows.iter().map(|row| row.body).collect());
        // Not open any longer: nobody asks for it once a second.
        drop(live);
        let facts = store.facts(anna, &bodies).await.unwrap();
        counted(&mut trips);
        let readers = store.bodies(anna, &bodies).await.unwrap();
        counted(&mut trips);
        let mut texts = Vec::new();
        for (facts, reader) in facts.into_iter().zip(readers) {
            let reader = reader.unwrap();
            let text = reader.read(0..reader.size()).await.unwrap();
            assert_eq!(postern::mime::FactsRef::parse(&facts.unwrap()).unwrap().size, text.len() as u64);
            texts.push(text);
        }
        counted(&mut trips);
        (trips, texts)
    };
    // The connection learns each statement once, which costs trips of its own.
    let (_, first) = read().await;
    store.set_opened_memory(0);
    read().await;
    store.set_opened_memory(1024 * 1024);
    read().await;
    let (trips, again) = read().await;
    println!("round trips: open, facts, bytes, reading: {trips:?}");
    assert_eq!(first, again);
    assert_eq!(again[7], "Subject: Befund 7\r\n\r\nText 7\r\n");
    assert_eq!(trips, [1, 0, 1, 0]);
    // Nothing is kept: everything is asked for, and is the same.
    store.set_opened_memory(0);
    let (trips, without) = read().await;
    assert_eq!((trips, &without), (vec![1, 1, 1, 0], &first));
    store.set_opened_memory(1024 * 1024);
    // Half of it known: what is missing is asked for, and stands in its place.
    let bodies: Vec<_> =
        store.open_mailbox(anna, id).await.unwrap().read(|s| s.rows.iter().map(|row| row.body).collect());
    let odd: Vec<_> = bodies.iter().skip(1).step_by(2).copied().collect();
    store.facts(anna, &odd).await.unwrap();
    let (_, mixed) = read().await;
    assert_eq!(mixed, first);
    // A name that went on to another mailbox is not taken for the one it was.
    let (old, new) = (MailboxName::new("Ablage").unwrap(), MailboxName::new("Archiv").unwrap());
    let was = store.create_mailbox(anna, &old, None).await.unwrap();
    assert_eq!(store.open_mailbox_named(anna, &old).await.unwrap().id(), was);
    store.rename_mailbox(anna, &old, &new).await.unwrap();
    assert!(matches!(store.open_mailbox_named(anna, &old).await, Err(MailError::NoMailbox)));
    let another = store.create_mailbox(anna, &old, None).await.unwrap();
    assert_eq!(store.open_mailbox_named(anna, &old).await.unwrap().id(), another);
    assert_eq!(store.open_mailbox_named(anna, &new).await.unwrap().id(), was);
    store.delete_mailbox(anna, &new).await.unwrap();
    assert!(matches!(store.open_mailbox_named(anna, &new).await, Err(MailError::NoMailbox)));
    store.close().await;
}
