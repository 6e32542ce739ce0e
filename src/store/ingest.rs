//! A message on its way in: read once, scanned, and kept until somebody says what becomes of it.
//!
//! Invariants: up to [`MEMORY_MAX`] bytes stay in memory and cost no statement; beyond that whole chunks
//! are sealed and staged as they fill. While one statement stages them the next ones are received and wait for
//! it, so that a message of any size holds at most three quarters of a MiB here: what is received, what is being
//! staged, and that statement.
//! Staged chunks belong to nobody: the transaction that stores the message claims them, and the sweeper
//! removes those that were not claimed in time. Staging commits without waiting for the disk; the
//! commit that claims them waits for all of it.

use std::ops::Range;

use bytes::Bytes;
use sqlx::Connection as _;
use tokio::task::JoinHandle;
use uuid::{NoContext, Timestamp, Uuid};

use super::bodies::{CHUNK_SIZE, Chunks, chunk_count};
use super::mail_error::MailError;
use super::{BodyShape, DataKey, SEAL_VERSION, Store, StoreError};
use crate::mime::{Limits, Scan, Scanner};
use crate::types::BodyId;

/// Bytes of a message that stays in memory.
pub const MEMORY_MAX: usize = 2 * CHUNK_SIZE as usize;

/// A message being received.
pub struct Ingest {
    store: Store,
    body: BodyId,
    key: DataKey,
    scanner: Scanner,
    size: u64,
    /// What no chunk holds yet.
    held: Vec<u8>,
    /// Chunks staged so far.
    chunks: u32,
    staged: Option<Staged>,
}

/// A message received in full.
pub struct Ingested {
    /// The identity it will have.
    pub body: BodyId,
    /// RFC822.SIZE in bytes.
    pub size: u64,
    /// What the one pass found.
    pub scan: Scan,
    /// `None`: it is staged.
    memory: Option<Bytes>,
    staged: Option<Staged>,
    chunks: Chunks,
}

/// Staged chunks that nobody has claimed. Dropped, they are removed in the background: a client that
/// breaks off fills no disk. What is lost on the way is the sweeper's.
pub(super) struct Staged {
    store: Store,
    body: BodyId,
    claimed: bool,
    /// The statement that stages the last chunks; it runs to its end by itself.
    running: Option<JoinHandle<Result<bool, StoreError>>>,
}

impl Staged {
    /// They belong to a message now.
    pub(super) fn claimed(&mut self) {
        self.claimed = true;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.claimed {
            return;
        }
        let (store, body, running) = (self.store.clone(), self.body, self.running.take());
        // Without a runtime the process is ending.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            // What it stages after this would be left to the sweeper. How it ends matters to nobody any more.
            if let Some(running) = running {
                let _ended = running.await;
            }
            if let Err(error) = store.remove_staged(body).await {
                tracing::debug!(%error, "staged chunks are left to the sweeper");
            }
        });
    }
}

/// What a row of `message` and its chunks need, sealed.
pub(super) struct SealedBody {
    pub(super) shape: BodyShape,
    pub(super) chunks: u32,
    pub(super) seal_version: i16,
    pub(super) facts: Vec<u8>,
    /// `None`: they are staged.
    pub(super) data: Option<Vec<Vec<u8>>>,
}

impl Store {
    /// Begins a message. No statement.
    ///
    /// # Errors
    /// [`StoreError::Seal`] without random numbers for its key.
    pub fn ingest(&self, limits: Limits) -> Result<Ingest, StoreError> {
        let now = self.0.clock.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        let id = Uuid::new_v7(Timestamp::from_unix(NoContext, now.as_secs(), now.subsec_nanos()));
        Ok(Ingest {
            store: self.clone(),
            body: BodyId(id),
            key: DataKey::random()?,
            scanner: Scanner::new(limits),
            size: 0,
            held: Vec::new(),
            chunks: 0,
            staged: None,
        })
    }

