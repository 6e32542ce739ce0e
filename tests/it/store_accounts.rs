//! Accounts, addresses, keys and sign-in on a real PostgreSQL: R4, R29, R30, and the master key.

use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::service::authenticate::{AuthError, Authenticator, Door, Settings};
use postern::store::{
    Account, AccountError, AccountState, AppPasswordError, Because, KeyError, MasterKey, NewAccount, Options,
    Role, SecretKind, SignIn, SignedIn, Store, StoreError, TextDomain,
};
use postern::types::{Address, AppPasswordId, Keyword, MailboxName, Secret, Tier};

use crate::client::PATIENCE;
use crate::harness;
use crate::round_trips::listen_in;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// One database, its key file, and what a test needs to look at them.
struct Ground {
    url: String,
    folder: tempfile::TempDir,
    clock: Clock,
    store: Store,
    pool: sqlx::PgPool,
}

impl Ground {
    async fn new() -> Self {
        let url = harness::database().await;
        let folder = tempfile::tempdir().unwrap();
        MasterKey::create(&folder.path().join("master.key")).unwrap();
        let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000));
        let store = open(&url, folder.path(), &clock).await;
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        Self { url, folder, clock, store, pool }
    }

    /// A second gateway on the same database.
    async fn another(&self) -> Store {
        open(&self.url, self.folder.path(), &self.clock).await
    }

    async fn anna(&self) -> Account {
        self.store.account_create(person("Anna", "Weber", "anna@weber.example")).await.unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    async fn remembered(&self) -> i64 {
        self.count("select count(*) from failed_secret").await
    }

    async fn sign_in(&self, who: &Account, secret: &str) -> SignIn {
        self.store.sign_in(Some(&who.secure_address), &Secret::new(secret), PEER).await.unwrap()
    }

    async fn state(&self, who: &Account) -> AccountState {
        self.store.account(who.id).await.unwrap().unwrap().state
    }
}

async fn open(url: &str, folder: &std::path::Path, clock: &Clock) -> Store {
    let master_key = MasterKey::load(&folder.join("master.key")).unwrap();
    try_open(url, master_key, clock).await.unwrap()
}

async fn try_open(url: &str, master_key: MasterKey, clock: &Clock) -> Result<Store, StoreError> {
    Store::open(Options {
        database_url: url.to_owned(),
        max_connections: 8,
        master_key,
        domain: "portal.example".to_owned(),
        clock: clock.clone(),
    })
    .await
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn person(first_name: &str, last_name: &str, email: &str) -> NewAccount {
    NewAccount {
        practice: None,
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        role: Role::Doctor,
        tier: Tier::Paid,
        user_manager: false,
        email: address(email),
        portal_password: None,
    }
}

fn refused(outcome: SignIn) -> Because {
    match outcome {
        SignIn::Refused(why) => why.because,
        SignIn::Accepted(who) => panic!("accepted {}", who.account.id),
    }
}

fn accepted(outcome: SignIn) -> SignedIn {
    match outcome {
        SignIn::Accepted(who) => *who,
        SignIn::Refused(why) => panic!("refused: {why:?}"),
    }
}

fn text(secret: &Secret) -> &str {
    std::str::from_utf8(secret.expose()).unwrap()
}

/// R4: the fifth distinct wrong secret locks; the right one is refused then; Support's unlock forgets.
#[tokio::test]
async fn r4_the_fifth_distinct_wrong_secret_locks() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let (_, right) = g.store.app_password_create(anna.id, "Desk").await.unwrap();
    for n in 1..=4 {
        assert_eq!(refused(g.sign_in(&anna, &format!("wrong {n}")).await), Because::Counted);
    }
    assert_eq!(g.state(&anna).await, AccountState::Active);
    assert_eq!(refused(g.sign_in(&anna, "wrong 5").await), Because::LockedNow);
    assert_eq!(g.state(&anna).await, AccountState::Locked);

    // While locked no secret is verified, and none is remembered.
    assert_eq!(refused(g.sign_in(&anna, text(&right)).await), Because::Locked);
    assert_eq!(refused(g.sign_in(&anna, "wrong 6").await), Because::Locked);
    assert_eq!(g.remembered().await, 5);
    // Delivery goes on: the address still leads to the account.
    let found = g.store.resolve(&anna.secure_address).await.unwrap().unwrap();
    assert!(found.state.receives() && found.locked_at.is_some());

    assert!(g.store.unlock(anna.id).await.unwrap());
    assert_eq!(g.remembered().await, 0);
    accepted(g.sign_in(&anna, text(&right)).await);
    assert!(!g.store.unlock(anna.id).await.unwrap(), "it is not locked");
}

