//! Attempts that ended without an answer: the ERP is asked by the key before the order is sent again.

use super::{link::*, *};
use countinghouse_tests::Reply;
use serde_json::json;

/// One that was sent and had no answer.
async fn unanswered() -> (Link, Value) {
    let link = Link::with(json!({"timeout_seconds": 1})).await;
    link.replies(Reply::hang());
    link.order().await;
    link.work().await;
    link.set(json!({})).await;
    let sync = link.sync();
    assert_eq!((&sync["status"], &sync["outcome_unknown"]), (&json!("pending"), &json!(true)), "{sync}");
    link.wait(200).await;
    (link, sync)
}

#[tokio::test]
async fn what_the_erp_has_is_not_sent_again() {
    let (link, sync) = unanswered().await;
    link.replies_of(&sync, accepted("R-7"));
    link.work().await;
    let (sync, asked) = (link.sync(), link.looked_up(&sync));
    assert_eq!((&sync["status"], &sync["erp_reference"]), (&json!("success"), &json!("R-7")));
    assert_eq!((&sync["attempts"], &sync["outcome_unknown"]), (&json!(2), &json!(false)));
    assert_eq!((link.sent().len(), asked.len()), (1, 1));
    assert_eq!(asked[0].header("x-api-key"), API_KEY);
    assert_eq!(asked[0].header("x-idempotency-key"), sync["idempotency_key"]);
    assert_eq!((asked[0].header("x-signature"), asked[0].body.len()), (signature(b"").as_str(), 0));
    let kinds: Vec<_> = link.attempts(&sync).into_iter().map(|attempt| attempt["kind"].clone()).collect();
    assert_eq!(kinds, ["send", "look_up"]);
}

/// Not there, or the ERP does not know the question: the order is sent again, the same bytes under the same key.
#[tokio::test]
async fn what_the_erp_has_not_is_sent_again_under_its_key() {
    let answers = [
        Reply::status(404).body("{\"error\": \"unknown key\"}"),
        Reply::status(404).body("<html>"),
        Reply::status(405),
        Reply::status(200).body("<html>a page for everything"),
    ];
    for answer in answers {
        let (link, sync) = unanswered().await;
        let what = format!("{answer:?}");
        link.replies_of(&sync, answer);
        link.replies(accepted("R-8"));
        link.work().await;
        let (sync, sent) = (link.sync(), link.sent());
        assert_eq!((&sync["status"], &sync["attempts"]), (&json!("success"), &json!(2)), "{what}: {sync}");
        assert_eq!((sent.len(), link.looked_up(&sync).len()), (2, 1), "{what}");
        assert_eq!(sent[0].body, sent[1].body);
        assert_eq!(sent[0].header("x-idempotency-key"), sent[1].header("x-idempotency-key"));
        let log = link.attempts(&sync);
        let kinds: Vec<_> = log.iter().map(|attempt| attempt["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["send", "look_up", "send"], "{what}");
        assert!(log[0]["status"].is_null() && !log[0]["error"].is_null(), "{}", log[0]);
    }
}

/// A question without a good answer is an attempt that failed, and the order stays unknown.
#[tokio::test]
async fn it_is_not_sent_while_the_erp_does_not_say() {
    for answer in [Reply::status(500), Reply::status(401), Reply::hang()] {
        let (link, sync) = unanswered().await;
        link.replies(accepted("R-9"));
        link.replies_of(&sync, answer);
        link.work().await;
        let after = link.sync();
        assert_eq!((&after["status"], &after["outcome_unknown"]), (&json!("pending"), &json!(true)), "{after}");
        assert_eq!((&after["attempts"], link.sent().len()), (&json!(2), 1));
        link.replies_of(&sync, Reply::status(404).body("{}"));
        link.wait(600).await;
        link.work().await;
        assert_eq!((&link.sync()["status"], link.sent().len()), (&json!("success"), 2));
    }
}

/// It has its end too: then somebody sees that nobody knows.
#[tokio::test]
async fn one_that_stays_unknown_fails_and_says_so() {
    let (link, sync) = unanswered().await;
    link.replies_of(&sync, Reply::status(503));
    for _ in 0..6 {
        link.work().await;
        link.wait(86_400).await;
    }
    let after = link.sync();
    assert_eq!((&after["status"], &after["outcome_unknown"]), (&json!("failed"), &json!(true)), "{after}");
    assert_eq!((&after["attempts"], link.sent().len()), (&json!(5), 1));
}
