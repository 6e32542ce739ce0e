//! Devices: those with an app password, and revoking one (R29). Where one is signed in is a page of its own.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use super::super::fault::Fault;
use super::super::form::Form;
use super::super::moment::{Moment, Piece, Sentence};
use super::super::page::{Page, Place, show};
use super::super::seat::Person;
use super::super::text::{ENGLISH, fill};
use super::super::way::to;
use super::{Done, Portal};
use crate::service::people::{AppPasswordId, Device};

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

#[derive(Template)]
#[template(path = "portal/devices.html")]
struct DevicesPage {
    page: Page,
    devices: Vec<Shown>,
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
