//! Cancelling: an order that nothing has left of gives its goods back, and what was invoiced is credited.
//! What was paid stays the customer's until it is refunded.

use super::{invoice, lock_editable};
use crate::{
    app::AppState,
    features::{
        accounting,
        identity::{self, CodeHeader, Done, Origin, with_second_factor},
        inventory::{self, Back},
        orders::{
            error::OrderError,
            model::{Credit, Order, sale_entry},
            repo,
        },
    },
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        db::TenantTx,
        events,
        http::IfMatch,
    },
};
use countinghouse_contract::{
    InvoiceId, OrderId, ProductId,
    events::{Event, OrderTold},
    inventory::MovementKind,
    orders::OrderStatus,
    sessions::SessionEventKind,
};
use serde_json::json;
use std::collections::BTreeMap;

pub async fn cancel(
    state: &AppState,
    ctx: &TenantCtx,
    id: OrderId,
    if_match: IfMatch,
    code: CodeHeader,
    from: Origin,
) -> Result<(), OrderError> {
    let origin = from.clone();
    with_second_factor(state, ctx, code, from, move |tx| cancel_in(tx, id, &if_match, origin).map(Done::Changed)).await
}

fn cancel_in(tx: &mut TenantTx<'_>, id: OrderId, if_match: &IfMatch, from: Origin) -> Result<(), OrderError> {
    let order = lock_editable(tx, id, if_match)?;
    let put = inventory::put_back_in(tx, &all_goods(&order))?;
    repo::set_cancelled(tx, id)?;
    inventory::record_back_in(tx, inventory::Origin { kind: MovementKind::Sale, order: id, returned: None }, &put)?;
    identity::log_act_in(tx, SessionEventKind::OrderCancelled, id, from)?;
    let total = order.money(order.sums.total);
    let due = order.money(order.due() - order.sums.total);
    let entry = Entry::new(Action::OrderCancelled, id)
        .before(json!({"status": order.progress.status, "amount_due": order.money(order.due())}))
        .after(json!({"status": OrderStatus::Cancelled, "credited": total,
            "amount_due": due}));
    record_in(tx, entry)?;
    events::record_in(tx, &[Event::OrderCancelled(OrderTold { amount_due: due, ..order.told() })])?;
    let today = accounting::today(tx);
    match order.invoice {
        Some(_) => {
            let note = tx.make_id::<InvoiceId>()?;
            invoice::credit_in(tx, &order, note, today, Credit::of_invoice(&order).with_goods(order.sums.cost))?;
        }
        None => accounting::post_in(tx, sale_entry(&order, "Cancelled order", -order.sums.cost, today))?,
    }
    Ok(())
}

/// All that the order took of each product, at what it cost.
fn all_goods(order: &Order) -> BTreeMap<ProductId, Back> {
    let mut goods: BTreeMap<ProductId, Back> = BTreeMap::new();
    for line in &order.lines {
        let back = goods.entry(line.product).or_default();
        back.quantity += line.quantity;
        back.value += line.cost;
        back.unfulfilled += line.quantity;
    }
    goods
}
