//! The largest attachment that is allowed: up, visible, down, and what memory it took.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::time::sleep;

use super::submit::between;
use crate::bench::{Bench, RECIPIENTS, SENDERS};
use crate::imap::Imap;
use crate::mail::digest;
use crate::process;
use crate::smtp::Smtp;
use crate::wire::Handshake;

/// One message with one attachment, on its own.
pub async fn large(bench: &Bench) -> anyhow::Result<()> {
    let (from, to) = (SENDERS + 50, RECIPIENTS + 50);
    bench
        .alternate(async |server, _| {
            server.restart().await?;
            let letter = between(bench, server, from, to, bench.scale.large);
            let mut reader = Imap::sign_in(server, &server.users[to], Handshake::Full).await?;
            let (there, next) = reader.status("INBOX").await?;
            let mut smtp = Smtp::sign_in(server, &server.users[from], Handshake::Full).await?;
            sleep(Duration::from_secs(1)).await;
            let idle = server.memory()?;
            if let Some(pid) = server.gateway() {
                process::forget_peak(pid)?;
            }
            let idle_gateway = server.gateway().map(process::peak).transpose()?;
            let begun = Instant::now();
            let (cost, ()) = crate::server::cost(server, async {
                smtp.send(&server.users[to], &letter.bytes).await?;
                while reader.status("INBOX").await?.0 == there {
                    sleep(Duration::from_millis(5)).await;
                }
                Ok(())
            })
            .await?;
            bench.note(server, "large", "up_s", begun.elapsed().as_secs_f64());
            bench.note(server, "large", "up_cpu_s", cost.cpu);
            let most = server.memory()?;
            reader.select("INBOX").await?;
            let mut body = 0;
            let mut size = 0;
            let (cost, ()) = crate::server::cost(server, async {
                reader
                    .each(format!("UID FETCH {next} (BODY.PEEK[TEXT])").as_bytes(), |response| {
                        let text = response.literals().first().context("no text")?;
                        (body, size) = (digest(text), text.len());
                        Ok(())
                    })
                    .await
                    .map(drop)
            })
            .await?;
            ensure!(body == letter.body, "{size} bytes came back, and not the ones that were sent");
            bench.note(server, "large", "down_mb_s", size as f64 / 1e6 / cost.wall);
            bench.note(server, "large", "down_cpu_s", cost.cpu);
            if let (Some(pid), Some(idle)) = (server.gateway(), idle_gateway) {
                let more = process::peak(pid)?.saturating_sub(idle);
                bench.note(server, "large", "gateway_more_mib", more as f64 / 1_048_576.0);
            }
            let more = most.saturating_sub(idle);
            bench.note(server, "large", "all_more_mib", more as f64 / 1_048_576.0);
            smtp.quit().await?;
            reader.logout().await
        })
        .await
}
