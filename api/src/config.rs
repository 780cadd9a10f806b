//! The configuration: environment variables, read and checked once at the start, one small
//! struct per section. Everything that is wrong is named at once.

mod images;
mod reader;

pub use images::ImageModel;
pub use reader::MAX_RATE;

use crate::platform::crypto::Secret;
use ipnet::IpNet;
use reader::Reader;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The service as a whole. What a variable is for stands at its field, in the form "`NAME`: text", and
/// [`variables`] knows the defaults: `deployment/environment.md` is made of both.
#[derive(Debug, Clone)]
pub struct Config {
    pub http: Http,
    /// `METRICS_LISTEN`: address and port where `serve` and `work` answer `GET /metrics`, for the operator alone; see
    /// [metrics.md](metrics.md).
    pub metrics: Option<SocketAddr>,
    pub database: Database,
    pub redis: Redis,
    pub keys: Keys,
    pub sessions: Sessions,
    pub worker: Worker,
    pub outbound: Outbound,
    pub retention: Retention,
    /// `SELF_SERVICE`: `on` lets anybody register a client with `POST /auth/register`.
    pub self_service: bool,
    /// `ERP_MOCK`: `on` opens `POST /erp/mock-update-stock`, which answers like an ERP and does nothing.
    pub erp_mock: bool,
    pub rates: Rates,
    pub passwords: Passwords,
    pub images: Images,
}

/// Pictures of products: where they are kept, and what makes them searchable.
#[derive(Debug, Clone)]
pub struct Images {
    /// `IMAGES_FOLDER`: where they are kept, unless it is a bucket; several machines need one that they share.
    pub folder: PathBuf,
    /// `IMAGES_BUCKET`: the bucket that they are kept in, of whatever speaks S3.
    pub bucket: Option<Bucket>,
    /// `IMAGE_MODEL`: the model that compares them, an ONNX file: `/path/to/efficientnet-lite0.onnx`, or another with
    /// what it wants, like `/path/to/model.onnx?name=mobile&size=192&layout=nhwc&mean=127.5&scale=127.5&output=features`.
    /// Without one, image search answers 503.
    pub model: Option<ImageModel>,
    /// `IMAGE_MODEL_PREVIOUS`: what `IMAGE_MODEL` was before. With it clients are searched by the old model until
    /// the new one has seen all their pictures; without, image search answers 503 until then.
    pub previous_model: Option<ImageModel>,
    /// `IMAGE_THREADS`: threads that read pictures and compare them, at a low priority.
    pub threads: usize,
    /// `IMAGE_QUEUE`: how many more may wait for that; whoever comes then is answered 503.
    pub queue: usize,
    /// `IMAGE_MEMORY_MIB`: what pictures that are read at the same time may take together, at least 512.
    pub memory_mib: u32,
    /// `IMAGES_MIB_PER_CLIENT`: how much a client's pictures may take in the store, so that nobody fills it for all.
    pub mib_per_client: u32,
}

/// A place in an object store.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub name: String,
    /// `IMAGES_BUCKET_ENDPOINT`: the address of the store; Amazon's without it. `http://` is for a network of one's own.
    pub endpoint: Option<String>,
    /// `IMAGES_BUCKET_REGION`: the bucket's region.
    pub region: String,
    /// `IMAGES_BUCKET_ACCESS_KEY_ID`: who asks; without it, whom the machine itself stands for at Amazon.
    pub access_key_id: Option<String>,
    /// `IMAGES_BUCKET_SECRET_ACCESS_KEY`: their secret.
    pub secret_access_key: Option<Secret<String>>,
}

/// How jobs are done.
#[derive(Debug, Clone, Copy)]
pub struct Worker {
    /// `WORKER_JOBS`: jobs at a time in one worker.
    pub slots: usize,
    /// `WORKER_JOBS_PER_CLIENT`: jobs of one client at a time, in all workers together.
    pub per_client: i32,
    /// `WORKER_LEASE_SECONDS`: for how long a worker that says nothing is believed in.
    pub lease: chrono::Duration,
    /// How often it looks by itself, where nobody wakes it.
    pub poll: Duration,
    /// How long jobs that were begun may take to end after SIGTERM: as long as requests.
    pub grace: Duration,
}

