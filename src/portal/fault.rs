//! What a page answers when it cannot do what was asked: a status, a sentence, and for our own faults a
//! number that Support finds in the log.
//!
//! Invariant: nothing of an internal error reaches the page.

use askama::Template;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::page::Page;
use super::text::ENGLISH;
use super::{seat, way};
use crate::net::TraceId;

/// Why there is no ordinary answer.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Not a form, or not one of ours.
    Bad,
    /// The account may not.
    Forbidden,
    /// From another site, or without the page's token.
    Origin,
    /// No such page.
    Missing,
    /// Too often.
    Often,
    /// We are at our limit.
    Busy,
    /// More than a form may hold.
    Large,
    /// The sign-in has ended meanwhile: sent to sign in again.
    SignedOut,
    /// Ours. Logged already, under this number.
    Ours(TraceId),
}

impl Fault {
    /// Our fault: logs the error once, here, and keeps only its number.
    pub(super) fn ours(error: &dyn std::error::Error) -> Self {
        let id = TraceId::random();
        let mut causes = error.to_string();
        let mut at = error.source();
        while let Some(cause) = at {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            at = cause.source();
        }
        tracing::error!(trace = %id, error = causes, "a page failed");
        Self::Ours(id)
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Bad => StatusCode::BAD_REQUEST,
            Self::Forbidden | Self::Origin => StatusCode::FORBIDDEN,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Often => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Large => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SignedOut => StatusCode::SEE_OTHER,
            Self::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[derive(Template)]
#[template(path = "portal/fault.html")]
struct FaultPage {
    page: Page,
    words: &'static str,
    trace: Option<String>,
}

impl Fault {
    fn words(&self) -> (&'static str, &'static str) {
        let t = &ENGLISH.fault;
        match self {
            Self::Bad => (t.bad_title, t.bad),
            Self::Forbidden => (t.forbidden_title, t.forbidden),
            Self::Origin => (t.origin_title, t.origin),
            Self::Missing => (t.missing_title, t.missing),
            Self::Often => (t.often_title, t.often),
            Self::Busy => (t.busy_title, t.busy),
            Self::Large => (t.large_title, t.large),
            Self::SignedOut | Self::Ours(_) => (t.ours_title, t.ours),
        }
    }

    fn html(&self, frame: impl FnOnce(&'static str) -> Page) -> String {
        let (title, words) = self.words();
        let trace = if let Self::Ours(id) = self { Some(id.to_string()) } else { None };
        let page = FaultPage { page: frame(title), words, trace };
        page.render().unwrap_or_else(|_| words.to_owned())
    }

    /// The same answer inside the frame of whoever is signed in.
    pub(super) fn framed(&self, seat: &seat::Seat, response: Response) -> Response {
        let (parts, _) = response.into_parts();
        Response::from_parts(parts, Body::from(self.html(|title| seat.page(title))))
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if matches!(self, Self::SignedOut) {
            return seat::clear(way::to("/sign-in?ended=yes"));
        }
        let mut response = Html(self.html(Page::bare)).into_response();
        *response.status_mut() = self.status();
        if matches!(self, Self::Often | Self::Busy) {
            let wait = axum::http::HeaderValue::from_static("60");
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, wait);
        }
        // For the seat, which knows who is signed in.
        response.extensions_mut().insert(self);
        response
    }
}
