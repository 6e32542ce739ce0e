//! Help: the questions people ask, answered for this system.

use askama::Template;
use axum::response::Response;

use super::super::fault::Fault;
use super::super::page::{Page, show};
use super::super::seat::Seat;
use super::super::text::ENGLISH;
use super::super::text::help::{self, Group};

#[derive(Template)]
#[template(path = "portal/help.html")]
struct HelpPage {
    page: Page,
    groups: &'static [Group],
}

/// `GET /help`
pub(in crate::portal) async fn page(seat: Seat) -> Result<Response, Fault> {
    let view = HelpPage { page: seat.page(ENGLISH.help.title), groups: help::ENGLISH };
    show(&view, &view.page)
}
