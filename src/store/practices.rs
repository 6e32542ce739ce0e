//! The customer organisations. Support alone makes and changes them (R6).

use super::accounts::{AccountError, checked_name};
use super::keys::Owner;
use super::{Store, StoreError};
use crate::types::{AuditAction, AuditNote, PracticeId};

/// One customer organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Its identity.
    pub id: PracticeId,
    /// Unique.
    pub name: String,
    /// Most bytes of decoded attachments in a message (R18); `None`: the gateway's setting.
    pub attachment_limit: Option<u64>,
    /// How many accounts it has.
    pub accounts: u64,
}

/// R1: something a practice can buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Mail programs and the portal's mail; attachments to 100 MB (R18).
    SecureMail,
    /// Attachments to 300 MB on the portal (R18).
    Collaborator,
    /// Forms.
    #[serde(rename = "truform")]
    TruForm,
}

impl Product {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::SecureMail, Self::Collaborator, Self::TruForm];

    /// The word of the database and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecureMail => "secure-mail",
            Self::Collaborator => "collaborator",
            Self::TruForm => "truform",
        }
    }
}

impl std::str::FromStr for Product {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|p| p.as_str() == s);
        found.ok_or_else(|| format!("\"{s}\" is not a product: secure-mail, collaborator or truform"))
    }
}

/// R1, R2, R6: what Support keeps about a practice beside its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PracticeRecord {
    /// Street and number.
    pub street: String,
    /// Postal code and town.
    pub place: String,
    /// As the practice writes it.
    pub phone: String,
    /// Address of its site.
    pub website: String,
    /// R2: two-step verification cannot be turned off.
    pub two_step_enforced: bool,
    /// R1, in the order of [`Product::ALL`].
    pub products: Vec<Product>,
}

impl Store {
    /// R6: what Support keeps about a practice; `None`: no such practice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn practice_record(&self, id: PracticeId) -> Result<Option<PracticeRecord>, StoreError> {
        let row = sqlx::query!(
            r#"select street, place, phone, website, two_step_enforced,
                      array(select r.product from practice_product r where r.practice_id = practice.id) as "products!"
                 from practice where id = $1"#,
            id.0
        )
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut products = row
            .products
            .iter()
            .map(|p| p.parse().map_err(|_| StoreError::Corrupt("practice_product.product")))
            .collect::<Result<Vec<_>, _>>()?;
        products.sort_unstable();
        Ok(Some(PracticeRecord {
            street: row.street,
            place: row.place,
            phone: row.phone,
            website: row.website,
            two_step_enforced: row.two_step_enforced,
            products,
        }))
    }

    /// R6: replaces it.
    ///
    /// # Errors
    /// [`AccountError::NoPractice`].
    pub async fn practice_record_set(
        &self,
        id: PracticeId,
        record: &PracticeRecord,
    ) -> Result<(), AccountError> {
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query!(
            "update practice set street = $2, place = $3, phone = $4, website = $5, two_step_enforced = $6
              where id = $1",
            id.0,
            record.street,
            record.place,
            record.phone,
            record.website,
            record.two_step_enforced
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(AccountError::NoPractice(id));
        }
        let products: Vec<String> = record.products.iter().map(|p| p.as_str().to_owned()).collect();
        sqlx::query!(
            "delete from practice_product where practice_id = $1 and product <> all($2)",
            id.0,
            &products
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "insert into practice_product (practice_id, product) select $1, u.product from unnest($2::text[]) u(product)
                 on conflict do nothing",
            id.0,
            &products
        )
        .execute(&mut *tx)
        .await?;
        let note = AuditNote::done(AuditAction::PracticeChange).practice(id).detail("fields=record");
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes a practice and the seal key that its mail will be sealed with.
    ///
    /// # Errors
    /// [`AccountError::PracticeTaken`], [`AccountError::Name`].
    pub async fn practice_create(
        &self,
        name: &str,
        attachment_limit: Option<u64>,
    ) -> Result<Practice, AccountError> {
        let name = checked_name(name)?;
        let limit = attachment_limit.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let mut tx = self.0.pool.begin().await?;
        let id = sqlx::query_scalar!(
            "insert into practice (name, attachment_limit) values ($1, $2) returning id",
            name,
            limit
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(|e| named(e, &name))?;
        let id = PracticeId(id);
        let key = self.0.keys.new_seal_key(Owner::Practice(id))?;
        sqlx::query!(
            "insert into seal_key (practice_id, master_version, wrapped) values ($1, $2, $3)",
            id.0,
            key.master_version,
            key.wrapped
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("insert into practice_product (practice_id, product) values ($1, 'secure-mail')", id.0)
            .execute(&mut *tx)
            .await?;
        self.audit(&mut tx, AuditNote::done(AuditAction::PracticeCreate).practice(id)).await?;
        tx.commit().await?;
        Ok(Practice { id, name, attachment_limit, accounts: 0 })
    }

    /// All practices, in the order they were made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn practices(&self) -> Result<Vec<Practice>, StoreError> {
        let rows = sqlx::query!(
            r#"select p.id, p.name, p.attachment_limit, count(a.id) as "accounts!"
                 from practice p left join account a on a.practice_id = p.id
                group by p.id order by p.id"#
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| Practice {
                id: PracticeId(r.id),
                name: r.name,
                attachment_limit: r.attachment_limit.map(|n| n as u64),
                accounts: r.accounts as u64,
            })
            .collect())
    }

    /// One practice, by its number or its exact name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn practice(&self, number_or_name: &str) -> Result<Option<Practice>, StoreError> {
        let row = sqlx::query!(
            r#"select p.id, p.name, p.attachment_limit,
                      (select count(*) from account a where a.practice_id = p.id) as "accounts!"
                 from practice p where p.id = $1 or p.name = $2 order by p.name = $2 desc limit 1"#,
            number_or_name.trim().parse::<i64>().ok(),
            number_or_name.trim()
        )
        .fetch_optional(&self.0.pool)
        .await?;
        Ok(row.map(|r| Practice {
            id: PracticeId(r.id),
            name: r.name,
            attachment_limit: r.attachment_limit.map(|n| n as u64),
            accounts: r.accounts as u64,
        }))
    }

    /// Changes a practice's name and limit.
    ///
    /// # Errors
    /// [`AccountError::PracticeTaken`], [`AccountError::NoPractice`], [`AccountError::Name`].
    pub async fn practice_set(
        &self,
        id: PracticeId,
        name: &str,
        attachment_limit: Option<u64>,
    ) -> Result<(), AccountError> {
        let name = checked_name(name)?;
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query!(
            "update practice set name = $2, attachment_limit = $3 where id = $1",
            id.0,
            name,
            attachment_limit.map(|n| i64::try_from(n).unwrap_or(i64::MAX))
        )
        .execute(&mut *tx)
        .await
        .map_err(|e| named(e, &name))?;
        if done.rows_affected() == 0 {
            return Err(AccountError::NoPractice(id));
        }
        let limit = attachment_limit.map_or_else(|| "none".to_owned(), |n| n.to_string());
        let note = AuditNote::done(AuditAction::PracticeChange).practice(id);
        self.audit(&mut tx, note.detail(format!("fields=name,attachment-limit attachment-limit={limit}")))
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn named(e: sqlx::Error, name: &str) -> AccountError {
    let e = StoreError::from(e);
    match e.constraint() {
        Some("practice_name_unique") => AccountError::PracticeTaken(name.to_owned()),
        _ => e.into(),
    }
}