/// Calls to servers of others.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// `OUTBOUND_ALLOW`: addresses and networks, like `10.1.0.0/16,::1`, that clients' webhooks may reach beside the
    /// internet; only these are called without TLS.
    pub listed: Vec<IpNet>,
    /// `OUTBOUND_SECONDS`: how long somebody else's server may take to answer.
    pub patience: Duration,
}

/// For how long what is past is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// `KEEP_SESSION_LOG_DAYS`: the log of who logged in and out.
    pub session_log: chrono::Duration,
    /// `KEEP_SESSIONS_DAYS`: sessions, after their end.
    pub sessions: chrono::Duration,
    /// `KEEP_JOBS_DAYS`: jobs, after their end.
    pub jobs: chrono::Duration,
    /// `KEEP_EVENTS_DAYS`: what happened, and how it was told to others, ERPs too; longer where that still goes on.
    pub events: chrono::Duration,
    /// `KEEP_IMPORTS_DAYS`: what became of imported files, and what was wrong with them.
    pub imports: chrono::Duration,
    /// `KEEP_AUDIT_LOG_DAYS`: clients' audit logs; ten years, as books are kept.
    pub audit_log: chrono::Duration,
}

/// How much may be asked for. It is what one client may, all its users together, where a superadmin agreed nothing
/// else with it (`PATCH /admin/tenants/{slug}`), and how often somebody may try to log in.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// `RATE_READS`: reads a second, and a tenth as many searches for what looks like a product.
    pub reads: u32,
    /// `RATE_WRITES`: changes a second.
    pub writes: u32,
    /// `RATE_UPLOADS`: uploads a second.
    pub uploads: u32,
    /// `RATE_REPORTS`: reports and exports a second.
    pub reports: u32,
    /// `RATE_LOG_INS`: log-ins a minute as one user of one client, whether there is one or not.
    pub log_ins: u32,
    /// `RATE_LOG_INS_ADDRESS`: log-ins a minute from one address, or one /64 of IPv6.
    pub log_ins_address: u32,
}

/// How much hashing there is at once.
#[derive(Debug, Clone, Copy)]
pub struct Passwords {
    /// `PASSWORD_THREADS`: passwords hashed at the same time, each in 46 MiB and at a low priority.
    pub threads: usize,
    /// `PASSWORD_QUEUE`: how many more may wait for that; whoever comes then is answered 429.
    pub queue: usize,
}

/// How long people stay logged in.
#[derive(Debug, Clone, Copy)]
pub struct Sessions {
    /// `SESSION_IDLE_MINUTES`: a session that is not used for so long ends.
    pub idle: chrono::Duration,
    /// `SESSION_DAYS`: a session ends after so long however much it is used.
    pub longest: chrono::Duration,
    /// `SUPERADMIN_IDLE_MINUTES`: the first of these for superadmins.
    pub superadmin_idle: chrono::Duration,
    /// `SUPERADMIN_SESSION_HOURS`: the second for superadmins.
    pub superadmin_longest: chrono::Duration,
}

/// Where and how the service listens.
#[derive(Debug, Clone)]
pub struct Http {
    /// `LISTEN`: address and port of the API.
    pub listen: SocketAddr,
    /// `HTTP_WORKERS`: threads that speak HTTP.
    pub workers: usize,
    /// `SHUTDOWN_SECONDS`: how long accepted requests, and jobs that were begun, may take to end after SIGTERM.
    pub shutdown: Duration,
    /// `BODY_SECONDS`: how long a request's body may take to arrive.
    pub body: Duration,
    /// `TRUSTED_PROXIES`: addresses and networks, like `10.0.0.0/8,::1`, whose `X-Forwarded-For` is believed; without
    /// them all callers behind a proxy are one address.
    pub proxies: Vec<IpNet>,
    /// `CORS_ORIGINS`: origins of the operator's own pages, like `https://console.example.com`, that may read every
    /// answer in a browser; those of a client's pages stand in its profile.
    pub cors_origins: Vec<String>,
}

