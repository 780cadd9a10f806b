//! Search by pictures in a client with 5,000 and with 50,000 of them, among 20 clients: `./dev bench image_search`.
//!
//! Products that look like one of the client's own are asked for, one at a time, through the API: the same search as
//! by a picture that is sent, but for the time that looking at that picture takes (`./dev bench images`). The ten
//! nearest are compared with those that adding up here finds. It fails where half of the answers take longer than
//! 3 or 25 ms, or one of the ten is another.

use countinghouse_api::features::images::keep_packing;
use countinghouse_contract::TenantId;
use countinghouse_tests::{Caller, Figures, Login, Process, Verdict, World, patience::Patience};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

const SIZES: [(i64, Duration); 2] = [(5_000, Duration::from_millis(3)), (50_000, Duration::from_millis(25))];
const OTHERS: i64 = 18;
const PICTURES_OF_OTHERS: i64 = 2_000;
const SEARCHES: usize = 200;
const COMPARED: usize = 20;

/// A product with its picture's vector.
#[derive(QueryableByName)]
struct Shown {
    #[diesel(sql_type = sql_types::Uuid)]
    product: uuid::Uuid,
    #[diesel(sql_type = sql_types::Array<sql_types::Float>)]
    vector: Vec<f32>,
}

#[derive(QueryableByName)]
struct Needed {
    #[diesel(sql_type = sql_types::Bool)]
    yes: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let world = World::start().await;
    let mut database = world.database(Login::Owner);
    let clients = [(&world.north, SIZES[0]), (&world.south, SIZES[1])];
    // In turns, as pictures come: no client's rows lie together.
    let others: Vec<TenantId> = (0..OTHERS).map(|_| another(&mut database, world.north.id)).collect();
    for turn in 0..10 {
        for (client, (size, _)) in clients {
            fill(&mut database, client.id, turn, size / 10);
        }
        others.iter().for_each(|other| fill(&mut database, *other, turn, PICTURES_OF_OTHERS / 10));
    }
    for table in ["products", "product_images", "image_vectors"] {
        database.batch_execute(&format!("VACUUM (ANALYZE) {table}")).expect("statistics");
    }
    packed(&world, &mut database).await;
    let mut environment = world.environment();
    environment.push(("DATABASE_POOL", "2".to_owned()));
    let service = Process::serve(&environment);
    let mut figures = Figures::default();
    for (client, (size, goal)) in clients {
        let caller = service.caller(world.caller(client, "owner").token());
        let shown = shown(&mut database, client.id);
        let p50 = median(&caller, &shown).await;
        let figure = format!("search among {size} pictures of one of 20 clients, p50");
        let goal_text = format!("≤ {} ms", goal.as_millis());
        figures.row(&figure, format!("{:.1} ms", p50.as_secs_f64() * 1e3), &goal_text, Verdict::of(p50 <= goal));
        let recall = recall(&caller, &shown).await;
        let figure = format!("recall@10 among {size} pictures against adding up");
        figures.row(&figure, format!("{recall:.3}"), "1.0", Verdict::of(recall >= 1.0));
    }
    figures.ended()
}

/// The index of vectors is packed by a worker, as it would be within the hour.
async fn packed(world: &World, database: &mut PgConnection) {
    let packing = tokio::spawn(keep_packing(world.state.db.worker_lane().expect("a worker")));
    let patience = Patience::until("the index is packed");
    let needed = |database: &mut PgConnection| {
        let asked = sql_query("SELECT vectors_need_packing() AS yes").get_result::<Needed>(database);
        asked.expect("an answer").yes
    };
    while needed(database) {
        patience.wait().await;
    }
    packing.abort();
}

