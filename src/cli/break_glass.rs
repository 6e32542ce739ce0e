//! `postern break-glass`: Support reads mail of an account, after a second person agreed, and for an hour.
//!
//! Invariant: every look is in the audit log, and the first one is told to the owner, before anything is shown.
//! What a name on the command line is worth is in ADR 62.

use std::io::{IsTerminal as _, Write as _};
use std::time::SystemTime;

use anyhow::Context as _;

use super::table::{Table, rfc3339, shown};
use super::user::find;
use super::{Act, Output};
use crate::mime::{FactsRef, addresses, decode_header, fields};
use crate::store::{Access, AccessTo, Login, NewAccess, Store};
use crate::types::{Address, BodyId, MailboxId, MailboxName, SupportName};

/// Bytes of a message that are read together.
const PIECE: u64 = 512 * 1024;
/// Messages whose headers are read together.
const BATCH: usize = 500;

/// What to do about reading an account's mail.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Ask to see the list of a mailbox's messages, or one message
    Request {
        /// One of the account's two addresses
        address: Address,
        /// The list of this mailbox: dates, senders, subjects
        #[arg(long, value_name = "MAILBOX", required_unless_present = "message")]
        mailbox: Option<String>,
        /// This message, as the list names it
        #[arg(long, value_name = "MAILBOX/UID", value_parser = item, conflicts_with = "mailbox")]
        message: Option<(i64, u32)>,
        /// Why; it is kept sealed, and shown to who approves
        #[arg(long, value_parser = reason)]
        reason: String,
    },
    /// Approve what another person asked for: from then on that one may look, for an hour
    Approve {
        /// The number of the request
        request: i64,
    },
    /// Refuse a request, give one up, or end an approval
    Refuse {
        /// The number of the request
        request: i64,
    },
    /// List requests, and exports, the newest first
    List {
        /// Only those about one account: one of its two addresses
        address: Option<Address>,
    },
    /// Look, once it is approved: the owner is told
    Read {
        /// The number of the request
        request: i64,
    },
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::List { .. } => Act::Looks,
            Self::Request { .. } | Self::Approve { .. } | Self::Refuse { .. } | Self::Read { .. } => {
                Act::Changes
            }
        }
    }
}

fn item(text: &str) -> Result<(i64, u32), String> {
    let parsed = text.split_once('/').and_then(|(m, u)| Some((m.parse().ok()?, u.parse().ok()?)));
    parsed.ok_or_else(|| "a message is named as in the list: 12/345".to_owned())
}

/// A reason that says something.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let long = text.chars().count();
    if (10..=500).contains(&long) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err("give a reason of 10 to 500 letters, in one line".to_owned())
}

/// Where this process was signed in, as the kernel keeps it through `su` and `sudo`.
pub(super) fn login() -> Login {
    let text = std::fs::read_to_string("/proc/self/loginuid").unwrap_or_default();
    Login(text.trim().parse().ok().filter(|uid| *uid != u32::MAX))
}

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(
    store: &Store,
    command: Command,
    by: Option<&SupportName>,
    output: Output,
) -> anyhow::Result<()> {
    let by = || by.context("say who acts: --as NAME");
    match command {
        Command::Request { address, mailbox, message, reason } => {
            let account = find(store, &address).await?.id;
            let to = match (mailbox, message) {
                (Some(name), _) => {
                    let name = MailboxName::new(&name)?;
                    let found = store.mailbox(account, &name).await?;
                    AccessTo::List(
                        found.with_context(|| format!("the account has no mailbox \"{name}\""))?.id,
                    )
                }
                (None, Some((mailbox, uid))) => AccessTo::Message(MailboxId(mailbox), uid),
                (None, None) => anyhow::bail!("say what: --mailbox or --message"),
            };
            let new = NewAccess { account, to, reason: &reason, by: by()?, login: login() };
            let id = store.access_ask(new).await?;
            output.print(
                &serde_json::json!({ "request": id }),
                format_args!(
                    "Request {id}. A second person approves it within 24 hours: postern break-glass approve {id} \
                     --as NAME\n"
                ),
            )
        }
        Command::Approve { request } => {
            let access = store.access_approve(request, by()?, login()).await?;
            output.print(
                &data(&access),
                format_args!(
                    "Approved: {} may look at {} of account {} until {}. The reason given: {}\n",
                    access.asked_by,
                    what(access.to),
                    access.account,
                    access.open_until.map_or_else(String::new, shown),
                    access.reason
                ),
            )
        }
        Command::Refuse { request } => {
            store.access_end(request, by()?).await?;
            output.print(
                &serde_json::json!({ "request": request, "ended": true }),
                format_args!("Request {request} is ended.\n"),
            )
        }
        Command::List { address } => {
            let account = match &address {
                Some(address) => Some(find(store, address).await?.id),
                None => None,
            };
            list(&store.accesses(account).await?, store.now(), output)
        }
        Command::Read { request } => {
            let access = store.access_use(request, by()?).await?;
            match access.to {
                AccessTo::List(mailbox) => headers(store, &access, mailbox, output).await,
                AccessTo::Message(mailbox, uid) => message(store, &access, mailbox, uid).await,
                AccessTo::Export => anyhow::bail!("an export is not read"),
            }
        }
    }
}

