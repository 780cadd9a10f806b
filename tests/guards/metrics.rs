//! Metrics: the list in `deployment/metrics.md` names all that running processes say, with type and
//! labels, and nothing else.

use countinghouse_tests::{Answer, Caller, Login, PASSWORD, Process, World};
use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Type and labels by name.
type Listed = BTreeMap<String, (String, BTreeSet<String>)>;

/// The tables of the document.
fn documented() -> Listed {
    let text = include_str!("../../deployment/metrics.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `countinghouse_"));
    let parsed = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels = cells[2].split(',').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned);
        (format!("countinghouse_{}", cells[0].trim_end_matches('`')), (cells[1].to_owned(), labels.collect()))
    });
    parsed.collect()
}

/// What a process said, with the name that its samples have.
fn said(text: &str) -> Listed {
    let mut listed = Listed::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a name and a type");
        let name = match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        };
        listed.insert(name, (kind.to_owned(), labels_of(text, line)));
    }
    listed
}

/// The labels of all samples below a TYPE line. Each family stands in one piece.
fn labels_of(text: &str, kind_line: &str) -> BTreeSet<String> {
    let (_, below) = text.split_once(&format!("# TYPE {kind_line}\n")).expect("the line");
    let samples = below.lines().take_while(|line| !line.starts_with('#'));
    let labels = samples.filter_map(|sample| sample.split_once('{').and_then(|(_, rest)| rest.split_once('}')));
    let names = labels.flat_map(|(labels, _)| labels.split("\",").map(|label| label.split('=').next().unwrap_or("")));
    names.filter(|name| !["", "le"].contains(name)).map(str::to_owned).collect()
}

async fn scrape(process: &Process) -> String {
    let answer = reqwest::get(process.metrics_url()).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    answer.text().await.unwrap()
}

/// The value of one sample; its labels in any order.
#[track_caller]
fn value(text: &str, name: &str, labels: &[&str]) -> i64 {
    let mut samples = text.lines().filter(|line| {
        let (found, value) = line.split_once(['{', ' ']).unwrap_or((line, ""));
        found == name && labels.iter().all(|label| value.contains(label))
    });
    let sample = samples.next().unwrap_or_else(|| panic!("no {name} {labels:?} in {text}"));
    sample.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a whole number")
}

/// Something of everything that is counted at the public port.
async fn drive(world: &World, process: &Process) {
    let owner = process.caller(world.owner().token());
    let nobody = process.caller("");
    let product = owner.product("A", "1.00", 5).await;
    owner.get(&format!("/products/{product}")).await.expect(200);
    owner.get("/nowhere-at-all").await.expect(404);
    let log_in = |password: &str| json!({"client_id": "south", "username": "owner", "password": password});
    nobody.post("/auth/login", &log_in(PASSWORD)).await.expect(200);
    nobody.post("/auth/login", &log_in("this is not the one")).await.expect(401);
    nobody.post("/auth/login", &log_in(PASSWORD)).await.expect(429);
    nobody.post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
    for (quantity, status) in [(1, 201), (1, 201), (2, 422)] {
        with_key(&owner, &product, quantity).await.expect(status);
    }
    Answer::of(owner.request(Method::from_bytes(b"BREW").unwrap(), "/products")).await.expect(405);
    assert_eq!(nobody.get("//metrics").await.status, 404, "metrics are not for everybody");
}

async fn with_key(owner: &Caller, product: &str, quantity: i64) -> Answer {
    let order = json!({"lines": [{"product_id": product, "quantity": quantity}]});
    Answer::of(owner.request(Method::POST, "/orders").header("idempotency-key", "k").json(&order)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_in_the_list_and_the_list_has_no_other() {
    let world = World::start().await;
    let mut environment = world.environment();
    environment.retain(|(name, _)| *name != "RATE_LOG_INS");
    environment.extend([("METRICS_LISTEN", "127.0.0.1:0".to_owned()), ("RATE_LOG_INS", "2".to_owned())]);
    // Nobody listens there.
    let endpoint = json!({"url": "http://127.0.0.1:1/"});
    world.owner().post("/webhooks/endpoints", &endpoint).await.expect(201);
    let serving = Process::serve(&environment);
    drive(&world, &serving).await;
    // Due for an hour, and of a kind that no worker knows.
    let enqueue = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, max_attempts, run_at, created_at) VALUES \
         ('{}', gen_random_uuid(), 'unheard_of', 1, '{{}}', 1, now() - interval '1 hour', now())",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&enqueue).unwrap();
    let served = scrape(&serving).await;
    let working = Process::work(&environment);
    let worked = loop {
        let text = scrape(&working).await;
        if ["job_attempts", "outbound_calls"].iter().all(|name| text.contains(&format!("countinghouse_{name}_total{{")))
        {
            break text;
        }
    };
    let all: Listed = said(&served).into_iter().chain(said(&worked)).fold(Listed::new(), |mut all, (name, found)| {
        let known = all.entry(name).or_insert_with(|| (found.0.clone(), BTreeSet::new()));
        known.1.extend(found.1);
        all
    });
    assert_eq!(all, documented());

    let count = |name: &str, labels: &[&str]| value(&served, &format!("countinghouse_{name}"), labels);
    let get = ["method=\"GET\"", "route=\"/api/v1/products/{id}\""];
    assert_eq!(count("http_requests_total", &[get[0], get[1], "status=\"200\""]), 1);
    assert_eq!(count("http_request_seconds_count", &get), 1);
    assert_eq!(count("http_requests_in_flight", &[]), 0);
    assert_eq!(count("http_requests_total", &["method=\"other\""]), 1);
    for (outcome, times) in [("success", 1), ("invalid_credentials", 1), ("rate_limited", 1)] {
        assert_eq!(count("log_ins_total", &["who=\"user\"", &format!("outcome=\"{outcome}\"")]), times);
    }
    assert_eq!(count("log_ins_total", &["who=\"superadmin\"", "outcome=\"success\""]), 1);
    assert_eq!(count("rate_limit_refusals_total", &["quota=\"log-ins\""]), 1);
    for outcome in ["first", "replayed", "reused"] {
        assert_eq!(count("idempotent_requests_total", &[&format!("outcome=\"{outcome}\"")]), 1, "{outcome}");
    }
    assert_eq!(count("jobs", &["kind=\"unheard_of\"", "state=\"waiting\""]), 1);
    assert!(count("jobs_oldest_waiting_seconds", &["unheard_of"]) >= 3600);
    assert_eq!(count("database_connections_in_use", &["login=\"app\""]), 0);
    assert!(count("database_connections", &["login=\"app\""]) >= 1);
    for part in ["database", "schema", "redis"] {
        assert_eq!(count("part_up", &[&format!("part=\"{part}\"")]), 1, "{part}");
    }
    for named in [world.north.id.to_string(), world.south.id.to_string(), "north".to_owned()] {
        assert!(!served.contains(&named), "{named} in {served}");
    }
}
