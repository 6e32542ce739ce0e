//! The master key, what is derived from it, and the seal keys it unwraps.
//!
//! Invariants: the master key lives in a file (mode 0600) or a key service, never in the database; before
//! a process seals, opens or writes anything, `master_key_check` has shown that its key is the one that
//! this database was begun with. Seal keys are made together with their practice (or with an account
//! without one), wrapped by the master key whose version stands beside them, and cached unwrapped.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::LessSafeKey;
use aws_lc_rs::{hkdf, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sqlx::postgres::{PgConnection, PgPool};
use zeroize::Zeroizing;

use super::seal::{self, KEY_LEN, SealError, SealKey};
use super::{Store, StoreError};
use crate::types::{AccountId, AnnotationName, Keyword, MailboxName, PracticeId, SealKeyId, Secret};

/// The version of the master key that this program writes; another one means a rotation it does not know.
const MASTER_VERSION: i32 = 1;
const FILE_MARK: &str = "postern-master-key-v1";
const PROOF: &[u8] = b"this database belongs to this master key";

/// Why a master key cannot be used. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no file; for a database that already has data this means a lost key.
    #[error(
        "the master key file {} does not exist; without it nothing in the database can be read: restore it from your backup",
        .0.display()
    )]
    Missing(PathBuf),
    /// A key is never overwritten.
    #[error("the master key file {} exists already and is not overwritten", .0.display())]
    Exists(PathBuf),
    /// Others than the owner may read or change it.
    #[error("the master key file {} can be opened by others; run: chmod 600 {}", .0.display(), .0.display())]
    Permissions(PathBuf),
    /// Not a key file, or cut short.
    #[error("{} is not a master key file of postern", .0.display())]
    Form(PathBuf),
    /// Reading or writing failed.
    #[error("the master key file {}: {}", .0.display(), .1)]
    Io(PathBuf, std::io::Error),
    /// The database was begun with another key.
    #[error(
        "this master key is not the one that this database was begun with; nothing was changed: put the right key file in place"
    )]
    Wrong,
    /// The database's keys were wrapped by a master key version that this program does not know.
    #[error("the database uses master key version {0}, which this version of postern does not know")]
    Version(i32),
    /// The system's random numbers failed.
    #[error("the system gave no random numbers")]
    Random,
}

/// The key above all others. Whoever has it and the database reads everything.
pub struct MasterKey(Zeroizing<[u8; KEY_LEN]>);

impl MasterKey {
    /// A new key, in memory only.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        rand::fill(bytes.as_mut()).map_err(|_| KeyError::Random)?;
        Ok(Self(bytes))
    }

    /// Makes a new key and its file, readable by its owner alone; the file is on disk before this returns.
    ///
    /// # Errors
    /// [`KeyError::Exists`] rather than overwrite one.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        use std::os::unix::fs::OpenOptionsExt;
        let key = Self::random()?;
        let io = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
            _ => KeyError::Io(path.to_owned(), e),
        };
        let mut text = Zeroizing::new(format!("{FILE_MARK} "));
        STANDARD.encode_string(key.0.as_ref(), &mut text);
        text.push('\n');
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        let folder = match path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        std::fs::File::open(folder).and_then(|d| d.sync_all()).map_err(io)?;
        Ok(key)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// One [`KeyError`] for each thing that can be wrong with it.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        use std::os::unix::fs::PermissionsExt;
        let io = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
            _ => KeyError::Io(path.to_owned(), e),
        };
        let form = || KeyError::Form(path.to_owned());
        let file = std::fs::File::open(path).map_err(io)?;
        if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Permissions(path.to_owned()));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(256).read_to_string(&mut text).map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData => form(),
            _ => KeyError::Io(path.to_owned(), e),
        })?;
        let encoded = text.trim_end().strip_prefix(FILE_MARK).ok_or_else(form)?.trim_start();
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| form())?);
        let bytes: &[u8; KEY_LEN] = bytes.as_slice().try_into().map_err(|_| form())?;
        Ok(Self(Zeroizing::new(*bytes)))
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Keyed hashes: HMAC-SHA-256, one derived key for each purpose, the account first in what is hashed,
/// so that equal values of two accounts, or of two columns, cannot be told to be equal.
pub struct Lookup {
    msgid: hmac::Key,
    mailbox_name: hmac::Key,
    keyword: hmac::Key,
    secret: hmac::Key,
    fingerprint: hmac::Key,
    token: hmac::Key,
    code: hmac::Key,
    annotation: hmac::Key,
}

impl Lookup {
    fn of(master: &hkdf::Prk) -> Result<Self, KeyError> {
        let key = |info: &[u8]| {
            let info = [b"lookup v1 ".as_slice(), info];
            let okm =
                master.expand(&info, hkdf::HKDF_SHA256.hmac_algorithm()).map_err(|_| KeyError::Random)?;
            Ok::<_, KeyError>(hmac::Key::from(okm))
        };
        Ok(Self {
            msgid: key(b"message-id")?,
            mailbox_name: key(b"mailbox name")?,
            keyword: key(b"keyword")?,
            secret: key(b"secret")?,
            fingerprint: key(b"fingerprint")?,
            token: key(b"token")?,
            code: key(b"code")?,
            annotation: key(b"annotation")?,
        })
    }

