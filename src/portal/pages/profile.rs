//! The profile: everything that a person changes about the own account (R6, R24).

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::{Choice, Field, Ticked};
use super::super::form::Form;
use super::super::page::{Page, Place, show};
use super::super::seat::Person;
use super::super::text::{ENGLISH, fill};
use super::super::view::FormPage;
use super::super::way::to;
use super::register::by_field;
use super::{Done, Portal, code, link, unless_confirmed};
use crate::service::people::{
    CodesGo, Denied, Factor, OtherPhone, PeopleError, Profile, ProfileChange, Session, time_zones,
};

#[derive(Template)]
#[template(path = "portal/profile.html")]
struct ProfilePage {
    page: Page,
    fields: Vec<Field>,
    email: String,
    email_waiting: Option<String>,
    phone: String,
    other_phones: Vec<Other>,
}

/// One of the numbers beside the one that codes go to.
struct Other {
    id: i64,
    number: String,
    /// The buttons' full names, for those who hear them alone.
    choose: String,
    remove: String,
}

fn other(phone: &OtherPhone) -> Other {
    let t = &ENGLISH.profile;
    let number = phone.phone.as_str().to_owned();
    Other {
        id: phone.id,
        choose: fill(t.phone_use_of, &[("phone", &number)]),
        remove: fill(t.phone_remove_of, &[("phone", &number)]),
        number,
    }
}

/// R24. The zones that people of this portal most likely want come first.
pub(super) fn zone_field(zone: &str) -> Field {
    const LIKELY: [&str; 8] = [
        "America/Los_Angeles",
        "America/Denver",
        "America/Phoenix",
        "America/Chicago",
        "America/New_York",
        "America/Anchorage",
        "Pacific/Honolulu",
        "UTC",
    ];
    let all = time_zones();
    let known = |name: &&&str| all.contains(*name);
    let rest = all.iter().filter(|name| !LIKELY.contains(name));
    let mut choices: Vec<Choice> =
        LIKELY.iter().filter(known).chain(rest).map(|name| Choice::new(*name, *name)).collect();
    if !choices.iter().any(|c| c.value == zone) {
        choices.insert(0, Choice::new(zone, zone));
    }
    Field::select("time_zone", ENGLISH.profile.time_zone, choices)
        .hint(ENGLISH.profile.time_zone_hint)
        .value(zone)
}

/// Sets the time zone alone.
pub(super) async fn zone_change(portal: &Portal, session: &Session, zone: &str) -> Result<(), PeopleError> {
    if zone == session.time_zone {
        return Ok(());
    }
    let now = portal.people().profile(session).await?;
    let change = ProfileChange {
        first_name: now.first_name,
        last_name: now.last_name,
        ada_number: now.ada_number,
        specialties: now.specialties,
        time_zone: zone.to_owned(),
    };
    portal.people().profile_change(session, &change).await
}

fn form(
    person: &Person,
    done: &Done,
    now: &Profile,
    shown: &ProfileChange,
    mistakes: &Mistakes,
) -> Result<Response, Fault> {
    let t = &ENGLISH.profile;
    let fields = vec![
        Field::text("first_name", t.first_name)
            .autocomplete("given-name")
            .value(&shown.first_name)
            .wrong(mistakes.of("first_name").or(mistakes.of("form"))),
        Field::text("last_name", t.last_name)
            .autocomplete("family-name")
            .value(&shown.last_name)
            .wrong(mistakes.of("last_name")),
        Field::text("ada_number", t.ada).optional().value(&shown.ada_number).wrong(mistakes.of("ada_number")),
        Field::text("specialties", t.specialties)
            .hint(t.specialties_hint)
            .optional()
            .value(shown.specialties.join(", "))
            .wrong(mistakes.of("specialties")),
        zone_field(&shown.time_zone).wrong(mistakes.of("time_zone")),
    ];
    let words = match done.done.as_str() {
        "saved" => Some(t.saved.to_owned()),
        "phone" => Some(t.phone_changed.to_owned()),
        "phone-added" => Some(t.phone_added.to_owned()),
        "phone-used" => Some(t.phone_used.to_owned()),
        "phone-removed" => Some(t.phone_removed.to_owned()),
        "email" => Some(t.email_changed.to_owned()),
        _ => None,
    };
    let page = person.page(Place::Profile, t.title).with_done(words).with_mistakes(&fields);
    let view = ProfilePage {
        page,
        fields,
        email: fill(t.email_lead, &[("email", &now.email)]),
        email_waiting: now.email_pending.as_ref().map(|email| fill(t.email_waiting, &[("email", email)])),
        phone: match &now.phone {
            Some(phone) => fill(t.phone_lead, &[("phone", &phone.as_str())]),
            None => t.phone_none.to_owned(),
        },
        other_phones: now.other_phones.iter().map(other).collect(),
    };
    show(&view, &view.page)
}

