//! Everything that survives a restart: all SQL, the sealing of what is written, the wake-ups after it.
//!
//! Invariants: message bytes and whatever is taken from them reach PostgreSQL sealed ([`seal`]);
//! what must be looked up is keyed ([`Lookup`]), never a bare hash; nothing is sealed or opened before the
//! master key has proved to be the database's own. Imports `types`, `mime` and `clock` alone, and
//! nothing else in the crate names sqlx.

mod account_watch;
mod accounts;
mod addresses;
mod aead;
mod annotations;
mod append;
mod audit;
mod audit_chain;
mod audit_entries;
mod audit_head;
mod bodies;
mod break_glass;
mod codes;
mod connections;
mod contacts;
mod credentials;
mod deliver;
mod device_links;
mod erase;
mod events;
mod group_commit;
mod health;
mod hub;
mod imap_switches;
mod import;
mod ingest;
mod invitation_links;
mod invitations;
mod invited;
mod joining;
mod keys;
mod known_browsers;
mod known_flags;
mod last_used;
mod links;
mod live;
mod lookup;
mod mail_error;
mod mailbox_load;
mod mailboxes;
mod master_key;
mod messages;
mod notices;
mod opened;
mod opening;
mod outbox;
mod packed_rows;
mod people_sweeper;
mod phones;
mod place;
mod portal_passwords;
mod practices;
mod presence;
mod profile;
mod recent_changes;
mod registration;
mod restored;
mod retention;
mod rotation;
mod seal;
mod search_index;
mod second_step;
mod sessions;
mod snapshots;
mod sweeper;
mod ties;
mod tokens;
mod verify;
mod verify_places;
mod verify_snapshots;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use accounts::{Account, AccountError, AccountState, NewAccount, Role};
pub use annotations::{ANNOTATION_SIZE_MAX, ANNOTATIONS_MAX, Annotation};
pub use append::{Appended, NewAppend, SentCopy};
pub use audit_chain::{AuditSettings, Broken, Verified};
pub use audit_entries::{AuditFilter, AuditRow};
pub use audit_head::{Head, HeadFile, hex};
pub use bodies::BodyReader;
pub use break_glass::{Access, AccessError, AccessTo, Login, NewAccess};
pub use codes::{CodeAnswer, CodePurpose, CodeSending, NewCode};
pub use contacts::{Book, Card, CardsWanted, ContactPerson};
pub use credentials::{
    AppPassword, AppPasswordError, Because, SecretKind, SignIn, SignInRefused, SignedIn, random_app_password,
};
pub use deliver::{NewSubmission, SubmitOutcome};
pub use erase::Erased;
pub use health::{Health, Schema};
pub use import::Imported;
pub use ingest::{Ingest, Ingested, MEMORY_MAX};
pub use invitation_links::InvitationText;
pub use invitations::{Corrected, Invitation, InvitationChange, InvitationState, Stuck};
pub use invited::{InviteError, InvitedRecipient, NewInvited, Recipient};
pub use joining::Accepting;
pub use keys::KeyError;
pub use known_browsers::{BROWSER_LIFE, Browser};
pub use links::{EmailTaken, FoundLink, NewPassword};
pub use live::{LiveMailbox, MailboxState, Row};
pub use lookup::Lookup;
pub use mail_error::MailError;
pub use mailboxes::{MAILBOXES_MAX, MailboxInfo, Usage};
pub use master_key::MasterKey;
pub use messages::{Copied, FlagsStored, KEYWORDS_MAX};
pub use notices::{Connected, DueNotice, NewNotice, NoticeEnd, Wanted, Wishes};
pub use opening::Opening;
pub use outbox::{NoticeFilter, NoticeRow, Retried};
pub use phones::{CodesGo, OtherPhone, PhoneChosen};
pub use practices::{Practice, PracticeRecord, Product};
pub use presence::Present;
pub use profile::{AccountEdit, EndDevices, Messaging, NotifyBy, NotifyWhen, StoredProfile};
pub use recent_changes::RecentChanges;
pub use registration::ChosenByLink;
pub use restored::AfterRestore;
pub use retention::{Deleted, Expiry, LegalHold};
pub use rotation::{KeyStatus, Rotation};
pub use seal::{BodyShape, CHUNK_OVERHEAD, DataKey, SEAL_VERSION, SealError, SealKey, TextDomain};
pub use search_index::{IndexBehind, IndexRow, IndexSegment, IndexWritten, NewIndexSegment};
pub use second_step::{PendingApp, Proved, StepAnswer};
pub use sessions::{WebLife, WebPeer, WebSession, WebSignIn, WebStage};
pub use sweeper::{Retention, Swept};
pub use verify::{Fault, Verification, VerifyFrom};

