//! Where a client's ERP is, how it is treated, and whether anything is sent to it just now.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a secret reads back as, and leaves it as it is where it is sent.
pub const HIDDEN: &str = "***";

/// `PUT /erp/config`: what is left out has its default, but for the secrets, which stay as they are.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewErpConfig {
    /// Whether invoiced orders are sent at all.
    pub enabled: bool,
    /// `true`, by default: sent as soon as invoiced. `false`: with the cron's next run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immediate_sync: Option<bool>,
    /// Keeps what is sent and answered whole for a day, to see what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<bool>,
    /// Whether the cron runs; by default it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron_enabled: Option<bool>,
    /// Five fields of cron, on the client's clock; by default `0 * * * *`, every hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub cron_schedule: Option<String>,
    /// Where the ERP's API begins: `{base_url}/orders/sync` is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000), example = "https://erp.example.com/api")]
    pub base_url: Option<String>,
    /// Shown to the ERP as `X-API-KEY`. It is kept for the server of `base_url`: with another one, give it again;
    /// without one, it is forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500), example = "***")]
    pub api_key: Option<String>,
    /// Signs what is sent, and the ERP's callbacks. A new one: callbacks may be signed with the one before for
    /// one hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500), example = "***")]
    pub hmac_secret: Option<String>,
    /// How long an answer is waited for; by default 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 120))]
    pub timeout_seconds: Option<i64>,
    /// By default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub max_attempts: Option<i64>,
    /// The wait after attempt n is 2^n times this; by default 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub base_delay_seconds: Option<i64>,
}

/// `GET /erp/config`; before the first PUT, the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpConfig {
    /// Whether invoiced orders are sent at all. What waits when it is switched off goes on when it is on again.
    pub enabled: bool,
    /// Whether they are sent as soon as invoiced, or with the cron's next run.
    pub immediate_sync: bool,
    /// Whether what is sent and answered is kept whole for a day.
    pub debug: bool,
    /// Whether the cron runs.
    pub cron_enabled: bool,
    /// Five fields of cron, on the client's clock.
    #[schemars(example = "0 * * * *")]
    pub cron_schedule: String,
    /// Where the ERP's API begins.
    #[schemars(example = "https://erp.example.com/api")]
    pub base_url: Option<String>,
    /// `"***"` where there is one.
    #[schemars(example = "***")]
    pub api_key: Option<String>,
    /// `"***"` where there is one.
    #[schemars(example = "***")]
    pub hmac_secret: Option<String>,
    /// How long an answer is waited for.
    pub timeout_seconds: i64,
    /// How often a version of an order is sent before it is `failed`.
    pub max_attempts: i64,
    /// The wait after attempt n is 2^n times this.
    pub base_delay_seconds: i64,
    /// 0 before the first PUT.
    pub version: i64,
}

/// `POST /erp/config/test`: what is given is tried in place of what is set; nothing is changed.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErpConfigTest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// In place of the one that is set, as the others.
    #[schemars(length(max = 2000))]
    pub base_url: Option<String>,
    /// `"***"`, or left out: the one that is set, which goes to no other server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub api_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub hmac_secret: Option<String>,
}

/// What a try of the ERP showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErpTestOutcome {
    Ok,
    /// It answers, and can not be asked for an order by its key: a resend relies on the key alone.
    LookUpNotSupported,
    AddressNotAllowed,
    NotResolved,
    ConnectionRefused,
    Certificate,
    TimedOut,
    /// The connection failed in another way, or ended before there was an answer.
    ConnectionFailed,
    KeyRefused,
    SignatureRefused,
    Redirected,
    RateLimited,
    /// Another 4xx.
    Refused,
    /// 5xx.
    ServerError,
    NotJson,
    /// It says that it has an order under a key that never was.
    LookUpWrong,
}

/// What a try of the ERP showed, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpConfigTested {
    /// Whether orders can be sent so.
    pub ok: bool,
    pub outcome: ErpTestOutcome,
    /// What is wrong, and what to look at.
    #[schemars(example = "The ERP answers, takes the key, and can be asked for an order by its key.")]
    pub message: String,
    /// Of the answer, where there was one.
    pub status: Option<i64>,
    /// How the answer begins.
    #[schemars(example = &"{\"error\": \"no such order\"}")]
    pub body: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

/// Whether anything is sent to the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErpBreakerState {
    Closed,
    /// It did not answer, and is left alone until `open_until`.
    Open,
    /// One call tries how it goes.
    HalfOpen,
}

/// What keeps a dead ERP from being called for every order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpBreaker {
    pub state: ErpBreakerState,
    /// Calls in a row that were not answered, or with a 5xx.
    pub failures: i64,
    /// When the first of them was made.
    pub failing_since: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
}

/// How many versions of orders wait, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpQueue {
    /// They are sent as soon as their time comes.
    pub pending: i64,
    /// They wait for the cron, or `POST /erp/run`.
    pub queued: i64,
    pub in_progress: i64,
    /// For good, until somebody retries or discards them.
    pub failed: i64,
    /// Since when the oldest has been due.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// `GET /erp/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpStatus {
    /// Whether anything is sent at all.
    pub enabled: bool,
    pub breaker: ErpBreaker,
    pub queue: ErpQueue,
}
