//! A refusal: the SMTP code for the program, the sentence for the person, the rule for the record.
//!
//! Invariants: the text has no control character (a file name chosen by a peer cannot forge a reply
//! line), no full stop at the end (mail programs add one) and at most [`Refusal::MAX_TEXT`] bytes.

use unicode_normalization::UnicodeNormalization;

/// Why a message, an address or a file is not taken, in the user's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// SMTP reply code (RFC 5321 §4.2), always 5yz: trying again changes nothing.
    pub code: u16,
    /// Enhanced status code (RFC 3463).
    pub enhanced: &'static str,
    /// The sentence; UTF-8, see [`Refusal::ascii_text`] for peers that may not get that.
    pub text: String,
    /// The rule's id in `rules.md`.
    pub rule: &'static str,
}

impl Refusal {
    /// Longest text, in bytes: with both codes it fits one reply line (RFC 5321 §4.5.3.1.5).
    pub const MAX_TEXT: usize = 490;

    /// Makes the sentence fit the invariants above.
    pub fn new(rule: &'static str, code: u16, enhanced: &'static str, text: impl AsRef<str>) -> Self {
        let mut clean = plain(text.as_ref());
        clean.truncate(clean.floor_char_boundary(Self::MAX_TEXT));
        clean.truncate(clean.trim_end_matches(['.', ' ']).len());
        Self { code, enhanced, text: clean, rule }
    }

    /// The text for a client that did not ask for SMTPUTF8 (RFC 6531 §3.7.4.1): letters lose their
    /// accents, what has no ASCII form becomes `?`.
    pub fn ascii_text(&self) -> String {
        if self.text.is_ascii() {
            return self.text.clone();
        }
        let mut out = String::with_capacity(self.text.len());
        for c in self.text.nfkd() {
            match c {
                'ß' => out.push_str("ss"),
                '“' | '”' | '„' => out.push('"'),
                '’' | '‘' => out.push('\''),
                c if c.is_ascii() => out.push(c),
                c if unicode_normalization::char::is_combining_mark(c) => {}
                _ => out.push('?'),
            }
        }
        out.truncate(Self::MAX_TEXT);
        out
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} ({})", self.code, self.enhanced, self.text, self.rule)
    }
}

impl std::error::Error for Refusal {}

/// Something a peer chose (a file name, an address) between quotation marks: controls and
/// direction overrides gone, at most 80 characters.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let text = plain(text);
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    format!("\"{short}\"")
}

fn plain(text: &str) -> String {
    let hidden = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(hidden).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peers_words_cannot_forge_a_line() {
        let r = Refusal::new("R19", 550, "5.7.1", format!("no {}.", quoted("a\r\n250 ok\u{202e}")));
        assert_eq!(r.text, "no \"a  250 ok\"");
        assert!(Refusal::new("R19", 550, "5.7.1", "ü".repeat(600)).text.len() <= Refusal::MAX_TEXT);
    }

    #[test]
    fn ascii_for_old_programs() {
        assert_eq!(Refusal::new("R19", 550, "5.7.1", "Röntgen Weiß 東").ascii_text(), "Rontgen Weiss ?");
    }
}
