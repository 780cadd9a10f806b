//! A machine that follows the compose file by hand: each service is a process at a loopback address of its own,
//! started when what it waits for is there.

use super::file::{Condition, File, Service};
use countinghouse_tests::{Nginx, Process, own_address, patience, program, server_folder, server_program};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// What a service is given to become healthy or done.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Machine {
    file: File,
    valkey: PathBuf,
    addresses: BTreeMap<String, Ipv4Addr>,
    data: PathBuf,
    done: BTreeSet<String>,
    servers: Vec<Child>,
    processes: BTreeMap<String, Process>,
    nginx: Option<Nginx>,
}

impl Machine {
    pub fn new(file: File, valkey: PathBuf) -> Self {
        let addresses = file.services.keys().map(|name| (name.clone(), own_address())).collect();
        let (done, servers, processes) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        Self { file, valkey, addresses, data: server_folder(), done, servers, processes, nginx: None }
    }

    /// Starts everything in its order, until all that has a health check passes it.
    pub fn up(&mut self) {
        let names: BTreeSet<String> = self.file.services.keys().cloned().collect();
        let mut started = BTreeSet::new();
        while started != names {
            let next = names.iter().find(|name| {
                let waits_for = &self.file.services[*name].depends_on;
                !started.contains(*name) && waits_for.keys().all(|other| started.contains(other))
            });
            let name = next.expect("the file has no circle").clone();
            for (other, dependency) in &self.file.services[&name].depends_on {
                match dependency.condition {
                    Condition::ServiceHealthy => self.until_healthy(other),
                    Condition::ServiceCompletedSuccessfully => assert!(self.done.contains(other), "{other} goes on"),
                }
            }
            self.start(&name);
            started.insert(name);
        }
        for name in names.iter().filter(|name| self.file.services[*name].healthcheck.is_some()) {
            self.until_healthy(name);
        }
    }

    pub fn nginx(&self) -> &Nginx {
        self.nginx.as_ref().expect("it is up")
    }

    /// Runs a command of the service in the environment of one of its containers.
    pub fn run_in(&self, name: &str, arguments: &[&str], input: &str) -> std::process::Output {
        Process::run(&self.environment(name), arguments, input)
    }

    fn start(&mut self, name: &str) {
        let service = &self.file.services[name];
        let command: Vec<String> = service.command.iter().map(|word| self.here(name, word)).collect();
        match (service.image.split(':').next().unwrap(), command[0].as_str()) {
            ("countinghouse", _) => self.start_service(name, &command),
            ("pgvector/pgvector", "postgres") => self.start_postgres(name, &command[1..]),
            ("pgvector/pgvector", "psql") => {
                let mut psql = program("psql");
                psql.args(&command[1..]).envs(self.environment(name)).stderr(Stdio::piped());
                let output = psql.output().unwrap();
                assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
                self.done.insert(name.to_owned());
            }
            ("valkey/valkey", "valkey-server") => {
                let mut server = Command::new(&self.valkey);
                server
                    .args(&command[1..])
                    .args(["--bind", &self.addresses[name].to_string()])
                    .arg("--dir")
                    .arg(&self.data);
                self.servers.push(server.stdout(Stdio::null()).spawn().unwrap());
            }
            ("nginx", "nginx") => self.nginx = Some(self.start_nginx(name)),
            unknown => panic!("nobody knows how to start {unknown:?} by hand"),
        }
    }

    fn start_service(&mut self, name: &str, command: &[String]) {
        let (environment, command) = (self.environment(name), command.iter().map(String::as_str).collect::<Vec<_>>());
        if self.file.services[name].restart == "no" {
            let output = Process::run(&environment, &command, "");
            assert!(output.status.success(), "{name}: {output:?}");
            self.done.insert(name.to_owned());
        } else {
            self.processes.insert(name.to_owned(), Process::start(&environment, &command));
        }
    }

    /// As the image does at its first start: a cluster, the superuser's password, a database.
    fn start_postgres(&mut self, name: &str, settings: &[String]) {
        let environment: BTreeMap<_, _> = self.environment(name).into_iter().collect();
        let (data, password) = (self.data.join("postgres"), self.data.join("password"));
        fs::write(&password, &environment["POSTGRES_PASSWORD"]).unwrap();
        let mut initdb = server_program("initdb");
        initdb.args(environment["POSTGRES_INITDB_ARGS"].split_whitespace()).arg("--pgdata").arg(&data);
        initdb.args(["--username=postgres", "--auth=scram-sha-256", "--no-sync"]).arg("--pwfile").arg(&password);
        assert!(initdb.status().unwrap().success());
        let mut single = server_program("postgres");
        single.args(["--single", "-D"]).arg(&data).arg("postgres").stdin(Stdio::piped());
        let mut single = single.spawn().unwrap();
        writeln!(single.stdin.take().unwrap(), "CREATE DATABASE {}", environment["POSTGRES_DB"]).unwrap();
        assert!(patience::ended(&mut single, "initialising").success());
        let mut server = server_program("postgres");
        let listen = format!("listen_addresses={}", self.addresses[name]);
        server.arg("-D").arg(&data).args(["-c", &listen, "-c", "unix_socket_directories=", "-c", "fsync=off"]);
        self.servers.push(server.args(settings).spawn().unwrap());
    }

