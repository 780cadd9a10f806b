//! `If-Match`: change only what one has seen (RFC 9110, section 13.1.1).

use super::{error::ApiError, problems};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::IF_MATCH};
use std::future::{Ready, ready};

/// The versions that the caller is content to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// No header, or `*`: whatever stands there now.
    Any,
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Refuses a change of a version that the caller has not seen.
    pub fn check(&self, version: i64) -> Result<(), ApiError> {
        match self {
            Self::OneOf(tags) if !tags.contains(&format!("\"{version}\"")) => {
                Err(problems::VERSION_MISMATCH.with("It is no longer the version you have seen; read it again first."))
            }
            _ => Ok(()),
        }
    }

    fn parse(header: &str) -> Self {
        match header.trim() {
            "*" => Self::Any,
            tags => Self::OneOf(tags.split(',').map(|tag| tag.trim().to_owned()).collect()),
        }
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Several header lines are one list (RFC 9110, section 5.3).
        let lines = req.headers().get_all(IF_MATCH).map(|value| value.to_str().unwrap_or_default());
        let list = lines.collect::<Vec<_>>().join(",");
        let sent = req.headers().contains_key(IF_MATCH);
        ready(Ok(if sent { Self::parse(&list) } else { Self::Any }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_seen_version_passes() {
        assert!(IfMatch::parse("*").check(7).is_ok());
        assert!(IfMatch::parse("\"7\"").check(7).is_ok());
        assert!(IfMatch::parse("\"6\", \"7\"").check(7).is_ok());
        for stale in ["\"6\"", "7", "W/\"7\"", "", "\"77\""] {
            assert!(IfMatch::parse(stale).check(7).is_err(), "{stale}");
        }
    }
}
