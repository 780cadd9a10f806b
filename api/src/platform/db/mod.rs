//! The database: the only module that runs diesel.
//!
//! Transactions come in three kinds, each with a type of its own, which only this module makes:
//! - [`TenantTx`]: one tenant's data, for a request whose credential was checked ([`TenantCtx`]);
//! - [`PlatformTx`]: the superadmins' own, on another login, for a checked [`PlatformCtx`];
//! - [`EntryTx`]: before anyone is known, for logging in and nothing else.
//!
//! Nobody asks for a second connection while holding one, and no network call happens inside.

mod connections;
mod error;
mod first_rows;
mod functions;
mod lane;
mod lease;
mod migrations;
mod named;
mod once;
mod owner;
mod prepared;
mod session;
mod turns;
mod tx;

pub use error::DbError;
pub use first_rows::{FirstRows, TakeFirstRows};
pub use functions::{lower, part_like};
pub use migrations::{MIGRATIONS, MigrateError, migrate, missing_migrations};
pub use named::Named;
pub use once::{Claim, Digest, KEPT, KeptAnswer};
pub use owner::{Owner, OwnerTx};
pub use prepared::prepared;
pub use session::CredentialArguments;
pub use tx::{AnyTx, EntryTx, PlatformTx, TenantTx};

use super::{
    authn::{Credential, PlatformCtx, Principal, Principals, TenantCtx},
    authz::Roles,
    crypto::Secret,
    ids::Ids,
    jobs::{self, Queue, Waker},
    metrics,
};
use crate::config::{self, Config};
use chrono::{DateTime, Utc};
use countinghouse_contract::TenantId;
use diesel::{PgConnection, RunQueryDsl, sql_query, sql_types};
use lane::Lane;
use lease::Lease;
use session::{
    BEGINNINGS_OF_JOBS, BEGINNINGS_OF_REQUESTS, Begin, BeginJob, begin_inside, begin_job, begin_job_sql, begin_signed,
    begin_superadmin_sql, begin_tenant_sql, finish_job_sql, with_present_rights,
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// How long a request waits for its turn before it answers 503.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same for a job, which its worker holds meanwhile: as long as one statement of another may take.
const PATIENCE_OF_JOBS: Duration = Duration::from_secs(600);

/// One for claims, one for what comes beside them.
const CONNECTIONS_OF_QUEUE: u32 = 2;

/// The database, as requests see it.
#[derive(Clone)]
pub struct Db {
    app: Lane,
    platform: Lane,
    worker: Option<Lane>,
    /// The workers' login again, for claims and signs of life, which must not wait behind jobs.
    queue: Option<Lane>,
    waker: Waker,
    principals: Arc<Principals>,
    sessions: config::Sessions,
    ids: Ids,
}

impl Db {
    /// Opens no connection yet: a service may start while its database is away.
    pub fn new(config: &Config, roles: Roles, waker: Waker, ids: Ids, metrics: &metrics::Database) -> Self {
        let database = &config.database;
        let lane = |login, url: &Secret<String>, size, patience, prepares| {
            Lane::new(url.expose(), size, patience, prepares, metrics.login(login, size))
        };
        let for_jobs = |login, size, patience, prepares| {
            database.worker.as_ref().map(|url| lane(login, url, size, patience, prepares))
        };
        Self {
            app: lane("app", &database.app, database.pool, PATIENCE, Some(BEGINNINGS_OF_REQUESTS)),
            platform: lane("platform", &database.platform, (database.pool / 4).max(2), PATIENCE, None),
            worker: for_jobs("worker", database.worker_pool, PATIENCE_OF_JOBS, Some(BEGINNINGS_OF_JOBS)),
            queue: for_jobs("queue", CONNECTIONS_OF_QUEUE, PATIENCE, None),
            sessions: config.sessions,
            principals: Arc::new(Principals::new(roles)),
            waker,
            ids,
        }
    }

    /// A transaction in the tenant of a checked request. The session or key, its user and its rights
    /// are checked once more in the round trip that opens it.
    pub async fn tenant<T, E, F>(&self, ctx: &TenantCtx, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        if let Some(claim) = ctx.claim() {
            return self.tenant_once(ctx, claim, work).await;
        }
        let (principals, ids, ctx) = (Arc::clone(&self.principals), self.ids.clone(), ctx.clone());
        let idle = self.sessions.idle;
        self.app
            .run(move |lease| {
                let now = ids.now();
                with_present_rights(lease, &principals, &ctx, now, |lease, ctx| {
                    lease.begin(&begin_tenant_sql(Begin::Anything, ctx, now, idle))
                })?;
                lease.finish(|conn| in_tenant(conn, ctx.principal(), ids, now, work))
            })
            .await
            .map(|done| self.after_commit(done))
    }

    /// The same for what only reads: it is answered as soon as it is read, and its end is not waited for.
    pub async fn read<T, E, F>(&self, ctx: &TenantCtx, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (principals, ids, ctx) = (Arc::clone(&self.principals), self.ids.clone(), ctx.clone());
        let idle = self.sessions.idle;
        let read = self.app.read(move |lease| {
            let now = ids.now();
            with_present_rights(lease, &principals, &ctx, now, |lease, ctx| {
                lease.begin_reading(&begin_tenant_sql(Begin::Reading, ctx, now, idle))
            })?;
            lease.reading(|conn| in_tenant(conn, ctx.principal(), ids, now, work))
        });
        read.await.map(|(done, _)| done)
    }

    /// A transaction of a job that was claimed, on the workers' login. It is refused when the job is
    /// no longer this claim's.
    pub async fn job<T, E, F>(&self, claim: &Arc<jobs::Claim>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.job_begun_by(begin_job_sql, claim, work).await
    }

    /// The same for the last one, which marks the job as done as it begins.
    pub async fn last_of_job<T, E, F>(&self, claim: &Arc<jobs::Claim>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.job_begun_by(finish_job_sql, claim, work).await
    }

    async fn job_begun_by<T, E, F>(&self, begin: BeginJob, claim: &Arc<jobs::Claim>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (principals, ids, claim) = (Arc::clone(&self.principals), self.ids.clone(), Arc::clone(claim));
        let lane = self.worker.as_ref().ok_or(DbError::NoWorkerLogin)?;
        lane.run(move |lease| {
            let now = ids.now();
            let actor = begin_job(lease, &principals, &claim, now, begin)?;
            lease.finish(|conn| in_tenant(conn, actor, ids, now, work))
        })
        .await
        .map(|done| self.after_commit(done))
    }

    /// A transaction in the tenant of a message that was signed with one of its secrets: done by the service, on
    /// the login of requests.
    pub(crate) async fn signed<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (principals, ids) = (Arc::clone(&self.principals), self.ids.clone());
        self.app
            .run(move |lease| {
                let now = ids.now();
                let actor = begin_signed(lease, &principals, tenant)?;
                lease.finish(|conn| in_tenant(conn, actor, ids, now, work))
            })
            .await
            .map(|done| self.after_commit(done))
    }

    fn after_commit<T>(&self, (done, wakes): (T, bool)) -> T {
        if wakes {
            self.waker.wake();
        }
        done
    }

    pub fn waker(&self) -> &Waker {
        &self.waker
    }

    /// The queue of all clients' jobs, for workers.
    pub fn queue(&self) -> Result<Queue, DbError> {
        let lane = self.queue.clone().ok_or(DbError::NoWorkerLogin)?;
        Ok(Queue::new(WorkerLane { lane, ids: self.ids.clone() }))
    }

    /// The workers' login outside any client.
    pub fn worker_lane(&self) -> Result<WorkerLane, DbError> {
        let lane = self.worker.clone().ok_or(DbError::NoWorkerLogin)?;
        Ok(WorkerLane { lane, ids: self.ids.clone() })
    }

    /// [`Db::tenant`] for a request with an idempotency key: claims the key in the round trip that
    /// begins, and leaves the transaction open for the answer.
    async fn tenant_once<T, E, F>(&self, ctx: &TenantCtx, claim: &Arc<Claim>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        claim.commit_unanswered().await?;
        let (principals, ids, ctx) = (Arc::clone(&self.principals), self.ids.clone(), ctx.clone());
        let (idle, now, claiming) = (self.sessions.idle, self.ids.now(), Arc::clone(claim));
        let held = self.app.hold(move |lease| {
            with_present_rights(lease, &principals, &ctx, now, |lease, ctx| {
                lease.begin(&(begin_tenant_sql(Begin::Anything, ctx, now, idle) + claiming.sql(now).as_str()))
            })?;
            lease.attempt(|conn| in_tenant(conn, ctx.principal(), ids, now, work))
        });
        let ((value, wakes), held) = held.await?;
        claim.hold(held, now, wakes.then(|| self.waker.clone()));
        Ok(value)
    }

    /// A transaction of a superadmin.
    pub async fn platform<T, E, F>(&self, ctx: &PlatformCtx, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut PlatformTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (ids, ctx, idle) = (self.ids.clone(), *ctx, self.sessions.superadmin_idle);
        self.platform
            .run(move |lease| {
                let now = ids.now();
                lease.begin(&begin_superadmin_sql(ctx, now, idle))?;
                lease.finish(|conn| work(&mut PlatformTx::new(conn, ctx, ids, now)))
            })
            .await
    }

    /// A superadmin's transaction inside one client: on the login of clients' requests, fenced like those, so that
    /// a look at one shows nothing of another. What is done there is the superadmin's in the client's audit log; the
    /// caller has checked the session, and writes down the look ([`crate::platform::audit`]).
    pub async fn inside<T, E, F>(&self, ctx: &PlatformCtx, tenant: TenantId, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (principals, ids, superadmin) = (Arc::clone(&self.principals), self.ids.clone(), ctx.superadmin_id());
        self.app
            .run(move |lease| {
                let now = ids.now();
                let actor = Arc::new(begin_inside(lease, &principals, tenant)?.in_hands_of(superadmin));
                lease.finish(|conn| in_tenant(conn, actor, ids, now, work))
            })
            .await
            .map(|done| self.after_commit(done))
    }

    /// A transaction in a tenant that somebody says to belong to, for logging in.
    pub(crate) async fn tenant_entry<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut EntryTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let ids = self.ids.clone();
        self.app
            .run(move |lease| {
                lease.begin(&format!("BEGIN; SELECT set_config('app.tenant_id', '{}', true)", tenant.0))?;
                lease.finish(|conn| work(&mut EntryTx::new(conn, ids)))
            })
            .await
    }

    /// A transaction on the superadmins' login before anyone is known: their log-in, and the
    /// operator's command line.
    pub(crate) async fn platform_entry<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut EntryTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let ids = self.ids.clone();
        self.platform
            .run(move |lease| {
                lease.begin("BEGIN")?;
                lease.finish(|conn| work(&mut EntryTx::new(conn, ids)))
            })
            .await
    }

    /// One statement on the superadmins' login that belongs to no request: what the service reads for all of them.
    pub(in crate::platform) async fn platform_statement<T: Send + 'static>(
        &self,
        mut run: impl FnMut(&mut PgConnection, DateTime<Utc>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let now = self.ids.now();
        self.platform.run(move |lease| lease.statement(|conn| run(conn, now))).await
    }

    /// The roles that everybody knows.
    pub fn roles(&self) -> &Roles {
        self.principals.roles()
    }

    /// Whom a credential belongs to and what they may do, as this process remembers it.
    pub fn remembered(&self, credential: Credential) -> Option<Arc<Principal>> {
        self.principals.remembered(credential)
    }

    /// The same, read anew whatever is remembered.
    pub async fn principal_anew(&self, credential: Credential) -> Result<Arc<Principal>, DbError> {
        let (principals, now) = (Arc::clone(&self.principals), self.ids.now());
        self.app.run(move |lease| lease.statement(|conn| principals.load(conn, credential, now))).await
    }

    /// The client with this slug, if there is one.
    pub async fn tenant_by_slug(&self, slug: String) -> Result<Option<TenantId>, DbError> {
        #[derive(diesel::QueryableByName)]
        struct Found {
            #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
            id: Option<Uuid>,
        }
        self.app
            .run(move |lease| {
                lease.statement(|conn| {
                    let query = sql_query("SELECT tenant_by_slug($1) AS id").bind::<sql_types::Text, _>(&slug);
                    Ok(query.get_result::<Found>(conn)?.id.map(TenantId))
                })
            })
            .await
    }

    /// Whether any active client lists this origin of pages.
    pub async fn origin_is_listed(&self, origin: String) -> Result<bool, DbError> {
        #[derive(diesel::QueryableByName)]
        struct Answer {
            #[diesel(sql_type = sql_types::Bool)]
            listed: bool,
        }
        self.app
            .run(move |lease| {
                lease.statement(|conn| {
                    let query = sql_query("SELECT origin_is_listed($1) AS listed").bind::<sql_types::Text, _>(&origin);
                    Ok(query.get_result::<Answer>(conn)?.listed)
                })
            })
            .await
    }

    /// One statement as a transaction of its own, for a function in the database that begins by
    /// calling `begin_request` with the arguments it is given here.
    pub async fn tenant_statement<T, F>(&self, ctx: &TenantCtx, mut run: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnMut(&mut PgConnection, &CredentialArguments) -> Result<T, DbError> + Send + 'static,
    {
        let (principals, ids, ctx) = (Arc::clone(&self.principals), self.ids.clone(), ctx.clone());
        self.app
            .run(move |lease| {
                let now = ids.now();
                with_present_rights(lease, &principals, &ctx, now, |lease, ctx| {
                    let arguments = CredentialArguments::of(ctx, now);
                    lease.statement(|conn| run(conn, &arguments))
                })
            })
            .await
    }

    /// Names of migrations that this binary needs and the database lacks. Also the test whether
    /// the database is there.
    pub async fn missing_migrations(&self) -> Result<Vec<String>, DbError> {
        self.app.run(|lease| lease.statement(missing_migrations)).await
    }
}

