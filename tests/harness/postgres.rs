//! A PostgreSQL of a test's own, which it may stop and start: the one that all tests share is left
//! alone. Made from nothing as an operator would: cluster, logins, schema.

use crate::{
    cluster::{Cluster, Login},
    patience::{self, LONG_ENOUGH},
    process::Process,
    template::environment,
};
use diesel::{Connection, PgConnection};
use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::Instant,
};

const DATABASE: &str = "countinghouse";

/// A server with a migrated database, until it is dropped.
pub struct Postgres {
    folder: PathBuf,
    server: Option<Child>,
}

impl Postgres {
    pub fn start() -> Self {
        let mut postgres = Self { folder: server_folder(), server: None };
        let data = postgres.folder.join("data");
        postgres.run(server_program("initdb").arg("--pgdata").arg(&data).args([
            "--username=postgres",
            // Its socket lies in a folder that nobody else can enter.
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]));
        postgres.go_on();
        postgres.psql("postgres", &["-c", &format!("CREATE DATABASE {DATABASE}")]);
        let roles = concat!(env!("CARGO_MANIFEST_DIR"), "/../deployment/roles.sql");
        let passwords = ["owner", "app", "worker", "platform"].map(|login| format!("{login}_password=x"));
        let variables = passwords.iter().flat_map(|password| ["-v", password.as_str()]);
        postgres.psql(DATABASE, &["-q", "-f", roles].into_iter().chain(variables).collect::<Vec<_>>());
        let migrated = Process::run(&[("DATABASE_URL_OWNER", postgres.url(Login::Owner))], &["migrate"], "");
        assert!(migrated.status.success(), "{migrated:?}");
        postgres
    }

    pub fn url(&self, login: Login) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgresql://{}:x@/{DATABASE}?host={host}", login.name())
    }

    /// The environment of a process on this database.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = environment(&format!("faults_{}", uuid::Uuid::new_v4().simple()));
        for (name, value) in &mut environment {
            match *name {
                "DATABASE_URL" => *value = self.url(Login::App),
                "DATABASE_URL_PLATFORM" => *value = self.url(Login::Platform),
                "DATABASE_URL_WORKER" => *value = self.url(Login::Worker),
                _ => {}
            }
        }
        environment
    }

    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url(Login::Owner)).expect("a connection as the owner")
    }

    /// Starts it, and waits until it lets people in.
    pub fn go_on(&mut self) {
        let settings = [
            "listen_addresses=".to_owned(),
            format!("unix_socket_directories={}", self.folder.display()),
            "shared_buffers=32MB".to_owned(),
            "max_connections=60".to_owned(),
            // It need not outlive the machine; what it has acknowledged has to outlive itself.
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
        ];
        let mut command = server_program("postgres");
        command.arg("-D").arg(self.folder.join("data"));
        for setting in &settings {
            command.args(["-c", setting]);
        }
        self.server = Some(command.spawn().expect("the server starts"));
        let mut is_ready = program("pg_isready");
        is_ready.args(["-q", "-h"]).arg(&self.folder);
        let begun = Instant::now();
        while !is_ready.status().expect("pg_isready runs").success() {
            assert!(begun.elapsed() < LONG_ENOUGH, "the server does not let people in");
            let ended = self.server.as_mut().and_then(|server| server.try_wait().expect("its state"));
            assert!(ended.is_none(), "the server ended while starting");
        }
    }

    /// Stops it in the middle of what it does: `INT` rolls back what is open, `QUIT` is a crash.
    pub fn stop(&mut self, signal: &str) {
        let Some(mut server) = self.server.take() else { return };
        let sent = Command::new("kill").args(["-s", signal, &server.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        patience::ended(&mut server, "the server");
    }

    fn psql(&self, database: &str, arguments: &[&str]) {
        let mut psql = program("psql");
        psql.args(["-X", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]).arg(&self.folder);
        self.run(psql.args(arguments));
    }

    fn run(&self, command: &mut Command) {
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("the program runs");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop("QUIT");
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whom servers run as, if not as ourselves: PostgreSQL refuses to be root, and `./dev` makes them another user then.
static USER: LazyLock<Option<(u32, u32)>> = LazyLock::new(|| {
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let users = ["postgres", "countinghouse"].iter();
    let found = users.filter_map(|name| id(&["-u", name]).zip(id(&["-g", name]))).next();
    Some(found.expect("a user for PostgreSQL, which refuses to be root"))
});

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// A new folder that only servers can enter.
pub fn server_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ch-{}", uuid::Uuid::new_v4().simple()));
    fs::create_dir(&folder).expect("a folder for a server");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a folder of its own");
    if let Some((user, group)) = *USER {
        chown(&folder, Some(user), Some(group)).expect("a folder of the server's user");
    }
    folder
}

/// One of PostgreSQL's programs, as the user that servers run as.
pub fn server_program(name: &str) -> Command {
    let mut command = program(name);
    if let Some((user, group)) = *USER {
        command.uid(user).gid(group);
    }
    command
}

/// One of PostgreSQL's programs.
pub fn program(name: &str) -> Command {
    let mut command = Command::new(Cluster::get().bin_dir.join(name));
    command.current_dir("/").env_clear().env("LC_ALL", "C").env("TZ", "UTC");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
