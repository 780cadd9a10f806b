//! Calls on the client's own profile.

use crate::{ClientError, Session};
use countinghouse_contract::client::{Profile, ProfilePatch};
use reqwest::header::IF_MATCH;

impl Session {
    /// What the client says of itself, and how it sells.
    ///
    /// # Errors
    /// None of its own.
    pub async fn profile(&self) -> Result<Profile, ClientError> {
        self.call(self.client().get("/client")).await
    }

    /// Changes the profile, when it is still the version that was seen.
    ///
    /// # Errors
    /// The problems `version_mismatch` and `currency_in_use`.
    pub async fn change_profile(&self, patch: &ProfilePatch, seen: &Profile) -> Result<Profile, ClientError> {
        let tag = format!("\"{}\"", seen.version);
        self.call(self.client().patch("/client", patch).header(IF_MATCH, tag)).await
    }
}
