//! Orders of the past, a row for each line; rows below each other with the same channel and reference are one
//! order. They are made as requests make them: goods leave the stock, and what is invoiced at once is dated as
//! the order is.
//!
//! Looking is making and taking back, some orders at a time. Entering all at once is done at the end, since the
//! goods of all orders have to be locked before the first is posted.

use super::{EnterError, Importer, Record, Table};
use crate::{
    features::{
        accounting::AccountingError,
        imports::{
            model::Outcome,
            record::{Column, optional, required},
        },
        inventory::InventoryError,
        orders::{OrderError, create_all_in},
    },
    platform::{
        db::{DbError, TenantTx},
        http::Invalid,
    },
};
use countinghouse_contract::{
    customers::Contact,
    orders::{NewOrder, NewOrderLine},
    problem::FieldError,
};

/// Of orders that say nothing else.
const CHANNEL: &str = "import";

pub struct Orders {
    /// Whether all are entered at the end.
    is_whole: bool,
    /// The last may go on in the rows to come.
    read: Vec<Read>,
}

/// An order as it was read so far.
struct Read {
    order: NewOrder,
    /// Where its lines stand in the file.
    lines: Vec<u64>,
    faults: Vec<(u64, Invalid)>,
}

impl Orders {
    pub fn new(is_whole: bool) -> Self {
        Self { is_whole, read: Vec::new() }
    }

    /// Makes these orders, or tries to and takes them back.
    fn make(tx: &mut TenantTx<'_>, read: Vec<Read>, write: bool) -> Result<Outcome, EnterError> {
        let mut outcome = Outcome::default();
        let (mut lines, mut inputs) = (Vec::new(), Vec::new());
        for one in read {
            if one.faults.is_empty() {
                lines.push(one.lines);
                inputs.push(one.order);
            } else {
                outcome.refused += i64::try_from(one.lines.len().saturating_sub(one.faults.len())).unwrap_or_default();
                one.faults.into_iter().for_each(|(line, invalid)| outcome.refuse(line, invalid));
            }
        }
        if inputs.is_empty() {
            return Ok(outcome);
        }
        let tried = tx.savepoint(|tx| {
            let made = create_all_in(tx, inputs)?;
            if write { Ok(made) } else { Err(Tried::Looked(made)) }
        });
        let made = match tried {
            Ok(made) | Err(Tried::Looked(made)) => made,
            Err(Tried::Failed(error)) => return Err(error.into()),
        };
        for (lines, made) in lines.into_iter().zip(made) {
            let rows = i64::try_from(lines.len()).unwrap_or(i64::MAX);
            match made {
                Ok(()) if write => outcome.written += rows,
                Ok(()) => {}
                Err(error) => {
                    outcome.refused += rows;
                    for (line, invalid) in faults(error, &lines)? {
                        outcome.refuse(line, invalid);
                        outcome.refused -= 1;
                    }
                }
            }
        }
        Ok(outcome)
    }
}

impl Importer for Orders {
    fn columns(&self) -> &'static [Column] {
        const {
            &[
                required("external_reference"),
                required("ordered_at"),
                required("sku"),
                required("quantity"),
                optional("channel"),
                optional("unit_price"),
                optional("discount_pct"),
                optional("shipping"),
                optional("email"),
                optional("first_name"),
                optional("last_name"),
                optional("company"),
                optional("note"),
            ]
        }
    }

    fn ignored(&self) -> &'static [&'static str] {
        &[
            "order_number",
            "name",
            "discount",
            "tax_rate",
            "tax",
            "line_total",
            "currency",
            "status",
            "payment_status",
            "fulfilment_status",
            "customer_id",
            "grand_total",
            "amount_paid",
            "amount_refunded",
            "amount_due",
            "invoice_number",
            "due_date",
            "id",
            "line_cost",
        ]
    }

    fn take(&mut self, tx: &mut TenantTx<'_>, table: Table<'_>, write: bool) -> Result<Outcome, EnterError> {
        for (line, (order, item), cells) in table.read(row) {
            self.add(line, order, item, cells);
        }
        if self.is_whole && write {
            return Ok(Outcome::default());
        }
        // What may go on stays; where rows are entered in steps it is part of the next one.
        let last = self.read.pop();
        let whole = std::mem::replace(&mut self.read, last.into_iter().collect());
        let mut outcome = Self::make(tx, whole, write)?;
        outcome.open_from = self.read.first().and_then(|open| open.lines.first()).copied();
        Ok(outcome)
    }

    fn end(&mut self, tx: &mut TenantTx<'_>, write: bool) -> Result<Outcome, EnterError> {
        Self::make(tx, std::mem::take(&mut self.read), write)
    }
}

