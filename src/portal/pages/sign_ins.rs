//! Where one is signed in to the portal, and ending one sign-in or all (R5).

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use super::super::browser;
use super::super::fault::Fault;
use super::super::form::Form;
use super::super::moment::{Moment, Piece, Sentence};
use super::super::page::{Page, Place, show};
use super::super::seat::{Person, clear};
use super::super::text::{ENGLISH, fill};
use super::super::way::{Way, to};
use super::{Done, Portal};
use crate::service::people::WebSignIn;

const PAGE: &str = "/sign-ins";

struct Shown {
    browser: String,
    facts: Sentence,
    this_one: bool,
    handle: String,
    /// The button's full name, for those who hear it alone.
    end: String,
}

#[derive(Template)]
#[template(path = "portal/sign_ins.html")]
struct SignInsPage {
    page: Page,
    sign_ins: Vec<Shown>,
}

fn shown(sign_in: WebSignIn, zone: &str) -> Shown {
    let t = &ENGLISH.sign_ins;
    let time = |at| Piece::Time(Moment::new(at, zone));
    let facts = Sentence::joined(vec![
        Sentence::new(t.since, &[("when", time(sign_in.created_at))]),
        Sentence::new(t.last, &[("when", time(sign_in.active_at))]),
        Sentence::new(t.from, &[("address", Piece::Words(sign_in.address))]),
    ]);
    let browser = browser::name(&sign_in.user_agent);
    Shown {
        facts,
        this_one: sign_in.this_one,
        handle: sign_in.handle,
        end: fill(t.end_of, &[("browser", &browser)]),
        browser,
    }
}

/// Ending sign-ins takes the password or a code of the last five minutes. The password alone is asked for: whoever
/// fears a thief should not have to look for a phone first.
fn unless_recent(portal: &Portal, person: &Person) -> Result<Option<Response>, Fault> {
    let (session, now) = (person.session()?, portal.clock().now());
    let recent = session.password_is_fresh(now) || session.factor_is_fresh(now);
    Ok(if recent { None } else { Some(to(&Way::parse(PAGE).through("/confirm"))) })
}

/// `GET /sign-ins`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    let t = &ENGLISH.sign_ins;
    let session = person.session()?;
    let all = portal.people().devices(session).await?;
    let words = (done.done == "ended").then_some(t.ended);
    let view = SignInsPage {
        page: person.page(Place::Security, t.title).with_done(words),
        sign_ins: all.web.into_iter().map(|s| shown(s, &session.time_zone)).collect(),
    };
    show(&view, &view.page)
}

/// `POST /sign-ins/end`: one.
pub(in crate::portal) async fn end(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_recent(&portal, &person)? {
        return Ok(way);
    }
    portal.people().sign_in_end(person.session()?, sent.get("sign_in")).await?;
    Ok(to("/sign-ins?done=ended"))
}

/// `POST /sign-ins/end-all`: this one too.
pub(in crate::portal) async fn end_all(
    State(portal): State<Portal>,
    person: Person,
    _sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_recent(&portal, &person)? {
        return Ok(way);
    }
    portal.people().sign_out_everywhere(person.session()?).await?;
    Ok(clear(to("/sign-in?done=everywhere")))
}