/// R4: PLAIN then LOGIN, IMAP then SMTP, a phone all night, the portal too: one mistake.
#[tokio::test]
async fn r4_the_same_wrong_secret_counts_once() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    assert_eq!(refused(g.sign_in(&anna, "hunter2").await), Because::Counted);
    for _ in 0..20 {
        assert_eq!(refused(g.sign_in(&anna, "hunter2").await), Because::Again);
    }
    let by_email = g.store.sign_in(Some(&anna.email), &Secret::new("hunter2"), PEER).await.unwrap();
    assert_eq!(refused(by_email), Because::Again, "both addresses are one account");
    let at_portal =
        g.store.note_wrong_secret(anna.id, &Secret::new("hunter2"), SecretKind::Portal, PEER).await.unwrap();
    assert_eq!(at_portal, Because::Again, "one mistake whatever the kind");
    assert_eq!(g.remembered().await, 1);
}

/// R4: doors and kinds share the count that locks.
#[tokio::test]
async fn r4_kinds_are_counted_together() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    for n in 1..=3 {
        let secret = Secret::new(format!("guess {n}"));
        assert_eq!(
            g.store.note_wrong_secret(anna.id, &secret, SecretKind::Portal, PEER).await.unwrap(),
            Because::Counted
        );
    }
    assert_eq!(refused(g.sign_in(&anna, "wrong 1").await), Because::Counted);
    assert_eq!(refused(g.sign_in(&anna, "wrong 2").await), Because::LockedNow);
}

/// R4: a phone's sign-in does not reset a portal guesser's count.
#[tokio::test]
async fn r4_success_clears_its_own_kind_only() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let (_, right) = g.store.app_password_create(anna.id, "Phone").await.unwrap();
    for n in 1..=3 {
        let secret = Secret::new(format!("guess {n}"));
        g.store.note_wrong_secret(anna.id, &secret, SecretKind::Portal, PEER).await.unwrap();
    }
    g.sign_in(&anna, "wrong 1").await;
    assert_eq!(g.remembered().await, 4);
    accepted(g.sign_in(&anna, text(&right)).await);
    assert_eq!(g.remembered().await, 3);
    assert_eq!(g.count("select count(*) from failed_secret where kind = 'portal'").await, 3);
    g.store.forget_failures(anna.id, SecretKind::Portal).await.unwrap();
    assert_eq!(g.remembered().await, 0);
    // "In a row": after a success it takes five again.
    for n in 1..=4 {
        assert_eq!(refused(g.sign_in(&anna, &format!("wrong {n}")).await), Because::Counted);
    }
    accepted(g.sign_in(&anna, text(&right)).await);
    assert_eq!(refused(g.sign_in(&anna, "wrong 5").await), Because::Counted);
}

/// R4: a revoked app password of the account's own never counts, at any door.
#[tokio::test]
async fn r4_a_revoked_app_password_never_counts() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let berta = g.store.account_create(person("Berta", "Blum", "b@blum.example")).await.unwrap();
    for n in 0..6 {
        let (id, secret) = g.store.app_password_create(anna.id, "Old phone").await.unwrap();
        assert!(g.store.app_password_revoke(anna.id, id).await.unwrap());
        assert_eq!(refused(g.sign_in(&anna, text(&secret)).await), Because::Revoked, "{n}");
        let at_portal = g.store.note_wrong_secret(anna.id, &secret, SecretKind::Portal, PEER).await.unwrap();
        assert_eq!(at_portal, Because::Revoked);
        // Somebody else's it is a wrong secret like any other.
        if n == 0 {
            assert_eq!(refused(g.sign_in(&berta, text(&secret)).await), Because::Counted);
        }
    }
    assert_eq!(g.state(&anna).await, AccountState::Active);
    assert_eq!(g.remembered().await, 1);
}

