//! Whom a session or an API key belongs to, remembered.
//!
//! What is remembered may be stale: every transaction compares it with the truth in the round
//! trip that opens it (`begin_session` and `begin_api_key` in the migrations), so a change acts on
//! the next request whatever this memory says.

use super::Credential;
use crate::platform::{
    authz::{PermissionSet, Roles},
    db::DbError,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use chrono::{DateTime, Duration, Utc};
use countinghouse_contract::{
    ApiKeyId, Currency, Rate, SessionId, SuperadminId, TenantId, UserId, admin::ClientLimits,
};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use quick_cache::sync::Cache;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// How many sessions and keys a process remembers.
const REMEMBERED: usize = 100_000;

/// A user in a session or behind a key, with the rights that hold there and what each request
/// needs of their client.
#[derive(Debug, Clone)]
pub struct Principal {
    pub tenant_id: TenantId,
    pub credential: Credential,
    /// With a key, its maker: what is made with it is made by them.
    pub user_id: UserId,
    pub username: String,
    pub role: String,
    /// The role's; with a key, those of them that the key was given.
    pub permissions: PermissionSet,
    /// The password was set by somebody else: nothing but changing it is open. Not so for a key.
    pub must_change_password: bool,
    pub slug: String,
    pub currency: Currency,
    pub time_zone: String,
    pub policies: Policies,
    /// Whose pages may read the answers.
    pub allowed_origins: Arc<[String]>,
    pub limits: ClientLimits,
    pub user_rights: i64,
    pub tenant_rights: i64,
    /// When this process last noted that the credential is in use, in microseconds since 1970.
    noted: Arc<AtomicI64>,
}

/// How the client sells: what it decided in its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies {
    /// The deepest price cut that needs no `orders:price`.
    pub max_discount_pct: Rate,
    pub sales_commission_pct: Rate,
    pub payment_terms_days: i32,
    pub prices_include_tax: bool,
    pub shipping_tax_rate: Rate,
    /// Whether creating an order invoices it.
    pub auto_invoice: bool,
    /// For products that have none of their own.
    pub low_stock_threshold: Option<i64>,
}

/// Uses of a credential are noted once in this time.
const NOTE_EVERY: Duration = Duration::seconds(60);

