//! Lists read to their end.

use crate::ClientError;
use countinghouse_contract::Page;

/// Collects the rows of all pages. They are held in memory: meant for lists of some ten thousand
/// rows, not for a whole history. Rows that are entered meanwhile may be left out.
pub(crate) async fn all_pages<T, F, P>(first: Option<String>, mut page_at: F) -> Result<Vec<T>, ClientError>
where
    F: FnMut(Option<String>) -> P,
    P: Future<Output = Result<Page<T>, ClientError>>,
{
    let (mut rows, mut cursor) = (Vec::new(), first);
    loop {
        let page = page_at(cursor).await?;
        rows.extend(page.data);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_are_read_in_turn_until_there_is_no_next() {
        let page_at = async |cursor: Option<String>| {
            let number: u32 = cursor.unwrap_or_default().parse().unwrap_or(0);
            let next_cursor = (number < 3).then(|| (number + 1).to_string());
            Ok(Page { data: vec![number * 10, number * 10 + 1], next_cursor })
        };
        assert_eq!(all_pages(None, page_at).await.unwrap(), [0, 1, 10, 11, 20, 21, 30, 31]);
        assert_eq!(all_pages(Some("3".to_owned()), page_at).await.unwrap(), [30, 31]);
    }
}
