//! The problems that any route may answer with. Features keep their own in their `error.rs`.

use super::error::Kind;

pub const MALFORMED: Kind = Kind::new(400, "malformed_request", "The request could not be read");
pub const UNAUTHENTICATED: Kind = Kind::new(401, "unauthenticated", "Log in first");
pub const SESSION_ENDED: Kind = Kind::new(401, "session_ended", "The session has ended");
pub const API_KEY_ENDED: Kind = Kind::new(401, "api_key_ended", "The API key is no longer good");
pub const TWO_CREDENTIALS: Kind = Kind::new(400, "two_credentials", "One credential, please");
pub const PEOPLE_ONLY: Kind = Kind::new(403, "people_only", "This is not for API keys");
pub const CANNOT_GRANT: Kind = Kind::new(403, "cannot_grant", "Nobody grants what they do not hold");
pub const PERMISSION_DENIED: Kind = Kind::new(403, "permission_denied", "Not allowed");
pub const PASSWORD_CHANGE_REQUIRED: Kind =
    Kind::new(403, "password_change_required", "The password has to be changed first");
pub const CLIENT_SUSPENDED: Kind = Kind::new(403, "client_suspended", "The client is suspended");
pub const NOT_FOUND: Kind = Kind::new(404, "not_found", "Not found");
pub const METHOD_NOT_ALLOWED: Kind = Kind::new(405, "method_not_allowed", "The method is not allowed here");
pub const BODY_TOO_SLOW: Kind = Kind::new(408, "body_too_slow", "The body took too long");
pub const CURRENCY_CHANGED: Kind = Kind::new(409, "currency_changed", "The client's currency has just changed");
pub const USERNAME_TAKEN: Kind = Kind::new(409, "username_taken", "The user name is taken");
pub const IDEMPOTENCY_IN_PROGRESS: Kind =
    Kind::new(409, "idempotency_in_progress", "A request with this key is still running");
pub const VERSION_MISMATCH: Kind = Kind::new(412, "version_mismatch", "It has changed meanwhile");
pub const TOO_LARGE: Kind = Kind::new(413, "body_too_large", "The body is too large");
pub const UNSUPPORTED_MEDIA_TYPE: Kind = Kind::new(415, "unsupported_media_type", "The media type is not supported");
pub const INVALID_REQUEST: Kind = Kind::new(422, "invalid_request", "The input is not valid");
pub const RATE_LIMITED: Kind = Kind::new(429, "rate_limited", "Too many requests");
pub const INTERNAL: Kind = Kind::new(500, "internal_error", "Something broke on our side");
pub const OUTCOME_UNKNOWN: Kind = Kind::new(503, "outcome_unknown", "It is not known whether it was done");
pub const UNAVAILABLE: Kind = Kind::new(503, "unavailable", "Not available right now");
