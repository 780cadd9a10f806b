//! Where nothing is sent to: names that lead inside, at once or the second time that they are asked.

use super::*;
use countinghouse_api::{
    config,
    platform::outbound::{Answered, Call, CallError, Outbound, Resolved, Resolver},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Arc, Mutex},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

/// A name server in strangers' hands: each answer is another, and the last one stays.
#[derive(Default)]
struct Lying {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<usize>,
}

impl Lying {
    fn saying(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = answers.iter().map(|answer| answer.iter().map(|ip| ip.parse().expect("an address")).collect());
        Arc::new(Self { answers: Mutex::new(parsed.collect()), asked: Mutex::default() })
    }
}

impl Resolver for Lying {
    fn resolve(&self, _: String) -> Resolved {
        *self.asked.lock().unwrap() += 1;
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}

/// The address that the operator lists; all others of loopback are what an attacker is after.
const LISTED: &str = "127.0.0.1/32";

fn settings() -> config::Outbound {
    config::Outbound { listed: vec![LISTED.parse().unwrap()], patience: Duration::from_secs(5) }
}

async fn send(outbound: &Outbound, url: String) -> Result<Answered, CallError> {
    outbound.send("test", Call::post(url, Vec::new(), b"{}".to_vec())).await.0
}

/// Two servers at one port, one of them inside.
fn two_servers() -> (Receiver, Receiver) {
    let listed = Receiver::start();
    let inside = Receiver::at(&format!("127.0.0.2:{}", listed.address.port()));
    (listed, inside)
}

#[tokio::test]
async fn a_name_that_answers_otherwise_the_second_time_gains_nothing() {
    let world = World::start().await;
    let (listed, inside) = two_servers();
    let liar = Lying::saying(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let outbound = Outbound::new(&settings(), liar.clone(), world.state.metrics.outbound.clone());
    let url = format!("http://rebinds.example:{}/in", listed.address.port());
    // Asked once, and that very address is called.
    assert_eq!(send(&outbound, url.clone()).await.unwrap().status, 200);
    assert_eq!((*liar.asked.lock().unwrap(), listed.received("/in").len()), (1, 1));
    for _ in 0..3 {
        assert_eq!(send(&outbound, url.clone()).await, Err(CallError::NotAllowed));
    }
    assert_eq!((listed.received("/in").len(), inside.received("/in").len()), (1, 0));
}

#[tokio::test]
async fn of_several_addresses_only_those_are_called_that_may_be() {
    let world = World::start().await;
    let (listed, inside) = two_servers();
    let url = format!("http://mixed.example:{}/in", listed.address.port());
    let outbound = |liar| Outbound::new(&settings(), liar, world.state.metrics.outbound.clone());
    let mixed = outbound(Lying::saying(&[&["127.0.0.2", "10.0.0.1", "127.0.0.1"]]));
    assert_eq!(send(&mixed, url.clone()).await.unwrap().status, 200);
    for closed in [
        ["127.0.0.2", "::1"],
        ["::ffff:127.0.0.2", "64:ff9b::7f00:2"],
        ["169.254.169.254", "fd00:ec2::254"],
        ["100.64.0.1", "192.168.0.1"],
        ["fe80::1", "2002:7f00:2::"],
        // Public, and without TLS.
        ["1.1.1.1", "2606:4700:4700::1111"],
    ] {
        let outbound = outbound(Lying::saying(&[&closed]));
        assert_eq!(send(&outbound, url.clone()).await, Err(CallError::NotAllowed), "{closed:?}");
    }
    let nothing = outbound(Lying::saying(&[&[]]));
    assert_eq!(send(&nothing, url).await, Err(CallError::NotAllowed));
    assert_eq!((listed.received("/in").len(), inside.received("/in").len()), (1, 0));
}

/// Through the API and the worker: the log says why, and the server inside never hears of it.
#[tokio::test]
async fn a_webhook_to_the_inside_is_not_sent() {
    let world = World::start().await;
    let (owner, (listed, inside)) = (world.owner(), two_servers());
    let port = listed.address.port();
    let endpoint = Endpoint::at(&owner, &format!("http://rebinds.example:{port}/in"), &[]).await;
    let mut state = world.state.clone();
    let liar = Lying::saying(&[&["127.0.0.1"], &["127.0.0.2"]]);
    state.outbound = Outbound::new(&settings(), liar, state.metrics.outbound.clone());
    let worker =
        countinghouse_api::platform::jobs::Worker::new(state, handlers().unwrap(), crate::jobs::settings()).unwrap();
    let worker = (tokio::spawn(worker.0.work()), worker.1);
    owner.product("A", "1.00", 1).await;
    in_state(&world, "delivered", 1).await;
    owner.product("B", "1.00", 1).await;
    until(&world, "webhook_attempts WHERE error = 'the address is not a public one'", 1).await;
    assert_eq!((listed.received("/in").len(), inside.received("/in").len()), (1, 0));
    let log = logs(&owner, &endpoint).await.remove(0);
    assert_eq!((&log["state"], &log["log"][0]["status"]), (&json!("pending"), &Value::Null));
    stop(worker).await;
}

/// A redirect to the inside is an answer like others.
#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::start().await;
    let (listed, inside) = two_servers();
    for status in [301, 302, 303, 307, 308] {
        listed.reply("/in", Reply::status(status).header("location", inside.url("/stolen")));
        assert_eq!(send(&world.state.outbound, listed.url("/in")).await.unwrap().status, status);
    }
    assert_eq!(inside.received("/stolen").len(), 0);
}

/// However much is answered, and however slowly.
#[tokio::test]
async fn of_an_answer_no_more_is_taken_in_than_is_kept() {
    let world = World::start().await;
    let receiver = Receiver::start();
    let mut reply = Reply::status(200).body("y".repeat(1 << 20)).header("set-cookie", "a=b");
    for _ in 0..60 {
        reply = reply.header("x-much", "z".repeat(500));
    }
    receiver.reply("/in", reply);
    let answer = send(&world.state.outbound, receiver.url("/in")).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 4096));
    assert!(
        answer.headers.len() <= 20
            && answer.headers.iter().all(|(name, value)| name != "set-cookie" && value.len() <= 200)
    );
}

/// Its certificate is one that nobody vouches for.
#[tokio::test]
async fn a_server_that_does_not_prove_who_it_is_is_sent_nothing() {
    let world = World::start().await;
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        TlsAcceptor::from(Arc::new(config)).accept(stream).await.is_ok()
    });
    let sent = send(&world.state.outbound, format!("https://{address}/in")).await;
    assert!(matches!(&sent, Err(CallError::Certificate(reason)) if reason.contains("certificate")), "{sent:?}");
    assert!(!accepting.await.unwrap(), "it came to a handshake");
}
