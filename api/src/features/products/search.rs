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
    fn products_with_all(
        parts: Array<Text>, active: Bool, before_time: Nullable<Timestamptz>, before_id: Nullable<SqlUuid>,
        most: Nullable<BigInt>
    ) -> SqlUuid;
}
define_sql_function! {
    /// Of this transaction's tenant, with at least two of the three parts. It answers a row for each.
    fn products_near(wanted: Text, parts: Array<Text>, active: Bool, most: BigInt) -> SqlUuid;
}
define_sql_function! {
    /// Of this transaction's tenant. It answers a row for each.
    fn products_like(wanted: Text, active: Bool, most: BigInt) -> SqlUuid;
}

/// A shorter word has no trigram of its own for the index.
const SHORTEST: usize = 3;
/// Half of a shorter one is in too many products.
const SHORTEST_HALVED: usize = 8;

pub fn list(tx: &mut TenantTx<'_>, wanted: &str, filter: &Filter, asked: PageRequest) -> Result<Vec<Product>, DbError> {
    let mut words: Vec<&str> = wanted.split_whitespace().collect();
    // The longest is in the fewest products.
    words.sort_by_key(|word| Reverse(word.chars().count()));
    let ids = having_all(tx, &words, filter, asked)?;
    // A page that goes on after others has found something.
    if !ids.is_empty() || asked.after.is_some() {
        return repo::list(tx, filter, Some(&ids), asked);
    }
    let nearest = nearest(tx, wanted, &words, filter.active, asked.limit)?;
    let mut products = repo::list(tx, filter, Some(&nearest), asked)?;
    let places: HashMap<Uuid, usize> = nearest.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    products.sort_by_key(|product| places.get(&product.id.0));
    Ok(products)
}

/// As many as the page takes; all of them where other filters choose among them.
fn having_all(
    tx: &mut TenantTx<'_>,
    words: &[&str],
    filter: &Filter,
    asked: PageRequest,
) -> Result<Vec<Uuid>, DbError> {
    let parts: Vec<String> = words.iter().map(|word| part_like(word)).collect();
    let most = (filter.sku.is_none() && filter.low_stock.is_none()).then_some(asked.rows());
    let (time, id) = asked.after.map(|after| (after.created_at, after.id)).unzip();
    Ok(diesel::select(products_with_all(parts, filter.active, time, id, most)).load(tx.conn())?)
}

/// One typing error leaves the other words as they are, or the other half of the only word, and what has those is
/// found in a fraction of the time that all trigrams take.
fn nearest(tx: &mut TenantTx<'_>, wanted: &str, words: &[&str], active: bool, most: i64) -> Result<Vec<Uuid>, DbError> {
    if let Some(parts) = three_parts(words) {
        let near: Vec<Uuid> = diesel::select(products_near(wanted, parts, active, most)).load(tx.conn())?;
        if !near.is_empty() {
            return Ok(near);
        }
    }
    Ok(diesel::select(products_like(wanted, active, most)).load(tx.conn())?)
}

/// Of which one typing error leaves two.
fn three_parts(words: &[&str]) -> Option<Vec<String>> {
    let length = |word: &str| word.chars().count();
    match words {
        [one, two, three, ..] if length(three) >= SHORTEST => {
            Some(vec![part_like(one), part_like(two), part_like(three)])
        }
        [word] if length(word) >= SHORTEST_HALVED => {
            let (middle, _) = word.char_indices().nth(length(word) / 2)?;
            let (left, right) = word.split_at_checked(middle)?;
            Some(vec![part_like(left), part_like(right), part_like("")])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_words_or_halves_that_the_index_finds() {
        let parts = |words: &[&str]| three_parts(words).unwrap_or_default().join(" ");
        assert_eq!(parts(&["folding", "100%", "oak", "xl"]), "%folding% %100\\%% %oak%");
        assert_eq!(parts(&["ABC-12345-6"]), "%ABC-1% %2345-6% %%");
        assert_eq!(parts(&["äöüßäöüß"]), "%äöüß% %äöüß% %%");
        for none in [&[][..], &["folding", "oak", "xl"], &["folding", "table"], &["kettles"]] {
            assert_eq!(three_parts(none), None, "{none:?}");
        }
    }
}
