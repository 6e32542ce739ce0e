//! Style, script and icon: compiled in, served under a name that carries their hash, cached for ever.
//!
//! Invariant: a changed file has another name, so nobody sees a page with yesterday's style.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::fault::Fault;

/// Where they are, with a slash on both sides.
pub(super) const FOLDER: &str = "/static/";

struct Asset {
    name: String,
    kind: &'static str,
    bytes: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, bytes: &'static str) -> Self {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes.as_bytes());
        let hash = hash.as_ref().iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        Self { name: format!("{stem}-{hash:016x}.{ending}"), kind, bytes }
    }

    fn path(&self) -> String {
        format!("{FOLDER}{}", self.name)
    }
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        Asset::new("portal", "css", "text/css; charset=utf-8", include_str!("assets/portal.css")),
        Asset::new("portal", "js", "text/javascript; charset=utf-8", include_str!("assets/portal.js")),
        Asset::new("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")),
        Asset::new("old", "css", "text/css; charset=utf-8", include_str!("assets/old.css")),
    ]
});

/// The paths that pages name.
#[derive(Debug)]
pub(super) struct Paths {
    pub(super) style: String,
    pub(super) script: String,
    pub(super) icon: String,
    /// For browsers that understand little.
    pub(super) old_style: String,
}

/// They never change while the process runs.
pub(super) static PATHS: LazyLock<Paths> = LazyLock::new(|| {
    let [style, script, icon, old_style] = &*ASSETS;
    Paths { style: style.path(), script: script.path(), icon: icon.path(), old_style: old_style.path() }
});

/// `GET /static/{name}`
pub(super) async fn serve(Path(name): Path<String>) -> Result<Response, Fault> {
    let asset = ASSETS.iter().find(|a| a.name == name).ok_or(Fault::Missing)?;
    let cached = HeaderValue::from_static("public, max-age=31536000, immutable");
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)), (header::CACHE_CONTROL, cached)],
        asset.bytes,
    )
        .into_response())
}
