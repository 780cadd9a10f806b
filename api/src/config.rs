//! The configuration: environment variables, read and checked once at the start, one small
//! struct per section. Everything that is wrong is named at once.

use crate::platform::{crypto::Secret, http::is_origin};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// Everything that `serve` needs.
#[derive(Debug, Clone)]
pub struct Config {
    pub http: Http,
    /// `METRICS_LISTEN`: where metrics are served, to the operator alone; by default nowhere.
    pub metrics: Option<SocketAddr>,
    pub database: Database,
    pub redis: Redis,
    pub keys: Keys,
    pub sessions: Sessions,
    pub worker: Worker,
    pub retention: Retention,
    /// `SELF_SERVICE`: `on` lets anybody register a client; by default `off`.
    pub self_service: bool,
    pub rates: Rates,
    pub passwords: Passwords,
}

/// How jobs are done.
#[derive(Debug, Clone, Copy)]
pub struct Worker {
    /// `WORKER_JOBS`: how many at a time, by default 16.
    pub slots: usize,
    /// `WORKER_JOBS_PER_CLIENT`: how many of one client, in all workers together, by default 8.
    pub per_client: i32,
    /// `WORKER_LEASE_SECONDS`: for how long a worker that says nothing is believed in, by default 30.
    pub lease: chrono::Duration,
    /// How often it looks by itself, where nobody wakes it.
    pub poll: Duration,
    /// `SHUTDOWN_SECONDS`: how long jobs that were begun may take to end after SIGTERM.
    pub grace: Duration,
}

/// For how long what is past is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// `KEEP_SESSION_LOG_DAYS`, by default 400.
    pub session_log: chrono::Duration,
    /// `KEEP_SESSIONS_DAYS`: after their end, by default 90.
    pub sessions: chrono::Duration,
    /// `KEEP_JOBS_DAYS`: after their end, by default 30.
    pub jobs: chrono::Duration,
    /// `KEEP_EVENTS_DAYS`, by default 30.
    pub events: chrono::Duration,
    /// `KEEP_AUDIT_LOG_DAYS`, by default ten years, as books are kept.
    pub audit_log: chrono::Duration,
}

/// How much one client may ask for, where nothing else was agreed with it, and how often
/// somebody may try to log in.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// `RATE_READS`: a second, by default 200.
    pub reads: u32,
    /// `RATE_WRITES`: a second, by default 50.
    pub writes: u32,
    /// `RATE_UPLOADS`: a second, by default 5.
    pub uploads: u32,
    /// `RATE_REPORTS`: reports and exports a second, by default 2.
    pub reports: u32,
    /// `RATE_LOG_INS`: log-ins a minute as one user of one client, by default 10.
    pub log_ins: u32,
    /// `RATE_LOG_INS_ADDRESS`: log-ins a minute from one address, by default 60.
    pub log_ins_address: u32,
}

/// How much hashing there is at once.
#[derive(Debug, Clone, Copy)]
pub struct Passwords {
    /// `PASSWORD_THREADS`: passwords hashed at the same time, by default one per two cores.
    pub threads: usize,
    /// `PASSWORD_QUEUE`: how many more may wait, by default 32; whoever comes then gets 429.
    pub queue: usize,
}

/// How long people stay logged in.
#[derive(Debug, Clone, Copy)]
pub struct Sessions {
    /// `SESSION_IDLE_MINUTES`: a session that is not used ends after this, by default 12 hours.
    pub idle: chrono::Duration,
    /// `SESSION_DAYS`: a session ends after this however much it is used, by default 30 days.
    pub longest: chrono::Duration,
    /// `SUPERADMIN_IDLE_MINUTES`, by default 30 minutes.
    pub superadmin_idle: chrono::Duration,
    /// `SUPERADMIN_SESSION_HOURS`, by default 12 hours.
    pub superadmin_longest: chrono::Duration,
}

/// Where and how the service listens.
#[derive(Debug, Clone)]
pub struct Http {
    /// `LISTEN`, by default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// `HTTP_WORKERS`: threads that speak HTTP, by default one per core.
    pub workers: usize,
    /// `SHUTDOWN_SECONDS`: how long accepted requests may take to end after SIGTERM.
    pub shutdown: Duration,
    /// `BODY_SECONDS`: how long a body may take to arrive.
    pub body: Duration,
    /// `TRUSTED_PROXIES`: addresses and networks whose `X-Forwarded-For` is believed; by default none.
    pub proxies: Vec<IpNet>,
    /// `CORS_ORIGINS`: the operator's own pages, which may read every answer; by default none.
    pub cors_origins: Vec<String>,
}

