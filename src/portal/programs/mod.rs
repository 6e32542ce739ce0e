//! What programs ask of the portal's listener, not people: settings while an account is set up, profiles,
//! the address book.
//!
//! Invariants: no cookie is looked at and no page's session touched; every answer forbids sniffing and
//! caching by others; neither an address in a question nor a password sent along is logged.

mod carddav;
mod profile;
mod setup;

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};

pub use self::carddav::AddressBooks;
pub use self::profile::Profiles;
use crate::devices::Servers;

/// The pages, and beside them what programs ask for.
pub fn with_programs(pages: Router, servers: Servers, books: AddressBooks, profiles: Profiles) -> Router {
    let programs = setup::router(Arc::new(servers))
        .merge(carddav::router(books.clone()))
        .merge(profile::router(profiles))
        .layer(map_response(secured));
    pages.merge(programs).layer(from_fn_with_state(books, carddav::at_the_host))
}

async fn secured(mut response: Response) -> Response {
    secure(&mut response);
    response
}

fn secure(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Pages have their own.
    let closed = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(closed);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// Our fault: a sentence and a reference for the client, the rest for the log.
fn ours(what: &'static str, error: &(dyn Error + 'static)) -> Response {
    let trace = crate::net::TraceId::random();
    tracing::error!(%trace, error, what, "a request of a program failed");
    let text = format!("This does not work at the moment, please try again (reference {trace}).\n");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")], text).into_response()
}
