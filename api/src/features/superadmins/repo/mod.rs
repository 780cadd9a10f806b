//! Superadmins, their sessions and refresh tokens in the database.

mod refresh;
mod sessions;

pub use refresh::{
    RefreshRow, end_session, extend_session, insert_refresh_token, lock_refresh_token, mark_refresh_used, refresh_hash,
};
pub use sessions::{close_session, open_sessions};

use crate::{
    features::identity::Origin,
    platform::{
        db::{AnyTx, DbError, EntryTx, PlatformTx, TakeFirstRows},
        http::PageRequest,
        second_factor::Tries,
    },
    schema::{superadmin_sessions, superadmins},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{SessionId, SuperadminId, admin::Superadmin};
use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use uuid::Uuid;

/// What logging in needs of a superadmin.
#[derive(Queryable)]
pub struct Found {
    pub id: Uuid,
    pub username: String,
    pub password_hash: String,
    pub disabled: bool,
}

pub fn find(tx: &mut EntryTx<'_>, username: &str) -> Result<Option<Found>, DbError> {
    let same_name = sql::<Bool>("lower(username) = lower(").bind::<diesel::sql_types::Text, _>(username).sql(")");
    Ok(superadmins::table
        .filter(same_name)
        .select((superadmins::id, superadmins::username, superadmins::password_hash, superadmins::disabled))
        .first(tx.conn())
        .optional()?)
}

/// Enters a superadmin, with the sealed secret of their second factor.
pub fn insert(
    tx: &mut impl AnyTx,
    superadmin: &Superadmin,
    password_hash: &str,
    totp_secret: &[u8],
) -> Result<(), DbError> {
    diesel::insert_into(superadmins::table)
        .values((
            superadmins::id.eq(superadmin.id.0),
            superadmins::username.eq(&superadmin.username),
            superadmins::password_hash.eq(password_hash),
            superadmins::totp_secret.eq(totp_secret),
            superadmins::created_at.eq(superadmin.created_at),
            superadmins::updated_at.eq(superadmin.created_at),
        ))
        .execute(tx.any_conn())?;
    Ok(())
}

pub fn list(tx: &mut PlatformTx<'_>, asked: PageRequest) -> Result<Vec<Superadmin>, DbError> {
    type Row = (Uuid, String, bool, DateTime<Utc>);
    let mut query = superadmins::table
        .select((superadmins::id, superadmins::username, superadmins::disabled, superadmins::created_at))
        .into_boxed();
    if let Some(after) = asked.after {
        query = query
            .filter(superadmins::created_at.le(after.created_at))
            .filter(superadmins::created_at.lt(after.created_at).or(superadmins::id.lt(after.id)));
    }
    let ordered = query.order((superadmins::created_at.desc(), superadmins::id.desc())).first_rows(asked.rows());
    let rows: Vec<Row> = ordered.load(tx.conn())?;
    let superadmin =
        |(id, username, disabled, created_at)| Superadmin { id: SuperadminId(id), username, disabled, created_at };
    Ok(rows.into_iter().map(superadmin).collect())
}

/// A superadmin whose code is being tried.
pub struct Held {
    pub password_hash: String,
    pub totp_secret: Vec<u8>,
    pub last_totp_step: i64,
    pub disabled: bool,
    pub tries: Tries,
}

/// Nobody else tries a code of theirs until the transaction ends.
pub fn lock(tx: &mut EntryTx<'_>, id: SuperadminId) -> Result<Option<Held>, DbError> {
    type Row = (String, Vec<u8>, i64, bool, i32, Option<DateTime<Utc>>);
    let row: Option<Row> = superadmins::table
        .find(id.0)
        .select((
            superadmins::password_hash,
            superadmins::totp_secret,
            superadmins::last_totp_step,
            superadmins::disabled,
            superadmins::failures,
            superadmins::locked_until,
        ))
        .for_no_key_update()
        .first(tx.conn())
        .optional()?;
    Ok(row.map(|(password_hash, totp_secret, last_totp_step, disabled, failures, locked_until)| Held {
        password_hash,
        totp_secret,
        last_totp_step,
        disabled,
        tries: Tries { failures, locked_until },
    }))
}

/// A right code: the step is spent and the count of wrong ones begins anew.
pub fn pass(tx: &mut EntryTx<'_>, id: SuperadminId, step: i64) -> Result<(), DbError> {
    diesel::update(superadmins::table.find(id.0))
        .set((
            superadmins::last_totp_step.eq(step),
            superadmins::failures.eq(0),
            superadmins::locked_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The same password under stronger parameters, unless it is another by now.
pub fn raise_hash(tx: &mut EntryTx<'_>, id: SuperadminId, before: &str, after: &str) -> Result<(), DbError> {
    diesel::update(superadmins::table.find(id.0).filter(superadmins::password_hash.eq(before)))
        .set(superadmins::password_hash.eq(after))
        .execute(tx.conn())?;
    Ok(())
}

pub fn keep_tries(tx: &mut EntryTx<'_>, id: SuperadminId, tries: Tries) -> Result<(), DbError> {
    diesel::update(superadmins::table.find(id.0))
        .set((superadmins::failures.eq(tries.failures), superadmins::locked_until.eq(tries.locked_until)))
        .execute(tx.conn())?;
    Ok(())
}

pub struct NewSession {
    pub id: SessionId,
    pub superadmin: SuperadminId,
    pub from: Origin,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub latest_end: DateTime<Utc>,
}

pub fn insert_session(tx: &mut EntryTx<'_>, row: &NewSession) -> Result<(), DbError> {
    diesel::insert_into(superadmin_sessions::table)
        .values((
            superadmin_sessions::id.eq(row.id.0),
            superadmin_sessions::superadmin_id.eq(row.superadmin.0),
            superadmin_sessions::address.eq(&row.from.address),
            superadmin_sessions::user_agent.eq(&row.from.user_agent),
            superadmin_sessions::created_at.eq(row.created_at),
            superadmin_sessions::last_seen_at.eq(row.created_at),
            superadmin_sessions::expires_at.eq(row.expires_at),
            superadmin_sessions::latest_end.eq(row.latest_end),
        ))
        .execute(tx.conn())?;
    Ok(())
}
