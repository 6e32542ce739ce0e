//! `postern doctor`: looks at everything a gateway needs, and says how to mend what is wrong.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::certificate::Certificate;
use super::database::Database;
use super::{ConfigPlace, Output};
use crate::config::Config;
use crate::net::{self, ServerTls};
use crate::store::{Schema, Store};

const DAY: Duration = Duration::from_hours(24);
/// Free space below which a day's mail may not fit.
const DISK_MB: u64 = 2048;

/// Messages of one mailbox that the search index may be behind by.
const SEARCH_BEHIND: u32 = 5000;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Good,
    Warning,
    Fault,
}

/// One check: what was looked at, what was found, what to do.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

/// The findings so far.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn good(&mut self, what: &'static str, found: impl Into<String>) {
        self.0.push(Finding { what, verdict: Verdict::Good, found: found.into(), mend: None });
    }

    fn warning(&mut self, what: &'static str, found: impl Into<String>, mend: impl Into<String>) {
        let mend = Some(mend.into());
        self.0.push(Finding { what, verdict: Verdict::Warning, found: found.into(), mend });
    }

    fn fault(&mut self, what: &'static str, found: impl Into<String>, mend: impl Into<String>) {
        let mend = Some(mend.into());
        self.0.push(Finding { what, verdict: Verdict::Fault, found: found.into(), mend });
    }
}

/// Runs the verb.
///
/// # Errors
/// When a check found a fault, so that scripts notice.
pub async fn run(place: &ConfigPlace, output: Output) -> anyhow::Result<()> {
    let mut report = Report::default();
    match place.load() {
        Ok(config) => {
            report.good("configuration", place.path().display().to_string());
            certificate(&config, &mut report);
            master_key(&config, &mut report);
            database(&config, &mut report).await;
            ports(&config, &mut report).await;
            notices(&config, &mut report).await;
            audit(&config, &mut report);
            disk(&config, &mut report);
        }
        Err(error) => report.fault(
            "configuration",
            error.to_string(),
            "correct the file; postern config example prints a sample, docs/config.md explains each setting",
        ),
    }
    let mut text = String::new();
    for finding in &report.0 {
        let word = match finding.verdict {
            Verdict::Good => "good   ",
            Verdict::Warning => "warning",
            Verdict::Fault => "FAULT  ",
        };
        let _ = writeln!(text, "{word}  {}: {}", finding.what, finding.found.replace('\n', "\n         "));
        if let Some(mend) = &finding.mend {
            let _ = writeln!(text, "         -> {mend}");
        }
    }
    output.print(&report.0, text)?;
    let faults = report.0.iter().filter(|f| f.verdict == Verdict::Fault).count();
    if faults > 0 {
        anyhow::bail!("{faults} of {} checks found a fault", report.0.len());
    }
    Ok(())
}

async fn notices(config: &Config, report: &mut Report) {
    const WHAT: &str = "notices";
    let carriers = match super::notices::carriers(config) {
        Ok(carriers) => carriers,
        Err(error) => return report.fault(WHAT, super::told(&error), "correct the setting or the file"),
    };
    if let Some(folder) = &config.notices.outbox_dir {
        return report.good(WHAT, format!("files in {}; nothing is sent", folder.display()));
    }
    let host = &config.smarthost;
    match &carriers.smarthost {
        None => report.warning(
            WHAT,
            "there is no smarthost: invitations, links and notices are not sent",
            "set [smarthost] and notices.from",
        ),
        Some(smarthost) => match smarthost.test().await {
            Ok(()) => report.good(WHAT, format!("mail through {}:{}", host.host, host.port)),
            Err(error) => report.fault(
                WHAT,
                format!("mail through {}:{}: {error}", host.host, host.port),
                "look at [smarthost]: name, port, when TLS begins, user and password",
            ),
        },
    }
    if carriers.provider.is_none() {
        report.warning(WHAT, "there is no provider of texts and calls: no codes are sent", "set [phone]");
    }
}

