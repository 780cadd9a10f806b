//! Climbing: somebody who may run users, roles or keys, and every way in which they could try to
//! get more than they hold.

use countinghouse_tests::{Answer, Caller, PASSWORD, World};
use reqwest::Method;
use serde_json::{Value, json};

/// What a clerk holds: all that grants, and little to grant.
const CLERK: [&str; 8] = [
    "client:read",
    "products:read",
    "orders:read",
    "users:read",
    "users:write",
    "roles:write",
    "api_keys:read",
    "api_keys:write",
];

async fn put(caller: &Caller, role: &str, permissions: &Value) -> Answer {
    let request = caller.request(Method::PUT, &format!("/roles/{role}"));
    Answer::of(request.json(&json!({"permissions": permissions}))).await
}

async fn permissions(caller: &Caller) -> Value {
    caller.get("/auth/me").await.expect(200)["permissions"].clone()
}

/// A client with a clerk, in a session and through a key that holds as much.
async fn clerks(world: &World) -> [Caller; 2] {
    let owner = world.owner();
    owner.post("/roles", &json!({"name": "clerk", "permissions": CLERK})).await.expect(201);
    let user = json!({"username": "carl", "password": PASSWORD, "role": "clerk"});
    owner.post("/users", &user).await.expect(201);
    let carl = world.log_in(&world.north, "carl").await;
    let key = carl.api_key(&CLERK).await;
    [carl, world.software(&key)]
}

fn user(id: impl std::fmt::Display) -> String {
    format!("/users/{id}")
}

#[tokio::test]
async fn by_making_or_changing_users() {
    let world = World::start().await;
    for clerk in clerks(&world).await {
        let before = permissions(&clerk).await;
        let own = clerk.get("/auth/me").await.expect(200)["user"]["id"].as_str().unwrap().to_owned();
        for role in ["owner", "manager", "sales", "warehouse", "accountant"] {
            let body = json!({"username": "straw", "password": PASSWORD, "role": role});
            clerk.post("/users", &body).await.problem(403, "cannot_grant");
            for id in [own.clone(), world.north.user("viewer").to_string()] {
                clerk.patch(&user(id), &json!({"role": role})).await.problem(403, "cannot_grant");
            }
        }
        for role in ["owner", "manager", "sales", "warehouse", "accountant"] {
            let stronger = user(world.north.user(role));
            for change in [json!({"role": "viewer"}), json!({"disabled": true}), json!({"email": "c@example.com"})] {
                clerk.patch(&stronger, &change).await.problem(403, "cannot_grant");
            }
            clerk.delete(&stronger).await.problem(403, "cannot_grant");
            clerk.post(&format!("{stronger}/reset-password"), &json!({})).await.problem(403, "cannot_grant");
        }
        assert_eq!(permissions(&clerk).await, before);
    }
    // Everybody is as they were.
    for role in ["owner", "manager", "sales", "warehouse", "accountant"] {
        let seen = world.owner().get(&user(world.north.user(role))).await.expect(200);
        assert_eq!((&seen["role"], &seen["version"], &seen["disabled"]), (&json!(role), &json!(1), &json!(false)));
    }
}

#[tokio::test]
async fn by_way_of_roles() {
    let world = World::start().await;
    let owner = world.owner();
    owner.post("/roles", &json!({"name": "dear", "permissions": ["products:read", "costs:read"]})).await.expect(201);
    for clerk in clerks(&world).await {
        let more = json!([CLERK.to_vec(), vec!["costs:read"]].concat());
        clerk.post("/roles", &json!({"name": "more", "permissions": more})).await.problem(403, "cannot_grant");
        // The role that they have themselves, and one that can do more than they can.
        put(&clerk, "clerk", &more).await.problem(403, "cannot_grant");
        put(&clerk, "dear", &json!(["products:read"])).await.problem(403, "cannot_grant");
        clerk.delete("/roles/dear").await.problem(403, "cannot_grant");
        for role in ["owner", "viewer"] {
            put(&clerk, role, &json!(CLERK)).await.problem(409, "role_built_in");
        }
        clerk.patch(&user(world.north.user("viewer")), &json!({"role": "dear"})).await.problem(403, "cannot_grant");
        assert_eq!(permissions(&clerk).await, json!(CLERK));
    }
}

