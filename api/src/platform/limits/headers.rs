//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers, revision 10).

use super::bucket::Taken;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

/// `"reads";q=200;w=1` and `"reads";r=199;t=1`.
pub fn fields(taken: &Taken) -> (String, String) {
    let Taken { quota, remaining, full_in, refused } = *taken;
    let until = refused.unwrap_or(full_in);
    let policy = format!("\"{}\";q={};w={}", quota.name, quota.count, quota.window.as_secs());
    (policy, format!("\"{}\";r={remaining};t={}", quota.name, whole_seconds(until)))
}

/// Rounded up: who comes back then does not come too early.
pub fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Shows what became of a request, unless its problem says it already.
pub fn show(taken: &Taken, headers: &mut HeaderMap) {
    let (policy, state) = fields(taken);
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
        let name = HeaderName::from_static(name);
        if let (false, Ok(value)) = (headers.contains_key(&name), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::limits::Quota;

    #[test]
    fn the_fields_are_as_the_draft_writes_them() {
        let quota = Quota::per_second("reads", 200);
        let mut taken = Taken { quota, remaining: 199, full_in: Duration::from_millis(5), refused: None };
        let text = |policy: &str, state: &str| (policy.to_owned(), state.to_owned());
        assert_eq!(fields(&taken), text("\"reads\";q=200;w=1", "\"reads\";r=199;t=1"));
        taken = Taken { remaining: 0, refused: Some(Duration::from_micros(1_000_001)), ..taken };
        assert_eq!(fields(&taken), text("\"reads\";q=200;w=1", "\"reads\";r=0;t=2"));
    }
}
