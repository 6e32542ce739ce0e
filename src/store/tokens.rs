//! Random things that people carry: links, web sign-ins, codes.
//!
//! Invariant: they are stored as keyed hashes ([`super::Lookup::token`], [`super::Lookup::code`]) alone.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{KeyError, StoreError};
use crate::types::Secret;

/// Letters of a recovery code: five bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Letters of one: 125 random bits, so that a keyed hash is enough to store (ASVS 5.0, 6.5.2: from 112).
const RECOVERY_LETTERS: usize = 25;

/// 256 random bits as 43 characters that can stand in a link or a cookie.
pub(super) fn random_token() -> Result<Secret, StoreError> {
    let mut random = Zeroizing::new([0; 32]);
    rand::fill(random.as_mut()).map_err(|_| KeyError::Random)?;
    let mut text = Zeroizing::new(String::with_capacity(43));
    URL_SAFE_NO_PAD.encode_string(random.as_ref(), &mut text);
    Ok(Secret::new(text.as_bytes()))
}

/// R3: six digits, each code as likely as any other.
pub(super) fn random_code() -> Result<[u8; 6], StoreError> {
    /// The largest multiple of a million in 32 bits; what lies above is drawn again.
    const FAIR: u32 = u32::MAX / 1_000_000 * 1_000_000;
    loop {
        let mut random = [0; 4];
        rand::fill(&mut random).map_err(|_| KeyError::Random)?;
        let number = u32::from_le_bytes(random);
        if number < FAIR {
            let mut left = number % 1_000_000;
            let mut digits = [0; 6];
            for place in digits.iter_mut().rev() {
                *place = b'0' + (left % 10) as u8;
                left /= 10;
            }
            return Ok(digits);
        }
    }
}

/// R3: a recovery code as it is shown: `k3v9a-0bcde-12345-fghjk-mnpqr`.
pub(super) fn random_recovery_code() -> Result<Secret, StoreError> {
    let mut random = Zeroizing::new([0u8; RECOVERY_LETTERS]);
    rand::fill(random.as_mut()).map_err(|_| KeyError::Random)?;
    let mut shown = Vec::with_capacity(RECOVERY_LETTERS + 2);
    for (i, byte) in random.iter().enumerate() {
        if i > 0 && i % 5 == 0 {
            shown.push(b'-');
        }
        shown.push(ALPHABET[usize::from(byte & 31)]);
    }
    Ok(Secret::new(shown))
}

/// What is hashed for a recovery code as typed: without hyphens, spaces and capitals, and with the digits for
/// the letters that resemble them.
pub(super) fn canonical_recovery(typed: &Secret) -> Zeroizing<Vec<u8>> {
    let letters =
        typed.expose().iter().filter(|b| !b"- ".contains(b)).map(|b| match b.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        });
    Zeroizing::new(letters.take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_256_bits_and_fit_a_link() {
        let token = random_token().unwrap();
        assert_eq!(token.expose().len(), 43);
        assert!(token.expose().iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b)));
        assert_ne!(token.expose(), random_token().unwrap().expose());
    }

    /// R3
    #[test]
    fn codes_are_six_digits() {
        let codes: std::collections::HashSet<_> = (0..200).map(|_| random_code().unwrap()).collect();
        assert!(codes.len() > 190 && codes.iter().flatten().all(u8::is_ascii_digit));
    }

    #[test]
    fn a_recovery_code_however_it_is_typed() {
        let code = random_recovery_code().unwrap();
        let text = String::from_utf8(code.expose().to_vec()).unwrap();
        let typed = Secret::new(text.to_uppercase().replace('-', " ").replace('0', "O"));
        assert_eq!(canonical_recovery(&typed), canonical_recovery(&code));
        assert_eq!(canonical_recovery(&code).len(), RECOVERY_LETTERS);
        const { assert!(RECOVERY_LETTERS * 5 >= 112) };
    }
}
