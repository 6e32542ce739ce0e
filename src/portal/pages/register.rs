//! Registration by an invitation's link, and accepting one with an account that exists (R2, R8, R16).

use axum::extract::{Path, Query, State};
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::{Choice, Field};
use super::super::form::Form;
use super::super::page::{Place, show};
use super::super::seat::{Person, Seat, clear, keep};
use super::super::text::{ENGLISH, fill};
use super::super::view::{Button, FormPage, MessagePage};
use super::super::way::to;
use super::{Done, Portal, code, link};
use crate::service::people::{Denied, InvitationPage, PeopleError, Registration};

fn dead(seat: &Seat) -> Result<Response, Fault> {
    let t = &ENGLISH.register;
    link::dead(seat, t.dead_title, t.dead_lead, Some(t.dead_next), None)
}

fn is_dead(error: &PeopleError) -> bool {
    matches!(error, PeopleError::Denied(Denied::Link | Denied::LinkExpired))
}

/// The channels to choose from.
pub(super) fn by_field() -> Field {
    let t = &ENGLISH.register;
    let choices = vec![Choice::new("text", t.by_text), Choice::new("call", t.by_call)];
    Field::radios("by", t.by, choices).value("text")
}

fn form(
    seat: &Seat,
    path: &str,
    about: &Registration,
    names: (&str, &str),
    mistakes: &Mistakes,
) -> Result<Response, Fault> {
    let (t, p) = (&ENGLISH.register, &ENGLISH.password);
    let ending = fill(ENGLISH.code.ending, &[("digits", &about.phone_ending)]);
    let fields = vec![
        // Read by password managers, which want to know whose password it is.
        Field::email("email", t.email).autocomplete("username").value(about.email.as_str()).fixed(),
        Field::text("first_name", t.first_name)
            .autocomplete("given-name")
            .value(names.0)
            .wrong(mistakes.of("first_name")),
        Field::text("last_name", t.last_name)
            .autocomplete("family-name")
            .value(names.1)
            .wrong(mistakes.of("last_name")),
        Field::new_password("password", p.label)
            .hint(fill(p.hint, &[("n", &8)]))
            .wrong(mistakes.of("password")),
        Field::repeated_password("again", p.again).wrong(mistakes.of("again")),
        by_field()
            .hint(fill(t.phone_lead, &[("phone", &ending)]))
            .wrong(mistakes.of("code").or(mistakes.of("form"))),
    ];
    let view = FormPage::new(seat.page(t.title), path, fields, t.submit)
        .step(fill(t.step, &[("n", &1)]))
        .lead(fill(t.lead, &[("inviter", &about.from)]));
    show(&view, &view.page)
}

/// `GET /invitation/{token}`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    seat: Seat,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    portal.limits().may_enter(seat.origin())?;
    let path = format!("/invitation/{token}");
    match portal.people().invitation_look(&link::token(&token)).await {
        Ok(InvitationPage::Register(about)) => {
            form(&seat, &path, &about, (&about.first_name, &about.last_name), &Mistakes::none())
        }
        Ok(InvitationPage::SignInAndAccept { from }) => Ok(accept_page(&seat, &path, &from)?),
        Err(error) if is_dead(&error) => dead(&seat),
        Err(error) => Err(error.into()),
    }
}

fn accept_page(seat: &Seat, path: &str, from: &str) -> Result<Response, Fault> {
    let t = &ENGLISH.register;
    let view = if seat.full().is_some() {
        MessagePage::new(seat.page(t.accept_title), fill(t.accept_lead, &[("inviter", &from)]))
            .button(Button::new(format!("{path}/accept"), t.accept_submit))
    } else {
        MessagePage::new(seat.page(t.exists_title), t.exists_lead)
            .link(super::super::way::Way::parse(path).through("/sign-in"), t.exists_submit)
    };
    show(&view, &view.page)
}

/// `POST /invitation/{token}`: name and password; then a code goes out.
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    seat: Seat,
    Path(token): Path<String>,
    sent: Form,
) -> Result<Response, Fault> {
    portal.limits().may_enter(seat.origin())?;
    let path = format!("/invitation/{token}");
    let secret = link::token(&token);
    let about = match portal.people().invitation_look(&secret).await {
        Ok(InvitationPage::Register(about)) => about,
        Ok(InvitationPage::SignInAndAccept { .. }) => return Ok(to(&path)),
        Err(error) if is_dead(&error) => return dead(&seat),
        Err(error) => return Err(error.into()),
    };
    let names = (sent.trimmed("first_name"), sent.trimmed("last_name"));
    let mut mistakes = Mistakes::none();
    super::reset::check_new_password(&sent, &mut mistakes);
    if !mistakes.is_empty() {
        return form(&seat, &path, &about, names, &mistakes);
    }
    let people = portal.people();
    match people.register(&secret, names.0, names.1, sent.secret("password"), seat.visitor()).await {
        Ok(token) => {
            let session = people.resume(&token, crate::service::people::Activity::Person).await?;
            let session = session.ok_or(Fault::SignedOut)?.seen_from(seat.visitor().address);
            seat.leave(&portal).await?;
            match people.send_code(&session, code::channel(&sent)).await {
                Ok(_) => Ok(keep(to("/code?sent=yes"), &token)),
                Err(error) => form(&seat, &path, &about, names, &Mistakes::of_denied(&denied(error)?)),
            }
        }
        Err(error) if is_dead(&error) => dead(&seat),
        Err(error) => form(&seat, &path, &about, names, &Mistakes::of_denied(&denied(error)?)),
    }
}

