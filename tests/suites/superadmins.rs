//! Superadmins make and list each other.

use crate::footprint::footprint;
use countinghouse_tests::{Login, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use futures_util::future::join_all;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use countinghouse_api::platform::clock::Clock;

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    text: String,
}

fn code(world: &World, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).expect("a base32 secret");
    let totp = Builder::new().with_secret(secret).with_account_name("x").build().expect("a TOTP");
    totp.generate(u64::try_from(world.clock.now().timestamp()).expect("after 1970")).to_string()
}

#[tokio::test]
async fn a_superadmin_makes_another_who_logs_in() {
    let world = World::start().await;
    let root = world.superadmin();
    let answer = root.post("/admin/superadmins", &json!({"username": "Deputy"})).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.expect(201);
    let [password, secret] = ["password", "totp_secret"].map(|name| made[name].as_str().unwrap().to_owned());
    assert!(password.len() >= 20 && made["otpauth_url"].as_str().unwrap().contains(&secret), "{made}");
    let login = json!({"username": "deputy", "password": password, "totp_code": code(&world, &secret)});
    let token = world.nobody().post("/admin/auth/login", &login).await.expect(200)["access_token"].clone();
    let deputy = world.with_token(token.as_str().unwrap());
    deputy.get("/admin/tenants").await.expect(200);
    // Shown once: neither the list nor the database holds them.
    let listed = deputy.get("/admin/superadmins").await.expect(200);
    let shown = json!({
        "id": made["id"], "username": "Deputy", "disabled": false, "created_at": made["created_at"],
    });
    assert_eq!(listed["data"][0], shown);
    assert_eq!((&listed["data"][1]["username"], &listed["data"][2]), (&json!("root"), &Value::Null));
    let rows = "SELECT string_agg(to_jsonb(s)::text, '') AS text FROM superadmins s";
    let kept: Text = sql_query(rows).get_result(&mut world.database(Login::Owner)).unwrap();
    assert!(!kept.text.contains(&password) && !kept.text.contains(&secret) && kept.text.contains("argon2id"));
}

