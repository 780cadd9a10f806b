//! One order of a client, as it stands: come to from its way to the ERP, to see what is not taken there. Who bought is
//! the client's to know, and is not shown.

use crate::{
    asks::Look,
    popups::{Details, Line},
    text::{counted, moment, word},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Decimal,
    erp::ErpSync,
    orders::{Order, OrderLine, OrderStatus, PaymentStatus},
};

/// What is known of it at once. Keys are about its way to the ERP still, and so is what is told.
pub fn opening(tenant: &str, sync: &ErpSync) -> Details {
    let known = vec![Line::field("Tenant", tenant), Line::field("Order", &sync.order_number)];
    let look = Look::Order { tenant: tenant.to_owned(), id: sync.order_id };
    Details::of(&format!("Order {} of {tenant}", sync.order_number), known)
        .looking(look)
        .about(sync.sync_id.to_string())
}

pub fn shown(tenant: &str, order: &Order, now: DateTime<Utc>) -> Vec<Line> {
    let mut lines = head(tenant, order, now);
    let count = i64::try_from(order.lines.len()).unwrap_or(i64::MAX);
    lines.push(Line::Heading(counted(count, "line")));
    lines.extend(order.lines.iter().flat_map(sold));
    lines.push(Line::Heading(format!("Totals in {}", order.currency.code())));
    lines.extend(totals(order));
    lines
}

fn head(tenant: &str, order: &Order, now: DateTime<Utc>) -> Vec<Line> {
    let erp = if order.erp_synced {
        Line::Field("ERP", "has it as it stands".to_owned(), Tone::Good)
    } else {
        Line::Field("ERP", "does not have it as it stands".to_owned(), Tone::Warning)
    };
    let state = match order.status {
        OrderStatus::Placed => Tone::Busy,
        OrderStatus::Invoiced => Tone::Plain,
        OrderStatus::Completed => Tone::Good,
        OrderStatus::Cancelled => Tone::Quiet,
    };
    let paid = if order.payment_status == PaymentStatus::Paid { Tone::Good } else { Tone::Plain };
    let mut lines = vec![
        Line::field("Tenant", tenant),
        Line::field("Order", &order.order_number),
        Line::Field("State", word(&order.status), state),
        Line::Field("Payment", word(&order.payment_status), paid),
        Line::field("Delivery", word(&order.fulfilment_status)),
        erp,
        match (&order.invoice_number, order.due_date) {
            (Some(number), Some(due)) => Line::field("Invoice", format!("{number}, due {due}")),
            (Some(number), None) => Line::field("Invoice", number),
            (None, _) => Line::Field("Invoice", "none yet".to_owned(), Tone::Quiet),
        },
        Line::Field("Customer", "the client's to know".to_owned(), Tone::Quiet),
        Line::field("Channel", &order.channel),
    ];
    lines.extend(order.external_reference.as_ref().map(|reference| Line::field("Reference", reference)));
    lines.push(Line::field("Ordered", moment(order.ordered_at, now)));
    lines.push(Line::field("Changed", moment(order.updated_at, now)));
    lines.push(Line::field("Id", order.id));
    lines
}

/// What was sold, for how much, and what has become of it.
fn sold(line: &OrderLine) -> Vec<Line> {
    let discount = if is_nothing(line.discount) { String::new() } else { format!(" less {} %", line.discount_pct) };
    let (net, gross, rate) = (line.line_total, line.line_gross, line.tax_rate);
    let mut lines = vec![
        Line::field("Line", format!("{} × {}, {}", line.quantity, line.sku, line.name)),
        Line::Text(format!("at {}{discount}: {net}, with {rate} % tax {gross}", line.unit_price), Tone::Plain),
    ];
    for (units, what) in [(line.fulfilled_quantity, "sent"), (line.returned_quantity, "came back")] {
        if units > 0 {
            lines.push(Line::Text(format!("{units} of {} {what}", line.quantity), Tone::Quiet));
        }
    }
    lines
}

/// Those that are mostly nothing are told where they are something.
fn totals(order: &Order) -> Vec<Line> {
    let totals = &order.totals;
    let sums = [
        ("Lines", totals.subtotal, true),
        ("Discount", totals.discount, false),
        ("Shipping", totals.shipping, false),
        ("Tax", totals.tax, true),
        ("Total", totals.grand_total, true),
        ("Paid", order.amount_paid, true),
        ("Refunded", order.amount_refunded, false),
        ("Due", order.amount_due, true),
    ];
    let told = sums.into_iter().filter(|(_, amount, always)| *always || !is_nothing(*amount));
    told.map(|(name, amount, _)| Line::field(name, amount)).collect()
}

fn is_nothing(amount: Decimal) -> bool {
    amount.scaled_to(amount.scale()) == Some(0)
}
