//! Looking at everything that is stored, and naming all that is damaged.
//!
//! Invariants: only reads, but for the note of how far it has come, so that it may be interrupted and go
//! on; a batch of messages is one snapshot, so that what others write or sweep meanwhile is no damage; it
//! does not stop at the first fault. Faults name ids and columns, never content. Memory is bounded by a
//! batch of [`BYTES`] and one run of chunks.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::PgConnection;
use uuid::Uuid;

use super::bodies::{chunk_count, shape};
use super::keys::Owner;
use super::{BodyShape, DataKey, SEAL_VERSION, SealKey, Store, StoreError};
use crate::mime::FactsRef;
use crate::types::{AccountId, BodyId, PracticeId, SealKeyId};

/// Messages of a batch, at most.
const MESSAGES: i64 = 100;
/// Bytes of message data of a batch; a larger message is one by itself.
const BYTES: u64 = 4 * 1024 * 1024;
/// Chunks read together.
const CHUNKS: u32 = 16;
/// Faults that are remembered of one verification.
const FAULTS: usize = 1000;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which row: `message …`, `account 3, mailbox 12`.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// A verification on its way.
pub struct Verification {
    account: Option<AccountId>,
    upto: Option<Uuid>,
    /// Messages looked at, those of a former run that was interrupted included.
    pub checked: u64,
    /// Messages in all, about.
    pub total: u64,
    /// What was found so far, in words.
    pub faults: Vec<String>,
    /// Whether it goes on with one that was interrupted.
    pub resumed: bool,
    keys: HashMap<SealKeyId, Option<Arc<SealKey>>>,
}

/// A message as the batch has it.
struct Stored {
    id: Uuid,
    size: i64,
    chunk_size: i32,
    chunks: i32,
    seal_version: i16,
    facts: Vec<u8>,
    key_ids: Vec<i64>,
    wrapped: Vec<Vec<u8>>,
}

impl Verification {
    fn scope(&self) -> i64 {
        self.account.map_or(0, |a| a.0)
    }

    fn fault(&mut self, place: String, what: impl std::fmt::Display) {
        if self.faults.len() < FAULTS {
            let what = what.to_string();
            self.faults.push(Fault { place, what }.to_string());
        }
    }
}

impl Store {
    /// Begins to verify, or goes on where one was interrupted.
    pub async fn verify_begin(
        &self,
        account: Option<AccountId>,
        from: VerifyFrom,
    ) -> Result<Verification, StoreError> {
        let scope = account.map_or(0, |a| a.0);
        if from == VerifyFrom::Start {
            sqlx::query!("delete from verify_run where scope = $1", scope).execute(&self.0.pool).await?;
        }
        let former = sqlx::query!("select upto, checked, faults from verify_run where scope = $1", scope)
            .fetch_optional(&self.0.pool)
            .await?;
        let total = sqlx::query_scalar!(
            r#"select case when $1::bigint is null then (select count(*) from message)
                           else (select count(distinct e.message_id) from mailbox_message e
                                  where e.account_id = $1) end as "total!""#,
            account.map(|a| a.0)
        )
        .fetch_one(&self.0.pool)
        .await?;
        let resumed = former.is_some();
        let (upto, checked, faults) = former.map_or((None, 0, Vec::new()), |f| (f.upto, f.checked, f.faults));
        let mut verification = Verification {
            account,
            upto,
            checked: checked.cast_unsigned(),
            total: total.cast_unsigned(),
            faults,
            resumed,
            keys: HashMap::new(),
        };
        if !resumed {
            sqlx::query!("insert into verify_run (scope) values ($1) on conflict do nothing", scope)
                .execute(&self.0.pool)
                .await?;
        }
        self.verify_seal_keys(&mut verification).await?;
        Ok(verification)
    }

