//! What mail programs ask while an account is set up: account-setup files and Autodiscover.
//!
//! Anybody may ask; the answers are about the servers, never about an account (R27).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::devices::{Servers, autoconfig, autodiscover};

const XML: &str = "text/xml; charset=utf-8";

#[derive(serde::Deserialize)]
struct Asked {
    emailaddress: Option<String>,
}

/// The routes.
pub(super) fn router(servers: Arc<Servers>) -> Router {
    let file = {
        let servers = Arc::clone(&servers);
        async move |Query(asked): Query<Asked>| setup_file(&servers, asked.emailaddress.as_deref())
    };
    let discover = async move |question: Bytes| pox(&servers, &question);
    let mut router = Router::new()
        .route("/mail/config-v1.1.xml", get(file.clone()))
        .route("/.well-known/autoconfig/mail/config-v1.1.xml", get(file));
    // Outlook is not sure about capitals.
    for path in
        ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"]
    {
        router = router.route(path, post(discover.clone()));
    }
    router.layer(DefaultBodyLimit::max(autodiscover::QUESTION_MAX))
}

fn setup_file(servers: &Servers, address: Option<&str>) -> Response {
    // Of a person's ordinary address we know nothing: it is set up with the secure one (R30).
    let asked = address.filter(|a| !a.is_empty()).is_none_or(|a| servers.is_ours(a));
    xml(asked.then(|| autoconfig::file(servers)).flatten())
}

fn pox(servers: &Servers, question: &[u8]) -> Response {
    xml(autodiscover::asked_for(question).and_then(|address| autodiscover::answer(servers, &address)))
}

fn xml(text: Option<String>) -> Response {
    match text {
        Some(text) => ([(header::CONTENT_TYPE, XML)], text).into_response(),
        None => (StatusCode::NOT_FOUND, "There are no settings for this address.\n").into_response(),
    }
}
