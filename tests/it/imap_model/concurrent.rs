//! Commands at once: for the answers of each short history an order is looked for, among all there are, in which the
//! model gives the same answers and ends in the same state. A command that was answered before another was sent
//! comes before it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::model::{Change, Model};
use super::session::{Dialect, Heard, Session};
use crate::dice::{Dice, setting};
use crate::harness::{Entrance, World, world_database};

/// Messages that all sessions know from the beginning.
const KNOWN: u32 = 4;
const EACH: usize = 4;

/// A command of a history. Each sets a keyword of its own, so that none is without effect.
#[derive(Clone, Debug)]
enum Op {
    Append(usize),
    Mark(u32, Change),
    MarkAll,
    /// UNCHANGEDSINCE what it was in the beginning.
    MarkUnchanged(u32),
    Delete(u32),
    Expunge(u32),
    Copy(u32),
    Move(u32),
    Status(usize),
}

/// What a session was told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Uid(u32),
    Pairs(Vec<(u32, u32)>),
    Modified(bool),
    Status(Vec<u32>),
}

/// A command with its place in time.
#[derive(Clone, Debug)]
struct Event {
    op: Op,
    keyword: String,
    told: Told,
    sent: u64,
    answered: u64,
}

impl Event {
    /// What the model answers, and does.
    fn replay(&self, model: &mut Model) -> Told {
        let flags = BTreeSet::from([self.keyword.clone()]);
        let there =
            |model: &Model, uid: u32| model.folders[0].messages.iter().find(|m| m.uid == uid).cloned();
        match self.op {
            Op::Append(folder) => Told::Uid(model.append(folder, &flags, "")),
            Op::Mark(uid, change) => {
                model.store(0, &[uid], change, &flags);
                Told::Nothing
            }
            Op::MarkAll => {
                model.store(0, &(1..=KNOWN).collect::<Vec<_>>(), Change::Add, &flags);
                Told::Nothing
            }
            Op::MarkUnchanged(uid) => {
                let Some(message) = there(model, uid) else { return Told::Nothing };
                if !message.changed {
                    model.store(0, &[uid], Change::Add, &flags);
                }
                Told::Modified(message.changed)
            }
            Op::Delete(uid) => {
                model.store(
                    0,
                    &[uid],
                    Change::Add,
                    &BTreeSet::from(["\\Deleted".to_owned(), self.keyword.clone()]),
                );
                Told::Nothing
            }
            Op::Expunge(uid) => {
                model.expunge(0, &[uid]);
                Told::Nothing
            }
            Op::Copy(uid) => Told::Pairs(model.copy(0, &[uid], 1)),
            Op::Move(uid) => Told::Pairs(model.r#move(0, &[uid], 1)),
            Op::Status(folder) => Told::Status(model.status(folder).to_vec()),
        }
    }

    /// Whether the answer may be the model's: to a conditional STORE of a message that is gone it may be either.
    fn fits(&self, model: &Told) -> bool {
        self.told == *model || (matches!(self.told, Told::Modified(_)) && *model == Told::Nothing)
    }
}

/// An order of the events that explains them, if there is one.
fn explained(model: &Model, left: &[Event], end: &Model) -> bool {
    if left.is_empty() {
        return same(model, end);
    }
    (0..left.len()).any(|at| {
        let event = &left[at];
        // Something that was over before this began must come before it.
        if left.iter().any(|other| other.answered < event.sent) {
            return false;
        }
        let mut next = model.clone();
        if !event.fits(&event.replay(&mut next)) {
            return false;
        }
        let mut rest = left.to_vec();
        rest.remove(at);
        explained(&next, &rest, end)
    })
}

/// The same messages with the same flags.
fn same(a: &Model, b: &Model) -> bool {
    a.folders.iter().zip(&b.folders).all(|(a, b)| {
        let shown = |m: &super::model::Folder| {
            m.messages.iter().map(|m| (m.uid, m.flags.clone())).collect::<Vec<_>>()
        };
        shown(a) == shown(b)
    })
}

async fn whole(session: &mut Session, folders: &[String; 2]) -> Model {
    let mut model = Model::new();
    for (folder, name) in folders.iter().enumerate() {
        session.select(name).await;
        if session.exists == 0 {
            continue;
        }
        for told in session.ok("UID FETCH 1:* (UID FLAGS)").await.fetched {
            model.folders[folder].uid_next = told.uid.unwrap();
            model.append(folder, &told.flags.unwrap(), "");
        }
    }
    model
}

struct Actor {
    session: Session,
    folders: Arc<[String; 2]>,
    clock: Arc<AtomicU64>,
    /// MODSEQ of each known message, in the beginning.
    modseqs: Arc<Vec<u64>>,
    name: usize,
}

impl Actor {
    async fn act(mut self, mut dice: Dice) -> (Self, Vec<Event>) {
        let mut events = Vec::new();
        for n in 0..EACH {
            let keyword = format!("k{}{n}", self.name);
            let uid = 1 + dice.roll(KNOWN as usize) as u32;
            let op = match dice.roll(12) {
                0 => Op::Append(dice.roll(2)),
                1..=2 => Op::Mark(uid, if dice.roll(3) == 0 { Change::Replace } else { Change::Add }),
                3 => Op::MarkAll,
                4..=6 => Op::MarkUnchanged(uid),
                7 => Op::Delete(uid),
                8 => Op::Expunge(uid),
                9 => Op::Copy(uid),
                10 => Op::Move(uid),
                _ => Op::Status(dice.roll(2)),
            };
            let command = self.command(&op, &keyword);
            let sent = self.clock.fetch_add(1, Ordering::SeqCst);
            let heard = self.session.run(&command).await;
            let answered = self.clock.fetch_add(1, Ordering::SeqCst);
            let told = told(&op, &heard);
            events.push(Event { op, keyword, told, sent, answered });
        }
        (self, events)
    }

