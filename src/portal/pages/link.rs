//! The token of a link's path, and the page of a link that is no good any more.

use axum::http::StatusCode;
use axum::response::Response;

use super::super::fault::Fault;
use super::super::page::show;
use super::super::seat::Seat;
use super::super::view::{Link, MessagePage};
use crate::types::Secret;

/// What stands in a link: 256 bits in base64url; anything else is looked up as well, and not found.
pub(super) fn token(path: &str) -> Secret {
    Secret::new(path)
}

/// Whether it can be one of ours. Who shows a form that leads back to the path asks this first (or has found the
/// link): `..` and `?` in a path would aim the form, with the token of the visit in it, at another page.
pub(super) fn is_shaped(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= 64
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// 410: it was good once, or never; which, nobody is told.
pub(super) fn dead(
    seat: &Seat,
    title: &'static str,
    lead: &'static str,
    next: Option<&'static str>,
    link: Option<Link>,
) -> Result<Response, Fault> {
    let mut view = MessagePage::new(seat.page(title), lead);
    view.words.extend(next.map(str::to_owned));
    view.links.extend(link);
    let mut response = show(&view, &view.page)?;
    *response.status_mut() = StatusCode::GONE;
    Ok(response)
}
