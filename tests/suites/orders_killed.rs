//! The service is killed in the middle of order load: what was acknowledged is there, nothing is
//! there by halves, and the books hold.

use countinghouse_tests::{Caller, Process, World};
use futures_util::{StreamExt, stream::FuturesUnordered};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CRASHES: usize = 10;
/// Orders under way at once.
const AT_ONCE: usize = 8;

/// Orders, each with a key, until the service is gone; answers the ids that were acknowledged. The
/// service is killed when so many are.
async fn order_until_killed(process: &mut Process, token: &str, product: &str, round: usize) -> Vec<String> {
    let caller = process.caller(token);
    let mut acknowledged = Vec::new();
    let mut under_way: FuturesUnordered<_> = (0..AT_ONCE).map(|at| order(&caller, product, round, at)).collect();
    let mut sent = AT_ONCE;
    while let Some(answered) = under_way.next().await {
        let Some(id) = answered else { continue };
        acknowledged.push(id);
        // Each round at another moment of the load.
        match acknowledged.len() {
            count if count == 5 + round * 3 => process.signal("KILL"),
            count if count < 5 + round * 3 => {
                under_way.push(order(&caller, product, round, sent));
                sent += 1;
            }
            _ => {}
        }
    }
    process.wait();
    acknowledged
}

/// The order's id, or nothing when its answer was lost.
async fn order(caller: &Caller, product: &str, round: usize, at: usize) -> Option<String> {
    let body = json!({"lines": [{"product_id": product, "quantity": 1}, {"product_id": product, "quantity": 2}]});
    let key = format!("{round}-{at}");
    let request = caller.request(reqwest::Method::POST, "/orders").header("idempotency-key", key).json(&body);
    let response = request.send().await.ok()?;
    assert_eq!(response.status().as_u16(), 201);
    let order: Value = response.json().await.ok()?;
    order["id"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn acknowledged_orders_survive_and_none_is_there_by_halves() {
    let world = World::start().await;
    let token = world.owner().token().to_owned();
    let product = world.owner().product("A", "9.99", 100_000).await;
    let mut acknowledged = BTreeSet::new();
    for round in 0..CRASHES {
        let mut process = Process::serve(&world.environment());
        acknowledged.extend(order_until_killed(&mut process, &token, &product, round).await);
        let found = all_orders(&world.owner()).await;
        assert!(acknowledged.is_subset(&found), "round {round}: an acknowledged order is lost");
        assert!(found.len() <= acknowledged.len() + (round + 1) * AT_ONCE);
        let books = world.verify_books(None);
        assert!(books.holds(), "round {round}:\n{books}");
    }
    assert!(acknowledged.len() >= CRASHES * 5);
}

async fn all_orders(owner: &Caller) -> BTreeSet<String> {
    let (mut found, mut path) = (BTreeSet::new(), "/orders?limit=200".to_owned());
    loop {
        let page = owner.get(&path).await.expect(200);
        found.extend(page["data"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/orders?limit=200&cursor={cursor}"),
            None => return found,
        }
    }
}
