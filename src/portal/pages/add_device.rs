//! A device is added (R29): named, and then set up, with an app password that is shown once or by a
//! one-time link that carries it to the device.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::{Choice, Field};
use super::super::form::Form;
use super::super::page::{Page, Place, show};
use super::super::qr::Qr;
use super::super::seat::Person;
use super::super::text::{ENGLISH, fill};
use super::super::view::FormPage;
use super::super::way::to;
use super::{Portal, unless_fresh};
use crate::service::device_setup::device_link;
use crate::service::people::{Denied, Tier};
use crate::types::Secret;

const PATH: &str = "/devices/new";

/// What is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Thunderbird,
    Phone,
    Mac,
    Other,
}

impl Program {
    const ALL: [Self; 4] = [Self::Thunderbird, Self::Phone, Self::Mac, Self::Other];

    /// In the form.
    fn word(self) -> &'static str {
        match self {
            Self::Thunderbird => "thunderbird",
            Self::Phone => "iphone",
            Self::Mac => "mac",
            Self::Other => "other",
        }
    }

    /// On the page.
    fn choice(self) -> Choice {
        let t = &ENGLISH.add_device;
        let (label, hint) = match self {
            Self::Thunderbird => (t.thunderbird, t.thunderbird_hint),
            Self::Phone => (t.phone, t.phone_hint),
            Self::Mac => (t.mac, t.mac_hint),
            Self::Other => (t.other, t.other_hint),
        };
        Choice::new(self.word(), label).hint(hint)
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.word() == word)
    }
}

fn form(person: &Person, name: &str, program: &str, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.add_device;
    let fields = vec![
        Field::text("name", t.name)
            .hint(t.name_hint)
            .value(name)
            .wrong(mistakes.of("name").or(mistakes.of("form"))),
        Field::radios("program", t.program, Program::ALL.map(Program::choice).into())
            .value(program)
            .wrong(mistakes.of("program")),
    ];
    let page = person.page(Place::Devices, t.title);
    let view = FormPage::new(page, PATH, fields, t.submit)
        .lead(t.lead)
        .link(Place::Devices.path(), ENGLISH.devices.title);
    show(&view, &view.page)
}

/// `GET /devices/new`
pub(in crate::portal) async fn page(State(portal): State<Portal>, person: Person) -> Result<Response, Fault> {
    if let Some(way) = unless_fresh(&portal, &person, PATH)? {
        return Ok(way);
    }
    form(&person, "", "", &Mistakes::none())
}

/// `POST /devices/new`: what is shown once is the answer to the form itself.
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_fresh(&portal, &person, PATH)? {
        return Ok(way);
    }
    let (name, word) = (sent.trimmed("name"), sent.get("program"));
    let mut mistakes = Mistakes::none();
    if name.is_empty() {
        mistakes.add("name", ENGLISH.add_device.name_wrong);
    }
    let Some(program) = Program::parse(word).filter(|_| mistakes.is_empty()) else {
        if Program::parse(word).is_none() {
            mistakes.add("program", ENGLISH.form.choose);
        }
        return form(&person, name, word, &mistakes);
    };
    let (people, session) = (portal.people(), person.session()?);
    let made = match program {
        Program::Thunderbird | Program::Other => people.device_create(session, name).await.map(|made| made.1),
        Program::Phone | Program::Mac => people.device_link(session, name).await,
    };
    match made {
        Ok(secret) => match program {
            Program::Thunderbird | Program::Other => password_page(&portal, &person, name, program, &secret),
            Program::Phone | Program::Mac => link_page(&portal, &person, name, program, &secret),
        },
        Err(error) => match denied(error)? {
            Denied::FactorNeeded => Ok(to(&format!("/code?next={PATH}"))),
            ended @ (Denied::SignedOut | Denied::Stage) => Err(ended.into()),
            why => form(&person, name, word, &Mistakes::of_denied(&why)),
        },
    }
}

#[derive(Template)]
#[template(path = "portal/device_password.html")]
struct PasswordPage {
    page: Page,
    secret: String,
    steps: Vec<String>,
    user: String,
    incoming: String,
    outgoing: String,
    /// R21: paid accounts have contacts.
    contacts: Option<String>,
}

fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

fn password_page(
    portal: &Portal,
    person: &Person,
    name: &str,
    program: Program,
    secret: &Secret,
) -> Result<Response, Fault> {
    let t = &ENGLISH.add_device;
    let settings = portal.settings();
    let account = &person.session()?.account;
    let contacts =
        (account.tier == Tier::Paid).then(|| format!("{}/carddav/", settings.url.trim_end_matches('/')));
    let steps = match program {
        Program::Thunderbird => {
            let mut steps = vec![t.thunderbird_1, t.thunderbird_2, t.thunderbird_3];
            steps.extend(contacts.is_some().then_some(t.thunderbird_4));
            steps
        }
        _ => vec![t.other_1, t.other_2, t.other_3],
    };
    let server = |port: u16| fill(t.server, &[("host", &settings.mail_hostname), ("port", &port)]);
    let view = PasswordPage {
        page: person.page(Place::Devices, fill(t.password_title, &[("name", &name)])),
        secret: text(secret),
        steps: steps.into_iter().map(|s| fill(s, &[("address", &account.secure_address)])).collect(),
        user: account.secure_address.to_string(),
        incoming: server(settings.mail_ports.0),
        outgoing: server(settings.mail_ports.1),
        contacts,
    };
    show(&view, &view.page)
}

#[derive(Template)]
#[template(path = "portal/device_by_link.html")]
struct LinkPage {
    page: Page,
    lead: &'static str,
    link: String,
    /// `None`: it is opened on this very device.
    qr: Option<Qr>,
    steps: Vec<&'static str>,
}

fn link_page(
    portal: &Portal,
    person: &Person,
    name: &str,
    program: Program,
    token: &Secret,
) -> Result<Response, Fault> {
    let t = &ENGLISH.add_device;
    let link = device_link(&portal.settings().url) + &text(token);
    let (qr, steps) = match program {
        Program::Phone => {
            let qr = Qr::new(&Secret::new(link.as_str()), t.qr_alt).map_err(|e| Fault::ours(&e))?;
            (Some(qr), vec![t.phone_1, t.phone_2, t.phone_3, t.phone_4])
        }
        _ => (None, vec![t.mac_1, t.mac_2, t.mac_3]),
    };
    let lead = match person.session()?.account.tier {
        Tier::Paid => t.link_lead,
        Tier::Free => t.link_lead_free,
    };
    let view = LinkPage {
        page: person.page(Place::Devices, fill(t.link_title, &[("name", &name)])),
        lead,
        link,
        qr,
        steps,
    };
    show(&view, &view.page)
}