use crate::clock::Clock;
use crate::types::Origin;

/// The PostgreSQL channel that carries wake-ups between gateways: `m:<mailbox id>`, `a:<account id>`.
pub const CHANNEL: &str = "postern";

/// What [`Store::open`] needs.
pub struct Options {
    /// `postgres://…`, as psql takes it.
    pub database_url: String,
    /// Most connections this process holds at once.
    pub max_connections: u32,
    /// Opens the seal keys; its lookup keys are derived from it.
    pub master_key: MasterKey,
    /// The portal's own domain, in which secure addresses are allotted (R30).
    pub domain: String,
    /// Time for everything that is stored with a date or compared with one.
    pub clock: Clock,
}

/// The database behind the gateway, as somebody uses it: what is changed is entered in the audit log under
/// that name, this program's own unless [`Store::acting_as`] says otherwise. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>, Arc<Origin>);

/// What the store's files share.
pub(crate) struct Inner {
    pool: connections::Connections,
    /// Of the same pool: for group commit.
    placing: connections::Connections,
    keys: keys::Keyring,
    opened: opened::OpenedMessages,
    domain: String,
    clock: Clock,
    events: Arc<events::Events>,
    hub: Arc<hub::Hub>,
    snapshots: snapshots::Snapshots,
    queue: group_commit::Queue,
    last_used: Arc<last_used::LastUsed>,
    audit: Arc<audit::AuditLog>,
    /// Where the audit log's head is written, and what was written last.
    head_file: parking_lot::Mutex<Option<std::path::PathBuf>>,
    head_noted: parking_lot::Mutex<Option<(u64, tokio::time::Instant)>>,
    presence: Arc<presence::Presence>,
    /// This process, in the audit log and the outbox: `host/pid`.
    gateway: Arc<str>,
    /// This run of this process.
    run: uuid::Uuid,
    background: Background,
}

/// Tasks that run as long as the store is open.
struct Background {
    /// Closes when the store is closed or the last handle to it dropped.
    stop: parking_lot::Mutex<Option<watch::Sender<()>>>,
    tasks: parking_lot::Mutex<Vec<JoinHandle<()>>>,
}

/// What can go wrong between this process and its database; always our fault, never the peer's.
#[derive(thiserror::Error)]
pub enum StoreError {
    /// The database did not do what it was asked.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed, or the database is newer than this program.
    #[error("the database schema cannot be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The master key is unusable, or not this database's.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Something stored does not open: changed bytes, or bytes of another row.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A stored value breaks an invariant of the schema.
    #[error("the database holds an impossible value in {0}")]
    Corrupt(&'static str),
}

/// As `Display`: what PostgreSQL adds to an error (`Key (address)=(…)`) belongs in no log.
impl std::fmt::Debug for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreError({self})")
    }
}

impl StoreError {
    /// The name of the constraint that the statement would have broken.
    pub(crate) fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(sqlx::Error::Database(e)) => e.constraint(),
            _ => None,
        }
    }
}

/// A connection is waited for so long; and so long something that only reads is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two such questions.
const PAUSE: Duration = Duration::from_millis(50);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

