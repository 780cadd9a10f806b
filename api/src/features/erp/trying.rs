//! Trying an ERP: one call that changes nothing there, and in words what it shows. It is asked for an order by a key
//! that never was.

use super::{
    config::{KEPT_FOR_ANOTHER, check_url, given_secret, is_for, is_given, origin, secrets_in},
    error::ErpError,
    repo::configs,
    sending::headers,
    turn::Link,
};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        http::Invalid,
        outbound::{Answered, Call, CallError, Reading, Verb},
    },
};
use countinghouse_contract::erp::{ErpConfigTest, ErpConfigTested, ErpTestOutcome};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Somebody waits for the answer.
const LONGEST: Duration = Duration::from_secs(30);
const MOST_OF_BODY: usize = 1000;

/// Tries it as it is set, with what is given in its place.
pub async fn test(state: &AppState, ctx: &TenantCtx, input: ErpConfigTest) -> Result<ErpConfigTested, ErpError> {
    let (outbound, vault) = (state.outbound.clone(), state.vault.clone());
    let key = format!("ERP_test_{}", state.ids.make::<Uuid>()?.simple());
    let link = ctx.transaction(move |tx| {
        let settings = configs::find(tx)?.unwrap_or_default();
        let mut secrets = secrets_in(tx, &vault, &settings)?;
        let mut invalid = Invalid::default();
        if !is_given(input.api_key.as_deref())
            && input.base_url.is_some()
            && !is_for(&settings, input.base_url.as_deref())
        {
            invalid.add("/api_key", "required", KEPT_FOR_ANOTHER);
        }
        let given = given_secret(&mut invalid, "/api_key", input.api_key.as_deref());
        secrets.api_key = given.or(secrets.api_key);
        let given = given_secret(&mut invalid, "/hmac_secret", input.hmac_secret.as_deref());
        secrets.hmac_secret = given.or(secrets.hmac_secret);
        let base_url = input.base_url.or_else(|| settings.base_url.clone());
        let missing = [
            ("/base_url", base_url.is_none()),
            ("/api_key", secrets.api_key.is_none()),
            ("/hmac_secret", secrets.hmac_secret.is_none()),
        ];
        for (pointer, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            invalid.add(pointer, "required", "It is not set, and there is nothing to try without it.");
        }
        if let Some(url) = &base_url {
            check_url(&mut invalid, &outbound, url);
        }
        invalid.finish()?;
        let base_url = base_url.unwrap_or_default();
        let tried = json!({"origin": origin(&base_url)});
        record_in(tx, Entry::new(Action::ErpConfigTested, tx.tenant_id()).after(tried))?;
        Ok::<_, ErpError>(Link { base_url, secrets, settings })
    });
    Ok(call(state, link.await?, &key).await)
}

async fn call(state: &AppState, link: Link, key: &str) -> ErpConfigTested {
    let own = u64::try_from(link.settings.timeout_seconds).map_or(LONGEST, Duration::from_secs);
    let call = Call {
        verb: Verb::Get,
        url: format!("{}/orders/by-key/{key}", link.base_url.trim_end_matches('/')),
        headers: headers(&link, key, ""),
        body: Vec::new(),
        patience: Some(own.min(LONGEST)),
        reading: Reading::Beginning,
    };
    let (answer, took) = state.outbound.send("erp", call).await;
    let (outcome, message) = judge(&answer);
    let body = answer.as_ref().ok().map(|answer| link.without_secrets(&answer.body));
    ErpConfigTested {
        ok: matches!(outcome, ErpTestOutcome::Ok | ErpTestOutcome::LookUpNotSupported),
        outcome,
        message,
        status: answer.ok().map(|answer| answer.status.into()),
        body: body.map(|text| text.chars().take(MOST_OF_BODY).collect()),
        duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
    }
}

/// What an answer, or none, says of the settings.
fn judge(answer: &Result<Answered, CallError>) -> (ErpTestOutcome, String) {
    match answer {
        Ok(answer) => judge_answer(answer),
        Err(error) => judge_error(error),
    }
}

