//! The web door: sign-in, registration, and what people change about their own account, on pages that a
//! server makes and that need no script.
//!
//! Invariants
//! * Every answer carries the headers of [`guard`]; nothing is loaded from anywhere but here.
//! * A form reaches its handler only through [`form`], with the token of one of our own pages.
//! * Limits come before look-ups. What a use case refuses is said at the field it belongs to.
//! * A link's token stands in the path and in its own page's forms, never in a log. A GET changes nothing.
//! * No sentence stands in a template or a handler: they are in [`text`].
//! * A connection on which nothing moves is cut off.
//!
//! Nothing else in the crate names axum.

mod assets;
mod browser;
mod connections;
mod denied;
mod fault;
mod field;
mod form;
mod guard;
pub mod metrics;
mod moment;
mod page;
mod pages;
mod programs;
mod qr;
mod seat;
mod text;
mod view;
mod way;

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::Semaphore;

pub use connections::serve;
pub use programs::{AddressBooks, Profiles, with_programs};

use self::fault::Fault;
use crate::clock::Clock;
use crate::net::SignInGate;
use crate::service::contacts::Contacts;
use crate::service::people::People;

/// What the operator decides about the portal.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host name that mail programs connect to, shown on the page.
    pub mail_hostname: String,
    /// Ports with TLS from the first byte for IMAP and submission, shown on the page.
    pub mail_ports: (u16, u16),
    /// Its own address, as people type it.
    pub url: String,
    /// Pages a minute for one peer address, and at once.
    pub pages_per_minute: NonZeroU32,
    /// Links, codes and addresses a minute that one peer address may try, and at once.
    pub entries_per_minute: NonZeroU32,
}

impl Settings {
    /// Enough for a practice behind one address, too little for guessing.
    pub const PAGES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(1200).unwrap();
    /// As above.
    pub const ENTRIES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();
}

/// What the pages stand on. Cheap to clone.
#[derive(Clone)]
struct Portal(Arc<Inner>);

struct Inner {
    people: People,
    contacts: Contacts,
    gate: Arc<SignInGate>,
    limits: guard::Limits,
    clock: Clock,
    settings: Settings,
    authority: Option<String>,
    /// Estimating a password's strength takes a processor for milliseconds; more at once wait for no one.
    estimates: Semaphore,
}

impl Portal {
    /// Passwords that are estimated at one time.
    const ESTIMATES_AT_ONCE: usize = 2;

    fn people(&self) -> &People {
        &self.0.people
    }

    fn contacts(&self) -> &Contacts {
        &self.0.contacts
    }

    fn gate(&self) -> &SignInGate {
        &self.0.gate
    }

    fn limits(&self) -> &guard::Limits {
        &self.0.limits
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Host and port of its own address.
    fn authority(&self) -> Option<&str> {
        self.0.authority.as_deref()
    }

    fn strict_transport(&self) -> bool {
        !self.authority().is_some_and(|a| a.starts_with("localhost"))
    }
}

/// The portal's pages; [`with_programs`] adds what programs ask for. `alive` answers whether the database can be asked.
pub fn router<A, F>(
    settings: Settings,
    people: People,
    contacts: Contacts,
    gate: Arc<SignInGate>,
    clock: Clock,
    alive: A,
) -> Router
where
    A: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = bool> + Send + 'static,
{
    let authority = settings.url.parse::<Uri>().ok().and_then(|u| u.authority().map(ToString::to_string));
    let limits = guard::Limits::new(settings.pages_per_minute, settings.entries_per_minute);
    let portal = Portal(Arc::new(Inner {
        people,
        contacts,
        gate,
        limits,
        clock,
        settings,
        authority,
        estimates: Semaphore::new(Portal::ESTIMATES_AT_ONCE),
    }));
    pages::routes()
        .fallback(async || Fault::Missing)
        .method_not_allowed_fallback(async || Fault::Missing)
        .layer(from_fn_with_state(portal.clone(), seat::find))
        .route("/static/{name}", get(assets::serve))
        .layer(from_fn_with_state(portal.clone(), guard::admitted))
        .route("/healthz", get(async move || health(alive().await)))
        .layer(DefaultBodyLimit::max(form::BODY_MAX))
        .layer(map_response(faults_look_like_pages))
        .layer(from_fn_with_state(portal.clone(), guard::secured))
        .with_state(portal)
}

/// What axum itself refuses (a path that is no UTF-8, say) gets our page too.
async fn faults_look_like_pages(response: Response) -> Response {
    let plain = response
        .headers()
        .get(axum::http::header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    match response.status() {
        StatusCode::BAD_REQUEST if plain => Fault::Bad.into_response(),
        StatusCode::PAYLOAD_TOO_LARGE if plain => Fault::Large.into_response(),
        _ => response,
    }
}

fn health(alive: bool) -> Response {
    let (status, word) =
        if alive { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "no database\n") };
    (status, word).into_response()
}
