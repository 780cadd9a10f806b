//! Calls on the second factor of whoever is logged in.

use crate::{ClientError, Session};
use countinghouse_contract::auth::{CodeOnly, EnrolSecondFactor, Enrolment, RecoveryCodes};

impl Session {
    /// A secret for an authenticator app, which counts once it is confirmed.
    ///
    /// # Errors
    /// The problems `wrong_password` and `second_factor_enrolled`.
    pub async fn enrol_second_factor(&self, current_password: &str) -> Result<Enrolment, ClientError> {
        let body = EnrolSecondFactor { current_password: current_password.to_owned() };
        self.call(self.client().post("/auth/2fa/enroll", &body)).await
    }

    /// Confirms the secret with the app's present code; answers the recovery codes, each good once.
    ///
    /// # Errors
    /// The problems `second_factor_invalid` and `second_factor_not_pending`.
    pub async fn confirm_second_factor(&self, code: &str) -> Result<RecoveryCodes, ClientError> {
        let body = CodeOnly { code: code.to_owned() };
        self.call(self.client().post("/auth/2fa/confirm", &body)).await
    }
}