/// One login per way in; none of them is a member of another.
#[derive(Debug, Clone)]
pub struct Database {
    /// `DATABASE_URL`: login `countinghouse_app`: requests of clients.
    pub app: Secret<String>,
    /// `DATABASE_URL_PLATFORM`: login `countinghouse_platform`: requests of superadmins.
    pub platform: Secret<String>,
    /// `DATABASE_URL_WORKER`: login `countinghouse_worker`: jobs. `work` requires it; `serve` goes without it where it
    /// does none.
    pub worker: Option<Secret<String>>,
    /// `WORKER_POOL`: connections for jobs; claiming has two more.
    pub worker_pool: u32,
    /// `DATABASE_POOL`: connections for clients' requests; superadmins get a quarter of that beside it, at least 2.
    pub pool: u32,
}

/// Limits, and waking workers; nothing is lost with it.
#[derive(Debug, Clone)]
pub struct Redis {
    /// `REDIS_URL`: like `redis://host:6379` or `redis+unix:///path`.
    pub url: Secret<String>,
    /// `REDIS_PREFIX`: what every key there begins with, where several services share one.
    pub prefix: String,
    /// How long a request waits for Redis before the process goes on without it.
    pub patience: Duration,
}

/// Keys from outside the database.
#[derive(Debug, Clone)]
pub struct Keys {
    /// `JWT_KEYS`: `kid:key[,kid:key…]`, each key 32 bytes in base64url; the first signs tokens, all verify.
    pub jwt: KeyRing,
    /// `MASTER_KEYS`: in the same form; the first wraps data keys, all unwrap. Lose it, and no sealed secret, like those
    /// of second factors, opens any more.
    pub master: KeyRing,
}

/// Keys of 256 bits by name, the one in use first.
#[derive(Debug, Clone)]
pub struct KeyRing(pub Vec<(String, Secret<[u8; 32]>)>);

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
        let mut reader = Reader::of(source);
        let config = Self::read_by(&mut reader);
        if reader.faults.is_empty() { Ok(config) } else { Err(ConfigError(reader.faults)) }
    }

    fn read_by(reader: &mut Reader) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            http: Http {
                listen: reader.listen(),
                workers: reader.parsed_or("HTTP_WORKERS", cores, "one per core").max(1),
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
            sessions: Sessions::read_by(reader),
            rates: Rates {
                reads: reader.rate("RATE_READS", 200),
                writes: reader.rate("RATE_WRITES", 50),
                uploads: reader.rate("RATE_UPLOADS", 5),
                reports: reader.rate("RATE_REPORTS", 2),
                log_ins: reader.rate("RATE_LOG_INS", 10),
                log_ins_address: reader.rate("RATE_LOG_INS_ADDRESS", 60),
            },
            self_service: reader.switch("SELF_SERVICE"),
            erp_mock: reader.switch("ERP_MOCK"),
            worker: Worker {
                slots: reader.parsed("WORKER_JOBS", 16).max(1),
                per_client: reader.parsed("WORKER_JOBS_PER_CLIENT", 8).max(1),
                lease: chrono::Duration::seconds(reader.whole("WORKER_LEASE_SECONDS", 3, 30)),
                poll: Duration::from_millis(500),
                grace: Duration::from_secs(reader.parsed("SHUTDOWN_SECONDS", 25)),
            },
            outbound: Outbound {
                listed: reader.networks("OUTBOUND_ALLOW"),
                patience: Duration::from_secs(reader.parsed("OUTBOUND_SECONDS", 15).clamp(1, 60)),
            },
            retention: Retention::read_by(reader),
            passwords: Passwords {
                threads: reader.count("PASSWORD_THREADS", (cores / 2).max(1), "one per two cores"),
                queue: reader.count("PASSWORD_QUEUE", 32, "`32`"),
            },
            images: Images::read_by(reader, cores),
            keys: Keys { jwt: reader.keys("JWT_KEYS"), master: reader.keys("MASTER_KEYS") },
        }
    }
}