/// A role that was harmless when it was given, and is changed afterwards.
#[tokio::test]
async fn by_widening_a_role_after_it_was_given() {
    let world = World::start().await;
    let owner = world.owner();
    for (at, clerk) in clerks(&world).await.into_iter().enumerate() {
        let name = format!("harmless{at}");
        clerk.post("/roles", &json!({"name": name, "permissions": ["products:read"]})).await.expect(201);
        let body = json!({"username": name, "password": PASSWORD, "role": name});
        let straw = clerk.post("/users", &body).await.expect(201);
        put(&clerk, &name, &json!(["products:read", "costs:read"])).await.problem(403, "cannot_grant");
        // Once the owner has widened it, it is out of the clerk's hands, and so is who has it.
        put(&owner, &name, &json!(["products:read", "costs:read"])).await.expect(200);
        put(&clerk, &name, &json!([])).await.problem(403, "cannot_grant");
        let straw = user(straw["id"].as_str().unwrap());
        clerk.post(&format!("{straw}/reset-password"), &json!({})).await.problem(403, "cannot_grant");
        clerk.patch(&straw, &json!({"role": "viewer"})).await.problem(403, "cannot_grant");
    }
}

#[tokio::test]
async fn by_way_of_keys() {
    let world = World::start().await;
    let [carl, software] = clerks(&world).await;
    let body = |permissions: &[&str]| json!({"name": "x", "permissions": permissions});
    for more in ["costs:read", "orders:write", "client:write", "sessions:read"] {
        carl.post("/api-keys", &body(&[more])).await.problem(403, "cannot_grant");
        software.post("/api-keys", &body(&[more])).await.problem(403, "people_only");
    }
    // A weak key of a strong maker reaches no further than the key.
    let weak = world.software(&world.owner().api_key(&["users:read", "users:write", "roles:write"]).await);
    let straw = json!({"username": "straw", "password": PASSWORD, "role": "viewer"});
    weak.post("/users", &straw).await.problem(403, "cannot_grant");
    weak.post("/roles", &json!({"name": "all", "permissions": ["costs:read"]})).await.problem(403, "cannot_grant");
    let maker = user(world.north.user("owner"));
    weak.post(&format!("{maker}/reset-password"), &json!({})).await.problem(403, "cannot_grant");
    weak.patch(&maker, &json!({"email": "k@example.com"})).await.problem(403, "cannot_grant");
    weak.delete(&maker).await.problem(403, "cannot_grant");
}

/// The right is taken away between two requests, while the service remembers it: from the user,
/// from the role, and from who made the key.
#[tokio::test]
async fn with_rights_of_a_moment_ago() {
    let world = World::start().await;
    let owner = world.owner();
    let [carl, software] = clerks(&world).await;
    let own = carl.get("/auth/me").await.expect(200)["user"]["id"].as_str().unwrap().to_owned();
    let straw = json!({"username": "straw", "password": PASSWORD, "role": "viewer"});
    let grants = async |status: u16, code: &str| {
        for clerk in [&carl, &software] {
            clerk.get("/products").await.expect(200);
            clerk.post("/users", &straw).await.problem(status, code);
            let role = json!({"name": "late", "permissions": ["orders:read"]});
            clerk.post("/roles", &role).await.problem(status, code);
        }
        let key = json!({"name": "late", "permissions": ["orders:read"]});
        carl.post("/api-keys", &key).await.problem(status, code);
    };
    let fewer = json!(["products:read", "users:write", "roles:write", "api_keys:write"]);
    carl.get("/orders").await.expect(200);
    put(&owner, "clerk", &fewer).await.expect(200);
    grants(403, "cannot_grant").await;
    put(&owner, "clerk", &json!(CLERK)).await.expect(200);
    owner.patch(&user(&own), &json!({"role": "viewer"})).await.expect(200);
    grants(403, "permission_denied").await;
}