    fn command(&self, op: &Op, keyword: &str) -> String {
        let other = &self.folders[1];
        match *op {
            Op::Append(folder) => format!("APPEND {} ({keyword}) {{3+}}\r\nx\r\n", self.folders[folder]),
            Op::Mark(uid, change) => format!("UID STORE {uid} {} ({keyword})", change.item()),
            Op::MarkAll => format!("UID STORE 1:{KNOWN} +FLAGS ({keyword})"),
            Op::MarkUnchanged(uid) => {
                let unless = self.modseqs[uid as usize - 1];
                format!("UID STORE {uid} (UNCHANGEDSINCE {unless}) +FLAGS ({keyword})")
            }
            Op::Delete(uid) => format!("UID STORE {uid} +FLAGS (\\Deleted {keyword})"),
            Op::Expunge(uid) => format!("UID EXPUNGE {uid}"),
            Op::Copy(uid) => format!("UID COPY {uid} {other}"),
            Op::Move(uid) => format!("UID MOVE {uid} {other}"),
            Op::Status(folder) => {
                format!("STATUS {} (MESSAGES UIDNEXT UNSEEN DELETED)", self.folders[folder])
            }
        }
    }
}

fn told(op: &Op, heard: &Heard) -> Told {
    // A conflict between sessions is never the client's to see (NO); that a message is gone may be.
    let gone = heard.status.starts_with("NO [EXPUNGEISSUED]") || heard.status.starts_with("NO [NONEXISTENT]");
    assert!(heard.status.starts_with("OK") || gone, "{op:?}: {heard:?}");
    match op {
        Op::Append(_) => Told::Uid(heard.appended().expect("APPENDUID")),
        Op::MarkUnchanged(_) => Told::Modified(heard.status.contains("[MODIFIED ")),
        Op::Copy(_) | Op::Move(_) => Told::Pairs(heard.copied()),
        Op::Status(_) => Told::Status(heard.status_numbers()),
        Op::Mark(..) | Op::MarkAll | Op::Delete(_) | Op::Expunge(_) => Told::Nothing,
    }
}

/// One history in folders of its own.
async fn history(entrances: &[Entrance], number: usize, seed: u64) {
    let folders = Arc::new([format!("history{number}"), format!("history{number}b")]);
    let mut first = Session::new(&entrances[0], Dialect::Rev1).await;
    for folder in &*folders {
        first.ok(&format!("CREATE {folder}")).await;
    }
    for _ in 0..KNOWN {
        first.ok(&format!("APPEND {} {{3+}}\r\nx\r\n", folders[0])).await;
    }
    first.select(&folders[0]).await;
    let known = first.ok("FETCH 1:* (MODSEQ)").await;
    let modseqs: Vec<u64> = known
        .lines
        .iter()
        .filter_map(|line| line.split_once("MODSEQ (")?.1.split(')').next()?.parse().ok())
        .collect();
    assert_eq!(modseqs.len(), KNOWN as usize, "{known:?}");
    let modseqs = Arc::new(modseqs);
    let start = whole(&mut first, &folders).await;
    let clock = Arc::new(AtomicU64::new(0));
    let mut busy = tokio::task::JoinSet::new();
    for (name, dialect) in [Dialect::Rev1, Dialect::Rev2, Dialect::Qresync].into_iter().enumerate() {
        let mut session = Session::new(&entrances[name % entrances.len()], dialect).await;
        session.select(&folders[0]).await;
        let (folders, clock, modseqs) = (folders.clone(), clock.clone(), modseqs.clone());
        let actor = Actor { session, folders, clock, modseqs, name };
        busy.spawn(actor.act(Dice::new(seed.wrapping_mul(31).wrapping_add((number * 3 + name) as u64))));
    }
    let mut events = Vec::new();
    let mut actors = Vec::new();
    for (actor, of_one) in busy.join_all().await {
        events.extend(of_one);
        actors.push(actor);
    }
    let end = whole(&mut first, &folders).await;
    events.sort_by_key(|event| event.sent);
    assert!(explained(&start, &events, &end), "no order explains {events:#?}\nfrom {start:#?}\nto {end:#?}");
    for mut actor in actors {
        // And each sees it so.
        actor.session.ok("NOOP").await;
        assert_eq!(actor.session.exists, end.folders[0].messages.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_explains_what_was_answered_at_once() {
    let histories: usize = setting("POSTERN_HISTORIES", 60);
    let seed: u64 = setting("POSTERN_SEED", 20_261_124);
    let roomy = |config: &mut postern::config::Config| {
        config.limits.connections_per_device = 200;
        config.limits.connections_per_account = 200;
        config.limits.sign_ins_per_device = 10_000;
    };
    let world = World::on(world_database().await, roomy).await;
    let second = World::on(world.database_url.clone(), roomy).await;
    let anna = world.entrance("anna");
    // Half of them on one gateway, half on two.
    let both = [anna.clone(), anna.at(second.imap_tls)];
    for number in 0..histories {
        let entrances = if number % 2 == 0 { &both[..1] } else { &both[..] };
        history(entrances, number, seed).await;
    }
}

/// The search itself: what cannot be, is found to be so.
#[test]
fn an_impossible_history_is_not_explained() {
    let mut start = Model::new();
    start.append(0, &BTreeSet::new(), "");
    let event = |keyword: &str, told, sent, answered| Event {
        op: Op::MarkUnchanged(1),
        keyword: keyword.to_owned(),
        told,
        sent,
        answered,
    };
    let mut end = start.clone();
    end.store(0, &[1], Change::Add, &BTreeSet::from(["a".to_owned()]));
    let good = [event("a", Told::Modified(false), 0, 3), event("b", Told::Modified(true), 1, 2)];
    assert!(explained(&start, &good, &end));
    let both = [event("a", Told::Modified(false), 0, 3), event("b", Told::Modified(false), 1, 2)];
    assert!(!explained(&start, &both, &end), "both let through");
    let early = [event("a", Told::Modified(false), 2, 3), event("b", Told::Modified(true), 0, 1)];
    assert!(!explained(&start, &early, &end), "refused for what had not happened yet");
}
