//! Calls on orders.

use crate::{ClientError, Session, pages::all_pages};
use countinghouse_contract::{
    OrderId, Page,
    orders::{NewOrder, Order, OrderQuery},
};

impl Session {
    /// Places an order; its goods leave the stock, all or none.
    ///
    /// # Errors
    /// The problems `insufficient_stock` and `duplicate_reference`, the latter with the `order_id`
    /// of the order that has the `external_reference`.
    pub async fn create_order(&self, order: &NewOrder) -> Result<Order, ClientError> {
        self.call(self.client().post("/orders", order)).await
    }

    /// One order.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn order(&self, id: OrderId) -> Result<Order, ClientError> {
        self.call(self.client().get(&format!("/orders/{id}"))).await
    }

    /// One page of orders, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn orders(&self, query: &OrderQuery) -> Result<Page<Order>, ClientError> {
        self.call(self.client().list("/orders", query)?).await
    }

    /// The orders of all pages, from the query's cursor on.
    ///
    /// # Errors
    /// Those of [`Session::orders`].
    pub async fn all_orders(&self, query: &OrderQuery) -> Result<Vec<Order>, ClientError> {
        all_pages(query.cursor.clone(), |cursor| {
            let query = OrderQuery { cursor, ..query.clone() };
            async move { self.orders(&query).await }
        })
        .await
    }
}
