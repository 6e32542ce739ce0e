//! From the content of a notice to what is sent: a mail in text and HTML, a text message, words to be
//! spoken. The sentences are in a file for each language ([`super::english`]), the frame in
//! `templates/notices`.

use askama::Template as _;

use super::english;
use crate::types::{Channel, NoticeContent};

/// What notices name of this installation.
#[derive(Clone, Debug)]
pub struct Place {
    /// The portal's address, without a slash at the end.
    pub portal_url: String,
}

/// A button, or a line with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub label: String,
    /// Where it leads.
    pub link: String,
}

/// The sentences of a mail, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// BCP 47
    pub language: &'static str,
    /// The mail's subject: never anything of a message.
    pub subject: String,
    /// To whom.
    pub greeting: String,
    /// Paragraphs before the button.
    pub before: Vec<String>,
    /// The button.
    pub action: Option<Action>,
    /// Above the link in letters, for those whose mail program shows no button.
    pub copy_link: &'static str,
    /// Paragraphs after it.
    pub after: Vec<String>,
    /// Who sends this, and that nobody reads answers.
    pub closing: String,
}

/// What is said on the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// BCP 47
    pub language: &'static str,
    /// Sentences, with a pause after each.
    pub sentences: Vec<String>,
}

/// What a carrier sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// A mail.
    Mail {
        /// Its subject.
        subject: String,
        /// `text/plain`, lines ending in LF.
        text: String,
        /// `text/html`
        html: String,
    },
    /// A text message.
    Text(String),
    /// A call.
    Call(Spoken),
}

#[derive(askama::Template)]
#[template(path = "notices/email.txt")]
struct MailText<'a> {
    words: &'a Words,
}

#[derive(askama::Template)]
#[template(path = "notices/email.html")]
struct MailHtml<'a> {
    words: &'a Words,
}

/// Writes a notice for a channel. `name`: of the account's person. `None`: this kind does not travel so.
pub fn write(content: &NoticeContent, channel: Channel, name: &str, place: &Place) -> Option<Written> {
    match channel {
        Channel::Email => {
            let words = english::mail(content, name, place)?;
            let text = MailText { words: &words }.render().ok()?;
            let html = MailHtml { words: &words }.render().ok()?;
            Some(Written::Mail { subject: words.subject, text: tidy(&text), html })
        }
        Channel::Text => english::text(content, place).map(Written::Text),
        Channel::Voice => english::spoken(content).map(Written::Call),
    }
}

/// One empty line between paragraphs, whatever the template left, and a line end at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        // "-- " begins the signature.
        let line = if line == "-- " { line } else { line.trim_end() };
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// A secret's text; what is not UTF-8 is no link and no code.
pub(super) fn shown(secret: &crate::types::Secret) -> Option<String> {
    String::from_utf8(secret.expose().to_vec()).ok()
}
