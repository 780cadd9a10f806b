//! How long what is on hand has been lying there: it is taken to be the newest receipts.

use super::{
    error::ReportError,
    repo::{self, AgedRow},
};
use crate::{
    features::accounting::{self, decimal},
    platform::{authn::TenantCtx, db::AnyTx, http::Dates},
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use countinghouse_contract::{
    Currency, ProductId, TenantId,
    money::div_half_even,
    reports::{AgingBucket, AgingRow, AgingTotals, StockAging},
};

const BUCKETS: [&str; 4] = ["0-30", "31-60", "61-90", "91+"];
/// The most days of all buckets but the last.
const AGES: [u64; 3] = [30, 60, 90];

/// Quantity and value in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    quantity: i64,
    value: i128,
}

/// The stock at the end of a day, by default of today.
pub async fn stock_aging(ctx: &TenantCtx, as_of: Option<NaiveDate>) -> Result<StockAging, ReportError> {
    accounting::check_as_of(as_of)?;
    ctx.read(move |tx| {
        let as_of = as_of.unwrap_or_else(|| accounting::today(tx));
        let (before, bounds) = moments(as_of, &tx.actor().time_zone)?;
        let tenant = tx.tenant_id();
        let rows = repo::aged(tx, tenant, before, bounds)?;
        Ok(report(as_of, rows, tx.actor().currency))
    })
    .await
}

/// The same as of a moment's own day, for who asks for no more than its totals: the buckets' names, and what is in them.
pub fn totals_in(
    tx: &mut impl AnyTx,
    tenant: TenantId,
    (today, zone): (NaiveDate, &str),
    currency: Currency,
) -> Result<(Vec<String>, AgingTotals), ReportError> {
    let (before, bounds) = moments(today, zone)?;
    let StockAging { buckets, totals, .. } = report(today, repo::aged(tx, tenant, before, bounds)?, currency);
    Ok((buckets, totals))
}

/// The end of the day, and where the buckets begin.
fn moments(as_of: NaiveDate, zone: &str) -> Result<(DateTime<Utc>, [DateTime<Utc>; 3]), ReportError> {
    let end = Dates::new(None, Some(as_of), zone)?.before;
    // Nothing came in before 1970.
    let begin = |age: u64| {
        let day = as_of.checked_sub_days(Days::new(age));
        let dates = Dates::new(day, None, zone).unwrap_or_default();
        dates.from.unwrap_or(DateTime::UNIX_EPOCH).max(DateTime::UNIX_EPOCH)
    };
    Ok((end.unwrap_or(DateTime::UNIX_EPOCH), AGES.map(begin)))
}

fn report(as_of: NaiveDate, rows: Vec<AgedRow>, currency: Currency) -> StockAging {
    let mut totals = [Share::default(); 4];
    let rows: Vec<AgingRow> = rows
        .into_iter()
        .map(|row| {
            let shares = shares(&row);
            for (total, share) in totals.iter_mut().zip(shares) {
                total.quantity = total.quantity.saturating_add(share.quantity);
                total.value += share.value;
            }
            AgingRow {
                product_id: ProductId(row.product_id),
                sku: row.sku,
                name: row.name,
                on_hand: row.on_hand,
                inventory_value: decimal(i128::from(row.value), currency),
                by_bucket: wire(&shares, currency),
            }
        })
        .collect();
    let totals = AgingTotals {
        on_hand: totals.iter().fold(0, |sum: i64, share| sum.saturating_add(share.quantity)),
        inventory_value: decimal(totals.iter().map(|share| share.value).sum(), currency),
        by_bucket: wire(&totals, currency),
    };
    StockAging { as_of, buckets: BUCKETS.map(str::to_owned).to_vec(), rows, totals }
}

fn wire(shares: &[Share; 4], currency: Currency) -> Vec<AgingBucket> {
    let bucket = |share: &Share| AgingBucket { quantity: share.quantity, value: decimal(share.value, currency) };
    shares.iter().map(bucket).collect()
}

/// The value is at the average, divided cumulatively so that the buckets sum to it.
fn shares(row: &AgedRow) -> [Share; 4] {
    let older = row.on_hand - row.first - row.second - row.third;
    let (mut counted, mut valued) = (0_i128, 0_i128);
    [row.first, row.second, row.third, older].map(|quantity| {
        counted += i128::from(quantity);
        let through = div_half_even(i128::from(row.value) * counted, i128::from(row.on_hand.max(1)));
        let value = through - valued;
        valued = through;
        Share { quantity, value }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buckets_sum_to_what_is_there() {
        let row = |first, second, third| AgedRow {
            product_id: uuid::Uuid::nil(),
            sku: String::new(),
            name: String::new(),
            on_hand: 7,
            value: 100,
            first,
            second,
            third,
        };
        let values = |row| shares(&row).map(|share| (share.quantity, share.value));
        assert_eq!(values(row(7, 0, 0)), [(7, 100), (0, 0), (0, 0), (0, 0)]);
        assert_eq!(values(row(1, 2, 3)), [(1, 14), (2, 29), (3, 43), (1, 14)]);
        assert_eq!(values(row(0, 0, 0)), [(0, 0), (0, 0), (0, 0), (7, 100)]);
    }

    #[test]
    fn ages_are_counted_in_days_of_the_client() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        let (end, [first, ..]) = moments(day, "Europe/Berlin").unwrap();
        assert_eq!(end.to_rfc3339(), "2026-03-31T22:00:00+00:00");
        assert_eq!(first.to_rfc3339(), "2026-02-28T23:00:00+00:00");
        let (end, bounds) = moments(NaiveDate::from_ymd_opt(1, 1, 1).unwrap(), "UTC").unwrap();
        assert!(end < DateTime::UNIX_EPOCH && bounds == [DateTime::UNIX_EPOCH; 3]);
    }
}
