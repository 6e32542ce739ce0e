//! The links of invitations: made, sent, opened (R15, R8).
//!
//! Invariant: an invitation has one link, the newest; making it voids whatever was begun by an older one, in the
//! transaction that writes its notice (`send_invitation`).

use std::time::Duration;

use super::notices::{NewNotice, random_id};
use super::tokens::random_token;
use super::{Store, StoreError, seconds_of};
use crate::types::{
    AccountId, Address, AuditAction, AuditNote, Channel, InvitationId, NoticeContent, PracticeId, Secret,
};

/// An invitation's link is good for so long.
pub(super) const LIFE: Duration = Duration::from_hours(7 * 24);

/// What an invitation's notice says beside the link.
#[derive(Clone, Debug)]
pub struct InvitationText {
    /// What the token is appended to.
    pub page: String,
    /// First and last name of who writes.
    pub inviter: String,
    /// That person's practice.
    pub practice: Option<String>,
}

/// A link in the making, for the statement that sends it.
pub(super) struct NewLink {
    pub(super) account: AccountId,
    pub(super) token: [u8; 32],
    pub(super) notice: uuid::Uuid,
    pub(super) payload: Vec<u8>,
}

impl Store {
    /// R8: the newest link was opened; noted the first time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation_opened(&self, token: &Secret) -> Result<(), StoreError> {
        sqlx::query!(
            "update invitation set opened_at = to_timestamp($2)
              where token_key = $1 and state = 'open' and opened_at is null",
            &self.lookup().token("invitation", token),
            seconds_of(self.0.clock.now())
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// Sends a new link at once, of an open invitation, of `practice` if that is given; older ones are void.
    ///
    /// # Errors
    /// [`StoreError`]. `None`: there is no such open invitation. `Some(false)`: too many in the last hour.
    pub async fn invitation_send(
        &self,
        id: InvitationId,
        practice: Option<PracticeId>,
        text: &InvitationText,
        per_hour: u32,
    ) -> Result<Option<bool>, StoreError> {
        let Some(invitation) = self.invitation(id).await? else { return Ok(None) };
        if practice.is_some() && invitation.practice != practice {
            return Ok(None);
        }
        let name = format!("{} {}", invitation.first_name, invitation.last_name);
        let link = self.invitation_link(invitation.account, &invitation.email, name, text).await?;
        let mut tx = self.0.pool.begin().await?;
        if !self.note_sent(&mut tx, invitation.account, "email", per_hour).await? {
            return Ok(Some(false));
        }
        let now = seconds_of(self.0.clock.now());
        let sent = sqlx::query_scalar!(
            r#"select send_invitation($1, true, $2, $3, $4, $5, $6, $6) as "sent!""#,
            link.account.0,
            &link.token,
            link.notice,
            link.payload,
            now,
            now + LIFE.as_secs_f64()
        )
        .fetch_one(&mut *tx)
        .await?;
        // The address may have been corrected since it was read; then the link would go to the old one.
        let same = sqlx::query_scalar!(
            r#"select exists (select from invitation where id = $1 and email = $2) as "same!""#,
            id.0,
            invitation.email.as_str()
        )
        .fetch_one(&mut *tx)
        .await?;
        if !sent || !same {
            return Ok(None);
        }
        self.audit(&mut tx, AuditNote::done(AuditAction::InvitationResend).object("invitation", id)).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Some(true))
    }

    /// A new link and its sealed notice, ready for `send_invitation`.
    pub(super) async fn invitation_link(
        &self,
        account: AccountId,
        email: &Address,
        name: String,
        text: &InvitationText,
    ) -> Result<NewLink, StoreError> {
        let token = random_token()?;
        let link = Secret::new([text.page.as_bytes(), token.expose()].concat());
        let content = NoticeContent::Invitation {
            link,
            name,
            inviter: text.inviter.clone(),
            practice: text.practice.clone(),
        };
        let notice = NewNotice::new(account, content, Channel::Email).to(email.as_str());
        Ok(NewLink {
            account,
            token: self.lookup().token("invitation", &token),
            notice: random_id()?,
            payload: self.notice_payload(&notice).await?.ok_or(StoreError::Corrupt("notice.payload"))?,
        })
    }
}
