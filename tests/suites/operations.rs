//! Every operation that takes a body, with a body that it takes.

use countinghouse_tests::{Answer, Caller, Login, World};
use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::{Value, json};

/// An operation, somebody who may call it, and a body that uses every field.
pub struct Operation {
    pub method: Method,
    pub path: String,
    pub caller: Caller,
    pub body: Value,
    /// Pointers to what may not be left out.
    pub required: &'static [&'static str],
}

impl Operation {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub async fn send(&self, body: &Value) -> Answer {
        self.send_bytes(body.to_string()).await
    }

    pub async fn send_bytes(&self, body: impl Into<Vec<u8>>) -> Answer {
        self.caller.send(self.method.clone(), &self.path, "application/json", body).await
    }

    /// The body with another value at this pointer.
    pub fn with(&self, pointer: &str, value: Value) -> Value {
        let mut body = self.body.clone();
        *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{} has {pointer}", self.name())) = value;
        body
    }

    /// The body without what stands at this pointer.
    pub fn without(&self, pointer: &str) -> Value {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let mut body = self.body.clone();
        let removed = body.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|object| object.remove(name));
        assert!(removed.is_some(), "{} has {pointer}", self.name());
        body
    }
}

/// All of them; the product that they name has 10 units.
pub async fn operations(world: &World) -> Vec<Operation> {
    let owner = world.owner();
    let product = owner.product("SOLD", "9.99", 10).await;
    let operation = |method: Method, path: &str, caller: Caller, body: Value, required| Operation {
        method,
        path: path.to_owned(),
        caller,
        body,
        required,
    };
    let post =
        |path: &str, caller: &Caller, body, required| operation(Method::POST, path, caller.clone(), body, required);
    let patched = format!("/products/{product}");
    owner.post("/roles", &json!({"name": "stands", "permissions": ["orders:read"]})).await.expect(201);
    let user = format!("/users/{}", world.north.user("viewer"));
    let (nobody, superadmin) = (world.nobody(), world.superadmin());
    let password = "twelve wise monkeys";
    let log_in = json!({"client_id": "north", "username": "owner", "password": password, "totp_code": "123456"});
    let client = json!({"slug": "third", "name": "Third", "currency": "EUR", "time_zone": "Europe/Berlin"});
    let registered = json!({"slug": "fourth", "name": "Fourth", "currency": "EUR", "time_zone": "Europe/Rome"});
    let first = json!({"username": "olga", "password": password, "email": "olga@example.com"});
    let profile = json!({
        "name": "North", "currency": "EUR", "time_zone": "Europe/Rome", "business_overview": "Lamps and shades",
        "opening_hours": "09:00", "closing_hours": "17:30", "max_discount_pct": "25.00",
        "return_refund_policy": "Thirty days", "sales_commission_pct": "2.50", "payment_terms_days": 14,
        "whatsapp_number": "+4915112345678", "messenger": "@north", "allowed_origins": ["https://shop.example.com"],
        "prices_include_tax": true, "shipping_tax_rate": "20.00", "auto_invoice": false, "low_stock_threshold": 5,
    });
    let line = json!({"product_id": product, "quantity": 1, "unit_price": "9.50", "discount_pct": "5.00"});
    let customer = owner.post("/customers", &json!({"company": "Berg"})).await.expect(201)["id"].clone();
    let customer = customer.as_str().expect("an id");
    let [placed, invoiced, owed] = orders(&owner, &product).await;
    let (order_line, number) = (invoiced["lines"][0]["id"].clone(), invoiced["order_number"].clone());
    let [placed, invoiced, owed] =
        [placed, invoiced, owed].map(|order| order["id"].as_str().expect("an id").to_owned());
    let endpoint = json!({"url": "https://hooks.example.com/hooked"});
    let endpoint = owner.post("/webhooks/endpoints", &endpoint).await.expect(201)["id"].clone();
    let hooked = format!("/webhooks/endpoints/{}", endpoint.as_str().expect("an id"));
    let link = json!({"enabled": true, "immediate_sync": false, "base_url": "https://erp.example.com", "api_key": "k",
        "hmac_secret": "s", "timeout_seconds": 1});
    Answer::of(owner.request(Method::PUT, "/erp/config").json(&link)).await.expect(200);
    let today = chrono::Utc::now().date_naive();
    let edited = owner.order(&product, 1).await.expect(201);
    let stays = json!({"id": edited["lines"][0]["id"], "product_id": product, "quantity": 1, "unit_price": "9.50",
        "discount_pct": "5.00"});
    let edit = json!({"lines": [stays], "customer": {"first_name": "Olga"}, "billing_address": address(),
        "shipping_address": address(), "shipping": "4.95", "note": "Ring twice"});
    let edited = edited["id"].as_str().expect("an id").to_owned();
    let [failed, failed_too] = [&owed, &invoiced].map(|order| failed_sync(world, order));
    let dead = dead_job(world, &owed);
    vec![
        post("/auth/login", &nobody, log_in, &["/client_id", "/username", "/password"]),
        post(
            "/auth/register",
            &nobody,
            json!({"client": registered, "user": first}),
            &[
                "/client",
                "/user",
                "/client/slug",
                "/client/name",
                "/client/currency",
                "/user/username",
                "/user/password",
            ],
        ),
        post("/auth/refresh", &nobody, json!({"refresh_token": "chr_x"}), &["/refresh_token"]),
        post("/admin/auth/refresh", &nobody, json!({"refresh_token": "chr_x"}), &["/refresh_token"]),
        post(
            "/auth/password",
            &owner,
            json!({"current_password": "not the one", "new_password": password}),
            &["/current_password", "/new_password"],
        ),
        post("/auth/2fa/enroll", &owner, json!({"current_password": "not the one"}), &["/current_password"]),
        post("/auth/2fa/confirm", &owner, json!({"code": "no code"}), &["/code"]),
        post(
            "/auth/2fa/recovery-codes",
            &owner,
            json!({"current_password": "not the one", "code": "no code"}),
            &["/current_password", "/code"],
        ),
        post(
            "/auth/2fa/disable",
            &owner,
            json!({"current_password": "not the one", "code": "no code"}),
            &["/current_password", "/code"],
        ),
        post(
            "/users",
            &owner,
            json!({"username": "ines", "password": password, "role": "sales", "email": "ines@example.com"}),
            &["/username", "/password", "/role"],
        ),
        operation(Method::PATCH, "/client", owner.clone(), profile, &[]),
        post(
            "/api-keys",
            &owner,
            json!({"name": "shop", "permissions": ["orders:write"], "expires_at": "2999-01-01T00:00:00Z"}),
            &["/name", "/permissions"],
        ),
        post("/roles", &owner, json!({"name": "packer", "permissions": ["orders:read"]}), &["/name", "/permissions"]),
        operation(
            Method::PUT,
            "/roles/stands",
            owner.clone(),
            json!({"permissions": ["products:read"]}),
            &["/permissions"],
        ),
        operation(
            Method::PATCH,
            &user,
            owner.clone(),
            json!({"role": "viewer", "email": "v@example.com", "disabled": true}),
            &[],
        ),
        post("/admin/auth/login", &nobody, world.superadmin_login(), &["/username", "/password", "/totp_code"]),
        post(
            "/admin/tenants",
            &superadmin,
            json!({"client": client, "owner": first}),
            &[
                "/client",
                "/owner",
                "/client/slug",
                "/client/name",
                "/client/currency",
                "/owner/username",
                "/owner/password",
            ],
        ),
        post("/admin/superadmins", &superadmin, json!({"username": "deputy"}), &["/username"]),
        post(
            "/admin/erp-syncs/retry",
            &superadmin,
            json!({"status": "failed", "tenant": "north", "error_contains": "Answered 503", "dry_run": true}),
            &["/status"],
        ),
        post(
            &format!("/admin/erp-syncs/{failed_too}/discard"),
            &superadmin,
            json!({"reason": "Entered by hand"}),
            &["/reason"],
        ),
        post(&format!("/admin/jobs/{dead}/discard"), &superadmin, json!({"reason": "Not needed"}), &["/reason"]),
        post("/admin/tenants/south/suspend", &superadmin, json!({"reason": "unpaid"}), &["/reason"]),
        operation(
            Method::PATCH,
            "/admin/tenants/south",
            superadmin.clone(),
            json!({
                "name": "South", "time_zone": "Europe/Rome",
                "limits": {
                    "reads_per_second": 900, "writes_per_second": 90, "uploads_per_second": 9, "reports_per_second": 1,
                },
            }),
            &[],
        ),
        post(
            "/products",
            &owner,
            json!({
                "sku": "NEW", "name": "New", "description": "Newly made", "barcode": "4006381333931", "price": "9.99",
                "tax_rate": "20.00", "low_stock_threshold": 3, "attributes": {"colour": "red"},
                "opening_stock": {"quantity": 2, "unit_cost": "4.00"},
            }),
            &["/sku", "/name", "/price", "/opening_stock/quantity", "/opening_stock/unit_cost"],
        ),
        operation(
            Method::PATCH,
            &patched,
            owner.clone(),
            json!({
                "sku": "OTHER", "name": "Other", "description": "Changed", "barcode": "123", "price": "8.99",
                "tax_rate": "10.00", "low_stock_threshold": 4, "attributes": {"colour": "blue"}, "active": false,
            }),
            &[],
        ),
        post(
            "/inventory/adjustments",
            &owner,
            json!({"product_id": product, "kind": "purchase", "quantity": 5, "unit_cost": "6.50", "reason": "spring"}),
            &["/product_id", "/kind", "/quantity"],
        ),
        post(
            "/accounting/journal-entries",
            &owner,
            json!({
                "date": "2026-01-31", "memo": "Rent",
                "lines": [
                    {"account": "6000", "debit": "12.00", "memo": "January"},
                    {"account": "1000", "credit": "12.00", "memo": "January"},
                ],
            }),
            &["/date", "/memo", "/lines", "/lines/0/account", "/lines/1/account"],
        ),
        post(
            "/accounting/accounts",
            &owner,
            json!({"code": "6100", "name": "Rent", "type": "expense"}),
            &["/code", "/name", "/type"],
        ),
        post("/customers", &owner, whole_customer(), &ADDRESSED),
        operation(Method::PATCH, &format!("/customers/{customer}"), owner.clone(), whole_customer(), &ADDRESSED),
        post(
            "/orders",
            &owner,
            json!({
                "lines": [line], "channel": "shop", "external_reference": "R-1", "note": "Ring twice",
                "customer": {"email": "o@example.com", "first_name": "Olga", "last_name": "Berg", "company": "Berg", "phone": "1"},
                "billing_address": address(), "shipping_address": address(), "shipping": "4.95",
                "sales_person_id": world.north.user("sales"), "ordered_at": "2026-03-31T10:00:00Z",
            }),
            &[
                "/lines",
                "/lines/0/quantity",
                "/billing_address/street1",
                "/billing_address/city",
                "/shipping_address/postal_code",
                "/shipping_address/country",
            ],
        ),
        operation(Method::PATCH, &format!("/orders/{edited}"), owner.clone(), edit.clone(), &["/lines/0/quantity"]),
        post(&format!("/orders/{edited}/edits/preview"), &owner, edit, &["/lines/0/quantity"]),
        post(
            "/webhooks/endpoints",
            &owner,
            json!({"url": "https://hooks.example.com/in", "description": "Shop", "event_types": ["order.created"]}),
            &["/url"],
        ),
        operation(
            Method::PATCH,
            &hooked,
            owner.clone(),
            json!({
                "url": "https://hooks.example.com/other", "description": "Stock", "event_types": ["stock.low"],
                "disabled": true,
            }),
            &[],
        ),
        post(&format!("{hooked}/rotate-secret"), &owner, json!({"keep_previous_hours": 12}), &[]),
        post(
            &format!("{hooked}/replay"),
            &owner,
            json!({"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "only_undelivered": true}),
            &["/since"],
        ),
        operation(
            Method::PUT,
            "/erp/config",
            owner.clone(),
            json!({
                "enabled": true, "immediate_sync": false, "debug": true, "cron_enabled": false,
                "cron_schedule": "30 6 * * 1-5", "base_url": "https://erp.example.com/api", "api_key": "k-1",
                "hmac_secret": "a shared secret", "timeout_seconds": 10, "max_attempts": 3, "base_delay_seconds": 5,
            }),
            &["/enabled"],
        ),
        post(
            "/erp/config/test",
            &owner,
            json!({"base_url": "http://127.0.0.1:9/", "api_key": "k", "hmac_secret": "s"}),
            &[],
        ),
        post(&format!("/erp/syncs/{failed}/discard"), &owner, json!({"reason": "Entered by hand"}), &["/reason"]),
        post("/erp/sync-order", &owner, json!({"order_number": number}), &["/order_number"]),
        post("/erp/resync-order", &owner, json!({"order_number": number}), &["/order_number"]),
        post(&format!("/orders/{placed}/invoice"), &owner, json!({"date": today}), &[]),
        post(
            &format!("/orders/{invoiced}/payments"),
            &owner,
            json!({"amount": "1.00", "method": "card", "reference": "4711", "received_at": "2026-03-31T10:00:00Z"}),
            &["/amount", "/method"],
        ),
        post(
            &format!("/orders/{owed}/refunds"),
            &owner,
            json!({"amount": "1.00", "method": "card", "reference": "4711"}),
            &["/amount", "/method"],
        ),
        post(
            &format!("/orders/{invoiced}/fulfilments"),
            &owner,
            json!({
                "carrier": "UPS", "tracking_number": "1Z9",
                "lines": [{"order_line_id": order_line, "quantity": 1}],
            }),
            &["/carrier", "/tracking_number", "/lines/0/order_line_id", "/lines/0/quantity"],
        ),
        post(
            "/returns",
            &owner,
            json!({
                "order_id": invoiced,
                "lines": [{"order_line_id": order_line, "quantity": 1, "restock": true, "reason": "Too small"}],
                "credit_shipping": true,
            }),
            &["/order_id", "/lines", "/lines/0/order_line_id", "/lines/0/quantity", "/lines/0/restock"],
        ),
    ]
}

const ADDRESSED: [&str; 8] = [
    "/billing_address/street1",
    "/billing_address/city",
    "/billing_address/postal_code",
    "/billing_address/country",
    "/shipping_address/street1",
    "/shipping_address/city",
    "/shipping_address/postal_code",
    "/shipping_address/country",
];

fn address() -> Value {
    json!({"name": "Olga Berg", "company": "Berg", "street1": "Main 1", "street2": "Rear", "city": "Oslo",
        "region": "BE", "postal_code": "3000", "country": "NO", "phone": "1"})
}

fn whole_customer() -> Value {
    json!({"email": "olga@example.com", "first_name": "Olga", "last_name": "Berg", "company": "Berg", "phone": "1",
        "billing_address": address(), "shipping_address": address(), "payment_terms_days": 14, "note": "Rings twice"})
}

/// An order that waits for its invoice, one that is invoiced, and one of which the customer is
/// owed money.
async fn orders(owner: &Caller, product: &str) -> [Value; 3] {
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let placed = owner.order(product, 1).await.expect(201);
    owner.patch("/client", &json!({"auto_invoice": true})).await.expect(200);
    let [invoiced, owed] = [owner.order(product, 2).await.expect(201), owner.order(product, 1).await.expect(201)];
    let pay = format!("/orders/{}/payments", owed["id"].as_str().expect("an id"));
    owner.post(&pay, &json!({"amount": "9.99", "method": "card"})).await.expect(201);
    let back = json!({"order_line_id": owed["lines"][0]["id"], "quantity": 1, "restock": true});
    owner.post("/returns", &json!({"order_id": owed["id"], "lines": [back]})).await.expect(201);
    [placed, invoiced, owed]
}

/// A version of this order that did not reach the ERP.
fn failed_sync(world: &World, order: &str) -> String {
    let id = uuid::Uuid::now_v7().to_string();
    let insert = format!(
        "INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, attempts, \
         max_attempts, idempotency_key, last_error, created_at, updated_at, finished_at) \
         SELECT tenant_id, '{id}', id, 'SO-X', 1000, 'resync', 'failed', 5, 5, '{id}', 'x', now(), now(), now() \
         FROM orders WHERE id = '{order}'"
    );
    world.database(Login::Owner).batch_execute(&insert).expect("a row");
    id
}

/// A job that was given up, of the client that has this order.
fn dead_job(world: &World, order: &str) -> String {
    let id = uuid::Uuid::now_v7().to_string();
    let insert = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, state, run_at, attempts, max_attempts, \
         last_error, created_at, finished_at) SELECT tenant_id, '{id}', 'nobody_knows_it', 1, '{{}}', 'dead', now(), 5, \
         5, 'x', now(), now() FROM orders WHERE id = '{order}'"
    );
    world.database(Login::Owner).batch_execute(&insert).expect("a row");
    id
}

/// The one operation of this method and path.
pub fn pick<'a>(operations: &'a [Operation], method: &Method, path: &str) -> &'a Operation {
    operations.iter().find(|o| o.method == method && o.path.starts_with(path)).expect("an operation")
}

/// Pointers to everything in a value but itself, with what stands there.
pub fn everything_in(value: &Value) -> Vec<(String, Value)> {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (format!("/{name}"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (format!("/{at}"), value)).collect(),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (pointer, part) in parts {
        found.push((pointer.clone(), part.clone()));
        found.extend(everything_in(part).into_iter().map(|(below, value)| (format!("{pointer}{below}"), value)));
    }
    found
}
