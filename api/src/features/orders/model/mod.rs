//! What an order is, apart from HTTP and from the database.

mod edit;
mod issued;
mod part;
mod posting;
mod pricing;

pub use edit::{Draft, Drafted};
pub use issued::{IssuedInvoice, invoice_number_text};
pub use part::Part;
pub use posting::{Credit, Goods, credit_entry, invoice_entry, payment_entry, sale_entry};
pub use pricing::{Asked, LineAmounts, Prices, Taxed, cost_of_each, cuts_more_than};

use crate::features::inventory::unit_cost;
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::{
    Currency, CustomerId, Decimal, FulfilmentId, Money, OrderId, OrderLineId, ProductId, Rate, UserId,
    customers::{Address, Contact},
    events::OrderTold,
    fulfilments::{Fulfilment, FulfilmentLine},
    invoices::InvoiceLine,
    money::MoneyError,
    orders::{self, FulfilmentStatus, OrderStatus, PaymentStatus, Totals},
};
use std::collections::BTreeMap;

/// Amounts are minor units of the order's currency.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: OrderId,
    pub number: i64,
    pub progress: Progress,
    pub channel: String,
    pub external_reference: Option<String>,
    pub currency: Currency,
    pub buyer: Buyer,
    pub lines: Vec<Line>,
    pub prices: Prices,
    pub shipping: Shipping,
    pub sums: Sums,
    pub settled: Settled,
    pub invoice: Option<Issued>,
    pub fulfilments: Vec<Parcel>,
    pub sales_person: Option<UserId>,
    pub commission_rate: Rate,
    pub erp_synced: bool,
    pub note: Option<String>,
    pub ordered_at: DateTime<Utc>,
    pub created_by: UserId,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How far an order has come: the database derives it from the order's other columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub status: OrderStatus,
    pub payment: PaymentStatus,
    pub fulfilment: FulfilmentStatus,
}

/// Who bought, as they were; nobody when they were erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buyer {
    pub customer: Option<CustomerId>,
    pub contact: Option<Contact>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: OrderLineId,
    pub product: ProductId,
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    pub unit_price: i64,
    pub discount_pct: Rate,
    pub tax_rate: Rate,
    pub amounts: LineAmounts,
    /// What the goods of this line cost when they left the stock.
    pub cost: i64,
    pub returned: Returned,
}

/// What came back of a line; the database counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Returned {
    pub units: i64,
    /// Units among them that had not left the shelf.
    pub unfulfilled: i64,
    /// How much of the line's cost went back into the stock.
    pub restocked_cost: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shipping {
    pub amounts: Taxed,
    pub tax_rate: Rate,
}

/// What the lines and shipping come to: `subtotal - discount + shipping + tax = total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    pub subtotal: i64,
    pub discount: i64,
    pub shipping: i64,
    pub tax: i64,
    pub total: i64,
    pub cost: i64,
}

/// What was taken off, came in, and went back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settled {
    pub credited: i64,
    pub paid: i64,
    pub refunded: i64,
}

/// The invoice that is in force.
#[derive(Debug, Clone, Copy)]
pub struct Issued {
    pub number: i64,
    pub due_date: NaiveDate,
}

/// A fulfilment.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub id: FulfilmentId,
    pub carrier: String,
    pub tracking_number: String,
    pub lines: Vec<(OrderLineId, i64)>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}

impl Sums {
    pub fn of(lines: &[Line], shipping: Taxed, currency: Currency) -> Result<Self, MoneyError> {
        let bounded = |minor: i128| Money::bounded(minor, currency).map(|money| money.minor);
        let sum = |pick: fn(&Line) -> i64| lines.iter().map(|line| i128::from(pick(line))).sum::<i128>();
        let (discount, net) = (sum(|line| line.amounts.discount), sum(|line| line.amounts.net));
        let tax = sum(|line| line.amounts.tax) + i128::from(shipping.tax);
        Ok(Self {
            subtotal: bounded(net + discount)?,
            discount: bounded(discount)?,
            shipping: shipping.net,
            tax: bounded(tax)?,
            total: bounded(net + tax + i128::from(shipping.net))?,
            cost: bounded(sum(|line| line.cost))?,
        })
    }

