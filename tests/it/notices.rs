//! The outbox on a real PostgreSQL: R11, R23, what is sealed, who takes what, and when.

use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::mime::Limits;
use postern::notices::provider::ProviderSettings;
use postern::notices::{Carriers, OutboxDir, Place, Provider, Worker, WorkerSettings};
use postern::store::{
    Because, Connected, MasterKey, NewAccount, NewNotice, NewSubmission, NoticeEnd, NoticeFilter, Options,
    Retried, Role, SecretKind, Store, SubmitOutcome, Wanted,
};
use postern::types::{AccountId, Channel, NoticeContent, NoticeId, NoticeKind, Origin, Secret, Tier};

use crate::client::PATIENCE;
use crate::demo_process::psql;
use crate::harness::{self, World};

const LEASE: Duration = Duration::from_mins(2);
const QUARTER: Duration = Duration::from_mins(15);

/// Anna and Ben, and a clock that stands still.
pub struct Ground {
    pub url: String,
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub pool: sqlx::PgPool,
    pub clock: Clock,
    pub anna: AccountId,
    pub ben: AccountId,
}

impl Ground {
    pub async fn new() -> Self {
        let url = harness::database().await;
        let folder = tempfile::tempdir().unwrap();
        MasterKey::create(&folder.path().join("master.key")).unwrap();
        let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000));
        let store = open(&url, folder.path(), &clock).await;
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        let mut made = Vec::new();
        for name in ["Anna", "Ben"] {
            let new = NewAccount {
                practice: None,
                first_name: name.to_owned(),
                last_name: "Weber".to_owned(),
                role: Role::Staff,
                tier: Tier::Paid,
                user_manager: false,
                email: format!("{}@weber.example", name.to_lowercase()).parse().unwrap(),
                portal_password: None,
            };
            made.push(store.account_create(new).await.unwrap().id);
        }
        Self { url, folder, store, pool, clock, anna: made[0], ben: made[1] }
    }

    /// Another gateway on the same database.
    pub async fn another(&self) -> Store {
        open(&self.url, self.folder.path(), &self.clock).await
    }

    pub async fn run(&self, sql: &str) {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.unwrap();
    }

    pub async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.unwrap()
    }

    /// Delivers a message, through the same statement as always.
    async fn send(&self, from: AccountId, to: AccountId, id: &str) {
        let text = format!("Message-ID: <{id}>\r\nSubject: Frau Tannhoff\r\n\r\nBefund\r\n");
        let mut ingest = self.store.ingest(Limits::default()).unwrap();
        ingest.push(text.as_bytes()).await.unwrap();
        let new = NewSubmission {
            sender: from,
            recipient: to,
            ingested: ingest.finish().await.unwrap(),
            message_id: id.to_owned(),
            fingerprint: self.store.lookup().fingerprint(from, text.as_bytes()),
            invitation: None,
        };
        assert_eq!(self.store.submit(new).await.unwrap(), SubmitOutcome::Delivered);
    }

    /// kind/channel/state of every notice, in the order they were written.
    async fn outbox(&self) -> Vec<String> {
        let mut rows = self.store.notices(&NoticeFilter::default()).await.unwrap();
        rows.reverse();
        rows.iter().map(|n| format!("{}/{}/{}", n.kind, n.channel, n.state)).collect()
    }

    async fn take(&self) -> Vec<postern::store::DueNotice> {
        self.store.take_notices(&Channel::ALL, 100, LEASE).await.unwrap()
    }
}

async fn open(url: &str, folder: &std::path::Path, clock: &Clock) -> Store {
    Store::open(Options {
        database_url: url.to_owned(),
        max_connections: 8,
        master_key: MasterKey::load(&folder.join("master.key")).unwrap(),
        domain: "portal.example".to_owned(),
        clock: clock.clone(),
    })
    .await
    .unwrap()
}

fn code(digits: &str) -> NoticeContent {
    NoticeContent::PhoneCode { code: Secret::new(digits) }
}

