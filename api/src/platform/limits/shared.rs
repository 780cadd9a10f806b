//! The bucket that all copies of the service share, in Redis.
//!
//! One script in one round trip does the arithmetic of [`super::quota`], on our time. Whoever
//! finds Redis away has waited once: until a probe in the background sees it answer again, nobody
//! asks it.

use super::quota::Quota;
use crate::platform::cache::Cache;
use redis::Script;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How often Redis is tried while it is away.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Grants as many as are free, up to what is wanted. Answers how many, and the debt after that.
/// A key is kept a minute longer than it says anything: Redis forgets by its own clock, not by ours.
const LEASE: &str = r"
local now, window, interval = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local count, wanted = tonumber(ARGV[4]), tonumber(ARGV[5])
local debt = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') - now, 0)
if debt > window then debt = 0 end
local free = math.min(math.floor((window - debt) / interval), count)
local granted = math.min(free, wanted)
if granted > 0 then
    debt = debt + granted * interval
    redis.call('SET', KEYS[1], string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000) + 60000)
end
return {granted, debt}
";

/// The buckets in Redis.
#[derive(Clone)]
pub struct Shared {
    cache: Cache,
    script: Arc<Script>,
    away: Arc<AtomicBool>,
}

impl Shared {
    pub fn new(cache: Cache) -> Self {
        Self { cache, script: Arc::new(Script::new(LEASE)), away: Arc::default() }
    }

    /// Whether Redis did not answer, and has not since.
    pub fn away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// How many requests are granted, and the debt of the bucket then; none while Redis is away.
    pub async fn lease(&self, key: &str, quota: Quota, wanted: u32, now: i64) -> Option<(u32, i64)> {
        if self.away() {
            return None;
        }
        let mut call = self.script.key(self.cache.key(key));
        call.arg(now).arg(quota.window_micros()).arg(quota.interval()).arg(quota.count).arg(wanted);
        let mut connection = self.cache.connection();
        match tokio::time::timeout(self.cache.patience(), call.invoke_async(&mut connection)).await {
            Ok(Ok(granted)) => Some(granted),
            Ok(Err(error)) => {
                self.lost(&error.to_string());
                None
            }
            Err(_) => {
                self.lost("no answer in time");
                None
            }
        }
    }

    /// The first to notice starts the probe.
    fn lost(&self, reason: &str) {
        if self.away.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::warn!(reason, "Redis is away: each process limits by itself");
        let (cache, away) = (self.cache.clone(), Arc::clone(&self.away));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(PROBE_EVERY).await;
                if cache.alive().await {
                    break;
                }
            }
            away.store(false, Ordering::Relaxed);
            tracing::info!("Redis is back: limits are shared again");
        });
    }
}
