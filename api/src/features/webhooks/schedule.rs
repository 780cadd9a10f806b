//! When a delivery is tried again, and what an answer means for its endpoint.

use crate::platform::{
    ids::Ids,
    outbound::{Answered, CallError},
};
use chrono::{DateTime, Duration, Utc};
use countinghouse_contract::{events::DisabledBy, webhooks::DeliveryCause};

/// Seconds from one try to the next, as Standard Webhooks has it; the first one is made at once.
const WAITS: [i64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 60 * 60, 5 * 60 * 60, 10 * 60 * 60, 14 * 60 * 60, 20 * 60 * 60, 24 * 60 * 60];
/// No receiver can put a delivery off for longer.
const LONGEST_WAIT: Duration = Duration::hours(24);
/// How long an endpoint is left alone that has too much to do, and for how long at most because it says so.
const PAUSE: Duration = Duration::minutes(1);
const LONGEST_PAUSE: Duration = Duration::hours(1);
/// For how long nothing may reach an endpoint before it is disabled.
const PATIENCE: Duration = Duration::days(5);

/// What an answer, or none, means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// It is not there any more, and will not be.
    Gone,
    /// `wait`: for how long it asks to be left alone; `busy`: it has too much to do.
    Again {
        wait: Option<Duration>,
        busy: bool,
    },
}

pub fn judge(answer: &Result<Answered, CallError>, now: DateTime<Utc>) -> Verdict {
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => Verdict::Accepted,
        Ok(answer) if answer.status == 410 => Verdict::Gone,
        Ok(answer) => {
            let wait = answer.retry_after(now);
            let busy = matches!(answer.status, 429 | 502 | 504) || (answer.status == 503 && wait.is_some());
            Verdict::Again { wait, busy }
        }
        Err(_) => Verdict::Again { wait: None, busy: false },
    }
}

/// When a delivery is tried again that was not accepted for the `attempts`th time; `None`: it is given up. Up
/// to a tenth later at random, so that what failed together does not come again together.
pub fn next_attempt(
    cause: DeliveryCause,
    attempts: i32,
    wait: Option<Duration>,
    now: DateTime<Utc>,
    ids: &Ids,
) -> Option<DateTime<Utc>> {
    // Whoever asks for a test looks at how it went.
    if cause == DeliveryCause::Test {
        return None;
    }
    let scheduled = usize::try_from(attempts).ok()?.checked_sub(1).and_then(|at| WAITS.get(at))?;
    let random = ids.random_bytes::<2>().map_or(0, |bytes| i64::from(u16::from_be_bytes(bytes)));
    let jittered = Duration::milliseconds(scheduled * 1000 + scheduled * 100 * random / i64::from(u16::MAX));
    Some(now + jittered.max(wait.unwrap_or_default().min(LONGEST_WAIT)))
}

/// What is known of an endpoint from how deliveries to it went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    pub failing_since: Option<DateTime<Utc>>,
    pub paused_until: Option<DateTime<Utc>>,
    pub disabled: Option<DisabledBy>,
}

impl Health {
    /// After these, which were made side by side.
    pub fn after(self, verdicts: &[Verdict], now: DateTime<Utc>) -> Self {
        if verdicts.is_empty() || self.disabled.is_some() {
            return self;
        }
        let accepted = verdicts.contains(&Verdict::Accepted);
        let failing_since = if accepted { None } else { Some(self.failing_since.unwrap_or(now)) };
        let pauses = verdicts.iter().filter_map(|verdict| match verdict {
            Verdict::Again { wait, busy: true } => Some(now + wait.unwrap_or(PAUSE).clamp(PAUSE, LONGEST_PAUSE)),
            _ => None,
        });
        let disabled = if verdicts.contains(&Verdict::Gone) {
            Some(DisabledBy::Gone)
        } else {
            failing_since.filter(|since| now - *since >= PATIENCE).map(|_| DisabledBy::Failing)
        };
        Self { failing_since, paused_until: pauses.max(), disabled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{clock::SystemClock, ids::SystemRandomness};
    use std::sync::Arc;

    fn now() -> DateTime<Utc> {
        "2026-03-01T10:00:00Z".parse().unwrap()
    }

    const AGAIN: Verdict = Verdict::Again { wait: None, busy: false };

    #[test]
    fn waits_are_those_of_the_standard_or_longer() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        let next = |cause, attempts, wait| next_attempt(cause, attempts, wait, now(), &ids).map(|at| at - now());
        for (attempts, seconds) in (1..).zip(WAITS) {
            for _ in 0..20 {
                let wait = next(DeliveryCause::Event, attempts, None).unwrap().num_milliseconds();
                assert!((seconds * 1000..=seconds * 1100).contains(&wait), "{attempts}: {wait}");
            }
        }
        assert_eq!(next(DeliveryCause::Event, 10, None), None);
        assert_eq!(next(DeliveryCause::Test, 1, None), None);
        assert_eq!(next(DeliveryCause::Replay, 1, Some(Duration::minutes(9))), Some(Duration::minutes(9)));
        assert_eq!(next(DeliveryCause::Event, 1, Some(Duration::days(9))), Some(LONGEST_WAIT));
    }

    #[test]
    fn an_endpoint_is_paused_when_busy_and_disabled_when_gone_or_failing_for_long() {
        let well = Health::default();
        let failing = well.after(&[AGAIN], now());
        assert_eq!(failing, Health { failing_since: Some(now()), ..well });
        assert_eq!(failing.after(&[], now() + PATIENCE), failing);
        assert_eq!(failing.after(&[AGAIN, Verdict::Accepted], now() + PATIENCE), well);
        let later = now() + PATIENCE - Duration::seconds(1);
        assert_eq!(failing.after(&[AGAIN], later), failing);
        assert_eq!(failing.after(&[AGAIN], now() + PATIENCE).disabled, Some(DisabledBy::Failing));
        assert_eq!(well.after(&[Verdict::Accepted, Verdict::Gone], now()).disabled, Some(DisabledBy::Gone));
        for (wait, pause) in
            [(None, PAUSE), (Some(5), PAUSE), (Some(600), Duration::minutes(10)), (Some(90_000), LONGEST_PAUSE)]
        {
            let busy = Verdict::Again { wait: wait.map(Duration::seconds), busy: true };
            assert_eq!(well.after(&[AGAIN, busy], now()).paused_until, Some(now() + pause));
        }
    }
}
