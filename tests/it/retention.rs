//! Deleted mail comes back; old mail expires where a practice wants it; what is held stays.

use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::mime;
use postern::store::{
    Erased, LegalHold, MasterKey, NewAccount, NewAppend, Options, Retention, Role, Store, VerifyFrom,
};
use postern::types::{
    AccountId, FlagChange, Flags, Keyword, MailboxId, MailboxName, PracticeId, SystemFlag, Tier,
};

use sqlx::{Connection as _, PgConnection};

use crate::harness::{database, execute, scratch};

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

struct Place {
    store: Store,
    url: String,
    clock: Clock,
    practice: PracticeId,
    account: AccountId,
    inbox: MailboxId,
}

impl Place {
    async fn new() -> Self {
        let url = database().await;
        let clock = Clock::fixed(SystemTime::now());
        let store = Store::open(Options {
            database_url: url.clone(),
            max_connections: 4,
            master_key: MasterKey::create(&scratch().await.join("master.key")).unwrap(),
            domain: "secure.test".into(),
            clock: clock.clone(),
        })
        .await
        .unwrap();
        let practice = store.practice_create("Praxis", None).await.unwrap().id;
        let new = NewAccount {
            practice: Some(practice),
            first_name: "Anna".to_owned(),
            last_name: "Weber".to_owned(),
            role: Role::Doctor,
            tier: Tier::Paid,
            user_manager: false,
            email: "anna@praxis.test".parse().unwrap(),
            portal_password: None,
        };
        let account = store.account_create(new).await.unwrap().id;
        let inbox = store.mailbox(account, &MailboxName::inbox()).await.unwrap().unwrap().id;
        Self { store, url, clock, practice, account, inbox }
    }

    async fn append(&self, mailbox: MailboxId, text: &str) -> u32 {
        let mut ingest = self.store.ingest(mime::Limits::default()).unwrap();
        ingest.push(format!("Subject: {text}\r\n\r\n{text}\r\n").as_bytes()).await.unwrap();
        let new = NewAppend {
            mailbox,
            ingested: ingest.finish().await.unwrap(),
            flags: Flags::of(SystemFlag::Seen),
            keywords: &[Keyword::new("Dringend").unwrap()],
            internal_date: Some(1_700_000_000),
            sent_copy: None,
        };
        self.store.append(self.account, new).await.unwrap().uid
    }

    async fn delete(&self, mailbox: MailboxId, uids: &[u32]) {
        let deleted = Flags::of(SystemFlag::Deleted);
        self.store.store_flags(self.account, mailbox, uids, FlagChange::Add, deleted, None).await.unwrap();
        assert_eq!(self.store.expunge(self.account, mailbox, None).await.unwrap(), uids);
    }

    /// UIDs and flags of a mailbox, its messages readable.
    async fn held(&self, mailbox: MailboxId) -> Vec<(u32, Flags)> {
        let live = self.store.open_mailbox(self.account, mailbox).await.unwrap();
        let rows = live.read(|state| state.rows.clone());
        let bodies: Vec<_> = rows.iter().map(|row| row.body).collect();
        for reader in self.store.bodies(self.account, &bodies).await.unwrap() {
            reader.unwrap().read(0..100).await.unwrap();
        }
        rows.iter().map(|row| (row.uid, row.flags)).collect()
    }

    async fn deleted(&self) -> Vec<(MailboxId, u32)> {
        let all = self.store.deleted(self.account, SystemTime::UNIX_EPOCH).await.unwrap();
        all.iter().map(|d| (d.mailbox, d.uid)).collect()
    }

    /// The counters, and everything else, are as they must be.
    async fn is_whole(&self) {
        let mut run = self.store.verify_begin(None, VerifyFrom::Start).await.unwrap();
        while self.store.verify_messages(&mut run).await.unwrap() {}
        let mut faults = self.store.verify_end(run).await.unwrap();
        faults.extend(self.store.verify_counters(None).await.unwrap().iter().map(ToString::to_string));
        faults.extend(self.store.verify_references(None).await.unwrap().iter().map(ToString::to_string));
        assert_eq!(faults, [] as [&str; 0]);
    }
}

