//! The calls that came, the last ones, and how each ended.

use super::{faults::Fault, shortened};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::VecDeque;

const MOST: usize = 5000;

#[derive(Default)]
pub struct Calls {
    kept: VecDeque<Call>,
    began: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Call {
    pub number: u64,
    pub at: DateTime<Utc>,
    pub method: String,
    pub path: String,
    pub idempotency_key: Option<String>,
    pub order: Option<String>,
    pub fault: Option<Fault>,
    pub end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its answer waits.
    UnderWay,
    Answered(u16),
    Reset,
}

impl Calls {
    /// Answers its number.
    pub fn begin(&mut self, method: &str, path: &str, at: DateTime<Utc>) -> u64 {
        self.began += 1;
        self.kept.push_back(Call {
            number: self.began,
            at,
            method: shortened(method),
            path: shortened(path),
            idempotency_key: None,
            order: None,
            fault: None,
            end: End::UnderWay,
        });
        if self.kept.len() > MOST {
            self.kept.pop_front();
        }
        self.began
    }

    /// Of one that is still known.
    pub fn note(&mut self, number: u64, change: impl FnOnce(&mut Call)) {
        let first = self.kept.front().map_or(0, |call| call.number);
        let place = number.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(call) = place.and_then(|place| self.kept.get_mut(place)) {
            change(call);
        }
    }

    /// The last first.
    pub fn newest(&self, most: usize) -> Vec<Call> {
        self.kept.iter().rev().take(most).cloned().collect()
    }

    pub fn len(&self) -> u64 {
        self.began
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_calls_are_kept_and_the_end_of_a_forgotten_one_is_nobodys() {
        let mut calls = Calls::default();
        let at = DateTime::UNIX_EPOCH;
        let first = calls.begin("GET", "/", at);
        for _ in 0..MOST {
            calls.begin("POST", &"x".repeat(5000), at);
        }
        calls.note(first, |call| call.end = End::Reset);
        calls.note(first + 1, |call| call.end = End::Answered(200));
        let kept = calls.newest(usize::MAX);
        assert_eq!((kept.len(), calls.len()), (MOST, u64::try_from(MOST).unwrap() + 1));
        let last = kept.last().unwrap();
        assert_eq!((last.number, last.end, last.path.len()), (2, End::Answered(200), 200));
        assert!(kept.iter().rev().skip(1).all(|call| call.end == End::UnderWay));
    }
}
