//! A server under load: where it listens, who its users are, what it costs.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::time::sleep;

use crate::peer::Peer;
use crate::postern::Postern;
use crate::process;
use crate::wire::Trust;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Ours.
    Postern,
    /// Dovecot with Postfix.
    Peer,
}

impl Side {
    /// As it stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postern => "postern",
            Self::Peer => "peer",
        }
    }
}

/// Somebody who may sign in.
#[derive(Clone)]
pub struct User {
    /// Mail address and user name.
    pub address: String,
    /// Password.
    pub secret: String,
}

/// The programs behind it.
pub enum Programs {
    /// The gateway and its private PostgreSQL.
    Postern(Box<Postern>),
    /// Dovecot's and Postfix's master processes.
    Peer(Peer),
}

/// One of the two.
pub struct Server {
    /// Which.
    pub side: Side,
    /// IMAP, TLS from the first byte.
    pub imap: SocketAddr,
    /// Submission, TLS from the first byte.
    pub smtp: SocketAddr,
    /// The same people in the same order on both.
    pub users: Vec<User>,
    /// Its certificate authority.
    pub trust: Trust,
    /// What runs.
    pub programs: Programs,
    /// Whether its figures count; in a smoke run they do not.
    pub judged: bool,
    /// Connections so far.
    pub opened: AtomicU32,
}

impl Server {
    /// Another loopback address every few connections, as a server on the net would see.
    pub fn source(&self) -> Ipv4Addr {
        let n = self.opened.fetch_add(1, Ordering::Relaxed) % 100;
        Ipv4Addr::new(127, 0, 1, 1 + n as u8)
    }

    fn roots(&self) -> Vec<u32> {
        match &self.programs {
            Programs::Postern(postern) => postern.roots(),
            Programs::Peer(peer) => peer.roots(),
        }
    }

    /// CPU of all its processes since they began.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let roots = self.roots();
        match &self.programs {
            Programs::Postern(postern) => postern.group.cpu(&roots),
            Programs::Peer(peer) => peer.group.cpu(&roots),
        }
    }

    /// Memory of all its processes in bytes.
    pub fn memory(&self) -> anyhow::Result<u64> {
        process::memory(&self.roots())
    }

    /// Memory of the gateway alone, without its PostgreSQL, in bytes (ours alone).
    pub fn gateway_memory(&self) -> anyhow::Result<u64> {
        Ok(process::memory_of(&[self.gateway().context("only ours is one process")?]))
    }

    /// The gateway's own process (ours alone).
    pub fn gateway(&self) -> Option<u32> {
        match &self.programs {
            Programs::Postern(postern) => postern.pid(),
            Programs::Peer(_) => None,
        }
    }

    /// Waits until it is quiet: no more CPU than 30 ms in a second.
    pub async fn settle(&self, patience: Duration) -> anyhow::Result<()> {
        self.quiet_for(1, patience).await
    }

    /// Waits until it has nothing left to do: work put off (indexes, queues) is over. Postern begins with what it
    /// put off when a mailbox has not grown between two looks, which are three seconds apart; the peer puts off nothing.
    pub async fn finish(&self, patience: Duration) -> anyhow::Result<()> {
        let seconds = if self.side == Side::Postern { 8 } else { 1 };
        self.quiet_for(seconds, patience).await
    }

    /// Where no figure counts, a quiet second is enough, and that there is none is no fault: a slow machine may never
    /// be as quiet.
    async fn quiet_for(&self, seconds: u32, patience: Duration) -> anyhow::Result<()> {
        let (seconds, patience) = if self.judged { (seconds, patience) } else { (1, Duration::from_secs(3)) };
        let end = Instant::now() + patience;
        let mut before = self.cpu()?;
        let mut quiet = 0;
        while quiet < seconds {
            sleep(Duration::from_secs(1)).await;
            let now = self.cpu()?;
            quiet = if now.saturating_sub(before) <= Duration::from_millis(30) { quiet + 1 } else { 0 };
            if Instant::now() > end {
                if !self.judged {
                    return Ok(());
                }
                bail!("{} is still busy after {patience:?}", self.side.name());
            }
            before = now;
        }
        Ok(())
    }

    /// Ends all its processes and begins them anew, so that nothing is in any process's memory.
    pub async fn restart(&self) -> anyhow::Result<()> {
        match &self.programs {
            Programs::Postern(postern) => postern.restart(&[]).await,
            Programs::Peer(peer) => peer.restart().await,
        }
    }

    /// Ends it.
    pub async fn stop(&self) -> anyhow::Result<()> {
        match &self.programs {
            Programs::Postern(postern) => postern.stop().await,
            Programs::Peer(peer) => peer.stop().await,
        }
    }
}

/// What something took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds that passed.
    pub wall: f64,
    /// Seconds of the server's CPU.
    pub cpu: f64,
}

/// Does it, and says what it took.
pub async fn cost<T>(
    server: &Server,
    act: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(Cost, T)> {
    let (before, begun) = (server.cpu()?, Instant::now());
    let done = act.await?;
    let wall = begun.elapsed().as_secs_f64();
    let cpu = server.cpu()?.saturating_sub(before).as_secs_f64();
    Ok((Cost { wall, cpu }, done))
}
