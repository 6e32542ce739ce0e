//! `kill -9` of the gateway and of PostgreSQL under load: nothing acknowledged is lost or doubled.
//!
//! `POSTERN_KILLS` says how often (make soak: 50), `POSTERN_SEED` repeats a run.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use parking_lot::Mutex;

use crate::client::{Client, connector};
use crate::demo_process::{Demo, folder, signal};
use crate::smtp_transcripts::plain;

const WORKERS: usize = 6;
const PASSWORD: &str = "load-secret-for-the-kill-test-0123456789";

/// Where the gateway is now; it moves with each restart.
#[derive(Clone)]
struct Place {
    submission: u16,
    ca: Vec<u8>,
}

fn place(demo: &Demo) -> Place {
    let ca = std::fs::read(demo.ready["ca_file"].as_str().unwrap()).unwrap();
    Place { submission: demo.port(["submission", "tls_port"]), ca }
}

/// xorshift64*: only to choose moments and victims, repeatably.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % sides
    }
}

/// One try; `Some(code)` when the server said anything to the end of the data.
async fn submit(at: &Place, from: &str, to: &str, id: &str, body: &str) -> Option<u16> {
    let mut wire = Client::try_tls(at.submission, connector(&at.ca)).await?;
    wire.smtp_reply().await?;
    for command in [
        "EHLO [127.0.0.1]".to_owned(),
        format!("AUTH PLAIN {}", plain(from, PASSWORD)),
        format!("MAIL FROM:<{from}>"),
        format!("RCPT TO:<{to}>"),
        "DATA".to_owned(),
    ] {
        wire.try_send(format!("{command}\r\n").as_bytes()).await.ok()?;
        let (code, _) = wire.smtp_reply().await?;
        if code >= 400 {
            return Some(code);
        }
    }
    let text = format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: kill test\r\nMessage-ID: <{id}>\r\n\r\n{body}\r\n.\r\n"
    );
    wire.try_send(text.as_bytes()).await.ok()?;
    wire.smtp_reply().await.map(|(code, _)| code)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled() {
    let kills: u32 = std::env::var("POSTERN_KILLS").map_or(4, |v| v.parse().unwrap());
    let seed: u64 = std::env::var("POSTERN_SEED").map_or(20_261_124, |v| v.parse().unwrap());
    println!("kills {kills}, seed {seed}");
    let mut dice = Dice(seed | 1);
    let home = folder();
    let dir = home.path().join("demo");
    let more = ["--load-accounts", "8", "--load-app-password", PASSWORD];
    let mut demo = Demo::start(&dir, &more).await;
    let addresses: Vec<String> = demo.ready["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["email"].as_str().unwrap().starts_with("load"))
        .map(|a| a["secure_address"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(addresses.len(), 8);
    let now = Arc::new(Mutex::new(place(&demo)));
    let stop = Arc::new(AtomicBool::new(false));
    let done: Arc<Mutex<Vec<(usize, usize, String)>>> = Arc::default();
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let (now, stop, done, addresses) = (now.clone(), stop.clone(), done.clone(), addresses.clone());
        workers.push(tokio::spawn(async move {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                let (from, to) = (worker, (worker + 1 + n % 7) % 8);
                let id = format!("{worker}-{n}@kill.invalid");
                let body = "x".repeat(if n % 40 == 0 { 70 } else { 1 }).repeat(20) + "\r\n";
                let body = body.repeat(if n % 40 == 0 { 400 } else { 3 });
                // As a mail program's user would: again until it is accepted.
                let mut pace = tokio::time::interval(Duration::from_millis(20));
                loop {
                    let at = now.lock().clone();
                    match submit(&at, &addresses[from], &addresses[to], &id, &body).await {
                        Some(250) => break,
                        Some(code) if (500..600).contains(&code) => panic!("refused for good: {code}"),
                        _ => _ = pace.tick().await,
                    }
                }
                done.lock().push((from, to, id));
                n += 1;
            }
        }));
    }
    for round in 0..kills {
        // A random moment under load is what is tested; nothing waits for this time to have an effect.
        let before = done.lock().len();
        let moment = Duration::from_millis(50 + dice.roll(1200));
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        let start = tokio::time::Instant::now();
        while start.elapsed() < moment || done.lock().len() == before {
            tick.tick().await;
        }
        match dice.roll(3) {
            0 => signal(demo.postmaster().await, Signal::SIGKILL),
            1 => {
                let postmaster = demo.postmaster().await;
                demo.kill();
                signal(postmaster, Signal::SIGKILL);
                demo = Demo::start(&dir, &more).await;
            }
            _ => {
                demo.kill();
                demo = Demo::start(&dir, &more).await;
            }
        }
        *now.lock() = place(&demo);
        println!("round {round}: {} accepted so far", done.lock().len());
    }
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
    // Every message exactly once, in both mailboxes.
    let mut wanted: BTreeMap<(usize, &str), HashMap<String, u32>> = BTreeMap::new();
    let done = done.lock().clone();
    for (from, to, id) in &done {
        wanted.entry((*from, "Sent")).or_default().insert(id.clone(), 1);
        wanted.entry((*to, "INBOX")).or_default().insert(id.clone(), 1);
    }
    let ca = place(&demo).ca;
    for ((who, mailbox), ids) in wanted {
        let mut wire = Client::tls(demo.port(["imap", "tls_port"]), connector(&ca)).await;
        wire.response().await.unwrap();
        // The last kill may have been a moment ago: the gateway waits for its database, the client hears nothing.
        for command in [format!("LOGIN {} {PASSWORD}", addresses[who]), format!("SELECT {mailbox}")] {
            let answer = wire.imap("a", &command).await.pop().unwrap();
            assert!(answer.starts_with("a OK"), "{answer}");
        }
        let mut got: HashMap<String, u32> = HashMap::new();
        let responses = wire.imap("c", "FETCH 1:* BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]").await;
        for response in &responses {
            if let Some((_, rest)) = response.split_once("Message-ID: <") {
                *got.entry(rest.split('>').next().unwrap().to_owned()).or_default() += 1;
            }
        }
        let lost: Vec<_> = ids.keys().filter(|id| !got.contains_key(*id)).collect();
        let doubled: Vec<_> = got.iter().filter(|(_, n)| **n != 1).collect();
        assert!(
            lost.is_empty() && doubled.is_empty(),
            "{mailbox}: lost {lost:?}, doubled {doubled:?}, {:?}",
            responses.last()
        );
    }
    println!("{} messages accepted, each exactly once in Sent and INBOX, after {kills} kills", done.len());
    demo.stop().await;
}
