//! One call, with all that keeps it within its bounds.

use super::{
    answer::{Answered, Reading},
    resolver::{Checked, NotAllowed, NotResolved, Resolver, Rules},
};
use crate::{config, platform::metrics};
use ipnet::IpNet;
use reqwest::{
    Client, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use std::{
    error::Error,
    io::{self, ErrorKind},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;
use url::Host;

const CONNECT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(20);
const IDLE_CONNECTIONS: usize = 4;
const MOST_OF_REASON: usize = 300;
/// How rustls begins what it says of one; the error itself is hidden in one of `io`.
const BAD_CERTIFICATE: &str = "invalid peer certificate";

/// Why a URL is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    #[error("An absolute URL with `https:`, without user, password and fragment.")]
    Form,
    #[error("This address can not be reached from the internet.")]
    NotAllowed,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("the address is not a public one")]
    NotAllowed,
    #[error("{0}")]
    NotResolved(String),
    #[error("{0}")]
    Refused(String),
    /// The certificate is not trusted, or another's.
    #[error("{0}")]
    Certificate(String),
    #[error("there was no connection in time")]
    NotConnected,
    /// Nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    #[error("there was no answer in time")]
    TimedOut,
    /// The connection ended before there was an answer.
    #[error("{0}")]
    Broken(String),
}

impl CallError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::TimedOut | Self::NotConnected => "timed_out",
            Self::NotResolved(_) | Self::Refused(_) | Self::Certificate(_) => "unreachable",
            Self::Unreachable(_) | Self::Broken(_) => "unreachable",
        }
    }

    /// Whether it may have arrived, and be done.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Broken(_))
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
}

/// A request, and how much of an answer is waited for.
#[derive(Debug, Clone)]
pub struct Call {
    pub verb: Verb,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// For how long, where it is not as long as for everybody.
    pub patience: Option<Duration>,
    pub reading: Reading,
}

impl Call {
    /// A POST, of whose answer the status is what counts.
    pub fn post(url: String, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        Self { verb: Verb::Post, url, headers, body, patience: None, reading: Reading::Beginning }
    }
}

/// Calls strangers. Clones share their connections.
#[derive(Clone)]
pub struct Outbound {
    https: Way,
    http: Way,
    metrics: metrics::Outbound,
}

impl Outbound {
    pub fn new(config: &config::Outbound, resolver: Arc<dyn Resolver>, metrics: metrics::Outbound) -> Self {
        let (listed, patience): (Arc<[IpNet]>, _) = (config.listed.as_slice().into(), config.patience);
        let way = |public| {
            let rules = Rules { listed: Arc::clone(&listed), public };
            Way { resolver: Arc::clone(&resolver), rules, patience, client: Arc::default() }
        };
        Self { https: way(true), http: way(false), metrics }
    }

    /// Whether a URL may be called, as far as it says so itself: a name may lead anywhere.
    pub fn check(&self, text: &str) -> Result<Url, BadUrl> {
        let url = Url::parse(text).map_err(|_| BadUrl::Form)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let rules = &self.way(&url).filter(|_| bare).ok_or(BadUrl::Form)?.rules;
        let permitted = match url.host() {
            Some(Host::Ipv4(address)) => rules.permit(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => rules.permit(IpAddr::V6(address)),
            // By `http:` it leads to a listed network, or will be refused.
            Some(Host::Domain(_)) if url.scheme() == "http" && rules.listed.is_empty() => return Err(BadUrl::Form),
            Some(Host::Domain(_)) => true,
            None => return Err(BadUrl::Form),
        };
        if permitted { Ok(url) } else { Err(BadUrl::NotAllowed) }
    }

    /// Sends it once, and answers how long that took. `to` says for the metrics what is called.
    pub async fn send(&self, to: &'static str, call: Call) -> (Result<Answered, CallError>, Duration) {
        let began = Instant::now();
        let answer = self.try_to_send(call).await;
        let took = began.elapsed();
        let outcome = match &answer {
            Ok(answer) => match answer.status {
                200..300 => "accepted",
                300..400 => "redirected",
                400..500 => "refused",
                _ => "failed",
            },
            Err(error) => error.outcome(),
        };
        self.metrics.called(to, outcome, took);
        (answer, took)
    }

    async fn try_to_send(&self, call: Call) -> Result<Answered, CallError> {
        let url = self.check(&call.url).map_err(|bad| match bad {
            BadUrl::NotAllowed => CallError::NotAllowed,
            BadUrl::Form => CallError::Unreachable(bad.to_string()),
        })?;
        let way = self.way(&url).ok_or(CallError::NotAllowed)?;
        let client = way.client().await?;
        let request = match call.verb {
            Verb::Get => client.get(url),
            Verb::Post => client.post(url).body(call.body),
        };
        let request = call.patience.into_iter().fold(request, |request, patience| request.timeout(patience));
        let sent = request.headers(headers(call.headers)?).send().await;
        Ok(Answered::of(sent.map_err(reason)?, call.reading).await)
    }

    fn way(&self, url: &Url) -> Option<&Way> {
        match url.scheme() {
            "https" => Some(&self.https),
            "http" => Some(&self.http),
            _ => None,
        }
    }
}

/// How one of the two schemes is spoken.
#[derive(Clone)]
struct Way {
    resolver: Arc<dyn Resolver>,
    rules: Rules,
    patience: Duration,
    /// Made when it is first needed: it reads the machine's certificates.
    client: Arc<OnceCell<Client>>,
}

impl Way {
    async fn client(&self) -> Result<&Client, CallError> {
        let make = || async {
            Client::builder()
                .dns_resolver(Arc::new(Checked { resolver: Arc::clone(&self.resolver), rules: self.rules.clone() }))
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                // Whatever else of the workspace speaks HTTP/2: how a call ended without an answer is known of 1.1.
                .http1_only()
                .no_proxy()
                .referer(false)
                .user_agent("Countinghouse")
                .connect_timeout(CONNECT)
                .timeout(self.patience)
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .build()
                .map_err(reason)
        };
        self.client.get_or_try_init(make).await
    }
}

fn headers(named: Vec<(&'static str, String)>) -> Result<HeaderMap, CallError> {
    let value = |text: &str| HeaderValue::from_str(text).map_err(|error| CallError::Unreachable(error.to_string()));
    let mut headers = HeaderMap::new();
    for (name, text) in named {
        headers.insert(HeaderName::from_static(name), value(&text)?);
    }
    Ok(headers)
}

/// In the words of what lies at the bottom of it; a URL may hold a secret, and is not among them.
fn reason(error: reqwest::Error) -> CallError {
    let connecting = error.is_connect();
    if error.is_timeout() {
        return if connecting { CallError::NotConnected } else { CallError::TimedOut };
    }
    let sent = error.is_request() && !connecting;
    let error = error.without_url();
    let mut bottom: &(dyn Error + 'static) = &error;
    while let Some(below) = bottom.source() {
        bottom = below;
    }
    if bottom.is::<NotAllowed>() {
        return CallError::NotAllowed;
    }
    let told: String = bottom.to_string().chars().filter(|c| !c.is_control()).take(MOST_OF_REASON).collect();
    let refused = bottom.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused);
    match told {
        told if sent => CallError::Broken(told),
        told if bottom.is::<NotResolved>() => CallError::NotResolved(told),
        told if refused => CallError::Refused(told),
        told if told.starts_with(BAD_CERTIFICATE) => CallError::Certificate(told),
        told => CallError::Unreachable(told),
    }
}
