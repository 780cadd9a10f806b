//! When somebody has lost their authenticator app and their recovery codes: a superadmin takes the
//! second factor away.

use super::{
    Origin,
    events::{self, Event},
    repo,
};
use crate::platform::{
    db::{DbError, PlatformTx},
    ids::Ids,
};
use countinghouse_contract::{UserId, sessions::SessionEventKind};

/// Takes a user's second factor away and ends their sessions, and writes so into their client's
/// session log; false when the client has no such user. Without a factor nothing is done.
pub fn reset_second_factor_in(
    tx: &mut PlatformTx<'_>,
    ids: &Ids,
    slug: &str,
    user: UserId,
    from: Origin,
) -> Result<bool, DbError> {
    let Some(who) = repo::find_of_client(tx, slug, user)? else {
        return Ok(false);
    };
    if repo::reset_factor(tx, who)? {
        repo::end_sessions_of(tx, who)?;
        let kind = SessionEventKind::SecondFactorReset;
        let event = Event { tenant: who.tenant, kind, user: Some(user), username: None, session: None, from };
        events::record_in(tx, ids, &event)?;
    }
    Ok(true)
}
