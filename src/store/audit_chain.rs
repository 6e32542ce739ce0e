//! The audit log's chain: one sealer among all gateways, verification, reading, pruning.
//!
//! Invariants: whoever holds the advisory lock moves entries from `audit_pending` to `audit_entry` in one
//! transaction, so `seq` has no gap, whatever order the entries were committed in, and none is skipped: what
//! is visible and not yet sealed is sealed, also when its id is lower than those sealed before. Each mac is
//! HMAC(audit key, mac before ‖ row), the key derived from the master key, so nobody who has the database
//! alone can make one. The head is written to a file outside the database ([`HeadFile`]): what is cut off at
//! the end, or set back to a backup, is noticed by comparing. Pruning keeps a checkpoint with a proof.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use sqlx::postgres::PgConnection;

use super::audit_entries::{AuditRow, entries};
use super::audit_head::{Head, HeadFile};
use super::{Store, StoreError, seconds_of, time_of};
use crate::types::{AccountId, AuditAction, AuditNote};

/// Entries sealed, or verified, at a time.
const BATCH: i64 = 2000;
/// Behind the wake-up.
const POLL: Duration = Duration::from_secs(1);
/// Entries are sealed so long after the first of them was written.
const GATHER: Duration = Duration::from_millis(100);
/// The head file grows by a line this often at most, and at the end of the process.
const HEAD_EVERY: Duration = Duration::from_secs(10);
/// How often old years are looked for.
const PRUNE_EVERY: Duration = Duration::from_hours(6);
/// What is pruned is at least this much at a time, so that checkpoints are few.
const PRUNE_STEP: Duration = Duration::from_hours(30 * 24);
/// How the log is kept.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// Outside the database; `None`: no file, and a log cut off at its end is not noticed.
    pub head_file: Option<PathBuf>,
    /// Entries older than this are pruned.
    pub keep: Duration,
}

/// A chain that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// First entry that is still there; 0: none is.
    pub first: u64,
    /// Last one.
    pub last: u64,
    /// Lines of head files that agree with it.
    pub heads: u64,
    /// Entries that are not sealed yet, and so not covered.
    pub pending: u64,
}

/// The first thing that is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A column of it differs from what was sealed.
    #[error("entry {0} was changed after it was sealed, or one before it was taken away or put in")]
    Changed(u64),
    /// There is a gap.
    #[error("entry {0} is missing")]
    Missing(u64),
    /// The log does not begin at 1, and nothing proves that the gateway pruned it.
    #[error("the log begins at entry {0}, and no genuine checkpoint says that what was before was pruned")]
    Beginning(u64),
    /// The head file knows of later entries.
    #[error(
        "the log ends at entry {last}, but {file} says that there was an entry {known}: it was cut off or set back"
    )]
    CutOff {
        /// Last entry in the database.
        last: u64,
        /// Last entry of the file.
        known: u64,
        /// The file's name.
        file: String,
    },
    /// The chain holds, but is not the one that the file saw.
    #[error("entry {seq} is not the one that {file} saw: the log was replaced from there or before")]
    Replaced {
        /// Which entry.
        seq: u64,
        /// The file's name.
        file: String,
    },
}

/// What to do while another gateway seals.
#[derive(Clone, Copy)]
enum Turn {
    /// Let it; it seals what is there.
    Leave,
    /// Go on after it.
    Wait,
}

/// What is fed to the mac: length-prefixed, so that nothing can move from one column to the next.
struct Feed(hmac::Context);

impl Feed {
    fn new(key: &hmac::Key, what: &[u8]) -> Self {
        let mut feed = Self(hmac::Context::with_key(key));
        feed.bytes(what);
        feed
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.0.update(&[0]),
            Some(text) => {
                self.0.update(&[1]);
                self.bytes(text.as_bytes());
            }
        }
    }

    fn number(&mut self, n: i64) {
        self.0.update(&n.to_be_bytes());
    }

    fn end(self) -> Vec<u8> {
        self.0.sign().as_ref().to_vec()
    }
}

fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn mac(key: &hmac::Key, before: &[u8], seq: u64, row: &AuditRow) -> Vec<u8> {
    let mut feed = Feed::new(key, b"audit entry v1");
    feed.bytes(before);
    feed.number(seq.cast_signed());
    feed.number(row.id);
    feed.number(micros(row.at));
    feed.bytes(row.actor.as_bytes());
    feed.optional(row.address.as_deref());
    feed.bytes(row.action.as_bytes());
    feed.optional(row.account.map(|a| a.to_string()).as_deref());
    feed.optional(row.object.as_deref());
    feed.bytes(row.result.as_bytes());
    feed.optional(row.detail.as_deref());
    feed.bytes(row.gateway.as_bytes());
    feed.end()
}

