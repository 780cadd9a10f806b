//! Making and listing superadmins.

use super::{error::SuperadminError, repo};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Actor, Entry, record_operator_in},
        authn::PlatformCtx,
        crypto::{Place, Secret},
        db::AnyTx,
        http::{Invalid, PageRequest, Text},
        passwords,
        second_factor::Authenticator,
        vault::Vault,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use countinghouse_contract::{
    SuperadminId,
    admin::{NewSuperadmin, Superadmin, SuperadminMade},
};
use serde::Serialize;
use serde_json::json;
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

/// Makes a superadmin with a second factor; makes a password too when none is given. For the
/// operator's command line.
pub async fn create(state: &AppState, username: String, given: Option<String>) -> Result<Created, SuperadminError> {
    let made = if given.is_none() { Some(make_password(state)?) } else { None };
    let password = given.or_else(|| made.clone()).unwrap_or_default();
    let candidate = Candidate::prepare(state, username, password).await?;
    let (totp_secret, otpauth_url) = (candidate.app.base32(), candidate.app.url()?);
    let vault = state.vault.clone();
    let entered = state.db.platform_entry(move |tx| candidate.insert_in(tx, &vault, Actor::Operator)).await?;
    Ok(Created { username: entered.username, password: made, totp_secret, otpauth_url })
}

/// The same, by another superadmin.
pub async fn create_colleague(
    state: &AppState,
    ctx: &PlatformCtx,
    input: NewSuperadmin,
) -> Result<SuperadminMade, SuperadminError> {
    let password = make_password(state)?;
    let candidate = Candidate::prepare(state, input.username, password.clone()).await?;
    let (totp_secret, otpauth_url) = (candidate.app.base32(), candidate.app.url()?);
    let (vault, actor) = (state.vault.clone(), Actor::from(ctx));
    let superadmin = state.db.platform(ctx, move |tx| candidate.insert_in(tx, &vault, actor)).await?;
    Ok(SuperadminMade { superadmin, password, totp_secret, otpauth_url })
}

/// Superadmins, newest first.
pub async fn list(state: &AppState, ctx: &PlatformCtx, asked: PageRequest) -> Result<Vec<Superadmin>, SuperadminError> {
    Ok(state.db.platform(ctx, move |tx| repo::list(tx, asked)).await?)
}

fn make_password(state: &AppState) -> Result<String, SuperadminError> {
    Ok(URL_SAFE_NO_PAD.encode(state.ids.random_bytes::<18>()?))
}

/// A superadmin who is to be entered.
struct Candidate {
    superadmin: Superadmin,
    password_hash: String,
    app: Authenticator,
    secret: Secret<[u8; 20]>,
}

impl Candidate {
    async fn prepare(state: &AppState, username: String, password: String) -> Result<Self, SuperadminError> {
        let mut invalid = Invalid::default();
        invalid.text("/username", &username, &Text::line(1..=100));
        passwords::check_new(&mut invalid, "/password", &password, &username, &[]);
        invalid.finish().map_err(|invalid| SuperadminError::Refused(invalid.into()))?;
        let (app, secret) = Authenticator::make(&state.ids, &username)?;
        let password_hash = state.passwords.hash(password).await?;
        let id = state.ids.make::<SuperadminId>()?;
        let superadmin = Superadmin { id, username, disabled: false, created_at: state.ids.now() };
        Ok(Self { superadmin, password_hash, app, secret })
    }

    fn insert_in(self, tx: &mut impl AnyTx, vault: &Vault, by: Actor) -> Result<Superadmin, SuperadminError> {
        let totp_secret = vault.seal_in(tx, place(self.superadmin.id.0), self.secret.expose())?;
        repo::insert(tx, &self.superadmin, &self.password_hash, &totp_secret).map_err(|error| {
            let taken = error.violates("superadmins_username_key");
            if taken { SuperadminError::NameTaken } else { SuperadminError::Db(error) }
        })?;
        let Superadmin { id, username, .. } = &self.superadmin;
        let entry = Entry::new(Action::SuperadminCreated, id).after(json!({"username": username}));
        record_operator_in(tx, vault, by, None, entry)?;
        Ok(self.superadmin)
    }
}

pub(super) fn place(row: Uuid) -> Place<'static> {
    Place { tenant: Uuid::nil(), table: "superadmins", column: "totp_secret", row }
}
