//! The three kinds of transaction. Their constructors are private to `platform::db`.

use super::error::DbError;
use crate::platform::{
    authn::{Credential, PlatformCtx, Principal},
    authz::PermissionSet,
    ids::{Ids, NoRandomness},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{TenantId, UserId};
use diesel::{
    PgConnection,
    connection::{AnsiTransactionManager, TransactionManager},
};
use std::sync::Arc;
use uuid::Uuid;

/// A transaction of whichever kind, for what is done at the door and behind it: the session log,
/// new clients, secrets, second factors. What it reaches is up to its login and, for a client's, to
/// the tenant that it is in.
pub trait AnyTx {
    /// For repos.
    fn any_conn(&mut self) -> &mut PgConnection;
}

impl AnyTx for TenantTx<'_> {
    fn any_conn(&mut self) -> &mut PgConnection {
        self.conn
    }
}

impl AnyTx for EntryTx<'_> {
    fn any_conn(&mut self) -> &mut PgConnection {
        self.conn
    }
}

impl AnyTx for PlatformTx<'_> {
    fn any_conn(&mut self) -> &mut PgConnection {
        self.conn
    }
}

/// A transaction in one tenant's data.
pub struct TenantTx<'c> {
    conn: &'c mut PgConnection,
    actor: Arc<Principal>,
    ids: Ids,
    now: DateTime<Utc>,
    wakes: bool,
}

impl<'c> TenantTx<'c> {
    pub(super) fn new(conn: &'c mut PgConnection, actor: Arc<Principal>, ids: Ids, now: DateTime<Utc>) -> Self {
        Self { conn, actor, ids, now, wakes: false }
    }

    /// Workers are told after the commit that there is something to do.
    pub(in crate::platform) fn wake_workers(&mut self) {
        self.wakes = true;
    }

    pub(super) fn wakes(&self) -> bool {
        self.wakes
    }

    /// For repos.
    pub fn conn(&mut self) -> &mut PgConnection {
        self.conn
    }

    pub fn tenant_id(&self) -> TenantId {
        self.actor.tenant_id
    }

    /// Does work that is undone alone when it fails; what the transaction did before stays.
    pub fn savepoint<T, E: From<DbError>>(
        &mut self,
        work: impl FnOnce(&mut TenantTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (actor, ids, now) = (Arc::clone(&self.actor), self.ids.clone(), self.now);
        AnsiTransactionManager::begin_transaction(self.conn).map_err(DbError::from)?;
        let mut inner = TenantTx { conn: self.conn, actor, ids, now, wakes: false };
        let result = work(&mut inner);
        self.wakes |= inner.wakes && result.is_ok();
        let ended = match &result {
            Ok(_) => AnsiTransactionManager::commit_transaction(self.conn),
            Err(_) => AnsiTransactionManager::rollback_transaction(self.conn),
        };
        ended.map_err(DbError::from)?;
        result
    }

    /// A job goes on with what a user began: what it makes is theirs, and it may do this and no more.
    /// Nobody but a job becomes somebody else.
    pub fn act_for(&mut self, user: UserId, permissions: PermissionSet) {
        if matches!(self.actor.credential, Credential::Worker { .. }) {
            self.actor = Arc::new(self.actor.acting_for(user, permissions));
        }
    }

    /// Who acts, with the rights that hold in this transaction.
    pub fn actor(&self) -> &Principal {
        &self.actor
    }

    /// The one time of this transaction.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub fn make_id<T: From<Uuid>>(&self) -> Result<T, NoRandomness> {
        self.ids.make()
    }
}

/// A transaction of a superadmin, on the platform's login.
pub struct PlatformTx<'c> {
    conn: &'c mut PgConnection,
    ctx: PlatformCtx,
    ids: Ids,
    now: DateTime<Utc>,
}

impl<'c> PlatformTx<'c> {
    pub(super) fn new(conn: &'c mut PgConnection, ctx: PlatformCtx, ids: Ids, now: DateTime<Utc>) -> Self {
        Self { conn, ctx, ids, now }
    }

    /// For repos.
    pub fn conn(&mut self) -> &mut PgConnection {
        self.conn
    }

    pub fn actor(&self) -> &PlatformCtx {
        &self.ctx
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub fn make_id<T: From<Uuid>>(&self) -> Result<T, NoRandomness> {
        self.ids.make()
    }
}

/// A transaction before anyone is known; only those who log people in take it.
pub struct EntryTx<'c> {
    conn: &'c mut PgConnection,
    ids: Ids,
}

impl<'c> EntryTx<'c> {
    pub(super) fn new(conn: &'c mut PgConnection, ids: Ids) -> Self {
        Self { conn, ids }
    }

    /// For repos.
    pub fn conn(&mut self) -> &mut PgConnection {
        self.conn
    }

    pub fn ids(&self) -> &Ids {
        &self.ids
    }
}
