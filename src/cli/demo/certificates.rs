//! A throw-away CA and the server's certificate, made once for each demo folder.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::state::write_whole;
use crate::cli::certificate::Certificate;

const DAY: Duration = Duration::from_hours(24);
/// Mail programs refuse server certificates that are valid for longer.
const SERVER_DAYS: u32 = 397;
const CA_DAYS: u32 = 3650;

/// Makes what is missing: CA (`ca.pem`, `ca.key`), certificate (`server.pem`, `server.key`), the latter anew a
/// month before it ends or when it lacks a name.
pub(super) fn ensure(dir: &Path, domain: &str, listen: IpAddr) -> anyhow::Result<()> {
    let (ca_file, ca_key_file) = (dir.join("ca.pem"), dir.join("ca.key"));
    if !(ca_file.exists() && ca_key_file.exists()) {
        let key = KeyPair::generate()?;
        let mut ca = parameters(Vec::new(), "postern demo CA", CA_DAYS)?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        write_whole(&ca_key_file, key.serialize_pem().as_bytes())?;
        write_whole(&ca_file, ca.self_signed(&key)?.pem().as_bytes())?;
        // Programs of other users are told to trust it.
        std::fs::set_permissions(&ca_file, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        remove(&dir.join("server.pem"))?;
    }
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1", domain, &format!("autoconfig.{domain}")]
        .map(str::to_owned)
        .to_vec();
    let listen = listen.to_string();
    if !names.contains(&listen) {
        names.push(listen);
    }
    let (certificate_file, key_file) = (dir.join("server.pem"), dir.join("server.key"));
    if let Ok(there) = Certificate::read(&certificate_file)
        && key_file.exists()
        && there.not_after > SystemTime::now() + 30 * DAY
        && names.iter().all(|name| there.names.contains(name))
    {
        return Ok(());
    }
    let ca = std::fs::read_to_string(&ca_key_file).with_context(|| ca_key_file.display().to_string())?;
    // The issuer's name is all that is taken from the CA's own certificate, and that never changes.
    let issuer = Issuer::new(parameters(Vec::new(), "postern demo CA", CA_DAYS)?, KeyPair::from_pem(&ca)?);
    let key = KeyPair::generate()?;
    let mut server = parameters(names, "postern demo", SERVER_DAYS)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    write_whole(&key_file, key.serialize_pem().as_bytes())?;
    write_whole(&certificate_file, server.signed_by(&key, &issuer)?.pem().as_bytes())
}

fn parameters(names: Vec<String>, common_name: &str, days: u32) -> anyhow::Result<CertificateParams> {
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    let now = SystemTime::now();
    parameters.not_before = (now - DAY).into();
    parameters.not_after = (now + days * DAY).into();
    Ok(parameters)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| path.display().to_string())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_renewed_for_a_new_name() {
        let dir = tempfile::tempdir().unwrap();
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        ensure(dir.path(), "secure.test", here).unwrap();
        let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
        let (ca, server) = (read("ca.pem"), read("server.pem"));
        ensure(dir.path(), "secure.test", here).unwrap();
        assert_eq!((read("ca.pem"), read("server.pem")), (ca.clone(), server.clone()));
        ensure(dir.path(), "secure.test", "192.0.2.7".parse().unwrap()).unwrap();
        assert_eq!(read("ca.pem"), ca);
        assert_ne!(read("server.pem"), server);
        let names = Certificate::read(&dir.path().join("server.pem")).unwrap().names;
        let expected =
            ["localhost", "127.0.0.1", "::1", "secure.test", "autoconfig.secure.test", "192.0.2.7"];
        assert!(expected.iter().all(|name| names.contains(&(*name).to_owned())), "{names:?}");
        // By another program's judgement too.
        let verified = std::process::Command::new("openssl")
            .args(["verify", "-x509_strict", "-verify_hostname", "localhost", "-CAfile"])
            .arg(dir.path().join("ca.pem"))
            .arg(dir.path().join("server.pem"))
            .output()
            .unwrap();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    }
}
