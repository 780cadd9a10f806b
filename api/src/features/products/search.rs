//! Products by what somebody typed: all that has every word of it, newest first; and where nothing
//! has, what is nearest to it, best first and on one page, since then something was mistyped.

use super::{model::Product, repo, service::Filter};
use crate::platform::{
    db::{DbError, TenantTx, part_like},
    http::PageRequest,
};
use diesel::{
    define_sql_function,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use std::{cmp::Reverse, collections::HashMap};
use uuid::Uuid;

define_sql_function! {
    /// Of this transaction's tenant. It answers a row for each.
    fn products_with(
        parts: Array<Text>, active: Bool, before_time: Nullable<Timestamptz>, before_id: Nullable<SqlUuid>,
        most: Nullable<BigInt>
    ) -> SqlUuid;
}
define_sql_function! {
    /// Of this transaction's tenant. It answers a row for each.
    fn products_like(wanted: Text, active: Bool, most: BigInt) -> SqlUuid;
}

pub fn list(tx: &mut TenantTx<'_>, wanted: &str, filter: &Filter, asked: PageRequest) -> Result<Vec<Product>, DbError> {
    let ids = having_all(tx, wanted, filter, asked)?;
    // A page that goes on after others has found something.
    if !ids.is_empty() || asked.after.is_some() {
        return repo::list(tx, filter, Some(&ids), asked);
    }
    let nearest: Vec<Uuid> = diesel::select(products_like(wanted, filter.active, asked.limit)).load(tx.conn())?;
    let mut products = repo::list(tx, filter, Some(&nearest), asked)?;
    let places: HashMap<Uuid, usize> = nearest.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    products.sort_by_key(|product| places.get(&product.id.0));
    Ok(products)
}

/// As many as the page takes; all of them where other filters choose among them.
fn having_all(tx: &mut TenantTx<'_>, wanted: &str, filter: &Filter, asked: PageRequest) -> Result<Vec<Uuid>, DbError> {
    let mut words: Vec<&str> = wanted.split_whitespace().collect();
    // The longest is in the fewest products.
    words.sort_by_key(|word| Reverse(word.chars().count()));
    let parts: Vec<String> = words.into_iter().map(part_like).collect();
    let most = (filter.sku.is_none() && filter.low_stock.is_none()).then_some(asked.rows());
    let (time, id) = asked.after.map(|after| (after.created_at, after.id)).unzip();
    Ok(diesel::select(products_with(parts, filter.active, time, id, most)).load(tx.conn())?)
}
