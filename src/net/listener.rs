//! One loop per listening socket: accept, admit, shake hands, hand over to the protocol.
//!
//! A full door first lets a peer wait a little ([`Admission`]), before anything is spent on it. Whom it cannot
//! take it tells so, [`TURNED_AWAY_AT_ONCE`] at a time; while so many are being told, the next ones stay in the
//! system's queue of connections, so that nobody is cut off without a word. Only peers from an address that has
//! had its fill are, since else one address could hold up all others.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::{Instrument, warn};

use super::admission::Admitted;
use super::{Admission, Full, Origin, Permit, ServerTls, Shutdown, Stream, Trace, close, write_all};

/// What a listener's socket speaks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3).
    Implicit,
    /// In the clear until STARTTLS.
    StartTls,
}

/// What a listening socket needs to know.
#[derive(Clone)]
pub struct Door {
    /// For traces and metrics: `submission-tls`, `imap-starttls`.
    pub name: &'static str,
    /// When TLS begins.
    pub security: Security,
    /// Its certificate.
    pub tls: ServerTls,
    /// Who may come in.
    pub admission: Admission,
    /// Longest TLS handshake.
    pub handshake: Duration,
    /// What a peer is told that cannot be admitted, in the protocol's words with CRLF
    /// (`421 4.7.0 ...`, `* BYE ...`).
    pub when_full: fn(Full) -> &'static [u8],
}

/// A peer that was let in.
pub struct Connection {
    /// Its bytes; under TLS already at an implicit-TLS door.
    pub stream: Stream,
    /// Where it comes from. For limits and audit; never written into a message.
    pub peer: SocketAddr,
    /// The same, as limits see it.
    pub origin: Origin,
    /// For STARTTLS.
    pub tls: ServerTls,
    /// Longest TLS handshake.
    pub handshake: Duration,
    /// When TLS begins.
    pub security: Security,
    /// For [`Admission::admit_account`] after sign-in.
    pub admission: Admission,
    /// What may be said about it.
    pub trace: Trace,
    /// The drain signal.
    pub shutdown: Shutdown,
    /// Its place, given back at the end. Keep it as long as the stream.
    pub permit: Permit,
}

/// Peers that are turned away at one time.
const TURNED_AWAY_AT_ONCE: usize = 64;
/// How long a peer that is turned away may take for its part of that: it needs a place of [`TURNED_AWAY_AT_ONCE`].
const TURNING_AWAY: Duration = Duration::from_secs(2);
/// How long a peer waits for a place at most: less than a person notices, and than any mail program's patience.
const PLACE_PATIENCE: Duration = Duration::from_secs(2);

/// Opens a listening socket; an IPv6 wildcard takes IPv4 too where the system allows.
///
/// # Errors
/// What the system says.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted gateway must not wait for the old connections' TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

/// Accepts until the drain begins, then closes the socket and returns when all its connections have
/// ended; at the end of patience it ends them.
pub async fn serve<H, F>(listener: TcpListener, door: Door, shutdown: Shutdown, handle: H)
where
    H: Fn(Connection) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY_AT_ONCE));
    let mut stop = shutdown.clone();
    loop {
        tokio::select! {
            biased;
            () = stop.draining() => break,
            Some(ended) = connections.join_next(), if !connections.is_empty() => report(door.name, ended),
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    // Without it a greeting waits 40 ms for the peer's delayed ACK.
                    let _ = tcp.set_nodelay(true);
                    let arrival = Arrival { tcp, peer, door: door.clone(), shutdown: shutdown.clone() };
                    match door.admission.admit(Origin::from(peer.ip())) {
                        Ok(admitted) => {
                            let (handle, turned_away) = (handle.clone(), turned_away.clone());
                            connections.spawn(arrival.enter(admitted, handle, turned_away));
                        }
                        Err(full) => {
                            let place = match full {
                                Full::Address => turned_away.clone().try_acquire_owned().ok(),
                                Full::Total => tokio::select! {
                                    () = stop.draining() => None,
                                    place = turned_away.clone().acquire_owned() => place.ok(),
                                },
                            };
                            arrival.count_refused(full);
                            if let Some(place) = place {
                                connections.spawn(async move {
                                    arrival.turn_away(full).await;
                                    drop(place);
                                });
                            }
                        }
                    }
                }
                Err(error) => refuse_accept(door.name, &error).await,
            },
        }
    }
    drop(listener);
    loop {
        tokio::select! {
            biased;
            ended = connections.join_next() => match ended {
                Some(ended) => report(door.name, ended),
                None => return,
            },
            () = stop.closing() => break,
        }
    }
    connections.shutdown().await;
}

