//! `postern serve`: everything wired to everything, until a signal ends it.
//!
//! Invariants: all sockets are bound before the database is touched, so a port in use changes nothing;
//! nothing is accepted before the store is open; at the end the doors drain first, then the store
//! closes, then the private PostgreSQL stops.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::database::{self, Database};
use super::{ConfigPlace, logging, notices};
use crate::clock::Clock;
use crate::config::Config;
use crate::devices::Servers;
use crate::imap::{self, Imap};
use crate::net::{
    self, Admission, Door, DoorPatience, Full, Security, ServerTls, ShutdownTrigger, SignInGate, SignInLimits,
};
use crate::notices::Worker;
use crate::policy::attachment::AttachmentTypes;
use crate::policy::size::MB;
use crate::portal::{AddressBooks, Profiles};
use crate::service::authenticate::{self, Authenticator};
use crate::service::contacts::Contacts;
use crate::service::device_setup::DeviceSetup;
use crate::service::mailbox::Mail;
use crate::service::people::{self, People};
use crate::service::portal_password::PortalPasswords;
use crate::service::search::Tender;
use crate::service::submit::{self, Submitter};
use crate::store::{AuditSettings, Retention, Store};
use crate::{mime, policy, portal, smtp};

/// An answer of `/healthz` is good for so long: anybody may ask.
const HEALTH_AGE: Duration = Duration::from_secs(1);

/// Where a gateway listens, in the order of the configuration; ports as they really are.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// IMAP, TLS from the first byte.
    pub imap_tls: Vec<SocketAddr>,
    /// IMAP with STARTTLS.
    pub imap_starttls: Vec<SocketAddr>,
    /// Submission, TLS from the first byte.
    pub submission_tls: Vec<SocketAddr>,
    /// Submission with STARTTLS.
    pub submission_starttls: Vec<SocketAddr>,
    /// HTTPS.
    pub portal: Vec<SocketAddr>,
    /// HTTP in the clear.
    pub metrics: Vec<SocketAddr>,
}

/// A running gateway. Several may run in one process.
pub struct Gateway {
    /// As it was started.
    config: Config,
    addresses: Addresses,
    shutdown: ShutdownTrigger,
    doors: JoinSet<()>,
    patience: Duration,
    tls: ServerTls,
    shared: Shared,
    store: Store,
    worker: Worker,
    database: Database,
}

/// What a reload changes.
struct Shared {
    imap: Arc<Imap>,
    smtp: smtp::Server,
    submitter: Submitter,
    books: AddressBooks,
    people: People,
    gate: Arc<SignInGate>,
    clock: Clock,
    imap_admission: Admission,
    smtp_admission: Admission,
    portal_admission: Admission,
}

/// The sockets, bound.
struct Sockets {
    imap_tls: Vec<TcpListener>,
    imap_starttls: Vec<TcpListener>,
    submission_tls: Vec<TcpListener>,
    submission_starttls: Vec<TcpListener>,
    portal: Vec<TcpListener>,
    metrics: Vec<TcpListener>,
}

