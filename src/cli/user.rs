//! `postern user`: the people, their tier, privilege and lock (R4, R7, R8).

mod edit;

use anyhow::Context as _;
use serde::Serialize;

use super::table::{Table, rfc3339, shown};
use super::{Act, Output};
use crate::policy::password::{Beside, PasswordFault, check_password};
use crate::service::people;
use crate::service::portal_password::PortalPasswords;
use crate::store::{
    Account, AccountEdit, EndDevices, NewAccount, Role, Store, StoredProfile, random_app_password,
};
use crate::types::{Address, Phone, Secret, Tier};

/// Most bytes of one.
const PASSWORD_MAX: usize = 1024;

/// What to do with people's accounts.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make an account; its secure address is allotted from the name
    Create(Create),
    /// List accounts
    List {
        /// Those of one practice: its number or its exact name
        #[arg(long)]
        practice: Option<String>,
    },
    /// Show one account
    Show {
        /// One of the account's two addresses
        address: Address,
    },
    /// Let an account compose (paid) or only reply (free)
    SetTier {
        /// One of the account's two addresses
        address: Address,
        /// free or paid
        tier: Tier,
    },
    /// Give an account a privilege, or take it back
    Grant {
        /// One of the account's two addresses
        address: Address,
        /// The privilege
        #[arg(value_enum)]
        privilege: Privilege,
        /// Take it back
        #[arg(long)]
        take_back: bool,
    },
    /// Lock an account: nobody can sign in, its sessions end, mail to it is still delivered
    Lock {
        /// One of the account's two addresses
        address: Address,
    },
    /// Switch IMAP capabilities off for one account, whose mail program has a fault with them, or on again
    SetImap {
        /// One of the account's two addresses
        address: Address,
        /// A capability that is no longer offered, such as QRESYNC; may be given several times
        #[arg(long)]
        off: Vec<String>,
        /// A capability that is offered again; may be given several times
        #[arg(long)]
        on: Vec<String>,
    },
    /// Unlock an account, forget its wrong sign-ins, and send its owner a link to reset the password
    Unlock {
        /// One of the account's two addresses
        address: Address,
    },
    /// Change what the person cannot or must not: name, role, addresses, phone, storage cap
    Edit(edit::Edit),
    /// End every sign-in at the portal, of one account or of everyone
    EndSignIns {
        /// One of the account's two addresses
        #[arg(required_unless_present = "everyone")]
        address: Option<Address>,
        /// Also revoke all app passwords: mail programs are signed out for good
        #[arg(long, conflicts_with = "everyone")]
        devices: bool,
        /// Of every account; mail programs go on working
        #[arg(long, conflicts_with = "address")]
        everyone: bool,
    },
    /// Take a lost authenticator app away: codes by phone are asked for again
    TakeAppAway {
        /// One of the account's two addresses
        address: Address,
    },
    /// Close an account for good: nobody signs in, nothing is delivered, its addresses stay taken
    Close {
        /// One of the account's two addresses
        address: Address,
        /// Really
        #[arg(long)]
        yes: bool,
    },
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::List { .. } | Self::Show { .. } => Act::Looks,
            Self::SetImap { off, on, .. } if off.is_empty() && on.is_empty() => Act::Looks,
            Self::Create(_)
            | Self::SetTier { .. }
            | Self::Grant { .. }
            | Self::Lock { .. }
            | Self::SetImap { .. }
            | Self::Unlock { .. }
            | Self::Edit(_)
            | Self::EndSignIns { .. }
            | Self::TakeAppAway { .. }
            | Self::Close { .. } => Act::Changes,
        }
    }
}

/// A person to make an account for.
#[derive(clap::Args)]
pub struct Create {
    /// The person's ordinary email address
    #[arg(long)]
    email: Address,
    /// First name
    #[arg(long)]
    first_name: String,
    /// Last name
    #[arg(long)]
    last_name: String,
    /// doctor or staff
    #[arg(long)]
    role: Role,
    /// free (only replies) or paid (composes)
    #[arg(long, default_value = "paid")]
    tier: Tier,
    /// The practice: its number or its exact name
    #[arg(long)]
    practice: Option<String>,
    /// Also give the User Manager privilege
    #[arg(long)]
    user_manager: bool,
    /// Mobile phone for codes; Support has checked that it is the person's
    #[arg(long, value_parser = edit::phone)]
    phone: Option<Phone>,
    /// Where the portal password comes from; it is never taken from the command line
    #[arg(long, value_enum, default_value = "none")]
    portal_password: PasswordFrom,
}

/// Where a password comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PasswordFrom {
    /// No password is set
    None,
    /// Asked for, twice, on the terminal
    Prompt,
    /// The first line of standard input
    Stdin,
    /// Made here and printed once
    Generate,
}

/// What Support can grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Privilege {
    /// Sees and corrects the people whom the practice invited (R8)
    UserManager,
}

