//! Smuggling over HTTP/2, whose frames say for themselves how long a body is: what a header says beside
//! them must not be believed.

use super::{
    smuggling::assert_plain,
    stub::{Answer, Stub},
};
use countinghouse_tests::Nginx;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header in the plainest of HPACK's ways: never indexed, not compressed.
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0x10], text(name), text(value)].concat()
}

/// What came back on the stream: the first byte of its headers' block (for Nginx's 400, an index of
/// HPACK's table), or nothing when it was reset or the connection ended.
async fn answered(connection: &mut (impl AsyncRead + Unpin)) -> Option<u8> {
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        connection.read_exact(&mut payload).await.ok()?;
        match head[3] {
            HEADERS => return payload.first().copied(),
            RST_STREAM | GOAWAY => return None,
            _ => {}
        }
    }
}

async fn send(front: &Nginx, fields: &[(&str, &str)], body: &str) -> Option<u8> {
    let mut connection = front.connect("h2", Nginx::NAME).await.unwrap();
    let named = [(":method", "POST"), (":scheme", "https"), (":authority", Nginx::NAME)];
    let path = [(":path", "/api/v1/orders")];
    let path = path.iter().filter(|_| fields.iter().all(|(name, _)| *name != ":path"));
    let block: Vec<u8> = named.iter().chain(path).chain(fields).flat_map(|(name, value)| field(name, value)).collect();
    let bytes = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, &[]),
        frame(HEADERS, END_HEADERS, 1, &block),
        frame(0, END_STREAM, 1, body.as_bytes()),
    ];
    connection.write_all(&bytes.concat()).await.unwrap();
    answered(&mut connection).await
}

const OK: Option<u8> = Some(0x88);
const HIDDEN: &str = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: countinghouse.test\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn frames_say_how_long_a_body_is_and_nothing_else_does() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    assert_eq!(send(&front, &[], HIDDEN).await, OK);
    let seen = stub.take();
    assert_plain(&seen, "plain");
    assert_eq!((seen.len(), seen[0].body.as_slice()), (1, HIDDEN.as_bytes()));

    let cases: &[(&str, &[(&str, &str)])] = &[
        ("a length that is too short", &[("content-length", "3")]),
        ("a length that is too long", &[("content-length", "3000")]),
        ("two lengths", &[("content-length", "3"), ("content-length", "60")]),
        ("an encoding", &[("transfer-encoding", "chunked")]),
        ("an encoding in capitals", &[("Transfer-Encoding", "chunked")]),
        ("a line break in a value", &[("x-broken", "a\r\ntransfer-encoding: chunked")]),
        ("a line break in a name", &[("x\r\ntransfer-encoding: chunked\r\nx", "a")]),
        ("a request in the path", &[(":path", "/ HTTP/1.1\r\ntransfer-encoding: chunked\r\nx: y")]),
        ("two hosts", &[("host", "elsewhere.test")]),
    ];
    for (case, fields) in cases {
        let answered = send(&front, fields, HIDDEN).await;
        let seen = stub.take();
        assert_plain(&seen, case);
        // What is let through has lost what made it two things.
        assert_eq!(seen.len(), usize::from(answered == OK), "{case}: {seen:?}");
        assert!(seen.iter().all(|seen| seen.body == HIDDEN.as_bytes()), "{case}: {seen:?}");
        assert!(seen.iter().all(|seen| seen.header("host") == [Nginx::NAME]), "{case}: {seen:?}");
    }
}
