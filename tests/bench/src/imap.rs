//! An IMAP client that says what it is told and takes every response apart as far as verifying needs.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::time::timeout;

use crate::base64;
use crate::server::{Server, User};
use crate::wire::{Handshake, Wire};

/// One response: its text without the literals, and those.
#[derive(Default)]
pub struct Response {
    /// The line, literals left out (their `{n}` stays).
    pub text: Vec<u8>,
    literals: Vec<Vec<u8>>,
    used: usize,
}

impl Response {
    /// The literals in their order.
    pub fn literals(&self) -> &[Vec<u8>] {
        &self.literals[..self.used]
    }

    /// The number that follows `word`, as in `UID 17`.
    pub fn number_after(&self, word: &str) -> Option<u64> {
        let at = find(&self.text, word.as_bytes())? + word.len();
        number(&self.text[at..])
    }

    /// Whether the text has `words` in it.
    pub fn has(&self, words: &str) -> bool {
        find(&self.text, words.as_bytes()).is_some()
    }

    /// Whether it is `* n WORD …`.
    pub fn is_numbered(&self, word: &str) -> bool {
        let Some(rest) = self.text.strip_prefix(b"* ") else { return false };
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        digits > 0 && rest[digits..].strip_prefix(b" ").is_some_and(|r| r.starts_with(word.as_bytes()))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.used = 0;
    }
}

/// Where `needle` stands in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|w| w == needle)
}

fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}

/// A signed-in connection.
pub struct Imap {
    wire: Wire,
    tag: u32,
    response: Response,
}

impl Imap {
    /// Connects and signs in.
    pub async fn sign_in(server: &Server, user: &User, handshake: Handshake) -> anyhow::Result<Self> {
        let mut imap = Self::connect(server, handshake).await?;
        imap.authenticate(user).await?;
        Ok(imap)
    }

    /// Connects and reads the greeting.
    pub async fn connect(server: &Server, handshake: Handshake) -> anyhow::Result<Self> {
        let wire = Wire::open(server.imap, server.source(), &server.trust, handshake).await?;
        let mut imap = Self { wire, tag: 0, response: Response::default() };
        imap.next().await?;
        ensure!(imap.response.text.starts_with(b"* OK"), "greeting: {}", imap.shown());
        Ok(imap)
    }

