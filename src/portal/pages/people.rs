//! The User Manager's page (R8): whom the practice has invited, why somebody is stuck, and correcting it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::Field;
use super::super::form::Form;
use super::super::moment::{Moment, Piece, Sentence};
use super::super::page::{Page, Place, show};
use super::super::seat::Person;
use super::super::text::{ENGLISH, fill};
use super::super::view::{FormPage, MessagePage};
use super::super::way::to;
use super::invite::{role, role_field, role_name};
use super::{Done, Portal};
use crate::service::people::{
    Account, AccountState, Correction, Denied, InvitationId, PeopleError, PersonListed, Standing,
};

struct Invited {
    id: InvitationId,
    name: String,
    role: &'static str,
    email: String,
    phone: String,
    by: Sentence,
    standing: &'static str,
    look: &'static str,
    help: Option<&'static str>,
    open: bool,
    correct: String,
    send: String,
}

struct Own {
    name: String,
    role: &'static str,
    email: String,
    standing: &'static str,
    look: &'static str,
}

#[derive(Template)]
#[template(path = "portal/people.html")]
struct PeoplePage {
    page: Page,
    invited: Vec<Invited>,
    accounts_title: String,
    accounts: Vec<Own>,
}

/// The word, its colour, what to do about it, and whether it can still be corrected.
fn standing(standing: Standing) -> (&'static str, &'static str, Option<&'static str>, bool) {
    let t = &ENGLISH.people;
    match standing {
        Standing::WaitsForMessage => (t.state_no_message, "wait", Some(t.help_no_message), true),
        Standing::LinkNotOpened => (t.state_unopened, "wait", Some(t.help_unopened), true),
        Standing::LinkExpired => (t.state_expired, "bad", Some(t.help_expired), true),
        Standing::LinkOpened => (t.state_opened, "wait", Some(t.help_opened), true),
        Standing::CodeNotAnswered => (t.state_code, "bad", Some(t.help_code), true),
        Standing::CodeExpired => (t.state_code_expired, "bad", Some(t.help_code), true),
        Standing::CodeWrong => (t.state_code_wrong, "bad", Some(t.help_code_wrong), true),
        Standing::PhoneWrong => (t.state_wrong_phone, "bad", Some(t.help_wrong_phone), true),
        Standing::Joined => (t.state_joined, "good", Some(t.help_joined), false),
        Standing::Registered => (t.state_registered, "good", None, false),
        Standing::Revoked => (t.state_revoked, "bad", Some(t.help_revoked), false),
    }
}

fn name_of(person: &PersonListed) -> String {
    format!("{} {}", person.first_name, person.last_name)
}

fn invited(person: &PersonListed, zone: &str) -> Invited {
    let t = &ENGLISH.people;
    let (word, look, help, open) = standing(person.standing);
    let name = name_of(person);
    let by = Sentence::new(
        t.by,
        &[
            ("name", Piece::Words(person.inviter.clone())),
            ("when", Piece::Time(Moment::new(person.invited_at, zone))),
        ],
    );
    let waiting = Sentence::new(t.waiting, &[("n", Piece::Words(person.waiting.to_string()))]);
    Invited {
        id: person.id,
        role: role_name(person.role),
        email: person.email.to_string(),
        phone: person.phone.as_str().to_owned(),
        by: Sentence::joined(vec![by, waiting]),
        standing: word,
        look,
        help,
        open,
        correct: fill(t.correct_of, &[("name", &name)]),
        send: fill(t.send_of, &[("name", &name)]),
        name,
    }
}

fn own(account: &Account) -> Own {
    let t = &ENGLISH.people;
    let (standing, look) = match account.state {
        AccountState::Locked => (t.state_locked, "bad"),
        AccountState::Closed => (t.state_closed, ""),
        _ => (t.state_active, "good"),
    };
    Own {
        name: account.display_name(),
        role: role_name(account.role),
        email: account.email.to_string(),
        standing,
        look,
    }
}

/// R8: the page for everybody else.
fn for_managers(person: &Person) -> Result<Response, Fault> {
    let t = &ENGLISH.people;
    let view = MessagePage::new(person.page(Place::Home, t.not_manager_title), t.not_manager);
    let mut response = show(&view, &view.page)?;
    *response.status_mut() = StatusCode::FORBIDDEN;
    Ok(response)
}

fn not_manager(error: &PeopleError) -> bool {
    matches!(error, PeopleError::Denied(Denied::NotUserManager))
}

/// `GET /people`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    list(&portal, &person, &done.done, None).await
}

