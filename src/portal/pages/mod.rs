//! The pages, a file each, and the addresses they stand at.

mod add_device;
mod code;
mod confirm;
mod contacts;
mod devices;
mod help;
mod home;
mod invite;
mod link;
mod messaging;
mod people;
mod profile;
mod register;
mod reset;
mod security;
mod sign_in;
mod sign_ins;

use axum::Router;
use axum::routing::{get, post};

use super::Portal;

/// Every page and form. What stands here is what a signed-out stranger can reach; each handler asks for a
/// `Person` where one is needed.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/", get(home::page))
        .route("/sign-in", get(sign_in::page).post(sign_in::send))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/session/extend", post(sign_in::extend))
        .route("/code", get(code::page).post(code::send))
        .route("/code/new", post(code::new_code))
        .route("/confirm", get(confirm::page).post(confirm::send))
        .route("/invitation/{token}", get(register::page).post(register::send))
        .route("/invitation/{token}/accept", post(register::accept))
        .route("/invitation/{token}/code", get(register::code_page).post(register::code_send))
        .route("/invitation/{token}/code/new", post(register::new_code))
        .route("/not-my-phone", post(register::not_my_phone))
        .route("/welcome", get(register::welcome))
        .route("/reset", get(reset::page).post(reset::send))
        .route("/reset/{token}", get(reset::new_page).post(reset::new_send))
        .route("/password-strength", post(reset::strength))
        .route("/help", get(help::page))
        .route("/invite", get(invite::page).post(invite::send))
        .route("/profile", get(profile::page).post(profile::send))
        .route("/profile/email", get(profile::email_page).post(profile::email_send))
        .route("/email/{token}", get(profile::email_confirm_page).post(profile::email_confirm))
        .route("/profile/phone", get(profile::phone_page).post(profile::phone_send))
        .route("/profile/phone/code", get(profile::phone_code_page).post(profile::phone_code_send))
        .route("/profile/phones/use", post(profile::phone_use))
        .route("/profile/phones/remove", post(profile::phone_remove))
        .route("/messaging", get(messaging::page).post(messaging::send))
        .route("/security", get(security::page))
        .route("/security/password", get(security::password_page).post(security::password_send))
        .route("/security/two-step", get(security::two_step_page).post(security::two_step_off))
        .route("/security/two-step/on", post(security::two_step_on))
        .route("/security/authenticator", get(security::app_page).post(security::app_begin))
        .route("/security/authenticator/confirm", post(security::app_confirm))
        .route("/security/authenticator/remove", get(security::app_remove_page).post(security::app_remove))
        .route("/security/recovery-codes", get(security::recovery_page).post(security::recovery_send))
        .route("/sign-ins", get(sign_ins::page))
        .route("/sign-ins/end", post(sign_ins::end))
        .route("/sign-ins/end-all", post(sign_ins::end_all))
        .route("/devices", get(devices::page))
        .route("/devices/new", get(add_device::page).post(add_device::send))
        .route("/devices/revoke", post(devices::revoke))
        .route("/contacts", get(contacts::page))
        .route("/people", get(people::page))
        .route("/people/{id}", get(people::edit_page).post(people::edit_send))
        .route("/people/{id}/send", post(people::send_again))
}

use axum::response::Response;

use super::fault::Fault;
use super::seat::Person;
use super::way::{Way, to};

/// R29: what asks for a fresh factor sends whoever lacks it to the code page, and back here.
///
/// # Errors
/// [`Fault`]; `Ok(Some)` is the way there.
fn unless_fresh(portal: &Portal, person: &Person, back: &str) -> Result<Option<Response>, Fault> {
    let fresh = person.session()?.factor_is_fresh(portal.clock().now());
    Ok(if fresh { None } else { Some(to(&Way::parse(back).through("/code"))) })
}

/// ASVS 5.0, 7.5.1: what changes how somebody signs in, or gets back in, sends whoever lacks a password or factor of
/// the last five minutes to the pages that ask for them, and back here.
///
/// # Errors
/// [`Fault`]; `Ok(Some)` is the way there.
fn unless_confirmed(portal: &Portal, person: &Person, back: &str) -> Result<Option<Response>, Fault> {
    if person.session()?.password_is_fresh(portal.clock().now()) {
        return unless_fresh(portal, person, back);
    }
    Ok(Some(to(&Way::parse(back).through("/confirm"))))
}

/// `?done=word`: what the form before this page did. Only words of a list say anything.
#[derive(serde::Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Done {
    done: String,
}
