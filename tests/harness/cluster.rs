//! The PostgreSQL and Valkey that `./dev test` (or `./dev test-servers`) started, or the developer's own.

use crate::{
    caller::encoded,
    wire::{Server, Wire},
};
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};
use serde::Deserialize;
use std::{collections::HashMap, net::SocketAddr, path::PathBuf, sync::LazyLock};
use uuid::Uuid;

/// Where the test servers are, and all their passwords.
#[derive(Debug, Deserialize)]
pub struct Cluster {
    host: String,
    port: u16,
    superuser: String,
    superuser_password: String,
    passwords: HashMap<String, String>,
    /// An empty database with the extensions and grants of `deployment/roles.sql`; the names of all others that tests
    /// make begin with its name, by which `./dev` finds those that are left over.
    pub database: String,
    pub redis_url: String,
    /// Where `psql` and `pg_dump` are.
    pub bin_dir: PathBuf,
}

/// One of the service's database logins, or the superuser that made them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    Superuser,
    Owner,
    App,
    Worker,
    Platform,
}

impl Login {
    /// The four that the service uses.
    pub const SHIPPED: [Self; 4] = [Self::Owner, Self::App, Self::Worker, Self::Platform];

    pub fn name(self) -> &'static str {
        match self {
            Self::Superuser => "postgres",
            Self::Owner => "countinghouse_owner",
            Self::App => "countinghouse_app",
            Self::Worker => "countinghouse_worker",
            Self::Platform => "countinghouse_platform",
        }
    }
}

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let path = std::env::var_os("COUNTINGHOUSE_TEST_CLUSTER")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.dev/test/cluster.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("no test servers ({}: {error}): run ./dev test, or ./dev test-servers beside cargo test", path.display())
    });
    serde_json::from_str(&text).expect("cluster.json is of its form")
});

impl Cluster {
    pub fn get() -> &'static Self {
        &CLUSTER
    }

    pub fn url(&self, login: Login, database: &str) -> String {
        let host = self.host.replace('%', "%25").replace('/', "%2F");
        format!("{}?host={host}&port={}", self.address(login, "", database), self.port)
    }

    /// The same through a [`Wire`](crate::Wire).
    pub(crate) fn url_through(&self, wire: SocketAddr, login: Login, database: &str) -> String {
        self.address(login, &wire.to_string(), database)
    }

    /// A wire to the database, for the service of [`WorldBuilder`](crate::WorldBuilder).
    pub fn wire(&self) -> Wire {
        Wire::to(if self.host.starts_with('/') {
            Server::Socket(PathBuf::from(&self.host).join(format!(".s.PGSQL.{}", self.port)))
        } else {
            Server::Tcp(self.host.clone(), self.port)
        })
    }

    fn address(&self, login: Login, host: &str, database: &str) -> String {
        let (name, password) = match login {
            Login::Superuser => (self.superuser.as_str(), &self.superuser_password),
            _ => (login.name(), &self.passwords[login.name().trim_start_matches("countinghouse_")]),
        };
        format!("postgresql://{}:{}@{host}/{database}", encoded(name), encoded(password))
    }

    pub fn connect(&self, login: Login, database: &str) -> PgConnection {
        PgConnection::establish(&self.url(login, database)).expect("a connection to the test servers")
    }

    /// Makes a database like this one, and answers its name.
    pub fn clone_database(&self, template: &str) -> String {
        let name = format!("{}_{}", self.database, Uuid::new_v4().simple());
        let mut superuser = self.connect(Login::Superuser, "postgres");
        superuser
            .batch_execute(&format!(
                "CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY OWNER countinghouse_owner"
            ))
            .expect("a database is cloned");
        name
    }

    pub fn drop_database(&self, name: &str) {
        // A crashed test leaves its database to the next `./dev test`, which begins with none.
        if let Ok(mut superuser) = PgConnection::establish(&self.url(Login::Superuser, "postgres")) {
            let _ = superuser.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }

    /// Ends every connection to a database, so that it can be a template.
    pub fn disconnect_all(&self, name: &str) {
        let mut superuser = self.connect(Login::Superuser, "postgres");
        sql_query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1")
            .bind::<Text, _>(name)
            .execute(&mut superuser)
            .expect("connections end");
    }
}
