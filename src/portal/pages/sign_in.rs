//! Sign-in, first step; sign-out; and the button of the idle warning (R1, R4, R5).

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::denied::{Mistakes, denied, sentence};
use super::super::fault::Fault;
use super::super::field::Field;
use super::super::form::Form;
use super::super::page::show;
use super::super::seat::{Person, Seat, clear, keep, remember};
use super::super::text::ENGLISH;
use super::super::view::FormPage;
use super::super::way::{Way, to};
use super::Portal;
use crate::service::people::{Denied, SignedIn};

/// Why somebody was sent here.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Why {
    next: String,
    ended: String,
    first: String,
    done: String,
}

impl Why {
    fn words(&self) -> Option<&'static str> {
        let t = &ENGLISH.sign_in;
        match (self.ended.as_str(), self.first.as_str(), self.done.as_str()) {
            ("idle", ..) => Some(t.ended_idle),
            ("yes", ..) => Some(t.ended),
            (_, "yes", _) => Some(t.first),
            (_, _, "out") => Some(t.signed_out),
            (_, _, "everywhere") => Some(t.everywhere),
            (_, _, "reset") => Some(t.reset),
            (_, _, "email") => Some(ENGLISH.profile.email_changed),
            _ => None,
        }
    }
}

fn form(
    seat: &Seat,
    way: &Way,
    login: &str,
    why: Option<&'static str>,
    mistakes: &Mistakes,
) -> Result<Response, Fault> {
    let t = &ENGLISH.sign_in;
    let fields = vec![
        Field::text("login", t.email)
            .hint(t.email_hint)
            .autocomplete("username")
            .value(login)
            .wrong(mistakes.of("form")),
        Field::password("password", t.password).wrong(mistakes.of("password")),
    ];
    let page = seat.page(t.title).with_done(why);
    let mut view = FormPage::new(page, "/sign-in", fields, t.submit)
        .hidden("next", way.as_str())
        .link("/reset", t.forgotten);
    view.foot = Some(if mistakes.is_empty() { t.no_account } else { t.refused_more });
    show(&view, &view.page)
}

/// `GET /sign-in`
pub(in crate::portal) async fn page(seat: Seat, Query(why): Query<Why>) -> Result<Response, Fault> {
    let way = Way::parse(&why.next);
    if seat.full().is_some() {
        return Ok(to(way.as_str()));
    }
    form(&seat, &way, "", why.words(), &Mistakes::none())
}

/// `POST /sign-in`
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    seat: Seat,
    sent: Form,
) -> Result<Response, Fault> {
    if !portal.gate().may_try(seat.origin()) {
        return Err(Fault::Often);
    }
    let way = Way::parse(sent.get("next"));
    let login = sent.trimmed("login");
    let signed_in = portal.people().sign_in(login, sent.secret("password"), seat.visitor()).await;
    // Its cookie is replaced: nobody could end it any more.
    if signed_in.is_ok() {
        seat.leave(&portal).await?;
    }
    match signed_in {
        Ok(SignedIn::Full(token)) => Ok(remember(keep(to(way.as_str()), &token), &seat)),
        Ok(SignedIn::SecondStep(token)) => Ok(keep(to(&way.through("/code")), &token)),
        Err(error) => {
            let why = denied(error)?;
            if why == Denied::SignIn {
                portal.gate().failed(seat.origin());
            }
            let mut mistakes = Mistakes::none();
            mistakes.add("form", sentence(&why));
            form(&seat, &way, login, None, &mistakes)
        }
    }
}

/// `POST /sign-out`
pub(in crate::portal) async fn sign_out(
    State(portal): State<Portal>,
    seat: Seat,
    _sent: Form,
) -> Result<Response, Fault> {
    if let Some(session) = seat.session() {
        portal.people().sign_out(session).await?;
    }
    Ok(clear(to("/sign-in?done=out")))
}

/// `POST /session/extend`: that it was asked is all it takes; who has no script comes Home.
pub(in crate::portal) async fn extend(person: Person, headers: HeaderMap, _sent: Form) -> Response {
    let _ = person;
    let script = headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate");
    if script { StatusCode::NO_CONTENT.into_response() } else { to("/") }
}
