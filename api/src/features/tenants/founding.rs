//! A client that is to be made with its first owner: by a superadmin, or by itself.

use super::{
    error::TenantError,
    repo,
    service::{ACTIVE, check_name, check_time_zone},
};
use crate::{
    app::AppState,
    features::identity::{self, Introduced, NewUser},
    platform::{db::AnyTx, http::Invalid},
};
use countinghouse_contract::{
    TenantId, UserId,
    admin::{ClientLimits, NewClient, NewOwner, Owner, Tenant},
};

/// Checked, with its password hashed.
pub struct Founding {
    tenant: Tenant,
    owner: NewUser,
}

impl Founding {
    /// The rules of a new client and of its owner, who stands in the body at `owner_at`.
    pub fn check(client: &NewClient, owner_at: &str, owner: &NewOwner) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let form = client.slug.starts_with(letters) && client.slug.chars().all(|c| letters(c) || c == '-' || c == '_');
        if !form || !(3..=40).contains(&client.slug.len()) {
            let rule = "3 to 40 of a-z, 0-9, - and _, beginning with a letter or digit.";
            invalid.add("/client/slug", "invalid_slug", rule);
        }
        check_name(&mut invalid, "/client/name", &client.name);
        if let Some(zone) = &client.time_zone {
            check_time_zone(&mut invalid, "/client/time_zone", zone);
        }
        let introduced =
            Introduced { username: &owner.username, password: &owner.password, email: owner.email.as_deref() };
        identity::check_new_user(&mut invalid, owner_at, &introduced, &[&client.slug, &client.name]);
        invalid.finish()
    }

    /// Hashes the password, for what was found in order.
    pub async fn prepare(state: &AppState, client: NewClient, owner: NewOwner) -> Result<Self, TenantError> {
        let password_hash = state.passwords.hash(owner.password).await?;
        let now = state.ids.now();
        let tenant = Tenant {
            id: state.ids.make::<TenantId>()?,
            slug: client.slug,
            name: client.name,
            currency: client.currency,
            time_zone: client.time_zone.unwrap_or_else(|| "UTC".to_owned()),
            status: ACTIVE.to_owned(),
            suspended_reason: None,
            limits: ClientLimits::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let owner = NewUser {
            tenant: tenant.id,
            id: state.ids.make::<UserId>()?,
            username: owner.username,
            email: owner.email,
            role: "owner",
            password_hash,
            created_at: now,
        };
        Ok(Self { tenant, owner })
    }

    pub fn tenant_id(&self) -> TenantId {
        self.tenant.id
    }

    /// Enters both, or neither.
    pub fn insert_in(self, tx: &mut impl AnyTx) -> Result<(Tenant, Owner), TenantError> {
        let Self { tenant, owner } = self;
        repo::insert(tx, &tenant).map_err(|error| match error {
            taken if taken.violates("tenants_slug_key") => TenantError::SlugTaken(tenant.slug.clone()),
            other => TenantError::Db(other),
        })?;
        identity::create_user_in(tx, &owner)?;
        let owner = Owner { id: owner.id, username: owner.username, role: owner.role.to_owned(), email: owner.email };
        Ok((tenant, owner))
    }
}
