//! An order as the ERP is told of it.

use crate::{Currency, OrderId, orders::OrderStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order as the ERP is told of it, but for who bought. `A` is an amount: a text in our own API, a number for the
/// ERP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpOrder<A> {
    /// Its number.
    pub order_increment_id: String,
    pub order_id: OrderId,
    /// 1: as it was invoiced; then one more for each change: the last one says how it stands.
    pub order_version: i64,
    pub status: OrderStatus,
    /// What the ERP called it before.
    pub erp_reference: Option<String>,
    pub invoice_number: Option<String>,
    pub currency: Currency,
    /// Whether the prices of items hold tax; row totals and the subtotal never do.
    pub prices_include_tax: bool,
    pub items: Vec<ErpItem<A>>,
    pub totals: ErpTotals<A>,
    /// What was taken off by credit notes.
    pub credited: A,
    /// In UTC, `YYYY-MM-DD HH:MM:SS`, as all times here.
    pub ordered_at: String,
    pub created_at: String,
    pub updated_at: String,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpItem<A> {
    pub sku: String,
    pub name: String,
    pub qty: i64,
    pub returned_qty: i64,
    /// Of one.
    pub price: A,
    /// Before discount and tax.
    pub row_total: A,
    pub discount: A,
    pub tax: A,
}

/// `subtotal - discount + tax + shipping = grand_total`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpTotals<A> {
    pub subtotal: A,
    pub tax: A,
    pub shipping: A,
    pub discount: A,
    pub grand_total: A,
}

impl<A> ErpOrder<A> {
    /// The same with its amounts written otherwise.
    pub fn map<B>(self, amount: impl Fn(A) -> B) -> ErpOrder<B> {
        let item = |item: ErpItem<A>| ErpItem {
            sku: item.sku,
            name: item.name,
            qty: item.qty,
            returned_qty: item.returned_qty,
            price: amount(item.price),
            row_total: amount(item.row_total),
            discount: amount(item.discount),
            tax: amount(item.tax),
        };
        ErpOrder {
            items: self.items.into_iter().map(item).collect(),
            totals: ErpTotals {
                subtotal: amount(self.totals.subtotal),
                tax: amount(self.totals.tax),
                shipping: amount(self.totals.shipping),
                discount: amount(self.totals.discount),
                grand_total: amount(self.totals.grand_total),
            },
            credited: amount(self.credited),
            order_increment_id: self.order_increment_id,
            order_id: self.order_id,
            order_version: self.order_version,
            status: self.status,
            erp_reference: self.erp_reference,
            invoice_number: self.invoice_number,
            currency: self.currency,
            prices_include_tax: self.prices_include_tax,
            ordered_at: self.ordered_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}
