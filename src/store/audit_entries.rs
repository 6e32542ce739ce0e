//! Reading the audit log: the last entries for Support, all of them for export and verification.

use std::time::SystemTime;

use sqlx::postgres::PgConnection;

use super::{Store, StoreError, seconds_of, time_of};
use crate::types::{AccountId, AuditAction};

/// Entries read at a time for an export.
const BATCH: i64 = 2000;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Place in the chain; `None`: not sealed yet.
    pub seq: Option<u64>,
    /// Order of writing, with gaps.
    pub id: i64,
    /// When it happened.
    pub at: SystemTime,
    /// `account:7`, `support:ida`, `system`, `stranger`
    pub actor: String,
    /// IP address of the actor.
    pub address: Option<String>,
    /// The word of [`AuditAction`].
    pub action: String,
    /// Whose account it concerns.
    pub account: Option<AccountId>,
    /// What else it concerns.
    pub object: Option<String>,
    /// `done` or `refused`
    pub result: String,
    /// `key=value` words.
    pub detail: Option<String>,
    /// Which gateway wrote it.
    pub gateway: String,
    /// Empty: not sealed yet.
    pub mac: Vec<u8>,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By or about this account.
    pub account: Option<AccountId>,
    /// Of this action.
    pub action: Option<AuditAction>,
    /// Not before.
    pub since: Option<SystemTime>,
    /// The last so many.
    pub limit: u32,
}

impl Store {
    /// Entries, the oldest first, those not sealed yet at the end; the last [`AuditFilter::limit`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let mut rows = sqlx::query!(
            r#"with e as (
                   (select seq, id, at, actor, address, action, account_id, object, result, detail, gateway, mac
                      from audit_entry
                     where ($1::bigint is null or account_id = $1 or actor = 'account:' || $1)
                       and ($2::text is null or action = $2) and ($3::float8 is null or at >= to_timestamp($3))
                     order by seq desc limit $4)
                   union all
                   (select null, id, at, actor, address, action, account_id, object, result, detail, gateway, ''
                      from audit_pending
                     where ($1::bigint is null or account_id = $1 or actor = 'account:' || $1)
                       and ($2::text is null or action = $2) and ($3::float8 is null or at >= to_timestamp($3))
                     order by id desc limit $4))
               select seq, id as "id!", (extract(epoch from at) * 1000000)::bigint as "at!", actor as "actor!",
                      address, action as "action!", account_id, object, result as "result!", detail,
                      gateway as "gateway!", mac as "mac!"
                 from e order by seq desc nulls first, id desc limit $4"#,
            filter.account.map(|a| a.0),
            filter.action.map(AuditAction::as_str),
            filter.since.map(seconds_of),
            i64::from(filter.limit)
        )
        .fetch_all(&self.0.pool)
        .await?;
        rows.reverse();
        Ok(rows
            .into_iter()
            .map(|r| AuditRow {
                seq: r.seq.map(i64::cast_unsigned),
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
                mac: r.mac,
            })
            .collect())
    }

    /// Sealed entries after `seq`, in order, some thousand; for exporting all of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_after(&self, seq: u64) -> Result<Vec<AuditRow>, StoreError> {
        let mut conn = self.0.pool.acquire().await?;
        entries(&mut conn, seq.cast_signed(), BATCH).await
    }
}

/// Sealed entries after one, in order.
pub(super) async fn entries(
    conn: &mut PgConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select seq, id, (extract(epoch from at) * 1000000)::bigint as "at!", actor, address, action, account_id,
                  object, result, detail, gateway, mac
             from audit_entry where seq > $1 order by seq limit $2"#,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| AuditRow {
            seq: Some(r.seq.cast_unsigned()),
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
            mac: r.mac,
        })
        .collect())
}
