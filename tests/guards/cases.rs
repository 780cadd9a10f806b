//! For every route a call that succeeds for who may make it, and the things that it is pointed at: what the
//! other guards try every route with.

use countinghouse_api::{
    platform::http::{Access, Route},
    routes,
};
use countinghouse_tests::{
    Answer, Caller, Login, PASSWORD, World,
    pictures::{form, new_picture},
};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// Nobody is there, and no worker of these tests looks.
const ENDPOINT: &str = "https://hooks.example.com/in";

/// Nobody is there either.
const ERP: &str = "https://erp.example.com";

pub fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// Things of one client that routes can be pointed at.
pub struct Things {
    pub product: String,
    /// Of the product.
    pub image: String,
    pub customer: String,
    /// Invoiced.
    pub order: String,
    pub order_number: String,
    /// One that failed for good, and its order's number.
    pub sync: String,
    pub synced_number: String,
    /// One that was given up.
    pub dead_job: String,
    /// The line of it.
    pub line: String,
    /// Invoiced, paid, and returned since: the customer is owed something.
    pub owed: String,
    /// The return of it.
    pub returned: String,
    /// Placed, not invoiced.
    pub placed: String,
    pub session: String,
    pub user: String,
    pub role: String,
    pub api_key: String,
    pub entry: String,
    pub account: String,
    pub import: String,
    pub endpoint: String,
    pub delivery: String,
}

impl Things {
    /// Ids of nothing.
    pub fn none(id: &str) -> Self {
        let [
            product,
            image,
            customer,
            order,
            line,
            owed,
            returned,
            placed,
            session,
            user,
            api_key,
            entry,
            import,
            endpoint,
            delivery,
            dead_job,
        ] = [(); 16].map(|()| id.to_owned());
        let (role, account) = (format!("r{}", id.replace('-', "")), "999999".to_owned());
        let (order_number, synced_number, sync) = ("SO-999999".to_owned(), "SO-999999".to_owned(), id.to_owned());
        Self {
            product,
            image,
            customer,
            order,
            order_number,
            sync,
            synced_number,
            dead_job,
            line,
            owed,
            returned,
            placed,
            session,
            user,
            role,
            api_key,
            entry,
            account,
            import,
            endpoint,
            delivery,
        }
    }

    pub fn with_session(self, session: String) -> Self {
        Self { session, ..self }
    }

