//! What can go wrong at the door.

use crate::platform::{
    authn::TokenError,
    db::DbError,
    http::{ApiError, Invalid, Kind, problems},
    ids::NoRandomness,
    limits::TooMany,
    passwords::PasswordError,
    second_factor::AuthenticatorError,
    vault::VaultError,
};
use chrono::{DateTime, Utc};

pub const INVALID_CREDENTIALS: Kind = Kind::new(
    401,
    "invalid_credentials",
    "The log-in is not right",
    "The client, the user name, the password or the code is not right, or the user is disabled; which of \
     them is not said. Check all of them; too many tries are throttled.",
);
pub const INVALID_REFRESH_TOKEN: Kind = Kind::new(
    401,
    "invalid_refresh_token",
    "Log in again",
    "The refresh token was used before, or its session has ended. A token is good for one new pair; when \
     it comes twice, its session is ended to be safe. Log in again.",
);
pub const WRONG_PASSWORD: Kind = Kind::new(
    403,
    "wrong_password",
    "The present password is not right",
    "The present password that came with the request is not right, and nothing was changed.",
);

pub const TOTP_REQUIRED: Kind = Kind::new(
    401,
    "totp_required",
    "A code is needed too",
    "The password is right, and this user has a second factor: send totp_code as well, from the \
     authenticator app or one of the recovery codes. Each code counts once.",
);
pub const ALREADY_ENROLLED: Kind = Kind::new(
    409,
    "second_factor_enrolled",
    "There is a second factor already",
    "The user has a second factor. To set up another one, disable this one first with POST \
     /auth/2fa/disable.",
);
pub const NOTHING_TO_CONFIRM: Kind = Kind::new(
    409,
    "second_factor_not_pending",
    "There is nothing to confirm",
    "There is no second factor that waits for its first code. Begin with POST /auth/2fa/enroll.",
);
pub const CODE_REQUIRED: Kind = Kind::new(
    401,
    "second_factor_required",
    "A code is needed",
    "This operation is protected by a second factor. Send a code of the authenticator app, or a recovery \
     code, in the header X-2FA-Code.",
);
pub const CODE_INVALID: Kind = Kind::new(
    401,
    "second_factor_invalid",
    "The code is not right",
    "The code is wrong, too old, or was used before. Wait for the app's next code; five wrong ones in a \
     row lock the second factor for 15 minutes.",
);
pub const NOT_ENROLLED: Kind = Kind::new(
    403,
    "second_factor_not_enrolled",
    "A second factor is needed",
    "This operation is protected by a second factor, and the user has none. Set one up with POST \
     /auth/2fa/enroll and confirm it.",
);
pub const LOCKED: Kind = Kind::new(
    429,
    "second_factor_locked",
    "Too many wrong codes",
    "Five codes in a row were wrong, so no code is looked at for 15 minutes. Wait as long as Retry-After \
     says; a superadmin can take the factor away from somebody who has lost it.",
);

/// Why a code opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    #[error("no code was sent")]
    Required,
    /// Wrong, used before, or out of time.
    #[error("the code is not right")]
    Invalid,
    #[error("the user has no second factor")]
    NotEnrolled,
    #[error("an API key has no second factor")]
    PeopleOnly,
    #[error("the second factor is locked")]
    Locked { until: DateTime<Utc>, now: DateTime<Utc> },
    #[error(transparent)]
    Authenticator(#[from] AuthenticatorError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl SecondFactorError {
    /// Whether it is the caller's fault and not an outage.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Required | Self::Invalid | Self::NotEnrolled | Self::PeopleOnly | Self::Locked { .. })
    }
}

impl From<SecondFactorError> for ApiError {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Required => {
                CODE_REQUIRED.with("Send a code of your authenticator app, or a recovery code.")
            }
            SecondFactorError::Invalid => CODE_INVALID.with("Wrong, or used before: each code counts once."),
            SecondFactorError::NotEnrolled => NOT_ENROLLED.with("Set one up with POST /auth/2fa/enroll first."),
            SecondFactorError::PeopleOnly => problems::PEOPLE_ONLY.with("Log in as a user for this."),
            SecondFactorError::Locked { until, now } => {
                let seconds = (until - now).num_seconds().max(0) + 1;
                LOCKED
                    .with("Five in a row were wrong; try again later.")
                    .with_header("Retry-After", seconds.to_string())
            }
            SecondFactorError::Authenticator(error) => Self::internal(error),
            SecondFactorError::Vault(error) => error.into(),
            SecondFactorError::Db(error) => error.into(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    /// The same for a wrong client, user name or password, and for a disabled user.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// Unknown, spent, or of a session that has ended.
    #[error("invalid refresh token")]
    InvalidRefreshToken,
    #[error("the present password is wrong")]
    WrongPassword,
    /// The password is right; a code is missing or not right.
    #[error("a code is needed too")]
    TotpRequired,
    #[error("there is a second factor already")]
    AlreadyEnrolled,
    #[error("no second factor waits to be confirmed")]
    NothingToConfirm,
    #[error(transparent)]
    SecondFactor(#[from] SecondFactorError),
    #[error(transparent)]
    Authenticator(#[from] AuthenticatorError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("there is no such session")]
    NotFound,
    #[error("the client is suspended")]
    ClientSuspended,
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for IdentityError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Invalid(invalid) => invalid.into(),
            IdentityError::InvalidCredentials => {
                INVALID_CREDENTIALS.with("Check the client id, the user name and the password.")
            }
            IdentityError::InvalidRefreshToken => {
                INVALID_REFRESH_TOKEN.with("This refresh token is not, or no longer, good.")
            }
            IdentityError::WrongPassword => WRONG_PASSWORD.with("Nothing was changed."),
            IdentityError::TotpRequired => {
                TOTP_REQUIRED.with("Send `totp_code`: of your authenticator app, or a recovery code. Each counts once.")
            }
            IdentityError::AlreadyEnrolled => ALREADY_ENROLLED.with("Disable it first to set up another."),
            IdentityError::NothingToConfirm => NOTHING_TO_CONFIRM.with("Begin with POST /auth/2fa/enroll."),
            IdentityError::SecondFactor(error) => error.into(),
            IdentityError::Authenticator(error) => Self::internal(error),
            IdentityError::Vault(error) => error.into(),
            IdentityError::NotFound => Self::not_found(),
            IdentityError::ClientSuspended => problems::CLIENT_SUSPENDED.with("Ask the operator of this service."),
            IdentityError::TooMany(error) => error.into(),
            IdentityError::Password(error) => error.into(),
            IdentityError::Token(error) => error.into(),
            IdentityError::NoRandomness(error) => error.into(),
            IdentityError::Db(error) => error.into(),
        }
    }
}
