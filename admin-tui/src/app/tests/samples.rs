//! Records as a service would answer them, some of them written by somebody who means harm.

use crate::asks::{Looked, Page, Query, Records};
use chrono::{DateTime, Utc};
use countinghouse_contract::admin::{Tenant, live::OperatorEvent, syncs::TenantErpSync};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn of<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// The id of the thing with this number.
pub fn id(number: usize) -> String {
    format!("01a1fddc-2f50-7291-9451-{number:012}")
}

pub fn tenant(slug: &str, name: &str, status: &str) -> Tenant {
    let at = |day: usize| format!("2026-11-{day:02}T08:00:00Z");
    let reason = (status == "suspended").then_some("Has not paid.");
    of(json!({
        "id": id(slug.len()), "slug": slug, "name": name, "currency": "EUR", "time_zone": "Europe/Berlin",
        "status": status, "suspended_reason": reason, "version": 1, "created_at": at(slug.len()), "updated_at": at(20),
    }))
}

pub fn tenants() -> Vec<Tenant> {
    vec![
        tenant("north-lamps", "North Lamps", "active"),
        tenant("southern", "日本の店 \u{1b}[31mred\u{7}", "suspended"),
        tenant("east", "East & Sons with a name that is a good deal longer than its column", "active"),
    ]
}

pub fn sync(number: usize, tenant: &str, status: &str, error: &str) -> TenantErpSync {
    of(json!({
        "tenant": tenant, "sync_id": id(number), "order_id": id(100), "order_number": format!("SO-{number:06}"),
        "order_version": 1, "cause": "invoice", "status": status, "attempts": 5, "max_attempts": 5,
        "outcome_unknown": false, "idempotency_key": format!("key-{number}"), "last_attempt_at": "2026-11-22T09:58:00Z",
        "next_attempt_at": null, "erp_reference": null, "erp_status": null, "last_error": error, "warning": null,
        "discard_reason": null, "created_at": "2026-11-22T09:00:00Z", "updated_at": "2026-11-22T09:58:00Z",
    }))
}

pub fn syncs() -> Vec<TenantErpSync> {
    vec![
        sync(42, "north-lamps", "failed", "Answered 422: unknown SKU \u{1b}]0;LAMP-7\u{7}LAMP-7"),
        sync(41, "southern", "failed", "there was no answer in time"),
        sync(7, "north-lamps", "failed", "Answered 503: out of order"),
    ]
}

/// Each attempt of it, as the client's ERP answered.
pub fn sync_log() -> Looked {
    let attempt = |number: i64, status: i64, body: &str, quantity: i64| {
        let lines = json!([{"sku": "LAMP-7", "quantity": quantity}]);
        json!({
            "number": number, "kind": "send", "attempted_at": format!("2026-11-22T09:5{}:00Z", number + 5),
            "duration_ms": 120, "request_body": json!({"order_number": "SO-000042", "lines": lines}).to_string(),
            "status": status, "headers": {}, "body": body, "error": null, "outcome_unknown": false,
        })
    };
    let mut log = serde_json::to_value(sync(42, "north-lamps", "failed", "Answered 422: unknown SKU LAMP-7")).unwrap();
    log["log"] = json!([
        attempt(1, 503, "out of order", 1),
        attempt(2, 422, "{\"error\": \"unknown SKU\", \"sku\": \"LAMP-7\"}", 1),
        attempt(3, 422, "{\"error\": \"unknown SKU\", \"sku\": \"LAMP-7\"}", 2),
    ]);
    log["callbacks"] = json!([]);
    Looked::Sync(Box::new(of(log)))
}

/// What was sold there, by names that somebody means harm with.
pub fn order() -> Looked {
    let line = |number: usize, sku: &str, name: &str, returned: i64| {
        json!({
            "id": id(200 + number), "product_id": id(300 + number), "sku": sku, "name": name, "quantity": 2,
            "unit_price": "12.50", "discount_pct": if returned > 0 { "10.00" } else { "0.00" },
            "discount": if returned > 0 { "2.50" } else { "0.00" }, "tax_rate": "19.00", "tax": "4.28",
            "line_total": "22.50", "line_gross": "26.78", "unit_cost": "4.00", "fulfilled_quantity": returned,
            "returned_quantity": returned,
        })
    };
    let lines = [
        line(1, "LAMP-7", "Desk lamp \u{1b}[31min red\u{7}", 1),
        line(2, "灯-8", "A lamp that turns \u{202e}round", 0),
    ];
    let order = json!({
        "id": id(100), "order_number": "SO-000042", "status": "invoiced", "payment_status": "partly_paid",
        "fulfilment_status": "partly_fulfilled", "channel": "web\u{1b}[2J", "external_reference": "W-9\u{9b}2J-77",
        "currency": "EUR", "customer_id": null, "customer": null, "billing_address": null, "shipping_address": null,
        "lines": lines, "totals": {
            "subtotal": "50.00", "discount": "2.50", "tax": "9.03", "shipping": "0.00", "grand_total": "56.53",
        },
        "cost_of_goods": "16.00", "gross_profit": "31.50", "amount_paid": "20.00", "amount_refunded": "0.00",
        "amount_due": "36.53", "invoice_number": "INV-000031", "due_date": "2026-12-06", "erp_synced": false,
        "fulfilments": [], "sales_person_id": null, "commission": "0.00", "note": null,
        "ordered_at": "2026-11-22T08:00:00Z", "created_by": id(9), "version": 3, "created_at": "2026-11-22T08:00:00Z",
        "updated_at": "2026-11-22T09:00:00Z",
    });
    Looked::Order { tenant: "north-lamps".to_owned(), order: Box::new(of(order)) }
}

