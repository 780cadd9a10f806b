//! The clock that tests own: real time, moved by as much as a test says, or stopped.

use chrono::{DateTime, Duration, Utc};
use countinghouse_api::platform::clock::Clock;
use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Default)]
pub struct TestClock {
    ahead_micros: AtomicI64,
    /// When it was stopped, in microseconds since 1970; zero while it runs.
    stopped_micros: AtomicI64,
}

impl TestClock {
    /// From here on, time passes only when the test says so.
    pub fn stop(&self) {
        self.stopped_micros.store(Utc::now().timestamp_micros(), Ordering::SeqCst);
    }

    /// Moves the clock, forward or back.
    pub fn advance(&self, by: Duration) {
        self.ahead_micros.fetch_add(by.num_microseconds().expect("a sane duration"), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        let real = match self.stopped_micros.load(Ordering::SeqCst) {
            0 => Utc::now(),
            stopped => DateTime::from_timestamp_micros(stopped).expect("a time of this century"),
        };
        real + Duration::microseconds(self.ahead_micros.load(Ordering::SeqCst))
    }
}
