//! Clients of every kind on one mailbox at the same time, each with its own picture of it: whatever they do,
//! all pictures are the same after NOOP, nothing acknowledged is lost, and what a client remembers becomes
//! right again by QRESYNC.
//!
//! `POSTERN_STEPS` says how many commands each client sends between two looks, `POSTERN_SEED` what is sent.
//! (The order in which concurrent commands arrive is not repeatable.)

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::client::Client;
use crate::harness::World;

const ROUNDS: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// IMAP4rev1 and nothing more.
    Plain,
    /// CONDSTORE, no QRESYNC.
    Condstore,
    Qresync,
    /// RFC 9586, with QRESYNC.
    UidOnly,
    Rev2,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Plain, Self::Condstore, Self::Qresync, Self::UidOnly, Self::Rev2];

    fn vanishes(self) -> bool {
        matches!(self, Self::Qresync | Self::UidOnly)
    }

    fn modseqs(self) -> bool {
        self.vanishes() || self == Self::Condstore
    }

    fn items(self) -> &'static str {
        if self.modseqs() { "(UID FLAGS MODSEQ)" } else { "(UID FLAGS)" }
    }
}

/// xorshift64*, as in `kills`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % sides as u64) as usize
    }
}

/// What is known of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    /// Without `\Recent`, which is one session's alone.
    flags: BTreeSet<String>,
    modseq: Option<u64>,
}

/// What all clients know together.
#[derive(Default)]
struct Oracle {
    /// Acknowledged to be there at some time.
    stored: BTreeSet<u32>,
    /// Somebody tried to remove it.
    may_go: BTreeSet<u32>,
    /// Somebody was told that it is removed.
    must_go: BTreeSet<u32>,
}

/// A client and its picture of the mailbox, from responses alone.
struct Watcher {
    name: usize,
    kind: Kind,
    wire: Client,
    dice: Dice,
    oracle: Arc<Mutex<Oracle>>,
    uidvalidity: u64,
    /// What a QRESYNC begins from: of the last SELECT, as RFC 7162 §3.2.5 has it.
    since: u64,
    /// By message number less one; `None`: not asked yet. Of a UIDONLY client the order means nothing.
    order: Vec<Option<u32>>,
    known: BTreeMap<u32, Known>,
    /// What this client, and nobody else, last did with its own keyword.
    own: BTreeMap<u32, bool>,
    /// What was said lately, shown when something is wrong.
    log: Vec<String>,
}

fn after<'a>(text: &'a str, mark: &str, end: char) -> Option<&'a str> {
    let at = text.find(mark)? + mark.len();
    text[at..].split(end).next()
}

fn code<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    after(line, &format!("[{name} "), ']')
}

fn uids(set: &str) -> impl Iterator<Item = u32> {
    set.split(',').flat_map(|range| {
        let (a, b) = range.split_once(':').unwrap_or((range, range));
        a.parse::<u32>().unwrap()..=b.parse().unwrap()
    })
}

impl Watcher {
    async fn new(world: &World, name: usize, kind: Kind, seed: u64, oracle: Arc<Mutex<Oracle>>) -> Self {
        let mut wire = world.imap("anna").await;
        let enable = match kind {
            Kind::Plain => None,
            Kind::Condstore => Some("ENABLE CONDSTORE"),
            Kind::Qresync => Some("ENABLE QRESYNC"),
            Kind::UidOnly => Some("ENABLE QRESYNC UIDONLY"),
            Kind::Rev2 => Some("ENABLE IMAP4rev2"),
        };
        if let Some(enable) = enable {
            let said = wire.imap("e", enable).await;
            assert!(said.last().unwrap().starts_with("e OK"), "{said:?}");
        }
        let mut this = Self {
            name,
            kind,
            wire,
            dice: Dice(seed),
            oracle,
            uidvalidity: 0,
            since: 0,
            order: Vec::new(),
            known: BTreeMap::new(),
            own: BTreeMap::new(),
            log: Vec::new(),
        };
        this.select("SELECT INBOX").await;
        this.complete().await;
        this
    }

    fn keyword(&self) -> String {
        format!("client{}", self.name)
    }

    async fn send(&mut self, command: &str) {
        self.log.push(format!("> {command}"));
        self.wire.send(format!("t {command}\r\n").as_bytes()).await;
    }

    async fn line(&mut self) -> String {
        let line = String::from_utf8(self.wire.response().await.expect("a response")).unwrap();
        self.log.push(line.clone());
        line
    }

    /// Sends a command and takes in what comes; the tagged response without its tag.
    async fn run(&mut self, command: &str) -> String {
        self.send(command).await;
        let numbers = ["FETCH", "STORE", "SEARCH"].iter().any(|word| command.starts_with(word));
        self.hear(numbers).await
    }

