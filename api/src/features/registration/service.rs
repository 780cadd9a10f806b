//! Registering.

use crate::{
    app::AppState,
    features::tenants::{Founding, TenantError, founded},
    platform::audit::{Actor, record_as_in},
};
use countinghouse_contract::auth::{Registered, Registration};

pub async fn register(state: &AppState, input: Registration) -> Result<Registered, TenantError> {
    let Registration { client, user } = input;
    Founding::check(&client, "/user", &user)?;
    // Before the hashing, which costs something; the row itself decides.
    if state.db.tenant_by_slug(client.slug.clone()).await?.is_some() {
        return Err(TenantError::SlugTaken(client.slug));
    }
    let founding = Founding::prepare(state, client, user).await?;
    let registered = state.db.tenant_entry(founding.tenant_id(), move |tx| {
        let (client, user) = founding.insert_in(tx)?;
        let entry = founded(&client, &user);
        let ids = tx.ids().clone();
        record_as_in(tx, &ids, client.id, Actor::User(user.id), entry)?;
        Ok::<_, TenantError>(Registered { client, user })
    });
    registered.await
}
