//! HTTPS over `net`'s listener: its permits, its TLS, its drain; axum sees ready connections.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep};

use crate::net::{self, Connection, Door, Shutdown, Stream};

/// A connection on which nothing moves for so long is cut off, before, in and between requests.
const IDLE: Duration = Duration::from_secs(30);

/// Serves the pages on a listener until it has drained.
pub async fn serve(listener: TcpListener, door: Door, shutdown: Shutdown, pages: Router) {
    let address = listener.local_addr();
    let (ready, connections) = mpsc::channel(1);
    let mut drain = shutdown.clone();
    let pages = pages.into_make_service_with_connect_info::<Peer>();
    let http = axum::serve(Handed { connections, address: address.ok() }, pages)
        .with_graceful_shutdown(async move { drain.draining().await });
    let take = move |connection: Connection| {
        let ready = ready.clone();
        async move {
            let Connection { stream, peer, permit, .. } = connection;
            let (ended, end) = oneshot::channel::<()>();
            let io = Io { stream, idle: Box::pin(sleep(IDLE)), _ended: ended };
            // Nobody takes it any more when the drain has begun.
            if ready.send((io, peer)).await.is_ok() {
                let _ = end.await;
            }
            drop(permit);
        }
    };
    let (served, ()) = tokio::join!(http.into_future(), net::serve(listener, door, shutdown, take));
    if let Err(error) = served {
        tracing::error!(%error, "the portal's listener ended");
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Connected<IncomingStream<'_, Handed>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Handed>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Connections as axum wants them: from a channel instead of a socket.
struct Handed {
    connections: mpsc::Receiver<(Io, SocketAddr)>,
    address: Option<SocketAddr>,
}

impl axum::serve::Listener for Handed {
    type Io = Io;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Io, SocketAddr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address.ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    }
}

/// A stream that ends when nothing moves; tells when it is dropped.
struct Io {
    stream: Stream,
    idle: Pin<Box<Sleep>>,
    _ended: oneshot::Sender<()>,
}

impl Io {
    /// Something moved, or else: is it time?
    fn watched<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.idle.as_mut().reset(Instant::now() + IDLE);
            return poll;
        }
        match self.idle.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_read(cx, into);
        this.watched(cx, poll)
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write(cx, from);
        this.watched(cx, poll)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_flush(cx);
        this.watched(cx, poll)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