    pub async fn of(world: &World, owner: &Caller) -> Self {
        let sku = uuid::Uuid::new_v4().simple().to_string();
        let product = owner.product(&sku, "9.99", 100).await;
        let id = |body: Value| body["id"].as_str().unwrap().to_owned();
        let image = match image_like_the_last(world, &product) {
            Some(image) => image,
            None => id(owner.upload(&product, &new_picture()).await.expect(201)),
        };
        let customer = id(owner.post("/customers", &json!({"company": sku})).await.expect(201));
        let [order, owed] = [owner.order(&product, 1).await.expect(201), owner.order(&product, 1).await.expect(201)];
        let order_number = order["order_number"].as_str().unwrap().to_owned();
        let synced_number = owed["order_number"].as_str().unwrap().to_owned();
        let [line, back] = [&order, &owed].map(|order| order["lines"][0]["id"].as_str().unwrap().to_owned());
        let [order, owed] = [id(order), id(owed)];
        let payment = json!({"amount": "9.99", "method": "card"});
        owner.post(&format!("/orders/{owed}/payments"), &payment).await.expect(201);
        let returned = id(owner.post("/returns", &take_back(&owed, &back)).await.expect(201));
        owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
        let placed = id(owner.order(&product, 1).await.expect(201));
        owner.patch("/client", &json!({"auto_invoice": true})).await.expect(200);
        let session = owner.get("/auth/me").await.expect(200)["session_id"].as_str().unwrap().to_owned();
        let role = format!("r{}", &sku[..8]);
        let body = json!({"name": role, "permissions": ["products:read"]});
        owner.post("/roles", &body).await.expect(201);
        let body = json!({"username": sku, "password": PASSWORD, "role": "viewer"});
        let user = owner.post("/users", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
        let api_key = owner.api_key(&["products:read"]).await["id"].as_str().unwrap().to_owned();
        let side = |side: &str, account: &str| json!({"account": account, side: "1.00"});
        let body = json!({"date": "2026-01-31", "memo": "x", "lines": [side("debit", "6000"), side("credit", "1000")]});
        let entry = id(owner.post("/accounting/journal-entries", &body).await.expect(201));
        let account = account_code();
        let body = json!({"code": account, "name": "x", "type": "expense"});
        owner.post("/accounting/accounts", &body).await.expect(201);
        Answer::of(owner.request(Method::PUT, "/erp/config").json(&link(&sku))).await.expect(200);
        // The ERP has it: who asks for that waits for nothing.
        let arrived = format!(
            "INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, max_attempts,
                 idempotency_key, created_at, updated_at, finished_at)
             SELECT tenant_id, gen_random_uuid(), id, '{order_number}', 1, 'invoice', 'success', 5, 'k' || id, now(),
                 now(), now() FROM orders WHERE id = '{order}'
             ON CONFLICT (tenant_id, order_id, order_version) DO UPDATE SET status = 'success', finished_at = now();
             UPDATE orders SET erp_synced = true WHERE id = '{order}'"
        );
        world.database(Login::Owner).batch_execute(&arrived).unwrap();
        let sync = uuid::Uuid::now_v7().to_string();
        let failed = format!(
            "INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, attempts, \
             max_attempts, idempotency_key, last_attempt_at, last_error, created_at, updated_at, finished_at) \
             SELECT tenant_id, '{sync}', id, '{synced_number}', 1000, 'resync', 'failed', 5, 5, '{sync}', now(), 'x', \
             now(), now(), now() FROM orders WHERE id = '{owed}'"
        );
        world.database(Login::Owner).batch_execute(&failed).unwrap();
        let dead_job = uuid::Uuid::now_v7().to_string();
        let dead = format!(
            "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, state, run_at, attempts, max_attempts, \
             last_error, created_at, finished_at) SELECT tenant_id, '{dead_job}', 'nobody_knows_it', 1, '{{}}', 'dead', \
             now(), 5, 5, 'x', now(), now() FROM orders WHERE id = '{owed}'"
        );
        world.database(Login::Owner).batch_execute(&dead).unwrap();
        let import = id(owner.import("products", "sku,name,price\n").await.expect(201));
        // A client has 20 at most.
        let earlier = format!(
            "DELETE FROM webhook_endpoints e USING sessions s WHERE s.id = '{session}' AND s.tenant_id = e.tenant_id"
        );
        world.database(Login::Owner).batch_execute(&earlier).unwrap();
        let endpoint = id(owner.post("/webhooks/endpoints", &json!({"url": ENDPOINT})).await.expect(201));
        let delivery = id(owner.post(&format!("/webhooks/endpoints/{endpoint}/test"), &json!({})).await.expect(201));
        Self {
            product,
            image,
            customer,
            order,
            order_number,
            sync,
            synced_number,
            dead_job,
            line,
            owed,
            returned,
            placed,
            session,
            user,
            role,
            api_key,
            entry,
            account,
            import,
            endpoint,
            delivery,
        }
    }
}

/// A return of one unit.
fn take_back(order: &str, line: &str) -> Value {
    json!({"order_id": order, "lines": [{"order_line_id": line, "quantity": 1, "restock": true}]})
}

/// A link that no other is like, on which nobody waits for long.
fn link(unique: &str) -> Value {
    json!({
        "enabled": true, "immediate_sync": false, "base_url": format!("{ERP}/{unique}"), "api_key": "k",
        "hmac_secret": "s", "timeout_seconds": 1,
    })
}

