//! `postern app-password`: the passwords of people's mail programs (R29).

use serde::Serialize;

use super::table::{Table, rfc3339, shown};
use super::user::find;
use super::{Act, Output};
use crate::clock::Clock;
use crate::service::device_setup::{DeviceSetup, device_link};
use crate::store::{AppPassword, Store};
use crate::types::{Address, AppPasswordId};

/// What to do with app passwords.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make an app password; it is printed once and cannot be read again
    Create {
        /// One of the account's two addresses
        address: Address,
        /// What the device is called, for the list
        #[arg(long)]
        name: String,
    },
    /// Make a link from which an iPhone, iPad or Mac is set up, once and within ten minutes; the app password
    /// is made when it is used
    Link {
        /// One of the account's two addresses
        address: Address,
        /// What the device is called, for the list
        #[arg(long)]
        name: String,
    },
    /// List an account's app passwords with their last use
    List {
        /// One of the account's two addresses
        address: Address,
    },
    /// Revoke an app password; its open connections end within 5 seconds
    Revoke {
        /// One of the account's two addresses
        address: Address,
        /// Its number, from the list
        number: i64,
    },
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::List { .. } => Act::Looks,
            Self::Create { .. } | Self::Link { .. } | Self::Revoke { .. } => Act::Changes,
        }
    }
}

#[derive(Serialize)]
struct Made<'a> {
    number: i64,
    name: &'a str,
    secure_address: &'a Address,
    app_password: &'a str,
}

#[derive(Serialize)]
struct Offered<'a> {
    name: &'a str,
    secure_address: &'a Address,
    link: &'a str,
}

#[derive(Serialize)]
struct Listed<'a> {
    number: i64,
    name: &'a str,
    created_at: String,
    last_used_at: Option<String>,
    last_used_from: Option<&'a str>,
    last_client: Option<&'a str>,
    revoked_at: Option<String>,
}

impl<'a> From<&'a AppPassword> for Listed<'a> {
    fn from(w: &'a AppPassword) -> Self {
        Self {
            number: w.id.0,
            name: &w.name,
            created_at: rfc3339(w.created_at),
            last_used_at: w.last_used_at.map(rfc3339),
            last_used_from: w.last_used_from.as_deref(),
            last_client: w.last_client.as_deref(),
            revoked_at: w.revoked_at.map(rfc3339),
        }
    }
}

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(store: &Store, command: Command, portal_url: &str, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create { address, name } => {
            let account = find(store, &address).await?;
            let (id, secret) = store.app_password_create(account.id, &name).await?;
            let app_password = std::str::from_utf8(secret.expose())?;
            let secure_address = &account.secure_address;
            let name = name.trim();
            let text = format!(
                "App password {id} for \"{name}\", shown this once: {app_password}\n\
                 User name in the mail program: {secure_address}\n"
            );
            output.print(&Made { number: id.0, name, secure_address, app_password }, text)
        }
        Command::Link { address, name } => {
            let account = find(store, &address).await?;
            let token = DeviceSetup::new(store.clone(), Clock::system()).offer(account.id, &name).await?;
            let link = device_link(portal_url) + std::str::from_utf8(token.expose())?;
            let (name, secure_address) = (name.trim(), &account.secure_address);
            let text = format!(
                "To be opened on \"{name}\" within ten minutes; it works once:\n{link}\nIt sets up {secure_address}.\n"
            );
            output.print(&Offered { name, secure_address, link: &link }, text)
        }
        Command::List { address } => {
            let account = find(store, &address).await?;
            let passwords = store.app_passwords(account.id).await?;
            let mut table = Table::new(
                ["NUMBER", "NAME", "CREATED", "LAST USED", "FROM", "PROGRAM", "STATE"],
                "The account has no app passwords; make one with: postern app-password create",
            );
            for w in &passwords {
                table.row([
                    w.id.to_string(),
                    w.name.clone(),
                    shown(w.created_at),
                    w.last_used_at.map_or_else(|| "never".to_owned(), shown),
                    w.last_used_from.clone().unwrap_or_else(|| "-".to_owned()),
                    w.last_client.clone().unwrap_or_else(|| "-".to_owned()),
                    if w.revoked_at.is_some() { "revoked" } else { "in use" }.to_owned(),
                ]);
            }
            output.print(&passwords.iter().map(Listed::from).collect::<Vec<_>>(), table)
        }
        Command::Revoke { address, number } => {
            let account = find(store, &address).await?;
            if !store.app_password_revoke(account.id, AppPasswordId(number)).await? {
                anyhow::bail!("{address} has no app password {number} in use");
            }
            let passwords = store.app_passwords(account.id).await?;
            let revoked = passwords.iter().find(|w| w.id.0 == number);
            output.print(&revoked.map(Listed::from), format!("App password {number} is revoked.\n"))
        }
    }
}
