//! Valkey as a test sees it: what a world keeps there, and a way to it that can be closed. All tests
//! share one server, which none of them may stop or empty.

use crate::{cluster::Cluster, world::World};
use std::{fs, path::PathBuf};
use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    task::{JoinHandle, JoinSet},
};

pub async fn valkey() -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(Cluster::get().redis_url.as_str()).expect("an address");
    client.get_multiplexed_async_connection().await.expect("a connection")
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
        format!("redis+unix://{}", self.socket.display())
    }

    pub fn open(&mut self) {
        let listener = UnixListener::bind(&self.socket).expect("a socket");
        let valkey = Cluster::get().redis_url.trim_start_matches("redis+unix://").to_owned();
        self.open = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut from, _)) = listener.accept().await {
                let mut to = UnixStream::connect(&valkey).await.expect("a connection");
                connections.spawn(async move { copy_bidirectional(&mut from, &mut to).await });
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
