//! Whole numbers of any size: PostgreSQL adds `bigint` up as `numeric`, which comes as text.

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    sql_types::Text,
};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromSqlRow)]
pub struct Whole(pub i128);

impl FromSql<Text, Pg> for Whole {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Pg>>::from_sql(value)?;
        Ok(Self(text.parse()?))
    }
}

impl Whole {
    /// As a count of units; more than there can be is as many as there can be.
    pub fn units(self) -> i64 {
        i64::try_from(self.0).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }
}
