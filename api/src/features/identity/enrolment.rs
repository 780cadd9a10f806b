//! Getting a second factor, renewing its recovery codes, and giving it up. All of it asks for the
//! password, but for confirming, which asks for a code of the secret that the password got: a session
//! that somebody left open is not enough.

use super::{
    Origin,
    error::IdentityError,
    password::confirm_password,
    recovery, repo,
    second_factor::{Occasion, Who, record_in, try_first_in, try_in},
};
use crate::{
    app::AppState,
    platform::{
        audit::{self, Action, Entry},
        authn::TenantCtx,
        db::TenantTx,
        second_factor::Authenticator,
    },
};
use countinghouse_contract::{
    auth::{CodeOnly, EnrolSecondFactor, Enrolment, PasswordAndCode, RecoveryCodes},
    sessions::SessionEventKind,
};

/// A secret for the user's authenticator app. Nothing asks for its codes until one has come.
pub async fn enrol(state: &AppState, ctx: &TenantCtx, input: EnrolSecondFactor) -> Result<Enrolment, IdentityError> {
    confirm_password(state, ctx, input.current_password).await?;
    let (app, secret) = Authenticator::make(&state.ids, &ctx.principal().username)?;
    let enrolment = Enrolment { secret: app.base32(), otpauth_url: app.url()?, qr_png_base64: app.qr_png_base64()? };
    let (vault, who) = (state.vault.clone(), Who::of(ctx));
    let put = ctx.transaction(move |tx| {
        let sealed = vault.seal_in(tx, who.place(), secret.expose())?;
        Ok::<_, IdentityError>(repo::put_pending(tx, who, &sealed)?)
    });
    if put.await? { Ok(enrolment) } else { Err(IdentityError::AlreadyEnrolled) }
}

/// The first code of the app: from now on it protects. Answers the recovery codes, this once.
pub async fn confirm(
    state: &AppState,
    ctx: &TenantCtx,
    input: CodeOnly,
    from: Origin,
) -> Result<RecoveryCodes, IdentityError> {
    let (state, who) = (state.clone(), Who::of(ctx));
    let confirmed = ctx.transaction(move |tx| {
        let factor = repo::lock_factor(tx, who)?.ok_or(IdentityError::NothingToConfirm)?;
        if factor.confirmed {
            return Err(IdentityError::AlreadyEnrolled);
        }
        let occasion = occasion(tx, who, from);
        // Counted like any other: a stolen session could guess at what its user left unconfirmed.
        if let Err(refusal) = try_first_in(tx, &state, &factor, &input.code, &occasion)? {
            return Ok(Err(refusal));
        }
        record_in(tx, &state, SessionEventKind::SecondFactorEnrolled, &occasion)?;
        let codes = new_recovery_codes_in(tx, &state, who)?;
        audit::record_in(tx, Entry::new(Action::UserSecondFactorEnrolled, who.user))?;
        Ok(Ok(codes))
    });
    Ok(confirmed.await??)
}

/// New recovery codes; the old ones are dead.
pub async fn renew(
    state: &AppState,
    ctx: &TenantCtx,
    input: PasswordAndCode,
    from: Origin,
) -> Result<RecoveryCodes, IdentityError> {
    confirm_password(state, ctx, input.current_password).await?;
    let (state, who) = (state.clone(), Who::of(ctx));
    let renewed = ctx.transaction(move |tx| {
        let occasion = occasion(tx, who, from);
        if let Err(refusal) = try_in(tx, &state, Some(&input.code), &occasion)? {
            return Ok(Err(refusal));
        }
        record_in(tx, &state, SessionEventKind::RecoveryCodesRenewed, &occasion)?;
        let codes = new_recovery_codes_in(tx, &state, who)?;
        audit::record_in(tx, Entry::new(Action::UserRecoveryCodesRenewed, who.user))?;
        Ok::<_, IdentityError>(Ok(codes))
    });
    Ok(renewed.await??)
}

/// Gives the second factor up, with its recovery codes.
pub async fn disable(
    state: &AppState,
    ctx: &TenantCtx,
    input: PasswordAndCode,
    from: Origin,
) -> Result<(), IdentityError> {
    confirm_password(state, ctx, input.current_password).await?;
    let (state, who) = (state.clone(), Who::of(ctx));
    let disabled = ctx.transaction(move |tx| {
        let occasion = occasion(tx, who, from);
        if let Err(refusal) = try_in(tx, &state, Some(&input.code), &occasion)? {
            return Ok(Err(refusal));
        }
        repo::delete_factor(tx, who)?;
        record_in(tx, &state, SessionEventKind::SecondFactorDisabled, &occasion)?;
        audit::record_in(tx, Entry::new(Action::UserSecondFactorDisabled, who.user))?;
        Ok::<_, IdentityError>(Ok(()))
    });
    Ok(disabled.await??)
}

fn occasion(tx: &TenantTx<'_>, who: Who, from: Origin) -> Occasion {
    Occasion { who, session: tx.actor().session_id(), from, now: tx.now() }
}

fn new_recovery_codes_in(tx: &mut TenantTx<'_>, state: &AppState, who: Who) -> Result<RecoveryCodes, IdentityError> {
    let recovery_codes = recovery::make(&state.ids)?;
    let hashes: Vec<_> = recovery_codes.iter().filter_map(|code| recovery::hash(who, code)).collect();
    repo::replace_recovery_codes(tx, who, &hashes)?;
    Ok(RecoveryCodes { recovery_codes })
}
