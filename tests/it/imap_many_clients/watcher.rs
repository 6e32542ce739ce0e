//! One client and its picture of the mailbox, made from responses alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::oracle::Oracle;
use crate::client::Client;
use crate::dice::Dice;
use crate::harness::Entrance;

/// What a client understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
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
    pub const ALL: [Self; 5] = [Self::Plain, Self::Condstore, Self::Qresync, Self::UidOnly, Self::Rev2];

    pub fn vanishes(self) -> bool {
        matches!(self, Self::Qresync | Self::UidOnly)
    }

    pub fn modseqs(self) -> bool {
        self.vanishes() || self == Self::Condstore
    }

    pub fn items(self) -> &'static str {
        if self.modseqs() { "(UID FLAGS MODSEQ)" } else { "(UID FLAGS)" }
    }
}

/// What is known of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Without `\Recent`, which is one session's alone.
    pub flags: BTreeSet<String>,
    pub modseq: Option<u64>,
}

/// A client and its picture of the mailbox, from responses alone.
pub struct Watcher {
    pub name: usize,
    pub kind: Kind,
    pub wire: Client,
    pub dice: Dice,
    pub oracle: Arc<Oracle>,
    /// The gateways it may connect to.
    pub entrances: Arc<[Entrance]>,
    uidvalidity: u64,
    /// What a QRESYNC begins from: of the last SELECT, as RFC 7162 §3.2.5 has it.
    since: u64,
    /// By message number less one; `None`: not asked yet. Of a UIDONLY client the order means nothing.
    pub order: Vec<Option<u32>>,
    pub known: BTreeMap<u32, Known>,
    /// What this client, and nobody else, last did with its own keyword.
    pub own: BTreeMap<u32, bool>,
    /// How often it selected the mailbox: `\Recent` is said to one of these.
    selections: u32,
    /// The first MODSEQ that the command under way was answered with, by UID.
    pub stamped: BTreeMap<u32, u64>,
    /// What was said lately, shown when something is wrong.
    log: Vec<String>,
}

/// What stands between `mark` and `end`.
fn after<'a>(text: &'a str, mark: &str, end: char) -> Option<&'a str> {
    let at = text.find(mark)? + mark.len();
    text[at..].split(end).next()
}

/// The argument of a response code.
pub fn code<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    after(line, &format!("[{name} "), ']')
}

/// The numbers of a set.
pub fn uids(set: &str) -> impl Iterator<Item = u32> {
    set.split(',').flat_map(|range| {
        let (a, b) = range.split_once(':').unwrap_or((range, range));
        a.parse::<u32>().unwrap()..=b.parse().unwrap()
    })
}

impl Watcher {
    /// Signs in at the gateway that `name` and the choices lead to, and takes in the whole mailbox.
    pub async fn new(
        name: usize,
        kind: Kind,
        seed: u64,
        oracle: Arc<Oracle>,
        entrances: Arc<[Entrance]>,
    ) -> Self {
        let wire = entrances[name % entrances.len()].imap().await;
        let mut this = Self {
            name,
            kind,
            wire,
            dice: Dice::new(seed),
            oracle,
            entrances,
            uidvalidity: 0,
            since: 0,
            order: Vec::new(),
            known: BTreeMap::new(),
            own: BTreeMap::new(),
            selections: 0,
            stamped: BTreeMap::new(),
            log: Vec::new(),
        };
        this.enable().await;
        this.select("SELECT INBOX").await;
        this.complete().await;
        this
    }

    async fn enable(&mut self) {
        let enable = match self.kind {
            Kind::Plain => return,
            Kind::Condstore => "ENABLE CONDSTORE",
            Kind::Qresync => "ENABLE QRESYNC",
            Kind::UidOnly => "ENABLE QRESYNC UIDONLY",
            Kind::Rev2 => "ENABLE IMAP4rev2",
        };
        let said = self.run(enable).await;
        assert!(said.starts_with("OK"), "{self}: {said}");
    }

    /// Loses the connection, with or without a farewell, and comes back, perhaps at another gateway.
    pub async fn reconnect(&mut self) {
        if self.dice.roll(2) == 0 {
            self.run("LOGOUT").await;
        }
        let at = self.dice.roll(self.entrances.len());
        self.log.push(format!("reconnects to gateway {at}"));
        self.wire = self.entrances[at].imap().await;
        self.enable().await;
        if self.kind.vanishes() {
            self.resynchronise(false).await;
        } else {
            self.known.clear();
            self.select("SELECT INBOX").await;
        }
    }

    pub fn keyword(&self) -> String {
        format!("client{}", self.name)
    }

    pub async fn send(&mut self, command: &str) {
        self.log.push(format!("> {command}"));
        self.wire.send(format!("t {command}\r\n").as_bytes()).await;
    }

