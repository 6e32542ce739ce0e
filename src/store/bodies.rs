//! Reading message content back: facts in batches, bytes by range.
//!
//! Invariants: only the chunks that a range touches are read; one opened chunk is kept, no more; no
//! connection is held between two reads. Whoever has no copy of a message has no key that opens it. What was opened
//! lately is known ([`super::opened`]) and not asked for again.

use std::ops::Range;

use bytes::Bytes;
use futures_util::StreamExt as _;
use parking_lot::Mutex;
use sqlx::Connection as _;

use super::opened::Known;
use super::ties::all_tied;
use super::{BodyShape, DataKey, Store, StoreError};
use crate::types::{AccountId, BodyId};

/// Bytes of plaintext in each chunk but the last.
pub(super) const CHUNK_SIZE: u32 = 128 * 1024;
/// Sealed bytes of facts after which one statement reads no more.
const FACTS_AT_ONCE: i64 = 1024 * 1024;
/// Chunks read by one statement.
const CHUNKS_AT_ONCE: u32 = 4;

/// The sealed chunks of one message, opened as they are asked for.
pub(super) struct Chunks {
    store: Store,
    shape: BodyShape,
    key: DataKey,
    last: Mutex<Option<(u32, Bytes)>>,
}

impl Chunks {
    pub(super) fn new(store: Store, shape: BodyShape, key: DataKey) -> Self {
        Self { store, shape, key, last: Mutex::new(None) }
    }

    pub(super) fn shape(&self) -> BodyShape {
        self.shape
    }

    pub(super) fn key(&self) -> &DataKey {
        &self.key
    }

    fn open(&self, idx: u32, sealed: Vec<u8>) -> Result<Bytes, StoreError> {
        let plain = self.key.open_chunk(self.shape.id, idx, sealed)?;
        let start = u64::from(idx) * u64::from(self.shape.chunk_size);
        let expected = (self.shape.size - start).min(u64::from(self.shape.chunk_size));
        if plain.len() as u64 != expected {
            return Err(StoreError::Corrupt("body_chunk.data"));
        }
        Ok(plain.into())
    }

    /// A reader that has the first chunk already.
    fn with_first(self, sealed: Vec<u8>) -> Result<BodyReader, StoreError> {
        let first = self.open(0, sealed)?;
        *self.last.lock() = Some((0, first));
        Ok(BodyReader(self))
    }

    /// The bytes of the range, as far as the message reaches.
    pub(super) async fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let end = range.end.min(self.shape.size);
        let start = range.start.min(end);
        if start == end {
            return Ok(Bytes::new());
        }
        let chunk = u64::from(self.shape.chunk_size);
        let (first, last) = ((start / chunk) as u32, ((end - 1) / chunk) as u32);
        let slice = |idx: u32, plain: &Bytes| {
            let base = u64::from(idx) * chunk;
            let lo = start.saturating_sub(base) as usize;
            let hi = (end - base).min(plain.len() as u64) as usize;
            plain.slice(lo..hi)
        };
        let kept = self.last.lock().clone();
        if let Some((_, plain)) = kept.as_ref().filter(|(idx, _)| (first, first) == (*idx, last)) {
            return Ok(slice(first, plain));
        }
        if first == last {
            let mut only = None;
            self.load(first, first, |idx, plain| only = Some(slice(idx, plain))).await?;
            return only.ok_or(StoreError::Corrupt("body_chunk"));
        }
        let mut out = Vec::with_capacity((end - start) as usize);
        let mut next = first;
        if let Some((_, plain)) = kept.filter(|(idx, _)| *idx == first) {
            out.extend_from_slice(&slice(first, &plain));
            next += 1;
        }
        while next <= last {
            let upto = last.min(next + CHUNKS_AT_ONCE - 1);
            self.load(next, upto, |idx, plain| out.extend_from_slice(&slice(idx, plain))).await?;
            next = upto + 1;
        }
        Ok(out.into())
    }

    /// Hands over chunks `first..=last`, all of them, one after the other; keeps the last.
    async fn load(&self, first: u32, last: u32, mut take: impl FnMut(u32, &Bytes)) -> Result<(), StoreError> {
        let mut conn = self.store.0.pool.warm().await?;
        let mut next = first;
        {
            let mut rows = sqlx::query!(
                "select idx, data from body_chunk where message_id = $1 and idx between $2 and $3 order by idx",
                self.shape.id.0,
                first.cast_signed(),
                last.cast_signed()
            )
            .fetch(&mut *conn);
            while let Some(row) = rows.next().await {
                let row = row?;
                if row.idx != next.cast_signed() {
                    return Err(StoreError::Corrupt("body_chunk.idx"));
                }
                let plain = self.open(next, row.data)?;
                take(next, &plain);
                if next == last {
                    *self.last.lock() = Some((last, plain));
                }
                next += 1;
            }
        }
        // Each connection of the pool would keep what the largest answer took.
        conn.shrink_buffers();
        self.store.0.pool.done(conn);
        if next != last + 1 {
            return Err(StoreError::Corrupt("body_chunk"));
        }
        Ok(())
    }
}

