//! Signing in at IMAP, SMTP and CardDAV with an app password (R4, R29).
//!
//! Invariants: unknown address, locked account, wrong and revoked secret are one answer,
//! [`AuthError::Refused`], given no sooner than [`Settings::refusal_floor`] after the question; which of them
//! it was stands in the log alone, without the secret or the login. Before asking, a door asks its
//! `net::SignInGate` whether the peer may try at all.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use crate::mime::signature::Signature;
use crate::store::{Account, Because, SignIn, SignInRefused, Store, StoreError};
use crate::types::{
    AccountId, Address, AppPasswordId, AuditAction, AuditNote, Origin, PracticeId, Secret, Tier,
};

/// Longest login and longest secret that are looked at, in bytes; more is refused like a wrong one.
const INPUT_MAX: usize = 1024;

/// How sign-in behaves.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// A refusal is given no sooner than this: it hides what little the same work leaves to be measured.
    pub refusal_floor: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { refusal_floor: Duration::from_millis(300) }
    }
}

/// Which door is asked, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// SMTP submission.
    Smtp,
    /// IMAP.
    Imap,
    /// The address book (R21).
    CardDav,
}

impl Door {
    fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::CardDav => "carddav",
        }
    }
}

/// A person who has signed in, as rules and doors see them.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub account: AccountId,
    /// The practice, if any.
    pub practice: Option<PracticeId>,
    /// Its name.
    pub practice_name: Option<String>,
    /// R7, as it was at sign-in.
    pub tier: Tier,
    /// R12, R30: what the person's mail comes from.
    pub secure_address: Address,
    /// The person's ordinary address, which may also be the envelope sender.
    pub email: Address,
    /// First and last name.
    pub display_name: String,
    /// The device's password.
    pub app_password: AppPasswordId,
    /// Most bytes of decoded attachments in a message, where the practice has its own limit (R18).
    pub attachment_limit: Option<u64>,
    /// Most bytes of stored mail, where Support set a cap (R20).
    pub storage_cap: Option<u64>,
    /// R22: what is appended to what the person sends, as it was at sign-in.
    pub signature: Option<Arc<Signature>>,
    /// IMAP capabilities that Support switched off for the account, in upper case.
    pub imap_off: Vec<String>,
    /// Where the person's device is, for the audit log.
    pub peer: Option<IpAddr>,
    epoch: u64,
}

impl Identity {
    /// Of an account that has shown its app password.
    pub fn new(account: &Account, app_password: AppPasswordId) -> Self {
        Self {
            account: account.id,
            practice: account.practice,
            practice_name: account.practice_name.clone(),
            tier: account.tier,
            secure_address: account.secure_address.clone(),
            email: account.email.clone(),
            display_name: account.display_name(),
            app_password,
            attachment_limit: account.attachment_limit,
            storage_cap: account.storage_cap,
            signature: None,
            imap_off: Vec::new(),
            peer: None,
            epoch: account.epoch,
        }
    }

    /// Who acts and from where, for the audit log.
    pub fn origin(&self) -> Origin {
        Origin::account(self.account, self.peer)
    }

    /// Whether `address` is one of the person's own two.
    pub fn owns(&self, address: &Address) -> bool {
        *address == self.secure_address || *address == self.email
    }
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Address, secret or account are not in order; the peer is not told which.
    #[error("the address or the app password is wrong, or the account is locked")]
    Refused,
    /// Our fault; nothing was counted.
    #[error("sign-in is not possible at the moment")]
    Ours(#[source] StoreError),
}

/// The use case. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator {
    store: Store,
    settings: Settings,
    /// At the address book.
    today: Arc<Mutex<Today>>,
}

impl Authenticator {
    /// Over a store.
    pub fn new(store: Store, settings: Settings) -> Self {
        Self { store, settings, today: Arc::default() }
    }

    /// Signs in with one of the account's two addresses and an app password.
    ///
    /// # Errors
    /// [`AuthError`].
    pub async fn authenticate(
        &self,
        door: Door,
        login: &str,
        secret: &Secret,
        peer: IpAddr,
    ) -> Result<Identity, AuthError> {
        let asked = tokio::time::Instant::now();
        let fits = login.len() <= INPUT_MAX && secret.expose().len() <= INPUT_MAX;
        let address = if fits { Address::parse(login).ok() } else { None };
        let nothing = Secret::new(Vec::new());
        let secret = if fits { secret } else { &nothing };
        match self.store.sign_in(address.as_ref(), secret, peer).await {
            Ok(SignIn::Accepted(who)) => {
                metrics::counter!("postern_sign_ins_total", "door" => door.as_str()).increment(1);
                let signature = who.signature.as_deref().and_then(Signature::new).map(Arc::new);
                let identity = Identity {
                    peer: Some(peer),
                    signature,
                    imap_off: who.imap_off,
                    ..Identity::new(&who.account, who.app_password)
                };
                if self.is_news(door, &identity, peer) {
                    tracing::info!(
                        event = "signed-in",
                        door = door.as_str(),
                        account = identity.account.0,
                        app_password = identity.app_password.0
                    );
                    let note = AuditNote::done(AuditAction::SignIn)
                        .account(identity.account)
                        .app_password(identity.app_password)
                        .detail(format!("door={}", door.as_str()));
                    self.store.audit_note_by(identity.origin(), note);
                }
                Ok(identity)
            }
            Ok(SignIn::Refused(refused)) => {
                self.note(door, refused, peer);
                tokio::time::sleep_until(asked + self.settings.refusal_floor).await;
                Err(AuthError::Refused)
            }
            Err(e) => Err(AuthError::Ours(e)),
        }
    }