impl Principal {
    /// `None` with a key.
    pub fn session_id(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session { session, .. } => Some(session),
            Credential::ApiKey { .. } | Credential::Worker { .. } | Credential::Superadmin { .. } => None,
        }
    }

    /// `None` in a session.
    pub fn api_key_id(&self) -> Option<ApiKeyId> {
        match self.credential {
            Credential::ApiKey { key, .. } => Some(key),
            Credential::Session { .. } | Credential::Worker { .. } | Credential::Superadmin { .. } => None,
        }
    }

    /// The same, in the name of a user, who may do this and no more.
    pub fn acting_for(&self, user: UserId, permissions: PermissionSet) -> Self {
        Self { user_id: user, permissions, ..self.clone() }
    }

    /// The client as a job knows it, in the hands of a superadmin.
    pub fn in_hands_of(&self, superadmin: SuperadminId) -> Self {
        Self { credential: Credential::Superadmin { tenant: self.tenant_id, superadmin }, ..self.clone() }
    }

    /// Whether it is time to note that the credential is in use; the caller then does it.
    pub fn note_use(&self, now: DateTime<Utc>) -> bool {
        let (now, before) = (now.timestamp_micros(), self.noted.load(Ordering::Relaxed));
        let due = now - before >= NOTE_EVERY.num_microseconds().unwrap_or(i64::MAX);
        due && self.noted.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The memory of principals, and the roles they are made of.
pub struct Principals {
    remembered: Cache<Credential, Arc<Principal>>,
    roles: Roles,
}

impl Principals {
    pub fn new(roles: Roles) -> Self {
        Self { remembered: Cache::new(REMEMBERED), roles }
    }

    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    pub fn remembered(&self, credential: Credential) -> Option<Arc<Principal>> {
        self.remembered.get(&credential)
    }

    pub fn forget(&self, credential: Credential) {
        self.remembered.remove(&credential);
    }

    /// Reads a session or key anew, in one statement.
    pub fn load(
        &self,
        conn: &mut PgConnection,
        credential: Credential,
        now: DateTime<Utc>,
    ) -> Result<Arc<Principal>, DbError> {
        let row: Option<Row> = sql_query("SELECT c.*, client_limits($1) AS limits FROM load_credential($1, $2, $3) c")
            .bind::<sql_types::Uuid, _>(credential.tenant().0)
            .bind::<sql_types::Text, _>(credential.kind())
            .bind::<sql_types::Uuid, _>(credential.id())
            .get_result(conn)
            .optional()?;
        let row = row.ok_or_else(|| unknown(credential)).and_then(|row| row.of_its_secret(credential))?;
        if row.ended_at.is_some() || row.expires_at.is_some_and(|end| end <= now) || row.disabled {
            self.forget(credential);
            return Err(ended(credential));
        }
        if row.status != "active" {
            return Err(DbError::ClientSuspended);
        }
        let principal = Arc::new(row.into_principal(credential, &self.roles)?);
        self.remembered.insert(credential, Arc::clone(&principal));
        Ok(principal)
    }

    /// The service itself, doing a client's jobs: nobody's rights, and the client's policies.
    pub fn worker(&self, tenant: TenantId) -> Option<Arc<Principal>> {
        self.remembered(Credential::Worker { tenant })
    }

    /// Reads anew what a job needs of its client.
    pub fn load_worker(&self, conn: &mut PgConnection, tenant: TenantId) -> Result<Arc<Principal>, DbError> {
        let client = sql_query("SELECT * FROM load_client($1)").bind::<sql_types::Uuid, _>(tenant.0);
        let row: ClientRow = client.get_result(conn)?;
        let credential = Credential::Worker { tenant };
        let principal = Arc::new(Principal {
            tenant_id: tenant,
            credential,
            user_id: UserId(uuid::Uuid::nil()),
            username: String::new(),
            role: String::new(),
            permissions: PermissionSet::default(),
            must_change_password: false,
            policies: row.policies(),
            currency: currency(&row.currency)?,
            slug: row.slug,
            time_zone: row.time_zone,
            allowed_origins: Arc::default(),
            // Jobs are not requests: nothing counts them.
            limits: ClientLimits::default(),
            user_rights: 0,
            tenant_rights: row.rights_version,
            noted: Arc::default(),
        });
        self.remembered.insert(credential, Arc::clone(&principal));
        Ok(principal)
    }
}

fn currency(code: &str) -> Result<Currency, DbError> {
    Currency::from_code(code).ok_or_else(|| DbError::Corrupt { table: "tenants", what: format!("currency {code}") })
}

/// A client as `load_client` answers it; columns that are not named here are not read.
#[derive(QueryableByName)]
struct ClientRow {
    #[diesel(sql_type = sql_types::Text)]
    slug: String,
    #[diesel(sql_type = sql_types::Text)]
    currency: String,
    #[diesel(sql_type = sql_types::Text)]
    time_zone: String,
    #[diesel(sql_type = sql_types::BigInt)]
    rights_version: i64,
    #[diesel(sql_type = sql_types::Integer)]
    max_discount_pct: i32,
    #[diesel(sql_type = sql_types::Integer)]
    sales_commission_pct: i32,
    #[diesel(sql_type = sql_types::Integer)]
    payment_terms_days: i32,
    #[diesel(sql_type = sql_types::Bool)]
    prices_include_tax: bool,
    #[diesel(sql_type = sql_types::Integer)]
    shipping_tax_rate: i32,
    #[diesel(sql_type = sql_types::Bool)]
    auto_invoice: bool,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    low_stock_threshold: Option<i64>,
}

impl ClientRow {
    fn policies(&self) -> Policies {
        Policies {
            max_discount_pct: Rate(self.max_discount_pct),
            sales_commission_pct: Rate(self.sales_commission_pct),
            payment_terms_days: self.payment_terms_days,
            prices_include_tax: self.prices_include_tax,
            shipping_tax_rate: Rate(self.shipping_tax_rate),
            auto_invoice: self.auto_invoice,
            low_stock_threshold: self.low_stock_threshold,
        }
    }
}

fn unknown(credential: Credential) -> DbError {
    match credential {
        Credential::Session { .. } | Credential::Worker { .. } | Credential::Superadmin { .. } => DbError::SessionEnded,
        Credential::ApiKey { .. } => DbError::ApiKeyUnknown,
    }
}

fn ended(credential: Credential) -> DbError {
    match credential {
        Credential::Session { .. } | Credential::Worker { .. } | Credential::Superadmin { .. } => DbError::SessionEnded,
        Credential::ApiKey { .. } => DbError::ApiKeyEnded,
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Uuid)]
    user_id: uuid::Uuid,
    #[diesel(sql_type = sql_types::Text)]
    username: String,
    #[diesel(sql_type = sql_types::Text)]
    role: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = sql_types::Bool)]
    disabled: bool,
    #[diesel(sql_type = sql_types::BigInt)]
    user_rights: i64,
    #[diesel(sql_type = sql_types::Text)]
    slug: String,
    #[diesel(sql_type = sql_types::Text)]
    currency: String,
    #[diesel(sql_type = sql_types::Text)]
    time_zone: String,
    #[diesel(sql_type = sql_types::Text)]
    status: String,
    #[diesel(sql_type = sql_types::BigInt)]
    tenant_rights: i64,
    #[diesel(sql_type = sql_types::Bool)]
    must_change_password: bool,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Array<sql_types::Text>>)]
    own_permissions: Option<Vec<String>>,
    #[diesel(sql_type = sql_types::Integer)]
    max_discount_pct: i32,
    #[diesel(sql_type = sql_types::Integer)]
    sales_commission_pct: i32,
    #[diesel(sql_type = sql_types::Integer)]
    payment_terms_days: i32,
    #[diesel(sql_type = sql_types::Bool)]
    prices_include_tax: bool,
    #[diesel(sql_type = sql_types::Integer)]
    shipping_tax_rate: i32,
    #[diesel(sql_type = sql_types::Bool)]
    auto_invoice: bool,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    low_stock_threshold: Option<i64>,
    #[diesel(sql_type = sql_types::Array<sql_types::Text>)]
    allowed_origins: Vec<String>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Array<sql_types::Text>>)]
    key_permissions: Option<Vec<String>>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Binary>)]
    key_sha256: Option<Vec<u8>>,
    #[diesel(sql_type = sql_types::Array<sql_types::Nullable<sql_types::Integer>>)]
    limits: Vec<Option<i32>>,
}

