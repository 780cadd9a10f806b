//! What every feature stands on and what has no business meaning of its own.
//!
//! Nothing here knows a feature. `db` is the only way to the database, `authn` and `authz` the
//! only way to a tenant's context, `http` the only place where errors become answers.

pub mod audit;
pub mod authn;
pub mod authz;
pub mod cache;
pub mod clock;
pub mod crypto;
pub mod db;
pub mod events;
pub mod files;
pub mod health;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod openapi;
pub mod outbound;
pub mod passwords;
pub mod pictures;
pub mod points;
pub mod pool;
pub mod second_factor;
pub mod sheets;
pub mod telemetry;
pub mod vault;