    /// Sales after discounts, before tax and without shipping.
    pub fn net_sales(&self) -> i64 {
        self.subtotal - self.discount
    }

    pub fn to_wire(self, currency: Currency) -> Totals {
        let money = |minor: i64| Money::new(minor, currency).to_decimal();
        Totals {
            subtotal: money(self.subtotal),
            discount: money(self.discount),
            tax: money(self.tax),
            shipping: money(self.shipping),
            grand_total: money(self.total),
        }
    }
}

impl Order {
    /// An order with these lines and nothing else, for tests.
    #[cfg(test)]
    fn of_lines(lines: Vec<Line>) -> Self {
        let currency = Currency::from_code("EUR").unwrap();
        let at = DateTime::UNIX_EPOCH;
        Self {
            id: OrderId(uuid::Uuid::nil()),
            number: 1,
            progress: Progress {
                status: OrderStatus::Placed,
                payment: PaymentStatus::Unpaid,
                fulfilment: FulfilmentStatus::Unfulfilled,
            },
            channel: String::new(),
            external_reference: None,
            currency,
            buyer: Buyer::default(),
            sums: Sums::of(&lines, Taxed::default(), currency).unwrap(),
            lines,
            prices: Prices::BeforeTax,
            shipping: Shipping::default(),
            settled: Settled::default(),
            invoice: None,
            fulfilments: Vec::new(),
            sales_person: None,
            commission_rate: Rate(0),
            erp_synced: false,
            note: None,
            ordered_at: at,
            created_by: UserId(uuid::Uuid::nil()),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    /// What the customer owes; negative when they are owed.
    pub fn due(&self) -> i64 {
        let Settled { credited, paid, refunded } = self.settled;
        self.sums.total - credited - paid + refunded
    }

    /// Whether what it is may still be changed: nothing of it has left or come back.
    pub fn is_editable(&self) -> bool {
        !self.is_cancelled() && !self.is_returned() && self.progress.fulfilment == FulfilmentStatus::Unfulfilled
    }

    /// An amount of it, as it goes out.
    pub fn money(&self, minor: i64) -> Decimal {
        Money::new(minor, self.currency).to_decimal()
    }

    /// How many units of each line have left the shelf; lines of which none has are not named.
    pub fn fulfilled(&self) -> BTreeMap<OrderLineId, i64> {
        let mut fulfilled = BTreeMap::new();
        for (line, quantity) in self.fulfilments.iter().flat_map(|parcel| &parcel.lines) {
            *fulfilled.entry(*line).or_insert(0) += quantity;
        }
        fulfilled
    }

    pub fn number_text(&self) -> String {
        order_number_text(self.number)
    }

    pub fn is_cancelled(&self) -> bool {
        self.progress.status == OrderStatus::Cancelled
    }

    /// Whether any of it came back: then it is history, and no longer edited or cancelled.
    pub fn is_returned(&self) -> bool {
        self.lines.iter().any(|line| line.returned.units > 0)
    }

    /// How many units of each line wait to leave the shelf; lines of which none does are not named.
    pub fn waiting(&self) -> BTreeMap<OrderLineId, i64> {
        let fulfilled = self.fulfilled();
        let waiting = |line: &Line| {
            line.quantity - line.returned.unfulfilled - fulfilled.get(&line.id).copied().unwrap_or_default()
        };
        let lines = self.lines.iter().map(|line| (line.id, waiting(line)));
        lines.filter(|(_, waiting)| *waiting > 0).collect()
    }

    /// Whether the prices of its lines hold tax.
    pub fn prices_include_tax(&self) -> bool {
        self.prices == Prices::IncludingTax
    }

    /// What others are told of it, as it stands now.
    pub fn told(&self) -> OrderTold {
        let money = |minor: i64| Money::new(minor, self.currency).to_decimal();
        OrderTold {
            order_id: self.id,
            order_number: self.number_text(),
            currency: self.currency,
            grand_total: money(self.sums.total),
            amount_due: money(self.due()),
        }
    }

    /// The lines as an invoice prints them.
    pub fn invoice_lines(&self) -> Vec<InvoiceLine> {
        self.lines.iter().map(|line| line.to_invoice(self.currency)).collect()
    }

    /// Sales after discounts and returns, before tax and without shipping; of a cancelled order none.
    pub fn kept_sales(&self) -> i64 {
        if self.is_cancelled() {
            return 0;
        }
        let returned = |line: &Line| {
            let part = Part { of: line.quantity, before: 0, units: line.returned.units };
            part.amounts(line.amounts).net
        };
        self.sums.net_sales() - self.lines.iter().map(returned).sum::<i64>()
    }

    /// What the goods cost that did not go back into the stock.
    pub fn kept_cost(&self) -> i64 {
        if self.is_cancelled() {
            return 0;
        }
        self.sums.cost - self.lines.iter().map(|line| line.returned.restocked_cost).sum::<i64>()
    }

    /// What the sales person earns.
    pub fn commission(&self) -> i64 {
        share(self.commission_rate, self.kept_sales())
    }

    fn wire_lines(&self, costs: bool) -> Vec<orders::OrderLine> {
        let money = |minor: i64| Money::new(minor, self.currency).to_decimal();
        let fulfilled = self.fulfilled();
        let line = |line: &Line| orders::OrderLine {
            id: line.id,
            product_id: line.product,
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: money(line.unit_price),
            discount_pct: line.discount_pct.to_decimal(),
            discount: money(line.amounts.discount),
            tax_rate: line.tax_rate.to_decimal(),
            tax: money(line.amounts.tax),
            line_total: money(line.amounts.net),
            line_gross: money(line.amounts.net + line.amounts.tax),
            unit_cost: costs.then(|| money(unit_cost(line.cost, line.quantity))),
            fulfilled_quantity: fulfilled.get(&line.id).copied().unwrap_or_default(),
            returned_quantity: line.returned.units,
        };
        self.lines.iter().map(line).collect()
    }

    /// As it goes out; `costs`: whether the reader may see what goods cost.
    pub fn into_wire(self, costs: bool) -> orders::Order {
        let money = |minor: i64| -> Decimal { Money::new(minor, self.currency).to_decimal() };
        orders::Order {
            id: self.id,
            order_number: self.number_text(),
            status: self.progress.status,
            payment_status: self.progress.payment,
            fulfilment_status: self.progress.fulfilment,
            currency: self.currency,
            lines: self.wire_lines(costs),
            totals: self.sums.to_wire(self.currency),
            cost_of_goods: costs.then(|| money(self.kept_cost())),
            gross_profit: costs.then(|| money(self.kept_sales() - self.kept_cost())),
            amount_paid: money(self.settled.paid),
            amount_refunded: money(self.settled.refunded),
            amount_due: money(self.due()),
            invoice_number: self.invoice.map(|issued| invoice_number_text(issued.number)),
            due_date: self.invoice.map(|issued| issued.due_date),
            erp_synced: self.erp_synced,
            fulfilments: self.fulfilments.iter().map(Parcel::to_wire).collect(),
            sales_person_id: self.sales_person,
            commission: money(self.commission()),
            channel: self.channel,
            external_reference: self.external_reference,
            customer_id: self.buyer.customer,
            customer: self.buyer.contact,
            billing_address: self.buyer.billing_address,
            shipping_address: self.buyer.shipping_address,
            note: self.note,
            ordered_at: self.ordered_at,
            created_by: self.created_by,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Parcel {
    pub fn to_wire(&self) -> Fulfilment {
        let line = |&(order_line_id, quantity): &(OrderLineId, i64)| FulfilmentLine { order_line_id, quantity };
        Fulfilment {
            id: self.id,
            carrier: self.carrier.clone(),
            tracking_number: self.tracking_number.clone(),
            lines: self.lines.iter().map(line).collect(),
            created_by: self.created_by,
            created_at: self.created_at,
        }
    }
}

/// A share of an amount that is not negative: at most the amount.
fn share(rate: Rate, minor: i64) -> i64 {
    i64::try_from(rate.of(i128::from(minor))).unwrap_or(minor)
}

pub fn order_number_text(number: i64) -> String {
    format!("SO-{number:06}")
}

/// The number of a text that [`order_number_text`] made.
pub fn order_number_of(text: &str) -> Option<i64> {
    let number = text.strip_prefix("SO-")?.parse().ok()?;
    (order_number_text(number) == text).then_some(number)
}
