//! Entering a user.

use super::repo;
use crate::platform::{
    db::{AnyTx, DbError},
    http::{Invalid, Text},
    passwords,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{TenantId, UserId};

/// A user to be entered, whose password is hashed already.
#[derive(Clone)]
pub struct NewUser {
    pub tenant: TenantId,
    pub id: UserId,
    pub username: String,
    pub email: Option<String>,
    pub role: &'static str,
    pub password_hash: String,
    pub created_at: DateTime<Utc>,
}

/// What somebody says of a user who is to be entered.
pub struct Introduced<'a> {
    pub username: &'a str,
    pub password: &'a str,
    pub email: Option<&'a str>,
}

/// The rules for a new user's name, password and e-mail. `client`: its names, as far as they are
/// at hand.
pub fn check_new_user(invalid: &mut Invalid, at: &str, user: &Introduced<'_>, client: &[&str]) {
    invalid.text(&format!("{at}/username"), user.username, &Text::line(1..=100));
    passwords::check_new(invalid, &format!("{at}/password"), user.password, user.username, client);
    if let Some(email) = user.email {
        check_email(invalid, &format!("{at}/email"), email);
    }
}

/// The rules for an e-mail address: enough to catch a slip, no more.
pub fn check_email(invalid: &mut Invalid, pointer: &str, email: &str) {
    invalid.text(pointer, email, &Text::line(3..=254));
    if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) {
        invalid.add(pointer, "invalid_email", "An e-mail address, like name@example.com.");
    }
}

/// Enters the first user of a new client.
pub fn create_user_in(tx: &mut impl AnyTx, user: &NewUser) -> Result<(), DbError> {
    repo::insert_user(tx, user)
}
