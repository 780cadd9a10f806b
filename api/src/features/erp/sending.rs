//! Sending to one client's ERP what is due there.
//!
//! One job at a time sends for a client, a few orders side by side. Each attempt is written before its bytes leave,
//! and while an answer is waited for no transaction is open and no worker's hand is held. Another job that comes
//! meanwhile leaves at once, for the first looks for more before it ends.

use super::{
    answers::{judge_look_up, judge_send},
    breaker::SIDE_BY_SIDE,
    model::{Called, Ended, Task},
    turn::{self, Link},
};
use crate::{
    app::AppState,
    platform::{
        db::{DbError, TenantTx},
        jobs::{Finished, Job, JobError, Run, enqueue_soonest_in},
        outbound::{Call, Reading, Verb},
        points::{self, Point},
    },
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use countinghouse_contract::erp::ErpAttemptKind;
use futures_util::{StreamExt, stream::FuturesUnordered};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// How long one job begins new calls: then it makes way, and another goes on.
const TURN: Duration = Duration::from_secs(60);
/// How soon it looks for what came meanwhile, while it waits for an answer and could make another call.
const LOOKS: Duration = Duration::from_millis(250);
/// Answers that come within this time of the first are kept with it, in one transaction.
const GATHERS: Duration = Duration::from_millis(2);

/// Sends what is due at a client's ERP.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncWithErp {}

impl Job for SyncWithErp {
    const KIND: &'static str = "sync_with_erp";
    const MAX_ATTEMPTS: i32 = 100;

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        let (job, vault) = (run.claim().job(), state.vault.clone());
        let taken = run.transaction(move |tx| turn::take_in(tx, &vault, job)).await;
        let Some((link, mut ended)) = taken.map_err(anyhow::Error::from)? else {
            return run.finish(|_| Ok::<_, JobError>(())).await;
        };
        let (link, began) = (Arc::new(link), Instant::now());
        let mut under_way = FuturesUnordered::new();
        loop {
            let (link_now, ids, beside) = (Arc::clone(&link), state.ids.clone(), under_way.len());
            let may_begin = began.elapsed() < TURN;
            let step = move |tx: &mut TenantTx<'_>| turn::step_in(tx, &ids, &link_now, ended, beside, may_begin);
            let begun = run.transaction(step).await?;
            if !begun.is_empty() {
                points::reached(Point::CallWritten);
            }
            under_way.extend(begun.into_iter().map(|task| call(&state, Arc::clone(&link), task)));
            let looks = may_begin && under_way.len() < SIDE_BY_SIDE;
            match run.away(next_of(&mut under_way, looks.then_some(LOOKS))).await {
                Some(those) => ended = those,
                None => break,
            }
        }
        run.finish(move |tx| turn::end_in(tx, job)).await
    }
}

/// Those that have ended, once one has and others had a moment to, or none when it is time to look for others; `None`
/// when nothing is under way.
async fn next_of<F: Future<Output = Ended>>(
    under_way: &mut FuturesUnordered<F>,
    looks: Option<Duration>,
) -> Option<Vec<Ended>> {
    let first = match looks {
        Some(looks) => match timeout(looks, under_way.next()).await {
            Ok(first) => first?,
            Err(_) => return Some(Vec::new()),
        },
        None => under_way.next().await?,
    };
    points::reached(Point::CallEnded);
    let mut ended = vec![first];
    let others = async {
        while let Some(next) = under_way.next().await {
            ended.push(next);
        }
    };
    let _all_or_some = timeout(GATHERS, others).await;
    Some(ended)
}

/// Has the client's ERP sent to at this time, or before.
pub fn send_soon_in(tx: &mut TenantTx<'_>, at: DateTime<Utc>) -> Result<(), DbError> {
    enqueue_soonest_in(tx, vec![("due".to_owned(), SyncWithErp {})], at)
}

/// One call, to its end.
async fn call(state: &AppState, link: Arc<Link>, task: Task) -> Ended {
    let (answer, took) = state.outbound.send("erp", request(&link, &task)).await;
    let now = state.ids.now();
    let verdict = match task.kind {
        ErpAttemptKind::Send => judge_send(&answer, now),
        ErpAttemptKind::LookUp => judge_look_up(&answer, now),
    };
    Ended { task, called: Some(Called { took, answer }), verdict }
}

fn request(link: &Link, task: &Task) -> Call {
    let base = link.base_url.trim_end_matches('/');
    let (verb, url, body) = match task.kind {
        ErpAttemptKind::Send => (Verb::Post, format!("{base}/orders/sync"), task.payload.as_str()),
        ErpAttemptKind::LookUp => (Verb::Get, format!("{base}/orders/by-key/{}", task.key), ""),
    };
    Call {
        verb,
        url,
        headers: headers(link, &task.key, body),
        body: body.as_bytes().to_vec(),
        patience: u64::try_from(link.settings.timeout_seconds).ok().map(Duration::from_secs),
        reading: Reading::Whole,
    }
}

/// Those of every call; the signature is over the very bytes that are sent.
pub fn headers(link: &Link, key: &str, body: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", "application/json".to_owned()), ("x-idempotency-key", key.to_owned())];
    if let Some(api_key) = &link.secrets.api_key {
        headers.push(("x-api-key", String::from_utf8_lossy(api_key.expose()).into_owned()));
    }
    if let Some(secret) = &link.secrets.hmac_secret {
        let signing = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        headers.push(("x-signature", STANDARD.encode(hmac::sign(&signing, body.as_bytes()))));
    }
    headers
}
