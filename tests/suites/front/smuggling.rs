//! Requests made to be read in two ways: Nginx refuses them, or passes on one request that has one meaning.

use super::stub::{Answer, Seen, Stub};
use countinghouse_tests::Nginx;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// Who reads a body otherwise than its sender meant finds this behind it.
const HIDDEN: &str = "GET /smuggled HTTP/1.1\r\nHost: countinghouse.test\r\n\r\n";

/// A request with these headers and this body.
fn request(headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("POST /api/v1/orders HTTP/1.1\r\nHost: countinghouse.test\r\n{headers}\r\n{body}")
}

/// What is not HTTP, or could be taken for two things.
fn refused() -> Vec<(&'static str, String)> {
    let length = format!("Content-Length: {}", HIDDEN.len() + 5);
    let (ended, one) = (format!("0\r\n\r\n{HIDDEN}"), format!("1\r\nx\r\n0\r\n\r\n{HIDDEN}"));
    let chunked = "Transfer-Encoding: chunked";
    let chunk = |size: &str| request(&[chunked], &format!("{size}\r\nx\r\n{ended}"));
    vec![
        ("CL.TE", request(&[&length, chunked], &ended)),
        ("TE.CL", request(&[chunked, "Content-Length: 4"], &one)),
        ("two lengths", request(&["Content-Length: 5", "Content-Length: 6"], &ended)),
        ("one length twice", request(&["Content-Length: 5", "Content-Length: 5"], &ended)),
        ("a list of lengths", request(&["Content-Length: 5, 5"], &ended)),
        ("a length with a sign", request(&["Content-Length: +5"], &ended)),
        ("a negative length", request(&["Content-Length: -5"], &ended)),
        ("a length in hexadecimal", request(&["Content-Length: 0x5"], &ended)),
        ("a length beyond all", request(&["Content-Length: 99999999999999999999"], &ended)),
        ("an encoding nobody knows", request(&["Transfer-Encoding: xchunked"], &ended)),
        ("two encodings", request(&["Transfer-Encoding: identity, chunked"], &ended)),
        ("an encoding twice", request(&[chunked, chunked], &ended)),
        ("an encoding twice, once unknown", request(&[chunked, "Transfer-Encoding: x"], &ended)),
        ("a blank before the colon", request(&[&length, "Transfer-Encoding : chunked"], &ended)),
        ("a folded line", request(&[&length, "X-Folded: a", " Transfer-Encoding: chunked"], &ended)),
        ("a folded encoding", request(&["Transfer-Encoding:", " chunked"], &ended)),
        ("a control character in a name", request(&["X\u{1}: a"], "")),
        ("a zero byte in a value", request(&["X-Zero: a\0b"], "")),
        ("a lone carriage return", request(&["X-Lone: a\rTransfer-Encoding: chunked"], &ended)),
        ("a chunk of no length", chunk("")),
        ("a chunk of a length with a sign", chunk("+1")),
        ("a chunk of a length with a prefix", chunk("0x1")),
        ("a chunk of a length beyond all", chunk("fffffffffffffffff1")),
        ("a chunk that is longer than it says", request(&[chunked], &format!("1\r\nxy\r\n{ended}"))),
        ("chunks in HTTP/1.0", request(&[chunked], &ended).replace("HTTP/1.1", "HTTP/1.0")),
        ("no host", request(&[], "").replace("Host: countinghouse.test\r\n", "")),
        ("two hosts", request(&["Host: elsewhere.test"], "")),
        ("a blank in the path", request(&[], "").replace("/orders", "/or ders")),
    ]
}

/// The first answer, to its end or the connection's.
pub async fn answer(connection: &mut (impl AsyncRead + Unpin)) -> String {
    let mut said = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&said);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lengths = head.lines().filter_map(|line| line.strip_prefix("Content-Length: "));
            if lengths.map(str::parse).any(|length| length == Ok(body.len())) {
                return text.into_owned();
            }
        }
        let mut some = [0; 4096];
        match connection.read(&mut some).await {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&said).into_owned(),
            Ok(count) => said.extend_from_slice(&some[..count]),
        }
    }
}

/// None of these was hidden in another, and each can be read in one way only.
#[track_caller]
pub fn assert_plain(requests: &[Seen], case: &str) {
    for seen in requests {
        assert!(!seen.head.contains("smuggled"), "{case}: {seen:?}");
        assert!(seen.header("transfer-encoding").is_empty(), "{case}: {seen:?}");
        assert!(seen.header("content-length").len() <= 1, "{case}: {seen:?}");
        assert!(!seen.head.contains("\n "), "{case}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_in_two_ways_is_refused() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    for (case, bytes) in refused() {
        let mut connection = front.connect("http/1.1", Nginx::NAME).await.unwrap();
        connection.write_all(bytes.as_bytes()).await.unwrap();
        let said = answer(&mut connection).await;
        assert!(said.starts_with("HTTP/1.1 400 "), "{case}: {said}");
        assert_eq!(stub.take().len(), 0, "{case}: nothing of it is passed on");
    }
}

/// Chunks are fine, and arrive as one body with a length; so does what stands in it.
#[tokio::test(flavor = "multi_thread")]
async fn chunks_arrive_as_one_body() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let chunks = format!("{:x};name=value\r\n{HIDDEN}\r\n3\r\nend\r\n0\r\nX-Trailer: 1\r\n\r\n", HIDDEN.len());
    let mut connection = front.connect("http/1.1", Nginx::NAME).await.unwrap();
    let sent = request(&["Transfer-Encoding: chunked"], &chunks);
    connection.write_all(sent.as_bytes()).await.unwrap();
    assert!(answer(&mut connection).await.starts_with("HTTP/1.1 200 "));
    let seen = stub.take();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_plain(&seen, "chunks");
    assert_eq!(seen[0].body, format!("{HIDDEN}end").as_bytes());
    assert_eq!(seen[0].header("content-length"), [(HIDDEN.len() + 3).to_string()]);
}
