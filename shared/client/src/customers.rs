//! Calls on customers.

use crate::{ClientError, Session, pages::all_pages};
use countinghouse_contract::{
    CustomerId, Page,
    customers::{Customer, CustomerPatch, CustomerQuery, NewCustomer},
};

impl Session {
    /// Enters a customer.
    ///
    /// # Errors
    /// The problem `invalid_request`.
    pub async fn create_customer(&self, customer: &NewCustomer) -> Result<Customer, ClientError> {
        self.call(self.client().post("/customers", customer)).await
    }

    /// One customer.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn customer(&self, id: CustomerId) -> Result<Customer, ClientError> {
        self.call(self.client().get(&format!("/customers/{id}"))).await
    }

    /// Changes what the patch names, whatever version stands there.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn change_customer(&self, id: CustomerId, patch: &CustomerPatch) -> Result<Customer, ClientError> {
        self.call(self.client().patch(&format!("/customers/{id}"), patch)).await
    }

    /// One page of customers, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn customers(&self, query: &CustomerQuery) -> Result<Page<Customer>, ClientError> {
        self.call(self.client().list("/customers", query)?).await
    }

    /// The customers of all pages, from the query's cursor on.
    ///
    /// # Errors
    /// Those of [`Session::customers`].
    pub async fn all_customers(&self, query: &CustomerQuery) -> Result<Vec<Customer>, ClientError> {
        all_pages(query.cursor.clone(), |cursor| {
            let query = CustomerQuery { cursor, ..query.clone() };
            async move { self.customers(&query).await }
        })
        .await
    }
}
