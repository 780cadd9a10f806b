//! What the client does. What becomes of a request whose commit is cut is asked of the database in the end.

use super::Simulation;
use chrono::Duration;
use countinghouse_tests::{Caller, Cut};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// What an order may be refused that was cancelled meanwhile, and a request that was cut.
const REFUSALS: [u16; 3] = [409, 422, 503];

#[derive(QueryableByName, Clone)]
struct Standing {
    #[diesel(sql_type = sql_types::Text)]
    id: String,
    #[diesel(sql_type = sql_types::Text)]
    line: String,
}

impl Simulation {
    /// One, or some at a time for the ERP to take side by side.
    pub async fn order(&mut self) {
        for _ in 0..=self.dice.roll(4) {
            let body = json!({"lines": [{"product_id": self.product, "quantity": 1 + self.dice.roll(5)}]});
            let request = self.owner().request(Method::POST, "/orders").json(&body);
            self.tally.orders += usize::from(self.ask(request).await);
        }
    }

    pub async fn edit(&mut self) {
        let Some(order) = self.some_order() else { return };
        let body = json!({"lines": [{"id": order.line, "quantity": 1 + self.dice.roll(9)}]});
        let request = self.with_code(Method::PATCH, &order.id).await.json(&body);
        self.tally.edits += usize::from(self.ask(request).await);
    }

    pub async fn cancel(&mut self) {
        let Some(order) = self.some_order() else { return };
        let request = self.with_code(Method::DELETE, &order.id).await.json(&Value::Null);
        self.tally.cancels += usize::from(self.ask(request).await);
    }

    fn owner(&self) -> Caller {
        self.ground.world.caller(&self.tenant, "owner")
    }

    fn some_order(&mut self) -> Option<Standing> {
        let orders = format!(
            "SELECT o.id::text, l.id::text AS line FROM orders o JOIN order_lines l ON l.tenant_id = o.tenant_id \
             AND l.order_id = o.id WHERE o.tenant_id = '{}' AND o.cancelled_at IS NULL ORDER BY o.number, l.position",
            self.tenant.id
        );
        let orders: Vec<Standing> = sql_query(orders).load(&mut self.ground.database).unwrap();
        self.dice.pick(&orders).cloned()
    }

    /// With what the owner's app shows a while later, when its last code has gone.
    async fn with_code(&mut self, method: Method, order: &str) -> RequestBuilder {
        if self.secret.is_none() {
            self.secret = Some(self.ground.world.enrol(&self.owner()).await.0);
        }
        self.ground.world.clock.advance(Duration::seconds(60));
        let code = self.ground.world.code(self.secret.as_deref().unwrap_or_default());
        self.owner().request(method, &format!("/orders/{order}")).header("X-2FA-Code", code)
    }

    /// Sends it once, perhaps with a cut; whether it is known to be done.
    async fn ask(&mut self, request: RequestBuilder) -> bool {
        match self.dice.roll(8) {
            0 => self.ground.wire.cut_at(Cut::BeforeCommit),
            1 => self.ground.wire.cut_at(Cut::AfterCommit),
            _ => {}
        }
        let armed = self.ground.wire.is_armed();
        let answer = request.send().await.expect("an answer");
        self.tally.cuts += usize::from(armed && !self.ground.wire.is_armed());
        self.ground.wire.disarm();
        let status = answer.status();
        assert!(status.is_success() || REFUSALS.contains(&status.as_u16()), "{status}: {:?}", answer.text().await);
        status.is_success()
    }
}
