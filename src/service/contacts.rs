//! R21: a person's contacts, for the address book on devices and for the portal's page.
//!
//! They exist for paid accounts; nothing here changes them.

use super::authenticate::Identity;
pub use crate::store::{Book, Card, CardsWanted, ContactPerson};
use crate::store::{Store, StoreError};
use crate::types::{AccountId, Tier};

/// The use case. Cheap to clone.
#[derive(Clone)]
pub struct Contacts {
    store: Store,
}

impl Contacts {
    /// Over a store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The book of somebody who signed in with a device; `None`: a free account has none.
    pub fn of(&self, identity: &Identity) -> Option<ContactBook> {
        self.book(identity.account, identity.tier)
    }

    /// The book of an account; `None`: a free account has none.
    pub fn book(&self, account: AccountId, tier: Tier) -> Option<ContactBook> {
        (tier == Tier::Paid).then(|| ContactBook { store: self.store.clone(), account })
    }
}

/// One person's book.
#[derive(Clone)]
pub struct ContactBook {
    store: Store,
    account: AccountId,
}

impl ContactBook {
    /// Cards of one state of the book; one statement.
    ///
    /// # Errors
    /// [`StoreError`], our fault.
    pub async fn read(&self, wanted: &CardsWanted) -> Result<Book, StoreError> {
        self.store.contacts(self.account, wanted).await
    }
}