/// One login per way in; none of them is a member of another.
#[derive(Debug, Clone)]
pub struct Database {
    /// `DATABASE_URL`: requests of tenants.
    pub app: Secret<String>,
    /// `DATABASE_URL_PLATFORM`: requests of superadmins.
    pub platform: Secret<String>,
    /// `DATABASE_URL_WORKER`: jobs; `serve` goes without it where it does none.
    pub worker: Option<Secret<String>>,
    /// `WORKER_POOL`: connections for jobs, by default 4; the queue has two more.
    pub worker_pool: u32,
    /// `DATABASE_POOL`: connections for tenants' requests. Superadmins get a quarter of that.
    pub pool: u32,
}

#[derive(Debug, Clone)]
pub struct Redis {
    /// `REDIS_URL`, like `redis://host:6379` or `redis+unix:///path`.
    pub url: Secret<String>,
    /// `REDIS_PREFIX`: what every key begins with, by default `countinghouse:`.
    pub prefix: String,
    /// How long a request waits for Redis before the process goes on without it.
    pub patience: Duration,
}

/// Keys from outside the database.
#[derive(Debug, Clone)]
pub struct Keys {
    /// `JWT_KEYS`: `kid:key[,kid:key…]`; the first signs, all verify.
    pub jwt: KeyRing,
    /// `MASTER_KEYS`: in the same form; the first wraps new data keys, all unwrap.
    pub master: KeyRing,
}

/// Keys of 256 bits by name, the one in use first.
#[derive(Debug, Clone)]
pub struct KeyRing(pub Vec<(String, Secret<[u8; 32]>)>);

/// The highest rate that can be set; an interval is never shorter than ten microseconds.
pub const MAX_RATE: u32 = 100_000;

/// All that is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not complete:\n  {}", .0.join("\n  "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Reads any source of named values; tests bring their own.
    pub fn read(source: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { source, faults: Vec::new() };
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let config = Self {
            http: Http {
                listen: reader.parsed("LISTEN", SocketAddr::from(([127, 0, 0, 1], 8080))),
                workers: reader.parsed("HTTP_WORKERS", cores).max(1),
                shutdown: Duration::from_secs(reader.parsed("SHUTDOWN_SECONDS", 25)),
                body: Duration::from_secs(reader.parsed("BODY_SECONDS", 10)),
                proxies: reader.networks("TRUSTED_PROXIES"),
                cors_origins: reader.origins("CORS_ORIGINS"),
            },
            metrics: reader.optional("METRICS_LISTEN"),
            database: Database {
                app: reader.database_url("DATABASE_URL"),
                platform: reader.database_url("DATABASE_URL_PLATFORM"),
                worker: reader.optional_database_url("DATABASE_URL_WORKER"),
                worker_pool: reader.parsed("WORKER_POOL", 4).max(2),
                pool: reader.parsed("DATABASE_POOL", 8).max(1),
            },
            redis: Redis {
                url: Secret::new(reader.required("REDIS_URL")),
                prefix: reader.parsed("REDIS_PREFIX", "countinghouse:".to_owned()),
                patience: Duration::from_millis(100),
            },
            sessions: Sessions {
                idle: chrono::Duration::minutes(reader.whole("SESSION_IDLE_MINUTES", 5, 12 * 60)),
                longest: chrono::Duration::days(reader.whole("SESSION_DAYS", 1, 30)),
                superadmin_idle: chrono::Duration::minutes(reader.whole("SUPERADMIN_IDLE_MINUTES", 5, 30)),
                superadmin_longest: chrono::Duration::hours(reader.whole("SUPERADMIN_SESSION_HOURS", 1, 12)),
            },
            rates: Rates {
                reads: reader.rate("RATE_READS", 200),
                writes: reader.rate("RATE_WRITES", 50),
                uploads: reader.rate("RATE_UPLOADS", 5),
                reports: reader.rate("RATE_REPORTS", 2),
                log_ins: reader.rate("RATE_LOG_INS", 10),
                log_ins_address: reader.rate("RATE_LOG_INS_ADDRESS", 60),
            },
            self_service: reader.switch("SELF_SERVICE"),
            worker: Worker {
                slots: reader.parsed("WORKER_JOBS", 16).max(1),
                per_client: reader.parsed("WORKER_JOBS_PER_CLIENT", 8).max(1),
                lease: chrono::Duration::seconds(reader.whole("WORKER_LEASE_SECONDS", 3, 30)),
                poll: Duration::from_millis(500),
                grace: Duration::from_secs(reader.parsed("SHUTDOWN_SECONDS", 25)),
            },
            retention: Retention {
                session_log: chrono::Duration::days(reader.whole("KEEP_SESSION_LOG_DAYS", 1, 400)),
                sessions: chrono::Duration::days(reader.whole("KEEP_SESSIONS_DAYS", 1, 90)),
                jobs: chrono::Duration::days(reader.whole("KEEP_JOBS_DAYS", 1, 30)),
                events: chrono::Duration::days(reader.whole("KEEP_EVENTS_DAYS", 1, 30)),
                audit_log: chrono::Duration::days(reader.whole("KEEP_AUDIT_LOG_DAYS", 1, 3_653)),
            },
            passwords: Passwords {
                threads: reader.count("PASSWORD_THREADS", (cores / 2).max(1)),
                queue: reader.count("PASSWORD_QUEUE", 32),
            },
            keys: Keys { jwt: reader.keys("JWT_KEYS"), master: reader.keys("MASTER_KEYS") },
        };
        if reader.faults.is_empty() { Ok(config) } else { Err(ConfigError(reader.faults)) }
    }
}

