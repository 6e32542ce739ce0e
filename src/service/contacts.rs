//! R21: a person's contacts, for the address book on devices and for the portal's page.
//!
//! They exist for paid accounts; nothing here changes them.

use super::authenticate::Identity;
pub use crate::store::{Book, Card, CardsWanted, ContactPerson};
use crate::store::{Store, StoreError};
use crate::types::{AccountId, Tier};

/// People on one page of the list.
pub const PAGE: usize = 50;

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

    /// The people who fit the words that were typed, by name, a page of them.
    ///
    /// # Errors
    /// [`StoreError`], our fault.
    pub async fn list(&self, words: &str, page: usize) -> Result<ContactList, StoreError> {
        let book = self.read(&CardsWanted::All).await?;
        Ok(ContactList::of(book.cards.into_iter().filter_map(|c| c.person).collect(), words, page))
    }
}

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactList {
    /// At most [`PAGE`], by last name, first name, address.
    pub people: Vec<ContactPerson>,
    /// How many fit the words.
    pub found: usize,
    /// How many there are.
    pub all: usize,
    /// Which page it is, from 1 on; the last one when a later one was asked for.
    pub page: usize,
    /// How many pages there are, at least 1.
    pub pages: usize,
}

impl ContactList {
    /// Every word must stand somewhere in name, practice or address, whatever the capitals.
    fn of(people: Vec<ContactPerson>, words: &str, page: usize) -> Self {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let all = people.len();
        let mut fitting: Vec<(String, ContactPerson)> = Vec::new();
        for person in people {
            let key = format!("{}\n{}\n{}", person.last_name, person.first_name, person.secure_address);
            let key = key.to_lowercase();
            let practice = person.practice.as_deref().unwrap_or_default().to_lowercase();
            if words.iter().all(|w| key.contains(w) || practice.contains(w)) {
                fitting.push((key, person));
            }
        }
        fitting.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let found = fitting.len();
        let pages = found.div_ceil(PAGE).max(1);
        let page = page.clamp(1, pages);
        let people = fitting.into_iter().skip((page - 1) * PAGE).take(PAGE).map(|(_, p)| p).collect();
        Self { people, found, all, page, pages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Role;

    fn person(first: &str, last: &str, practice: Option<&str>) -> ContactPerson {
        ContactPerson {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            role: Role::Doctor,
            practice: practice.map(str::to_owned),
            secure_address: format!("{}@secure.test", first.to_lowercase()).parse().unwrap(),
        }
    }

    fn names(list: &ContactList) -> Vec<&str> {
        list.people.iter().map(|p| p.first_name.as_str()).collect()
    }

    #[test]
    fn r21_every_word_must_fit_whatever_the_capitals() {
        let people = vec![
            person("Zoe", "Özil", Some("Praxis am Markt")),
            person("Bert", "brandt", Some("Praxis am Markt")),
            person("Anna", "Brandt", None),
        ];
        let find = |words: &str| ContactList::of(people.clone(), words, 1);
        assert_eq!(names(&find("")), ["Anna", "Bert", "Zoe"]);
        assert_eq!(names(&find("  BRANDT ")), ["Anna", "Bert"]);
        assert_eq!(names(&find("markt brandt")), ["Bert"]);
        assert_eq!(names(&find("özil")), ["Zoe"]);
        assert_eq!(names(&find("zoe@secure")), ["Zoe"]);
        // A word does not run from one field into the next.
        assert_eq!(find("brandtanna").found, 0);
        let none = find("nobody");
        assert_eq!((none.found, none.all, none.page, none.pages), (0, 3, 1, 1));
    }

    #[test]
    fn r21_pages_hold_everybody_once() {
        let people: Vec<_> = (0..=PAGE * 2).map(|n| person(&format!("p{n:03}"), "x", None)).collect();
        let mut seen = Vec::new();
        for page in 1..=3 {
            let list = ContactList::of(people.clone(), "", page);
            assert_eq!((list.page, list.pages, list.found), (page, 3, people.len()));
            seen.extend(list.people);
        }
        assert_eq!(seen, people);
        // What is asked for beyond the ends is the end.
        assert_eq!(ContactList::of(people.clone(), "", usize::MAX).people, people[PAGE * 2..]);
        assert_eq!(ContactList::of(people.clone(), "", 0).page, 1);
        assert_eq!(ContactList::of(Vec::new(), "", 7).pages, 1);
    }
}
