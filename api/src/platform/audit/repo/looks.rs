//! Which lists a superadmin's session has looked at.

use crate::{
    platform::db::{DbError, PlatformTx},
    schema::superadmin_looks,
};
use diesel::prelude::*;

/// Notes it; whether it is the first time.
pub fn first_look(tx: &mut PlatformTx<'_>, list: &str) -> Result<bool, DbError> {
    let (session, now) = (tx.actor().session_id(), tx.now());
    let noted = diesel::insert_into(superadmin_looks::table)
        .values((
            superadmin_looks::session_id.eq(session.0),
            superadmin_looks::list.eq(list),
            superadmin_looks::looked_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.conn())?;
    Ok(noted == 1)
}