fn audit(config: &Config, report: &mut Report) {
    match &config.audit.head_file {
        Some(file) => report.good("audit", format!("the head of the log is written to {}", file.display())),
        None => report.warning(
            "audit",
            "the head of the log is not written to a file: a log cut off at its end would not be noticed",
            "set audit.head_file to a file on another disk than the database",
        ),
    }
}

fn certificate(config: &Config, report: &mut Report) {
    const WHAT: &str = "certificate";
    let (file, key) = (&config.tls.certificate_file, &config.tls.key_file);
    if let Err(error) = ServerTls::load(file, key) {
        return report.fault(
            WHAT,
            error.to_string(),
            "point tls.certificate_file at the PEM file with the chain and tls.key_file at its key, readable for \
             the gateway's user",
        );
    }
    let read = match Certificate::read(file) {
        Ok(read) => read,
        Err(error) => return report.fault(WHAT, super::told(&error), "get a new certificate"),
    };
    let now = SystemTime::now();
    let renew = "renew it, then send the gateway SIGHUP";
    if now > read.not_after {
        return report.fault(WHAT, format!("it ended on {}", day(read.not_after)), renew);
    }
    if now < read.not_before {
        let found = format!("it counts only from {}", day(read.not_before));
        return report.fault(WHAT, found, "set this machine's clock, or get a new certificate");
    }
    let host = &config.mail.hostname;
    if !read.is_for(host) {
        let found = format!("it is for {}, not for mail.hostname {host}", read.names.join(", "));
        return report.fault(
            WHAT,
            found,
            format!("get one for {host}, or set mail.hostname to a name it is for"),
        );
    }
    let until = format!("for {host}, until {}", day(read.not_after));
    if read.not_after < now + 14 * DAY {
        return report.warning(WHAT, until, renew);
    }
    report.good(WHAT, until);
}

fn master_key(config: &Config, report: &mut Report) {
    match super::database::master_key(config) {
        Ok(_) => match config.keys.master_command.first() {
            Some(program) => report.good("master key", format!("from {program}")),
            None => report.good("master key", config.keys.master_file.display().to_string()),
        },
        Err(error) => report.fault(
            "master key",
            error.to_string(),
            "for a new installation run: postern migrate; else put your copy of the file back, owned by the \
             gateway's user, mode 0600",
        ),
    }
}

async fn database(config: &Config, report: &mut Report) {
    const WHAT: &str = "database";
    let database = match Database::reach(config).await {
        Ok(database) => database,
        Err(error) => {
            let mend =
                "if it is a server of your own, set database.url; else see that PostgreSQL is installed";
            return report.fault(WHAT, super::told(&error), mend);
        }
    };
    match Store::health(&database.url).await {
        Ok(health) => {
            let (major, minor) = (health.server_version / 10_000, health.server_version % 10_000);
            if major < 15 {
                report.fault(WHAT, format!("PostgreSQL {major}"), "use PostgreSQL 15 or newer");
            } else {
                let whose = if config.embedded() { "private" } else { "server" };
                report.good(WHAT, format!("PostgreSQL {major}.{minor}, {whose}"));
            }
            match health.schema {
                Schema::Current => {
                    report.good("schema", "up to date");
                    search_index(&database.url, report).await;
                }
                Schema::Behind(n) => {
                    report.fault("schema", format!("{n} migrations behind"), "run: postern migrate");
                }
                Schema::Ahead => report.fault(
                    "schema",
                    "a newer version of postern has changed it",
                    "install that version of postern here too",
                ),
            }
            if !health.durable {
                report.fault(
                    "durability",
                    "fsync or synchronous_commit is off: a power cut would lose accepted mail",
                    "set both to on in postgresql.conf",
                );
            }
            clock(health.now, report);
        }
        Err(error) => report.fault(
            WHAT,
            error.to_string(),
            "see that the server runs, and that database.url names user, password, host and database",
        ),
    }
    if let Err(error) = database.stop().await {
        report.warning(WHAT, super::told(&error), "look at the private PostgreSQL's log");
    }
}

