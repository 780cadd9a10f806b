//! The service as an operator meets it: readiness, stopping, its command line, and what happens
//! when its database or Redis goes away.

use chrono::Duration;
use countinghouse_tests::{Answer, Cluster, Login, PASSWORD, Process, World, environment};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

#[tokio::test]
async fn ready_when_all_is_there_and_degraded_without_redis() {
    let world = World::start().await;
    let whole = world.nobody().get("//ready").await.expect(200);
    assert_eq!(whole, json!({"status": "ok", "parts": {"database": "ok", "redis": "ok", "image_model": "none"}}));
    assert_eq!(world.nobody().get("//health").await.expect(200), json!({"status": "ok"}));
    let without = World::builder().config(|config| {
        config.redis.url = countinghouse_api::platform::crypto::Secret::new("redis+unix:///nowhere.sock".to_owned());
    });
    let world = without.start().await;
    let degraded = world.nobody().get("//ready").await.expect(200);
    assert_eq!(
        degraded,
        json!({"status": "degraded", "parts": {"database": "ok", "redis": "away", "image_model": "none"}})
    );
    world.owner().get("/products").await.expect(200);
}

#[tokio::test]
async fn not_ready_on_a_schema_that_is_too_old() {
    let world = World::start().await;
    let forget =
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)";
    world.database(Login::Owner).batch_execute(forget).unwrap();
    let answer = world.nobody().get("//ready").await;
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.expect(503)["parts"]["database"], "schema_too_old");
}

/// Its connections are older than what each of them prepares.
#[tokio::test]
async fn a_service_older_than_its_schema_serves_as_soon_as_that_is_there() {
    let cluster = Cluster::get();
    let database = cluster.clone_database(&cluster.database);
    let mut environment = environment(&database);
    let process = Process::serve(&environment);
    let nobody = process.caller("");
    nobody.get("//ready").await.expect(503);
    environment.push(("DATABASE_URL_OWNER", cluster.url(Login::Owner, &database)));
    assert!(Process::run(&environment, &["migrate"], "").status.success());
    let user = json!({"username": "olga", "password": PASSWORD});
    let client = json!({"slug": "early", "name": "Early", "currency": "EUR"});
    nobody.post("/auth/register", &json!({"client": client, "user": user})).await.expect(201);
    let login = json!({"client_id": "early", "username": "olga", "password": PASSWORD});
    let token = nobody.post("/auth/login", &login).await.expect(200)["access_token"].clone();
    let olga = process.caller(token.as_str().unwrap());
    for answer in futures_util::future::join_all((0..32).map(|_| olga.get("/products"))).await {
        answer.expect(200);
    }
    drop(process);
    cluster.drop_database(&database);
}

#[tokio::test]
async fn connections_that_died_are_replaced_and_no_request_notices() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 100).await;
    for _ in 0..3 {
        futures_util::future::join_all((0..8).map(|_| owner.get("/products"))).await;
        Cluster::get().disconnect_all(&world.database);
        for answer in futures_util::future::join_all((0..8).map(|_| owner.order(&product, 1))).await {
            answer.expect(201);
        }
    }
}

#[tokio::test]
async fn without_its_database_it_says_so_and_comes_back_by_itself() {
    let world = World::start().await;
    let owner = world.owner();
    owner.get("/products").await.expect(200);
    let mut superuser = Cluster::get().connect(Login::Superuser, "postgres");
    superuser.batch_execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", world.database)).unwrap();
    Cluster::get().disconnect_all(&world.database);
    let answer = owner.get("/products").await;
    assert!(!answer.header("retry-after").is_empty());
    answer.problem(503, "unavailable");
    assert_eq!(owner.get("//ready").await.expect(503)["parts"]["database"], "away");
    superuser.batch_execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", world.database)).unwrap();
    let back = std::time::Instant::now();
    while owner.get("//ready").await.status != 200 {}
    assert!(back.elapsed() < std::time::Duration::from_secs(5), "it took {:?}", back.elapsed());
    owner.get("/products").await.expect(200);
}

