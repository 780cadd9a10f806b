//! What an order is, and how its amounts are made.
//!
//! Per line: net = quantity × price, tax = net × rate, rounded half up. The order's totals are
//! the sums over its lines.

use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Currency, Money, OrderId, OrderLineId, ProductId, Rate, UserId,
    money::MoneyError,
    orders::{self, OrderStatus, Totals},
};

#[derive(Debug, Clone)]
pub struct Order {
    pub id: OrderId,
    pub number: i64,
    pub status: OrderStatus,
    pub channel: String,
    pub external_reference: Option<String>,
    pub currency: Currency,
    pub lines: Vec<Line>,
    pub note: Option<String>,
    pub created_by: UserId,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One line; amounts in minor units of the order's currency.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: OrderLineId,
    pub product: ProductId,
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    pub unit_price: i64,
    pub tax_rate: Rate,
    pub net: i64,
    pub tax: i64,
    /// What the goods of this line cost when they left the stock.
    pub cost: i64,
}

/// The sums over an order's lines, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    pub subtotal: i64,
    pub tax: i64,
    pub total: i64,
    pub cost: i64,
}

/// Net and tax of a line.
pub fn price_line(quantity: i64, unit_price: Money, tax_rate: Rate) -> Result<(i64, i64), MoneyError> {
    let net = i128::from(quantity) * i128::from(unit_price.minor);
    let net = Money::bounded(net, unit_price.currency)?;
    let tax = Money::bounded(tax_rate.of(i128::from(net.minor)), unit_price.currency)?;
    Ok((net.minor, tax.minor))
}

impl Order {
    pub fn sums(&self) -> Result<Sums, MoneyError> {
        let sum = |pick: fn(&Line) -> i64| {
            let exact: i128 = self.lines.iter().map(|line| i128::from(pick(line))).sum();
            Money::bounded(exact, self.currency).map(|money| money.minor)
        };
        let (subtotal, tax) = (sum(|line| line.net)?, sum(|line| line.tax)?);
        let total = Money::bounded(i128::from(subtotal) + i128::from(tax), self.currency)?.minor;
        Ok(Sums { subtotal, tax, total, cost: sum(|line| line.cost)? })
    }

    /// As it goes out; `costs`: whether the reader may see what goods cost.
    pub fn into_wire(self, costs: bool) -> Result<orders::Order, MoneyError> {
        let sums = self.sums()?;
        let currency = self.currency;
        let money = |minor: i64| Money::new(minor, currency).to_decimal();
        let line = |line: Line| orders::OrderLine {
            id: line.id,
            product_id: line.product,
            sku: line.sku,
            name: line.name,
            quantity: line.quantity,
            unit_price: money(line.unit_price),
            tax_rate: line.tax_rate.to_decimal(),
            tax: money(line.tax),
            line_total: money(line.net),
            unit_cost: costs.then(|| money(crate::features::inventory::unit_cost(line.cost, line.quantity))),
        };
        Ok(orders::Order {
            id: self.id,
            order_number: number_text(self.number),
            status: self.status,
            channel: self.channel,
            external_reference: self.external_reference,
            currency,
            lines: self.lines.into_iter().map(line).collect(),
            totals: Totals { subtotal: money(sums.subtotal), tax: money(sums.tax), grand_total: money(sums.total) },
            cost_of_goods: costs.then(|| money(sums.cost)),
            gross_profit: costs.then(|| money(sums.subtotal - sums.cost)),
            note: self.note,
            created_by: self.created_by,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// `SO-000123`.
fn number_text(number: i64) -> String {
    format!("SO-{number:06}")
}

/// Divides what the goods of one product cost over the lines that sold it, by quantity; rounded
/// cumulatively, half to even, so that the lines sum to the whole.
pub fn divide_cost(total: i64, quantities: &[i64]) -> Vec<i64> {
    let whole: i128 = quantities.iter().map(|&quantity| i128::from(quantity)).sum();
    let up_to = |sold: i128| {
        let exact = countinghouse_contract::money::div_half_even(i128::from(total) * sold, whole.max(1));
        i64::try_from(exact).unwrap_or(total)
    };
    let mut sold = 0_i128;
    quantities
        .iter()
        .map(|&quantity| {
            let before = up_to(sold);
            sold += i128::from(quantity);
            up_to(sold) - before
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_in_tax_go_up() {
        let eur = Currency::from_code("EUR").unwrap();
        assert_eq!(price_line(1, Money::new(25, eur), Rate(100_000)).unwrap(), (25, 3));
        assert!(price_line(1_000_000_000, Money::new(1_000_000, eur), Rate(0)).is_err());
    }

    #[test]
    fn divided_cost_sums_to_the_whole() {
        assert_eq!(divide_cost(5, &[1, 1]), [2, 3]);
        assert_eq!(divide_cost(100, &[1, 1, 1]), [33, 34, 33]);
        assert_eq!(divide_cost(7, &[4]), [7]);
    }
}