/// What was deleted by mistake comes back, once, unread as it was, not marked as deleted; where its mailbox is
/// gone into another; what was moved is no deletion.
#[test]
fn what_was_deleted_comes_back_once() {
    run(async {
        let place = Place::new().await;
        let old = MailboxName::new("Alt").unwrap();
        place.store.create_mailbox(place.account, &old, None).await.unwrap();
        let old_id = place.store.mailbox(place.account, &old).await.unwrap().unwrap().id;
        for n in 1..=4 {
            assert_eq!(place.append(place.inbox, &format!("m{n}")).await, n);
        }
        place.append(old_id, "alt").await;
        place.store.move_messages(place.account, place.inbox, &[4], old_id).await.unwrap();
        place.delete(place.inbox, &[1, 2]).await;
        assert_eq!(place.deleted().await, [(place.inbox, 1), (place.inbox, 2)]);

        // Two at once: each comes back once.
        let wanted = [(place.inbox, 1), (place.inbox, 2), (place.inbox, 4), (place.inbox, 99)];
        let restore = || place.store.restore(place.account, &wanted, place.inbox);
        let (one, other) = tokio::join!(restore(), restore());
        assert_eq!(one.unwrap() + other.unwrap(), 2);
        assert_eq!(place.deleted().await, []);
        let held = place.held(place.inbox).await;
        assert_eq!(held.iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [3, 5, 6]);
        assert!(held.iter().all(|(_, flags)| flags.has(SystemFlag::Seen) && !flags.has(SystemFlag::Deleted)));
        assert_eq!(held[0].1, held[1].1, "the keyword came back too");
        place.is_whole().await;

        // With the mailbox: into another one, without the keyword, whose bit may mean something else there.
        place.store.delete_mailbox(place.account, &old).await.unwrap();
        let deleted = place.store.deleted(place.account, SystemTime::UNIX_EPOCH).await.unwrap();
        assert_eq!(deleted.iter().map(|d| d.mailbox_exists).collect::<Vec<_>>(), [false, false]);
        let wanted: Vec<_> = deleted.iter().map(|d| (d.mailbox, d.uid)).collect();
        assert_eq!(place.store.restore(place.account, &wanted, place.inbox).await.unwrap(), 2);
        assert_eq!(place.held(place.inbox).await.last().unwrap().1, Flags::of(SystemFlag::Seen));
        place.is_whole().await;
    });
}

/// After its time what was deleted is gone for good, unless it is held.
#[test]
fn a_hold_stops_the_end_of_what_was_deleted() {
    run(async {
        let place = Place::new().await;
        place.append(place.inbox, "a").await;
        place.delete(place.inbox, &[1]).await;
        execute(&place.url, "update expunged set expunged_at = now() - interval '31 days'").await;
        assert!(place.store.set_legal_hold(place.account, LegalHold::On, "A-1").await.unwrap());
        assert!(!place.store.set_legal_hold(place.account, LegalHold::On, "A-1").await.unwrap());
        let swept = place.store.sweep(&Retention::default()).await.unwrap();
        assert_eq!((swept.expunged, swept.messages), (0, 0));
        assert_eq!(place.deleted().await.len(), 1);
        assert!(place.store.set_legal_hold(place.account, LegalHold::Off, "A-1").await.unwrap());
        let swept = place.store.sweep(&Retention::default()).await.unwrap();
        assert_eq!((swept.expunged, swept.messages), (1, 1));
        assert_eq!(place.deleted().await, []);
        place.is_whole().await;
    });
}

