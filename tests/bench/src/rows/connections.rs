//! What a connection costs: signing in, staying, being told.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::submit;
use crate::bench::{Bench, RECIPIENTS, SENDERS, median, quantile};
use crate::imap::Imap;
use crate::server::{Programs, Server, cost};
use crate::smtp::Smtp;
use crate::wire::Handshake;

/// Clients that sign in at the same time.
const AT_ONCE: usize = 8;

/// Connect, TLS, AUTHENTICATE, LOGOUT, again and again, from eight clients.
pub async fn sign_in(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            for (row, handshake) in [("sign_in", Handshake::Full), ("sign_in_resumed", Handshake::Resumed)] {
                let count = bench.scale.sign_ins;
                let (cost, ()) = cost(server, async {
                    in_parallel(AT_ONCE, count, async |n| {
                        let user = &server.users[n % 200];
                        Imap::sign_in(server, user, handshake).await?.logout().await
                    })
                    .await
                })
                .await?;
                bench.note_cost(server, row, cost, count);
            }
            Ok(())
        })
        .await
}

/// Runs `act` for 0 to `count`, so many at once, in this task.
pub async fn in_parallel(
    at_once: usize,
    count: usize,
    act: impl AsyncFn(usize) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = std::cell::Cell::new(0);
    let lane = async || {
        loop {
            let n = next.get();
            if n >= count {
                return Ok::<(), anyhow::Error>(());
            }
            next.set(n + 1);
            act(n).await?;
        }
    };
    let lanes: Vec<_> = (0..at_once).map(|_| Box::pin(lane())).collect();
    all(lanes).await
}

/// Waits for all of them; the first fault ends it.
async fn all<F: Future<Output = anyhow::Result<()>>>(
    mut lanes: Vec<std::pin::Pin<Box<F>>>,
) -> anyhow::Result<()> {
    std::future::poll_fn(|cx| {
        let mut at = 0;
        while at < lanes.len() {
            match lanes[at].as_mut().poll(cx) {
                std::task::Poll::Ready(Ok(())) => drop(lanes.swap_remove(at)),
                std::task::Poll::Ready(Err(error)) => return std::task::Poll::Ready(Err(error)),
                std::task::Poll::Pending => at += 1,
            }
        }
        if lanes.is_empty() { std::task::Poll::Ready(Ok(())) } else { std::task::Poll::Pending }
    })
    .await
}

/// Opens so many connections in IDLE on INBOX, spread over `people`.
async fn idlers(server: &Server, count: usize, people: usize) -> anyhow::Result<Vec<Imap>> {
    let open = std::cell::RefCell::new(Vec::with_capacity(count));
    in_parallel(16, count, async |n| {
        let mut imap = Imap::sign_in(server, &server.users[n % people], Handshake::Full).await?;
        imap.select("INBOX").await?;
        imap.idle().await?;
        open.borrow_mut().push(imap);
        Ok(())
    })
    .await?;
    Ok(open.into_inner())
}

async fn part(open: Vec<Imap>) -> anyhow::Result<()> {
    for mut imap in open {
        imap.done().await?;
        imap.logout().await?;
    }
    Ok(())
}

/// Memory of each of many idle connections, in freshly started processes.
pub async fn idle(bench: &Bench) -> anyhow::Result<()> {
    let people = 200.min(bench.scale.idle);
    bench
        .alternate(async |server, _| {
            server.restart().await?;
            // What the first connections of a process bring along is not theirs.
            part(idlers(server, 50.min(bench.scale.idle), people).await?).await?;
            sleep(Duration::from_secs(1)).await;
            let before = server.memory()?;
            let open = idlers(server, bench.scale.idle, people).await?;
            sleep(Duration::from_secs(2)).await;
            let each = server.memory()?.saturating_sub(before) as f64 / 1024.0 / bench.scale.idle as f64;
            bench.note(server, "idle", "kib_each", each);
            part(open).await
        })
        .await
}

/// Ours alone: ten thousand idle connections are held, and answer.
pub async fn many_idle(bench: &Bench) -> anyhow::Result<()> {
    let server = &bench.servers[0];
    ensure!(matches!(server.programs, Programs::Postern(_)), "ours is the first");
    server.restart().await?;
    let people = server.users.len();
    part(idlers(server, 50.min(bench.scale.many_idle), people).await?).await?;
    sleep(Duration::from_secs(1)).await;
    let before = server.memory()?;
    let begun = Instant::now();
    let open = idlers(server, bench.scale.many_idle, people).await?;
    bench.note(server, "idle10k", "open_s", begun.elapsed().as_secs_f64());
    sleep(Duration::from_secs(3)).await;
    let each = server.memory()?.saturating_sub(before) as f64 / 1024.0 / bench.scale.many_idle as f64;
    bench.note(server, "idle10k", "kib_each", each);
    bench.note(server, "idle10k", "held", open.len() as f64);
    // Each one ends its IDLE and says goodbye properly: so each was there.
    part(open).await
}

/// From the 250 of a submission to EXISTS at a recipient in IDLE.
pub async fn push(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            let mut latencies = pushes(bench, server, RECIPIENTS + 40, bench.scale.repeats).await?;
            bench.note(server, "push", "p50_ms", median(&mut latencies));
            bench.note(server, "push", "p99_ms", quantile(&mut latencies, 0.99));
            Ok(())
        })
        .await
}

/// The latencies in milliseconds of so many pushes to one recipient.
pub async fn pushes(bench: &Bench, server: &Server, to: usize, count: usize) -> anyhow::Result<Vec<f64>> {
    let mut idler = Imap::sign_in(server, &server.users[to], Handshake::Full).await?;
    let mut there = idler.select("INBOX").await?;
    idler.idle().await?;
    let (announce, mut told) = tokio::sync::mpsc::channel(1);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        for _ in 0..count {
            let exists = idler.pushed(Duration::from_mins(2)).await?;
            announce.send((Instant::now(), exists)).await?;
        }
        idler.done().await?;
        idler.logout().await
    });
    let sender = SENDERS + 60;
    let mut smtp = Smtp::sign_in(server, &server.users[sender], Handshake::Full).await?;
    let mut latencies = Vec::with_capacity(count);
    for _ in 0..count {
        let letter = submit::between(bench, server, sender, to, 4096);
        smtp.send(&server.users[to], &letter.bytes).await?;
        let accepted = Instant::now();
        let (at, exists) = told.recv().await.context("the idling connection ended")?;
        there += 1;
        ensure!(exists == there, "{exists} EXISTS instead of {there}");
        latencies.push(at.saturating_duration_since(accepted).as_secs_f64() * 1000.0);
    }
    smtp.quit().await?;
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(latencies)
}
