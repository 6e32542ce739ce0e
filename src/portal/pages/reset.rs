//! Password reset (R2), and how strong a password is.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::Field;
use super::super::form::Form;
use super::super::page::show;
use super::super::seat::{Seat, keep, remember};
use super::super::text::{ENGLISH, fill};
use super::super::view::{FormPage, Link, MessagePage};
use super::super::way::to;
use super::{Done, Portal, link};
use crate::service::people::{Denied, PeopleError, SignedIn, password_strength};

/// What every form with a new password looks at itself: that it was typed, twice the same.
pub(super) fn check_new_password(sent: &Form, mistakes: &mut Mistakes) {
    let t = &ENGLISH.password;
    if sent.get("password").is_empty() {
        mistakes.add("password", t.empty);
    } else if sent.secret("password") != sent.secret("again") {
        mistakes.add("again", t.differs);
    }
}

/// The two fields of a new password.
pub(super) fn new_password_fields(hint: String, mistakes: &Mistakes) -> Vec<Field> {
    let t = &ENGLISH.password;
    vec![
        Field::new_password("password", t.new_label)
            .hint(hint)
            .wrong(mistakes.of("password").or(mistakes.of("form"))),
        Field::repeated_password("again", t.again).wrong(mistakes.of("again")),
    ]
}

/// `GET /reset`
pub(in crate::portal) async fn page(seat: Seat, Query(done): Query<Done>) -> Result<Response, Fault> {
    let t = &ENGLISH.reset;
    if done.done == "sent" {
        let view = MessagePage::new(seat.page(t.sent_title), t.sent_lead)
            .words(t.sent_more)
            .link("/sign-in", ENGLISH.frame.menu_sign_in);
        return show(&view, &view.page);
    }
    request_form(&seat, &Mistakes::none())
}

fn request_form(seat: &Seat, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.reset;
    let field = Field::text("login", t.email).autocomplete("username").wrong(mistakes.of("login"));
    let view = FormPage::new(seat.page(t.title), "/reset", vec![field], t.submit)
        .lead(t.lead)
        .link("/sign-in", ENGLISH.frame.menu_sign_in);
    show(&view, &view.page)
}

/// `POST /reset`: says the same whoever is asked for.
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    seat: Seat,
    sent: Form,
) -> Result<Response, Fault> {
    portal.limits().may_enter(seat.origin())?;
    let login = sent.trimmed("login");
    if login.is_empty() {
        let mut mistakes = Mistakes::none();
        mistakes.add("login", ENGLISH.form.email);
        return request_form(&seat, &mistakes);
    }
    portal.people().reset_request(login, seat.visitor()).await?;
    Ok(to("/reset?done=sent"))
}

fn dead(seat: &Seat) -> Result<Response, Fault> {
    let t = &ENGLISH.reset;
    link::dead(seat, t.dead_title, t.dead_lead, None, Some(Link::new("/reset", t.again)))
}

fn is_dead(error: &PeopleError) -> bool {
    matches!(error, PeopleError::Denied(Denied::Link | Denied::LinkExpired))
}

fn form(seat: &Seat, token: &str, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.reset;
    let fields = new_password_fields(fill(ENGLISH.password.hint, &[("n", &8)]), mistakes);
    let view =
        FormPage::new(seat.page(t.new_title), format!("/reset/{token}"), fields, t.submit_new).lead(t.ends);
    show(&view, &view.page)
}

/// `GET /reset/{token}`
pub(in crate::portal) async fn new_page(
    State(portal): State<Portal>,
    seat: Seat,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    portal.limits().may_enter(seat.origin())?;
    match portal.people().reset_look(&link::token(&token)).await {
        Ok(()) => form(&seat, &token, &Mistakes::none()),
        Err(error) if is_dead(&error) => dead(&seat),
        Err(error) => Err(error.into()),
    }
}

/// `POST /reset/{token}`
pub(in crate::portal) async fn new_send(
    State(portal): State<Portal>,
    seat: Seat,
    Path(token): Path<String>,
    sent: Form,
) -> Result<Response, Fault> {
    portal.limits().may_enter(seat.origin())?;
    if !link::is_shaped(&token) {
        return dead(&seat);
    }
    let mut mistakes = Mistakes::none();
    check_new_password(&sent, &mut mistakes);
    if !mistakes.is_empty() {
        return form(&seat, &token, &mistakes);
    }
    let signed_in =
        portal.people().reset(&link::token(&token), sent.secret("password"), seat.visitor()).await;
    if signed_in.is_ok() {
        seat.leave(&portal).await?;
    }
    match signed_in {
        Ok(SignedIn::Full(token)) => Ok(remember(keep(to("/?done=reset"), &token), &seat)),
        Ok(SignedIn::SecondStep(token)) => Ok(keep(to("/code"), &token)),
        Err(error) if is_dead(&error) => dead(&seat),
        Err(error) => form(&seat, &token, &Mistakes::of_denied(&denied(error)?)),
    }
}

/// What the meter is told.
#[derive(serde::Serialize)]
struct Strength {
    score: u8,
    words: &'static str,
}

/// `POST /password-strength`: for the meter beside a new password. The password goes where it goes anyway,
/// and nothing is kept.
pub(in crate::portal) async fn strength(
    State(portal): State<Portal>,
    seat: Seat,
    sent: Form,
) -> Result<Response, Fault> {
    portal.limits().may_compute(seat.origin())?;
    let Ok(_estimate) = portal.0.estimates.try_acquire() else { return Err(Fault::Busy) };
    let own: Vec<String> = seat.session().map_or_else(Vec::new, |s| {
        vec![s.account.first_name.clone(), s.account.last_name.clone(), s.account.email.to_string()]
    });
    let password = sent.secret("password");
    // Some milliseconds of computing: not on the threads that serve.
    let estimated = tokio::task::spawn_blocking(move || {
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        password_strength(&password, &own).0
    });
    let score = estimated.await.map_err(|e| Fault::ours(&e))?;
    let t = &ENGLISH.password;
    let words = match score {
        0 => t.strength_0,
        1 => t.strength_1,
        2 => t.strength_2,
        3 => t.strength_3,
        _ => t.strength_4,
    };
    let body = serde_json::to_vec(&Strength { score, words }).map_err(|e| Fault::ours(&e))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
