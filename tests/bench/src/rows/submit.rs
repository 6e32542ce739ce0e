//! Submission until the message is visible in the recipient's INBOX.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::time::sleep;

use super::connections::in_parallel;
use crate::bench::{Bench, RECIPIENT_COUNT, RECIPIENTS, SENDERS};
use crate::imap::{Imap, find};
use crate::mail::{Letter, digest, letter};
use crate::server::{Cost, Server, cost};
use crate::smtp::Smtp;
use crate::wire::Handshake;

/// A letter of one user to another.
pub fn between(bench: &Bench, server: &Server, from: usize, to: usize, size: usize) -> Letter {
    let address = |n: usize| (n, server.users[n].address.as_str());
    letter(&bench.id(), address(from), address(to), size)
}

/// Whether a client stays connected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// One connection for all its messages.
    Kept,
    /// A new one, with its sign-in, for each.
    Each,
}

/// Letters of `at_once` senders to the recipients, in turn.
pub fn letters(bench: &Bench, server: &Server, count: usize, at_once: usize, size: usize) -> Vec<Letter> {
    (0..count)
        .map(|n| {
            let to = RECIPIENTS + n % RECIPIENT_COUNT;
            between(bench, server, SENDERS + n % at_once.min(128), to, size)
        })
        .collect()
}

/// Submits them from `at_once` clients, waits until all are visible, and verifies each one's bytes afterwards.
/// The cost ends when the last is visible; the second figure is the CPU until the server has nothing left to do.
pub async fn deliver(
    server: &Server,
    letters: &[Letter],
    at_once: usize,
    session: Session,
) -> anyhow::Result<(Cost, f64)> {
    // One observer for each recipient.
    let mut expected: HashMap<usize, u64> = HashMap::new();
    for letter in letters {
        *expected.entry(letter.to).or_default() += 1;
    }
    let mut watched = Vec::new();
    for (to, count) in expected {
        let mut imap = Imap::sign_in(server, &server.users[to], Handshake::Full).await?;
        let (messages, next) = imap.status("INBOX").await?;
        watched.push((to, imap, messages + count, next));
    }
    let clients = std::cell::RefCell::new(Vec::new());
    if session == Session::Kept {
        for n in 0..at_once {
            let user = &server.users[SENDERS + n % at_once.min(128)];
            let client = Smtp::sign_in(server, user, Handshake::Full).await?;
            clients.borrow_mut().push(client);
        }
    }
    server.settle(Duration::from_mins(5)).await?;
    let before = server.cpu()?;
    let (cost, ()) = cost(server, async {
        let lanes = std::cell::Cell::new(0);
        if session == Session::Kept {
            // Each client sends its own user's letters.
            in_parallel(at_once, at_once, async |_| {
                let lane = lanes.replace(lanes.get() + 1);
                let mut client = clients.borrow_mut().pop().context("a client is missing")?;
                let user = SENDERS + (at_once - 1 - lane) % at_once.min(128);
                for letter in letters.iter().filter(|l| l.from == user) {
                    client.send(&server.users[letter.to], &letter.bytes).await?;
                }
                client.quit().await
            })
            .await?;
        } else {
            in_parallel(at_once, letters.len(), async |n| {
                let letter = &letters[n];
                let mut client = Smtp::sign_in(server, &server.users[letter.from], Handshake::Full).await?;
                client.send(&server.users[letter.to], &letter.bytes).await?;
                client.quit().await
            })
            .await?;
        }
        for (_, imap, goal, _) in &mut watched {
            loop {
                let (messages, _) = imap.status("INBOX").await?;
                if messages >= *goal {
                    ensure!(messages == *goal, "{messages} messages instead of {goal}");
                    break;
                }
                sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    })
    .await?;
    server.finish(Duration::from_mins(5)).await?;
    let settled = server.cpu()?.saturating_sub(before).as_secs_f64();
    let mut bodies: HashMap<&str, u64> = letters.iter().map(|l| (l.id.as_str(), l.body)).collect();
    for (_, mut imap, _, next) in watched {
        imap.select("INBOX").await?;
        let command = format!("UID FETCH {next}:* (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)] BODY.PEEK[TEXT])");
        imap.each(command.as_bytes(), |response| {
            if !response.is_numbered("FETCH") {
                return Ok(());
            }
            let [head, text] = response.literals() else { bail!("FETCH without its two literals") };
            let open = find(head, b"<").context("no Message-ID")? + 1;
            let close = find(head, b">").context("no Message-ID")?;
            let id = std::str::from_utf8(&head[open..close])?;
            let body = bodies.remove(id).with_context(|| format!("{id} came twice or was never sent"))?;
            ensure!(body == digest(text), "{id} has another text");
            Ok(())
        })
        .await?;
        imap.logout().await?;
    }
    ensure!(bodies.is_empty(), "{} messages did not arrive", bodies.len());
    Ok((cost, settled))
}

fn count(bench: &Bench, server: &Server) -> usize {
    bench.scale.submissions[usize::from(server.side == crate::server::Side::Peer)]
}

/// 4 KiB from eight connections that stay.
pub async fn submit(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            let letters = letters(bench, server, count(bench, server), 8, 4096);
            let (cost, settled) = deliver(server, &letters, 8, Session::Kept).await?;
            bench.note_cost(server, "submit", cost, letters.len());
            bench.note(server, "submit", "settled_cpu_ms", settled * 1000.0 / letters.len() as f64);
            Ok(())
        })
        .await
}

/// 4 KiB from eight clients that connect and sign in for each message.
pub async fn submit_connect(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            let letters = letters(bench, server, count(bench, server) / 2, 8, 4096);
            let (cost, _) = deliver(server, &letters, 8, Session::Each).await?;
            bench.note_cost(server, "submit_connect", cost, letters.len());
            Ok(())
        })
        .await
}

/// The same with more and more at once.
pub async fn concurrency(bench: &Bench) -> anyhow::Result<()> {
    for at_once in bench.scale.at_once.clone() {
        for server in &bench.servers {
            let count = (count(bench, server) / if at_once == 1 { 4 } else { 1 }).max(at_once);
            let letters = letters(bench, server, count, at_once, 4096);
            let (cost, _) = deliver(server, &letters, at_once, Session::Kept).await?;
            let x = at_once as f64;
            bench.note_at(server, "concurrency", "per_s", x, count as f64 / cost.wall);
            bench.note_at(server, "concurrency", "cpu_ms", x, cost.cpu * 1000.0 / count as f64);
        }
    }
    Ok(())
}

/// One client, larger and larger messages.
pub async fn sizes(bench: &Bench) -> anyhow::Result<()> {
    for size in bench.scale.sizes.clone() {
        for server in &bench.servers {
            // A measurable amount of work, but no more than some hundred megabytes of it.
            let count = ((16 << 20) / size).clamp(2, 100);
            let letters = letters(bench, server, count, 1, size);
            let (cost, _) = deliver(server, &letters, 1, Session::Kept).await?;
            let x = size as f64;
            bench.note_at(server, "sizes", "ms", x, cost.wall * 1000.0 / count as f64);
            bench.note_at(server, "sizes", "cpu_ms", x, cost.cpu * 1000.0 / count as f64);
        }
    }
    Ok(())
}