/// Whether a row's number of chunks is that of its size.
fn count_agrees(shape: BodyShape, chunks: i32) -> Result<(), StoreError> {
    if chunks.cast_unsigned() == chunk_count(shape) {
        Ok(())
    } else {
        Err(StoreError::Corrupt("message.chunks"))
    }
}

/// How many chunks a message has; at least one.
pub(super) fn chunk_count(shape: BodyShape) -> u32 {
    shape.size.div_ceil(u64::from(shape.chunk_size)).max(1) as u32
}

/// The bytes of a stored message, read by range.
pub struct BodyReader(Chunks);

impl BodyReader {
    /// RFC822.SIZE in bytes.
    pub fn size(&self) -> u64 {
        self.0.shape.size
    }

    /// The bytes of `range`, cut at the end of the message. Ask for little at a time (a range is in
    /// memory as a whole): 1 statement for each half MiB, none within the chunk read last.
    ///
    /// # Errors
    /// [`StoreError::Seal`] when stored bytes were changed.
    pub async fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.0.read(range).await
    }
}

impl Store {
    /// The opened facts ([`crate::mime::FactsRef::parse`]) of messages, in the order asked; `None` for one
    /// that is not there any more. 1 statement, none when all were opened lately. Answers for the first few alone,
    /// at least one, when the facts of those that were not would take more than [`FACTS_AT_ONCE`].
    ///
    /// # Errors
    /// [`StoreError::Seal`] when stored bytes were changed.
    pub async fn facts(
        &self,
        account: AccountId,
        bodies: &[BodyId],
    ) -> Result<Vec<Option<Bytes>>, StoreError> {
        all_tied(bodies)?;
        let opened = self.0.opened.of(account);
        let seal = self.seal_key(account).await?;
        let mut out: Vec<_> = bodies.iter().map(|body| opened.facts(seal.id, *body)).collect();
        let missing: Vec<usize> = (0..out.len()).filter(|at| out[*at].is_none()).collect();
        if missing.is_empty() {
            return Ok(out);
        }
        let ids: Vec<_> = missing.iter().map(|at| bodies[*at].0).collect();
        // octet_length of an EXTERNAL value is known without reading it.
        let rows = sqlx::query!(
            r#"select n as "n!", size as "size?", chunk_size as "chunk_size?", facts as "facts?",
                      wrapped as "wrapped?"
                 from (select u.n, m.size, m.chunk_size, m.facts, k.wrapped,
                              sum(coalesce(octet_length(m.facts), 0)) over (order by u.n)
                                - coalesce(octet_length(m.facts), 0) as before
                         from unnest($1::uuid[]) with ordinality u(id, n)
                         left join (message m join message_key k on k.message_id = m.id and k.seal_key_id = $2)
                           on m.id = u.id) with_sums
                where before < $3"#,
            &ids,
            seal.id.0,
            FACTS_AT_ONCE
        )
        .fetch_all(&self.0.pool)
        .await?;
        if let Some(next) = missing.get(rows.len()) {
            out.truncate(*next);
        }
        for row in rows {
            let (Some(size), Some(chunk_size)) = (row.size, row.chunk_size) else { continue };
            let (Some(facts), Some(wrapped)) = (row.facts, row.wrapped) else { continue };
            let at = missing[(row.n - 1) as usize];
            let shape = shape(bodies[at], size, chunk_size)?;
            let key = seal.unwrap(&wrapped, shape)?;
            let facts = Bytes::from(key.open_facts(bodies[at], facts)?);
            opened.put(seal.id, Known::new(shape, &key, Some(facts.clone())));
            out[at] = Some(facts);
        }
        Ok(out)
    }

    /// A message's bytes. 1 statement, which brings the first chunk along: a small message is read by
    /// then. `None` when it is not there any more.
    ///
    /// # Errors
    /// [`StoreError::Seal`] when stored bytes were changed.
    pub async fn body(&self, account: AccountId, body: BodyId) -> Result<Option<BodyReader>, StoreError> {
        all_tied(&[body])?;
        let seal = self.seal_key(account).await?;
        let Some(row) = sqlx::query!(
            "select m.size, m.chunk_size, m.chunks, k.wrapped, c.data
               from message m
               join message_key k on k.message_id = m.id and k.seal_key_id = $2
               join body_chunk c on c.message_id = m.id and c.idx = 0
              where m.id = $1",
            body.0,
            seal.id.0
        )
        .fetch_optional(&self.0.pool)
        .await?
        else {
            return Ok(None);
        };
        let shape = shape(body, row.size, row.chunk_size)?;
        count_agrees(shape, row.chunks)?;
        let chunks = Chunks::new(self.clone(), shape, seal.unwrap(&row.wrapped, shape)?);
        Ok(Some(chunks.with_first(row.data)?))
    }

