//! The types a setting may have: how each is written, and how it is read from the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A type that settings may have.
pub trait Setting: Serialize {
    /// What may be written, for the manual.
    const KIND: &'static str;

    /// The value as TOML; `None` for "not set".
    fn to_toml(&self) -> Option<toml::Value> {
        toml::Value::try_from(self).ok()
    }

    /// An environment variable's text as the TOML value it stands for. Text that fits no value is
    /// passed on as it is, so that the parser refuses it in its own words.
    fn from_env(text: &str) -> toml::Value {
        toml::Value::String(text.to_owned())
    }
}

impl Setting for String {
    const KIND: &'static str = "text";
}

impl Setting for PathBuf {
    const KIND: &'static str = "path";
}

impl Setting for Option<PathBuf> {
    const KIND: &'static str = "path";

    fn to_toml(&self) -> Option<toml::Value> {
        self.as_ref().and_then(Setting::to_toml)
    }
}

impl Setting for u32 {
    const KIND: &'static str = "number";

    fn from_env(text: &str) -> toml::Value {
        text.parse().map_or_else(|_| toml::Value::String(text.to_owned()), toml::Value::Integer)
    }
}

impl Setting for bool {
    const KIND: &'static str = "true or false";

    fn from_env(text: &str) -> toml::Value {
        text.parse().map_or_else(|_| toml::Value::String(text.to_owned()), toml::Value::Boolean)
    }
}

impl Setting for Vec<SocketAddr> {
    const KIND: &'static str = "list of address:port";

    fn from_env(text: &str) -> toml::Value {
        list(text)
    }
}

impl Setting for Vec<String> {
    const KIND: &'static str = "list of texts";

    fn from_env(text: &str) -> toml::Value {
        list(text)
    }
}

fn list(text: &str) -> toml::Value {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
}

/// A text that may hold a password: never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub String);

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

impl Setting for Hidden {
    const KIND: &'static str = "text";
}

/// When TLS with a mail server begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// With the first byte.
    Implicit,
    /// After STARTTLS.
    StartTls,
}

impl Setting for MailTls {
    const KIND: &'static str = "`implicit` or `starttls`";
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line an event.
    Human,
    /// One JSON object an event.
    Json,
}

impl Setting for LogFormat {
    const KIND: &'static str = "`human` or `json`";
}
