//! Who a session belongs to, remembered.
//!
//! What is remembered may be stale: every transaction compares it with the truth in the round
//! trip that opens it (`begin_session` in the first migration), so a change acts on the next
//! request whatever this memory says.

use crate::platform::{
    authz::{PermissionSet, Roles},
    db::DbError,
};
use chrono::{DateTime, Duration, Utc};
use countinghouse_contract::{Currency, Rate, SessionId, TenantId, UserId};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use quick_cache::sync::Cache;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// How many sessions a process remembers.
const REMEMBERED: usize = 100_000;

/// A session, with the tenant under which it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey {
    pub tenant: TenantId,
    pub session: SessionId,
}

/// A user in a session, with their rights and what each request needs of their client.
#[derive(Debug, Clone)]
pub struct Principal {
    pub tenant_id: TenantId,
    pub session_id: SessionId,
    pub user_id: UserId,
    pub username: String,
    pub role: String,
    pub permissions: PermissionSet,
    /// The password was set by somebody else: nothing but changing it is open.
    pub must_change_password: bool,
    pub slug: String,
    pub currency: Currency,
    pub time_zone: String,
    pub policies: Policies,
    pub user_rights: i64,
    pub tenant_rights: i64,
    /// When this process last noted that the session is in use, in microseconds since 1970.
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

/// Uses of a session are noted once in this time.
const NOTE_EVERY: Duration = Duration::seconds(60);

impl Principal {
    /// Whether it is time to note that the session is in use; the caller then does it.
    pub fn note_use(&self, now: DateTime<Utc>) -> bool {
        let (now, before) = (now.timestamp_micros(), self.noted.load(Ordering::Relaxed));
        let due = now - before >= NOTE_EVERY.num_microseconds().unwrap_or(i64::MAX);
        due && self.noted.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The memory of principals, and the roles they are made of.
pub struct Principals {
    remembered: Cache<SessionKey, Arc<Principal>>,
    roles: Roles,
}

impl Principals {
    pub fn new(roles: Roles) -> Self {
        Self { remembered: Cache::new(REMEMBERED), roles }
    }

    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    pub fn remembered(&self, key: SessionKey) -> Option<Arc<Principal>> {
        self.remembered.get(&key)
    }

    pub fn forget(&self, key: SessionKey) {
        self.remembered.remove(&key);
    }

    /// Reads a session anew, in one statement.
    pub fn load(
        &self,
        conn: &mut PgConnection,
        key: SessionKey,
        now: DateTime<Utc>,
    ) -> Result<Arc<Principal>, DbError> {
        let row: Option<Row> = sql_query("SELECT * FROM load_session($1, $2)")
            .bind::<sql_types::Uuid, _>(key.tenant.0)
            .bind::<sql_types::Uuid, _>(key.session.0)
            .get_result(conn)
            .optional()?;
        let row = match row {
            Some(row) if row.ended_at.is_none() && row.expires_at > now && !row.disabled => row,
            _ => {
                self.forget(key);
                return Err(DbError::SessionEnded);
            }
        };
        if row.status != "active" {
            return Err(DbError::ClientSuspended);
        }
        let principal = Arc::new(row.into_principal(key, &self.roles)?);
        self.remembered.insert(key, Arc::clone(&principal));
        Ok(principal)
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
    #[diesel(sql_type = sql_types::Timestamptz)]
    expires_at: DateTime<Utc>,
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
}

impl Row {
    fn into_principal(self, key: SessionKey, roles: &Roles) -> Result<Principal, DbError> {
        let currency = Currency::from_code(&self.currency)
            .ok_or_else(|| DbError::Corrupt { table: "tenants", what: format!("currency {}", self.currency) })?;
        let permissions = match &self.own_permissions {
            Some(given) if !roles.is_built_in(&self.role) => roles
                .compile(&self.role, given)
                .map_err(|error| DbError::Corrupt { table: "roles", what: error.to_string() })?,
            _ => roles.permissions(&self.role),
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
            tenant_id: key.tenant,
            session_id: key.session,
            user_id: UserId(self.user_id),
            username: self.username,
            permissions,
            must_change_password: self.must_change_password,
            role: self.role,
            slug: self.slug,
            currency,
            time_zone: self.time_zone,
            policies,
            user_rights: self.user_rights,
            tenant_rights: self.tenant_rights,
            noted: Arc::default(),
        })
    }
}
