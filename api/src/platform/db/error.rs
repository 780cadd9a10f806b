//! What can go wrong between the service and PostgreSQL, told apart by what the caller can do.

use crate::platform::{authz::Permission, ids::NoRandomness};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database is away, or too busy to answer in time; a later try may do.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A statement waited too long, for a lock or for its own end; the connection is well.
    #[error("the database took too long: {0}")]
    TimedOut(String),
    /// The connection was lost while it was committed: it may have happened, and it may not.
    #[error("the connection was lost at commit: {0}")]
    OutcomeUnknown(String),
    /// The session was ended or has expired, or its user was disabled.
    #[error("the session has ended")]
    SessionEnded,
    /// No such key, or another secret.
    #[error("the API key is unknown")]
    ApiKeyUnknown,
    /// The key was revoked or has expired, or its maker may no longer come in.
    #[error("the API key has ended")]
    ApiKeyEnded,
    /// The job was given to another worker, cancelled or finished.
    #[error("the job is no longer this attempt's")]
    JobLost,
    #[error("DATABASE_URL_WORKER is not set: this process does no jobs")]
    NoWorkerLogin,
    /// The idempotency key is in use, or was answered before.
    #[error("the idempotency key is taken")]
    KeyTaken,
    #[error("the client is suspended")]
    ClientSuspended,
    /// The role lost the permission while the request was under way.
    #[error("the permission {0} is no longer held")]
    PermissionLost(Permission),
    /// A constraint or unique index of this name refused the row; features know what it means.
    #[error("the constraint {name} was violated")]
    Constraint { name: String, source: DieselError },
    #[error("a query failed: {}", without_values(&.0.to_string()))]
    Query(DieselError),
    /// A row holds what the service can not have written.
    #[error("a row of {table} is not readable: {what}")]
    Corrupt { table: &'static str, what: String },
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("the thread of the transaction ended early")]
    Thread,
}

impl DbError {
    /// Whether this is the violation of that constraint.
    pub fn violates(&self, constraint: &str) -> bool {
        matches!(self, Self::Constraint { name, .. } if name == constraint)
    }

    /// Whether a row was in a currency that is not the client's, or the currency was changed under
    /// one: the foreign keys on it have names that end so.
    pub fn concerns_currency(&self) -> bool {
        matches!(self, Self::Constraint { name, .. } if name.ends_with("_currency_fkey"))
    }
}

/// What PostgreSQL says last, and libpq when it finds nobody there: diesel does not always call
/// that a closed connection.
const LOST: [&str; 5] = [
    "terminating connection due to",
    "server closed the connection unexpectedly",
    "could not receive data from server",
    "could not send data to server",
    "no connection to the server",
];

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        let (kind, info) = match &error {
            DieselError::DatabaseError(kind, info) => (kind, info),
            DieselError::BrokenTransactionManager => return Self::Unavailable("the connection broke".to_owned()),
            DieselError::RollbackErrorOnCommit { .. } => {
                return Self::Unavailable("the connection broke at commit".to_owned());
            }
            _ => return Self::Query(error),
        };
        match kind {
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::Unavailable(info.message().to_owned())
            }
            _ if LOST.iter().any(|text| info.message().starts_with(text)) => {
                Self::Unavailable(info.message().to_owned())
            }
            // The connection is older than the schema: another one has prepared it.
            _ if info.message().starts_with("prepared statement \"begin_") => {
                Self::Unavailable(info.message().to_owned())
            }
            DatabaseErrorKind::SerializationFailure => Self::TimedOut(info.message().to_owned()),
            // In the language that roles.sql sets for the service's logins.
            _ if ["canceling statement due to", "deadlock detected"]
                .iter()
                .any(|text| info.message().starts_with(text)) =>
            {
                Self::TimedOut(info.message().to_owned())
            }
            _ => match info.constraint_name() {
                // Raised by begin_session, begin_api_key, begin_job and begin_superadmin.
                Some("session_ended") => Self::SessionEnded,
                Some("api_key_ended") => Self::ApiKeyEnded,
                Some("job_lost") => Self::JobLost,
                Some("client_suspended") => Self::ClientSuspended,
                // By claim_idempotency_key.
                Some("idempotency_in_progress" | "idempotency_answered") => Self::KeyTaken,
                Some(name) => Self::Constraint { name: name.to_owned(), source: error },
                None => Self::Query(error),
            },
        }
    }
}

/// PostgreSQL quotes in its messages what it could not use, be it a name in the schema or something
/// that somebody entered. Only what is announced as a name goes to the log.
fn without_values(message: &str) -> String {
    const NAMES: [&str; 9] =
        ["column", "constraint", "function", "index", "policy", "relation", "role", "table", "trigger"];
    let mut told = String::new();
    let mut quoted = false;
    for part in message.split('"') {
        let name = told.trim_end().rsplit(' ').next().is_some_and(|word| NAMES.contains(&word));
        match quoted {
            false => told.push_str(part),
            true if name => told.extend(["\"", part, "\""]),
            true => told.push_str("\"…\""),
        }
        quoted = !quoted;
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_connection_is_an_outage_however_it_is_noticed() {
        let of = |kind, message: &str| DieselError::DatabaseError(kind, Box::new(message.to_owned()));
        let lost = || of(DatabaseErrorKind::ClosedConnection, "server closed the connection unexpectedly");
        for error in [
            lost(),
            of(DatabaseErrorKind::UnableToSendCommand, "no connection to the server"),
            of(DatabaseErrorKind::Unknown, "terminating connection due to administrator command"),
            of(DatabaseErrorKind::Unknown, "server closed the connection unexpectedly\n\tThis probably means"),
            DieselError::BrokenTransactionManager,
            DieselError::RollbackErrorOnCommit { rollback_error: Box::new(lost()), commit_error: Box::new(lost()) },
        ] {
            let told = error.to_string();
            assert!(matches!(DbError::from(error), DbError::Unavailable(_)), "{told}");
        }
        let broken = of(DatabaseErrorKind::Unknown, "column \"x\" does not exist");
        assert!(matches!(DbError::from(broken), DbError::Query(_)));
    }

    #[test]
    fn names_are_told_and_values_are_not() {
        for (said, told) in [
            ("column \"note\" of relation \"customers\" does not exist", None),
            ("permission denied for table orders", None),
            (
                "invalid input syntax for type integer: \"Olga Berg\"",
                Some("invalid input syntax for type integer: \"…\""),
            ),
            (
                "value \"12345678901\" is out of range for type integer",
                Some("value \"…\" is out of range for type integer"),
            ),
            ("unterminated: \"Olga", Some("unterminated: \"…\"")),
            ("of a \"quote\" in a \"value\"", Some("of a \"…\" in a \"…\"")),
        ] {
            assert_eq!(without_values(said), told.unwrap_or(said));
        }
    }
}
