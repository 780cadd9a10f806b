//! Every route that changes something leaves an entry in an audit log, or stands in
//! `audit_exceptions.txt` with its reason. The routes come from the service's own table.

use crate::routes::{Things, case, name};
use countinghouse_api::{
    platform::http::{Access, Route},
    routes,
};
use countinghouse_tests::{Answer, Caller, Login, PASSWORD, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use reqwest::Method;
use serde_json::{Value, json};

const EXCEPTIONS: &str = include_str!("audit_exceptions.txt");

/// Routes without an entry.
fn exceptions() -> Vec<&'static str> {
    let lines = EXCEPTIONS.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(": ").expect("a route and a reason").0).collect()
}

/// Entries in all logs, and in those of clients alone.
fn count(world: &World) -> (i64, i64) {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        clients: i64,
        #[diesel(sql_type = sql_types::BigInt)]
        operators: i64,
    }
    let query =
        "SELECT (SELECT count(*) FROM audit_log) AS clients, (SELECT count(*) FROM platform_audit_log) AS operators";
    let count: Count = sql_query(query).get_result(&mut world.database(Login::Owner)).expect("numbers");
    (count.clients + count.operators, count.clients)
}

/// Somebody who may call the route, its path, and a body with which it changes something.
async fn changing(world: &World, route: &Route) -> (Caller, String, Option<Value>) {
    let owner = world.owner();
    let usual = |caller: Caller, things: &Things| {
        let (path, body) = case(route, things);
        (caller, path, body)
    };
    let path = route.path.to_owned();
    let manager = world.north.user("manager");
    match name(route).as_str() {
        "POST /auth/login" => {
            (world.nobody(), path, Some(json!({"client_id": "north", "username": "owner", "password": PASSWORD})))
        }
        "POST /auth/register" => {
            let client = json!({"slug": "third", "name": "Third", "currency": "EUR"});
            (world.nobody(), path, Some(json!({"client": client, "user": {"username": "olga", "password": PASSWORD}})))
        }
        "POST /auth/refresh" => {
            let body = json!({"client_id": "north", "username": "owner", "password": PASSWORD});
            let token = world.nobody().post("/auth/login", &body).await.expect(200)["refresh_token"].clone();
            (world.nobody(), path, Some(json!({"refresh_token": token})))
        }
        "POST /admin/auth/login" => (world.nobody(), path, Some(world.superadmin_login())),
        "POST /admin/auth/refresh" | "POST /admin/auth/logout" => {
            world.clock.advance(chrono::Duration::seconds(30));
            let pair = world.nobody().post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
            let caller = world.with_token(pair["access_token"].as_str().unwrap());
            let body = if route.path.ends_with("refresh") {
                json!({"refresh_token": pair["refresh_token"]})
            } else {
                json!({})
            };
            (caller, path, Some(body))
        }
        "POST /auth/logout" | "POST /auth/password" | "DELETE /sessions/{id}" => {
            let caller = world.log_in(&world.north, "manager").await;
            let session = caller.get("/auth/me").await.expect(200)["session_id"].as_str().unwrap().to_owned();
            usual(caller, &Things::none("").with_session(session))
        }
        "POST /auth/2fa/confirm" => {
            let secret = owner.post("/auth/2fa/enroll", &json!({"current_password": PASSWORD})).await.expect(200);
            let code = world.code(secret["secret"].as_str().unwrap());
            (owner, path, Some(json!({"code": code})))
        }
        "POST /auth/2fa/recovery-codes" | "POST /auth/2fa/disable" => {
            let accountant = world.caller(&world.north, if path.ends_with("disable") { "sales" } else { "accountant" });
            let (secret, _) = world.enrol(&accountant).await;
            let body = json!({"current_password": PASSWORD, "code": world.code(&secret)});
            (accountant, path, Some(body))
        }
        "POST /admin/tenants/{slug}/suspend" => {
            (world.superadmin(), path.replace("{slug}", "south"), Some(json!({"reason": "unpaid"})))
        }
        "POST /admin/tenants/{slug}/resume" => {
            world.superadmin().post("/admin/tenants/south/suspend", &json!({"reason": "x"})).await.expect(200);
            (world.superadmin(), path.replace("{slug}", "south"), Some(json!({})))
        }
        "POST /admin/tenants/{slug}/users/{id}/reset-2fa" => {
            world.enrol(&world.caller(&world.north, "manager")).await;
            let path = path.replace("{slug}", "north").replace("{id}", &manager.to_string());
            (world.superadmin(), path, Some(json!({})))
        }
        _ if route.access == Access::Superadmin => usual(world.superadmin(), &Things::none("")),
        _ => {
            let things = Things::of(world, &owner).await;
            usual(owner, &things)
        }
    }
}

#[tokio::test]
async fn every_change_leaves_an_entry_or_stands_among_the_exceptions() {
    let world = World::start().await;
    let (exceptions, mut tried) = (exceptions(), 0);
    for route in routes::table().iter().filter(|route| route.method != actix_web::http::Method::GET) {
        let (caller, path, body) = changing(&world, route).await;
        let before = count(&world);
        let request = caller.request(route.method.as_str().parse::<Method>().unwrap(), &path);
        let answer = Answer::of(match body {
            Some(body) => request.json(&body),
            None => request,
        });
        let (answer, name) = (answer.await, name(route));
        assert!(answer.status < 300, "{name}: {answer:?}");
        let after = count(&world);
        let excepted = exceptions.contains(&name.as_str());
        assert_eq!(after == before, excepted, "{name}: {before:?} {after:?}");
        // What is done to a client is in that client's own log.
        assert!(excepted || !name.contains("{slug}") || after.1 > before.1, "{name}");
        tried += usize::from(excepted);
    }
    assert_eq!(tried, exceptions.len(), "an exception is not a route that changes something");
}
