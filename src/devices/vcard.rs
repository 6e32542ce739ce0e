//! One person as a vCard, in versions 3.0 (RFC 2426) and 4.0 (RFC 6350).

use uuid::Uuid;

/// Longest line in bytes, its line end apart (RFC 6350 §3.2).
const LINE: usize = 75;

/// Which version a program wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// RFC 2426, what most programs speak.
    Three,
    /// RFC 6350.
    Four,
}

impl Version {
    /// As in `VERSION` and in the media type's parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Three => "3.0",
            Self::Four => "4.0",
        }
    }

    /// Of the media type's parameter.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Three, Self::Four].into_iter().find(|v| v.as_str() == text.trim())
    }
}

/// What a card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Its name in the address book.
    pub uid: Uuid,
    /// First name; may be empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// The practice, if any.
    pub practice: Option<String>,
    /// R30.
    pub secure_address: String,
}

impl Person {
    /// First and last name; the address for somebody without either.
    pub fn full_name(&self) -> String {
        let name = format!("{} {}", self.first_name.trim(), self.last_name.trim());
        match name.trim() {
            "" => self.secure_address.clone(),
            name => name.to_owned(),
        }
    }

    /// The card, lines folded and ended by CRLF.
    pub fn vcard(&self, version: Version) -> String {
        let mut out = String::new();
        let mut line = |text: &str| fold(text, &mut out);
        line("BEGIN:VCARD");
        line(&format!("VERSION:{}", version.as_str()));
        line("PRODID:-//postern//EN");
        match version {
            Version::Three => line(&format!("UID:{}", self.uid)),
            Version::Four => {
                line(&format!("UID:urn:uuid:{}", self.uid));
                line("KIND:individual");
            }
        }
        line(&format!("FN:{}", escaped(&self.full_name())));
        line(&format!("N:{};{};;;", escaped(self.last_name.trim()), escaped(self.first_name.trim())));
        line(&match version {
            Version::Three => format!("EMAIL;TYPE=INTERNET,WORK,PREF:{}", escaped(&self.secure_address)),
            Version::Four => format!("EMAIL;TYPE=work;PREF=1:{}", escaped(&self.secure_address)),
        });
        if let Some(practice) = &self.practice {
            line(&format!("ORG:{}", escaped(practice)));
        }
        line("END:VCARD");
        out
    }
}

/// RFC 6350 §3.4; RFC 2426 §4.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ',' | ';' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Between characters, never within one.
fn fold(text: &str, out: &mut String) {
    let mut width = 0;
    for c in text.chars() {
        if width + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn anna() -> Person {
        Person {
            uid: Uuid::from_u128(7),
            first_name: "Änne".to_owned(),
            last_name: "Arnold; M.Sc.".to_owned(),
            practice: Some(
                "Praxis am Markt, Zahnärztinnen und Zahnärzte mit einem ziemlich langen Namen".to_owned(),
            ),
            secure_address: "anne.arnold@secure.example".to_owned(),
        }
    }

    #[test]
    fn both_versions() {
        let three = anna().vcard(Version::Three);
        assert_eq!(
            three,
            "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//postern//EN\r\nUID:00000000-0000-0000-0000-000000000007\r\n\
             FN:Änne Arnold\\; M.Sc.\r\nN:Arnold\\; M.Sc.;Änne;;;\r\n\
             EMAIL;TYPE=INTERNET,WORK,PREF:anne.arnold@secure.example\r\n\
             ORG:Praxis am Markt\\, Zahnärztinnen und Zahnärzte mit einem ziemlich lang\r\n en Namen\r\nEND:VCARD\r\n"
        );
        let four = anna().vcard(Version::Four);
        assert!(four.contains("VERSION:4.0\r\n") && four.contains("UID:urn:uuid:00000000-"), "{four}");
    }

    #[test]
    fn somebody_without_a_name() {
        let person =
            Person { first_name: String::new(), last_name: " ".to_owned(), practice: None, ..anna() };
        assert!(person.vcard(Version::Three).contains("FN:anne.arnold@secure.example\r\nN:;;;;\r\n"));
    }

    proptest! {
        /// No name breaks out of its line.
        #[test]
        fn any_name(first in any::<String>(), last in "[;,\\\\\r\nEND:VCARD ]{0,200}") {
            let person = Person { first_name: first, last_name: last, ..anna() };
            for version in [Version::Three, Version::Four] {
                let card = person.vcard(version);
                prop_assert!(card.split("\r\n").all(|l| l.len() <= LINE && !l.contains(['\r', '\n'])));
                let unfolded = card.replace("\r\n ", "");
                let names: Vec<&str> = unfolded.lines().map(|l| l.split([':', ';']).next().unwrap()).collect();
                let expected: &[&str] = match version {
                    Version::Three => &["BEGIN", "VERSION", "PRODID", "UID", "FN", "N", "EMAIL", "ORG", "END"],
                    Version::Four => &["BEGIN", "VERSION", "PRODID", "UID", "KIND", "FN", "N", "EMAIL", "ORG", "END"],
                };
                prop_assert_eq!(names, expected);
            }
        }
    }
}
