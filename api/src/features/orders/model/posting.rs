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
    /// The invoice takes another's place, and the goods cost so much more than they did, or less.
    Difference(i64),
}

/// A credit note before it is issued: what it takes off, as it is printed and as it is posted.
#[derive(Debug, Clone)]
pub struct Credit {
    pub lines: Vec<InvoiceLine>,
    pub sums: Sums,
    pub posted: Lines,
}

impl Credit {
    /// Over the whole invoice in force: its money turned round.
    pub fn of_invoice(order: &Order) -> Self {
        let sums = order.sums;
        let posted = Lines::new()
            .debit(Account::Sales, sums.subtotal)
            .debit(Account::TaxPayable, sums.tax)
            .debit(Account::ShippingIncome, sums.shipping)
            .credit(Account::Receivable, sums.total)
            .credit(Account::SalesDiscounts, sums.discount);
        Self { lines: order.invoice_lines(), sums, posted }
    }

    /// And goods go back into the stock, at what they cost when they left.
    pub fn with_goods(self, cost: i64) -> Self {
        let posted = self.posted.debit(Account::Inventory, cost).credit(Account::CostOfGoodsSold, cost);
        Self { posted, ..self }
    }
}

/// Goods of an order that is placed and not invoiced: they have left, and nothing is owed yet. A negative
/// cost is of goods that come back.
pub fn sale_entry(order: &Order, what: &str, cost: i64, date: NaiveDate) -> NewEntry {
    let lines = Lines::new().debit(Account::GoodsSoldNotInvoiced, cost).credit(Account::Inventory, cost);
    let memo = format!("{what} {}", order.number_text());
    NewEntry { date, source: Source::Sale, source_id: order.id.0, memo, lines }
}

pub fn invoice_entry(order: &Order, invoice: InvoiceId, date: NaiveDate, goods: Goods) -> NewEntry {
    let sums = &order.sums;
    let (goods, cost) = match goods {
        Goods::FromStock => (Account::Inventory, sums.cost),
        Goods::AlreadySold => (Account::GoodsSoldNotInvoiced, sums.cost),
        Goods::Difference(cost) => (Account::Inventory, cost),
    };
    let lines = Lines::new()
        .debit(Account::Receivable, sums.total)
        .debit(Account::SalesDiscounts, sums.discount)
        .debit(Account::CostOfGoodsSold, cost)
        .credit(Account::Sales, sums.subtotal)
        .credit(Account::TaxPayable, sums.tax)
        .credit(Account::ShippingIncome, sums.shipping)
        .credit(goods, cost);
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
