//! Inviting a colleague (R15): reached from the refusal of a message, with the address filled in.

use axum::extract::{Query, State};
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::{Choice, Field};
use super::super::form::Form;
use super::super::page::{Place, show};
use super::super::seat::Person;
use super::super::text::{ENGLISH, fill};
use super::super::view::{FormPage, MessagePage};
use super::Portal;
use crate::service::people::{NewInvitation, Role, Tier};

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Asked {
    address: String,
}

/// The two roles to choose from.
pub(super) fn role_field(role: Option<Role>) -> Field {
    let t = &ENGLISH.invite;
    let choices =
        vec![Choice::new(Role::Doctor.as_str(), t.doctor), Choice::new(Role::Staff.as_str(), t.staff)];
    Field::radios("role", t.role, choices).value(role.map_or("", Role::as_str))
}

/// What was chosen.
pub(super) fn role(sent: &Form) -> Option<Role> {
    [Role::Doctor, Role::Staff].into_iter().find(|r| r.as_str() == sent.get("role"))
}

/// Its name for people.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Doctor => ENGLISH.invite.doctor,
        Role::Staff => ENGLISH.invite.staff,
    }
}

fn form(person: &Person, new: &NewInvitation, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.invite;
    let fields = vec![
        Field::email("email", t.email)
            .hint(t.email_hint)
            .autocomplete("off")
            .value(&new.email)
            .wrong(mistakes.of("email").or(mistakes.of("form"))),
        Field::text("first_name", t.first_name).value(&new.first_name).wrong(mistakes.of("first_name")),
        Field::text("last_name", t.last_name).value(&new.last_name).wrong(mistakes.of("last_name")),
        role_field(new.role).wrong(mistakes.of("role")),
        Field::phone("phone", t.phone)
            .hint(t.phone_hint)
            .autocomplete("off")
            .value(&new.phone)
            .wrong(mistakes.of("phone")),
    ];
    let view = FormPage::new(person.page(Place::Invite, t.title), "/invite", fields, t.submit).lead(t.lead);
    show(&view, &view.page)
}

/// R7: a page instead of the form.
fn for_paid_accounts(person: &Person) -> Result<Response, Fault> {
    let t = &ENGLISH.invite;
    let view = MessagePage::new(person.page(Place::Home, t.free_title), t.free);
    show(&view, &view.page)
}

/// `GET /invite`
pub(in crate::portal) async fn page(person: Person, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    if person.session()?.account.tier != Tier::Paid {
        return for_paid_accounts(&person);
    }
    form(&person, &NewInvitation { email: asked.address, ..NewInvitation::default() }, &Mistakes::none())
}

/// `POST /invite`
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    let session = person.session()?;
    if session.account.tier != Tier::Paid {
        return for_paid_accounts(&person);
    }
    let new = NewInvitation {
        email: sent.trimmed("email").to_owned(),
        first_name: sent.trimmed("first_name").to_owned(),
        last_name: sent.trimmed("last_name").to_owned(),
        role: role(&sent),
        phone: sent.trimmed("phone").to_owned(),
    };
    let mut mistakes = Mistakes::none();
    let t = &ENGLISH.form;
    for (field, value, sentence) in [
        ("email", &new.email, t.email),
        ("first_name", &new.first_name, t.first_name),
        ("last_name", &new.last_name, t.last_name),
        ("phone", &new.phone, t.phone),
    ] {
        if value.is_empty() {
            mistakes.add(field, sentence);
        }
    }
    if new.role.is_none() {
        mistakes.add("role", t.role);
    }
    if !mistakes.is_empty() {
        return form(&person, &new, &mistakes);
    }
    match portal.people().invite(session, &new).await {
        Ok(invited) => {
            let t = &ENGLISH.invite;
            let name = format!("{} {}", new.first_name, new.last_name);
            let title = fill(t.done_title, &[("name", &name)]);
            let lead = fill(t.done_text, &[("email", &invited.email), ("name", &name)]);
            let view = MessagePage::new(person.page(Place::Invite, title), lead)
                .words(t.done_next)
                .link("/invite", t.another);
            show(&view, &view.page)
        }
        Err(error) => form(&person, &new, &Mistakes::of_denied(&denied(error)?)),
    }
}
