//! Asks the database.

use super::checks::Check;
use crate::platform::db::{DbError, OwnerTx};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

/// What a check found at one client.
#[derive(QueryableByName)]
pub struct Checked {
    #[diesel(sql_type = BigInt)]
    pub looked_at: i64,
    #[diesel(sql_type = BigInt)]
    pub broken: i64,
    /// The first few of what is broken.
    #[diesel(sql_type = Array<Text>)]
    pub examples: Vec<String>,
}

#[derive(QueryableByName)]
pub struct Client {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    pub slug: String,
}

/// The client that is named, or all.
pub fn clients(tx: &mut OwnerTx<'_>, named: Option<&str>) -> Result<Vec<Client>, DbError> {
    let found = sql_query("SELECT id, slug FROM tenants WHERE $1 IS NULL OR slug = $1 ORDER BY slug");
    Ok(found.bind::<Nullable<Text>, _>(named).load(tx.conn())?)
}

pub fn check(tx: &mut OwnerTx<'_>, check: &Check, client: &Client) -> Result<Checked, DbError> {
    let found = sql_query(format!(
        "SELECT count(*) AS looked_at, count(*) FILTER (WHERE broken) AS broken, \
         coalesce((array_agg(what ORDER BY what) FILTER (WHERE broken))[1:5], '{{}}') AS examples FROM ({}) checked",
        check.sql
    ));
    Ok(found.bind::<SqlUuid, _>(client.id).get_result(tx.conn())?)
}
