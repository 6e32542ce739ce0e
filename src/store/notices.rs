//! The outbox: notices written in the transaction that gives rise to them, sent later by a worker.
//!
//! Invariants: what a notice says and where it goes is sealed; a link or code is in the database only until
//! the notice is sent, superseded or too late. A notice is taken by one gateway at a time for the length of
//! a lease, so it is sent at least once, and twice only when a gateway dies (or loses the database) between
//! sending and saying so; its id is the idempotency key of both. A wake-up follows the commit
//! ([`Store::wake_notices`]); should it be lost, the worker's poll finds the notice.

use std::time::SystemTime;

use aws_lc_rs::rand;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;
use zeroize::Zeroizing;

use super::seal::TextDomain;
use super::{KeyError, Store, StoreError, seconds_of};
use crate::types::{AccountId, Channel, NoticeContent, NoticeId, NoticeKind, Secret};

/// A notice to be sent.
#[derive(Clone, Debug)]
pub struct NewNotice {
    account: AccountId,
    content: NoticeContent,
    channel: Channel,
    to: Option<String>,
    id: Option<NoticeId>,
    not_before: Option<SystemTime>,
    expires: Option<SystemTime>,
    replaces: Vec<NoticeKind>,
}

impl NewNotice {
    /// To an account, to be sent at once, to the email address or verified phone that the account has when
    /// it is sent, for as long as its kind lives.
    pub fn new(account: AccountId, content: NoticeContent, channel: Channel) -> Self {
        Self {
            account,
            content,
            channel,
            to: None,
            id: None,
            not_before: None,
            expires: None,
            replaces: Vec::new(),
        }
    }

    /// To this email address or this phone number (E.164) instead: of an invited person, a new address that
    /// is to be proved, an old one.
    #[must_use]
    pub fn to(self, address: impl Into<String>) -> Self {
        Self { to: Some(address.into()), ..self }
    }

    /// Idempotency key: enqueued again under the same one, nothing happens.
    #[must_use]
    pub fn id(self, id: NoticeId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Not sent before.
    #[must_use]
    pub fn not_before(self, at: SystemTime) -> Self {
        Self { not_before: Some(at), ..self }
    }

    /// Not sent after: when its link or code ends.
    #[must_use]
    pub fn expires(self, at: SystemTime) -> Self {
        Self { expires: Some(at), ..self }
    }

    /// Those of the same account and these kinds that have not been sent yet are taken back.
    #[must_use]
    pub fn replacing(self, kinds: &[NoticeKind]) -> Self {
        Self { replaces: kinds.to_vec(), ..self }
    }
}

/// What is sealed of a notice.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Payload {
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Link or code.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inviter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    practice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

impl Payload {
    fn of(content: &NoticeContent, to: Option<String>) -> Result<Option<Self>, StoreError> {
        let text = |secret: &Secret| {
            let text = String::from_utf8(secret.expose().to_vec());
            text.map(Some).map_err(|_| StoreError::Corrupt("a link or code that is no text"))
        };
        let nothing = Self { to, ..Self::default() };
        let full = match content {
            NoticeContent::Invitation { link, name, inviter, practice } => Self {
                secret: text(link)?,
                name: Some(name.clone()),
                inviter: Some(inviter.clone()),
                practice: practice.clone(),
                ..nothing
            },
            NoticeContent::ResetLink { link }
            | NoticeContent::EmailLink { link }
            | NoticeContent::AccountUnlocked { link } => Self { secret: text(link)?, ..nothing },
            NoticeContent::PhoneCode { code } => Self { secret: text(code)?, ..nothing },
            NoticeContent::NewSignIn { device, address } => {
                Self { device: Some(device.clone()), address: Some(address.clone()), ..nothing }
            }
            NoticeContent::NewAppPassword { device } => Self { device: Some(device.clone()), ..nothing },
            NoticeContent::SecureMessage
            | NoticeContent::EmailChanged
            | NoticeContent::PhoneChanged
            | NoticeContent::PasswordChanged
            | NoticeContent::SecondStepChanged
            | NoticeContent::AccountLocked
            | NoticeContent::SupportRead
            | NoticeContent::MailExported => {
                if nothing.to.is_none() {
                    return Ok(None);
                }
                nothing
            }
        };
        Ok(Some(full))
    }

    fn sealed(self, key: &super::SealKey, account: AccountId) -> Result<Vec<u8>, StoreError> {
        let text =
            Zeroizing::new(serde_json::to_string(&self).map_err(|_| StoreError::Corrupt("notice.payload"))?);
        Ok(key.seal_text(TextDomain::Notice, account, &text)?)
    }