    /// Removes staged chunks that were not claimed.
    async fn remove_staged(&self, body: BodyId) -> Result<(), StoreError> {
        sqlx::query!(
            "with owner as (delete from staged where message_id = $1 returning message_id)
             delete from body_chunk c using owner o where c.message_id = o.message_id",
            body.0
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// Stages sealed chunks `first..` of a message; `false` when the sweeper took the ones before.
    async fn stage(self, body: BodyId, first: u32, data: Vec<Vec<u8>>) -> Result<bool, StoreError> {
        let idx: Vec<i32> = (first..).take(data.len()).map(u32::cast_signed).collect();
        let mut conn = self.0.pool.warm().await?;
        let done = if first == 0 {
            sqlx::query!(
                "with relaxed as materialized (select set_config('synchronous_commit', 'off', true)),
                      owner as (insert into staged (message_id) select $1 from relaxed returning message_id)
                 insert into body_chunk (message_id, idx, data)
                 select o.message_id, c.idx, c.data
                   from owner o, unnest($2::integer[], $3::bytea[]) c(idx, data)",
                body.0,
                &idx,
                &data
            )
            .execute(&mut *conn)
            .await?
        } else {
            sqlx::query!(
                "with relaxed as materialized (select set_config('synchronous_commit', 'off', true)),
                      owner as (update staged set touched_at = now() from relaxed
                                 where message_id = $1 returning message_id)
                 insert into body_chunk (message_id, idx, data)
                 select o.message_id, c.idx, c.data
                   from owner o, unnest($2::integer[], $3::bytea[]) c(idx, data)",
                body.0,
                &idx,
                &data
            )
            .execute(&mut *conn)
            .await?
        };
        // Each connection of the pool would keep what the largest statement took.
        conn.shrink_buffers();
        self.0.pool.done(conn);
        Ok(done.rows_affected() == data.len() as u64)
    }
}

impl Ingest {
    /// Takes the next bytes, in the form they will be stored (CRLF lines); any split will do. Returns
    /// when there is room for more: 1 statement each quarter MiB, none for a small message.
    ///
    /// # Errors
    /// [`MailError::StagedGone`] when the last bytes came too long ago.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), MailError> {
        self.scanner.feed(bytes);
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.held.len() == MEMORY_MAX {
                self.flush().await?;
            }
            let room = (MEMORY_MAX - self.held.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.held.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// How many bytes came so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Seals what is held and begins to stage it, once what was begun before is done; all but the message's last
    /// chunk must be full.
    async fn flush(&mut self) -> Result<(), MailError> {
        self.settle().await?;
        let sealed = seal_chunks(&self.key, self.body, self.chunks, &self.held)?;
        let (store, body, first) = (&self.store, self.body, self.chunks);
        // Should the statement fail, everything after it fails too: nothing is staged behind a hole.
        self.chunks += sealed.len() as u32;
        self.held.clear();
        // It exists before the first statement: even one whose answer never comes may have left something behind.
        let staged = self.staged.get_or_insert_with(|| Staged {
            store: store.clone(),
            body,
            claimed: false,
            running: None,
        });
        staged.running = Some(tokio::spawn(store.clone().stage(body, first, sealed)));
        Ok(())
    }

    /// Waits for the statement under way. Whoever stops waiting leaves it to [`Staged`].
    async fn settle(&mut self) -> Result<(), MailError> {
        let Some(staged) = &mut self.staged else { return Ok(()) };
        let Some(running) = &mut staged.running else { return Ok(()) };
        let ended = running.await;
        staged.running = None;
        match ended {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(MailError::StagedGone),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(StoreError::Database(sqlx::Error::WorkerCrashed).into()),
        }
    }

    /// The message is complete, and nothing of its bytes stays in memory: for many that wait for each
    /// other. At most 1 statement.
    ///
    /// # Errors
    /// As [`Ingest::push`].
    pub async fn finish_staged(mut self) -> Result<Ingested, MailError> {
        if self.staged.is_none() {
            self.flush().await?;
        }
        self.finish().await
    }

    /// The message is complete: at most 1 statement.
    ///
    /// # Errors
    /// As [`Ingest::push`].
    pub async fn finish(mut self) -> Result<Ingested, MailError> {
        if self.staged.is_some() && !self.held.is_empty() {
            self.flush().await?;
        }
        self.settle().await?;
        let shape = BodyShape { id: self.body, size: self.size, chunk_size: CHUNK_SIZE };
        let memory = self.staged.is_none().then(|| {
            self.held.shrink_to_fit();
            Bytes::from(self.held)
        });
        Ok(Ingested {
            body: self.body,
            size: self.size,
            scan: self.scanner.finish(),
            memory,
            staged: self.staged,
            chunks: Chunks::new(self.store, shape, self.key),
        })
    }
}

impl Ingested {
    /// The bytes of `range`, cut at the end of the message. No statement for a message in memory, and
    /// none within the chunk read last.
    pub async fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        match &self.memory {
            Some(all) => {
                let end = range.end.min(self.size);
                Ok(all.slice(range.start.min(end) as usize..end as usize))
            }
            None => self.chunks.read(range).await,
        }
    }

    /// Nothing will come of it: staged bytes are gone when this returns, not soon after as when it is
    /// dropped. At most 1 statement.
    pub async fn discard(mut self) -> Result<(), StoreError> {
        let Some(mut staged) = self.staged.take() else { return Ok(()) };
        staged.store.remove_staged(self.body).await?;
        staged.claimed();
        Ok(())
    }

    /// The staged chunks; whoever takes them says when they are claimed.
    pub(super) fn take_staged(&mut self) -> Option<Staged> {
        self.staged.take()
    }

    pub(super) fn key(&self) -> &DataKey {
        self.chunks.key()
    }

    pub(super) fn shape(&self) -> BodyShape {
        self.chunks.shape()
    }

    /// Seals what is not sealed yet.
    pub(super) fn seal(&self) -> Result<SealedBody, StoreError> {
        let shape = self.shape();
        let data = match &self.memory {
            Some(all) => Some(seal_chunks(self.key(), self.body, 0, all)?),
            None => None,
        };
        Ok(SealedBody {
            shape,
            chunks: chunk_count(shape),
            seal_version: SEAL_VERSION,
            facts: self.key().seal_facts(self.body, &self.scan.facts.encode())?,
            data,
        })
    }
}

impl std::fmt::Debug for Ingested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ingested({} bytes)", self.size)
    }
}

/// Chunks from `first` on; an empty message has one, empty.
fn seal_chunks(key: &DataKey, body: BodyId, first: u32, plain: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
    if plain.is_empty() {
        return Ok(vec![key.seal_chunk(body, first, plain)?]);
    }
    (first..)
        .zip(plain.chunks(CHUNK_SIZE as usize))
        .map(|(idx, chunk)| Ok(key.seal_chunk(body, idx, chunk)?))
        .collect()
}
