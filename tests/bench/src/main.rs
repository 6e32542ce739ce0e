//! The load program of `make bench`: postern and Dovecot with Postfix on loopback, in turn, by the same hand.
//!
//! `postern-bench --postern BINARY --work DIR --out DIR [--smoke] [--rows a,b] [--rounds N]
//! [--seconds N] [--boxes SMALL,MIDDLE,BIG]`
//!
//! Invariants: the same client code drives both; what is read is compared with what was written, and a
//! difference ends the run; messages follow from a seed; what a server costs is the CPU and the memory of all
//! its processes, database included.

mod base64;
mod bench;
mod fill;
mod imap;
mod mail;
mod peer;
mod picture;
mod postern;
mod process;
mod report;
mod rows;
mod server;
mod smtp;
mod targets;
mod wire;

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail, ensure};
use tokio::signal::unix::{SignalKind, signal};

use bench::{Bench, Scale};
use peer::Peer;
use postern::Postern;
use server::{Programs, Server, Side};
use wire::Trust;

/// Of all messages.
const SEED: u64 = 2026;

struct Arguments {
    postern: PathBuf,
    work: PathBuf,
    out: Option<PathBuf>,
    smoke: bool,
    rows: Vec<String>,
    seconds: Option<u64>,
    rounds: Option<usize>,
    boxes: Option<[u64; 3]>,
}

impl Arguments {
    fn read() -> anyhow::Result<Self> {
        let mut found = Self {
            postern: PathBuf::from("target/release/postern"),
            work: PathBuf::from("target/bench-work"),
            out: None,
            smoke: false,
            rows: Vec::new(),
            seconds: None,
            rounds: None,
            boxes: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{name} wants a value"));
            match name.as_str() {
                "--smoke" => found.smoke = true,
                "--postern" => found.postern = value()?.into(),
                "--work" => found.work = value()?.into(),
                "--out" => found.out = Some(value()?.into()),
                "--rows" => {
                    found.rows = value()?.split(',').filter(|r| !r.is_empty()).map(str::to_owned).collect();
                }
                "--seconds" => found.seconds = Some(value()?.parse()?),
                "--rounds" => found.rounds = Some(value()?.parse()?),
                "--boxes" => {
                    let sizes: Vec<u64> = value()?.split(',').map(str::parse).collect::<Result<_, _>>()?;
                    found.boxes = Some(sizes.try_into().map_err(|_| anyhow!("--boxes wants three sizes"))?);
                }
                other => bail!("what is {other}?"),
            }
        }
        Ok(found)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut scale = if arguments.smoke { Scale::smoke() } else { Scale::standard() };
    if let Some(seconds) = arguments.seconds {
        scale.overload_seconds = seconds;
        scale.soak_seconds = seconds;
    }
    if let Some(rounds) = arguments.rounds {
        scale.rounds = rounds;
    }
    if let Some(boxes) = arguments.boxes {
        scale.boxes = boxes;
    }
    let mut rows: Vec<&str> = arguments.rows.iter().map(String::as_str).collect();
    if rows.is_empty() {
        rows.extend(rows::ALL);
        if arguments.smoke {
            rows.extend(rows::NAMED);
        }
    }
    let begun = Instant::now();
    let servers = start(arguments).await?;
    let run = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let bench = Bench::new(servers, scale, SEED, run);
    let mut faults = Vec::new();
    let mut terminated = signal(SignalKind::terminate())?;
    for row in &rows {
        let at = Instant::now();
        eprintln!("{row}:");
        let done = tokio::select! {
            done = rows::run(&bench, row) => done,
            _ = terminated.recv() => { faults.push("ended by a signal".to_owned()); break }
            _ = tokio::signal::ctrl_c() => { faults.push("interrupted".to_owned()); break }
        };
        // The other rows are worth having all the same.
        if let Err(error) = done {
            eprintln!("  {row} failed: {error:#}");
            faults.push(format!("{row}: {error:#}"));
        }
        eprintln!("  {row} took {:.0} s", at.elapsed().as_secs_f64());
    }
    for server in &bench.servers {
        server.stop().await?;
    }
    eprintln!("all rows took {:.0} s", begun.elapsed().as_secs_f64());
    let samples = bench.samples();
    ensure!(!samples.is_empty(), "nothing was measured");
    println!("{}", report::table(&samples));
    if let Some(out) = &arguments.out {
        report::write(out, &samples, &bench.scale)?;
    }
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

async fn start(arguments: &Arguments) -> anyhow::Result<[Server; 2]> {
    // A folder of an earlier run holds mail of an earlier run.
    if arguments.work.exists() && !arguments.work.join("keep").exists() {
        std::fs::remove_dir_all(&arguments.work)?;
    }
    std::fs::create_dir_all(&arguments.work)?;
    let work = arguments.work.canonicalize()?;
    let (postern, ready) = Postern::start(&arguments.postern, &work.join("postern"), 1000).await?;
    let users = Postern::users(&ready)?;
    let ca_file = ready["ca_file"].as_str().context("no ca_file")?;
    let trust = Trust::of(Path::new(ca_file))?;
    let demo = work.join("postern");
    let peer =
        Peer::start(&work.join("peer"), &users, &demo.join("server.pem"), &demo.join("server.key")).await?;
    let port = |kind: &str| {
        let port = ready[kind]["tls_port"].as_u64().context("no port")?;
        Ok::<_, anyhow::Error>(([127, 0, 0, 1], port as u16).into())
    };
    let (imap, smtp) = peer.ports();
    let ours = Server {
        side: Side::Postern,
        imap: port("imap")?,
        smtp: port("submission")?,
        users: users.clone(),
        trust: trust.clone(),
        programs: Programs::Postern(Box::new(postern)),
        judged: !arguments.smoke,
        opened: 0.into(),
    };
    let theirs = Server {
        side: Side::Peer,
        imap: ([127, 0, 0, 1], imap).into(),
        smtp: ([127, 0, 0, 1], smtp).into(),
        users,
        trust,
        programs: Programs::Peer(peer),
        judged: !arguments.smoke,
        opened: 0.into(),
    };
    Ok([ours, theirs])
}
