//! Three mailboxes in a ring: clients of two gateways move messages on from one to the next, append, and rename
//! mailboxes that others have selected, and back. No message is lost or doubled, no number is told wrongly, and
//! who had a mailbox selected while it was renamed still has it.
//!
//! `POSTERN_STEPS` says how many commands each client sends, `POSTERN_SEED` what is sent.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::Client;
use crate::dice::{Dice, setting};
use crate::harness::{World, world_database};

const RING: [&str; 3] = ["INBOX", "Ring/erster", "Ring/zweiter"];

/// What a client is told unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Qresync,
    /// RFC 5465, EXPUNGE at any time but in the middle of an answer.
    Notify,
}

/// A client and how many messages it believes the selected mailbox to have.
struct Mover {
    name: usize,
    kind: Kind,
    wire: Client,
    dice: Dice,
    selected: Option<usize>,
    messages: usize,
    /// Subjects of acknowledged messages.
    stored: Vec<String>,
}

impl Mover {
    async fn new(name: usize, kind: Kind, seed: u64, wire: Client) -> Self {
        let dice = Dice::new(seed);
        let mut this = Self { name, kind, wire, dice, selected: None, messages: 0, stored: Vec::new() };
        let said = match kind {
            Kind::Plain => "OK".to_owned(),
            Kind::Qresync => this.run("ENABLE QRESYNC").await,
            Kind::Notify => this.run("NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))").await,
        };
        assert!(said.starts_with("OK"), "{said}");
        this.select(name % RING.len()).await;
        this
    }

    /// Sends a command and believes what comes; the tagged response without its tag.
    async fn run(&mut self, command: &str) -> String {
        self.wire.send(format!("t {command}\r\n").as_bytes()).await;
        loop {
            let line = self.wire.response().await.expect("a response");
            let line = String::from_utf8_lossy(&line).into_owned();
            if let Some(last) = line.strip_prefix("t ") {
                let last = last.trim_end().to_owned();
                // An EXPUNGE that NOTIFY told may have crossed a number on its way (RFC 5465 §6.2).
                assert!(
                    !last.starts_with("BAD") || self.kind == Kind::Notify,
                    "{} {command}: {last}",
                    self.name
                );
                return last;
            }
            self.believe(command, &line);
        }
    }

