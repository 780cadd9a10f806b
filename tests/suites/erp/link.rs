//! North's link to an ERP of the test's own, and what stands in the database of it.

use super::{SECRET, set};
use crate::jobs::{start_with, stop};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Duration, Utc};
use countinghouse_api::{jobs::handlers, platform::jobs::Stop};
use countinghouse_tests::{Login, Received, Receiver, Reply, World, patience::Patience};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub const API_KEY: &str = "canary-key";

pub struct Link {
    pub world: World,
    pub erp: Receiver,
    /// Sold for 99.99.
    pub product: String,
}

impl Link {
    /// Sends at once, and has a thousand pieces to sell.
    pub async fn start() -> Self {
        Self::with(json!({})).await
    }

    /// The same, with other settings.
    pub async fn with(settings: Value) -> Self {
        let patient = |config: &mut countinghouse_api::config::Config| config.sessions.idle = Duration::days(1000);
        let world = World::builder().config(patient).start().await;
        let (erp, product) = (Receiver::start(), world.owner().product("A", "99.99", 1000).await);
        let link = Self { world, erp, product };
        link.set(settings).await;
        link
    }

    pub async fn set(&self, settings: Value) {
        let mut config = json!({
            "enabled": true, "base_url": self.erp.url("/erp/"), "api_key": API_KEY, "hmac_secret": SECRET,
            // Longer than an answer takes on the busiest machine; who waits for the end of it sets less.
            "timeout_seconds": 10, "base_delay_seconds": 60, "cron_enabled": false,
        });
        for (name, value) in settings.as_object().expect("an object") {
            config[name] = value.clone();
        }
        set(&self.world.owner(), &config).await.expect(200);
    }

    pub fn replies(&self, reply: Reply) {
        self.erp.reply("/erp/orders/sync", reply);
    }

    /// To the question whether it has the order of this row.
    pub fn replies_of(&self, sync: &Value, reply: Reply) {
        self.erp.reply(&look_up_path(sync), reply);
    }

    /// An order of one piece, which is invoiced.
    pub async fn order(&self) -> Value {
        self.world.owner().order(&self.product, 1).await.expect(201)
    }

    pub fn sent(&self) -> Vec<Received> {
        self.erp.received("/erp/orders/sync")
    }

    /// So many have arrived.
    pub async fn until_sent(&self, sent: usize) {
        let patience = Patience::until(format!("{sent} calls"));
        while self.sent().len() != sent {
            patience.wait().await;
        }
    }

    pub fn looked_up(&self, sync: &Value) -> Vec<Received> {
        self.erp.received(&look_up_path(sync))
    }

    pub fn worker(&self) -> (JoinHandle<()>, Stop) {
        start_with(&self.world, handlers().unwrap())
    }

    /// A worker does all that is due now.
    pub async fn work(&self) {
        let worker = self.worker();
        self.settled().await;
        stop(worker).await;
    }

    /// Nothing is left to do now, nor has come up meanwhile.
    pub async fn settled(&self) {
        let patience = Patience::until("all is done");
        let next = "SELECT min(run_at) AS at FROM jobs
            WHERE kind IN ('sync_with_erp', 'release_erp_syncs') AND finished_at IS NULL";
        loop {
            let at = self.rows(next).remove(0)["at"].as_str().map(|at| at.parse::<DateTime<Utc>>().unwrap());
            // Read after the jobs were: one that was made meanwhile is due before it.
            if at.is_none_or(|at| at > self.world.state.ids.now()) {
                return;
            }
            patience.wait().await;
        }
    }

    pub async fn wait(&self, seconds: i64) {
        self.world.clock.advance(Duration::seconds(seconds));
    }

    /// Those of a table, as the owner of the database sees them, in this order.
    pub fn rows(&self, query: &str) -> Vec<Value> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = sql_types::Jsonb)]
            row: Value,
        }
        let query = format!("SELECT to_jsonb(r) AS row FROM ({query}) r");
        let rows: Vec<Row> = sql_query(query).load(&mut self.world.database(Login::Owner)).unwrap();
        rows.into_iter().map(|row| row.row).collect()
    }

    pub fn syncs(&self) -> Vec<Value> {
        self.rows("SELECT * FROM erp_syncs ORDER BY order_number, order_version")
    }

    /// The only one.
    pub fn sync(&self) -> Value {
        let mut syncs = self.syncs();
        assert_eq!(syncs.len(), 1, "{syncs:?}");
        syncs.remove(0)
    }

    pub fn attempts(&self, sync: &Value) -> Vec<Value> {
        self.rows(&format!("SELECT * FROM erp_attempts WHERE sync_id = {} ORDER BY number", quoted(&sync["id"])))
    }

    /// What was told of it, in its order.
    pub fn events(&self, sync: &Value) -> Vec<(String, Value)> {
        let query = format!("SELECT * FROM events WHERE data ->> 'sync_id' = {} ORDER BY id", quoted(&sync["id"]));
        let event = |mut row: Value| (row["kind"].as_str().unwrap().to_owned(), row["data"].take());
        self.rows(&query).into_iter().map(event).collect()
    }

    /// Whether the order says that the ERP has it.
    pub async fn is_synced(&self, order: &Value) -> bool {
        let shown = self.world.owner().get(&format!("/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
        shown["erp_synced"].as_bool().unwrap()
    }
}

fn look_up_path(sync: &Value) -> String {
    format!("/erp/orders/by-key/{}", sync["idempotency_key"].as_str().unwrap())
}

fn quoted(text: &Value) -> String {
    format!("'{}'", text.as_str().unwrap())
}

/// What it is to be signed with.
pub fn signature(body: &[u8]) -> String {
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), body))
}

pub fn accepted(reference: &str) -> Reply {
    Reply::status(200).body(json!({"erp_reference": reference, "status": "accepted"}).to_string())
}
