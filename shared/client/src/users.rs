//! Calls on a client's people.

use crate::{ClientError, Session};
use countinghouse_contract::{
    UserId,
    users::{NewUser, User},
};

impl Session {
    /// Enters somebody, with a role whose permissions the caller holds.
    ///
    /// # Errors
    /// The problems `username_taken`, `weak_password` and `cannot_grant`.
    pub async fn create_user(&self, user: &NewUser) -> Result<User, ClientError> {
        self.call(self.client().post("/users", user)).await
    }

    /// Takes somebody away; what they did keeps their name.
    ///
    /// # Errors
    /// The problems `last_owner` and `not_found`.
    pub async fn delete_user(&self, id: UserId) -> Result<(), ClientError> {
        self.send(self.client().delete(&format!("/users/{id}"))).await.map(drop)
    }
}
