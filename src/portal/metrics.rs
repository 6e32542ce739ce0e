//! Figures for Prometheus, in the clear, so on loopback or a private network.

use std::net::SocketAddr;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::net::Shutdown;

/// Answers `GET /metrics` with what `render` writes, until the drain.
pub async fn serve<R>(listener: TcpListener, render: R, mut shutdown: Shutdown)
where
    R: Fn() -> String + Clone + Send + Sync + 'static,
{
    const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    let pages =
        Router::new().route("/metrics", get(async move || ([(header::CONTENT_TYPE, TYPE)], render())));
    let address = listener.local_addr().map_or_else(|_| "?".to_owned(), |a: SocketAddr| a.to_string());
    let served =
        axum::serve(listener, pages).with_graceful_shutdown(async move { shutdown.draining().await }).await;
    if let Err(error) = served {
        tracing::error!(%error, address, "the metrics listener ended");
    }
}
