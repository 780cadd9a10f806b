//! Nobody waits for somebody else's endpoint: not their own client's, and not another's.

use super::*;
use crate::jobs::settings;
use countinghouse_api::platform::jobs::Worker;
use std::time::Instant;

/// Three endpoints that never answer, and a worker with two hands.
#[tokio::test]
async fn endpoints_that_hang_hold_up_nobody() {
    let world = World::builder().config(|config| config.outbound.patience = Duration::from_secs(60)).start().await;
    let (owner, south, receiver) = (world.owner(), world.caller(&world.south, "owner"), Receiver::start());
    receiver.reply("/hangs", Reply::hang());
    for _ in 0..3 {
        Endpoint::at(&owner, &receiver.url("/hangs"), &[]).await;
    }
    let ours = Endpoint::at(&owner, &receiver.url("/ours"), &[]).await;
    let theirs = Endpoint::at(&south, &receiver.url("/theirs"), &[]).await;
    let mut two_hands = settings();
    two_hands.slots = 2;
    let (worker, stopping) = Worker::new(world.state.clone(), handlers().unwrap(), two_hands).unwrap();
    let worker = (tokio::spawn(worker.work()), stopping);
    let begun = Instant::now();
    for number in 0..5 {
        owner.product(&format!("P{number}"), "1.00", 1).await;
        south.product(&format!("P{number}"), "1.00", 1).await;
    }
    in_state(&world, "delivered", 10).await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    for (path, endpoint) in [("/ours", ours), ("/theirs", theirs)] {
        let received = receiver.received(path);
        assert_eq!(received.len(), 5);
        received.iter().for_each(|message| message.verify(&endpoint.secret));
    }
    // One job for each of the three, however much waits there.
    assert_eq!(count(&world, "jobs WHERE kind = 'send_webhooks' AND state = 'running'"), 3);
    assert_eq!(count(&world, "webhook_deliveries WHERE state = 'pending'"), 15);
    stop(worker).await;
}

/// Many workers at one endpoint: each message is sent once where nobody dies.
#[tokio::test]
async fn one_job_at_a_time_sends_to_an_endpoint() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &[]).await;
    let workers = [(); 4].map(|()| start_with(&world, handlers().unwrap()));
    let product = owner.product("A", "1.00", 1000).await;
    let orders = futures_util::future::join_all((0..60).map(|_| owner.order(&product, 1))).await;
    orders.into_iter().for_each(|order| drop(order.expect(201)));
    in_state(&world, "delivered", 121).await;
    settled(&world).await;
    let received = receiver.received("/in");
    assert_eq!(received.len(), 121);
    received.iter().for_each(|message| message.verify(&endpoint.secret));
    for worker in workers {
        stop(worker).await;
    }
}
