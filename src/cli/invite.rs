//! `postern invite`: invited people who have not registered (R8, R15).

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::table::{Table, rfc3339, shown};
use super::{Act, Output};
use crate::service::people::{self, Standing};
use crate::store::{Invitation, InvitationState, InvitationText, Store};
use crate::types::{Address, InvitationId};

/// Links that Support may have sent to one person in an hour.
const LINKS_PER_HOUR: u32 = 30;

/// What to do with invitations.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List open invitations and why each is stuck
    List {
        /// Those of one practice: its number or its exact name
        #[arg(long)]
        practice: Option<String>,
        /// Also those closed in the last 90 days
        #[arg(long)]
        all: bool,
    },
    /// Send a new link at once; older ones stop working
    Resend {
        /// Its number
        number: i64,
    },
    /// Withdraw an invitation: no message is accepted for it any more
    Revoke {
        /// Its number
        number: i64,
    },
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::List { .. } => Act::Looks,
            Self::Resend { .. } | Self::Revoke { .. } => Act::Changes,
        }
    }
}

/// An invitation as JSON.
#[derive(Serialize)]
struct Shown<'a> {
    number: i64,
    name: String,
    email: &'a Address,
    phone_ending: &'a str,
    practice: Option<&'a str>,
    inviter: &'a str,
    standing: Standing,
    waiting: u64,
    invited_at: String,
    link_made_at: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(i: &'a Invitation, standing: Standing) -> Self {
        Self {
            number: i.id.0,
            name: name(i),
            email: &i.email,
            phone_ending: i.phone.ending(),
            practice: i.practice_name.as_deref(),
            inviter: &i.inviter,
            standing,
            waiting: i.waiting,
            invited_at: rfc3339(i.created_at),
            link_made_at: i.link_made_at.map(rfc3339),
        }
    }
}

fn name(i: &Invitation) -> String {
    format!("{} {}", i.first_name, i.last_name).trim().to_owned()
}

/// Does it. `portal` is the portal's own address, with which links begin.
///
/// # Errors
/// A sentence for Support.
pub async fn run(store: &Store, command: Command, output: Output, portal: &str) -> anyhow::Result<()> {
    match command {
        Command::List { practice, all } => {
            let practice = match practice {
                Some(p) => Some(super::practice::find(store, &p).await?.id),
                None => None,
            };
            let mut listed = store.invitations(practice).await?;
            listed.retain(|i| all || i.state == InvitationState::Open);
            let mut table = Table::new(
                [
                    "NUMBER",
                    "NAME",
                    "EMAIL",
                    "PHONE",
                    "PRACTICE",
                    "INVITED BY",
                    "SINCE",
                    "WAITING",
                    "STANDING",
                ],
                "No invitations are open",
            );
            let now = store.now();
            for i in &listed {
                table.row([
                    i.id.to_string(),
                    name(i),
                    i.email.to_string(),
                    format!("ends in {}", i.phone.ending()),
                    i.practice_name.clone().unwrap_or_else(|| "-".to_owned()),
                    i.inviter.clone(),
                    shown(i.created_at),
                    i.waiting.to_string(),
                    Standing::of(i, now).words().to_owned(),
                ]);
            }
            let data: Vec<_> = listed.iter().map(|i| Shown::of(i, Standing::of(i, now))).collect();
            output.print(&data, table)
        }
        Command::Resend { number } => {
            let invitation = find(store, number).await?;
            let text = InvitationText {
                page: people::invitation_link(portal),
                inviter: invitation.inviter.clone(),
                practice: invitation.practice_name.clone(),
            };
            match store.invitation_send(invitation.id, None, &text, LINKS_PER_HOUR).await? {
                Some(true) => print(store, number, output).await?,
                Some(false) => bail!("{LINKS_PER_HOUR} links were sent to this person in the last hour"),
                None => bail!("invitation {number} is no longer open"),
            }
            eprintln!("postern: a new link is on its way to {}", invitation.email);
            Ok(())
        }
        Command::Revoke { number } => {
            let invitation = find(store, number).await?;
            if !store.invitation_revoke(invitation.id).await? {
                bail!("invitation {number} is no longer open");
            }
            print(store, number, output).await?;
            if invitation.waiting > 0 {
                eprintln!(
                    "postern: {} message(s) that waited stay in store; they are found again if the same practice \
                     invites {} again",
                    invitation.waiting, invitation.email
                );
            }
            Ok(())
        }
    }
}

async fn find(store: &Store, number: i64) -> anyhow::Result<Invitation> {
    let found = store.invitation(InvitationId(number)).await?;
    found.with_context(|| format!("there is no invitation {number}; list them with: postern invite list"))
}

async fn print(store: &Store, number: i64, output: Output) -> anyhow::Result<()> {
    let i = find(store, number).await?;
    let standing = Standing::of(&i, store.now());
    let text = format!(
        "Invitation {}\n  name              {}\n  email             {}\n  phone             ends in {}\n  \
         practice          {}\n  invited by        {}\n  since             {}\n  waiting messages  {}\n  \
         standing          {}\n",
        i.id,
        name(&i),
        i.email,
        i.phone.ending(),
        i.practice_name.as_deref().unwrap_or("none"),
        i.inviter,
        shown(i.created_at),
        i.waiting,
        standing.words()
    );
    output.print(&Shown::of(&i, standing), text)
}
