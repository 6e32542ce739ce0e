//! What is derived from the master key, and the seal keys it unwraps.
//!
//! Invariants: the master key ([`super::master_key`]) is never in the database; before a process seals, opens
//! or writes anything, `master_key_check` has shown that its key is the database's own. Seal keys are made together with their practice (or with an account
//! without one), wrapped by the master key whose version stands beside them, and cached unwrapped.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::{hkdf, hmac, rand};
use sqlx::postgres::PgConnection;
use zeroize::Zeroizing;

use super::aead::Aead;
use super::connections::Connections;
use super::lookup::{HashKeys, Lookup};
use super::master_key::{MasterKey, Source};
use super::seal::{self, KEY_LEN, SealError, SealKey};
use super::{Store, StoreError};
use crate::types::{AccountId, PracticeId, SealKeyId};

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
    /// The database's keys were wrapped by a version of the master key that is not at hand.
    #[error(
        "the database uses version {0} of the master key, which is not in the key file; nothing was changed: put the file with that version in place"
    )]
    Version(i32),
    /// The program that prints the key did not.
    #[error("the program that tells the master key: {0}")]
    Command(String),
    /// The system's random numbers failed.
    #[error("the system gave no random numbers")]
    Random,
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
    wraps: parking_lot::RwLock<Wraps>,
    source: Source,
    hashes: HashKeys,
    lookup: Lookup,
    /// The audit log's chain.
    audit: hmac::Key,
    cache: parking_lot::RwLock<Cache>,
}

/// What wraps seal keys: one for each version of the master key that is at hand.
struct Wraps {
    by_version: BTreeMap<i32, Master>,
    /// The version that new seal keys are wrapped with: the database's newest.
    current: i32,
}

struct Master {
    wrap: Aead,
    check: Aead,
    prk: hkdf::Prk,
}

impl Master {
    fn of(bytes: &[u8; KEY_LEN]) -> Result<Self, SealError> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"postern master key").extract(bytes);
        Ok(Self {
            wrap: seal::derive_aead(&prk, b"wrap seal keys v1")?,
            check: seal::derive_aead(&prk, b"master key check v1")?,
            prk,
        })
    }

    fn all(master: &MasterKey) -> Result<BTreeMap<i32, Self>, SealError> {
        let of = |version| Some((version, Self::of(master.version(version)?)));
        master.versions().filter_map(of).map(|(v, m)| Ok((v, m?))).collect()
    }

    fn proof(&self) -> Result<Vec<u8>, SealError> {
        seal::seal_random(&self.check, b"master key check", PROOF)
    }

    fn proves(&self, proof: &[u8]) -> bool {
        seal::open_random(&self.check, b"master key check", proof, "the master key check")
            .is_ok_and(|plain| plain == PROOF)
    }
}

#[derive(Default)]
struct Cache {
    by_owner: HashMap<Owner, Arc<SealKey>>,
    by_account: HashMap<AccountId, Arc<SealKey>>,
}

impl Keyring {
    /// Derives the keys and proves that they are the database's; the first process binds the database to
    /// its key.
    pub(super) async fn prove(pool: &Connections, master: MasterKey) -> Result<Self, StoreError> {
        let by_version = Master::all(&master)?;
        let (newest, source) = (master.newest(), master.source.clone());
        drop(master);
        let mut found = bound(pool).await?;
        if found.is_none() {
            // Only to a database that has nothing sealed yet, and only if no other process was first.
            let proof = by_version.get(&newest).ok_or(KeyError::Wrong)?.proof()?;
            sqlx::query!(
                "insert into master_key_check (version, proof)
                 select $1, $2 where not exists (select from seal_key) and not exists (select from master_key_check)
                 on conflict do nothing",
                newest,
                proof
            )
            .execute(pool)
            .await?;
            found = bound(pool).await?;
        }
        let Bound { version, proof, carried } = found.ok_or(KeyError::Wrong)?;
        let master = by_version.get(&version).ok_or(KeyError::Version(version))?;
        if !master.proves(&proof) {
            return Err(KeyError::Wrong.into());
        }
        let mut hashes = HashKeys::open(master.prk.clone(), version, carried.as_deref())?;
        Ok(Self {
            lookup: Lookup::of(&mut hashes)?,
            audit: hashes.key(b"audit chain v1")?,
            hashes,
            wraps: parking_lot::RwLock::new(Wraps { by_version, current: version }),
            source,
            cache: parking_lot::RwLock::default(),
        })
    }

