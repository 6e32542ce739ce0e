//! `postern demo`: a whole system in one folder, for trying out, load programs and end-to-end tests.
//!
//! Invariants: everything is under the demo's folder (but see [`super::cluster::Place`]); a second start
//! keeps accounts, passwords, mail and, where they are free, ports; a start that was cut off anywhere is
//! finished by the next; the ready file appears, whole, when every listener accepts connections.

mod certificates;
mod mail;
mod people;
mod pictures;
mod portal;
mod state;

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::serve::{Gateway, Signals};
use super::{ConfigPlace, logging};
use crate::clock::Clock;
use crate::config::{Config, Hidden};
use state::{Person, State, write_whole};

/// The demo's own mail domain; `.test` belongs to nobody (RFC 6761).
const DOMAIN: &str = "secure.test";
/// What mail programs connect to.
const HOSTNAME: &str = "localhost";

/// What the demo is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder that holds the whole demo
    #[arg(long, default_value = "demo")]
    dir: PathBuf,
    /// Write ports, accounts and passwords as JSON into this file once everything accepts connections
    #[arg(long, value_name = "FILE")]
    ready: Option<PathBuf>,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    listen: IpAddr,
    /// IMAP with TLS; without it the port of the last start, or a free one
    #[arg(long, value_name = "N")]
    imap_port: Option<u16>,
    /// Submission with TLS
    #[arg(long, value_name = "N")]
    submission_port: Option<u16>,
    /// IMAP with STARTTLS
    #[arg(long, value_name = "N")]
    imap_starttls_port: Option<u16>,
    /// Submission with STARTTLS
    #[arg(long, value_name = "N")]
    submission_starttls_port: Option<u16>,
    /// The portal
    #[arg(long, value_name = "N")]
    portal_port: Option<u16>,
    /// Figures for Prometheus
    #[arg(long, value_name = "N")]
    metrics_port: Option<u16>,
    /// Add so many paid accounts, load1 and so on
    #[arg(long, value_name = "N", default_value_t = 0)]
    load_accounts: usize,
    /// One app password for all of them: load programs want one. Anybody on this machine can read it here,
    /// so only on a loopback address
    #[arg(long, value_name = "SECRET")]
    load_app_password: Option<String>,
}

/// The ports, as asked for, remembered or found.
#[derive(Clone, Copy, Debug, Default, Serialize, serde::Deserialize)]
struct Ports {
    imap: u16,
    submission: u16,
    imap_starttls: u16,
    submission_starttls: u16,
    portal: u16,
    metrics: u16,
}

#[derive(Serialize)]
struct MailPorts {
    tls_port: u16,
    starttls_port: u16,
}

#[derive(Serialize)]
struct Portal {
    url: String,
}

/// The ready file.
#[derive(Serialize)]
struct Ready<'a> {
    pid: u32,
    hostname: &'static str,
    ca_file: PathBuf,
    imap: MailPorts,
    submission: MailPorts,
    portal: Portal,
    metrics_url: String,
    database_url: &'a str,
    outbox_dir: PathBuf,
    config_file: PathBuf,
    accounts: Vec<&'a Person>,
}

/// Runs the verb until Ctrl-C or SIGTERM.
///
/// # Errors
/// In words: which folder, port or program.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut signals = Signals::catch()?;
    let begun = tokio::select! {
        begun = begin(&arguments) => begun?,
        () = signals.end() => return Ok(()),
    };
    let (gateway, place) = begun;
    signals.obey(gateway, &place).await
}

