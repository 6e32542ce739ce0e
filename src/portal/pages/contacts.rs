//! Contacts: the people one has written to, to be looked at (R21).

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use super::super::fault::Fault;
use super::super::field::Field;
use super::super::page::{Page, Place, show};
use super::super::seat::Person;
use super::super::text::{ENGLISH, fill};
use super::super::view::MessagePage;
use super::super::way::percent;
use super::Portal;
use crate::service::contacts::{ContactList, ContactPerson, PAGE};
use crate::service::people::Role;

/// Longest words that are searched for, in characters.
const WORDS_MAX: usize = 200;

/// What is looked for, and which page of it.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Asked {
    q: String,
    page: String,
}

struct Shown {
    name: String,
    about: String,
    address: String,
}

impl From<ContactPerson> for Shown {
    fn from(person: ContactPerson) -> Self {
        let t = &ENGLISH.invite;
        let role = match person.role {
            Role::Doctor => t.doctor,
            Role::Staff => t.staff,
        };
        Self {
            name: format!("{} {}", person.first_name, person.last_name).trim().to_owned(),
            about: match person.practice {
                Some(practice) => format!("{role} · {practice}"),
                None => role.to_owned(),
            },
            address: person.secure_address.to_string(),
        }
    }
}

/// The way to the pages before and after.
struct Turn {
    before: Option<String>,
    here: String,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/contacts.html")]
struct ContactsPage {
    page: Page,
    /// `None`: so few that there is nothing to look for.
    search: Option<Field>,
    searched: bool,
    count: Option<String>,
    people: Vec<Shown>,
    nobody: Option<String>,
    turn: Option<Turn>,
}

/// So many are looked through by eye.
const FEW: usize = 5;

fn count(list: &ContactList, words: &str) -> Option<String> {
    let t = &ENGLISH.contacts;
    match (words.is_empty(), list.found) {
        (_, 0) => None,
        (true, 1) => Some(t.count_one.to_owned()),
        (true, n) => Some(fill(t.count, &[("n", &n)])),
        (false, 1) => Some(fill(t.found_one, &[("all", &list.all), ("words", &words)])),
        (false, n) => Some(fill(t.found, &[("n", &n), ("all", &list.all), ("words", &words)])),
    }
}

fn turn(list: &ContactList, words: &str) -> Option<Turn> {
    let at = |page: usize| match words {
        "" => format!("/contacts?page={page}"),
        words => format!("/contacts?q={}&page={page}", percent(words)),
    };
    (list.found > PAGE).then(|| Turn {
        before: (list.page > 1).then(|| at(list.page - 1)),
        here: fill(ENGLISH.contacts.page, &[("n", &list.page), ("all", &list.pages)]),
        after: (list.page < list.pages).then(|| at(list.page + 1)),
    })
}

/// `GET /contacts`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let t = &ENGLISH.contacts;
    let account = &person.session()?.account;
    let Some(book) = portal.contacts().book(account.id, account.tier) else {
        let view = MessagePage::new(person.page(Place::Contacts, t.free_title), t.free);
        return show(&view, &view.page);
    };
    let words: String = asked.q.trim().chars().take(WORDS_MAX).collect();
    let list = book.list(&words, asked.page.parse().unwrap_or(1)).await.map_err(|e| Fault::ours(&e))?;
    let searched = !words.is_empty();
    let view = ContactsPage {
        page: person.page(Place::Contacts, t.title),
        search: (searched || list.all > FEW).then(|| Field::text("q", t.search).value(words.as_str())),
        searched,
        count: count(&list, &words),
        turn: turn(&list, &words),
        nobody: (list.found == 0)
            .then(|| if searched { fill(t.none_found, &[("words", &words)]) } else { t.none.to_owned() }),
        people: list.people.into_iter().map(Shown::from).collect(),
    };
    show(&view, &view.page)
}
