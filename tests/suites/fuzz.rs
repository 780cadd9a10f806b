//! Schemathesis over the document: whatever it sends, no answer is a server's error, and each is one
//! that the document lists.
//!
//! 50 examples for each operation, the same in every run. `./dev fuzz --long` sends 1,000, and
//! others each time, of some tags if they are named.

use countinghouse_tests::{Caller, Tenant, World, document::DOCUMENT, pictures, tools};
use serde_json::json;
use std::{collections::BTreeSet, env, process::Command};

/// What would end the run, or empty it of sense: tried apart, each by somebody of their own.
const APART: [&str; 6] = [
    // The fuzzer uses ids again that it has seen: it would end its own session, or password, or role.
    "/api/v1/auth/logout",
    "/api/v1/auth/password",
    "/api/v1/sessions/{id}",
    "/api/v1/users/{id}",
    "/api/v1/users/{id}/reset-password",
    // A closed month refuses what would be posted in it.
    "/api/v1/accounting/periods/{month}/close",
];
const ADMIN: &str = "^/api/v1/admin/";
/// It has no end that a fuzzer could wait for.
const EVENTS: &str = "/api/v1/admin/events";
const ADMIN_LOGOUT: &str = "/api/v1/admin/auth/logout";
const ADMIN_SESSION: &str = "/api/v1/admin/superadmins/sessions/{id}";

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
     response_headers_conformance,response_schema_conformance,negative_data_rejection,unsupported_method,\
     ignored_auth,problem_is_listed";

/// How many examples, where they are not the usual ones.
fn long() -> Option<String> {
    env::var("FUZZ").ok()
}

/// Runs the fuzzer over some operations, as whoever has this token.
async fn fuzz(world: &World, token: &str, operations: &[&str]) {
    let Some(programs) = tools::python("fuzz") else { return };
    let mut command = Command::new(programs.join("schemathesis"));
    command.env("SCHEMATHESIS_HOOKS", "fuzz_hooks").env("PYTHONPATH", tools::recipes()).current_dir(env::temp_dir());
    command.args(["--no-color", "run"]).arg(format!("{}/openapi.json", world.base_url)).args(operations);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    command.args(["--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--warnings", "off"]);
    // One worker: Python 3.11's parser of itself fails at times in two threads. Hashing passwords gives way to
    // everything else, and may take its time.
    command.args(["--workers", "1", "--generation-database", "none", "--request-timeout", "300"]);
    match long() {
        Some(examples) => command.args(["--max-examples", &examples]),
        None => command.args(["--max-examples", "50", "--seed", "1"]),
    };
    let done = tokio::task::spawn_blocking(move || tools::run(&mut command)).await.expect("the fuzzer ends");
    if let Err(said) = done {
        panic!("{said}");
    }
}

/// All operations at once; a long run in portions, which a token outlives: each tag, or those that are asked for.
fn portions() -> Vec<Vec<String>> {
    let operations =
        DOCUMENT["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let tags = operations.map(|operation| operation["tags"][0].as_str().unwrap());
    let tags: BTreeSet<&str> = tags.filter(|tag| *tag != "admin").collect();
    let asked = env::var("FUZZ_TAGS").unwrap_or_default();
    let asked: BTreeSet<&str> = asked.split_whitespace().collect();
    assert!(asked.is_subset(&tags), "there are no others than {tags:?}");
    let sent = if asked.is_empty() { tags } else { asked };
    let of = |tag: &str| vec!["--include-tag".to_owned(), tag.to_owned()];
    long().map_or_else(|| vec![vec![]], |_| sent.into_iter().map(of).collect())
}

/// What the examples of the document name, so that some of what is sent succeeds.
async fn furnish(owner: &Caller) {
    owner.product("LAMP-1", "39.90", 1_000_000).await;
    owner.post("/customers", &json!({"company": "Lamps and More", "email": "office@lamps.example"})).await.expect(201);
    let month = json!({"date": "2026-03-31", "memo": "Rent", "lines": [
        {"account": "6000", "debit": "1.00"}, {"account": "1000", "credit": "1.00"}]});
    owner.post("/accounting/journal-entries", &month).await.expect(201);
}

#[tokio::test]
async fn nothing_that_an_owner_sends_breaks_an_operation() {
    let model = pictures::model();
    // Without a model it answers that there is none, which is a server's error.
    let unanswered = model.is_none().then_some("/api/v1/products/image-search");
    let world = World::builder().config(|config| config.images.model = model).start().await;
    furnish(&world.owner()).await;
    let apart = APART.into_iter().chain(unanswered).flat_map(|path| ["--exclude-path", path]);
    let apart: Vec<_> = apart.chain(["--exclude-path-regex", ADMIN]).collect();
    for portion in portions() {
        let operations: Vec<_> = apart.iter().copied().chain(portion.iter().map(String::as_str)).collect();
        fuzz(&world, world.owner().token(), &operations).await;
    }
    // Had its session ended, the rest of the run would have been in vain.
    world.owner().get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn nothing_that_a_superadmin_sends_breaks_an_operation() {
    let world = World::start().await;
    let apart = [ADMIN_LOGOUT, ADMIN_SESSION, EVENTS].map(|path| ["--exclude-path", path]).concat();
    let operations = [["--include-path-regex", ADMIN].as_slice(), &apart].concat();
    fuzz(&world, world.superadmin().token(), &operations).await;
    world.superadmin().get("/admin/tenants").await.expect(200);
}

#[tokio::test]
async fn what_ends_a_session_or_a_month_breaks_nothing_either() {
    let world = World::start().await;
    let (north, south) = (&world.north, &world.south);
    let who: [(&Tenant, &str); 6] = [
        (north, "manager"),
        (north, "sales"),
        (north, "warehouse"),
        (north, "owner"),
        (south, "owner"),
        (north, "accountant"),
    ];
    for (path, (tenant, role)) in APART.iter().zip(who) {
        fuzz(&world, world.caller(tenant, role).token(), &["--include-path", path]).await;
    }
    for path in [ADMIN_SESSION, ADMIN_LOGOUT] {
        fuzz(&world, world.superadmin().token(), &["--include-path", path]).await;
    }
}
