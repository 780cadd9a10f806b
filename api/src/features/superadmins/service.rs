//! Making superadmins.

use super::{
    error::SuperadminError,
    repo::{self, NewSuperadmin},
};
use crate::{
    app::AppState,
    platform::{
        crypto::Place,
        http::{Invalid, Text},
        passwords,
        second_factor::Authenticator,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use countinghouse_contract::SuperadminId;
use serde::Serialize;
use uuid::Uuid;

/// A new superadmin, with what is shown this once.
#[derive(Serialize)]
pub struct Created {
    pub username: String,
    /// Only when it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    pub totp_secret: String,
    pub otpauth_url: String,
}

/// Makes a superadmin with a second factor; makes a password too when none is given.
pub async fn create(state: &AppState, username: String, given: Option<String>) -> Result<Created, SuperadminError> {
    let made = match &given {
        Some(_) => None,
        None => Some(URL_SAFE_NO_PAD.encode(state.ids.random_bytes::<18>()?)),
    };
    let password = given.or_else(|| made.clone()).unwrap_or_default();
    let mut invalid = Invalid::default();
    invalid.text("/username", &username, &Text::line(1..=100));
    passwords::check_new(&mut invalid, "/password", &password, &username);
    invalid.finish().map_err(|invalid| SuperadminError::Refused(invalid.into()))?;

    let (app, secret) = Authenticator::make(&state.ids, &username)?;
    let (totp_secret, otpauth_url) = (app.base32(), app.url()?);
    let password_hash = state.passwords.hash(password).await?;
    let id = state.ids.make::<SuperadminId>()?;
    let (vault, name) = (state.vault.clone(), username.clone());
    let inserted = state.db.platform_entry(move |tx| {
        let totp_secret = vault.seal_in(tx, place(id.0), secret.expose())?;
        let row = NewSuperadmin { id, username: name, password_hash, totp_secret };
        Ok(repo::insert(tx, &row)?)
    });
    inserted.await.map_err(|error: SuperadminError| match error {
        SuperadminError::Db(e) if e.violates("superadmins_username_key") => SuperadminError::NameTaken,
        other => other,
    })?;
    Ok(Created { username, password: made, totp_secret, otpauth_url })
}

pub(super) fn place(row: Uuid) -> Place<'static> {
    Place { tenant: Uuid::nil(), table: "superadmins", column: "totp_secret", row }
}
