//! Second factors and recovery codes.

use crate::{
    features::identity::second_factor::{Factor, Who},
    platform::{
        db::{AnyTx, DbError, PlatformTx, TenantTx},
        second_factor::Tries,
    },
    schema::{recovery_codes, second_factors, tenants, users},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{TenantId, UserId, auth::SecondFactorState};
use diesel::{prelude::*, query_dsl::methods};
use uuid::Uuid;

type Kept = (Vec<u8>, Option<DateTime<Utc>>, i64, i32, Option<DateTime<Utc>>);

/// The user's factor, confirmed or not; nobody else tries a code until the transaction ends.
pub fn lock_factor(tx: &mut impl AnyTx, who: Who) -> Result<Option<Factor>, DbError> {
    let kept: Option<Kept> = second_factors::table
        .find((who.tenant.0, who.user.0))
        .select((
            second_factors::totp_secret,
            second_factors::confirmed_at,
            second_factors::last_step,
            second_factors::failures,
            second_factors::locked_until,
        ))
        .for_no_key_update()
        .first(tx.any_conn())
        .optional()?;
    Ok(kept.map(|(totp_secret, confirmed_at, last_step, failures, locked_until)| Factor {
        totp_secret,
        confirmed: confirmed_at.is_some(),
        last_step,
        tries: Tries { failures, locked_until },
    }))
}

/// A factor that is not confirmed yet, in place of an older one that was not, in one statement: of
/// two at once the later one stays. False when there is a confirmed one.
pub fn put_pending(tx: &mut TenantTx<'_>, who: Who, totp_secret: &[u8]) -> Result<bool, DbError> {
    let fresh = (
        second_factors::totp_secret.eq(totp_secret),
        second_factors::failures.eq(0),
        second_factors::locked_until.eq(None::<DateTime<Utc>>),
        second_factors::created_at.eq(tx.now()),
    );
    let put = diesel::insert_into(second_factors::table)
        .values((second_factors::tenant_id.eq(who.tenant.0), second_factors::user_id.eq(who.user.0), fresh))
        .on_conflict((second_factors::tenant_id, second_factors::user_id))
        .do_update()
        .set(fresh);
    // In full, since QueryDsl has a `filter` too.
    let unless_confirmed = methods::FilterDsl::filter(put, second_factors::confirmed_at.is_null());
    Ok(unless_confirmed.execute(tx.conn())? == 1)
}

/// The first code came: from now on it protects.
pub fn confirm(tx: &mut TenantTx<'_>, who: Who, step: i64) -> Result<(), DbError> {
    let now = tx.now();
    diesel::update(second_factors::table.find((who.tenant.0, who.user.0)))
        .set((
            second_factors::confirmed_at.eq(now),
            second_factors::last_step.eq(step),
            second_factors::failures.eq(0),
            second_factors::locked_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// A right code: the step is spent and the count of wrong ones begins anew.
pub fn pass(tx: &mut impl AnyTx, who: Who, step: i64) -> Result<(), DbError> {
    diesel::update(second_factors::table.find((who.tenant.0, who.user.0)))
        .set((
            second_factors::last_step.eq(step),
            second_factors::failures.eq(0),
            second_factors::locked_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(tx.any_conn())?;
    Ok(())
}

pub fn keep_tries(tx: &mut impl AnyTx, who: Who, tries: Tries) -> Result<(), DbError> {
    diesel::update(second_factors::table.find((who.tenant.0, who.user.0)))
        .set((second_factors::failures.eq(tries.failures), second_factors::locked_until.eq(tries.locked_until)))
        .execute(tx.any_conn())?;
    Ok(())
}

/// The factor goes, with its recovery codes.
pub fn delete_factor(tx: &mut TenantTx<'_>, who: Who) -> Result<(), DbError> {
    diesel::delete(second_factors::table.find((who.tenant.0, who.user.0))).execute(tx.conn())?;
    Ok(())
}

/// These codes, in place of all there were.
pub fn replace_recovery_codes(tx: &mut TenantTx<'_>, who: Who, hashes: &[[u8; 32]]) -> Result<(), DbError> {
    let of_user = recovery_codes::tenant_id.eq(who.tenant.0).and(recovery_codes::user_id.eq(who.user.0));
    diesel::delete(recovery_codes::table.filter(of_user)).execute(tx.conn())?;
    let rows: Vec<_> = (hashes.iter())
        .map(|hash| {
            (
                recovery_codes::tenant_id.eq(who.tenant.0),
                recovery_codes::user_id.eq(who.user.0),
                recovery_codes::code_sha256.eq(hash),
            )
        })
        .collect();
    diesel::insert_into(recovery_codes::table).values(rows).execute(tx.conn())?;
    Ok(())
}

/// False when there is no such code, or it was used before.
pub fn use_recovery_code(tx: &mut impl AnyTx, who: Who, hash: &[u8], now: DateTime<Utc>) -> Result<bool, DbError> {
    let used = diesel::update(recovery_codes::table.find((who.tenant.0, who.user.0, hash)))
        .filter(recovery_codes::used_at.is_null())
        .set(recovery_codes::used_at.eq(now))
        .execute(tx.any_conn())?;
    Ok(used == 1)
}

/// Whether the user has a second factor, and how many recovery codes are left.
pub fn factor_state(tx: &mut TenantTx<'_>, who: Who) -> Result<SecondFactorState, DbError> {
    let confirmed: Option<bool> = second_factors::table
        .find((who.tenant.0, who.user.0))
        .select(second_factors::confirmed_at.is_not_null())
        .first(tx.conn())
        .optional()?;
    if confirmed != Some(true) {
        return Ok(SecondFactorState::default());
    }
    let left = recovery_codes::table
        .filter(recovery_codes::tenant_id.eq(who.tenant.0).and(recovery_codes::user_id.eq(who.user.0)))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(tx.conn())?;
    Ok(SecondFactorState { enrolled: true, recovery_codes_left: left })
}

/// For superadmins: the user of this client, if there is one.
pub fn find_of_client(tx: &mut PlatformTx<'_>, slug: &str, user: UserId) -> Result<Option<Who>, DbError> {
    let found: Option<(Uuid, Uuid)> = users::table
        .inner_join(tenants::table.on(tenants::id.eq(users::tenant_id)))
        .filter(tenants::slug.eq(slug).and(users::id.eq(user.0)).and(users::deleted_at.is_null()))
        .select((users::tenant_id, users::id))
        .first(tx.conn())
        .optional()?;
    Ok(found.map(|(tenant, user)| Who { tenant: TenantId(tenant), user: UserId(user) }))
}

/// For superadmins: the factor goes, with its recovery codes; false when there was none.
pub fn reset_factor(tx: &mut PlatformTx<'_>, who: Who) -> Result<bool, DbError> {
    Ok(diesel::delete(second_factors::table.find((who.tenant.0, who.user.0))).execute(tx.conn())? == 1)
}