    /// Takes over what the key's file, or program, has got meanwhile. Blocks.
    pub(super) fn read_again(&self) -> Result<(), StoreError> {
        let Some(master) = self.source.read()? else { return Ok(()) };
        let mut fresh = Master::all(&master)?;
        let mut wraps = self.wraps.write();
        fresh.retain(|version, _| !wraps.by_version.contains_key(version));
        wraps.by_version.append(&mut fresh);
        Ok(())
    }

    /// The database has a newer version: new seal keys are wrapped with it from now on.
    ///
    /// # Errors
    /// [`KeyError::Version`] when it is not at hand, [`KeyError::Wrong`] when it is another one.
    pub(super) fn take_over(&self, bound: &Bound) -> Result<(), StoreError> {
        if self.current() >= bound.version {
            return Ok(());
        }
        if !self.wraps.read().by_version.contains_key(&bound.version) {
            self.read_again()?;
        }
        let mut wraps = self.wraps.write();
        let master = wraps.by_version.get(&bound.version).ok_or(KeyError::Version(bound.version))?;
        if !master.proves(&bound.proof) {
            return Err(KeyError::Wrong.into());
        }
        wraps.current = bound.version;
        Ok(())
    }

    /// The version that new seal keys are wrapped with.
    pub(super) fn current(&self) -> i32 {
        self.wraps.read().current
    }

    /// Versions that are at hand.
    pub(super) fn at_hand(&self) -> Vec<i32> {
        self.wraps.read().by_version.keys().copied().collect()
    }

    /// What binds the database to a version: its proof, and the keys of lookups sealed with it.
    pub(super) fn binding(&self, version: i32) -> Result<Bound, StoreError> {
        let wraps = self.wraps.read();
        let master = wraps.by_version.get(&version).ok_or(KeyError::Version(version))?;
        let carried = self.hashes.sealed_with(&master.prk, version)?;
        Ok(Bound { version, proof: master.proof()?, carried: Some(carried) })
    }

    /// A seal key's row, wrapped anew with the current version.
    pub(super) fn wrap_again(
        &self,
        owner: Owner,
        version: i32,
        wrapped: &[u8],
    ) -> Result<(i32, Vec<u8>), StoreError> {
        let bytes = self.unwrap(owner, version, wrapped)?;
        let wraps = self.wraps.read();
        let current = wraps.current;
        let master = wraps.by_version.get(&current).ok_or(KeyError::Version(current))?;
        Ok((current, seal::seal_random(&master.wrap, &owner.aad(current), bytes.as_ref())?))
    }

    fn unwrap(
        &self,
        owner: Owner,
        version: i32,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_LEN]>, StoreError> {
        let known = self.wraps.read().by_version.contains_key(&version);
        if !known {
            self.read_again()?;
        }
        let wraps = self.wraps.read();
        let master = wraps.by_version.get(&version).ok_or(KeyError::Version(version))?;
        Ok(seal::open_key(&master.wrap, &owner.aad(version), wrapped, "a seal key")?)
    }

    /// Practices whose seal keys are remembered.
    pub(super) fn remembered(&self) -> Vec<i64> {
        let owners = &self.cache.read().by_owner;
        owners.keys().filter_map(|o| if let Owner::Practice(p) = o { Some(p.0) } else { None }).collect()
    }

    /// Forgets a practice's seal key: it was erased. Which it was, if it was known.
    pub(super) fn forget(&self, practice: PracticeId) -> Option<SealKeyId> {
        let mut cache = self.cache.write();
        let gone = cache.by_owner.remove(&Owner::Practice(practice))?;
        cache.by_account.retain(|_, key| key.id != gone.id);
        Some(gone.id)
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
        let wraps = self.wraps.read();
        let current = wraps.current;
        let master = wraps.by_version.get(&current).ok_or(SealError::Seal)?;
        let wrapped = seal::seal_random(&master.wrap, &owner.aad(current), bytes.as_ref())?;
        Ok(NewSealKey { bytes, wrapped, master_version: current })
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
        let bytes = self.unwrap(owner, master_version, wrapped)?;
        Ok(Arc::new(SealKey::of(id, &bytes)?))
    }

    fn cached(&self, account: AccountId) -> Option<Arc<SealKey>> {
        self.cache.read().by_account.get(&account).cloned()
    }
}

/// A row of `master_key_check`.
pub(super) struct Bound {
    pub(super) version: i32,
    pub(super) proof: Vec<u8>,
    /// The keys of lookups, sealed; none with the first version, which they were derived from.
    pub(super) carried: Option<Vec<u8>>,
}

/// The newest of them.
pub(super) async fn bound(pool: &Connections) -> Result<Option<Bound>, StoreError> {
    let row = sqlx::query_as!(
        Bound,
        "select version, proof, carried from master_key_check order by version desc limit 1"
    )
    .fetch_optional(pool)
    .await?;
    Ok(row)
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