impl Store {
    /// Connects, and makes sure that the schema is this program's and the master key the database's own.
    ///
    /// # Errors
    /// [`KeyError::Wrong`] before anything is written, when the database belongs to another master key.
    pub async fn open(options: Options) -> Result<Self, StoreError> {
        let connect: PgConnectOptions = options.database_url.parse()?;
        let connect = connect.application_name("postern").disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(PATIENCE)
            // A ping at each acquire would double the round trips; one that idled may have lost its server.
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.idle_for < Duration::from_millis(500) {
                        return Ok(true);
                    }
                    Ok(conn.ping().await.is_ok())
                })
            })
            .connect_with(connect.clone())
            .await?;
        let pool = connections::Connections::new(pool);
        let keys = keys::Keyring::prove(&pool, options.master_key).await?;
        let events = Arc::new(events::Events::default());
        let hub = Arc::new(hub::Hub::new(events.clone()));
        let last_used = Arc::new(last_used::LastUsed::default());
        let audit = Arc::new(audit::AuditLog::default());
        let gateway: Arc<str> = gateway_name().into();
        let run = notices::random_id()?;
        let (stop, stopped) = watch::channel(());
        let mut tasks = vec![
            tokio::spawn(events::run(events.clone(), pool.clone(), stopped.clone())),
            tokio::spawn(last_used::run(last_used.clone(), pool.clone(), stopped.clone())),
            tokio::spawn(audit::run(
                audit.clone(),
                pool.clone(),
                options.clock.clone(),
                gateway.clone(),
                stopped.clone(),
            )),
        ];
        tasks.extend(hub::start(&hub, &pool, &connect, &stopped));
        let background =
            Background { stop: parking_lot::Mutex::new(Some(stop)), tasks: parking_lot::Mutex::new(tasks) };
        let store = Self::of(Arc::new(Inner {
            placing: pool.apart(),
            pool,
            keys,
            opened: opened::OpenedMessages::default(),
            domain: options.domain.to_lowercase(),
            clock: options.clock,
            events,
            hub,
            snapshots: snapshots::Snapshots::default(),
            queue: group_commit::Queue::default(),
            last_used,
            audit,
            head_file: parking_lot::Mutex::default(),
            head_noted: parking_lot::Mutex::default(),
            presence: Arc::default(),
            gateway,
            run,
            background,
        }));
        store.tie_old_entries().await?;
        Ok(store)
    }

    /// As this program itself uses it.
    fn of(inner: Arc<Inner>) -> Self {
        Self(inner, Arc::new(Origin::system()))
    }

    /// Brings the schema up to date, forward only. Safe to run from several processes at once.
    ///
    /// # Errors
    /// [`StoreError::Migrate`], also when a newer program has been here.
    pub async fn migrate(database_url: &str) -> Result<(), StoreError> {
        let connect: PgConnectOptions = database_url.parse()?;
        // A pool, since a future that lends a bare connection to the migrator cannot be spawned.
        let pool =
            PgPoolOptions::new().max_connections(1).connect_with(connect.disable_statement_logging()).await?;
        let done = MIGRATIONS.run(&pool).await;
        pool.close().await;
        done?;
        Ok(())
    }

    /// Whether a master key has already been bound to this database: then a missing key file is a lost
    /// key, and making a new one would not help.
    ///
    /// # Errors
    /// [`StoreError::Database`]; a database without our schema is answered with `false`.
    pub async fn has_master_key(database_url: &str) -> Result<bool, StoreError> {
        let connect: PgConnectOptions = database_url.parse()?;
        let mut conn = connect.disable_statement_logging().connect().await?;
        let known = keys::is_bound(&mut conn).await?;
        conn.close().await?;
        Ok(known)
    }

    /// The keyed hashes under which things are looked up.
    pub fn lookup(&self) -> &Lookup {
        self.0.keys.lookup()
    }

    /// The moment, by the clock that everything stored is dated with.
    pub fn now(&self) -> SystemTime {
        self.0.clock.now()
    }

    /// The portal's own domain (R30).
    pub fn domain(&self) -> &str {
        &self.0.domain
    }

    /// Asks something that only reads, and asks again while the database is away (it died and is being
    /// started again, or closed the connection): no question begins later than [`PATIENCE`] after the first.
    async fn read_again<T, F>(&self, ask: impl Fn() -> F) -> Result<T, sqlx::Error>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let begin = tokio::time::Instant::now();
        loop {
            match ask().await {
                Err(error) if is_away(&error) && begin.elapsed() < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    /// Runs something until the store is closed.
    fn background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Some(mut stop) = self.0.background.stop.lock().as_ref().map(watch::Sender::subscribe) else {
            return;
        };
        let task = tokio::spawn(async move {
            tokio::select! {
                _ = stop.changed() => {}
                () = work => {}
            }
        });
        self.0.background.tasks.lock().push(task);
    }

    /// Finishes what runs in the background and closes every connection.
    pub async fn close(&self) {
        drop(self.0.background.stop.lock().take());
        let tasks = std::mem::take(&mut *self.0.background.tasks.lock());
        for task in tasks {
            if let Err(e) = task.await {
                tracing::error!(error = %e, "a background task of the store ended badly");
            }
        }
        self.finish_audit().await;
        self.leave().await;
        self.0.placing.let_go();
        self.0.pool.close().await;
    }
}

/// How this process is called in the audit log.
fn gateway_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    format!("{}/{}", if host.is_empty() { "localhost" } else { host }, std::process::id())
}

/// Whether it was the connection that came to nothing, not the statement: SQLSTATE class 57P is a server
/// that goes down or comes up.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(e) => e.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

/// Seconds since 1970, for `to_timestamp`.
pub(crate) fn seconds_of(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// From microseconds since 1970.
pub(crate) fn time_of(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros.max(0) as u64)
}
