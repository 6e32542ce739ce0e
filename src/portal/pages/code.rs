//! The second step, wherever one is asked for: sign-in, registration, reset, and before what needs a fresh
//! code (R2, R3, R29).

use axum::extract::{Query, State};
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::Field;
use super::super::form::Form;
use super::super::page::show;
use super::super::seat::{Seat, clear, keep, remember};
use super::super::text::{ENGLISH, fill};
use super::super::view::{Button, FormPage, MessagePage};
use super::super::way::{Way, to};
use super::Portal;
use crate::service::people::{Channel, Denied, Factor, Phone, Proof, Session, Stage};
use crate::types::Secret;

/// What the page is about.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Asked {
    next: String,
    /// A code was sent just now.
    sent: String,
    /// `recovery`: by one of the recovery codes.
    by: String,
}

/// "…42": before it is proved a number is shown by its end alone.
pub(in crate::portal) fn ending(phone: &Phone) -> String {
    fill(ENGLISH.code.ending, &[("digits", &phone.ending())])
}

/// The channel of a button or of a choice.
pub(in crate::portal) fn channel(sent: &Form) -> Channel {
    if sent.get("by") == "call" { Channel::Voice } else { Channel::Text }
}

fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Registering => ENGLISH.register.code_title,
        Stage::Resetting => ENGLISH.reset.code_title,
        Stage::SecondStep => ENGLISH.code.title,
        Stage::Full => ENGLISH.code.fresh_title,
    }
}

/// The two buttons that send a code.
fn senders(way: &Way, words: (&'static str, &'static str)) -> [Button; 2] {
    let button = |label, by: &str| Button::new("/code/new", label).with("by", by).with("next", way.as_str());
    [button(words.0, "text"), button(words.1, "call").second()]
}

fn form(seat: &Seat, session: &Session, asked: &Asked, mistakes: &Mistakes) -> Result<Response, Fault> {
    let t = &ENGLISH.code;
    let way = Way::parse(&asked.next);
    let recovery = asked.by == "recovery" && session.factor == Factor::App;
    let fresh = if session.stage == Stage::Full { format!("{} ", t.fresh_lead) } else { String::new() };
    let page = seat.page(if recovery { t.recovery_title } else { title(session.stage) });
    let code = Field::figures("code", t.label).wrong(mistakes.of("code").or(mistakes.of("form")));
    let mut view = match &session.factor {
        Factor::None => {
            let mut view = MessagePage::new(page, t.no_phone);
            if session.stage == Stage::Full {
                view = view.link("/profile/phone", ENGLISH.profile.phone_add);
            }
            let view = view.link("/help", ENGLISH.frame.menu_help);
            return show(&view, &view.page);
        }
        Factor::App if recovery => {
            let code = Field::text("code", t.recovery_label)
                .hint(t.recovery_hint)
                .wrong(mistakes.of("code").or(mistakes.of("form")));
            FormPage::new(page, "/code", vec![code], t.submit)
                .lead(format!("{fresh}{}", t.recovery_lead))
                .hidden("by", "recovery")
        }
        Factor::App => FormPage::new(page, "/code", vec![code], t.submit)
            .lead(format!("{fresh}{}", t.totp))
            .link(way.through_with("/code", "by", "recovery"), t.recovery_use),
        Factor::Phone(phone) => {
            let sent = asked.sent == "yes" || !mistakes.is_empty();
            let words = if sent { t.sign_in_phone } else { t.sign_in_none };
            let submit = if session.stage == Stage::Registering { ENGLISH.register.finish } else { t.submit };
            let (fields, submit) = if sent { (vec![code], submit) } else { (Vec::new(), "") };
            let mut view = FormPage::new(page, "/code", fields, submit)
                .lead(format!("{fresh}{}", fill(words, &[("phone", &ending(phone))])));
            if sent {
                view.more = Some((t.resend_title, t.resend_lead));
                view.buttons.extend(senders(&way, (t.resend_text, t.resend_call)).map(Button::second));
            } else {
                view.buttons.extend(senders(&way, (t.send_text, t.send_call)));
            }
            view
        }
    };
    match session.stage {
        Stage::Registering => {
            view.step = Some(fill(ENGLISH.register.step, &[("n", &2)]));
            view.buttons.push(Button::new("/not-my-phone", ENGLISH.register.not_my_phone).second());
        }
        Stage::SecondStep | Stage::Resetting => {
            view.buttons.push(Button::new("/sign-out", t.cancel).second());
        }
        Stage::Full => {}
    }
    let view = view.hidden("next", way.as_str());
    show(&view, &view.page)
}

