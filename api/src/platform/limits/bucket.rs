//! One bucket as a process sees it: what it let through itself, and what Redis leased it.
//!
//! Redis is not asked for each request. It leases a twentieth of a second's worth at a time, which
//! is then spent here; a quota that is slower than that is asked for one by one, and so holds
//! exactly whatever the number of copies. A lease is spent whenever it is: copies may let through
//! together as much more than the quota as their unspent leases.

use super::quota::Quota;
use std::time::Duration;

/// Leases are so much of a second's worth.
const LEASES_PER_SECOND: u32 = 20;

/// See [`Quota`] for the times.
#[derive(Debug, Default)]
pub struct Bucket {
    /// By what this process let through: holds beside Redis, for Redis forgets.
    own: i64,
    /// By what Redis said last.
    shared: i64,
    /// Requests that Redis has let through and nobody has made yet.
    leased: u32,
    /// Redis did not answer: this process counts by itself.
    alone: bool,
}

/// What became of a request, for its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub quota: Quota,
    pub remaining: u32,
    /// How long until a whole quota is free again.
    pub full_in: Duration,
    /// How long to wait, for one that was refused.
    pub refused: Option<Duration>,
}

/// How many requests to ask Redis for at a time.
pub fn lease_size(quota: Quota) -> u32 {
    let seconds = u32::try_from(quota.window.as_secs()).unwrap_or(u32::MAX).max(1);
    (quota.count / seconds / LEASES_PER_SECOND).max(1)
}

impl Bucket {
    /// Whether Redis has to be asked before [`Bucket::take`].
    pub fn asks(&mut self, quota: Quota, now: i64) -> bool {
        // The quota may have been lowered since.
        self.leased = self.leased.min(lease_size(quota));
        self.leased == 0 && quota.free(self.own, now) > 0 && quota.free(self.shared, now) > 0
    }

    /// Redis let so many through, and its bucket is full again after the debt.
    pub fn lease(&mut self, granted: u32, debt: i64, now: i64) {
        self.leased = granted;
        self.shared = now.saturating_add(debt);
        self.alone = false;
    }

    /// Redis did not answer.
    pub fn go_alone(&mut self) {
        self.alone = true;
        self.shared = 0;
    }

    pub fn take(&mut self, quota: Quota, now: i64) -> Taken {
        let allowed = quota.free(self.own, now) > 0 && (self.leased > 0 || self.alone);
        if allowed {
            self.leased = self.leased.saturating_sub(1);
            self.own = quota.after_one(self.own, now);
        }
        let elsewhere = if self.alone { u32::MAX } else { quota.free(self.shared, now).saturating_add(self.leased) };
        let wait = || quota.wait(self.own, now).max(quota.wait(self.shared, now)).max(Duration::from_micros(1));
        let debt = quota.debt(self.own, now).max(quota.debt(self.shared, now));
        Taken {
            quota,
            remaining: quota.free(self.own, now).min(elsewhere),
            full_in: Duration::from_micros(u64::try_from(debt).unwrap_or_default()),
            refused: (!allowed).then(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000_000;

    #[test]
    fn fast_quotas_are_leased_in_twentieths_and_slow_ones_one_by_one() {
        let sizes = [1, 39, 50, 200, 100_000].map(|count| lease_size(Quota::per_second("x", count)));
        assert_eq!(sizes, [1, 1, 2, 10, 5000]);
        assert_eq!([10, 60, 1199].map(|count| lease_size(Quota::per_minute("x", count))), [1, 1, 1]);
    }

    #[test]
    fn a_lease_is_spent_before_redis_is_asked_again() {
        let (quota, mut bucket) = (Quota::per_second("x", 200), Bucket::default());
        assert!(bucket.asks(quota, NOW));
        bucket.lease(10, 50_000, NOW);
        for left in (0..10).rev() {
            assert!(!bucket.asks(quota, NOW));
            let taken = bucket.take(quota, NOW);
            assert_eq!((taken.refused, taken.remaining), (None, 190 + left));
        }
        assert!(bucket.asks(quota, NOW));
    }

    #[test]
    fn what_redis_refuses_is_not_asked_for_again_before_its_time() {
        let (quota, mut bucket) = (Quota::per_second("x", 2), Bucket::default());
        bucket.lease(0, 1_000_000, NOW);
        let taken = bucket.take(quota, NOW);
        assert_eq!((taken.remaining, taken.refused), (0, Some(Duration::from_millis(500))));
        assert!(!bucket.asks(quota, NOW + 499_999));
        assert!(bucket.asks(quota, NOW + 500_000));
    }

    #[test]
    fn a_process_that_is_alone_counts_by_itself_and_has_not_forgotten() {
        let (quota, mut bucket) = (Quota::per_minute("x", 10), Bucket::default());
        for _ in 0..4 {
            bucket.lease(1, 6_000_000, NOW);
            assert_eq!(bucket.take(quota, NOW).refused, None);
        }
        bucket.go_alone();
        let through = (0..20).filter(|_| bucket.take(quota, NOW).refused.is_none()).count();
        assert_eq!(through, 6);
        // Redis comes back, and remembers nothing.
        assert!(!bucket.asks(quota, NOW));
        assert!(bucket.take(quota, NOW).refused.is_some());
    }

    #[test]
    fn a_lowered_quota_holds_at_once() {
        let mut bucket = Bucket::default();
        bucket.lease(5000, 50_000, NOW);
        let low = Quota::per_second("x", 2);
        let through = (0..100).filter(|_| !bucket.asks(low, NOW) && bucket.take(low, NOW).refused.is_none()).count();
        assert_eq!(through, 1);
    }
}
