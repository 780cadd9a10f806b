//! Calls of functions in the database that answer rows, prepared once in each connection.
//!
//! `sql_query` sends its text twice each time, to prepare and to run it, and PostgreSQL plans it anew. That
//! is right for what comes rarely, and costs too much where it comes hundreds of times a second.

use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::Untyped,
};

/// `SELECT columns FROM function(arguments)`, read by name into what is `QueryableByName`.
pub struct Call<A> {
    /// By name: `*` would break prepared statements when a migration adds a column.
    columns: &'static str,
    function: &'static str,
    arguments: A,
}

/// The arguments are a tuple of `value.into_sql::<SqlType>()`.
pub fn call<A>(columns: &'static str, function: &'static str, arguments: A) -> Call<A> {
    Call { columns, function, arguments }
}

impl<A: QueryFragment<Pg>> QueryFragment<Pg> for Call<A> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for part in ["SELECT ", self.columns, " FROM ", self.function, "("] {
            out.push_sql(part);
        }
        self.arguments.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

/// The texts differ where the types do not: prepared statements are told apart by their text.
impl<A> QueryId for Call<A> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A> Query for Call<A> {
    type SqlType = Untyped;
}

impl<A, C> RunQueryDsl<C> for Call<A> {}
