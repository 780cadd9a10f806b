//! One-time codes of an authenticator app, and the rule that closes the door after wrong ones.
//!
//! RFC 6238 with what every app knows: SHA-1, six digits, steps of 30 seconds, one step either
//! side. Who remembers the last step used and holds the row meanwhile is up to the features.

use super::{
    crypto::Secret,
    ids::{Ids, NoRandomness},
};
use chrono::{DateTime, Duration, Utc};
use totp_rs::{Builder, Totp};

/// Wrong codes in a row until the second factor is locked.
const MOST_FAILURES: i32 = 5;

/// For how long it is locked then.
const LOCK: Duration = Duration::minutes(15);

/// What an app shows above the code.
const ISSUER: &str = "Countinghouse";

#[derive(Debug, thiserror::Error)]
pub enum AuthenticatorError {
    #[error("the second factor can not be set up: {0}")]
    Totp(#[from] totp_rs::TotpError),
    #[error("the QR code can not be drawn: {0}")]
    Qr(String),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The secret that an authenticator app shares with the service.
pub struct Authenticator {
    totp: Totp,
}

impl Authenticator {
    /// A new one with 160 random bits, as RFC 4226 recommends; the bits are to be sealed.
    pub fn make(ids: &Ids, account: &str) -> Result<(Self, Secret<[u8; 20]>), AuthenticatorError> {
        let secret = Secret::new(ids.random_bytes::<20>()?);
        Ok((Self::new(secret.expose(), account)?, secret))
    }

    /// One that was made before, to check codes with.
    pub fn of(secret: &[u8]) -> Result<Self, AuthenticatorError> {
        Self::new(secret, "")
    }

    fn new(secret: &[u8], account: &str) -> Result<Self, AuthenticatorError> {
        // A colon divides issuer and account in the otpauth URL.
        let account = account.replace(':', "_");
        let totp = Builder::new()
            .with_secret(totp_rs::Secret::from(secret))
            .with_account_name(account)
            .with_issuer(Some(ISSUER))
            .build()?;
        Ok(Self { totp })
    }

    /// As people type it where they cannot scan.
    pub fn base32(&self) -> String {
        self.totp.secret().to_base32()
    }

    pub fn url(&self) -> Result<String, AuthenticatorError> {
        Ok(self.totp.to_url()?)
    }

    /// The QR code of [`Authenticator::url`] as a PNG in base64.
    pub fn qr_png_base64(&self) -> Result<String, AuthenticatorError> {
        self.totp.to_qr_base64().map_err(|error| AuthenticatorError::Qr(error.to_string()))
    }

    /// The step that this code belongs to, if it is one of now and later than the last one used.
    pub fn step_of(&self, code: &str, now: DateTime<Utc>, last_step: i64) -> Option<i64> {
        if !is_one_time_code(code) {
            return None;
        }
        let step = self.totp.check(code, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok().filter(|step| *step > last_step)
    }
}

pub fn is_one_time_code(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())
}

/// What is remembered of wrong codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    pub failures: i32,
    pub locked_until: Option<DateTime<Utc>>,
}

impl Tries {
    /// Until when no code is looked at, right or wrong.
    pub fn locked_at(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.locked_until.filter(|until| *until > now)
    }

    /// After one more wrong code. The count begins anew when it locks.
    pub fn after_failure(self, now: DateTime<Utc>) -> Self {
        match self.failures + 1 {
            MOST_FAILURES.. => Self { failures: 0, locked_until: Some(now + LOCK) },
            failures => Self { failures, locked_until: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// Appendix B of RFC 6238, for SHA-1; the last six of its eight digits.
    #[test]
    fn codes_are_those_of_rfc_6238_one_step_either_side() {
        let app = Authenticator::new(b"12345678901234567890", "x").unwrap();
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (time, code) in vectors {
            let step = time / 30;
            assert_eq!(app.step_of(code, at(time), 0), Some(step), "{time}");
            assert_eq!(app.step_of(code, at(time + 30), 0), Some(step), "{time}: a step later");
            assert_eq!(app.step_of(code, at(time - 30), 0), Some(step), "{time}: a step before");
            assert_eq!(app.step_of(code, at(time + 60), 0), None, "{time}: two steps later");
            assert_eq!(app.step_of(code, at(time), step - 1), Some(step), "{time}: the step before was used");
            assert_eq!(app.step_of(code, at(time), step), None, "{time}: it was used");
            for other in ["28708", "2870820", " 87082", "", "abcdef", "１２３４５６", "+87082"] {
                assert_eq!(app.step_of(other, at(time), 0), None, "{time} {other:?}");
            }
        }
    }

    #[test]
    fn the_url_names_issuer_and_account_and_fits_into_a_png() {
        let app = Authenticator::new(&[7; 20], "a:b@example.com").unwrap();
        let url = app.url().unwrap();
        assert!(url.starts_with("otpauth://totp/Countinghouse:a_b"), "{url}");
        assert!(url.contains("issuer=Countinghouse") && url.contains(&format!("secret={}", app.base32())), "{url}");
        assert!(app.qr_png_base64().unwrap().starts_with("iVBORw0KGgo"));
    }

    #[test]
    fn the_fifth_wrong_code_locks_for_fifteen_minutes_and_the_count_begins_anew() {
        let mut tries = Tries::default();
        for failures in 1..=4 {
            tries = tries.after_failure(at(0));
            assert_eq!(tries, Tries { failures, locked_until: None });
        }
        tries = tries.after_failure(at(0));
        assert_eq!(tries.locked_at(at(899)), Some(at(900)));
        assert_eq!(tries.locked_at(at(900)), None);
        assert_eq!(tries.after_failure(at(900)), Tries { failures: 1, locked_until: None });
    }
}
