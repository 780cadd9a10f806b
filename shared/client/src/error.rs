//! Why a call brought no answer, or not the one that was asked for.

use countinghouse_contract::{Problem, problem::CONTENT_TYPE};

/// How much of an answer that nobody expected is kept.
const KEPT_CHARACTERS: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The service refused, and says why.
    #[error("{} {}: {}", .0.status, .0.code, .0.detail)]
    Problem(Box<Problem>),
    /// The service was not reached, did not answer in time, or the answer broke off. Whether it
    /// did what was asked is not known, unless [`reqwest::Error::is_connect`].
    #[error("the service could not be reached, or its answer did not arrive")]
    Http(#[from] reqwest::Error),
    /// An answer that is not in the contract: there is something else at this address, or a proxy
    /// between. `body` is how it begins; of a success, which may hold a secret, it is what is
    /// wrong with it instead.
    #[error("an unexpected answer with status {status}: {body}")]
    Unexpected { status: u16, body: String },
    /// The address of the service is none.
    #[error("`{0}` is no http or https address")]
    BadAddress(String),
    /// A query that has no form as a query string.
    #[error("the query cannot be written")]
    BadQuery(#[from] serde_urlencoded::ser::Error),
}

impl ClientError {
    /// The problem's stable slug, such as `sku_taken`.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            Self::Unexpected { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What an answer that is no success stands for.
    pub(crate) fn of_answer(status: u16, content_type: &str, body: &[u8]) -> Self {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case(CONTENT_TYPE)
            && let Ok(problem) = serde_json::from_slice::<Problem>(body)
        {
            return Self::Problem(Box::new(Problem { status, ..problem }));
        }
        Self::Unexpected { status, body: String::from_utf8_lossy(body).chars().take(KEPT_CHARACTERS).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: &[u8] = br#"{"type": "/problems/sku_taken", "title": "", "status": 409, "detail": "Another.",
        "code": "sku_taken", "request_id": "r", "order_id": "7"}"#;

    #[test]
    fn a_problem_is_known_by_its_media_type() {
        let error = ClientError::of_answer(409, "application/problem+json; charset=utf-8", TAKEN);
        assert_eq!((error.status(), error.code()), (Some(409), Some("sku_taken")));
        assert_eq!(error.problem().unwrap().extra["order_id"], "7");
        assert_eq!(error.to_string(), "409 sku_taken: Another.");
    }

    #[test]
    fn whatever_else_comes_is_unexpected_and_cut_short() {
        for (content_type, body) in [("application/json", TAKEN), ("application/problem+json", b"{}"), ("", b"")] {
            let error = ClientError::of_answer(502, content_type, body);
            assert!(matches!(error, ClientError::Unexpected { status: 502, .. }), "{content_type}: {error:?}");
            assert_eq!(error.code(), None);
        }
        match ClientError::of_answer(502, "text/html", "é".repeat(9_000).as_bytes()) {
            ClientError::Unexpected { body, .. } => assert_eq!(body, "é".repeat(KEPT_CHARACTERS)),
            other => panic!("{other:?}"),
        }
    }
}
