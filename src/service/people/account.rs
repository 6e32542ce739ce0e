//! The dashboard: who is signed in, and what the practice has bought (R1).

use super::session::full;
use super::{Address, Denied, People, PeopleError, Product, Session, Tier};
use crate::types::MailboxName;

/// The person, for the head of each page.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// First and last name.
    pub name: String,
    /// R30: for mail programs.
    pub secure_address: Address,
    /// The ordinary address.
    pub email: Address,
    /// R7
    pub tier: Tier,
    /// R8: show the User Manager page.
    pub user_manager: bool,
}

/// R1.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Who.
    pub account: AccountView,
    /// The practice's name; `None` for people without one.
    pub practice: Option<String>,
    /// What it has bought, in a fixed order; empty for people without one.
    pub products: Vec<Product>,
    /// R18: most bytes of attachments in one message.
    pub attachment_limit: u64,
    /// Messages in INBOX, and how many of them are unread.
    pub inbox: (u64, u64),
    /// R29: app passwords in use; 0: offer to make the first one.
    pub devices: u32,
}

impl Session {
    /// For the head of each page; nothing of it may be shown before the person is signed in.
    pub fn view(&self) -> AccountView {
        AccountView {
            name: self.account.display_name(),
            secure_address: self.account.secure_address.clone(),
            email: self.account.email.clone(),
            tier: self.account.tier,
            user_manager: self.account.user_manager && self.account.practice.is_some(),
        }
    }
}

impl People {
    /// R1.
    ///
    /// # Errors
    /// [`Denied::Stage`].
    pub async fn dashboard(&self, session: &Session) -> Result<Dashboard, PeopleError> {
        full(session)?;
        let store = &self.0.store;
        let account = &session.account;
        let products = match account.practice {
            Some(practice) => store.practice_record(practice).await?.ok_or(Denied::Stage)?.products,
            None => Vec::new(),
        };
        let inbox = store.mailbox(account.id, &MailboxName::inbox()).await?;
        let devices = store.app_passwords(account.id).await?;
        Ok(Dashboard {
            account: session.view(),
            practice: account.practice_name.clone(),
            products,
            attachment_limit: account.attachment_limit.unwrap_or(self.0.settings.attachment_limit),
            inbox: inbox.map_or((0, 0), |i| (u64::from(i.messages), u64::from(i.unseen))),
            devices: devices.iter().filter(|d| d.revoked_at.is_none()).count() as u32,
        })
    }
}
