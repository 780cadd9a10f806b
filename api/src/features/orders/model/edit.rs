//! Edits: which units of an order stay, which go back, and what its lines cost afterwards.
//!
//! A line that stays is known by its id. Units that stay in it keep their cost; those that are taken out
//! go back at their part of it; those that are added cost what the stock says when all that goes back is
//! there.

use super::{Asked, Buyer, Line, LineAmounts, Order, Part, Returned, Shipping, Sums, cost_of_each};
use crate::features::inventory::Exchange;
use chrono::{DateTime, Utc};
use countinghouse_contract::{OrderLineId, ProductId, money::MoneyError};
use std::collections::{BTreeMap, BTreeSet};

/// A line as it is to be; what its goods cost depends on the stock.
#[derive(Debug, Clone)]
pub struct Draft {
    /// That of the line that stays, or a new one.
    pub id: OrderLineId,
    pub product: ProductId,
    pub sku: String,
    pub name: String,
    pub asked: Asked,
    pub amounts: LineAmounts,
}

/// An order as it is to be, but for what its goods cost.
#[derive(Debug, Clone)]
pub struct Drafted {
    pub lines: Vec<Draft>,
    pub shipping: Shipping,
    pub buyer: Buyer,
    pub note: Option<String>,
}

/// What becomes of the units of one line.
#[derive(Debug, Clone, Copy, Default)]
struct Units {
    out: i64,
    out_cost: i64,
    kept_cost: i64,
    added: i64,
}

impl Units {
    fn between(line: Option<&Line>, quantity: i64) -> Self {
        let Some(line) = line else {
            return Self { added: quantity, ..Self::default() };
        };
        let out = (line.quantity - quantity).max(0);
        let out_cost = Part { of: line.quantity, before: 0, units: out }.cost(line.cost);
        Self { out, out_cost, kept_cost: line.cost - out_cost, added: (quantity - line.quantity).max(0) }
    }
}

impl Drafted {
    /// What goes back of each product, and what is taken.
    pub fn exchanges(&self, order: &Order) -> Vec<Exchange> {
        let stands = order.lines_by_id();
        let stay: BTreeSet<OrderLineId> = self.lines.iter().map(|draft| draft.id).collect();
        let removed = order.lines.iter().filter(|line| !stay.contains(&line.id));
        let removed = removed.map(|line| (line.product, Units::between(Some(line), 0)));
        let wanted = self.lines.iter().map(|draft| (draft.product, draft.units(&stands)));
        let mut exchanges: BTreeMap<ProductId, Exchange> = BTreeMap::new();
        for (product, units) in removed.chain(wanted) {
            let none = Exchange { product, put_back: 0, put_back_cost: 0, taken: 0 };
            let sum = exchanges.entry(product).or_insert(none);
            sum.put_back += units.out;
            sum.put_back_cost += units.out_cost;
            sum.taken += units.added;
        }
        exchanges.into_values().filter(|exchange| (exchange.put_back, exchange.taken) != (0, 0)).collect()
    }

    /// The order as it is to be; `cost_of` knows what the goods that are taken of a product cost.
    pub fn settle(
        self,
        order: &Order,
        cost_of: impl Fn(ProductId) -> i64,
        now: DateTime<Utc>,
    ) -> Result<Order, MoneyError> {
        let stands = order.lines_by_id();
        let units: Vec<Units> = self.lines.iter().map(|draft| draft.units(&stands)).collect();
        let added: Vec<_> = self.lines.iter().zip(&units).map(|(draft, units)| (draft.product, units.added)).collect();
        let costs = units.into_iter().zip(cost_of_each(&added, cost_of)).map(|(units, cost)| units.kept_cost + cost);
        let lines: Vec<Line> = self.lines.into_iter().zip(costs).map(|(draft, cost)| draft.costing(cost)).collect();
        Ok(Order {
            sums: Sums::of(&lines, self.shipping.amounts, order.currency)?,
            lines,
            shipping: self.shipping,
            buyer: self.buyer,
            note: self.note,
            version: order.version + 1,
            // It has another one.
            erp_synced: false,
            updated_at: now,
            ..order.clone()
        })
    }
}