/// The work of a transaction in a tenant, and whether workers are to be woken after it.
fn in_tenant<T, E>(
    conn: &mut PgConnection,
    actor: Arc<Principal>,
    ids: Ids,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut TenantTx<'_>) -> Result<T, E>,
) -> Result<(T, bool), E> {
    let mut tx = TenantTx::new(conn, actor, ids, now);
    let done = work(&mut tx)?;
    Ok((done, tx.wakes()))
}

/// The workers' login outside any client: for the functions in the database that work for all.
#[derive(Clone)]
pub struct WorkerLane {
    lane: Lane,
    ids: Ids,
}

impl WorkerLane {
    /// One statement as a transaction of its own, at the service's time.
    pub async fn statement<T: Send + 'static>(
        &self,
        mut run: impl FnMut(&mut PgConnection, DateTime<Utc>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let now = self.ids.now();
        self.lane.run(move |lease| lease.statement(|conn| run(conn, now))).await
    }

    /// The same where it must not happen twice: when its answer is lost, nobody knows whether it did.
    pub async fn statement_once<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut PgConnection, DateTime<Utc>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let now = self.ids.now();
        self.lane.run(move |lease| lease.statement_once(|conn| run(conn, now))).await
    }

    pub async fn transaction<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut PgConnection, DateTime<Utc>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let now = self.ids.now();
        let work = move |lease: &mut Lease| {
            lease.begin("BEGIN")?;
            lease.finish(|conn| work(conn, now))
        };
        self.lane.run(work).await
    }
}
