//! Reading what is exported, some thousand rows at a time.

mod customers;
mod journal;
mod movements;
mod orders;
mod products;

pub use customers::CustomerRow;
pub use journal::JournalRow;
pub use movements::MovementRow;
pub use orders::OrderRow;
pub use products::ProductRow;

use crate::platform::{
    db::{DbError, TenantTx},
    http::{Dates, Invalid},
    sheets::Cell,
};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use countinghouse_contract::{Currency, Money};
use diesel::{
    QueryableByName, RunQueryDsl,
    pg::Pg,
    sql_query,
    sql_types::{Date, Nullable, Timestamptz, Uuid as SqlUuid},
};

/// Rows that are in memory at a time.
const BATCH: usize = 2000;

/// A kind of export: its rows, and how each is written.
pub trait Export: QueryableByName<Pg> + 'static {
    /// How its file's name begins.
    const NAME: &'static str;
    const COLUMNS: &'static [&'static str];
    /// Columns behind these for who may see costs.
    const COSTS: &'static [&'static str] = &[];
    /// `$1` is the client, `$2` and `$3` the period's moments, `$4` and `$5` its days.
    const SQL: &'static str;

    /// In the order of the columns.
    fn cells(&self, form: &Form) -> Vec<Cell<'_>>;
}

/// How amounts and times are written, and whether costs are.
pub struct Form {
    pub currency: Currency,
    pub zone: Tz,
    pub costs: bool,
}

impl Form {
    pub fn money(&self, minor: i64) -> Cell<'static> {
        Cell::Number(Money::new(minor, self.currency).to_decimal())
    }

    pub fn moment(&self, moment: DateTime<Utc>) -> Cell<'static> {
        Cell::Moment(moment.with_timezone(&self.zone))
    }
}

/// The days that are exported: all, where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    moments: Dates,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Period {
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>, zone: &str) -> Result<Self, Invalid> {
        Ok(Self { moments: Dates::new(from, to, zone)?, from, to })
    }
}

/// Reads all rows by a cursor: as of one moment, and each batch a statement of its own.
pub fn for_each<R: Export, E: From<DbError>>(
    tx: &mut TenantTx<'_>,
    period: Period,
    mut see: impl FnMut(&R) -> Result<(), E>,
) -> Result<(), E> {
    let tenant = tx.tenant_id();
    sql_query(format!("DECLARE exported NO SCROLL CURSOR FOR {}", R::SQL))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Nullable<Timestamptz>, _>(period.moments.from)
        .bind::<Nullable<Timestamptz>, _>(period.moments.before)
        .bind::<Nullable<Date>, _>(period.from)
        .bind::<Nullable<Date>, _>(period.to)
        .execute(tx.conn())
        .map_err(DbError::from)?;
    loop {
        let rows: Vec<R> = sql_query(format!("FETCH {BATCH} FROM exported")).load(tx.conn()).map_err(DbError::from)?;
        for row in &rows {
            see(row)?;
        }
        if rows.len() < BATCH {
            return Ok(());
        }
    }
}
