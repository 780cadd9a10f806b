//! Requests written byte by byte, for what a proper HTTP client would not send.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

/// What came back on a connection.
pub struct Reply {
    /// 0 when nothing came.
    pub status: u16,
    pub head: String,
    pub body: serde_json::Value,
}

/// Sends a head (without its last blank line; `Host` and `Connection: close` are added) and the
/// bytes after it, and reads one answer. `end`: whether to close our side first.
pub async fn exchange(base_url: &str, head: &str, body: Vec<u8>, end: bool) -> Reply {
    let address = base_url.trim_start_matches("http://").to_owned();
    let head = format!("{head}\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let talk = move || {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        let mut writer = stream.try_clone().expect("the other half");
        // The service may close before it has read all, so that is no fault here.
        let writing = std::thread::spawn(move || {
            let _ = writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(&body));
            if end {
                let _ = writer.shutdown(Shutdown::Write);
            }
        });
        let mut bytes = Vec::new();
        let mut chunk = [0_u8; 4096];
        while !is_whole(&bytes) {
            match stream.read(&mut chunk) {
                Ok(read @ 1..) => bytes.extend_from_slice(&chunk[..read]),
                _ => break,
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
        writing.join().expect("the writer ends");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let text = tokio::task::spawn_blocking(talk).await.expect("an exchange");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Reply { status, head: head.to_owned(), body: serde_json::from_str(body).unwrap_or_default() }
}

/// Whether the answer stands there to its announced end.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.and_then(|length| length.trim().parse().ok()).is_some_and(|length: usize| body.len() >= length)
}

impl Reply {
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{} {}", self.head, self.body);
        assert!(self.head.to_lowercase().contains("content-type: application/problem+json"), "{}", self.head);
        let id = self.body["request_id"].as_str().unwrap_or("no request_id");
        assert!(self.head.contains(id), "{} {}", self.head, self.body);
    }
}
