//! The connections to the database: what was used last is used first.
//!
//! sqlx's pool hands its connections out in turn, and asks each a question when it comes back. With two dozen of them
//! each statement meets a server process that did something else two dozen statements ago, and costs two round
//! trips; the process that has just answered answers the next in less than half the time and CPU
//! (docs/performance.md). So a few connections are kept aside, as a stack, for statements that stand alone.
//!
//! As many statements run at a time as there are processors and one more; the next waits for one of them, a millisecond
//! at most, instead of waking a process that has done nothing for long. Where that was vain (statements that wait for
//! locks, or look through much) nobody waits for a while.
//!
//! Invariants: a connection is kept only after a statement that ended well and was read to its end; any other goes
//! back to the pool, which looks at it. At most three eighths of the pool are kept, and none while the pool has no other,
//! so transactions never wait for an idle one. What idled is asked whether it is alive before it is used; what is old
//! goes back, for the pool to close. After [`close`](Connections::close) nothing is kept.

use std::num::NonZero;
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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A connection that idled so long may have lost its server.
const FRESH: Duration = Duration::from_millis(400);
/// So long a server process is kept busy; what it has in its caches only grows.
const LIFE: Duration = Duration::from_mins(10);
/// Most connections of a stack for statements of one kind.
const APART: usize = 2;
/// So long a statement waits for one of those that run, at most.
const WAIT: Duration = Duration::from_millis(1);
/// So long nobody waits after somebody did in vain.
const VAIN: Duration = Duration::from_millis(50);

/// The connections of one process. Statements that stand alone are given `&Connections`, as sqlx's pool
/// would be; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pool: PgPool,
    stack: Arc<Mutex<Stack>>,
    /// Most connections on the stack.
    height: usize,
    /// Statements that may run before the next one waits.
    places: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Stack {
    closed: bool,
    warm: Vec<Warm>,
    /// Nobody waits until then.
    vain: Option<Instant>,
}

/// A connection that is lent to one statement after the other: [`Connections::done`] says that it ended well, or it
/// goes back to the pool.
#[derive(Debug)]
pub(super) struct Warm {
    conn: PoolConnection<Postgres>,
    since: Instant,
    used: Instant,
    place: Option<OwnedSemaphorePermit>,
}

impl Connections {
    pub(super) fn new(pool: PgPool) -> Self {
        let height = pool.options().get_max_connections() as usize / 4;
        Self::over(pool, height)
    }

    /// The same pool with a stack of its own, for statements of one kind: its server processes see no others.
    pub(super) fn apart(&self) -> Self {
        let height = self.most() as usize / 8;
        Self::over(self.pool.clone(), height.min(APART))
    }

    fn over(pool: PgPool, height: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { pool, stack: Arc::default(), height, places: Arc::new(Semaphore::new(processors + 1)) }
    }

    /// Most connections at once.
    fn most(&self) -> u32 {
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
        self.let_go();
        self.pool.close().await;
    }

    /// Keeps no connection from now on.
    pub(super) fn let_go(&self) {
        let warm = {
            let mut stack = self.stack.lock();
            stack.closed = true;
            std::mem::take(&mut stack.warm)
        };
        drop(warm);
    }

    /// The connection that was used last and is free.
    pub(super) async fn warm(&self) -> Result<Warm, Error> {
        let place = self.place().await;
        while let Some(mut warm) = self.pop() {
            // Or its server is gone, and with it most likely those below.
            if warm.used.elapsed() < FRESH
                || matches!(tokio::time::timeout(super::PATIENCE, warm.conn.ping()).await, Ok(Ok(())))
            {
                warm.place = place;
                return Ok(warm);
            }
        }
        let conn = self.pool.acquire().await?;
        let now = Instant::now();
        Ok(Warm { conn, since: now, used: now, place })
    }

    /// A place among those that run; `None`: it goes without.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Some(place);
        }
        if self.stack.lock().vain.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let place = tokio::time::timeout(WAIT, self.places.clone().acquire_owned()).await;
        if place.is_err() {
            self.stack.lock().vain = Some(Instant::now() + VAIN);
        }
        place.ok()?.ok()
    }

    fn pop(&self) -> Option<Warm> {
        self.stack.lock().warm.pop()
    }

    /// A statement ended well, and was read to its end: the connection serves the next.
    pub(super) fn done(&self, mut warm: Warm) {
        warm.used = Instant::now();
        let place = warm.place.take();
        let somebody_waits = self.pool.num_idle() == 0 && self.pool.size() >= self.most();
        if somebody_waits || warm.since.elapsed() >= LIFE {
            return;
        }
        let mut stack = self.stack.lock();
        if !stack.closed && stack.warm.len() < self.height {
            stack.warm.push(warm);
        }
        drop(stack);
        // After the connection is there for whoever gets the place.
        drop(place);
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