/// One more client, without users.
fn another(database: &mut PgConnection, like: TenantId) -> TenantId {
    let id = TenantId(uuid::Uuid::new_v4());
    let insert = format!(
        "INSERT INTO tenants (id, slug, name, currency, time_zone, created_at, updated_at)
         SELECT '{id}', 'c' || substr('{id}', 1, 8), 'x', currency, time_zone, now(), now() FROM tenants WHERE id = '{like}';
         INSERT INTO users (tenant_id, id, username, role, password_hash, created_at, updated_at)
         SELECT '{id}', gen_random_uuid(), 'owner', 'owner', 'x', now(), now()"
    );
    database.batch_execute(&insert).expect("a client");
    id
}

/// Products with a picture each, whose vectors point anywhere.
fn fill(database: &mut PgConnection, tenant: TenantId, turn: i64, count: i64) {
    let insert = format!(
        "WITH p AS (
             INSERT INTO products (tenant_id, id, sku, name, currency, price_minor, created_at, updated_at)
             SELECT t.id, gen_random_uuid(), 'F{turn}-' || n, 'F{turn}-' || n, t.currency, 100, now(), now()
             FROM tenants t, generate_series(1, {count}) n WHERE t.id = '{tenant}' RETURNING tenant_id, id),
         f AS (
             INSERT INTO image_files SELECT tenant_id, sha256(id::text::bytea), 1, now() FROM p
             RETURNING tenant_id, sha256),
         i AS (
             INSERT INTO product_images (tenant_id, id, product_id, sha256, bytes, format, width, height,
                 original_sha256, display_sha256, created_by, created_at)
             SELECT p.tenant_id, uuidv7(), p.id, f.sha256, 1, 'png', 1, 1, f.sha256, f.sha256, u.id, now()
             FROM p JOIN f ON f.sha256 = sha256(p.id::text::bytea),
                 (SELECT id FROM users WHERE tenant_id = '{tenant}' LIMIT 1) u
             RETURNING tenant_id, id, product_id)
         INSERT INTO image_vectors SELECT i.tenant_id, 'any', i.id, i.product_id,
             (SELECT array_agg(random() - 0.5 + 0 * g * length(i.id::text)) FROM generate_series(1, 256) g)::real[]::vector
                 ::halfvec FROM i;
         INSERT INTO image_indexes VALUES ('{tenant}', 'any', now()) ON CONFLICT DO NOTHING"
    );
    database.batch_execute(&insert).expect("pictures");
}

fn shown(database: &mut PgConnection, tenant: TenantId) -> Vec<Shown> {
    let query = format!(
        "SELECT product_id AS product, vector::vector::real[] AS vector FROM image_vectors WHERE tenant_id = '{tenant}'"
    );
    sql_query(query).load(database).expect("vectors")
}

async fn ask(caller: &Caller, product: uuid::Uuid) -> Vec<String> {
    let found = caller.get(&format!("/products/{product}/similar?limit=10")).await.expect(200);
    let rows = found["data"].as_array().expect("rows").iter();
    rows.map(|row| row["product_id"].as_str().expect("an id").to_owned()).collect()
}

async fn median(caller: &Caller, shown: &[Shown]) -> Duration {
    let mut took = Vec::new();
    for at in 0..SEARCHES {
        let product = shown[at * 37 % shown.len()].product;
        let begun = Instant::now();
        ask(caller, product).await;
        took.push(begun.elapsed());
    }
    took.sort();
    took[took.len() / 2]
}

async fn recall(caller: &Caller, shown: &[Shown]) -> f64 {
    let mut right = 0;
    for asked in shown.iter().step_by(shown.len() / COMPARED).take(COMPARED) {
        let others = shown.iter().filter(|other| other.product != asked.product);
        let mut all: Vec<_> = others.map(|other| (cosine(&asked.vector, &other.vector), other.product)).collect();
        all.sort_by(|one, next| next.0.total_cmp(&one.0));
        let nearest: Vec<String> = all.iter().take(10).map(|(_, product)| product.to_string()).collect();
        right += ask(caller, asked.product).await.iter().filter(|product| nearest.contains(product)).count();
    }
    right as f64 / (10 * COMPARED) as f64
}

fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}