/// R4: counted atomically: many at once lock exactly once and leave exactly five behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r4_wrong_secrets_in_parallel() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let (_, right) = g.store.app_password_create(anna.id, "Desk").await.unwrap();
    let tries: Vec<_> = (0..20)
        .map(|n| {
            let (store, login) = (g.store.clone(), anna.secure_address.clone());
            tokio::spawn(async move {
                refused(store.sign_in(Some(&login), &Secret::new(format!("wrong {n}")), PEER).await.unwrap())
            })
        })
        .collect();
    let mut seen = Vec::new();
    for one in tries {
        seen.push(one.await.unwrap());
    }
    let of = |what| seen.iter().filter(|b| **b == what).count();
    assert_eq!((of(Because::Counted), of(Because::LockedNow), of(Because::Locked)), (4, 1, 15));
    assert_eq!(g.remembered().await, 5);
    assert_eq!(g.state(&anna).await, AccountState::Locked);
    assert_eq!(refused(g.sign_in(&anna, text(&right)).await), Because::Locked);
}

/// R4: the same wrong secret from many connections at once is one mistake.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r4_one_wrong_secret_in_parallel() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let (store, login) = (g.store.clone(), anna.secure_address.clone());
            tokio::spawn(
                async move { store.sign_in(Some(&login), &Secret::new("typo"), PEER).await.unwrap() },
            )
        })
        .collect();
    for one in tries {
        refused(one.await.unwrap());
    }
    assert_eq!(g.remembered().await, 1);
}

/// R4: unknown, locked, wrong, revoked and impossible logins get one answer, no sooner than the floor.
#[tokio::test]
async fn r4_every_refusal_is_the_same_answer() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let (_, right) = g.store.app_password_create(anna.id, "Desk").await.unwrap();
    let (old, revoked) = g.store.app_password_create(anna.id, "Old").await.unwrap();
    g.store.app_password_revoke(anna.id, old).await.unwrap();
    let locked = g.store.account_create(person("Lotte", "Loch", "l@loch.example")).await.unwrap();
    let (_, of_locked) = g.store.app_password_create(locked.id, "Desk").await.unwrap();
    g.store.lock(locked.id).await.unwrap();
    let floor = Duration::from_millis(200);
    let door = Authenticator::new(g.store.clone(), Settings { refusal_floor: floor });
    let long = "x".repeat(10_000);
    for (login, secret) in [
        ("nobody@portal.example", "secret"),
        (anna.email.as_str(), "wrong"),
        (anna.email.as_str(), "wrong"),
        (anna.email.as_str(), text(&revoked)),
        (locked.email.as_str(), text(&of_locked)),
        (locked.email.as_str(), "wrong"),
        ("", ""),
        ("not an address", "secret"),
        ("anna\0@portal.example", "secret"),
        (long.as_str(), "secret"),
        (anna.email.as_str(), long.as_str()),
    ] {
        let asked = std::time::Instant::now();
        let answer = door.authenticate(Door::Imap, login, &Secret::new(secret), PEER).await;
        assert!(matches!(answer, Err(AuthError::Refused)), "{login:.40} {secret:.40}: {answer:?}");
        assert!(asked.elapsed() >= floor);
    }
    let who = door.authenticate(Door::Imap, anna.email.as_str(), &right, PEER).await.unwrap();
    assert_eq!((who.account, who.tier, who.display_name.as_str()), (anna.id, Tier::Paid, "Anna Weber"));
    assert!(who.owns(&anna.email) && who.owns(&anna.secure_address) && !who.owns(&locked.email));
}

/// R4: what a refusal writes is the same for all: each costs one durable commit.
#[tokio::test]
async fn r4_every_refusal_costs_a_durable_write() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let locked = g.store.account_create(person("Lotte", "Loch", "l@loch.example")).await.unwrap();
    g.store.lock(locked.id).await.unwrap();
    let wrong: &[u8] = &[7; 32];
    for (account, outcome) in
        [(0, "unknown"), (anna.id.0, "counted"), (anna.id.0, "again"), (locked.id.0, "locked")]
    {
        let mut tx = g.pool.begin().await.unwrap();
        let said: String =
            sqlx::query_scalar("select note_failed_sign_in($1, $2, 'app', 0, '192.0.2.7', 'g')")
                .bind(account)
                .bind(wrong)
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        assert_eq!(said, outcome);
        // A transaction that has a number has something to flush when it commits.
        let writes: bool = sqlx::query_scalar("select pg_current_xact_id_if_assigned() is not null")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert!(writes, "{outcome} costs less than the others");
        tx.commit().await.unwrap();
    }
}

