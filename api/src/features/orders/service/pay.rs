//! Payments, in parts or in full, and refunds of what the customer is owed.

use super::lock;
use crate::{
    features::{
        accounting,
        orders::{
            error::OrderError,
            model::{Order, Settled, payment_entry},
            repo::{self, NewPaymentRow},
        },
    },
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        db::TenantTx,
        events,
        http::{Invalid, Text},
    },
};
use chrono::{DateTime, Datelike, SubsecRound, Utc};
use countinghouse_contract::{
    Decimal, Money, OrderId, PaymentId, UserId,
    events::{Event, OrderPaid},
    payments::{NewPayment, NewRefund, Payment, PaymentKind},
};
use serde_json::json;

const METHOD: Text = Text::line(1..=40);
const REFERENCE: Text = Text::line(1..=200);

/// A payment or refund that was entered, and the order after it.
pub struct Paid {
    payment: NewPaymentRow,
    order: Order,
    by: UserId,
    at: DateTime<Utc>,
}

pub async fn pay(ctx: &TenantCtx, order: OrderId, input: NewPayment) -> Result<Paid, OrderError> {
    let NewPayment { amount, method, reference, received_at } = input;
    let mut invalid = Invalid::default();
    if received_at.is_some_and(|at| !(1900..=9999).contains(&at.year())) {
        invalid.add("/received_at", "out_of_range", "A time since 1900.");
    }
    check(&mut invalid, &method, reference.as_deref());
    invalid.finish()?;
    let asked = Asked { kind: PaymentKind::Payment, amount, method, reference, received_at };
    ctx.transaction(move |tx| enter(tx, order, asked)).await
}

pub async fn refund(ctx: &TenantCtx, order: OrderId, input: NewRefund) -> Result<Paid, OrderError> {
    let NewRefund { amount, method, reference } = input;
    let mut invalid = Invalid::default();
    check(&mut invalid, &method, reference.as_deref());
    invalid.finish()?;
    let asked = Asked { kind: PaymentKind::Refund, amount, method, reference, received_at: None };
    ctx.transaction(move |tx| enter(tx, order, asked)).await
}

struct Asked {
    kind: PaymentKind,
    amount: Decimal,
    method: String,
    reference: Option<String>,
    received_at: Option<DateTime<Utc>>,
}

fn check(invalid: &mut Invalid, method: &str, reference: Option<&str>) {
    invalid.text("/method", method, &METHOD);
    invalid.optional_text("/reference", reference, &REFERENCE);
}

fn enter(tx: &mut TenantTx<'_>, id: OrderId, asked: Asked) -> Result<Paid, OrderError> {
    let mut order = lock(tx, id)?;
    let received_at = asked.received_at.map_or(tx.now(), |at| at.trunc_subsecs(6));
    let mut invalid = Invalid::default();
    let amount = invalid.amount("/amount", asked.amount, order.currency).minor;
    if received_at > tx.now() {
        invalid.add("/received_at", "in_the_future", "This lies in the future.");
    }
    if asked.amount.scaled_to(order.currency.digits()) == Some(0) {
        invalid.add("/amount", "out_of_range", "More than zero.");
    }
    invalid.finish()?;
    let due = order.due();
    order.settled = settle(&order, asked.kind, amount)?;
    let payment = NewPaymentRow {
        id: tx.make_id::<PaymentId>()?,
        order: id,
        kind: asked.kind,
        amount,
        method: asked.method,
        reference: asked.reference,
        received_at,
    };
    repo::set_settled(tx, id, order.settled)?;
    repo::insert_payment(tx, &payment)?;
    record_in(tx, audited(&payment, due, &order))?;
    if payment.kind == PaymentKind::Payment {
        let amount = Money::new(amount, order.currency).to_decimal();
        let paid = OrderPaid { order: order.told(), payment_id: payment.id, amount };
        events::record_in(tx, &[Event::OrderPaid(paid)])?;
    }
    let date = accounting::local_date(tx, received_at);
    accounting::post_in(tx, payment_entry(&order, payment.kind, payment.id, amount, date))?;
    Ok(Paid { payment, by: tx.actor().user_id, at: tx.now(), order })
}

/// What the audit log keeps of a payment or refund, with what was due before.
fn audited(payment: &NewPaymentRow, due: i64, order: &Order) -> Entry {
    let money = |minor: i64| Money::new(minor, order.currency).to_decimal();
    let action = match payment.kind {
        PaymentKind::Payment => Action::OrderPaid,
        PaymentKind::Refund => Action::OrderRefunded,
    };
    let entry = Entry::new(action, order.id).before(json!({"amount_due": money(due)}));
    entry.after(json!({
        "amount_due": money(order.due()), "payment_id": payment.id, "amount": money(payment.amount),
        "method": payment.method, "received_at": payment.received_at,
    }))
}

/// A payment is at most what is due, a refund at most what the customer is owed.
fn settle(order: &Order, kind: PaymentKind, amount: i64) -> Result<Settled, OrderError> {
    if order.invoice.is_none() {
        return Err(OrderError::NotInvoiced);
    }
    let (settled, due) = (order.settled, order.due());
    let money = |minor: i64| Money::new(minor, order.currency).to_decimal();
    match kind {
        PaymentKind::Payment if amount > due => Err(OrderError::Overpaid(money(due.max(0)))),
        PaymentKind::Payment => Ok(Settled { paid: settled.paid + amount, ..settled }),
        PaymentKind::Refund if amount > -due => Err(OrderError::OverRefunded(money((-due).max(0)))),
        PaymentKind::Refund => Ok(Settled { refunded: settled.refunded + amount, ..settled }),
    }
}

impl Paid {
    pub fn into_wire(self) -> Payment {
        let money = |minor: i64| Money::new(minor, self.order.currency).to_decimal();
        Payment {
            id: self.payment.id,
            order_id: self.order.id,
            kind: self.payment.kind,
            amount: money(self.payment.amount),
            amount_due: money(self.order.due()),
            method: self.payment.method,
            reference: self.payment.reference,
            received_at: self.payment.received_at,
            created_by: self.by,
            created_at: self.at,
        }
    }
}
