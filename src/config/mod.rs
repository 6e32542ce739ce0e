//! The configuration: one TOML file, typed, each setting overridable from the environment.
//!
//! Invariants: an unknown section, key or `POSTERN_` variable is an error that names the nearest known
//! one; relative paths are relative to the file; secrets are in files of their own; `settings.rs` is the
//! only place that knows a setting. Imports nothing of postern: `cli::serve` hands each module its part.

mod render;
mod settings;
mod value;

use std::path::{Path, PathBuf};

pub use render::{manual, sample};
pub use settings::{
    Attachments, Audit, Config, Database, Imap, Keys, Limits, Log, Mail, Metrics, Notices, Phone, Portal,
    Section, Smarthost, Submission, Support, Tls, sections,
};
pub use value::{Hidden, LogFormat, MailTls};

/// The variable that names the configuration file; every other `POSTERN_` variable is a setting.
pub const FILE_VARIABLE: &str = "POSTERN_CONFIG";
/// Where the file is looked for when nothing else names it.
pub const DEFAULT_FILE: &str = "/etc/postern/postern.toml";

/// Why there is no configuration to run with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, or one it names, cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not TOML, or a value of the wrong type.
    #[error("{}: {message}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Line, column and reason.
        message: String,
    },
    /// A section or key that does not exist.
    #[error("{place}: unknown {what} \"{name}\"{hint}")]
    Unknown {
        /// File or "environment".
        place: String,
        /// "section", "setting", "variable".
        what: &'static str,
        /// As written.
        name: String,
        /// The nearest known one, as a half-sentence.
        hint: String,
    },
    /// A `POSTERN_` variable whose text does not fit its setting.
    #[error("environment variable {variable}: {message}")]
    Variable {
        /// Its name.
        variable: String,
        /// What was expected.
        message: String,
    },
    /// Settings that do not fit each other or are missing.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

