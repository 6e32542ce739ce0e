//! What every answer carries and every request must satisfy before a page sees it.
//!
//! Invariants: nothing is loaded from anywhere but `/static`; no script or style stands in a page; nothing
//! frames it; nothing caches it; a request that changes something comes from our own pages.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::fault::Fault;
use super::{Portal, assets, browser};
use crate::net::Origin;

/// For names of the operator's own. A browser that is told so of `localhost` would refuse everything else
/// that its user runs there.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=63072000");

const SECURITY: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ("x-robots-tag", "noindex, nofollow"),
];

/// The outermost: headers of every answer, whatever it is.
pub(super) async fn secured(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if portal.strict_transport() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
    response
}

/// The same for a page that stands beside the others and knows no portal.
pub(super) async fn as_page(mut response: Response) -> Response {
    for (name, value) in SECURITY {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// R9, and no form from elsewhere.
pub(super) async fn admitted(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if browser::is_too_old(agent) && !request.uri().path().starts_with(assets::FOLDER) {
        return browser::update_page();
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if !safe && !from_here(&portal, &request) {
        return Fault::Origin.into_response();
    }
    next.run(request).await
}

/// Whether a form comes from a page of this very site: `Sec-Fetch-Site`, which no page can forge, says so, or
/// else `Origin`. That is `null` where `no-referrer` holds (Fetch §3.2), so it then says nothing; a browser
/// too old for `Sec-Fetch-Site` has the token to show, and its cookies are `SameSite`.
fn from_here(portal: &Portal, request: &Request) -> bool {
    let text = |name: header::HeaderName| request.headers().get(name).map(|v| v.to_str().unwrap_or("?"));
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    match text(header::ORIGIN) {
        None | Some("null") => true,
        Some(origin) => {
            let host = text(header::HOST).unwrap_or_default();
            origin.parse::<Uri>().is_ok_and(|o| {
                let named = o.authority().map(axum::http::uri::Authority::as_str).unwrap_or_default();
                o.scheme_str() == Some("https") && (named == host || Some(named) == portal.authority())
            })
        }
    }
}

/// How often one origin may ask, before anything is looked up (the sign-in has its own gate beside it).
pub(super) struct Limits {
    /// Any page.
    pages: DefaultKeyedRateLimiter<Origin>,
    /// Forms and links of people who are not signed in yet.
    entries: DefaultKeyedRateLimiter<Origin>,
    /// What costs milliseconds of computing; apart, so that typing a password does not use the entries up.
    computing: DefaultKeyedRateLimiter<Origin>,
    since_sweep: AtomicU32,
}

impl Limits {
    const SWEEP_EVERY: u32 = 4096;

    /// `pages` and `entries` a minute; so many at once, too: a practice shares one address.
    pub(super) fn new(pages: NonZeroU32, entries: NonZeroU32) -> Self {
        Self {
            pages: RateLimiter::keyed(Quota::per_minute(pages)),
            entries: RateLimiter::keyed(Quota::per_minute(entries)),
            computing: RateLimiter::keyed(Quota::per_minute(entries)),
            since_sweep: AtomicU32::new(0),
        }
    }

    /// Whether an origin may ask for a page now; counts.
    pub(super) fn may_ask(&self, origin: Origin) -> bool {
        // Keeps memory at who asked lately.
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) % Self::SWEEP_EVERY == Self::SWEEP_EVERY - 1 {
            self.pages.retain_recent();
            self.entries.retain_recent();
            self.computing.retain_recent();
        }
        self.pages.check_key(&origin).is_ok()
    }

    /// Whether an origin may try a link, a code or an address now; counts.
    pub(super) fn may_enter(&self, origin: Origin) -> Result<(), Fault> {
        self.entries.check_key(&origin).map_err(|_| Fault::Often)
    }

    /// Whether an origin may have something computed now; counts.
    pub(super) fn may_compute(&self, origin: Origin) -> Result<(), Fault> {
        self.computing.check_key(&origin).map_err(|_| Fault::Often)
    }
}
