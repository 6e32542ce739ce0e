//! One client: what it says, and what the answers come to.

use std::collections::BTreeSet;

use crate::client::Client;
use crate::harness::Entrance;

/// In which words changes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Rev1,
    Rev2,
    Qresync,
}

/// What one command was answered with.
#[derive(Debug, Default)]
pub struct Heard {
    /// Without the tag.
    pub status: String,
    /// Number or UID of each message, its flags and text as far as they were said.
    pub fetched: Vec<Fetched>,
    /// SEARCH and ESEARCH.
    pub found: Vec<u32>,
    pub lines: Vec<String>,
}

/// One FETCH response.
#[derive(Debug, PartialEq, Eq)]
pub struct Fetched {
    pub number: usize,
    pub uid: Option<u32>,
    pub flags: Option<BTreeSet<String>>,
    pub text: Option<String>,
}

impl Heard {
    /// The argument of a response code, in whichever line.
    pub fn code(&self, name: &str) -> Option<&str> {
        let mark = format!("[{name} ");
        let line = self.lines.iter().find(|line| line.contains(&mark))?;
        line.split_once(&mark)?.1.split(']').next()
    }

    /// Old and new UIDs of COPYUID.
    pub fn copied(&self) -> Vec<(u32, u32)> {
        let Some(code) = self.code("COPYUID") else { return Vec::new() };
        let mut sets = code.split(' ').skip(1).map(numbers);
        let (old, new) = (sets.next().unwrap(), sets.next().unwrap());
        assert_eq!(old.len(), new.len(), "{code}");
        old.into_iter().zip(new).collect()
    }

    /// The UID of APPENDUID.
    pub fn appended(&self) -> Option<u32> {
        self.code("APPENDUID")?.split(' ').nth(1)?.parse().ok()
    }

    /// The numbers of a STATUS response, in its order.
    pub fn status_numbers(&self) -> Vec<u32> {
        let line = self.lines.iter().find(|line| line.starts_with("* STATUS")).expect("a STATUS response");
        let items = line.rsplit_once('(').unwrap().1.trim_end_matches(')');
        items.split(' ').skip(1).step_by(2).map(|n| n.parse().unwrap()).collect()
    }
}

/// The members of a set, in its order.
pub fn numbers(set: &str) -> Vec<u32> {
    set.split(',')
        .flat_map(|range| {
            let (a, b) = range.split_once(':').unwrap_or((range, range));
            a.parse::<u32>().unwrap()..=b.parse().unwrap()
        })
        .collect()
}

/// A connection with a folder selected.
pub struct Session {
    pub dialect: Dialect,
    wire: Client,
    /// How many messages there are, as it was told.
    pub exists: usize,
}

impl Session {
    /// Signed in; nothing is selected.
    pub async fn new(entrance: &Entrance, dialect: Dialect) -> Self {
        let mut session = Self { dialect, wire: entrance.imap().await, exists: 0 };
        match dialect {
            Dialect::Rev1 => {}
            Dialect::Rev2 => drop(session.ok("ENABLE IMAP4rev2").await),
            Dialect::Qresync => drop(session.ok("ENABLE QRESYNC").await),
        }
        session
    }

    /// Selects a folder.
    pub async fn select(&mut self, folder: &str) -> Heard {
        self.exists = 0;
        self.ok(&format!("SELECT {folder}")).await
    }

    /// A command that must succeed.
    pub async fn ok(&mut self, command: &str) -> Heard {
        let heard = self.run(command).await;
        assert!(heard.status.starts_with("OK"), "{command}: {heard:?}");
        heard
    }

    /// A command.
    pub async fn run(&mut self, command: &str) -> Heard {
        self.wire.send(format!("t {command}\r\n").as_bytes()).await;
        let mut heard = Heard::default();
        loop {
            let line = String::from_utf8(self.wire.response().await.expect("a response")).unwrap();
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            match words[..] {
                ["t", ..] => heard.status = line["t ".len()..].to_owned(),
                ["*", n, "EXISTS"] => {
                    let n = n.parse().unwrap();
                    assert!(n >= self.exists, "{command}: {line}, there were {}", self.exists);
                    self.exists = n;
                }
                ["*", n, "EXPUNGE"] => {
                    assert!(self.dialect != Dialect::Qresync, "{line}");
                    assert!(n.parse::<usize>().unwrap() <= self.exists, "{line}, there were {}", self.exists);
                    self.exists -= 1;
                }
                ["*", "VANISHED", set] => {
                    assert_eq!(self.dialect, Dialect::Qresync, "{line}");
                    self.exists -= numbers(set).len();
                }
                ["*", n, "FETCH", items] => heard.fetched.push(fetched(n.parse().unwrap(), items)),
                ["*", "SEARCH", ..] => {
                    heard.found = line.split(' ').skip(2).map(|n| n.parse().unwrap()).collect();
                }
                ["*", "ESEARCH", ..] => {
                    if let Some((_, set)) = line.split_once(" ALL ") {
                        heard.found = numbers(set);
                    }
                }
                _ => {}
            }
            let done = line.starts_with("t ");
            heard.lines.push(line);
            if done {
                return heard;
            }
        }
    }
}

fn fetched(number: usize, items: &str) -> Fetched {
    let after = |mark: &str, end: &str| Some(items.split_once(mark)?.1.split(end).next().unwrap().to_owned());
    let uid = after("UID ", " ").map(|n| n.trim_end_matches(')').parse().unwrap());
    let flags = after("FLAGS (", ")").map(|flags| {
        flags.split(' ').filter(|f| !f.is_empty() && *f != "\\Recent").map(str::to_owned).collect()
    });
    let text = after("BODY[TEXT] {", ")").map(|text| text.split_once("\r\n").unwrap().1.to_owned());
    Fetched { number, uid, flags, text }
}
