//! R3: time-based one-time passwords (RFC 6238) as every authenticator app knows them: SHA-1, six digits, steps of
//! 30 seconds, one step early or late.

use std::time::{Duration, SystemTime};

use totp_rs::{Builder, Totp};

use crate::types::{Address, Secret};

/// Who the app says the code is for.
const ISSUER: &str = "Secure Mail";
/// RFC 6238 §4.1.
const STEP: Duration = Duration::from_secs(30);

/// 160 random bits (RFC 4226 §4) in base32; `None`: the system has no random numbers.
pub fn new_secret() -> Option<Secret> {
    let mut random = zeroize::Zeroizing::new([0u8; 20]);
    aws_lc_rs::rand::fill(random.as_mut()).ok()?;
    Some(Secret::new(totp_rs::Secret::from(random.to_vec()).to_base32()))
}

fn machine(secret: &Secret, account: &str) -> Option<Totp> {
    let text = std::str::from_utf8(secret.expose()).ok()?;
    let secret = totp_rs::Secret::try_from_base32(text).ok()?;
    Builder::new()
        .with_secret(secret)
        .with_skew(1)
        .with_account_name(account.to_owned())
        .with_issuer(Some(ISSUER.to_owned()))
        .build()
        .ok()
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// The step that a moment lies in.
pub fn step_at(at: SystemTime) -> u64 {
    seconds(at) / STEP.as_secs()
}

/// The step that six digits are right for at a moment; a step that was accepted before is the caller's to refuse.
pub fn matching_step(secret: &Secret, digits: &[u8], at: SystemTime) -> Option<u64> {
    let token = std::str::from_utf8(digits).ok()?;
    machine(secret, "account")?.check(token, seconds(at))
}

/// `otpauth://totp/…`, for the QR code.
pub fn url(secret: &Secret, account: &Address) -> Secret {
    let url = machine(secret, account.as_str()).and_then(|m| m.to_url().ok());
    Secret::new(url.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// RFC 6238 appendix B, cut to six digits.
    #[test]
    fn r3_the_values_of_the_rfc() {
        let secret = Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(matching_step(&secret, code.as_bytes(), at(time)), Some(time / 30), "{time}");
        }
        assert_eq!(matching_step(&secret, b"287082", at(59 + 30)), Some(1), "one step late");
        assert_eq!(matching_step(&secret, b"287082", at(59 + 61)), None);
        assert_eq!(matching_step(&secret, b"000000", at(59)), None);
    }

    #[test]
    fn a_new_secret_makes_a_url() {
        let secret = new_secret().unwrap();
        let url = url(&secret, &Address::parse("anna@secure.example").unwrap());
        let url = std::str::from_utf8(url.expose()).unwrap();
        assert!(url.starts_with("otpauth://totp/Secure%20Mail:anna%40secure.example?secret="), "{url}");
        assert_ne!(secret, new_secret().unwrap());
    }
}