    pub async fn line(&mut self) -> String {
        let line = String::from_utf8(self.wire.response().await.expect("a response")).unwrap();
        if self.log.len() > 400 {
            self.log.drain(..200);
        }
        self.log.push(line.clone());
        line
    }

    /// Sends a command and takes in what comes; the tagged response without its tag.
    pub async fn run(&mut self, command: &str) -> String {
        self.send(command).await;
        self.stamped.clear();
        let numbers = ["FETCH", "STORE", "SEARCH"].iter().any(|word| command.starts_with(word));
        self.hear(numbers).await
    }

    /// `numbers`: a command is under way that forbids EXPUNGE (RFC 9051 §7.5.1).
    pub async fn hear(&mut self, numbers: bool) -> String {
        loop {
            let line = self.line().await;
            if let Some(last) = line.strip_prefix("t ") {
                return last.to_owned();
            }
            assert!(!(numbers && (line.ends_with(" EXPUNGE") || line.starts_with("* VANISHED "))), "{line}");
            self.take_in(&line);
        }
    }

    pub fn take_in(&mut self, line: &str) {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["*", "VANISHED", "(EARLIER)", set] => {
                for uid in uids(set) {
                    self.known.remove(&uid);
                    self.oracle.told_gone(uid);
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
                    self.oracle.told_gone(uid);
                }
            }
            ["*", "SEARCH", ..] => {
                let found = line.split(' ').skip(2).filter_map(|n| n.parse::<usize>().ok());
                let beyond = found.max().is_some_and(|n| n > self.order.len());
                let by_uid = self
                    .log
                    .iter()
                    .rev()
                    .find(|l| l.starts_with('>'))
                    .is_some_and(|l| l.contains("UID SEARCH"));
                assert!(!beyond || by_uid, "{self}: {line}, had {}", self.order.len());
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
        self.oracle.told_gone(uid);
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
            let free = || self.order.iter().position(Option::is_none);
            at.or_else(free).unwrap_or_else(|| panic!("{self}: {line}: no room for a new message"))
        } else {
            n as usize - 1
        };
        assert!(at < self.order.len(), "{self}: {line}, had {}", self.order.len());
        let Some(uid) = uid.or(self.order[at]) else { return };
        if let Some(at) = items.find("BODY[] ") {
            self.oracle.read(uid, &items[at..]);
        }
        // Of a new message this is no knowledge yet: `complete` asks for all of it.
        let all = items.contains("FLAGS (") && (!self.kind.modseqs() || items.contains("MODSEQ ("));
        if self.order[at].is_none() && !all {
            return;
        }
        assert!(self.order[at].is_none_or(|known| known == uid), "{self}: {line}, was {:?}", self.order[at]);
        self.order[at] = Some(uid);
        if self.kind == Kind::UidOnly {
            self.order.sort_by_key(|uid| uid.unwrap_or(u32::MAX));
        }
        let known = self.known.entry(uid).or_default();
        let before = known.modseq;
        if let Some(modseq) = after(items, "MODSEQ (", ')') {
            let modseq: u64 = modseq.parse().unwrap();
            known.modseq = Some(modseq);
            self.stamped.entry(uid).or_insert(modseq);
            assert!(known.modseq >= before, "{self}: {line}: went back from {before:?}");
        }
        if let Some(flags) = after(items, "FLAGS (", ')') {
            if flags.split(' ').any(|f| f == "\\Recent") {
                self.oracle.recent(uid, (self.name, self.selections), self.kind);
            }
            let flags: BTreeSet<String> =
                flags.split(' ').filter(|f| !f.is_empty() && *f != "\\Recent").map(str::to_owned).collect();
            let said = items.contains("MODSEQ (") && before.is_some();
            let same = !said || before != known.modseq || known.flags == flags;
            known.flags = flags;
            assert!(same, "{self}: {line}: other flags, same MODSEQ");
        }
    }

    /// Selects; what was there is forgotten, but `known` if it is to be made right.
    pub async fn select(&mut self, command: &str) {
        self.selections += 1;
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
    pub async fn resynchronise(&mut self, quiet: bool) {
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
    pub async fn complete(&mut self) {
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

    /// Everything in the picture, in order.
    pub fn picture(&self) -> Vec<(u32, BTreeSet<String>)> {
        self.order.iter().map(|uid| (uid.unwrap(), self.known[&uid.unwrap()].flags.clone())).collect()
    }
}

impl std::fmt::Display for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lately = self.log.len().saturating_sub(60);
        write!(f, "client {} ({:?})\n{}\n", self.name, self.kind, self.log[lately..].join("\n"))
    }
}