/// R29: shown once, named, listed with last use and address, revoked one by one.
#[tokio::test]
async fn r29_app_passwords() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let (desk, secret) = g.store.app_password_create(anna.id, " Desk ").await.unwrap();
    let (phone, other) = g.store.app_password_create(anna.id, "Phone").await.unwrap();
    assert_ne!(secret.expose(), other.expose());

    assert_eq!(accepted(g.sign_in(&anna, text(&secret)).await).app_password, desk);
    let typed = text(&other).replace('-', " ").to_uppercase();
    assert_eq!(accepted(g.sign_in(&anna, &typed).await).app_password, phone);

    // The last use is written aside; what follows is about a date that is there.
    let mut look = tokio::time::interval(Duration::from_millis(10));
    while g.store.app_passwords(anna.id).await.unwrap().iter().any(|w| w.last_used_at.is_none()) {
        look.tick().await;
    }
    // Within five minutes the date of last use is not written again.
    g.clock.advance(Duration::from_mins(4));
    accepted(g.sign_in(&anna, text(&secret)).await);
    let fourth = "2001:db8::4".parse().unwrap();
    g.clock.advance(Duration::from_mins(2));
    accepted(g.store.sign_in(Some(&anna.email), &other, fourth).await.unwrap());
    g.store.close().await;

    let store = g.another().await;
    let listed = store.app_passwords(anna.id).await.unwrap();
    assert_eq!(listed.iter().map(|w| w.name.as_str()).collect::<Vec<_>>(), ["Desk", "Phone"]);
    assert_eq!(listed[0].last_used_from.as_deref(), Some("192.0.2.7"));
    assert_eq!(listed[0].last_used_at.unwrap() + Duration::from_mins(6), g.clock.now());
    assert_eq!(listed[1].last_used_from.as_deref(), Some("2001:db8::4"));
    assert_eq!(listed[1].last_used_at, Some(g.clock.now()));

    assert!(store.app_password_revoke(anna.id, desk).await.unwrap());
    assert!(!store.app_password_revoke(anna.id, desk).await.unwrap(), "once");
    assert!(!store.app_password_revoke(anna.id, AppPasswordId(99_999)).await.unwrap());
    refused(store.sign_in(Some(&anna.email), &secret, PEER).await.unwrap());
    accepted(store.sign_in(Some(&anna.email), &other, PEER).await.unwrap());
    assert!(store.app_passwords(anna.id).await.unwrap()[0].revoked_at.is_some());

    // What is stored does not hold the secret.
    let plain = text(&other).replace('-', "");
    let dump: Vec<u8> = sqlx::query_scalar("select verifier_key from app_password where name = 'Phone'")
        .fetch_one(&g.pool)
        .await
        .unwrap();
    assert_eq!(dump.len(), 32);
    assert_ne!(dump, plain.as_bytes());
}

/// R29: names are checked, a secret is the account's once for all, and there is an end to the list.
/// The database died a moment ago, or an operator ended our connections: who signs in now waits for the next
/// connection, and hears nothing of it.
#[tokio::test]
async fn a_sign_in_outlasts_a_lost_connection() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let (desk, secret) = g.store.app_password_create(anna.id, "Desk").await.unwrap();
    let admin = harness::url("postgres").await;
    let database = g.url.rsplit('/').next().unwrap();
    let end_all = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity
          where datname = '{database}' and application_name = 'postern'"
    );
    for _ in 0..3 {
        // The connection that answered this is at rest in the pool, too young to be tried before it is used.
        assert_eq!(accepted(g.sign_in(&anna, text(&secret)).await).app_password, desk);
        harness::execute(&admin, &end_all).await;
        assert_eq!(accepted(g.sign_in(&anna, text(&secret)).await).app_password, desk);
    }
}

#[tokio::test]
async fn r29_app_passwords_refused() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    for bad in ["", "  ", "a\nb", &"x".repeat(201)] {
        let made = g.store.app_password_create(anna.id, bad).await;
        assert!(matches!(made, Err(AppPasswordError::Name)), "{bad:?}");
    }
    let secret = Secret::new("chosen by a load program");
    let id = g.store.app_password_add(anna.id, "Load", &secret).await.unwrap();
    g.store.app_password_revoke(anna.id, id).await.unwrap();
    let again = g.store.app_password_add(anna.id, "Load", &secret).await;
    assert!(matches!(again, Err(AppPasswordError::Taken)), "a revoked secret must not come back");
    let nobody = g.store.app_password_create(postern::types::AccountId(99_999), "x").await;
    assert!(matches!(nobody, Err(AppPasswordError::NoAccount)));
    for n in 0..100 {
        g.store.app_password_create(anna.id, &format!("Device {n}")).await.unwrap();
    }
    let more = g.store.app_password_create(anna.id, "One more").await;
    assert!(matches!(more, Err(AppPasswordError::TooMany)));
}

