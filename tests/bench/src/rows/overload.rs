//! Ours alone, with more connections, sign-ins and submissions than fit.
//!
//! The plateau is what eight clients submit that connect and sign in for each message, and what eight kept
//! connections do. Then five times as many clients as fit through the listener connect, sign in and submit, all the
//! time; one in eight of them comes from one and the same address, which may have fewer connections than that. Who
//! is refused comes again after a second (a mail program waits longer). Beside them people who signed in
//! before go on working. Counted each second: messages accepted, refusals, memory; kept: how long a refusal
//! and an accepted message took, and whether anybody who was signed in was dropped.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::time::sleep;

use super::connections::in_parallel;
use super::submit::{Session, between, deliver, letters};
use crate::bench::{Bench, RECIPIENT_COUNT, RECIPIENTS, SENDERS, quantile};
use crate::imap::Imap;
use crate::server::Programs;
use crate::smtp::Smtp;
use crate::wire::Handshake;

/// Where the many come from that are too many for one address.
const GREEDY: Ipv4Addr = Ipv4Addr::new(127, 0, 2, 1);

/// People who are signed in when the flood comes.
const RESIDENTS: usize = 20;

#[derive(Default)]
struct Tally {
    accepted: Vec<f64>,
    refused: Vec<f64>,
    broken: Vec<String>,
    resident: Vec<f64>,
    by_second: Vec<(u64, u64)>,
}

impl Tally {
    /// One try to submit, and the milliseconds that it took.
    fn count(&mut self, begun: Instant, took: f64, sent: anyhow::Result<()>) {
        match sent {
            Ok(()) => {
                self.second(begun).0 += 1;
                self.accepted.push(took);
            }
            // 421 or 4yz: a clear answer.
            Err(error) if error.to_string().starts_with('4') => {
                self.second(begun).1 += 1;
                self.refused.push(took);
            }
            Err(error) => self.broken.push(format!("{error:#}")),
        }
    }

    fn second(&mut self, begun: Instant) -> &mut (u64, u64) {
        let at = begun.elapsed().as_secs() as usize;
        if self.by_second.len() <= at {
            self.by_second.resize(at + 1, (0, 0));
        }
        &mut self.by_second[at]
    }
}

