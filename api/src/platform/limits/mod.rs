//! How much anybody may ask for: rate classes, and who is counted together.
//!
//! A route declares its class, and the guard takes from the bucket of the client (all its users
//! together) or, of whoever is not let in, of the address. Buckets are shared by all copies of
//! the service through Redis ([`bucket`] says how seldom it is asked, [`shared`] what happens
//! without it), and counted by each process beside that, so that nobody gains by Redis forgetting.

mod bucket;
mod headers;
mod quota;
mod shared;

pub use bucket::Taken;
pub use headers::show;
pub use quota::Quota;

use super::{
    cache::Cache,
    crypto::derive_key,
    http::{ApiError, client_address, problems},
    ids::Ids,
    metrics::Doors,
};
use crate::{app::AppState, config::Rates};
use actix_web::{HttpMessage, HttpRequest, web::Data};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bucket::{Bucket, lease_size};
use countinghouse_contract::{SuperadminId, TenantId, UserId, admin::ClientLimits};
use quick_cache::sync::Cache as Memory;
use shared::Shared;
use std::{net::IpAddr, sync::Arc};
use tokio::sync::Mutex;

/// What kind of work a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateClass {
    Read,
    Write,
    Upload,
    /// Reports and exports.
    Report,
    /// Comparing with all that a client has: part of its reads.
    Search,
    /// Whatever guesses at a password or code: by address for strangers, by user for who is logged in.
    LogIn,
}

/// How many searches a second there may be where there may be so many reads: one costs the database as much as ten.
fn searches(reads: u32) -> u32 {
    (reads / 10).max(1)
}

/// How many buckets a process remembers, of each kind; those that are used stay.
const REMEMBERED: usize = 100_000;

/// Whose bucket. Strangers are kept as hashes: names and addresses do not stand in Redis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Client(TenantId),
    User(TenantId, UserId),
    Superadmin(SuperadminId),
    Stranger(String),
}

/// One bucket by its owner and its quota's name; as text it begins with the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key(Whose, &'static str);

impl Key {
    fn text(&self) -> String {
        let Self(whose, name) = self;
        match whose {
            Whose::Client(tenant) => format!("{tenant}:rate:{name}"),
            Whose::User(tenant, user) => format!("{tenant}:rate:{name}:{user}"),
            Whose::Superadmin(id) => format!("platform:rate:{name}:{id}"),
            Whose::Stranger(hash) => format!("public:rate:{name}:{hash}"),
        }
    }
}

type Buckets = Memory<Key, Arc<Mutex<Bucket>>>;

/// All buckets; cheap to clone.
#[derive(Clone)]
pub struct Limits {
    rates: Rates,
    known: Arc<Buckets>,
    /// Apart, so that no flood of addresses or names pushes out the clients' buckets.
    strangers: Arc<Buckets>,
    shared: Shared,
    hash: hmac::Key,
    ids: Ids,
    doors: Doors,
}

/// There was nothing left.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the quota {} is used up", .0.quota.name)]
pub struct TooMany(pub Taken);

impl Limits {
    pub fn new(rates: Rates, cache: Cache, secret: &[u8; 32], ids: Ids, doors: Doors) -> Self {
        Self {
            rates,
            known: Arc::new(Memory::new(REMEMBERED)),
            strangers: Arc::new(Memory::new(REMEMBERED)),
            shared: Shared::new(cache),
            hash: derive_key(secret, "who is limited"),
            ids,
            doors,
        }
    }

    /// Whether this process counts by itself, for want of Redis.
    pub fn alone(&self) -> bool {
        self.shared.away()
    }

    /// One request of a client, by what was agreed with it.
    pub async fn client(&self, tenant: TenantId, agreed: &ClientLimits, class: RateClass) -> Taken {
        let own = match class {
            RateClass::Read => agreed.reads_per_second,
            RateClass::Write => agreed.writes_per_second,
            RateClass::Upload => agreed.uploads_per_second,
            RateClass::Report => agreed.reports_per_second,
            RateClass::Search => agreed.reads_per_second.map(searches),
            RateClass::LogIn => None,
        };
        let default = self.quota(class);
        let quota = Quota { count: own.unwrap_or(default.count), ..default };
        self.take(&self.known, Key(Whose::Client(tenant), quota.name), quota).await
    }

    /// One guess of a user who is logged in, at their password or second factor.
    pub async fn user(&self, tenant: TenantId, user: UserId) -> Taken {
        let quota = self.log_ins();
        self.take(&self.known, Key(Whose::User(tenant, user), quota.name), quota).await
    }