/// R4, R29: sessions on this gateway and on another end within 5 seconds, those of other devices go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_end_on_every_gateway() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let (_, desk) = g.store.app_password_create(anna.id, "Desk").await.unwrap();
    let (phone_id, phone) = g.store.app_password_create(anna.id, "Phone").await.unwrap();
    let mut sessions = Vec::new();
    for store in [g.store.clone(), g.another().await] {
        let door = Authenticator::new(store, Settings::default());
        for secret in [&desk, &phone] {
            let who = door.authenticate(Door::Imap, anna.email.as_str(), secret, PEER).await.unwrap();
            sessions.push(door.watch(&who));
        }
    }
    // R29 promises five seconds; the doors' own tests measure it.
    let limit = PATIENCE;
    let [desk_here, phone_here, desk_there, phone_there] = sessions.as_mut_slice() else { unreachable!() };

    g.store.app_password_revoke(anna.id, phone_id).await.unwrap();
    tokio::time::timeout(limit, async { tokio::join!(phone_here.ended(), phone_there.ended()) })
        .await
        .expect("revoked, and the session goes on");
    let still = tokio::time::timeout(Duration::from_millis(500), async {
        tokio::select! { () = desk_here.ended() => {}, () = desk_there.ended() => {} }
    });
    assert!(still.await.is_err(), "another device's session ended");

    g.store.lock(anna.id).await.unwrap();
    tokio::time::timeout(limit, async { tokio::join!(desk_here.ended(), desk_there.ended()) })
        .await
        .expect("locked, and the session goes on");
}

/// R4: a lock by wrong secrets ends sessions too, and one that happened between sign-in and watch is seen.
#[tokio::test]
async fn a_lock_between_sign_in_and_watch_is_seen() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let (_, desk) = g.store.app_password_create(anna.id, "Desk").await.unwrap();
    let door = Authenticator::new(g.store.clone(), Settings::default());
    let who = door.authenticate(Door::Smtp, anna.email.as_str(), &desk, PEER).await.unwrap();
    for n in 1..=5 {
        g.sign_in(&anna, &format!("wrong {n}")).await;
    }
    let mut session = door.watch(&who);
    tokio::time::timeout(PATIENCE, session.ended()).await.expect("the session goes on");
}

/// R29: the portal password never works on IMAP or SMTP; tried there it is a wrong secret.
#[tokio::test]
async fn the_portal_password_opens_no_door() {
    let g = Ground::new().await;
    let passwords = postern::service::portal_password::PortalPasswords::default();
    let typed = Secret::new("Sommer im Garten 7");
    let hashed = passwords.hash(typed.clone()).await.unwrap();
    let new =
        NewAccount { portal_password: Some(hashed.clone()), ..person("Anna", "Weber", "a@weber.example") };
    let anna = g.store.account_create(new).await.unwrap();
    assert!(anna.has_portal_password);
    assert_eq!(refused(g.sign_in(&anna, "Sommer im Garten 7").await), Because::Counted);
    assert_eq!(refused(g.sign_in(&anna, &hashed).await), Because::Counted, "nor does what is stored");
    let stored = g.store.portal_password(anna.id).await.unwrap().unwrap();
    assert!(passwords.verify(typed, stored).await.unwrap());
    assert!(g.store.set_portal_password(anna.id, None).await.unwrap());
    assert_eq!(g.store.portal_password(anna.id).await.unwrap(), None);
}

