//! Opening and reading large mailboxes.

use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::bench::{Bench, OWNERS, median};
use crate::imap::{Imap, find};
use crate::mail::{digest, stored};
use crate::server::{Programs, Server, cost};
use crate::wire::Handshake;

/// As Thunderbird asks at a first sync.
const THUNDERBIRD: &str = "UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID \
    Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To Received)]";
/// As Apple Mail asks.
const APPLE: &str = "INTERNALDATE UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (date subject from to cc message-id \
    in-reply-to references content-type x-priority x-uniform-type-identifier x-universally-unique-identifier list-id \
    list-unsubscribe)]";

async fn open(server: &Server, owner: usize) -> anyhow::Result<Imap> {
    Imap::sign_in(server, &server.users[owner], Handshake::Full).await
}

/// SELECT of the big mailbox: by a process that knows it, and by one that was just started.
pub async fn select(bench: &Bench) -> anyhow::Result<()> {
    let (small, big) = (OWNERS[0], OWNERS[2]);
    bench
        .alternate(async |server, _| {
            server.restart().await?;
            // Another account's mailbox first, so that what is cold is the mailbox and not the first sign-in.
            open(server, small).await?.select("INBOX").await?;
            let mut imap = open(server, big).await?;
            let begun = Instant::now();
            let exists = imap.select("INBOX").await?;
            bench.note(server, "select", "cold_ms", begun.elapsed().as_secs_f64() * 1000.0);
            imap.create("Other").await;
            let mut times = Vec::new();
            for _ in 0..bench.scale.repeats {
                imap.select("Other").await?;
                let begun = Instant::now();
                ensure!(imap.select("INBOX").await? == exists, "the mailbox has changed");
                times.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            bench.note(server, "select", "warm_p50_ms", median(&mut times));
            imap.logout().await
        })
        .await
}

/// `UID FETCH 1:* (FLAGS)` of the big mailbox.
pub async fn flags(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            let mut imap = open(server, OWNERS[2]).await?;
            let exists = imap.select("INBOX").await?;
            for _ in 0..2 {
                let (cost, seen) = cost(server, async {
                    let mut last = 0;
                    let mut seen = 0;
                    imap.each(b"UID FETCH 1:* (FLAGS)", |response| {
                        let uid = response.number_after("UID ").context("no UID")?;
                        ensure!(uid > last && response.has("FLAGS ("), "out of order at {uid}");
                        (last, seen) = (uid, seen + 1);
                        Ok(())
                    })
                    .await?;
                    Ok(seen)
                })
                .await?;
                ensure!(seen == exists, "{seen} of {exists}");
                bench.note(server, "flags", "s", cost.wall);
                bench.note(server, "flags", "cpu_s", cost.cpu);
            }
            imap.logout().await
        })
        .await
}

/// Fetches the headers of the middle mailbox and verifies that each UID's Message-ID is its own.
async fn sync(
    bench: &Bench,
    server: &Server,
    imap: &mut Imap,
    items: &str,
) -> anyhow::Result<crate::server::Cost> {
    let exists = imap.select("INBOX").await?;
    let (cost, seen) = cost(server, async {
        let mut seen = 0;
        imap.each(format!("UID FETCH 1:{} ({items})", bench.scale.boxes[1]).as_bytes(), |response| {
            let uid = response.number_after("UID ").context("no UID")?;
            let [head] = response.literals() else { anyhow::bail!("no header of {uid}") };
            let own = format!("<{}.", uid - 1);
            ensure!(find(head, own.as_bytes()).is_some(), "another header than that of UID {uid}");
            seen += 1;
            Ok(())
        })
        .await?;
        Ok(seen)
    })
    .await?;
    ensure!(seen == bench.scale.boxes[1] && exists >= seen, "{seen} of {exists}");
    Ok(cost)
}

/// First sync of the headers, in no cache of ours, then again.
pub async fn headers(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            for (items, cold, warm) in
                [(THUNDERBIRD, "headers_cold", "headers_warm"), (APPLE, "apple_cold", "apple_warm")]
            {
                if let Programs::Peer(peer) = &server.programs {
                    let inbox = peer.inbox(&server.users[OWNERS[1]]);
                    for entry in std::fs::read_dir(&inbox).with_context(|| inbox.display().to_string())? {
                        let path = entry?.path();
                        if path.file_name().is_some_and(|n| n.to_string_lossy().contains("index.cache")) {
                            std::fs::remove_file(path)?;
                        }
                    }
                }
                server.restart().await?;
                open(server, OWNERS[0]).await?.select("INBOX").await?;
                let mut imap = open(server, OWNERS[1]).await?;
                let first = sync(bench, server, &mut imap, items).await?;
                bench.note(server, cold, "s", first.wall);
                bench.note(server, cold, "cpu_s", first.cpu);
                for _ in 0..2 {
                    let again = sync(bench, server, &mut imap, items).await?;
                    bench.note(server, warm, "s", again.wall);
                    bench.note(server, warm, "cpu_s", again.cpu);
                }
                imap.logout().await?;
            }
            Ok(())
        })
        .await
}

/// Every message of the middle mailbox, whole, and equal to what was stored.
pub async fn whole(bench: &Bench) -> anyhow::Result<()> {
    let count = bench.scale.boxes[1];
    let expected: Vec<u64> = (0..count).map(|n| digest(&stored(bench.seed, n).1)).collect();
    bench
        .alternate(async |server, _| {
            let mut imap = open(server, OWNERS[1]).await?;
            imap.select("INBOX").await?;
            let (cost, seen) = cost(server, async {
                let mut seen = 0;
                imap.each(
                    format!("UID FETCH 1:{count} (UID RFC822.SIZE BODY.PEEK[])").as_bytes(),
                    |response| {
                        let uid = response.number_after("UID ").context("no UID")?;
                        let [message] = response.literals() else { anyhow::bail!("no message of {uid}") };
                        ensure!(
                            expected.get(uid as usize - 1) == Some(&digest(message)),
                            "UID {uid} has other bytes"
                        );
                        ensure!(
                            response.number_after("RFC822.SIZE ") == Some(message.len() as u64),
                            "size of {uid}"
                        );
                        seen += 1;
                        Ok(())
                    },
                )
                .await?;
                Ok(seen)
            })
            .await?;
            ensure!(seen == count, "{seen} of {count}");
            bench.note(server, "whole", "s", cost.wall);
            bench.note(server, "whole", "cpu_s", cost.cpu);
            imap.logout().await
        })
        .await
}