/// `GET /profile`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    let now = portal.people().profile(person.session()?).await?;
    let shown = ProfileChange {
        first_name: now.first_name.clone(),
        last_name: now.last_name.clone(),
        ada_number: now.ada_number.clone(),
        specialties: now.specialties.clone(),
        time_zone: now.time_zone.clone(),
    };
    form(&person, &done, &now, &shown, &Mistakes::none())
}

/// `POST /profile`
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    let session = person.session()?;
    let specialties = sent.get("specialties").split(',').map(str::trim).filter(|s| !s.is_empty());
    let change = ProfileChange {
        first_name: sent.trimmed("first_name").to_owned(),
        last_name: sent.trimmed("last_name").to_owned(),
        ada_number: sent.trimmed("ada_number").to_owned(),
        specialties: specialties.map(str::to_owned).collect(),
        time_zone: sent.get("time_zone").to_owned(),
    };
    match portal.people().profile_change(session, &change).await {
        Ok(()) => Ok(to("/profile?done=saved")),
        Err(error) => {
            let mistakes = Mistakes::of_denied(&denied(error)?);
            let now = portal.people().profile(session).await?;
            form(&person, &Done::default(), &now, &change, &mistakes)
        }
    }
}

fn email_form(person: &Person, typed: &str, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.profile;
    let field = Field::email("email", t.email_new)
        .hint(t.email_hint)
        .value(typed)
        .wrong(mistakes.of("email").or(mistakes.of("form")));
    let view = FormPage::new(
        person.page(Place::Profile, t.email_submit),
        "/profile/email",
        vec![field],
        t.email_submit,
    )
    .link("/profile", t.title);
    show(&view, &view.page)
}

/// `GET /profile/email`
pub(in crate::portal) async fn email_page(
    State(portal): State<Portal>,
    person: Person,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/profile/email")? {
        return Ok(way);
    }
    email_form(&person, "", &Mistakes::none())
}

/// `POST /profile/email`: a link goes to the new address.
pub(in crate::portal) async fn email_send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/profile/email")? {
        return Ok(way);
    }
    let typed = sent.trimmed("email");
    match portal.people().email_change(person.session()?, typed).await {
        Ok(()) => Ok(to("/profile")),
        Err(error) => email_form(&person, typed, &Mistakes::of_denied(&denied(error)?)),
    }
}

fn email_dead(person: &Person) -> Result<Response, Fault> {
    let t = &ENGLISH.profile;
    link::dead(person.seat(), t.dead_title, t.dead_lead, Some(t.dead_account), None)
}

fn is_dead(error: &PeopleError) -> bool {
    matches!(error, PeopleError::Denied(Denied::Link | Denied::LinkExpired))
}

/// `GET /email/{token}`: only in a sign-in of the account whose address it is to be.
pub(in crate::portal) async fn email_confirm_page(
    State(portal): State<Portal>,
    person: Person,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    portal.limits().may_enter(person.seat().origin())?;
    let t = &ENGLISH.profile;
    match portal.people().email_look(person.session()?, &link::token(&token)).await {
        Ok(email) => {
            let page = person.page(Place::Profile, t.email_confirm_title);
            let view = FormPage::new(page, format!("/email/{token}"), Vec::new(), t.email_confirm_submit)
                .lead(fill(t.email_confirm_lead, &[("email", &email)]));
            show(&view, &view.page)
        }
        Err(error) if is_dead(&error) => email_dead(&person),
        Err(error) => Err(error.into()),
    }
}

/// `POST /email/{token}`
pub(in crate::portal) async fn email_confirm(
    State(portal): State<Portal>,
    person: Person,
    Path(token): Path<String>,
    _sent: Form,
) -> Result<Response, Fault> {
    portal.limits().may_enter(person.seat().origin())?;
    match portal.people().email_confirm(person.session()?, &link::token(&token)).await {
        Ok(_) => Ok(to("/profile?done=email")),
        Err(error) if is_dead(&error) => email_dead(&person),
        Err(PeopleError::Denied(Denied::AddressTaken)) => {
            let t = &ENGLISH.profile;
            link::dead(person.seat(), t.email_confirm_title, t.email_taken, None, None)
        }
        Err(error) => Err(error.into()),
    }
}