/// `DATABASE_URL_OWNER`: the login of migrations, which `serve` never sees.
pub fn owner_url() -> Result<Secret<String>, ConfigError> {
    let missing = || ConfigError(vec!["DATABASE_URL_OWNER is not set".to_owned()]);
    std::env::var("DATABASE_URL_OWNER").map(Secret::new).map_err(|_| missing())
}

/// `MASTER_KEYS`, for commands that need nothing else of the configuration.
pub fn master_keys() -> Result<KeyRing, ConfigError> {
    let mut reader = Reader { source: &|name| std::env::var(name).ok(), faults: Vec::new() };
    let keys = reader.keys("MASTER_KEYS");
    if reader.faults.is_empty() { Ok(keys) } else { Err(ConfigError(reader.faults)) }
}

struct Reader<'a> {
    source: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn required(&mut self, name: &str) -> String {
        let value = (self.source)(name).filter(|value| !value.is_empty());
        value.unwrap_or_else(|| {
            self.faults.push(format!("{name} is not set"));
            String::new()
        })
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &str, default: T) -> T {
        match (self.source)(name).map(|text| text.parse()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.faults.push(format!("{name} is not of its form"));
                default
            }
        }
    }

    fn optional<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        let text = (self.source)(name).filter(|text| !text.is_empty())?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.faults.push(format!("{name} is not of its form"));
        }
        parsed
    }

    /// A whole number up to 100,000. (Uses are noted once a minute, so idle times are longer.)
    fn whole(&mut self, name: &str, least: i64, default: u32) -> i64 {
        let number = i64::from(self.parsed(name, default));
        if !(least..=100_000).contains(&number) {
            self.faults.push(format!("{name} is not from {least} to 100000"));
        }
        number
    }

    /// How many of something that takes memory.
    fn count(&mut self, name: &str, default: usize) -> usize {
        let count = self.parsed(name, default);
        if !(1..=10_000).contains(&count) {
            self.faults.push(format!("{name} is not from 1 to 10000"));
        }
        count
    }

    fn rate(&mut self, name: &str, default: u32) -> u32 {
        let rate = self.parsed(name, default);
        if !(1..=MAX_RATE).contains(&rate) {
            self.faults.push(format!("{name} is not from 1 to {MAX_RATE}"));
        }
        rate
    }

    /// Addresses and networks (`10.0.0.0/8`), divided by commas.
    fn networks(&mut self, name: &str) -> Vec<IpNet> {
        let text = (self.source)(name).unwrap_or_default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let parsed: Option<Vec<IpNet>> =
            entries.map(|entry| entry.parse().ok().or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from))).collect();
        parsed.unwrap_or_else(|| {
            self.faults.push(format!("{name} is not a list of addresses and networks"));
            Vec::new()
        })
    }

    /// Origins (`https://console.example.com`), divided by commas.
    fn origins(&mut self, name: &str) -> Vec<String> {
        let text = (self.source)(name).unwrap_or_default();
        let origins: Vec<_> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if !origins.iter().all(|origin| is_origin(origin)) {
            self.faults.push(format!("{name} is not a list of origins as browsers send them"));
        }
        origins.into_iter().map(str::to_owned).collect()
    }

    fn switch(&mut self, name: &str) -> bool {
        match (self.source)(name).as_deref() {
            None | Some("off") => false,
            Some("on") => true,
            Some(_) => {
                self.faults.push(format!("{name} is neither on nor off"));
                false
            }
        }
    }

    /// A PostgreSQL URL, whose escapes are checked here: libpq would quote a broken one, which may
    /// be part of the password, in its error.
    fn database_url(&mut self, name: &str) -> Secret<String> {
        let url = self.required(name);
        let broken = url.split('%').skip(1).any(|rest| {
            let mut digits = rest.chars();
            !(0..2).all(|_| digits.next().is_some_and(|c| c.is_ascii_hexdigit()))
        });
        if broken {
            self.faults.push(format!("{name} has a % that is not escaped as %25"));
        }
        Secret::new(url)
    }

    fn optional_database_url(&mut self, name: &str) -> Option<Secret<String>> {
        let set = (self.source)(name).is_some_and(|value| !value.is_empty());
        set.then(|| self.database_url(name))
    }

    fn keys(&mut self, name: &str) -> KeyRing {
        let text = self.required(name);
        let keys: Vec<_> = text.split(',').filter_map(parse_key).collect();
        let names: std::collections::BTreeSet<_> = keys.iter().map(|(kid, _)| kid).collect();
        if names.len() != keys.len() {
            self.faults.push(format!("{name} names a key twice"));
        }
        if !text.is_empty() && keys.len() != text.split(',').count() {
            self.faults.push(format!("{name} is not of the form kid:key[,kid:key…], each key 32 bytes in base64url"));
        }
        KeyRing(keys)
    }
}

