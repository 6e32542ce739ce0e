//! From the configuration to carriers of notices.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use crate::config::{Config, MailTls};
use crate::notices::provider::ProviderSettings;
use crate::notices::smarthost::{SmarthostSettings, TlsFrom};
use crate::notices::{Carriers, OutboxDir, Place, Provider, Smarthost, WorkerSettings};
use crate::types::Secret;

/// What this gateway can send with.
///
/// # Errors
/// In words for the operator: which file or setting.
pub fn carriers(config: &Config) -> anyhow::Result<Carriers> {
    let mut carriers = Carriers::default();
    let timeout = Duration::from_secs(config.notices.attempt_seconds.into());
    if let Some(folder) = &config.notices.outbox_dir {
        let outbox = OutboxDir::new(folder).with_context(|| folder.display().to_string())?;
        carriers.outbox = Some(outbox);
        return Ok(carriers);
    }
    let host = &config.smarthost;
    if !host.host.is_empty() {
        let credentials = match &host.password_file {
            Some(file) => Some((host.user.clone(), secret(file)?)),
            None => None,
        };
        carriers.smarthost = Some(Smarthost::new(SmarthostSettings {
            host: host.host.clone(),
            port: u16::try_from(host.port).context("smarthost.port")?,
            tls: match host.tls {
                MailTls::Implicit => TlsFrom::Connect,
                MailTls::StartTls => TlsFrom::StartTls,
            },
            ca: pem(host.ca_file.as_deref())?,
            credentials,
            from: config.notices.from.clone(),
            hello: config.mail.hostname.clone(),
            timeout,
        })?);
    }
    let phone = &config.phone;
    if let (false, Some(file)) = (phone.base_url.is_empty(), &phone.token_file) {
        let provider = Provider::new(ProviderSettings {
            base_url: phone.base_url.clone(),
            account: phone.account.clone(),
            token: secret(file)?,
            from: phone.from.clone(),
            ca: pem(phone.ca_file.as_deref())?,
            timeout,
        });
        carriers.provider = Some(provider.context("phone")?);
    }
    Ok(carriers)
}

/// How the worker behaves.
pub fn worker_settings(config: &Config) -> WorkerSettings {
    WorkerSettings {
        place: Place { portal_url: config.portal.url.clone() },
        attempt: Duration::from_secs(config.notices.attempt_seconds.into()),
        at_once: config.notices.at_once as usize,
        keep: Duration::from_hours(24 * u64::from(config.notices.keep_days)),
    }
}

/// The only line of a file.
fn secret(file: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let text = zeroize::Zeroizing::new(text);
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains('\n') {
        anyhow::bail!("{} must hold one line", file.display());
    }
    Ok(Secret::new(line))
}

fn pem(file: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    file.map(|f| std::fs::read(f).with_context(|| f.display().to_string())).transpose()
}