impl Images {
    fn read_by(reader: &mut Reader, cores: usize) -> Self {
        let folder = reader.parsed("IMAGES_FOLDER", "/var/lib/countinghouse/images".to_owned());
        let name: Option<String> = reader.optional("IMAGES_BUCKET");
        let endpoint = reader.optional("IMAGES_BUCKET_ENDPOINT");
        let region = reader.parsed("IMAGES_BUCKET_REGION", "us-east-1".to_owned());
        let access_key_id = reader.optional("IMAGES_BUCKET_ACCESS_KEY_ID");
        let secret_access_key = reader.optional("IMAGES_BUCKET_SECRET_ACCESS_KEY").map(Secret::new);
        Self {
            folder: folder.into(),
            bucket: name.map(|name| Bucket { name, endpoint, region, access_key_id, secret_access_key }),
            model: reader.optional("IMAGE_MODEL"),
            previous_model: reader.optional("IMAGE_MODEL_PREVIOUS"),
            threads: reader.count("IMAGE_THREADS", (cores / 2).max(1), "one per two cores"),
            queue: reader.count("IMAGE_QUEUE", 16, "`16`"),
            memory_mib: reader.parsed("IMAGE_MEMORY_MIB", 512).max(512),
            mib_per_client: reader.parsed("IMAGES_MIB_PER_CLIENT", 20_480).max(1),
        }
    }
}

impl Sessions {
    fn read_by(reader: &mut Reader) -> Self {
        Self {
            idle: chrono::Duration::minutes(reader.whole("SESSION_IDLE_MINUTES", 5, 12 * 60)),
            longest: chrono::Duration::days(reader.whole("SESSION_DAYS", 1, 30)),
            superadmin_idle: chrono::Duration::minutes(reader.whole("SUPERADMIN_IDLE_MINUTES", 5, 30)),
            superadmin_longest: chrono::Duration::hours(reader.whole("SUPERADMIN_SESSION_HOURS", 1, 12)),
        }
    }
}

impl Retention {
    fn read_by(reader: &mut Reader) -> Self {
        Self {
            session_log: chrono::Duration::days(reader.whole("KEEP_SESSION_LOG_DAYS", 1, 400)),
            sessions: chrono::Duration::days(reader.whole("KEEP_SESSIONS_DAYS", 1, 90)),
            jobs: chrono::Duration::days(reader.whole("KEEP_JOBS_DAYS", 1, 30)),
            events: chrono::Duration::days(reader.whole("KEEP_EVENTS_DAYS", 1, 30)),
            imports: chrono::Duration::days(reader.whole("KEEP_IMPORTS_DAYS", 1, 30)),
            audit_log: chrono::Duration::days(reader.whole("KEEP_AUDIT_LOG_DAYS", 1, 3_653)),
        }
    }
}

/// A variable that [`Config::read`] asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    /// In the words of `deployment/environment.md`.
    pub default: String,
}

/// All variables of the configuration, in the order in which they are read.
pub fn variables() -> Vec<Variable> {
    let mut reader = Reader::of(&|_| None);
    Config::read_by(&mut reader);
    reader.asked
}

/// `DATABASE_URL_OWNER`: login `countinghouse_owner`, for `migrate` and `verify`, which require it. Keep it from
/// `serve`, which never asks for it.
pub fn owner_url() -> Result<Secret<String>, ConfigError> {
    let missing = || ConfigError(vec!["DATABASE_URL_OWNER is not set".to_owned()]);
    std::env::var("DATABASE_URL_OWNER").map(Secret::new).map_err(|_| missing())
}

/// The master keys, for commands that need nothing else of the configuration.
pub fn master_keys() -> Result<KeyRing, ConfigError> {
    let source = |name: &str| std::env::var(name).ok();
    let mut reader = Reader::of(&source);
    let keys = reader.keys("MASTER_KEYS");
    if reader.faults.is_empty() { Ok(keys) } else { Err(ConfigError(reader.faults)) }
}

/// Where the service listens, for who asks it on its own machine.
pub fn listen() -> Result<SocketAddr, ConfigError> {
    let source = |name: &str| std::env::var(name).ok();
    let mut reader = Reader::of(&source);
    let listen = reader.listen();
    if reader.faults.is_empty() { Ok(listen) } else { Err(ConfigError(reader.faults)) }
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
}
