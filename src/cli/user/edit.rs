//! `postern user edit`: what Support changes about a person (R6).

use anyhow::bail;

use crate::policy::people as rules;
use crate::store::{Account, AccountEdit, Role, Store};
use crate::types::{Address, Phone};

/// Bytes in a megabyte (R18).
const MB: u64 = 1_048_576;

/// What is to be different; what is not given stays.
#[derive(clap::Args)]
pub struct Edit {
    /// One of the account's two addresses
    address: Address,
    /// First name
    #[arg(long)]
    first_name: Option<String>,
    /// Last name; the secure address stays as it is
    #[arg(long)]
    last_name: Option<String>,
    /// doctor or staff
    #[arg(long)]
    role: Option<Role>,
    /// The person's ordinary address; the old one is told
    #[arg(long)]
    email: Option<Address>,
    /// Another secure address (R30): the former leads nowhere from then on and is given to nobody; all mail programs
    /// are set up anew with it. An act of its own
    #[arg(
        long,
        conflicts_with_all = ["first_name", "last_name", "role", "email", "phone", "ada_number", "time_zone", "storage_cap"]
    )]
    secure_address: Option<Address>,
    /// Mobile phone for codes; Support has checked that it is the person's
    #[arg(long, value_parser = phone)]
    phone: Option<Phone>,
    /// ADA number; "" takes it away
    #[arg(long)]
    ada_number: Option<String>,
    /// IANA name of the time zone, for example America/Chicago
    #[arg(long)]
    time_zone: Option<String>,
    /// Most megabytes of stored mail (R20), or "none"
    #[arg(long, value_name = "MB|none", value_parser = cap)]
    storage_cap: Option<Cap>,
}

/// A cap, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap(Option<u64>);

fn cap(text: &str) -> Result<Cap, String> {
    match (text, text.parse::<u64>()) {
        ("none", _) => Ok(Cap(None)),
        (_, Ok(n @ 1..=100_000_000)) => Ok(Cap(Some(n * MB))),
        _ => Err("a number of megabytes from 1 to 100000000, or \"none\"".to_owned()),
    }
}

/// A phone number as an argument.
pub(super) fn phone(text: &str) -> Result<Phone, String> {
    Phone::parse(text).map_err(|e| e.to_string())
}

impl Edit {
    /// Does it; answers the account as it is then.
    pub(super) async fn run(self, store: &Store) -> anyhow::Result<Account> {
        let account = super::find(store, &self.address).await?;
        let ada_number = match self.ada_number.as_deref().map(rules::ada_number) {
            None => None,
            Some(Some(number)) => Some(number),
            Some(None) => bail!("an ADA number has at most 20 letters, digits, spaces and hyphens"),
        };
        if let Some(zone) = &self.time_zone
            && !rules::is_time_zone(zone)
        {
            bail!("\"{zone}\" is not a time zone; give an IANA name, for example America/Chicago");
        }
        let edit = AccountEdit {
            first_name: self.first_name,
            last_name: self.last_name,
            role: self.role,
            ada_number,
            specialties: None,
            time_zone: self.time_zone,
            phone: self.phone,
            email: self.email,
            storage_cap: self.storage_cap.map(|cap| cap.0),
        };
        if !store.account_edit(account.id, &edit).await? {
            bail!("the account {} is closed", self.address);
        }
        let mut secure_address = account.secure_address;
        if let Some(new) = self.secure_address.filter(|new| *new != secure_address) {
            if !store.secure_address_change(account.id, &new).await? {
                bail!("the account {} is closed", self.address);
            }
            secure_address = new;
        }
        // Its email address may be another one now.
        super::find(store, &secure_address).await
    }
}
