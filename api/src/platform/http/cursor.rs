//! Keyset cursors: where a page ended, stamped, and good for one list of one owner only.

use super::{error::ApiError, invalid::Invalid};
use crate::platform::crypto::Stamps;
use chrono::{DateTime, Utc};
use countinghouse_contract::Page;
use uuid::Uuid;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 200;
const PAYLOAD: usize = 24;

/// The sort key of a list, newest first: the row after which a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub created_at: DateTime<Utc>,
    pub id: Uuid,
}

/// A page that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    pub limit: i64,
    pub after: Option<Position>,
}

impl PageRequest {
    /// How many rows to read: one more than the page holds, to know whether another follows.
    pub fn rows(&self) -> i64 {
        self.limit + 1
    }
}

/// Makes and reads cursors.
#[derive(Clone)]
pub struct Cursors {
    stamps: Stamps,
}

impl Cursors {
    /// `secret`: any key of the configuration; cursors get one derived from it.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { stamps: Stamps::new(secret, "cursors") }
    }

    /// Checks `limit` and `cursor`. `list` says what the cursor is good for: the list's name, its
    /// owner, and its filters.
    pub fn page(&self, list: &str, limit: Option<i64>, cursor: Option<&str>) -> Result<PageRequest, ApiError> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let mut invalid = Invalid::default();
        invalid.quantity("/limit", limit, 1..=MAX_LIMIT);
        let after = cursor.and_then(|text| {
            let position = self.read(list, text);
            if position.is_none() {
                invalid.add("/cursor", "invalid_cursor", "Not a cursor of this list; begin again without one.");
            }
            position
        });
        invalid.finish()?;
        Ok(PageRequest { limit, after })
    }

    /// The page of these rows, of which there is one too many when another page follows.
    pub fn make_page<R, T>(
        &self,
        list: &str,
        asked: PageRequest,
        mut rows: Vec<R>,
        position: impl Fn(&R) -> Position,
        show: impl FnMut(R) -> T,
    ) -> Page<T> {
        let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| self.write(list, position(last)));
        Page { data: rows.into_iter().map(show).collect(), next_cursor }
    }

    fn write(&self, list: &str, position: Position) -> String {
        let micros = position.created_at.timestamp_micros().to_be_bytes();
        self.stamps.write(list, &[micros.as_slice(), position.id.as_bytes()].concat())
    }

    fn read(&self, list: &str, text: &str) -> Option<Position> {
        let payload = self.stamps.read::<PAYLOAD>(list, text)?;
        let (micros, id) = payload.split_first_chunk::<8>()?;
        Some(Position {
            created_at: DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_list_and_nothing_else() {
        let cursors = Cursors::new(&[7; 32]);
        let position =
            Position { created_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(), id: Uuid::max() };
        let text = cursors.write("products of a", position);
        assert_eq!(cursors.read("products of a", &text), Some(position));
        assert_eq!(cursors.read("products of b", &text), None);
        assert_eq!(Cursors::new(&[8; 32]).read("products of a", &text), None);
        for forged in
            ["", "AAAA", "%", text.trim_start_matches(char::is_alphanumeric), &format!("{text}A"), &text.to_lowercase()]
        {
            assert_eq!(cursors.read("products of a", forged), None, "{forged}");
        }
    }
}
