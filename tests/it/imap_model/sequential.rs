//! One command at a time by three sessions in three dialects: each answer is what the model says.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::model::{Change, Model};
use super::session::{Dialect, Session, numbers};
use crate::dice::setting;
use crate::harness::{Entrance, World, world_database};

const FLAGS: [&str; 6] = ["\\Seen", "\\Deleted", "\\Flagged", "\\Answered", "$Label1", "junk"];

/// A command; messages by their place in the folder, which is taken as there are.
#[derive(Clone, Debug)]
enum Op {
    Append { folder: usize, flags: BTreeSet<String> },
    Store { range: (usize, usize), by_uid: bool, change: Change, silent: bool, flags: BTreeSet<String> },
    Copy { range: (usize, usize), by_uid: bool, to: usize },
    Move { range: (usize, usize), by_uid: bool, to: usize },
    Expunge,
    UidExpunge { range: (usize, usize) },
    Search { by_uid: bool, flag: &'static str },
    Fetch { range: (usize, usize), by_uid: bool },
    Status { folder: usize },
    Select { folder: usize },
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    let flags = || {
        prop::collection::btree_set(prop::sample::select(&FLAGS[..]), 0..4)
            .prop_map(|flags| flags.into_iter().map(str::to_owned).collect::<BTreeSet<String>>())
    };
    let range = || (0usize..12, 0usize..4);
    let change = prop::sample::select(vec![Change::Add, Change::Remove, Change::Replace]);
    prop_oneof![
        4 => (0usize..2, flags()).prop_map(|(folder, flags)| Op::Append { folder, flags }),
        4 => (range(), any::<bool>(), change, any::<bool>(), flags())
            .prop_map(|(range, by_uid, change, silent, flags)| Op::Store { range, by_uid, change, silent, flags }),
        2 => (range(), any::<bool>(), 0usize..2).prop_map(|(range, by_uid, to)| Op::Copy { range, by_uid, to }),
        2 => (range(), any::<bool>(), 0usize..2).prop_map(|(range, by_uid, to)| Op::Move { range, by_uid, to }),
        1 => Just(Op::Expunge),
        1 => range().prop_map(|range| Op::UidExpunge { range }),
        2 => (any::<bool>(), prop::sample::select(&FLAGS[..])).prop_map(|(by_uid, flag)| Op::Search { by_uid, flag }),
        2 => (range(), any::<bool>()).prop_map(|(range, by_uid)| Op::Fetch { range, by_uid }),
        1 => (0usize..2).prop_map(|folder| Op::Status { folder }),
        1 => (0usize..2).prop_map(|folder| Op::Select { folder }),
        1 => Just(Op::Close),
    ]
}

fn list(flags: &BTreeSet<String>) -> String {
    flags.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The sessions, the folder each has selected, and the truth.
struct Case {
    folders: [String; 2],
    sessions: Vec<(Session, usize)>,
    model: Model,
    texts: u32,
}

impl Case {
    async fn new(entrance: &Entrance, number: u32) -> Self {
        let folders = [format!("case{number}"), format!("case{number}/b")];
        let mut sessions = Vec::new();
        for dialect in [Dialect::Rev1, Dialect::Rev2, Dialect::Qresync] {
            let mut session = Session::new(entrance, dialect).await;
            if sessions.is_empty() {
                for folder in &folders {
                    session.ok(&format!("CREATE {folder}")).await;
                }
            }
            session.select(&folders[0]).await;
            sessions.push((session, 0));
        }
        Self { folders, sessions, model: Model::new(), texts: 0 }
    }

    /// Messages by place: their numbers, their UIDs.
    fn pick(&self, folder: usize, range: (usize, usize)) -> Option<(Vec<usize>, Vec<u32>)> {
        let messages = &self.model.folders[folder].messages;
        let first = range.0.checked_rem(messages.len())?;
        let last = (first + range.1).min(messages.len() - 1);
        Some(((first + 1..=last + 1).collect(), messages[first..=last].iter().map(|m| m.uid).collect()))
    }

    async fn step(&mut self, who: usize, op: &Op) {
        let selected = self.sessions[who].1;
        let here = self.sessions[who].0.dialect;
        let session = &mut self.sessions[who].0;
        session.ok("NOOP").await;
        assert_eq!(session.exists, self.model.folders[selected].messages.len(), "{here:?} after NOOP");
        let set = |(numbers, uids): &(Vec<usize>, Vec<u32>), by_uid: bool| {
            if by_uid {
                uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
            } else {
                format!("{}:{}", numbers[0], numbers[numbers.len() - 1])
            }
        };
        let uid = |by_uid: bool| if by_uid { "UID " } else { "" };
        match op {
            Op::Append { folder, flags } => {
                self.texts += 1;
                let text = format!("text {}", self.texts);
                let whole = format!("Subject: x\r\n\r\n{text}");
                let name = &self.folders[*folder];
                let session = &mut self.sessions[who].0;
                let command = format!("APPEND {name} ({}) {{{}+}}\r\n{whole}", list(flags), whole.len());
                let heard = session.ok(&command).await;
                assert_eq!(heard.appended(), Some(self.model.append(*folder, flags, &text)), "{heard:?}");
                if *folder == selected {
                    // RFC 9051 §6.3.12: at once.
                    assert_eq!(session.exists, self.model.folders[selected].messages.len(), "{heard:?}");
                }
            }
            Op::Store { range, by_uid, change, silent, flags } => {
                let Some(picked) = self.pick(selected, *range) else { return };
                let command = format!(
                    "{}STORE {} {}{} ({})",
                    uid(*by_uid),
                    set(&picked, *by_uid),
                    change.item(),
                    if *silent { ".SILENT" } else { "" },
                    list(flags)
                );
                let heard = self.sessions[who].0.ok(&command).await;
                self.model.store(selected, &picked.1, *change, flags);
                if !silent {
                    let now = |uid: u32| {
                        let of = self.model.folders[selected].messages.iter().find(|m| m.uid == uid);
                        of.unwrap().flags.clone()
                    };
                    for (number, uid) in picked.0.iter().zip(&picked.1) {
                        let told = heard.fetched.iter().rev().find(|f| f.number == *number);
                        let told =
                            told.unwrap_or_else(|| panic!("{command}: nothing of {number}: {heard:?}"));
                        assert_eq!(told.flags, Some(now(*uid)), "{command}: {heard:?}");
                        assert!(!by_uid || told.uid == Some(*uid), "{command}: {heard:?}");
                    }
                }
            }
            Op::Copy { range, by_uid, to } | Op::Move { range, by_uid, to } => {
                let Some(picked) = self.pick(selected, *range) else { return };
                let moves = matches!(op, Op::Move { .. });
                let word = if moves { "MOVE" } else { "COPY" };
                let command =
                    format!("{}{word} {} {}", uid(*by_uid), set(&picked, *by_uid), self.folders[*to]);
                let heard = self.sessions[who].0.ok(&command).await;
                let pairs = if moves {
                    self.model.r#move(selected, &picked.1, *to)
                } else {
                    self.model.copy(selected, &picked.1, *to)
                };
                assert_eq!(heard.copied(), pairs, "{command}: {heard:?}");
                let left = self.model.folders[selected].messages.len();
                assert_eq!(self.sessions[who].0.exists, left, "{command}: {heard:?}");
            }
            Op::Expunge | Op::UidExpunge { .. } => {
                let (command, uids) = if let Op::UidExpunge { range } = op {
                    let Some(picked) = self.pick(selected, *range) else { return };
                    (format!("UID EXPUNGE {}", set(&picked, true)), picked.1)
                } else {
                    let all = self.model.folders[selected].messages.iter().map(|m| m.uid).collect();
                    ("EXPUNGE".to_owned(), all)
                };
                let heard = self.sessions[who].0.ok(&command).await;
                let gone = self.model.expunge(selected, &uids);
                let left = self.model.folders[selected].messages.len();
                assert_eq!(self.sessions[who].0.exists, left, "{command}: {heard:?}");
                if here == Dialect::Qresync {
                    let vanished = heard.lines.iter().find_map(|line| line.strip_prefix("* VANISHED "));
                    assert_eq!(vanished.map(numbers).unwrap_or_default(), gone, "{heard:?}");
                }
            }
            Op::Search { by_uid, flag } => {
                let key = match flag.strip_prefix('\\') {
                    Some(system) => system.to_uppercase(),
                    None => format!("KEYWORD {flag}"),
                };
                let heard = self.sessions[who].0.ok(&format!("{}SEARCH {key}", uid(*by_uid))).await;
                let messages = self.model.folders[selected].messages.iter().enumerate();
                let wanted: Vec<u32> = messages
                    .filter(|(_, m)| m.flags.contains(*flag))
                    .map(|(at, m)| if *by_uid { m.uid } else { at as u32 + 1 })
                    .collect();
                assert_eq!(heard.found, wanted, "{key}: {heard:?}");
            }
            Op::Fetch { range, by_uid } => {
                let Some(picked) = self.pick(selected, *range) else { return };
                let command =
                    format!("{}FETCH {} (UID FLAGS BODY.PEEK[TEXT])", uid(*by_uid), set(&picked, *by_uid));
                let heard = self.sessions[who].0.ok(&command).await;
                assert_eq!(heard.fetched.len(), picked.0.len(), "{command}: {heard:?}");
                for (told, number) in heard.fetched.iter().zip(picked.0) {
                    let message = &self.model.folders[selected].messages[number - 1];
                    assert_eq!((told.number, told.uid), (number, Some(message.uid)), "{heard:?}");
                    assert_eq!(told.flags.as_ref(), Some(&message.flags), "{heard:?}");
                    assert_eq!(told.text.as_ref(), Some(&message.text), "{heard:?}");
                }
            }
            Op::Status { folder } => {
                let command = format!("STATUS {} (MESSAGES UIDNEXT UNSEEN DELETED)", self.folders[*folder]);
                // DELETED belongs to IMAP4rev2.
                let heard = self.sessions[who].0.ok(&command).await;
                assert_eq!(heard.status_numbers(), self.model.status(*folder), "{heard:?}");
            }
            Op::Select { folder } => {
                self.select(who, *folder).await;
            }
            Op::Close => {
                let all: Vec<u32> = self.model.folders[selected].messages.iter().map(|m| m.uid).collect();
                self.sessions[who].0.ok("CLOSE").await;
                self.model.expunge(selected, &all);
                self.select(who, selected).await;
            }
        }
    }

    async fn select(&mut self, who: usize, folder: usize) {
        let (session, selected) = &mut self.sessions[who];
        let heard = session.select(&self.folders[folder]).await;
        *selected = folder;
        let truth = &self.model.folders[folder];
        assert_eq!(session.exists, truth.messages.len(), "{heard:?}");
        assert_eq!(heard.code("UIDNEXT"), Some(truth.uid_next.to_string().as_str()), "{heard:?}");
    }
}

#[test]
fn answers_are_those_of_the_model() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // Each case comes with connections of its own, and those of the last take a moment to end.
    let world = runtime.block_on(async {
        World::on(world_database().await, |config| {
            config.limits.connections_per_device = 200;
            config.limits.connections_per_account = 200;
            config.limits.sign_ins_per_device = 10_000;
        })
        .await
    });
    let entrance = world.entrance("anna");
    let cases = setting("POSTERN_CASES", 24);
    // Its own file of regressions would hold what a transcript says better.
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    });
    let number = std::cell::Cell::new(0u32);
    let stream = prop::collection::vec((0usize..3, op()), 1..60);
    let outcome = runner.run(&stream, |ops| {
        number.set(number.get() + 1);
        runtime.block_on(async {
            let mut case = Case::new(&entrance, number.get()).await;
            for (who, op) in &ops {
                case.step(*who, op).await;
            }
        });
        Ok(())
    });
    if let Err(failed) = outcome {
        panic!("{failed}");
    }
    drop(world);
}
