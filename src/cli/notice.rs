//! `postern notice`: what is on its way out, and what could not be sent (R11).

use anyhow::Context as _;
use serde::Serialize;

use super::table::{Table, rfc3339, shown};
use super::{Act, Output};
use crate::store::{NoticeFilter, NoticeRow, Retried, Store};
use crate::types::Address;

/// What to do with notices.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List notices, the newest first; never what they say or where they go
    List {
        /// Only those that could not be sent
        #[arg(long, conflicts_with = "state")]
        dead: bool,
        /// Only those in this state
        #[arg(long, value_enum)]
        state: Option<State>,
        /// Only those of one account: one of its two addresses
        #[arg(long, value_name = "ADDRESS")]
        account: Option<Address>,
    },
    /// Show one notice
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Try notices again that could not be sent
    Retry {
        /// Its id, or the beginning of it
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// All that could not be sent
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::List { .. } | Self::Show { .. } => Act::Looks,
            Self::Retry { .. } => Act::Changes,
        }
    }
}

/// What can become of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum State {
    /// To be sent, or tried again
    Waiting,
    /// The smarthost or provider has it
    Sent,
    /// Could not be sent
    Dead,
    /// A newer one took its place
    Cancelled,
    /// It was too late
    Expired,
    /// Its receiver did not want it
    Skipped,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Skipped => "skipped",
        }
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    account: i64,
    secure_address: Option<&'a Address>,
    kind: &'a str,
    channel: &'a str,
    state: &'a str,
    created_at: String,
    next_try_at: Option<String>,
    expires_at: String,
    tries: u32,
    last_error: Option<&'a str>,
    ended_at: Option<String>,
}

impl<'a> From<&'a NoticeRow> for Shown<'a> {
    fn from(n: &'a NoticeRow) -> Self {
        Self {
            id: n.id.to_string(),
            account: n.account.0,
            secure_address: n.secure_address.as_ref(),
            kind: &n.kind,
            channel: &n.channel,
            state: &n.state,
            created_at: rfc3339(n.created_at),
            next_try_at: (n.state == "waiting").then(|| rfc3339(n.due_at)),
            expires_at: rfc3339(n.expires_at),
            tries: n.tries,
            last_error: n.last_error.as_deref(),
            ended_at: n.ended_at.map(rfc3339),
        }
    }
}

fn whose(n: &NoticeRow) -> String {
    n.secure_address.as_ref().map_or_else(|| format!("account {}", n.account), ToString::to_string)
}

fn details(n: &NoticeRow) -> String {
    let next = if n.state == "waiting" {
        format!("  next try          {}\n", shown(n.due_at))
    } else {
        format!("  ended             {}\n", n.ended_at.map_or_else(|| "?".to_owned(), shown))
    };
    format!(
        "Notice {}\n  account           {} ({})\n  kind              {}\n  channel           {}\n  \
         state             {}\n  written           {}\n{next}  not sent after    {}\n  \
         tries             {}\n  last error        {}\n",
        n.id,
        n.account,
        whose(n),
        n.kind,
        n.channel,
        n.state,
        shown(n.created_at),
        shown(n.expires_at),
        n.tries,
        n.last_error.as_deref().unwrap_or("none")
    )
}

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::List { dead, state, account } => {
            let state = if dead { Some(State::Dead) } else { state };
            let account = match &account {
                Some(address) => Some(super::user::find(store, address).await?.id),
                None => None,
            };
            let filter = NoticeFilter { state: state.map(|s| s.as_str().to_owned()), account };
            let notices = store.notices(&filter).await?;
            let mut table = Table::new(
                ["ID", "KIND", "CHANNEL", "STATE", "ACCOUNT", "WRITTEN", "TRIES", "LAST ERROR"],
                "There are no such notices",
            );
            for n in &notices {
                table.row([
                    n.id.to_string()[..8].to_owned(),
                    n.kind.clone(),
                    n.channel.clone(),
                    n.state.clone(),
                    whose(n),
                    shown(n.created_at),
                    n.tries.to_string(),
                    n.last_error.clone().unwrap_or_else(|| "-".to_owned()),
                ]);
            }
            output.print(&notices.iter().map(Shown::from).collect::<Vec<_>>(), table)
        }
        Command::Show { id } => {
            let notice = find(store, &id).await?;
            output.print(&Shown::from(&notice), details(&notice))
        }
        Command::Retry { id: Some(id), .. } => {
            let notice = find(store, &id).await?;
            match store.notice_retry(notice.account, notice.id).await? {
                Retried::Yes => {}
                Retried::NotDead => anyhow::bail!("the notice {id} did not fail: it is {}", notice.state),
                Retried::TooLate => anyhow::bail!(
                    "what the notice {id} says was good until {}; have a new one sent",
                    shown(notice.expires_at)
                ),
            }
            let notice = find(store, &notice.id.to_string()).await?;
            output.print(&Shown::from(&notice), details(&notice))
        }
        Command::Retry { id: None, .. } => {
            let filter = NoticeFilter { state: Some("dead".to_owned()), account: None };
            let (mut again, mut late) = (0, 0);
            for notice in store.notices(&filter).await? {
                match store.notice_retry(notice.account, notice.id).await? {
                    Retried::Yes => again += 1,
                    Retried::TooLate => late += 1,
                    Retried::NotDead => {}
                }
            }
            output.print(
                &serde_json::json!({ "tried_again": again, "too_late": late }),
                format!("{again} notices are tried again, {late} are too late for it.\n"),
            )
        }
    }
}

async fn find(store: &Store, id: &str) -> anyhow::Result<NoticeRow> {
    let mut found = store.notices_named(id).await?;
    if found.len() > 1 {
        anyhow::bail!("{} notices have an id that begins with {id}; give more of it", found.len());
    }
    found.pop().with_context(|| format!("no notice has the id {id}; list them with: postern notice list"))
}
