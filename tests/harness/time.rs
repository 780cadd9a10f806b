//! The clock that tests own: real time, moved by as much as a test says.

use chrono::{DateTime, Duration, Utc};
use countinghouse_api::platform::clock::Clock;
use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Default)]
pub struct TestClock {
    ahead_micros: AtomicI64,
}

impl TestClock {
    /// Moves the clock, forward or back.
    pub fn advance(&self, by: Duration) {
        self.ahead_micros.fetch_add(by.num_microseconds().expect("a sane duration"), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + Duration::microseconds(self.ahead_micros.load(Ordering::SeqCst))
    }
}