fn proof(key: &hmac::Key, seq: u64, at: SystemTime, mac: &[u8]) -> Vec<u8> {
    let mut feed = Feed::new(key, b"audit checkpoint v1");
    feed.number(seq.cast_signed());
    feed.number(micros(at));
    feed.bytes(mac);
    feed.end()
}

fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

impl Store {
    fn audit_key(&self) -> &hmac::Key {
        self.0.keys.audit()
    }

    /// Seals what is pending, until nothing is or another gateway is at it. How many entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seal_audit(&self) -> Result<u64, StoreError> {
        self.seal(Turn::Leave).await
    }

    /// As [`seal_audit`](Self::seal_audit), after whoever is at it: then everything written before is sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seal_audit_in_turn(&self) -> Result<u64, StoreError> {
        self.seal(Turn::Wait).await
    }

    async fn seal(&self, turn: Turn) -> Result<u64, StoreError> {
        let mut sealed = 0;
        loop {
            let count = self.seal_batch(turn).await?;
            sealed += count;
            if count < BATCH as u64 {
                return Ok(sealed);
            }
        }
    }

    async fn seal_batch(&self, turn: Turn) -> Result<u64, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        // Held until after the commit, so the next one sees what this one wrote.
        match turn {
            Turn::Wait => {
                sqlx::query!("select pg_advisory_xact_lock(7064002)").fetch_one(&mut *tx).await?;
            }
            Turn::Leave => {
                let mine = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(7064002) as "mine!""#)
                    .fetch_one(&mut *tx)
                    .await?;
                if !mine {
                    tx.rollback().await?;
                    return Ok(0);
                }
            }
        }
        let rows = sqlx::query!(
            r#"select id, (extract(epoch from at) * 1000000)::bigint as "at!", actor, address, action, account_id,
                      object, result, detail, gateway
                 from audit_pending order by id limit $1"#,
            BATCH
        )
        .fetch_all(&mut *tx)
        .await?;
        if rows.is_empty() {
            // Said, not left to the drop: the lock is free when this returns.
            tx.rollback().await?;
            return Ok(0);
        }
        let head = head(&mut tx).await?;
        let (mut seq, mut last) = (head.seq, head.mac);
        let (mut ids, mut seqs, mut macs) = (Vec::new(), Vec::new(), Vec::new());
        for r in rows {
            let row = AuditRow {
                seq: None,
                id: r.id,
                at: time_of(r.at),
                actor: r.actor,
                address: r.address,
                action: r.action,
                account: r.account_id.map(AccountId),
                object: r.object,
                result: r.result,
                detail: r.detail,
                gateway: r.gateway,
                mac: Vec::new(),
            };
            seq += 1;
            last = mac(self.audit_key(), &last, seq, &row);
            ids.push(row.id);
            seqs.push(seq.cast_signed());
            macs.push(last.clone());
        }
        sqlx::query!(
            "insert into audit_entry (seq, id, at, actor, address, action, account_id, object, result, detail,
                                      gateway, mac)
             select u.seq, p.id, p.at, p.actor, p.address, p.action, p.account_id, p.object, p.result, p.detail,
                    p.gateway, u.mac
               from unnest($1::bigint[], $2::bigint[], $3::bytea[]) u(id, seq, mac)
               join audit_pending p on p.id = u.id",
            &ids,
            &seqs,
            &macs
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("delete from audit_pending where id = any($1)", &ids).execute(&mut *tx).await?;
        tx.commit().await?;
        metrics::counter!("postern_audit_entries_sealed_total").increment(ids.len() as u64);
        Ok(ids.len() as u64)
    }

    /// The end of the chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_head(&self) -> Result<Head, StoreError> {
        let mut conn = self.0.pool.acquire().await?;
        head(&mut conn).await
    }

    /// Seals, writes the head file and prunes, until the store is closed; then once more. For gateways.
    pub fn start_sealer(&self, AuditSettings { head_file, keep }: AuditSettings) {
        *self.0.head_file.lock() = head_file;
        let weak = Arc::downgrade(&self.0);
        let log = self.0.audit.clone();
        self.background(async move {
            let mut pruned: Option<tokio::time::Instant> = None;
            let mut failing = false;
            loop {
                tokio::select! {
                    // Under load there are more in a moment, and a chain grows by tens as cheaply as by ones.
                    () = log.written.notified() => tokio::time::sleep(GATHER).await,
                    () = tokio::time::sleep(POLL) => {}
                }
                let Some(inner) = weak.upgrade() else { return };
                let store = Self::of(inner);
                match store.seal_audit().await {
                    Ok(_) => failing = false,
                    Err(error) => {
                        if !failing {
                            tracing::warn!(%error, "the audit log is not sealed yet");
                        }
                        failing = true;
                    }
                }
                if let Err(error) = store.note_head(HEAD_EVERY).await {
                    tracing::error!(%error, "the head of the audit log is not written to its file");
                }
                if pruned.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
                    pruned = Some(tokio::time::Instant::now());
                    match store.audit_prune(keep).await {
                        Ok(0) => {}
                        Ok(entries) => tracing::info!(entries, "old audit entries were pruned"),
                        Err(error) => tracing::warn!(%error, "old audit entries are not pruned yet"),
                    }
                }
            }
        });
    }

    /// At the end of the process: what this process wrote is sealed, and the head in its file.
    pub(super) async fn finish_audit(&self) {
        if self.0.head_file.lock().is_none() {
            return;
        }
        if let Err(error) = self.seal_audit_in_turn().await {
            tracing::warn!(%error, "the audit log is sealed by the next gateway");
        }
        if let Err(error) = self.note_head(Duration::ZERO).await {
            tracing::error!(%error, "the head of the audit log is not written to its file");
        }
    }

    /// Appends the head to the file, unless it is there already or the last line is younger than `every`.
    async fn note_head(&self, every: Duration) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let Some(path) = self.0.head_file.lock().clone() else { return Ok(()) };
        if self.0.head_noted.lock().as_ref().is_some_and(|(_, at)| at.elapsed() < every) {
            return Ok(());
        }
        let head = self.audit_head().await?;
        let known = self.0.head_noted.lock().as_ref().map(|(seq, _)| *seq);
        if head.seq == 0 || known == Some(head.seq) {
            return Ok(());
        }
        let (seq, at) = (head.seq, self.0.clock.now());
        tokio::task::spawn_blocking(move || HeadFile::append(&path, &head, at)).await??;
        *self.0.head_noted.lock() = Some((seq, tokio::time::Instant::now()));
        Ok(())
    }

    /// Goes through the whole chain, and compares it with what head files saw.
    ///
    /// # Errors
    /// The outer one: [`StoreError`]. The inner one: the first entry that is wrong.
    pub async fn audit_verify(&self, heads: &[HeadFile]) -> Result<Result<Verified, Broken>, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        // One picture of both tables, however long it takes.
        sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
        let mut seen: BTreeMap<u64, Vec<(&[u8], &HeadFile)>> = BTreeMap::new();
        for file in heads {
            for line in &file.lines {
                seen.entry(line.seq).or_default().push((&line.mac, file));
            }
        }
        let replaced = |seq: u64, mac: &[u8]| {
            let other = seen.get(&seq)?.iter().find(|(known, _)| !same(known, mac))?;
            Some(Broken::Replaced { seq, file: other.1.name() })
        };
        let checkpoint = sqlx::query!(
            r#"select seq, (extract(epoch from at) * 1000000)::bigint as "at!", mac, proof
                 from audit_checkpoint order by seq desc limit 1"#
        )
        .fetch_optional(&mut *tx)
        .await?;
        let (mut seq, mut last) = (0, Vec::new());
        if let Some(c) = checkpoint {
            let at = c.seq.cast_unsigned();
            if !same(&proof(self.audit_key(), at, time_of(c.at), &c.mac), &c.proof) {
                return Ok(Err(Broken::Beginning(at + 1)));
            }
            if let Some(broken) = replaced(at, &c.mac) {
                return Ok(Err(broken));
            }
            (seq, last) = (at, c.mac);
        }
        let begin = seq;
        let mut first = 0;
        let mut from = 0_i64;
        loop {
            let rows = entries(&mut tx, from, BATCH).await?;
            let Some(end) = rows.last().and_then(|r| r.seq) else { break };
            from = end.cast_signed();
            for row in rows {
                let here = row.seq.unwrap_or(0);
                if first == 0 {
                    first = here;
                    if here != seq + 1 && begin == 0 {
                        return Ok(Err(Broken::Beginning(here)));
                    }
                }
                if here != seq + 1 {
                    let at = if here > seq + 1 { Broken::Missing(seq + 1) } else { Broken::Changed(here) };
                    return Ok(Err(at));
                }
                if !same(&mac(self.audit_key(), &last, here, &row), &row.mac) {
                    return Ok(Err(Broken::Changed(here)));
                }
                if let Some(broken) = replaced(here, &row.mac) {
                    return Ok(Err(broken));
                }
                (seq, last) = (here, row.mac);
            }
        }
        if let Some((known, files)) = seen.range(seq + 1..).next_back() {
            let file = files.first().map(|(_, f)| f.name()).unwrap_or_default();
            return Ok(Err(Broken::CutOff { last: seq, known: *known, file }));
        }
        let pending =
            sqlx::query_scalar!(r#"select count(*) as "n!" from audit_pending"#).fetch_one(&mut *tx).await?;
        let heads = seen.range(first..).map(|(_, lines)| lines.len() as u64).sum();
        Ok(Ok(Verified { first, last: seq, heads, pending: pending.cast_unsigned() }))
    }

    /// Removes entries older than `keep`, a month's worth or more at a time; a checkpoint says where the
    /// log begins then. How many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_prune(&self, keep: Duration) -> Result<u64, StoreError> {
        let now = self.0.clock.now();
        let Some(border) = now.checked_sub(keep) else { return Ok(0) };
        let mut tx = self.0.pool.begin().await?;
        let mine = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(7064002) as "mine!""#)
            .fetch_one(&mut *tx)
            .await?;
        let oldest = sqlx::query_scalar!(
            r#"select (extract(epoch from at) * 1000000)::bigint as "at!" from audit_entry order by seq limit 1"#
        )
        .fetch_optional(&mut *tx)
        .await?;
        let due = oldest.is_some_and(|at| time_of(at) + PRUNE_STEP < border);
        if !mine || !due {
            tx.rollback().await?;
            return Ok(0);
        }
        // Up to the first that is to stay; the last one of all stays in any case.
        let last = sqlx::query!(
            r#"select seq, (extract(epoch from at) * 1000000)::bigint as "at!", mac from audit_entry
                where seq < coalesce((select min(seq) from audit_entry where at >= to_timestamp($1)),
                                     (select max(seq) from audit_entry))
                order by seq desc limit 1"#,
            seconds_of(border)
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(last) = last else {
            tx.rollback().await?;
            return Ok(0);
        };
        let proof = proof(self.audit_key(), last.seq.cast_unsigned(), time_of(last.at), &last.mac);
        sqlx::query!(
            "insert into audit_checkpoint (seq, at, mac, proof, pruned_at)
             select $1, at, mac, $2, to_timestamp($3) from audit_entry where seq = $1",
            last.seq,
            proof,
            seconds_of(now)
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("select set_config('postern.audit_prune', 'on', true)").fetch_one(&mut *tx).await?;
        let gone =
            sqlx::query!("delete from audit_entry where seq <= $1", last.seq).execute(&mut *tx).await?;
        let note = AuditNote::done(AuditAction::AuditPrune).object("entry", last.seq);
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(gone.rows_affected())
    }
}

