//! What a client does next.

use std::time::Duration;

use super::watcher::{Kind, Watcher, code, uids};

/// From here on a client rather removes than adds.
const MANY: usize = 150;

impl Watcher {
    fn any(&mut self) -> Option<(usize, u32)> {
        let all: Vec<(usize, u32)> =
            self.order.iter().enumerate().filter_map(|(at, uid)| uid.map(|uid| (at + 1, uid))).collect();
        // Often the first, so that several want the same.
        match all.len() {
            0 => None,
            n if self.dice.roll(4) > 0 => Some(all[self.dice.roll(n)]),
            _ => Some(all[0]),
        }
    }

    /// One command or two, chosen at random.
    pub async fn step(&mut self) {
        let Some((number, uid)) = self.any() else {
            return self.append(1).await;
        };
        if self.order.len() > MANY && self.dice.roll(2) == 0 {
            return self.thin_out(uid).await;
        }
        match self.dice.roll(30) {
            0..=3 => self.append(1).await,
            4 => self.append(3).await,
            5..=8 => self.mark(number, uid).await,
            9 => self.mark_unless_changed(uid).await,
            10..=11 => {
                let sign = if self.dice.roll(2) == 0 { '+' } else { '-' };
                self.run(&format!("UID STORE {uid}:* {sign}FLAGS (\\Seen \\Flagged)")).await;
            }
            12..=13 => self.remove(uid).await,
            14 => self.mark_deleted(uid).await,
            15 => self.expunge().await,
            16 => {
                self.oracle.may_go([uid]);
                let said = self.run(&format!("UID MOVE {uid} Trash")).await;
                if said.starts_with("OK") {
                    self.oracle.told_gone(uid);
                }
            }
            17..=18 => {
                let said = self.run(&format!("UID COPY {uid} INBOX")).await;
                if let Some(copied) = code(&said, "COPYUID") {
                    let to = uids(copied.rsplit(' ').next().unwrap()).next().unwrap();
                    self.oracle.copied(uid, to);
                }
            }
            19 => self.replace(uid).await,
            20 => self.idle().await,
            21 => self.come_back().await,
            22 => self.reconnect().await,
            23 => self.search().await,
            24..=25 => {
                let range = if self.dice.roll(2) == 0 { ":*" } else { "" };
                if self.kind == Kind::UidOnly {
                    self.run(&format!("UID FETCH {uid}{range} (FLAGS BODY.PEEK[])")).await;
                } else {
                    self.run(&format!("FETCH {number}{range} (UID BODY.PEEK[])")).await;
                }
            }
            26 if self.kind != Kind::UidOnly => {
                self.run(&format!("FETCH {number}:* {}", self.kind.items())).await;
            }
            27 => {
                let said = self.run("CHECK").await;
                assert!(said.starts_with("OK") || self.kind == Kind::Rev2, "{self}: {said}");
            }
            _ => {
                self.run("NOOP").await;
            }
        }
        if self.dice.roll(4) > 0 {
            self.complete().await;
        }
    }

    fn text(&mut self) -> String {
        format!("Subject: from {} {}\r\n\r\ntext\r\n", self.name, self.dice.number())
    }

    /// New messages, of one text.
    pub async fn append(&mut self, messages: usize) {
        let text = self.text();
        let literal = format!("{{{}+}}\r\n{text}", text.len());
        let all = vec![literal; messages].join(" ");
        let said = self.run(&format!("APPEND INBOX {all}")).await;
        let stored = code(&said, "APPENDUID").unwrap_or_else(|| panic!("{self}: {said}"));
        let stored: Vec<u32> = uids(stored.split(' ').nth(1).unwrap()).collect();
        assert_eq!(stored.len(), messages);
        self.oracle.stored(&stored, Some(&text));
    }

    async fn replace(&mut self, uid: u32) {
        self.oracle.may_go([uid]);
        let text = self.text();
        self.send(&format!("UID REPLACE {uid} INBOX {{{}+}}\r\n{text}", text.len())).await;
        loop {
            let line = self.line().await;
            // RFC 8508 §3.3: the new UID comes before the old one goes.
            if let Some(stored) = code(&line, "APPENDUID") {
                let stored: Vec<u32> = uids(stored.split(' ').nth(1).unwrap()).collect();
                self.oracle.stored(&stored, Some(&text));
            }
            if let Some(last) = line.strip_prefix("t ") {
                if last.starts_with("OK") {
                    self.oracle.told_gone(uid);
                }
                return;
            }
            self.take_in(&line);
        }
    }

