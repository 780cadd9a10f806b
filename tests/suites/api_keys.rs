//! API keys: making, using, revoking; never more than their maker.

use chrono::{Duration, SecondsFormat};
use countinghouse_api::platform::clock::Clock;
use countinghouse_client::Client;
use countinghouse_contract::{api_keys::NewApiKey, auth, products::ProductQuery};
use countinghouse_tests::{Answer, Caller, Login, PASSWORD, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn log_in_as(world: &World, owner: &Caller, username: &str, permissions: &[&str]) -> Caller {
    owner.post("/roles", &json!({"name": username, "permissions": permissions})).await.expect(201);
    let user = json!({"username": username, "password": PASSWORD, "role": username});
    owner.post("/users", &user).await.expect(201);
    world.log_in(&world.north, username).await
}

async fn put_role(owner: &Caller, name: &str, permissions: &[&str]) {
    let request = owner.request(reqwest::Method::PUT, &format!("/roles/{name}"));
    Answer::of(request.json(&json!({"permissions": permissions}))).await.expect(200);
}

fn path(made: &Value) -> String {
    format!("/api-keys/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_key_is_shown_once_and_works_in_its_makers_name() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({"name": "Web shop", "permissions": ["orders:write", "products:read", "products:read"]});
    let answer = owner.post("/api-keys", &body).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.expect(201);
    let key = made["key"].as_str().unwrap().to_owned();
    let (tenant, id) = (world.north.id.0.simple().to_string(), made["id"].as_str().unwrap().replace('-', ""));
    assert!(key.starts_with(&format!("ch_{tenant}_{id}_")) && key.len() == 3 + 33 + 33 + 43, "{key}");
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("key");
    let expected = json!({
        "id": made["id"], "name": "Web shop", "permissions": ["products:read", "orders:write"],
        "created_by": world.north.user("owner"), "created_at": made["created_at"], "expires_at": null,
        "last_used_at": null,
    });
    assert_eq!(shown, expected);
    assert_eq!(owner.get("/api-keys").await.expect(200), json!({"data": [shown], "next_cursor": null}));

    let product = owner.product("A", "9.99", 5).await;
    let software = world.software(&made);
    let order = software.order(&product, 2).await.expect(201);
    assert_eq!(
        (&order["created_by"], &order["order_number"]),
        (&json!(world.north.user("owner")), &json!("SO-000001"))
    );
    let me = software.get("/auth/me").await.expect(200);
    assert_eq!((&me["session_id"], &me["api_key_id"]), (&Value::Null, &made["id"]));
    assert_eq!((&me["user"]["username"], &me["permissions"]), (&json!("owner"), &expected["permissions"]));
    assert_eq!(owner.get("/auth/me").await.expect(200)["api_key_id"], Value::Null);
    software.get("/users").await.problem(403, "permission_denied");
    // Costs are a permission of their own, which this key was not given.
    assert!(software.get(&format!("/products/{product}")).await.expect(200).get("average_cost").is_none());
    // The secret stands nowhere in the database.
    let secret = key.rsplit_once(&format!("{id}_")).unwrap().1.to_owned();
    let dump = "SELECT string_agg(to_jsonb(k)::text, '') AS text FROM api_keys k";
    let kept: Text = sql_query(dump).get_result(&mut world.database(Login::Owner)).unwrap();
    assert!(!kept.text.contains(&secret) && kept.text.contains("secret_sha256"));
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    text: String,
}

/// What an integrator does, with the typed client.
#[tokio::test]
async fn the_typed_client_makes_uses_and_revokes_a_key() {
    let world = World::start().await;
    let client = Client::new(&world.base_url).unwrap();
    let [client_id, username, password] = ["north", "owner", PASSWORD].map(str::to_owned);
    let owner = client.login(auth::Login { client_id, username, password, totp_code: None }).await.unwrap();
    let wanted = NewApiKey { name: "shop".to_owned(), permissions: vec!["products:read".to_owned()], expires_at: None };
    let made = owner.create_api_key(&wanted).await.unwrap();
    let shop = client.with_api_key(&made.key);
    assert_eq!(shop.me().await.unwrap().api_key_id, Some(made.api_key.id));
    assert!(shop.products(&ProductQuery::default()).await.unwrap().data.is_empty());
    assert!(shop.user().is_none() && !format!("{shop:?} {made:?}").contains(&made.key));
    assert_eq!(shop.create_api_key(&wanted).await.unwrap_err().code(), Some("people_only"));
    let listed = owner.all_api_keys().await.unwrap();
    assert_eq!(listed.iter().map(|key| key.id).collect::<Vec<_>>(), [made.api_key.id]);
    owner.revoke_api_key(made.api_key.id).await.unwrap();
    let refused = shop.products(&ProductQuery::default()).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (Some(401), Some("api_key_ended")));
    assert_eq!(owner.revoke_api_key(made.api_key.id).await.unwrap_err().code(), Some("not_found"));
}

#[tokio::test]
async fn what_is_no_key_of_ours_is_the_same_answer() {
    let world = World::start().await;
    let owner = world.owner();
    let made = owner.api_key(&["products:read"]).await;
    let revoked = owner.api_key(&["products:read"]).await;
    owner.delete(&path(&revoked)).await.expect(204);
    let key = made["key"].as_str().unwrap();
    let wrong_secret = |key: &str| format!("{}{}", &key[..key.len() - 43], "A".repeat(43));
    let foreign = key.replace(&world.north.id.0.simple().to_string(), &world.south.id.0.simple().to_string());
    let never = key.replace(&made["id"].as_str().unwrap().replace('-', ""), &uuid::Uuid::now_v7().simple().to_string());
    let mut answers = Vec::new();
    for text in [
        "".to_owned(),
        "x".to_owned(),
        "ch_".to_owned(),
        key.replace("ch_", "chr_"),
        format!("{key}A"),
        wrong_secret(key),
        // Nobody learns from it that there was such a key.
        wrong_secret(revoked["key"].as_str().unwrap()),
        foreign,
        never,
        "ü".to_owned(),
    ] {
        // While the right key is remembered, and before.
        for _ in 0..2 {
            let mut problem = world.nobody().with_key(&text).get("/products").await.problem(401, "unauthenticated");
            problem["request_id"] = Value::Null;
            answers.push(problem.to_string());
            world.software(&made).get("/products").await.expect(200);
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // A key is no bearer token, and a token is no key.
    world.with_token(key).get("/products").await.problem(401, "unauthenticated");
    world.nobody().with_key(owner.token()).get("/products").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_key_is_revoked_or_expires_at_once() {
    let world = World::start().await;
    let (owner, now) = (world.owner(), world.clock.now());
    let made = owner.api_key(&["products:read"]).await;
    let software = world.software(&made);
    software.get("/products").await.expect(200);
    world.caller(&world.south, "owner").delete(&path(&made)).await.problem(404, "not_found");
    world.caller(&world.north, "manager").delete(&path(&made)).await.problem(403, "permission_denied");
    software.get("/products").await.expect(200);
    owner.delete(&path(&made)).await.expect(204);
    software.get("/products").await.problem(401, "api_key_ended");
    owner.delete(&path(&made)).await.problem(404, "not_found");
    owner.delete("/api-keys/x").await.problem(404, "not_found");
    assert_eq!(owner.get("/api-keys").await.expect(200)["data"], json!([]));

    let at = |seconds| (now + Duration::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Micros, true);
    let body = json!({"name": "short", "permissions": ["products:read"], "expires_at": at(60)});
    let short = owner.post("/api-keys", &body).await.expect(201);
    assert_eq!(short["expires_at"].as_str().unwrap()[..19], at(60)[..19]);
    let software = world.software(&short);
    software.get("/products").await.expect(200);
    world.clock.advance(Duration::seconds(61));
    software.get("/products").await.problem(401, "api_key_ended");
    software.get("/products").await.problem(401, "api_key_ended");
}

#[tokio::test]
async fn every_field_of_a_new_key_has_its_form() {
    let world = World::start().await;
    let owner = world.owner();
    let past = world.clock.now().to_rfc3339();
    let body = json!({"name": " ", "permissions": ["products:read", "fly"], "expires_at": past});
    let faults = [("/name", "too_short"), ("/permissions/1", "unknown_permission"), ("/expires_at", "out_of_range")];
    owner.post("/api-keys", &body).await.invalid(&faults);
    let body = json!({"name": "x".repeat(101), "permissions": [], "expires_at": "+12000-01-01T00:00:00Z"});
    let answer = owner.post("/api-keys", &body).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    owner.post("/api-keys", &json!({"name": "x", "permissions": []})).await.invalid(&[("/permissions", "too_few")]);
    let body = json!({"name": "x", "permissions": ["products:read"], "key": "mine"});
    owner.post("/api-keys", &body).await.invalid(&[("/key", "unknown_field")]);
    assert_eq!(owner.get("/api-keys").await.expect(200)["data"], json!([]));
}

/// Demoted, given another role, the role changed: the key follows on its next request, and gets no
/// more back than it was given.
#[tokio::test]
async fn a_key_has_what_its_maker_has_now() {
    let world = World::start().await;
    let owner = world.owner();
    let maker = log_in_as(&world, &owner, "maker", &["api_keys:write", "products:read", "orders:read"]).await;
    let made = maker.api_key(&["products:read", "orders:read"]).await;
    let software = world.software(&made);
    let may = async |path: &str, yes: bool| match yes {
        true => drop(software.get(path).await.expect(200)),
        false => drop(software.get(path).await.problem(403, "permission_denied")),
    };
    may("/products", true).await;
    put_role(&owner, "maker", &["api_keys:write", "orders:read"]).await;
    may("/products", false).await;
    may("/orders", true).await;
    put_role(&owner, "maker", &["products:read", "orders:read", "users:read"]).await;
    may("/products", true).await;
    may("/users", false).await;
    let user = software.get("/auth/me").await.expect(200)["user"]["id"].clone();
    let user = format!("/users/{}", user.as_str().unwrap());
    owner.patch(&user, &json!({"role": "technician"})).await.expect(200);
    may("/orders", false).await;
    may("/products", true).await;
    owner.patch(&user, &json!({"role": "owner"})).await.expect(200);
    may("/orders", true).await;
    may("/users", false).await;
    // A new password that was set for the maker is no matter of the key's; their end is.
    owner.post(&format!("{user}/reset-password"), &json!({})).await.expect(200);
    may("/orders", true).await;
    owner.patch(&user, &json!({"disabled": true})).await.expect(200);
    software.get("/orders").await.problem(401, "api_key_ended");
    owner.patch(&user, &json!({"disabled": false})).await.expect(200);
    may("/orders", true).await;
    owner.delete(&user).await.expect(204);
    software.get("/orders").await.problem(401, "api_key_ended");
}

#[tokio::test]
async fn nobody_makes_a_key_that_can_do_more_and_no_key_makes_another() {
    let world = World::start().await;
    let owner = world.owner();
    let weak = log_in_as(&world, &owner, "weak", &["api_keys:read", "api_keys:write", "products:read"]).await;
    let body = |permissions: &[&str]| json!({"name": "x", "permissions": permissions});
    for more in ["orders:read", "costs:read", "users:write"] {
        weak.post("/api-keys", &body(&["products:read", more])).await.problem(403, "cannot_grant");
    }
    // Demoted a moment ago, though the service remembers otherwise.
    weak.get("/auth/me").await.expect(200);
    put_role(&owner, "weak", &["api_keys:write"]).await;
    weak.post("/api-keys", &body(&["products:read"])).await.problem(403, "cannot_grant");
    let strong = owner.api_key(&["api_keys:read", "api_keys:write", "products:read"]).await;
    let software = world.software(&strong);
    software.post("/api-keys", &body(&["products:read"])).await.problem(403, "people_only");
    software.delete(&path(&strong)).await.problem(403, "people_only");
    assert_eq!(software.get("/api-keys").await.expect(200)["data"].as_array().unwrap().len(), 1);
    // Whoever may make keys stops any, also one that can do more than they can.
    put_role(&owner, "weak", &["api_keys:write"]).await;
    weak.delete(&path(&strong)).await.expect(204);
    software.get("/products").await.problem(401, "api_key_ended");
}

#[tokio::test]
async fn use_is_noted_to_the_minute_and_many_at_once_do_not_wait_for_the_note() {
    let world = World::builder().pool(6).workers(2).start().await;
    let owner = world.owner();
    let made = owner.api_key(&["products:read"]).await;
    let software = world.software(&made);
    let used = async || owner.get("/api-keys").await.expect(200)["data"][0]["last_used_at"].clone();
    assert_eq!(used().await, Value::Null);
    software.get("/products").await.expect(200);
    let first = used().await;
    assert!(first.is_string(), "{first}");
    world.clock.advance(Duration::seconds(20));
    software.get("/products").await.expect(200);
    assert_eq!(used().await, first);
    world.clock.advance(Duration::seconds(50));
    // Somebody holds the key's row: nobody waits for it.
    let mut holder = world.database(Login::Owner);
    holder.batch_execute("BEGIN; SELECT FROM api_keys FOR NO KEY UPDATE").unwrap();
    for answer in join_all((0..12).map(|_| software.get("/products"))).await {
        answer.expect(200);
    }
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(used().await, first);
    world.clock.advance(Duration::seconds(61));
    join_all((0..12).map(|_| software.get("/products"))).await;
    assert_ne!(used().await, first);
}

#[tokio::test]
async fn keys_are_listed_newest_first_and_page_by_page() {
    let world = World::start().await;
    let owner = world.owner();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, owner.api_key(&["products:read"]).await["id"].clone());
    }
    world.caller(&world.south, "owner").api_key(&["products:read"]).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    while seen.len() < 5 {
        let page = owner.get(&format!("/api-keys?limit=2{cursor}")).await.expect(200);
        assert!(!page.to_string().contains("\"key\"") && !page.to_string().contains("sha256"), "{page}");
        seen.extend(page["data"].as_array().unwrap().iter().map(|key| key["id"].clone()));
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
    }
    assert_eq!(seen, ids);
    owner.get("/api-keys?cursor=x").await.invalid(&[("/cursor", "invalid_cursor")]);
}
