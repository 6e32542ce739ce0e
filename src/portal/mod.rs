//! The web door. Today: that it is alive, and a page that says what there is; people register and sign in
//! here once that is built.
//!
//! Invariants: every answer carries the headers of [`SECURITY`]; no page needs a script; a connection on
//! which nothing moves is cut off. Nothing else in the crate names axum.

mod connections;
pub mod metrics;
mod programs;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

pub use connections::serve;
pub use programs::{AddressBooks, Profiles, for_programs};

/// What the operator decides about the portal.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host name that mail programs connect to, shown on the page.
    pub mail_hostname: String,
    /// Its own address, as people type it.
    pub url: String,
}

/// For names of the operator's own. A browser that is told so of `localhost` would refuse everything else
/// that its user runs there.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Headers of every answer: nothing is loaded from anywhere, nothing frames the page, nothing is cached.
const SECURITY: [(header::HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The portal's pages. `alive` answers whether the database can be asked.
pub fn router<A, F>(settings: &Settings, alive: A) -> Router
where
    A: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = bool> + Send + 'static,
{
    let page = page(settings);
    let strict = !settings.url.trim_start_matches("https://").starts_with("localhost");
    Router::new()
        .route("/", get(async move || Html(page)))
        .route("/healthz", get(async move || health(alive().await)))
        .fallback(async || (StatusCode::NOT_FOUND, "There is no such page.\n"))
        .layer(axum::middleware::map_response(move |r| std::future::ready(secured(r, strict))))
}

fn secured(mut response: Response, strict: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if strict {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
    response
}

fn health(alive: bool) -> Response {
    let (status, word) =
        if alive { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "no database\n") };
    (status, word).into_response()
}

fn page(settings: &Settings) -> String {
    let host = escaped(&settings.mail_hostname);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Secure mail</title>\n\
         <style>body{{font:1.1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}}</style>\n\
         </head>\n<body>\n<h1>Secure mail</h1>\n\
         <p>This is a closed mail system for practices. Mail is read and written with a mail program that \
         connects to <strong>{host}</strong>; your practice's Support gives you the account.</p>\n\
         <p>Signing in on the web, registration and invitations are not available here yet.</p>\n\
         </body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