/// R23: one notice in 15 minutes and account; what comes meanwhile is told by the next one.
#[tokio::test]
async fn r23_secure_message_notices_collapse() {
    let g = Ground::new().await;
    g.send(g.anna, g.ben, "1").await;
    g.send(g.anna, g.ben, "2").await;
    assert_eq!(g.outbox().await, ["secure-message/email/waiting"]);
    let first = g.take().await.pop().unwrap();
    assert_eq!(first.to.as_deref(), Some("ben@weber.example"));
    assert_eq!(first.content, Some(NoticeContent::SecureMessage));
    // It is on its way: whether it will still speak for this one, nobody knows.
    g.clock.advance(Duration::from_secs(1));
    g.send(g.anna, g.ben, "3").await;
    g.send(g.anna, g.ben, "4").await;
    g.store.notice_ended(&first, &NoticeEnd::Sent).await.unwrap();
    assert_eq!(g.outbox().await, ["secure-message/email/sent", "secure-message/email/waiting"]);
    assert!(g.take().await.is_empty(), "not before 15 minutes have passed");
    g.clock.advance(QUARTER);
    let second = g.take().await.pop().unwrap();
    assert_ne!(second.id, first.id);
    g.store.notice_ended(&second, &NoticeEnd::Sent).await.unwrap();
    // Long after, one goes at once.
    g.clock.advance(QUARTER);
    g.send(g.anna, g.ben, "5").await;
    assert_eq!(g.take().await.len(), 1);
}

/// R23: a smarthost that was away for hours gets one notice for all, and the next waits its 15 minutes.
#[tokio::test]
async fn r23_what_waited_is_one_notice() {
    let g = Ground::new().await;
    for n in 0..5 {
        g.send(g.anna, g.ben, &n.to_string()).await;
        for notice in g.take().await {
            let at = g.clock.now() + Duration::from_secs(30);
            g.store.notice_ended(&notice, &NoticeEnd::Again { at, because: "away".into() }).await.unwrap();
        }
        g.clock.advance(Duration::from_mins(40));
    }
    let waiting = g.count("select count(*) from notice where state = 'waiting'").await;
    assert_eq!(waiting, 1);
    let one = g.take().await.pop().unwrap();
    g.store.notice_ended(&one, &NoticeEnd::Sent).await.unwrap();
    g.send(g.anna, g.ben, "late").await;
    assert!(g.take().await.is_empty(), "15 minutes are counted from the sending");
    g.clock.advance(QUARTER);
    assert_eq!(g.take().await.len(), 1);
}

/// R23: email, text, both, none; to oneself never.
#[tokio::test]
async fn r23_preferences() {
    let g = Ground::new().await;
    for (n, (wish, expected)) in [
        ("email", vec!["secure-message/email/waiting"]),
        ("text", vec!["secure-message/text/waiting"]),
        ("both", vec!["secure-message/email/waiting", "secure-message/text/waiting"]),
        ("none", vec![]),
    ]
    .into_iter()
    .enumerate()
    {
        g.run(&format!("update account set notify = '{wish}' where id = {}", g.ben)).await;
        g.run("delete from notice").await;
        g.run("delete from notice_pace").await;
        g.send(g.anna, g.ben, &n.to_string()).await;
        let mut outbox = g.outbox().await;
        outbox.sort();
        assert_eq!(outbox, expected, "{wish}");
    }
    g.run("update account set notify = 'email'").await;
    g.send(g.anna, g.anna, "self").await;
    assert!(g.outbox().await.is_empty());
    // Whoever changes the preference while a notice waits gets none.
    g.send(g.anna, g.ben, "last").await;
    g.run("update account set notify = 'text'").await;
    assert_eq!(g.take().await.pop().unwrap().wishes.channel, Wanted::No);
}

