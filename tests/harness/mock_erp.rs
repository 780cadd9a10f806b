//! `countinghouse mock-erp` beside a test: the real program, or in a thread that shares the test's clock.

use crate::{Answer, Caller, Process, beside::Beside, caller::http_client};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use countinghouse_api::{
    mock_erp::{self, Options},
    platform::clock::Clock,
};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::{net::TcpListener, sync::Arc};

const API_KEY: &str = "the-key-of-the-mock";
const SECRET: &str = "the-secret-of-the-mock";

/// Stops when it is dropped.
pub struct MockErp {
    pub base_url: String,
    http: Client,
    _running: Running,
}

enum Running {
    Thread(#[expect(dead_code, reason = "it is held")] Beside),
    Process(#[expect(dead_code, reason = "it is held")] Process),
}

impl MockErp {
    pub const API_KEY: &str = API_KEY;
    pub const SECRET: &str = SECRET;

    /// What one in a thread may want otherwise.
    pub fn options() -> Options {
        Options::new(API_KEY, SECRET)
    }

    /// In a thread of this process, by this clock.
    pub fn start(options: Options, clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let (running, ()) =
            Beside::start(async move || (mock_erp::serve(options, clock, listener).expect("a mock ERP"), ()));
        Self { base_url, http: http_client(), _running: Running::Thread(running) }
    }

    /// The program itself, with these flags.
    pub fn process(flags: &[&str]) -> Self {
        let environment = [("MOCK_ERP_API_KEY", API_KEY.to_owned()), ("MOCK_ERP_HMAC_SECRET", SECRET.to_owned())];
        let mut process = Process::start(&environment, &[&["mock-erp", "--listen", "127.0.0.1:0"], flags].concat());
        let listening = process.wait_for("listening");
        let base_url = format!("http://{}", listening["address"].as_str().expect("an address"));
        Self { base_url, http: http_client(), _running: Running::Process(process) }
    }

    /// Points a client at it, and sends at once; `more` are other settings.
    pub async fn link(&self, owner: &Caller, more: &Value) {
        let mut link = json!({"enabled": true, "base_url": self.base_url, "api_key": API_KEY, "hmac_secret": SECRET,
            "cron_enabled": false});
        for (name, value) in more.as_object().expect("an object") {
            link[name] = value.clone();
        }
        let request = owner.request(Method::PUT, "/erp/config").json(&link);
        Answer::of(request).await.expect(200);
    }

    /// What X-Signature says of this body.
    pub fn signature(body: &[u8]) -> String {
        STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), body))
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base_url))
    }

    /// An order, as the service sends it, to be finished by hand.
    pub fn order(&self, key: &str, order: &Value) -> RequestBuilder {
        let body = order.to_string();
        let request = self.request(Method::POST, "/orders/sync").header("content-type", "application/json");
        let request = request.header("x-api-key", API_KEY).header("x-idempotency-key", key);
        request.header("x-signature", Self::signature(body.as_bytes())).body(body)
    }

    pub fn look_up(&self, key: &str) -> RequestBuilder {
        let request = self.request(Method::GET, &format!("/orders/by-key/{key}"));
        request.header("x-api-key", API_KEY).header("x-signature", Self::signature(b""))
    }

    pub async fn get(&self, path: &str) -> Value {
        Self::json(self.request(Method::GET, path).send().await.expect("an answer")).await
    }

    /// What goes wrong from now on.
    pub async fn faults(&self, faults: &Value) {
        let answer = self.request(Method::PUT, "/mock/faults").json(faults).send().await.expect("an answer");
        Self::json(answer).await;
    }

    pub async fn end_faults(&self) {
        let answer = self.request(Method::DELETE, "/mock/faults").send().await.expect("an answer");
        assert_eq!(answer.status(), 204);
    }

    /// The orders that it has, the last that changed first.
    pub async fn orders(&self) -> Vec<Value> {
        self.get("/mock/orders").await["orders"].as_array().expect("orders").clone()
    }

    /// What it has of one.
    pub async fn order_of(&self, number: &str) -> Option<Value> {
        self.get(&format!("/mock/orders?order={number}")).await["orders"].get(0).cloned()
    }

    async fn json(answer: Response) -> Value {
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}
