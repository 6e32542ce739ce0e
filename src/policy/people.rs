//! R3, R6–R8, R15, R22, R24: what people may say and do about accounts, as pure checks.

use crate::types::{Address, Phone, PhoneError, Tier};

/// Longest first or last name, in characters.
const NAME_MAX: usize = 100;
/// Longest ADA number.
const ADA_MAX: usize = 20;
/// Most specialties, and longest one.
const SPECIALTIES: (usize, usize) = (10, 60);
/// Longest signature.
const SIGNATURE_MAX: usize = 2_000;
/// R3: digits of a code.
pub const CODE_DIGITS: usize = 6;

/// R7, R15: only a paid account invites.
pub fn may_invite(tier: Tier) -> bool {
    tier == Tier::Paid
}

/// R30: an ordinary address lies outside of the portal's own domain.
pub fn is_ordinary(address: &Address, own_domain: &str) -> bool {
    !address.domain().eq_ignore_ascii_case(own_domain)
}

/// A first or last name without white space around it; `None`: none. Names stand in notices to people outside:
/// nothing that a mail program would make a link of is a name, nor what turns text around or hides.
pub fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let fine =
        !text.is_empty() && text.chars().count() <= NAME_MAX && text.chars().all(in_a_name) && !is_link(text);
    fine.then(|| text.to_owned())
}

fn in_a_name(c: char) -> bool {
    let invisible = matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    !c.is_control() && !invisible && !"/\\:@<>|".contains(c)
}

/// A point with two letters or digits behind it, as in `evil.example`; `J.R.` and `Dr. Weber` have none.
fn is_link(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    chars.windows(3).any(|w| ".。．｡".contains(w[0]) && w[1].is_alphanumeric() && w[2].is_alphanumeric())
}

/// R6: an ADA number; may be empty. `None`: too long, or no number.
pub fn ada_number(text: &str) -> Option<String> {
    let text = text.trim();
    let fine = text.len() <= ADA_MAX && text.chars().all(|c| c.is_ascii_alphanumeric() || " -".contains(c));
    fine.then(|| text.to_owned())
}

/// R6: specialties, the empty ones left out. `None`: too many or too long.
pub fn specialties(texts: &[String]) -> Option<Vec<String>> {
    let kept: Vec<String> = texts.iter().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect();
    let fine = |t: &String| t.chars().count() <= SPECIALTIES.1 && !t.chars().any(char::is_control);
    (kept.len() <= SPECIALTIES.0 && kept.iter().all(fine)).then_some(kept)
}

/// R22: a signature with lines by LF and nothing after the last character. `None`: too long, or controls.
pub fn signature(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim_end();
    let fine = text.chars().count() <= SIGNATURE_MAX
        && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    fine.then(|| text.to_owned())
}

/// R24: an IANA name of the bundled database.
pub fn is_time_zone(name: &str) -> bool {
    time_zones().binary_search(&name).is_ok()
}

/// R24: all of them, sorted.
pub fn time_zones() -> &'static [&'static str] {
    static NAMES: std::sync::OnceLock<Vec<&'static str>> = std::sync::OnceLock::new();
    NAMES.get_or_init(|| {
        let place =
            |name: &str| name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("posix");
        let mut names: Vec<&'static str> = jiff::tz::TimeZoneDatabase::bundled()
            .available()
            .map(|name| name.to_string())
            .filter(|name| name == "UTC" || place(name))
            .map(|name| &*name.leak())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    })
}

/// R3: what was typed as a code, without the spaces and hyphens people put in. `None`: no code.
pub fn code(typed: &[u8]) -> Option<[u8; CODE_DIGITS]> {
    let mut digits = typed.iter().copied().filter(|b| !b" -".contains(b));
    let mut out = [0; CODE_DIGITS];
    for place in &mut out {
        *place = digits.next().filter(u8::is_ascii_digit)?;
    }
    digits.next().is_none().then_some(out)
}

/// R15: a phone number as typed.
pub fn phone(text: &str) -> Result<Phone, PhoneError> {
    Phone::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_free_accounts_do_not_invite() {
        assert!(may_invite(Tier::Paid) && !may_invite(Tier::Free));
    }

    #[test]
    fn r24_time_zones() {
        for good in ["America/New_York", "Europe/Berlin", "UTC"] {
            assert!(is_time_zone(good), "{good}");
        }
        for bad in ["", "Europe/Atlantis", "europe/berlin", "../etc/passwd", "EST5EDT"] {
            assert!(!is_time_zone(bad), "{bad}");
        }
    }

    #[test]
    fn r6_texts() {
        assert_eq!(name("  Anna "), Some("Anna".to_owned()));
        for bad in [
            "https://evil.example",
            "www.evil.example",
            "evil.example",
            "a@b",
            "Anna\u{202e}x",
            "<b>",
            "a。evil",
        ] {
            assert_eq!(name(bad), None, "{bad}");
        }
        for good in ["Dr. Anna J.R.", "O’Brien", "Jean-Luc", "José María", "李", "Anna (Nan)", "नेहा\u{200d}"]
        {
            assert_eq!(name(good).as_deref(), Some(good));
        }
        assert_eq!(name("a\nb").or(name("")).or(name(&"x".repeat(101))), None);
        assert_eq!(ada_number(" 123-456 "), Some("123-456".to_owned()));
        assert_eq!(ada_number("<b>"), None);
        assert_eq!(specialties(&["Endodontics ".into(), " ".into()]), Some(vec!["Endodontics".to_owned()]));
        assert_eq!(specialties(&vec!["x".to_owned(); 11]), None);
        assert_eq!(signature("Dr. Weber\r\nPraxis\r\n\r\n"), Some("Dr. Weber\nPraxis".to_owned()));
        assert_eq!(signature("a\u{0}b").or(signature(&"x".repeat(2_001))), None);
    }

    #[test]
    fn r3_codes_as_typed() {
        assert_eq!(code(b"123 456"), Some(*b"123456"));
        assert_eq!(code(b"123-456"), Some(*b"123456"));
        for bad in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(code(bad.as_bytes()), None, "{bad}");
        }
    }
}