    /// AUTHENTICATE PLAIN with its initial response.
    pub async fn authenticate(&mut self, user: &User) -> anyhow::Result<()> {
        let initial = base64::encode(format!("\0{}\0{}", user.address, user.secret).as_bytes());
        self.run(&format!("AUTHENTICATE PLAIN {initial}")).await.map(drop)
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.response.text[..self.response.text.len().min(300)]).into_owned()
    }

    /// The next response, whole.
    pub async fn next(&mut self) -> anyhow::Result<&Response> {
        self.response.clear();
        loop {
            self.wire.line(&mut self.response.text).await?;
            let Some(count) = literal(&self.response.text) else { return Ok(&self.response) };
            let at = self.response.used;
            if at == self.response.literals.len() {
                self.response.literals.push(Vec::new());
            }
            self.response.literals[at].clear();
            self.response.used += 1;
            self.wire.counted(count, &mut self.response.literals[at]).await?;
        }
    }

    /// Sends a command and answers its tagged OK.
    pub async fn run(&mut self, command: &str) -> anyhow::Result<String> {
        self.each(command.as_bytes(), |_| Ok(())).await
    }

    /// The same, with each untagged response shown to `on`.
    pub async fn each(
        &mut self,
        command: &[u8],
        mut on: impl FnMut(&Response) -> anyhow::Result<()>,
    ) -> anyhow::Result<String> {
        self.tag += 1;
        let tag = format!("a{} ", self.tag);
        let mut line = tag.clone().into_bytes();
        line.extend_from_slice(command);
        line.extend_from_slice(b"\r\n");
        self.wire.write(&line).await?;
        loop {
            self.next().await?;
            if self.response.text.starts_with(tag.as_bytes()) {
                let answer = String::from_utf8_lossy(&self.response.text[tag.len()..]).into_owned();
                if !answer.starts_with("OK") {
                    bail!("{}: {answer}", String::from_utf8_lossy(&command[..command.len().min(80)]));
                }
                return Ok(answer);
            }
            on(&self.response)?;
        }
    }

    /// Selects it; how many messages it has.
    pub async fn select(&mut self, mailbox: &str) -> anyhow::Result<u64> {
        let mut exists = None;
        self.each(format!("SELECT {mailbox}").as_bytes(), |r| {
            if r.is_numbered("EXISTS") {
                exists = number(&r.text[2..]);
            }
            Ok(())
        })
        .await?;
        exists.context("SELECT without EXISTS")
    }

    /// Makes it, if it is not there.
    pub async fn create(&mut self, mailbox: &str) {
        let _there_already = self.run(&format!("CREATE {mailbox}")).await;
    }

    /// STATUS: messages and UIDNEXT.
    pub async fn status(&mut self, mailbox: &str) -> anyhow::Result<(u64, u64)> {
        let mut found = None;
        self.each(format!("STATUS {mailbox} (MESSAGES UIDNEXT)").as_bytes(), |r| {
            if r.text.starts_with(b"* STATUS") {
                found = r.number_after("MESSAGES ").zip(r.number_after("UIDNEXT "));
            }
            Ok(())
        })
        .await?;
        found.context("no STATUS")
    }

    /// APPENDs messages in one command (RFC 3502), with their dates.
    pub async fn append(&mut self, mailbox: &str, messages: &[(String, Vec<u8>)]) -> anyhow::Result<()> {
        let total: usize = messages.iter().map(|m| m.1.len() + 64).sum();
        let mut command = Vec::with_capacity(total + 64);
        command.extend_from_slice(format!("APPEND {mailbox}").as_bytes());
        for (date, message) in messages {
            let date = if date.is_empty() { String::new() } else { format!(" \"{date}\"") };
            command.extend_from_slice(format!("{date} {{{}+}}\r\n", message.len()).as_bytes());
            command.extend_from_slice(message);
        }
        self.each(&command, |_| Ok(())).await.map(drop)
    }

    /// SEARCH; the numbers found.
    pub async fn search(&mut self, keys: &str) -> anyhow::Result<Vec<u64>> {
        let mut found = Vec::new();
        self.each(format!("UID SEARCH {keys}").as_bytes(), |r| {
            if let Some(rest) = r.text.strip_prefix(b"* SEARCH") {
                let rest = std::str::from_utf8(rest)?;
                found.extend(rest.split_ascii_whitespace().filter_map(|n| n.parse::<u64>().ok()));
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// Goes into IDLE; [`pushed`](Self::pushed) then waits, [`done`](Self::done) ends it.
    pub async fn idle(&mut self) -> anyhow::Result<()> {
        self.tag += 1;
        self.wire.write(format!("a{} IDLE\r\n", self.tag).as_bytes()).await?;
        while !self.next().await?.text.starts_with(b"+") {}
        Ok(())
    }

    /// Waits until `EXISTS` comes on its own.
    pub async fn pushed(&mut self, patience: Duration) -> anyhow::Result<u64> {
        let wait = async {
            loop {
                let response = self.next().await?;
                if response.is_numbered("EXISTS") {
                    return number(&response.text[2..]).context("EXISTS of nothing");
                }
            }
        };
        timeout(patience, wait).await.context("no EXISTS was pushed")?
    }

    /// Ends IDLE.
    pub async fn done(&mut self) -> anyhow::Result<()> {
        self.wire.write(b"DONE\r\n").await?;
        let tag = format!("a{} ", self.tag);
        while !self.next().await?.text.starts_with(tag.as_bytes()) {}
        Ok(())
    }

    /// LOGOUT, and the connection closed.
    pub async fn logout(mut self) -> anyhow::Result<()> {
        self.run("LOGOUT").await?;
        self.wire.close().await;
        Ok(())
    }
}

/// The count of a literal that the line ends with.
fn literal(line: &[u8]) -> Option<usize> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|b| *b == b'{')?;
    let digits = &inner[open + 1..];
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_told_from_braces() {
        assert_eq!(literal(b"* 1 FETCH (BODY[] {12}"), Some(12));
        assert_eq!(literal(b"* OK {}"), None);
        assert_eq!(literal(b"* OK {1x}"), None);
        assert_eq!(literal(b"* OK 12}"), None);
    }

    #[test]
    fn numbers_of_a_response() {
        let response = Response { text: b"* 12 FETCH (UID 17 FLAGS ())".to_vec(), ..Response::default() };
        assert!(response.is_numbered("FETCH"));
        assert!(!response.is_numbered("EXISTS"));
        assert_eq!(response.number_after("UID "), Some(17));
    }
}