/// R23: "only while none of my mail programs is connected", on whatever gateway, and only while it lives.
#[tokio::test]
async fn r23_connected_programs() {
    let g = Ground::new().await;
    let other = g.another().await;
    other.start_presence();
    let ben_is_connected = async |expected: Connected| {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            g.run("delete from notice").await;
            g.run("delete from notice_pace").await;
            let id = uuid::Uuid::now_v7().to_string();
            g.send(g.anna, g.ben, &id).await;
            if g.take().await.pop().unwrap().wishes.connected == expected {
                return;
            }
            assert!(tokio::time::Instant::now() < end, "never {expected:?}");
        }
    };
    let first = other.present(g.ben);
    let second = other.present(g.ben);
    ben_is_connected(Connected::No).await;
    g.run("update account set notify_when = 'disconnected'").await;
    ben_is_connected(Connected::Enough).await;
    drop(first);
    ben_is_connected(Connected::Enough).await;
    drop(second);
    ben_is_connected(Connected::No).await;
    let third = other.present(g.ben);
    ben_is_connected(Connected::Enough).await;
    // The gateway is killed: nobody says anything any more. (It cannot, as long as this is held.)
    let mut silence = g.pool.begin().await.unwrap();
    sqlx::query("select from gateway for update").execute(&mut *silence).await.unwrap();
    g.clock.advance(Duration::from_secs(31));
    ben_is_connected(Connected::No).await;
    silence.rollback().await.unwrap();
    drop(third);
    other.close().await;
    assert_eq!(g.count("select count(*) from presence").await, 0);
    assert_eq!(g.count("select count(*) from gateway").await, 0);
}

/// R23: the IMAP door says who is connected, as long as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r23_the_imap_door_says_who_is_connected() {
    let world = World::new().await;
    let connected = async |expected: &str| {
        let sql =
            "select coalesce(string_agg(p.account_id::text, ',' order by p.account_id), '') from presence p
                     join gateway g on g.id = p.gateway_id";
        let mut look = tokio::time::interval(Duration::from_millis(50));
        let end = tokio::time::Instant::now() + PATIENCE;
        while psql(&world.database_url, sql).trim() != expected {
            assert!(tokio::time::Instant::now() < end, "never \"{expected}\"");
            look.tick().await;
        }
    };
    connected("").await;
    let anna = world.imap("anna").await;
    let again = world.imap("anna").await;
    let bert = world.imap("bert").await;
    connected("1,2").await;
    drop((again, bert));
    connected("1").await;
    drop(anna);
    connected("").await;
}

/// Links, codes and addresses are sealed in the database, and gone from it when the notice is.
#[tokio::test]
async fn what_a_notice_says_is_sealed_and_then_gone() {
    let g = Ground::new().await;
    let link = NoticeContent::Invitation {
        link: Secret::new("https://portal.example/i/geheim"),
        name: "Vera Vogt".into(),
        inviter: "Anna Weber".into(),
        practice: Some("Praxis".into()),
    };
    let new = NewNotice::new(g.anna, link.clone(), Channel::Email).to("vera@vogt.example");
    g.store.notify(new).await.unwrap();
    let stored: String = sqlx::query_scalar("select n::text || encode(payload, 'escape') from notice n")
        .fetch_one(&g.pool)
        .await
        .unwrap();
    for word in ["geheim", "Vera", "vogt.example", "Praxis"] {
        assert!(!stored.contains(word), "{word} is readable");
    }
    let taken = g.take().await.pop().unwrap();
    assert_eq!((taken.content.clone(), taken.to.as_deref()), (Some(link), Some("vera@vogt.example")));
    let gone = "select count(*) from notice where payload is null";
    g.store
        .notice_ended(&taken, &NoticeEnd::Again { at: g.clock.now(), because: "later".into() })
        .await
        .unwrap();
    assert_eq!(g.count(gone).await, 0);
    let taken = g.take().await.pop().unwrap();
    g.store.notice_ended(&taken, &NoticeEnd::Sent).await.unwrap();
    assert_eq!(g.count(gone).await, 1);
}

