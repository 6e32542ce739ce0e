//! A telephone number in the one form that is compared, stored and dialled.

/// Numbers without a country code are read as numbers of this country.
const HOME: phonenumber::country::Id = phonenumber::country::Id::US;

/// E.164: `+` and at most 15 digits. It is personal data: `Debug` shows its last two digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// Not a number that anybody can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a phone number; please write it with its area code, or with + and the country code")]
pub struct PhoneError;

impl Phone {
    /// As people write it: `(555) 010-0199`, `+49 30 901820`.
    ///
    /// # Errors
    /// [`PhoneError`] for what is no dialable number.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > 40 {
            return Err(PhoneError);
        }
        let number = phonenumber::parse(Some(HOME), text.trim()).map_err(|_| PhoneError)?;
        if number.extension().is_some() || !number.is_valid() {
            return Err(PhoneError);
        }
        let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
        if e164.len() > 16 || !e164.starts_with('+') { Err(PhoneError) } else { Ok(Self(e164)) }
    }

    /// From the normalised text, as it was stored: what was a number stays one, whatever a later list of
    /// numbering plans says.
    pub fn stored(e164: &str) -> Option<Self> {
        let digits = e164.strip_prefix('+')?;
        let fine = (2..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        fine.then(|| Self(e164.to_owned()))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a page may show before the number is proved: `ends in 99`.
    pub fn ending(&self) -> &str {
        &self.0[self.0.len().saturating_sub(2)..]
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone(…{})", self.ending())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form() {
        for text in ["+1 202-555-0143", "(202) 555-0143", "2025550143", "1 202 555 0143", " +12025550143 "] {
            assert_eq!(Phone::parse(text).unwrap().as_str(), "+12025550143", "{text}");
        }
        assert_eq!(Phone::parse("+49 30 901820").unwrap().as_str(), "+4930901820");
    }

    #[test]
    fn no_numbers() {
        for text in ["", "911", "anna", "+1", "123", "+999 1234567", &"1".repeat(50), "2025550143 ext 5"] {
            assert_eq!(Phone::parse(text), Err(PhoneError), "{text}");
        }
    }

    #[test]
    fn debug_hides_it() {
        assert_eq!(format!("{:?}", Phone::parse("+12025550143").unwrap()), "Phone(…43)");
    }
}
