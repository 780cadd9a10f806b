//! How much is allowed, by the generic cell rate algorithm (GCRA).
//!
//! One number holds the state of a bucket: the time at which it will be full again. A bucket that
//! was not touched for its window lets a whole quota through at once, and from then on one after
//! each interval. Times are microseconds since 1970.

use std::time::Duration;

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// As it stands in `RateLimit-Policy`.
    pub name: &'static str,
    pub count: u32,
    pub window: Duration,
}

impl Quota {
    pub const fn per_second(name: &'static str, count: u32) -> Self {
        Self { name, count, window: Duration::from_secs(1) }
    }

    pub const fn per_minute(name: &'static str, count: u32) -> Self {
        Self { name, count, window: Duration::from_secs(60) }
    }

    pub fn window_micros(self) -> i64 {
        i64::try_from(self.window.as_micros()).unwrap_or(i64::MAX)
    }

    /// How long one request takes to be forgotten.
    pub fn interval(self) -> i64 {
        (self.window_micros() / i64::from(self.count.max(1))).max(1)
    }

    /// How long until the bucket is full again. What reaches further than the window was written
    /// by a clock that has been set back since, or by another copy's that is ahead, and counts for
    /// nothing: else nobody would be let in until the clocks agree.
    pub fn debt(self, full_at: i64, now: i64) -> i64 {
        let debt = full_at.saturating_sub(now).max(0);
        if debt > self.window_micros() { 0 } else { debt }
    }

    /// How many requests are free now.
    pub fn free(self, full_at: i64, now: i64) -> u32 {
        let free = (self.window_micros() - self.debt(full_at, now)) / self.interval();
        u32::try_from(free).unwrap_or(u32::MAX).min(self.count)
    }

    /// The bucket after one request; ask [`Quota::free`] first.
    pub fn after_one(self, full_at: i64, now: i64) -> i64 {
        now.saturating_add(self.debt(full_at, now)).saturating_add(self.interval())
    }

    /// How long until one request is free.
    pub fn wait(self, full_at: i64, now: i64) -> Duration {
        let wait = self.debt(full_at, now) - (self.window_micros() - self.interval());
        Duration::from_micros(u64::try_from(wait).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEN: Quota = Quota::per_minute("x", 10);
    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_whole_quota_at_once_and_then_one_after_each_interval() {
        let (mut bucket, now) = (0, 1_795_000_000 * SECOND);
        for left in (0..10).rev() {
            bucket = TEN.after_one(bucket, now);
            assert_eq!(TEN.free(bucket, now), left);
        }
        assert_eq!(TEN.wait(bucket, now), Duration::from_secs(6));
        assert_eq!(TEN.free(bucket, now + 6 * SECOND - 1), 0);
        assert_eq!(TEN.free(bucket, now + 6 * SECOND), 1);
        assert_eq!(TEN.free(bucket, now + 60 * SECOND), 10);
        assert_eq!(TEN.wait(bucket, now + 6 * SECOND), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_was_set_back_shuts_nobody_out() {
        let now = 1_795_000_000 * SECOND;
        let bucket = (0..10).fold(0, |bucket, _| TEN.after_one(bucket, now));
        assert_eq!(TEN.free(bucket, now - SECOND), 10);
    }

    proptest! {
        /// Whatever the rhythm: never more than a full bucket and what flows back meanwhile.
        #[test]
        fn no_rhythm_gets_more_than_a_quota_and_what_flows_back(
            count in 1_u32..1000,
            steps in prop::collection::vec(0_i64..400_000, 1..300),
        ) {
            let quota = Quota::per_second("x", count);
            let (mut bucket, mut now, mut taken) = (0, 1_795_000_000 * SECOND, 0_i64);
            let start = now;
            for step in steps {
                now += step;
                if quota.free(bucket, now) > 0 {
                    bucket = quota.after_one(bucket, now);
                    taken += 1;
                }
                prop_assert!(taken <= i64::from(count) + (now - start) / quota.interval() + 1);
            }
        }
    }
}
