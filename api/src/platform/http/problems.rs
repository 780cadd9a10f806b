//! The problems that any route may answer with. Features keep their own in their `error.rs`.

use super::error::Kind;

pub const MALFORMED: Kind = Kind::new(
    400,
    "malformed_request",
    "The request could not be read",
    "The request could not be read at all: its JSON is broken, its text is no UTF-8, or a header or query \
     string can not be decoded. Send what a JSON library writes; detail says where reading stopped.",
);
pub const UNAUTHENTICATED: Kind = Kind::new(
    401,
    "unauthenticated",
    "Log in first",
    "No credential came with the request, or one that is not good here. Log in with POST /auth/login and \
     send the access token, get a new one with POST /auth/refresh when it has expired, or send an API \
     key.",
);
pub const INVALID_SIGNATURE: Kind = Kind::new(
    401,
    "invalid_signature",
    "The message is not signed as it has to be",
    "There is no such client, it takes no such messages, or the signature is missing or wrong: the answer is the \
     same for all of them. The header X-Signature holds the base64 of the HMAC-SHA256 over the very bytes of the \
     body, under the secret that both sides know. Sign what is sent, after it was written as JSON.",
);
pub const SESSION_ENDED: Kind = Kind::new(
    401,
    "session_ended",
    "The session has ended",
    "The session behind the token has ended: somebody logged out, ended it or changed the password, the \
     user was disabled, or it was not used for too long. Log in again.",
);
pub const API_KEY_ENDED: Kind = Kind::new(
    401,
    "api_key_ended",
    "The API key is no longer good",
    "The API key was revoked, has expired, or the user who made it is gone. Somebody who may make keys \
     makes another one with POST /api-keys.",
);
pub const TWO_CREDENTIALS: Kind = Kind::new(
    400,
    "two_credentials",
    "One credential, please",
    "The request carries an access token and an API key, and it is not for the service to choose. Send \
     one of the two.",
);
pub const PEOPLE_ONLY: Kind = Kind::new(
    403,
    "people_only",
    "This is not for API keys",
    "This operation is for people: an API key can not do it, whatever its permissions. Log in as a user.",
);
pub const CANNOT_GRANT: Kind = Kind::new(
    403,
    "cannot_grant",
    "Nobody grants what they do not hold",
    "Nobody gives, changes or takes apart a role, a user or a key that may do more than they may \
     themselves. Ask somebody who holds the permissions that detail names.",
);
pub const PERMISSION_DENIED: Kind = Kind::new(
    403,
    "permission_denied",
    "Not allowed",
    "The caller's role, or what the API key was given, lacks the permission that detail names. Ask an \
     owner for a role that has it, or make a key that was given it.",
);
pub const PASSWORD_CHANGE_REQUIRED: Kind = Kind::new(
    403,
    "password_change_required",
    "The password has to be changed first",
    "The password was set by somebody else and is good for one thing: choosing another with POST \
     /auth/password. After that everything works.",
);
pub const CLIENT_SUSPENDED: Kind = Kind::new(
    403,
    "client_suspended",
    "The client is suspended",
    "The operator has stopped this client. Its data is kept, and its sessions go on where they were as \
     soon as it is resumed. Ask the operator.",
);
pub const NOT_FOUND: Kind = Kind::new(
    404,
    "not_found",
    "Not found",
    "There is no such thing, it belongs to another client, or the id is none at all: the answer is the \
     same for all three. Look at the id, and at whose credential was sent.",
);
pub const METHOD_NOT_ALLOWED: Kind = Kind::new(
    405,
    "method_not_allowed",
    "The method is not allowed here",
    "The path is right and the method is not; the Allow header lists those that are.",
);
pub const BODY_TOO_SLOW: Kind = Kind::new(
    408,
    "body_too_slow",
    "The body took too long",
    "The body did not arrive in time, and nothing was done. Send it at once; a slow line may need smaller \
     requests.",
);
pub const CURRENCY_CHANGED: Kind = Kind::new(
    409,
    "currency_changed",
    "The client's currency has just changed",
    "The client's currency was changed in the very moment of this request, and nothing was done. Read the \
     amounts again and send it once more.",
);
pub const USERNAME_TAKEN: Kind = Kind::new(
    409,
    "username_taken",
    "The user name is taken",
    "Somebody of this client has the name already; upper and lower case are the same. Choose another one.",
);
pub const IDEMPOTENCY_IN_PROGRESS: Kind = Kind::new(
    409,
    "idempotency_in_progress",
    "A request with this key is still running",
    "A request with this Idempotency-Key is still being worked on. Wait as long as Retry-After says and \
     send it again: the answer of the first one comes then.",
);
pub const VERSION_MISMATCH: Kind = Kind::new(
    412,
    "version_mismatch",
    "It has changed meanwhile",
    "If-Match names a version that is no longer the present one: somebody has changed the thing \
     meanwhile. Read it again, look whether the change still makes sense, and send the new ETag.",
);
pub const TOO_LARGE: Kind = Kind::new(
    413,
    "body_too_large",
    "The body is too large",
    "The body is larger than the service takes. Split the work into several requests.",
);
pub const UNSUPPORTED_MEDIA_TYPE: Kind = Kind::new(
    415,
    "unsupported_media_type",
    "The media type is not supported",
    "The body is not of a media type that this operation reads. Send JSON with Content-Type: \
     application/json.",
);
pub const INVALID_REQUEST: Kind = Kind::new(
    422,
    "invalid_request",
    "The input is not valid",
    "The input breaks a rule. errors lists every fault with a JSON pointer to its place, a code for \
     programs and a sentence for people. Mend all of them and send it again; the same request will always \
     be refused.",
);
pub const RATE_LIMITED: Kind = Kind::new(
    429,
    "rate_limited",
    "Too many requests",
    "More was asked for than the quota in RateLimit-Policy allows. Wait as long as Retry-After says; \
     RateLimit shows on every answer what is left, so a program can slow down before.",
);
pub const INTERNAL: Kind = Kind::new(
    500,
    "internal_error",
    "Something broke on our side",
    "Something broke on our side, and it has been logged. Nothing was changed unless another answer says \
     so. Try again, and name the request_id to the operator if it stays.",
);
pub const OUTCOME_UNKNOWN: Kind = Kind::new(
    503,
    "outcome_unknown",
    "It is not known whether it was done",
    "The database was lost in the moment of saving, so nobody can say whether it was done. Sent again \
     with the same Idempotency-Key it happens once; without a key, look first.",
);
pub const UNAVAILABLE: Kind = Kind::new(
    503,
    "unavailable",
    "Not available right now",
    "The service can not reach its data just now, and nothing was changed. Send it again when \
     Retry-After says.",
);

/// What reading a body may be refused with.
pub const OF_A_BODY: [Kind; 5] = [MALFORMED, BODY_TOO_SLOW, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST];
