//! The three mailboxes that are read: the same messages in the same order on both servers, over the wire.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::bench::{Bench, OWNERS};
use crate::imap::Imap;
use crate::mail::stored;
use crate::server::{Programs, Server};
use crate::wire::Handshake;

/// Messages of one APPEND (RFC 3502).
const BATCH: u64 = 100;

/// Fills what is not full yet, and waits until the servers are done with it.
pub async fn ensure(bench: &Bench) -> anyhow::Result<()> {
    for server in &bench.servers {
        if is_full(bench, server).await? {
            continue;
        }
        let mut filled = false;
        if let Programs::Peer(peer) = &server.programs {
            peer.set_fsync("never").await?;
        }
        for (at, owner) in OWNERS.iter().enumerate() {
            filled |= inbox(bench, server, *owner, bench.scale.boxes[at]).await?;
        }
        if let Programs::Peer(peer) = &server.programs {
            peer.set_fsync("optimized").await?;
        }
        if filled {
            let begun = Instant::now();
            server.finish(Duration::from_mins(10)).await?;
            bench.note(server, "fill", "settle_s", begun.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

async fn is_full(bench: &Bench, server: &Server) -> anyhow::Result<bool> {
    let owner = &server.users[OWNERS[2]];
    let mut imap = Imap::sign_in(server, owner, Handshake::Full).await?;
    Ok(imap.status("INBOX").await?.0 >= bench.scale.boxes[2])
}

async fn inbox(bench: &Bench, server: &Server, owner: usize, count: u64) -> anyhow::Result<bool> {
    let mut imap = Imap::sign_in(server, &server.users[owner], Handshake::Full).await?;
    let (there, next) = imap.status("INBOX").await?;
    if there >= count {
        return Ok(false);
    }
    ensure!(next == there + 1, "the mailbox of {} is not as it was filled", server.users[owner].address);
    let begun = Instant::now();
    let mut at = there;
    while at < count {
        let end = (at + BATCH).min(count);
        let messages: Vec<(String, Vec<u8>)> = (at..end).map(|n| stored(bench.seed, n)).collect();
        imap.append("INBOX", &messages).await?;
        at = end;
    }
    bench.note_at(
        server,
        "fill",
        "per_s",
        count as f64,
        (count - there) as f64 / begun.elapsed().as_secs_f64(),
    );
    imap.logout().await?;
    Ok(true)
}
