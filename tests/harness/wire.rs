//! The wire between a service and its database, which tests cut.
//!
//! It understands as much of PostgreSQL's protocol (version 3, without TLS) as it takes to see a
//! `COMMIT` go by: where every message of the client after the first begins with a letter and its
//! length, and `COMMIT` is a simple query.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

/// When the wire is cut, as the process that holds the connection sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The next `COMMIT` never arrives: nothing happened.
    BeforeCommit,
    /// It is done, but nobody hears of it.
    AfterCommit,
}

/// Where the database server is.
#[derive(Clone)]
pub(crate) enum Server {
    Socket(PathBuf),
    Tcp(String, u16),
}

type Reads = Box<dyn AsyncRead + Send + Unpin>;
type Writes = Box<dyn AsyncWrite + Send + Unpin>;

/// Carries every connection until it is told to cut; new connections work at once.
#[derive(Clone)]
pub struct Wire {
    address: SocketAddr,
    armed: Arc<Mutex<Option<Cut>>>,
    /// Changed to end all connections.
    severed: watch::Sender<()>,
}

impl Wire {
    /// To the database server.
    pub(crate) fn to(server: Server) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let address = listener.local_addr().expect("an address");
        let wire = Self { address, armed: Arc::default(), severed: watch::Sender::new(()) };
        let carrier = wire.clone();
        // A thread of its own, which ends with the process: libpq blocks the threads that it is used on.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carrier.clone().carry(client, server.clone()));
                }
            });
        });
        wire
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts at the next `COMMIT`, whosever it is.
    pub fn cut_at(&self, cut: Cut) {
        *self.armed.lock().expect("no panic before") = Some(cut);
    }

    /// Whether a cut is still to come.
    pub fn is_armed(&self) -> bool {
        self.armed.lock().expect("no panic before").is_some()
    }

    pub fn disarm(&self) {
        *self.armed.lock().expect("no panic before") = None;
    }

    /// Ends all connections now.
    pub fn sever(&self) {
        self.severed.send_replace(());
    }

    async fn carry(self, client: TcpStream, server: Server) {
        let (mut server_reads, mut server_writes): (Reads, Writes) = match server {
            Server::Socket(path) => {
                let Ok(stream) = UnixStream::connect(path).await else { return };
                let (reads, writes) = stream.into_split();
                (Box::new(reads), Box::new(writes))
            }
            Server::Tcp(host, port) => {
                let Ok(stream) = TcpStream::connect((host, port)).await else { return };
                let (reads, writes) = stream.into_split();
                (Box::new(reads), Box::new(writes))
            }
        };
        let mut severed = self.severed.subscribe();
        let deaf = AtomicBool::new(false);
        let (mut client_reads, mut client_writes) = client.into_split();
        // Whichever ends first takes the others, and both connections, with it.
        tokio::select! {
            _ = self.requests(&mut client_reads, &mut server_writes, &deaf) => {}
            _ = answers(&mut server_reads, &mut client_writes, &deaf) => {}
            _ = severed.changed() => {}
        }
    }

    async fn requests(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        deaf: &AtomicBool,
    ) -> io::Result<()> {
        // The first message has no letter.
        let first = message(from, Vec::new()).await?;
        to.write_all(&first).await?;
        loop {
            let letter = from.read_u8().await?;
            let message = message(from, vec![letter]).await?;
            if message.strip_prefix(b"Q").and_then(|rest| rest.get(4..)) == Some(b"COMMIT\0") {
                match self.armed.lock().expect("no panic before").take() {
                    Some(Cut::BeforeCommit) => return Ok(()),
                    Some(Cut::AfterCommit) => deaf.store(true, Ordering::SeqCst),
                    None => {}
                }
            }
            to.write_all(&message).await?;
        }
    }
}

/// A length that counts itself, and what follows.
async fn message(from: &mut (impl AsyncRead + Unpin), mut begun: Vec<u8>) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    begun.extend(length.to_be_bytes());
    let mut rest = vec![0; length.saturating_sub(4) as usize];
    from.read_exact(&mut rest).await?;
    begun.extend(rest);
    Ok(begun)
}

async fn answers(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    deaf: &AtomicBool,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        // What comes now is the answer to the COMMIT: it is done.
        if count == 0 || deaf.load(Ordering::SeqCst) {
            return Ok(());
        }
        to.write_all(&buffer[..count]).await?;
    }
}