/// SIGTERM in the middle of an order: the order is finished, nobody new is let in, and the
/// process ends well.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_finishes_what_was_accepted() {
    let world = World::start().await;
    let product = world.owner().product("A", "1.00", 5).await;
    for signal in ["TERM", "INT"] {
        let mut process = Process::serve(&world.environment());
        let caller = process.caller(world.owner().token());
        // The order waits for this row.
        let mut holder = world.database(Login::Owner);
        holder.batch_execute("BEGIN; SELECT * FROM stock FOR UPDATE").unwrap();
        let (ordering, id) = (caller.clone(), product.clone());
        let order = tokio::spawn(async move { ordering.order(&id, 1).await });
        world.until_one_waits().await;
        process.signal(signal);
        process.wait_for("stopping");
        holder.batch_execute("COMMIT").unwrap();
        let order = order.await.unwrap().expect(201);
        assert!(process.wait().success());
        assert!(reqwest::get(format!("{}/health", process.base_url)).await.is_err());
        world.owner().get(&format!("/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    }
}

#[test]
fn what_is_missing_in_the_configuration_is_named() {
    let output = Process::run(&[], &["serve"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    for name in ["DATABASE_URL", "DATABASE_URL_PLATFORM", "REDIS_URL", "JWT_KEYS", "MASTER_KEYS"] {
        assert!(said.contains(&format!("{name} is not set")), "{name} in {said}");
    }
    let output = Process::run(&[], &["migrate"], "");
    assert!(String::from_utf8(output.stderr).unwrap().contains("DATABASE_URL_OWNER is not set"));
}

#[tokio::test]
async fn migrate_says_what_it_did_and_is_done_once() {
    let cluster = Cluster::get();
    let database = cluster.clone_database(&cluster.database);
    let environment = [("DATABASE_URL_OWNER", cluster.url(Login::Owner, &database))];
    let said = |output: std::process::Output| {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let first = said(Process::run(&environment, &["migrate"], ""));
    assert!(first.contains("applied 2026-11-21-100000_identity\n"), "{first}");
    assert_eq!(said(Process::run(&environment, &["migrate"], "")), "the schema is up to date (0 applied)\n");
    cluster.drop_database(&database);
}

#[tokio::test]
async fn a_superadmin_made_on_the_command_line_logs_in() {
    let world = World::start().await;
    let make = ["admin", "create-superadmin", "--username", "chief", "--password-stdin", "--json"];
    let output = Process::run(&world.environment(), &make, &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{output:?}");
    let made: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let secret = Secret::try_from_base32(made["totp_secret"].as_str().unwrap()).unwrap();
    let totp = Builder::new().with_secret(secret).with_account_name("chief").build().unwrap();
    let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
    let login = json!({"username": "Chief", "password": PASSWORD, "totp_code": totp.generate(now).to_string()});
    let token = world.nobody().post("/admin/auth/login", &login).await.expect(200)["access_token"].clone();
    world.with_token(token.as_str().unwrap()).get("/admin/tenants").await.expect(200);
    world.clock.advance(Duration::seconds(30));

    let again = Process::run(&world.environment(), &make, PASSWORD);
    assert!(!again.status.success());
    assert!(String::from_utf8(again.stderr).unwrap().contains("exists already"));
    let short = Process::run(&world.environment(), &make, "short");
    assert!(String::from_utf8(short.stderr).unwrap().contains("10 to 128 characters"));
}

/// What the app's login can do is what `roles.sql` and the migrations grant: it makes nothing.
#[tokio::test]
async fn the_apps_login_makes_and_drops_nothing() {
    let world = World::start().await;
    let mut app = world.database(Login::App);
    for attempt in [
        "CREATE TABLE x ()",
        "DROP TABLE products",
        "ALTER TABLE products DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY all_of_it ON products USING (true)",
        "SET ROLE countinghouse_owner",
        "SET SESSION AUTHORIZATION countinghouse_owner",
        "CALL protect_tenant_table('products')",
        "TRUNCATE orders",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
    ] {
        assert!(app.batch_execute(attempt).is_err(), "{attempt}");
    }
}

/// With one connection: the dead one has to go before the new one can come.
#[tokio::test]
async fn the_only_connection_is_replaced_too() {
    let world = World::builder().pool(1).start().await;
    let owner = world.owner();
    owner.get("/products").await.expect(200);
    Cluster::get().disconnect_all(&world.database);
    owner.get("/products").await.expect(200);
}

/// The connection dies while the order is committed: nobody can say whether it stands, and the
/// answer does not invite to try again, unless a key makes sure that it happens once.
#[tokio::test]
async fn a_connection_lost_at_commit_is_not_called_nothing_done() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 5).await;
    let mut superuser = world.database(Login::Superuser);
    superuser
        .batch_execute(
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \
             'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER die AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION die()",
        )
        .unwrap();
    let answer = owner.order(&product, 1).await;
    assert_eq!(answer.header("retry-after"), "");
    answer.problem(503, "outcome_unknown");
    let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
    let with_key = || owner.request(reqwest::Method::POST, "/orders").header("idempotency-key", "k").json(&body);
    let answer = Answer::of(with_key()).await;
    assert_eq!(answer.header("retry-after"), "2");
    answer.problem(503, "outcome_unknown");
    superuser.batch_execute("DROP TRIGGER die ON orders").unwrap();
    owner.order(&product, 1).await.expect(201);
    for _ in 0..2 {
        Answer::of(with_key()).await.expect(201);
    }
    assert_eq!(owner.get("/orders").await.expect(200)["data"].as_array().unwrap().len(), 2);
}

/// Somebody who sends a head and then nothing is let go.
#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    use std::io::{Read, Write};
    let short = World::builder().config(|config| config.http.body = std::time::Duration::from_millis(300));
    let world = short.start().await;
    let address = world.base_url.trim_start_matches("http://").to_owned();
    let said = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
            Content-Length: 1000\r\n\r\n{";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    });
    let said = said.await.unwrap();
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("body_too_slow"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_tells_whether_the_service_can_work() {
    let world = World::start().await;
    let address = world.base_url.trim_start_matches("http://").to_owned();
    let ready = Process::run(&[("LISTEN", address)], &["ready"], "");
    assert!(ready.status.success(), "{ready:?}");
    assert!(String::from_utf8_lossy(&ready.stdout).contains("\"status\":\"ok\""), "{ready:?}");
    let nobody = Process::run(&[("LISTEN", "127.0.0.1:9".to_owned())], &["ready"], "");
    assert!(!nobody.status.success(), "{nobody:?}");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("does not answer"), "{nobody:?}");
}
