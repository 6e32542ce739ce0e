//! Password, two-step verification, authenticator app, recovery codes (R2, R3).

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::Field;
use super::super::form::Form;
use super::super::page::{Page, Place, show};
use super::super::qr::Qr;
use super::super::seat::{Person, clear, keep};
use super::super::text::{ENGLISH, fill};
use super::super::view::{Button, FormPage, MessagePage};
use super::super::way::to;
use super::reset::{check_new_password, new_password_fields};
use super::{Done, Portal, unless_confirmed};
use crate::service::people::{Denied, Enrolment, Factor, Profile};
use crate::types::Secret;

#[derive(Template)]
#[template(path = "portal/security.html")]
struct SecurityPage {
    page: Page,
    two_step: bool,
    enforced: bool,
    app: bool,
    recovery_left: String,
}

fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

/// Easier to type from one screen into another.
fn in_fours(key: &str) -> String {
    let letters: Vec<char> = key.chars().filter(|c| !c.is_whitespace()).collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// `GET /security`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    overview(&portal, &person, &done.done, None).await
}

async fn overview(
    portal: &Portal,
    person: &Person,
    done: &str,
    mistake: Option<String>,
) -> Result<Response, Fault> {
    let t = &ENGLISH.security;
    let session = person.session()?;
    let profile = portal.people().profile(session).await?;
    let left = if profile.app { portal.people().recovery_codes_left(session).await? } else { 0 };
    let words = match done {
        "on" => Some(t.turned_on),
        "off" => Some(t.turned_off),
        "removed" => Some(t.app_removed),
        "password" => Some(t.password_changed),
        _ => None,
    };
    let mut page = person.page(Place::Security, t.title).with_done(words);
    if let Some(mistake) = mistake {
        page = page.with_mistake("main", mistake);
    }
    let view = SecurityPage {
        page,
        two_step: profile.two_step,
        enforced: profile.two_step_enforced,
        app: profile.app,
        recovery_left: fill(t.recovery_left, &[("n", &left)]),
    };
    show(&view, &view.page)
}

/// How long a new password must be, as a hint.
fn length_hint(two_step: bool) -> String {
    let t = &ENGLISH.password;
    if two_step { fill(t.hint, &[("n", &8)]) } else { t.hint_long.to_owned() }
}

fn password_form(person: &Person, two_step: bool, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.security;
    let mut fields = vec![Field::password("current", t.password_now).wrong(mistakes.of("current"))];
    fields.extend(new_password_fields(length_hint(two_step), mistakes));
    let page = person.page(Place::Security, t.password_title);
    let mut view = FormPage::new(page, "/security/password", fields, t.password_change);
    if person.session()?.password_initial {
        view = view.lead(t.password_initial);
    } else {
        view = view.link("/security", t.title);
    }
    show(&view, &view.page)
}

/// `GET /security/password`
pub(in crate::portal) async fn password_page(person: Person) -> Result<Response, Fault> {
    let two_step = person.session()?.two_step;
    password_form(&person, two_step, &Mistakes::none())
}

/// `POST /security/password`
pub(in crate::portal) async fn password_send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if !portal.gate().may_try(person.seat().origin()) {
        return Err(Fault::Often);
    }
    let session = person.session()?;
    let mut mistakes = Mistakes::none();
    if sent.get("current").is_empty() {
        mistakes.add("current", ENGLISH.form.required);
    }
    check_new_password(&sent, &mut mistakes);
    if !mistakes.is_empty() {
        return password_form(&person, session.two_step, &mistakes);
    }
    let (current, new) = (sent.secret("current"), sent.secret("password"));
    match portal.people().password_change(session, current, new, person.visitor()).await {
        Ok(token) => Ok(keep(to("/security?done=password"), &token)),
        Err(error) => match denied(error)? {
            Denied::SignedOut => Ok(clear(to("/sign-in?ended=yes"))),
            why => {
                if why == Denied::PasswordWrong {
                    portal.gate().failed(person.seat().origin());
                }
                password_form(&person, session.two_step, &Mistakes::of_denied(&why))
            }
        },
    }
}