impl Draft {
    fn units(&self, stands: &BTreeMap<OrderLineId, &Line>) -> Units {
        Units::between(stands.get(&self.id).copied(), self.asked.quantity)
    }

    fn costing(self, cost: i64) -> Line {
        Line {
            id: self.id,
            product: self.product,
            sku: self.sku,
            name: self.name,
            quantity: self.asked.quantity,
            unit_price: self.asked.unit_price,
            discount_pct: self.asked.discount_pct,
            tax_rate: self.asked.tax_rate,
            amounts: self.amounts,
            cost,
            returned: Returned::default(),
        }
    }
}

impl From<&Line> for Draft {
    /// A line that stays just as it is.
    fn from(line: &Line) -> Self {
        Self {
            id: line.id,
            product: line.product,
            sku: line.sku.clone(),
            name: line.name.clone(),
            asked: Asked {
                quantity: line.quantity,
                unit_price: line.unit_price,
                discount_pct: line.discount_pct,
                tax_rate: line.tax_rate,
            },
            amounts: line.amounts,
        }
    }
}

impl Order {
    pub fn lines_by_id(&self) -> BTreeMap<OrderLineId, &Line> {
        self.lines.iter().map(|line| (line.id, line)).collect()
    }

    /// Whether money or goods differ, whatever the order of the lines.
    pub fn differs_in_money_or_goods(&self, other: &Self) -> bool {
        self.shipping.amounts != other.shipping.amounts || self.lines_by_id() != other.lines_by_id()
    }

