//! STORE where the mailbox is open: one round trip, and exact, whoever else changes it at the same time.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::store::{LiveMailbox, MasterKey, Options, Store};
use postern::types::{FlagChange, Flags, Keyword, ModSeq, SystemFlag};

use crate::round_trips::listen_in;
use crate::store_mail::{Ground, append, message};

const SEEN: Flags = Flags::of(SystemFlag::Seen);
const FLAGGED: Flags = Flags::of(SystemFlag::Flagged);
const DELETED: Flags = Flags::of(SystemFlag::Deleted);

fn flags(live: &LiveMailbox) -> Vec<(u32, Flags, ModSeq)> {
    live.read(|s| s.rows.iter().map(|row| (row.uid, row.flags, row.modseq)).collect())
}

/// One statement, nothing before and nothing after it, and the change is there for who has the mailbox open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flag_is_one_round_trip() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for n in 0..40 {
        append(&g.store, g.anna, inbox, &message("x", 300 + n), Flags::NONE).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let (url, count) = listen_in(&g.url, folder.path());
    let store = Store::open(Options {
        database_url: url,
        max_connections: 1,
        master_key: MasterKey::load(&g.folder.path().join("master.key")).unwrap(),
        domain: "portal.example".to_owned(),
        clock: Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)),
    })
    .await
    .unwrap();
    let live = store.open_mailbox(g.anna, inbox).await.unwrap();
    let set = async |uids: &[u32], how, flags| {
        store.store_flags(g.anna, inbox, uids, how, flags, None).await.unwrap()
    };
    // The connection learns the statement.
    set(&[1], FlagChange::Add, FLAGGED).await;
    let mut trips = Vec::new();
    for uid in 1..=40 {
        let at = live.known();
        let before = count.trips.load(Ordering::SeqCst);
        let stored = set(&[uid], FlagChange::Add, SEEN).await;
        assert_eq!(stored.changed.len(), 1);
        trips.push(count.trips.load(Ordering::SeqCst) - before);
        assert_eq!(live.known(), ModSeq(at.0 + 1));
        assert!(live.read(|s| s.row(uid).unwrap().flags.has(SystemFlag::Seen)));
    }
    // What the store does besides, once a second and after a pause, falls beside a few of them.
    let one = trips.iter().filter(|trips| **trips == 1).count();
    assert!(one >= 30 && !trips.contains(&0), "{trips:?}");
    assert_eq!(set(&[1, 2, 3], FlagChange::Add, SEEN).await.same.len(), 3, "nothing to change");
    g.counters_are_right().await;
    let cold = g.another().await.open_mailbox(g.anna, inbox).await.unwrap();
    assert_eq!(flags(&live), flags(&cold));
    store.close().await;
}

/// All of a mailbox with holes, some of it left out, and taken off again: as the database itself judges.
#[tokio::test]
async fn many_at_once_are_judged_one_by_one() {
    let g = Ground::new().await;
    let (inbox, archive) = (g.box_of(g.anna, "INBOX").await, g.box_of(g.anna, "Archive").await);
    for mailbox in [inbox, archive] {
        for n in 0..30 {
            let had = [Flags::NONE, SEEN, DELETED, FLAGGED][n % 4];
            append(&g.store, g.anna, mailbox, &message("x", 300 + n), had).await;
        }
        g.store.expunge(g.anna, mailbox, Some(&[3, 11, 15])).await.unwrap();
    }
    // Open here is the one, the other is not.
    let live = g.store.open_mailbox(g.anna, inbox).await.unwrap();
    let at = live.known();
    let uids: Vec<u32> = (1..=33).collect();
    for (uids, how, by, since) in [
        (&uids[20..25], FlagChange::Add, SEEN, None),
        (&uids[..], FlagChange::Add, FLAGGED.union(DELETED), Some(at)),
        (&uids[..], FlagChange::Replace, SEEN, None),
        (&uids[1..30], FlagChange::Remove, SEEN.union(DELETED), None),
        (&uids[1..30], FlagChange::Remove, SEEN, None),
        (&uids[..], FlagChange::Replace, Flags::NONE, Some(ModSeq(at.0 + 3))),
    ] {
        let here = g.store.store_flags(g.anna, inbox, uids, how, by, since).await.unwrap();
        let judged = g.store.store_flags(g.anna, archive, uids, how, by, since).await.unwrap();
        assert_eq!(here, judged);
        g.counters_are_right().await;
    }
    let other = g.another().await;
    let cold = other.open_mailbox(g.anna, inbox).await.unwrap();
    assert_eq!(flags(&live), flags(&cold));
    let archive = other.open_mailbox(g.anna, archive).await.unwrap();
    assert_eq!(flags(&live), flags(&archive));
    // A gateway that follows by the change log sees the same.
    live.refresh().await.unwrap();
    assert_eq!(flags(&live), flags(&cold));
}