    /// `numbers`: a command is under way that forbids EXPUNGE (RFC 9051 §7.5.1).
    async fn hear(&mut self, numbers: bool) -> String {
        loop {
            let line = self.line().await;
            if let Some(last) = line.strip_prefix("t ") {
                return last.to_owned();
            }
            assert!(!(numbers && (line.ends_with(" EXPUNGE") || line.starts_with("* VANISHED "))), "{line}");
            self.take_in(&line);
        }
    }

    fn take_in(&mut self, line: &str) {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["*", "VANISHED", "(EARLIER)", set] => {
                for uid in uids(set) {
                    self.known.remove(&uid);
                }
            }
            ["*", "VANISHED", set] => {
                assert!(self.kind.vanishes(), "{line}");
                for uid in uids(set) {
                    self.gone(uid);
                }
            }
            ["*", n, "EXISTS"] => {
                let n = n.parse().unwrap();
                assert!(n >= self.order.len(), "{self}: {line}, had {}", self.order.len());
                self.order.resize(n, None);
            }
            ["*", n, "EXPUNGE"] => {
                assert!(!self.kind.vanishes(), "{line}");
                let n: usize = n.parse().unwrap();
                assert!(n <= self.order.len(), "{self}: {line}, had {}", self.order.len());
                if let Some(uid) = self.order.remove(n - 1) {
                    self.known.remove(&uid);
                }
            }
            ["*", n, what @ ("FETCH" | "UIDFETCH"), items] => {
                assert_eq!(what == "UIDFETCH", self.kind == Kind::UidOnly, "{line}");
                self.fetched(n.parse().unwrap(), items, line);
            }
            _ => {}
        }
    }

    fn gone(&mut self, uid: u32) {
        self.known.remove(&uid);
        if let Some(at) = self.order.iter().position(|at| *at == Some(uid)) {
            self.order.remove(at);
            return;
        }
        // One of those not asked for yet, between the neighbours by UID.
        let from = self.order.iter().rposition(|at| at.is_some_and(|at| at < uid)).map_or(0, |at| at + 1);
        let at = self.order[from..].iter().position(Option::is_none);
        let at = from + at.unwrap_or_else(|| panic!("{self}: {uid} vanished, never was there"));
        self.order.remove(at);
    }

    fn fetched(&mut self, n: u32, items: &str, line: &str) {
        let uid = if self.kind == Kind::UidOnly {
            Some(n)
        } else {
            items.split_once("UID ").and_then(|(_, rest)| {
                rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse::<u32>().ok()
            })
        };
        let at = if self.kind == Kind::UidOnly {
            let at = self.order.iter().position(|at| *at == Some(n));
            at.or_else(|| self.order.iter().position(Option::is_none)).expect("room for a new message")
        } else {
            n as usize - 1
        };
        assert!(at < self.order.len(), "{self}: {line}, had {}", self.order.len());
        let Some(uid) = uid.or(self.order[at]) else { return };
        assert!(self.order[at].is_none_or(|known| known == uid), "{self}: {line}, was {:?}", self.order[at]);
        self.order[at] = Some(uid);
        if self.kind == Kind::UidOnly {
            self.order.sort_by_key(|uid| uid.unwrap_or(u32::MAX));
        }
        let known = self.known.entry(uid).or_default();
        let before = known.modseq;
        if let Some(modseq) = after(items, "MODSEQ (", ')') {
            known.modseq = Some(modseq.parse().unwrap());
            assert!(known.modseq >= before, "{line}: went back from {before:?}");
        }
        if let Some(flags) = after(items, "FLAGS (", ')') {
            let flags: BTreeSet<String> =
                flags.split(' ').filter(|f| !f.is_empty() && *f != "\\Recent").map(str::to_owned).collect();
            let same = before.is_none() || before != known.modseq || known.flags == flags;
            known.flags = flags;
            assert!(same, "{self}: {line}: other flags, same MODSEQ");
        }
    }

    /// Selects; what was there is forgotten, but `known` if it is to be made right.
    async fn select(&mut self, command: &str) {
        self.order.clear();
        self.send(command).await;
        loop {
            let line = self.line().await;
            if let Some(value) = code(&line, "UIDVALIDITY") {
                self.uidvalidity = value.parse().unwrap();
            }
            if let Some(value) = code(&line, "HIGHESTMODSEQ") {
                self.since = value.parse().unwrap();
            }
            if let Some(last) = line.strip_prefix("t ") {
                assert!(last.starts_with("OK"), "{line}");
                return;
            }
            self.take_in(&line);
        }
    }

    /// Leaves the mailbox and comes back with what is remembered (RFC 7162 §3.2.5). While nobody else does
    /// anything (`quiet`) all is right then without another question.
    async fn resynchronise(&mut self, quiet: bool) {
        let mut command = format!("SELECT INBOX (QRESYNC ({} {}", self.uidvalidity, self.since);
        if let (Some((first, _)), Some((last, _))) =
            (self.known.first_key_value(), self.known.last_key_value())
            && !quiet
            && self.dice.roll(2) == 0
        {
            command.push_str(&format!(" {first}:{last}"));
        }
        command.push_str("))");
        self.select(&command).await;
        let mut order: Vec<Option<u32>> = self.known.keys().map(|uid| Some(*uid)).collect();
        assert!(order.len() <= self.order.len(), "{self}: {command}: {:?}", self.known.keys());
        assert!(!quiet || order.len() == self.order.len(), "{self}: {command}: {:?}", self.known.keys());
        order.resize(self.order.len(), None);
        let told = self.order.iter().zip(&order);
        let agree = self.kind == Kind::UidOnly || told.into_iter().all(|(t, o)| t.is_none() || t == o);
        assert!(agree || !quiet, "{self}: {command}: {:?} {order:?}", self.order);
        if agree {
            self.order = order;
        }
    }

    /// Asks for what is not known yet.
    async fn complete(&mut self) {
        for round in 0.. {
            let Some(at) = self.order.iter().position(Option::is_none) else { return };
            assert!(round < 100, "{self}: {at} of {:?} does not come", self.order);
            let from = match self.kind {
                // May have been told of a later one before.
                Kind::UidOnly => 1,
                _ => self.order[..at].iter().flatten().max().map_or(1, |uid| uid + 1),
            };
            let said = self.run(&format!("UID FETCH {from}:* {}", self.kind.items())).await;
            assert!(said.starts_with("OK"), "{self}: {said}");
        }
    }

    fn any(&mut self) -> Option<(usize, u32)> {
        let all: Vec<(usize, u32)> =
            self.order.iter().enumerate().filter_map(|(at, uid)| uid.map(|uid| (at + 1, uid))).collect();
        if all.is_empty() { None } else { Some(all[self.dice.roll(all.len())]) }
    }

    fn literal(&self) -> String {
        let text = format!("Subject: from {}\r\n\r\ntext\r\n", self.name);
        format!("{{{}+}}\r\n{text}", text.len())
    }

    async fn step(&mut self) {
        let Some((number, uid)) = self.any() else {
            return self.append(1).await;
        };
        let keyword = self.keyword();
        match self.dice.roll(20) {
            0..=3 => self.append(1).await,
            4 => self.append(3).await,
            5..=8 => {
                let on = self.dice.roll(2) == 0;
                let sign = if on { '+' } else { '-' };
                let silent = if self.dice.roll(2) == 0 { ".SILENT" } else { "" };
                let unless = match self.known[&uid].modseq {
                    Some(modseq) if self.dice.roll(3) == 0 => format!("(UNCHANGEDSINCE {modseq}) "),
                    _ => String::new(),
                };
                let what = format!("{unless}{sign}FLAGS{silent} ({keyword})");
                let said = if self.dice.roll(2) == 0 && self.kind != Kind::UidOnly {
                    self.run(&format!("STORE {number} {what}")).await
                } else {
                    self.run(&format!("UID STORE {uid} {what}")).await
                };
                if said.starts_with("OK") && !said.contains("MODIFIED") {
                    self.own.insert(uid, on);
                    if !silent.is_empty() && self.known.contains_key(&uid) {
                        // What a client that asked for silence must do itself.
                        let known = self.known.get_mut(&uid).unwrap();
                        if on {
                            known.flags.insert(keyword);
                        } else {
                            known.flags.remove(&keyword);
                        }
                    }
                } else {
                    let gone = self.oracle.lock().may_go.contains(&uid);
                    assert!(gone || said.contains("MODIFIED"), "{self}: {said}");
                }
            }
            9..=10 => {
                let sign = if self.dice.roll(2) == 0 { '+' } else { '-' };
                self.run(&format!("UID STORE {uid}:* {sign}FLAGS (\\Seen \\Flagged)")).await;
            }
            11..=12 => {
                self.oracle.lock().may_go.insert(uid);
                self.run(&format!("UID STORE {uid} +FLAGS (\\Deleted)")).await;
                let said = self.run(&format!("UID EXPUNGE {uid}")).await;
                assert!(said.starts_with("OK"), "{self}: {said}");
                self.oracle.lock().must_go.insert(uid);
            }
            13 => {
                self.oracle.lock().may_go.insert(uid);
                let said = self.run(&format!("UID MOVE {uid} Trash")).await;
                if said.starts_with("OK") {
                    self.oracle.lock().must_go.insert(uid);
                }
            }
            14 => {
                let said = self.run(&format!("UID COPY {uid} INBOX")).await;
                if let Some(copied) = code(&said, "COPYUID") {
                    let to = copied.rsplit(' ').next().unwrap();
                    self.oracle.lock().stored.extend(uids(to));
                }
            }
            15 => {
                self.oracle.lock().may_go.insert(uid);
                let literal = self.literal();
                let said = self.run(&format!("UID REPLACE {uid} INBOX {literal}")).await;
                if said.starts_with("OK") {
                    self.oracle.lock().must_go.insert(uid);
                }
            }
            16 => {
                self.send("IDLE").await;
                loop {
                    let line = self.line().await;
                    if line.starts_with('+') {
                        break;
                    }
                    self.take_in(&line);
                }
                tokio::time::sleep(Duration::from_millis(self.dice.roll(10) as u64)).await;
                self.wire.send(b"DONE\r\n").await;
                self.hear(false).await;
            }
            17 if self.kind.vanishes() => self.resynchronise(false).await,
            17 => {
                self.run("UID SEARCH RETURN (COUNT) KEYWORD client0").await;
            }
            18 if self.kind != Kind::UidOnly => {
                self.run(&format!("FETCH {number}:* {}", self.kind.items())).await;
            }
            _ => {
                self.run("NOOP").await;
            }
        }
        if self.dice.roll(4) > 0 {
            self.complete().await;
        }
    }

    async fn append(&mut self, messages: usize) {
        let all = vec![self.literal(); messages].join(" ");
        let said = self.run(&format!("APPEND INBOX {all}")).await;
        let stored = code(&said, "APPENDUID").unwrap_or_else(|| panic!("{self}: {said}"));
        let stored: Vec<u32> = uids(stored.split(' ').nth(1).unwrap()).collect();
        assert_eq!(stored.len(), messages);
        let mut oracle = self.oracle.lock();
        for uid in stored {
            assert!(oracle.stored.insert(uid), "UID {uid} given twice");
        }
    }

    /// Everything in the picture, in order.
    fn picture(&self) -> Vec<(u32, BTreeSet<String>)> {
        self.order.iter().map(|uid| (uid.unwrap(), self.known[&uid.unwrap()].flags.clone())).collect()
    }
}

