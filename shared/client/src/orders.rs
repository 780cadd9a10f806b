//! Calls on orders and what becomes of them.

use crate::{ClientError, Session, pages::all_pages};
use countinghouse_contract::{
    OrderId, Page,
    edits::{EditPreview, OrderPatch},
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

    /// What an edit would come to, and a token with which just that is done.
    ///
    /// # Errors
    /// The problems `order_not_editable` and `insufficient_stock`.
    pub async fn preview_edit(&self, id: OrderId, patch: &OrderPatch) -> Result<EditPreview, ClientError> {
        self.call(self.client().post(&format!("/orders/{id}/edits/preview"), patch)).await
    }

    /// Edits an order of which nothing has left, with a code of the user's second factor and, where it is to
    /// be just what was shown, the token of a preview.
    ///
    /// # Errors
    /// The problems `order_not_editable`, `insufficient_stock`, `edit_changed`, and those of a code.
    pub async fn edit_order(
        &self,
        id: OrderId,
        patch: &OrderPatch,
        code: &str,
        token: Option<&str>,
    ) -> Result<Order, ClientError> {
        let request = self.client().patch(&format!("/orders/{id}"), patch).header("X-2FA-Code", code);
        self.call(match token {
            Some(token) => request.header("X-Edit-Token", token),
            None => request,
        })
        .await
    }

    /// Cancels an order of which nothing has left, with a code of the user's second factor.
    ///
    /// # Errors
    /// The problem `order_not_editable`, and those of a code.
    pub async fn cancel_order(&self, id: OrderId, code: &str) -> Result<(), ClientError> {
        let request = self.client().delete(&format!("/orders/{id}")).header("X-2FA-Code", code);
        self.send(request).await.map(drop)
    }
}
