//! What was sold: by product, by margin, and by day.

use super::{
    super::{
        earnings::percentage,
        repo::{self, MarginRow, OrdersRow, Ranked},
    },
    client::{Viewed, each},
};
use crate::platform::db::{AnyTx, DbError};
use countinghouse_contract::dashboard::{DayOfOrders, MarginBucket, ProductSales, SalesPanel};

/// How buckets of margins are called, from losses (−1) upwards.
const MARGINS: [(i32, &str); 11] = [
    (-1, "below 0"),
    (0, "0-10"),
    (1, "10-20"),
    (2, "20-30"),
    (3, "30-40"),
    (4, "40-50"),
    (5, "50-60"),
    (6, "60-70"),
    (7, "70-80"),
    (8, "80-90"),
    (9, "90-100"),
];

impl Viewed {
    pub fn sales(&self, tx: &mut impl AnyTx, orders: Vec<OrdersRow>) -> Result<SalesPanel, DbError> {
        let (tenant, spans) = (self.tenant, self.windows.spans);
        let ranked = repo::ranked(tx, tenant, spans)?;
        let list = |is_in: fn(&Ranked) -> bool, place: fn(&Ranked) -> i64| {
            let mut rows: Vec<&Ranked> = ranked.iter().filter(|row| is_in(row)).collect();
            rows.sort_by_key(|row| place(row));
            rows.into_iter().map(|row| self.product(row)).collect::<Vec<_>>()
        };
        let margins = if self.costs { Some(self.margins(repo::margins(tx, tenant, spans)?)) } else { None };
        Ok(SalesPanel {
            from: spans.recent,
            to: spans.today,
            by_product: list(Ranked::is_by_revenue, |row| row.by_revenue),
            top_skus: self.costs.then(|| list(Ranked::is_by_profit, |row| row.by_profit)),
            bottom_skus: self.costs.then(|| list(Ranked::is_by_loss, |row| row.by_loss)),
            margins,
            by_day: orders.into_iter().map(|row| self.day(&row)).collect(),
        })
    }

    fn product(&self, row: &Ranked) -> ProductSales {
        let (net, profit) = (row.net.0, row.net.0 - row.cost.0);
        ProductSales {
            product_id: row.product_id.into(),
            sku: row.sku.clone(),
            name: row.name.clone(),
            units_sold: row.units.units(),
            revenue: self.money(net),
            discounts: self.money(row.discount.0),
            revenue_share_pct: percentage(net, row.total.0),
            gross_profit: self.cost(profit),
            gross_margin_pct: self.cost_pct(profit, net),
        }
    }

    /// All buckets, where anything was sold; none, where nothing was.
    fn margins(&self, rows: Vec<MarginRow>) -> Vec<MarginBucket> {
        if rows.is_empty() {
            return Vec::new();
        }
        let bucket = |(bucket, margin): (i32, &str)| {
            let row = rows.iter().find(|row| row.bucket == bucket);
            MarginBucket {
                margin: margin.to_owned(),
                products: row.map_or(0, |row| row.products),
                revenue: self.money(row.map_or(0, |row| row.net.0)),
            }
        };
        MARGINS.map(bucket).to_vec()
    }

    fn day(&self, row: &OrdersRow) -> DayOfOrders {
        DayOfOrders {
            date: row.date,
            orders: row.orders,
            average_order_value: each(row.net.0, i128::from(row.orders)).map(|average| self.money(average)),
        }
    }
}
