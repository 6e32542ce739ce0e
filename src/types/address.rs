//! A mail address in the one form that is compared and stored.

/// `local@domain`, lower-case, NFC; domain as U-labels in lower case.
///
/// Accounts are told apart without regard to case in the local part too: the portal hands the
/// addresses out, and a colleague who types `Anna@` means `anna@`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(String);

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `@`, or nothing on one side of it.
    #[error("an address has the form name@domain")]
    Form,
    /// RFC 5321 §4.5.3.1: 64 octets before, 255 after the `@`.
    #[error("the address is too long")]
    Length,
    /// White space, control characters, or a character that needs quoting.
    #[error("the address holds a character that is not allowed")]
    Character,
}

impl Address {
    /// Parses the bare form, without angle brackets, comments or a quoted local part.
    ///
    /// # Errors
    /// [`AddressError`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        use unicode_normalization::UnicodeNormalization;
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Form)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Form);
        }
        if local.len() > 64 || domain.len() > 255 {
            return Err(AddressError::Length);
        }
        let atext =
            |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let label = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-.".contains(c);
        let bad = |c: char| c.is_control() || c.is_whitespace();
        if !local.chars().all(atext) || !domain.chars().all(label) || text.chars().any(bad) {
            return Err(AddressError::Character);
        }
        if [local, domain].iter().any(|s| s.starts_with('.') || s.ends_with('.') || s.contains("..")) {
            return Err(AddressError::Form);
        }
        Ok(Self(text.nfc().flat_map(char::to_lowercase).collect()))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, d)| d)
    }

    /// Whether a mail program without SMTPUTF8 can write it.
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    fn from_str(s: &str) -> Result<Self, AddressError> {
        Self::parse(s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form() {
        assert_eq!(Address::parse("Anna.Weiß@Praxis.Example").unwrap().as_str(), "anna.weiß@praxis.example");
        assert_eq!(Address::parse("a@b").unwrap().domain(), "b");
    }

    #[test]
    fn refusals() {
        for (text, why) in [
            ("anna", AddressError::Form),
            ("@b", AddressError::Form),
            ("a..b@c", AddressError::Form),
            ("a b@c", AddressError::Character),
            ("a\r\n@c", AddressError::Character),
            ("\"a\"@c", AddressError::Character),
        ] {
            assert_eq!(Address::parse(text), Err(why), "{text:?}");
        }
        assert_eq!(Address::parse(&format!("{}@c", "x".repeat(65))), Err(AddressError::Length));
    }
}
