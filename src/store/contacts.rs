//! R21: address books, filled by submissions and registrations (migration 0005), read here and nowhere
//! written.
//!
//! Invariants: a card is shown while its person is registered; a revision grows with each change, in the
//! order of the commits, so what is read after a revision is everything that changed since.

use uuid::Uuid;

use super::accounts::Role;
use super::{Store, StoreError};
use crate::types::{AccountId, Address};

/// What to read of a book.
#[derive(Clone, Debug)]
pub enum CardsWanted {
    /// All that are shown.
    All,
    /// All that changed after a revision, those that are shown no longer too.
    Since(i64),
    /// Those of these names that are shown.
    Named(Vec<Uuid>),
}

/// Cards of one state of a book, by ascending revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Its revision; 0: nothing has ever been in it.
    pub revision: i64,
    /// The cards asked for.
    pub cards: Vec<Card>,
}

/// One card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name in this book.
    pub uid: Uuid,
    /// The book's revision when it last changed.
    pub revision: i64,
    /// `None`: shown no longer.
    pub person: Option<ContactPerson>,
}

/// Who a card is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPerson {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// R15: doctor or staff.
    pub role: Role,
    /// The practice, if any.
    pub practice: Option<String>,
    /// R30.
    pub secure_address: Address,
}

impl Store {
    /// Reads an account's address book; 1 statement.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contacts(&self, account: AccountId, wanted: &CardsWanted) -> Result<Book, StoreError> {
        let (after, named) = match wanted {
            CardsWanted::All => (None, None),
            CardsWanted::Since(revision) => (Some(*revision), None),
            CardsWanted::Named(uids) => (None, Some(uids.as_slice())),
        };
        let rows = sqlx::query!(
            r#"select b.revision as book_revision, c.uid as "uid?", c.revision as "revision?",
                      p.first_name as "first_name?", p.last_name as "last_name?", p.role as "role?",
                      p.practice_name, p.secure_address as "secure_address?"
                 from contact_book b
                 left join contact c on c.account_id = b.account_id
                      and c.revision > coalesce($2::bigint, 0) and ($3::uuid[] is null or c.uid = any($3))
                 left join account_person p on p.account_id = c.contact_id and p.state in ('active', 'locked')
                where b.account_id = $1
                order by c.revision"#,
            account.0,
            after,
            named
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut book = Book { revision: rows.first().map_or(0, |r| r.book_revision), cards: Vec::new() };
        for row in rows {
            let (Some(uid), Some(revision)) = (row.uid, row.revision) else { continue };
            let person = match (row.first_name, row.last_name, row.role, row.secure_address) {
                (Some(first_name), Some(last_name), Some(role), Some(address)) => Some(ContactPerson {
                    first_name,
                    last_name,
                    role: role.parse().map_err(|_| StoreError::Corrupt("account.role"))?,
                    practice: row.practice_name,
                    secure_address: Address::parse(&address)
                        .map_err(|_| StoreError::Corrupt("address.address"))?,
                }),
                _ => None,
            };
            if person.is_some() || matches!(wanted, CardsWanted::Since(_)) {
                book.cards.push(Card { uid, revision, person });
            }
        }
        Ok(book)
    }
}