/// A code of an account that no other has.
fn account_code() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(50_000);
    format!("{:06}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Another picture with the files of one that the client has, if any: a thousand uploads take minutes.
fn image_like_the_last(world: &World, product: &str) -> Option<String> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = sql_types::Text)]
        id: String,
    }
    let insert = format!(
        "INSERT INTO product_images (tenant_id, id, product_id, sha256, bytes, format, width, height,
             original_sha256, display_sha256, created_by, created_at)
         SELECT p.tenant_id, gen_random_uuid(), p.id, i.sha256, i.bytes, i.format, i.width, i.height,
             i.original_sha256, i.display_sha256, i.created_by, i.created_at
         FROM products p CROSS JOIN LATERAL
             (SELECT * FROM product_images i WHERE i.tenant_id = p.tenant_id LIMIT 1) i
         WHERE p.id = '{product}' RETURNING id::text"
    );
    let made = sql_query(insert).get_result::<Id>(&mut world.database(Login::Owner)).optional();
    made.expect("a picture, or none to take after").map(|row| row.id)
}

/// A call that succeeds for who may make it: the path with its id, and the body; a text is a file, and where the
/// route takes a form, these are its fields beside the picture.
pub fn case(route: &Route, things: &Things) -> (String, Option<Value>) {
    let with = |id: &str| route.path.replace("{id}", id);
    let unique = uuid::Uuid::new_v4().simple().to_string();
    match name(route).as_str() {
        "POST /auth/logout" | "POST /admin/auth/logout" => (route.path.to_owned(), Some(json!({}))),
        "GET /auth/me"
        | "GET /sessions"
        | "GET /sessions/logs"
        | "GET /products"
        | "GET /orders"
        | "GET /customers"
        | "GET /admin/tenants"
        | "GET /audit"
        | "GET /admin/audit"
        | "GET /admin/audit/chain" => (route.path.to_owned(), None),
        "POST /auth/password" => {
            let body = json!({"current_password": PASSWORD, "new_password": PASSWORD});
            (route.path.to_owned(), Some(body))
        }
        "GET /api-keys" => (route.path.to_owned(), None),
        "POST /api-keys" => {
            (route.path.to_owned(), Some(json!({"name": "software", "permissions": ["products:read"]})))
        }
        "DELETE /api-keys/{id}" => (with(&things.api_key), None),
        "GET /client" => (route.path.to_owned(), None),
        "PATCH /client" => (route.path.to_owned(), Some(json!({"messenger": unique}))),
        "POST /auth/2fa/enroll" => (route.path.to_owned(), Some(json!({"current_password": PASSWORD}))),
        // Without a second factor these have nothing to do; the suites show what they do with one.
        "POST /auth/2fa/confirm" => (route.path.to_owned(), Some(json!({"code": "000000"}))),
        "POST /auth/2fa/recovery-codes" | "POST /auth/2fa/disable" => {
            (route.path.to_owned(), Some(json!({"current_password": PASSWORD, "code": "000000"})))
        }
        "POST /admin/tenants/{slug}/users/{id}/reset-2fa" => {
            (route.path.replace("{slug}", "none").replace("{id}", &unique), Some(json!({})))
        }
        "GET /users" | "GET /roles" => (route.path.to_owned(), None),
        "POST /users" => {
            let body = json!({"username": unique, "password": PASSWORD, "role": "viewer"});
            (route.path.to_owned(), Some(body))
        }
        "GET /users/{id}" | "DELETE /users/{id}" => (with(&things.user), None),
        "PATCH /users/{id}" => (with(&things.user), Some(json!({"email": "a@example.com"}))),
        "POST /users/{id}/reset-password" => (with(&things.user), Some(json!({}))),
        "POST /roles" => {
            let name = format!("n{}", &unique[..12]);
            (route.path.to_owned(), Some(json!({"name": name, "permissions": ["products:read"]})))
        }
        "PUT /roles/{name}" => {
            let path = route.path.replace("{name}", &things.role);
            (path, Some(json!({"permissions": ["orders:read"]})))
        }
        "DELETE /roles/{name}" => (route.path.replace("{name}", &things.role), None),
        "DELETE /sessions/{id}" => (with(&things.session), None),
        "POST /products" => (route.path.to_owned(), Some(json!({"sku": unique, "name": "x", "price": "1.00"}))),
        "POST /products/{id}/images" => (with(&things.product), Some(json!({}))),
        "POST /products/image-search" => (route.path.to_owned(), Some(json!({"limit": "1"}))),
        "GET /products/{id}/images" | "GET /products/{id}/similar" => (with(&things.product), None),
        "GET /products/{id}/images/{image_id}"
        | "DELETE /products/{id}/images/{image_id}"
        | "GET /products/{id}/images/{image_id}/file" => {
            (with(&things.product).replace("{image_id}", &things.image), None)
        }
        "GET /products/{id}" => (with(&things.product), None),
        "PATCH /products/{id}" => (with(&things.product), Some(json!({"name": "y"}))),
        "DELETE /products/{id}" => (with(&things.product), None),
        "GET /returns/{id}" => (with(&things.returned), None),
        "POST /returns" => (route.path.to_owned(), Some(take_back(&things.order, &things.line))),
        "GET /inventory/movements"
        | "GET /returns"
        | "GET /accounting/journal-entries"
        | "GET /accounting/accounts"
        | "GET /accounting/trial-balance"
        | "GET /accounting/periods"
        | "GET /reports/balance-sheet"
        | "GET /reports/dashboard"
        | "GET /admin/reports/dashboard"
        | "GET /reports/stock-aging" => (route.path.to_owned(), None),
        "GET /exports/products"
        | "GET /exports/customers"
        | "GET /exports/orders"
        | "GET /exports/movements"
        | "GET /exports/journal"
        | "GET /imports" => (route.path.to_owned(), None),
        "POST /imports/products"
        | "POST /imports/customers"
        | "POST /imports/opening-stock"
        | "POST /imports/opening-balances"
        | "POST /imports/orders" => (route.path.to_owned(), Some(json!("sku\n"))),
        "GET /imports/{id}" | "GET /imports/{id}/errors" => (with(&things.import), None),
        "GET /reports/profit-loss" => (format!("{}?from=2026-01-01&to=2026-12-31", route.path), None),
        "POST /accounting/journal-entries" => {
            let line = |side: &str, account: &str| json!({"account": account, side: "1.00"});
            let lines = [line("debit", "6000"), line("credit", "1000")];
            (route.path.to_owned(), Some(json!({"date": "2026-01-31", "memo": "x", "lines": lines})))
        }
        "GET /accounting/journal-entries/{id}" => (with(&things.entry), None),
        "POST /accounting/journal-entries/{id}/reverse" => (with(&things.entry), Some(json!({}))),
        "POST /accounting/accounts" => {
            (route.path.to_owned(), Some(json!({"code": account_code(), "name": "x", "type": "expense"})))
        }
        "GET /accounting/accounts/{code}/entries" => (route.path.replace("{code}", &things.account), None),
        // A month that nothing here is dated in. Without a code, reopening gets as far as asking for one.
        "POST /accounting/periods/{month}/reopen" => (route.path.replace("{month}", "2025-01"), Some(json!({}))),
        "POST /accounting/periods/{month}/close" => (route.path.replace("{month}", "2025-01"), Some(json!({}))),
        "POST /inventory/adjustments" => {
            let body = json!({"product_id": things.product, "kind": "purchase", "quantity": 1, "unit_cost": "1.00"});
            (route.path.to_owned(), Some(body))
        }
        "POST /orders" => {
            (route.path.to_owned(), Some(json!({"lines": [{"product_id": things.product, "quantity": 1}]})))
        }
        "GET /orders/{id}" | "GET /orders/{id}/invoices" => (with(&things.order), None),
        // Without a code these get as far as asking for one.
        "PATCH /orders/{id}" => (with(&things.placed), Some(json!({"note": unique}))),
        "DELETE /orders/{id}" => (with(&things.placed), None),
        "POST /orders/{id}/edits/preview" => (with(&things.placed), Some(json!({"note": unique}))),
        "POST /orders/{id}/invoice" => (with(&things.placed), Some(json!({}))),
        "POST /orders/{id}/payments" => (with(&things.order), Some(json!({"amount": "1.00", "method": "card"}))),
        "POST /orders/{id}/refunds" => (with(&things.owed), Some(json!({"amount": "1.00", "method": "card"}))),
        "POST /orders/{id}/fulfilments" => {
            (with(&things.order), Some(json!({"carrier": "UPS", "tracking_number": "1Z"})))
        }
        "POST /customers" => (route.path.to_owned(), Some(json!({"company": unique}))),
        "GET /customers/{id}" | "DELETE /customers/{id}" => (with(&things.customer), None),
        "PATCH /customers/{id}" => (with(&things.customer), Some(json!({"note": "x"}))),
        "GET /webhooks/endpoints" => (route.path.to_owned(), None),
        "POST /webhooks/endpoints" => (route.path.to_owned(), Some(json!({"url": ENDPOINT}))),
        "GET /webhooks/endpoints/{id}"
        | "DELETE /webhooks/endpoints/{id}"
        | "GET /webhooks/endpoints/{id}/deliveries" => (with(&things.endpoint), None),
        "PATCH /webhooks/endpoints/{id}" => (with(&things.endpoint), Some(json!({"description": unique}))),
        "POST /webhooks/endpoints/{id}/rotate-secret" | "POST /webhooks/endpoints/{id}/test" => {
            (with(&things.endpoint), Some(json!({})))
        }
        "POST /webhooks/endpoints/{id}/replay" => {
            (with(&things.endpoint), Some(json!({"since": "2026-01-01T00:00:00Z"})))
        }
        "GET /webhooks/deliveries/{id}" => (with(&things.delivery), None),
        "POST /webhooks/deliveries/{id}/replay" => (with(&things.delivery), Some(json!({}))),
        "PUT /erp/config" => (route.path.to_owned(), Some(link(&unique))),
        "POST /erp/sync-order" | "POST /erp/resync-order" => {
            (route.path.to_owned(), Some(json!({"order_number": things.order_number})))
        }
        "GET /erp/config" | "GET /erp/status" | "GET /erp/syncs" => (route.path.to_owned(), None),
        // Nobody listens there, which is what it says.
        "POST /erp/config/test" => {
            (route.path.to_owned(), Some(json!({"base_url": "http://127.0.0.1:9/", "api_key": "k"})))
        }
        "GET /erp/syncs/{id}" => (with(&things.sync), None),
        "POST /erp/syncs/{id}/retry" => (with(&things.sync), Some(json!({}))),
        "POST /erp/syncs/{id}/discard" => (with(&things.sync), Some(json!({"reason": "x"}))),
        "GET /erp/sync-status/{order_number}" => (route.path.replace("{order_number}", &things.synced_number), None),
        "POST /erp/mock-update-stock" => {
            let item = json!({"sku": "PROD-001", "qty": 5});
            let body = json!({"items": [item], "orderIncrementId": "SO-1", "idempotencyKey": "ERP_1"});
            (route.path.to_owned(), Some(body))
        }
        "POST /erp/run" => (route.path.to_owned(), None),
        "GET /admin/superadmins"
        | "GET /admin/superadmins/sessions"
        | "GET /admin/erp-syncs"
        | "GET /admin/jobs"
        | "GET /admin/jobs/queues"
        | "GET /admin/events" => (route.path.to_owned(), None),
        "GET /admin/overview"
        | "GET /admin/sessions"
        | "GET /admin/sessions/logs"
        | "GET /admin/webhooks/endpoints" => (route.path.to_owned(), None),
        "DELETE /admin/sessions/{id}" => (with(&things.session), None),
        // No thing of a client: there is none with this id.
        "DELETE /admin/superadmins/sessions/{id}" => (with(&things.session), None),
        "GET /admin/tenants/{slug}/usage"
        | "GET /admin/tenants/{slug}/users"
        | "GET /admin/tenants/{slug}/products"
        | "GET /admin/tenants/{slug}/orders" => (route.path.replace("{slug}", "north"), None),
        "GET /admin/tenants/{slug}/orders/{id}" => (with(&things.order).replace("{slug}", "north"), None),
        "GET /admin/tenants/{slug}/webhooks/endpoints/{id}/deliveries" => {
            (with(&things.endpoint).replace("{slug}", "north"), None)
        }
        "GET /admin/tenants/{slug}/webhooks/deliveries/{id}" => {
            (with(&things.delivery).replace("{slug}", "north"), None)
        }
        "POST /admin/tenants/{slug}/webhooks/deliveries/{id}/replay" => {
            (with(&things.delivery).replace("{slug}", "north"), Some(json!({})))
        }
        "GET /admin/erp-syncs/{id}" => (with(&things.sync), None),
        "POST /admin/erp-syncs/{id}/retry" => (with(&things.sync), Some(json!({}))),
        "POST /admin/erp-syncs/{id}/discard" => (with(&things.sync), Some(json!({"reason": "x"}))),
        "POST /admin/erp-syncs/retry" => (route.path.to_owned(), Some(json!({"status": "failed"}))),
        "POST /admin/jobs/{id}/retry" => (with(&things.dead_job), Some(json!({}))),
        "POST /admin/jobs/{id}/discard" => (with(&things.dead_job), Some(json!({"reason": "x"}))),
        "POST /admin/superadmins" => (route.path.to_owned(), Some(json!({"username": unique}))),
        "GET /admin/tenants/{slug}" | "GET /admin/tenants/{slug}/reports/dashboard" => {
            (route.path.replace("{slug}", "north"), None)
        }
        "PATCH /admin/tenants/{slug}" => (route.path.replace("{slug}", "south"), Some(json!({"name": "x"}))),
        "POST /admin/tenants/{slug}/suspend" => (route.path.replace("{slug}", "none"), Some(json!({"reason": "x"}))),
        "POST /admin/tenants/{slug}/resume" => (route.path.replace("{slug}", "none"), Some(json!({}))),
        "POST /admin/tenants" => {
            let client = json!({"slug": unique, "name": "x", "currency": "EUR"});
            let owner = json!({"username": "o", "password": "long enough it is"});
            (route.path.to_owned(), Some(json!({"client": client, "owner": owner})))
        }
        unknown => panic!("{unknown} has no case here: write one"),
    }
}