pub fn usage() -> Looked {
    Looked::Usage(Box::new(of(json!({
        "id": id(1), "users": 12, "products": 340, "orders_of_30_days": 1204, "open_sessions": 4, "failed_syncs": 2,
        "dead_jobs": 0, "images": 512, "image_bytes": 167_772_160, "max_discount_pct": "15", "sales_commission_pct": "2.5", "payment_terms_days": 14,
        "prices_include_tax": true, "auto_invoice": false, "low_stock_threshold": null,
    }))))
}

fn delivery() -> Value {
    json!({
        "id": id(61), "endpoint_id": id(51), "event_id": id(71), "event_type": "order.created", "cause": "event",
        "state": "failed", "attempts": 3, "next_attempt_at": null, "created_at": "2026-11-22T08:00:00Z",
        "finished_at": "2026-11-22T09:30:00Z",
    })
}

pub fn delivery_log() -> Looked {
    let mut log = delivery();
    log["payload"] = json!({"type": "order.created", "timestamp": "2026-11-22T08:00:00Z", "data": {"id": id(100)}});
    log["log"] = json!([{
        "number": 1, "attempted_at": "2026-11-22T08:00:01Z", "duration_ms": 5000, "status": null, "headers": null,
        "body": null, "error": "there was no answer in time",
    }, {
        "number": 2, "attempted_at": "2026-11-22T08:05:01Z", "duration_ms": 80, "status": 500, "headers": {},
        "body": "<html>\u{1b}[2J</html>", "error": null,
    }]);
    Looked::Delivery(Box::new(of(log)))
}

fn overview() -> Value {
    let minutes = |count: fn(i64) -> i64| (0..60).map(count).collect::<Vec<_>>();
    let trouble = |tenant: &str, suspended: bool, failed: i64, dead: i64| {
        json!({"tenant": tenant, "suspended": suspended, "failed_syncs": failed, "dead_jobs": dead,
            "failing_endpoints": 1, "breaker_open_until": suspended.then_some("2026-11-22T10:05:00Z")})
    };
    json!({
        "read_at": "2026-11-22T09:59:58Z", "parts": {"database": "ok", "redis": "away", "workers": "ok"},
        "active_tenants": 120, "suspended_tenants": 3, "waiting_jobs": 12, "running_jobs": 4, "dead_jobs": 2,
        "oldest_job_due": "2026-11-22T09:59:40Z", "failed_syncs": 17, "oldest_sync_due": "2026-11-22T09:40:00Z",
        "open_breakers": 1, "failing_endpoints": 2, "oldest_delivery_due": null,
        "rates": {
            "since": "2026-11-22T09:00:00Z", "orders": minutes(|at| at % 11),
            "log_ins": minutes(|at| at % 7), "failed_log_ins": minutes(|at| at / 55),
            "syncs_arrived": minutes(|at| at), "syncs_failed": minutes(|_| 0), "jobs_died": minutes(|at| i64::from(at == 30)),
        },
        "trouble": [
            trouble("north-lamps", false, 12, 1), trouble("southern", true, 5, 0), trouble("east", false, 0, 2),
        ],
    })
}

fn queue(kind: &str, waiting: i64, dead: i64) -> Value {
    json!({"kind": kind, "waiting": waiting, "scheduled": 3, "suspended": 0, "running": 1, "dead": dead,
        "oldest_due": (waiting > 0).then_some("2026-11-22T09:59:40Z")})
}

fn job(number: usize, tenant: &str, error: &str) -> Value {
    json!({"id": id(number), "tenant": tenant, "kind": "sync_with_erp", "payload": {"sync_id": id(42)},
        "attempts": 5, "max_attempts": 5, "last_error": error, "created_at": "2026-11-22T08:00:00Z",
        "died_at": "2026-11-22T09:00:00Z"})
}