async fn list(
    portal: &Portal,
    person: &Person,
    done: &str,
    mistake: Option<String>,
) -> Result<Response, Fault> {
    let t = &ENGLISH.people;
    let session = person.session()?;
    let all = match portal.people().practice_people(session).await {
        Ok(all) => all,
        Err(error) if not_manager(&error) => return for_managers(person),
        Err(error) => return Err(error.into()),
    };
    let words = match done {
        "sent" => Some(t.sent),
        "saved" => Some(t.saved),
        "joined" => Some(t.joined),
        _ => None,
    };
    let mut page = person.page(Place::People, t.title).with_done(words);
    if let Some(mistake) = mistake {
        page = page.with_mistake("main", mistake);
    }
    let practice = session.account.practice_name.clone().unwrap_or_default();
    let view = PeoplePage {
        page,
        invited: all.invited.iter().map(|p| invited(p, &session.time_zone)).collect(),
        accounts_title: fill(t.accounts, &[("practice", &practice)]),
        accounts: all.accounts.iter().map(own).collect(),
    };
    show(&view, &view.page)
}

fn form(
    person: &Person,
    id: InvitationId,
    name: &str,
    shown: &Correction,
    mistakes: &Mistakes,
) -> Result<Response, Fault> {
    let (t, i) = (&ENGLISH.people, &ENGLISH.invite);
    let fields = vec![
        role_field(shown.role).wrong(mistakes.of("role").or(mistakes.of("form"))),
        Field::email("email", i.email)
            .autocomplete("off")
            .value(shown.email.as_deref().unwrap_or_default())
            .wrong(mistakes.of("email")),
        Field::phone("phone", i.phone)
            .hint(i.phone_hint)
            .autocomplete("off")
            .value(shown.phone.as_deref().unwrap_or_default())
            .wrong(mistakes.of("phone")),
    ];
    let page = person.page(Place::People, t.edit_title);
    let view = FormPage::new(page, format!("/people/{id}"), fields, t.save)
        .lead(fill(t.edit_lead, &[("name", &name)]))
        .link("/people", t.title);
    show(&view, &view.page)
}

/// The invited person of a path, if it is one of the practice's own and can still be corrected.
async fn find(
    portal: &Portal,
    person: &Person,
    id: InvitationId,
) -> Result<Option<PersonListed>, PeopleError> {
    let session = person.session().map_err(|_| Denied::SignedOut)?;
    let all = portal.people().practice_people(session).await?;
    Ok(all.invited.into_iter().find(|p| p.id == id && self::standing(p.standing).3))
}

/// `GET /people/{id}`
pub(in crate::portal) async fn edit_page(
    State(portal): State<Portal>,
    person: Person,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let id = InvitationId(id);
    let found = match find(&portal, &person, id).await {
        Ok(found) => found.ok_or(Fault::Missing)?,
        Err(error) if not_manager(&error) => return for_managers(&person),
        Err(error) => return Err(error.into()),
    };
    let now = Correction {
        role: Some(found.role),
        email: Some(found.email.to_string()),
        phone: Some(found.phone.as_str().to_owned()),
    };
    form(&person, id, &name_of(&found), &now, &Mistakes::none())
}

/// `POST /people/{id}`
pub(in crate::portal) async fn edit_send(
    State(portal): State<Portal>,
    person: Person,
    Path(id): Path<i64>,
    sent: Form,
) -> Result<Response, Fault> {
    let id = InvitationId(id);
    let correction = Correction {
        role: role(&sent),
        email: Some(sent.trimmed("email").to_owned()),
        phone: Some(sent.trimmed("phone").to_owned()),
    };
    match portal.people().correct(person.session()?, id, &correction).await {
        Ok(Some(_)) => Ok(to("/people?done=saved")),
        Ok(None) => Ok(to("/people?done=joined")),
        Err(error) if not_manager(&error) => for_managers(&person),
        Err(error) => {
            let why = denied(error)?;
            if why == Denied::NotInvited {
                return list(&portal, &person, "", Some(ENGLISH.people.registered_meanwhile.to_owned()))
                    .await;
            }
            let name = find(&portal, &person, id).await?.map(|p| name_of(&p)).unwrap_or_default();
            form(&person, id, &name, &correction, &Mistakes::of_denied(&why))
        }
    }
}

/// `POST /people/{id}/send`
pub(in crate::portal) async fn send_again(
    State(portal): State<Portal>,
    person: Person,
    Path(id): Path<i64>,
    _sent: Form,
) -> Result<Response, Fault> {
    match portal.people().invite_again(person.session()?, InvitationId(id)).await {
        Ok(()) => Ok(to("/people?done=sent")),
        Err(error) if not_manager(&error) => for_managers(&person),
        Err(error) => match denied(error)? {
            Denied::NotInvited => {
                list(&portal, &person, "", Some(ENGLISH.people.registered_meanwhile.to_owned())).await
            }
            other => Err(other.into()),
        },
    }
}
