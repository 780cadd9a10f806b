//! Every route × API keys: one that holds everything opens what is for software and nothing else,
//! one that holds too little opens no more than its permissions, and one that has ended is dead on
//! the next request of every route.

use crate::cases::{Things, call, guarded, is_done, name, of_tenants};
use countinghouse_api::platform::{authz::Permission, http::Access};
use countinghouse_tests::{Answer, Login, World};
use diesel::connection::SimpleConnection;
use reqwest::{Method, header::AUTHORIZATION};

fn all() -> Vec<&'static str> {
    Permission::ALL.iter().map(|permission| permission.as_str()).collect()
}

#[tokio::test]
async fn a_key_that_holds_everything_opens_what_is_for_software_and_nothing_else() {
    let world = World::start().await;
    let owner = world.owner();
    let software = world.software(&owner.api_key(&all()).await);
    for route in guarded() {
        let answer = call(&software, &route, &Things::of(&world, &owner).await).await;
        match route.access {
            Access::Superadmin => drop(answer.problem(401, "unauthenticated")),
            access if access.admits_keys() => assert!(is_done(&route, &answer), "{}: {answer:?}", name(&route)),
            _ => drop(answer.problem(403, "people_only")),
        }
    }
}

/// What people do with their own log-in is not for keys, whatever they hold.
#[test]
fn what_is_for_people_is_declared_so() {
    for route in of_tenants() {
        let for_people = ["/auth/", "/sessions"].iter().any(|path| route.path.starts_with(path))
            || (route.path.starts_with("/api-keys") && route.method != Method::GET.as_str())
            // Ask for a second factor, which software has none of; and what an edit would come to.
            || route.path == "/accounting/periods/{month}/reopen"
            || (route.path == "/orders/{id}" && route.method != Method::GET.as_str())
            || route.path == "/orders/{id}/edits/preview";
        assert_eq!(route.access.admits_keys(), !for_people || route.path == "/auth/me", "{}", name(&route));
    }
}

#[tokio::test]
async fn a_key_opens_no_more_than_it_was_given() {
    let world = World::start().await;
    let owner = world.owner();
    for route in of_tenants() {
        let Access::Needs(needed) = route.access else { continue };
        let others: Vec<&str> = all().into_iter().filter(|permission| *permission != needed.as_str()).collect();
        let things = Things::of(&world, &owner).await;
        let without = world.software(&owner.api_key(&others).await);
        call(&without, &route, &things).await.problem(403, "permission_denied");
        // Past orders are orders, and as cheap as they were.
        let besides = if route.path == "/imports/orders" { vec!["orders:write", "orders:price"] } else { vec![] };
        let with = world.software(&owner.api_key(&[vec![needed.as_str()], besides].concat()).await);
        let answer = call(&with, &route, &things).await;
        // What is given to somebody has to be held, too: the users' and roles' own rule.
        let let_in = is_done(&route, &answer) || answer.body["code"] == "cannot_grant";
        assert!(let_in, "{}: {answer:?}", name(&route));
    }
}

#[tokio::test]
async fn two_credentials_are_one_too_many() {
    let world = World::start().await;
    let owner = world.owner();
    let key = owner.api_key(&all()).await["key"].as_str().unwrap().to_owned();
    for route in guarded() {
        for caller in [world.owner(), world.superadmin(), world.with_token("x")] {
            let method = route.method.as_str().parse::<Method>().unwrap();
            let path = crate::cases::case(&route, &Things::none("x")).0;
            let request = caller.request(method, &path).header("X-Api-Key", &key);
            assert!(request.try_clone().unwrap().build().unwrap().headers().contains_key(AUTHORIZATION));
            Answer::of(request).await.problem(400, "two_credentials");
        }
    }
}

/// Each change is made while the service still remembers the key.
#[tokio::test]
async fn a_key_that_has_ended_is_dead_on_the_next_request() {
    let cases = [
        ("UPDATE api_keys SET revoked_at = now()", 401, "api_key_ended"),
        ("UPDATE api_keys SET expires_at = created_at + interval '1 microsecond'", 401, "api_key_ended"),
        ("UPDATE users SET disabled = true", 401, "api_key_ended"),
        ("UPDATE tenants SET status = 'suspended'", 403, "client_suspended"),
    ];
    let world = World::start().await;
    let owner = world.owner();
    let (software, things) = (world.software(&owner.api_key(&all()).await), Things::of(&world, &owner).await);
    for (change, status, code) in cases {
        for route in of_tenants().into_iter().filter(|route| route.access.admits_keys()) {
            software.get("/auth/me").await.expect(200);
            let undo = "UPDATE api_keys SET revoked_at = NULL, expires_at = NULL;
                        UPDATE users SET disabled = false; UPDATE tenants SET status = 'active';";
            world.database(Login::Owner).batch_execute(change).unwrap();
            call(&software, &route, &things).await.problem(status, code);
            call(&software, &route, &things).await.problem(status, code);
            world.database(Login::Owner).batch_execute(undo).unwrap();
        }
    }
}