    /// The client's own keyword on or off.
    async fn mark(&mut self, number: usize, uid: u32) {
        let on = self.dice.roll(2) == 0;
        let silent = if self.dice.roll(2) == 0 { ".SILENT" } else { "" };
        let what = format!("{}FLAGS{silent} ({})", if on { '+' } else { '-' }, self.keyword());
        let said = if self.dice.roll(2) == 0 && self.kind != Kind::UidOnly {
            self.run(&format!("STORE {number} {what}")).await
        } else {
            self.run(&format!("UID STORE {uid} {what}")).await
        };
        // Silence with EXPUNGEISSUED may mean that this message was gone (RFC 2180 §4.2, RFC 5530 §3); it was not, if
        // its MODSEQ was told (RFC 7162 §3.1.3).
        let told = self.stamped.contains_key(&uid);
        if said.starts_with("OK") && (told || !said.contains("EXPUNGEISSUED")) {
            self.marked(uid, on, !silent.is_empty());
        } else if said.starts_with("OK") {
            self.own.remove(&uid);
            self.run(&format!("UID FETCH {uid} {}", self.kind.items())).await;
        } else {
            assert!(self.oracle.may_be_gone(uid), "{self}: {said}");
        }
    }

    fn marked(&mut self, uid: u32, on: bool, silently: bool) {
        let keyword = self.keyword();
        self.own.insert(uid, on);
        if silently && let Some(known) = self.known.get_mut(&uid) {
            // What a client that asked for silence must do itself.
            if on {
                known.flags.insert(keyword);
            } else {
                known.flags.remove(&keyword);
            }
        }
    }

    /// RFC 7162 §3.1.3: changed only when nobody else did, as far as this client knows.
    async fn mark_unless_changed(&mut self, uid: u32) {
        let Some(unless) = self.known[&uid].modseq else { return };
        let on = !self.known[&uid].flags.contains(&self.keyword());
        let sign = if on { '+' } else { '-' };
        let command = format!("UID STORE {uid} (UNCHANGEDSINCE {unless}) {sign}FLAGS ({})", self.keyword());
        let said = self.run(&command).await;
        if said.starts_with("OK") && !said.contains("MODIFIED") {
            self.marked(uid, on, false);
            if let Some(after) = self.stamped.get(&uid).filter(|after| **after > unless) {
                self.oracle.conditional(uid, unless, *after);
            }
        } else {
            assert!(self.oracle.may_be_gone(uid) || said.contains("MODIFIED"), "{self}: {said}");
        }
    }

    async fn mark_deleted(&mut self, uid: u32) {
        self.oracle.may_go([uid]);
        self.run(&format!("UID STORE {uid} +FLAGS (\\Deleted)")).await;
    }

    async fn remove(&mut self, uid: u32) {
        self.mark_deleted(uid).await;
        let said = self.run(&format!("UID EXPUNGE {uid}")).await;
        assert!(said.starts_with("OK"), "{self}: {said}");
        self.oracle.told_gone(uid);
    }

    /// Whatever anybody marked.
    async fn expunge(&mut self) {
        let command = if self.kind == Kind::UidOnly { "UID EXPUNGE 1:*" } else { "EXPUNGE" };
        let said = self.run(command).await;
        assert!(said.starts_with("OK"), "{self}: {said}");
    }

    async fn thin_out(&mut self, from: u32) {
        let to = from + 40;
        self.oracle.may_go(from..=to);
        self.run(&format!("UID STORE {from}:{to} +FLAGS.SILENT (\\Deleted)")).await;
        let said = self.run(&format!("UID EXPUNGE {from}:{to}")).await;
        assert!(said.starts_with("OK"), "{self}: {said}");
        self.complete().await;
    }

    async fn idle(&mut self) {
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

    /// Leaves the mailbox, removing what is marked or not, and selects it again.
    async fn come_back(&mut self) {
        let leave = *self.dice.one(&["CLOSE", "UNSELECT", "NOOP"]);
        let said = self.run(leave).await;
        assert!(said.starts_with("OK"), "{self}: {said}");
        if self.kind.vanishes() {
            self.resynchronise(false).await;
        } else {
            self.known.clear();
            self.select("SELECT INBOX").await;
        }
    }

    async fn search(&mut self) {
        let ask = match self.kind {
            Kind::UidOnly => "UID SEARCH RETURN (COUNT) KEYWORD client0",
            _ => self.dice.one(&[
                "SEARCH RETURN (MIN MAX COUNT) KEYWORD client0",
                "SEARCH UNSEEN",
                "SEARCH FLAGGED",
                "UID SEARCH ALL",
                "SEARCH 1:* NOT DELETED",
            ]),
        };
        let said = self.run(ask).await;
        assert!(said.starts_with("OK"), "{self}: {said}");
    }
}
