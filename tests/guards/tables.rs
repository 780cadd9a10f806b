//! Every table: row-level security forced, the right policies, keys that begin with the tenant,
//! comments, and nothing visible to the app outside a tenant. And the logins: no one is another.

use countinghouse_tests::{Editor, Login, World, pictures::picture};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use serde_json::json;

/// Tables of the operator's own, out of every tenant's reach.
const PLATFORM: [&str; 11] = [
    "chores",
    "operator_events",
    "operator_news",
    "operator_stream",
    "platform_audit_chain",
    "platform_audit_log",
    "platform_data_keys",
    "superadmin_looks",
    "superadmin_refresh_tokens",
    "superadmin_sessions",
    "superadmins",
];
/// Diesel's, which holds names of migrations.
const MIGRATIONS: &str = "__diesel_schema_migrations";
const TENANT_POLICY: &str = "(NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)";

#[derive(QueryableByName, Debug)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    text: String,
}

fn texts(conn: &mut PgConnection, query: &str) -> Vec<String> {
    sql_query(query).load::<Text>(conn).unwrap().into_iter().map(|row| row.text).collect()
}

fn tables(conn: &mut PgConnection) -> Vec<String> {
    let all = texts(conn, "SELECT tablename AS text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
    all.into_iter().filter(|table| table != MIGRATIONS).collect()
}

fn tenant_tables(conn: &mut PgConnection) -> Vec<String> {
    tables(conn).into_iter().filter(|table| !PLATFORM.contains(&table.as_str())).collect()
}

#[tokio::test]
async fn every_table_is_under_forced_row_level_security() {
    let world = World::start().await;
    let mut owner = world.database(Login::Owner);
    let open = texts(
        &mut owner,
        "SELECT relname AS text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') \
         AND NOT (relrowsecurity AND relforcerowsecurity)",
    );
    assert_eq!(open, [MIGRATIONS]);
    assert!(tables(&mut owner).len() >= 12);
}

/// Superadmins look after a client's people; their login reads nothing that proves who somebody is.
#[tokio::test]
async fn the_platform_reads_no_secret_of_a_clients_users() {
    let world = World::start().await;
    let mut platform = world.database(Login::Platform);
    platform.batch_execute("SELECT username, email, role, disabled FROM users").unwrap();
    for secret in [
        "password_hash FROM users",
        "totp_secret FROM second_factors",
        "code_sha256 FROM recovery_codes",
        "secret_sha256 FROM refresh_tokens",
        "user_agent FROM session_events",
    ] {
        let refused = platform.batch_execute(&format!("SELECT {secret}")).unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{secret}: {refused}");
    }
}

#[tokio::test]
async fn every_tenant_table_has_the_tenant_policy_and_no_other_for_the_app() {
    let world = World::start().await;
    let mut owner = world.database(Login::Owner);
    for table in tables(&mut owner) {
        let policies = texts(
            &mut owner,
            &format!(
                "SELECT concat_ws(' | ', roles::text, cmd, permissive, qual, with_check) AS text \
                 FROM pg_policies WHERE tablename = '{table}' AND NOT policyname IN ('owner_all', 'platform_all', 'search_all')"
            ),
        );
        if PLATFORM.contains(&table.as_str()) {
            assert!(policies.is_empty(), "{table}: {policies:?}");
            continue;
        }
        let column = if table == "tenants" { "id" } else { "tenant_id" };
        let rule = format!("({column} = {TENANT_POLICY}");
        let expected = format!("{{countinghouse_app,countinghouse_worker}} | ALL | PERMISSIVE | {rule} | {rule}");
        assert_eq!(policies, [expected], "{table}");
    }
}

#[tokio::test]
async fn owner_and_platform_policies_name_those_logins_only() {
    let world = World::start().await;
    let strays = texts(
        &mut world.database(Login::Owner),
        "SELECT tablename || ' ' || policyname AS text FROM pg_policies WHERE \
         (policyname = 'owner_all' AND roles <> '{countinghouse_owner}') OR \
         (policyname = 'platform_all' AND roles <> '{countinghouse_platform}') OR \
         (policyname = 'search_all' AND (roles <> '{countinghouse_search}' OR cmd <> 'SELECT'))",
    );
    assert!(strays.is_empty(), "{strays:?}");
}

#[tokio::test]
async fn keys_of_tenant_tables_begin_with_the_tenant() {
    let world = World::start().await;
    let mut owner = world.database(Login::Owner);
    let tenant_tables = tenant_tables(&mut owner);
    // Primary, unique and foreign keys, and every index: their first column.
    let first_columns = texts(
        &mut owner,
        "SELECT c.relname || '.' || i.relname || '=' || a.attname AS text FROM pg_index x \
         JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0] \
         WHERE c.relnamespace = 'public'::regnamespace UNION ALL \
         SELECT c.relname || '.' || k.conname || '=' || a.attname FROM pg_constraint k \
         JOIN pg_class c ON c.oid = k.conrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] \
         WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
    );
    for entry in &first_columns {
        let (key, column) = entry.split_once('=').unwrap();
        let table = key.split('.').next().unwrap();
        // What superadmins list over all clients has an index of its own; no key is one.
        if key.ends_with("_of_all") {
            continue;
        }
        if table != "tenants" && tenant_tables.iter().any(|name| name == table) {
            assert_eq!(column, "tenant_id", "{key}");
        }
    }
    // A summary of blocks has an entry for none.
    let unique = texts(
        &mut owner,
        "SELECT i.relname::text AS text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid \
         JOIN pg_am m ON m.oid = i.relam \
         WHERE i.relname LIKE '%\\_of\\_all' AND (x.indisunique OR (x.indpred IS NULL AND m.amname <> 'brin'))",
    );
    assert!(unique.is_empty(), "over all clients nothing is unique, and no row pays that all is well with: {unique:?}");
    // A foreign key that begins with the tenant points at a key that does so too.
    let crossing = texts(
        &mut owner,
        "SELECT k.conname::text AS text FROM pg_constraint k \
         JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = k.confkey[1] \
         JOIN pg_attribute b ON b.attrelid = k.conrelid AND b.attnum = k.conkey[1] \
         WHERE k.contype = 'f' AND b.attname = 'tenant_id' AND a.attname <> 'tenant_id' \
         AND k.confrelid <> 'tenants'::regclass",
    );
    assert!(crossing.is_empty(), "{crossing:?}");
    for table in &tenant_tables {
        let keyed = first_columns.iter().any(|entry| entry.starts_with(&format!("{table}.{table}_pkey=")));
        assert!(keyed, "{table} has no primary key");
    }
}

#[tokio::test]
async fn tables_and_functions_say_what_they_are() {
    let world = World::start().await;
    let silent = texts(
        &mut world.database(Login::Owner),
        "SELECT relname::text AS text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
         AND obj_description(oid) IS NULL UNION ALL \
         SELECT proname::text FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND \
         obj_description(p.oid) IS NULL AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') \
         ORDER BY 1",
    );
    assert_eq!(silent, [MIGRATIONS]);
}

#[tokio::test]
async fn the_app_sees_no_row_of_any_table_without_a_tenant() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("SEEN", "1.00", 10).await;
    owner.patch("/client", &json!({"low_stock_threshold": 9})).await.expect(200);
    // Every 1024th invoice folds what was sold.
    let almost = format!("INSERT INTO invoice_counters VALUES ('{}', 'invoice', 1023)", world.north.id);
    world.database(Login::Owner).batch_execute(&almost).unwrap();
    let order = owner.order(&product, 1).await.expect(201);
    let (line, order) = (order["lines"][0]["id"].clone(), order["id"].as_str().unwrap().to_owned());
    let parcel = json!({"carrier": "UPS", "tracking_number": "1Z"});
    owner.post(&format!("/orders/{order}/fulfilments"), &parcel).await.expect(201);
    let payment = json!({"amount": "1.00", "method": "card"});
    owner.post(&format!("/orders/{order}/payments"), &payment).await.expect(201);
    let back = json!({"order_line_id": line, "quantity": 1, "restock": true});
    owner.post("/returns", &json!({"order_id": order, "lines": [back]})).await.expect(201);
    owner.post("/customers", &json!({"company": "Seen"})).await.expect(201);
    owner.api_key(&["products:read"]).await;
    owner.upload(&product, &picture(1)).await.expect(201);
    owner.import("products", "sku,name,price\nBROUGHT,x,1.00\n").await.expect(201);
    let endpoint = json!({"url": "https://hooks.example.com/seen"});
    let endpoint = owner.post("/webhooks/endpoints", &endpoint).await.expect(201)["id"].as_str().unwrap().to_owned();
    let delivery = owner.post(&format!("/webhooks/endpoints/{endpoint}/test"), &json!({})).await.expect(201);
    let attempt = format!(
        "INSERT INTO webhook_attempts (tenant_id, delivery_id, number, attempted_at, duration_ms, error)
         VALUES ('{}', '{}', 1, now(), 1, 'x')",
        world.north.id,
        delivery["id"].as_str().unwrap()
    );
    world.database(Login::Owner).batch_execute(&attempt).unwrap();
    let tables = tables(&mut world.database(Login::Owner));
    for login in [Login::App, Login::Worker] {
        let mut conn = world.database(login);
        for table in &tables {
            for setting in ["RESET app.tenant_id", "SET app.tenant_id = ''"] {
                conn.batch_execute(setting).unwrap();
                let seen = sql_query(format!("SELECT 'row' AS text FROM {table}")).load::<Text>(&mut conn);
                assert!(seen.as_ref().map_or(true, Vec::is_empty), "{login:?} sees {table}: {seen:?}");
            }
        }
    }
    // In its tenant it does, or the test above would show nothing.
    let mut app = world.database(Login::App);
    app.batch_execute(&format!("SET app.tenant_id = '{}'", world.north.id)).unwrap();
    let filled = [
        ["tenants", "users", "sessions", "api_keys", "audit_log", "products", "stock", "stock_movements"].as_slice(),
        &["orders", "order_lines", "accounts", "journal_counters", "journal_entries", "journal_lines"],
        &["customers", "invoice_counters", "invoices", "payments", "fulfilments", "fulfilment_lines"],
        &[
            "events",
            "imports",
            "image_files",
            "product_images",
            "returns",
            "return_lines",
            "product_daily_sales",
            "webhook_endpoints",
            "webhook_secrets",
            "webhook_deliveries",
            "webhook_attempts",
        ],
    ];
    for table in filled.concat() {
        assert!(!texts(&mut app, &format!("SELECT 'row' AS text FROM {table}")).is_empty(), "{table}");
    }
    assert_eq!(texts(&mut app, "SELECT slug AS text FROM tenants"), ["north"]);
}

