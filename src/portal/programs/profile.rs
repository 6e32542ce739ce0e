//! Apple profiles by a one-time link: a page that says what will happen, and the profile.
//!
//! Invariants: GET changes nothing, so neither a preview nor a look uses the link up; the link's token
//! stands in the path and in no log; the profile, which holds an app password, is made for one answer and
//! kept nowhere.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::super::connections::Peer;
use super::super::fault::Fault;
use super::super::guard;
use super::super::page::{Page, show};
use super::super::text::{ENGLISH, fill};
use super::super::view::MessagePage;
use crate::clock::Clock;
use crate::devices::profile::{Contacts, MEDIA_TYPE, Owner, profile};
use crate::devices::{Servers, cms};
use crate::net::{Origin, ServerTls, SignInGate};
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

/// The routes.
pub(super) fn router(profiles: Profiles) -> Router {
    Router::new()
        .route("/device/{token}", get(page).post(download))
        .layer(map_response(guard::as_page))
        .with_state(profiles)
}

#[derive(Template)]
#[template(path = "portal/device_link.html")]
struct DevicePage {
    page: Page,
    lead: String,
}

async fn page(
    State(profiles): State<Profiles>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let origin = Origin::from(peer.ip());
    if !profiles.0.gate.may_try(origin) {
        return Err(Fault::Often);
    }
    match profiles.0.setup.device(&Secret::new(token.into_bytes())).await {
        Ok(Some(device)) => {
            let t = &ENGLISH.device_link;
            let view = DevicePage { page: Page::bare(t.title), lead: fill(t.lead, &[("name", &device)]) };
            show(&view, &view.page)
        }
        Ok(None) => {
            profiles.0.gate.failed(origin);
            gone()
        }
        Err(error) => Err(Fault::ours(&error)),
    }
}

async fn download(
    State(profiles): State<Profiles>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let origin = Origin::from(peer.ip());
    if !profiles.0.gate.may_try(origin) {
        return Err(Fault::Often);
    }
    match profiles.0.setup.take(&Secret::new(token.into_bytes()), peer.ip()).await {
        Ok(Some(device)) => profiles.answer(&device),
        Ok(None) => {
            profiles.0.gate.failed(origin);
            gone()
        }
        Err(AppPasswordError::TooMany) => {
            let t = &ENGLISH.device_link;
            refused(StatusCode::CONFLICT, &MessagePage::new(Page::bare(t.too_many_title), t.too_many))
        }
        Err(error) => Err(Fault::ours(&error)),
    }
}

impl Profiles {
    fn answer(&self, device: &NewDevice) -> Result<Response, Fault> {
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
        Ok((headers, body).into_response())
    }
}

fn gone() -> Result<Response, Fault> {
    let t = &ENGLISH.device_link;
    refused(StatusCode::GONE, &MessagePage::new(Page::bare(t.gone_title), t.gone).words(t.gone_next))
}

fn refused(status: StatusCode, view: &MessagePage) -> Result<Response, Fault> {
    let mut response = show(view, &view.page)?;
    *response.status_mut() = status;
    Ok(response)
}
