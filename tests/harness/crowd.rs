//! Many who ask at the same moment, each over a connection of their own that stays open, at little
//! cost to the machine that the service shares with them.

use std::collections::BTreeMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// For what an answer is expected to take, so that it comes with few reads.
const ROOM: usize = 65_536;

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
        let (mut statuses, mut room) = (BTreeMap::new(), Vec::new());
        for member in &mut self.members {
            *statuses.entry(answer(member, &mut room).await).or_default() += 1;
        }
        statuses
    }
}

/// The status of the next answer, which is read to its end, with room that is used again for each.
pub(crate) async fn answer(member: &mut TcpStream, read: &mut Vec<u8>) -> u16 {
    read.clear();
    read.reserve(ROOM);
    let end_of_head = loop {
        receive(member, read).await;
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&read[..end_of_head]).to_ascii_lowercase();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().expect("a length"));
    while read.len() < end_of_head + length {
        receive(member, read).await;
    }
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

async fn receive(member: &mut TcpStream, read: &mut Vec<u8>) {
    let received = member.read_buf(read).await.expect("the service answers");
    assert!(received > 0, "the service closed the connection");
}
