//! What goes wrong on demand: rules, of which the first that fits a call decides it.
//!
//! Chance is no chance: it is drawn from the seed, the rule, what is asked, the order that it is about, and how often
//! that came. So a call meets the same fault in every run, in whatever order calls come in. An order that was to be
//! stored once is known by its key from then on, also where a fault kept it from being stored.

use crate::platform::crypto::sha256;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, time::Duration};

const MOST_RULES: usize = 1000;
const MOST_LATENCY_MS: u64 = 600_000;
/// Calls that are told apart by chance; of more, all are counted anew.
const MOST_SEEN: usize = 100_000;

/// `PUT /mock/faults`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    #[serde(default)]
    seed: u64,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Only calls that have this in their path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Only this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    /// How many calls it decides, until the rules after it do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    /// Of so many calls in a hundred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    /// Before anything is done; it is done also when nobody waits for it any more.
    #[serde(default)]
    latency_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
    /// Whether the order is stored although the answer is a fault.
    #[serde(default)]
    stores: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is reset in place of an answer.
    Reset,
    /// An error with its JSON.
    Status(u16),
    /// An error as a proxy in front gives it: a page.
    PlainStatus(u16),
    /// 429, which asks to wait for so many seconds.
    RetryAfterSeconds(u32),
    /// The same as a date, so many seconds from now.
    RetryAfterDate(u32),
    /// 307 to this address.
    Redirect(String),
    /// The good answer, a byte at a time, with so many milliseconds between them.
    SlowBodyMs(u64),
    /// The good answer, cut off.
    WrongJson,
    /// The good answer without `erp_reference`.
    NoReference,
}

impl Fault {
    /// Whether it comes in place of the good answer, and does not only disfigure it.
    pub fn replaces(&self) -> bool {
        !matches!(self, Self::SlowBodyMs(_) | Self::WrongJson | Self::NoReference)
    }

    fn is_possible(&self) -> bool {
        match self {
            Self::Status(status) | Self::PlainStatus(status) => (400..600).contains(status),
            Self::Redirect(to) => !to.is_empty() && to.bytes().all(|b| b.is_ascii_graphic()),
            Self::SlowBodyMs(pause) => (1..=MOST_LATENCY_MS).contains(pause),
            _ => true,
        }
    }
}

impl Faults {
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let faults: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if faults.rules.len() > MOST_RULES {
            return Err(format!("more than {MOST_RULES} rules"));
        }
        for (number, rule) in faults.rules.iter().enumerate() {
            let wrong = |what: &str| Err(format!("rules/{number}/{what} is out of its range"));
            if rule.percent.is_some_and(|percent| percent > 100) {
                return wrong("percent");
            }
            if rule.latency_ms > MOST_LATENCY_MS {
                return wrong("latency_ms");
            }
            if rule.fault.as_ref().is_some_and(|fault| !fault.is_possible()) {
                return wrong("fault");
            }
        }
        Ok(faults)
    }
}

/// The rules, and how often each decided.
#[derive(Debug, Default)]
pub struct Plan {
    faults: Faults,
    used: Vec<u32>,
    /// How often something was asked about an order.
    seen: HashMap<(&'static str, String), u32>,
    /// The orders that came with these keys.
    heard: HashMap<String, String>,
}

/// How a call goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    pub latency: Duration,
    pub fault: Option<Fault>,
    pub stores: bool,
}

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What is asked.
    pub what: &'static str,
    pub path: &'a str,
    pub key: &'a str,
    pub order: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Standing<'a> {
    #[serde(flatten)]
    faults: &'a Faults,
    /// How many calls each rule decided.
    used: &'a [u32],
}

impl Plan {
    pub fn of(faults: Faults) -> Self {
        let used = vec![0; faults.rules.len()];
        Self { faults, used, ..Self::default() }
    }

    pub fn standing(&self) -> Standing<'_> {
        Standing { faults: &self.faults, used: &self.used }
    }

    /// The order that came with this key, if one did.
    pub fn order_of(&self, key: &str) -> Option<&str> {
        self.heard.get(key).map(String::as_str)
    }

    pub fn decide(&mut self, subject: Subject<'_>) -> Course {
        let heard = self.hear(subject);
        if self.faults.rules.is_empty() {
            return Course::default();
        }
        let subject = Subject { order: heard.as_deref().or(subject.order), ..subject };
        let turn = self.turn(subject);
        let seed = self.faults.seed;
        for (number, (rule, used)) in self.faults.rules.iter().zip(&mut self.used).enumerate() {
            if rule.fits(subject, *used) && rule.is_drawn(seed, number, subject, turn) {
                *used = used.saturating_add(1);
                let latency = Duration::from_millis(rule.latency_ms);
                return Course { latency, fault: rule.fault.clone(), stores: rule.stores };
            }
        }
        Course::default()
    }

    /// Remembers which order a key is of, and answers it where the call does not say.
    fn hear(&mut self, subject: Subject<'_>) -> Option<String> {
        if let Some(order) = subject.order {
            if self.heard.len() >= MOST_SEEN {
                self.heard.clear();
            }
            self.heard.insert(subject.key.to_owned(), order.to_owned());
            return None;
        }
        self.order_of(subject.key).map(str::to_owned)
    }

    /// How often this was asked before.
    fn turn(&mut self, subject: Subject<'_>) -> u32 {
        if self.seen.len() >= MOST_SEEN {
            self.seen.clear();
        }
        let turns = self.seen.entry((subject.what, subject.about().to_owned())).or_default();
        let turn = *turns;
        *turns = turns.saturating_add(1);
        turn
    }
}

