//! Fulfilling: goods leave the shelf for the customer, in parts or all at once.

use super::lock;
use crate::{
    features::{
        inventory::{self, Demand},
        orders::{
            error::OrderError,
            model::{Order, Parcel},
            repo,
        },
    },
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        db::TenantTx,
        events,
        http::{Invalid, MAX_QUANTITY, Text},
    },
};
use countinghouse_contract::{
    FulfilmentId, OrderId, OrderLineId, ProductId,
    events::{Event, OrderFulfilled},
    fulfilments::{FulfilmentLine, NewFulfilment},
    orders::FulfilmentStatus,
};
use serde_json::json;
use std::collections::BTreeMap;

const CARRIER: Text = Text::line(1..=100);
const TRACKING_NUMBER: Text = Text::line(1..=200);
const MAX_LINES: usize = 500;

pub async fn fulfil(ctx: &TenantCtx, id: OrderId, input: NewFulfilment) -> Result<Parcel, OrderError> {
    let mut invalid = Invalid::default();
    invalid.text("/carrier", &input.carrier, &CARRIER);
    invalid.text("/tracking_number", &input.tracking_number, &TRACKING_NUMBER);
    check_lines(&mut invalid, input.lines.as_deref());
    invalid.finish()?;
    ctx.transaction(move |tx| fulfil_in(tx, id, input)).await
}

fn check_lines(invalid: &mut Invalid, lines: Option<&[FulfilmentLine]>) {
    match lines.map(<[_]>::len) {
        Some(0) => invalid.add("/lines", "too_few", "At least one line; leave lines out for all that is left."),
        Some(count) if count > MAX_LINES => {
            invalid.add("/lines", "too_many", format!("At most {MAX_LINES} lines."));
        }
        _ => {}
    }
    for (at, line) in lines.unwrap_or_default().iter().take(MAX_LINES).enumerate() {
        invalid.quantity(&format!("/lines/{at}/quantity"), line.quantity, 1..=MAX_QUANTITY);
    }
}

fn fulfil_in(tx: &mut TenantTx<'_>, id: OrderId, input: NewFulfilment) -> Result<Parcel, OrderError> {
    let mut order = lock(tx, id)?;
    if order.is_cancelled() {
        return Err(OrderError::NothingToFulfil);
    }
    let parts = match input.lines {
        Some(lines) => asked_parts(&order, &lines)?,
        None => order.waiting(),
    };
    if parts.is_empty() {
        return Err(OrderError::NothingToFulfil);
    }
    let parcel = Parcel {
        id: tx.make_id::<FulfilmentId>()?,
        carrier: input.carrier,
        tracking_number: input.tracking_number,
        lines: parts.into_iter().collect(),
        created_by: tx.actor().user_id,
        created_at: tx.now(),
    };
    let before = order.progress.fulfilment;
    order.fulfilments.push(parcel.clone());
    let all_left = order.waiting().is_empty();
    let status = if all_left { FulfilmentStatus::Fulfilled } else { FulfilmentStatus::PartlyFulfilled };
    repo::set_fulfilment(tx, id, status)?;
    repo::insert_fulfilment(tx, id, &parcel)?;
    inventory::fulfil_in(tx, &demands(&order, &parcel))?;
    let units: i64 = parcel.lines.iter().map(|(_, quantity)| quantity).sum();
    let fulfilled = json!({"fulfilment_id": parcel.id, "units": units, "fulfilment_status": status});
    let entry = Entry::new(Action::OrderFulfilled, id).before(json!({"fulfilment_status": before}));
    record_in(tx, entry.after(fulfilled))?;
    let told = OrderFulfilled { order: order.told(), fulfilment_id: parcel.id, units };
    events::record_in(tx, &[Event::OrderFulfilled(told)])?;
    Ok(parcel)
}

/// What is asked for of each line, repeated lines summed: no more than is left of it.
fn asked_parts(order: &Order, lines: &[FulfilmentLine]) -> Result<BTreeMap<OrderLineId, i64>, OrderError> {
    let mut invalid = Invalid::default();
    let mut parts: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if !order.lines.iter().any(|known| known.id == line.order_line_id) {
            invalid.add(&format!("/lines/{at}/order_line_id"), "not_found", "The order has no such line.");
        }
        let sum = parts.entry(line.order_line_id).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    invalid.finish()?;
    let left = order.waiting();
    let short: Vec<_> = (parts.iter())
        .map(|(line, quantity)| (*line, *quantity, left.get(line).copied().unwrap_or_default()))
        .filter(|(_, quantity, left)| quantity > left)
        .collect();
    if short.is_empty() { Ok(parts) } else { Err(OrderError::FulfilsMoreThanIsLeft(short)) }
}

/// The parcel's goods by product.
fn demands(order: &Order, parcel: &Parcel) -> Vec<Demand> {
    let mut quantities: BTreeMap<ProductId, i64> = BTreeMap::new();
    for (line, quantity) in &parcel.lines {
        if let Some(line) = order.lines.iter().find(|known| known.id == *line) {
            *quantities.entry(line.product).or_default() += quantity;
        }
    }
    quantities.into_iter().map(|(product, quantity)| Demand { product, quantity }).collect()
}
