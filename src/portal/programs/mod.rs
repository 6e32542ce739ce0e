//! What programs ask of the portal's listener, not people: settings while an account is set up, profiles,
//! the address book.
//!
//! Invariants: no cookie is looked at and no page's session touched; every answer forbids sniffing and
//! caching by others; neither an address in a question nor a password sent along is logged.

mod carddav;
mod setup;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;

pub use self::carddav::AddressBooks;
use crate::devices::Servers;

/// The routes, to be merged with the pages.
pub fn for_programs(servers: Servers, books: AddressBooks) -> Router {
    let servers = Arc::new(servers);
    setup::router(servers).merge(carddav::router(books)).layer(map_response(secured))
}

async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
