//! What an order's events come to in the journal: the table "How it is booked", row by row.

use super::{Order, Sums};
use crate::features::accounting::{Account, Lines, NewEntry, Source};
use chrono::NaiveDate;
use countinghouse_contract::{InvoiceId, PaymentId, invoices::InvoiceLine, payments::PaymentKind};

/// Where the goods of an invoice come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goods {
    /// Out of the stock, in the same moment.
    FromStock,
    /// They left it when the order was placed.
    AlreadySold,
}

/// A credit note before it is issued: what it takes off, as it is printed and as it is posted.
#[derive(Debug, Clone)]
pub struct Credit {
    pub lines: Vec<InvoiceLine>,
    pub sums: Sums,
    pub posted: Lines,
}

/// An order that is placed and not invoiced: its goods have left, and nothing is owed yet.
pub fn sale_entry(order: &Order, date: NaiveDate) -> NewEntry {
    let lines =
        Lines::new().debit(Account::GoodsSoldNotInvoiced, order.sums.cost).credit(Account::Inventory, order.sums.cost);
    let memo = format!("Order {}", order.number_text());
    NewEntry { date, source: Source::Sale, source_id: order.id.0, memo, lines }
}

pub fn invoice_entry(order: &Order, invoice: InvoiceId, date: NaiveDate, goods: Goods) -> NewEntry {
    let sums = &order.sums;
    let goods = match goods {
        Goods::FromStock => Account::Inventory,
        Goods::AlreadySold => Account::GoodsSoldNotInvoiced,
    };
    let lines = Lines::new()
        .debit(Account::Receivable, sums.total)
        .debit(Account::SalesDiscounts, sums.discount)
        .debit(Account::CostOfGoodsSold, sums.cost)
        .credit(Account::Sales, sums.subtotal)
        .credit(Account::TaxPayable, sums.tax)
        .credit(Account::ShippingIncome, sums.shipping)
        .credit(goods, sums.cost);
    let memo = format!("Invoice of order {}", order.number_text());
    NewEntry { date, source: Source::Invoice, source_id: invoice.0, memo, lines }
}

/// The entry of a credit note: what it comes to depends on why there is one.
pub fn credit_entry(order: &Order, note: InvoiceId, date: NaiveDate, posted: Lines) -> NewEntry {
    let memo = format!("Credit note of order {}", order.number_text());
    NewEntry { date, source: Source::CreditNote, source_id: note.0, memo, lines: posted }
}

pub fn payment_entry(order: &Order, kind: PaymentKind, id: PaymentId, amount: i64, date: NaiveDate) -> NewEntry {
    let (source, debit, credit, what) = match kind {
        PaymentKind::Payment => (Source::Payment, Account::Cash, Account::Receivable, "Payment"),
        PaymentKind::Refund => (Source::Refund, Account::Receivable, Account::Cash, "Refund"),
    };
    let memo = format!("{what} of order {}", order.number_text());
    NewEntry { date, source, source_id: id.0, memo, lines: Lines::new().debit(debit, amount).credit(credit, amount) }
}
