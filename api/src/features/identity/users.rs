//! Entering a user.

use super::repo;
use crate::platform::{
    db::{DbError, PlatformTx},
    http::{Invalid, Text},
    passwords,
};
use countinghouse_contract::{TenantId, UserId};

/// A user to be entered, whose password is hashed already.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub tenant: TenantId,
    pub username: String,
    pub email: Option<String>,
    pub role: &'static str,
    pub password_hash: String,
}

/// The rules for a new user's name, password and e-mail.
pub fn check_new_user(invalid: &mut Invalid, at: &str, username: &str, password: &str, email: Option<&str>) {
    invalid.text(&format!("{at}/username"), username, &Text::line(1..=100));
    passwords::check_new(invalid, &format!("{at}/password"), password, username);
    if let Some(email) = email {
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

/// Enters a client's user, in a superadmin's transaction.
pub fn create_user_in(tx: &mut PlatformTx<'_>, user: &NewUser) -> Result<UserId, DbError> {
    let id = tx.make_id::<UserId>()?;
    repo::insert_user(tx, id, user)?;
    Ok(id)
}
