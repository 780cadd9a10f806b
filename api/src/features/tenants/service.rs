//! Making and listing clients.

use super::{error::TenantError, repo};
use crate::{
    app::AppState,
    features::identity::{self, NewUser},
    platform::{
        authn::PlatformCtx,
        http::{Invalid, PageRequest, Text},
    },
};
use countinghouse_contract::{
    TenantId,
    admin::{NewTenant, Owner, Tenant, TenantMade},
};

/// Makes a client with its first owner, both or neither.
pub async fn create(state: &AppState, ctx: &PlatformCtx, input: NewTenant) -> Result<TenantMade, TenantError> {
    check(&input)?;
    let NewTenant { client, owner } = input;
    let password_hash = state.passwords.hash(owner.password).await?;
    let now = state.ids.now();
    let tenant = Tenant {
        id: state.ids.make::<TenantId>()?,
        slug: client.slug,
        name: client.name,
        currency: client.currency,
        time_zone: client.time_zone.unwrap_or_else(|| "UTC".to_owned()),
        status: "active".to_owned(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let user =
        NewUser { tenant: tenant.id, username: owner.username, email: owner.email, role: "owner", password_hash };
    let slug = tenant.slug.clone();
    let made = state.db.platform(ctx, move |tx| {
        repo::insert(tx, &tenant)?;
        let id = identity::create_user_in(tx, &user)?;
        let owner = Owner { id, username: user.username, role: user.role.to_owned(), email: user.email };
        Ok::<_, TenantError>(TenantMade { client: tenant, owner })
    });
    made.await.map_err(|error| match error {
        TenantError::Db(e) if e.violates("tenants_slug_key") => TenantError::SlugTaken(slug),
        other => other,
    })
}

/// Clients, newest first.
pub async fn list(state: &AppState, ctx: &PlatformCtx, asked: PageRequest) -> Result<Vec<Tenant>, TenantError> {
    state.db.platform(ctx, move |tx| Ok(repo::list(tx, asked)?)).await
}

/// The client with this slug.
pub async fn get(state: &AppState, ctx: &PlatformCtx, slug: String) -> Result<Tenant, TenantError> {
    // No slug has such characters, and PostgreSQL's text cannot hold all of them.
    if slug.chars().any(char::is_control) {
        return Err(TenantError::NotFound);
    }
    state.db.platform(ctx, move |tx| repo::find(tx, &slug)?.ok_or(TenantError::NotFound)).await
}

fn check(input: &NewTenant) -> Result<(), Invalid> {
    let NewTenant { client, owner } = input;
    let mut invalid = Invalid::default();
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let form = client.slug.starts_with(letters) && client.slug.chars().all(|c| letters(c) || c == '-' || c == '_');
    if !form || !(3..=40).contains(&client.slug.len()) {
        let rule = "3 to 40 of a-z, 0-9, - and _, beginning with a letter or digit.";
        invalid.add("/client/slug", "invalid_slug", rule);
    }
    invalid.text("/client/name", &client.name, &Text::line(1..=200));
    if let Some(zone) = &client.time_zone
        && zone.parse::<chrono_tz::Tz>().is_err()
    {
        invalid.add("/client/time_zone", "unknown_time_zone", "An IANA time zone, like Europe/Berlin.");
    }
    identity::check_new_user(&mut invalid, "/owner", &owner.username, &owner.password, owner.email.as_deref());
    invalid.finish()
}