/// A changed payload is noticed, and does not keep the others from being sent.
#[tokio::test]
async fn a_notice_that_does_not_open_is_not_sent() {
    let g = Ground::new().await;
    g.store.notify(NewNotice::new(g.anna, code("111111"), Channel::Text).to("+491")).await.unwrap();
    g.run("update notice set payload = set_byte(payload, 20, get_byte(payload, 20) # 1)").await;
    g.clock.advance(Duration::from_secs(1));
    g.store.notify(NewNotice::new(g.anna, code("222222"), Channel::Text).to("+491")).await.unwrap();
    let taken = g.take().await;
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].content, None);
    assert_eq!(taken[1].content, Some(code("222222")));
}

/// A gateway that dies while it sends: after its lease another one sends it under the same key.
#[tokio::test]
async fn a_lease_ends() {
    let g = Ground::new().await;
    let other = g.another().await;
    let id = g.store.notify(NewNotice::new(g.anna, code("1"), Channel::Text).to("+491")).await.unwrap();
    let first = g.take().await.pop().unwrap();
    assert_eq!((first.id, first.tries), (id, 1));
    assert!(other.take_notices(&Channel::ALL, 9, LEASE).await.unwrap().is_empty());
    g.clock.advance(LEASE);
    let again = other.take_notices(&Channel::ALL, 9, LEASE).await.unwrap().pop().unwrap();
    assert_eq!((again.id, again.tries), (id, 2));
    // The first one was only slow: what it says about a try that is no longer its own changes nothing.
    g.store.notice_ended(&first, &NoticeEnd::Dead("no".into())).await.unwrap();
    assert_eq!(g.outbox().await, ["phone-code/text/waiting"]);
    g.store.notice_ended(&first, &NoticeEnd::Sent).await.unwrap();
    assert_eq!(g.outbox().await, ["phone-code/text/sent"]);
    other.notice_ended(&again, &NoticeEnd::Dead("twice".into())).await.unwrap();
    assert_eq!(g.outbox().await, ["phone-code/text/sent"]);
}

