//! Ours alone: people who do what people do, for as long as one likes.
//!
//! Each person signs in, syncs, searches, idles, sends, saves, reads, leaves and comes back, in an order that
//! the seed decides. Any error ends it. Memory is sampled; how long each kind of act took is kept.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::time::sleep;

use super::connections::in_parallel;
use super::submit::between;
use crate::bench::{Bench, SENDERS, quantile};
use crate::imap::Imap;
use crate::mail::{Random, word};
use crate::server::Server;
use crate::smtp::Smtp;
use crate::wire::Handshake;

/// Memory is looked at so often in a run.
const LOOKS: u64 = 60;

/// The whole run.
pub async fn soak(bench: &Bench) -> anyhow::Result<()> {
    let server = &bench.servers[0];
    let begun = Instant::now();
    let end = begun + Duration::from_secs(bench.scale.soak_seconds);
    let times: RefCell<BTreeMap<&'static str, Vec<f64>>> = RefCell::default();
    let memory = RefCell::new(Vec::new());
    in_parallel(bench.scale.soak_people + 1, bench.scale.soak_people + 1, async |n| {
        if n == 0 {
            while Instant::now() < end {
                let at = begun.elapsed().as_secs_f64().round();
                let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
                let (all, gateway) = (mib(server.memory()?), mib(server.gateway_memory()?));
                memory.borrow_mut().push((all, gateway));
                bench.note_at(server, "soak", "memory_mib", at, all);
                bench.note_at(server, "soak", "gateway_mib", at, gateway);
                sleep(Duration::from_secs((bench.scale.soak_seconds / LOOKS).max(1))).await;
            }
            return Ok(());
        }
        let note = |act: &'static str, asked: Instant| {
            times.borrow_mut().entry(act).or_default().push(asked.elapsed().as_secs_f64() * 1000.0);
        };
        let me = SENDERS + n % 190;
        let mut random = Random::new(bench.seed ^ n as u64);
        while Instant::now() < end {
            day(bench, server, me, &mut random, end, &note)
                .await
                .with_context(|| format!("{} in the soak", server.users[me].address))?;
        }
        Ok(())
    })
    .await?;
    let mut acts = 0;
    for (act, mut times) in times.into_inner() {
        acts += times.len();
        let p99 = quantile(&mut times, 0.99);
        eprintln!(
            "  soak: {act}: {} times, p50 {:.1} ms, p99 {p99:.1} ms",
            times.len(),
            quantile(&mut times, 0.5)
        );
        let metric = match act {
            "send" => "send_p99_ms",
            "sync" => "sync_p99_ms",
            "search" => "search_p99_ms",
            "flag" => "flag_p99_ms",
            "append" => "append_p99_ms",
            "sign in" => "sign_in_p99_ms",
            _ => "large_p99_ms",
        };
        bench.note(server, "soak", metric, p99);
    }
    let memory = memory.into_inner();
    let third = (memory.len() / 3).max(1);
    let second = &memory[third.min(memory.len() - 1)..(2 * third).min(memory.len())];
    let last = &memory[memory.len() - third..];
    let mean = |part: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        part.iter().map(of).sum::<f64>() / part.len().max(1) as f64
    };
    bench.note(server, "soak", "acts", acts as f64);
    bench.note(server, "soak", "memory_second_third_mib", mean(second, |m| m.0));
    bench.note(server, "soak", "memory_last_third_mib", mean(last, |m| m.0));
    bench.note(server, "soak", "gateway_second_third_mib", mean(second, |m| m.1));
    bench.note(server, "soak", "gateway_last_third_mib", mean(last, |m| m.1));
    bench.note(server, "soak", "errors", 0.0);
    ensure!(acts > 0, "nobody did anything");
    Ok(())
}

/// From one sign-in to its LOGOUT.
async fn day(
    bench: &Bench,
    server: &Server,
    me: usize,
    random: &mut Random,
    end: Instant,
    note: &impl Fn(&'static str, Instant),
) -> anyhow::Result<()> {
    let asked = Instant::now();
    let mut imap = Imap::sign_in(server, &server.users[me], Handshake::Resumed).await?;
    note("sign in", asked);
    let exists = imap.select("INBOX").await?;
    for _ in 0..3 + random.below(8) {
        if Instant::now() > end {
            break;
        }
        let asked = Instant::now();
        match random.below(20) {
            0..6 => {
                let to = SENDERS + random.below(190);
                let size = if random.below(100) == 0 { 1 << 20 } else { 2048 + random.below(8192) };
                let letter = between(bench, server, me, to, size);
                let mut smtp = Smtp::sign_in(server, &server.users[me], Handshake::Resumed).await?;
                smtp.send(&server.users[to], &letter.bytes).await?;
                smtp.quit().await?;
                note(if size > 1 << 16 { "large" } else { "send" }, asked);
            }
            6..10 => {
                let first = exists.saturating_sub(50).max(1);
                if exists > 0 {
                    imap.run(&format!("FETCH {first}:{exists} (UID FLAGS RFC822.SIZE ENVELOPE)")).await?;
                    imap.run(&format!("FETCH {exists} (BODY.PEEK[])")).await?;
                }
                note("sync", asked);
            }
            10..12 => {
                imap.search(&format!("TEXT {}", word(random.below(4000)))).await?;
                note("search", asked);
            }
            12..14 if exists > 0 => {
                imap.run(&format!("STORE {} +FLAGS (\\Seen)", 1 + random.below(exists as usize))).await?;
                note("flag", asked);
            }
            14 => {
                let letter = between(bench, server, me, me, 4096);
                imap.append("Drafts", &[(String::new(), letter.bytes)]).await?;
                note("append", asked);
            }
            _ => {
                imap.idle().await?;
                sleep(Duration::from_millis(200 + random.below(1500) as u64)).await;
                imap.done().await?;
            }
        }
        sleep(Duration::from_millis(random.below(600) as u64)).await;
    }
    imap.logout().await
}
