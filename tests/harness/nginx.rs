//! A real Nginx with the configuration of `deployment/nginx`, before two copies of the service, or before
//! stubs. Only what differs from one installation to the next is changed: addresses, names, and places of files.

use crate::{
    caller::Caller,
    patience::{self, LONG_ENOUGH},
    tools,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::ServerName},
};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deployment/nginx");
/// How many work in place of one for each core: then it can be told when all of them are there.
const WORKERS: usize = 2;
const TLS_PORT: u16 = 8443;
const PLAIN_PORT: u16 = 8080;

/// An Nginx of a test's own, until it is dropped.
pub struct Nginx {
    address: Ipv4Addr,
    folder: PathBuf,
    master: Child,
    certificate: CertificateDer<'static>,
}

/// An address that nobody else listens at: all of 127.0.0.0/8 is this machine (on Linux). None comes twice in a
/// process.
pub fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    const BITS: u32 = 13;
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    assert!(next < (1 << BITS) - 1, "there are no more addresses");
    let own = (std::process::id() & 0x3ff) << BITS | next;
    Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(127, 0x80, 0, 0)) | own)
}

impl Nginx {
    /// The name in its certificate.
    pub const NAME: &str = "countinghouse.test";

    /// Starts it before two copies; says loudly so and answers `None` where there is no Nginx.
    pub fn before(copies: [SocketAddr; 2]) -> Option<Self> {
        Self::with(&[], copies)
    }

    /// The same with files of one's own in place of some shipped ones (such as `site/main.conf`).
    pub fn with(instead: &[(PathBuf, String)], copies: [SocketAddr; 2]) -> Option<Self> {
        let Some(program) = program() else {
            // Where it was installed for the tests, it must not be passed over.
            tools::skip("there is no nginx on this machine", "REQUIRE_NGINX");
            return None;
        };
        let address = own_address();
        let folder = std::env::temp_dir().join(format!("ch-{}", uuid::Uuid::new_v4().simple()));
        let made = generate_simple_self_signed([Self::NAME.to_owned()]).expect("a certificate");
        let CertifiedKey { cert, signing_key } = made;
        install(&folder, address, instead);
        write(&folder.join("fullchain.pem"), &cert.pem());
        write(&folder.join("privkey.pem"), &signing_key.serialize_pem());
        place_copies(&folder, copies);
        let mut command = Command::new(program);
        command.args(["-g", "daemon off;", "-c"]).arg(folder.join("nginx.conf")).arg("-p").arg(&folder);
        let output = fs::File::create(folder.join("output")).expect("a file for what it says");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
        let master = command.spawn().expect("nginx starts");
        let mut nginx = Self { address, folder, master, certificate: cert.der().clone() };
        nginx.until_it_listens();
        Some(nginx)
    }