    /// Whether anything that an edit can change differs.
    pub fn differs(&self, other: &Self) -> bool {
        (&self.lines, &self.shipping, &self.buyer, &self.note)
            != (&other.lines, &other.shipping, &other.buyer, &other.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countinghouse_contract::Rate;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn line(id: u128, product: u128, quantity: i64, cost: i64) -> Line {
        Line {
            id: OrderLineId(Uuid::from_u128(id)),
            product: ProductId(Uuid::from_u128(product)),
            sku: String::new(),
            name: String::new(),
            quantity,
            unit_price: 1_000,
            discount_pct: Rate(0),
            tax_rate: Rate(0),
            amounts: LineAmounts { discount: 0, net: quantity * 1_000, tax: 0 },
            cost,
            returned: Returned::default(),
        }
    }

    /// The line with another quantity.
    fn resized(line: &Line, quantity: i64) -> Draft {
        let mut draft = Draft::from(line);
        draft.asked.quantity = quantity;
        draft
    }

    fn new(product: u128, quantity: i64) -> Draft {
        Draft::from(&line(u128::MAX, product, quantity, 0))
    }

    fn drafted(lines: Vec<Draft>) -> Drafted {
        Drafted { lines, shipping: Shipping::default(), buyer: Buyer::default(), note: None }
    }

    fn moved(order: &Order, lines: Vec<Draft>) -> Vec<(i64, i64, i64)> {
        let exchanges = drafted(lines).exchanges(order);
        exchanges.into_iter().map(|one| (one.put_back, one.put_back_cost, one.taken)).collect()
    }

    fn costs(order: &Order, lines: Vec<Draft>, cost: i64) -> Vec<i64> {
        let after = drafted(lines).settle(order, |_| cost, order.created_at).unwrap();
        assert_eq!(after.sums.cost, after.lines.iter().map(|line| line.cost).sum::<i64>());
        after.lines.iter().map(|line| line.cost).collect()
    }

    /// Cases 11, 12, 21 and 22 of the golden ledgers.
    #[test]
    fn what_stays_keeps_its_cost_and_what_goes_back_takes_its_part() {
        let order = Order::of_lines(vec![line(1, 7, 2, 800)]);
        let up = || vec![resized(&order.lines[0], 5)];
        assert_eq!((moved(&order, up()), costs(&order, up(), 1_500)), (vec![(0, 0, 3)], vec![2_300]));
        let order = Order::of_lines(vec![line(1, 7, 5, 2_015)]);
        let down = || vec![resized(&order.lines[0], 3)];
        assert_eq!((moved(&order, down()), costs(&order, down(), 0)), (vec![(2, 806, 0)], vec![1_209]));
        let order = Order::of_lines(vec![line(1, 7, 4, 1_600)]);
        let other = || vec![resized(&order.lines[0], 1), new(8, 2)];
        assert_eq!(moved(&order, other()), [(3, 1_200, 0), (0, 0, 2)]);
        assert_eq!(costs(&order, other(), 300), [400, 300]);
        let order = Order::of_lines(vec![line(1, 7, 6, 2_420)]);
        assert_eq!(costs(&order, vec![resized(&order.lines[0], 4)], 0), [1_613]);
    }

    /// One product on several lines: what one gives back, another may take.
    #[test]
    fn lines_of_one_product_are_one_exchange() {
        let order = Order::of_lines(vec![line(1, 7, 3, 900), line(2, 7, 1, 500)]);
        let lines = || vec![resized(&order.lines[1], 3), new(7, 2)];
        assert_eq!(moved(&order, lines()), [(3, 900, 4)]);
        // The four cost 1000 together: 250 each, on top of what stays.
        assert_eq!(costs(&order, lines(), 1_000), [1_000, 500]);
        let same = || order.lines.iter().rev().map(Draft::from).collect::<Vec<_>>();
        assert_eq!(moved(&order, same()), []);
        let after = drafted(same()).settle(&order, |_| 0, order.created_at).unwrap();
        assert!(after.differs(&order) && !after.differs_in_money_or_goods(&order));
    }

    proptest! {
        /// Whatever an edit does, no cost is lost between the lines and the stock.
        #[test]
        fn cost_goes_nowhere_but_to_the_stock_and_to_the_lines(
            stands in prop::collection::vec((0_u128..3, 1_i64..50, 0_i64..10_000), 1..6),
            wanted in prop::collection::vec((0_i64..60, any::<bool>()), 6),
            added in prop::collection::vec((0_u128..3, 1_i64..50), 0..4), taken_cost in 0_i64..10_000
        ) {
            let lines: Vec<_> =
                stands.iter().zip(1_u128..).map(|(&(product, quantity, cost), id)| line(id, product, quantity, cost)).collect();
            let order = Order::of_lines(lines);
            let stays = order.lines.iter().zip(&wanted).filter(|(_, (quantity, stays))| *stays && *quantity > 0);
            let drafts: Vec<_> = stays
                .map(|(line, (quantity, _))| resized(line, *quantity))
                .chain(added.iter().map(|(product, quantity)| new(*product, *quantity)))
                .collect();
            let exchanges = drafted(drafts.clone()).exchanges(&order);
            let units = |lines: &[Line]| lines.iter().map(|line| line.quantity).sum::<i64>();
            let (back, taken): (i64, i64) =
                exchanges.iter().fold((0, 0), |sum, one| (sum.0 + one.put_back, sum.1 + one.taken));
            let after = drafted(drafts).settle(&order, |_| taken_cost, order.created_at).unwrap();
            prop_assert_eq!(units(&order.lines) - back + taken, units(&after.lines));
            let put_back: i64 = exchanges.iter().map(|one| one.put_back_cost).sum();
            let products = i64::try_from(exchanges.iter().filter(|one| one.taken > 0).count()).unwrap();
            prop_assert_eq!(order.sums.cost - put_back + taken_cost * products, after.sums.cost);
            prop_assert!(after.lines.iter().all(|line| line.cost >= 0));
        }
    }
}