/// `POST /not-my-phone`: the User Manager sees it, and corrects (R8).
pub(in crate::portal) async fn not_my_phone(
    State(portal): State<Portal>,
    seat: Seat,
    _sent: Form,
) -> Result<Response, Fault> {
    let session = seat.session().ok_or(Fault::SignedOut)?;
    portal.people().not_my_phone(session).await?;
    let t = &ENGLISH.register;
    let view = MessagePage::new(seat.page(t.not_my_phone_title), t.not_my_phone_done);
    Ok(clear(show(&view, &view.page)?))
}

/// `GET /welcome`: after the last step, the first device (R29).
pub(in crate::portal) async fn welcome(person: Person) -> Result<Response, Fault> {
    let t = &ENGLISH.register;
    let account = &person.session()?.account;
    let lead = fill(t.done_lead, &[("address", &account.secure_address)]);
    let mut view = FormPage::new(person.page(Place::Home, t.done_title), "", Vec::new(), "").lead(lead);
    view.step = Some(fill(t.step, &[("n", &3)]));
    view.more = Some((ENGLISH.home.setup, t.done_password));
    let view = view.go("/devices/new", t.done_make).link("/", t.done_later);
    show(&view, &view.page)
}

fn accepted() -> Response {
    to("/?done=accepted")
}

/// `POST /invitation/{token}/accept`
pub(in crate::portal) async fn accept(
    State(portal): State<Portal>,
    person: Person,
    Path(token): Path<String>,
    _sent: Form,
) -> Result<Response, Fault> {
    portal.limits().may_enter(person.seat().origin())?;
    match portal.people().accept(person.session()?, &link::token(&token)).await {
        Ok(true) => Ok(accepted()),
        Ok(false) => Ok(to(&format!("/invitation/{token}/code"))),
        Err(error) if is_dead(&error) => dead(person.seat()),
        Err(error) => Err(error.into()),
    }
}

fn accept_code(person: &Person, token: &str, done: &Done, mistakes: &Mistakes) -> Result<Response, Fault> {
    let (t, c) = (&ENGLISH.register, &ENGLISH.code);
    let path = format!("/invitation/{token}/code");
    let sent = done.done == "sent" || !mistakes.is_empty();
    let code = Field::figures("code", c.label).wrong(mistakes.of("code").or(mistakes.of("form")));
    let (fields, submit) = if sent { (vec![code], c.submit) } else { (Vec::new(), "") };
    let words = if sent { c.sent } else { t.accept_phone };
    let mut view =
        FormPage::new(person.page(Place::Home, t.accept_title), path.as_str(), fields, submit).lead(words);
    let (text, call) = if sent { (c.resend_text, c.resend_call) } else { (c.send_text, c.send_call) };
    let by_text = Button::new(format!("{path}/new"), text).with("by", "text");
    view.buttons.push(if sent { by_text.second() } else { by_text });
    view.buttons.push(Button::new(format!("{path}/new"), call).with("by", "call").second());
    show(&view, &view.page)
}

/// `GET /invitation/{token}/code`: the phone that the inviter gave is proved.
pub(in crate::portal) async fn code_page(
    person: Person,
    Path(token): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    if !link::is_shaped(&token) {
        return dead(person.seat());
    }
    accept_code(&person, &token, &done, &Mistakes::none())
}

/// `POST /invitation/{token}/code/new`
pub(in crate::portal) async fn new_code(
    State(portal): State<Portal>,
    person: Person,
    Path(token): Path<String>,
    sent: Form,
) -> Result<Response, Fault> {
    portal.limits().may_enter(person.seat().origin())?;
    let (session, secret) = (person.session()?, link::token(&token));
    match portal.people().accept_send_code(session, &secret, code::channel(&sent)).await {
        Ok(_) => Ok(to(&format!("/invitation/{token}/code?done=sent"))),
        Err(error) if is_dead(&error) => dead(person.seat()),
        Err(error) => accept_code(&person, &token, &Done::default(), &Mistakes::of_denied(&denied(error)?)),
    }
}

/// `POST /invitation/{token}/code`
pub(in crate::portal) async fn code_send(
    State(portal): State<Portal>,
    person: Person,
    Path(token): Path<String>,
    sent: Form,
) -> Result<Response, Fault> {
    if !portal.gate().may_try(person.seat().origin()) {
        return Err(Fault::Often);
    }
    match portal.people().accept_prove(person.session()?, &link::token(&token), &sent.secret("code")).await {
        Ok(()) => Ok(accepted()),
        Err(error) if is_dead(&error) => dead(person.seat()),
        Err(error) => {
            let why = denied(error)?;
            if why == Denied::CodeWrong {
                portal.gate().failed(person.seat().origin());
            }
            accept_code(&person, &token, &Done::default(), &Mistakes::of_denied(&why))
        }
    }
}