/// A call that waits to be sent. A body that is a text is a file.
pub fn request(caller: &Caller, route: &Route, things: &Things) -> RequestBuilder {
    let (path, body) = case(route, things);
    let request = caller.request(route.method.as_str().parse::<Method>().unwrap(), &path);
    match body {
        Some(fields) if route.signature.form.is_some() => {
            let fields =
                fields.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
            let (content_type, body) = form(&new_picture(), &fields.collect::<Vec<_>>());
            request.header("content-type", content_type).body(body)
        }
        Some(Value::String(file)) => request.header("content-type", "text/csv").body(file),
        Some(body) => request.json(&body),
        None => request,
    }
}

pub async fn call(caller: &Caller, route: &Route, things: &Things) -> Answer {
    Answer::of(request(caller, route, things)).await
}

/// Whether it did what it was asked; searching by a picture takes a model, which the guards' worlds have not.
pub fn is_done(route: &Route, answer: &Answer) -> bool {
    answer.status < 300 || (route.path.ends_with("/image-search") && answer.body["code"] == "image_model_unavailable")
}

pub fn guarded() -> Vec<Route> {
    routes::table().into_iter().filter(|route| route.access != Access::Public).collect()
}

pub fn of_tenants() -> Vec<Route> {
    guarded().into_iter().filter(|route| route.access != Access::Superadmin).collect()
}
