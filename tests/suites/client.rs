//! A client's profile: what it holds, who changes it, and how its policies and currency act.

use countinghouse_tests::{Answer, Caller, Login, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// What a client begins with.
fn fresh() -> Value {
    json!({
        "slug": "north", "name": "north", "currency": "EUR", "time_zone": "Europe/Berlin", "business_overview": null,
        "opening_hours": null, "closing_hours": null, "max_discount_pct": "100.00", "return_refund_policy": null,
        "sales_commission_pct": "0.00", "payment_terms_days": 30, "whatsapp_number": null, "messenger": null,
        "required_api_keys": [], "allowed_origins": [], "prices_include_tax": false, "shipping_tax_rate": "0.00",
        "auto_invoice": true, "low_stock_threshold": null, "version": 1,
    })
}

async fn patch_seen(caller: &Caller, tag: &str, body: &Value) -> Answer {
    Answer::of(caller.request(Method::PATCH, "/client").header("If-Match", tag).json(body)).await
}

#[tokio::test]
async fn a_profile_begins_with_its_defaults_and_keeps_what_it_is_given() {
    let world = World::start().await;
    let owner = world.owner();
    let seen = owner.get("/client").await;
    assert_eq!(seen.header("etag"), "\"1\"");
    assert_eq!(seen.expect(200), fresh());
    let change = json!({
        "name": "North & Sons", "currency": "JPY", "time_zone": "Asia/Tokyo", "business_overview": "Lamps\nand shades",
        "opening_hours": "09:00", "closing_hours": "02:30", "max_discount_pct": "12.5", "return_refund_policy": "30 days",
        "sales_commission_pct": "3.3333", "payment_terms_days": 0, "whatsapp_number": "+4915112345678",
        "messenger": "@north", "allowed_origins": ["https://shop.example.com", "http://localhost:3000"],
        "prices_include_tax": true, "shipping_tax_rate": "19", "auto_invoice": false, "low_stock_threshold": 0,
    });
    let changed = owner.patch("/client", &change).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.expect(200);
    let mut expected = fresh();
    for (name, value) in change.as_object().unwrap() {
        expected[name] = value.clone();
    }
    for (name, value) in [("max_discount_pct", "12.50"), ("shipping_tax_rate", "19.00")] {
        expected[name] = json!(value);
    }
    expected["version"] = json!(2);
    assert_eq!(changed, expected);
    assert_eq!(owner.get("/client").await.expect(200), expected);
    // The same again is no change; null clears what may be empty.
    assert_eq!(owner.patch("/client", &change).await.expect(200), expected);
    let cleared = json!({
        "business_overview": null, "opening_hours": null, "closing_hours": null, "return_refund_policy": null,
        "whatsapp_number": null, "messenger": null, "allowed_origins": null, "low_stock_threshold": null,
    });
    let cleared = owner.patch("/client", &cleared).await.expect(200);
    assert_eq!(
        (&cleared["messenger"], &cleared["allowed_origins"], &cleared["version"]),
        (&Value::Null, &json!([]), &json!(3))
    );
    assert_eq!(world.caller(&world.south, "owner").get("/client").await.expect(200)["version"], 1);
}

#[tokio::test]
async fn everybody_reads_the_profile_and_only_the_owner_changes_it() {
    let world = World::start().await;
    for role in ["manager", "sales", "warehouse", "accountant", "technician", "viewer"] {
        let caller = world.caller(&world.north, role);
        assert_eq!(caller.get("/client").await.expect(200), fresh(), "{role}");
        caller.patch("/client", &json!({"max_discount_pct": "50"})).await.problem(403, "permission_denied");
    }
    assert_eq!(world.owner().get("/client").await.expect(200), fresh());
}

#[tokio::test]
async fn every_field_has_its_form() {
    let world = World::start().await;
    let owner = world.owner();
    let many: Vec<String> = (0..21).map(|at| format!("https://shop{at}.example.com")).collect();
    for (field, value, fault) in [
        ("name", json!(""), ("/name", "too_short")),
        ("name", Value::Null, ("/name", "required")),
        ("time_zone", json!("Moon/Base"), ("/time_zone", "unknown_time_zone")),
        ("currency", json!("XXX"), ("/currency", "invalid_value")),
        ("currency", Value::Null, ("/currency", "required")),
        ("business_overview", json!("x".repeat(10_001)), ("/business_overview", "too_long")),
        ("return_refund_policy", json!("a\u{7}b"), ("/return_refund_policy", "invalid_characters")),
        ("opening_hours", json!("9:00"), ("/opening_hours", "invalid_time")),
        ("closing_hours", json!("24:00"), ("/closing_hours", "invalid_time")),
        ("max_discount_pct", json!("100.01"), ("/max_discount_pct", "invalid_rate")),
        ("max_discount_pct", json!("-1"), ("/max_discount_pct", "invalid_rate")),
        ("max_discount_pct", json!(10), ("/max_discount_pct", "invalid_type")),
        ("sales_commission_pct", json!("1.00001"), ("/sales_commission_pct", "invalid_rate")),
        ("shipping_tax_rate", Value::Null, ("/shipping_tax_rate", "required")),
        ("payment_terms_days", json!(-1), ("/payment_terms_days", "out_of_range")),
        ("payment_terms_days", json!(3651), ("/payment_terms_days", "out_of_range")),
        ("payment_terms_days", json!("30"), ("/payment_terms_days", "invalid_type")),
        ("whatsapp_number", json!("0151 123"), ("/whatsapp_number", "invalid_telephone_number")),
        ("messenger", json!("two\nlines"), ("/messenger", "invalid_characters")),
        ("allowed_origins", json!(["*"]), ("/allowed_origins/0", "invalid_origin")),
        ("allowed_origins", json!(["https://a.example/"]), ("/allowed_origins/0", "invalid_origin")),
        ("allowed_origins", json!(["https://a.example", "https://a.example"]), ("/allowed_origins/1", "duplicate")),
        ("allowed_origins", json!(many), ("/allowed_origins", "too_many")),
        ("prices_include_tax", Value::Null, ("/prices_include_tax", "required")),
        ("auto_invoice", json!("yes"), ("/auto_invoice", "invalid_type")),
        ("low_stock_threshold", json!(-1), ("/low_stock_threshold", "out_of_range")),
        ("low_stock_threshold", json!(1_000_000_001), ("/low_stock_threshold", "out_of_range")),
        ("slug", json!("other"), ("/slug", "unknown_field")),
        ("version", json!(7), ("/version", "unknown_field")),
        ("required_api_keys", json!([]), ("/required_api_keys", "unknown_field")),
        ("status", json!("active"), ("/status", "unknown_field")),
    ] {
        owner.patch("/client", &json!({field: value})).await.invalid(&[fault]);
    }
    let both = json!({"opening_hours": "noon", "max_discount_pct": "101", "name": null});
    let faults = [("/name", "required"), ("/max_discount_pct", "invalid_rate"), ("/opening_hours", "invalid_time")];
    owner.patch("/client", &both).await.invalid(&faults);
    assert_eq!(owner.get("/client").await.expect(200), fresh());
}

#[tokio::test]
async fn client_and_superadmins_count_one_version_and_overwrite_nothing_unseen() {
    let world = World::start().await;
    let (owner, admin) = (world.owner(), world.superadmin());
    patch_seen(&owner, "\"1\"", &json!({"messenger": "@north"})).await.expect(200);
    let stale = admin.request(Method::PATCH, "/admin/tenants/north").header("If-Match", "\"1\"");
    Answer::of(stale.json(&json!({"name": "x"}))).await.problem(412, "version_mismatch");
    let renamed = admin.patch("/admin/tenants/north", &json!({"name": "Renamed"})).await.expect(200);
    assert_eq!(renamed["version"], 3);
    assert!(renamed.get("max_discount_pct").is_none(), "{renamed}");
    patch_seen(&owner, "\"2\"", &json!({"messenger": null})).await.problem(412, "version_mismatch");
    let profile = owner.get("/client").await.expect(200);
    assert_eq!((&profile["name"], &profile["messenger"]), (&json!("Renamed"), &json!("@north")));
    // Of many who have seen the same version, one changes it.
    let bodies: Vec<Value> = (0..6).map(|at| json!({"messenger": format!("@{at}")})).collect();
    let answers = join_all(bodies.iter().map(|body| patch_seen(&owner, "\"3\"", body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert_eq!(owner.get("/client").await.expect(200)["version"], 4);
}

/// Time zone and currency are remembered with the caller: the change acts at once all the same.
#[tokio::test]
async fn a_change_acts_on_the_next_request() {
    let world = World::start().await;
    let (owner, sales) = (world.owner(), world.caller(&world.north, "sales"));
    sales.get("/auth/me").await.expect(200);
    owner.patch("/client", &json!({"currency": "JPY", "time_zone": "Asia/Tokyo"})).await.expect(200);
    let client = sales.get("/auth/me").await.expect(200)["client"].clone();
    assert_eq!([&client["currency"], &client["time_zone"]], ["JPY", "Asia/Tokyo"]);
    // Amounts are read in the new currency by the very next request.
    let whole = json!({"sku": "A", "name": "A", "price": "1200", "opening_stock": {"quantity": 3, "unit_cost": "500"}});
    assert_eq!(owner.post("/products", &whole).await.expect(201)["currency"], "JPY");
    let broken = json!({"sku": "B", "name": "B", "price": "12.50"});
    owner.post("/products", &broken).await.invalid(&[("/price", "too_precise")]);
}

/// What is remembered with every caller is out of date as soon as a policy changes.
#[tokio::test]
async fn a_changed_policy_is_read_anew_and_other_fields_are_not() {
    #[derive(QueryableByName)]
    struct Stamp {
        #[diesel(sql_type = sql_types::BigInt)]
        rights_version: i64,
    }
    let world = World::start().await;
    let owner = world.owner();
    let stamp = || {
        let query = "SELECT rights_version FROM tenants WHERE slug = 'north'";
        sql_query(query).get_result::<Stamp>(&mut world.database(Login::Owner)).unwrap().rights_version
    };
    for (policy, raises) in [
        (json!({"max_discount_pct": "10"}), 1),
        (json!({"sales_commission_pct": "10"}), 1),
        (json!({"shipping_tax_rate": "10"}), 1),
        (json!({"payment_terms_days": 10}), 1),
        (json!({"prices_include_tax": true}), 1),
        (json!({"auto_invoice": false}), 1),
        (json!({"low_stock_threshold": 10}), 1),
        (json!({"allowed_origins": ["https://a.example"]}), 1),
        (json!({"messenger": "@north", "business_overview": "x", "name": "y"}), 0),
    ] {
        let before = stamp();
        owner.patch("/client", &policy).await.expect(200);
        assert_eq!(stamp() - before, raises, "{policy}");
    }
}

#[tokio::test]
async fn the_currency_stays_once_amounts_are_kept_in_it() {
    let world = World::start().await;
    let owner = world.owner();
    owner.patch("/client", &json!({"currency": "JPY"})).await.expect(200);
    owner.patch("/client", &json!({"currency": "EUR"})).await.expect(200);
    let product = owner.product("A", "1.00", 5).await;
    let before = owner.get("/client").await.expect(200);
    let change = json!({"currency": "USD", "name": "Other"});
    owner.patch("/client", &change).await.problem(409, "currency_in_use");
    owner.order(&product, 1).await.expect(201);
    owner.delete(&format!("/products/{product}")).await.expect(204);
    owner.patch("/client", &change).await.problem(409, "currency_in_use");
    assert_eq!(owner.get("/client").await.expect(200), before);
    owner.patch("/client", &json!({"currency": "EUR", "name": "Other"})).await.expect(200);
    // Another client's products bind nobody else.
    world.caller(&world.south, "owner").patch("/client", &json!({"currency": "GBP"})).await.expect(200);
}

/// A first product and a change of currency at the same moment: whatever comes first, no product
/// is left in a currency that is not the client's.
#[tokio::test]
async fn a_first_product_and_another_currency_at_once_do_not_miss_each_other() {
    #[derive(QueryableByName)]
    struct Stray {
        #[diesel(sql_type = sql_types::BigInt)]
        products: i64,
    }
    let world = World::builder().pool(8).workers(2).start().await;
    let owner = world.owner();
    for _ in 0..15 {
        let change = json!({"currency": "USD"});
        let product = json!({"sku": "A", "name": "A", "price": "1.00"});
        let (changed, made) = tokio::join!(owner.patch("/client", &change), owner.post("/products", &product));
        match (changed.status, made.status) {
            (200, 201) | (409, 201) => {}
            (200, 409) => drop(made.problem(409, "currency_changed")),
            _ => panic!("{changed:?} {made:?}"),
        }
        let stray = "SELECT count(*) AS products FROM products p JOIN tenants t ON t.id = p.tenant_id \
                     WHERE p.currency <> t.currency";
        let mut database = world.database(Login::Owner);
        assert_eq!(sql_query(stray).get_result::<Stray>(&mut database).unwrap().products, 0);
        let undo = "DELETE FROM stock; DELETE FROM products; UPDATE tenants SET currency = 'EUR' WHERE slug = 'north'";
        database.batch_execute(undo).unwrap();
    }
}

/// The database refuses by itself what the service would not write, and lets the app write no
/// more of a client than its profile.
#[tokio::test]
async fn the_database_keeps_the_bounds_too() {
    let world = World::start().await;
    let mut app = world.database(Login::App);
    app.batch_execute(&format!("SET app.tenant_id = '{}'", world.north.id)).unwrap();
    for (column, value, constraint) in [
        ("max_discount_pct", "1000001", "tenants_max_discount_bounds"),
        ("sales_commission_pct", "-1", "tenants_commission_bounds"),
        ("shipping_tax_rate", "1000001", "tenants_shipping_tax_bounds"),
        ("payment_terms_days", "-1", "tenants_payment_terms_bounds"),
        ("low_stock_threshold", "-1", "tenants_threshold_bounds"),
        ("opening_hours", "'nine'", "tenants_opening_hours_form"),
        ("closing_hours", "'24:00'", "tenants_closing_hours_form"),
        ("whatsapp_number", "'0151'", "tenants_whatsapp_number_form"),
        ("allowed_origins", "array_fill('x'::text, ARRAY[21])", "tenants_allowed_origins_few"),
    ] {
        let refused = app.batch_execute(&format!("UPDATE tenants SET {column} = {value}")).unwrap_err().to_string();
        assert!(refused.contains(constraint), "{column}: {refused}");
    }
    for column in ["slug", "status", "suspended_reason", "rights_version", "id", "created_at"] {
        let refused = app.batch_execute(&format!("UPDATE tenants SET {column} = {column}")).unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{column}: {refused}");
    }
}
