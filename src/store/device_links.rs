//! One-time links that set a device up: who may make an app password with one, and until when.
//!
//! Invariants: a link is a keyed hash here; it is taken in one statement, so once, however many gateways
//! are asked at the same time; while the account may not sign in, it leads nowhere, and it ends with the
//! account's web sign-ins.

use std::time::SystemTime;

use sqlx::PgConnection;

use super::credentials::{AppPasswordError, MOST, checked_device};
use super::{Store, StoreError, WebSession, seconds_of};
use crate::types::{AccountId, AuditAction, AuditNote, Secret};

/// Most links of an account that are open at once; older ones stop working.
const OPEN_MAX: i64 = 5;

impl Store {
    /// Opens a link; what is past its time is removed on the way.
    ///
    /// # Errors
    /// [`AppPasswordError::Name`] for a device's name that cannot be, [`AppPasswordError::TooMany`]; else our
    /// fault.
    pub async fn device_link_add(
        &self,
        account: AccountId,
        token: &Secret,
        name: &str,
        expires_at: SystemTime,
    ) -> Result<(), AppPasswordError> {
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        self.device_link_put(&mut tx, account, token, name, expires_at).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(())
    }

    /// R29: the same from a web sign-in; `false`: it has ended. With the account's web sign-ins end its links
    /// (see [`Store::device_links_void`]).
    ///
    /// # Errors
    /// As above.
    pub async fn web_device_link(
        &self,
        session: &WebSession,
        token: &Secret,
        name: &str,
        expires_at: SystemTime,
    ) -> Result<bool, AppPasswordError> {
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        // It locks the account, so nobody ends the sign-in in between.
        if !self.session_hold(&mut tx, session).await? {
            return Ok(false);
        }
        self.device_link_put(&mut tx, session.account.id, token, name, expires_at).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(true)
    }

    async fn device_link_put(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        token: &Secret,
        name: &str,
        expires_at: SystemTime,
    ) -> Result<(), AppPasswordError> {
        let name = checked_device(name)?;
        let made = sqlx::query!(
            "with old as (
                 delete from device_link d
                  where d.account_id = $2
                    and (d.expires_at <= to_timestamp($5)
                         or d.token_key in (select o.token_key from device_link o where o.account_id = $2
                                             order by o.expires_at desc offset $6)))
             insert into device_link (token_key, account_id, name, expires_at)
             select $1, $2, $3, to_timestamp($4)
              where (select count(*) from app_password where account_id = $2 and revoked_at is null) < $7",
            &self.device_link_key(token),
            account.0,
            name,
            seconds_of(expires_at),
            seconds_of(self.0.clock.now()),
            OPEN_MAX - 1,
            MOST
        )
        .execute(&mut *tx)
        .await
        .map_err(StoreError::from)?;
        if made.rows_affected() == 0 {
            return Err(AppPasswordError::TooMany);
        }
        self.audit(tx, AuditNote::done(AuditAction::DeviceLink).account(account)).await?;
        Ok(())
    }

    /// Ends an account's open links: whoever got at a sign-in that is ended now has no link left from it.
    pub(super) async fn device_links_void(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<(), StoreError> {
        sqlx::query!("delete from device_link where account_id = $1", account.0).execute(tx).await?;
        Ok(())
    }

    /// The device's name that an open link has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn device_link_name(&self, token: &Secret) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            "select d.name from device_link d join account a on a.id = d.account_id and a.state = 'active'
              where d.token_key = $1 and d.expires_at > to_timestamp($2)",
            &self.device_link_key(token),
            seconds_of(self.0.clock.now())
        )
        .fetch_optional(&self.0.pool)
        .await?)
    }

    /// Takes an open link: whose it is, and the device's name. It is open no longer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn device_link_take(&self, token: &Secret) -> Result<Option<(AccountId, String)>, StoreError> {
        let taken = sqlx::query!(
            "delete from device_link d using account a
              where d.token_key = $1 and d.expires_at > to_timestamp($2)
                and a.id = d.account_id and a.state = 'active'
             returning d.account_id, d.name",
            &self.device_link_key(token),
            seconds_of(self.0.clock.now())
        )
        .fetch_optional(&self.0.pool)
        .await?;
        Ok(taken.map(|row| (AccountId(row.account_id), row.name)))
    }

    fn device_link_key(&self, token: &Secret) -> [u8; 32] {
        self.lookup().token("device link", token)
    }
}
