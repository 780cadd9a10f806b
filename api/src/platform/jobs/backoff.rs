//! How long a failed job waits for its next attempt.

use crate::platform::ids::Ids;
use chrono::Duration;

const FIRST_SECONDS: i64 = 2;
const LONGEST_SECONDS: i64 = 6 * 60 * 60;

/// Twice as long each time, from two seconds up to six hours; a quarter more or less at random, so
/// that what failed together does not come again together.
pub fn delay(attempts: i32, ids: &Ids) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(20);
    let seconds = (FIRST_SECONDS << doublings).min(LONGEST_SECONDS);
    // Without randomness the jobs come together, which is not worth failing for.
    let random = ids.random_bytes::<2>().map_or(i64::from(u16::MAX / 2), |bytes| i64::from(u16::from_be_bytes(bytes)));
    let milliseconds = seconds * 1000;
    Duration::milliseconds(milliseconds * 3 / 4 + milliseconds / 2 * random / i64::from(u16::MAX))
}

/// How long a job waits that nobody knows how to do, who has asked since it was stored: a quarter of that
/// time, from five seconds up to ten minutes. So it is done soon after somebody knows.
pub fn until_known(asked_for: Duration) -> Duration {
    (asked_for / 4).clamp(Duration::seconds(5), Duration::minutes(10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{clock::SystemClock, ids::SystemRandomness};
    use std::sync::Arc;

    #[test]
    fn it_doubles_with_jitter_up_to_six_hours() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        for (attempts, seconds) in
            [(1, 2), (2, 4), (5, 32), (12, 4096), (20, LONGEST_SECONDS), (i32::MAX, LONGEST_SECONDS)]
        {
            for _ in 0..50 {
                let delay = delay(attempts, &ids).num_milliseconds();
                assert!((seconds * 750..=seconds * 1250).contains(&delay), "{attempts}: {delay}");
            }
        }
    }

    #[test]
    fn who_is_not_known_waits_a_quarter_of_its_age() {
        for (asked, waits) in [(-60, 5), (0, 5), (60, 15), (3600, 600), (i64::from(i32::MAX), 600)] {
            assert_eq!(until_known(Duration::seconds(asked)).num_seconds(), waits, "{asked}");
        }
    }
}
