//! What stands behind Nginx where a test is about what arrives there: it writes down every request, byte
//! by byte as it came.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// What it does with a request.
#[derive(Clone)]
pub enum Answer {
    /// 200, and the connection stays.
    Ok,
    /// Reads it to its end, and hangs up.
    HangUp,
    /// A stream of two events; the second is sent when there is a permit.
    Events(Arc<Semaphore>),
    /// Agrees to a WebSocket, and says back what it hears.
    Echo,
}

#[derive(Debug, Clone)]
pub struct Seen {
    /// The request line and the headers, with a line break after each.
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }
}

/// A server that knows nothing of the service.
pub struct Stub {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    pub async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let seen = Arc::clone(&stub.seen);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, answer.clone(), Arc::clone(&seen)));
            }
        });
        stub
    }

    /// What came since the last look.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

async fn serve(mut connection: TcpStream, answer: Answer, seen: Arc<Mutex<Vec<Seen>>>) -> std::io::Result<()> {
    loop {
        let Some(request) = read(&mut connection).await? else { return Ok(()) };
        seen.lock().unwrap().push(request);
        match &answer {
            Answer::Ok => connection.write_all(b"HTTP/1.1 200 OK\r\nX-Stub: 1\r\nContent-Length: 2\r\n\r\nok").await?,
            Answer::HangUp => return Ok(()),
            Answer::Events(second) => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
                connection.write_all(format!("{head}data: first\n\n").as_bytes()).await?;
                second.acquire().await.unwrap().forget();
                return connection.write_all(b"data: second\n\n").await;
            }
            Answer::Echo => {
                let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
                connection.write_all(head.as_bytes()).await?;
                let (mut from, mut to) = connection.split();
                return tokio::io::copy(&mut from, &mut to).await.map(|_| ());
            }
        }
    }
}

/// The next request, read as plainly as can be: whatever follows a body is the next one's beginning.
async fn read(connection: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<Seen>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if connection.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let mut seen = Seen { head: String::from_utf8_lossy(&head).into_owned(), body: Vec::new() };
    let length = seen.header("content-length").first().and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await?;
    seen.body = body;
    Ok(Some(seen))
}
