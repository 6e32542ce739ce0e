//! `postern practice`: the customer organisations (R6: Support alone changes them).

use anyhow::Context as _;
use serde::Serialize;

use super::table::Table;
use super::{Act, Output};
use crate::store::{Erased, Practice, PracticeRecord, Product, Store};

/// Bytes in a megabyte (R18).
const MB: u64 = 1_048_576;

/// What to do with practices.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a practice
    Create {
        /// Its name, as people know it
        name: String,
        /// Most megabytes of attachments in one message; without it the gateway's setting holds
        #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        attachment_limit: Option<u64>,
    },
    /// List all practices
    List,
    /// Show one practice
    Show {
        /// Its number or its exact name
        practice: String,
    },
    /// Change a practice: name, limit, products, two-step verification, record
    Set {
        /// Its number or its exact name
        practice: String,
        /// The new name
        #[arg(long)]
        name: Option<String>,
        /// Most megabytes of attachments in one message, or "none": the gateway's setting holds
        #[arg(long, value_name = "MB|none", value_parser = limit)]
        attachment_limit: Option<Limit>,
        /// What else
        #[command(flatten)]
        record: RecordChange,
    },
    /// Destroy a practice's key: nobody can ever read its mail again, in this database or a later backup. Its
    /// accounts are closed. What it exchanged with others stays readable to them
    Erase {
        /// Its number or its exact name
        practice: String,
        /// Its exact name once more; without it, it is asked for on the terminal
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
}

/// What Support keeps about a practice beside its name.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordChange {
    /// A product it has bought: secure-mail, collaborator, truform; give each of them, or "none"
    #[arg(long = "product", value_name = "PRODUCT|none", value_parser = product)]
    products: Vec<ProductGiven>,
    /// Whether its people may turn two-step verification off: by-choice or enforced
    #[arg(long, value_enum)]
    two_step: Option<TwoStep>,
    /// Street and number
    #[arg(long)]
    street: Option<String>,
    /// Postal code and town
    #[arg(long)]
    place: Option<String>,
    /// Telephone
    #[arg(long)]
    phone: Option<String>,
    /// Address of its site
    #[arg(long)]
    website: Option<String>,
}

/// A product, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductGiven {
    /// `none`
    None,
    /// One of them.
    One(Product),
}

fn product(text: &str) -> Result<ProductGiven, String> {
    if text == "none" { Ok(ProductGiven::None) } else { text.parse().map(ProductGiven::One) }
}

/// R2: who decides about two-step verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TwoStep {
    /// Each person
    ByChoice,
    /// Nobody may turn it off
    Enforced,
}

impl RecordChange {
    fn apply(self, record: &mut PracticeRecord) -> anyhow::Result<()> {
        if !self.products.is_empty() {
            let mut products: Vec<Product> = Vec::new();
            for given in &self.products {
                match given {
                    ProductGiven::One(product) => products.push(*product),
                    ProductGiven::None if self.products.len() == 1 => {}
                    ProductGiven::None => anyhow::bail!("--product none goes with no other --product"),
                }
            }
            products.sort_unstable();
            products.dedup();
            record.products = products;
        }
        if let Some(two_step) = self.two_step {
            record.two_step_enforced = two_step == TwoStep::Enforced;
        }
        for (given, field) in [
            (self.street, &mut record.street),
            (self.place, &mut record.place),
            (self.phone, &mut record.phone),
            (self.website, &mut record.website),
        ] {
            if let Some(text) = given {
                let text = text.trim().to_owned();
                if text.chars().count() > 200 || text.chars().any(char::is_control) {
                    anyhow::bail!("a text of the record has at most 200 characters, in one line");
                }
                *field = text;
            }
        }
        Ok(())
    }
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::List | Self::Show { .. } => Act::Looks,
            Self::Create { .. } | Self::Set { .. } | Self::Erase { .. } => Act::Changes,
        }
    }
}

/// A limit, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `none`
    None,
    /// So many megabytes.
    Megabytes(u64),
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit::None),
        _ => match text.parse() {
            Ok(n @ 1..=1_000_000) => Ok(Limit::Megabytes(n)),
            _ => Err("a number of megabytes from 1 to 1000000, or \"none\"".to_owned()),
        },
    }
}

/// A practice as JSON.
#[derive(Serialize)]
struct Shown<'a> {
    number: i64,
    name: &'a str,
    attachment_limit_bytes: Option<u64>,
    accounts: u64,
}

/// A practice with its record as JSON.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    practice: Shown<'a>,
    products: &'a [Product],
    two_step_enforced: bool,
    street: &'a str,
    place: &'a str,
    phone: &'a str,
    website: &'a str,
}

impl<'a> Whole<'a> {
    fn of(practice: &'a Practice, record: &'a PracticeRecord) -> Self {
        Self {
            practice: practice.into(),
            products: &record.products,
            two_step_enforced: record.two_step_enforced,
            street: &record.street,
            place: &record.place,
            phone: &record.phone,
            website: &record.website,
        }
    }
}

impl<'a> From<&'a Practice> for Shown<'a> {
    fn from(p: &'a Practice) -> Self {
        Self {
            number: p.id.0,
            name: &p.name,
            attachment_limit_bytes: p.attachment_limit,
            accounts: p.accounts,
        }
    }
}