/// An account as JSON.
#[derive(Serialize)]
struct Shown<'a> {
    number: i64,
    first_name: &'a str,
    last_name: &'a str,
    secure_address: &'a Address,
    email: &'a Address,
    practice: Option<&'a str>,
    role: Role,
    tier: Tier,
    user_manager: bool,
    state: crate::store::AccountState,
    locked_at: Option<String>,
    created_at: String,
    portal_password_set: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    security: Option<Security>,
    #[serde(skip_serializing_if = "Option::is_none")]
    portal_password: Option<&'a str>,
}

impl<'a> From<&'a Account> for Shown<'a> {
    fn from(a: &'a Account) -> Self {
        Self {
            number: a.id.0,
            first_name: &a.first_name,
            last_name: &a.last_name,
            secure_address: &a.secure_address,
            email: &a.email,
            practice: a.practice_name.as_deref(),
            role: a.role,
            tier: a.tier,
            user_manager: a.user_manager,
            state: a.state,
            locked_at: a.locked_at.map(rfc3339),
            created_at: rfc3339(a.created_at),
            portal_password_set: a.has_portal_password,
            security: None,
            portal_password: None,
        }
    }
}

/// R2, R3: what is asked for beside the password.
#[derive(Serialize)]
struct Security {
    phone_ending: Option<String>,
    two_step: bool,
    two_step_enforced: bool,
    authenticator_app: bool,
}

impl From<&StoredProfile> for Security {
    fn from(p: &StoredProfile) -> Self {
        Self {
            phone_ending: p.phone.as_ref().map(|p| p.ending().to_owned()),
            two_step: p.asks_factor(),
            two_step_enforced: p.two_step_enforced,
            authenticator_app: p.app,
        }
    }
}

impl std::fmt::Display for Security {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phone = self.phone_ending.as_ref().map_or("none".to_owned(), |e| format!("ends in {e}"));
        let two_step = match (self.two_step, self.authenticator_app) {
            (false, _) => "off",
            (true, true) => "on, by authenticator app",
            (true, false) => "on, by phone",
        };
        let enforced = if self.two_step_enforced { " (enforced by the practice)" } else { "" };
        write!(f, "  phone             {phone}\n  two-step          {two_step}{enforced}\n")
    }
}

fn details(a: &Account) -> String {
    let state = match a.locked_at {
        Some(at) => format!("{} since {}", a.state.as_str(), shown(at)),
        None => a.state.as_str().to_owned(),
    };
    format!(
        "Account {}\n  name              {}\n  secure address    {}\n  email             {}\n  \
         practice          {}\n  role              {}\n  tier              {}\n  user manager      {}\n  \
         state             {state}\n  portal password   {}\n  created           {}\n",
        a.id,
        a.display_name(),
        a.secure_address,
        a.email,
        a.practice_name.as_deref().unwrap_or("none"),
        a.role.as_str(),
        a.tier.as_str(),
        if a.user_manager { "yes" } else { "no" },
        if a.has_portal_password { "set" } else { "not set" },
        shown(a.created_at)
    )
}

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(store: &Store, command: Command, output: Output, portal: &str) -> anyhow::Result<()> {
    match command {
        Command::Create(person) => create(store, person, output).await,
        Command::List { practice } => {
            let practice = match practice {
                Some(p) => Some(super::practice::find(store, &p).await?.id),
                None => None,
            };
            let accounts = store.accounts(practice).await?;
            let mut table = Table::new(
                ["NUMBER", "NAME", "SECURE ADDRESS", "EMAIL", "PRACTICE", "ROLE", "TIER", "STATE"],
                "There are no accounts; make one with: postern user create",
            );
            for a in &accounts {
                table.row([
                    a.id.to_string(),
                    a.display_name(),
                    a.secure_address.to_string(),
                    a.email.to_string(),
                    a.practice_name.clone().unwrap_or_else(|| "-".to_owned()),
                    a.role.as_str().to_owned(),
                    a.tier.as_str().to_owned(),
                    a.state.as_str().to_owned(),
                ]);
            }
            output.print(&accounts.iter().map(Shown::from).collect::<Vec<_>>(), table)
        }
        Command::Show { address } => {
            let account = find(store, &address).await?;
            let security = Security::from(&store.profile(account.id).await?);
            let text = format!("{}{security}", details(&account));
            output.print(&Shown { security: Some(security), ..Shown::from(&account) }, text)
        }
        Command::Edit(change) => {
            let account = change.run(store).await?;
            print(&account, output)
        }
        Command::EndSignIns { address: None, .. } => {
            let accounts = store.sign_ins_end_of_all().await?;
            output.print(
                &serde_json::json!({ "accounts": accounts }),
                format!("Every sign-in at the portal has ended, of all {accounts} accounts\n"),
            )
        }
        Command::EndSignIns { address: Some(address), devices, .. } => {
            let account = find(store, &address).await?;
            let and = if devices { EndDevices::Too } else { EndDevices::Not };
            store.sign_ins_end(account.id, and).await?;
            print(&account, output)
        }
        Command::TakeAppAway { address } => {
            let account = find(store, &address).await?;
            if !store.app_take_away(account.id).await? {
                anyhow::bail!("the account {address} has no authenticator app");
            }
            print(&account, output)
        }
        Command::Close { address, yes } => {
            let account = find(store, &address).await?;
            if !yes {
                anyhow::bail!("closing {address} cannot be undone; say --yes to do it");
            }
            if !store.account_close(account.id).await? {
                anyhow::bail!("the account {address} is {} already", account.state.as_str());
            }
            print(&find(store, &address).await?, output)
        }
        Command::SetTier { address, tier } => {
            let account = find(store, &address).await?;
            store.set_tier(account.id, tier).await?;
            print(&find(store, &address).await?, output)
        }
        Command::Grant { address, privilege: Privilege::UserManager, take_back } => {
            let account = find(store, &address).await?;
            store.set_user_manager(account.id, !take_back).await?;
            print(&find(store, &address).await?, output)
        }
        Command::Lock { address } => {
            let account = find(store, &address).await?;
            if !store.lock(account.id).await? {
                anyhow::bail!("the account {address} is {} already", account.state.as_str());
            }
            print(&find(store, &address).await?, output)
        }
        Command::SetImap { address, off, on } => {
            super::imap_switches::set(store, &find(store, &address).await?, &off, &on, output).await
        }
        Command::Unlock { address } => {
            let account = find(store, &address).await?;
            if !store.unlock_with_reset(account.id, &people::reset_link(portal)).await? {
                anyhow::bail!("the account {address} is not locked: it is {}", account.state.as_str());
            }
            print(&find(store, &address).await?, output)?;
            eprintln!("postern: a link to reset the portal password is on its way to {}", account.email);
            Ok(())
        }
    }
}

