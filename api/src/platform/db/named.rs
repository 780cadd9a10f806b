//! Values that stand as words in columns of text.

use super::DbError;

/// A value as it is stored in a column of text.
pub trait Named: Copy + PartialEq + 'static {
    const NAMES: &'static [(Self, &'static str)];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    fn named(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(known, _)| *known)
    }

    /// One that a CHECK lets stand in a column of this table.
    fn read(table: &'static str, text: &str) -> Result<Self, DbError> {
        Self::named(text).ok_or_else(|| DbError::Corrupt { table, what: text.to_owned() })
    }
}
