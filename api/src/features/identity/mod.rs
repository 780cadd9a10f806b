//! A client's people: logging in and out.
//!
//! Invariants: a wrong client, user name or password is the same answer in the same time; a
//! session that was ended is dead on the next request; passwords are never held longer than the
//! hashing takes.

mod error;
mod http;
mod repo;
mod service;

pub use http::routes;
pub use service::{NewUser, check_new_user, create_user_in};

use actix_web::HttpRequest;

/// Where a log-in came from, for the list of sessions.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

impl Origin {
    pub fn of(req: &HttpRequest) -> Self {
        let user_agent = req.headers().get("user-agent").and_then(|value| value.to_str().ok());
        Self {
            address: req.peer_addr().map(|peer| peer.ip().to_string()),
            user_agent: user_agent.map(|text| text.chars().take(300).collect()),
        }
    }
}