/// Off by default. Where it is on, age counts from when the message came, whatever its date says; what expired
/// can come back; a hold stops it.
#[test]
fn old_mail_expires_where_a_practice_wants_it() {
    run(async {
        let place = Place::new().await;
        for n in 1..=3 {
            place.append(place.inbox, &format!("old {n}")).await;
        }
        let day = Duration::from_hours(24);
        place.clock.advance(20 * day);
        place.append(place.inbox, "new").await;
        assert_eq!(place.store.expire().await.unwrap(), 0);
        place.store.set_expiry(place.practice, Some(30)).await.unwrap();
        assert_eq!(place.store.expire().await.unwrap(), 0, "nothing is so old yet, dated 2023 as it all is");
        place.clock.advance(15 * day);
        place.store.set_legal_hold(place.account, LegalHold::On, "B/2").await.unwrap();
        assert_eq!(place.store.expire().await.unwrap(), 0);
        place.store.set_legal_hold(place.account, LegalHold::Off, "B/2").await.unwrap();
        assert_eq!(place.store.expire().await.unwrap(), 0, "the practice was gone through a moment ago");
        place.clock.advance(Duration::from_hours(7));
        // Two gateways at once: each message expires once.
        let (one, other) = tokio::join!(place.store.expire(), place.store.expire());
        assert_eq!(one.unwrap() + other.unwrap(), 3);
        assert_eq!(place.store.expire().await.unwrap(), 0);
        assert_eq!(place.held(place.inbox).await.len(), 1);
        place.is_whole().await;
        let wanted = place.deleted().await;
        assert_eq!(place.store.restore(place.account, &wanted, place.inbox).await.unwrap(), 3);
        place.store.set_expiry(place.practice, None).await.unwrap();
        assert_eq!(place.store.expire().await.unwrap(), 0);
        assert_eq!(place.held(place.inbox).await.len(), 4);
    });
}

/// When a hold has been set, nothing that is held goes any more, also not by a sweep that had begun.
#[test]
fn a_hold_waits_for_the_sweep_that_is_at_it() {
    run(async {
        let place = Place::new().await;
        place.append(place.inbox, "a").await;
        place.delete(place.inbox, &[1]).await;
        execute(&place.url, "update expunged set expunged_at = now() - interval '31 days'").await;
        // A sweep that has the lock and has not looked yet.
        let mut sweeping = PgConnection::connect(&place.url).await.unwrap();
        sqlx::query("begin").execute(&mut sweeping).await.unwrap();
        sqlx::query("select * from sweep(1e9, 1e9, 2592000, 1e9)").execute(&mut sweeping).await.unwrap();
        let store = place.store.clone();
        let account = place.account;
        let hold = tokio::spawn(async move { store.set_legal_hold(account, LegalHold::On, "A-1").await });
        let mut look = PgConnection::connect(&place.url).await.unwrap();
        let waits = "select count(*) from pg_locks l join pg_database d on d.oid = l.database
                      where d.datname = current_database() and l.locktype = 'advisory' and not l.granted";
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut look).await.unwrap() == 0 {
            assert!(!hold.is_finished(), "the hold was set while a sweep was at what it holds");
            tokio::task::yield_now().await;
        }
        sqlx::query("rollback").execute(&mut sweeping).await.unwrap();
        assert!(hold.await.unwrap().unwrap());
        let swept = place.store.sweep(&Retention::default()).await.unwrap();
        assert_eq!((swept.expunged, swept.messages), (0, 0));
        assert_eq!(place.deleted().await.len(), 1);
    });
}

/// What is held is not erased with its practice either.
#[test]
fn a_hold_keeps_the_practice_from_being_erased() {
    run(async {
        let place = Place::new().await;
        place.append(place.inbox, "a").await;
        place.store.set_legal_hold(place.account, LegalHold::On, "A-1").await.unwrap();
        assert_eq!(place.store.practice_erase(place.practice).await.unwrap(), Erased::Held(1));
        assert_eq!(place.held(place.inbox).await.len(), 1);
        place.store.set_legal_hold(place.account, LegalHold::Off, "A-1").await.unwrap();
        assert_eq!(place.store.practice_erase(place.practice).await.unwrap(), Erased::Now(1));
    });
}

/// What expires goes in pieces, each of its own; a pass that was interrupted between two of them is made again.
#[test]
fn expiry_goes_on_where_it_was_interrupted() {
    run(async {
        let place = Place::new().await;
        for n in 0..5 {
            place.append(place.inbox, &format!("old {n}")).await;
        }
        place.store.set_expiry(place.practice, Some(1)).await.unwrap();
        place.clock.advance(Duration::from_hours(48));
        let now = place.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let piece = format!("select expire_mailbox({}, {}, {now}, 2)", place.account, place.inbox);
        execute(&place.url, &piece).await;
        assert_eq!(place.held(place.inbox).await.len(), 3);
        place.is_whole().await;
        assert_eq!(place.store.expire().await.unwrap(), 3);
        place.is_whole().await;
    });
}
