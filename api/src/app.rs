//! What a running service holds. Tests build one with their own clock and randomness.

use crate::{
    config::{self, Config},
    platform::{
        authn::{RefreshKeys, Tokens},
        authz::{Roles, RolesError},
        cache::Cache,
        clock::{Clock, SystemClock},
        crypto::{MasterKeys, Stamps},
        db::Db,
        files::Files,
        http::{Cors, Cursors, Fingerprints, Proxies},
        ids::{Ids, NoRandomness, Randomness, SystemRandomness},
        jobs::Waker,
        limits::Limits,
        live::{Kept, Live},
        metrics::Metrics,
        outbound::{Outbound, SystemResolver},
        passwords::{PasswordError, Passwords},
        pictures::Pictures,
        sheets::Spools,
        vault::Vault,
    },
};
use countinghouse_contract::admin::overview::Overview;
use std::{sync::Arc, time::Duration};

/// Everything that handlers reach for; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub db: Db,
    pub cache: Cache,
    pub limits: Limits,
    /// What changes, for superadmins' screens.
    pub live: Live,
    /// How the whole service is doing, as it was read last.
    pub overview: Arc<Kept<Overview>>,
    pub proxies: Proxies,
    pub cors: Cors,
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub cursors: Cursors,
    /// For tokens of edits that were looked at and not made yet.
    pub edit_stamps: Stamps,
    pub spools: Spools,
    pub files: Files,
    pub pictures: Pictures,
    /// For links to pictures, which browsers follow.
    pub image_stamps: Stamps,
    pub vault: Vault,
    pub outbound: Outbound,
    pub refresh_keys: RefreshKeys,
    pub fingerprints: Fingerprints,
    pub sessions: config::Sessions,
    pub retention: config::Retention,
    /// Whether anybody may register a client.
    pub self_service: bool,
    /// Whether an ERP's stock update is imitated.
    pub erp_mock: bool,
    /// How long a body may take to arrive.
    pub body_patience: Duration,
    pub metrics: Metrics,
    pub ids: Ids,
}

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Roles(#[from] RolesError),
    #[error("REDIS_URL: {0}")]
    Redis(#[from] redis::RedisError),
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("a key ring is empty")]
    NoKey,
    #[error("no thread for pictures: {0}")]
    NoThread(std::io::Error),
}

impl AppState {
    /// A service on the machine's clock and randomness.
    pub async fn build(config: &Config) -> Result<Self, BuildError> {
        Self::build_with(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await
    }

    pub async fn build_with(
        config: &Config,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, BuildError> {
        let ids = Ids::new(clock, randomness);
        let roles = Roles::built_in().await?;
        let (_, signing) = config.keys.jwt.0.first().ok_or(BuildError::NoKey)?;
        let cache = Cache::new(&config.redis)?;
        let metrics = Metrics::new(ids.now());
        let db = Db::new(config, roles, Waker::new(cache.clone(), &ids)?, ids.clone(), &metrics.database);
        Ok(Self {
            cors: Cors::new(&config.http.cors_origins, db.clone(), ids.clone()),
            live: Live::new(db.clone()),
            overview: Arc::default(),
            db,
            limits: Limits::new(config.rates, cache.clone(), signing.expose(), ids.clone(), metrics.doors.clone()),
            cache,
            proxies: Proxies::new(&config.http.proxies),
            tokens: Tokens::new(&config.keys.jwt, ids.clone()),
            passwords: Passwords::new(&config.passwords, ids.clone())?,
            cursors: Cursors::new(signing.expose()),
            edit_stamps: Stamps::new(signing.expose(), "edits of orders"),
            spools: Spools::new(config.database.pool),
            files: Files::new(&config.images),
            pictures: Pictures::new(&config.images).map_err(BuildError::NoThread)?,
            image_stamps: Stamps::of_ring(config.keys.jwt.0.iter().map(|(_, key)| key.expose()), "links to pictures"),
            vault: Vault::new(MasterKeys::new(config.keys.master.clone()), ids.clone()),
            outbound: Outbound::new(&config.outbound, Arc::new(SystemResolver::default()), metrics.outbound.clone()),
            refresh_keys: RefreshKeys::new(&config.keys.jwt),
            fingerprints: Fingerprints::new(&config.keys.jwt),
            sessions: config.sessions,
            retention: config.retention,
            self_service: config.self_service,
            erp_mock: config.erp_mock,
            body_patience: config.http.body,
            metrics,
            ids,
        })
    }
}
