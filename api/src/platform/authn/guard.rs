//! The door of every route: runs before the handler, and before a byte of the body is read.

use super::{PlatformCtx, Principal, SessionKey, Subject, TenantCtx};
use crate::{
    app::AppState,
    platform::{
        db::DbError,
        http::{Access, ApiError, problems},
        limits::{RateClass, take_stranger},
    },
};
use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::AUTHORIZATION,
    middleware::Next,
    web::Data,
};

/// Lets a request through to its handler when it may do what the route declares.
pub async fn guard<B: MessageBody + 'static>(
    access: Access,
    rate: RateClass,
    takes_query: bool,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let admitted = match admit(access, rate, &req).await {
        Ok(()) if !takes_query => refuse_query(&req),
        other => other,
    };
    match admitted {
        Ok(()) => Ok(next.call(req).await?.map_into_left_body()),
        Err(error) => Ok(req.error_response(error).map_into_right_body()),
    }
}

async fn admit(access: Access, rate: RateClass, req: &ServiceRequest) -> Result<(), ApiError> {
    let needed = match access {
        Access::Public => return take_stranger(req.request(), rate).await,
        Access::Superadmin => return admit_superadmin(rate, req).await,
        Access::LoggedIn => None,
        Access::Needs(permission) => Some(permission),
    };
    let state = state(req)?;
    let key = match subject(req, state) {
        Ok(Subject::User { tenant, session, .. }) => SessionKey { tenant, session },
        Ok(_) => {
            let refused = problems::UNAUTHENTICATED.with("This token is not for a client's data.");
            return Err(turned_away(req, rate, refused).await);
        }
        Err(refused) => return Err(turned_away(req, rate, refused).await),
    };
    let holds = |principal: &Principal| needed.is_none_or(|permission| principal.permissions.holds(permission));
    let mut principal = match state.db.remembered(key) {
        Some(principal) => principal,
        None => {
            // The session may have ended long ago: looking it up is at the expense of the address.
            take_stranger(req.request(), rate).await?;
            state.db.principal_anew(key).await?
        }
    };
    take_client(req, state, &principal, rate).await?;
    if !holds(&principal) {
        // What is remembered may be from before the role was given more.
        principal = state.db.principal_anew(key).await?;
    }
    if needed.is_some() && principal.must_change_password {
        // It may have been changed meanwhile.
        principal = state.db.principal_anew(key).await?;
        if principal.must_change_password {
            return Err(problems::PASSWORD_CHANGE_REQUIRED.with("Change it with POST /auth/password first."));
        }
    }
    if let Some(permission) = needed.filter(|_| !holds(&principal)) {
        return Err(ApiError::permission_denied(permission));
    }
    req.extensions_mut().insert(TenantCtx::new(principal, needed, state.db.clone()));
    Ok(())
}

/// Who has no good token is counted by their address, and told so first when it is too much.
async fn turned_away(req: &ServiceRequest, rate: RateClass, refused: ApiError) -> ApiError {
    take_stranger(req.request(), rate).await.err().unwrap_or(refused)
}

/// All users of a client are counted together; who guesses at their own password or code, besides
/// that, alone.
async fn take_client(
    req: &ServiceRequest,
    state: &AppState,
    principal: &Principal,
    rate: RateClass,
) -> Result<(), ApiError> {
    let tenant = principal.tenant_id;
    let class = if rate == RateClass::LogIn { RateClass::Write } else { rate };
    let mut taken = state.limits.client(tenant, class).await;
    if taken.refused.is_none() && rate == RateClass::LogIn {
        taken = state.limits.user(tenant, principal.user_id).await;
    }
    req.extensions_mut().insert(taken);
    Ok(taken.allowed()?)
}

/// Nothing is remembered of superadmins: they are few, and a dead session should reach nothing.
async fn admit_superadmin(rate: RateClass, req: &ServiceRequest) -> Result<(), ApiError> {
    let state = state(req)?;
    let (superadmin, session) = match subject(req, state) {
        Ok(Subject::Superadmin { superadmin, session }) => (superadmin, session),
        Ok(_) => {
            let refused = problems::UNAUTHENTICATED.with("This token is not a superadmin's.");
            return Err(turned_away(req, rate, refused).await);
        }
        Err(refused) => return Err(turned_away(req, rate, refused).await),
    };
    let taken = state.limits.superadmin(superadmin, rate).await;
    req.extensions_mut().insert(taken);
    taken.allowed()?;
    let ctx = PlatformCtx { superadmin_id: superadmin, session_id: session };
    state.db.platform(&ctx, |_| Ok::<_, DbError>(())).await?;
    req.extensions_mut().insert(ctx);
    Ok(())
}

fn state(req: &ServiceRequest) -> Result<&AppState, ApiError> {
    req.app_data::<Data<AppState>>().map(|data| data.get_ref()).ok_or_else(|| ApiError::undeclared("AppState"))
}

fn subject(req: &ServiceRequest, state: &AppState) -> Result<Subject, ApiError> {
    let header = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, token)) = header.and_then(|value| value.split_once(' ')) else {
        return Err(problems::UNAUTHENTICATED.with("Log in and send `Authorization: Bearer <access token>`."));
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(problems::UNAUTHENTICATED.with("The authorization scheme is `Bearer`."));
    }
    state.tokens.check(token.trim()).map_err(|error| {
        tracing::debug!(%error, "token refused");
        problems::UNAUTHENTICATED.with("The access token is not valid or has expired; log in again.")
    })
}

/// A route that takes no query string refuses one, as bodies refuse unknown fields.
fn refuse_query(req: &ServiceRequest) -> Result<(), ApiError> {
    if req.query_string().is_empty() {
        return Ok(());
    }
    let names = serde_urlencoded::from_str::<Vec<(String, String)>>(req.query_string()).unwrap_or_default();
    let mut invalid = crate::platform::http::Invalid::default();
    for (name, _) in names {
        invalid.add(&format!("/{name}"), "unknown_field", "This operation takes no such query parameter.");
    }
    Ok(invalid.finish()?)
}