/// The last entry; where everything was pruned, the last checkpoint.
async fn head(conn: &mut PgConnection) -> Result<Head, StoreError> {
    let row = sqlx::query!(
        r#"select seq as "seq!", mac as "mac!"
             from ((select seq, mac from audit_entry order by seq desc limit 1)
                   union all
                   (select seq, mac from audit_checkpoint order by seq desc limit 1)) h
            order by seq desc limit 1"#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map_or(Head { seq: 0, mac: Vec::new() }, |r| Head { seq: r.seq.cast_unsigned(), mac: r.mac }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_do_not_run_into_each_other() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"k");
        let row = AuditRow {
            seq: None,
            id: 1,
            at: SystemTime::UNIX_EPOCH,
            actor: "system".into(),
            address: None,
            action: "lock".into(),
            account: None,
            object: Some("ab".into()),
            result: "done".into(),
            detail: Some("c".into()),
            gateway: "g".into(),
            mac: Vec::new(),
        };
        let other = AuditRow { object: Some("a".into()), detail: Some("bc".into()), ..row.clone() };
        assert_ne!(mac(&key, b"", 1, &row), mac(&key, b"", 1, &other));
        let other = AuditRow { object: None, detail: Some("abc".into()), ..row.clone() };
        assert_ne!(mac(&key, b"", 1, &row), mac(&key, b"", 1, &other));
        assert_ne!(mac(&key, b"", 1, &row), mac(&key, b"x", 1, &row));
        assert_ne!(mac(&key, b"", 1, &row), mac(&key, b"", 2, &row));
    }
}
