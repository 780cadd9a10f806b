//! Making superadmins and letting them in.

use super::{
    error::SuperadminError,
    repo::{self, NewSession, NewSuperadmin},
};
use crate::{
    app::AppState,
    features::identity::Origin,
    platform::{
        authn::{RefreshToken, Subject, TOKEN_LIFETIME},
        crypto::{DataKey, MasterKeys, Place, key_of},
        db::EntryTx,
        http::{Invalid, Text},
        passwords,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use countinghouse_contract::{
    SessionId, SuperadminId,
    admin::LoginSuperadmin,
    auth::{LoggedIn, SuperadminLogin},
};
use serde::Serialize;
use std::sync::Arc;
use totp_rs::{Builder, Secret, Totp};
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

    let secret = state.ids.random_bytes::<20>()?;
    let totp = totp_of(&secret, &username)?;
    let (totp_secret, otpauth_url) = (totp.secret().to_base32(), totp.to_url()?);
    let password_hash = state.passwords.hash(password).await?;
    let id = state.ids.make::<SuperadminId>()?;
    let (masters, name) = (Arc::clone(&state.master_keys), username.clone());
    let inserted = state.db.platform_entry(move |tx| {
        let totp_secret = platform_key_in(tx, &masters)?.seal(tx.ids(), place(id.0), &secret)?;
        let row = NewSuperadmin { id, username: name, password_hash, totp_secret };
        Ok(repo::insert(tx, &row)?)
    });
    inserted.await.map_err(|error: SuperadminError| match error {
        SuperadminError::Db(e) if e.violates("superadmins_username_key") => SuperadminError::NameTaken,
        other => other,
    })?;
    Ok(Created { username, password: made, totp_secret, otpauth_url })
}

/// Checks password and code, whichever is wrong with the same answer, and opens a session.
pub async fn login(
    state: &AppState,
    input: SuperadminLogin,
    from: Origin,
) -> Result<LoggedIn<LoginSuperadmin>, SuperadminError> {
    let SuperadminLogin { username, password, totp_code } = input;
    let username = if username.chars().any(char::is_control) { String::new() } else { username };
    state.limits.log_in(None, &username).await?;
    let masters = Arc::clone(&state.master_keys);
    let known = state.db.platform_entry(move |tx| {
        let Some(found) = repo::find(tx, &username)? else {
            return Ok(None);
        };
        let key_id = key_of(&found.totp_secret)?;
        let kept = repo::data_key(tx, key_id)?;
        let key = masters.unwrap_data_key(kept.id, &kept.master_key_id, &kept.wrapped)?;
        let secret = key.open(place(found.id), &found.totp_secret)?;
        Ok::<_, SuperadminError>(Some((found, secret)))
    });
    let known = known.await?;
    let hash = known.as_ref().map(|(found, _)| found.password_hash.clone());
    let right = state.passwords.verify(password, hash).await?;
    let Some((found, secret)) = known.filter(|(found, _)| right && !found.disabled) else {
        return Err(SuperadminError::InvalidCredentials);
    };
    let now = state.ids.now();
    let step = matched_step(&totp_of(secret.expose(), &found.username)?, &totp_code, now.timestamp())
        .ok_or(SuperadminError::InvalidCredentials)?;
    let id = SuperadminId(found.id);
    let session = state.ids.make::<SessionId>()?;
    let row = NewSession {
        id: session,
        superadmin: id,
        from,
        created_at: now,
        expires_at: now + state.sessions.superadmin_idle.min(state.sessions.superadmin_longest),
        latest_end: now + state.sessions.superadmin_longest,
    };
    let refresh_token = RefreshToken::make(Uuid::nil(), &state.ids)?;
    let first = refresh_token.clone();
    let first_use = state.db.platform_entry(move |tx| {
        // The UPDATE decides between two requests that bring the same code at once.
        let first_use = repo::use_totp_step(tx, id, step, now)?;
        if first_use {
            repo::insert_session(tx, &row)?;
            repo::insert_refresh_token(tx, session, &first, now)?;
        }
        Ok::<_, SuperadminError>(first_use)
    });
    if !first_use.await? {
        return Err(SuperadminError::InvalidCredentials);
    }
    Ok(LoggedIn {
        access_token: state.tokens.issue(Subject::Superadmin { superadmin: id, session })?,
        token_type: "Bearer".to_owned(),
        expires_in: TOKEN_LIFETIME.as_secs(),
        refresh_token: refresh_token.text(),
        user: LoginSuperadmin { id, username: found.username },
    })
}

/// RFC 6238 with what every authenticator app knows: SHA-1, six digits, 30 seconds, one step
/// either side.
fn totp_of(secret: &[u8], username: &str) -> Result<Totp, SuperadminError> {
    // A colon divides issuer and name in the otpauth URL.
    let account = username.replace(':', "_");
    Ok(Builder::new()
        .with_secret(Secret::from(secret))
        .with_account_name(account)
        .with_issuer(Some("Countinghouse"))
        .build()?)
}

fn matched_step(totp: &Totp, code: &str, at: i64) -> Option<i64> {
    let six_digits = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
    let step = totp.check(code, u64::try_from(at).ok()?).filter(|_| six_digits)?;
    i64::try_from(step).ok()
}

fn place(row: Uuid) -> Place<'static> {
    Place { tenant: Uuid::nil(), table: "superadmins", column: "totp_secret", row }
}

/// The operator's data key, made when the first secret is sealed.
fn platform_key_in(tx: &mut EntryTx<'_>, masters: &MasterKeys) -> Result<DataKey, SuperadminError> {
    if let Some(kept) = repo::newest_data_key(tx)? {
        return Ok(masters.unwrap_data_key(kept.id, &kept.master_key_id, &kept.wrapped)?);
    }
    let (key, master_key_id, wrapped) = masters.make_data_key(tx.ids(), tx.ids().make()?)?;
    repo::insert_data_key(tx, &key, master_key_id, wrapped)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 6238, for SHA-1; the last six of its eight digits.
    #[test]
    fn codes_are_those_of_rfc_6238_one_step_either_side() {
        let totp = totp_of(b"12345678901234567890", "x").unwrap();
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (at, code) in vectors {
            assert_eq!(matched_step(&totp, code, at), Some(at / 30), "{at}");
            assert_eq!(matched_step(&totp, code, at + 30), Some(at / 30), "{at}: a step later");
            assert_eq!(matched_step(&totp, code, at - 30), Some(at / 30), "{at}: a step before");
            assert_eq!(matched_step(&totp, code, at + 60), None, "{at}: two steps later");
            for other in ["28708", "2870820", " 87082", "", "abcdef", "１２３４５６", "+87082"] {
                assert_eq!(matched_step(&totp, other, at), None, "{at} {other:?}");
            }
        }
    }
}