impl Config {
    /// Reads the file, lays the environment over it and checks the result.
    ///
    /// # Errors
    /// [`ConfigError`] says what to change.
    pub fn load(path: &Path, env: &[(String, String)]) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config = Self::parse(&text, path, env)?;
        config.resolve(path.parent().unwrap_or(Path::new(".")));
        config.validate()?;
        Ok(config)
    }

    /// The variables of this process that may be settings.
    pub fn environment() -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("POSTERN_") && name != FILE_VARIABLE)
            .collect()
    }

    fn parse(text: &str, path: &Path, env: &[(String, String)]) -> Result<Self, ConfigError> {
        let sections = sections();
        let syntax = |e: toml::de::Error| ConfigError::Syntax {
            path: path.to_owned(),
            message: e.to_string().trim_end().to_owned(),
        };
        let mut table: toml::Table = toml::from_str(text).map_err(syntax)?;
        refuse_unknown(&table, &sections, path)?;
        // Once with the text itself, whose errors point at line and column.
        let config: Self = toml::from_str(text).map_err(syntax)?;
        if env.is_empty() {
            return Ok(config);
        }
        for (variable, value) in env {
            let (section, key) = sections
                .iter()
                .flat_map(|s| s.keys.iter().map(move |k| (s, k)))
                .find(|(s, k)| s.variable(k) == *variable)
                .ok_or_else(|| unknown_variable(variable, &sections))?;
            let value = (key.from_env)(value);
            let mut alone = toml::Table::new();
            alone.insert(key.name.to_owned(), value.clone());
            let mut root = toml::Table::new();
            root.insert(section.name.to_owned(), toml::Value::Table(alone));
            root.try_into::<Self>().map_err(|e| ConfigError::Variable {
                variable: variable.clone(),
                message: e.message().to_owned(),
            })?;
            let place = table.entry(section.name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(place) = place {
                place.insert(key.name.to_owned(), value);
            }
        }
        table.try_into().map_err(syntax)
    }

    fn resolve(&mut self, base: &Path) {
        let paths = [
            &mut self.database.data_dir,
            &mut self.keys.master_file,
            &mut self.tls.certificate_file,
            &mut self.tls.key_file,
        ];
        let optional = [
            &mut self.database.url_file,
            &mut self.notices.outbox_dir,
            &mut self.smarthost.password_file,
            &mut self.smarthost.ca_file,
            &mut self.phone.token_file,
            &mut self.phone.ca_file,
            &mut self.audit.head_file,
        ];
        for path in paths.into_iter().chain(optional.into_iter().flatten()) {
            *path = base.join(&*path);
        }
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with one sentence for each fault.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let mut faults = Vec::new();
        for (name, value) in [("mail.domain", &self.mail.domain), ("mail.hostname", &self.mail.hostname)] {
            let label = |l: &str| {
                !l.is_empty() && l.len() <= 63 && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            };
            if value.is_empty() {
                faults.push(format!("{name} is not set"));
            } else if value.len() > 253 || !value.split('.').all(label) {
                faults.push(format!(
                    "{name}: \"{value}\" is no domain name (an international one is written xn--…)"
                ));
            }
        }
        let url = &self.portal.url;
        if url.is_empty() {
            faults.push("portal.url is not set".to_owned());
        } else if !url.starts_with("https://") || url.ends_with('/') || url.len() == "https://".len() {
            faults.push(format!("portal.url: \"{url}\" must begin with https:// and not end in a slash"));
        }
        let database = &self.database.url.0;
        let known = ["embedded", "postgres://", "postgresql://"];
        if self.database.url_file.is_none() && !known.iter().any(|k| database.starts_with(k)) {
            faults.push("database.url must be \"embedded\" or begin with postgres://".to_owned());
        }
        let limits = &self.limits;
        for (name, value, least) in [
            ("database.connections", self.database.connections, 4),
            ("limits.attachments_mb", limits.attachments_mb, 1),
            ("limits.text_mb", limits.text_mb, 1),
            ("limits.connections", limits.connections, 1),
            ("limits.connections_per_address", limits.connections_per_address, 1),
            ("limits.connections_per_account", limits.connections_per_account, 5),
            ("limits.connections_per_device", limits.connections_per_device, 5),
            ("limits.sign_ins_per_device", limits.sign_ins_per_device, 10),
            ("limits.sign_in_seconds", limits.sign_in_seconds, 5),
            ("limits.imap_idle_minutes", limits.imap_idle_minutes, 30),
            ("limits.submission_idle_minutes", limits.submission_idle_minutes, 5),
            ("notices.attempt_seconds", self.notices.attempt_seconds, 1),
            ("notices.at_once", self.notices.at_once, 1),
            ("notices.keep_days", self.notices.keep_days, 1),
            ("audit.keep_years", self.audit.keep_years, 1),
        ] {
            if value < least {
                faults.push(format!("{name} is {value}, it must be at least {least}"));
            }
        }
        self.validate_notices(&mut faults);
        if limits.attachments_mb > 4096 || limits.text_mb > 4096 {
            faults.push("limits.attachments_mb and limits.text_mb may be 4096 at most".to_owned());
        }
        if self.imap.tls_listen.is_empty() && self.imap.starttls_listen.is_empty() {
            faults.push("imap.tls_listen is empty: no mail program could read".to_owned());
        }
        if faults.is_empty() { Ok(()) } else { Err(ConfigError::Invalid(faults)) }
    }

    fn validate_notices(&self, faults: &mut Vec<String>) {
        let Self { notices, smarthost, phone, mail, .. } = self;
        if !smarthost.host.is_empty() {
            let domain = notices.from.rsplit('@').next().unwrap_or("").trim_end_matches('>');
            if notices.from.is_empty() {
                faults.push("notices.from is not set, and there is a smarthost".to_owned());
            } else if domain.eq_ignore_ascii_case(&mail.domain) {
                faults.push(format!(
                    "notices.from lies in {}, which sends no mail itself: use a domain of its own",
                    mail.domain
                ));
            }
            if smarthost.user.is_empty() == smarthost.password_file.is_some() {
                faults.push("smarthost.user and smarthost.password_file belong together".to_owned());
            }
        }
        if smarthost.port == 0 || smarthost.port > 65_535 {
            faults.push(format!("smarthost.port is {}, it must be 1 to 65535", smarthost.port));
        }
        let url = &phone.base_url;
        if !url.is_empty() {
            let near = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
            let in_the_clear = near.iter().any(|n| {
                url.strip_prefix(n).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            });
            if !(url.starts_with("https://") || in_the_clear) || url.ends_with('/') {
                faults.push(format!(
                    "phone.base_url: \"{url}\" must begin with https:// and not end in a slash"
                ));
            }
            if phone.account.is_empty() || phone.token_file.is_none() || phone.from.is_empty() {
                faults.push("phone.account, phone.token_file and phone.from must be set, too".to_owned());
            }
        }
    }

    /// Whether the gateway runs its own PostgreSQL.
    pub fn embedded(&self) -> bool {
        self.database.url_file.is_none() && self.database.url.0 == "embedded"
    }

    /// The server's address, from the setting or the file; `None`: [`Config::embedded`].
    ///
    /// # Errors
    /// [`ConfigError::Read`] for the file.
    pub fn server_url(&self) -> Result<Option<String>, ConfigError> {
        match &self.database.url_file {
            Some(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(Some(text.trim().to_owned())),
                Err(source) => Err(ConfigError::Read { path: path.clone(), source }),
            },
            None => Ok((!self.embedded()).then(|| self.database.url.0.clone())),
        }
    }

    /// The configuration as a file that [`Config::load`] reads back.
    ///
    /// # Errors
    /// A path that is no UTF-8 cannot be written.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

fn refuse_unknown(table: &toml::Table, sections: &[Section], path: &Path) -> Result<(), ConfigError> {
    let place = path.display().to_string();
    for (name, value) in table {
        let Some(section) = sections.iter().find(|s| s.name == name) else {
            let keys = sections.iter().flat_map(|s| s.keys.iter().map(move |k| (k.name, s.name)));
            let hint = match keys.into_iter().find(|(key, _)| key == name) {
                Some((_, home)) => format!(": a setting of that name belongs into [{home}]"),
                None => nearest(name, sections.iter().map(|s| s.name.to_owned())),
            };
            return Err(ConfigError::Unknown { place, what: "section", name: name.clone(), hint });
        };
        let Some(keys) = value.as_table() else {
            return Err(ConfigError::Syntax {
                path: path.to_owned(),
                message: format!("\"{name}\" is a section: write [{name}] and its settings below"),
            });
        };
        if let Some(key) = keys.keys().find(|key| section.keys.iter().all(|k| k.name != **key)) {
            let elsewhere = sections.iter().find(|s| s.keys.iter().any(|k| k.name == *key));
            let own = nearest(key, section.keys.iter().map(|k| format!("{name}.{}", k.name)));
            let hint = match elsewhere {
                Some(other) if own.is_empty() => format!(", did you mean {}.{key}?", other.name),
                _ => own,
            };
            let name = format!("{name}.{key}");
            return Err(ConfigError::Unknown { place, what: "setting", name, hint });
        }
    }
    Ok(())
}

fn unknown_variable(variable: &str, sections: &[Section]) -> ConfigError {
    let known = sections.iter().flat_map(|s| s.keys.iter().map(|k| s.variable(k)));
    ConfigError::Unknown {
        place: "environment".to_owned(),
        what: "variable",
        name: variable.to_owned(),
        hint: nearest(variable, known),
    }
}

/// ", did you mean …?" for the most similar known name, nothing when none is similar.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> String {
    let last = |full: &str| full.rsplit('.').next().unwrap_or(full).to_owned();
    known
        .map(|k| (strsim::jaro_winkler(name, &last(&k)), k))
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, k)| format!(", did you mean {k}?"))
}

#[cfg(test)]
mod tests;