#[tokio::test]
async fn a_name_is_one_superadmins_whatever_its_case_and_however_many_ask_at_once() {
    let world = World::builder().pool(8).workers(2).start().await;
    let root = world.superadmin();
    root.post("/admin/superadmins", &json!({"username": "ROOT"})).await.problem(409, "username_taken");
    let bodies = ["deputy", "Deputy", "DEPUTY"].map(|name| json!({"username": name}));
    let answers = join_all(bodies.iter().map(|body| root.post("/admin/superadmins", body))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        answer.problem(409, "username_taken");
    }
    let before = footprint(&world);
    root.post("/admin/superadmins", &json!({"username": " "})).await.invalid(&[("/username", "too_short")]);
    root.post("/admin/superadmins", &json!({"username": "a\u{7}"}))
        .await
        .invalid(&[("/username", "invalid_characters")]);
    let chosen = json!({"username": "x", "password": "chosen by somebody else"});
    root.post("/admin/superadmins", &chosen).await.invalid(&[("/password", "unknown_field")]);
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn superadmins_are_listed_newest_first_and_page_by_page() {
    let world = World::start().await;
    let root = world.superadmin();
    for name in ["one", "two", "three"] {
        root.post("/admin/superadmins", &json!({"username": name})).await.expect(201);
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    while names.len() < 4 {
        let page = root.get(&format!("/admin/superadmins?limit=3{cursor}")).await.expect(200);
        names.extend(page["data"].as_array().unwrap().iter().map(|row| row["username"].as_str().unwrap().to_owned()));
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
    }
    assert_eq!(names, ["three", "two", "one", "root"]);
    let tenants = root.get("/admin/tenants?limit=1").await.expect(200)["next_cursor"].clone();
    let foreign = format!("/admin/superadmins?cursor={}", tenants.as_str().unwrap());
    root.get(&foreign).await.invalid(&[("/cursor", "invalid_cursor")]);
}

#[tokio::test]
async fn superadmins_see_each_others_sessions_and_end_them() {
    let world = World::start().await;
    let root = world.superadmin();
    let made = root.post("/admin/superadmins", &json!({"username": "deputy"})).await.expect(201);
    let [password, secret] = ["password", "totp_secret"].map(|name| made[name].as_str().unwrap());
    let login = json!({"username": "deputy", "password": password, "totp_code": code(&world, secret)});
    let pair = world.nobody().post("/admin/auth/login", &login).await.expect(200);
    let deputy = world.with_token(pair["access_token"].as_str().unwrap());
    let path = "/admin/superadmins/sessions";
    let listed = deputy.get(path).await.expect(200);
    let seen = |row: &Value| (row["username"].clone(), row["current"].clone());
    let [theirs, roots] = [0, 1].map(|at| listed["data"][at].clone());
    assert_eq!([seen(&theirs), seen(&roots)], [(json!("deputy"), json!(true)), (json!("root"), json!(false))]);
    assert_eq!((&theirs["superadmin_id"], &listed["data"][2]), (&made["id"], &Value::Null));
    let first = root.get(&format!("{path}?limit=1")).await.expect(200);
    assert_eq!((seen(&first["data"][0]).1, &first["data"][0]["id"]), (json!(false), &theirs["id"]));
    let next = format!("{path}?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(root.get(&next).await.expect(200)["data"][0]["id"], roots["id"]);

    let of = |row: &Value| format!("{path}/{}", row["id"].as_str().unwrap());
    let session = of(&theirs);
    for answer in join_all([(); 4].map(|()| root.delete(&session))).await {
        assert_eq!(answer.status, 204);
    }
    deputy.get("/admin/tenants").await.problem(401, "session_ended");
    let refresh = json!({"refresh_token": pair["refresh_token"]});
    world.nobody().post("/admin/auth/refresh", &refresh).await.problem(401, "invalid_refresh_token");
    let entries = root.get("/admin/audit?action=superadmin.session_ended").await.expect(200)["data"].clone();
    assert_eq!((entries.as_array().unwrap().len(), &entries[0]["resource"]["id"]), (1, &made["id"]), "{entries}");
    assert_eq!(entries[0]["before"]["session_id"], theirs["id"]);
    assert_eq!(entries[0]["actor"]["id"], roots["superadmin_id"]);
    for never in [uuid::Uuid::now_v7().to_string(), "x".to_owned()] {
        root.delete(&format!("{path}/{never}")).await.problem(404, "not_found");
    }
    assert_eq!(root.get(path).await.expect(200)["data"].as_array().unwrap().len(), 1);
    // Their own as well: as if they had logged out.
    assert_eq!(root.delete(&of(&roots)).await.status, 204);
    root.get(path).await.problem(401, "session_ended");
}

#[tokio::test]
async fn only_sessions_that_open_a_door_are_listed() {
    let world = World::start().await;
    let root = world.superadmin();
    // Of one who may not come in any more, one whose time is over, and one that was ended.
    let insert = "INSERT INTO superadmins \
             SELECT gen_random_uuid(), 'gone', password_hash, totp_secret, 0, true, now(), now() FROM superadmins; \
         INSERT INTO superadmin_sessions (id, superadmin_id, created_at, expires_at, ended_at) \
             SELECT gen_random_uuid(), a.id, now(), s.expires_at, s.ended_at FROM superadmins a CROSS JOIN (VALUES \
                 (true, timestamptz '2999-01-01', NULL), (false, '2001-01-01', NULL), (false, '2999-01-01', now()) \
             ) AS s (of_disabled, expires_at, ended_at) WHERE s.of_disabled = a.disabled";
    world.database(Login::Owner).batch_execute(insert).unwrap();
    let listed = root.get("/admin/superadmins/sessions").await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!((&listed["data"][0]["username"], &listed["data"][0]["current"]), (&json!("root"), &json!(true)));
}
