//! Browsers that an account has signed in with before, so that its owner hears of a new one.
//!
//! Invariants: a browser is known by the keyed hash of a random value in a cookie of its own, hashed together with
//! the account; it opens nothing. The notice is written in the transaction that completes the sign-in. "Sign out
//! everywhere", Support's like of it and a new password forget all of an account's.

use std::time::Duration;

use sqlx::PgConnection;

use super::notices::NewNotice;
use super::{Store, StoreError, WebPeer, seconds_of};
use crate::types::{AccountId, Channel, NoticeContent, Secret};

/// One that has not signed in for so long is forgotten; its cookie is as old at most.
pub const BROWSER_LIFE: Duration = Duration::from_hours(400 * 24);
/// An account has at most so many; the one that was here the longest ago makes way.
const MOST: i64 = 50;

/// A browser that says which one it is.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    /// The value of its cookie.
    pub token: &'a Secret,
    /// Browser and system in words, for the notice.
    pub name: &'a str,
}

/// Whether the owner hears of a browser that was not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// By a notice.
    Owner,
    /// Not: it is the account's first, or the person has just proved to be its owner in a known one.
    Nobody,
}

impl Store {
    /// A sign-in is complete, in the caller's transaction, which holds the account: its browser is known from now
    /// on. After the commit wake the workers.
    pub(super) async fn browser_seen(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        peer: WebPeer<'_>,
        telling: Telling,
    ) -> Result<(), StoreError> {
        // Who does not tell browsers apart (the demo's own sign-in) has nothing to say.
        let Some(browser) = peer.browser else { return Ok(()) };
        let new = sqlx::query_scalar!(
            r#"insert into known_browser (account_id, browser_key, first_at, last_at)
               values ($1, $2, to_timestamp($3), to_timestamp($3))
                   on conflict (account_id, browser_key) do update set last_at = excluded.last_at
               returning xmax::text = '0' as "new!""#,
            account.0,
            &self.lookup().code(account, "browser", browser.token.expose()),
            seconds_of(self.0.clock.now())
        )
        .fetch_one(&mut *tx)
        .await?;
        if !new {
            return Ok(());
        }
        sqlx::query!(
            "delete from known_browser
              where account_id = $1
                and browser_key in (select browser_key from known_browser where account_id = $1
                                     order by last_at desc, browser_key offset $2)",
            account.0,
            MOST
        )
        .execute(&mut *tx)
        .await?;
        if telling == Telling::Owner {
            let content = NoticeContent::NewSignIn {
                device: browser.name.to_owned(),
                address: peer.address.to_string(),
            };
            self.enqueue_notice(tx, NewNotice::new(account, content, Channel::Email)).await?;
        }
        Ok(())
    }

    /// Every browser of an account is a new one again.
    pub(super) async fn browsers_forget(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<(), StoreError> {
        sqlx::query!("delete from known_browser where account_id = $1", account.0).execute(tx).await?;
        Ok(())
    }
}
