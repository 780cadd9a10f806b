//! What comes back of an order, and what that comes to: pure functions.

use super::error::ReturnError;
use crate::features::{
    accounting::{Account, Lines},
    inventory::Back,
    orders::{Credit, IssuedInvoice, Line, Order, Part, Sums, Taxed, order_number_text},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Currency, Money, OrderId, OrderLineId, ProductId, ReturnId, UserId,
    money::MoneyError,
    returns::{self, CreditNote},
};
use std::collections::BTreeMap;

/// Units of a line that are to come back. They are a line of the order: [`take_back`] looks.
#[derive(Debug, Clone)]
pub struct Asked {
    pub line: OrderLineId,
    pub quantity: i64,
    pub restock: bool,
    pub reason: Option<String>,
}

/// A return as it was filed.
#[derive(Debug, Clone)]
pub struct Return {
    pub id: ReturnId,
    pub order: OrderId,
    pub order_number: i64,
    pub lines: Vec<ReturnLine>,
    pub credits_shipping: bool,
    pub credit_note: IssuedInvoice,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct ReturnLine {
    pub line: OrderLineId,
    pub product: ProductId,
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    /// Units among them that had not left the shelf.
    pub unfulfilled: i64,
    pub restocked: bool,
    /// What went back into the stock, in minor units.
    pub cost: i64,
    pub reason: Option<String>,
}

/// What comes back, and what follows from it.
#[derive(Debug)]
pub struct Taken {
    pub lines: Vec<ReturnLine>,
    pub credit: Credit,
    pub back: BTreeMap<ProductId, Back>,
}

/// Takes back what is asked for, one after the other: each is a part of its line, after all that came
/// back of it before. `shipping` is what is credited of it.
pub fn take_back(order: &Order, asked: Vec<Asked>, shipping: Taxed) -> Result<Taken, ReturnError> {
    refuse_too_much(order, &asked)?;
    let mut waiting = order.waiting();
    let mut returned: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    let mut back: BTreeMap<ProductId, Back> = BTreeMap::new();
    let (mut lines, mut credited) = (Vec::with_capacity(asked.len()), Vec::with_capacity(asked.len()));
    for Asked { line: id, quantity, restock, reason } in asked {
        let Some(line) = order.lines.iter().find(|line| line.id == id) else { continue };
        let before = returned.entry(id).or_insert(line.returned.units);
        let part = Part { of: line.quantity, before: *before, units: quantity };
        *before += quantity;
        let on_shelf = waiting.entry(id).or_default();
        let unfulfilled = quantity.min(*on_shelf);
        *on_shelf -= unfulfilled;
        let cost = if restock { part.cost(line.cost) } else { 0 };
        let sum = back.entry(line.product).or_default();
        sum.unfulfilled += unfulfilled;
        sum.quantity += if restock { quantity } else { 0 };
        sum.value += cost;
        let (product, sku, name) = (line.product, line.sku.clone(), line.name.clone());
        lines.push(ReturnLine {
            line: id,
            product,
            sku,
            name,
            quantity,
            unfulfilled,
            restocked: restock,
            cost,
            reason,
        });
        credited.push(Line { quantity, amounts: part.amounts(line.amounts), cost, ..line.clone() });
    }
    Ok(Taken { lines, credit: credit(&credited, shipping, order.currency)?, back })
}

/// No more of a line than was sold and has not come back; of a cancelled order nothing was sold.
fn refuse_too_much(order: &Order, asked: &[Asked]) -> Result<(), ReturnError> {
    let mut sums: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for one in asked {
        let sum = sums.entry(one.line).or_default();
        *sum = sum.saturating_add(one.quantity);
    }
    let left = |id: OrderLineId| {
        let line = order.lines.iter().find(|line| line.id == id).filter(|_| !order.is_cancelled());
        line.map_or(0, |line| line.quantity - line.returned.units)
    };
    let sums = sums.into_iter().map(|(line, quantity)| (line, quantity, left(line)));
    let exceeding: Vec<_> = sums.filter(|(_, quantity, left)| quantity > left).collect();
    if exceeding.is_empty() { Ok(()) } else { Err(ReturnError::ExceedsSold(exceeding)) }
}

/// The credit note over parts of lines, and what it posts.
fn credit(parts: &[Line], shipping: Taxed, currency: Currency) -> Result<Credit, MoneyError> {
    let sums = Sums::of(parts, shipping, currency)?;
    let posted = Lines::new()
        .debit(Account::SalesReturns, sums.net_sales())
        .debit(Account::TaxPayable, sums.tax)
        .debit(Account::ShippingIncome, sums.shipping)
        .debit(Account::Inventory, sums.cost)
        .credit(Account::Receivable, sums.total)
        .credit(Account::CostOfGoodsSold, sums.cost);
    let lines = parts.iter().map(|line| line.to_invoice(currency)).collect();
    Ok(Credit { lines, sums, posted })
}

impl Return {
    /// As it goes out; `costs`: whether the reader may see what goods cost.
    pub fn into_wire(self, currency: Currency, costs: bool) -> returns::Return {
        let line = |line: ReturnLine| returns::ReturnLine {
            order_line_id: line.line,
            product_id: line.product,
            sku: line.sku,
            name: line.name,
            quantity: line.quantity,
            restock: line.restocked,
            restocked_value: costs.then(|| Money::new(line.cost, currency).to_decimal()),
            reason: line.reason,
        };
        returns::Return {
            id: self.id,
            order_id: self.order,
            order_number: order_number_text(self.order_number),
            lines: self.lines.into_iter().map(line).collect(),
            shipping_credited: self.credits_shipping,
            credit_note: credit_note(self.credit_note, currency),
            created_by: self.created_by,
            created_at: self.created_at,
        }
    }
}

/// Without whom it was sent to: that stands with the order's invoices, where it can be looked up.
fn credit_note(issued: IssuedInvoice, currency: Currency) -> CreditNote {
    CreditNote {
        id: issued.id,
        number: issued.number_text(),
        kind: issued.kind,
        date: issued.date,
        currency,
        lines: issued.lines,
        totals: issued.totals,
    }
}