/// Two gateways, the mailbox open on both: of changes at the same time none is lost and none made twice, and of
/// those that ask for an unchanged message one wins.
#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_lose_nothing() {
    let g = Ground::new().await;
    let inbox = g.box_of(g.anna, "INBOX").await;
    for _ in 0..4 {
        append(&g.store, g.anna, inbox, &message("x", 300), DELETED).await;
    }
    let other = g.another().await;
    let here = g.store.open_mailbox(g.anna, inbox).await.unwrap();
    let there = other.open_mailbox(g.anna, inbox).await.unwrap();
    let mut bits = Vec::new();
    for n in 0..16 {
        let word = Keyword::new(&format!("k{n}")).unwrap();
        bits.push(g.store.keyword_bits(g.anna, inbox, &[word], true).await.unwrap());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (n, bit) in bits.iter().copied().enumerate() {
        let (store, anna) = (if n % 2 == 0 { g.store.clone() } else { other.clone() }, g.anna);
        tasks.spawn(async move {
            let mut stored = Vec::new();
            for uids in [&[1, 2][..], &[2, 3], &[3], &[1, 3]] {
                let done = store.store_flags(anna, inbox, uids, FlagChange::Add, bit, None).await.unwrap();
                stored.extend(done.changed);
            }
            let off = bit.union(if n == 5 { DELETED } else { Flags::NONE });
            let done = store.store_flags(anna, inbox, &[2], FlagChange::Remove, off, None).await.unwrap();
            stored.extend(done.changed);
            stored
        });
    }
    let stored: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let all = bits.iter().fold(DELETED, |all, bit| all.union(*bit));
    assert_eq!(stored.len(), 16 * 4, "(1, 2), (3), and 2 off again: each of them once");
    for live in [&here, &there] {
        live.refresh().await.unwrap();
        let rows = flags(live).into_iter().map(|row| row.1).collect::<Vec<_>>();
        assert_eq!(rows, [all, Flags::NONE, all, DELETED]);
    }
    g.counters_are_right().await;
    for round in 0..10 {
        here.refresh().await.unwrap();
        let at = here.known();
        let mut tasks = tokio::task::JoinSet::new();
        for (n, bit) in bits.iter().copied().enumerate() {
            let (store, anna) = (if n % 2 == 0 { g.store.clone() } else { other.clone() }, g.anna);
            let how = if round % 2 == 0 { FlagChange::Remove } else { FlagChange::Add };
            tasks.spawn(
                async move { store.store_flags(anna, inbox, &[1], how, bit, Some(at)).await.unwrap() },
            );
        }
        let done = tasks.join_all().await;
        let won = done.iter().filter(|stored| !stored.changed.is_empty()).count();
        let left = done.iter().filter(|stored| stored.modified == [1]).count();
        let same = done.iter().filter(|stored| !stored.same.is_empty()).count();
        // Taken off: whoever is first. Put back: the one whose keyword is missing; the others have nothing to do.
        assert_eq!((won, won + left + same), (1, 16), "round {round}");
    }
    let cold = g.another().await.open_mailbox(g.anna, inbox).await.unwrap();
    for live in [&here, &there] {
        live.refresh().await.unwrap();
        assert_eq!(flags(live), flags(&cold));
    }
    g.counters_are_right().await;
}