    fn until_it_listens(&mut self) {
        let begun = Instant::now();
        // Somebody who answers may be somebody else, but what Nginx notes of itself comes after it listens; its
        // workers come later still.
        let noted = self.folder.join("nginx.pid");
        let address = self.tls_address();
        let answers = || std::net::TcpStream::connect(address).is_ok();
        while !noted.exists() || self.workers().len() < WORKERS || !answers() {
            assert!(begun.elapsed() < LONG_ENOUGH, "nginx does not listen: {}", self.said());
            let ended = self.master.try_wait().expect("its state");
            assert!(ended.is_none(), "nginx ended: {}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it wrote on its output and into its log of faults.
    pub fn said(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        [read("output"), read("error.log")].concat()
    }

    /// The requests that were answered so far.
    pub fn requests(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("access.log")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    pub fn tls_address(&self) -> SocketAddr {
        SocketAddr::from((self.address, TLS_PORT))
    }

    pub fn plain_address(&self) -> SocketAddr {
        SocketAddr::from((self.address, PLAIN_PORT))
    }

    /// Where callers go.
    pub fn base_url(&self) -> String {
        format!("https://{}:{TLS_PORT}", Self::NAME)
    }

    /// A client that knows the certificate and comes from this address. It takes a new connection for each
    /// request: one that is kept may be closed by a reload in the moment that it is used, which is for
    /// clients to repeat.
    pub fn client(&self, from: impl Into<IpAddr>) -> reqwest::Client {
        let certificate = reqwest::Certificate::from_der(&self.certificate).expect("a certificate");
        let client = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_only([certificate])
            .resolve(Self::NAME, self.tls_address())
            .local_address(Some(from.into()))
            .timeout(LONG_ENOUGH)
            .pool_max_idle_per_host(0);
        client.build().expect("an HTTP client")
    }

    /// Somebody at this address, with this token.
    pub fn caller(&self, from: impl Into<IpAddr>, token: &str) -> Caller {
        Caller::new(self.client(from), &self.base_url(), Some(token.to_owned()).filter(|token| !token.is_empty()))
    }

    /// A connection to be spoken on byte by byte, in the protocol that was agreed.
    pub async fn connect(&self, protocol: &str, name: &'static str) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a certificate");
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let stream = TcpStream::connect(self.tls_address()).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).expect("a name"), stream).await
    }

    /// Reads the configuration anew, and waits until new workers work.
    pub fn reload(&self) {
        let before = self.workers();
        self.signal("HUP");
        self.until("new workers", |workers| workers.iter().any(|worker| !before.contains(worker)));
    }

    /// Passes requests to these from the next reload on.
    pub fn place_copies(&self, copies: [SocketAddr; 2]) {
        place_copies(&self.folder, copies);
    }

    /// Waits until no worker of an earlier configuration is left.
    pub fn until_settled(&self) {
        self.until("the new workers alone", |workers| workers.len() <= WORKERS);
    }

    fn until(&self, what: &str, holds: impl Fn(&[String]) -> bool) {
        let begun = Instant::now();
        while !holds(&self.workers()) {
            assert!(begun.elapsed() < LONG_ENOUGH, "never {what}: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn workers(&self) -> Vec<String> {
        let master = self.master.id();
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children")).expect("a running nginx");
        children.split_whitespace().map(str::to_owned).collect()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.master.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.said());
        }
        self.signal("TERM");
        patience::end(&mut self.master);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Debian has it where only root looks.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    cfg!(target_os = "linux").then(|| folders.map(|folder| folder.join("nginx")).find(|file| file.is_file()))?
}

/// The shipped files, with other ones in place of some of `site`, and the site's places changed for this one.
fn install(folder: &Path, address: Ipv4Addr, instead: &[(PathBuf, String)]) {
    fs::create_dir_all(folder.join("site")).expect("a folder");
    for name in ["", "site"] {
        for entry in fs::read_dir(Path::new(SOURCE).join(name)).expect("the configuration").map(Result::unwrap) {
            if entry.path().is_file() {
                copy(&entry.path(), &folder.join(name).join(entry.file_name()));
            }
        }
    }
    for (file, to) in instead {
        copy(file, &folder.join(to));
    }
    let here = folder.display();
    let spools = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let spools: String = spools.iter().map(|kind| format!("{kind}_temp_path {here}/{kind};\n")).collect();
    let changes = [
        ("worker_processes auto;", format!("worker_processes {WORKERS};")),
        ("user www-data;", "user root;".to_owned()),
        ("user nginx;", "user root;".to_owned()),
        ("/run/", format!("{here}/")),
        ("/var/log/nginx/", format!("{here}/")),
        ("/dev/stdout", format!("{here}/access.log")),
        ("/dev/stderr", format!("{here}/error.log")),
        ("/etc/ssl/countinghouse/", format!("{here}/")),
        ("countinghouse.example.com", Nginx::NAME.to_owned()),
        ("upstream ", format!("{spools}upstream ")),
        ("listen [::]:", "# Not here: ".to_owned()),
        ("listen 443", format!("listen {address}:{TLS_PORT}")),
        ("listen 80", format!("listen {address}:{PLAIN_PORT}")),
    ];
    for entry in fs::read_dir(folder.join("site")).expect("the site").map(Result::unwrap) {
        let text = fs::read_to_string(entry.path()).expect("a file of the site");
        write(&entry.path(), &changes.iter().fold(text, |text, (from, to)| text.replace(from, to)));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

fn place_copies(folder: &Path, copies: [SocketAddr; 2]) {
    let file = folder.join("site/http.conf");
    let text = fs::read_to_string(&file).expect("a file of the site");
    let mut copies = copies.iter();
    let lines = text.lines().map(|line| {
        let server = line.trim().strip_prefix("server ").and_then(|rest| rest.split_once(' '));
        server.map_or(format!("{line}\n"), |(_, options)| {
            format!("    server {} {options}\n", copies.next().expect("no more than two copies"))
        })
    });
    write(&file, &lines.collect::<String>());
    assert!(copies.next().is_none(), "the shipped file has two copies");
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).expect("a file is written");
}
