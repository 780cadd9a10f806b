//! Words for the database that diesel does not have.

use diesel::{
    define_sql_function,
    sql_types::{Nullable, Text},
};

define_sql_function! {
    /// Lower case by the database's own rules, for what is compared with a column made by them.
    fn lower(text: Nullable<Text>) -> Nullable<Text>;
}

/// The pattern of `LIKE` for what has this text in it, whatever signs it is made of.
pub fn part_like(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
