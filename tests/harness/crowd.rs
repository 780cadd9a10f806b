//! Many who ask at the same moment, each over a connection of their own that stays open, at little
//! cost to the machine that the service shares with them.

use std::collections::BTreeMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Crowd {
    members: Vec<TcpStream>,
}

impl Crowd {
    /// So many connections to this address (`127.0.0.1:80`), open before anybody asks.
    pub async fn of(size: usize, address: &str) -> Self {
        let mut members = Vec::with_capacity(size);
        for _ in 0..size {
            members.push(TcpStream::connect(address).await.expect("the service takes the connection"));
        }
        Self { members }
    }

    /// All send their request (HTTP/1.1, whole) and read its answer: how many got which status.
    pub async fn ask(&mut self, request: impl Fn(usize) -> String) -> BTreeMap<u16, usize> {
        let requests: Vec<String> = (0..self.members.len()).map(request).collect();
        for (member, request) in self.members.iter_mut().zip(&requests) {
            member.write_all(request.as_bytes()).await.expect("the service reads");
        }
        let mut statuses = BTreeMap::new();
        for member in &mut self.members {
            *statuses.entry(answer(member).await).or_default() += 1;
        }
        statuses
    }
}

/// The status of the next answer, which is read to its end.
pub(crate) async fn answer(member: &mut TcpStream) -> u16 {
    let mut read = Vec::new();
    loop {
        let received = member.read_buf(&mut read).await.expect("the service answers");
        assert!(received > 0, "the service closed the connection");
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        }
    }
}