/// A peer that has been accepted.
struct Arrival {
    tcp: TcpStream,
    peer: SocketAddr,
    door: Door,
    shutdown: Shutdown,
}

impl Arrival {
    /// From its place, or the queue for one, to the end of its connection.
    async fn enter<H, F>(mut self, admitted: Admitted, handle: H, turned_away: Arc<Semaphore>)
    where
        H: Fn(Connection) -> F,
        F: Future<Output = ()>,
    {
        let permit = match admitted {
            Admitted::Now(permit) => permit,
            Admitted::Waits(waiting) => {
                let placed = tokio::select! {
                    placed = waiting.place(PLACE_PATIENCE) => placed,
                    () = self.shutdown.draining() => return,
                };
                metrics::counter!("postern_connections_waited_total", "door" => self.door.name).increment(1);
                match placed {
                    Ok(permit) => permit,
                    Err(full) => {
                        self.count_refused(full);
                        let Ok(_place) = turned_away.acquire_owned().await else { return };
                        return self.turn_away(full).await;
                    }
                }
            }
        };
        metrics::counter!("postern_connections_total", "door" => self.door.name).increment(1);
        let Self { tcp, peer, door, shutdown } = self;
        let open = metrics::gauge!("postern_connections_open", "door" => door.name);
        open.increment(1);
        let _closed = scopeguard(move || open.decrement(1));
        let trace = Trace::new(door.name, peer);
        let span = trace.span().clone();
        let Door { security, tls, admission, handshake, .. } = door;
        let stream = match security {
            Security::StartTls => Stream::Plain(tcp),
            Security::Implicit => match tls.accept(tcp, handshake).await {
                Ok(stream) => stream,
                Err(error) => return tracing::debug!(parent: &span, %error, "no TLS"),
            },
        };
        let origin = Origin::from(peer.ip());
        let connection =
            Connection { stream, peer, origin, tls, handshake, security, admission, trace, shutdown, permit };
        handle(connection).instrument(span).await;
    }

    fn count_refused(&self, full: Full) {
        let limit = full.as_str();
        metrics::counter!("postern_connections_refused_total", "door" => self.door.name, "limit" => limit)
            .increment(1);
    }

    /// Says why, which at an implicit-TLS door takes a handshake.
    async fn turn_away(self, full: Full) {
        let Self { tcp, door, .. } = self;
        let patience = door.handshake.min(TURNING_AWAY);
        let mut stream = match door.security {
            Security::StartTls => Stream::Plain(tcp),
            Security::Implicit => match door.tls.accept(tcp, patience).await {
                Ok(stream) => stream,
                Err(_) => return,
            },
        };
        if write_all(&mut stream, (door.when_full)(full), patience).await.is_ok() {
            close(&mut stream, 4096, TURNING_AWAY).await;
        }
    }
}

/// Out of descriptors: waiting is all that helps, and without a pause the loop would spin.
async fn refuse_accept(door: &'static str, error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        return;
    }
    warn!(door, %error, "cannot accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// A connection's panic is logged where it ends and hurts nobody else.
fn report(door: &'static str, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        metrics::counter!("postern_panics_total", "door" => door).increment(1);
        tracing::error!(door, "a connection ended by a panic");
    }
}

/// Runs `end` when dropped, however the task ends.
fn scopeguard<F: FnOnce()>(end: F) -> impl Drop {
    struct Guard<F: FnOnce()>(Option<F>);
    impl<F: FnOnce()> Drop for Guard<F> {
        fn drop(&mut self) {
            if let Some(end) = self.0.take() {
                end();
            }
        }
    }
    Guard(Some(end))
}