    /// One message of a machine that signs for a client: as many as the client may change things, beside them.
    pub async fn signed(&self, tenant: TenantId) -> Taken {
        let quota = Quota { name: "callbacks", ..self.quota(RateClass::Write) };
        self.take(&self.known, Key(Whose::Client(tenant), quota.name), quota).await
    }

    /// One request of a superadmin.
    pub async fn superadmin(&self, id: SuperadminId, class: RateClass) -> Taken {
        self.take(&self.known, Key(Whose::Superadmin(id), self.quota(class).name), self.quota(class)).await
    }

    /// One request of somebody who is not let in, or not yet.
    pub async fn stranger(&self, address: Option<IpAddr>, class: RateClass) -> Taken {
        let quota = self.quota(class);
        let address = address.map(|address| network(address).to_string()).unwrap_or_default();
        self.take(&self.strangers, Key(self.hashed(&["address", &address]), quota.name), quota).await
    }

    /// One log-in as this user of this client, whether there is one or not. Call it before
    /// anything else is looked at; superadmins are of no client.
    pub async fn log_in(&self, client: Option<&str>, username: &str) -> Result<(), TooMany> {
        let (quota, name) = (self.log_ins(), username.to_lowercase());
        let whose = match client {
            Some(client) => self.hashed(&["user", client, &name]),
            None => self.hashed(&["superadmin", &name]),
        };
        let key = Key(whose, quota.name);
        self.take(&self.strangers, key, quota).await.allowed()
    }

    fn quota(&self, class: RateClass) -> Quota {
        let rates = self.rates;
        match class {
            RateClass::Read => Quota::per_second("reads", rates.reads),
            RateClass::Write => Quota::per_second("writes", rates.writes),
            RateClass::Upload => Quota::per_second("uploads", rates.uploads),
            RateClass::Report => Quota::per_second("reports", rates.reports),
            RateClass::Search => Quota::per_second("searches", searches(rates.reads)),
            RateClass::LogIn => Quota::per_minute("log-ins-of-address", rates.log_ins_address),
        }
    }

    fn log_ins(&self) -> Quota {
        Quota::per_minute("log-ins", self.rates.log_ins)
    }

    fn hashed(&self, parts: &[&str]) -> Whose {
        let mut hash = hmac::Context::with_key(&self.hash);
        for part in parts {
            hash.update(&part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Whose::Stranger(URL_SAFE_NO_PAD.encode(hash.sign()))
    }

    /// Requests of one bucket wait for each other while one of them asks Redis.
    async fn take(&self, buckets: &Buckets, key: Key, quota: Quota) -> Taken {
        let bucket = buckets.get(&key).unwrap_or_else(|| {
            let made = buckets.get_or_insert_with(&key, || Ok::<_, std::convert::Infallible>(Arc::default()));
            made.unwrap_or_default()
        });
        let mut bucket = bucket.lock().await;
        let now = self.ids.now().timestamp_micros();
        if bucket.asks(quota, now) {
            match self.shared.lease(&key.text(), quota, lease_size(quota), now).await {
                Some((granted, debt)) => bucket.lease(granted, debt, now),
                None => bucket.go_alone(),
            }
        }
        let taken = bucket.take(quota, now);
        if taken.refused.is_some() {
            self.doors.refused(quota.name);
        }
        taken
    }
}

impl Taken {
    pub fn allowed(self) -> Result<(), TooMany> {
        if self.refused.is_some() { Err(TooMany(self)) } else { Ok(()) }
    }
}

impl From<TooMany> for ApiError {
    fn from(TooMany(taken): TooMany) -> Self {
        let seconds = headers::whole_seconds(taken.refused.unwrap_or_default()).max(1);
        let (policy, state) = headers::fields(&taken);
        problems::RATE_LIMITED
            .with(format!("The quota `{}` is used up; try again in {seconds} s.", taken.quota.name))
            .with_header("Retry-After", seconds.to_string())
            .with_header("RateLimit-Policy", policy)
            .with_header("RateLimit", state)
    }
}

/// Takes one request of whoever asks from their address's bucket, and leaves what became of it
/// for the headers.
pub async fn take_stranger(req: &HttpRequest, class: RateClass) -> Result<(), ApiError> {
    let state = req.app_data::<Data<AppState>>().ok_or_else(|| ApiError::undeclared("AppState"))?;
    let taken = state.limits.stranger(client_address(req), class).await;
    req.extensions_mut().insert(taken);
    Ok(taken.allowed()?)
}

/// Who has one address of IPv6 has as many of its /64 as they want.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_counted_together() {
        let same = |one: &str, other: &str| network(one.parse().unwrap()) == network(other.parse().unwrap());
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
