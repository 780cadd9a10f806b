//! Invoices and credit notes as they were issued, and the lines that they print.

use super::Line;
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::{
    Currency, InvoiceId, Money,
    customers::{Address, Contact},
    invoices::{Invoice, InvoiceKind, InvoiceLine},
    orders::Totals,
};

/// An invoice or credit note as it was issued.
#[derive(Debug, Clone)]
pub struct IssuedInvoice {
    pub id: InvoiceId,
    pub kind: InvoiceKind,
    pub number: i64,
    pub date: NaiveDate,
    pub due_date: Option<NaiveDate>,
    pub customer: Option<Contact>,
    pub billing_address: Option<Address>,
    pub lines: Vec<InvoiceLine>,
    pub totals: Totals,
    pub created_at: DateTime<Utc>,
}

impl IssuedInvoice {
    pub fn number_text(&self) -> String {
        match self.kind {
            InvoiceKind::Invoice => invoice_number_text(self.number),
            InvoiceKind::CreditNote => credit_note_number_text(self.number),
        }
    }

    pub fn into_wire(self, currency: Currency) -> Invoice {
        Invoice {
            id: self.id,
            number: self.number_text(),
            kind: self.kind,
            date: self.date,
            due_date: self.due_date,
            currency,
            customer: self.customer,
            billing_address: self.billing_address,
            lines: self.lines,
            totals: self.totals,
            created_at: self.created_at,
        }
    }
}

impl Line {
    /// As an invoice prints it.
    pub fn to_invoice(&self, currency: Currency) -> InvoiceLine {
        let money = |minor: i64| Money::new(minor, currency).to_decimal();
        InvoiceLine {
            order_line_id: self.id,
            sku: self.sku.clone(),
            name: self.name.clone(),
            quantity: self.quantity,
            unit_price: money(self.unit_price),
            discount_pct: self.discount_pct.to_decimal(),
            discount: money(self.amounts.discount),
            tax_rate: self.tax_rate.to_decimal(),
            tax: money(self.amounts.tax),
            line_total: money(self.amounts.net),
            line_gross: money(self.amounts.net + self.amounts.tax),
        }
    }
}

pub fn invoice_number_text(number: i64) -> String {
    format!("INV-{number:06}")
}

fn credit_note_number_text(number: i64) -> String {
    format!("CN-{number:06}")
}
