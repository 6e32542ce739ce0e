//! Removing what has run out on the people's side, and finishing what a crash left half done.
//!
//! Invariants: nothing that is removed here could still be used; every statement is a transaction of its own and
//! harmless from several gateways at once.

use std::time::Duration;

use super::{Store, StoreError, seconds_of};

/// Web sign-ins are gone after so long without activity, or altogether; their own limits are shorter.
const SIGN_INS: Duration = Duration::from_hours(24);
/// Links and codes are kept so long after their end, so that a late click is told "expired".
const LINKS: Duration = Duration::from_hours(30 * 24);

impl Store {
    /// Removes sign-ins, links, codes and counts that have run out, and joins what is still `joining`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sweep_people(&self) -> Result<(), StoreError> {
        let now = seconds_of(self.0.clock.now());
        sqlx::query!(
            "delete from web_session s using account a
              where a.id = s.account_id and (s.epoch < a.web_epoch or s.created_at < to_timestamp($1))",
            now - SIGN_INS.as_secs_f64()
        )
        .execute(&self.0.pool)
        .await?;
        sqlx::query!(
            "delete from account_link where expires_at < to_timestamp($1)",
            now - LINKS.as_secs_f64()
        )
        .execute(&self.0.pool)
        .await?;
        // The count of a registration's wrong codes stays as long as its link.
        sqlx::query!(
            "delete from phone_code where expires_at < to_timestamp($1) and purpose <> 'register'",
            now - SIGN_INS.as_secs_f64()
        )
        .execute(&self.0.pool)
        .await?;
        sqlx::query!(
            "delete from sent_lately where sent_at < to_timestamp($1)",
            now - SIGN_INS.as_secs_f64()
        )
        .execute(&self.0.pool)
        .await?;
        sqlx::query!(
            "delete from known_browser where last_at < to_timestamp($1)",
            now - super::BROWSER_LIFE.as_secs_f64()
        )
        .execute(&self.0.pool)
        .await?;
        self.join_all().await?;
        Ok(())
    }
}