impl Orders {
    fn add(&mut self, line: u64, order: NewOrder, item: NewOrderLine, cells: Invalid) {
        let same = |one: &&mut Read| {
            one.order.external_reference == order.external_reference && one.order.channel == order.channel
        };
        let faults = cells.finish().err().map(|invalid| (line, invalid));
        match self.read.last_mut().filter(same) {
            Some(open) => {
                open.order.lines.push(item);
                open.lines.push(line);
                open.faults.extend(faults);
            }
            None => {
                let order = NewOrder { lines: vec![item], ..order };
                self.read.push(Read { order, lines: vec![line], faults: faults.into_iter().collect() });
            }
        }
    }
}

fn row(record: &mut Record<'_>) -> (NewOrder, NewOrderLine) {
    let contact = Contact {
        email: record.text("email"),
        first_name: record.text("first_name"),
        last_name: record.text("last_name"),
        company: record.text("company"),
        phone: None,
    };
    let order = NewOrder {
        lines: Vec::new(),
        customer_id: None,
        customer: (contact != Contact::default()).then_some(contact),
        billing_address: None,
        shipping_address: None,
        shipping: record.decimal("shipping"),
        channel: Some(record.text("channel").unwrap_or_else(|| CHANNEL.to_owned())),
        external_reference: Some(record.required("external_reference")),
        sales_person_id: None,
        ordered_at: record.required_moment("ordered_at"),
        note: record.text("note"),
    };
    let item = NewOrderLine {
        product_id: None,
        sku: Some(record.required("sku")),
        quantity: record.required_whole("quantity"),
        unit_price: record.decimal("unit_price"),
        discount_pct: record.decimal("discount_pct"),
    };
    (order, item)
}

/// How making went.
enum Tried {
    Looked(Vec<Result<(), OrderError>>),
    Failed(OrderError),
}

impl From<OrderError> for Tried {
    fn from(error: OrderError) -> Self {
        Self::Failed(error)
    }
}

impl From<DbError> for Tried {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// What a request would be told, by the lines of the file; what is nobody's fault goes on as an error.
fn faults(error: OrderError, lines: &[u64]) -> Result<Vec<(u64, Invalid)>, OrderError> {
    let first = lines.first().copied().unwrap_or_default();
    let one = |column: &str, code: &str, detail: String| {
        let mut invalid = Invalid::default();
        invalid.add(column, code, detail);
        Ok(vec![(first, invalid)])
    };
    match error {
        OrderError::Invalid(invalid) => {
            Ok(invalid.into_errors().into_iter().map(|error| placed(error, lines)).collect())
        }
        OrderError::Insufficient(short) => {
            let short: Vec<_> = (short.iter().take(10))
                .map(|short| format!("{} ({} of {})", short.sku, short.shortage.available, short.shortage.requested))
                .collect();
            one("/quantity", "insufficient_stock", format!("Available: {}.", short.join(", ")))
        }
        OrderError::DuplicateReference(order) => {
            one("/external_reference", "duplicate_reference", format!("The order {order} of this channel has it."))
        }
        OrderError::Accounting(AccountingError::PeriodClosed) => {
            one("/ordered_at", "period_closed", "It would be dated in a month that is closed.".to_owned())
        }
        OrderError::TooLarge(error) => one("", "too_large", format!("The order is too large: {error}.")),
        OrderError::Inventory(InventoryError::TooMuch(error)) => one("", "too_large", format!("Too much: {error}.")),
        other => Err(other),
    }
}

/// `/lines/0/quantity` is the quantity of the first line, `/customer/email` the e-mail of the first row.
fn placed(error: FieldError, lines: &[u64]) -> (u64, Invalid) {
    let of_line = error.pointer.strip_prefix("/lines/").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
    let of_line = of_line.and_then(|(at, field)| Some((*lines.get(at.parse::<usize>().ok()?)?, format!("/{field}"))));
    let first = lines.first().copied().unwrap_or_default();
    let (line, pointer) =
        of_line.unwrap_or_else(|| (first, error.pointer.replace("/customer/", "/").replace("/customer", "")));
    let mut invalid = Invalid::default();
    invalid.add(if pointer == "/" { "" } else { &pointer }, &error.code, error.detail);
    (line, invalid)
}
