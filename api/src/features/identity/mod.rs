//! A client's people at the door: logging in, staying logged in, and leaving.
//!
//! Invariants: a wrong client, user name or password is the same answer in the same time; a
//! session that was ended is dead on the next request; a refresh token is good once, and one that
//! comes back later ends its session; passwords are held no longer than hashing takes; a one-time
//! code and a recovery code count once, and five wrong ones in a row lock for 15 minutes, however
//! many requests bring them at once.

mod enrolment;
mod error;
mod events;
mod http;
mod login;
mod password;
mod recovery;
mod refresh;
mod repo;
mod reset;
mod second_factor;
mod sessions;
mod users;

pub use error::{INVALID_CREDENTIALS, INVALID_REFRESH_TOKEN, SecondFactorError};
pub use events::{log_act_in, log_ended_in};
pub use http::routes;
pub use reset::reset_second_factor_in;
pub use second_factor::{CodeHeader, Done, with_second_factor};
pub use sessions::end_sessions_in;
pub use users::{Introduced, NewUser, check_email, check_new_user, create_user_in};

use crate::platform::http::client_address;
use actix_web::HttpRequest;

/// Where a request came from, for the lists of sessions and of what happened.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

impl Origin {
    pub fn of(req: &HttpRequest) -> Self {
        let user_agent = req.headers().get("user-agent").and_then(|value| value.to_str().ok());
        Self {
            address: client_address(req).map(|address| address.to_string()),
            user_agent: user_agent.map(|text| text.chars().take(300).collect()),
        }
    }
}
