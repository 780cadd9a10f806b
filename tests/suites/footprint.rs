//! What stands in the database and in an answer, to see that a refused request changed nothing and told nothing.

use countinghouse_tests::{Answer, Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use std::collections::BTreeMap;

/// Each table's number of rows, and a digest of all that stands in it.
pub fn footprint(world: &World) -> BTreeMap<&'static str, String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        state: String,
    }
    let tables = [
        "tenants",
        "users",
        "roles",
        "api_keys",
        "sessions",
        "superadmins",
        "superadmin_sessions",
        "data_keys",
        "second_factors",
        "recovery_codes",
        "jobs",
        "schedules",
        "events",
        "webhook_endpoints",
        "webhook_secrets",
        "webhook_deliveries",
        "erp_configs",
        "erp_secrets",
        "erp_syncs",
        "erp_attempts",
        "erp_callbacks",
        "audit_log",
        "platform_audit_log",
        "products",
        "stock",
        "stock_movements",
        "orders",
        "order_lines",
        "customers",
        "invoice_counters",
        "product_daily_sales",
        "invoices",
        "payments",
        "fulfilments",
        "fulfilment_lines",
        "returns",
        "return_lines",
        "accounts",
        "journal_counters",
        "closed_months",
        "journal_entries",
        "journal_lines",
        "account_daily_totals",
        "imports",
        "import_chunks",
        "import_errors",
        "image_files",
        "image_files_leaving",
        "product_images",
        "image_vectors",
        "image_indexes",
    ];
    let mut owner = world.database(Login::Owner);
    let state = |table| {
        // A session notes its use, whatever comes of the request.
        let kept = "(to_jsonb(t) - 'last_seen_at' - 'expires_at')::text";
        let rows = format!("count(*)::text || ' ' || coalesce(md5(string_agg({kept}, E'\\n' ORDER BY {kept})), '')");
        let row: Row =
            sql_query(format!("SELECT {rows} AS state FROM {table} t")).get_result(&mut owner).expect("rows");
        (table, row.state)
    };
    tables.map(state).into()
}

/// The answer's bytes but for the request's id.
#[track_caller]
pub fn same_but_for_request_id(one: Answer, other: Answer) {
    let plain = |answer: &Answer| answer.text.replace(answer.header("x-request-id"), "");
    assert_eq!((one.status, plain(&one)), (other.status, plain(&other)));
    let names = |answer: &Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&one), names(&other));
}