/// R30: allotted from the name, numbered, never given again; both addresses lead to the account.
#[tokio::test]
async fn r30_secure_addresses() {
    let g = Ground::new().await;
    let first = g.anna().await;
    assert_eq!(first.secure_address.as_str(), "anna.weber@portal.example");
    let second = g.store.account_create(person("Anna", "Weber", "a2@weber.example")).await.unwrap();
    assert_eq!(second.secure_address.as_str(), "anna.weber2@portal.example");
    let umlaut = g.store.account_create(person("Jörg", "Grüß-Äpfel", "j@apfel.example")).await.unwrap();
    assert_eq!(umlaut.secure_address.as_str(), "joerg.gruess-aepfel@portal.example");

    for a in [&second.secure_address, &second.email] {
        assert_eq!(g.store.resolve(a).await.unwrap().unwrap().id, second.id);
    }
    assert!(g.store.resolve(&address("anna.weber3@portal.example")).await.unwrap().is_none());

    // Retired: leads nowhere, and is not given to the next Anna Weber.
    sqlx::query("update address set retired_at = now() where address = 'anna.weber2@portal.example'")
        .execute(&g.pool)
        .await
        .unwrap();
    assert!(g.store.resolve(&second.secure_address).await.unwrap().is_none());
    let third = g.store.account_create(person("Anna", "Weber", "a3@weber.example")).await.unwrap();
    assert_eq!(third.secure_address.as_str(), "anna.weber3@portal.example");
}

/// R30: an address belongs to one account for good.
#[tokio::test]
async fn r30_addresses_taken() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let same = g.store.account_create(person("Otto", "Ohm", "ANNA@weber.example")).await;
    assert!(matches!(same, Err(AccountError::AddressTaken(a)) if a == anna.email));
    let own = g.store.account_create(person("Otto", "Ohm", "otto@portal.example")).await;
    assert!(matches!(own, Err(AccountError::AddressOwnDomain(_))));
    let nameless = g.store.account_create(person(" ", "Ohm", "otto@ohm.example")).await;
    assert!(matches!(nameless, Err(AccountError::Name)));
    let mut practice = person("Otto", "Ohm", "otto@ohm.example");
    practice.practice = Some(postern::types::PracticeId(99));
    let practice = g.store.account_create(practice).await;
    assert!(matches!(practice, Err(AccountError::NoPractice(_))));
    let twice = [person("A", "B", "one@x.example"), person("C", "D", "one@x.example")];
    assert!(matches!(g.store.accounts_create(&twice).await, Err(AccountError::AddressTaken(_))));
    assert_eq!(g.count("select count(*) from account").await, 1, "a refused account leaves nothing behind");
}

/// R30: many of one name at once, in one call and in parallel: each gets its own number.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r30_one_name_many_people() {
    let g = Ground::new().await;
    let batch = |from: usize| -> Vec<NewAccount> {
        (from..from + 40).map(|n| person("Anna", "Weber", &format!("anna{n}@x.example"))).collect()
    };
    let calls: Vec<_> = (0..4)
        .map(|n| {
            let (store, batch) = (g.store.clone(), batch(n * 40));
            tokio::spawn(async move { store.accounts_create(&batch).await.unwrap() })
        })
        .collect();
    let mut all = std::collections::BTreeSet::new();
    for call in calls {
        all.extend(call.await.unwrap().into_iter().map(|(_, a)| a.as_str().to_owned()));
    }
    assert_eq!(all.len(), 160);
    assert!(all.contains("anna.weber@portal.example") && all.contains("anna.weber2@portal.example"));
}

/// An account starts with its six mailboxes, subscribed, their names sealed.
#[tokio::test]
async fn the_first_mailboxes() {
    let g = Ground::new().await;
    let anna = g.anna().await;
    let key = g.store.seal_key(anna.id).await.unwrap();
    let rows: Vec<(Vec<u8>, Vec<u8>, Option<String>, i64)> = sqlx::query_as(
        "select m.name_key, m.name, m.special_use, m.uidvalidity from mailbox m
           join mailbox_recent r on r.mailbox_id = m.id
           join subscription s on s.account_id = m.account_id and s.name_key = m.name_key order by m.id",
    )
    .fetch_all(&g.pool)
    .await
    .unwrap();
    let mut names = Vec::new();
    for (name_key, name, special_use, uidvalidity) in &rows {
        let opened = key.open_text(TextDomain::MailboxName, anna.id, name).unwrap();
        assert!(key.open_text(TextDomain::Keyword, anna.id, name).is_err(), "another kind of text");
        let parsed = MailboxName::new(&opened).unwrap();
        assert_eq!(g.store.lookup().mailbox_name(anna.id, &parsed).as_slice(), name_key);
        assert!(!name.windows(opened.len()).any(|w| w == opened.as_bytes()));
        assert!(*uidvalidity > 1_700_000_000);
        names.push((opened, special_use.clone()));
    }
    let expected = [
        ("INBOX", None),
        ("Sent", Some("sent")),
        ("Drafts", Some("drafts")),
        ("Trash", Some("trash")),
        ("Junk", Some("junk")),
        ("Archive", Some("archive")),
    ];
    assert_eq!(names, expected.map(|(n, u)| (n.to_owned(), u.map(str::to_owned))));
}