    /// All seal keys open with the master key.
    async fn verify_seal_keys(&self, run: &mut Verification) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            "select id, practice_id, account_id, master_version, wrapped from seal_key order by id"
        )
        .fetch_all(&self.0.pool)
        .await?;
        for row in rows {
            let owner = match (row.practice_id, row.account_id) {
                (Some(p), _) => Owner::Practice(PracticeId(p)),
                (None, a) => Owner::Account(AccountId(a.unwrap_or(0))),
            };
            let id = SealKeyId(row.id);
            match self.0.keys.open(owner, id, row.master_version, &row.wrapped) {
                Ok(key) => {
                    run.keys.insert(id, Some(key));
                }
                Err(error) => {
                    run.keys.insert(id, None);
                    let place = format!("seal_key {}", row.id);
                    if !run.faults.iter().any(|f| f.starts_with(&place)) {
                        run.fault(place, error);
                    }
                }
            }
        }
        Ok(())
    }

    /// Looks at the next messages; `false`: there are no more.
    ///
    /// # Errors
    /// [`StoreError::Database`]; damage is no error but a fault.
    pub async fn verify_messages(&self, run: &mut Verification) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
        let sizes = sqlx::query!(
            "select m.id, m.size from message m
              where ($1::uuid is null or m.id > $1)
                and ($2::bigint is null or exists (select from mailbox_message e
                                                    where e.message_id = m.id and e.account_id = $2)
                                        or exists (select from expunged e
                                                    where e.message_id = m.id and e.account_id = $2))
              order by m.id limit $3",
            run.upto,
            run.account.map(|a| a.0),
            MESSAGES
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut bytes = 0;
        let ids: Vec<Uuid> = sizes
            .iter()
            .take_while(|row| {
                let first = bytes == 0;
                bytes += row.size.max(1).cast_unsigned();
                first || bytes <= BYTES
            })
            .map(|row| row.id)
            .collect();
        let Some(last) = ids.last().copied() else { return Ok(false) };
        let rows = sqlx::query_as!(
            Stored,
            r#"select m.id, m.size, m.chunk_size, m.chunks, m.seal_version, m.facts,
                      array(select k.seal_key_id from message_key k where k.message_id = m.id
                             order by k.seal_key_id) as "key_ids!",
                      array(select k.wrapped from message_key k where k.message_id = m.id
                             order by k.seal_key_id) as "wrapped!"
                 from message m where m.id = any($1) order by m.id"#,
            &ids
        )
        .fetch_all(&mut *tx)
        .await?;
        // Small ones together: their chunks come with one statement.
        let few = rows.iter().map(chunk_count_of).sum::<u32>() <= 2 * CHUNKS + rows.len() as u32;
        let mut chunks = if few { chunks_of(&mut tx, &ids).await? } else { HashMap::new() };
        for row in rows {
            let ready = few.then(|| chunks.remove(&row.id).unwrap_or_default());
            self.verify_message(&mut tx, run, row, ready).await?;
            run.checked += 1;
        }
        drop(tx);
        run.upto = Some(last);
        sqlx::query!(
            "update verify_run set upto = $2, checked = $3, faults = $4, touched_at = now() where scope = $1",
            run.scope(),
            last,
            run.checked.cast_signed(),
            &run.faults
        )
        .execute(&self.0.pool)
        .await?;
        Ok(true)
    }

    async fn verify_message(
        &self,
        tx: &mut PgConnection,
        run: &mut Verification,
        row: Stored,
        ready: Option<Vec<(i32, Vec<u8>)>>,
    ) -> Result<(), StoreError> {
        let place = || format!("message {}", row.id);
        if row.seal_version != SEAL_VERSION {
            run.fault(place(), "sealed in a way this version does not know");
            return Ok(());
        }
        let shape = match shape(BodyId(row.id), row.size, row.chunk_size) {
            Ok(shape) => shape,
            Err(error) => {
                run.fault(place(), error);
                return Ok(());
            }
        };
        let mut key = None;
        for (id, wrapped) in row.key_ids.iter().zip(&row.wrapped) {
            match run.keys.get(&SealKeyId(*id)) {
                // A practice that was erased, or one whose key is damaged and was named.
                None | Some(None) => {}
                Some(Some(seal)) => match seal.clone().unwrap(wrapped, shape) {
                    Ok(opened) => key = Some(opened),
                    Err(error) => run.fault(format!("{}, key {id}", place()), error),
                },
            }
        }
        if row.key_ids.is_empty() {
            run.fault(place(), "nobody has a key for it");
        }
        if row.chunks.cast_unsigned() != chunk_count(shape) {
            run.fault(place(), "its number of chunks is not that of its size");
        }
        let Some(key) = key else { return Ok(()) };
        match key.open_facts(shape.id, row.facts) {
            Err(error) => run.fault(place(), error),
            Ok(facts) => match FactsRef::parse(&facts) {
                Err(error) => run.fault(place(), format!("its facts: {error}")),
                Ok(facts) if facts.size != shape.size => {
                    run.fault(place(), "its facts tell another size");
                }
                Ok(_) => {}
            },
        }
        if let Some(chunks) = ready {
            look(run, &key, shape, 0..chunk_count(shape), chunks);
            return Ok(());
        }
        for first in (0..chunk_count(shape)).step_by(CHUNKS as usize) {
            let upto = chunk_count(shape).min(first + CHUNKS);
            let rows = sqlx::query!(
                "select idx, data from body_chunk
                  where message_id = $1 and idx >= $2 and idx < $3 order by idx",
                row.id,
                first.cast_signed(),
                upto.cast_signed()
            )
            .fetch_all(&mut *tx)
            .await?;
            let chunks = rows.into_iter().map(|r| (r.idx, r.data)).collect();
            look(run, &key, shape, first..upto, chunks);
        }
        let more = sqlx::query_scalar!(
            r#"select count(*) as "more!" from body_chunk
                where message_id = $1 and (idx < 0 or idx >= $2)"#,
            row.id,
            chunk_count(shape).cast_signed()
        )
        .fetch_one(&mut *tx)
        .await?;
        if more > 0 {
            run.fault(place(), "it has more chunks than it should");
        }
        Ok(())
    }

    /// It is over: what was found. The next verification begins at the start.
    pub async fn verify_end(&self, run: Verification) -> Result<Vec<String>, StoreError> {
        sqlx::query!("delete from verify_run where scope = $1", run.scope()).execute(&self.0.pool).await?;
        Ok(run.faults)
    }
}

