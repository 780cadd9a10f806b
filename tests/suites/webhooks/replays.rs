//! Sending again: one delivery, or what happened in a time; and tests.

use super::*;

fn ids(receiver: &Receiver, path: &str) -> Vec<String> {
    receiver.received(path).iter().map(|message| message.id().to_owned()).collect()
}

#[tokio::test]
async fn one_delivery_is_sent_again_under_its_own_id() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &[]).await;
    let worker = start_with(&world, handlers().unwrap());
    owner.product("A", "1.00", 1).await;
    in_state(&world, "delivered", 1).await;
    let first = endpoint.deliveries(&owner).await.remove(0);
    let again = owner.post(&format!("/webhooks/deliveries/{}/replay", first["id"].as_str().unwrap()), &json!({})).await;
    let again = again.expect(201);
    assert_eq!((&again["cause"], &again["event_id"]), (&json!("replay"), &first["event_id"]));
    in_state(&world, "delivered", 2).await;
    let received = receiver.received("/in");
    assert_eq!((received.len(), received[0].id()), (2, received[1].id()));
    assert_eq!(received[0].body, received[1].body);
    received[1].verify(&endpoint.secret);
    let log = owner.get("/audit?action=webhook_endpoint.replayed").await.expect(200);
    assert_eq!(log["data"][0]["after"]["event_id"], first["event_id"]);
    stop(worker).await;
}

/// Also what happened before there was an endpoint; and of more events than are looked at at once.
#[tokio::test]
async fn what_happened_in_a_time_is_sent_again() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let since = world.state.ids.now();
    let many = format!(
        "INSERT INTO events (tenant_id, id, kind, data, created_at)
         SELECT '{}', gen_random_uuid(), CASE WHEN n % 100 = 0 THEN 'product.created' ELSE 'order.created' END, '{{}}', now()
         FROM generate_series(1, 1200) n",
        world.north.id
    );
    use diesel::connection::SimpleConnection;
    world.database(countinghouse_tests::Login::Owner).batch_execute(&many).unwrap();
    let until_then = world.state.ids.now();
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &["product.created"]).await;
    let worker = start_with(&world, handlers().unwrap());
    owner.product("LATER", "1.00", 1).await;
    in_state(&world, "delivered", 1).await;
    let path = format!("{}/replay", endpoint.path());
    let begun = owner.post(&path, &json!({"since": since, "until": until_then})).await.expect(200);
    assert_eq!((&begun["endpoint_id"], &begun["only_undelivered"]), (&json!(endpoint.id), &json!(false)));
    in_state(&world, "delivered", 1 + 12).await;
    settled(&world).await;
    assert!(receiver.received("/in").iter().all(|message| message.kind() == "product.created"));
    // What it has is left out, and what it has not is not.
    owner.post(&path, &json!({"since": since, "only_undelivered": true})).await.expect(200);
    until(&world, "jobs WHERE kind = 'replay_webhooks' AND state = 'done'", 3 + 3).await;
    settled(&world).await;
    assert_eq!(count(&world, "webhook_deliveries"), 13);
    owner.post(&path, &json!({"since": since})).await.expect(200);
    in_state(&world, "delivered", 13 + 13).await;
    let mut told = ids(&receiver, "/in");
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 13);
    for (since, until) in
        [("2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), ("2999-01-01T00:00:00Z", "2999-02-01T00:00:00Z")]
    {
        owner.post(&path, &json!({"since": since, "until": until})).await.invalid(&[("/since", "out_of_range")]);
    }
    stop(worker).await;
}

/// It is sent once, to that endpoint alone, whatever that listens for.
#[tokio::test]
async fn a_test_is_for_one_endpoint_and_is_not_tried_again() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let tested = Endpoint::at(&owner, &receiver.url("/tested"), &["stock.low"]).await;
    Endpoint::at(&owner, &receiver.url("/other"), &[]).await;
    let worker = start_with(&world, handlers().unwrap());
    let test = async |state: &str| {
        let made = owner.post(&format!("{}/test", tested.path()), &json!({})).await.expect(201);
        assert_eq!(
            (&made["cause"], &made["event_type"], &made["state"]),
            (&json!("test"), &json!("webhook.test"), &json!("pending"))
        );
        in_state(&world, state, 1).await;
    };
    test("delivered").await;
    let received = receiver.received("/tested").remove(0);
    received.verify(&tested.secret);
    assert_eq!(received.json()["data"]["endpoint_id"], tested.id);
    receiver.reply("/tested", Reply::status(500));
    test("failed").await;
    settled(&world).await;
    assert_eq!(receiver.received("/other").len(), 0);
    stop(worker).await;
}

/// A request that comes again is one delivery.
#[tokio::test]
async fn a_test_with_a_key_is_made_once() {
    let world = World::start().await;
    let owner = world.owner();
    let endpoint = Endpoint::at(&owner, "https://hooks.example.com/", &[]).await;
    let ask = || {
        let request = owner.request(reqwest::Method::POST, &format!("{}/test", endpoint.path()));
        countinghouse_tests::Answer::of(request.header("idempotency-key", "k").json(&json!({})))
    };
    let (first, again) = (ask().await, ask().await);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(count(&world, "webhook_deliveries"), 1);
}