    /// The content and, where it was given, the address. `None`: something that the kind needs is missing.
    pub(super) fn read(self, kind: NoticeKind) -> Option<(NoticeContent, Option<String>)> {
        let secret = |secret: Option<String>| secret.map(Secret::new);
        let content = match kind {
            NoticeKind::Invitation => NoticeContent::Invitation {
                link: secret(self.secret)?,
                name: self.name?,
                inviter: self.inviter?,
                practice: self.practice,
            },
            NoticeKind::SecureMessage => NoticeContent::SecureMessage,
            NoticeKind::ResetLink => NoticeContent::ResetLink { link: secret(self.secret)? },
            NoticeKind::PhoneCode => NoticeContent::PhoneCode { code: secret(self.secret)? },
            NoticeKind::EmailLink => NoticeContent::EmailLink { link: secret(self.secret)? },
            NoticeKind::EmailChanged => NoticeContent::EmailChanged,
            NoticeKind::PhoneChanged => NoticeContent::PhoneChanged,
            NoticeKind::PasswordChanged => NoticeContent::PasswordChanged,
            NoticeKind::SecondStepChanged => NoticeContent::SecondStepChanged,
            NoticeKind::AccountLocked => NoticeContent::AccountLocked,
            NoticeKind::AccountUnlocked => NoticeContent::AccountUnlocked { link: secret(self.secret)? },
            NoticeKind::NewSignIn => {
                NoticeContent::NewSignIn { device: self.device?, address: self.address? }
            }
            NoticeKind::NewAppPassword => NoticeContent::NewAppPassword { device: self.device? },
            NoticeKind::SupportRead => NoticeContent::SupportRead,
            NoticeKind::MailExported => NoticeContent::MailExported,
        };
        Some((content, self.to))
    }
}

impl Store {
    /// Writes a notice inside the caller's transaction; after the commit call [`Store::wake_notices`].
    /// 1 statement, and 1 more the first time an account's seal key is needed.
    ///
    /// # Errors
    /// [`StoreError`]; the account must exist.
    pub(super) async fn enqueue_notice(
        &self,
        tx: &mut PgConnection,
        new: NewNotice,
    ) -> Result<NoticeId, StoreError> {
        let NewNotice { account, content, channel, to, id, not_before, expires, replaces } = new;
        let now = self.0.clock.now();
        let kind = content.kind();
        let id = match id {
            Some(id) => id,
            None => NoticeId(random_id()?),
        };
        let key = self.seal_key_in(tx, account).await?;
        let sealed = Payload::of(&content, to)?.map(|p| p.sealed(&key, account)).transpose()?;
        let due = not_before.map_or(now, |at| at.max(now));
        let expires = expires.unwrap_or(due + kind.lifetime());
        sqlx::query_scalar!(
            r#"select enqueue_notice($1, $2, $3, $4, $5, $6, $7, $8, $9) as "new!""#,
            account.0,
            id.0,
            kind.as_str(),
            channel.as_str(),
            sealed,
            seconds_of(now),
            seconds_of(due),
            seconds_of(expires),
            &replaces.iter().map(|k| k.as_str().to_owned()).collect::<Vec<_>>()
        )
        .fetch_one(tx)
        .await?;
        Ok(id)
    }

    /// What `notice.payload` holds of a notice, for statements that write it themselves. None of the few texts
    /// that carry nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn notice_payload(&self, new: &NewNotice) -> Result<Option<Vec<u8>>, StoreError> {
        let key = self.seal_key(new.account).await?;
        Payload::of(&new.content, new.to.clone())?.map(|p| p.sealed(&key, new.account)).transpose()
    }

    /// As [`enqueue_notice`](Self::enqueue_notice), in a transaction of its own, wake-up included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notify(&self, new: NewNotice) -> Result<NoticeId, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let id = self.enqueue_notice(&mut tx, new).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(id)
    }

    /// Takes back what has not been sent yet, inside the caller's transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn cancel_notices(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        kinds: &[NoticeKind],
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update notice set state = 'cancelled', payload = null, ended_at = to_timestamp($3)
              where account_id = $1 and kind = any($2) and state = 'waiting'",
            account.0,
            &kinds.iter().map(|k| k.as_str().to_owned()).collect::<Vec<_>>(),
            seconds_of(self.0.clock.now())
        )
        .execute(tx)
        .await?;
        Ok(())
    }

    /// After a commit that wrote a notice: wakes the workers, here and on the other gateways.
    pub(super) fn wake_notices(&self) {
        self.0.hub.wake([super::hub::Topic::Notices]);
    }
}

/// A random identity.
pub(super) fn random_id() -> Result<uuid::Uuid, StoreError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// A notice that this gateway has taken, and must end by [`Store::notice_ended`].
#[derive(Clone, Debug)]
pub struct DueNotice {
    /// Also the idempotency key.
    pub id: NoticeId,
    /// Whose.
    pub account: AccountId,
    /// How it travels.
    pub channel: Channel,
    /// What it says; `None`: it does not open, or is of a kind this program does not know.
    pub content: Option<NoticeContent>,
    /// Where it goes: email address or E.164 number; `None`: the account has none.
    pub to: Option<String>,
    /// First and last name of the account's person.
    pub name: String,
    /// From 1 on.
    pub tries: u32,
    /// When it was written.
    pub created_at: SystemTime,
    /// Not sent after.
    pub expires_at: SystemTime,
    /// R23
    pub wishes: Wishes,
}

/// What an account's owner wants to be told, and where they are (R23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Whether this channel is among those chosen.
    pub channel: Wanted,
    /// Whether a mail program of the account is connected to a living gateway, and the owner wants no
    /// notice then.
    pub connected: Connected,
    /// Whether the account takes mail: active or locked, not closed.
    pub receives: bool,
}

/// Whether a channel is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is.
    Yes,
    /// It is not (any more).
    No,
}

/// Whether a mail program makes the notice needless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    /// "Only while none is connected", and one is.
    Enough,
    /// None is, or the owner wants notices all the same.
    No,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeEnd {
    /// The provider has it.
    Sent,
    /// To be tried again; the reason holds no address.
    Again {
        /// When.
        at: SystemTime,
        /// Why.
        because: String,
    },
    /// Not to be tried again, unless Support says so.
    Dead(String),
    /// Too late.
    Expired,
    /// R23: not wanted, or no longer.
    Skipped,
}
