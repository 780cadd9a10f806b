//! How one gets in: TLS 1.2 and 1.3, under the right name, and in no other way.

use super::{
    smuggling::answer,
    stub::{Answer, Stub},
};
use countinghouse_tests::{Nginx, own_address};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A greeting of TLS up to this version, with ciphers old and new.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let ciphers = [0xc0, 0x13, 0xc0, 0x09, 0x00, 0x2f, 0x00, 0x35, 0xc0, 0x2b, 0xc0, 0x2f, 0x00, 0x9c];
    let name = Nginx::NAME.as_bytes();
    let size = |bytes: usize| u16::try_from(bytes).unwrap().to_be_bytes();
    let entry = [&[0][..], &size(name.len()), name].concat();
    let names = [&size(entry.len())[..], &entry].concat();
    let groups = [0, 10, 0, 4, 0, 2, 0, 0x17];
    let signatures = [0, 13, 0, 6, 0, 4, 4, 3, 8, 4];
    let extensions = [&[0, 0][..], &size(names.len()), &names, &groups, &signatures].concat();
    let body =
        [&version[..], &[7; 32], &[0], &size(ciphers.len()), &ciphers, &[1, 0], &size(extensions.len()), &extensions]
            .concat();
    let handshake = [&[1, 0][..], &size(body.len()), &body].concat();
    [&[22, 3, 1][..], &size(handshake.len()), &handshake].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_of_tls_are_refused() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    const PROTOCOL_VERSION: u8 = 70;
    for (version, expected) in [([3, 1], ALERT), ([3, 2], ALERT), ([3, 3], HANDSHAKE)] {
        let mut connection = TcpStream::connect(front.tls_address()).await.unwrap();
        connection.write_all(&client_hello(version)).await.unwrap();
        let mut record = [0; 7];
        connection.read_exact(&mut record).await.unwrap();
        assert_eq!(record[0], expected, "{version:?}: {record:?}");
        assert!(expected == HANDSHAKE || record[6] == PROTOCOL_VERSION, "{version:?}: {record:?}");
    }
    let newest = front.connect("h2", Nginx::NAME).await.unwrap();
    let (_, session) = newest.get_ref();
    assert_eq!(format!("{:?}", session.protocol_version().unwrap()), "TLSv1_3");
    assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_name_gets_no_certificate() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let refused = front.connect("http/1.1", "elsewhere.test").await.unwrap_err();
    assert!(refused.to_string().contains("UnrecognisedName"), "{refused}");
    // With the right name in the greeting, and another in the request.
    let mut connection = front.connect("http/1.1", Nginx::NAME).await.unwrap();
    connection.write_all(b"GET /api/v1/products HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n").await.unwrap();
    assert!(answer(&mut connection).await.starts_with("HTTP/1.1 421 "));
    assert_eq!(stub.take().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_served_in_the_clear() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let client = front.client(own_address());
    let url = |path: &str| format!("http://{}{path}", front.plain_address());
    let page = client.get(url("/docs?a=b")).send().await.unwrap();
    assert_eq!(page.status(), 308);
    assert_eq!(page.headers()["location"], format!("https://{}/docs?a=b", front.plain_address().ip()));
    let api = client.post(url("/api/v1/auth/login")).send().await.unwrap();
    assert_eq!((api.status().as_u16(), api.headers().get("location")), (400, None));
    assert_eq!(api.json::<serde_json::Value>().await.unwrap()["code"], "malformed_request");
    // TLS is for the other port.
    let clear = client.get(format!("http://{}/api/v1/products", front.tls_address())).send().await.unwrap();
    assert_eq!(clear.status(), 400);
    assert_eq!(stub.take().len(), 0);
}
