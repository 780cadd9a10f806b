//! Versions of orders that stand as a test wants them, with nobody to send them, and ERPs that tell of them.

use super::{SECRET, set};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use countinghouse_tests::{Answer, Caller, Login, Tenant, World};
use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// A world whose client north shares a secret with its ERP; nothing is sent there.
pub async fn linked() -> World {
    let world = World::start().await;
    set(&world.owner(), &json!({"enabled": false, "hmac_secret": SECRET})).await.expect(200);
    world
}

pub fn signature(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body))
}

/// What the ERP of a client tells, signed.
pub async fn tell(world: &World, slug: &str, body: &Value) -> Answer {
    let bytes = body.to_string();
    let request = world.nobody().request(Method::POST, &format!("/erp/webhook/{slug}"));
    Answer::of(request.header("x-signature", signature(SECRET, bytes.as_bytes())).body(bytes)).await
}

/// A version of an order that is on its way, or was.
pub struct Sync {
    pub id: String,
    pub number: String,
    pub key: String,
}

impl Sync {
    pub fn path(&self) -> String {
        format!("/erp/syncs/{}", self.id)
    }

    pub async fn show(&self, caller: &Caller) -> Value {
        caller.get(&self.path()).await.expect(200)
    }
}

/// An invoiced order of a client; its id and number.
pub async fn invoiced(owner: &Caller) -> (String, String) {
    let sku = Uuid::now_v7().simple().to_string();
    let product = owner.product(&sku, "9.99", 10).await;
    let order = owner.order(&product, 1).await.expect(201);
    let text = |name: &str| order[name].as_str().expect("a text").to_owned();
    (text("id"), text("order_number"))
}

/// How a version stands that nobody sends: `members` are columns of it and their values in SQL.
pub fn stands(
    world: &World,
    tenant: &Tenant,
    (order, number): &(String, String),
    version: i32,
    members: &[(&str, &str)],
) -> Sync {
    let id = world.state.ids.make::<Uuid>().expect("an id");
    let key = format!("ERP_{}", id.simple());
    let (names, values): (Vec<_>, Vec<_>) = members.iter().copied().unzip();
    let insert = format!(
        "INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, max_attempts, \
         idempotency_key, created_at, updated_at, {}) VALUES ('{}', '{id}', '{order}', '{number}', {version}, \
         'invoice', 5, '{key}', '{now}', '{now}', {})",
        names.join(", "),
        tenant.id,
        values.join(", "),
        now = world.state.ids.now(),
    );
    world.database(Login::Owner).batch_execute(&insert).expect("a row");
    Sync { id: id.to_string(), number: number.clone(), key }
}

/// Sent, and nobody knows what became of it.
pub const UNKNOWN: [(&str, &str); 5] = [
    ("status", "'pending'"),
    ("attempts", "1"),
    ("next_attempt_at", "now() + interval '1 hour'"),
    ("last_attempt_at", "now()"),
    ("outcome_unknown", "true"),
];
pub const ARRIVED: [(&str, &str); 6] = [
    ("status", "'success'"),
    ("attempts", "1"),
    ("last_attempt_at", "now()"),
    ("finished_at", "now()"),
    ("erp_reference", "'ERP-1'"),
    ("erp_status", "'accepted'"),
];
pub const QUEUED: [(&str, &str); 1] = [("status", "'queued'")];
pub const FAILED: [(&str, &str); 5] = [
    ("status", "'failed'"),
    ("attempts", "5"),
    ("last_attempt_at", "now()"),
    ("finished_at", "now()"),
    ("last_error", "'500: broken'"),
];