/// `POST /security/two-step/on`
pub(in crate::portal) async fn two_step_on(
    State(portal): State<Portal>,
    person: Person,
    _sent: Form,
) -> Result<Response, Fault> {
    if person.session()?.factor == Factor::None {
        return overview(&portal, &person, "", Some(ENGLISH.security.needs_phone.to_owned())).await;
    }
    if let Some(way) = unless_confirmed(&portal, &person, "/security/two-step")? {
        return Ok(way);
    }
    portal.people().two_step_on(person.session()?).await?;
    Ok(to("/security?done=on"))
}

fn two_step_form(person: &Person, profile: &Profile, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.security;
    if !profile.two_step {
        let page = person.page(Place::Security, t.on_title);
        let view = MessagePage::new(page, t.two_step_lead)
            .button(Button::new("/security/two-step/on", t.turn_on))
            .link("/security", t.title);
        return show(&view, &view.page);
    }
    let page = person.page(Place::Security, t.off_title);
    if profile.two_step_enforced {
        let view = MessagePage::new(page, t.forced).link("/security", t.title);
        return show(&view, &view.page);
    }
    // R2: a short password is good only together with a second step.
    let (lead, fields) = if profile.password_long {
        (t.off_lead, Vec::new())
    } else {
        (t.off_needs_password, new_password_fields(length_hint(false), mistakes))
    };
    let mut view = FormPage::new(page, "/security/two-step", fields, t.turn_off_submit)
        .lead(lead)
        .link("/security", t.title);
    if profile.password_long
        && let Some(mistake) = mistakes.of("form").or(mistakes.of("password"))
    {
        view.page = view.page.with_mistake("main", mistake);
    }
    show(&view, &view.page)
}

/// `GET /security/two-step`: turning it off, or on where it is off.
pub(in crate::portal) async fn two_step_page(
    State(portal): State<Portal>,
    person: Person,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/security/two-step")? {
        return Ok(way);
    }
    let profile = portal.people().profile(person.session()?).await?;
    two_step_form(&person, &profile, &Mistakes::none())
}

/// `POST /security/two-step`: turns it off.
pub(in crate::portal) async fn two_step_off(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/security/two-step")? {
        return Ok(way);
    }
    let session = person.session()?;
    let profile = portal.people().profile(session).await?;
    let mut mistakes = Mistakes::none();
    if !profile.password_long {
        check_new_password(&sent, &mut mistakes);
        if !mistakes.is_empty() {
            return two_step_form(&person, &profile, &mistakes);
        }
    }
    let new = (!profile.password_long).then(|| sent.secret("password"));
    match portal.people().two_step_off(session, new).await {
        Ok(token) => Ok(keep(to("/security?done=off"), &token)),
        Err(error) => two_step_form(&person, &profile, &Mistakes::of_denied(&denied(error)?)),
    }
}

#[derive(Template)]
#[template(path = "portal/enrol.html")]
struct EnrolPage {
    page: Page,
    qr: Qr,
    typed: String,
    code: Field,
}

fn enrol_page(person: &Person, enrolment: &Enrolment, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.security;
    let code = Field::figures("code", t.enrol_code).wrong(mistakes.of("code").or(mistakes.of("form")));
    let view = EnrolPage {
        page: person.page(Place::Security, t.enrol_title).with_mistakes(std::slice::from_ref(&code)),
        qr: Qr::new(&enrolment.url, t.enrol_alt).map_err(|e| Fault::ours(&e))?,
        typed: in_fours(&text(&enrolment.typed)),
        code,
    };
    show(&view, &view.page)
}

/// `GET /security/authenticator`: the begun enrolment, or a button that begins one.
pub(in crate::portal) async fn app_page(
    State(portal): State<Portal>,
    person: Person,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/security/authenticator")? {
        return Ok(way);
    }
    if let Some(enrolment) = portal.people().app_enrolment(person.session()?).await? {
        return enrol_page(&person, &enrolment, &Mistakes::none());
    }
    let t = &ENGLISH.security;
    let page = person.page(Place::Security, t.enrol_title);
    let view = FormPage::new(page, "/security/authenticator", Vec::new(), t.enrol_begin)
        .lead(t.app_lead)
        .link("/security", t.title);
    show(&view, &view.page)
}

