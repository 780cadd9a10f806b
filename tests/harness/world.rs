//! A running service on a database of its own.

use crate::{
    caller::{Caller, http_client},
    cluster::{Cluster, Login},
    dice::SeededRandomness,
    patience::LONG_ENOUGH,
    service::Service,
    template::{PASSWORD, SUPERADMIN, Seeded, TEMPLATE, config, environment, seed},
    time::TestClock,
    wire::Wire,
};
use chrono::NaiveDate;
use countinghouse_api::{
    app::AppState,
    config::Config,
    features::verify::{self, Report},
    platform::{
        authn::Subject,
        clock::Clock,
        crypto::Secret,
        db::Owner,
        http::Route,
        ids::{Randomness, SystemRandomness},
        telemetry,
    },
    routes,
};
use countinghouse_contract::{SessionId, SuperadminId, TenantId, UserId};
use diesel::{PgConnection, RunQueryDsl, dsl::sql, select, sql_types::BigInt};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use totp_rs::Builder;

/// One test's service, database and two clients.
pub struct World {
    pub base_url: String,
    pub clock: Arc<TestClock>,
    pub state: AppState,
    pub database: String,
    /// The client that a test works with.
    pub north: Tenant,
    /// The other one, whose things must stay as they are.
    pub south: Tenant,
    http: reqwest::Client,
    pub config: Config,
    routes: Vec<Route>,
    randomness: Arc<dyn Randomness>,
    service: Option<Service>,
}

/// A client of the service with a user of every role.
#[derive(Clone)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: &'static str,
    users: Vec<(&'static str, UserId, SessionId)>,
}

impl Tenant {
    pub fn user(&self, role: &str) -> UserId {
        self.find(role).1
    }

    pub fn session(&self, role: &str) -> SessionId {
        self.find(role).2
    }

    fn find(&self, role: &str) -> &(&'static str, UserId, SessionId) {
        self.users.iter().find(|(name, ..)| *name == role).expect("a built-in role")
    }

    fn of(seeded: &Seeded) -> Self {
        let users = seeded.users.iter().map(|(role, user, session)| (*role, UserId(*user), SessionId(*session)));
        Self { id: TenantId(seeded.id), slug: seeded.slug, users: users.collect() }
    }
}

/// Who proves the books, see [`World::auditor`].
pub struct Auditor(Owner);

impl Auditor {
    pub fn verify_books(&mut self, client: Option<&str>) -> Report {
        verify::books(&mut self.0, client).expect("the database answers").expect("there is such a client")
    }
}

type Change = Box<dyn FnOnce(&mut Config) + Send>;

/// What a test may want otherwise.
#[derive(Default)]
pub struct WorldBuilder {
    routes: Vec<Route>,
    workers: Option<usize>,
    pool: Option<u32>,
    change: Option<Change>,
    seed: Option<u64>,
    wire: Option<Wire>,
}

impl WorldBuilder {
    /// Routes beside the product's own.
    pub fn routes(mut self, routes: Vec<Route>) -> Self {
        self.routes = routes;
        self
    }

    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Database connections for requests.
    pub fn pool(mut self, pool: u32) -> Self {
        self.pool = Some(pool);
        self
    }

    pub fn config(mut self, change: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        self.change = Some(Box::new(change));
        self
    }

    /// Random bytes that are the same in every run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Requests of clients, and jobs, reach the database through this.
    pub fn wire(mut self, wire: &Wire) -> Self {
        self.wire = Some(wire.clone());
        self
    }

    pub async fn start(self) -> World {
        tokio::task::spawn_blocking(|| self.start_blocking()).await.expect("a world starts")
    }

    fn start_blocking(self) -> World {
        if std::env::var_os("LOG").is_some() {
            telemetry::start_logging();
        }
        let template = &*TEMPLATE;
        let database = Cluster::get().clone_database(&template.database);
        let mut config = config(&database);
        config.http.workers = self.workers.unwrap_or(1);
        config.database.pool = self.pool.unwrap_or(4);
        if let Some(wire) = self.wire {
            let through = |login| Secret::new(Cluster::get().url_through(wire.address(), login, &database));
            config.database.app = through(Login::App);
            config.database.worker = Some(through(Login::Worker));
        }
        // A busy machine is no fault of Redis.
        config.redis.patience = Duration::from_secs(5);
        if let Some(change) = self.change {
            change(&mut config);
        }
        let randomness: Arc<dyn Randomness> = match self.seed {
            Some(seed) => Arc::new(SeededRandomness::of(seed)),
            None => Arc::new(SystemRandomness),
        };
        let clock = Arc::new(TestClock::default());
        let routes = [routes::table(), self.routes].concat();
        let service = Service::start(config.clone(), routes.clone(), Arc::clone(&clock), Arc::clone(&randomness));
        let (base_url, state) = (service.base_url.clone(), service.state.clone());
        let [north, south] = [Tenant::of(&template.tenants[0]), Tenant::of(&template.tenants[1])];
        let http = http_client();
        World {
            base_url,
            clock,
            state,
            database,
            north,
            south,
            http,
            config,
            routes,
            randomness,
            service: Some(service),
        }
    }
}

impl World {
    pub async fn start() -> Self {
        WorldBuilder::default().start().await
    }

    pub fn builder() -> WorldBuilder {
        WorldBuilder::default()
    }

