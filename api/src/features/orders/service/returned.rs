//! What a return changes of an order.

use super::{Order, repo};
use crate::platform::db::{DbError, TenantTx};
use countinghouse_contract::orders::FulfilmentStatus;

/// So much is taken off the order, which is fulfilled as far as this says; its lines count by themselves
/// what came back.
pub fn credit_more_in(
    tx: &mut TenantTx<'_>,
    order: &Order,
    credit: i64,
    fulfilment: FulfilmentStatus,
) -> Result<(), DbError> {
    repo::set_returned(tx, order.id, order.settled.credited + credit, fulfilment)
}
