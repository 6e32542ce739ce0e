//! A new version of the master key, while everything serves.
//!
//! Invariants: the new version is at hand (in the file, from the program) before the database knows of it,
//! so that whoever meets a seal key wrapped with it reads the file again and has it; seal keys are wrapped
//! anew one by one, each only if it is still what was read, so that it may be interrupted and go on, and
//! two may be at it; the keys of lookups are carried over and nothing that is looked up changes.

use std::time::{Duration, SystemTime};

use super::keys::{self, KeyError, Owner};
use super::{Store, StoreError, time_of};
use crate::types::{AccountId, AuditAction, AuditNote, PracticeId, SealKeyId};

/// Between two looks at the database's newest version, and for practices that were erased.
const EVERY: Duration = Duration::from_secs(10);
/// Seal keys wrapped anew between two looks at the progress.
const AT_ONCE: i64 = 50;

/// One version of the master key, as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// Its number.
    pub version: i32,
    /// When the database was bound to it; `None`: it is prepared and not used yet.
    pub since: Option<SystemTime>,
    /// Seal keys wrapped with it.
    pub seal_keys: u64,
    /// Whether it is in the key file.
    pub at_hand: bool,
}

/// A rotation on its way.
#[derive(Debug)]
pub struct Rotation {
    /// The new version.
    pub version: i32,
    /// Whether it was begun before, and goes on.
    pub resumed: bool,
    /// Seal keys that are still to be wrapped anew.
    pub left: u64,
    /// Seal keys that do not open with the version they name: they are left as they are.
    pub damaged: Vec<SealKeyId>,
    /// Seal keys up to here were seen.
    upto: i64,
}

impl Rotation {
    fn begins(version: i32, left: u64) -> Self {
        Self { version, resumed: false, left, damaged: Vec::new(), upto: 0 }
    }

    fn goes_on(version: i32, left: u64) -> Self {
        Self { resumed: true, ..Self::begins(version, left) }
    }
}