impl Gateway {
    /// Starts on a validated configuration; when this returns, every listener accepts connections.
    ///
    /// # Errors
    /// In words for the operator: which file, port or database.
    pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let carriers = notices::carriers(&config)?;
        let tls = ServerTls::load(&config.tls.certificate_file, &config.tls.key_file)?;
        let sockets = Sockets::bind(&config)?;
        let addresses = sockets.addresses()?;
        let database = Database::run(&config).await?;
        if database.cluster.is_some() {
            // The private one belongs to this program alone.
            database::prepare(&config, &database.url).await?;
        }
        let store =
            database::open(&config, &database.url, config.database.connections, clock.clone()).await?;
        store.start_sweeper(Retention {
            expunged: Duration::from_hours(24 * u64::from(config.retention.deleted_days)),
            ..Retention::default()
        });
        store.set_opened_memory(u64::from(config.limits.opened_mb) * MB);
        store.start_key_watch();
        store.start_snapshots();
        store.start_presence();
        store.start_sealer(audit_settings(&config));
        if carriers.channels().is_empty() {
            tracing::warn!("no notices are sent: there is neither a smarthost nor a provider");
        }
        let worker = Worker::start(store.clone(), carriers, notices::worker_settings(&config), clock.clone());
        let gate = Arc::new(SignInGate::new(SignInLimits::default()));
        let authenticator = Authenticator::new(store.clone(), authenticate::Settings::default());
        let submitter = Submitter::new(store.clone(), clock.clone(), submit_settings(&config)?);
        let portal_admission = Admission::new(net_limits(&config));
        let people = People::new(
            store.clone(),
            clock.clone(),
            PortalPasswords::default(),
            people::Settings {
                portal_url: config.portal.url.trim_end_matches('/').to_owned(),
                attachment_limit: u64::from(config.limits.attachments_mb) * MB,
                breached: breached_passwords(&config)?,
                ..people::Settings::default()
            },
        );
        let shared = Shared {
            imap: Imap::new(
                imap_settings(&config),
                authenticator.clone(),
                gate.clone(),
                Mail::new(store.clone()),
                mime::Limits::default(),
            ),
            smtp: smtp::Server::new(
                smtp_settings(&config),
                gate.clone(),
                authenticator.clone(),
                submitter.clone(),
            ),
            books: AddressBooks::new(
                gate.clone(),
                authenticator,
                Contacts::new(store.clone()),
                portal_admission.clone(),
            ),
            submitter,
            people,
            gate,
            clock,
            imap_admission: Admission::new(net_limits(&config)),
            smtp_admission: Admission::new(net_limits(&config)),
            portal_admission,
        };
        let mut gateway = Self {
            config: config.clone(),
            addresses,
            shutdown: ShutdownTrigger::new(),
            doors: JoinSet::new(),
            patience: Duration::from_secs(config.limits.drain_seconds.into()),
            tls,
            shared,
            store,
            worker,
            database,
        };
        gateway.open_doors(sockets, &config)?;
        Ok(gateway)
    }

    fn open_doors(&mut self, sockets: Sockets, config: &Config) -> anyhow::Result<()> {
        use Security::{Implicit, StartTls};
        for (name, security, listeners) in
            [("imap-tls", Implicit, sockets.imap_tls), ("imap-starttls", StartTls, sockets.imap_starttls)]
        {
            for listener in listeners {
                let door = self.door(name, security, &self.shared.imap_admission, Imap::when_full);
                let imap = self.shared.imap.clone();
                let serve = move |connection| imap.clone().serve(connection);
                self.doors.spawn(net::serve(listener, door, self.shutdown.subscribe(), serve));
            }
        }
        for (name, security, listeners) in [
            ("submission-tls", Implicit, sockets.submission_tls),
            ("submission-starttls", StartTls, sockets.submission_starttls),
        ] {
            for listener in listeners {
                let door = self.door(name, security, &self.shared.smtp_admission, smtp::when_full);
                let smtp = self.shared.smtp.clone();
                let serve = move |connection| smtp.clone().serve(connection);
                self.doors.spawn(net::serve(listener, door, self.shutdown.subscribe(), serve));
            }
        }
        let servers = servers(config, &self.addresses.imap_tls, &self.addresses.submission_tls);
        let profiles = Profiles::new(
            self.shared.gate.clone(),
            DeviceSetup::new(self.store.clone(), self.shared.clock.clone()),
            servers.clone(),
            self.tls.clone(),
            self.shared.clock.clone(),
        );
        let pages = portal::router(
            portal_settings(config, &self.addresses),
            self.shared.people.clone(),
            Contacts::new(self.store.clone()),
            self.shared.gate.clone(),
            self.shared.clock.clone(),
            alive(self.store.clone()),
        );
        let pages = portal::with_programs(pages, servers, self.shared.books.clone(), profiles);
        for listener in sockets.portal {
            // A browser understands nothing before a request.
            let door = self.door("portal", Implicit, &self.shared.portal_admission, |_| b"");
            self.doors.spawn(portal::serve(listener, door, self.shutdown.subscribe(), pages.clone()));
        }
        let (tender, mut end) = (Tender::new(self.store.clone()), self.shutdown.subscribe());
        self.doors.spawn(async move {
            tokio::select! {
                () = end.draining() => {}
                () = tender.run() => {}
            }
        });
        if !sockets.metrics.is_empty() {
            let figures = logging::figures()?;
            let upkeep = figures.clone();
            let mut end = self.shutdown.subscribe();
            self.doors.spawn(async move {
                let mut tick = tokio::time::interval(Duration::from_secs(5));
                loop {
                    tokio::select! {
                        () = end.draining() => return,
                        _ = tick.tick() => upkeep.run_upkeep(),
                    }
                }
            });
            for listener in sockets.metrics {
                let figures = figures.clone();
                let render = move || figures.render();
                self.doors.spawn(portal::metrics::serve(listener, render, self.shutdown.subscribe()));
            }
        }
        Ok(())
    }

    fn door(
        &self,
        name: &'static str,
        security: Security,
        admission: &Admission,
        when_full: fn(Full) -> &'static [u8],
    ) -> Door {
        let (tls, admission) = (self.tls.clone(), admission.clone());
        Door { name, security, tls, admission, patience: DoorPatience::default(), when_full }
    }

    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The address of its database, password included.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// Its store, for what runs beside it in the same process.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Reads the certificate again and takes over `[limits]` and `[attachments]` of `config`, for what begins
    /// from now on. Everything else waits for a restart, since half of it would not fit the other half.
    ///
    /// # Errors
    /// The certificate's fault; the one in use stays, the limits are taken over all the same. Or a fault
    /// of `[attachments]`: nothing is taken over.
    pub fn reload(&self, config: &Config) -> anyhow::Result<()> {
        let Shared { imap, smtp, submitter, imap_admission, smtp_admission, portal_admission, .. } =
            &self.shared;
        let (limits, attachments) = (config.limits.clone(), config.attachments.clone());
        let config = &Config { attachments, limits, ..self.config.clone() };
        submitter.reload(submit_settings(config)?);
        imap.set_settings(imap_settings(config));
        smtp.reload(smtp_settings(config));
        self.store().set_opened_memory(u64::from(config.limits.opened_mb) * MB);
        for admission in [imap_admission, smtp_admission, portal_admission] {
            admission.set_limits(net_limits(config));
        }
        Ok(self.tls.reload()?)
    }

    /// The people's side here, for what runs beside it in the same process.
    pub fn people(&self) -> &People {
        &self.shared.people
    }

    /// What submits messages here, for what runs beside it in the same process.
    pub fn submitter(&self) -> &Submitter {
        &self.shared.submitter
    }

    /// Ends it: listeners close, running commands finish within the configured time, then what is left
    /// is cut off, the store closes and the private PostgreSQL stops.
    ///
    /// # Errors
    /// A fault while stopping the private PostgreSQL.
    pub async fn drain(self) -> anyhow::Result<()> {
        self.drain_until(std::future::pending()).await
    }

    /// As [`drain`](Self::drain), with the patience at an end when `hurry` is.
    ///
    /// # Errors
    /// As [`drain`](Self::drain).
    pub async fn drain_until(mut self, hurry: impl Future<Output = ()>) -> anyhow::Result<()> {
        self.shutdown.drain();
        let ended = async { while self.doors.join_next().await.is_some() {} };
        let late = tokio::select! {
            () = ended => false,
            () = tokio::time::sleep(self.patience) => true,
            () = hurry => true,
        };
        if late {
            tracing::warn!("connections that did not finish in time are cut off");
            self.shutdown.close();
            while self.doors.join_next().await.is_some() {}
        }
        self.worker.finish(self.patience).await;
        self.store.close().await;
        self.database.stop().await
    }
}