impl std::fmt::Display for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lately = self.log.len().saturating_sub(60);
        write!(f, "client {} ({:?})\n{}\n", self.name, self.kind, self.log[lately..].join("\n"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_every_kind_see_the_same() {
    let steps: u32 = std::env::var("POSTERN_STEPS").map_or(25, |v| v.parse().unwrap());
    let seed: u64 = std::env::var("POSTERN_SEED").map_or(20_261_124, |v| v.parse().unwrap());
    let world = World::new().await;
    world.seed("anna", "INBOX", 8).await;
    let oracle = Arc::new(Mutex::new(Oracle { stored: (1..=8).collect(), ..Oracle::default() }));
    let mut watchers = Vec::new();
    for name in 0..2 * Kind::ALL.len() {
        let kind = Kind::ALL[name % Kind::ALL.len()];
        let seed = seed.wrapping_mul(31).wrapping_add(name as u64 + 1);
        watchers.push(Watcher::new(&world, name, kind, seed, oracle.clone()).await);
    }
    for round in 0..ROUNDS {
        let mut busy = tokio::task::JoinSet::new();
        for mut watcher in watchers {
            busy.spawn(async move {
                for _ in 0..steps {
                    watcher.step().await;
                }
                watcher
            });
        }
        watchers = busy.join_all().await;
        let mut truth = Watcher::new(&world, 99, Kind::Condstore, 1, oracle.clone()).await;
        let whole = truth.picture();
        assert!(whole.is_sorted_by(|a, b| a.0 < b.0));
        truth.run("LOGOUT").await;
        for watcher in &mut watchers {
            let said = watcher.run("NOOP").await;
            assert!(said.starts_with("OK"), "{watcher}: {said}");
            watcher.complete().await;
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
        let oracle = oracle.lock();
        let there: BTreeSet<u32> = whole.iter().map(|(uid, _)| *uid).collect();
        for uid in &oracle.stored {
            assert!(there.contains(uid) || oracle.may_go.contains(uid), "round {round}: {uid} is lost");
        }
        assert!(there.is_disjoint(&oracle.must_go), "round {round}: came back");
    }
}