fn endpoint(number: usize, tenant: &str, disabled: Option<&str>) -> Value {
    json!({"tenant": tenant, "id": id(number), "url": "https://hooks.example.com/in", "description": null,
        "event_types": [], "disabled_at": disabled.map(|_| now()), "disabled_by": disabled,
        "failing_since": "2026-11-20T08:00:00Z", "version": 1, "created_at": "2026-11-01T08:00:00Z",
        "updated_at": "2026-11-20T08:00:00Z"})
}

fn session(number: usize, tenant: &str, username: &str) -> Value {
    json!({"tenant": tenant, "id": id(number), "user_id": id(9), "username": username, "address": "192.0.2.7",
        "user_agent": "Mozilla/5.0 \u{1b}[2J", "current": false, "created_at": "2026-11-22T08:00:00Z",
        "last_seen_at": "2026-11-22T09:59:00Z", "expires_at": "2026-11-23T08:00:00Z"})
}

fn operator_session(number: usize, username: &str, current: bool) -> Value {
    json!({"id": id(number), "superadmin_id": id(3), "username": username, "address": "198.51.100.4",
        "user_agent": "countinghouse-admin \u{9b}2J", "current": current, "created_at": "2026-11-22T09:00:00Z",
        "last_seen_at": "2026-11-22T09:59:00Z", "expires_at": "2026-11-22T21:00:00Z"})
}

fn door(number: usize, kind: &str, username: Option<&str>) -> Value {
    json!({"tenant": "north-lamps", "id": id(number), "kind": kind, "user_id": null, "username": username,
        "session_id": null, "order_id": null, "address": "198.51.100.9", "user_agent": "curl/8",
        "created_at": "2026-11-22T09:30:00Z"})
}

fn entry(number: usize, action: &str, before: Value, after: Value) -> Value {
    json!({"id": id(number), "created_at": "2026-11-22T09:00:00Z", "action": action,
        "actor": {"kind": "superadmin", "id": id(3)}, "resource": {"kind": "client", "id": "north-lamps"},
        "before": before, "after": after, "client_id": id(11)})
}

/// All of one kind, on one page.
pub fn records(query: &Query) -> Records {
    match query {
        Query::Overview => Records::Overview(Box::new(of(overview()))),
        Query::Tenants(_) => Records::Tenants(tenants()),
        Query::Syncs(_) => Records::Syncs(syncs()),
        Query::Queues => Records::Queues(of(json!([
            queue("purge", 0, 0),
            queue("send_webhooks", 0, 1),
            queue("sync_with_erp", 12, 2),
        ]))),
        Query::Jobs(_) => Records::Jobs(of(json!([
            job(31, "north-lamps", "Answered 503"),
            job(32, "southern", "lost twice"),
            job(33, "east", "no such order"),
        ]))),
        Query::Endpoints(_) => Records::Endpoints(of(json!([
            endpoint(51, "north-lamps", None),
            endpoint(52, "southern", Some("gone")),
            endpoint(53, "east", Some("failing")),
        ]))),
        Query::Deliveries { .. } => {
            let mut pending = delivery();
            (pending["id"], pending["state"]) = (json!(id(62)), json!("pending"));
            let mut delivered = delivery();
            (delivered["id"], delivered["state"]) = (json!(id(63)), json!("delivered"));
            Records::Deliveries(of(json!([delivery(), pending, delivered])))
        }
        Query::Sessions(_) => Records::Sessions(of(json!([
            session(21, "north-lamps", "olga"),
            session(22, "southern", "sven"),
            session(23, "east", "eva"),
        ]))),
        Query::OperatorSessions => Records::OperatorSessions(of(json!([
            operator_session(24, "ada", true),
            operator_session(25, "grace", false),
        ]))),
        Query::LogIns(_) => Records::LogIns(of(json!([
            door(81, "login_failed", Some("olga")),
            door(82, "refresh_reused", Some("olga")),
            door(83, "login_failed", None),
        ]))),
        Query::Audit(_) => Records::Audit {
            entries: of(json!([
                entry(91, "client.suspended", Value::Null, json!({"reason": "Has not paid."})),
                entry(92, "client.changed", json!({"name": "North"}), json!({"name": "North Lamps"})),
                entry(93, "list.shown", Value::Null, Value::Null),
            ])),
            chain: Some(of(json!({"last": 1234, "last_seal": "5f".repeat(32), "proved_from": 235, "faults": []}))),
        },
    }
}

pub fn page(query: &Query) -> Page {
    Page { records: records(query), next: None }
}

pub fn event(kind: &str, tenant: &str, resource: &str) -> OperatorEvent {
    let (tenant, resource_id) = (Some(tenant.to_owned()), resource.to_owned());
    OperatorEvent { sequence: 1, kind: kind.to_owned(), tenant, resource_id, data: json!({}), created_at: now() }
}