fn judge_error(error: &CallError) -> (ErpTestOutcome, String) {
    use ErpTestOutcome as Outcome;
    match error {
        CallError::NotAllowed => (
            Outcome::AddressNotAllowed,
            "The name leads to an address inside a network, which is not called. The operator may allow it.".to_owned(),
        ),
        CallError::NotResolved(why) => (Outcome::NotResolved, format!("Nobody knows the name in base_url: {why}.")),
        CallError::Refused(_) => (
            Outcome::ConnectionRefused,
            "Nothing listens there: the connection was refused. Look at the port, and whether the ERP runs.".to_owned(),
        ),
        CallError::Certificate(why) => (
            Outcome::Certificate,
            format!("The certificate is not trusted, has expired, or is for another name: {why}."),
        ),
        CallError::NotConnected => (
            Outcome::TimedOut,
            "There was no connection in time. A firewall may be in the way, or the address wrong.".to_owned(),
        ),
        CallError::TimedOut => (Outcome::TimedOut, "It took the request and did not answer in time.".to_owned()),
        CallError::Unreachable(why) => (Outcome::ConnectionFailed, format!("The connection failed: {why}.")),
        CallError::Broken(why) => (Outcome::ConnectionFailed, format!("The connection ended before an answer: {why}.")),
    }
}

fn judge_answer(answer: &Answered) -> (ErpTestOutcome, String) {
    use ErpTestOutcome as Outcome;
    let is_json = serde_json::from_str::<Value>(&answer.body).is_ok();
    let said = answer.body.to_lowercase();
    let about = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let (outcome, words) = match answer.status {
        404 if is_json => (Outcome::Ok, "The ERP answers, takes the key, and can be asked for an order by its key."),
        404 | 405 => (
            Outcome::LookUpNotSupported,
            "Something answers there, but can not be asked for an order by its key. If base_url is right, orders are \
             sent, and one that got no answer is sent again under its key: the ERP has to know it by that.",
        ),
        200..300 if is_json => (
            Outcome::LookUpWrong,
            "The ERP says that it has an order under a key that never was. It has to answer 404 with JSON, or orders \
             would be taken for arrived that are not there.",
        ),
        200..300 => (Outcome::NotJson, "What answers there is no JSON: base_url may lead to a page for people."),
        300..=399 => (Outcome::Redirected, "It answers with a redirect, which is not followed: set where it leads to."),
        401 | 403 if about(&["signature", "hmac"]) => {
            (Outcome::SignatureRefused, "The signature is refused: hmac_secret is not the one that the ERP knows.")
        }
        401 | 403 => (
            Outcome::KeyRefused,
            "The key is refused: api_key is not one that the ERP takes, or, if it does not say which, hmac_secret.",
        ),
        429 => (Outcome::RateLimited, "It has too much to do just now; try again later."),
        500.. => (Outcome::ServerError, "The ERP is broken, or what stands before it can not reach it."),
        _ => (Outcome::Refused, "The request is refused; its own words say why."),
    };
    (outcome, format!("{words} (It answered {}.)", answer.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_words() {
        use ErpTestOutcome as Outcome;
        let why = || "x".to_owned();
        for (error, outcome) in [
            (CallError::NotAllowed, Outcome::AddressNotAllowed),
            (CallError::NotResolved(why()), Outcome::NotResolved),
            (CallError::Refused(why()), Outcome::ConnectionRefused),
            (CallError::Certificate(why()), Outcome::Certificate),
            (CallError::NotConnected, Outcome::TimedOut),
            (CallError::TimedOut, Outcome::TimedOut),
            (CallError::Unreachable(why()), Outcome::ConnectionFailed),
            (CallError::Broken(why()), Outcome::ConnectionFailed),
        ] {
            assert_eq!(judge_error(&error).0, outcome, "{error:?}");
        }
    }
}
