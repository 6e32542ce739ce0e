//! What an operator asks about the database itself.

use std::time::SystemTime;

use sqlx::migrate::Migrate as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::{MIGRATIONS, Store, StoreError, time_of};

/// How the schema stands to this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// They are the same.
    Current,
    /// So many migrations are still to be run.
    Behind(usize),
    /// A newer program has been here.
    Ahead,
}

/// What a database says about itself.
#[derive(Clone, Debug)]
pub struct Health {
    /// As `server_version_num` has it: 150013 is 15.13.
    pub server_version: u32,
    /// Its clock.
    pub now: SystemTime,
    /// Its tables.
    pub schema: Schema,
    /// Whether `synchronous_commit` is as our promise to lose nothing needs it.
    pub durable: bool,
}

impl Store {
    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&self.0.pool).await?;
        Ok(())
    }

    /// Asks a database, which may still be empty.
    ///
    /// # Errors
    /// [`StoreError::Database`] when it cannot be reached.
    pub async fn health(database_url: &str) -> Result<Health, StoreError> {
        let connect: PgConnectOptions = database_url.parse()?;
        let mut conn = connect.disable_statement_logging().connect().await?;
        let row = sqlx::query!(
            r#"select current_setting('server_version_num')::int as "version!",
                      (extract(epoch from clock_timestamp()) * 1000000)::bigint as "now!",
                      current_setting('fsync') = 'on' and current_setting('synchronous_commit') <> 'off' as "durable!",
                      to_regclass('_sqlx_migrations') is not null as "begun!""#
        )
        .fetch_one(&mut conn)
        .await?;
        let applied =
            if row.begun { conn.list_applied_migrations(&MIGRATIONS.table_name).await? } else { Vec::new() };
        conn.close().await?;
        let ours: Vec<i64> = MIGRATIONS.iter().map(|m| m.version).collect();
        let missing = ours.iter().filter(|v| applied.iter().all(|a| a.version != **v)).count();
        let ahead = applied.iter().any(|a| !ours.contains(&a.version));
        Ok(Health {
            server_version: u32::try_from(row.version).unwrap_or(0),
            now: time_of(row.now),
            schema: match (ahead, missing) {
                (true, _) => Schema::Ahead,
                (false, 0) => Schema::Current,
                (false, n) => Schema::Behind(n),
            },
            durable: row.durable,
        })
    }
}
