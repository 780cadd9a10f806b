//! The audit log: who did what to what, there exactly when it was done, and for whom it is.

use countinghouse_tests::{Answer, Caller, Login, PASSWORD, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use serde_json::{Value, json};

/// All entries that the caller is shown, newest first.
async fn entries(caller: &Caller, query: &str) -> Vec<Value> {
    caller.get(&format!("/audit{query}")).await.expect(200)["data"].as_array().expect("a list").clone()
}

async fn actions(caller: &Caller, query: &str) -> Vec<String> {
    entries(caller, query).await.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

fn count(world: &World, from: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        n: i64,
    }
    let query = sql_query(format!("SELECT count(*) AS n FROM {from}"));
    query.get_result::<Count>(&mut world.database(Login::Owner)).expect("a number").n
}

#[tokio::test]
async fn a_change_of_rights_stands_with_who_did_it_and_how_it_was() {
    let world = World::start().await;
    let owner = world.owner();
    let user = json!({"username": "ines", "password": PASSWORD, "role": "sales", "email": "ines@example.com"});
    let id = owner.post("/users", &user).await.expect(201)["id"].clone();
    let path = format!("/users/{}", id.as_str().unwrap());
    owner.patch(&path, &json!({"role": "manager", "email": null})).await.expect(200);
    owner.patch(&path, &json!({"role": "manager"})).await.expect(200);
    owner.delete(&path).await.expect(204);

    let log = entries(&owner, "").await;
    let said: Vec<&str> = log.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(said, ["user.deleted", "user.changed", "user.created"]);
    for entry in &log {
        assert_eq!(entry["actor"], json!({"kind": "user", "id": world.north.user("owner")}));
        assert_eq!(entry["resource"], json!({"kind": "user", "id": id}));
    }
    assert_eq!(log[1]["before"], json!({"role": "sales", "email": "***"}));
    assert_eq!(log[1]["after"], json!({"role": "manager", "email": null}));
    let made = json!({"username": "ines", "role": "sales", "email": "***", "disabled": false});
    assert_eq!((&log[2]["before"], &log[2]["after"]), (&Value::Null, &made));
}

#[tokio::test]
async fn a_price_stands_as_it_was_and_is_and_software_by_its_key() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 3).await;
    let made = owner.api_key(&["products:write"]).await;
    let software = world.software(&made);
    let change = json!({"price": "12.50", "description": "Better"});
    software.patch(&format!("/products/{product}"), &change).await.expect(200);
    owner.delete(&format!("/products/{product}")).await.expect(204);
    owner.delete(&format!("/products/{product}")).await.expect(204);

    let log = entries(&owner, &format!("?resource=product:{product}")).await;
    assert_eq!(log.len(), 3);
    assert_eq!((&log[0]["before"], &log[0]["after"]), (&json!({"active": true}), &json!({"active": false})));
    assert_eq!(log[1]["actor"], json!({"kind": "api_key", "id": made["id"]}));
    assert_eq!(log[1]["before"], json!({"price": "9.99", "description": null}));
    assert_eq!(log[1]["after"], json!({"price": "12.50", "description": "***"}));
    let made = &log[2]["after"];
    assert_eq!((&made["on_hand"], &made["inventory_value"]), (&json!(3), &json!("12.00")));
}

#[tokio::test]
async fn an_entry_is_there_exactly_when_its_change_is() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 0).await;
    let before = count(&world, "audit_log");
    let patch = owner.request(reqwest::Method::PATCH, &format!("/products/{product}")).header("If-Match", "\"7\"");
    Answer::of(patch.json(&json!({"price": "1.00"}))).await.problem(412, "version_mismatch");
    let taken = json!({"sku": "A", "name": "A", "price": "1.00"});
    owner.post("/products", &taken).await.problem(409, "sku_taken");
    let manager = world.caller(&world.north, "manager");
    let too_much = json!({"name": "x", "permissions": ["users:write"]});
    manager.post("/api-keys", &too_much).await.problem(403, "permission_denied");
    let last_owner = format!("/users/{}", world.north.user("owner"));
    owner.patch(&last_owner, &json!({"role": "sales"})).await.problem(409, "last_owner");
    let wrong = json!({"current_password": "not it at all", "new_password": "another good one"});
    owner.post("/auth/password", &wrong).await.problem(403, "wrong_password");
    assert_eq!(count(&world, "audit_log"), before);
}

