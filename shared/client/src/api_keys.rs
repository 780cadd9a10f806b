//! Calls on API keys, for people: a key makes and revokes none.

use crate::{ClientError, Session, pages::all_pages};
use countinghouse_contract::{
    ApiKeyId, Page,
    api_keys::{ApiKey, ApiKeyMade, ApiKeyQuery, NewApiKey},
};

impl Session {
    /// Makes a key, whose secret is in this answer and nowhere else.
    ///
    /// # Errors
    /// The problem `cannot_grant`.
    pub async fn create_api_key(&self, key: &NewApiKey) -> Result<ApiKeyMade, ClientError> {
        self.call(self.client().post("/api-keys", key)).await
    }

    /// One page of keys, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn api_keys(&self, query: &ApiKeyQuery) -> Result<Page<ApiKey>, ClientError> {
        self.call(self.client().list("/api-keys", query)?).await
    }

    /// The keys of all pages.
    ///
    /// # Errors
    /// Those of [`Session::api_keys`].
    pub async fn all_api_keys(&self) -> Result<Vec<ApiKey>, ClientError> {
        all_pages(None, |cursor| {
            let query = ApiKeyQuery { cursor, limit: None };
            async move { self.api_keys(&query).await }
        })
        .await
    }

    /// Revokes a key: it is dead on its next request.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn revoke_api_key(&self, id: ApiKeyId) -> Result<(), ClientError> {
        self.send(self.client().delete(&format!("/api-keys/{id}"))).await.map(drop)
    }
}
