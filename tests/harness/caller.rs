//! Somebody who calls the API: with a token, with an API key, or with neither.

use crate::{document, patience::LONG_ENOUGH};
use reqwest::{
    Method, RequestBuilder, Response,
    header::{AUTHORIZATION, HeaderMap},
};
use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// Who calls.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base_url: String,
    token: Option<String>,
    key: Option<String>,
}

/// What came back. `body` is null when there was none, or when it was not JSON.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// The service lets go of a connection that was idle for five seconds: the tests do before. And what is never
/// answered fails.
pub(crate) fn http_client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().pool_idle_timeout(Duration::from_secs(2));
    client.timeout(LONG_ENOUGH).build().expect("an HTTP client")
}

impl Caller {
    pub(crate) fn new(http: reqwest::Client, base_url: &str, token: Option<String>) -> Self {
        Self { http, base_url: base_url.to_owned(), token, key: None }
    }

    /// The same caller, with an API key in place of a token.
    pub fn with_key(self, key: impl Into<String>) -> Self {
        Self { token: None, key: Some(key.into()), ..self }
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// A request to be finished by hand; `path` is below `/api/v1`, or begins with `//` for one
    /// that is not.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.strip_prefix("//") {
            Some(rest) => format!("{}/{rest}", self.base_url),
            None => format!("{}/api/v1{path}", self.base_url),
        };
        let request = self.http.request(method, url);
        match (&self.token, &self.key) {
            (Some(token), _) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            (None, Some(key)) => request.header("X-Api-Key", key),
            (None, None) => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// A body of any bytes.
    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer::of(self.request(method, path).header("content-type", content_type).body(body.into())).await
    }

    /// A form with a picture as its part `file`, and these texts beside it.
    pub async fn form(&self, path: &str, picture: &[u8], fields: &[(&str, &str)]) -> Answer {
        let (content_type, body) = crate::pictures::form(picture, fields);
        self.send(Method::POST, path, &content_type, body).await
    }

    /// Uploads a picture of a product.
    pub async fn upload(&self, product: &str, picture: &[u8]) -> Answer {
        self.form(&format!("/products/{product}/images"), picture, &[]).await
    }

    /// A file to be brought in, as CSV.
    pub async fn import(&self, path: &str, csv: impl Into<Vec<u8>>) -> Answer {
        self.send(Method::POST, &format!("/imports/{path}"), "text/csv", csv).await
    }

    /// Enters a product with so many units at 4.00 and answers its id.
    pub async fn product(&self, sku: &str, price: &str, quantity: i64) -> String {
        let stock = json!({"quantity": quantity, "unit_cost": "4.00"});
        let body = json!({"sku": sku, "name": sku, "price": price, "opening_stock": stock});
        self.post("/products", &body).await.expect(201)["id"].as_str().expect("an id").to_owned()
    }

    /// Makes an API key and answers it whole: its `key` is the secret.
    pub async fn api_key(&self, permissions: &[&str]) -> Value {
        let body = json!({"name": "software", "permissions": permissions});
        self.post("/api-keys", &body).await.expect(201)
    }

    /// Orders so many of one product.
    pub async fn order(&self, product: &str, quantity: i64) -> Answer {
        self.post("/orders", &json!({"lines": [{"product_id": product, "quantity": quantity}]})).await
    }
}

impl Answer {
    /// Sends a request that was finished by hand.
    pub async fn of(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = Self::from(client.execute(request).await.expect("an answer")).await;
        document::check(&method, &path, &answer);
        answer
    }

    /// What came back for a request that was sent by hand.
    pub async fn from(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body to its end");
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    /// The body, after checking the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.body
    }

    /// Checks that this is a whole problem of that status and code, and answers it.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["type"], format!("/problems/{code}"));
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        for member in ["title", "detail", "request_id"] {
            assert!(self.body[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {self:?}");
        }
        self.body
    }

    /// Checks that the input was refused with these faults: pairs of pointer and code.
    #[track_caller]
    pub fn invalid(self, faults: &[(&str, &str)]) {
        let body = self.problem(422, "invalid_request");
        let found: Vec<(&str, &str)> = body["errors"].as_array().map_or_else(Vec::new, |errors| {
            errors.iter().map(|e| (e["pointer"].as_str().unwrap_or(""), e["code"].as_str().unwrap_or(""))).collect()
        });
        assert_eq!(found, faults, "{body}");
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text)
    }
}

/// Percent-encoded for a query, every byte of it.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