    fn believe(&mut self, command: &str, line: &str) {
        let told = || format!("client {} ({:?}), {command}: {line}", self.name, self.kind);
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["*", "OK", "[CLOSED]", ..] => self.messages = 0,
            ["*", number, "EXISTS"] => {
                let number = number.parse().unwrap();
                assert!(number >= self.messages, "{}: fewer than {}", told(), self.messages);
                self.messages = number;
            }
            ["*", number, "EXPUNGE"] => {
                let number: usize = number.parse().unwrap();
                assert!((1..=self.messages).contains(&number), "{}: of {}", told(), self.messages);
                let by_number = ["FETCH", "STORE", "SEARCH"].iter().any(|c| command.starts_with(c));
                assert!(self.kind != Kind::Qresync && !(by_number && self.kind == Kind::Plain), "{}", told());
                self.messages -= 1;
            }
            ["*", "VANISHED", set] => {
                assert_eq!(self.kind, Kind::Qresync, "{}", told());
                self.messages -= crate::imap_many_clients::uids(set).count();
            }
            ["*", number, "FETCH", ..] => {
                let number: usize = number.parse().unwrap();
                assert!((1..=self.messages).contains(&number), "{}: of {}", told(), self.messages);
            }
            _ => {}
        }
    }

    async fn select(&mut self, which: usize) {
        let said = self.run(&format!("SELECT {}", RING[which])).await;
        // Somebody is renaming it just now.
        self.selected = said.starts_with("OK").then_some(which);
        assert!(said.starts_with("OK") || said.starts_with("NO [NONEXISTENT]"), "{said}");
        if self.selected.is_none() {
            self.messages = 0;
        }
    }

    async fn step(&mut self) {
        let Some(selected) = self.selected.filter(|_| self.messages > 0 || self.dice.roll(3) > 0) else {
            let which = self.dice.roll(RING.len());
            return self.select(which).await;
        };
        let number = 1 + self.dice.roll(self.messages.max(1));
        let next = RING[(selected + 1) % RING.len()];
        let said = match self.dice.roll(16) {
            0..=3 => {
                let subject = format!("{} {}", self.name, self.dice.number());
                let text = format!("Subject: {subject}\r\n\r\ntext\r\n");
                let to = self.dice.one(&RING);
                let said = self.run(&format!("APPEND {to} {{{}+}}\r\n{text}", text.len())).await;
                if said.starts_with("OK") {
                    self.stored.push(subject);
                }
                said
            }
            _ if self.messages == 0 => self.run("NOOP").await,
            4..=7 => self.run(&format!("MOVE {number} {next}")).await,
            8 => self.run(&format!("MOVE {number}:* {next}")).await,
            9 => {
                let sign = self.dice.one(&["+", "-"]);
                self.run(&format!("UID STORE 1:* {sign}FLAGS (\\Flagged)")).await
            }
            10 => self.run(&format!("FETCH {number} (UID FLAGS)")).await,
            11 => self.run(&format!("STORE {number} +FLAGS.SILENT ($Ring)")).await,
            12 => self.run("SEARCH NOT FLAGGED").await,
            13 => {
                let (name, aside) = (RING[1 + self.dice.roll(2)], format!("Aside{}", self.name));
                let said = self.run(&format!("RENAME {name} {aside}")).await;
                if said.starts_with("OK") {
                    let back = self.run(&format!("RENAME {aside} {name}")).await;
                    assert!(back.starts_with("OK"), "client {}: {back}", self.name);
                }
                said
            }
            14 => {
                let which = self.dice.roll(RING.len());
                return self.select(which).await;
            }
            _ => self.run("NOOP").await,
        };
        // By a number that stands for something, or a mailbox that is away for a moment.
        let away = ["NO [TRYCREATE]", "NO [NONEXISTENT]", "BAD"].iter().any(|start| said.starts_with(start));
        assert!(said.starts_with("OK") || away, "client {}: {said}", self.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_go_round_and_mailboxes_that_change_their_names() {
    let steps: u32 = setting("POSTERN_STEPS", 60);
    let seed: u64 = setting("POSTERN_SEED", 20_261_130);
    let world = World::on(world_database().await, |_| ()).await;
    let second = World::on(world.database_url.clone(), |_| ()).await;
    let anna = world.entrance("anna");
    let mut first = anna.imap().await;
    for mailbox in &RING[1..] {
        assert!(first.imap("c", &format!("CREATE {mailbox}")).await.last().unwrap().starts_with("c OK"));
    }
    let entrances = [anna.clone(), anna.at(second.imap_tls)];
    let mut busy = tokio::task::JoinSet::new();
    for name in 0..9 {
        let kind = [Kind::Plain, Kind::Qresync, Kind::Notify][name / 3];
        let wire = entrances[name % entrances.len()].imap().await;
        let seed = seed.wrapping_mul(31).wrapping_add(name as u64);
        busy.spawn(async move {
            let mut mover = Mover::new(name, kind, seed, wire).await;
            for _ in 0..steps {
                mover.step().await;
            }
            mover
        });
    }
    let mut movers = Vec::new();
    while let Some(done) = busy.join_next().await {
        movers.push(done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic())));
    }
    // Nobody acts any more.
    let mut there: BTreeMap<String, usize> = BTreeMap::new();
    let mut sizes = [0; RING.len()];
    for (mailbox, size) in RING.iter().zip(&mut sizes) {
        assert!(first.imap("e", &format!("EXAMINE {mailbox}")).await.last().unwrap().starts_with("e OK"));
        for answer in first.imap("f", "UID FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]").await {
            if let Some((_, subject)) = answer.split_once("Subject: ") {
                *there.entry(subject.lines().next().unwrap().to_owned()).or_default() += 1;
                *size += 1;
            }
        }
    }
    assert!(there.values().all(|times| *times == 1), "doubled: {there:?}");
    let stored: BTreeSet<&String> = movers.iter().flat_map(|mover| &mover.stored).collect();
    assert_eq!(there.keys().collect::<BTreeSet<_>>(), stored, "lost, or came from nowhere");
    for mover in &mut movers {
        mover.run("NOOP").await;
        if let Some(selected) = mover.selected {
            assert_eq!(mover.messages, sizes[selected], "client {} ({:?})", mover.name, mover.kind);
        }
    }
}
