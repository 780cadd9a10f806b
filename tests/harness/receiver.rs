//! Somebody else's server, which webhooks are sent to: it keeps what came, and answers as it is told.

use crate::beside::Beside;
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::{KeepAlive, StatusCode},
    web::{self, Bytes, Data, PayloadConfig},
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use standardwebhooks::Webhook;
use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
};
use tokio::sync::Notify;

/// A request that came, as it was sent.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What is answered at a path.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// It takes the request, and says nothing until it is told to.
    waits_for: Option<Arc<Notify>>,
}

/// In place of a path: no path is called so.
const ELSEWHERE: &str = "*";

/// Stops when it is dropped.
pub struct Receiver {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _running: Beside,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    replies: Mutex<HashMap<String, Reply>>,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), waits_for: None }
    }

    /// It is never told to.
    pub fn hang() -> Self {
        Self::status(200).when(Arc::default())
    }

    pub fn when(self, told: Arc<Notify>) -> Self {
        Self { waits_for: Some(told), ..self }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(self, body: impl Into<String>) -> Self {
        Self { body: body.into(), ..self }
    }
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// Whether it is signed with this secret, as an implementation of others sees it: whatever its time, for
    /// tests move the service's clock.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let timestamp = self.header("webhook-timestamp").parse().expect("a timestamp");
        let signature = Webhook::new(secret).expect("a secret").sign(self.id(), timestamp, &self.body);
        self.header("webhook-signature").split(' ').any(|one| one == signature.as_ref().expect("a signature"))
    }

    /// The same with a look at the time.
    pub fn verify(&self, secret: &str) {
        let verified = Webhook::new(secret).expect("a secret").verify(&self.body, &self.headers);
        verified.expect("a signature that holds");
    }
}

impl Receiver {
    pub fn start() -> Self {
        Self::at("127.0.0.1:0")
    }

    /// At an address of loopback's.
    pub fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let data = Data::from(Arc::clone(&shared));
        let (running, ()) = Beside::start(async move || {
            let app = move || {
                App::new()
                    .app_data(data.clone())
                    .app_data(PayloadConfig::new(1 << 20))
                    .default_service(web::to(receive))
            };
            // Each request is a connection of its own, whose address is looked up.
            let server = HttpServer::new(app).workers(1).keep_alive(KeepAlive::Disabled).disable_signals();
            (server.listen(listener).expect("a server").run(), ())
        });
        Self { address, shared, _running: running }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on, at this path; elsewhere 200.
    pub fn reply(&self, path: &str, reply: Reply) {
        self.shared.replies.lock().expect("the replies").insert(path.to_owned(), reply);
    }

    /// The same wherever nothing else is said.
    pub fn reply_elsewhere(&self, reply: Reply) {
        self.reply(ELSEWHERE, reply);
    }

    /// All that came, in its order.
    pub fn all(&self) -> Vec<Received> {
        self.shared.received.lock().expect("what came").clone()
    }

    /// What came to a path, in its order.
    pub fn received(&self, path: &str) -> Vec<Received> {
        let all = self.shared.received.lock().expect("what came");
        all.iter().filter(|received| received.path == path).cloned().collect()
    }
}

async fn receive(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let headers = request.headers().iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).expect("a name");
        (name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"))
    });
    let (path, headers) = (request.path().to_owned(), headers.collect());
    let reply = {
        let replies = shared.replies.lock().expect("the replies");
        replies.get(&path).or_else(|| replies.get(ELSEWHERE)).cloned().unwrap_or_else(|| Reply::status(200))
    };
    shared.received.lock().expect("what came").push(Received { path, headers, body: body.to_vec() });
    if let Some(told) = reply.waits_for {
        told.notified().await;
    }
    let mut answer = HttpResponse::build(StatusCode::from_u16(reply.status).expect("a status"));
    for (name, value) in reply.headers {
        answer.append_header((name, value));
    }
    answer.body(reply.body)
}
