//! One loop per listening socket: accept, admit, shake hands, hand over to the protocol.
//!
//! A full door first lets a peer wait a little ([`Admission`]), before anything is spent on it. Whom it cannot
//! take it tells so, [`TURNED_AWAY_AT_ONCE`] at a time; who waits for that still gets a place that comes free. When
//! as many wait as may, the next ones stay in the system's queue of connections, so that nobody is cut off without a
//! word. Only peers from an address that has had its fill are, when as many of those are being told.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::{Instrument, warn};

use super::admission::{Admitted, Waiting};
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
    /// How long it is patient.
    pub patience: DoorPatience,
    /// What a peer is told that cannot be admitted, in the protocol's words with CRLF
    /// (`421 4.7.0 ...`, `* BYE ...`).
    pub when_full: fn(Full) -> &'static [u8],
}

/// How long a door bears with a peer that is not in yet.
#[derive(Clone, Copy, Debug)]
pub struct DoorPatience {
    /// Longest TLS handshake of one that has its place.
    pub handshake: Duration,
    /// Longest wait for a place, before a peer is told that there is none: less than a person notices, and than any
    /// mail program's patience.
    pub place: Duration,
    /// Longest telling, when there is none: handshake, a line, and parting.
    pub turning_away: Duration,
}

impl Default for DoorPatience {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(20),
            place: Duration::from_secs(2),
            turning_away: Duration::from_secs(2),
        }
    }
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

/// Peers that are turned away at one time because the door is full, and as many whose address has its fill.
pub const TURNED_AWAY_AT_ONCE: usize = 64;

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
    let tellers = Arc::new(Semaphore::new(TURNED_AWAY_AT_ONCE));
    let address_tellers = Arc::new(Semaphore::new(TURNED_AWAY_AT_ONCE));
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
                        Ok(Admitted::Now(permit)) => {
                            connections.spawn(arrival.enter(permit, handle.clone()));
                        }
                        Ok(Admitted::Waits(waiting)) => {
                            connections.spawn(arrival.wait(waiting, handle.clone(), tellers.clone()));
                        }
                        Ok(Admitted::Outside(outside)) => tokio::select! {
                            () = stop.draining() => break,
                            seat = outside.seat() => {
                                let waiting = outside.wait(seat);
                                connections.spawn(arrival.wait(waiting, handle.clone(), tellers.clone()));
                            }
                            Ok(teller) = tellers.clone().acquire_owned() => {
                                connections.spawn(arrival.turn_away(Full::Total, (outside, teller)));
                            }
                        },
                        Err(full) => {
                            if let Ok(teller) = address_tellers.clone().try_acquire_owned() {
                                connections.spawn(arrival.turn_away(full, teller));
                            } else {
                                arrival.count_refused(full);
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
    /// From the queue for a place to the end of its connection, or to being told that there is none.
    async fn wait<H, F>(mut self, waiting: Waiting, handle: H, tellers: Arc<Semaphore>)
    where
        H: Fn(Connection) -> F,
        F: Future<Output = ()>,
    {
        metrics::counter!("postern_connections_waited_total", "door" => self.door.name).increment(1);
        let longest = self.door.patience.place;
        let patience = async {
            tokio::time::sleep(longest).await;
            tellers.acquire_owned().await
        };
        tokio::select! {
            biased;
            place = waiting.place() => self.enter(waiting.enter(place), handle).await,
            Ok(teller) = patience => self.turn_away(Full::Total, (waiting, teller)).await,
            () = self.shutdown.draining() => {}
        }
    }

    /// From its place to the end of its connection.
    async fn enter<H, F>(self, permit: Permit, handle: H)
    where
        H: Fn(Connection) -> F,
        F: Future<Output = ()>,
    {
        metrics::counter!("postern_connections_total", "door" => self.door.name).increment(1);
        let Self { tcp, peer, door, shutdown } = self;
        let open = metrics::gauge!("postern_connections_open", "door" => door.name);
        open.increment(1);
        let _closed = scopeguard(move || open.decrement(1));
        let trace = Trace::new(door.name, peer);
        let span = trace.span().clone();
        let Door { security, tls, admission, patience: DoorPatience { handshake, .. }, .. } = door;
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

    /// Says why, which at an implicit-TLS door takes a handshake. `held` is given back at the end.
    async fn turn_away(self, full: Full, held: impl Send) {
        self.count_refused(full);
        let Self { tcp, door, .. } = self;
        let longest = door.patience.turning_away;
        let telling = async {
            let mut stream = match door.security {
                Security::StartTls => Stream::Plain(tcp),
                Security::Implicit => match door.tls.accept(tcp, longest).await {
                    Ok(stream) => stream,
                    Err(_) => return,
                },
            };
            if write_all(&mut stream, (door.when_full)(full), longest).await.is_ok() {
                close(&mut stream, 4096, longest).await;
            }
        };
        // Who has not heard it by then does not listen.
        let _told = tokio::time::timeout(longest, telling).await;
        drop(held);
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