/// A gateway that runs keeps the index within some hundred messages.
async fn search_index(url: &str, report: &mut Report) {
    const WHAT: &str = "search index";
    match Store::search_index_behind(url, SEARCH_BEHIND).await {
        Ok(0) => report.good(WHAT, "up to date"),
        Ok(n) => report.warning(
            WHAT,
            format!("{n} mailboxes have {SEARCH_BEHIND} messages or more that are not indexed; searching them is slow"),
            "let the gateway run a while; if it stays so, run: postern search reindex",
        ),
        Err(error) => report.warning(WHAT, error.to_string(), "run: postern search reindex"),
    }
}

/// Against the database's own clock, which tells nothing when both are on one machine.
fn clock(theirs: SystemTime, report: &mut Report) {
    let ours = SystemTime::now();
    let apart = ours.duration_since(theirs).or_else(|_| theirs.duration_since(ours)).unwrap_or_default();
    let mend = "run a time service (NTP) on both machines";
    match apart.as_secs() {
        0..=2 => report.good("clock", "agrees with the database's"),
        s @ 3..=60 => report.warning("clock", format!("{s} seconds off the database's"), mend),
        s => report.fault("clock", format!("{s} seconds off the database's"), mend),
    }
    // Nothing was ever delivered before this program was written.
    if ours < SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000) {
        report.fault("clock", format!("it says {}", day(ours)), "set this machine's clock");
    }
}

async fn ports(config: &Config, report: &mut Report) {
    let all = [
        ("imap.tls_listen", &config.imap.tls_listen),
        ("imap.starttls_listen", &config.imap.starttls_listen),
        ("submission.tls_listen", &config.submission.tls_listen),
        ("submission.starttls_listen", &config.submission.starttls_listen),
        ("portal.listen", &config.portal.listen),
        ("metrics.listen", &config.metrics.listen),
    ];
    let (mut served, mut free) = (Vec::new(), Vec::new());
    for (setting, addresses) in all {
        for address in addresses {
            match net::bind(*address) {
                Ok(_) => free.push(address.to_string()),
                Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
                    if answers(*address).await {
                        served.push(address.to_string());
                    } else {
                        report.fault(
                            "ports",
                            format!("{setting}: {address} is taken by something that does not answer"),
                            format!("find out by whom: ss -ltnp sport = :{}", address.port()),
                        );
                    }
                }
                Err(e) => report.fault(
                    "ports",
                    format!("{setting}: {address}: {e}"),
                    "ports below 1024 need root or CAP_NET_BIND_SERVICE; an address must be this machine's",
                ),
            }
        }
    }
    if !served.is_empty() {
        report.good("ports", format!("served: {}", served.join(", ")));
    }
    if !free.is_empty() {
        report.good("ports", format!("free to listen on: {}", free.join(", ")));
    }
}

async fn answers(address: SocketAddr) -> bool {
    let host = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    let connect = tokio::net::TcpStream::connect((host, address.port()));
    matches!(tokio::time::timeout(Duration::from_secs(3), connect).await, Ok(Ok(_)))
}

fn disk(config: &Config, report: &mut Report) {
    if !config.embedded() {
        return;
    }
    match free_mb(&config.database.data_dir) {
        Some(mb) if mb >= DISK_MB => report.good("disk", format!("{} GB free", mb / 1024)),
        Some(mb) => report.warning("disk", format!("{mb} MB free"), "make room where database.data_dir lies"),
        None => report.warning("disk", "cannot be asked", "see that database.data_dir exists"),
    }
}

fn free_mb(path: &Path) -> Option<u64> {
    let stat = nix::sys::statvfs::statvfs(path).ok()?;
    Some(stat.blocks_available() * stat.fragment_size() / 1_048_576)
}

fn day(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| "?".to_owned(), |t| t.strftime("%Y-%m-%d").to_string())
}
