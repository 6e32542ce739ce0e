//! Apple profiles by a one-time link: a page that says what will happen, and the profile.
//!
//! Invariants: GET changes nothing, so neither a preview nor a look uses the link up; the link's token
//! stands in the path and in no log; the profile, which holds an app password, is made for one answer and
//! kept nowhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::ours;
use crate::clock::Clock;
use crate::devices::profile::{Contacts, MEDIA_TYPE, Owner, profile};
use crate::devices::{Servers, cms};
use crate::net::{Origin, ServerTls, SignInGate};
use crate::portal::connections::Peer;
use crate::service::device_setup::{AppPasswordError, DeviceSetup, NewDevice};
use crate::types::{Secret, Tier};

/// What profiles stand on. Cheap to clone.
#[derive(Clone)]
pub struct Profiles(Arc<Inner>);

struct Inner {
    gate: Arc<SignInGate>,
    setup: DeviceSetup,
    servers: Servers,
    tls: ServerTls,
    clock: Clock,
}

impl Profiles {
    /// Signed with the certificate in use, under the gate that all doors share.
    pub fn new(
        gate: Arc<SignInGate>,
        setup: DeviceSetup,
        servers: Servers,
        tls: ServerTls,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Inner { gate, setup, servers, tls, clock }))
    }
}

/// The page's style; the policy names its hash.
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}\
button{font:inherit;font-weight:600;padding:.8rem 1.4rem;border:0;border-radius:.5rem;background:#0b57d0;color:#fff}\
button:focus-visible{outline:3px solid #111;outline-offset:2px}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#111}button{background:#a8c7fa;color:#062e6f}button:focus-visible{outline-color:#eee}}";

/// The routes.
pub(super) fn router(profiles: Profiles) -> Router {
    Router::new().route("/device/{token}", get(page).post(download)).with_state(profiles)
}

async fn page(
    State(profiles): State<Profiles>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    Path(token): Path<String>,
) -> Response {
    let origin = Origin::from(peer.ip());
    if !profiles.0.gate.may_try(origin) {
        return too_often();
    }
    match profiles.0.setup.device(&Secret::new(token.into_bytes())).await {
        Ok(Some(device)) => html(
            StatusCode::OK,
            "Set up this device",
            &format!(
                "<p>This sets up secure mail on <strong>{}</strong>, with its own password. The link works once.</p>\
                 <form method=\"post\"><button>Download the profile</button></form>\
                 <p>Then open <strong>Settings</strong>: the profile waits there, under “Profile Downloaded” (on a Mac: \
                 System Settings, General, Device Management). Check that it is signed, and install it.</p>",
                quick_xml::escape::escape(&device)
            ),
        ),
        Ok(None) => {
            profiles.0.gate.failed(origin);
            gone()
        }
        Err(error) => ours("a device link", &error),
    }
}

async fn download(
    State(profiles): State<Profiles>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    Path(token): Path<String>,
) -> Response {
    let origin = Origin::from(peer.ip());
    if !profiles.0.gate.may_try(origin) {
        return too_often();
    }
    match profiles.0.setup.take(&Secret::new(token.into_bytes()), peer.ip()).await {
        Ok(Some(device)) => profiles.answer(&device),
        Ok(None) => {
            profiles.0.gate.failed(origin);
            gone()
        }
        Err(AppPasswordError::TooMany) => html(
            StatusCode::CONFLICT,
            "Too many devices",
            "<p>Your account has as many app passwords as it can have. Please revoke one that you no longer use in the \
             portal, and begin again there.</p>",
        ),
        Err(error) => ours("a device link", &error),
    }
}

impl Profiles {
    fn answer(&self, device: &NewDevice) -> Response {
        let Inner { servers, tls, clock, .. } = &*self.0;
        let account = &device.account;
        let owner = Owner {
            full_name: &account.display_name(),
            secure_address: account.secure_address.as_str(),
            practice: account.practice_name.as_deref(),
            password: std::str::from_utf8(device.app_password.expose()).ok(),
            contacts: if account.tier == Tier::Paid { Contacts::Yes } else { Contacts::No },
        };
        let Some(unsigned) = profile(servers, &owner) else { return gone() };
        let signed = match tls.signer() {
            Some(server) => {
                let signer =
                    cms::Signer { scheme: server.scheme(), chain: server.chain(), sign: &|m| server.sign(m) };
                cms::signed(&unsigned, &signer, clock.now())
            }
            None => Err(cms::SignError::Key),
        };
        let body = signed.unwrap_or_else(|error| {
            // It works unsigned too; the device says so.
            tracing::error!(%error, "a profile could not be signed with the certificate in use");
            unsigned
        });
        let headers = [
            (header::CONTENT_TYPE, MEDIA_TYPE),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"secure-mail.mobileconfig\""),
        ];
        (headers, body).into_response()
    }
}

fn gone() -> Response {
    html(
        StatusCode::GONE,
        "This link no longer works",
        "<p>A link to set up a device works once, and for ten minutes. Please make a new one in the portal, under \
         Devices.</p>",
    )
}

fn too_often() -> Response {
    let text = "<p>Too many requests came from your network. Please wait a minute and try again.</p>";
    html(StatusCode::TOO_MANY_REQUESTS, "Please wait", text)
}

fn html(status: StatusCode, title: &str, inside: &str) -> Response {
    use base64::Engine as _;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, STYLE.as_bytes());
    let hash = base64::engine::general_purpose::STANDARD.encode(hash.as_ref());
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} – Secure mail</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{inside}\n</main>\n</body>\n</html>\n"
    );
    (status, [(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}
