//! Editing: an order that nothing has left of is changed, and its goods and money follow.
//!
//! An edit is worked out first (`plan`), which `preview` shows and `edit` writes. An invoice that is in
//! force is never changed: a credit note takes it back whole, and a new one takes its place.

mod plan;
mod preview;
mod request;
mod token;

pub use preview::preview;

use super::{invoice, lock_editable};
use crate::{
    app::AppState,
    features::{
        accounting, customers,
        identity::{self, CodeHeader, Done, Origin, with_second_factor},
        inventory,
        orders::{
            error::OrderError,
            model::{Line, Order, sale_entry},
            repo,
        },
    },
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        crypto::Stamps,
        db::TenantTx,
        events,
        http::IfMatch,
    },
};
use countinghouse_contract::{OrderId, edits::OrderPatch, events::Event, sessions::SessionEventKind};
use plan::Plan;
use request::Request;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use token::Seen;

/// What erasing a person has to remove: the audit log keeps that it was given or changed.
const PERSON: [&str; 4] = ["customer", "billing_address", "shipping_address", "note"];

/// What comes with an edit beside its body.
pub struct Proof {
    pub if_match: IfMatch,
    pub code: CodeHeader,
    /// Of the preview that the caller has seen, if they have.
    pub token: Option<String>,
    pub from: Origin,
}

pub async fn edit(
    state: &AppState,
    ctx: &TenantCtx,
    id: OrderId,
    proof: Proof,
    patch: OrderPatch,
) -> Result<Order, OrderError> {
    let request = request::check(patch)?;
    let Proof { if_match, code, token, from } = proof;
    let (stamps, origin) = (state.edit_stamps.clone(), from.clone());
    with_second_factor(state, ctx, code, from, move |tx| {
        let plan = plan_in(tx, id, &request, &if_match, token.as_deref().map(|token| (&stamps, token)))?;
        if !plan.after.differs(&plan.before) {
            return Ok(Done::Nothing(plan.before));
        }
        write(tx, plan, origin).map(Done::Changed)
    })
    .await
}

/// Locks in the order that everybody keeps: the customer, the order, stock by product.
fn plan_in(
    tx: &mut TenantTx<'_>,
    id: OrderId,
    request: &Request,
    if_match: &IfMatch,
    token: Option<(&Stamps, &str)>,
) -> Result<Plan, OrderError> {
    let customer = match request.new_customer() {
        Some(customer) => customers::snapshot_in(tx, customer)?,
        None => None,
    };
    let order = lock_editable(tx, id, if_match)?;
    let seen = match token {
        Some((stamps, token)) => Some(Seen::read(stamps, tx, &order, request, token)?),
        None => None,
    };
    let drafted = plan::draft(tx, &order, request, customer)?;
    if let Some(seen) = seen {
        seen.check(&order, &drafted)?;
    }
    plan::settle(tx, order, drafted, inventory::hold_in)
}

fn write(tx: &mut TenantTx<'_>, plan: Plan, from: Origin) -> Result<Order, OrderError> {
    let difference = plan.cost_difference();
    let Plan { before, mut after, goods, reissued } = plan;
    after.progress = repo::update_edited(tx, &after, reissued.map(|terms| terms.date))?;
    if after.lines != before.lines {
        repo::replace_lines(tx, &after)?;
    }
    if !goods.is_empty() {
        inventory::exchange_in(tx, after.id, &goods)?;
    }
    identity::log_act_in(tx, SessionEventKind::OrderEdited, after.id, from)?;
    let changed = Entry::new(Action::OrderEdited, after.id).changed(audited(&before, &after), audited(&after, &before));
    record_in(tx, changed.hiding(&PERSON))?;
    events::record_in(tx, &[Event::OrderEdited(after.told())])?;
    match reissued {
        Some(terms) => after.invoice = Some(invoice::reissue(tx, &before, &after, terms, difference)?),
        None if before.invoice.is_none() => {
            let today = accounting::today(tx);
            accounting::post_in(tx, sale_entry(&after, "Edit of order", difference, today))?;
        }
        None => {}
    }
    Ok(after)
}

/// What the audit log keeps of an order: of its lines those that the other order has not, or has otherwise.
fn audited(order: &Order, other: &Order) -> Value {
    let (others, totals) = (other.lines_by_id(), order.sums.to_wire(order.currency));
    let differs = |line: &&Line| others.get(&line.id) != Some(line);
    let lines: BTreeMap<_, _> =
        order.lines.iter().filter(differs).map(|line| (line.id, audited_line(order, line))).collect();
    json!({
        "lines": lines, "subtotal": totals.subtotal, "discount": totals.discount, "shipping": totals.shipping,
        "tax": totals.tax, "grand_total": totals.grand_total, "cost_of_goods": order.money(order.sums.cost),
        "due_date": order.invoice.map(|issued| issued.due_date), "customer_id": order.buyer.customer,
        "customer": order.buyer.contact, "billing_address": order.buyer.billing_address,
        "shipping_address": order.buyer.shipping_address, "note": order.note,
    })
}

fn audited_line(order: &Order, line: &Line) -> Value {
    json!({
        "sku": line.sku, "quantity": line.quantity, "unit_price": order.money(line.unit_price),
        "discount_pct": line.discount_pct.to_decimal(), "line_total": order.money(line.amounts.net),
        "tax": order.money(line.amounts.tax), "cost": order.money(line.cost),
    })
}