fn what(to: AccessTo) -> String {
    match to {
        AccessTo::List(mailbox) => format!("the list of mailbox {mailbox}"),
        AccessTo::Message(mailbox, uid) => format!("message {mailbox}/{uid}"),
        AccessTo::Export => "all mail (export)".to_owned(),
    }
}

fn state(access: &Access, now: SystemTime) -> String {
    if access.to == AccessTo::Export {
        return "exported".to_owned();
    }
    match (access.ended_at, &access.approved_by, access.open_until) {
        (Some(_), _, _) => "ended".to_owned(),
        (None, Some(by), Some(until)) if until > now => format!("open, approved by {by}"),
        (None, Some(by), _) => format!("over, approved by {by}"),
        (None, None, _) if access.lapses_at <= now => "lapsed".to_owned(),
        (None, None, _) => "waits for approval".to_owned(),
    }
}

fn data(access: &Access) -> serde_json::Value {
    serde_json::json!({
        "request": access.id, "account": access.account, "what": what(access.to), "reason": access.reason,
        "asked_by": access.asked_by, "asked_at": rfc3339(access.asked_at), "approved_by": access.approved_by,
        "open_until": access.open_until.map(rfc3339), "ended_at": access.ended_at.map(rfc3339),
        "first_read_at": access.used_at.map(rfc3339),
    })
}

fn list(all: &[Access], now: SystemTime, output: Output) -> anyhow::Result<()> {
    let mut table = Table::new(
        ["REQUEST", "ASKED", "BY", "ACCOUNT", "WHAT", "STATE", "READ", "REASON"],
        "Nobody has asked to see mail",
    );
    for access in all {
        table.row([
            access.id.to_string(),
            shown(access.asked_at),
            access.asked_by.clone(),
            access.account.to_string(),
            what(access.to),
            state(access, now),
            if access.used_at.is_some() { "yes" } else { "no" }.to_owned(),
            access.reason.clone(),
        ]);
    }
    output.print(&all.iter().map(data).collect::<Vec<_>>(), table)
}

/// Dates, senders and subjects.
async fn headers(store: &Store, access: &Access, mailbox: MailboxId, output: Output) -> anyhow::Result<()> {
    let live = store.open_mailbox(access.account, mailbox).await?;
    let rows = live.read(|state| state.rows.clone());
    let mut table = Table::new(["MESSAGE", "RECEIVED", "FROM", "SUBJECT"], "The mailbox is empty");
    let mut all = Vec::new();
    let mut rest = &rows[..];
    while !rest.is_empty() {
        let bodies: Vec<BodyId> = rest.iter().take(BATCH).map(|row| row.body).collect();
        let facts = store.facts(access.account, &bodies).await?;
        for (row, facts) in rest.iter().zip(&facts) {
            let Some(facts) = facts else { continue };
            let header = FactsRef::parse(facts)?.header;
            let value = |name: &str| fields(header).find(|field| field.is(name)).map(|field| field.value);
            let from = value("From").and_then(|v| addresses(v).into_iter().next()).map(|m| m.address);
            let (from, subject) = (
                plain(&from.unwrap_or_default()),
                plain(&value("Subject").map(decode_header).unwrap_or_default()),
            );
            let at = SystemTime::UNIX_EPOCH
                + std::time::Duration::from_secs(row.internal_date.max(0).cast_unsigned());
            table.row([format!("{mailbox}/{}", row.uid), shown(at), from.clone(), subject.clone()]);
            all.push(serde_json::json!({
                "message": format!("{mailbox}/{}", row.uid), "received_at": rfc3339(at), "from": from,
                "subject": subject
            }));
        }
        rest = &rest[facts.len().max(1).min(rest.len())..];
    }
    output.print(&all, table)
}

/// Text that does nothing to a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The message, as it is; on a terminal without what would steer it.
async fn message(store: &Store, access: &Access, mailbox: MailboxId, uid: u32) -> anyhow::Result<()> {
    let at = store.message_at(access.account, mailbox, uid).await?;
    let (body, _) = at.context("the message is not there (any more)")?;
    let body = store.body(access.account, body).await?.context("the message is not there (any more)")?;
    let mut out = std::io::stdout().lock();
    let steered = out.is_terminal();
    let mut at = 0;
    while at < body.size() {
        let bytes = body.read(at..at + PIECE).await?;
        at += bytes.len() as u64;
        if steered {
            let safe = |c: char| if c.is_control() && !"\n\t".contains(c) { ' ' } else { c };
            let text: String = String::from_utf8_lossy(&bytes).chars().map(safe).collect();
            out.write_all(text.as_bytes())?;
        } else {
            out.write_all(&bytes)?;
        }
    }
    Ok(out.flush()?)
}
