//! What a session does when its token has expired, against a service that knows nothing else.

use super::*;
use countinghouse_contract::products::ProductQuery;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const REFUSAL: &str =
    r#"{"type": "", "title": "", "status": 401, "detail": "", "code": "unauthenticated", "request_id": ""}"#;

/// Hands out the tokens `t1`, `t2`, … and takes those from `first_good` on.
struct Fake {
    first_good: usize,
    logins: AtomicUsize,
    calls: AtomicUsize,
}

impl Fake {
    async fn start(first_good: usize) -> (Arc<Self>, Session) {
        let fake = Arc::new(Self { first_good, logins: AtomicUsize::new(0), calls: AtomicUsize::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = Arc::clone(&fake);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&service).answer(stream));
            }
        });
        let [client_id, username, password] = ["acme", "ann", "correct horse"].map(str::to_owned);
        let login = Login { client_id, username, password, totp_code: None };
        (fake, Client::new(&address).unwrap().login(login).await.unwrap())
    }

    async fn answer(self: Arc<Self>, mut stream: TcpStream) {
        let mut request = vec![0; 8192];
        let length = stream.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let (status, kind, body) = self.decide(&request);
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/{kind}\r\nconnection: close\r\n");
        let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    }

    fn decide(&self, request: &str) -> (u16, &'static str, String) {
        if request.starts_with("POST /api/v1/auth/login ") {
            let number = self.logins.fetch_add(1, SeqCst) + 1;
            let user = r#"{"id": "0199aaaa-0000-7000-8000-000000000000", "username": "ann", "role": "owner"}"#;
            let token = format!(
                r#""access_token": "t{number}", "token_type": "Bearer", "expires_in": 900, "refresh_token": "chr_x""#
            );
            return (200, "json", format!(r#"{{{token}, "user": {user}}}"#));
        }
        self.calls.fetch_add(1, SeqCst);
        let token = request.split("Bearer t").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
        match token.parse::<usize>().unwrap() >= self.first_good {
            true => (200, "json", r#"{"data": [], "next_cursor": null}"#.to_owned()),
            false => (401, "problem+json", REFUSAL.to_owned()),
        }
    }

    fn seen(&self) -> (usize, usize) {
        (self.logins.load(SeqCst), self.calls.load(SeqCst))
    }
}

#[tokio::test]
async fn a_token_that_works_is_kept() {
    let (fake, session) = Fake::start(1).await;
    session.products(&ProductQuery::default()).await.unwrap();
    session.products(&ProductQuery::default()).await.unwrap();
    assert_eq!(fake.seen(), (1, 2));
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_for_all_who_wait() {
    let (fake, session) = Fake::start(2).await;
    let query = ProductQuery::default();
    let answers = tokio::join!(session.products(&query), session.products(&query), session.products(&query));
    assert!(answers.0.is_ok() && answers.1.is_ok() && answers.2.is_ok());
    assert_eq!(fake.seen(), (2, 6));
}

#[tokio::test]
async fn a_second_refusal_is_the_answer() {
    let (fake, session) = Fake::start(9).await;
    let error = session.products(&ProductQuery::default()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), Some("unauthenticated")));
    assert_eq!(fake.seen(), (2, 2));
}

#[tokio::test]
async fn debug_shows_neither_token_nor_password() {
    let (_, session) = Fake::start(1).await;
    let shown = format!("{session:?}");
    assert!(shown.contains("acme") && !shown.contains("t1") && !shown.contains("horse"), "{shown}");
}