impl<'a> Subject<'a> {
    fn about(self) -> &'a str {
        self.order.unwrap_or(self.key)
    }
}

impl Rule {
    fn fits(&self, subject: Subject<'_>, used: u32) -> bool {
        self.times.is_none_or(|times| used < times)
            && self.path.as_ref().is_none_or(|path| subject.path.contains(path))
            && self.order.as_deref().is_none_or(|order| subject.order == Some(order))
    }

    fn is_drawn(&self, seed: u64, number: usize, subject: Subject<'_>, turn: u32) -> bool {
        let Some(percent) = self.percent else { return true };
        let drawn = sha256(format!("{seed} {number} {} {} {turn}", subject.what, subject.about()).as_bytes());
        let [a, b, c, d, ..] = drawn;
        u32::from_be_bytes([a, b, c, d]) % 100 < u32::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(faults: &str) -> Plan {
        Plan::of(Faults::read(faults.as_bytes()).unwrap())
    }

    fn sync(key: &str) -> Subject<'_> {
        Subject { what: "sync", path: "/orders/sync", key, order: Some("SO-1") }
    }

    #[test]
    fn the_first_rule_that_fits_decides_as_often_as_it_may() {
        let mut plan = plan(
            r#"{"rules": [{"path": "by-key", "fault": "reset"}, {"order": "SO-2", "fault": "wrong_json"},
                {"times": 2, "fault": {"status": 503}}, {"times": 1}, {"latency_ms": 5, "stores": true}]}"#,
        );
        let [first, second, third, fourth] = [(); 4].map(|()| plan.decide(sync("K")));
        assert_eq!((first.fault.as_ref(), &second), (Some(&Fault::Status(503)), &first));
        assert_eq!(third, Course::default());
        assert_eq!(fourth, Course { latency: Duration::from_millis(5), fault: None, stores: true });
        let look_up = Subject { what: "look_up", path: "/orders/by-key/K", key: "K", order: None };
        assert_eq!(plan.decide(look_up).fault, Some(Fault::Reset));
        let other = Subject { order: Some("SO-2"), ..sync("L") };
        assert_eq!(plan.decide(other).fault, Some(Fault::WrongJson));
        // Of which order a key is that was asked for is known by now.
        let look_up = Subject { what: "look_up", path: "/orders/of/L", key: "L", order: None };
        assert_eq!(plan.decide(look_up).fault, Some(Fault::WrongJson));
        assert_eq!(plan.used, [1, 2, 2, 1, 1]);
    }

    #[test]
    fn chance_is_the_same_in_every_run_and_every_order_and_about_as_often_as_asked() {
        let faults = r#"{"seed": 7, "rules": [{"percent": 30, "fault": "reset"}]}"#;
        let keys: Vec<_> = (0..1000).map(|number| format!("K{number}")).collect();
        let (mut forth, mut back) = (plan(faults), plan(faults));
        let asked = |number| Subject { order: Some(number), ..sync("K") };
        let there: Vec<_> = keys.iter().map(|key| forth.decide(asked(key))).collect();
        let mut again: Vec<_> = keys.iter().rev().map(|key| back.decide(Subject { key: "L", ..asked(key) })).collect();
        again.reverse();
        assert_eq!(there, again);
        let faulty = there.iter().filter(|course| course.fault.is_some()).count();
        assert!((200..400).contains(&faulty), "{faulty}");
        let mut other = plan(&faults.replace('7', "8"));
        assert_ne!(there, keys.iter().map(|key| other.decide(asked(key))).collect::<Vec<_>>());
        // An order that comes again meets another chance.
        let turns: Vec<_> = (0..50).map(|_| forth.decide(sync("K")).fault.is_some()).collect();
        assert!(turns.contains(&true) && turns.contains(&false));
        let mut never = plan(&faults.replace("30", "0"));
        assert!(keys.iter().all(|key| never.decide(asked(key)) == Course::default()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_place() {
        for (faults, told) in [
            (r#"{"rules": [{"percent": 101}]}"#, "rules/0/percent"),
            (r#"{"rules": [{}, {"latency_ms": 600001}]}"#, "rules/1/latency_ms"),
            (r#"{"rules": [{"fault": {"status": 200}}]}"#, "rules/0/fault"),
            (r#"{"rules": [{"fault": {"plain_status": 600}}]}"#, "rules/0/fault"),
            (r#"{"rules": [{"fault": {"redirect": "a\nb"}}]}"#, "rules/0/fault"),
            (r#"{"rules": [{"fault": {"slow_body_ms": 0}}]}"#, "rules/0/fault"),
            (r#"{"rules": [{"fault": "explode"}]}"#, "explode"),
            (r#"{"rules": [{"falt": "reset"}]}"#, "falt"),
            (r#"{}"#, "rules"),
        ] {
            let fault = Faults::read(faults.as_bytes()).unwrap_err();
            assert!(fault.contains(told), "{faults}: {fault}");
        }
        let many = format!(r#"{{"rules": [{}]}}"#, vec!["{}"; 1001].join(","));
        assert!(Faults::read(many.as_bytes()).is_err());
    }
}
