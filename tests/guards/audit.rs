//! Every route that changes something leaves an entry in an audit log, or stands in
//! `audit_exceptions.txt` with its reason. The routes come from the service's own table.

use crate::cases::{Things, is_done, name, request};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use countinghouse_api::{
    platform::http::{Access, Route},
    routes,
};
use countinghouse_tests::{Answer, Caller, Login, PASSWORD, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use reqwest::{Method, RequestBuilder};
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

/// A call of the route that changes something, by somebody who may.
async fn changing(world: &World, route: &Route) -> RequestBuilder {
    let (owner, superadmin, nobody) = (world.owner(), world.superadmin(), world.nobody());
    let send = |caller: Caller, path: &str, body: Value| caller.request(method(route), path).json(&body);
    let usual = |caller: Caller, things: &Things| request(&caller, route, things);
    let log_in = json!({"client_id": "north", "username": "owner", "password": PASSWORD});
    let password = json!({"current_password": PASSWORD});
    match name(route).as_str() {
        "POST /auth/login" => send(nobody, route.path, log_in),
        "POST /auth/refresh" => {
            let pair = nobody.post("/auth/login", &log_in).await.expect(200);
            send(nobody, route.path, json!({"refresh_token": pair["refresh_token"]}))
        }
        "POST /auth/register" => {
            let client = json!({"slug": "third", "name": "Third", "currency": "EUR"});
            send(nobody, route.path, json!({"client": client, "user": {"username": "olga", "password": PASSWORD}}))
        }
        "POST /admin/auth/login" => send(nobody, route.path, world.superadmin_login()),
        "POST /admin/auth/refresh" | "POST /admin/auth/logout" => {
            // The next step, for a code counts once.
            world.clock.advance(chrono::Duration::seconds(30));
            let pair = nobody.post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
            if route.path.ends_with("refresh") {
                return send(nobody, route.path, json!({"refresh_token": pair["refresh_token"]}));
            }
            send(world.with_token(pair["access_token"].as_str().unwrap()), route.path, json!({}))
        }
        "POST /auth/logout" | "POST /auth/password" | "DELETE /sessions/{id}" => {
            let caller = world.log_in(&world.north, "manager").await;
            let session = caller.get("/auth/me").await.expect(200)["session_id"].as_str().unwrap().to_owned();
            usual(caller, &Things::none("").with_session(session))
        }
        "POST /auth/2fa/confirm" => {
            let secret = owner.post("/auth/2fa/enroll", &password).await.expect(200)["secret"].clone();
            send(owner, route.path, json!({"code": world.code(secret.as_str().unwrap())}))
        }
        "POST /auth/2fa/recovery-codes" | "POST /auth/2fa/disable" => {
            let caller = world.caller(&world.north, if route.path.ends_with("disable") { "sales" } else { "viewer" });
            let (secret, _) = world.enrol(&caller).await;
            send(caller, route.path, json!({"current_password": PASSWORD, "code": world.code(&secret)}))
        }
        "POST /accounting/periods/{month}/reopen" => {
            let owner = world.caller(&world.south, "owner");
            owner.post("/accounting/periods/2025-01/close", &json!({})).await.expect(200);
            let (_, codes) = world.enrol(&owner).await;
            usual(owner, &Things::none("")).header("X-2FA-Code", &codes[0])
        }
        "PATCH /orders/{id}" | "DELETE /orders/{id}" => {
            let things = Things::of(world, &world.caller(&world.south, "owner")).await;
            let role = if route.method == "PATCH" { "manager" } else { "sales" };
            let caller = world.caller(&world.south, role);
            let (_, codes) = world.enrol(&caller).await;
            usual(caller, &things).header("X-2FA-Code", &codes[0])
        }
        "POST /erp/webhook/{client_slug}" => {
            let things = Things::of(world, &owner).await;
            let body = json!({"order_number": things.synced_number, "status": "accepted"}).to_string();
            let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"s"), body.as_bytes());
            let request = nobody.request(method(route), "/erp/webhook/north").body(body);
            request.header("x-signature", STANDARD.encode(signature))
        }
        "POST /admin/tenants/{slug}/suspend" => {
            send(superadmin, "/admin/tenants/south/suspend", json!({"reason": "unpaid"}))
        }
        "POST /admin/tenants/{slug}/resume" => {
            superadmin.post("/admin/tenants/south/suspend", &json!({"reason": "unpaid"})).await.expect(200);
            send(superadmin, "/admin/tenants/south/resume", json!({}))
        }
        "POST /admin/tenants/{slug}/users/{id}/reset-2fa" => {
            world.enrol(&world.caller(&world.north, "technician")).await;
            let path = format!("/admin/tenants/north/users/{}/reset-2fa", world.north.user("technician"));
            send(superadmin, &path, json!({}))
        }
        "DELETE /admin/superadmins/sessions/{id}" => {
            world.clock.advance(chrono::Duration::seconds(30));
            nobody.post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
            let newest = superadmin.get("/admin/superadmins/sessions?limit=1").await.expect(200)["data"][0].clone();
            let path = format!("/admin/superadmins/sessions/{}", newest["id"].as_str().unwrap());
            superadmin.request(method(route), &path)
        }
        name if ["/admin/erp-syncs", "/admin/jobs", "/admin/sessions", "/admin/tenants/{slug}/webhooks"]
            .iter()
            .any(|room| name.contains(room)) =>
        {
            let things = Things::of(world, &owner).await;
            usual(superadmin, &things)
        }
        _ if route.access == Access::Superadmin => usual(superadmin, &Things::none("")),
        _ => {
            let things = Things::of(world, &owner).await;
            usual(owner, &things)
        }
    }
}

fn method(route: &Route) -> Method {
    route.method.as_str().parse().expect("a method")
}

#[tokio::test]
async fn every_change_leaves_an_entry_or_stands_among_the_exceptions() {
    let world = World::builder().config(|config| config.erp_mock = true).start().await;
    let (exceptions, mut excepted) = (exceptions(), 0);
    for route in routes::table().iter().filter(|route| method(route) != Method::GET) {
        let (name, request) = (name(route), changing(&world, route).await);
        let before = count(&world);
        let answer = Answer::of(request).await;
        assert!(is_done(route, &answer), "{name}: {answer:?}");
        let after = count(&world);
        let is_exception = exceptions.contains(&name.as_str());
        assert_eq!(after == before, is_exception, "{name}: {before:?} {after:?}");
        // What is done to a client is in that client's own log.
        assert!(is_exception || !name.contains("{slug}") || after.1 > before.1, "{name}");
        excepted += usize::from(is_exception);
    }
    assert_eq!(excepted, exceptions.len(), "an exception is not a route that changes something");
}
