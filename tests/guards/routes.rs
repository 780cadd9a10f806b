//! Every route × who may not: nobody, a forged and an expired token, the wrong kind of token, a
//! session that was ended, a disabled user, a suspended client, a role without the permission, and
//! another client's ids. The routes come from the service's own table, so a new one without a case
//! in `cases.rs` fails.
//!
//! `public_routes.txt` lists the routes that anybody may call. It may only shrink: a new line has
//! to be argued for in review, and a line that is no longer needed fails.

use crate::cases::{Things, call, case, guarded, is_done, name, of_tenants};
use chrono::Duration;
use countinghouse_api::{
    platform::{
        authz::{Permission, Roles},
        http::{Access, Route},
    },
    routes,
};
use countinghouse_tests::{Answer, Caller, Login, ROLES, World};
use diesel::connection::SimpleConnection;
use serde_json::Value;

/// Routes that end sessions.
const ENDING: [&str; 3] = ["/auth/logout", "/auth/password", "/sessions/{id}"];
/// Routes that need a second factor to do anything; every caller here has none that is confirmed.
const PENDING: [&str; 6] = [
    "POST /auth/2fa/confirm",
    "POST /auth/2fa/recovery-codes",
    "POST /auth/2fa/disable",
    "POST /accounting/periods/{month}/reopen",
    "PATCH /orders/{id}",
    "DELETE /orders/{id}",
];
const PUBLIC: &str = include_str!("public_routes.txt");

#[test]
fn what_anybody_may_call_is_listed_and_the_list_only_shrinks() {
    let listed: Vec<&str> = PUBLIC.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let public: Vec<String> = routes::table().iter().filter(|route| route.access == Access::Public).map(name).collect();
    assert_eq!(public, listed, "routes of Access::Public against public_routes.txt");
    assert!(listed.len() <= 8, "the list of public routes has grown: say why in review, then raise this number");
}