/// As the function `client_limits` gives them.
fn limits_of(row: &[Option<i32>]) -> ClientLimits {
    let mut limits = row.iter().map(|limit| limit.and_then(|limit| u32::try_from(limit).ok()));
    let mut next = || limits.next().flatten();
    ClientLimits {
        reads_per_second: next(),
        writes_per_second: next(),
        uploads_per_second: next(),
        reports_per_second: next(),
    }
}

impl Row {
    /// Who does not know a key's secret learns nothing of it, also not that it has ended.
    fn of_its_secret(self, credential: Credential) -> Result<Self, DbError> {
        match (credential, &self.key_sha256) {
            (Credential::Session { .. }, None) => Ok(self),
            (Credential::ApiKey { sha256, .. }, Some(kept)) if verify_slices_are_equal(&sha256, kept).is_ok() => {
                Ok(self)
            }
            _ => Err(unknown(credential)),
        }
    }

    fn into_principal(self, credential: Credential, roles: &Roles) -> Result<Principal, DbError> {
        let currency = currency(&self.currency)?;
        let permissions = match &self.own_permissions {
            // Here and not in the guard alone: some routes ask for a permission inside.
            _ if self.must_change_password && self.key_permissions.is_none() => PermissionSet::default(),
            Some(given) if !roles.is_built_in(&self.role) => roles
                .compile(&self.role, given)
                .map_err(|error| DbError::Corrupt { table: "roles", what: error.to_string() })?,
            _ => roles.permissions(&self.role),
        };
        let permissions = match &self.key_permissions {
            Some(given) => permissions.iter().filter(|held| given.iter().any(|text| text == held.as_str())).collect(),
            None => permissions,
        };
        let policies = Policies {
            max_discount_pct: Rate(self.max_discount_pct),
            sales_commission_pct: Rate(self.sales_commission_pct),
            payment_terms_days: self.payment_terms_days,
            prices_include_tax: self.prices_include_tax,
            shipping_tax_rate: Rate(self.shipping_tax_rate),
            auto_invoice: self.auto_invoice,
            low_stock_threshold: self.low_stock_threshold,
        };
        Ok(Principal {
            tenant_id: credential.tenant(),
            credential,
            user_id: UserId(self.user_id),
            username: self.username,
            permissions,
            must_change_password: self.must_change_password && self.key_permissions.is_none(),
            role: self.role,
            slug: self.slug,
            currency,
            time_zone: self.time_zone,
            policies,
            allowed_origins: self.allowed_origins.into(),
            limits: limits_of(&self.limits),
            user_rights: self.user_rights,
            tenant_rights: self.tenant_rights,
            noted: Arc::default(),
        })
    }
}