impl Sockets {
    fn bind(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            imap_tls: bind("imap.tls_listen", &config.imap.tls_listen)?,
            imap_starttls: bind("imap.starttls_listen", &config.imap.starttls_listen)?,
            submission_tls: bind("submission.tls_listen", &config.submission.tls_listen)?,
            submission_starttls: bind("submission.starttls_listen", &config.submission.starttls_listen)?,
            portal: bind("portal.listen", &config.portal.listen)?,
            metrics: bind("metrics.listen", &config.metrics.listen)?,
        })
    }

    fn addresses(&self) -> anyhow::Result<Addresses> {
        let of = |listeners: &[TcpListener]| {
            listeners.iter().map(TcpListener::local_addr).collect::<std::io::Result<Vec<_>>>()
        };
        Ok(Addresses {
            imap_tls: of(&self.imap_tls)?,
            imap_starttls: of(&self.imap_starttls)?,
            submission_tls: of(&self.submission_tls)?,
            submission_starttls: of(&self.submission_starttls)?,
            portal: of(&self.portal)?,
            metrics: of(&self.metrics)?,
        })
    }
}

fn bind(setting: &str, addresses: &[SocketAddr]) -> anyhow::Result<Vec<TcpListener>> {
    let bound = |address: &SocketAddr| {
        net::bind(*address).with_context(|| format!("{setting}: cannot listen on {address}"))
    };
    addresses.iter().map(bound).collect()
}

/// Whether the database answers; asked at most once a second, whoever asks.
fn alive(store: Store) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = bool> + Send>> + Clone {
    let last = Arc::new(tokio::sync::Mutex::new(None::<(tokio::time::Instant, bool)>));
    move || {
        let (store, last) = (store.clone(), last.clone());
        Box::pin(async move {
            let mut last = last.lock().await;
            if let Some((at, was)) = *last
                && at.elapsed() < HEALTH_AGE
            {
                return was;
            }
            let now = store.ping().await.is_ok();
            *last = Some((tokio::time::Instant::now(), now));
            now
        })
    }
}

fn net_limits(config: &Config) -> net::Limits {
    let limits = &config.limits;
    net::Limits {
        total: limits.connections as usize,
        per_address: limits.connections_per_address as usize,
        waiting: net::Limits::default().waiting,
        per_account: limits.connections_per_account as usize,
        per_device: limits.connections_per_device as usize,
        device_sign_ins: NonZeroU32::new(limits.sign_ins_per_device).unwrap_or(NonZeroU32::MIN),
    }
}

