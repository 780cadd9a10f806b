//! Secrets at rest: a dump of the database holds none of them, and the master key can be changed
//! while the service runs.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::Duration;
use countinghouse_tests::{Answer, Cluster, Login, PASSWORD, Process, ROLES, Tenant, World};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::process::Command;

/// Everything that stands in the database, as text.
fn dump(world: &World) -> String {
    let cluster = Cluster::get();
    let output = Command::new(cluster.bin_dir.join("pg_dump"))
        .args(["--data-only", "--enable-row-security", "--dbname", &cluster.url(Login::Owner, &world.database)])
        .output()
        .expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A secret as it was shown, and the ways in which its bytes could stand in a dump.
fn guises(secret: &str, bytes: &[u8]) -> Vec<String> {
    vec![secret.to_owned(), hex(secret.as_bytes()), hex(bytes), URL_SAFE_NO_PAD.encode(bytes)]
}

#[tokio::test]
async fn a_dump_of_the_database_holds_none_of_the_canaries() {
    let world = World::start().await;
    let owner = world.owner();
    let password = "a canary sings at dawn";
    let user = json!({"username": "wren", "password": password, "role": "viewer"});
    owner.post("/users", &user).await.expect(201);
    let log_in = json!({"client_id": "north", "username": "wren", "password": password});
    let pair = world.nobody().post("/auth/login", &log_in).await.expect(200);
    let (secret, recovery) = world.enrol(&owner).await;
    let one_time = owner.post(&format!("/users/{}/reset-password", world.north.user("viewer")), &json!({})).await;
    let one_time = one_time.expect(200)["password"].as_str().unwrap().to_owned();
    let refresh = pair["refresh_token"].as_str().unwrap();
    let refresh_secret = refresh.splitn(4, '_').last().unwrap();
    let totp = totp_rs::Secret::try_from_base32(&secret).unwrap();
    let mut canaries = guises(&secret, totp.as_ref());
    canaries.extend(guises(refresh_secret, &URL_SAFE_NO_PAD.decode(refresh_secret).unwrap()));
    canaries.push(pair["access_token"].as_str().unwrap().to_owned());
    let endpoint = json!({"url": "https://hooks.example.com/"});
    let endpoint = owner.post("/webhooks/endpoints", &endpoint).await.expect(201);
    let signing = endpoint["secret"].as_str().unwrap().trim_start_matches("whsec_").to_owned();
    canaries.extend(guises(&signing, &STANDARD.decode(&signing).unwrap()));
    let (erp_key, erp_secret) = ("a-canary-knocks", "a canary signs");
    let erp = json!({"enabled": false, "api_key": erp_key, "hmac_secret": erp_secret});
    Answer::of(owner.request(Method::PUT, "/erp/config").json(&erp)).await.expect(200);
    for text in [password, PASSWORD, &one_time, erp_key, erp_secret] {
        canaries.extend([text.to_owned(), hex(text.as_bytes())]);
    }
    for code in &recovery {
        let plain = code.replace('-', "");
        canaries.extend([code.clone(), hex(code.as_bytes()), plain.clone(), hex(plain.as_bytes())]);
    }
    let dump = dump(&world);
    // It is a whole dump: what is no secret is found.
    for known in ["wren", "north", "second_factors", &world.north.id.to_string()] {
        assert!(dump.contains(known), "{known}");
    }
    for canary in canaries {
        assert!(!dump.contains(&canary), "{canary}");
    }
}

const OLD: &str = "master-test";

/// `MASTER_KEYS` of these names; the old one's bytes are those of every test.
fn environment(world: &World, names: &[&str]) -> Vec<(&'static str, String)> {
    let key = |name: &&str| format!("{name}:{}", if *name == OLD { "E" } else { "I" }.repeat(43));
    let keys = names.iter().map(key).collect::<Vec<_>>().join(",");
    let environment = world.environment().into_iter().filter(|(name, _)| *name != "MASTER_KEYS");
    environment.chain([("MASTER_KEYS", keys)]).collect()
}

/// Everybody with a second factor: client, name and secret.
async fn enrol_everybody(world: &World) -> Vec<(Tenant, &'static str, String)> {
    let mut enrolled = Vec::new();
    for tenant in [&world.north, &world.south] {
        for role in ROLES {
            let (secret, _) = world.enrol(&world.caller(tenant, role)).await;
            enrolled.push((tenant.clone(), role, secret));
        }
    }
    enrolled
}

/// Everybody logs in at once, with the code of now; answers the statuses.
async fn log_in_everybody(world: &World, service: &Process, people: &[(Tenant, &'static str, String)]) -> Vec<u16> {
    let log_in = |(tenant, name, secret): &(Tenant, &'static str, String)| {
        let body =
            json!({"client_id": tenant.slug, "username": name, "password": PASSWORD, "totp_code": world.code(secret)});
        let caller = service.caller("");
        async move { caller.post("/auth/login", &body).await.status }
    };
    let mut statuses = join_all(people.iter().map(log_in)).await;
    let superadmin = service.caller("").post("/admin/auth/login", &world.superadmin_login()).await;
    statuses.push(superadmin.status);
    statuses
}

fn rotate(environment: &[(&str, String)]) -> (bool, String) {
    let output = Process::run(environment, &["admin", "rotate-key"], "");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn the_master_key_is_changed_under_load_and_the_old_one_can_go() {
    let world = World::start().await;
    // In the past, so that the codes of now are new to the processes, whose clock is the machine's.
    world.clock.advance(Duration::minutes(-30));
    let people = enrol_everybody(&world).await;
    let lag = chrono::Utc::now() - countinghouse_api::platform::clock::Clock::now(&*world.clock);
    world.clock.advance(lag);
    let (both, new) = (environment(&world, &["master-new", OLD]), environment(&world, &["master-new"]));

    // Without the old key the others cannot be unwrapped: nothing is changed, and it says why.
    let (done, said) = rotate(&new);
    assert!(!done && said.contains(OLD), "{said}");
    let service = Process::serve(&both);
    let rotation = tokio::task::spawn_blocking(move || (rotate(&both), rotate(&both)));
    let statuses = log_in_everybody(&world, &service, &people).await;
    assert_eq!(statuses, vec![200; people.len() + 1]);
    let ((done, said), (again, said_again)) = rotation.await.unwrap();
    assert!(done && said.contains("master-new (3 wrapped anew)"), "{said}");
    assert!(again && said_again.contains("(0 wrapped anew)"), "{said_again}");
    drop(service);

    let forget_steps = "UPDATE second_factors SET last_step = 0; UPDATE superadmins SET last_totp_step = 0";
    world.database(Login::Owner).batch_execute(forget_steps).unwrap();
    let service = Process::serve(&new);
    assert_eq!(log_in_everybody(&world, &service, &people).await, vec![200; people.len() + 1]);
    // And the old one opens nothing any more.
    world.database(Login::Owner).batch_execute(forget_steps).unwrap();
    let service = Process::serve(&environment(&world, &[OLD]));
    assert_eq!(log_in_everybody(&world, &service, &people).await, vec![500; people.len() + 1]);
}

/// A sealed secret that somebody moves to another row opens nothing there.
#[tokio::test]
async fn an_envelope_that_was_moved_does_not_open() {
    let world = World::start().await;
    let (owner, manager) = (world.owner(), world.caller(&world.north, "manager"));
    let (mine, _) = world.enrol(&owner).await;
    world.enrol(&manager).await;
    let moved = format!(
        "UPDATE second_factors SET totp_secret = (SELECT totp_secret FROM second_factors WHERE user_id = '{}')",
        world.north.user("owner")
    );
    world.database(Login::Owner).batch_execute(&moved).unwrap();
    let body = |name: &str| -> Value {
        json!({"client_id": "north", "username": name, "password": PASSWORD, "totp_code": world.code(&mine)})
    };
    world.nobody().post("/auth/login", &body("manager")).await.problem(500, "internal_error");
    world.nobody().post("/auth/login", &body("owner")).await.expect(200);
}