/// The flood.
pub async fn overload(bench: &Bench) -> anyhow::Result<()> {
    let server = &bench.servers[0];
    let Programs::Postern(postern) = &server.programs else { anyhow::bail!("ours is the first") };
    let clients = bench.scale.overload_clients;
    // Eight senders and an observer for each recipient must fit all the same.
    let fitting = (clients / 5).max(2 * RECIPIENT_COUNT);
    // A fifth of the clients fits; people's own limits are out of the way.
    let fits = fitting.to_string();
    // The others come from a hundred addresses.
    let each = (clients / 16).max(RECIPIENT_COUNT + RESIDENTS).to_string();
    let settings = [
        ("POSTERN_LIMITS_CONNECTIONS", fits.as_str()),
        ("POSTERN_LIMITS_CONNECTIONS_PER_ADDRESS", each.as_str()),
        ("POSTERN_LIMITS_SIGN_INS_PER_DEVICE", "100000"),
        ("POSTERN_LOG_LEVEL", "error"),
    ];
    postern.restart(&settings).await?;
    let warm = letters(bench, server, bench.scale.submissions[0], 8, 4096);
    let (cost, _) = deliver(server, &warm, 8, Session::Kept).await?;
    let plateau = warm.len() as f64 / cost.wall;
    bench.note(server, "overload", "plateau_per_s", plateau);
    let warm = letters(bench, server, bench.scale.submissions[0] / 2, 8, 4096);
    let (cost, _) = deliver(server, &warm, 8, Session::Each).await?;
    let wall = cost.wall;
    bench.note(server, "overload", "plateau_connect_per_s", warm.len() as f64 / wall);
    let (memory, gateway) = (server.memory()?, server.gateway_memory()?);
    bench.note(server, "overload", "gateway_before_mib", gateway as f64 / 1_048_576.0);

    let mut residents = Vec::new();
    for n in 0..RESIDENTS.min(fitting / 4) {
        let mut imap = Imap::sign_in(server, &server.users[RECIPIENTS + 100 + n], Handshake::Full).await?;
        imap.select("INBOX").await?;
        residents.push(imap);
    }
    let count = residents.len();
    let residents = RefCell::new(residents);
    let tally = RefCell::new(Tally::default());
    let (most, gateway_most) = (std::cell::Cell::new(memory), std::cell::Cell::new(gateway));
    let begun = Instant::now();
    let end = begun + Duration::from_secs(bench.scale.overload_seconds);
    in_parallel(clients + count + 1, clients + count + 1, async |n| {
        if n == 0 {
            while Instant::now() < end {
                let at = begun.elapsed().as_secs_f64().round();
                let (all, gateway) = (server.memory()?, server.gateway_memory()?);
                most.set(most.get().max(all));
                gateway_most.set(gateway_most.get().max(gateway));
                bench.note_at(server, "overload", "memory_mib", at, all as f64 / 1_048_576.0);
                bench.note_at(server, "overload", "gateway_mib", at, gateway as f64 / 1_048_576.0);
                sleep(Duration::from_secs((bench.scale.overload_seconds / 30).max(1))).await;
            }
            return Ok(());
        }
        if n <= count {
            let mut imap = residents.borrow_mut().pop().context("a resident is missing")?;
            while Instant::now() < end {
                let asked = Instant::now();
                imap.run("NOOP").await.context("somebody signed in was dropped")?;
                tally.borrow_mut().resident.push(asked.elapsed().as_secs_f64() * 1000.0);
                sleep(Duration::from_millis(500)).await;
            }
            return imap.logout().await;
        }
        let (from, to) = (SENDERS + n % 120, RECIPIENTS + n % RECIPIENT_COUNT);
        while Instant::now() < end {
            let letter = between(bench, server, from, to, 4096);
            let asked = Instant::now();
            let sent = async {
                let source = if n % 8 == 0 { GREEDY } else { server.source() };
                let user = &server.users[from];
                let mut smtp = Smtp::sign_in_from(source, server, user, Handshake::Full).await?;
                smtp.send(&server.users[to], &letter.bytes).await?;
                smtp.quit().await
            };
            let sent = sent.await;
            let took = asked.elapsed().as_secs_f64() * 1000.0;
            let refused = sent.is_err();
            tally.borrow_mut().count(begun, took, sent);
            if refused {
                sleep(Duration::from_secs(1)).await;
            }
        }
        Ok(())
    })
    .await?;
    let mut tally = tally.into_inner();
    let seconds = begun.elapsed().as_secs_f64();
    for (at, (accepted, refused)) in tally.by_second.iter().enumerate() {
        bench.note_at(server, "overload", "accepted_per_s", at as f64, *accepted as f64);
        bench.note_at(server, "overload", "refused_per_s", at as f64, *refused as f64);
    }
    let accepted = tally.accepted.len() as f64 / seconds;
    bench.note(server, "overload", "mean_accepted_per_s", accepted);
    bench.note(server, "overload", "of_plateau", accepted * wall / warm.len() as f64);
    bench.note(server, "overload", "accepted_p50_ms", quantile(&mut tally.accepted, 0.5));
    bench.note(server, "overload", "mean_refused_per_s", tally.refused.len() as f64 / seconds);
    bench.note(server, "overload", "accepted_p99_ms", quantile(&mut tally.accepted, 0.99));
    bench.note(server, "overload", "refused_p50_ms", quantile(&mut tally.refused, 0.5));
    bench.note(server, "overload", "refused_p99_ms", quantile(&mut tally.refused, 0.99));
    bench.note(server, "overload", "resident_p99_ms", quantile(&mut tally.resident, 0.99));
    bench.note(server, "overload", "no_clear_answer", tally.broken.len() as f64);
    bench.note(server, "overload", "memory_most_mib", most.get() as f64 / 1_048_576.0);
    bench.note(server, "overload", "gateway_most_mib", gateway_most.get() as f64 / 1_048_576.0);
    for words in tally.broken.iter().take(5) {
        eprintln!("  without a clear answer: {words}");
    }
    ensure!(!tally.accepted.is_empty(), "nothing was accepted");
    server.restart().await
}
