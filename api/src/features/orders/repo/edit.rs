//! Changing what an order is, as long as nothing of it has left: an edit writes it anew, a cancel ends it.

use super::{
    super::model::{Order, Progress},
    rows,
    write::{document, insert_lines},
};
use crate::{
    platform::db::{DbError, TenantTx},
    schema::{order_lines, orders},
};
use chrono::NaiveDate;
use countinghouse_contract::OrderId;
use diesel::prelude::*;

/// Writes an edited order without its lines, and answers its statuses: the ERP has another one. `invoiced_on`: the day of the invoice
/// that takes the place of the one before.
pub fn update_edited(
    tx: &mut TenantTx<'_>,
    order: &Order,
    invoiced_on: Option<NaiveDate>,
) -> Result<Progress, DbError> {
    let tenant = tx.tenant_id();
    let (status, payment, fulfilment): (String, String, String) =
        diesel::update(orders::table.find((tenant.0, order.id.0)))
            .set((
                (
                    orders::version.eq(order.version),
                    orders::updated_at.eq(order.updated_at),
                    orders::erp_synced.eq(order.erp_synced),
                ),
                (
                    orders::customer_id.eq(order.buyer.customer.map(|id| id.0)),
                    orders::customer.eq(document(&order.buyer.contact)),
                    orders::billing_address.eq(document(&order.buyer.billing_address)),
                    orders::shipping_address.eq(document(&order.buyer.shipping_address)),
                    orders::note.eq(&order.note),
                ),
                (
                    orders::subtotal_minor.eq(order.sums.subtotal),
                    orders::discount_minor.eq(order.sums.discount),
                    orders::shipping_minor.eq(order.sums.shipping),
                    orders::shipping_tax_minor.eq(order.shipping.amounts.tax),
                    orders::shipping_tax_rate.eq(order.shipping.tax_rate.0),
                    orders::tax_minor.eq(order.sums.tax),
                    orders::total_minor.eq(order.sums.total),
                    orders::cost_minor.eq(order.sums.cost),
                ),
                (
                    invoiced_on.map(|date| orders::invoiced_on.eq(date)),
                    orders::due_date.eq(order.invoice.map(|issued| issued.due_date)),
                ),
            ))
            .returning((orders::state, orders::payment_status, orders::fulfilment_status))
            .get_result(tx.conn())?;
    rows::progress(&status, &payment, &fulfilment)
}

/// These lines in place of all that the order had.
pub fn replace_lines(tx: &mut TenantTx<'_>, order: &Order) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let of_order = order_lines::tenant_id.eq(tenant.0).and(order_lines::order_id.eq(order.id.0));
    diesel::delete(order_lines::table.filter(of_order)).execute(tx.conn())?;
    insert_lines(tx, order)
}

/// The order is cancelled, and nothing is owed for it any more.
pub fn set_cancelled(tx: &mut TenantTx<'_>, order: OrderId) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(orders::table.find((tenant.0, order.0)))
        .set((
            (orders::version.eq(orders::version + 1), orders::updated_at.eq(now)),
            orders::cancelled_at.eq(now),
            orders::credited_minor.eq(orders::total_minor),
            orders::erp_synced.eq(false),
        ))
        .execute(tx.conn())?;
    Ok(())
}