fn parse_key(entry: &str) -> Option<(String, Secret<[u8; 32]>)> {
    let (kid, key) = entry.split_once(':')?;
    let bytes = URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')).ok()?;
    let named = !kid.is_empty() && kid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    named.then_some((kid.to_owned(), Secret::new(bytes.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_named_at_once_and_no_value_is_shown() {
        let source = |name: &str| (name == "JWT_KEYS").then(|| "k1:c2hvcnQ".to_owned());
        let fault = Config::read(&source).unwrap_err().to_string();
        for name in ["DATABASE_URL ", "DATABASE_URL_PLATFORM", "REDIS_URL", "MASTER_KEYS", "JWT_KEYS"] {
            assert!(fault.contains(name), "{name} in {fault}");
        }
        assert!(!fault.contains("c2hvcnQ"));
    }

    #[test]
    fn rates_and_proxies_have_bounds_and_a_form() {
        let read = |name: &'static str, value: &'static str| {
            Config::read(&move |asked| (asked == name).then(|| value.to_owned())).unwrap_err().to_string()
        };
        for (name, value) in [
            ("RATE_READS", "0"),
            ("RATE_LOG_INS", "100001"),
            ("RATE_WRITES", "many"),
            ("TRUSTED_PROXIES", "10.0.0.0/33"),
            ("TRUSTED_PROXIES", "10.0.0.1, proxy"),
            ("CORS_ORIGINS", "*"),
            ("CORS_ORIGINS", "https://a.example,https://b.example/"),
            ("SELF_SERVICE", "yes"),
            ("METRICS_LISTEN", "9090"),
        ] {
            assert!(read(name, value).contains(name), "{name}={value}");
        }
        for (name, value) in [
            ("RATE_READS", "100000"),
            ("TRUSTED_PROXIES", " 10.0.0.0/8, ::1,192.0.2.7,"),
            ("CORS_ORIGINS", "https://a.example, http://b.example:81"),
            ("SELF_SERVICE", "on"),
            ("METRICS_LISTEN", "127.0.0.1:9090"),
        ] {
            assert!(!read(name, value).contains(name), "{name}={value}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let key = parse_key("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        assert_eq!(format!("{key:?}"), "(\"k1\", ***)");
    }
}
