//! Who is asking. A checked credential becomes a context, and a context is the only key to data.
//!
//! `guard` runs before a handler and before its body is read: it looks at the route's own
//! declaration, checks the token or the API key, and leaves a [`TenantCtx`] or [`PlatformCtx`] behind. The
//! extractors fail closed when none is there.

mod credential;
mod guard;
mod named_secret;
mod principal;
mod refresh;
mod token;

pub use credential::Credential;
pub use guard::guard;
pub use named_secret::{ApiKey, RefreshToken};
pub use principal::{Policies, Principal, Principals};
pub use refresh::{GRACE, RefreshKeys};
pub use token::{LIFETIME as TOKEN_LIFETIME, Subject, TokenError, Tokens};

use super::{
    authz::Permission,
    db::{Claim, Db, DbError, TenantTx},
    http::ApiError,
};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use countinghouse_contract::{SessionId, SuperadminId, TenantId};
use std::{
    future::{Ready, ready},
    sync::{Arc, PoisonError, RwLock},
};

/// A request of a tenant's user or of their software, whose credential and permission were checked.
#[derive(Clone)]
pub struct TenantCtx {
    /// Shared by all clones: a transaction that finds the rights changed renews it for everyone
    /// who decides by it afterwards.
    principal: Arc<RwLock<Arc<Principal>>>,
    /// What the route asked for; asked again when the rights change under way.
    needed: Option<Permission>,
    db: Db,
    /// What a request with an `Idempotency-Key` claims.
    claim: Option<Arc<Claim>>,
}

impl TenantCtx {
    fn new(principal: Arc<Principal>, needed: Option<Permission>, db: Db) -> Self {
        Self { principal: Arc::new(RwLock::new(principal)), needed, db, claim: None }
    }

    pub fn tenant_id(&self) -> TenantId {
        self.principal().tenant_id
    }

    /// Who asks, as the last transaction found them; before the first one, as remembered.
    pub fn principal(&self) -> Arc<Principal> {
        Arc::clone(&self.principal.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the caller may do this, besides what the route asked for. Ask after the
    /// transaction: what is remembered may be out of date.
    pub fn may(&self, permission: Permission) -> bool {
        self.principal().permissions.holds(permission)
    }

    /// Whether the caller still holds what the route asked for, as of the last transaction.
    pub fn is_admitted(&self) -> bool {
        self.needed.is_none_or(|needed| self.may(needed))
    }

    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Opens a transaction in this tenant; see [`Db::tenant`].
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.db.tenant(self, work).await
    }

    /// The same for what only reads; see [`Db::read`].
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.db.read(self, work).await
    }

    /// A transaction for a look before something slow, like hashing. It ends here, and is not held
    /// open for the answer as the others of a request with a claim are: whatever it wrote would not
    /// be undone with the rest.
    pub async fn look<T, E, F>(&self, look: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.without_claim().transaction(look).await
    }

    /// Whether its answer is kept for when it comes again: then its transactions end with the answer, so it waits for
    /// nothing that they begin.
    pub fn answers_once(&self) -> bool {
        self.claim.is_some()
    }

    /// Its transactions are held open until the answer is kept in the last of them.
    pub(in crate::platform) fn with_claim(&self, claim: Arc<Claim>) -> Self {
        Self { claim: Some(claim), ..self.clone() }
    }

    pub(in crate::platform) fn without_claim(&self) -> Self {
        Self { claim: None, ..self.clone() }
    }

    pub(in crate::platform) fn claim(&self) -> Option<&Arc<Claim>> {
        self.claim.as_ref()
    }

    pub(in crate::platform) fn credential(&self) -> Credential {
        self.principal().credential
    }

    /// Goes on with rights that were read anew, if they still suffice.
    pub(in crate::platform) fn renew(&self, principal: Arc<Principal>) -> Result<(), DbError> {
        *self.principal.write().unwrap_or_else(PoisonError::into_inner) = principal;
        match self.needed {
            Some(needed) if !self.may(needed) => Err(DbError::PermissionLost(needed)),
            _ => Ok(()),
        }
    }
}

/// Whose pages may read the answer to this request; left behind as soon as its client is known, also
/// when it is turned away.
pub struct AllowedOrigins(pub Arc<[String]>);

/// A request of a superadmin. The session is checked when the transaction opens.
#[derive(Debug, Clone, Copy)]
pub struct PlatformCtx {
    superadmin_id: SuperadminId,
    session_id: SessionId,
}

impl PlatformCtx {
    pub fn superadmin_id(&self) -> SuperadminId {
        self.superadmin_id
    }

    pub fn session_id(&self) -> SessionId {
        self.session_id
    }
}

impl FromRequest for TenantCtx {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(req.extensions().get::<Self>().cloned().ok_or_else(|| ApiError::undeclared("TenantCtx")))
    }
}

impl FromRequest for PlatformCtx {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(req.extensions().get::<Self>().copied().ok_or_else(|| ApiError::undeclared("PlatformCtx")))
    }
}