/// # Errors
/// The entry of `[attachments]` that cannot be.
fn policy_settings(config: &Config) -> anyhow::Result<policy::Settings> {
    let types = &config.attachments;
    Ok(policy::Settings {
        attachments: AttachmentTypes::configured(&types.add, &types.remove, &types.custom)?,
        attachment_limit: u64::from(config.limits.attachments_mb) * MB,
        text_room: u64::from(config.limits.text_mb) * MB,
        portal_url: config.portal.url.clone(),
        secure_domain: config.mail.domain.clone(),
        ..policy::Settings::default()
    })
}

/// Where devices find everything, by the addresses that the listeners have.
pub fn servers(config: &Config, imap: &[SocketAddr], submission: &[SocketAddr]) -> Servers {
    Servers::new(&config.mail.domain, &config.mail.hostname, imap, submission, &config.portal.url)
}

fn submit_settings(config: &Config) -> anyhow::Result<submit::Settings> {
    Ok(submit::Settings {
        hostname: config.mail.hostname.clone(),
        policy: policy_settings(config)?,
        ..submit::Settings::default()
    })
}

fn audit_settings(config: &Config) -> AuditSettings {
    AuditSettings {
        head_file: config.audit.head_file.clone(),
        keep: Duration::from_hours(
            u64::from(config.audit.keep_years) * 24 * 365 + u64::from(config.audit.keep_years) * 6,
        ),
    }
}

/// What the pages say about mail programs is what this gateway offers; behind a port that is mapped, the
/// standard ones.
fn breached_passwords(config: &Config) -> anyhow::Result<Option<people::BreachedPasswords>> {
    let path = config.portal.breached_passwords.as_ref();
    path.map(|path| {
        people::BreachedPasswords::at(path)
            .with_context(|| format!("portal.breached_passwords: {}", path.display()))
    })
    .transpose()
}

fn portal_settings(config: &Config, at: &Addresses) -> portal::Settings {
    let port = |listeners: &[SocketAddr], standard| listeners.first().map_or(standard, SocketAddr::port);
    portal::Settings {
        mail_hostname: config.mail.hostname.clone(),
        mail_ports: (port(&at.imap_tls, 993), port(&at.submission_tls, 465)),
        url: config.portal.url.clone(),
        pages_per_minute: portal::Settings::PAGES_PER_MINUTE,
        entries_per_minute: portal::Settings::ENTRIES_PER_MINUTE,
    }
}

fn smtp_settings(config: &Config) -> smtp::Settings {
    smtp::Settings {
        hostname: config.mail.hostname.clone(),
        patience: smtp::Patience {
            sign_in: Duration::from_secs(config.limits.sign_in_seconds.into()),
            command: Duration::from_secs(u64::from(config.limits.submission_idle_minutes) * 60),
            ..smtp::Patience::default()
        },
        ..smtp::Settings::default()
    }
}

fn imap_settings(config: &Config) -> imap::Settings {
    let limits = &config.limits;
    imap::Settings {
        attachment_limit: u64::from(limits.attachments_mb) * MB,
        text_room: u64::from(limits.text_mb) * MB,
        compress: config.imap.compress,
        sign_in_timeout: Duration::from_secs(config.limits.sign_in_seconds.into()),
        autologout: Duration::from_secs(u64::from(config.limits.imap_idle_minutes) * 60),
        ..imap::Settings::default()
    }
}

/// The signals that a gateway obeys.
pub struct Signals {
    hangup: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// From here on the process no longer ends by them.
    ///
    /// # Errors
    /// What the system says.
    pub fn catch() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for SIGTERM or SIGINT.
    pub async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Serves until SIGTERM or SIGINT, reloading at SIGHUP, then drains; a second one cuts the drain short.
    ///
    /// # Errors
    /// As [`Gateway::drain`].
    pub async fn obey(mut self, gateway: Gateway, place: &ConfigPlace) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => reload(&gateway, place),
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
            }
        }
        tracing::info!("draining");
        gateway.drain_until(self.end()).await
    }
}

fn reload(gateway: &Gateway, place: &ConfigPlace) {
    let config = match place.load() {
        Ok(config) => config,
        Err(error) => return tracing::error!(%error, "the configuration is not taken over"),
    };
    match gateway.reload(&config) {
        Ok(()) => tracing::info!("certificate and limits are taken over"),
        Err(error) => tracing::error!(%error, "the certificate is not taken over"),
    }
}

/// Runs the verb.
///
/// # Errors
/// Why it could not start, or not end well.
pub async fn run(place: &ConfigPlace) -> anyhow::Result<()> {
    let config = place.load()?;
    logging::start(&config.log)?;
    let signals = Signals::catch()?;
    let gateway = Gateway::start(config, Clock::system()).await?;
    tracing::info!(addresses = ?gateway.addresses(), "serving");
    signals.obey(gateway, place).await
}
