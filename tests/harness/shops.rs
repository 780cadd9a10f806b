//! Clients with a catalogue, and what their software asks all day: for measurements.

use crate::{Login, Process, Requests, Tenant, World};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::sync::Arc;

/// A client with a token of its owner.
pub struct Shop {
    pub tenant: Tenant,
    pub token: String,
    pub(crate) catalogue: u64,
}

pub type Shops = Arc<Vec<Shop>>;

/// So many clients with so many products each, whose ids can be counted out; of each lies more there than is
/// ever sold.
pub fn shops(world: &World, count: usize, catalogue: u64) -> Shops {
    let mut owner = world.database(Login::Owner);
    let found = |n: usize| {
        let tenant = world.found(Box::leak(format!("shop-{n}").into_boxed_str()), "EUR");
        let fill = format!(
            "INSERT INTO products (tenant_id, id, sku, name, currency, price_minor, tax_rate, created_at, updated_at)
                 SELECT '{id}', {product}, 'SKU-' || n, 'Product number ' || n, 'EUR', 1000, 200000, now(), now()
                 FROM generate_series(1, {catalogue}) n;
             INSERT INTO stock (tenant_id, product_id, on_hand, value_minor, updated_at)
                 SELECT '{id}', {product}, 1000000, 400000000, now() FROM generate_series(1, {catalogue}) n",
            id = tenant.id,
            product = product_id("n"),
        );
        owner.batch_execute(&fill).expect("a catalogue");
        let token = world.caller(&tenant, "owner").token().to_owned();
        Shop { tenant, token, catalogue }
    };
    Arc::new((0..count).map(found).collect())
}

/// The service as it is released, with limits that no load reaches.
pub fn serve(world: &World) -> Process {
    let mut environment = world.environment();
    let cores = std::thread::available_parallelism().expect("cores").to_string();
    environment.extend([("HTTP_WORKERS", cores), ("LOG", "warn,countinghouse=info,countinghouse_api=warn".to_owned())]);
    environment.extend([("RATE_READS", "100000".to_owned()), ("RATE_WRITES", "100000".to_owned())]);
    Process::serve(&environment)
}

/// The id of the product of this number, in SQL.
pub fn product_id(number: &str) -> String {
    format!("('00000000-0000-4000-8000-' || lpad(({number})::text, 12, '0'))::uuid")
}

/// Numbers that jump about, the same in each run.
fn jump(connection: usize, asked: u64) -> u64 {
    (connection as u64 * 7_919 + asked * 104_729).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33
}

fn shop_of(shops: &[Shop], connection: usize, asked: u64) -> &Shop {
    &shops[(jump(connection, asked) % shops.len() as u64) as usize]
}

fn request(shop: &Shop, line: &str, rest: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{rest}", shop.token)
}

/// Orders of two lines, each with a key of its own.
pub fn orders(shops: &Shops) -> Requests {
    let shops = Arc::clone(shops);
    Arc::new(move |connection, asked| {
        let shop = shop_of(&shops, connection, asked);
        let first = jump(connection, asked + 1) % shop.catalogue + 1;
        let lines = [first, first % shop.catalogue + 1].map(|n| json!({"sku": format!("SKU-{n}"), "quantity": 1}));
        let body = json!({"lines": lines}).to_string();
        let rest = format!(
            "Idempotency-Key: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            uuid::Uuid::new_v4(),
            body.len()
        );
        request(shop, "POST /api/v1/orders", &rest)
    })
}

pub fn products(shops: &Shops) -> Requests {
    let shops = Arc::clone(shops);
    Arc::new(move |connection, asked| {
        let shop = shop_of(&shops, connection, asked);
        let number = jump(connection, asked + 1) % shop.catalogue + 1;
        let line = format!("GET /api/v1/products/00000000-0000-4000-8000-{number:012}");
        request(shop, &line, "\r\n")
    })
}

pub fn pages(shops: &Shops) -> Requests {
    let shops = Arc::clone(shops);
    Arc::new(move |connection, asked| {
        request(shop_of(&shops, connection, asked), "GET /api/v1/products?limit=50", "\r\n")
    })
}