fn limit_text(limit: Option<u64>) -> String {
    match limit {
        None => "gateway's setting".to_owned(),
        Some(bytes) if bytes % MB == 0 => format!("{} MB", bytes / MB),
        Some(bytes) => format!("{bytes} bytes"),
    }
}

fn details(p: &Practice, record: &PracticeRecord) -> String {
    let products: Vec<&str> = record.products.iter().map(|p| p.as_str()).collect();
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let address = [record.street.as_str(), record.place.as_str()];
    let address: Vec<&str> = address.into_iter().filter(|part| !part.is_empty()).collect();
    format!(
        "Practice {}\n  name              {}\n  attachment limit  {}\n  products          {}\n  \
         two-step          {}\n  address           {}\n  phone             {}\n  website           {}\n  \
         accounts          {}\n",
        p.id,
        p.name,
        limit_text(p.attachment_limit),
        or_none(&products.join(", ")),
        if record.two_step_enforced { "enforced" } else { "by choice" },
        or_none(&address.join(", ")),
        or_none(&record.phone),
        or_none(&record.website),
        p.accounts
    )
}

async fn print(store: &Store, practice: &Practice, output: Output) -> anyhow::Result<()> {
    let record = store.practice_record(practice.id).await?.unwrap_or_default();
    output.print(&Whole::of(practice, &record), details(practice, &record))
}

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create { name, attachment_limit } => {
            let practice = store.practice_create(&name, attachment_limit.map(|n| n * MB)).await?;
            print(store, &practice, output).await
        }
        Command::List => {
            let practices = store.practices().await?;
            let mut table = Table::new(
                ["NUMBER", "NAME", "ACCOUNTS", "ATTACHMENT LIMIT"],
                "There are no practices yet; make one with: postern practice create NAME",
            );
            for p in &practices {
                let limit = limit_text(p.attachment_limit);
                table.row([p.id.to_string(), p.name.clone(), p.accounts.to_string(), limit]);
            }
            output.print(&practices.iter().map(Shown::from).collect::<Vec<_>>(), table)
        }
        Command::Show { practice } => {
            let practice = find(store, &practice).await?;
            print(store, &practice, output).await
        }
        Command::Set { practice, name, attachment_limit, record: change } => {
            let mut practice = find(store, &practice).await?;
            let (set, changes) =
                (name.is_some() || attachment_limit.is_some(), change != RecordChange::default());
            if !set && !changes {
                anyhow::bail!("say what to change, for example --name; see: postern practice set --help");
            }
            // What is wrong is found out before anything is changed.
            let mut record = store.practice_record(practice.id).await?.unwrap_or_default();
            change.apply(&mut record)?;
            let limit = match attachment_limit {
                None => practice.attachment_limit,
                Some(Limit::None) => None,
                Some(Limit::Megabytes(n)) => Some(n * MB),
            };
            let name = name.unwrap_or_else(|| practice.name.clone());
            if set {
                store.practice_set(practice.id, &name, limit).await?;
            }
            if changes {
                store.practice_record_set(practice.id, &record).await?;
            }
            practice = find(store, &practice.id.to_string()).await?;
            print(store, &practice, output).await
        }
        Command::Erase { practice, name } => {
            let practice = find(store, &practice).await?;
            let name = match name {
                Some(name) => name,
                None => asked(&format!(
                    "All mail of \"{}\" ({} accounts) will be unreadable for ever. Type its name: ",
                    practice.name, practice.accounts
                ))?,
            };
            if name.trim() != practice.name {
                anyhow::bail!("that is not its name; nothing was changed");
            }
            let closed = match store.practice_erase(practice.id).await? {
                Erased::Now(closed) => closed,
                Erased::Before => anyhow::bail!("the practice {} was erased before", practice.id),
                Erased::Held(accounts) => anyhow::bail!(
                    "mail of {accounts} accounts of this practice is held for the law, nothing was changed; see: \
                     postern retention show"
                ),
            };
            output.print(
                &serde_json::json!({ "practice": practice.id, "erased": true, "accounts_closed": closed }),
                format_args!(
                    "Erased: the key of practice {} is gone, {closed} accounts are closed. Backups made until now \
                     still hold the key: destroy them when you must.\n",
                    practice.id
                ),
            )
        }
    }
}

fn asked(question: &str) -> anyhow::Result<String> {
    use std::io::{BufRead as _, Write as _};
    let mut err = std::io::stderr().lock();
    write!(err, "{question}")?;
    err.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A practice by its number or name.
pub(super) async fn find(store: &Store, practice: &str) -> anyhow::Result<Practice> {
    store.practice(practice).await?.with_context(|| {
        format!("there is no practice \"{practice}\"; list them with: postern practice list")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert_eq!(limit("none"), Ok(Limit::None));
        assert_eq!(limit("100"), Ok(Limit::Megabytes(100)));
        for bad in ["0", "-1", "x", "1000001", ""] {
            assert!(limit(bad).is_err(), "{bad}");
        }
        assert_eq!(limit_text(Some(100 * MB)), "100 MB");
        assert_eq!(limit_text(Some(5)), "5 bytes");
    }
}