#[tokio::test]
async fn filters_narrow_and_pages_follow_each_other() {
    let world = World::start().await;
    let owner = world.owner();
    for name in ["one", "two", "three"] {
        owner.post("/roles", &json!({"name": name, "permissions": ["orders:read"]})).await.expect(201);
    }
    owner.delete("/roles/two").await.expect(204);
    world.superadmin().patch("/admin/tenants/north", &json!({"name": "Norden"})).await.expect(200);
    let me = world.north.user("owner");
    assert_eq!(actions(&owner, "?action=role.deleted").await, ["role.deleted"]);
    assert_eq!(actions(&owner, "?resource=role:two").await, ["role.deleted", "role.created"]);
    assert_eq!(actions(&owner, "?resource=role&action=role.created").await.len(), 3);
    assert_eq!(actions(&owner, &format!("?actor={me}")).await.len(), 4);
    assert_eq!(actions(&owner, "?actor=superadmin").await, ["client.changed"]);
    assert_eq!(actions(&owner, &format!("?actor={}", world.south.user("owner"))).await, Vec::<String>::new());
    assert_eq!(actions(&owner, "?from=2000-01-01&to=2001-01-01").await, Vec::<String>::new());
    assert_eq!(actions(&owner, "?from=2000-01-01").await.len(), 5);

    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("/audit?limit=2{cursor}")).await.expect(200);
        paged.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        owner
            .get(&format!("/audit?limit=2&action=role.created{cursor}"))
            .await
            .invalid(&[("/cursor", "invalid_cursor")]);
    }
    assert_eq!(paged, entries(&owner, "").await);

    for (query, pointer, code) in [
        ("actor=me", "/actor", "unknown_actor"),
        ("action=role", "/action", "unknown_action"),
        ("resource=rolls", "/resource", "unknown_resource"),
        ("resource=role:%00", "/resource", "invalid_characters"),
        ("to=2000-01-01&from=2001-01-01", "/to", "out_of_range"),
        ("client=north", "/client", "unknown_field"),
    ] {
        owner.get(&format!("/audit?{query}")).await.invalid(&[(pointer, code)]);
    }
}

#[tokio::test]
async fn a_client_sees_its_own_entries_and_only_those_who_may() {
    let world = World::start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    owner.product("A", "9.99", 0).await;
    south.post("/roles", &json!({"name": "theirs", "permissions": ["orders:read"]})).await.expect(201);
    assert_eq!(actions(&owner, "").await, ["product.created"]);
    assert_eq!(actions(&south, "").await, ["role.created"]);
    assert_eq!(actions(&owner, "?resource=role:theirs").await, Vec::<String>::new());
    for (role, may) in [("manager", true), ("accountant", true), ("sales", false), ("viewer", false)] {
        let answer = world.caller(&world.north, role).get("/audit").await;
        assert_eq!(answer.status, if may { 200 } else { 403 }, "{role}");
    }
    let reader = world.software(&owner.api_key(&["audit:read"]).await);
    assert_eq!(actions(&reader, "").await, ["api_key.created", "product.created"]);
}

#[tokio::test]
async fn what_a_superadmin_does_to_a_client_stands_in_both_logs() {
    let world = World::start().await;
    let (superadmin, owner) = (world.superadmin(), world.owner());
    superadmin.post("/admin/tenants/north/suspend", &json!({"reason": "they owe us"})).await.expect(200);
    superadmin.post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    let manager = world.caller(&world.north, "manager");
    world.enrol(&manager).await;
    let reset = format!("/admin/tenants/north/users/{}/reset-2fa", world.north.user("manager"));
    superadmin.post(&reset, &json!({})).await.expect(204);

    let theirs = entries(&owner, "?actor=superadmin").await;
    let said: Vec<_> = theirs.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(said, ["user.second_factor_reset", "client.resumed", "client.suspended"]);
    assert_eq!(theirs[2]["after"], json!({"status": "suspended", "suspended_reason": "***"}));
    let own = superadmin.get("/admin/audit?tenant=north").await.expect(200)["data"].clone();
    let own = own.as_array().unwrap();
    assert_eq!(own.len(), 3);
    for (mine, of_client) in own.iter().zip(&theirs) {
        assert_eq!(
            (&mine["action"], &mine["actor"], &mine["resource"]),
            (&of_client["action"], &of_client["actor"], &of_client["resource"])
        );
        assert_eq!(mine["client_id"], json!(world.north.id));
    }
    assert_eq!(own[2]["after"], json!({"status": "suspended", "suspended_reason": "they owe us"}));
    assert_eq!(superadmin.get("/admin/audit?tenant=south").await.expect(200)["data"], json!([]));
    assert_eq!(entries(&world.caller(&world.south, "owner"), "").await, Vec::<Value>::new());
}

