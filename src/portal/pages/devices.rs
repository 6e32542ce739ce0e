//! Devices: those with an app password, and where one is signed in (R5, R29).

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
use super::super::way::to;
use super::{Done, Portal};
use crate::service::people::{AppPasswordId, Device, WebSignIn};

/// A device in the list.
struct Shown {
    id: AppPasswordId,
    name: String,
    /// What its mail program calls itself.
    client: Option<String>,
    facts: Sentence,
    /// The button's full name, for those who hear it alone.
    revoke: String,
}

/// A sign-in in the list.
struct Visit {
    browser: String,
    facts: Sentence,
    this_one: bool,
}

#[derive(Template)]
#[template(path = "portal/devices.html")]
struct DevicesPage {
    page: Page,
    devices: Vec<Shown>,
    visits: Vec<Visit>,
}

fn shown(device: Device, zone: &str) -> Shown {
    let t = &ENGLISH.devices;
    let time = |at| Piece::Time(Moment::new(at, zone));
    let used = match (device.last_used_at, device.last_used_from) {
        (Some(at), Some(from)) => {
            Sentence::new(t.used, &[("when", time(at)), ("address", Piece::Words(from))])
        }
        (Some(at), None) => Sentence::new(t.used_when, &[("when", time(at))]),
        (None, _) => Sentence::new(t.unused, &[]),
    };
    let added = Sentence::new(t.added, &[("when", time(device.created_at))]);
    Shown {
        id: device.id,
        revoke: fill(t.revoke_of, &[("name", &device.name)]),
        name: device.name,
        client: device.client,
        facts: Sentence::joined(vec![used, added]),
    }
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
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    let t = &ENGLISH.devices;
    let session = person.session()?;
    let all = portal.people().devices(session).await?;
    let zone = &session.time_zone;
    let in_use = all.devices.into_iter().filter(|d| d.revoked_at.is_none());
    let words = (done.done == "revoked").then_some(t.revoked);
    let view = DevicesPage {
        page: person.page(Place::Devices, t.title).with_done(words),
        devices: in_use.map(|d| shown(d, zone)).collect(),
        visits: all.web.into_iter().map(|v| visit(v, zone)).collect(),
    };
    show(&view, &view.page)
}

/// `POST /devices/revoke`
pub(in crate::portal) async fn revoke(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    let id = sent.get("id").parse().map_err(|_| Fault::Bad)?;
    portal.people().device_revoke(person.session()?, AppPasswordId(id)).await?;
    Ok(to("/devices?done=revoked"))
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
