//! Calls on orders and what becomes of them.

use crate::{ClientError, Session, pages::all_pages};
use countinghouse_contract::{
    OrderId, Page,
    fulfilments::{Fulfilment, NewFulfilment},
    invoices::{Invoice, InvoiceQuery, NewInvoice},
    orders::{NewOrder, Order, OrderQuery},
    payments::{NewPayment, NewRefund, Payment},
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

    /// Invoices an order that was placed without.
    ///
    /// # Errors
    /// The problems `already_invoiced` and `period_closed`.
    pub async fn invoice_order(&self, id: OrderId, invoice: &NewInvoice) -> Result<Order, ClientError> {
        self.call(self.client().post(&format!("/orders/{id}/invoice"), invoice)).await
    }

    /// One page of what was issued for an order, newest first.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn invoices(&self, id: OrderId, query: &InvoiceQuery) -> Result<Page<Invoice>, ClientError> {
        self.call(self.client().list(&format!("/orders/{id}/invoices"), query)?).await
    }

    /// Enters money that came.
    ///
    /// # Errors
    /// The problem `not_invoiced`, and `overpaid` inside of `invalid_request`.
    pub async fn pay_order(&self, id: OrderId, payment: &NewPayment) -> Result<Payment, ClientError> {
        self.call(self.client().post(&format!("/orders/{id}/payments"), payment)).await
    }

    /// Enters money that went back.
    ///
    /// # Errors
    /// The problem `not_invoiced`, and `over_refunded` inside of `invalid_request`.
    pub async fn refund_order(&self, id: OrderId, refund: &NewRefund) -> Result<Payment, ClientError> {
        self.call(self.client().post(&format!("/orders/{id}/refunds"), refund)).await
    }

    /// Enters what left the shelf for the customer.
    ///
    /// # Errors
    /// The problems `nothing_to_fulfil` and `fulfilment_exceeds_ordered`.
    pub async fn fulfil_order(&self, id: OrderId, fulfilment: &NewFulfilment) -> Result<Fulfilment, ClientError> {
        self.call(self.client().post(&format!("/orders/{id}/fulfilments"), fulfilment)).await
    }
}