#[test]
fn no_route_is_declared_twice() {
    let mut names: Vec<String> = routes::table().iter().map(name).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn nobody_gets_in_with_no_forged_expired_or_ended_credential() {
    let world = World::start().await;
    let things = Things::of(&world, &world.owner()).await;
    let mut forged = world.owner().token().to_owned();
    let last = if forged.ends_with('A') { 'B' } else { 'A' };
    forged.pop();
    forged.push(last);
    let expired = [world.owner(), world.superadmin()];
    world.clock.advance(Duration::minutes(16));
    for route in guarded() {
        for caller in [world.nobody(), world.with_token(&*forged), world.with_token("x"), world.with_token("")] {
            call(&caller, &route, &things).await.problem(401, "unauthenticated");
        }
        for caller in &expired {
            call(caller, &route, &things).await.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn a_token_of_the_wrong_kind_opens_nothing() {
    let world = World::start().await;
    let things = Things::of(&world, &world.owner()).await;
    for route in guarded() {
        let wrong = match route.access {
            Access::Superadmin => world.owner(),
            _ => world.superadmin(),
        };
        call(&wrong, &route, &things).await.problem(401, "unauthenticated");
    }
}

/// Each change is made in the database while the service still remembers the session: it acts on
/// the very next request of every route.
#[tokio::test]
async fn ended_disabled_and_suspended_act_on_the_next_request() {
    let cases = [
        ("UPDATE sessions SET ended_at = now()", 401, "session_ended"),
        ("UPDATE users SET disabled = true", 401, "session_ended"),
        ("UPDATE tenants SET status = 'suspended'", 403, "client_suspended"),
        ("UPDATE sessions SET expires_at = now()", 401, "session_ended"),
    ];
    let world = World::start().await;
    for (change, status, code) in cases {
        let things = Things::of(&world, &world.caller(&world.north, "owner")).await;
        let manager = world.caller(&world.north, "owner");
        for route in of_tenants() {
            manager.get("/auth/me").await.expect(200);
            let undo = "UPDATE sessions SET ended_at = NULL, expires_at = now() + interval '1 day';
                        UPDATE users SET disabled = false; UPDATE tenants SET status = 'active';";
            world.database(Login::Owner).batch_execute(change).unwrap();
            call(&manager, &route, &things).await.problem(status, code);
            call(&manager, &route, &things).await.problem(status, code);
            world.database(Login::Owner).batch_execute(undo).unwrap();
        }
        world.database(Login::Owner).batch_execute("TRUNCATE products, orders, customers CASCADE").unwrap();
    }
}

#[tokio::test]
async fn an_ended_superadmin_session_opens_nothing() {
    let world = World::start().await;
    let things = Things::none(&uuid::Uuid::now_v7().to_string());
    let superadmin = world.superadmin();
    let routes: Vec<Route> = guarded().into_iter().filter(|route| route.access == Access::Superadmin).collect();
    assert!(!routes.is_empty());
    for change in ["UPDATE superadmin_sessions SET ended_at = now()", "UPDATE superadmins SET disabled = true"] {
        world.database(Login::Owner).batch_execute(change).unwrap();
        for route in &routes {
            call(&superadmin, route, &things).await.problem(401, "session_ended");
        }
        world.database(Login::Owner).batch_execute("UPDATE superadmin_sessions SET ended_at = NULL").unwrap();
    }
}

#[tokio::test]
async fn each_role_may_what_its_permissions_say_and_no_more() {
    let world = World::start().await;
    let roles = Roles::built_in().await.unwrap();
    let brings_products = |role| roles.permissions(role).holds(Permission::ProductsWrite);
    for role in ROLES {
        for route in of_tenants() {
            let things = fresh_things(&world).await;
            let caller = world.caller(&world.north, role);
            let answer = if ENDING.contains(&route.path) {
                // A session of their own, and what it ends is brought back: the other routes need it.
                let caller = world.log_in(&world.north, role).await;
                let session = caller.get("/auth/me").await.expect(200)["session_id"].as_str().unwrap().to_owned();
                let answer = call(&caller, &route, &things.with_session(session)).await;
                world.database(Login::Owner).batch_execute("UPDATE sessions SET ended_at = NULL").unwrap();
                answer
            } else {
                call(&caller, &route, &things).await
            };
            match route.access.permission() {
                Some(permission) if !roles.permissions(role).holds(permission) => {
                    answer.problem(403, "permission_denied");
                }
                // An import is there for who may bring its kind in, and for nobody else.
                None if route.path.starts_with("/imports/{id}") && !brings_products(role) => {
                    answer.problem(404, "not_found");
                }
                _ if PENDING.contains(&name(&route).as_str()) => {
                    assert!(
                        ["second_factor_not_pending", "second_factor_not_enrolled", "second_factor_invalid"]
                            .contains(&answer.body["code"].as_str().unwrap_or("")),
                        "{role} {}: {answer:?}",
                        name(&route)
                    );
                }
                _ => assert!(is_done(&route, &answer), "{role} {}: {answer:?}", name(&route)),
            }
        }
    }
}

/// A role that loses a permission loses it on the next request, though the service remembers it.
#[tokio::test]
async fn a_changed_role_acts_on_the_next_request() {
    let world = World::start().await;
    for route in of_tenants() {
        let Some(_) = route.access.permission() else { continue };
        let things = fresh_things(&world).await;
        let owner = world.caller(&world.north, "owner");
        owner.get("/auth/me").await.expect(200);
        set_role(&world, "owner", "technician_without_rights");
        call(&owner, &route, &things).await.problem(403, "permission_denied");
        set_role(&world, "owner", "owner");
        let answer = call(&owner, &route, &things).await;
        // One that asks for a second factor besides refuses for want of it, and not of the permission.
        let asked = PENDING.contains(&name(&route).as_str()) && answer.body["code"] == "second_factor_not_enrolled";
        assert!(is_done(&route, &answer) || asked, "{}: {answer:?}", name(&route));
    }
}

fn set_role(world: &World, username: &str, role: &str) {
    let change = format!("UPDATE users SET role = '{role}' WHERE username = '{username}'");
    world.database(Login::Owner).batch_execute(&change).unwrap();
}

async fn fresh_things(world: &World) -> Things {
    let owner = world.caller(&world.north, "owner");
    Things::of(world, &owner).await
}

/// Another client's id gives the same bytes as an id that never was, and changes nothing there.
#[tokio::test]
async fn what_is_another_clients_does_not_exist() {
    let world = World::start().await;
    let south = world.caller(&world.south, "owner");
    let theirs = Things::of(&world, &south).await;
    let never = uuid::Uuid::now_v7().to_string();
    let none = Things::none(&never);
    let before = snapshot(&south, &theirs).await;
    let mut tried = 0;
    for route in of_tenants() {
        let (path, body) = case(&route, &theirs);
        let names_a_thing = path.split('?').next() != Some(route.path)
            || body
                .is_some_and(|body| [&theirs.product, &theirs.order].iter().any(|id| body.to_string().contains(*id)));
        // A month is everybody's.
        if !names_a_thing || route.path.contains("{month}") {
            continue;
        }
        let owner = world.caller(&world.north, "owner");
        let (foreign, unknown) = (call(&owner, &route, &theirs).await, call(&owner, &route, &none).await);
        assert_eq!(foreign.status, unknown.status, "{}", name(&route));
        assert!([404, 422].contains(&foreign.status), "{} {foreign:?}", name(&route));
        assert_eq!(without_request_id(&foreign), without_request_id(&unknown), "{}", name(&route));
        tried += 1;
    }
    assert!(tried >= 6, "only {tried} routes name a thing");
    assert_eq!(snapshot(&south, &theirs).await, before);
}

async fn snapshot(owner: &Caller, things: &Things) -> [Value; 5] {
    [
        owner.get(&format!("/customers/{}", things.customer)).await.expect(200),
        owner.get(&format!("/orders/{}", things.placed)).await.expect(200),
        owner.get(&format!("/orders/{}", things.owed)).await.expect(200),
        owner.get(&format!("/products/{}", things.product)).await.expect(200),
        owner.get(&format!("/orders/{}", things.order)).await.expect(200),
    ]
}

fn without_request_id(answer: &Answer) -> String {
    answer.text.replace(answer.header("x-request-id"), "")
}

/// Lists show a client its own rows only.
#[tokio::test]
async fn lists_hold_no_row_of_another_client() {
    let world = World::start().await;
    let (north, south) = (world.owner(), world.caller(&world.south, "owner"));
    let ours = Things::of(&world, &north).await;
    Things::of(&world, &south).await;
    for (list, ids) in [
        ("/products", vec![&ours.product]),
        ("/orders", vec![&ours.placed, &ours.owed, &ours.order]),
        ("/customers", vec![&ours.customer]),
        ("/returns", vec![&ours.returned]),
        ("/webhooks/endpoints", vec![&ours.endpoint]),
    ] {
        let page = north.get(list).await.expect(200);
        let found: Vec<&str> = page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids, "{list}");
    }
}

/// Permissions exist to be asked for.
#[test]
fn every_permission_is_asked_for_by_a_route_or_a_field() {
    let of_fields =
        [Permission::CostsRead, Permission::SessionsWrite, Permission::OrdersPrice, Permission::OrdersBackdate];
    for &permission in Permission::ALL {
        let asked = routes::table().iter().any(|route| route.access.permission() == Some(permission));
        assert!(asked || of_fields.contains(&permission), "{permission}");
    }
}