fn phone_form(person: &Person, typed: &str, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.profile;
    let fields = vec![
        Field::phone("phone", t.phone_new)
            .hint(t.phone_hint)
            .value(typed)
            .wrong(mistakes.of("phone").or(mistakes.of("form")).or(mistakes.of("code"))),
        by_field(),
    ];
    let view =
        FormPage::new(person.page(Place::Profile, t.phone_add), "/profile/phone", fields, t.phone_send)
            .link("/profile", t.title);
    show(&view, &view.page)
}

/// As everywhere, but an account without any factor can have a first one by its password.
fn unless_proved(portal: &Portal, person: &Person) -> Result<Option<Response>, Fault> {
    let session = person.session()?;
    if session.factor == Factor::None && session.password_is_fresh(portal.clock().now()) {
        return Ok(None);
    }
    unless_confirmed(portal, person, "/profile/phone")
}

/// `GET /profile/phone`
pub(in crate::portal) async fn phone_page(
    State(portal): State<Portal>,
    person: Person,
) -> Result<Response, Fault> {
    if let Some(way) = unless_proved(&portal, &person)? {
        return Ok(way);
    }
    phone_form(&person, "", &Mistakes::none())
}

/// `POST /profile/phone`: a code goes to the new number.
pub(in crate::portal) async fn phone_send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_proved(&portal, &person)? {
        return Ok(way);
    }
    let typed = sent.trimmed("phone");
    match portal.people().phone_change(person.session()?, typed, code::channel(&sent)).await {
        Ok(_) => Ok(to("/profile/phone/code")),
        Err(error) => phone_form(&person, typed, &Mistakes::of_denied(&denied(error)?)),
    }
}

fn phone_code_form(person: &Person, keep: Ticked, mistakes: &Mistakes) -> Result<Response, Fault> {
    let (t, c) = (&ENGLISH.profile, &ENGLISH.code);
    let mut fields = vec![Field::figures("code", c.label).wrong(mistakes.of("code").or(mistakes.of("form")))];
    if let Factor::Phone(now) = &person.session()?.factor {
        fields.push(Field::tick("keep", fill(t.phone_keep, &[("phone", &code::ending(now))]), keep));
    }
    let page = person.page(Place::Profile, t.phone_code_title);
    let view = FormPage::new(page, "/profile/phone/code", fields, c.submit)
        .lead(t.phone_code_lead)
        .link("/profile/phone", t.phone_add);
    show(&view, &view.page)
}

/// `GET /profile/phone/code`
pub(in crate::portal) async fn phone_code_page(person: Person) -> Result<Response, Fault> {
    phone_code_form(&person, Ticked::No, &Mistakes::none())
}

/// `POST /profile/phone/code`
pub(in crate::portal) async fn phone_code_send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if !portal.gate().may_try(person.seat().origin()) {
        return Err(Fault::Often);
    }
    let keep = Ticked::from(sent.ticked("keep"));
    let (go, done) = match keep {
        Ticked::Yes => (CodesGo::WhereTheyWent, "/profile?done=phone-added"),
        Ticked::No => (CodesGo::ToTheNew, "/profile?done=phone"),
    };
    match portal.people().phone_confirm(person.session()?, &sent.secret("code"), go).await {
        Ok(()) => Ok(to(done)),
        Err(error) => {
            let why = denied(error)?;
            if why == Denied::CodeWrong {
                portal.gate().failed(person.seat().origin());
            }
            phone_code_form(&person, keep, &Mistakes::of_denied(&why))
        }
    }
}

/// `POST /profile/phones/use`: codes go to another of the numbers.
pub(in crate::portal) async fn phone_use(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/profile")? {
        return Ok(way);
    }
    let id = sent.get("id").parse().map_err(|_| Fault::Bad)?;
    let done = portal.people().phone_choose(person.session()?, id).await?;
    Ok(to(if done { "/profile?done=phone-used" } else { "/profile" }))
}

/// `POST /profile/phones/remove`
pub(in crate::portal) async fn phone_remove(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    if let Some(way) = unless_confirmed(&portal, &person, "/profile")? {
        return Ok(way);
    }
    let id = sent.get("id").parse().map_err(|_| Fault::Bad)?;
    let done = portal.people().phone_remove(person.session()?, id).await?;
    Ok(to(if done { "/profile?done=phone-removed" } else { "/profile" }))
}