/// `GET /code`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let Some(session) = seat.session() else {
        return Ok(to(&Way::parse(&asked.next).through("/sign-in")));
    };
    if session.stage == Stage::Full && session.factor_is_fresh(portal.clock().now()) {
        return Ok(to(Way::parse(&asked.next).as_str()));
    }
    form(&seat, session, &asked, &Mistakes::none())
}

/// `POST /code/new`: sends one. The answer says so on the page that asks for it.
pub(in crate::portal) async fn new_code(
    State(portal): State<Portal>,
    seat: Seat,
    sent: Form,
) -> Result<Response, Fault> {
    portal.limits().may_enter(seat.origin())?;
    let session = seat.session().ok_or(Fault::SignedOut)?;
    let asked = Asked { next: sent.get("next").to_owned(), ..Asked::default() };
    match portal.people().send_code(session, channel(&sent)).await {
        Ok(_) => Ok(to(&Way::parse(&asked.next).through_with("/code", "sent", "yes"))),
        Err(error) => form(&seat, session, &asked, &Mistakes::of_denied(&denied(error)?)),
    }
}

/// `POST /code`
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    seat: Seat,
    sent: Form,
) -> Result<Response, Fault> {
    if !portal.gate().may_try(seat.origin()) {
        return Err(Fault::Often);
    }
    let session = seat.session().ok_or(Fault::SignedOut)?;
    let asked =
        Asked { next: sent.get("next").to_owned(), by: sent.get("by").to_owned(), sent: "yes".to_owned() };
    let way = Way::parse(&asked.next);
    let typed: String = sent.get("code").chars().filter(|c| !c.is_whitespace()).collect();
    let mut mistakes = Mistakes::none();
    if typed.is_empty() {
        mistakes.add("code", ENGLISH.code.empty);
        return form(&seat, session, &asked, &mistakes);
    }
    let typed = Secret::new(typed);
    let (proof, recovery) = match session.factor {
        Factor::App if asked.by == "recovery" => (Proof::Recovery(typed), true),
        Factor::App => (Proof::App(typed), false),
        Factor::Phone(_) | Factor::None => (Proof::Phone(typed), false),
    };
    let app = matches!(proof, Proof::App(_));
    match portal.people().prove(session, proof, seat.visitor()).await {
        Ok(token) => {
            let next = match session.stage {
                Stage::Registering => "/welcome",
                Stage::Resetting => "/?done=reset",
                Stage::SecondStep | Stage::Full => way.as_str(),
            };
            let response = keep(to(next), &token);
            // A factor that is proved once more changes nothing about the browser.
            Ok(if session.stage == Stage::Full { response } else { remember(response, &seat) })
        }
        Err(error) => {
            let t = &ENGLISH.code;
            match denied(error)? {
                Denied::SignedOut | Denied::Stage => return Ok(clear(to("/sign-in?ended=yes"))),
                Denied::CodeWrong => {
                    portal.gate().failed(seat.origin());
                    mistakes.add(
                        "code",
                        if recovery {
                            t.wrong_recovery
                        } else if app {
                            t.wrong_totp
                        } else {
                            t.wrong
                        },
                    );
                }
                other => mistakes = Mistakes::of_denied(&other),
            }
            form(&seat, session, &asked, &mistakes)
        }
    }
}