async fn begin(arguments: &Arguments) -> anyhow::Result<(Gateway, ConfigPlace)> {
    if arguments.load_app_password.is_some() && !arguments.listen.is_loopback() {
        anyhow::bail!("--load-app-password is for a loopback address only");
    }
    if let Some(ready) = &arguments.ready
        && ready.exists()
    {
        std::fs::remove_file(ready).with_context(|| ready.display().to_string())?;
    }
    let dir = folder(&arguments.dir)?;
    let mut state = State::load(&dir)?;
    certificates::ensure(&dir, DOMAIN, arguments.listen)?;

    let mut config = configuration(&dir, arguments.listen, arguments.ports(state.ports));
    logging::start(&config.log)?;
    eprintln!("postern: starting the demo in {}", dir.display());
    let gateway = Gateway::start(config.clone(), Clock::system()).await?;
    let ports = ports_of(&gateway)?;
    set_addresses(&mut config, arguments.listen, ports);
    let config_file = dir.join("postern.toml");
    let head = "# Written anew by each start of `postern demo`.\n";
    write_whole(&config_file, format!("{head}{}", config.to_toml()?).as_bytes())?;
    state.ports = ports;
    state.save(&dir)?;

    people::ensure(gateway.store(), &mut state, &dir).await?;
    if !state.mail_sent {
        Box::pin(mail::send(&gateway, &state)).await?;
        state.mail_sent = true;
        state.save(&dir)?;
    }
    portal::ensure(&gateway, &mut state, &dir).await?;
    let secret = arguments.load_app_password.as_deref();
    people::ensure_load(gateway.store(), &mut state, arguments.load_accounts, secret, &dir).await?;

    let ready = Ready {
        pid: std::process::id(),
        hostname: HOSTNAME,
        ca_file: dir.join("ca.pem"),
        imap: MailPorts { tls_port: ports.imap, starttls_port: ports.imap_starttls },
        submission: MailPorts { tls_port: ports.submission, starttls_port: ports.submission_starttls },
        portal: Portal { url: config.portal.url.clone() },
        metrics_url: format!("http://{}/metrics", SocketAddr::new(arguments.listen, ports.metrics)),
        database_url: gateway.database_url(),
        outbox_dir: dir.join("outbox"),
        config_file: config_file.clone(),
        accounts: state.people.iter().chain(&state.load).collect(),
    };
    print(&ready, &state)?;
    if let Some(file) = &arguments.ready {
        write_whole(file, &serde_json::to_vec_pretty(&ready)?)?;
    }
    Ok((gateway, ConfigPlace::at(config_file)))
}

impl Arguments {
    /// What was asked for; else what it was the last time, if nobody has taken it; else any.
    fn ports(&self, last: Ports) -> Ports {
        let choose = |asked: Option<u16>, last: u16| match asked {
            Some(port) => port,
            None if last != 0 && TcpListener::bind((self.listen, last)).is_ok() => last,
            None => 0,
        };
        Ports {
            imap: choose(self.imap_port, last.imap),
            submission: choose(self.submission_port, last.submission),
            imap_starttls: choose(self.imap_starttls_port, last.imap_starttls),
            submission_starttls: choose(self.submission_starttls_port, last.submission_starttls),
            // Notices name it, so it must be known before anything listens.
            portal: match choose(self.portal_port, last.portal) {
                0 => {
                    TcpListener::bind((self.listen, 0)).and_then(|l| l.local_addr()).map_or(0, |at| at.port())
                }
                port => port,
            },
            metrics: choose(self.metrics_port, last.metrics),
        }
    }
}

/// The demo's folder, whose files are nobody else's; PostgreSQL's user must be able to pass through.
fn folder(dir: &Path) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    if !dir.exists() {
        std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711))?;
    }
    dir.canonicalize().with_context(|| dir.display().to_string())
}

fn configuration(dir: &Path, listen: IpAddr, ports: Ports) -> Config {
    let mut config = Config::default();
    DOMAIN.clone_into(&mut config.mail.domain);
    HOSTNAME.clone_into(&mut config.mail.hostname);
    config.database.url = Hidden("embedded".to_owned());
    config.database.data_dir = dir.join("postgres");
    config.keys.master_file = dir.join("master.key");
    config.tls.certificate_file = dir.join("server.pem");
    config.tls.key_file = dir.join("server.key");
    config.notices.outbox_dir = Some(dir.join("outbox"));
    config.audit.head_file = Some(dir.join("audit.head"));
    "demo".clone_into(&mut config.support.name);
    // Load programs open everything from one address.
    config.limits.connections_per_address = config.limits.connections;
    config.log.level = std::env::var("POSTERN_LOG_LEVEL").unwrap_or_else(|_| "warn".to_owned());
    set_addresses(&mut config, listen, ports);
    config
}