/// Ten thousand load accounts in well under a minute: a thousand in a few questions, not in a thousand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_in_bulk() {
    let g = Ground::new().await;
    let folder = tempfile::tempdir().unwrap();
    let (url, count) = listen_in(&g.url, folder.path());
    let store = open(&url, g.folder.path(), &g.clock).await;
    let practice = g.store.practice_create("Load", None).await.unwrap();
    let new: Vec<NewAccount> = (1..=1000)
        .map(|n| NewAccount {
            practice: Some(practice.id),
            ..person(&format!("load{n}"), "", &format!("load{n}@load.example"))
        })
        .collect();
    let before = count.trips.load(Ordering::SeqCst);
    let made = store.accounts_create(&new).await.unwrap();
    let ids: Vec<_> = made.iter().map(|(id, _)| *id).collect();
    let secret = Secret::new("one secret for all");
    store.app_passwords_add(&ids, "Load", &secret).await.unwrap();
    let trips = count.trips.load(Ordering::SeqCst) - before;
    println!("{trips} round trips");
    assert!(trips < 100, "{trips} round trips");
    store.close().await;
    for (n, (id, secure)) in made.iter().enumerate() {
        assert_eq!(secure.as_str(), format!("load{}@portal.example", n + 1));
        if n % 250 == 0 {
            let who = accepted(g.store.sign_in(Some(secure), &secret, PEER).await.unwrap());
            assert_eq!(who.account.id, *id);
        }
    }
    assert_eq!(g.count("select count(*) from mailbox").await, 6000);
    let verifiers = g.count("select count(distinct verifier_key) from app_password").await;
    assert_eq!(verifiers, 1000, "equal secrets of two accounts cannot be told to be equal");
    assert_eq!(g.store.accounts(Some(practice.id)).await.unwrap().len(), 1000);
}

/// Practices: one key for all their accounts, a name of their own, a limit.
#[tokio::test]
async fn practices() {
    let g = Ground::new().await;
    let one = g.store.practice_create(" Praxis am See ", Some(1_000_000)).await.unwrap();
    assert_eq!(one.name, "Praxis am See");
    let taken = g.store.practice_create("Praxis am See", None).await;
    assert!(matches!(taken, Err(AccountError::PracticeTaken(_))));
    let two = g.store.practice_create("Zahnarzt Blum", None).await.unwrap();
    let mut ids = Vec::new();
    for (n, practice) in [&one, &one, &two].into_iter().enumerate() {
        let new = NewAccount { practice: Some(practice.id), ..person("P", "Q", &format!("p{n}@x.example")) };
        ids.push(g.store.account_create(new).await.unwrap().id);
    }
    let loner = g.anna().await;
    let mut keys = Vec::new();
    for id in ids.iter().chain([&loner.id]) {
        keys.push(g.another().await.seal_key(*id).await.unwrap().id);
    }
    assert_eq!(keys[0], keys[1]);
    assert!(keys[0] != keys[2] && keys[2] != keys[3]);
    g.store.practice_set(two.id, "Zahnarzt Blum", Some(5)).await.unwrap();
    assert_eq!(g.store.account(ids[2]).await.unwrap().unwrap().attachment_limit, Some(5));
    assert_eq!(g.store.practice(&two.id.to_string()).await.unwrap().unwrap().name, "Zahnarzt Blum");
    assert_eq!(g.store.practice("Praxis am See").await.unwrap().unwrap().accounts, 2);
    assert_eq!(g.store.practices().await.unwrap().len(), 2);
}

