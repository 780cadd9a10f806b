//! `deployment/compose/compose.yaml`, followed by hand where no container engine runs: its commands, environments
//! and health checks, in its order, as processes on loopback, until the API answers through Nginx. What only an
//! engine can show (the image, networks, volumes, the rights of containers) is not shown. And the units of systemd.

mod file;
mod machine;

use countinghouse_tests::{Answer, Nginx, own_address, tools, valkey_program};
use machine::Machine;
use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Command};

const PASSWORD: &str = "a long enough secret";

fn code(secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
    totp.generate(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).to_string()
}

/// Makes a superadmin in a container, who makes a client, through Nginx; answers its owner's token.
async fn found_a_client(machine: &Machine) -> String {
    let command = ["admin", "create-superadmin", "--username", "root", "--password-stdin", "--json"];
    let made = machine.run_in("api-1", &command, PASSWORD);
    assert!(made.status.success(), "{made:?}");
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let nobody = machine.nginx().caller(own_address(), "");
    let login =
        json!({"username": "root", "password": PASSWORD, "totp_code": code(made["totp_secret"].as_str().unwrap())});
    let token = nobody.post("/admin/auth/login", &login).await.expect(200)["access_token"].clone();
    let client = json!({
        "client": {"slug": "first", "name": "First", "currency": "EUR"},
        "owner": {"username": "olga", "password": PASSWORD},
    });
    let superadmin = machine.nginx().caller(own_address(), token.as_str().unwrap());
    superadmin.post("/admin/tenants", &client).await.expect(201);
    let login = json!({"client_id": "first", "username": "olga", "password": PASSWORD});
    nobody.post("/auth/login", &login).await.expect(200)["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_compose_file_followed_by_hand_runs_everything() {
    let Some(valkey) = valkey_program() else {
        return tools::skip("there is no valkey-server beside PostgreSQL", "REQUIRE_NGINX");
    };
    // Says so itself, where there is none.
    if Nginx::before([(own_address(), 9).into(); 2]).is_none() {
        return;
    }
    let mut machine = Machine::new(file::read(), valkey);
    tokio::task::block_in_place(|| machine.up());
    let token = found_a_client(&machine).await;
    let from = own_address();
    let owner = machine.nginx().caller(from, &token);
    let product = owner.product("A", "9.90", 100).await;
    for number in 0..10 {
        // One after the other, at both copies.
        let order = json!({"lines": [{"product_id": product, "quantity": 1}], "channel": "shop", "external_reference": number.to_string()});
        let request = owner.request(Method::POST, "/orders").header("Idempotency-Key", number.to_string());
        Answer::of(request.json(&order)).await.expect(201);
    }
    assert_eq!(owner.get(&format!("/products/{product}")).await.expect(200)["unfulfilled"], 10);
    let copies: std::collections::BTreeSet<String> =
        machine.nginx().requests().iter().map(|line| line["upstream"].as_str().unwrap().to_owned()).collect();
    assert_eq!(copies.iter().filter(|copy| !copy.is_empty()).count(), 2, "{copies:?}");
    let books = machine.run_in("migrate", &["verify", "books"], "");
    assert!(books.status.success(), "{books:?}");
}

/// Imports and exports go by files without a name: where there is no place for those, each is answered 503.
#[test]
fn the_service_has_a_place_for_files_on_their_way() {
    let file = file::read();
    let ours: Vec<_> = file.services.iter().filter(|(_, service)| service.image == "countinghouse").collect();
    assert!(ours.len() >= 4, "{}", ours.len());
    for (name, service) in ours {
        assert!(service.writes_scratch(), "{name}");
    }
}

/// Every unit is understood by systemd, and exposes little, as its own tool counts it.
#[test]
fn the_units_of_systemd_are_sound_and_hardened() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return tools::skip("there is no systemd-analyze on this machine", "REQUIRE_SYSTEMD");
    }
    let folder = std::env::temp_dir().join(format!("ch-{}", uuid::Uuid::new_v4().simple()));
    fs::create_dir(&folder).unwrap();
    let units = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../deployment/systemd")).unwrap();
    let units: Vec<PathBuf> = units
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "service"))
        .collect();
    assert_eq!(units.len(), 3);
    for unit in units {
        let copy = folder.join(unit.file_name().unwrap());
        // The binary is not installed here.
        fs::write(&copy, fs::read_to_string(&unit).unwrap().replace("/usr/local/bin/countinghouse", "/bin/true"))
            .unwrap();
        let verified = Command::new("systemd-analyze").arg("verify").arg(&copy).output().unwrap();
        assert!(verified.status.success() && verified.stderr.is_empty(), "{verified:?}");
        let exposed =
            Command::new("systemd-analyze").args(["security", "--offline=true", "--threshold=15"]).arg(&copy).output();
        let exposed = exposed.unwrap();
        assert!(exposed.status.success(), "{}", String::from_utf8_lossy(&exposed.stdout));
    }
    fs::remove_dir_all(&folder).unwrap();
}
