//! What must be so in the end, whatever came between.

use super::{Simulation, Tally};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(QueryableByName, Debug)]
struct Sync {
    #[diesel(sql_type = sql_types::Text)]
    order_number: String,
    #[diesel(sql_type = sql_types::Integer)]
    order_version: i32,
    #[diesel(sql_type = sql_types::Text)]
    status: String,
    #[diesel(sql_type = sql_types::Text)]
    idempotency_key: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    discard_reason: Option<String>,
    #[diesel(sql_type = sql_types::BigInt)]
    told: i64,
}

#[derive(QueryableByName, Debug)]
struct Order {
    #[diesel(sql_type = sql_types::Text)]
    number: String,
    #[diesel(sql_type = sql_types::BigInt)]
    total_minor: i64,
    #[diesel(sql_type = sql_types::Bool)]
    erp_synced: bool,
    #[diesel(sql_type = sql_types::Bool)]
    cancelled: bool,
}

const SYNCS: &str = "SELECT s.order_number, s.order_version, s.status, s.idempotency_key, s.last_error, s.discard_reason, \
    (SELECT count(*) FROM events e WHERE e.tenant_id = s.tenant_id AND e.data ->> 'sync_id' = s.id::text \
     AND e.kind = CASE s.status WHEN 'failed' THEN 'erp_sync.failed' ELSE 'erp_sync.success' END) AS told \
    FROM erp_syncs s WHERE s.tenant_id = $1 ORDER BY s.order_number, s.order_version";

const ORDERS: &str = "SELECT 'SO-' || lpad(orders.number::text, 6, '0') AS number, total_minor, erp_synced, \
    cancelled_at IS NOT NULL AS cancelled FROM orders WHERE tenant_id = $1 AND EXISTS (SELECT FROM invoices i \
    WHERE i.tenant_id = orders.tenant_id AND i.order_id = orders.id) ORDER BY orders.number";

impl Simulation {
    pub async fn check(&mut self) -> Tally {
        let syncs: Vec<Sync> =
            sql_query(SYNCS).bind::<sql_types::Uuid, _>(self.tenant.id.0).load(&mut self.ground.database).unwrap();
        let orders: Vec<Order> =
            sql_query(ORDERS).bind::<sql_types::Uuid, _>(self.tenant.id.0).load(&mut self.ground.database).unwrap();
        let kept = self.erp.orders().await;
        let mut of_order: BTreeMap<&str, Vec<&Sync>> = BTreeMap::new();
        for sync in &syncs {
            of_order.entry(&sync.order_number).or_default().push(sync);
        }
        for order in &orders {
            let versions = of_order.remove(order.number.as_str()).unwrap_or_default();
            check_order(order, &versions, kept.iter().find(|kept| kept["order_increment_id"] == order.number.as_str()));
        }
        assert!(of_order.is_empty(), "not invoiced: {of_order:?}");
        assert!(kept.iter().all(|kept| orders.iter().any(|order| kept["order_increment_id"] == order.number.as_str())));
        let of = |status: &str| syncs.iter().filter(|sync| sync.status == status).count();
        let mut attempts = |which: &str| usize::try_from(self.count("erp_attempts", which)).unwrap();
        let (unknown, look_ups) = (attempts("kind = 'send' AND status IS NULL"), attempts("kind = 'look_up'"));
        Tally {
            successes: of("success"),
            failures: of("failed"),
            superseded: of("discarded"),
            unknown,
            look_ups,
            ..self.tally
        }
    }
}

/// Once in the ERP, as the last version that it took; or what failed is to be seen.
fn check_order(order: &Order, versions: &[&Sync], kept: Option<&Value>) {
    let told = format!("{order:?}\n{versions:?}\n{kept:?}");
    assert!(!versions.is_empty(), "the ERP was never to know: {told}");
    for (place, sync) in versions.iter().enumerate() {
        assert_eq!(usize::try_from(sync.order_version).unwrap(), place + 1, "{told}");
        match sync.status.as_str() {
            "success" => assert_eq!(sync.told, 1, "{told}"),
            "failed" => assert!(sync.told == 1 && sync.last_error.is_some(), "{told}"),
            "discarded" => assert_eq!(sync.discard_reason.as_deref(), Some("superseded"), "{told}"),
            _ => panic!("not ended: {told}"),
        }
    }
    let last = versions.last().unwrap();
    assert_eq!(order.erp_synced, last.status == "success", "{told}");
    assert_ne!(last.status, "discarded", "{told}");
    let successes: Vec<_> = versions.iter().filter(|sync| sync.status == "success").collect();
    let Some(kept) = kept else {
        assert!(successes.is_empty(), "the ERP has it not: {told}");
        return;
    };
    assert_eq!(kept["created"], 1, "made twice: {told}");
    // Each version under its own key, in their order; one that failed may have reached it, one that was overtaken not.
    let came: Vec<usize> = kept["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            let place = versions.iter().position(|sync| version["idempotency_key"] == sync.idempotency_key.as_str());
            let place = place.unwrap_or_else(|| panic!("under a key that is nobody's: {told}"));
            assert_eq!(version["order_version"], versions[place].order_version, "{told}");
            assert_ne!(versions[place].status, "discarded", "{told}");
            place
        })
        .collect();
    assert!(came.is_sorted(), "an old version came late: {told}");
    assert!(successes.iter().all(|sync| came.contains(&(usize::try_from(sync.order_version).unwrap() - 1))), "{told}");
    if last.status == "success" {
        let total = kept["grand_total"].as_str().unwrap();
        assert_eq!(total, format!("{}.{:02}", order.total_minor / 100, order.total_minor % 100), "{told}");
        assert_eq!(kept["sender_status"] == "cancelled", order.cancelled, "{told}");
    }
}
