//! What a stranger's server answered, cut to what somebody will look at.

use chrono::{DateTime, Duration, Utc};
use reqwest::{
    Response,
    header::{HeaderMap, RETRY_AFTER, SET_COOKIE},
};
use std::{collections::BTreeMap, time};

const MOST_OF_BEGINNING: usize = 4096;
const MOST_BODY: usize = 64 * 1024;
const MOST_HEADERS: usize = 20;
const MOST_OF_HEADER: usize = 200;

/// What has not come by then of a body's beginning is not waited for: the status has said it all.
const PATIENCE: time::Duration = time::Duration::from_secs(2);

/// How much of an answer's body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As much of the first few KiB as comes soon: somebody may look at it.
    Beginning,
    /// All of it, as long as there is time and up to 64 KiB: it says something.
    Whole,
}

/// An answer. Its texts hold no control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    /// The first of them by name, without cookies.
    pub headers: BTreeMap<String, String>,
    /// How it begins.
    pub body: String,
    /// All of it is here, or as much as was wanted.
    pub complete: bool,
    retry_after: Option<String>,
}

impl Answered {
    pub(super) async fn of(mut response: Response, reading: Reading) -> Self {
        let (status, headers) = (response.status().as_u16(), cut(response.headers()));
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        let complete = match reading {
            // What came until then is kept.
            Reading::Beginning => {
                let read = tokio::time::timeout(PATIENCE, read(&mut response, &mut body, MOST_OF_BEGINNING));
                read.await.unwrap_or(false)
            }
            // The call's own patience ends it.
            Reading::Whole => read(&mut response, &mut body, MOST_BODY).await,
        };
        Self { status, headers, body: text(&body), complete, retry_after }
    }

    /// For how long it asks to be left alone: seconds, or until a date.
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let asked = self.retry_after.as_deref()?.trim();
        let until = || DateTime::parse_from_rfc2822(asked).ok().map(|until| until.with_timezone(&Utc) - now);
        let seconds = asked.parse::<u32>().ok().map(|seconds| Duration::seconds(seconds.into()));
        seconds.or_else(until).map(|wait| wait.max(Duration::zero()))
    }
}

/// Reads so much, and says whether that is all there was to be read.
async fn read(response: &mut Response, body: &mut Vec<u8>, most: usize) -> bool {
    while body.len() < most {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend(chunk.into_iter().take(most - body.len())),
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
    true
}

/// Cookies are secrets of whoever answers.
fn cut(headers: &HeaderMap) -> BTreeMap<String, String> {
    let shown = headers.iter().filter(|(name, _)| **name != SET_COOKIE).take(MOST_HEADERS);
    let cut = |value: &[u8]| text(value).chars().take(MOST_OF_HEADER).collect();
    // Of one that comes more than once, the last.
    shown.map(|(name, value)| (name.to_string(), cut(value.as_bytes()))).collect()
}

fn text(bytes: &[u8]) -> String {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    String::from_utf8_lossy(bytes).chars().filter(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: DateTime<Utc> = "2026-03-01T10:00:00Z".parse().unwrap();
        let asked = |retry_after: &str| {
            let answer = Answered {
                status: 429,
                headers: BTreeMap::new(),
                body: String::new(),
                complete: true,
                retry_after: Some(retry_after.to_owned()),
            };
            answer.retry_after(now).map(|wait| wait.num_seconds())
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Sun, 01 Mar 2026 10:05:00 GMT"), Some(300));
        assert_eq!(asked("Sun, 01 Mar 2026 09:05:00 GMT"), Some(0));
        for nonsense in ["", "-1", "1.5", "soon", "99999999999"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_text_that_is_kept_controls_no_screen() {
        assert_eq!(text(b"a\x1b[2Jb\0c\r\nd\xff"), "a[2Jbc\r\nd\u{fffd}");
    }
}
