//! Somebody who edits and cancels orders: a user with a second factor, each of whose requests has a code of
//! its own.

use crate::{
    caller::{Answer, Caller},
    world::{Tenant, World},
};
use chrono::Duration;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

pub struct Editor<'w> {
    world: &'w World,
    tenant: Tenant,
    role: &'static str,
    /// Of the authenticator app.
    pub secret: String,
    pub recovery_codes: Vec<String>,
}

impl<'w> Editor<'w> {
    /// Enrols the user of this role.
    pub async fn enrol(world: &'w World, tenant: &Tenant, role: &'static str) -> Self {
        let (secret, recovery_codes) = world.enrol(&world.caller(tenant, role)).await;
        Self { world, tenant: tenant.clone(), role, secret, recovery_codes }
    }

    /// With a token of now, for the clock goes on with every code.
    pub fn caller(&self) -> Caller {
        self.world.caller(&self.tenant, self.role)
    }

    /// A code that nobody has used: that of the app's next step.
    pub fn code(&self) -> String {
        self.world.clock.advance(Duration::seconds(30));
        self.world.code(&self.secret)
    }

    /// `PATCH` or `DELETE` of an order, to be finished by hand.
    pub fn request(&self, method: Method, order: &Value) -> RequestBuilder {
        let code = self.code();
        self.caller().request(method, &path(order)).header("X-2FA-Code", code)
    }

    pub async fn edit(&self, order: &Value, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, order).json(body)).await
    }

    pub async fn cancel(&self, order: &Value) -> Answer {
        Answer::of(self.request(Method::DELETE, order)).await
    }

    /// The order as it stands.
    pub async fn look(&self, order: &Value) -> Value {
        self.caller().get(&path(order)).await.expect(200)
    }
}

fn path(order: &Value) -> String {
    format!("/orders/{}", order["id"].as_str().expect("an id"))
}
