//! What is on hand, how long it lasts, how old it is, and how it moves.

use super::{
    super::{
        aging,
        error::ReportError,
        repo::{self, Level, LowRow, MovedRow, Whole},
    },
    client::{Viewed, each},
};
use crate::{
    features::inventory,
    platform::db::{AnyTx, DbError},
};
use countinghouse_contract::{
    Decimal,
    dashboard::{AgeOfStock, InventoryPanel, MovementSummary, RunningOut},
    money::div_half_up,
};

/// Units are counted over so many days.
const DAYS: i128 = 30;

impl Viewed {
    /// `sold`: units of the last 30 days.
    pub fn inventory(&self, tx: &mut impl AnyTx, level: &Level, sold: Whole) -> Result<InventoryPanel, ReportError> {
        let (tenant, spans) = (self.tenant, self.windows.spans);
        let lowest = repo::lowest(tx, tenant, spans, self.client.low_stock_threshold)?;
        let moved = repo::moved(tx, tenant, self.windows.movements)?.into_iter();
        let movements = moved.map(|row| self.movement(row)).collect::<Result<_, DbError>>()?;
        Ok(InventoryPanel {
            products: level.products,
            low_stock: level.low,
            out_of_stock: level.out,
            on_hand: level.on_hand.units(),
            units_per_day: per_day(sold.0),
            days_of_inventory: lasts(level.on_hand.0, sold.0),
            running_out: lowest.into_iter().map(running_out).collect(),
            aging: self.aging(tx)?,
            movements,
        })
    }

    fn aging(&self, tx: &mut impl AnyTx) -> Result<Vec<AgeOfStock>, ReportError> {
        let day = (self.windows.spans.today, self.client.time_zone.as_str());
        let (buckets, totals) = aging::totals_in(tx, self.tenant, day, self.currency)?;
        let shares = buckets.into_iter().zip(totals.by_bucket);
        Ok(shares
            .map(|(bucket, share)| AgeOfStock {
                bucket,
                quantity: share.quantity,
                value: self.costs.then_some(share.value),
            })
            .collect())
    }

    fn movement(&self, row: MovedRow) -> Result<MovementSummary, DbError> {
        Ok(MovementSummary {
            kind: inventory::kind_of(&row.kind)?,
            movements: row.movements,
            quantity: row.quantity.units(),
            value: self.cost(row.value.0),
        })
    }
}

fn running_out(row: LowRow) -> RunningOut {
    RunningOut {
        product_id: row.product_id.into(),
        sku: row.sku,
        name: row.name,
        on_hand: row.on_hand,
        low_stock_threshold: row.threshold,
        units_sold: row.sold.units(),
        units_per_day: per_day(row.sold.0),
        days_of_inventory: lasts(i128::from(row.on_hand), row.sold.0),
    }
}

/// With two places. What came back does not make a day's sales less than none.
fn per_day(sold: i128) -> Decimal {
    Decimal::new(div_half_up(sold.max(0) * 100, DAYS), 2)
}

/// How many days so much lasts, with one place.
fn lasts(on_hand: i128, sold: i128) -> Option<Decimal> {
    each(on_hand * DAYS * 10, sold).map(|tenths| Decimal::new(tenths, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_lasts_as_long_as_it_sold_lately() {
        let shown = |on_hand, sold| lasts(on_hand, sold).map(|days| days.to_string());
        assert_eq!(shown(10, 30).as_deref(), Some("10.0"));
        assert_eq!(shown(10, 7).as_deref(), Some("42.9"));
        assert_eq!(shown(0, 7).as_deref(), Some("0.0"));
        assert_eq!([shown(10, 0), shown(10, -3)], [None, None]);
        assert_eq!([7, 0, -3].map(|sold| per_day(sold).to_string()), ["0.23", "0.00", "0.00"]);
    }
}
