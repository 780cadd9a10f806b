//! The circuit breaker of one client's ERP: what does not answer is left alone, and then tried with one call.

use chrono::{DateTime, Duration, Utc};

/// Calls to one ERP side by side.
pub const SIDE_BY_SIDE: usize = 4;
/// Calls in a row without an answer, or with a 5xx, that open it.
const MOST_FAILURES: i32 = 5;
/// For how long it opens at first, and at most: twice as long after each probe that fails.
const PAUSE: Duration = Duration::seconds(30);
const LONGEST_PAUSE: Duration = Duration::minutes(5);
/// The same where the ERP says that it has too much to do, and does not say for how long.
const BREATHER: Duration = Duration::seconds(5);

/// What a call says of the ERP, whatever it says of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Answered,
    /// No answer, or that it is broken.
    Failing,
    /// It has too much to do, and asks to be left alone for so long.
    Busy(Option<Duration>),
}

/// Whether anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Closed,
    Open,
    /// It was open, and one call tries how it goes.
    HalfOpen,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Calls in a row that failed.
    pub failures: i32,
    pub failing_since: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
}

impl Breaker {
    pub fn state(self, now: DateTime<Utc>) -> State {
        match self.open_until {
            None => State::Closed,
            Some(until) if until > now => State::Open,
            Some(_) => State::HalfOpen,
        }
    }

    /// How many calls may begin beside those that are under way.
    pub fn room(self, now: DateTime<Utc>, under_way: usize) -> usize {
        let most = match self.state(now) {
            State::Closed => SIDE_BY_SIDE,
            State::Open => 0,
            State::HalfOpen => 1,
        };
        most.saturating_sub(under_way)
    }

    /// After these calls, in the order in which they ended.
    pub fn after(self, signs: impl IntoIterator<Item = Sign>, now: DateTime<Utc>) -> Self {
        signs.into_iter().fold(self, |breaker, sign| breaker.after_one(sign, now))
    }

    fn after_one(self, sign: Sign, now: DateTime<Utc>) -> Self {
        match sign {
            Sign::Answered => Self::default(),
            Sign::Busy(wait) => {
                let pause = wait.unwrap_or(BREATHER).clamp(Duration::seconds(1), LONGEST_PAUSE);
                Self { open_until: Some(now + pause), ..Self::default() }
            }
            Sign::Failing => {
                // Calls that were under way when it opened end while it is open, and say nothing new.
                if self.state(now) == State::Open {
                    return self;
                }
                let failures = self.failures.saturating_add(1);
                let open_until = if failures >= MOST_FAILURES {
                    Some(now + pause(failures - MOST_FAILURES))
                } else {
                    self.open_until.map(|_| now + PAUSE)
                };
                Self { failures, failing_since: Some(self.failing_since.unwrap_or(now)), open_until }
            }
        }
    }
}

/// After so many probes that failed.
fn pause(probes: i32) -> Duration {
    let doublings = u32::try_from(probes).unwrap_or(0).min(10);
    (PAUSE * 2_i32.saturating_pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T10:00:00Z".parse().unwrap()
    }

    fn failing(calls: usize) -> Breaker {
        Breaker::default().after(vec![Sign::Failing; calls], now())
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_any_answer_closes_it() {
        assert_eq!(failing(4).state(now()), State::Closed);
        assert_eq!(failing(4).room(now(), 1), 3);
        assert_eq!(failing(4).after([Sign::Answered, Sign::Failing], now()).failures, 1);
        let open = failing(5);
        assert_eq!((open.state(now()), open.room(now(), 0)), (State::Open, 0));
        assert_eq!((open.failing_since, open.open_until), (Some(now()), Some(now() + PAUSE)));
        assert_eq!(open.after([Sign::Answered], now()), Breaker::default());
    }

    #[test]
    fn half_open_it_lets_one_through_and_opens_for_longer_each_time() {
        let (mut breaker, mut at) = (failing(5), now());
        for seconds in [30, 60, 120, 240, 300, 300] {
            assert_eq!(breaker.open_until, Some(at + Duration::seconds(seconds)));
            at += Duration::seconds(seconds);
            assert_eq!(breaker.state(at), State::HalfOpen);
            assert_eq!((breaker.room(at, 0), breaker.room(at, 1)), (1, 0));
            breaker = breaker.after([Sign::Failing], at);
        }
    }

    #[test]
    fn what_ends_while_it_is_open_does_not_open_it_for_longer() {
        let open = failing(5).after(vec![Sign::Failing; 3], now());
        assert_eq!(open, failing(5));
    }

    #[test]
    fn a_busy_one_is_left_alone_for_as_long_as_it_asks() {
        for (asked, waits) in [(None, 5), (Some(0), 1), (Some(20), 20), (Some(9000), 300)] {
            let busy = Breaker::default().after([Sign::Busy(asked.map(Duration::seconds))], now());
            assert_eq!(busy.open_until, Some(now() + Duration::seconds(waits)), "{asked:?}");
            assert_eq!(busy.failures, 0);
        }
        // One that was busy and then fails is not tried with four at once.
        let busy = Breaker::default().after([Sign::Busy(None)], now());
        let later = now() + BREATHER;
        assert_eq!(busy.after([Sign::Failing], later).state(later), State::Open);
    }
}
