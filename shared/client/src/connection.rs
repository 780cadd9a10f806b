//! Where the service is, and how a request gets there and its answer back.

use crate::{ClientError, Session, SuperadminSession};
use countinghouse_contract::{
    admin::LoginSuperadmin,
    auth::{LoggedIn, Login, LoginUser, SuperadminLogin},
};
use reqwest::{
    Method, RequestBuilder, Response, Url,
    header::{CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{net::IpAddr, time::Duration};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);
/// Less than the 5 s after which the service closes an idle connection, so that no request is
/// sent into one that is being closed.
const IDLE: Duration = Duration::from_secs(4);

/// The service at an address, with nobody logged in. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    api: String,
}

impl Client {
    /// A client of the service at this address, like `https://books.example.com`. A request may
    /// take 30 seconds; redirects are not followed; the proxies of the environment are used,
    /// except for a service on this machine.
    ///
    /// # Errors
    /// [`ClientError::BadAddress`], and [`ClientError::Http`] where TLS cannot be set up.
    pub fn new(base_url: &str) -> Result<Self, ClientError> {
        let url = Url::parse(base_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| ClientError::BadAddress(base_url.to_owned()))?;
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_idle_timeout(IDLE)
            .redirect(redirect::Policy::none());
        if is_local(&url) {
            builder = builder.no_proxy();
        }
        Ok(Self { http: builder.build()?, api: format!("{}/api/v1", base_url.trim_end_matches('/')) })
    }

    /// A client's software, by its API key. Nothing is sent yet: [`Session::me`] shows whether the
    /// key is good.
    pub fn with_api_key(&self, key: &str) -> Session {
        Session::with_key(self.clone(), key)
    }

    /// Logs a client's user in.
    ///
    /// # Errors
    /// The problems `invalid_credentials` and `client_suspended`.
    pub async fn login(&self, login: Login) -> Result<Session, ClientError> {
        let answer: LoggedIn<LoginUser> = self.call(self.post("/auth/login", &login)).await?;
        Ok(Session::new(self.clone(), login, answer))
    }

    /// Logs a superadmin in. A code works once.
    ///
    /// # Errors
    /// The problem `invalid_credentials`, whatever is wrong.
    pub async fn superadmin_login(&self, login: &SuperadminLogin) -> Result<SuperadminSession, ClientError> {
        let answer: LoggedIn<LoginSuperadmin> = self.call(self.post("/admin/auth/login", login)).await?;
        Ok(SuperadminSession::new(self.clone(), answer))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.request(Method::GET, format!("{}{path}", self.api))
    }

    /// A GET with a query string.
    pub(crate) fn list(&self, path: &str, query: &impl Serialize) -> Result<RequestBuilder, ClientError> {
        Ok(self.get(&format!("{path}?{}", serde_urlencoded::to_string(query)?)))
    }

    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> RequestBuilder {
        self.post_nothing(path).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: &impl Serialize) -> RequestBuilder {
        self.http.request(Method::PUT, format!("{}{path}", self.api)).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: &impl Serialize) -> RequestBuilder {
        self.http.request(Method::PATCH, format!("{}{path}", self.api)).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> RequestBuilder {
        self.http.request(Method::DELETE, format!("{}{path}", self.api))
    }

    pub(crate) fn post_nothing(&self, path: &str) -> RequestBuilder {
        self.http.request(Method::POST, format!("{}{path}", self.api))
    }

    /// Sends a request and reads what the success brings.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let (status, body) = self.send(request).await?;
        Self::read(status, &body)
    }

    /// What a success brought.
    pub(crate) fn read<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, ClientError> {
        let wrong = |e: serde_json::Error| ClientError::Unexpected { status, body: e.to_string() };
        serde_json::from_slice(body).map_err(wrong)
    }

    /// Sends a request; answers the status and body of a success.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<(u16, Vec<u8>), ClientError> {
        let response = self.open(request).await?;
        Ok((response.status().as_u16(), response.bytes().await?.into()))
    }

    /// Sends a request; answers a success whose body is yet to be read.
    pub(crate) async fn open(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await?;
        let (status, content_type) = (response.status(), response.headers().get(CONTENT_TYPE).cloned());
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await?;
        let content_type = content_type.as_ref().and_then(|value: &HeaderValue| value.to_str().ok());
        Err(ClientError::of_answer(status.as_u16(), content_type.unwrap_or_default(), &body))
    }
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_web_address_will_do() {
        assert_eq!(Client::new("https://books.example.com/x/").unwrap().api, "https://books.example.com/x/api/v1");
        for address in ["", "books.example.com", "127.0.0.1:8080", "file:///etc", "localhost:8080"] {
            assert!(matches!(Client::new(address), Err(ClientError::BadAddress(_))), "{address}");
        }
    }

    #[test]
    fn this_machine_is_known_by_name_and_address() {
        let local = |text| is_local(&Url::parse(text).unwrap());
        assert!(local("http://localhost:1") && local("http://127.0.0.2") && local("http://[::1]:80"));
        assert!(!local("http://localhost.example.com") && !local("http://10.0.0.1"));
    }
}
