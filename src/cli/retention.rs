//! `postern retention`: what expires, and what is held for the law.

use super::table::{Table, shown};
use super::user::find;
use super::{Act, Output};
use crate::store::{LegalHold, Store};
use crate::types::Address;

/// What to do about keeping mail.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Show practices whose messages expire, and accounts that are held
    Show,
    /// Let a practice's messages expire after so many days, or never; what expired is recoverable like what was deleted
    Expire {
        /// Its number or its exact name
        practice: String,
        /// Days, or "never"
        #[arg(value_parser = days, value_name = "DAYS|never")]
        after: Days,
    },
    /// Hold an account's mail: nothing of it expires, and what is deleted stays recoverable
    Hold {
        /// One of the account's two addresses
        address: Address,
        /// Your reference of the case, for the audit log; no name: letters, digits and . _ / -
        #[arg(long, value_parser = case)]
        case: String,
    },
    /// End a hold
    Release {
        /// One of the account's two addresses
        address: Address,
        /// Your reference of the case, for the audit log
        #[arg(long, value_parser = case)]
        case: String,
    },
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::Show => Act::Looks,
            Self::Expire { .. } | Self::Hold { .. } | Self::Release { .. } => Act::Changes,
        }
    }
}

/// `30` or `never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(Option<u32>);

fn days(text: &str) -> Result<Days, String> {
    match (text, text.parse()) {
        ("never", _) => Ok(Days(None)),
        (_, Ok(n @ 1..=36_500)) => Ok(Days(Some(n))),
        _ => Err("a number of days from 1 to 36500, or \"never\"".to_owned()),
    }
}

fn case(text: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    if (1..=40).contains(&text.len()) && text.chars().all(fine) {
        return Ok(text.to_owned());
    }
    Err("1 to 40 letters, digits and . _ / -".to_owned())
}

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Show => {}
        Command::Expire { practice, after } => {
            let practice = super::practice::find(store, &practice).await?;
            store.set_expiry(practice.id, after.0).await?;
        }
        Command::Hold { address, case } => {
            let account = find(store, &address).await?;
            if !store.set_legal_hold(account.id, LegalHold::On, &case).await? {
                anyhow::bail!("the account {address} is held already");
            }
        }
        Command::Release { address, case } => {
            let account = find(store, &address).await?;
            if !store.set_legal_hold(account.id, LegalHold::Off, &case).await? {
                anyhow::bail!("the account {address} is not held");
            }
        }
    }
    let (practices, held) = store.retention().await?;
    let mut table = Table::new(["WHAT", "NUMBER", "HOW"], "Nothing expires, and nobody's mail is held");
    for p in &practices {
        table.row(["practice".to_owned(), p.practice.to_string(), format!("expires after {} days", p.days)]);
    }
    for (account, since) in &held {
        table.row(["account".to_owned(), account.to_string(), format!("held since {}", shown(*since))]);
    }
    let data = serde_json::json!({
        "expiry": practices.iter().map(|p| serde_json::json!({ "practice": p.practice, "days": p.days })).collect::<Vec<_>>(),
        "held": held.iter().map(|(account, _)| account).collect::<Vec<_>>(),
    });
    output.print(&data, table)
}