    /// A Message-ID, as it stands between the angle brackets.
    pub fn msgid(&self, account: AccountId, msgid: &str) -> [u8; 32] {
        keyed(&self.msgid, account, msgid.as_bytes())
    }

    /// A mailbox's or a subscription's name.
    pub fn mailbox_name(&self, account: AccountId, name: &MailboxName) -> [u8; 32] {
        keyed(&self.mailbox_name, account, name.as_str().as_bytes())
    }

    /// A keyword, without regard to case.
    pub fn keyword(&self, account: AccountId, keyword: &Keyword) -> [u8; 32] {
        keyed(&self.keyword, account, keyword.folded().as_bytes())
    }

    /// A secret given at sign-in, right or wrong (R4, R29).
    pub fn secret(&self, account: AccountId, secret: &Secret) -> [u8; 32] {
        keyed(&self.secret, account, secret.expose())
    }

    /// A link's or a web sign-in's 256 random bits; `purpose` keeps the kinds apart.
    pub fn token(&self, purpose: &'static str, token: &Secret) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.token);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(token.expose());
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    /// A code sent by phone for a purpose, or a recovery code.
    pub fn code(&self, account: AccountId, purpose: &'static str, code: &[u8]) -> [u8; 32] {
        let data = zeroize::Zeroizing::new([purpose.as_bytes(), &[0], code].concat());
        keyed(&self.code, account, &data)
    }

    /// An annotation's name (RFC 5464).
    pub fn annotation(&self, account: AccountId, name: &AnnotationName) -> [u8; 32] {
        keyed(&self.annotation, account, name.as_str().as_bytes())
    }

    /// The content of a submission (R17, R28).
    pub fn fingerprint(&self, account: AccountId, content: &[u8]) -> [u8; 32] {
        keyed(&self.fingerprint, account, content)
    }
}

fn keyed(key: &hmac::Key, account: AccountId, data: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(&account.0.to_be_bytes());
    context.update(data);
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// Whom a seal key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Practice(PracticeId),
    Account(AccountId),
}

impl Owner {
    /// Whose key an account's mail is sealed with.
    pub(super) fn of(account: AccountId, practice: Option<PracticeId>) -> Self {
        practice.map_or(Self::Account(account), Self::Practice)
    }

