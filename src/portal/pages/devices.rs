//! Where one is signed in, and how to end it (R5, R29).

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::super::browser;
use super::super::fault::Fault;
use super::super::form::Form;
use super::super::moment::{Moment, Piece, Sentence};
use super::super::page::{Page, Place, show};
use super::super::seat::{Person, clear};
use super::super::text::ENGLISH;
use super::super::way::to;
use super::{Portal, app_passwords};
use crate::service::people::WebSignIn;

struct Visit {
    browser: String,
    facts: Sentence,
    this_one: bool,
}

#[derive(Template)]
#[template(path = "portal/devices.html")]
struct DevicesPage {
    page: Page,
    visits: Vec<Visit>,
    devices: Vec<app_passwords::Shown>,
}

fn visit(sign_in: WebSignIn, zone: &str) -> Visit {
    let t = &ENGLISH.devices;
    let time = |at| Piece::Time(Moment::new(at, zone));
    let facts = Sentence::joined(vec![
        Sentence::new(t.since, &[("when", time(sign_in.created_at))]),
        Sentence::new(t.last, &[("when", time(sign_in.active_at))]),
        Sentence::new(t.from, &[("address", Piece::Words(sign_in.address))]),
    ]);
    Visit { browser: browser::name(&sign_in.user_agent), facts, this_one: sign_in.this_one }
}

/// `GET /devices`
pub(in crate::portal) async fn page(State(portal): State<Portal>, person: Person) -> Result<Response, Fault> {
    let session = person.session()?;
    let all = portal.people().devices(session).await?;
    let view = DevicesPage {
        page: person.page(Place::Devices, ENGLISH.devices.title),
        visits: all.web.into_iter().map(|v| visit(v, &session.time_zone)).collect(),
        devices: app_passwords::shown(all.devices, &session.time_zone),
    };
    show(&view, &view.page)
}

/// `POST /devices/sign-out-everywhere`
pub(in crate::portal) async fn sign_out_everywhere(
    State(portal): State<Portal>,
    person: Person,
    _sent: Form,
) -> Result<Response, Fault> {
    portal.people().sign_out_everywhere(person.session()?).await?;
    Ok(clear(to("/sign-in?done=everywhere")))
}
