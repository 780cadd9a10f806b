//! When somebody has lost their authenticator app and their recovery codes: a superadmin takes the
//! second factor away.

use super::{
    Origin,
    events::{self, Event},
    repo,
};
use crate::platform::{
    audit::{Action, Actor, Entry, record_as_in, record_operator_in},
    db::PlatformTx,
    vault::{Vault, VaultError},
};
use countinghouse_contract::{UserId, sessions::SessionEventKind};

/// Takes a user's second factor away and ends their sessions, and writes so into their client's
/// session log and both audit logs; false when the client has no such user. Without a factor nothing is done.
pub fn reset_second_factor_in(
    tx: &mut PlatformTx<'_>,
    vault: &Vault,
    slug: &str,
    user: UserId,
    from: Origin,
) -> Result<bool, VaultError> {
    let Some(who) = repo::find_of_client(tx, slug, user)? else {
        return Ok(false);
    };
    if repo::reset_factor(tx, who)? {
        repo::end_sessions_of(tx, who)?;
        let kind = SessionEventKind::SecondFactorReset;
        let event =
            Event { tenant: who.tenant, kind, user: Some(user), username: None, session: None, order: None, from };
        events::record_in(tx, vault.ids(), &event)?;
        let (actor, entry) = (Actor::from(tx.actor()), Entry::new(Action::UserSecondFactorReset, user));
        record_as_in(tx, vault.ids(), who.tenant, actor, entry.clone())?;
        record_operator_in(tx, vault, actor, Some(who.tenant), entry)?;
    }
    Ok(true)
}