#[tokio::test]
async fn the_app_cannot_reach_the_platforms_tables() {
    let world = World::start().await;
    let mut app = world.database(Login::App);
    app.batch_execute(&format!("SET app.tenant_id = '{}'", world.north.id)).unwrap();
    for table in PLATFORM {
        let refused = sql_query(format!("SELECT 'row' AS text FROM {table}")).load::<Text>(&mut app);
        assert!(refused.unwrap_err().to_string().contains("permission denied"), "{table}");
    }
    let refused = app.batch_execute(&format!(
        "INSERT INTO users SELECT '{}', gen_random_uuid(), 'x', NULL, 'owner', 'x', false, 1, 1, now(), now()",
        world.south.id
    ));
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_row_of_another_tenant_can_not_be_written() {
    let world = World::start().await;
    let product = world.owner().product("OURS", "1.00", 10).await;
    let mut app = world.database(Login::App);
    app.batch_execute(&format!("SET app.tenant_id = '{}'", world.south.id)).unwrap();
    // Not into the other tenant, and not in one's own with a pointer to the other's product.
    for tenant in [world.north.id, world.south.id] {
        let refused = app.batch_execute(&format!(
            "INSERT INTO stock (tenant_id, product_id, updated_at) VALUES ('{tenant}', '{product}', now())"
        ));
        assert!(refused.is_err(), "{tenant}");
    }
    let changed = sql_query("UPDATE products SET name = 'taken'").execute(&mut app).unwrap();
    assert_eq!(changed, 0);
}

#[tokio::test]
async fn no_login_is_another_or_more_than_a_login() {
    let world = World::start().await;
    let mut superuser = world.database(Login::Superuser);
    for one in Login::SHIPPED {
        for other in Login::SHIPPED {
            if one != other {
                let query = format!("SELECT pg_has_role('{}', '{}', 'MEMBER')::text AS text", one.name(), other.name());
                assert_eq!(texts(&mut superuser, &query), ["false"], "{one:?} {other:?}");
            }
        }
    }
    let strong = texts(
        &mut superuser,
        "SELECT rolname::text AS text FROM pg_roles WHERE rolname LIKE 'countinghouse%' AND \
         (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
    );
    assert!(strong.is_empty(), "{strong:?}");
    let search = "SELECT rolcanlogin::text AS text FROM pg_roles WHERE rolname = 'countinghouse_search'";
    assert_eq!(texts(&mut superuser, search), ["false"]);
}

/// What is history stays as it was written: no login of the running service may change it.
#[tokio::test]
async fn movements_and_sold_lines_are_never_changed() {
    let world = World::start().await;
    for login in ["countinghouse_app", "countinghouse_worker", "countinghouse_platform"] {
        for table in [
            "stock_movements",
            "orders",
            "journal_entries",
            "journal_lines",
            "accounts",
            "invoices",
            "payments",
            "fulfilments",
            "fulfilment_lines",
            "returns",
            "return_lines",
        ] {
            for right in ["UPDATE", "DELETE", "TRUNCATE"] {
                let query = format!("SELECT has_table_privilege('{login}', '{table}', '{right}')::text AS text");
                assert_eq!(texts(&mut world.database(Login::Superuser), &query), ["false"], "{login} {right} {table}");
            }
        }
        for right in ["UPDATE", "TRUNCATE"] {
            let query = format!("SELECT has_table_privilege('{login}', 'order_lines', '{right}')::text AS text");
            assert_eq!(texts(&mut world.database(Login::Superuser), &query), ["false"], "{login} {right}");
        }
    }
}

/// An edit takes lines away and writes them anew, but for an order that something has left of, or that was
/// cancelled: its lines stay, whoever asks.
#[tokio::test]
async fn lines_stay_once_something_left_or_the_order_was_cancelled() {
    let world = World::start().await;
    let (owner, editor) = (world.owner(), Editor::enrol(&world, &world.north, "owner").await);
    let product = owner.product("A", "1.00", 10).await;
    let lines = json!({"lines": [{"product_id": product, "quantity": 1}, {"product_id": product, "quantity": 2}]});
    let [sent, cancelled] = [(); 2].map(|()| owner.post("/orders", &lines));
    let [sent, cancelled] = [sent.await.expect(201), cancelled.await.expect(201)];
    let path = format!("/orders/{}/fulfilments", sent["id"].as_str().unwrap());
    let first = json!([{"order_line_id": sent["lines"][0]["id"], "quantity": 1}]);
    owner.post(&path, &json!({"carrier": "UPS", "tracking_number": "1Z", "lines": first})).await.expect(201);
    editor.cancel(&cancelled).await.expect(204);
    let mut app = world.database(Login::App);
    app.batch_execute(&format!("SET app.tenant_id = '{}'", world.north.id)).unwrap();
    for order in [&sent, &cancelled] {
        let line = order["lines"][1]["id"].as_str().unwrap();
        let refused = app.batch_execute(&format!("DELETE FROM order_lines WHERE id = '{line}'")).unwrap_err();
        assert!(refused.to_string().contains("stay as they are"), "{refused}");
    }
}

/// What workers may delete is what the purge deletes; `tests/suites/retention.rs` shows that it does, and
/// `audit_chain.rs` for the audit log. A file that was imported goes when it has been read. `audit_unsealed` is a list of what waits, and no log.
#[tokio::test]
async fn workers_delete_what_is_past_its_time_and_nothing_else() {
    let world = World::start().await;
    let deleted = texts(
        &mut world.database(Login::Owner),
        "SELECT table_name::text AS text FROM information_schema.role_table_grants \
         WHERE grantee = 'countinghouse_worker' AND privilege_type = 'DELETE' ORDER BY 1",
    );
    let of_audit = ["audit_log", "audit_seals", "audit_unsealed"];
    assert_eq!(deleted[..3], of_audit);
    // A file that nothing refers to, and what is known of it until its name is free; a vector of a model before.
    let of_images = ["image_files", "image_files_leaving", "image_vectors"];
    assert_eq!(deleted[8..11], of_images);
    let of_imports = ["import_chunks", "import_errors", "imports"];
    assert_eq!(deleted[11..14], of_imports);
    let of_erp = ["erp_attempts", "erp_secrets", "erp_syncs"];
    assert_eq!(deleted[3..6], of_erp);
    let purged = ["events", "idempotency_keys", "jobs", "session_events", "sessions", "webhook_endpoints"];
    assert_eq!([&deleted[6..8], &deleted[14..]].concat(), purged);
}