async fn create(store: &Store, person: Create, output: Output) -> anyhow::Result<()> {
    // A mistyped name is found out before anybody types a password.
    let practice = match &person.practice {
        Some(p) => Some(super::practice::find(store, p).await?.id),
        None => None,
    };
    if person.last_name.trim().is_empty() {
        anyhow::bail!("--last-name is empty");
    }
    if store.resolve(&person.email).await?.is_some() {
        anyhow::bail!("the address {} already belongs to an account", person.email);
    }
    let password = password(&person)?;
    let portal_password = match &password {
        Some(password) => Some(PortalPasswords::default().hash(password.clone()).await?),
        None => None,
    };
    let account = store
        .account_create(NewAccount {
            practice,
            first_name: person.first_name,
            last_name: person.last_name,
            role: person.role,
            tier: person.tier,
            user_manager: person.user_manager,
            email: person.email,
            portal_password: None,
        })
        .await?;
    // Its first use leads to choosing another one: two people have seen it.
    if let Some(hash) = &portal_password {
        store.initial_password_set(account.id, hash).await?;
    }
    let account = store.account(account.id).await?.context("the account is gone again")?;
    if person.phone.is_some() {
        let edit = AccountEdit { phone: person.phone, ..AccountEdit::default() };
        store.account_edit(account.id, &edit).await?;
    }
    let made = match (&password, person.portal_password) {
        (Some(p), PasswordFrom::Generate) => Some(std::str::from_utf8(p.expose())?),
        _ => None,
    };
    let mut text = details(&account);
    if let Some(password) = made {
        text.push_str("\nPortal password, shown this once: ");
        text.push_str(password);
        text.push_str("\nIts first use leads to choosing another one.\n");
    }
    output.print(&Shown { portal_password: made, ..Shown::from(&account) }, text)
}

fn password(person: &Create) -> anyhow::Result<Option<Secret>> {
    let typed = match person.portal_password {
        PasswordFrom::None => return Ok(None),
        PasswordFrom::Generate => return Ok(Some(random_app_password()?)),
        PasswordFrom::Prompt => {
            let first = rpassword::prompt_password("Portal password: ").context("no terminal to ask on")?;
            let second = rpassword::prompt_password("The same again: ").context("no terminal to ask on")?;
            if first != second {
                anyhow::bail!("the two passwords differ");
            }
            first
        }
        PasswordFrom::Stdin => {
            use std::io::{BufRead as _, Read as _};
            let mut line = String::new();
            std::io::stdin().lock().take(PASSWORD_MAX as u64 + 2).read_line(&mut line)?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    // Long enough to be good alone, whatever the person decides about two-step verification later (R2).
    let own = [person.first_name.as_str(), person.last_name.as_str(), person.email.as_str()];
    check_password(&typed, &own, Beside::Nothing).map_err(|fault| {
        anyhow::anyhow!(match fault {
            PasswordFault::Length => "a portal password needs 15 to 128 characters",
            PasswordFault::Common => "this password is used by many people; choose another one",
            PasswordFault::Personal => "this password is made of the person's own data; choose another one",
        })
    })?;
    Ok(Some(Secret::new(typed.into_bytes())))
}

fn print(account: &Account, output: Output) -> anyhow::Result<()> {
    output.print(&Shown::from(account), details(account))
}

/// An account by one of its addresses.
pub(super) async fn find(store: &Store, address: &Address) -> anyhow::Result<Account> {
    store
        .resolve(address)
        .await?
        .with_context(|| format!("no account has the address {address}; list them with: postern user list"))
}
