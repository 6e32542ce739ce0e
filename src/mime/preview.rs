//! The first words of a message, as a list of messages shows them (RFC 8970).
//!
//! Made from the first text part; markup, quoted lines, the signature and whatever is invisible are left
//! out. Encrypted messages have none. Pure: says which part is to be read, and is given its text.

use super::facts::{FactsRef, Role, SectionKind, SectionRef};

/// RFC 8970 §3.3: characters that are shown at most.
const LENGTH: usize = 200;

/// How a text is marked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// `text/plain`, and whatever reads like it.
    Plain,
    /// `text/html`
    Html,
}

/// The part that the preview is made from: the first plain text, else the first HTML; not one of a message
/// inside the message.
pub fn preview_part<'a>(facts: &FactsRef<'a>) -> Option<SectionRef<'a>> {
    let sections = facts.sections();
    let own = |section: &SectionRef<'_>| {
        let mut at = Some(section.index);
        while let Some(index) = at {
            let Some(section) = sections.get(index) else { return false };
            if section.role == Role::Embedded {
                return false;
            }
            at = section.parent;
        }
        section.kind == SectionKind::Leaf && section.decoded_size > 0
    };
    let of_type = |media_type: &str| sections.iter().find(|s| s.media_type == media_type && own(s)).cloned();
    of_type("text/plain").or_else(|| of_type("text/html"))
}

impl SectionRef<'_> {
    /// How the text of this part is marked up.
    pub fn text_form(&self) -> TextForm {
        if self.media_type == "text/html" { TextForm::Html } else { TextForm::Plain }
    }
}

/// The preview of a text, or of its beginning: one line, at most 200 characters; empty where there is
/// nothing to show.
pub fn preview(text: &str, form: TextForm) -> String {
    let stripped;
    let text = match form {
        TextForm::Plain => text,
        TextForm::Html => {
            stripped = mail_parser::decoders::html::html_to_text(text);
            &stripped
        }
    };
    if text.trim_start().starts_with("-----BEGIN PGP MESSAGE") {
        return String::new();
    }
    let own = || text.lines().take_while(|line| !matches!(*line, "-- " | "--"));
    let answer = words(own().filter(|line| !line.starts_with('>')));
    // Nothing but a quotation is better than nothing.
    if answer.is_empty() { words(text.lines()) } else { answer }
}

fn words<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut gap = false;
    for line in lines {
        for c in line.chars() {
            if c.is_whitespace() || c.is_control() {
                gap = true;
            } else if !invisible(c) {
                let gapped = std::mem::take(&mut gap) && length > 0;
                if length + usize::from(gapped) >= LENGTH {
                    return out;
                }
                if gapped {
                    out.push(' ');
                    length += 1;
                }
                out.push(c);
                length += 1;
            }
        }
        gap = true;
    }
    out
}

/// What senders pad the beginning of a newsletter with.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::{Limits, Scanner};
    use proptest::prelude::*;

    #[test]
    fn what_the_sender_wrote() {
        for (text, shown) in [
            ("Guten Tag,\r\n\r\n  der Befund  ist da.\r\n-- \r\nDr. Weber", "Guten Tag, der Befund ist da."),
            ("> Frage\r\nAntwort\r\n> noch eine", "Antwort"),
            ("> nur Zitat", "> nur Zitat"),
            ("-----BEGIN PGP MESSAGE-----\r\nabc", ""),
            ("\u{200b}\u{34f} \u{7}", ""),
            ("", ""),
        ] {
            assert_eq!(preview(text, TextForm::Plain), shown, "{text:?}");
        }
        let html = "<html><head><title>x</title><style>p { color: red }</style></head>\
            <body><p>Z&auml;hne &amp; mehr</p><script>x()</script></body></html>";
        assert_eq!(preview(html, TextForm::Html), "Zähne & mehr");
        assert_eq!(preview(&"ä ".repeat(500), TextForm::Plain).chars().count(), 199);
        assert_eq!(preview(&"ä".repeat(500), TextForm::Plain).chars().count(), 200);
    }

    #[test]
    fn the_first_text_of_the_message_itself() {
        let part = |message: &[u8]| {
            let mut scanner = Scanner::new(Limits::default());
            scanner.feed(message);
            let facts = scanner.finish().facts;
            preview_part(&facts.view()).map(|s| message[s.body.start as usize..s.body.end as usize].to_vec())
        };
        assert_eq!(part(b"Subject: x\r\n\r\nhello\r\n").as_deref(), Some(&b"hello\r\n"[..]));
        let mixed =
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
            Subject: y\r\n\r\ninner\r\n--b\r\nContent-Type: text/html\r\n\r\nouter\r\n--b--\r\n";
        assert_eq!(part(mixed).as_deref(), Some(&b"outer"[..]));
        assert_eq!(part(b"Content-Type: image/png\r\n\r\nxyz"), None);
    }

    proptest! {
        #[test]
        fn one_short_line(text in "\\PC{0,300}|[ -~\r\n<>&;]{0,300}", html in any::<bool>()) {
            let shown = preview(&text, if html { TextForm::Html } else { TextForm::Plain });
            prop_assert!(shown.chars().count() <= LENGTH);
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert_eq!(shown.trim(), &shown);
        }
    }
}
