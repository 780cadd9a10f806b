//! What an answer of the ERP means: for the order, and for the ERP itself.

use super::breaker::Sign;
use crate::platform::outbound::{Answered, CallError};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

type Answer = Result<Answered, CallError>;

const MOST_OF_REFERENCE: usize = 200;
const MOST_OF_STATUS: usize = 100;
const MOST_OF_ERROR: usize = 300;

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Accepted(Accepted),
    /// For good.
    Refused(String),
    /// `wait`: for how long the ERP asks to be left alone.
    Again {
        wait: Option<Duration>,
        error: String,
    },
    /// There was no answer, and it may have arrived.
    Unknown(String),
    /// The ERP was asked for it and has it not, or does not say: it can be sent, under its key.
    NotThere,
}

/// The ERP has it, and what it says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    pub reference: Option<String>,
    pub status: Option<String>,
    pub warning: Option<&'static str>,
}

/// Of the answer to an order that was sent.
pub fn judge_send(answer: &Answer, now: DateTime<Utc>) -> Verdict {
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => Verdict::Accepted(accepted(answer)),
        answer => judge_other(answer, now),
    }
}

/// Of the answer to the question whether the ERP has an order.
pub fn judge_look_up(answer: &Answer, now: DateTime<Utc>) -> Verdict {
    match answer {
        // A page for people says nothing.
        Ok(answer) if (200..300).contains(&answer.status) => match object(answer) {
            Some(_) => Verdict::Accepted(accepted(answer)),
            None => Verdict::NotThere,
        },
        // With JSON it is not there; without, or by 405, the question is not understood.
        Ok(answer) if matches!(answer.status, 404 | 405) => Verdict::NotThere,
        // A wrong key or address: the order itself was not refused, but nobody can send it so.
        Ok(answer) if is_final(answer.status) => Verdict::Again { wait: None, error: told(answer) },
        answer => judge_other(answer, now),
    }
}

fn judge_other(answer: &Answer, now: DateTime<Utc>) -> Verdict {
    match answer {
        Ok(answer) if is_final(answer.status) => Verdict::Refused(told(answer)),
        Ok(answer) => Verdict::Again { wait: answer.retry_after(now), error: told(answer) },
        Err(error) if error.may_have_arrived() => Verdict::Unknown(format!("No answer: {error}.")),
        Err(error) => Verdict::Again { wait: None, error: format!("Not sent: {error}.") },
    }
}

/// 3xx is not followed.
fn is_final(status: u16) -> bool {
    (300..500).contains(&status) && status != 429
}

/// What a call says of the ERP.
pub fn sign(answer: &Answer, now: DateTime<Utc>) -> Sign {
    match answer {
        Ok(answer) if answer.status == 429 => Sign::Busy(answer.retry_after(now)),
        Ok(answer) if answer.status >= 500 => Sign::Failing,
        Ok(_) => Sign::Answered,
        Err(_) => Sign::Failing,
    }
}

fn accepted(answer: &Answered) -> Accepted {
    let Some(body) = object(answer) else {
        let warning = if answer.complete { "The answer is not JSON." } else { "The answer broke off." };
        return Accepted { warning: Some(warning), ..Accepted::default() };
    };
    let reference = text(&body, &["erp_reference", "erpReference"], MOST_OF_REFERENCE);
    let warning = if reference.is_none() { Some("The answer has no erp_reference.") } else { None };
    Accepted { reference, status: text(&body, &["status"], MOST_OF_STATUS), warning }
}

fn object(answer: &Answered) -> Option<Value> {
    serde_json::from_str::<Value>(&answer.body).ok().filter(Value::is_object)
}

/// The first of these members that is a text or a number, cut, without what no column of text takes.
fn text(body: &Value, names: &[&str], most: usize) -> Option<String> {
    let one = |name: &&str| match body.get(*name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let found = names.iter().find_map(one)?;
    let clean: String = found.trim().chars().filter(|c| !c.is_control()).take(most).collect();
    (!clean.is_empty()).then_some(clean)
}

/// In the ERP's own words, if it has any.
fn told(answer: &Answered) -> String {
    let body = object(answer).unwrap_or_default();
    let said = text(&body, &["error", "message"], MOST_OF_ERROR);
    let code = text(&body, &["code"], MOST_OF_STATUS).map(|code| format!(" ({code})")).unwrap_or_default();
    match said {
        Some(said) => format!("Answered {}: {said}{code}", answer.status),
        None => format!("Answered {}{code}.", answer.status),
    }
}
