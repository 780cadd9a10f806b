//! Invoicing: at once when an order is created, or later; crediting what was invoiced; and reading what
//! was issued.

use super::lock;
use crate::{
    features::{
        accounting, customers,
        orders::{
            error::OrderError,
            model::{Credit, Issued, IssuedInvoice, Order, credit_entry, invoice_entry},
            repo::{self, NewInvoiceRow},
        },
    },
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        db::TenantTx,
        events,
        http::{Invalid, PageRequest},
    },
};
use chrono::{Days, NaiveDate};
use countinghouse_contract::{
    InvoiceId, OrderId,
    events::Event,
    invoices::{InvoiceKind, NewInvoice},
};
use serde_json::json;

pub use super::super::model::Goods;

/// When an invoice is issued, and when it is to be paid.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub date: NaiveDate,
    pub due_date: NaiveDate,
}

impl Terms {
    /// `days`: the customer's own terms; without them the client's hold.
    pub fn new(tx: &TenantTx<'_>, date: NaiveDate, days: Option<i32>) -> Result<Self, Invalid> {
        let days = days.unwrap_or(tx.actor().policies.payment_terms_days);
        let due_date = date.checked_add_days(Days::new(u64::try_from(days).unwrap_or_default()));
        match due_date {
            Some(due_date) => Ok(Self { date, due_date }),
            None => Err(no_such_date("There is no such due date.")),
        }
    }
}

fn no_such_date(detail: &str) -> Invalid {
    let mut invalid = Invalid::default();
    invalid.add("/date", "out_of_range", detail);
    invalid
}

/// Invoices an order that was placed without.
pub async fn invoice(ctx: &TenantCtx, id: OrderId, input: NewInvoice) -> Result<Order, OrderError> {
    ctx.transaction(move |tx| {
        let order = lock(tx, id)?;
        if order.is_cancelled() {
            return Err(OrderError::Cancelled);
        }
        if order.invoice.is_some() {
            return Err(OrderError::AlreadyInvoiced);
        }
        let date = check_date(tx, &order, input.date)?;
        let own = match order.buyer.customer {
            Some(customer) => customers::payment_terms_in(tx, customer)?,
            None => None,
        };
        let terms = Terms::new(tx, date, own)?;
        repo::set_invoiced(tx, id, terms.date, terms.due_date)?;
        let total = order.sums.to_wire(order.currency).grand_total;
        let invoiced = json!({"date": terms.date, "due_date": terms.due_date, "grand_total": total});
        record_in(tx, Entry::new(Action::OrderInvoiced, id).after(invoiced))?;
        events::record_in(tx, &[Event::OrderInvoiced(order.told())])?;
        let mut after = repo::find(tx, id)?.ok_or(OrderError::NotFound)?;
        after.invoice = Some(issue(tx, &order, terms, Goods::AlreadySold)?);
        Ok(after)
    })
    .await
}

/// Not before the order, and not in the future.
fn check_date(tx: &TenantTx<'_>, order: &Order, date: Option<NaiveDate>) -> Result<NaiveDate, Invalid> {
    let (first, today) = (accounting::local_date(tx, order.ordered_at), accounting::today(tx));
    let date = date.unwrap_or(today);
    if date < first || date > today.max(first) {
        return Err(no_such_date(&format!("From {first}, the day of the order, to {today}, today.")));
    }
    Ok(date)
}

/// Posts and issues the invoice of an order, as the last thing of its transaction.
pub fn issue(tx: &mut TenantTx<'_>, order: &Order, terms: Terms, goods: Goods) -> Result<Issued, OrderError> {
    let id = tx.make_id::<InvoiceId>()?;
    accounting::post_in(tx, invoice_entry(order, id, terms.date, goods))?;
    let row = NewInvoiceRow {
        id,
        order: order.id,
        kind: InvoiceKind::Invoice,
        date: terms.date,
        due_date: Some(terms.due_date),
        customer: order.buyer.contact.clone(),
        billing_address: order.buyer.billing_address.clone(),
        lines: order.invoice_lines(),
        totals: order.sums.to_wire(order.currency),
    };
    let number = repo::insert_invoice(tx, &row)?.number;
    Ok(Issued { number, due_date: terms.due_date })
}

/// Takes the invoice of an order back, whole, and issues another in its place: `difference` is what the
/// goods cost more than they did, or less.
pub fn reissue(
    tx: &mut TenantTx<'_>,
    before: &Order,
    after: &Order,
    terms: Terms,
    difference: i64,
) -> Result<Issued, OrderError> {
    let note = tx.make_id::<InvoiceId>()?;
    credit_in(tx, before, note, terms.date, Credit::of_invoice(before))?;
    issue(tx, after, terms, Goods::Difference(difference))
}

/// Posts and issues a credit note over an order, as the last thing of its transaction. That the order
/// owes less stands in its row already.
pub fn credit_in(
    tx: &mut TenantTx<'_>,
    order: &Order,
    id: InvoiceId,
    date: NaiveDate,
    credit: Credit,
) -> Result<IssuedInvoice, OrderError> {
    accounting::post_in(tx, credit_entry(order, id, date, credit.posted))?;
    let row = NewInvoiceRow {
        id,
        order: order.id,
        kind: InvoiceKind::CreditNote,
        date,
        due_date: None,
        customer: order.buyer.contact.clone(),
        billing_address: order.buyer.billing_address.clone(),
        lines: credit.lines,
        totals: credit.sums.to_wire(order.currency),
    };
    let repo::Numbered { number, created_at } = repo::insert_invoice(tx, &row)?;
    let NewInvoiceRow { kind, customer, billing_address, lines, totals, .. } = row;
    Ok(IssuedInvoice { id, kind, number, date, due_date: None, customer, billing_address, lines, totals, created_at })
}

/// What was issued for an order, newest first.
pub async fn invoices(ctx: &TenantCtx, id: OrderId, asked: PageRequest) -> Result<Vec<IssuedInvoice>, OrderError> {
    ctx.read(move |tx| {
        if !repo::exists(tx, id)? {
            return Err(OrderError::NotFound);
        }
        Ok(repo::list_invoices(tx, id, asked)?)
    })
    .await
}
