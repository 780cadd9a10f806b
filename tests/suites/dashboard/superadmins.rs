//! What superadmins see of one client and of all, and what is written down of it.

use super::{look, rows, store};
use countinghouse_tests::{Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use serde_json::{Value, json};

#[tokio::test]
async fn a_superadmin_sees_a_clients_dashboard_as_it_does_and_is_written_down() {
    let world = World::start().await;
    store(&world).await;
    let superadmin = world.superadmin();
    let mut seen = superadmin.get("/admin/tenants/north/reports/dashboard").await.expect(200);
    let mut own = look(&world.owner()).await;
    for shown in [&mut seen, &mut own] {
        shown["freshness"]["read_at"] = Value::Null;
    }
    assert_eq!(seen, own);
    let entries = world.owner().get("/audit?action=client.dashboard_shown").await.expect(200)["data"].clone();
    assert_eq!(rows(&entries, &["action"]), ["client.dashboard_shown"]);
    let operator = superadmin.get("/admin/audit?action=client.dashboard_shown").await.expect(200)["data"].clone();
    assert_eq!(operator.as_array().unwrap().len(), 1);
    let south = world.caller(&world.south, "owner");
    assert_eq!(south.get("/audit?action=client.dashboard_shown").await.expect(200)["data"], json!([]));
    for slug in ["none", "north%00", "NORTH"] {
        superadmin.get(&format!("/admin/tenants/{slug}/reports/dashboard")).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn all_clients_are_shown_one_by_one_and_by_currency() {
    let world = World::start().await;
    store(&world).await;
    let rich = world.found("rich", "EUR");
    let owner = world.caller(&rich, "owner");
    let product = owner.product("A", "100.00", 2).await;
    owner.order(&product, 1).await.expect(201);
    world.superadmin().post("/admin/tenants/rich/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    let shown = world.superadmin().get("/admin/reports/dashboard").await.expect(200);
    assert_eq!([&shown["active_clients"], &shown["suspended_clients"]], [2, 1]);
    let north = json!({
        "revenue": "61.00", "gross_profit": "37.00", "gross_margin_pct": "60.66", "returned_amount": "10.00"
    });
    let clients = shown["by_client"].as_array().unwrap();
    assert_eq!(rows(&shown["by_client"], &["slug", "status"]), ["north active", "rich suspended", "south active"]);
    for window in ["today", "week", "month"] {
        assert_eq!(clients[0]["figures"][window], north);
    }
    assert_eq!(clients[0]["figures"]["inventory_value"], "52.00");
    assert_eq!([&clients[0]["low_stock"], &clients[0]["out_of_stock"]], [3, 1]);
    assert_eq!([&clients[2]["low_stock"], &clients[2]["newest_order_at"]], [&json!(0), &Value::Null]);
    let euros = shown["by_currency"].as_array().unwrap().iter().find(|one| one["currency"] == "EUR").unwrap();
    assert_eq!(
        [&euros["figures"]["today"]["revenue"], &euros["figures"]["today"]["gross_profit"]],
        ["161.00", "133.00"]
    );
    assert_eq!(euros["figures"]["inventory_value"], "56.00");
    let counted: i64 =
        shown["by_currency"].as_array().unwrap().iter().map(|one| one["clients"].as_i64().unwrap()).sum();
    assert_eq!(counted, 3);
    let door = &shown["security"]["by_day"];
    let sum = |name: &str| door.as_array().unwrap().iter().map(|day| day[name].as_i64().unwrap()).sum::<i64>();
    assert_eq!([sum("orders_edited"), sum("orders_cancelled"), sum("failed_logins")], [1, 1, 0]);
}

/// What the superadmins' login may do with clients' tables, by column; `*` is all of them. It grows by review.
const ALLOWED: &[&str] = &[
    "UPDATE data_keys master_key_id, wrapped",
    "UPDATE jobs state, run_at, attempts, finished_at",
    "UPDATE sessions ended_at",
    "SELECT account_daily_totals *",
    "SELECT data_keys *",
    "SELECT erp_configs tenant_id, enabled, failures, failing_since, open_until",
    "SELECT erp_syncs tenant_id, id, order_id, order_number, order_version, cause, status, attempts, max_attempts, \
     outcome_unknown, idempotency_key, next_attempt_at, last_attempt_at, last_error, warning, erp_reference, erp_status, \
     discard_reason, created_at, updated_at, finished_at",
    "SELECT image_files tenant_id, bytes",
    "SELECT invoice_counters *",
    "SELECT invoices tenant_id, kind, number, date, goods",
    "SELECT jobs *",
    "SELECT journal_counters *",
    "SELECT journal_entries tenant_id, number, created_at",
    "SELECT journal_lines tenant_id, entry_number, account, date, amount_minor",
    "SELECT order_lines tenant_id, order_id, id, product_id, discount_pct",
    "SELECT orders tenant_id, id, subtotal_minor, created_at, ordered_at, discount_minor, shipping_minor, cancelled_at",
    "SELECT payments tenant_id, kind, amount_minor, received_at",
    "SELECT product_daily_sales *",
    "SELECT product_images tenant_id",
    "SELECT products tenant_id, id, sku, name, low_stock_threshold, active",
    "SELECT return_lines tenant_id, return_id, order_line_id, quantity",
    "SELECT returns tenant_id, id, created_at",
    "SELECT second_factors tenant_id, user_id",
    "SELECT session_events tenant_id, id, kind, user_id, username, session_id, address, created_at, order_id",
    "SELECT sessions tenant_id, id, user_id, address, created_at, expires_at, ended_at, last_seen_at",
    "SELECT stock tenant_id, product_id, on_hand, value_minor",
    "SELECT stock_movements tenant_id, id, product_id, kind, quantity, value_minor, created_at",
    "SELECT users tenant_id, id, username, email, role, disabled, rights_version, version, created_at, updated_at, \
     must_change_password, deleted_at",
    "SELECT webhook_deliveries tenant_id, endpoint_id, state, next_attempt_at",
    "SELECT webhook_endpoints tenant_id, id, url, description, event_types, disabled_at, disabled_by, failing_since, \
     deleted_at, version, created_at, updated_at",
    "INSERT audit_log *",
    "INSERT jobs *",
    "INSERT session_events *",
    "INSERT users *",
    "DELETE second_factors *",
];

#[tokio::test]
async fn their_login_does_these_things_and_no_other() {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        text: String,
    }
    let world = World::start().await;
    let rows = sql_query(
        "SELECT concat_ws(' ', verb, relname, CASE WHEN bool_and(allowed) THEN '*' \
             ELSE string_agg(attname, ', ' ORDER BY attnum) FILTER (WHERE allowed) END) AS text \
         FROM (SELECT c.relname, v.verb, a.attname, a.attnum, CASE v.verb \
                 WHEN 'DELETE' THEN has_table_privilege('countinghouse_platform', c.oid, v.verb) \
                 ELSE has_column_privilege('countinghouse_platform', c.oid, a.attnum, v.verb) END AS allowed \
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS v (verb) \
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND EXISTS ( \
                 SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')) g \
         GROUP BY relname, verb HAVING bool_or(allowed) ORDER BY verb DESC, relname",
    );
    let rows: Vec<Row> = rows.load(&mut world.database(Login::Owner)).unwrap();
    let allowed: Vec<String> = rows.into_iter().map(|row| row.text).collect();
    assert_eq!(allowed, ALLOWED, "{allowed:#?}");
}
