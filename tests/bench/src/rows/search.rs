//! SEARCH with the meaning that IMAP gives it; the hits are compared with what the generator wrote.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::bench::{Bench, OWNERS, median};
use crate::imap::{Imap, find};
use crate::mail::{stored, word};
use crate::server::Side;
use crate::wire::Handshake;

/// Whether a message has the text, without regard to case: what the generator writes is small letters.
struct Query {
    row: &'static str,
    keys: String,
    matches: Matches,
}

/// Number and bytes of a message.
type Matches = Box<dyn Fn(u64, &[u8]) -> bool>;

fn header<'a>(message: &'a [u8], name: &str) -> &'a [u8] {
    let name = format!("\r\n{name}: ");
    let Some(at) = find(message, name.as_bytes()) else { return b"" };
    let rest = &message[at + name.len()..];
    &rest[..find(rest, b"\r\n").unwrap_or(rest.len())]
}

fn queries() -> Vec<Query> {
    // Words of a high rank are rare: some hundred hits of 100,000.
    let (rare, subject) = (word(3990), word(3200));
    let of_text = rare.clone();
    let of_subject = subject.clone();
    vec![
        Query {
            row: "search_text",
            keys: format!("TEXT {rare}"),
            matches: Box::new(move |_, m| find(m, of_text.as_bytes()).is_some()),
        },
        Query {
            row: "search_subject",
            keys: format!("SUBJECT {subject}"),
            matches: Box::new(move |_, m| find(header(m, "Subject"), of_subject.as_bytes()).is_some()),
        },
        Query {
            row: "search_from",
            keys: "FROM p77@praxis".to_owned(),
            matches: Box::new(|_, m| find(header(m, "From"), b"p77@praxis").is_some()),
        },
        Query {
            row: "search_since",
            keys: "SINCE 20-Dec-2025".to_owned(),
            matches: Box::new(|n, _| n % 28 >= 19 && n / 28 % 12 == 11),
        },
    ]
}

/// Each query on a connection of its own, the middle and the big mailbox.
pub async fn search(bench: &Bench) -> anyhow::Result<()> {
    let queries = queries();
    // A word is found in the header as well, once or more: count messages, not places.
    let mut expected = vec![[0_u64; 2]; queries.len()];
    for n in 0..bench.scale.boxes[2] {
        let (_, message) = stored(bench.seed, n);
        for (at, query) in queries.iter().enumerate() {
            if (query.matches)(n, &message) {
                expected[at][1] += 1;
                expected[at][0] += u64::from(n < bench.scale.boxes[1]);
            }
        }
    }
    for server in &bench.servers {
        server.finish(Duration::from_mins(5)).await?;
    }
    bench
        .alternate(async |server, round| {
            for (at, query) in queries.iter().enumerate() {
                for size in 0..2 {
                    // Tens of seconds each: once is enough.
                    if round > 0 && server.side == Side::Peer && query.row == "search_text" {
                        continue;
                    }
                    let owner = &server.users[OWNERS[1 + size]];
                    let mut times = Vec::new();
                    let repeats = if server.side == Side::Peer && query.row == "search_text" { 1 } else { 3 };
                    for _ in 0..repeats {
                        let mut imap = Imap::sign_in(server, owner, Handshake::Full).await?;
                        imap.select("INBOX").await?;
                        let begun = Instant::now();
                        let limit = bench.scale.boxes[1 + size];
                        let found = imap.search(&query.keys).await?;
                        times.push(begun.elapsed().as_secs_f64());
                        // What later rows have delivered lies behind.
                        let hits = found.iter().filter(|uid| **uid <= limit).count() as u64;
                        let wanted = expected[at][size];
                        ensure!(hits == wanted, "{}: {hits} hits instead of {wanted}", query.keys);
                        imap.logout().await?;
                    }
                    bench.note_at(
                        server,
                        query.row,
                        "s",
                        bench.scale.boxes[1 + size] as f64,
                        median(&mut times),
                    );
                }
            }
            Ok(())
        })
        .await
}
