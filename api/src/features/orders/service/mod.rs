//! The rules of orders, and their transactions. A room for each thing that happens to one.

mod bulk;
mod cancel;
mod create;
mod edit;
mod fulfil;
mod invoice;
mod pay;
mod pricing;
mod request;
mod returned;

pub use bulk::create_all_in;
pub use cancel::cancel;
pub use create::create;
pub use edit::{Proof, edit, preview};
pub use fulfil::fulfil;
pub use invoice::{credit_in, invoice, invoices};
pub use pay::{pay, refund};
pub use returned::credit_more_in;

use super::{error::OrderError, model::Order, repo};
use crate::platform::{
    authn::TenantCtx,
    db::TenantTx,
    http::{Dates, IfMatch, Invalid, PageRequest, Text},
};
use countinghouse_contract::{
    CustomerId, OrderId,
    orders::{FulfilmentStatus, OrderQuery, OrderStatus, PaymentStatus},
};
use request::{CHANNEL, REFERENCE};

/// Which orders a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    pub status: Option<OrderStatus>,
    pub payment_status: Option<PaymentStatus>,
    pub fulfilment_status: Option<FulfilmentStatus>,
    pub dates: Dates,
    pub customer_id: Option<CustomerId>,
    pub customer_email: Option<String>,
    pub channel: Option<String>,
    pub external_reference: Option<String>,
    pub erp_synced: Option<bool>,
    pub q: Option<String>,
}

impl Filter {
    pub fn new(query: OrderQuery, zone: &str) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        invalid.optional_text("/channel", query.channel.as_deref(), &CHANNEL);
        invalid.optional_text("/external_reference", query.external_reference.as_deref(), &REFERENCE);
        invalid.optional_text("/customer_email", query.customer_email.as_deref(), &Text::line(0..=254));
        invalid.optional_text("/q", query.q.as_deref(), &Text::line(0..=200));
        invalid.finish()?;
        Ok(Self {
            status: query.status,
            payment_status: query.payment_status,
            fulfilment_status: query.fulfilment_status,
            dates: Dates::new(query.from, query.to, zone)?,
            customer_id: query.customer_id,
            customer_email: query.customer_email,
            channel: query.channel,
            external_reference: query.external_reference,
            erp_synced: query.erp_synced,
            q: query.q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        })
    }
}

pub async fn list(ctx: &TenantCtx, filter: Filter, asked: PageRequest) -> Result<Vec<Order>, OrderError> {
    ctx.read(move |tx| Ok(repo::list(tx, &filter, asked)?)).await
}

pub async fn get(ctx: &TenantCtx, id: OrderId) -> Result<Order, OrderError> {
    ctx.read(move |tx| get_in(tx, id)).await
}

pub fn get_in(tx: &mut TenantTx<'_>, id: OrderId) -> Result<Order, OrderError> {
    repo::find(tx, id)?.ok_or(OrderError::NotFound)
}

/// The order, which nobody else changes until the transaction ends.
fn lock(tx: &mut TenantTx<'_>, id: OrderId) -> Result<Order, OrderError> {
    repo::lock(tx, id)?.ok_or(OrderError::NotFound)
}

/// The same for who changes what it is: the version that they have seen, of which nothing has left.
fn lock_editable(tx: &mut TenantTx<'_>, id: OrderId, if_match: &IfMatch) -> Result<Order, OrderError> {
    editable(lock(tx, id)?, if_match)
}

fn editable(order: Order, if_match: &IfMatch) -> Result<Order, OrderError> {
    if_match.check(order.version).map_err(OrderError::VersionMismatch)?;
    if order.is_editable() { Ok(order) } else { Err(OrderError::NotEditable) }
}
