//! The dashboard: who is signed in, and what the practice has bought (R1).

use super::{Address, People, PeopleError, Session, Tier};

/// R1: something a practice can buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Mail programs and the portal's mail; attachments to 100 MB (R18).
    SecureMail,
    /// Attachments to 300 MB on the portal (R18).
    Collaborator,
    /// Forms.
    TruForm,
}

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
    pub attachment_limit: Option<u64>,
    /// Messages in INBOX, and how many of them are unread.
    pub inbox: (u64, u64),
    /// R29: app passwords in use; 0: offer to make the first one.
    pub devices: u32,
}

impl People {
    /// R1.
    ///
    /// # Errors
    /// [`super::Denied::Stage`].
    pub async fn dashboard(&self, session: &Session) -> Result<Dashboard, PeopleError> {
        let _ = session;
        unimplemented!()
    }
}