/// Many take at once: each notice goes to exactly one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_what_another_has() {
    let g = Ground::new().await;
    for n in 0..60 {
        let new = NewNotice::new(g.anna, code(&n.to_string()), Channel::Text).to("+491");
        g.store.notify(new).await.unwrap();
    }
    let other = g.another().await;
    let takers: Vec<_> = (0..8)
        .map(|n| {
            let store = if n % 2 == 0 { g.store.clone() } else { other.clone() };
            tokio::spawn(async move {
                let mut ids: Vec<NoticeId> = Vec::new();
                loop {
                    let taken = store.take_notices(&Channel::ALL, 7, LEASE).await.unwrap();
                    if taken.is_empty() {
                        return ids;
                    }
                    ids.extend(taken.iter().map(|t| t.id));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for taker in takers {
        all.extend(taker.await.unwrap());
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!((all.len(), count), (60, 60));
}

/// The same key again does nothing; a newer link takes the place of the older ones; a channel that nobody
/// serves is left alone.
#[tokio::test]
async fn keys_replacing_and_channels() {
    let g = Ground::new().await;
    let id = NoticeId(uuid::Uuid::now_v7());
    for digits in ["111111", "222222"] {
        g.store.notify(NewNotice::new(g.anna, code(digits), Channel::Text).to("+491").id(id)).await.unwrap();
    }
    assert_eq!(g.outbox().await, ["phone-code/text/waiting"]);
    let newer = NewNotice::new(g.anna, code("333333"), Channel::Voice)
        .to("+491")
        .replacing(&[NoticeKind::PhoneCode, NoticeKind::ResetLink]);
    g.clock.advance(Duration::from_secs(1));
    g.store.notify(newer).await.unwrap();
    assert_eq!(g.outbox().await, ["phone-code/text/cancelled", "phone-code/voice/waiting"]);
    assert!(g.store.take_notices(&[Channel::Email, Channel::Text], 9, LEASE).await.unwrap().is_empty());
    let taken = g.store.take_notices(&[Channel::Voice], 9, LEASE).await.unwrap();
    assert_eq!(taken[0].content, Some(code("333333")));
    // Another person's are not touched.
    g.store.notify(NewNotice::new(g.ben, code("4"), Channel::Text).to("+492")).await.unwrap();
    g.store
        .notify(NewNotice::new(g.anna, code("5"), Channel::Text).replacing(&[NoticeKind::PhoneCode]))
        .await
        .unwrap();
    let of_ben = NoticeFilter { account: Some(g.ben), state: None };
    assert_eq!(g.store.notices(&of_ben).await.unwrap()[0].state, "waiting");
}

/// The worker from end to end: sent as a file once; what is too late is not; what failed is dead, and tried
/// again when Support says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_sends() {
    let g = Ground::new().await;
    let folder = g.folder.path().join("outbox");
    let carriers = Carriers { outbox: Some(OutboxDir::new(&folder).unwrap()), ..Carriers::default() };
    let settings = WorkerSettings {
        place: Place { portal_url: "https://portal.example".into() },
        attempt: PATIENCE,
        at_once: 4,
        keep: Duration::from_hours(24),
    };
    g.store.notify(NewNotice::new(g.anna, code("000000"), Channel::Text).to("+491")).await.unwrap();
    g.clock.advance(Duration::from_mins(10));
    // Nobody knows Ben's number.
    g.store.notify(NewNotice::new(g.ben, code("111111"), Channel::Text)).await.unwrap();
    let worker = Worker::start(g.store.clone(), carriers, settings, g.clock.clone());
    g.store.notify(NewNotice::new(g.anna, NoticeContent::AccountLocked, Channel::Email)).await.unwrap();
    settled(&g).await;
    let outbox: std::collections::BTreeSet<_> = g.outbox().await.into_iter().collect();
    let expected = ["account-locked/email/sent", "phone-code/text/dead", "phone-code/text/expired"];
    assert_eq!(outbox.into_iter().collect::<Vec<_>>(), expected);
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files[0].ends_with(".eml") && files[1].ends_with(".json"), "{files:?}");
    use std::os::unix::fs::PermissionsExt as _;
    for file in &files {
        let mode = std::fs::metadata(folder.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    // Support: the number is there now.
    let dead = NoticeFilter { state: Some("dead".into()), account: None };
    let row = g.store.notices(&dead).await.unwrap().pop().unwrap();
    assert_eq!(row.last_error.as_deref(), Some("the account has no address for this channel"));
    let sealed = g.store.seal_key(g.ben).await.unwrap();
    let phone = sealed.seal_text(postern::store::TextDomain::Phone, g.ben, "+4930555").unwrap();
    sqlx::query("update account set phone = $1 where id = $2")
        .bind(phone)
        .bind(g.ben.0)
        .execute(&g.pool)
        .await
        .unwrap();
    let ida = g.store.acting_as(Origin::support("ida".parse().unwrap()));
    assert_eq!(ida.notice_retry(row.account, row.id).await.unwrap(), Retried::Yes);
    settled(&g).await;
    assert!(g.store.notices(&dead).await.unwrap().is_empty());
    let texts: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap())
        .filter(|t| t.contains("+4930555"))
        .collect();
    assert!(texts[0].contains("111111"), "{texts:?}");
    assert_eq!(ida.notice_retry(row.account, row.id).await.unwrap(), Retried::NotDead);
    worker.finish(PATIENCE).await;
}

/// A provider that is away is asked again, later and under the same key; one that says never is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_tries_again() {
    let g = Ground::new().await;
    let keys: std::sync::Arc<parking_lot::Mutex<Vec<String>>> = std::sync::Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let log = keys.clone();
    let app = axum::Router::new().fallback(move |headers: axum::http::HeaderMap, body: String| async move {
        let mut keys = log.lock();
        keys.push(headers["idempotency-key"].to_str().unwrap().to_owned());
        axum::http::StatusCode::from_u16(match (body.contains("%2B49666"), keys.len()) {
            (true, _) => 400,
            (false, 1 | 2) => 503,
            (false, _) => 201,
        })
        .unwrap()
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let provider = Provider::new(ProviderSettings {
        base_url,
        account: "AC1".into(),
        token: Secret::new("t0ken"),
        from: "+4930111".into(),
        ca: None,
        timeout: PATIENCE,
    });
    let carriers = Carriers { provider: Some(provider.unwrap()), ..Carriers::default() };
    let settings = WorkerSettings {
        place: Place { portal_url: "https://portal.example".into() },
        attempt: PATIENCE,
        at_once: 1,
        keep: Duration::from_hours(24),
    };
    let worker = Worker::start(g.store.clone(), carriers, settings, g.clock.clone());
    let id = g.store.notify(NewNotice::new(g.anna, code("1"), Channel::Text).to("+49555")).await.unwrap();
    let end = tokio::time::Instant::now() + PATIENCE;
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let put_off =
        "select count(*) from notice where taken_by is null and last_error like '%503%' and tries = ";
    for tries in 1..3 {
        while g.count(&format!("{put_off}{tries}")).await == 0 {
            assert!(tokio::time::Instant::now() < end, "not put off {tries} times");
            look.tick().await;
        }
        // Not at once: the clock stands still.
        assert_eq!(keys.lock().len(), tries);
        g.clock.advance(Duration::from_secs(30));
    }
    settled(&g).await;
    assert_eq!(g.outbox().await, ["phone-code/text/sent"]);
    assert_eq!(*keys.lock(), [id.to_string(), id.to_string(), id.to_string()]);
    g.store.notify(NewNotice::new(g.ben, code("2"), Channel::Text).to("+49666")).await.unwrap();
    settled(&g).await;
    let dead = NoticeFilter { state: Some("dead".into()), account: Some(g.ben) };
    let dead = g.store.notices(&dead).await.unwrap().pop().unwrap();
    assert_eq!(dead.last_error.as_deref(), Some("the provider refused it (400)"));
    assert_eq!((dead.tries, keys.lock().len()), (1, 4));
    worker.finish(PATIENCE).await;
}

/// Nothing waits any more.
async fn settled(g: &Ground) {
    tokio::time::timeout(PATIENCE, async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while g.count("select count(*) from notice where state = 'waiting'").await > 0 {
            look.tick().await;
        }
    })
    .await
    .expect("the worker does not get through");
}

/// R4: the fifth wrong secret locks, tells the owner and enters it in the log, in one step; so does Support.
#[tokio::test]
async fn r4_a_lock_tells_the_owner() {
    let g = Ground::new().await;
    let peer = "192.0.2.9".parse().unwrap();
    for n in 0..5 {
        let secret = Secret::new(format!("wrong {n}"));
        let said = g.store.note_wrong_secret(g.anna, &secret, SecretKind::Portal, peer).await.unwrap();
        assert_eq!(said == Because::LockedNow, n == 4, "{n}");
    }
    assert_eq!(g.outbox().await, ["account-locked/email/waiting"]);
    let logged = "select count(*) from audit_pending where action = 'lock' and account_id is not null";
    assert_eq!(g.count(logged).await, 1);
    assert!(g.store.lock(g.ben).await.unwrap());
    assert_eq!(g.count("select count(*) from notice where kind = 'account-locked'").await, 2);
    assert_eq!(g.count(logged).await, 2);
}

/// What ended is listed for a while, then gone; what nobody could send does not wait for ever.
#[tokio::test]
async fn the_outbox_is_tidied() {
    let g = Ground::new().await;
    let keep = Duration::from_hours(24);
    g.store.notify(NewNotice::new(g.anna, code("1"), Channel::Voice)).await.unwrap();
    g.clock.advance(Duration::from_mins(11));
    assert_eq!(g.store.tidy_outbox(keep).await.unwrap(), 0);
    assert_eq!(g.outbox().await, ["phone-code/voice/expired"]);
    assert_eq!(g.count("select count(*) from notice where payload is null").await, 1);
    g.clock.advance(keep + Duration::from_secs(1));
    assert_eq!(g.store.tidy_outbox(keep).await.unwrap(), 1);
    assert!(g.outbox().await.is_empty());
}
