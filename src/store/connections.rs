//! The connections to the database: what was used last is used first.
//!
//! sqlx's pool hands its connections out in turn, and asks each a question when it comes back. With two dozen of them
//! each statement meets a server process that did something else two dozen statements ago, and costs two round
//! trips; the process that has just answered answers the next in less than half the time and CPU
//! (docs/performance.md). So a few connections are kept aside, as a stack, for statements that stand alone.
//!
//! Invariants: a connection is kept only after a statement that ended well and was read to its end; any other goes
//! back to the pool, which looks at it. At most a quarter of the pool is kept, and none while the pool has no other,
//! so transactions never wait for an idle one. What idled is asked whether it is alive before it is used; what is old
//! goes back, for the pool to close. After [`close`](Connections::close) nothing is kept.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use parking_lot::Mutex;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection as _, Describe, Either, Error, Execute, Executor, Postgres, SqlStr, Transaction};

/// A connection that idled so long may have lost its server.
const FRESH: Duration = Duration::from_millis(400);
/// So long a server process is kept busy; what it has in its caches only grows.
const LIFE: Duration = Duration::from_mins(10);

/// The connections of one process. Statements that stand alone are given `&Connections`, as sqlx's pool
/// would be; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pool: PgPool,
    stack: Arc<Mutex<Stack>>,
    /// Most connections on the stack.
    most: usize,
}

#[derive(Debug, Default)]
struct Stack {
    closed: bool,
    warm: Vec<Warm>,
}

/// A connection that is lent to one statement after the other: [`Connections::done`] says that it ended well, or it
/// goes back to the pool.
#[derive(Debug)]
pub(super) struct Warm {
    conn: PoolConnection<Postgres>,
    since: Instant,
    used: Instant,
}

impl Connections {
    pub(super) fn new(pool: PgPool) -> Self {
        let most = pool.options().get_max_connections() as usize / 4;
        Self { pool, stack: Arc::default(), most }
    }

    /// Most connections at once.
    pub(super) fn most(&self) -> u32 {
        self.pool.options().get_max_connections()
    }

    /// A connection for somebody who keeps it for a while.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.pool.acquire().await
    }

    /// A transaction; it is rolled back when it is dropped.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.pool.begin().await
    }

    /// Closes every connection, after those that are in use have come back.
    pub(super) async fn close(&self) {
        let warm = {
            let mut stack = self.stack.lock();
            stack.closed = true;
            std::mem::take(&mut stack.warm)
        };
        drop(warm);
        self.pool.close().await;
    }

    /// The connection that was used last and is free.
    pub(super) async fn warm(&self) -> Result<Warm, Error> {
        while let Some(mut warm) = self.pop() {
            if warm.used.elapsed() < FRESH {
                return Ok(warm);
            }
            // Or its server is gone, and with it most likely those below.
            if let Ok(Ok(())) = tokio::time::timeout(super::PATIENCE, warm.conn.ping()).await {
                return Ok(warm);
            }
        }
        let conn = self.pool.acquire().await?;
        let now = Instant::now();
        Ok(Warm { conn, since: now, used: now })
    }

    fn pop(&self) -> Option<Warm> {
        self.stack.lock().warm.pop()
    }

    /// A statement ended well, and was read to its end: the connection serves the next.
    pub(super) fn done(&self, mut warm: Warm) {
        warm.used = Instant::now();
        let somebody_waits = self.pool.num_idle() == 0 && self.pool.size() >= self.most();
        if somebody_waits || warm.since.elapsed() >= LIFE {
            return;
        }
        let mut stack = self.stack.lock();
        if !stack.closed && stack.warm.len() < self.most {
            stack.warm.push(warm);
        }
    }
}

impl Deref for Warm {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.conn
    }
}

impl DerefMut for Warm {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.conn
    }
}

impl<'c> Executor<'c> for &Connections {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let connections = self.clone();
        Box::pin(async_stream::try_stream! {
            let mut warm = connections.warm().await?;
            {
                let mut results = warm.conn.fetch_many(query);
                while let Some(result) = results.try_next().await? {
                    yield result;
                }
            }
            connections.done(warm);
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let connections = self.clone();
        Box::pin(async move {
            let mut warm = connections.warm().await?;
            let row = warm.conn.fetch_optional(query).await?;
            connections.done(warm);
            Ok(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.describe(sql).await })
    }
}
