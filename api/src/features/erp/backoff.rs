//! When an order is sent again.

use crate::platform::ids::Ids;
use chrono::Duration;

/// However often, however long the base, and whatever the ERP asks for.
const LONGEST: Duration = Duration::hours(24);

/// How long an order waits that was sent so often: `2^attempts × base`, or as long as the ERP asks for, and up to a
/// tenth longer at random, so that what failed together does not come again together.
pub fn delay(attempts: i32, base_seconds: i32, asked: Option<Duration>, ids: &Ids) -> Duration {
    let doubled = 2_i64.saturating_pow(u32::try_from(attempts).unwrap_or(0)).saturating_mul(base_seconds.into());
    let wait = Duration::seconds(doubled.min(LONGEST.num_seconds())).max(asked.unwrap_or_default()).min(LONGEST);
    // Without randomness they come together, which is not worth failing for.
    let random = ids.random_bytes::<2>().map_or(0, |bytes| i64::from(u16::from_be_bytes(bytes)));
    wait + Duration::milliseconds(wait.num_milliseconds() / 10 * random / i64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{clock::SystemClock, ids::SystemRandomness};
    use std::sync::Arc;

    #[test]
    fn it_doubles_honours_what_is_asked_and_has_an_end() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        let day = LONGEST.num_seconds();
        for (attempts, base, asked, seconds) in [
            (1, 60, None, 120),
            (2, 60, None, 240),
            (4, 60, None, 960),
            (1, 1, Some(30), 30),
            (5, 60, Some(30), 1920),
            (1, 60, Some(3 * 24 * 3600), day),
            (20, 3600, None, day),
            (i32::MAX, i32::MAX, None, day),
        ] {
            for _ in 0..20 {
                let waited = delay(attempts, base, asked.map(Duration::seconds), &ids).num_milliseconds();
                assert!((seconds * 1000..=seconds * 1100).contains(&waited), "{attempts}: {waited}");
            }
        }
    }
}
