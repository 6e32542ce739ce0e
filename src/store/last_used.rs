//! When and from where an app password was last used, and by which program (R29), written off the path of the sign-in.
//!
//! Invariants: at most one write runs at a time and carries everything noted meanwhile; a device that
//! signs in often is noted once; nothing noted is lost at an orderly end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::StoreError;
use super::connections::Connections;
use crate::types::{AccountId, AppPasswordId};

/// What waits to be written.
#[derive(Default)]
pub(super) struct LastUsed {
    noted: Mutex<HashMap<(AccountId, AppPasswordId), Noted>>,
    more: Notify,
}

/// What waits for one device.
#[derive(Default)]
struct Noted {
    used: Option<(SystemTime, IpAddr)>,
    client: Option<String>,
}

impl LastUsed {
    pub(super) fn note(&self, account: AccountId, password: AppPasswordId, at: SystemTime, from: IpAddr) {
        self.noted.lock().entry((account, password)).or_default().used = Some((at, from));
        self.more.notify_one();
    }

    pub(super) fn note_client(&self, account: AccountId, password: AppPasswordId, client: String) {
        self.noted.lock().entry((account, password)).or_default().client = Some(client);
        self.more.notify_one();
    }
}

/// Writes what is noted until `stop` closes, and then the rest.
pub(super) async fn run(last_used: Arc<LastUsed>, pool: Connections, mut stop: watch::Receiver<()>) {
    loop {
        let stopping = tokio::select! {
            () = last_used.more.notified() => false,
            _ = stop.changed() => true,
        };
        let noted = std::mem::take(&mut *last_used.noted.lock());
        if !noted.is_empty()
            && let Err(e) = write(&pool, noted).await
        {
            tracing::warn!(error = %e, "the last use of app passwords was not written");
        }
        if stopping {
            return;
        }
    }
}

async fn write(
    pool: &Connections,
    noted: HashMap<(AccountId, AppPasswordId), Noted>,
) -> Result<(), StoreError> {
    let mut noted: Vec<_> = noted.into_iter().collect();
    // In one order, so that two gateways do not wait for each other in a ring.
    noted.sort_unstable_by_key(|(key, _)| *key);
    sqlx::query!(
        "update app_password w
            set last_used_at = coalesce(to_timestamp(u.at), w.last_used_at),
                last_used_from = coalesce(u.origin, w.last_used_from),
                last_client = coalesce(u.client, w.last_client)
           from unnest($1::bigint[], $2::bigint[], $3::float8[], $4::text[], $5::text[])
                u(account, id, at, origin, client)
          where w.account_id = u.account and w.id = u.id and w.revoked_at is null
            and (u.at is not null or w.last_client is distinct from u.client)",
        &noted.iter().map(|((a, _), _)| a.0).collect::<Vec<_>>(),
        &noted.iter().map(|((_, p), _)| p.0).collect::<Vec<_>>(),
        &noted.iter().map(|(_, n)| n.used.map(|(at, _)| super::seconds_of(at))).collect::<Vec<_>>() as _,
        &noted
            .iter()
            .map(|(_, n)| n.used.map(|(_, from)| from.to_canonical().to_string()))
            .collect::<Vec<_>>() as _,
        &noted.iter().map(|(_, n)| n.client.as_deref()).collect::<Vec<_>>() as _
    )
    .execute(pool)
    .await?;
    Ok(())
}
