//! The other side, for tests: commands made up at random, and written as some client might.

mod commands;
mod made_up;
mod queries;

use crate::imap::command::*;
use crate::imap::utf7;

pub(super) use made_up::{extended, shared};

/// Writes a command; `style` decides between the ways there are.
pub(super) struct Client {
    out: Vec<u8>,
    style: u64,
}

impl Client {
    pub fn command(body: &CommandBody, style: u64) -> Vec<u8> {
        let mut client = Self { out: b"a1 ".to_vec(), style };
        client.body(body);
        client.raw("\r\n");
        client.out
    }

    /// One of `n` ways.
    fn choose(&mut self, n: u64) -> u64 {
        self.style =
            self.style.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.style >> 33) % n
    }

    fn raw(&mut self, text: &str) -> &mut Self {
        self.out.extend_from_slice(text.as_bytes());
        self
    }

    /// A keyword in some case.
    fn word(&mut self, word: &str) -> &mut Self {
        let word = match self.choose(3) {
            0 => word.to_ascii_lowercase(),
            1 => word.to_ascii_uppercase(),
            _ => word.to_owned(),
        };
        self.raw(&word)
    }

    fn astring(&mut self, bytes: &[u8]) -> &mut Self {
        let atom = !bytes.is_empty() && bytes.iter().all(|b| super::cursor::is_astring_char(*b));
        if atom && self.choose(2) == 0 {
            self.out.extend_from_slice(bytes);
            return self;
        }
        self.string(bytes)
    }

    fn string(&mut self, bytes: &[u8]) -> &mut Self {
        let quotable = bytes.iter().all(|b| (b' '..=b'~').contains(b));
        if quotable && self.choose(3) > 0 {
            self.raw("\"");
            for b in bytes {
                if matches!(b, b'"' | b'\\') {
                    self.raw("\\");
                }
                self.out.push(*b);
            }
            return self.raw("\"");
        }
        let plus = if self.choose(2) == 0 { "+" } else { "" };
        self.raw(&format!("{{{}{plus}}}\r\n", bytes.len()));
        self.out.extend_from_slice(bytes);
        self
    }

    fn name(&mut self, name: &str) -> &mut Self {
        let mut wire = Vec::new();
        utf7::encode(name, &mut wire);
        self.astring(&wire)
    }

    fn pattern(&mut self, pattern: &str) -> &mut Self {
        let mut wire = Vec::new();
        utf7::encode(pattern, &mut wire);
        if self.choose(2) == 0 {
            self.out.extend_from_slice(&wire);
            return self;
        }
        self.string(&wire)
    }

    fn set(&mut self, set: &MessageSet) -> &mut Self {
        match set {
            MessageSet::Numbers(set) => self.raw(&set.to_string()),
            MessageSet::Saved => self.raw("$"),
        }
    }

    fn list<T>(&mut self, members: &[T], mut write: impl FnMut(&mut Self, &T)) -> &mut Self {
        self.raw("(");
        for (i, member) in members.iter().enumerate() {
            if i > 0 {
                self.raw(" ");
            }
            write(self, member);
        }
        self.raw(")")
    }

    fn status(&mut self, items: &[StatusItem]) -> &mut Self {
        self.list(items, |c, i| {
            c.word(i.as_str());
        })
    }

    fn options(&mut self, options: &[(bool, &str)]) -> &mut Self {
        let on: Vec<&str> = options.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        self.list(&on, |c, word| {
            c.word(word);
        })
    }
}
