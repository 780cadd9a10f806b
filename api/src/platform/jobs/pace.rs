//! When a worker claims again.
//!
//! A claim costs as much as several jobs that do little, so while more waits than there are hands, hands
//! that come free wait for each other: until half of them are, and no longer than [`TOGETHER`], so that jobs
//! that take their time leave no hand idle. Where nothing was left waiting, a new job is taken at once.

use tokio::time::{Duration, Instant};

/// How long a hand that came free waits for others.
const TOGETHER: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct Pace {
    /// There may be something to take that nothing else tells of.
    look: bool,
    /// The last claim left nothing that could be taken.
    drained: bool,
    /// Jobs that ran after the last claim, and how many ended since it began.
    ran: usize,
    ended: usize,
    first_ended: Option<Instant>,
    /// Nobody is served by asking a database at once again that did not answer.
    not_before: Option<Instant>,
}

impl Pace {
    pub fn new() -> Self {
        Self { look: true, drained: true, ran: 0, ended: 0, first_ended: None, not_before: None }
    }

    /// A job was stored. Where others wait before it, it is taken when they are.
    pub fn woken(&mut self) {
        self.look |= self.drained;
    }

    /// It is time to see whether anything was overheard.
    pub fn polled(&mut self) {
        self.look = true;
    }

    pub fn ended(&mut self, now: Instant) {
        self.ended += 1;
        self.first_ended.get_or_insert(now);
    }

    pub fn claiming(&mut self) {
        (self.look, self.ended, self.first_ended, self.not_before) = (false, 0, None, None);
    }

    /// What was said while it was asked counts, unless there was more than could be taken.
    pub fn claimed(&mut self, wanted: usize, got: usize, running: usize) {
        (self.drained, self.ran) = (got < wanted, running);
        self.look &= self.drained;
    }

    pub fn failed(&mut self, now: Instant, pause: Duration) {
        (self.look, self.drained, self.not_before) = (true, true, Some(now + pause));
    }

    /// When it is time, if anything speaks for it.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let at_once = self.look || (self.ended > 0 && 2 * self.ended >= self.ran);
        let due = if at_once { Some(now) } else { self.first_ended.map(|first| first + TOGETHER) };
        due.map(|at| self.not_before.map_or(at, |pause| at.max(pause)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a claim that filled all of eight hands, or the five of eight that it could.
    fn after_claim(got: usize) -> (Pace, Instant) {
        let mut pace = Pace::new();
        let now = Instant::now();
        assert_eq!(pace.due(now), Some(now));
        pace.claiming();
        pace.claimed(8, got, got);
        assert_eq!(pace.due(now), None);
        (pace, now)
    }

    #[test]
    fn while_more_waits_hands_come_together_and_not_for_long() {
        let (mut pace, now) = after_claim(8);
        pace.woken();
        assert_eq!(pace.due(now), None);
        pace.ended(now);
        assert_eq!(pace.due(now), Some(now + TOGETHER));
        let later = now + Duration::from_millis(1);
        for _ in 0..2 {
            pace.ended(later);
            assert_eq!(pace.due(later), Some(now + TOGETHER));
        }
        pace.ended(later);
        assert_eq!(pace.due(later), Some(later));
    }

    #[test]
    fn where_nothing_is_left_a_new_job_is_taken_at_once() {
        let (mut pace, now) = after_claim(5);
        pace.woken();
        assert_eq!(pace.due(now), Some(now));
        // Of one that is stored while a claim is under way, the claim may know nothing.
        pace.claiming();
        pace.woken();
        pace.claimed(3, 0, 5);
        assert_eq!(pace.due(now), Some(now));
    }

    #[test]
    fn polling_finds_what_nobody_told_of() {
        let (mut pace, now) = after_claim(8);
        pace.polled();
        assert_eq!(pace.due(now), Some(now));
    }

    #[test]
    fn after_a_failure_it_waits() {
        let (mut pace, now) = after_claim(8);
        pace.failed(now, Duration::from_secs(1));
        pace.woken();
        assert_eq!(pace.due(now), Some(now + Duration::from_secs(1)));
    }
}
