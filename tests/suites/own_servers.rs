//! `./dev` on a developer's own servers, in a checkout of its own: it makes there what the tests need, takes it away
//! again, and says what is wrong with an address. Here the test servers are those that somebody owns.

use countinghouse_tests::{Cluster, Login};
use diesel::{RunQueryDsl, sql_query, sql_types};
use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Output},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// As much of a checkout as `./dev` needs for its servers.
struct Checkout(PathBuf);

impl Checkout {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("ch-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir_all(folder.join(".dev")).unwrap();
        let copied = Command::new("cp").args(["-R", "dev", "deployment"]).arg(&folder).current_dir(ROOT).status();
        assert!(copied.unwrap().success());
        // What was fetched for the test servers need not be fetched again.
        let packages = Cluster::get().bin_dir.ancestors().nth(4).expect("where ./dev unpacks");
        symlink(packages, folder.join(".dev/packages")).unwrap();
        Self(folder)
    }

    fn dev(&self, environment: &[(&str, String)], arguments: &[&str]) -> Output {
        let mut command = Command::new(self.0.join("dev"));
        let environment = environment.iter().map(|(name, value)| (name, value));
        command.args(arguments).envs(environment).output().expect("./dev runs")
    }

    fn refuses(&self, environment: &[(&str, String)]) -> String {
        let output = self.dev(environment, &["test-servers", "--detach"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Addresses in a database that is a developer's own.
fn addresses(database: &str) -> Vec<(&'static str, String)> {
    let cluster = Cluster::get();
    let logins = [
        ("DATABASE_URL_SETUP", Login::Superuser),
        ("DATABASE_URL_OWNER", Login::Owner),
        ("DATABASE_URL", Login::App),
        ("DATABASE_URL_WORKER", Login::Worker),
        ("DATABASE_URL_PLATFORM", Login::Platform),
    ];
    let redis = ("REDIS_URL", cluster.redis_url.clone());
    logins.into_iter().map(|(name, login)| (name, cluster.url(login, database))).chain([redis]).collect()
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
}

fn count(query: &str) -> i64 {
    let mut superuser = Cluster::get().connect(Login::Superuser, "postgres");
    sql_query(query).get_result::<Count>(&mut superuser).unwrap().count
}

#[test]
fn the_servers_that_are_named_are_used_and_left_as_they_were() {
    let (cluster, checkout) = (Cluster::get(), Checkout::new());
    let own = cluster.clone_database(&cluster.database);
    let environment = addresses(&own);
    let started = checkout.dev(&environment, &["test-servers", "--detach"]);
    assert!(started.status.success(), "{started:?}");
    let text = fs::read_to_string(checkout.0.join(".dev/test/cluster.json")).unwrap();
    let made: Cluster = serde_json::from_str(&text).unwrap();
    assert_eq!(made.redis_url, cluster.redis_url);
    assert!(made.database.starts_with("countinghouse_test_"), "{}", made.database);
    for login in Login::SHIPPED {
        sql_query("SELECT '[1]'::vector").execute(&mut made.connect(login, &made.database)).unwrap();
    }
    // As left behind by a test that was killed.
    let left = made.clone_database(&made.database);
    let databases = format!("SELECT count(*) FROM pg_database WHERE datname IN ('{}', '{left}')", made.database);
    assert_eq!(count(&databases), 2);
    assert!(checkout.dev(&environment, &["test-servers", "--stop"]).status.success());
    assert_eq!(count(&databases), 0);
    assert_eq!(count(&format!("SELECT count(*) FROM pg_database WHERE datname = '{own}'")), 1);
    cluster.drop_database(&own);
}

#[test]
fn what_is_wrong_with_an_address_is_said_before_anything_is_done() {
    let checkout = Checkout::new();
    let right = addresses("postgres");
    let (app, worker) = (right[2].1.as_str(), right[3].1.as_str());
    let with = |changes: &[(&'static str, &str)]| {
        let mut environment = right.clone();
        environment.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        checkout.refuses(&environment)
    };
    for (changes, faults) in [
        (vec![("DATABASE_URL", ""), ("REDIS_URL", "")], ["DATABASE_URL is not set", "REDIS_URL is not set"]),
        (
            vec![("DATABASE_URL", "nonsense"), ("DATABASE_URL_OWNER", "postgresql://127.0.0.1:x/y")],
            ["DATABASE_URL is no postgresql://", "DATABASE_URL_OWNER is no postgresql://"],
        ),
        (
            vec![("DATABASE_URL", worker), ("DATABASE_URL_WORKER", app)],
            ["DATABASE_URL is for the login countinghouse_app", "DATABASE_URL_WORKER is for the login"],
        ),
        (
            vec![
                ("DATABASE_URL", "postgresql://countinghouse_app:x@127.0.0.1/y"),
                ("DATABASE_URL_OWNER", "postgresql:///"),
            ],
            [
                "DATABASE_URL leads to 127.0.0.1:5432/y, but",
                "DATABASE_URL_OWNER names no host and no user and no password",
            ],
        ),
        (vec![("REDIS_URL", "redis://127.0.0.1:1")], ["your servers will not do", "nobody answers at REDIS_URL"]),
    ] {
        let said = with(&changes);
        assert!(faults.iter().all(|fault| said.contains(fault)), "{said}");
        assert!(!said.contains("Traceback"), "{said}");
    }
    assert!(!checkout.0.join(".dev/test/cluster.json").exists());
}
