//! Clients of every kind on one mailbox at the same time, through two gateways, each with its own picture of it:
//! whatever they do, all pictures are the same after NOOP, nothing acknowledged is lost, no UID is given twice,
//! `\Recent` is one session's alone, UNCHANGEDSINCE lets nobody through who did not know, and what a client
//! remembers becomes right again by QRESYNC.
//!
//! `POSTERN_STEPS` says how many commands each client sends between two looks, `POSTERN_SEED` what is sent. (The
//! order in which concurrent commands arrive is not repeatable.) `POSTERN_MINUTES` is the long form (`make
//! soak`): twenty clients for so long, the gateways processes of their own whose memory must stay flat.

mod oracle;
mod steps;
mod watcher;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use oracle::Oracle;
pub use watcher::uids;
use watcher::{Kind, Watcher};

use crate::dice::setting;
use crate::gateway_process::GatewayProcess;
use crate::harness::{Entrance, World, world_database};

/// At least so many.
const ROUNDS: u32 = 4;

/// The clients of a run.
struct Crowd {
    watchers: Vec<Watcher>,
    oracle: Arc<Oracle>,
    entrances: Arc<[Entrance]>,
}

impl Crowd {
    async fn new(entrances: Vec<Entrance>, each: usize, seed: u64) -> Self {
        let entrances: Arc<[Entrance]> = entrances.into();
        let oracle = Arc::new(Oracle::default());
        oracle.stored(&(1..=8).collect::<Vec<_>>(), None);
        let mut watchers = Vec::new();
        for name in 0..each * Kind::ALL.len() {
            let kind = Kind::ALL[name % Kind::ALL.len()];
            let seed = seed.wrapping_mul(31).wrapping_add(name as u64 + 1);
            watchers.push(Watcher::new(name, kind, seed, oracle.clone(), entrances.clone()).await);
        }
        Self { watchers, oracle, entrances }
    }

    /// All at once.
    async fn act(&mut self, steps: u32) {
        let mut busy = tokio::task::JoinSet::new();
        for mut watcher in self.watchers.drain(..) {
            busy.spawn(async move {
                for _ in 0..steps {
                    watcher.step().await;
                }
                watcher
            });
        }
        while let Some(done) = busy.join_next().await {
            match done {
                Ok(watcher) => self.watchers.push(watcher),
                Err(failed) => std::panic::resume_unwind(failed.into_panic()),
            }
        }
    }

    /// Everybody is up to date.
    async fn catch_up(&mut self) {
        for watcher in &mut self.watchers {
            let said = watcher.run("NOOP").await;
            assert!(said.starts_with("OK"), "{watcher}: {said}");
            watcher.complete().await;
        }
    }

    /// Nobody acts; every picture is held against that of a client that has just come.
    async fn look(&mut self, round: u32) {
        self.catch_up().await;
        // One after the other brings nothing new to those before, but this: three messages, each recent for one.
        let (oracle, entrances) = (self.oracle.clone(), self.entrances.clone());
        let mut truth = Watcher::new(99 + round as usize % 2, Kind::Condstore, 1, oracle, entrances).await;
        let first = truth.order.last().map_or(0, |uid| uid.unwrap());
        truth.append(3).await;
        truth.complete().await;
        let whole = truth.picture();
        assert!(whole.is_sorted_by(|a, b| a.0 < b.0));
        self.catch_up().await;
        let new: Vec<u32> = whole.iter().map(|(uid, _)| *uid).filter(|uid| *uid > first).collect();
        assert_eq!(new.len(), 3, "{truth}");
        assert_eq!(self.oracle.recent_of(&new), 3, "{truth}: recent for nobody");
        for watcher in &mut self.watchers {
            if watcher.kind.vanishes() && round % 2 == 1 {
                watcher.resynchronise(true).await;
            }
            assert_eq!(watcher.picture(), whole, "{watcher}, round {round}");
            if watcher.kind.modseqs() {
                for (uid, known) in &truth.known {
                    assert_eq!(watcher.known[uid].modseq, known.modseq, "{watcher}, round {round}: {uid}");
                }
            }
            for (uid, flags) in &whole {
                if let Some(on) = watcher.own.get(uid) {
                    assert_eq!(flags.contains(&watcher.keyword()), *on, "{watcher}, round {round}: {uid}");
                }
            }
        }
        self.oracle.check(&whole.iter().map(|(uid, _)| *uid).collect::<BTreeSet<_>>());
        // Nobody else changes it: so it is not MODIFIED.
        let (uid, modseq) = (new[0], truth.known[&new[0]].modseq.unwrap());
        let said = truth.run(&format!("UID STORE {uid} (UNCHANGEDSINCE {modseq}) +FLAGS (\\Draft)")).await;
        assert!(said.starts_with("OK") && !said.contains("MODIFIED"), "{truth}: {said}");
        truth.run("LOGOUT").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_every_kind_see_the_same() {
    let steps: u32 = setting("POSTERN_STEPS", 25);
    let seed: u64 = setting("POSTERN_SEED", 20_261_124);
    let minutes: u64 = setting("POSTERN_MINUTES", 0);
    let roomy = |config: &mut postern::config::Config| {
        config.limits.sign_ins_per_device = 10_000;
        config.limits.connections_per_device = 50;
    };
    let world = World::on(world_database().await, roomy).await;
    world.seed("anna", "INBOX", 8).await;
    let anna = world.entrance("anna");
    if minutes > 0 {
        return for_long(&world, minutes, steps, seed).await;
    }
    let second = World::on(world.database_url.clone(), roomy).await;
    let mut crowd = Crowd::new(vec![anna.clone(), anna.at(second.imap_tls)], 2, seed).await;
    for round in 0..ROUNDS {
        crowd.act(steps).await;
        crowd.look(round).await;
    }
}

/// Twenty clients on two gateways that are processes of their own.
async fn for_long(world: &World, minutes: u64, steps: u32, seed: u64) {
    let home = crate::demo_process::folder();
    let gateways = [
        GatewayProcess::start(world, &home.path().join("first")).await,
        GatewayProcess::start(world, &home.path().join("second")).await,
    ];
    let anna = world.entrance("anna");
    let entrances = gateways.iter().map(|g| anna.at(g.imap_tls)).collect();
    let mut crowd = Crowd::new(entrances, 4, seed).await;
    let began = Instant::now();
    let mut memory: Vec<[u64; 2]> = Vec::new();
    for round in 0.. {
        let minute = began.elapsed().as_secs() / 60;
        if minute >= memory.len() as u64 {
            memory.push([gateways[0].resident(), gateways[1].resident()]);
            let (stored, removed, conditional) = crowd.oracle.counts();
            println!(
                "minute {minute}: {round} rounds, {stored} messages stored, {removed} removed, {conditional} conditional \
                 changes; gateways {:?} KiB",
                memory[memory.len() - 1]
            );
        }
        if round >= ROUNDS && began.elapsed() >= Duration::from_secs(60 * minutes) {
            break;
        }
        crowd.act(steps).await;
        crowd.look(round).await;
    }
    // Flat: what the last two thirds add is noise.
    let (early, last) = (memory[memory.len() / 3], memory[memory.len() - 1]);
    for (early, last) in early.into_iter().zip(last) {
        assert!(last < early + early / 5 + 16 * 1024, "memory grows: {memory:?}");
    }
}
