//! The rules of returns, and their transactions.

use super::{
    error::ReturnError,
    model::{Asked, Return, ReturnLine, Taken, take_back},
    repo,
};
use crate::{
    features::{
        accounting,
        inventory::{self, Origin},
        orders::{self, Credit, Order, OrderError, Taxed},
    },
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        db::TenantTx,
        events,
        http::{Dates, Invalid, MAX_QUANTITY, PageRequest, Text},
    },
};
use countinghouse_contract::{
    InvoiceId, Money, OrderId, ReturnId,
    events::{Event, OrderTold, ReturnCreated},
    inventory::MovementKind,
    orders::FulfilmentStatus,
    returns::{NewReturn, NewReturnLine},
};
use serde_json::json;

const MAX_LINES: usize = 500;
const REASON: Text = Text::line(1..=500);

/// Which returns a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    pub order: Option<OrderId>,
    pub dates: Dates,
}

pub async fn list(ctx: &TenantCtx, filter: Filter, asked: PageRequest) -> Result<Vec<Return>, ReturnError> {
    ctx.read(move |tx| Ok(repo::list(tx, &filter, asked)?)).await
}

pub async fn get(ctx: &TenantCtx, id: ReturnId) -> Result<Return, ReturnError> {
    ctx.read(move |tx| repo::find(tx, id)?.ok_or(ReturnError::NotFound)).await
}

pub async fn create(ctx: &TenantCtx, input: NewReturn) -> Result<Return, ReturnError> {
    let NewReturn { order_id, lines, credit_shipping } = input;
    let asked = check(lines)?;
    ctx.transaction(move |tx| create_in(tx, order_id, asked, credit_shipping)).await
}

fn check(lines: Vec<NewReturnLine>) -> Result<Vec<Asked>, Invalid> {
    let mut invalid = Invalid::default();
    match lines.len() {
        0 => invalid.add("/lines", "too_few", "A return has at least one line."),
        count if count > MAX_LINES => {
            invalid.add("/lines", "too_many", format!("A return has at most {MAX_LINES} lines."));
        }
        _ => {}
    }
    for (at, line) in lines.iter().take(MAX_LINES).enumerate() {
        invalid.quantity(&format!("/lines/{at}/quantity"), line.quantity, 1..=MAX_QUANTITY);
        invalid.optional_text(&format!("/lines/{at}/reason"), line.reason.as_deref(), &REASON);
    }
    invalid.finish()?;
    let asked = |line: NewReturnLine| {
        let NewReturnLine { order_line_id, quantity, restock, reason } = line;
        Asked { line: order_line_id, quantity, restock, reason }
    };
    Ok(lines.into_iter().map(asked).collect())
}

/// Locks in the order that everybody keeps: the order, stock by product, counters.
fn create_in(
    tx: &mut TenantTx<'_>,
    order: OrderId,
    asked: Vec<Asked>,
    credit_shipping: bool,
) -> Result<Return, ReturnError> {
    let order = orders::lock_in(tx, order)?.ok_or_else(no_such_order)?;
    if order.invoice.is_none() {
        return Err(OrderError::NotInvoiced.into());
    }
    check_lines(&order, &asked)?;
    let shipping = if credit_shipping { shipping_left(tx, &order)? } else { Taxed::default() };
    let Taken { lines, credit, back } = take_back(&order, asked, shipping)?;
    let put = inventory::put_back_in(tx, &back)?;
    let row = repo::NewReturnRow {
        id: tx.make_id::<ReturnId>()?,
        order: order.id,
        credit_note: tx.make_id::<InvoiceId>()?,
        credits_shipping: shipping != Taxed::default(),
        lines: &lines,
    };
    orders::credit_more_in(tx, &order, credit.sums.total, fulfilment_after(&order, &lines))?;
    repo::insert(tx, &row)?;
    let origin = Origin { kind: MovementKind::Return, order: order.id, returned: Some(row.id) };
    inventory::record_back_in(tx, origin, &put)?;
    record_in(tx, audited(&order, &row, &credit))?;
    let amount_due = Money::new(order.due() - credit.sums.total, order.currency).to_decimal();
    let told = OrderTold { amount_due, ..order.told() };
    let units = lines.iter().map(|line| line.quantity).sum();
    events::record_in(tx, &[Event::ReturnCreated(ReturnCreated { order: told, return_id: row.id, units })])?;
    let (id, credits_shipping) = (row.id, row.credits_shipping);
    let credit_note = orders::credit_in(tx, &order, row.credit_note, accounting::today(tx), credit)?;
    let (created_by, created_at) = (tx.actor().user_id, tx.now());
    let (order, order_number) = (order.id, order.number);
    Ok(Return { id, order, order_number, lines, credits_shipping, credit_note, created_by, created_at })
}

fn no_such_order() -> ReturnError {
    let mut invalid = Invalid::default();
    invalid.add("/order_id", "not_found", "There is no such order.");
    invalid.into()
}

fn check_lines(order: &Order, asked: &[Asked]) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    for (at, one) in asked.iter().enumerate() {
        if !order.lines.iter().any(|line| line.id == one.line) {
            invalid.add(&format!("/lines/{at}/order_line_id"), "not_found", "The order has no such line.");
        }
    }
    invalid.finish()
}

/// What is left to be credited of shipping: all of it, or nothing when an earlier return credited it.
fn shipping_left(tx: &mut TenantTx<'_>, order: &Order) -> Result<Taxed, ReturnError> {
    let shipping = order.shipping.amounts;
    if shipping == Taxed::default() || repo::shipping_is_credited(tx, order.id)? {
        return Ok(Taxed::default());
    }
    Ok(shipping)
}

/// An order is fulfilled as soon as nothing of it is left to leave the shelf.
fn fulfilment_after(order: &Order, returned: &[ReturnLine]) -> FulfilmentStatus {
    let waiting: i64 = order.waiting().values().sum();
    let withdrawn: i64 = returned.iter().map(|line| line.unfulfilled).sum();
    if waiting == withdrawn { FulfilmentStatus::Fulfilled } else { order.progress.fulfilment }
}

/// What the audit log keeps of a return. Reasons are prose, and stay with the return.
fn audited(order: &Order, row: &repo::NewReturnRow<'_>, credit: &Credit) -> Entry {
    let money = |minor: i64| Money::new(minor, order.currency).to_decimal();
    let units =
        |of: fn(&ReturnLine) -> bool| row.lines.iter().filter(|line| of(line)).map(|line| line.quantity).sum::<i64>();
    let entry = Entry::new(Action::ReturnCreated, row.id).before(json!({"amount_due": money(order.due())}));
    entry.after(json!({
        "order_id": order.id, "units": units(|_| true), "restocked_units": units(|line| line.restocked),
        "credits_shipping": row.credits_shipping, "credited": money(credit.sums.total),
        "amount_due": money(order.due() - credit.sums.total),
    }))
}