#[tokio::test]
async fn who_comes_in_and_is_made_a_superadmin_stands_in_the_operators_log() {
    let world = World::start().await;
    let mut wrong = world.superadmin_login();
    let log_in = wrong.clone();
    wrong["totp_code"] = json!("000000");
    world.nobody().post("/admin/auth/login", &wrong).await.problem(401, "invalid_credentials");
    let token = world.nobody().post("/admin/auth/login", &log_in).await.expect(200)["access_token"].clone();
    let superadmin = world.with_token(token.as_str().unwrap());
    superadmin.post("/admin/superadmins", &json!({"username": "deputy"})).await.expect(201);
    let client = json!({"slug": "third", "name": "Third", "currency": "EUR"});
    let body = json!({"client": client, "owner": {"username": "olga", "password": PASSWORD}});
    superadmin.post("/admin/tenants", &body).await.expect(201);
    superadmin.post("/admin/auth/logout", &json!({})).await.expect(204);

    let log = world.superadmin().get("/admin/audit").await.expect(200)["data"].clone();
    let said: Vec<_> = log.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected = [
        "superadmin.logged_out",
        "client.created",
        "superadmin.created",
        "superadmin.logged_in",
        "superadmin.login_refused",
        "superadmin.created",
    ];
    assert_eq!(said, expected);
    assert_eq!(log[2]["after"], json!({"username": "deputy"}));
    // The first one was made on the command line.
    assert_eq!(log[5]["actor"], json!({"kind": "operator", "id": null}));
    let one = world.superadmin().get("/admin/audit?action=superadmin.login_refused").await.expect(200);
    assert_eq!(one["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_secret_and_nobodys_address_gets_into_the_log() {
    let world = World::start().await;
    let (owner, superadmin) = (world.owner(), world.superadmin());
    let password = "a canary sings at dawn";
    let user = json!({"username": "wren", "password": password, "role": "viewer", "email": "wren@cage.example"});
    let id = owner.post("/users", &user).await.expect(201)["id"].as_str().unwrap().to_owned();
    let one_time = owner.post(&format!("/users/{id}/reset-password"), &json!({})).await.expect(200)["password"].clone();
    let key = owner.api_key(&["orders:read"]).await["key"].clone();
    let (totp, recovery) = world.enrol(&owner).await;
    owner.patch("/client", &json!({"whatsapp_number": "+4915112345678"})).await.expect(200);
    let deputy = superadmin.post("/admin/superadmins", &json!({"username": "deputy"})).await.expect(201);
    let mut canaries = vec![password.to_owned(), "wren@cage.example".to_owned(), "+4915112345678".to_owned(), totp];
    canaries.extend(recovery);
    for shown in [&one_time, &key, &deputy["password"], &deputy["totp_secret"]] {
        canaries.push(shown.as_str().unwrap().to_owned());
    }
    canaries.push(key.as_str().unwrap().rsplit('_').next().unwrap().to_owned());
    for log in ["audit_log", "platform_audit_log"] {
        assert!(count(&world, log) > 1, "{log}");
        for canary in &canaries {
            let held = format!("{log} e WHERE strpos(e::text, '{canary}') > 0");
            assert_eq!(count(&world, &held), 0, "{canary} in {log}");
        }
    }
    assert_eq!(count(&world, "audit_log e WHERE strpos(e::text, 'wren') > 0"), 1);
}

/// No login of the service changes or takes away what stands there, and neither does the owner.
#[tokio::test]
async fn the_log_is_only_added_to() {
    let world = World::start().await;
    world.owner().product("A", "9.99", 0).await;
    world.superadmin().patch("/admin/tenants/north", &json!({"name": "Norden"})).await.expect(200);
    let tables = ["audit_log", "audit_seals", "platform_audit_log"];
    for login in Login::SHIPPED {
        let mut conn = world.database(login);
        conn.batch_execute(&format!("SET app.tenant_id = '{}'", world.north.id)).unwrap();
        for table in tables {
            let column = if table == "audit_seals" { "seal = seal" } else { "action = 'x.y'" };
            for attempt in [format!("UPDATE {table} SET {column}"), format!("TRUNCATE {table}")] {
                assert!(conn.batch_execute(&attempt).is_err(), "{login:?}: {attempt}");
            }
        }
        for table in ["audit_log", "platform_audit_log"] {
            assert!(conn.batch_execute(&format!("DELETE FROM {table}")).is_err(), "{login:?}: {table}");
        }
    }
    assert_eq!(count(&world, "audit_log"), 2);
}