    /// The environment of a process on this world's database.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        environment(&self.database)
    }

    /// Another copy of the service, on the same database, Redis and clock.
    pub async fn copy(&self) -> Service {
        let (config, routes) = (self.config.clone(), self.routes.clone());
        let (clock, randomness) = (Arc::clone(&self.clock), Arc::clone(&self.randomness));
        let start = || Service::start(config, routes, clock, randomness);
        tokio::task::spawn_blocking(start).await.expect("a copy starts")
    }

    /// Ends the service without a farewell, and starts another.
    pub async fn restart(&mut self) {
        let gone = self.service.take();
        tokio::task::spawn_blocking(|| drop(gone)).await.expect("the service ends");
        let service = self.copy().await;
        (self.base_url, self.state) = (service.base_url.clone(), service.state.clone());
        self.service = Some(service);
    }

    /// One more client, with a user of every role.
    pub fn found(&self, slug: &'static str, currency: &str) -> Tenant {
        Tenant::of(&seed(&mut self.database(Login::Owner), slug, currency))
    }

    /// The same caller, at another copy of the service.
    pub fn caller_at(&self, service: &Service, caller: &Caller) -> Caller {
        Caller::new(self.http.clone(), &service.base_url, Some(caller.token().to_owned()))
    }

    /// A caller who is not logged in.
    pub fn nobody(&self) -> Caller {
        Caller::new(self.http.clone(), &self.base_url, None)
    }

    pub fn with_token(&self, token: impl Into<String>) -> Caller {
        Caller::new(self.http.clone(), &self.base_url, Some(token.into()))
    }

    /// The software that has this API key, as it was answered when it was made.
    pub fn software(&self, made: &serde_json::Value) -> Caller {
        self.nobody().with_key(made["key"].as_str().expect("a key"))
    }

    /// The user of this role, in the session that stands in every world.
    pub fn caller(&self, tenant: &Tenant, role: &str) -> Caller {
        let (_, user, session) = *tenant.find(role);
        self.with_token(self.token(Subject::User { tenant: tenant.id, user, session }))
    }

    /// The first client's owner: who most tests act as.
    pub fn owner(&self) -> Caller {
        self.caller(&self.north, "owner")
    }

    pub fn superadmin(&self) -> Caller {
        let (superadmin, session) = TEMPLATE.superadmin;
        let subject = Subject::Superadmin { superadmin: SuperadminId(superadmin), session: SessionId(session) };
        self.with_token(self.token(subject))
    }

    /// A token as the service issues it now.
    pub fn token(&self, subject: Subject) -> String {
        self.state.tokens.issue(subject).expect("a token")
    }

    /// Logs in with the password, through the API.
    pub async fn log_in(&self, tenant: &Tenant, username: &str) -> Caller {
        let body = json!({"client_id": tenant.slug, "username": username, "password": PASSWORD});
        let answer = self.nobody().post("/auth/login", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.with_token(answer.body["access_token"].as_str().expect("a token"))
    }

    /// The body of a superadmin's log-in, with the code of now.
    pub fn superadmin_login(&self) -> serde_json::Value {
        json!({"username": SUPERADMIN, "password": PASSWORD, "totp_code": self.code(&TEMPLATE.totp_secret)})
    }

    /// What an authenticator app with this secret shows now, by the service's clock.
    pub fn code(&self, secret: &str) -> String {
        let secret = totp_rs::Secret::try_from_base32(secret).expect("a base32 secret");
        let totp = Builder::new().with_secret(secret).with_account_name("x").build().expect("a TOTP");
        totp.generate(u64::try_from(self.clock.now().timestamp()).expect("after 1970")).to_string()
    }

    /// Gives the caller a second factor; answers its secret and the recovery codes. The next code
    /// is one of the step after.
    pub async fn enrol(&self, caller: &Caller) -> (String, Vec<String>) {
        let password = json!({"current_password": PASSWORD});
        let secret = caller.post("/auth/2fa/enroll", &password).await.expect(200)["secret"].clone();
        let secret = secret.as_str().expect("a secret").to_owned();
        let code = json!({"code": self.code(&secret)});
        let confirmed = caller.post("/auth/2fa/confirm", &code).await.expect(200);
        self.clock.advance(chrono::Duration::seconds(30));
        let codes = confirmed["recovery_codes"].as_array().expect("recovery codes").iter();
        (secret, codes.map(|code| code.as_str().expect("a code").to_owned()).collect())
    }

    /// The date in the clients' own time zone.
    pub fn today(&self) -> NaiveDate {
        self.clock.now().with_timezone(&chrono_tz::Europe::Berlin).date_naive()
    }

    /// The database, as any of its logins.
    pub fn database(&self, login: Login) -> PgConnection {
        Cluster::get().connect(login, &self.database)
    }

    /// What `countinghouse verify books` finds, at one client or all.
    pub fn verify_books(&self, client: Option<&str>) -> Report {
        self.auditor().verify_books(client)
    }

    /// Somebody who looks often, and keeps a connection for it.
    pub fn auditor(&self) -> Auditor {
        let url = Cluster::get().url(Login::Owner, &self.database);
        Auditor(Owner::connect(&url).expect("a connection as the owner"))
    }

    /// Until a transaction waits for a lock that another one holds.
    pub async fn until_one_waits(&self) {
        self.until_waiting(1).await;
    }

    /// Until so many do.
    pub async fn until_waiting(&self, transactions: i64) {
        let mut database = self.database(Login::Superuser);
        let waiting = "(SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                       AND datname = current_database())";
        let begun = Instant::now();
        while select(sql::<BigInt>(waiting)).get_result::<i64>(&mut database).expect("an answer") < transactions {
            assert!(begun.elapsed() < LONG_ENOUGH, "no {transactions} transactions wait for a lock");
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.service.take());
        let database = std::mem::take(&mut self.database);
        // Few worlds have any.
        let _ = std::fs::remove_dir_all(&self.config.images.folder);
        // Off the test's own runtime, which may be the one that must not block.
        let _ = std::thread::spawn(move || Cluster::get().drop_database(&database)).join();
    }
}