/// A key that is not the database's own is refused loudly, before anything is written.
#[tokio::test]
async fn a_wrong_master_key_is_refused() {
    let g = Ground::new().await;
    g.anna().await;
    assert!(Store::has_master_key(&g.url).await.unwrap());
    g.store.close().await;
    let read_only = format!("{}?options=-cdefault_transaction_read_only%3Don", g.url);
    // The right key opens without a write, so the wrong one is refused before any.
    try_open(&read_only, MasterKey::load(&g.folder.path().join("master.key")).unwrap(), &g.clock)
        .await
        .unwrap();
    let opened = try_open(&read_only, MasterKey::random().unwrap(), &g.clock).await;
    let Err(StoreError::Key(why @ KeyError::Wrong)) = opened else { panic!("{:?}", opened.err()) };
    assert!(why.to_string().contains("nothing was changed"), "{why}");

    // The proof was lost, but there are keys: no other master key may take the database over.
    sqlx::query("delete from master_key_check").execute(&g.pool).await.unwrap();
    let opened = try_open(&g.url, MasterKey::random().unwrap(), &g.clock).await;
    assert!(matches!(opened, Err(StoreError::Key(KeyError::Wrong))));
    assert_eq!(g.count("select count(*) from master_key_check").await, 0);
}

/// Two gateways that begin a database together agree on one key: one of two different ones is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_master_key_wins() {
    let url = harness::database().await;
    assert!(!Store::has_master_key(&url).await.unwrap());
    let clock = Clock::system();
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (url, clock) = (url.clone(), clock.clone());
            tokio::spawn(async move { try_open(&url, MasterKey::random().unwrap(), &clock).await })
        })
        .collect();
    let mut good = 0;
    for task in tasks {
        let one = task.await.unwrap();
        match one {
            Ok(store) => {
                good += 1;
                store.close().await;
            }
            Err(StoreError::Key(KeyError::Wrong)) => {}
            Err(e) => panic!("{e}"),
        }
    }
    assert_eq!(good, 1);
}

/// A seal key row that was changed, or moved to another practice, does not open.
#[tokio::test]
async fn a_changed_seal_key_is_noticed() {
    let g = Ground::new().await;
    let one = g.store.practice_create("One", None).await.unwrap();
    g.store.practice_create("Two", None).await.unwrap();
    let new = NewAccount { practice: Some(one.id), ..person("P", "Q", "p@x.example") };
    let p = g.store.account_create(new).await.unwrap();
    let swap = "update seal_key set practice_id = 3 - practice_id";
    sqlx::query("alter table seal_key drop constraint seal_key_practice_id_key")
        .execute(&g.pool)
        .await
        .unwrap();
    sqlx::query(swap).execute(&g.pool).await.unwrap();
    assert!(
        matches!(g.another().await.seal_key(p.id).await, Err(StoreError::Seal(_))),
        "another practice's key"
    );
    sqlx::query(swap).execute(&g.pool).await.unwrap();
    g.another().await.seal_key(p.id).await.unwrap();
    sqlx::query("update seal_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)")
        .execute(&g.pool)
        .await
        .unwrap();
    assert!(matches!(g.another().await.seal_key(p.id).await, Err(StoreError::Seal(_))), "a changed byte");
}

/// The master key file: its owner's alone, never overwritten, checked when read.
#[test]
fn the_master_key_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    assert!(matches!(MasterKey::load(&path), Err(KeyError::Missing(_))));
    MasterKey::create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let written = std::fs::read(&path).unwrap();
    assert!(matches!(MasterKey::create(&path), Err(KeyError::Exists(_))));
    assert_eq!(std::fs::read(&path).unwrap(), written);
    MasterKey::load(&path).unwrap();
    for mode in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(MasterKey::load(&path), Err(KeyError::Permissions(_))), "{mode:o}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    for bad in [&b""[..], b"postern-master-key-v1 AAAA\n", b"something else", &[0xff; 100], &written[..40]] {
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(MasterKey::load(&path), Err(KeyError::Form(_))), "{bad:?}");
    }
}

/// Equal values of two accounts, or of two kinds, have different lookup keys; keywords ignore case.
#[tokio::test]
async fn lookups_are_apart() {
    let g = Ground::new().await;
    let (a, b) = (postern::types::AccountId(1), postern::types::AccountId(2));
    let keys = g.store.lookup();
    assert_ne!(keys.msgid(a, "x@y"), keys.msgid(b, "x@y"));
    assert_ne!(keys.msgid(a, "x"), keys.fingerprint(a, b"x"));
    let (lower, upper) = (Keyword::new("$label1").unwrap(), Keyword::new("$LABEL1").unwrap());
    assert_eq!(keys.keyword(a, &lower), keys.keyword(a, &upper));
    let other = try_open(&harness::database().await, MasterKey::random().unwrap(), &g.clock).await.unwrap();
    assert_ne!(other.lookup().msgid(a, "x@y"), keys.msgid(a, "x@y"), "another master key");
}
