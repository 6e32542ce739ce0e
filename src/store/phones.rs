//! The phone numbers of an account (R6): one that codes and text notices go to, and others beside it.
//!
//! Invariants: a number is proved by a code before it is here (Support alone sets one unproved); all are sealed. When
//! codes go to another number, or one is taken away, what was sent before is void and the owner is told by mail.

use sqlx::PgConnection;

use super::codes::{CodeAnswer, CodePurpose};
use super::notices::NewNotice;
use super::{Store, StoreError, TextDomain, WebSession, seconds_of};
use crate::types::{AccountId, AuditAction, AuditNote, Channel, NoticeContent, Phone};

/// Beside the one that codes go to.
const OTHERS_MOST: usize = 4;

/// One of the other numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherPhone {
    /// Its number in the list; never given again.
    pub id: i64,
    /// Proved.
    pub phone: Phone,
}

/// Where codes go once a new number is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodesGo {
    /// To the new number; the former one stays among the others.
    ToTheNew,
    /// Where they went before, if there is such a number.
    WhereTheyWent,
}

/// What became of a choice among the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneChosen {
    /// Done.
    Done,
    /// There is no such number any more.
    Gone,
    /// The sign-in has ended.
    Ended,
}

impl Store {
    /// The other numbers, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn other_phones(&self, account: AccountId) -> Result<Vec<OtherPhone>, StoreError> {
        let mut connection = self.0.pool.acquire().await?;
        self.other_phones_in(&mut connection, account).await
    }

    async fn other_phones_in(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<Vec<OtherPhone>, StoreError> {
        let rows =
            sqlx::query!("select id, phone from account_phone where account_id = $1 order by id", account.0)
                .fetch_all(&mut *tx)
                .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.seal_key_in(tx, account).await?;
        rows.into_iter()
            .map(|row| {
                let text = key.open_text(TextDomain::Phone, account, &row.phone)?;
                let phone = Phone::stored(&text).ok_or(StoreError::Corrupt("account_phone.phone"))?;
                Ok(OtherPhone { id: row.id, phone })
            })
            .collect()
    }

    /// Whether one more number can be added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn phones_are_full(&self, account: AccountId) -> Result<bool, StoreError> {
        Ok(self.other_phones(account).await?.len() >= OTHERS_MOST)
    }

    /// Every proved number of an account, the one that codes go to first. Inside the caller's transaction.
    pub(super) async fn phones_in(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<Vec<Phone>, StoreError> {
        let first = self.first_phone(tx, account).await?;
        let others = self.other_phones_in(tx, account).await?;
        Ok(first.into_iter().chain(others.into_iter().map(|o| o.phone)).collect())
    }

    async fn first_phone(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<Option<Phone>, StoreError> {
        let sealed = sqlx::query_scalar!("select phone from account where id = $1", account.0)
            .fetch_one(&mut *tx)
            .await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let text = self.seal_key_in(tx, account).await?.open_text(TextDomain::Phone, account, &sealed)?;
        Phone::stored(&text).map(Some).ok_or(StoreError::Corrupt("account.phone"))
    }

    /// R6: a new phone number, proved by the code sent to it.
    ///
    /// # Errors
    /// [`StoreError`]. `None`: the sign-in has ended.
    pub async fn phone_prove(
        &self,
        session: &WebSession,
        digits: &[u8; 6],
        go: CodesGo,
    ) -> Result<Option<CodeAnswer>, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(None);
        }
        let answer = self.code_answer(&mut tx, session, CodePurpose::Phone, digits).await?;
        if let CodeAnswer::Right(Some(new)) = &answer {
            let first = self.first_phone(&mut tx, account).await?;
            match first {
                Some(first) if first == *new => {}
                Some(_) if go == CodesGo::WhereTheyWent => {
                    self.other_phone_add(&mut tx, account, new).await?;
                    self.phones_changed(&mut tx, account).await?;
                }
                first => {
                    let told = first.is_some();
                    self.first_phone_set(&mut tx, account, new, first).await?;
                    if told {
                        self.phones_changed(&mut tx, account).await?;
                    }
                }
            }
            self.join_mark(&mut tx, account, &session.account.email).await?;
            self.phone_audit(&mut tx, account, "fields=phone step=proved").await?;
        }
        tx.commit().await?;
        self.wake_notices();
        self.join_due(account).await;
        Ok(Some(answer))
    }

    /// R6: codes go to another of the account's numbers from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn phone_choose(&self, session: &WebSession, id: i64) -> Result<PhoneChosen, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(PhoneChosen::Ended);
        }
        let others = self.other_phones_in(&mut tx, account).await?;
        let Some(chosen) = others.into_iter().find(|o| o.id == id) else { return Ok(PhoneChosen::Gone) };
        let first = self.first_phone(&mut tx, account).await?;
        self.first_phone_set(&mut tx, account, &chosen.phone, first).await?;
        self.phones_changed(&mut tx, account).await?;
        self.phone_audit(&mut tx, account, "fields=phone step=chosen").await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(PhoneChosen::Done)
    }

    /// R6: takes one of the other numbers away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn phone_remove(&self, session: &WebSession, id: i64) -> Result<PhoneChosen, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(PhoneChosen::Ended);
        }
        let done = sqlx::query!("delete from account_phone where account_id = $1 and id = $2", account.0, id)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() != 1 {
            return Ok(PhoneChosen::Gone);
        }
        self.phones_changed(&mut tx, account).await?;
        self.phone_audit(&mut tx, account, "fields=phone step=removed").await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(PhoneChosen::Done)
    }

    /// Codes go to `new`; what was the first is one of the others now. What went to it is void.
    async fn first_phone_set(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        new: &Phone,
        former: Option<Phone>,
    ) -> Result<(), StoreError> {
        self.other_phone_drop(tx, account, new).await?;
        if let Some(former) = former {
            self.other_phone_add(tx, account, &former).await?;
        }
        let sealed = self.seal_phone(tx, account, new).await?;
        sqlx::query!("update account set phone = $2 where id = $1", account.0, sealed)
            .execute(&mut *tx)
            .await?;
        self.codes_void(tx, account).await
    }

    /// A number that codes go to is none of the others. The caller holds the account.
    pub(super) async fn other_phone_drop(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        phone: &Phone,
    ) -> Result<(), StoreError> {
        for other in self.other_phones_in(tx, account).await? {
            if other.phone == *phone {
                sqlx::query!(
                    "delete from account_phone where account_id = $1 and id = $2",
                    account.0,
                    other.id
                )
                .execute(&mut *tx)
                .await?;
            }
        }
        Ok(())
    }

    /// One more of the others, unless it is there or there are as many as can be.
    async fn other_phone_add(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        phone: &Phone,
    ) -> Result<(), StoreError> {
        let others = self.other_phones_in(tx, account).await?;
        if others.len() >= OTHERS_MOST || others.iter().any(|o| o.phone == *phone) {
            return Ok(());
        }
        let sealed = self.seal_phone(tx, account, phone).await?;
        sqlx::query!(
            "insert into account_phone (account_id, phone, proved_at) values ($1, $2, to_timestamp($3))",
            account.0,
            sealed,
            seconds_of(self.0.clock.now())
        )
        .execute(tx)
        .await?;
        Ok(())
    }

    /// The owner hears of it.
    async fn phones_changed(&self, tx: &mut PgConnection, account: AccountId) -> Result<(), StoreError> {
        let notice = NewNotice::new(account, NoticeContent::PhoneChanged, Channel::Email);
        self.enqueue_notice(tx, notice).await?;
        Ok(())
    }

    async fn phone_audit(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        detail: &'static str,
    ) -> Result<(), StoreError> {
        self.audit(tx, AuditNote::done(AuditAction::AccountChange).account(account).detail(detail)).await
    }
}
