//! What superadmins look after over all clients.
//!
//! `overview` is how all are doing; `looks` are inside one client, and at the doors of all; `events` is the stream of
//! what changes; `syncs` are orders that do not reach clients' ERPs, and `jobs` what was given up behind the requests.

mod events;
mod jobs;
mod looks;
mod overview;
mod syncs;

use countinghouse_tests::{Answer, Caller, Login, Tenant, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// Rows of the database as its owner sees them.
fn rows(world: &World, query: &str) -> Vec<Value> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Jsonb)]
        row: Value,
    }
    let query = format!("SELECT to_jsonb(r) AS row FROM ({query}) r");
    let rows: Vec<Row> = sql_query(query).load(&mut world.database(Login::Owner)).expect("rows");
    rows.into_iter().map(|row| row.row).collect()
}

fn run(world: &World, statement: &str) {
    world.database(Login::Owner).batch_execute(statement).expect("a statement");
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}")).to_owned()
}

/// One member of each row of a page.
fn each(page: &Value, name: &str) -> Vec<String> {
    page["data"].as_array().expect("rows").iter().map(|row| text(row, name)).collect()
}

/// The actions in a log, newest first, but for those of other tests' making.
async fn actions(caller: &Caller, path: &str) -> Vec<String> {
    each(&caller.get(path).await.expect(200), "action")
}

/// Links a client to an ERP that is never called, since nobody works.
async fn link(owner: &Caller) {
    let config = json!({
        "enabled": true, "immediate_sync": false, "cron_enabled": false, "base_url": "http://127.0.0.1:9",
        "api_key": "canary-key", "hmac_secret": "s", "max_attempts": 7,
    });
    Answer::of(owner.request(Method::PUT, "/erp/config").json(&config)).await.expect(200);
}

/// A version of a new order that failed for good with this error; its id and its order's number.
async fn failed(world: &World, tenant: &Tenant, error: &str) -> (String, String) {
    let owner = world.caller(tenant, "owner");
    let product = owner.product(&Uuid::now_v7().simple().to_string(), "9.99", 1).await;
    let order = owner.order(&product, 1).await.expect(201);
    let (order, number) = (text(&order, "id"), text(&order, "order_number"));
    let (id, now) = (world.state.ids.make::<Uuid>().expect("an id"), world.state.ids.now());
    let error = error.replace('\'', "''");
    run(
        world,
        &format!(
            "INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, attempts, \
             max_attempts, idempotency_key, last_attempt_at, last_error, created_at, updated_at, finished_at) VALUES \
             ('{}', '{id}', '{order}', '{number}', 1000, 'resync', 'failed', 5, 5, 'ERP_{}', '{now}', '{error}', '{now}', \
             '{now}', '{now}'); \
             INSERT INTO erp_attempts (tenant_id, sync_id, number, kind, attempted_at, duration_ms, request_body, \
             status, headers, body) VALUES ('{}', '{id}', 1, 'send', '{now}', 12, '{{\"sent\": true}}', 500, '{{}}', \
             'out of order')",
            tenant.id,
            id.simple(),
            tenant.id,
        ),
    );
    (id.to_string(), number)
}

/// A job that was given up; its id.
fn dead(world: &World, tenant: &Tenant, kind: &str, unique_key: Option<&str>) -> String {
    let (id, now) = (world.state.ids.make::<Uuid>().expect("an id"), world.state.ids.now());
    let key = unique_key.map_or("NULL".to_owned(), |key| format!("'{key}'"));
    run(
        world,
        &format!(
            "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, unique_key, state, run_at, attempts, \
             max_attempts, last_error, created_at, finished_at) VALUES ('{}', '{id}', '{kind}', 1, '{{\"number\": 1}}', \
             {key}, 'dead', '{now}', 5, 5, 'it does not go', '{now}', '{now}')",
            tenant.id
        ),
    );
    id.to_string()
}