    /// With the files that are mounted over those of the folder, before the copies that these name.
    fn start_nginx(&self, name: &str) -> Nginx {
        let mounts = self.file.services[name].mounts();
        let instead: Vec<_> = mounts
            .into_iter()
            .filter_map(|(file, to)| Some((file, to.strip_prefix("/etc/nginx/")?.to_owned())))
            .collect();
        let (upstreams, _) = instead.iter().find(|(_, to)| to == "site/http.conf").expect("it names the copies");
        let text = fs::read_to_string(upstreams).unwrap();
        let servers = text.lines().filter_map(|line| line.trim().strip_prefix("server ")?.split(' ').next());
        let copies: Vec<SocketAddr> = servers
            .map(|server| {
                let (host, port) = server.split_once(':').expect("a name and a port");
                SocketAddr::from((self.addresses[host], port.parse().unwrap()))
            })
            .collect();
        Nginx::with(&instead, copies.try_into().expect("two copies")).expect("nginx was there before")
    }

    fn until_healthy(&self, name: &str) {
        let begun = Instant::now();
        while !self.is_healthy(name) {
            assert!(begun.elapsed() < PATIENCE, "{name} does not become healthy");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_healthy(&self, name: &str) -> bool {
        let check = self.file.services[name].healthcheck.as_ref().expect("somebody waits for its health");
        let words: Vec<String> = check.test.iter().map(|word| self.here(name, word)).collect();
        let arguments: Vec<&str> = words[2..].iter().map(String::as_str).collect();
        match (words[0].as_str(), words[1].as_str()) {
            ("CMD", "countinghouse") => self.run_in(name, &arguments, "").status.success(),
            ("CMD", "pg_isready") => program("pg_isready").args(arguments).status().unwrap().success(),
            // Not among the packages of `./dev`: what it would say is said here.
            ("CMD", "valkey-cli") => self.ping(name),
            ("CMD", "curl") => {
                let nginx = self.nginx().tls_address();
                let here = |word: &&str| {
                    word.replace("countinghouse.example.com", Nginx::NAME)
                        .replace(":443", &format!(":{}", nginx.port()))
                        .replace(&self.addresses[name].to_string(), &nginx.ip().to_string())
                };
                let curl = Command::new("curl").args(arguments.iter().map(here)).stdout(Stdio::null()).status();
                curl.unwrap().success()
            }
            unknown => panic!("nobody knows how to check {unknown:?} by hand"),
        }
    }

    fn ping(&self, name: &str) -> bool {
        let Ok(mut connection) = TcpStream::connect((self.addresses[name], 6379)) else { return false };
        let mut answer = [0; 5];
        connection.write_all(b"PING\r\n").is_ok() && connection.read_exact(&mut answer).is_ok() && &answer == b"+PONG"
    }

    fn environment(&self, name: &str) -> Vec<(&'static str, String)> {
        let given = &self.file.services[name].environment;
        // Leaked, since a process takes names that live: a dozen of them, in a test.
        given.iter().map(|(key, value)| (&*key.clone().leak(), self.here(name, value))).collect()
    }

    /// A word of the file, in the mouth of this service, as it is on this machine.
    fn here(&self, name: &str, word: &str) -> String {
        let service: &Service = &self.file.services[name];
        let own = self.addresses[name].to_string();
        let mut text = word.replace("127.0.0.1", &own).replace("0.0.0.0", &own);
        for (other, address) in &self.addresses {
            for before in ["@", "//"] {
                text = text.replace(&format!("{before}{other}:"), &format!("{before}{address}:"));
            }
        }
        for (file, to) in service.mounts() {
            text = text.replace(&to, &file.display().to_string());
        }
        // Nginx comes from the first address of the machine.
        let nginx = self.file.services.get("nginx").and_then(Service::address).expect("it has an address of its own");
        text.replace(nginx, "127.0.0.1")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for server in self.servers.iter_mut().rev() {
            let _ = Command::new("kill").args(["-s", "INT", &server.id().to_string()]).status();
            patience::end(server);
        }
        let _ = fs::remove_dir_all(&self.data);
    }
}
