//! What a certificate file says: for `doctor`, and for the demo to see whether it must be made anew.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

/// The first certificate of a file.
pub struct Certificate {
    /// DNS names and addresses it is for.
    pub names: Vec<String>,
    /// From when it counts.
    pub not_before: SystemTime,
    /// When it ends.
    pub not_after: SystemTime,
}

impl Certificate {
    /// Reads a PEM file.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let pem = Pem::iter_from_buffer(&bytes)
            .flatten()
            .find(|pem| pem.label == "CERTIFICATE")
            .with_context(|| format!("{} holds no certificate", path.display()))?;
        let x509 = pem.parse_x509().with_context(|| format!("{} holds no certificate", path.display()))?;
        let time = |t: x509_parser::time::ASN1Time| {
            SystemTime::UNIX_EPOCH + Duration::from_secs(t.timestamp().max(0).cast_unsigned())
        };
        let alternatives = x509.subject_alternative_name().ok().flatten();
        let names = alternatives.iter().flat_map(|a| &a.value.general_names).filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_ascii_lowercase()),
            GeneralName::IPAddress(bytes) => match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).ok().map(|b| IpAddr::from(b).to_string()),
                _ => <[u8; 16]>::try_from(*bytes).ok().map(|b| IpAddr::from(b).to_string()),
            },
            _ => None,
        });
        Ok(Self {
            names: names.collect(),
            not_before: time(x509.validity().not_before),
            not_after: time(x509.validity().not_after),
        })
    }

    /// Whether a mail program that connects to that name will be content.
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.names
            .iter()
            .any(|name| *name == host || name.strip_prefix("*.").is_some_and(|wild| Some(wild) == parent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_label() {
        let certificate = Certificate {
            names: vec!["*.example.org".to_owned(), "example.org".to_owned()],
            not_before: SystemTime::UNIX_EPOCH,
            not_after: SystemTime::UNIX_EPOCH,
        };
        assert!(certificate.is_for("Mail.example.org") && certificate.is_for("example.org"));
        assert!(!certificate.is_for("a.mail.example.org") && !certificate.is_for("example.com"));
    }
}