    /// Whether a sign-in is recorded. An address book is signed in to with each request: it is recorded once for
    /// each device, address and day, as a mail program's connection is once.
    fn is_news(&self, door: Door, identity: &Identity, peer: IpAddr) -> bool {
        if door != Door::CardDav {
            return true;
        }
        let day = self.store.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / DAY;
        self.today.lock().is_first(day, (identity.account, identity.app_password, peer.to_canonical()))
    }

    /// The record of a refusal, in log, figures and audit log: never the secret or the login.
    fn note(&self, door: Door, refused: SignInRefused, peer: IpAddr) {
        let because = match refused.because {
            Because::Unknown => "unknown",
            Because::Locked => "locked",
            Because::Revoked => "revoked",
            Because::Again => "again",
            Because::Counted => "wrong",
            Because::LockedNow => "locked-now",
        };
        let account = refused.account.map(|a| a.0);
        tracing::info!(event = "sign-in-refused", door = door.as_str(), account, because);
        let mut entry = AuditNote::refused(AuditAction::SignIn)
            .detail(format!("door={} because={because}", door.as_str()));
        entry.account = refused.account;
        self.store.audit_note_by(Origin::stranger(peer), entry);
        metrics::counter!("postern_sign_ins_refused_total", "door" => door.as_str(), "because" => because)
            .increment(1);
    }

    /// R29: what the device's mail program calls itself (RFC 2971: `name` and `version`), for its owner's list.
    pub fn note_client(&self, identity: &Identity, client: &str) {
        self.store.note_client(identity.account, identity.app_password, client);
    }

    /// Watches a session's right to go on.
    pub fn watch(&self, identity: &Identity) -> SessionWatch {
        SessionWatch {
            store: self.store.clone(),
            account: identity.account,
            app_password: identity.app_password,
            secure_address: identity.secure_address.clone(),
            events: self.store.account_events(identity.account, identity.epoch),
            unsure: false,
        }
    }
}

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// Who has signed in today, in this gateway.
#[derive(Default)]
struct Today {
    /// Since 1970-01-01, in UTC.
    day: u64,
    seen: HashSet<(AccountId, AppPasswordId, IpAddr)>,
}

impl Today {
    /// Most that are remembered; whoever comes then is recorded each time, never not at all.
    const MOST: usize = 100_000;

    fn is_first(&mut self, day: u64, who: (AccountId, AppPasswordId, IpAddr)) -> bool {
        if self.day != day {
            *self = Self { day, seen: HashSet::new() };
        }
        if self.seen.len() >= Self::MOST { !self.seen.contains(&who) } else { self.seen.insert(who) }
    }
}

/// Tells a door when its session must end: the account was locked or closed (R4), the app password revoked
/// (R29), or another secure address given (R30).
pub struct SessionWatch {
    store: Store,
    account: AccountId,
    app_password: AppPasswordId,
    secure_address: Address,
    events: tokio::sync::watch::Receiver<u64>,
    /// Something happened, and what it means for this session has not been found out yet.
    unsure: bool,
}

impl SessionWatch {
    /// Returns when the session must end; else never. May be dropped and called again at any await.
    pub async fn ended(&mut self) {
        loop {
            if !self.unsure {
                if self.events.changed().await.is_err() {
                    // The store is closing, and the door with it, by its own drain.
                    return std::future::pending().await;
                }
                self.unsure = true;
            }
            match self.store.still_signed_in(self.account, self.app_password, &self.secure_address).await {
                Ok(true) => self.unsure = false,
                Ok(false) => return,
                // Not known while the database is away; what the session asks for fails by itself.
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_book_is_news_once_a_day_for_each_device_and_address() {
        let mut today = Today::default();
        let who = |account, device, last| {
            (AccountId(account), AppPasswordId(device), IpAddr::from([192, 0, 2, last]))
        };
        assert!(today.is_first(20_000, who(1, 1, 1)));
        assert!(!today.is_first(20_000, who(1, 1, 1)));
        for other in [who(1, 1, 2), who(1, 2, 1), who(2, 1, 1)] {
            assert!(today.is_first(20_000, other));
            assert!(!today.is_first(20_000, other));
        }
        assert!(today.is_first(20_001, who(1, 1, 1)));
        assert!(!today.is_first(20_001, who(1, 1, 1)));
    }

    #[test]
    fn what_is_not_remembered_is_recorded() {
        let mut today = Today { day: 1, seen: HashSet::new() };
        for n in 0..Today::MOST as i64 {
            assert!(today.is_first(1, (AccountId(n), AppPasswordId(1), IpAddr::from([192, 0, 2, 1]))));
        }
        let late = (AccountId(-1), AppPasswordId(1), IpAddr::from([192, 0, 2, 1]));
        assert!(today.is_first(1, late) && today.is_first(1, late));
        assert!(!today.is_first(1, (AccountId(0), AppPasswordId(1), IpAddr::from([192, 0, 2, 1]))));
    }
}