impl Store {
    /// The versions of the master key: in the database, in the file, or both.
    pub async fn key_status(&self) -> Result<Vec<KeyStatus>, StoreError> {
        self.0.keys.read_again()?;
        let at_hand = self.0.keys.at_hand();
        let rows = sqlx::query!(
            r#"select c.version, (extract(epoch from c.created_at) * 1000000)::bigint as "since!",
                      (select count(*) from seal_key k where k.master_version = c.version) as "seal_keys!"
                 from master_key_check c order by c.version"#
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut all: Vec<KeyStatus> = rows
            .into_iter()
            .map(|row| KeyStatus {
                version: row.version,
                since: Some(time_of(row.since)),
                seal_keys: row.seal_keys.cast_unsigned(),
                at_hand: at_hand.contains(&row.version),
            })
            .collect();
        for version in at_hand {
            if all.iter().all(|known| known.version != version) {
                all.push(KeyStatus { version, since: None, seal_keys: 0, at_hand: true });
            }
        }
        all.sort_unstable_by_key(|known| known.version);
        Ok(all)
    }

    /// Binds the database to the newest version that is at hand, or goes on with a rotation that was
    /// interrupted. `None`: there is no newer version, and nothing left to wrap.
    ///
    /// # Errors
    /// [`KeyError`] when a version is not at hand.
    pub async fn rotate_begin(&self) -> Result<Option<Rotation>, StoreError> {
        let keys = &self.0.keys;
        keys.read_again()?;
        let bound = keys::bound(&self.0.pool).await?.ok_or(KeyError::Wrong)?;
        keys.take_over(&bound)?;
        let left = self.rotation_left(bound.version).await?;
        if left > 0 {
            return Ok(Some(Rotation::goes_on(bound.version, left)));
        }
        let newest = keys.at_hand().last().copied().unwrap_or(0);
        if newest <= bound.version {
            return Ok(None);
        }
        let new = keys.binding(newest)?;
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query!(
            "insert into master_key_check (version, proof, carried) values ($1, $2, $3) on conflict do nothing",
            new.version,
            new.proof,
            new.carried
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() > 0 {
            let note = AuditNote::done(AuditAction::KeysRotate).object("master-key", new.version);
            self.audit(&mut tx, note).await?;
        }
        tx.commit().await?;
        let bound = keys::bound(&self.0.pool).await?.ok_or(KeyError::Wrong)?;
        keys.take_over(&bound)?;
        let left = self.rotation_left(bound.version).await?;
        Ok(Some(Rotation::begins(bound.version, left)))
    }

    async fn rotation_left(&self, version: i32) -> Result<u64, StoreError> {
        let left = sqlx::query_scalar!(
            r#"select count(*) as "left!" from seal_key where master_version < $1"#,
            version
        )
        .fetch_one(&self.0.pool)
        .await?;
        Ok(left.cast_unsigned())
    }

    /// Wraps the next seal keys anew; `false`: there are no more. One that does not open is left, named in
    /// [`Rotation::damaged`] and by `postern verify`, and in nobody's way.
    ///
    /// # Errors
    /// [`KeyError`] when a version is not at hand.
    pub async fn rotate_some(&self, rotation: &mut Rotation) -> Result<bool, StoreError> {
        let rows = sqlx::query!(
            "select id, practice_id, account_id, master_version, wrapped from seal_key
              where master_version < $1 and id > $3 order by id limit $2",
            rotation.version,
            AT_ONCE,
            rotation.upto
        )
        .fetch_all(&self.0.pool)
        .await?;
        let more = !rows.is_empty();
        for row in rows {
            let owner = match (row.practice_id, row.account_id) {
                (Some(p), _) => Owner::Practice(PracticeId(p)),
                (None, a) => Owner::Account(AccountId(a.unwrap_or(0))),
            };
            rotation.upto = row.id;
            let wrapped = self.0.keys.wrap_again(owner, row.master_version, &row.wrapped);
            if let Err(StoreError::Seal(_)) = wrapped {
                rotation.damaged.push(SealKeyId(row.id));
                continue;
            }
            let (version, wrapped) = wrapped?;
            sqlx::query!(
                "update seal_key set wrapped = $2, master_version = $3
                  where id = $1 and master_version = $4 and wrapped = $5",
                row.id,
                wrapped,
                version,
                row.master_version,
                row.wrapped
            )
            .execute(&self.0.pool)
            .await?;
        }
        rotation.left = self.rotation_left(rotation.version).await?;
        Ok(more)
    }

    /// Does something to the key file, and enters it in the audit log: nothing is done while the database is
    /// away, and nothing entered that was not done. A kill between the two leaves the deed without its entry.
    ///
    /// # Errors
    /// What `act` says; [`StoreError::Database`].
    pub async fn with_key_file<T>(
        &self,
        act: impl FnOnce() -> Result<T, KeyError>,
        note: impl FnOnce(&T) -> AuditNote,
    ) -> Result<T, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done = act()?;
        self.audit(&mut tx, note(&done)).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Whether a version wraps nothing any more: then it may go from the key file.
    pub async fn key_is_unused(&self, version: i32) -> Result<bool, StoreError> {
        let unused = sqlx::query_scalar!(
            r#"select not exists (select from seal_key where master_version = $1)
                  and $1 < (select max(version) from master_key_check) as "unused!""#,
            version
        )
        .fetch_one(&self.0.pool)
        .await?;
        Ok(unused)
    }

    /// What others changed in the keys: a newer version of the master key, practices that were erased; and accounts
    /// that were closed, so that what is in memory of their mail goes.
    pub async fn look_at_keys(&self) -> Result<(), StoreError> {
        if let Some(bound) = keys::bound(&self.0.pool).await? {
            self.0.keys.take_over(&bound)?;
        }
        let opened: Vec<i64> = self.0.opened.accounts().into_iter().map(|account| account.0).collect();
        if !opened.is_empty() {
            let closed = sqlx::query_scalar!(
                "select id from account where id = any($1) and state = 'closed'",
                &opened
            )
            .fetch_all(&self.0.pool)
            .await?;
            for account in closed {
                self.0.opened.forget_account(AccountId(account));
            }
        }
        let remembered = self.0.keys.remembered();
        if remembered.is_empty() {
            return Ok(());
        }
        let gone = sqlx::query_scalar!(
            r#"select p.id as "id!" from unnest($1::bigint[]) p(id)
                where not exists (select from seal_key k where k.practice_id = p.id)"#,
            &remembered
        )
        .fetch_all(&self.0.pool)
        .await?;
        for practice in gone {
            self.forget_practice(PracticeId(practice));
        }
        Ok(())
    }

    /// Looks now and then, until the store is closed.
    pub fn start_key_watch(&self) {
        let weak = std::sync::Arc::downgrade(&self.0);
        self.background(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(inner) = weak.upgrade() else { return };
                if let Err(error) = Self::of(inner).look_at_keys().await {
                    tracing::error!(%error, "the keys cannot be brought up to date; new accounts may be refused");
                }
            }
        });
    }
}
