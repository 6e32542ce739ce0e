//! Saving and flagging.

use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use super::connections::in_parallel;
use crate::bench::{Bench, OWNERS, SENDERS, median};
use crate::imap::Imap;
use crate::server::{Programs, Server, cost};
use crate::wire::Handshake;

/// APPEND of 4 KiB, one a command, from eight connections to eight mailboxes.
pub async fn append(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            let mut clients = Vec::new();
            let mut before = Vec::new();
            for n in 0..8 {
                let mut imap = Imap::sign_in(server, &server.users[SENDERS + n], Handshake::Full).await?;
                imap.create("Appended").await;
                before.push(imap.status("Appended").await?.0);
                clients.push(imap);
            }
            let each = bench.scale.appends / 8;
            let messages: Vec<(String, Vec<u8>)> = (0..each as u64 * 8)
                .map(|n| {
                    let letter =
                        super::submit::between(bench, server, SENDERS + n as usize % 8, SENDERS, 4096);
                    (String::new(), letter.bytes)
                })
                .collect();
            server.settle(std::time::Duration::from_mins(1)).await?;
            let open = std::cell::RefCell::new(clients);
            let back = std::cell::RefCell::new(Vec::new());
            let (cost, ()) = cost(server, async {
                in_parallel(8, 8, async |n| {
                    let mut client = open.borrow_mut().pop().context("a client is missing")?;
                    for message in &messages[n * each..(n + 1) * each] {
                        client.append("Appended", std::slice::from_ref(message)).await?;
                    }
                    back.borrow_mut().push(client);
                    Ok(())
                })
                .await
            })
            .await?;
            bench.note_cost(server, "append", cost, each * 8);
            let total: u64 = before.iter().sum();
            let mut after = 0;
            for mut client in back.into_inner() {
                after += client.status("Appended").await?.0;
                client.logout().await?;
            }
            ensure!(after == total + each as u64 * 8, "{after} messages after {total}");
            Ok(())
        })
        .await
}

/// A flag on all messages of the middle mailbox, on and off again; and on one.
pub async fn store(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            let mut imap = Imap::sign_in(server, &server.users[OWNERS[1]], Handshake::Full).await?;
            let exists = imap.select("INBOX").await?;
            for (sign, mark) in [("+", true), ("-", false)] {
                let (cost, seen) = cost(server, async {
                    let mut seen = 0;
                    imap.each(format!("STORE 1:* {sign}FLAGS (\\Flagged)").as_bytes(), |response| {
                        if response.is_numbered("FETCH") {
                            ensure!(response.has("\\Flagged") == mark, "a flag is not as it was set");
                            seen += 1;
                        }
                        Ok(())
                    })
                    .await?;
                    Ok(seen)
                })
                .await?;
                ensure!(seen == exists, "{seen} of {exists}");
                bench.note(server, "store", "all_ms", cost.wall * 1000.0);
                bench.note(server, "store", "all_cpu_ms", cost.cpu * 1000.0);
            }
            let mut times = Vec::new();
            for n in 0..bench.scale.repeats {
                let uid = 1 + n as u64 * 7 % exists;
                for sign in ["+", "-"] {
                    let begun = Instant::now();
                    imap.run(&format!("UID STORE {uid} {sign}FLAGS (\\Answered)")).await?;
                    times.push(begun.elapsed().as_secs_f64() * 1000.0);
                }
            }
            bench.note(server, "store", "one_p50_ms", median(&mut times));
            if let Programs::Postern(_) = server.programs {
                bench.note(server, "store", "commit_p50_ms", commit(server, bench.scale.repeats * 2).await?);
            }
            imap.logout().await
        })
        .await
}

/// What one durable change of one row takes in the same database, by psql's own clock: the yardstick of one flag.
async fn commit(server: &Server, count: usize) -> anyhow::Result<f64> {
    let Programs::Postern(postern) = &server.programs else { anyhow::bail!("there is no database") };
    let url = postern.database_url()?;
    let mut script = String::from(
        "create temporary table t (n int); \n\\timing on\ncreate table if not exists bench_commit (n int);\n\
         insert into bench_commit values (0);\n",
    );
    for _ in 0..count {
        script.push_str("update bench_commit set n = n + 1;\n");
    }
    script.push_str("drop table bench_commit;\n");
    let mut psql = tokio::process::Command::new("psql")
        .args(["-XAtq", &url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("psql")?;
    let mut stdin = psql.stdin.take().context("psql has no standard input")?;
    tokio::io::AsyncWriteExt::write_all(&mut stdin, script.as_bytes()).await?;
    drop(stdin);
    let out = psql.wait_with_output().await?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut times: Vec<f64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("Time: ")?.split(' ').next()?.parse().ok())
        .collect();
    ensure!(times.len() == count + 3, "psql timed {} statements", times.len());
    Ok(median(&mut times[2..count + 2]))
}
