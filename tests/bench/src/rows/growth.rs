//! Whether an act costs the same in a mailbox of a thousand messages and of a hundred thousand.

use anyhow::ensure;

use super::connections::pushes;
use super::submit::{Session, between, deliver};
use crate::bench::{Bench, OWNERS, SENDERS, median};
use crate::imap::Imap;
use crate::mail::Letter;
use crate::server::{Cost, Server, cost};
use crate::wire::Handshake;

/// Messages that a FETCH or STORE of a fixed number is about.
const FIXED: u64 = 100;

/// Everything, for each of the three mailboxes.
pub async fn growth(bench: &Bench) -> anyhow::Result<()> {
    bench
        .alternate(async |server, _| {
            for (at, owner) in OWNERS.iter().enumerate() {
                let x = bench.scale.boxes[at] as f64;
                let letters: Vec<Letter> = (0..bench.scale.appends / 8)
                    .map(|n| between(bench, server, SENDERS + n % 8, *owner, 4096))
                    .collect();
                let (submitted, _) = deliver(server, &letters, 8, Session::Kept).await?;
                note(bench, server, "growth_submit", x, submitted, letters.len());
                let appended = append(server, *owner, &letters).await?;
                note(bench, server, "growth_append", x, appended, letters.len());
                let count = bench.scale.repeats;
                let many = 4 * count;
                let fetched =
                    fixed(server, *owner, many, "UID FETCH {} (FLAGS ENVELOPE BODY.PEEK[HEADER])").await?;
                note(bench, server, "growth_fetch", x, fetched, many);
                let stored = fixed(server, *owner, many, "UID STORE {} +FLAGS (\\Draft)").await?;
                note(bench, server, "growth_store", x, stored, many);
                let mut pushed = pushes(bench, server, *owner, count).await?;
                bench.note_at(server, "growth_push", "ms", x, median(&mut pushed));
            }
            Ok(())
        })
        .await
}

fn note(bench: &Bench, server: &Server, row: &'static str, x: f64, cost: Cost, count: usize) {
    bench.note_at(server, row, "ms", x, cost.wall * 1000.0 / count as f64);
    bench.note_at(server, row, "cpu_ms", x, cost.cpu * 1000.0 / count as f64);
}

async fn append(server: &Server, owner: usize, letters: &[Letter]) -> anyhow::Result<Cost> {
    let mut imap = Imap::sign_in(server, &server.users[owner], Handshake::Full).await?;
    let before = imap.status("INBOX").await?.0;
    let (cost, ()) = cost(server, async {
        for letter in letters {
            imap.append("INBOX", &[(String::new(), letter.bytes.clone())]).await?;
        }
        Ok(())
    })
    .await?;
    let after = imap.status("INBOX").await?.0;
    ensure!(after == before + letters.len() as u64, "{after} messages after {before}");
    imap.logout().await?;
    Ok(cost)
}

/// The command on a hundred messages in the middle of the mailbox, other ones each time.
async fn fixed(server: &Server, owner: usize, count: usize, command: &str) -> anyhow::Result<Cost> {
    let mut imap = Imap::sign_in(server, &server.users[owner], Handshake::Full).await?;
    let exists = imap.select("INBOX").await?;
    let span = FIXED.min(exists);
    let (cost, ()) = cost(server, async {
        for n in 0..count as u64 {
            let first = 1 + n / 2 * 37 % (exists - span + 1);
            let mut command = command.replace("{}", &format!("{first}:{}", first + span - 1));
            // What was set is taken off again the next time: a flag that is there already changes nothing.
            if n % 2 == 1 {
                command = command.replace("+FLAGS", "-FLAGS");
            }
            let mut seen = 0;
            imap.each(command.as_bytes(), |response| {
                seen += u64::from(response.is_numbered("FETCH"));
                Ok(())
            })
            .await?;
            ensure!(seen == span, "{seen} of {span}");
        }
        Ok(())
    })
    .await?;
    imap.logout().await?;
    Ok(cost)
}
