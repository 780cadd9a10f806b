//! The rules of API keys.

use super::{error::ApiKeyError, repo};
use crate::{
    app::AppState,
    features::roles,
    platform::{
        audit::{Action, Entry, record_in},
        authn::{self, TenantCtx},
        authz::PermissionSet,
        http::{Invalid, PageRequest, Text},
    },
};
use chrono::{DateTime, Datelike, SubsecRound, Utc};
use countinghouse_contract::{
    ApiKeyId,
    api_keys::{ApiKey, ApiKeyMade, NewApiKey},
};
use serde_json::json;

const NAME: Text = Text::line(1..=100);
/// The last that has four digits on the wire.
const LAST_YEAR: i32 = 9_999;

pub async fn list(ctx: &TenantCtx, asked: PageRequest) -> Result<Vec<ApiKey>, ApiKeyError> {
    Ok(ctx.read(move |tx| repo::list(tx, asked)).await?)
}

/// Makes a key that may do what its maker may do, or less.
pub async fn create(state: &AppState, ctx: &TenantCtx, input: NewApiKey) -> Result<ApiKeyMade, ApiKeyError> {
    let secret = authn::ApiKey::make(ctx.tenant_id().0, &state.ids)?;
    ctx.transaction(move |tx| {
        let (permissions, expires_at) = check(&input, tx.now())?;
        let lacked = tx.actor().permissions.lacks(&permissions);
        if !lacked.is_empty() {
            return Err(ApiKeyError::CannotGrant(lacked));
        }
        let api_key = ApiKey {
            id: ApiKeyId(secret.id),
            name: input.name,
            permissions: permissions.iter().map(|permission| permission.to_string()).collect(),
            created_by: tx.actor().user_id,
            created_at: tx.now(),
            expires_at,
            last_used_at: None,
        };
        repo::insert(tx, &api_key, &secret.hash())?;
        let ApiKey { id, name, permissions, expires_at, .. } = &api_key;
        let made = json!({"name": name, "permissions": permissions, "expires_at": expires_at});
        record_in(tx, Entry::new(Action::ApiKeyCreated, id).after(made))?;
        Ok(ApiKeyMade { api_key, key: secret.text() })
    })
    .await
}

fn check(input: &NewApiKey, now: DateTime<Utc>) -> Result<(PermissionSet, Option<DateTime<Utc>>), Invalid> {
    let mut invalid = Invalid::default();
    invalid.text("/name", &input.name, &NAME);
    let permissions = roles::check_permissions(&mut invalid, &input.permissions);
    if input.permissions.is_empty() {
        invalid.add("/permissions", "too_few", "A key needs at least one permission.");
    }
    // In the microseconds that PostgreSQL keeps.
    let expires_at = input.expires_at.map(|at| at.trunc_subsecs(6));
    if expires_at.is_some_and(|at| at <= now || at.year() > LAST_YEAR) {
        invalid.add("/expires_at", "out_of_range", format!("A time that is still to come, up to {LAST_YEAR}."));
    }
    invalid.finish()?;
    Ok((permissions, expires_at))
}

/// Whoever may make keys may revoke any: a key that leaked need not wait for somebody stronger.
pub async fn revoke(ctx: &TenantCtx, id: ApiKeyId) -> Result<(), ApiKeyError> {
    ctx.transaction(move |tx| {
        if !repo::revoke(tx, id)? {
            return Err(ApiKeyError::NotFound);
        }
        Ok(record_in(tx, Entry::new(Action::ApiKeyRevoked, id))?)
    })
    .await
}
