//! Calls on returns.

use crate::{ClientError, Session, pages::all_pages};
use countinghouse_contract::{
    Page, ReturnId,
    returns::{NewReturn, Return, ReturnQuery},
};

impl Session {
    /// Takes goods of an order back and credits them, all or nothing.
    ///
    /// # Errors
    /// The problems `not_invoiced`, and `return_exceeds_sold` with what is left of each line.
    pub async fn create_return(&self, new: &NewReturn) -> Result<Return, ClientError> {
        self.call(self.client().post("/returns", new)).await
    }

    /// One return with its credit note.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn one_return(&self, id: ReturnId) -> Result<Return, ClientError> {
        self.call(self.client().get(&format!("/returns/{id}"))).await
    }

    /// One page of returns, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn returns(&self, query: &ReturnQuery) -> Result<Page<Return>, ClientError> {
        self.call(self.client().list("/returns", query)?).await
    }

    /// The returns of all pages, from the query's cursor on.
    ///
    /// # Errors
    /// Those of [`Session::returns`].
    pub async fn all_returns(&self, query: &ReturnQuery) -> Result<Vec<Return>, ClientError> {
        all_pages(query.cursor.clone(), |cursor| {
            let query = ReturnQuery { cursor, ..query.clone() };
            async move { self.returns(&query).await }
        })
        .await
    }
}
