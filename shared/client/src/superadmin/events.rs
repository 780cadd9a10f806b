//! What changed, as it happens.

use crate::{ClientError, SuperadminSession};
use countinghouse_contract::admin::live::OperatorEvent;
use reqwest::Response;
use serde::Deserialize;
use std::time::Duration;

/// The service says something four times a minute.
const SILENCE: Duration = Duration::from_secs(60);
/// No event is longer, and nothing of ours sends one.
const LONGEST: usize = 1024 * 1024;

/// A stream that is open.
pub struct OperatorEvents {
    response: Response,
    unread: Vec<u8>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// It goes on behind this number.
    Ready(i64),
    /// Something was missed: everything is to be read anew. It goes on behind this number.
    Reset(i64),
    Event(OperatorEvent),
}

impl News {
    /// What to go on behind, should the stream break off.
    pub fn sequence(&self) -> i64 {
        match self {
            Self::Ready(sequence) | Self::Reset(sequence) => *sequence,
            Self::Event(event) => event.sequence,
        }
    }
}

impl SuperadminSession {
    /// Opens a stream of what changes from now on, or has since the event of this number.
    ///
    /// # Errors
    /// The problem `rate_limited` when too many are open.
    pub async fn events(&self, after: Option<i64>) -> Result<OperatorEvents, ClientError> {
        let mut request = self.client().get("/admin/events").header("Accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        // It goes on for as long as it is listened to; silence is measured at each part.
        let response = self.open(request.timeout(Duration::MAX)).await?;
        Ok(OperatorEvents { response, unread: Vec::new() })
    }
}

impl OperatorEvents {
    /// The next one; nothing when the service has ended the stream, as it does with the session.
    ///
    /// # Errors
    /// [`ClientError::Http`] when it breaks off, and [`ClientError::Unexpected`] when nothing was said for a minute.
    pub async fn next(&mut self) -> Result<Option<News>, ClientError> {
        loop {
            while let Some(block) = take_block(&mut self.unread) {
                if let Some(news) = read_block(&block)? {
                    return Ok(Some(news));
                }
            }
            if self.unread.len() > LONGEST {
                return Err(unexpected("an event without an end"));
            }
            let part = tokio::time::timeout(SILENCE, self.response.chunk()).await;
            match part.map_err(|_| unexpected("nothing was said for a minute"))?? {
                Some(part) => self.unread.extend_from_slice(&part),
                None => return Ok(None),
            }
        }
    }
}

fn unexpected(what: &str) -> ClientError {
    ClientError::Unexpected { status: 200, body: what.to_owned() }
}

/// What stands before the next empty line.
fn take_block(unread: &mut Vec<u8>) -> Option<String> {
    let end = unread.windows(2).position(|pair| pair == b"\n\n")?;
    let rest = unread.split_off(end.saturating_add(2));
    let block = std::mem::replace(unread, rest);
    Some(String::from_utf8_lossy(&block).into_owned())
}

/// Nothing where it is a comment.
fn read_block(block: &str) -> Result<Option<News>, ClientError> {
    #[derive(Deserialize)]
    struct Control {
        sequence: i64,
    }
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let (Some(kind), Some(data)) = (field("event"), field("data")) else { return Ok(None) };
    let wrong = |error: serde_json::Error| unexpected(&error.to_string());
    let control = || serde_json::from_str::<Control>(data).map(|control| control.sequence).map_err(wrong);
    Ok(Some(match kind {
        "ready" => News::Ready(control()?),
        "reset" => News::Reset(control()?),
        _ => News::Event(serde_json::from_str(data).map_err(wrong)?),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_taken_however_they_are_cut() {
        let text = "retry: 1000\nid: 7\nevent: ready\ndata: {\"sequence\": 7}\n\n: here\n\nid: 8\nevent: job.dead\n\
                    data: {\"sequence\": 8, \"type\": \"job.dead\", \"tenant\": \"north\", \"resource_id\": \"x\", \
                    \"data\": {}, \"created_at\": \"2026-11-27T10:00:00Z\"}\n\nid: 9\nevent: cut";
        let (mut unread, mut news) = (Vec::new(), Vec::new());
        for byte in text.bytes() {
            unread.push(byte);
            while let Some(block) = take_block(&mut unread) {
                news.extend(read_block(&block).unwrap());
            }
        }
        assert_eq!(news.len(), 2);
        assert_eq!(news[0], News::Ready(7));
        assert!(matches!(&news[1], News::Event(event) if event.kind == "job.dead"));
        assert_eq!(news[1].sequence(), 8);
        assert_eq!(unread, b"id: 9\nevent: cut");
    }
}
