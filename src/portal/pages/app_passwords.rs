//! App passwords: made, listed, revoked (R29), and what to enter in a mail program.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::Field;
use super::super::form::Form;
use super::super::moment::{Moment, Piece, Sentence};
use super::super::page::{Page, Place, show};
use super::super::seat::Person;
use super::super::text::{ENGLISH, fill};
use super::super::view::FormPage;
use super::super::way::to;
use super::{Done, Portal, unless_fresh};
use crate::service::people::{AppPasswordId, Denied, Device};

/// One in the list.
pub(super) struct Shown {
    pub(super) id: AppPasswordId,
    pub(super) name: String,
    pub(super) facts: Sentence,
    /// The button's full name, for those who hear it alone.
    pub(super) revoke: String,
}

/// Those in use.
pub(super) fn shown(devices: Vec<Device>, zone: &str) -> Vec<Shown> {
    let t = &ENGLISH.app_passwords;
    let in_use = devices.into_iter().filter(|d| d.revoked_at.is_none());
    let shown = in_use.map(|device| {
        let time = |at| Piece::Time(Moment::new(at, zone));
        let used = match (device.last_used_at, device.last_used_from) {
            (Some(at), Some(from)) => {
                Sentence::new(t.used, &[("when", time(at)), ("address", Piece::Words(from))])
            }
            (Some(at), None) => Sentence::new(t.used_when, &[("when", time(at))]),
            (None, _) => Sentence::new(t.unused, &[]),
        };
        let made = Sentence::new(t.made, &[("when", time(device.created_at))]);
        Shown {
            id: device.id,
            revoke: fill(t.revoke_of, &[("name", &device.name)]),
            name: device.name,
            facts: Sentence::joined(vec![made, used]),
        }
    });
    shown.collect()
}

/// What a mail program is told.
struct MailSettings {
    user: String,
    incoming: String,
    outgoing: String,
}

fn mail_settings(portal: &Portal, person: &Person) -> Result<MailSettings, Fault> {
    let settings = portal.settings();
    let server =
        |port: u16| fill(ENGLISH.app_passwords.server, &[("host", &settings.mail_hostname), ("port", &port)]);
    Ok(MailSettings {
        user: person.session()?.account.secure_address.to_string(),
        incoming: server(settings.mail_ports.0),
        outgoing: server(settings.mail_ports.1),
    })
}

#[derive(Template)]
#[template(path = "portal/app_passwords.html")]
struct ListPage {
    page: Page,
    devices: Vec<Shown>,
    mail: MailSettings,
}

/// `GET /app-passwords`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    let t = &ENGLISH.app_passwords;
    let session = person.session()?;
    let all = portal.people().devices(session).await?;
    let words = (done.done == "revoked").then_some(t.revoked);
    let view = ListPage {
        page: person.page(Place::AppPasswords, t.title).with_done(words),
        devices: shown(all.devices, &session.time_zone),
        mail: mail_settings(&portal, &person)?,
    };
    show(&view, &view.page)
}

fn form(person: &Person, name: &str, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.app_passwords;
    let field = Field::text("name", t.name)
        .hint(t.name_hint)
        .value(name)
        .wrong(mistakes.of("name").or(mistakes.of("form")));
    let page = person.page(Place::AppPasswords, t.new_title);
    let view =
        FormPage::new(page, "/app-passwords/new", vec![field], t.submit).link("/app-passwords", t.title);
    show(&view, &view.page)
}

/// `GET /app-passwords/new`
pub(in crate::portal) async fn new_page(
    State(portal): State<Portal>,
    person: Person,
) -> Result<Response, Fault> {
    if let Some(way) = unless_fresh(&portal, &person, "/app-passwords/new")? {
        return Ok(way);
    }
    form(&person, "", &Mistakes::none())
}

#[derive(Template)]
#[template(path = "portal/secret.html")]
struct SecretPage {
    page: Page,
    secret: String,
    mail: MailSettings,
}

/// `POST /app-passwords/new`: the secret is shown once, as the answer to the form itself.
pub(in crate::portal) async fn new_send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    let t = &ENGLISH.app_passwords;
    let name = sent.trimmed("name");
    match portal.people().device_create(person.session()?, name).await {
        Ok((_, secret)) => {
            let view = SecretPage {
                page: person.page(Place::AppPasswords, fill(t.made_title, &[("name", &name)])),
                secret: String::from_utf8_lossy(secret.expose()).into_owned(),
                mail: mail_settings(&portal, &person)?,
            };
            show(&view, &view.page)
        }
        Err(error) => match denied(error)? {
            Denied::FactorNeeded => Ok(to("/code?next=/app-passwords/new")),
            why => form(&person, name, &Mistakes::of_denied(&why)),
        },
    }
}

/// `POST /app-passwords/revoke`
pub(in crate::portal) async fn revoke(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    let id = sent.get("id").parse().map_err(|_| Fault::Bad)?;
    portal.people().device_revoke(person.session()?, AppPasswordId(id)).await?;
    Ok(to("/app-passwords?done=revoked"))
}
