//! One client's backlog at a slow ERP, and another's orders meanwhile.

use crate::jobs::count;
use countinghouse_api::{
    jobs::handlers,
    platform::{clock::SystemClock, jobs::Worker},
};
use countinghouse_tests::{MockErp, World, past, patience::Patience, shops};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const BACKLOG: usize = 10_000;
const ORDERS: usize = 15;

/// As many hands as a worker has by default. Half of the orders have a second from invoice to ERP, so that one pause
/// of a busy machine is no fault of the queue; `./dev bench erp` asks it of each.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_orders_for_a_slow_erp_hold_up_no_other_client() {
    let world = World::start().await;
    let shops = shops::shops(&world, 2, 10);
    past::fill(&world, &shops, BACKLOG);
    let [slow, quick] = [(); 2].map(|()| MockErp::start(MockErp::options(), Arc::new(SystemClock)));
    slow.faults(&json!({"rules": [{"latency_ms": 2000}]})).await;
    let [north, south] = [&shops[0], &shops[1]].map(|shop| world.with_token(&shop.token));
    slow.link(&north, &json!({})).await;
    quick.link(&south, &json!({})).await;
    past::tell_erp(&world, shops[0].tenant.id);
    let (worker, stop) = Worker::new(world.state.clone(), handlers().unwrap(), world.config.worker).unwrap();
    let working = tokio::spawn(worker.work());
    let patience = Patience::until("sending to the slow one");
    while slow.orders().await.is_empty() {
        patience.wait().await;
    }
    let mut waits = Vec::new();
    for _ in 0..ORDERS {
        let order = south.post("/orders", &json!({"lines": [{"sku": "SKU-1", "quantity": 1}]})).await.expect(201);
        let begun = Instant::now();
        let patience = Patience::until("told of the order");
        while quick.order_of(order["order_number"].as_str().unwrap()).await.is_none() {
            patience.wait().await;
        }
        waits.push(begun.elapsed());
    }
    waits.sort();
    let left = format!("erp_syncs WHERE tenant_id = '{}' AND finished_at IS NULL", shops[0].tenant.id);
    assert!(count(&world, &left) > 9_000, "the backlog is gone");
    assert!(waits[ORDERS / 2] <= Duration::from_secs(1), "{waits:?}");
    stop.stop();
    working.await.unwrap();
}
