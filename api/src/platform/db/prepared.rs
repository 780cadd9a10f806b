//! Statements in SQL's own words that each connection prepares and plans once.
//!
//! diesel's `sql_query` sends its text to be prepared each time, and PostgreSQL plans it anew: a
//! round trip and most of the work of a short statement. That is right for what comes rarely.

use diesel::{
    QueryResult, RunQueryDsl,
    expression::{AsExpression, TypedExpressionType},
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::Error,
    sql_types::{SqlType, Untyped},
};

/// A statement with `$1`, `$2`, … in it, each of which may stand in it more than once.
pub struct Prepared<'a> {
    text: &'static str,
    binds: Vec<Box<dyn QueryFragment<Pg> + Send + 'a>>,
}

/// As `sql_query`, for a text that is always the same: what differs is bound. Columns are named
/// (`SELECT *` would fail once a migration has added one).
pub fn prepared<'a>(text: &'static str) -> Prepared<'a> {
    Prepared { text, binds: Vec::new() }
}

impl<'a> Prepared<'a> {
    /// The value of the next number.
    pub fn bind<T, V>(mut self, value: V) -> Self
    where
        T: SqlType + TypedExpressionType,
        V: AsExpression<T>,
        V::Expression: QueryFragment<Pg> + Send + 'a,
    {
        self.binds.push(Box::new(value.as_expression()));
        self
    }
}

impl QueryFragment<Pg> for Prepared<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut parts = self.text.split('$');
        out.push_sql(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(part.len());
            let (number, rest) = part.split_at_checked(digits).unwrap_or_default();
            let bind = number.parse::<usize>().ok().and_then(|number| self.binds.get(number.checked_sub(1)?));
            let bind = bind.ok_or_else(|| Error::QueryBuilderError(format!("${number} is not bound").into()))?;
            bind.walk_ast(out.reborrow())?;
            out.push_sql(rest);
        }
        Ok(())
    }
}

/// Told apart by their text.
impl QueryId for Prepared<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared<'_> {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Prepared<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::{
        debug_query,
        sql_types::{Array, BigInt, Text},
    };

    #[test]
    fn numbers_may_come_in_any_order_and_more_than_once() {
        let query = prepared("SELECT $2 || $1, $1 WHERE x = ANY($3) AND y = '10'")
            .bind::<Text, _>("a")
            .bind::<Text, _>("b".to_owned())
            .bind::<Array<BigInt>, _>(vec![1, 2]);
        let text = debug_query::<Pg, _>(&query).to_string();
        assert_eq!(text, r#"SELECT $1 || $2, $3 WHERE x = ANY($4) AND y = '10' -- binds: ["b", "a", "a", [1, 2]]"#);
        assert!(query.is_safe_to_cache_prepared(&Pg).unwrap());
    }

    #[test]
    fn what_is_not_bound_is_an_error() {
        for text in ["SELECT $2", "SELECT $0", "SELECT $", "SELECT '$x'"] {
            let query = prepared(text).bind::<Text, _>("a");
            let mut sql = <Pg as diesel::backend::Backend>::QueryBuilder::default();
            assert!(query.to_sql(&mut sql, &Pg).is_err(), "{text}");
        }
    }
}