/// `POST /security/authenticator`: begins.
pub(in crate::portal) async fn app_begin(
    State(portal): State<Portal>,
    person: Person,
    _sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/security/authenticator")? {
        return Ok(way);
    }
    portal.people().app_enrol(person.session()?).await?;
    Ok(to("/security/authenticator"))
}

#[derive(Template)]
#[template(path = "portal/codes.html")]
struct CodesPage {
    page: Page,
    codes: Vec<String>,
}

/// Shown once, as the answer to the form itself.
fn codes_page(person: &Person, codes: &[Secret]) -> Result<Response, Fault> {
    let page = person.page(Place::Security, ENGLISH.security.codes_title);
    let view = CodesPage { page, codes: codes.iter().map(text).collect() };
    show(&view, &view.page)
}

/// `POST /security/authenticator/confirm`
pub(in crate::portal) async fn app_confirm(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if !portal.gate().may_try(person.seat().origin()) {
        return Err(Fault::Often);
    }
    let session = person.session()?;
    match portal.people().app_confirm(session, &sent.secret("code")).await {
        Ok(codes) => codes_page(&person, &codes),
        Err(error) => match denied(error)? {
            Denied::FactorNeeded | Denied::NoApp => Ok(to("/security/authenticator")),
            why => match portal.people().app_enrolment(session).await? {
                Some(enrolment) => {
                    let mut mistakes = Mistakes::none();
                    if why == Denied::CodeWrong {
                        portal.gate().failed(person.seat().origin());
                        mistakes.add("code", ENGLISH.code.wrong_totp);
                    } else {
                        mistakes = Mistakes::of_denied(&why);
                    }
                    enrol_page(&person, &enrolment, &mistakes)
                }
                None => Ok(to("/security/authenticator")),
            },
        },
    }
}

fn question(
    person: &Person,
    title: &'static str,
    lead: &'static str,
    action: &'static str,
) -> Result<Response, Fault> {
    let mut button = Button::new(action, title);
    button.look = "danger";
    let view = MessagePage::new(person.page(Place::Security, title), lead)
        .button(button)
        .link("/security", ENGLISH.security.title);
    show(&view, &view.page)
}

/// `GET /security/authenticator/remove`
pub(in crate::portal) async fn app_remove_page(
    State(portal): State<Portal>,
    person: Person,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/security/authenticator/remove")? {
        return Ok(way);
    }
    let t = &ENGLISH.security;
    question(&person, t.app_remove, t.app_remove_lead, "/security/authenticator/remove")
}

/// `POST /security/authenticator/remove`
pub(in crate::portal) async fn app_remove(
    State(portal): State<Portal>,
    person: Person,
    _sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/security/authenticator/remove")? {
        return Ok(way);
    }
    match portal.people().app_remove(person.session()?).await {
        Ok(()) => Ok(to("/security?done=removed")),
        Err(error) => match denied(error)? {
            Denied::NoApp => Ok(to("/security")),
            other => Err(other.into()),
        },
    }
}

/// `GET /security/recovery-codes`
pub(in crate::portal) async fn recovery_page(
    State(portal): State<Portal>,
    person: Person,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/security/recovery-codes")? {
        return Ok(way);
    }
    let t = &ENGLISH.security;
    question(&person, t.recovery_new, t.recovery_new_lead, "/security/recovery-codes")
}

/// `POST /security/recovery-codes`
pub(in crate::portal) async fn recovery_send(
    State(portal): State<Portal>,
    person: Person,
    _sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/security/recovery-codes")? {
        return Ok(way);
    }
    match portal.people().recovery_codes(person.session()?).await {
        Ok(codes) => codes_page(&person, &codes),
        Err(error) => match denied(error)? {
            Denied::NoApp => Ok(to("/security")),
            other => Err(other.into()),
        },
    }
}