    fn aad(self, version: i32) -> [u8; 24] {
        let (kind, id) = match self {
            Self::Practice(p) => (b'p', p.0),
            Self::Account(a) => (b'a', a.0),
        };
        let mut aad = [0; 24];
        aad[..11].copy_from_slice(b"seal key v1");
        aad[11] = kind;
        aad[12..20].copy_from_slice(&id.to_be_bytes());
        aad[20..].copy_from_slice(&version.to_be_bytes());
        aad
    }
}

/// A seal key that has no row yet.
pub(super) struct NewSealKey {
    bytes: Zeroizing<[u8; KEY_LEN]>,
    /// For `seal_key.wrapped`.
    pub(super) wrapped: Vec<u8>,
    /// For `seal_key.master_version`.
    pub(super) master_version: i32,
}

impl NewSealKey {
    /// Ready to use under the id that its row got.
    pub(super) fn with_id(&self, id: SealKeyId) -> Result<SealKey, SealError> {
        SealKey::of(id, &self.bytes)
    }
}

/// The keys of this process.
pub(super) struct Keyring {
    wrap: LessSafeKey,
    lookup: Lookup,
    /// The audit log's chain.
    audit: hmac::Key,
    cache: parking_lot::RwLock<Cache>,
}

#[derive(Default)]
struct Cache {
    by_owner: HashMap<Owner, Arc<SealKey>>,
    by_account: HashMap<AccountId, Arc<SealKey>>,
}

impl Keyring {
    /// Derives the keys and proves that they are the database's; the first process binds the database to
    /// its key.
    pub(super) async fn prove(pool: &PgPool, master: MasterKey) -> Result<Self, StoreError> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"postern master key").extract(master.0.as_ref());
        drop(master);
        let keys = Self {
            wrap: seal::derive_aead(&prk, b"wrap seal keys v1")?,
            lookup: Lookup::of(&prk)?,
            audit: hmac::Key::from(
                prk.expand(&[b"audit chain v1"], hkdf::HKDF_SHA256.hmac_algorithm())
                    .map_err(|_| KeyError::Random)?,
            ),
            cache: parking_lot::RwLock::default(),
        };
        let check = seal::derive_aead(&prk, b"master key check v1")?;
        let mut found = bound_proof(pool).await?;
        if found.is_none() {
            // Only to a database that has nothing sealed yet, and only if no other process was first.
            let proof = seal::seal_random(&check, b"master key check", PROOF)?;
            sqlx::query!(
                "insert into master_key_check (version, proof)
                 select $1, $2 where not exists (select from seal_key)
                 on conflict do nothing",
                MASTER_VERSION,
                proof
            )
            .execute(pool)
            .await?;
            found = bound_proof(pool).await?;
        }
        let (version, proof) = found.ok_or(KeyError::Wrong)?;
        if version != MASTER_VERSION {
            return Err(KeyError::Version(version).into());
        }
        match seal::open_random(&check, b"master key check", &proof, "the master key check") {
            Ok(plain) if plain == PROOF => Ok(keys),
            _ => Err(KeyError::Wrong.into()),
        }
    }

    pub(super) fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    /// Seals the audit log's chain.
    pub(super) fn audit(&self) -> &hmac::Key {
        &self.audit
    }

    /// Makes a key for an owner whose row is about to be written.
    pub(super) fn new_seal_key(&self, owner: Owner) -> Result<NewSealKey, SealError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        rand::fill(bytes.as_mut()).map_err(|_| SealError::Seal)?;
        let wrapped = seal::seal_random(&self.wrap, &owner.aad(MASTER_VERSION), bytes.as_ref())?;
        Ok(NewSealKey { bytes, wrapped, master_version: MASTER_VERSION })
    }

    /// Unwraps a row of `seal_key`, or finds it unwrapped already.
    pub(super) fn adopt(
        &self,
        account: AccountId,
        owner: Owner,
        id: SealKeyId,
        master_version: i32,
        wrapped: &[u8],
    ) -> Result<Arc<SealKey>, StoreError> {
        if let Some(key) = self.cached(account) {
            return Ok(key);
        }
        let known = self.cache.read().by_owner.get(&owner).cloned();
        let key = match known {
            Some(key) => key,
            None => self.open(owner, id, master_version, wrapped)?,
        };
        let mut cache = self.cache.write();
        let key = cache.by_owner.entry(owner).or_insert(key).clone();
        cache.by_account.insert(account, key.clone());
        Ok(key)
    }

    /// Unwraps a row of `seal_key` without remembering it.
    pub(super) fn open(
        &self,
        owner: Owner,
        id: SealKeyId,
        master_version: i32,
        wrapped: &[u8],
    ) -> Result<Arc<SealKey>, StoreError> {
        if master_version != MASTER_VERSION {
            return Err(KeyError::Version(master_version).into());
        }
        let bytes = seal::open_key(&self.wrap, &owner.aad(master_version), wrapped, "a seal key")?;
        Ok(Arc::new(SealKey::of(id, &bytes)?))
    }

    fn cached(&self, account: AccountId) -> Option<Arc<SealKey>> {
        self.cache.read().by_account.get(&account).cloned()
    }
}

async fn bound_proof(pool: &PgPool) -> Result<Option<(i32, Vec<u8>)>, StoreError> {
    let row = sqlx::query!("select version, proof from master_key_check order by version desc limit 1")
        .fetch_optional(pool)
        .await?;
    Ok(row.map(|r| (r.version, r.proof)))
}

/// Whether a master key has been bound to the database.
pub(super) async fn is_bound(conn: &mut PgConnection) -> Result<bool, StoreError> {
    let exists = sqlx::query_scalar!("select to_regclass('master_key_check') is not null as \"exists!\"")
        .fetch_one(&mut *conn)
        .await?;
    if !exists {
        return Ok(false);
    }
    let bound = sqlx::query_scalar!("select exists (select from master_key_check) as \"bound!\"")
        .fetch_one(&mut *conn)
        .await?;
    Ok(bound)
}

impl Store {
    /// The key that an account's mail and names are sealed with; one statement the first time, then none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for an account that has none, which cannot be.
    pub async fn seal_key(&self, account: AccountId) -> Result<Arc<SealKey>, StoreError> {
        if let Some(key) = self.0.keys.cached(account) {
            return Ok(key);
        }
        let mut conn = self.0.pool.acquire().await?;
        self.seal_key_in(&mut conn, account).await
    }

    /// As [`seal_key`](Self::seal_key), inside the caller's transaction, which may have made the account.
    pub(super) async fn seal_key_in(
        &self,
        conn: &mut PgConnection,
        account: AccountId,
    ) -> Result<Arc<SealKey>, StoreError> {
        if let Some(key) = self.0.keys.cached(account) {
            return Ok(key);
        }
        let row = sqlx::query!(
            r#"select a.practice_id, k.id as seal_key_id, k.master_version, k.wrapped
                 from account a
                 left join seal_key kp on kp.practice_id = a.practice_id
                 left join seal_key ka on ka.account_id = a.id and a.practice_id is null
                 join seal_key k on k.id = coalesce(kp.id, ka.id)
                where a.id = $1"#,
            account.0
        )
        .fetch_optional(conn)
        .await?
        .ok_or(StoreError::Corrupt("seal_key"))?;
        let owner = Owner::of(account, row.practice_id.map(PracticeId));
        self.0.keys.adopt(account, owner, SealKeyId(row.seal_key_id), row.master_version, &row.wrapped)
    }
}