/// Where a verification begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyFrom {
    /// Where one was interrupted, else at the start.
    WhereItStopped,
    /// At the start.
    Start,
}

fn chunk_count_of(row: &Stored) -> u32 {
    shape(BodyId(row.id), row.size, row.chunk_size).map_or(0, chunk_count)
}

async fn chunks_of(
    tx: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<(i32, Vec<u8>)>>, StoreError> {
    let rows = sqlx::query!(
        "select message_id, idx, data from body_chunk where message_id = any($1) order by message_id, idx",
        ids
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut chunks: HashMap<Uuid, Vec<_>> = HashMap::new();
    for row in rows {
        chunks.entry(row.message_id).or_default().push((row.idx, row.data));
    }
    Ok(chunks)
}

/// Whether these are the chunks of the range, each whole.
fn look(
    run: &mut Verification,
    key: &DataKey,
    shape: BodyShape,
    range: std::ops::Range<u32>,
    chunks: Vec<(i32, Vec<u8>)>,
) {
    let place = |idx: u32| format!("message {}, chunk {idx}", shape.id.0);
    let mut chunks = chunks.into_iter().peekable();
    for idx in range.clone() {
        let Some((_, sealed)) = chunks.next_if(|(n, _)| *n == idx.cast_signed()) else {
            run.fault(place(idx), "missing");
            continue;
        };
        let start = u64::from(idx) * u64::from(shape.chunk_size);
        let expected = shape.size.saturating_sub(start).min(u64::from(shape.chunk_size));
        match key.open_chunk(shape.id, idx, sealed) {
            Ok(plain) if plain.len() as u64 == expected => {}
            Ok(_) => run.fault(place(idx), "of another length than it should be"),
            Err(error) => run.fault(place(idx), error),
        }
    }
    if chunks.next().is_some() {
        run.fault(format!("message {}", shape.id.0), "it has more chunks than it should");
    }
}
