//! The password once more, before what signs in is changed or ended (ASVS 5.0, 7.5.1, 7.5.2).

use axum::extract::{Query, State};
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::Field;
use super::super::form::Form;
use super::super::page::{Place, show};
use super::super::seat::{Person, clear, keep};
use super::super::text::ENGLISH;
use super::super::view::FormPage;
use super::super::way::{Way, to};
use super::Portal;
use crate::service::people::Denied;

/// Where one comes from.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Asked {
    next: String,
}

fn form(person: &Person, way: &Way, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.confirm;
    let login = person.session()?.account.email.to_string();
    let fields = vec![
        // Read by password managers, which want to know whose password it is.
        Field::email("login", ENGLISH.sign_in.email).autocomplete("username").value(login).fixed(),
        Field::password("current", t.label).wrong(mistakes.of("current").or(mistakes.of("form"))),
    ];
    let view = FormPage::new(person.page(Place::Security, t.title), "/confirm", fields, t.submit)
        .lead(t.lead)
        .hidden("next", way.as_str())
        .link("/reset", ENGLISH.sign_in.forgotten);
    show(&view, &view.page)
}

/// `GET /confirm`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let way = Way::parse(&asked.next);
    if person.session()?.password_is_fresh(portal.clock().now()) {
        return Ok(to(way.as_str()));
    }
    form(&person, &way, &Mistakes::none())
}

/// `POST /confirm`
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if !portal.gate().may_try(person.seat().origin()) {
        return Err(Fault::Often);
    }
    let way = Way::parse(sent.get("next"));
    let mut mistakes = Mistakes::none();
    if sent.get("current").is_empty() {
        mistakes.add("current", ENGLISH.form.required);
        return form(&person, &way, &mistakes);
    }
    match portal.people().password_confirm(person.session()?, sent.secret("current"), person.visitor()).await
    {
        Ok(token) => Ok(keep(to(way.as_str()), &token)),
        Err(error) => match denied(error)? {
            Denied::SignedOut => Ok(clear(to("/sign-in?ended=yes"))),
            why => {
                if why == Denied::PasswordWrong {
                    portal.gate().failed(person.seat().origin());
                }
                form(&person, &way, &Mistakes::of_denied(&why))
            }
        },
    }
}
