//! `LIMIT` as a number in the statement's text.
//!
//! diesel binds it, and PostgreSQL then takes a tenth of all rows to be wanted when it makes the plan
//! that serves every execution. That plan looks so dear beside one for fifty rows that it is never used:
//! the statement is planned anew each time, which costs more than reading a page does. A page has
//! a few sizes only, so the statements stay few.

use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
};

/// A query's first rows.
pub struct FirstRows<Q> {
    query: Q,
    rows: i64,
}

pub trait TakeFirstRows: Sized {
    /// The last call on a query, after its order.
    fn first_rows(self, rows: i64) -> FirstRows<Self> {
        FirstRows { query: self, rows }
    }
}

impl<Q: Query> TakeFirstRows for Q {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for FirstRows<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_sql(&self.rows.to_string());
        Ok(())
    }
}

/// Told apart by their text.
impl<Q> QueryId for FirstRows<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for FirstRows<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for FirstRows<Q> {}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::{debug_query, prelude::*};

    diesel::table! {
        products (id) {
            id -> BigInt,
            sku -> Text,
            active -> Bool,
        }
    }

    #[test]
    fn the_limit_is_text_and_all_else_is_bound() {
        let query = products::table.select(products::sku).filter(products::active.eq(true)).first_rows(51);
        let text = debug_query::<Pg, _>(&query).to_string();
        assert!(text.contains("\"active\" = $1") && text.contains(") LIMIT 51 -- binds: [true]"), "{text}");
        assert!(query.is_safe_to_cache_prepared(&Pg).unwrap());
    }
}
