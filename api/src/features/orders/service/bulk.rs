//! Many orders in one transaction, for imports: each is made as by a request, or not at all.

use super::{
    create::create_in,
    request::{self, Request},
};
use crate::{
    features::{
        inventory,
        orders::{error::OrderError, repo},
        products::{self, Wanted},
    },
    platform::{db::TenantTx, http::Invalid},
};
use countinghouse_contract::orders::NewOrder;

/// Makes those that can be made, and answers for each why it was not.
///
/// The goods of all of them are locked first: what comes after the first order's entry in the journal must lock
/// nothing that others hold while they wait for it.
pub fn create_all_in(tx: &mut TenantTx<'_>, inputs: Vec<NewOrder>) -> Result<Vec<Result<(), OrderError>>, OrderError> {
    let requests: Vec<Result<Request, Invalid>> = inputs.into_iter().map(request::check).collect();
    let wanted = requests.iter().flatten().flat_map(|request| &request.lines).map(|line| line.wanted.clone());
    let wanted: Vec<Wanted> = wanted.collect();
    let goods = products::for_sale_in(tx, &wanted)?;
    inventory::hold_in(tx, &goods.iter().map(|product| product.id).collect::<Vec<_>>())?;
    let count = i64::try_from(requests.len()).unwrap_or(i64::MAX);
    let first = repo::draw_numbers(tx, count)?;
    let make = |(request, number): (Result<Request, Invalid>, i64)| {
        let request = request?;
        tx.savepoint(|tx| create_in(tx, request, number)).map(|_| ())
    };
    Ok(requests.into_iter().zip(first..).map(make).collect())
}