fn set_addresses(config: &mut Config, listen: IpAddr, ports: Ports) {
    let at = |port| vec![SocketAddr::new(listen, port)];
    config.imap.tls_listen = at(ports.imap);
    config.imap.starttls_listen = at(ports.imap_starttls);
    config.submission.tls_listen = at(ports.submission);
    config.submission.starttls_listen = at(ports.submission_starttls);
    config.portal.listen = at(ports.portal);
    config.portal.url = format!("https://{HOSTNAME}:{}", ports.portal);
    config.metrics.listen = at(ports.metrics);
}

fn ports_of(gateway: &Gateway) -> anyhow::Result<Ports> {
    let at = gateway.addresses();
    let port = |list: &[SocketAddr]| list.first().map(SocketAddr::port).context("a listener is missing");
    Ok(Ports {
        imap: port(&at.imap_tls)?,
        submission: port(&at.submission_tls)?,
        imap_starttls: port(&at.imap_starttls)?,
        submission_starttls: port(&at.submission_starttls)?,
        portal: port(&at.portal)?,
        metrics: port(&at.metrics)?,
    })
}

/// What to type into Thunderbird.
fn print(ready: &Ready, state: &State) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut text = String::new();
    let mut line = |words: String| _ = writeln!(text, "{words}");
    line(String::new());
    line("The demo is running; Ctrl-C ends it, and the same command goes on where it stopped.".to_owned());
    line(String::new());
    line("In Thunderbird".to_owned());
    line(
        "  1. Settings > Privacy & Security > Certificates > Manage Certificates > Authorities > Import:"
            .to_owned(),
    );
    line(format!("       {}", ready.ca_file.display()));
    line("     and tick \"Trust this CA to identify websites\".".to_owned());
    line(
        "  2. New account > Email: a secure address and its app password from the list below, then"
            .to_owned(),
    );
    line("     \"Configure manually\":".to_owned());
    line(format!(
        "       incoming  IMAP   {HOSTNAME}   port {:<6} SSL/TLS   normal password",
        ready.imap.tls_port
    ));
    line(format!(
        "       outgoing  SMTP   {HOSTNAME}   port {:<6} SSL/TLS   normal password",
        ready.submission.tls_port
    ));
    line("       user name: the secure address".to_owned());
    line(format!(
        "     (STARTTLS instead of SSL/TLS: IMAP port {}, SMTP port {})",
        ready.imap.starttls_port, ready.submission.starttls_port
    ));
    line("  3. The same with a second account, and write to each other.".to_owned());
    line(String::new());
    let width = |f: fn(&Person) -> &str| state.people.iter().map(|p| f(p).len()).max().unwrap_or(0);
    let (names, addresses) = (width(|p| &p.name), width(|p| &p.secure_address));
    for person in &state.people {
        let practice = person.practice.as_deref().unwrap_or("no practice; only replies");
        line(format!(
            "  {:<names$}  {:<addresses$}  {}  {} ({practice})",
            person.name, person.secure_address, person.app_password, person.tier
        ));
    }
    if let Some(first) = state.load.first() {
        let count = state.load.len();
        line(format!("  and {count} accounts for load programs, the first is {}", first.secure_address));
    }
    line(String::new());
    line(format!("Portal   {}", ready.portal.url));
    line(
        "  sign in with an email address and its portal password; codes and links lie in the outbox"
            .to_owned(),
    );
    let (emails, passwords) = (width(|p| &p.email), width(|p| p.portal_password.as_deref().unwrap_or("")));
    for person in &state.people {
        let password = person.portal_password.as_deref().unwrap_or("");
        let code = match (&person.totp_secret, &person.phone) {
            (Some(secret), _) => format!("app: {secret}"),
            (None, Some(phone)) => format!("code to {phone}"),
            (None, None) => String::new(),
        };
        line(format!("  {:<emails$}  {password:<passwords$}  {code}", person.email));
    }
    line(format!("Figures  {}", ready.metrics_url));
    line(format!("Outbox   {} (every notice as a file)", ready.outbox_dir.display()));
    line(format!("Support  postern --config {} user list", ready.config_file.display()));
    line(String::new());
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
