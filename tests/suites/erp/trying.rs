//! A try of an ERP: one call that changes nothing there, and what it says in words.

use super::*;
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use countinghouse_tests::{Receiver, Reply, World};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

async fn test(world: &World, body: Value) -> Answer {
    world.owner().post("/erp/config/test", &body).await
}

/// Tries an ERP that answers everything so; what is shown of it.
async fn outcome(world: &World, reply: Reply) -> Value {
    let erp = Receiver::start();
    erp.reply_elsewhere(reply);
    test(world, json!({"base_url": erp.url("/api/"), "api_key": "canary-key", "hmac_secret": SECRET})).await.expect(200)
}

#[tokio::test]
async fn each_answer_says_what_is_wrong() {
    let world = World::start().await;
    let json = |status: u16, body: &str| Reply::status(status).body(body);
    for (reply, ok, expected) in [
        (json(404, r#"{"error": "no such order"}"#), true, "ok"),
        (json(404, "<html>"), true, "look_up_not_supported"),
        (json(405, ""), true, "look_up_not_supported"),
        (json(200, r#"{"erp_reference": "E-1"}"#), false, "look_up_wrong"),
        (json(200, "<html>Welcome"), false, "not_json"),
        (json(302, ""), false, "redirected"),
        (json(401, r#"{"error": "invalid signature"}"#), false, "signature_refused"),
        (json(403, r#"{"error": "HMAC mismatch"}"#), false, "signature_refused"),
        (json(401, r#"{"error": "unknown key"}"#), false, "key_refused"),
        (json(403, ""), false, "key_refused"),
        (json(400, "{}"), false, "refused"),
        (json(429, "{}"), false, "rate_limited"),
        (json(503, ""), false, "server_error"),
    ] {
        let status = reply.status;
        let tested = outcome(&world, reply).await;
        assert_eq!((&tested["ok"], &tested["outcome"]), (&json!(ok), &json!(expected)), "{tested}");
        assert_eq!(tested["status"], status);
        assert!(tested["message"].as_str().unwrap().contains(&status.to_string()), "{tested}");
    }
}

#[tokio::test]
async fn one_harmless_call_is_made_and_no_secret_is_shown() {
    let world = World::start().await;
    let erp = Receiver::start();
    let config =
        json!({"enabled": false, "base_url": erp.url("/stored"), "api_key": "canary-key", "hmac_secret": SECRET});
    set(&world.owner(), &config).await.expect(200);
    erp.reply_elsewhere(Reply::status(401).body("canary-key is not known"));
    let answer = test(&world, json!({})).await;
    assert!(!answer.text.contains("canary-key"), "{answer:?}");
    assert_eq!(answer.expect(200)["body"], "*** is not known");
    test(&world, json!({"base_url": erp.url("/given"), "api_key": "***"})).await.expect(200);
    let calls = erp.all();
    assert_eq!(calls.len(), 2);
    for (call, base) in calls.iter().zip(["/stored", "/given"]) {
        assert!(call.path.starts_with(&format!("{base}/orders/by-key/ERP_test_")), "{}", call.path);
        assert_eq!((call.header("x-api-key"), call.body.len()), ("canary-key", 0));
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        assert_eq!(call.header("x-signature"), STANDARD.encode(hmac::sign(&key, b"")));
    }
    let log = world.owner().get("/audit?resource=erp_config").await.expect(200);
    assert_eq!(log["data"][0]["action"], "erp_config.tested");
    assert_eq!(log["data"][0]["after"], json!({"origin": format!("http://{}", erp.address)}));
    assert_eq!(world.owner().get("/erp/config").await.expect(200)["version"], 1);
}

#[tokio::test]
async fn without_an_answer_it_says_why() {
    let world =
        World::builder().config(|config| config.outbound.listed = vec!["127.0.0.1/32".parse().unwrap()]).start().await;
    let given = |base_url: &str| json!({"base_url": base_url, "api_key": "k", "hmac_secret": "s"});
    let tested = test(&world, given("http://127.0.0.1:1/api")).await.expect(200);
    assert_eq!((&tested["outcome"], &tested["status"]), (&json!("connection_refused"), &Value::Null));
    let tested = test(&world, given("https://none.invalid/api")).await.expect(200);
    assert_eq!(tested["outcome"], "not_resolved", "{tested}");
    test(&world, given("http://127.0.0.2:1/api")).await.invalid(&[("/base_url", "address_not_allowed")]);
    let tested = test(&world, given(&format!("https://127.0.0.1:{}/api", untrusted().await))).await.expect(200);
    assert_eq!(tested["outcome"], "certificate", "{tested}");
    assert!(tested["message"].as_str().unwrap().contains("certificate"), "{tested}");
    let erp = Receiver::start();
    erp.reply_elsewhere(Reply::hang());
    let config =
        json!({"enabled": false, "base_url": erp.url(""), "api_key": "k", "hmac_secret": "s", "timeout_seconds": 1});
    set(&world.owner(), &config).await.expect(200);
    // Nobody waits for it: the database answers others meanwhile, though there is one connection.
    let (tested, config) = tokio::join!(test(&world, json!({})), async {
        tokio::time::timeout(Duration::from_millis(900), world.caller(&world.south, "owner").get("/erp/config")).await
    });
    assert_eq!(tested.expect(200)["outcome"], "timed_out");
    config.expect("an answer meanwhile").expect(200);
}

/// The port of a server whose certificate nobody vouches for.
async fn untrusted() -> u16 {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let (acceptor, listener) =
        (TlsAcceptor::from(Arc::new(tls)), tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _refused = acceptor.accept(stream).await;
        }
    });
    port
}

#[tokio::test]
async fn what_is_missing_or_no_url_is_not_tried() {
    let world = World::start().await;
    test(&world, json!({})).await.invalid(&[
        ("/base_url", "required"),
        ("/api_key", "required"),
        ("/hmac_secret", "required"),
    ]);
    let body = json!({"base_url": "ftp://erp.example.com", "api_key": "a b", "hmac_secret": ""});
    test(&world, body).await.invalid(&[
        ("/api_key", "invalid_characters"),
        ("/hmac_secret", "too_short"),
        ("/base_url", "invalid_url"),
    ]);
}
