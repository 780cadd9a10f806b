//! What each kind of file holds, and how its rows are entered: by what stands at the doors of the features, so
//! that the same rules hold as for single requests.

mod customers;
mod opening_balances;
mod opening_stock;
mod orders;
mod products;

use super::{
    model::{Outcome, Plan},
    record::{Column, Heading, Record},
};
use crate::{
    features::{
        accounting::AccountingError, customers::CustomerError, inventory::InventoryError, orders::OrderError,
        products::ProductError,
    },
    platform::{
        db::{DbError, TenantTx},
        http::Invalid,
        sheets::Row,
    },
};
use chrono_tz::Tz;
use countinghouse_contract::imports::ImportKind;
use std::collections::HashMap;

/// Why rows could not be entered, which is no fault of theirs; or, where all of them have to be, is.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    #[error("{} faults were found", .0.faults.len())]
    Refused(Outcome),
    #[error(transparent)]
    Product(#[from] ProductError),
    #[error(transparent)]
    Customer(#[from] CustomerError),
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Accounting(#[from] AccountingError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Enters the rows of one kind of file, or only looks at them.
pub trait Importer: Send + 'static {
    fn columns(&self) -> &'static [Column];

    /// Columns of an export that nothing is made of.
    fn ignored(&self) -> &'static [&'static str];

    /// Takes some rows; with `write` false nothing is entered.
    fn take(&mut self, tx: &mut TenantTx<'_>, table: Table<'_>, write: bool) -> Result<Outcome, EnterError>;

    /// There are no more.
    fn end(&mut self, _tx: &mut TenantTx<'_>, _write: bool) -> Result<Outcome, EnterError> {
        Ok(Outcome::default())
    }
}

/// Rows with the heading that they stand under.
pub struct Table<'a> {
    pub heading: &'a Heading,
    pub rows: &'a [Row],
    pub zone: Tz,
}

impl<'a> Table<'a> {
    /// Reads each into what a request would send.
    fn read<T>(&self, read: impl Fn(&mut Record<'a>) -> T) -> impl Iterator<Item = (u64, T, Invalid)> {
        self.rows.iter().map(move |row| {
            let mut record = Record::new(self.heading, row, self.zone);
            let input = read(&mut record);
            (row.line, input, record.invalid)
        })
    }
}

pub fn importer(plan: &Plan) -> Box<dyn Importer> {
    match plan.kind {
        ImportKind::Products => Box::new(products::Products::default()),
        ImportKind::Customers => Box::new(customers::Customers),
        ImportKind::OpeningStock => Box::new(opening_stock::OpeningStock::default()),
        ImportKind::OpeningBalances => Box::new(opening_balances::OpeningBalances::new(plan.date)),
        ImportKind::Orders => Box::new(orders::Orders::new(!plan.is_in_steps())),
    }
}

/// What is wrong with the cells comes before what is wrong with what they mean.
fn judged<T>(cells: Invalid, meaning: Result<T, Invalid>) -> Result<T, Invalid> {
    let mut all = cells;
    let good = match meaning {
        Ok(good) => Some(good),
        Err(meaning) => {
            for error in meaning.into_errors() {
                all.add(&error.pointer, &error.code, error.detail);
            }
            None
        }
    };
    all.finish()?;
    good.ok_or_else(Invalid::default)
}

/// Keys that a file may have once, with the lines where they stand.
#[derive(Default)]
struct Seen(HashMap<String, u64>);

impl Seen {
    /// What is wrong with a key that stood there before.
    fn note(&mut self, column: &str, key: &str, line: u64) -> Result<(), Invalid> {
        let Some(before) = self.0.get(key) else {
            self.0.insert(key.to_owned(), line);
            return Ok(());
        };
        let mut invalid = Invalid::default();
        invalid.add(&format!("/{column}"), "duplicate", format!("The same stands in line {before}."));
        Err(invalid)
    }
}
