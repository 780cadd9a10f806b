//! A client's user who is logged in.
//!
//! Access tokens live for 15 minutes. A session keeps the credentials that it began with: when a
//! call is answered with 401, it logs in again, once, and repeats the call. That never does
//! anything twice, since a 401 means that nothing was done. Calls that run side by side share the
//! new token.

use crate::{Client, ClientError};
use countinghouse_contract::auth::{LoggedIn, Login, LoginUser, Me};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use std::{fmt, sync::Arc};
use tokio::sync::Mutex;

/// What a logged-in user may call; dropped, it stays open on the service until it expires.
pub struct Session {
    client: Client,
    login: Login,
    user: LoginUser,
    token: Mutex<Arc<str>>,
}

impl Session {
    pub(crate) fn new(client: Client, login: Login, answer: LoggedIn<LoginUser>) -> Self {
        Self { client, login, user: answer.user, token: Mutex::new(answer.access_token.into()) }
    }

    /// Who logged in.
    pub fn user(&self) -> &LoginUser {
        &self.user
    }

    /// The user, their permissions and their client as they are now.
    ///
    /// # Errors
    /// None of its own.
    pub async fn me(&self) -> Result<Me, ClientError> {
        self.call(self.client.get("/auth/me")).await
    }

    /// Ends the session on the service. One that has ended already is no error.
    ///
    /// # Errors
    /// None of its own.
    pub async fn logout(self) -> Result<(), ClientError> {
        let request = self.client.post_nothing("/auth/logout").bearer_auth(self.token().await);
        match self.client.send(request).await {
            Err(error) if error.status() != Some(401) => Err(error),
            _ => Ok(()),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request in the user's name, logging in again where the service asks for it.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let token = self.token().await;
        let again = request.try_clone();
        match (self.client.call(request.bearer_auth(&token)).await, again) {
            (Err(error), Some(request)) if error.status() == Some(401) => {
                let fresh = self.renew(&token).await?;
                self.client.call(request.bearer_auth(fresh)).await
            }
            (answer, _) => answer,
        }
    }

    async fn token(&self) -> Arc<str> {
        Arc::clone(&*self.token.lock().await)
    }

    /// A token other than the refused one; the first to ask logs in while the others wait.
    async fn renew(&self, refused: &Arc<str>) -> Result<Arc<str>, ClientError> {
        let mut token = self.token.lock().await;
        if Arc::ptr_eq(&token, refused) {
            let request = self.client.post("/auth/login", &self.login);
            let answer: LoggedIn<LoginUser> = self.client.call(request).await?;
            *token = answer.access_token.into();
        }
        Ok(Arc::clone(&token))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("login", &self.login).field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
