//! The database that every test's is cloned from: migrated as the owner, with one superadmin, two
//! clients, a user of every role in each, and a session for each user. Made once per test binary.

use crate::{
    cluster::{Cluster, Login},
    time::TestClock,
};
use countinghouse_api::{
    app::AppState,
    config::Config,
    features::superadmins,
    platform::{clock::Clock, db::migrate, ids::SystemRandomness},
};
use diesel::{PgConnection, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use std::{
    path::PathBuf,
    sync::{Arc, LazyLock},
};
use uuid::Uuid;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";
pub const SUPERADMIN: &str = "root";
/// The built-in roles; each client has a user of each, named like it.
pub const ROLES: [&str; 7] = ["owner", "manager", "sales", "warehouse", "accountant", "technician", "viewer"];

/// Limits that no test runs into unless it sets its own.
const RAISED: &str = "100000";

/// What was put into the template.
pub struct Template {
    pub database: String,
    pub tenants: [Seeded; 2],
    pub superadmin: (Uuid, Uuid),
    pub totp_secret: String,
}

/// A client with its users: role, user and session.
pub struct Seeded {
    pub id: Uuid,
    pub slug: &'static str,
    pub users: Vec<(&'static str, Uuid, Uuid)>,
}

pub static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    // A thread of its own: the first test to come by may be inside a runtime.
    std::thread::spawn(make).join().expect("the template is made")
});

/// The environment of a service on this database. The keys are the same in every test.
pub fn environment(database: &str) -> Vec<(&'static str, String)> {
    let cluster = Cluster::get();
    let key = |kid: &str, letter: &str| format!("{kid}:{}", letter.repeat(43));
    vec![
        ("DATABASE_URL", cluster.url(Login::App, database)),
        ("DATABASE_URL_PLATFORM", cluster.url(Login::Platform, database)),
        ("DATABASE_URL_WORKER", cluster.url(Login::Worker, database)),
        ("REDIS_URL", cluster.redis_url.clone()),
        ("JWT_KEYS", key("jwt-test", "A")),
        ("MASTER_KEYS", key("master-test", "E")),
        // All tests share one Valkey: each world has keys of its own there.
        ("REDIS_PREFIX", format!("{database}:")),
        ("RATE_READS", RAISED.to_owned()),
        ("RATE_WRITES", RAISED.to_owned()),
        ("RATE_UPLOADS", RAISED.to_owned()),
        ("RATE_REPORTS", RAISED.to_owned()),
        ("RATE_LOG_INS", RAISED.to_owned()),
        ("RATE_LOG_INS_ADDRESS", RAISED.to_owned()),
        ("HTTP_WORKERS", "1".to_owned()),
        ("SELF_SERVICE", "on".to_owned()),
        ("LISTEN", "127.0.0.1:0".to_owned()),
        ("IMAGES_FOLDER", images_folder(database).display().to_string()),
        // Receivers of webhooks are on this machine.
        ("OUTBOUND_ALLOW", "127.0.0.0/8".to_owned()),
    ]
}

/// Where pictures of this database's clients lie; the world takes it away in the end.
pub(crate) fn images_folder(database: &str) -> PathBuf {
    std::env::temp_dir().join("countinghouse-images").join(database)
}

/// The configuration that this environment gives.
pub fn config(database: &str) -> Config {
    let environment = environment(database);
    let source = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    Config::read(&source).expect("the test configuration is complete")
}

fn make() -> Template {
    let cluster = Cluster::get();
    let database = cluster.clone_database(&cluster.database);
    migrate(&cluster.url(Login::Owner, &database)).expect("migrations apply as the owner");
    let totp_secret = make_superadmin(&database);
    let mut owner = cluster.connect(Login::Owner, &database);
    let superadmin = open_superadmin_session(&mut owner);
    let tenants = [("north", "EUR"), ("south", "USD")].map(|(slug, currency)| seed(&mut owner, slug, currency));
    drop(owner);
    cluster.disconnect_all(&database);
    Template { database, tenants, superadmin, totp_secret }
}

fn make_superadmin(database: &str) -> String {
    let config = config(database);
    let made = actix_web::rt::System::new().block_on(async move {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
        let state = AppState::build_with(&config, clock, Arc::new(SystemRandomness)).await.expect("a service");
        superadmins::create(&state, SUPERADMIN.to_owned(), Some(PASSWORD.to_owned())).await
    });
    made.map_err(|error| error.to_string()).expect("a superadmin").totp_secret
}

fn open_superadmin_session(owner: &mut PgConnection) -> (Uuid, Uuid) {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Uuid)]
        id: Uuid,
    }
    let superadmin: Row = sql_query("SELECT id FROM superadmins").get_result(owner).expect("one superadmin");
    let session = Uuid::new_v4();
    sql_query(
        "INSERT INTO superadmin_sessions (id, superadmin_id, created_at, expires_at) \
         VALUES ($1, $2, now(), now() + interval '10 years')",
    )
    .bind::<sql_types::Uuid, _>(session)
    .bind::<sql_types::Uuid, _>(superadmin.id)
    .execute(owner)
    .expect("a session");
    (superadmin.id, session)
}

/// Entered by hand and not through the API, with the superadmin's hash for everybody, so that a
/// test need not wait for hashing.
pub(crate) fn seed(owner: &mut PgConnection, slug: &'static str, currency: &str) -> Seeded {
    let id = Uuid::new_v4();
    let users: Vec<_> = ROLES.iter().map(|role| (*role, Uuid::new_v4(), Uuid::new_v4())).collect();
    owner
        .batch_execute(&format!(
            "INSERT INTO tenants (id, slug, name, currency, time_zone, created_at, updated_at)
             VALUES ('{id}', '{slug}', '{slug}', '{currency}', 'Europe/Berlin', now(), now())"
        ))
        .expect("a client");
    for (role, user, session) in &users {
        owner
            .batch_execute(&format!(
                "INSERT INTO users (tenant_id, id, username, role, password_hash, created_at, updated_at)
                 SELECT '{id}', '{user}', '{role}', '{role}', password_hash, now(), now() FROM superadmins;
                 INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at)
                 VALUES ('{id}', '{session}', '{user}', now(), now() + interval '10 years')"
            ))
            .expect("a user with a session");
    }
    Seeded { id, slug, users }
}