    /// As [`Store::body`] for several messages, in the order asked: 1 statement for all that were opened lately,
    /// which reads nothing but their first chunks, and 1 for all others. Their first chunks are in memory
    /// together, so ask for few.
    ///
    /// # Errors
    /// [`StoreError::Seal`] when stored bytes were changed.
    pub async fn bodies(
        &self,
        account: AccountId,
        bodies: &[BodyId],
    ) -> Result<Vec<Option<BodyReader>>, StoreError> {
        all_tied(bodies)?;
        let opened = self.0.opened.of(account);
        let seal = self.seal_key(account).await?;
        let mut out: Vec<_> = bodies.iter().map(|_| None).collect();
        let known: Vec<_> = bodies.iter().map(|body| opened.get(seal.id, *body)).collect();
        let (here, missing): (Vec<usize>, Vec<usize>) = (0..out.len()).partition(|at| known[*at].is_some());
        if !here.is_empty() {
            let ids: Vec<_> = here.iter().map(|at| bodies[*at].0).collect();
            let rows = sqlx::query!(
                r#"select u.n as "n!", c.data
                     from unnest($1::uuid[]) with ordinality u(id, n)
                     join body_chunk c on c.message_id = u.id and c.idx = 0"#,
                &ids
            )
            .fetch_all(&self.0.pool)
            .await?;
            for row in rows {
                let at = here[(row.n - 1) as usize];
                let Some(known) = &known[at] else { continue };
                let chunks = Chunks::new(self.clone(), known.shape, known.key()?);
                out[at] = Some(chunks.with_first(row.data)?);
            }
        }
        if missing.is_empty() {
            return Ok(out);
        }
        let ids: Vec<_> = missing.iter().map(|at| bodies[*at].0).collect();
        let rows = sqlx::query!(
            r#"select u.n as "n!", m.size, m.chunk_size, m.chunks, k.wrapped, c.data
                 from unnest($1::uuid[]) with ordinality u(id, n)
                 join message m on m.id = u.id
                 join message_key k on k.message_id = u.id and k.seal_key_id = $2
                 join body_chunk c on c.message_id = u.id and c.idx = 0"#,
            &ids,
            seal.id.0
        )
        .fetch_all(&self.0.pool)
        .await?;
        for row in rows {
            let at = missing[(row.n - 1) as usize];
            let shape = shape(bodies[at], row.size, row.chunk_size)?;
            count_agrees(shape, row.chunks)?;
            let key = seal.unwrap(&row.wrapped, shape)?;
            opened.put(seal.id, Known::new(shape, &key, None));
            out[at] = Some(Chunks::new(self.clone(), shape, key).with_first(row.data)?);
        }
        Ok(out)
    }

    /// The opened facts and the bytes of messages, in the order asked, for a task that goes through everything:
    /// nothing of it stays in memory. 1 statement, for none none; facts and first chunks of all are in memory together, so ask for few.
    /// `None` for one that is not there any more.
    ///
    /// # Errors
    /// [`StoreError::Seal`] when stored bytes were changed.
    pub async fn whole_in_passing(
        &self,
        account: AccountId,
        bodies: &[BodyId],
    ) -> Result<Vec<Option<(Bytes, BodyReader)>>, StoreError> {
        all_tied(bodies)?;
        if bodies.is_empty() {
            return Ok(Vec::new());
        }
        let seal = self.seal_key(account).await?;
        let mut out: Vec<_> = bodies.iter().map(|_| None).collect();
        let ids: Vec<_> = bodies.iter().map(|body| body.0).collect();
        let rows = sqlx::query!(
            r#"select u.n as "n!", m.size, m.chunk_size, m.chunks, m.facts, k.wrapped, c.data
                 from unnest($1::uuid[]) with ordinality u(id, n)
                 join message m on m.id = u.id
                 join message_key k on k.message_id = u.id and k.seal_key_id = $2
                 join body_chunk c on c.message_id = u.id and c.idx = 0"#,
            &ids,
            seal.id.0
        )
        .fetch_all(&self.0.pool)
        .await?;
        for row in rows {
            let at = (row.n - 1) as usize;
            let shape = shape(bodies[at], row.size, row.chunk_size)?;
            count_agrees(shape, row.chunks)?;
            let key = seal.unwrap(&row.wrapped, shape)?;
            let facts = Bytes::from(key.open_facts(bodies[at], row.facts)?);
            out[at] = Some((facts, Chunks::new(self.clone(), shape, key).with_first(row.data)?));
        }
        Ok(out)
    }
}

pub(super) fn shape(id: BodyId, size: i64, chunk_size: i32) -> Result<BodyShape, StoreError> {
    let size = u64::try_from(size).map_err(|_| StoreError::Corrupt("message.size"))?;
    let chunk_size = u32::try_from(chunk_size).ok().filter(|n| *n > 0);
    Ok(BodyShape { id, size, chunk_size: chunk_size.ok_or(StoreError::Corrupt("message.chunk_size"))? })
}
