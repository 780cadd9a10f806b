//! A client's user who is logged in, or their software with its API key.
//!
//! Access tokens live for 15 minutes. A session that began with a log-in keeps its credentials: when
//! a call is answered with 401, it logs in again, once, and repeats the call. That never does
//! anything twice, since a 401 means that nothing was done. Calls that run side by side share the
//! new token. An API key is good until it ends; after that, every call is refused.

use crate::{Client, ClientError};
use countinghouse_contract::auth::{LoggedIn, Login, LoginUser, Me};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use std::{fmt, sync::Arc};
use tokio::sync::Mutex;

/// What a client's user or software may call. The log-in of one that is dropped stays open on the
/// service until it expires.
pub struct Session {
    client: Client,
    access: Access,
}

enum Access {
    LoggedIn { login: Box<Login>, user: LoginUser, token: Mutex<Arc<str>> },
    Key(Box<str>),
}

impl Session {
    pub(crate) fn new(client: Client, login: Login, answer: LoggedIn<LoginUser>) -> Self {
        let token = Mutex::new(answer.access_token.into());
        Self { client, access: Access::LoggedIn { login: Box::new(login), user: answer.user, token } }
    }

    pub(crate) fn with_key(client: Client, key: &str) -> Self {
        Self { client, access: Access::Key(key.into()) }
    }

    /// Who logged in; `None` with an API key, for which [`Session::me`] says whose it is.
    pub fn user(&self) -> Option<&LoginUser> {
        match &self.access {
            Access::LoggedIn { user, .. } => Some(user),
            Access::Key(_) => None,
        }
    }

    /// The user, their permissions and their client as they are now.
    ///
    /// # Errors
    /// None of its own.
    pub async fn me(&self) -> Result<Me, ClientError> {
        self.call(self.client.get("/auth/me")).await
    }

    /// Ends the log-in on the service. One that has ended already is no error; an API key goes on,
    /// until it is revoked.
    ///
    /// # Errors
    /// None of its own.
    pub async fn logout(self) -> Result<(), ClientError> {
        let Access::LoggedIn { token, .. } = &self.access else { return Ok(()) };
        let request = self.client.post_nothing("/auth/logout").bearer_auth(current(token).await);
        match self.client.send(request).await {
            Err(error) if error.status() != Some(401) => Err(error),
            _ => Ok(()),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request in the user's name, and reads what the success brings.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let (status, body) = self.send(request).await?;
        Client::read(status, &body)
    }

    /// Sends a request in the user's name, logging in again where the service asks for it.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<(u16, Vec<u8>), ClientError> {
        let (login, shared) = match &self.access {
            Access::Key(key) => return self.client.send(request.header("X-Api-Key", &**key)).await,
            Access::LoggedIn { login, token, .. } => (login, token),
        };
        let token = current(shared).await;
        let again = request.try_clone();
        match (self.client.send(request.bearer_auth(&token)).await, again) {
            (Err(error), Some(request)) if error.status() == Some(401) => {
                let fresh = self.renew(login, shared, &token).await?;
                self.client.send(request.bearer_auth(fresh)).await
            }
            (answer, _) => answer,
        }
    }

    /// A token other than the refused one; the first to ask logs in while the others wait.
    async fn renew(
        &self,
        login: &Login,
        shared: &Mutex<Arc<str>>,
        refused: &Arc<str>,
    ) -> Result<Arc<str>, ClientError> {
        let mut token = shared.lock().await;
        if Arc::ptr_eq(&token, refused) {
            let request = self.client.post("/auth/login", login);
            let answer: LoggedIn<LoginUser> = self.client.call(request).await?;
            *token = answer.access_token.into();
        }
        Ok(Arc::clone(&token))
    }
}

async fn current(token: &Mutex<Arc<str>>) -> Arc<str> {
    Arc::clone(&*token.lock().await)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Session");
        match &self.access {
            Access::LoggedIn { login, user, .. } => shown.field("login", login).field("user", user),
            Access::Key(_) => shown.field("access", &"API key"),
        };
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
