//! Making and listing clients.

use super::{
    error::TenantError,
    founding::Founding,
    repo::{self, Filter},
};
use crate::{
    app::AppState,
    config::MAX_RATE,
    features::identity::{self, Origin},
    platform::{
        audit::{Action, Actor, Entry, record_as_in, record_operator_in},
        authn::PlatformCtx,
        db::PlatformTx,
        http::{IfMatch, Invalid, PageRequest, Text},
        vault::{Vault, VaultError},
    },
};
use countinghouse_contract::{
    Patch, TenantId, UserId,
    admin::{ClientLimits, LimitsPatch, NewTenant, Owner, Tenant, TenantMade, TenantPatch, TenantQuery, TenantStatus},
};
use serde_json::json;

pub const ACTIVE: &str = "active";
const SUSPENDED: &str = "suspended";

/// Makes a client with its first owner, both or neither.
pub async fn create(state: &AppState, ctx: &PlatformCtx, input: NewTenant) -> Result<TenantMade, TenantError> {
    let NewTenant { client, owner } = input;
    Founding::check(&client, "/owner", &owner)?;
    let founding = Founding::prepare(state, client, owner).await?;
    let vault = state.vault.clone();
    let made = state.db.platform(ctx, move |tx| {
        let (client, owner) = founding.insert_in(tx)?;
        let entry = founded(&client, &owner);
        record_in(tx, &vault, client.id, entry.clone(), entry)?;
        Ok::<_, TenantError>(TenantMade { client, owner })
    });
    made.await
}

/// Clients, newest first.
pub async fn list(
    state: &AppState,
    ctx: &PlatformCtx,
    filter: Filter,
    asked: PageRequest,
) -> Result<Vec<Tenant>, TenantError> {
    state.db.platform(ctx, move |tx| Ok(repo::list(tx, &filter, asked)?)).await
}

/// What a query asks for; the rest of it is the page.
pub fn filter(query: &TenantQuery) -> Result<Filter, Invalid> {
    let mut invalid = Invalid::default();
    invalid.optional_text("/q", query.q.as_deref(), &Text::line(1..=200));
    invalid.finish()?;
    let status = query.status.map(|status| match status {
        TenantStatus::Active => ACTIVE,
        TenantStatus::Suspended => SUSPENDED,
    });
    Ok(Filter { q: query.q.clone(), status })
}

/// The client with this slug.
pub async fn get(state: &AppState, ctx: &PlatformCtx, slug: String) -> Result<Tenant, TenantError> {
    let slug = plausible(slug)?;
    state.db.platform(ctx, move |tx| repo::find(tx, &slug)?.ok_or(TenantError::NotFound)).await
}

pub async fn change(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    if_match: IfMatch,
    patch: TenantPatch,
) -> Result<Tenant, TenantError> {
    update(state, ctx, slug, Action::ClientChanged, move |before| {
        if_match.check(before.version).map_err(TenantError::VersionMismatch)?;
        Ok(apply(before, patch)?)
    })
    .await
}

/// Suspending again changes the reason.
pub async fn suspend(state: &AppState, ctx: &PlatformCtx, slug: String, reason: String) -> Result<Tenant, TenantError> {
    let mut invalid = Invalid::default();
    invalid.text("/reason", &reason, &Text::line(1..=500));
    invalid.finish()?;
    update(state, ctx, slug, Action::ClientSuspended, move |before| {
        Ok(Tenant { status: SUSPENDED.to_owned(), suspended_reason: Some(reason), ..before.clone() })
    })
    .await
}

pub async fn resume(state: &AppState, ctx: &PlatformCtx, slug: String) -> Result<Tenant, TenantError> {
    update(state, ctx, slug, Action::ClientResumed, |before| {
        Ok(Tenant { status: ACTIVE.to_owned(), suspended_reason: None, ..before.clone() })
    })
    .await
}

/// For somebody who has lost their second factor and all recovery codes.
pub async fn reset_second_factor(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    user: UserId,
    from: Origin,
) -> Result<(), TenantError> {
    let (slug, vault) = (plausible(slug)?, state.vault.clone());
    let found = state.db.platform(ctx, move |tx| identity::reset_second_factor_in(tx, &vault, &slug, user, from));
    if found.await? { Ok(()) } else { Err(TenantError::NotFound) }
}

/// Changes a client's row while nobody else does; nothing is written when nothing differs.
async fn update(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    action: Action,
    change: impl FnOnce(&Tenant) -> Result<Tenant, TenantError> + Send + 'static,
) -> Result<Tenant, TenantError> {
    let (slug, vault) = (plausible(slug)?, state.vault.clone());
    state
        .db
        .platform(ctx, move |tx| {
            let before = repo::lock(tx, &slug)?.ok_or(TenantError::NotFound)?;
            let mut after = change(&before)?;
            if after != before {
                after.version += 1;
                after.updated_at = tx.now();
                repo::update(tx, &after)?;
                let entry = Entry::new(action, after.id).changed(audited(&before), audited(&after));
                // Why it is suspended is said among superadmins.
                record_in(tx, &vault, after.id, entry.clone(), entry.hiding(&["suspended_reason"]))?;
            }
            Ok(after)
        })
        .await
}

/// What a superadmin did to a client stands in the operator's log, and in the client's own.
fn record_in(
    tx: &mut PlatformTx<'_>,
    vault: &Vault,
    client: TenantId,
    for_operator: Entry,
    for_client: Entry,
) -> Result<(), VaultError> {
    let actor = Actor::from(tx.actor());
    record_as_in(tx, vault.ids(), client, actor, for_client)?;
    record_operator_in(tx, vault, actor, Some(client), for_operator)
}

/// What the audit log keeps of a client.
fn audited(tenant: &Tenant) -> serde_json::Value {
    let Tenant { slug, name, currency, time_zone, status, suspended_reason, limits, .. } = tenant;
    json!({
        "slug": slug, "name": name, "currency": currency, "time_zone": time_zone, "status": status,
        "suspended_reason": suspended_reason, "limits": limits,
    })
}

/// What the audit log keeps of the making of a client with its first owner.
pub fn founded(tenant: &Tenant, owner: &Owner) -> Entry {
    let owner = json!({"id": owner.id, "username": owner.username});
    Entry::new(Action::ClientCreated, tenant.id).after(audited(tenant)).noting("owner", owner)
}

/// No slug has control characters, and PostgreSQL's text cannot hold all of them.
fn plausible(slug: String) -> Result<String, TenantError> {
    if slug.chars().any(char::is_control) { Err(TenantError::NotFound) } else { Ok(slug) }
}

fn apply(before: &Tenant, patch: TenantPatch) -> Result<Tenant, Invalid> {
    let mut invalid = Invalid::default();
    let mut after = before.clone();
    invalid.required("/name", patch.name, |invalid, name| {
        check_name(invalid, "/name", &name);
        after.name = name;
    });
    invalid.required("/time_zone", patch.time_zone, |invalid, zone| {
        check_time_zone(invalid, "/time_zone", &zone);
        after.time_zone = zone;
    });
    match patch.limits {
        Patch::Absent => {}
        Patch::Null => after.limits = ClientLimits::default(),
        Patch::Value(limits) => apply_limits(&mut invalid, limits, &mut after.limits),
    }
    invalid.finish()?;
    Ok(after)
}

fn apply_limits(invalid: &mut Invalid, patch: LimitsPatch, limits: &mut ClientLimits) {
    for (name, change, limit) in [
        ("reads_per_second", patch.reads_per_second, &mut limits.reads_per_second),
        ("writes_per_second", patch.writes_per_second, &mut limits.writes_per_second),
        ("uploads_per_second", patch.uploads_per_second, &mut limits.uploads_per_second),
        ("reports_per_second", patch.reports_per_second, &mut limits.reports_per_second),
    ] {
        change.apply_to(limit);
        if limit.is_some_and(|limit| !(1..=MAX_RATE).contains(&limit)) {
            invalid.add(&format!("/limits/{name}"), "out_of_range", format!("1 to {MAX_RATE} a second."));
        }
    }
}

/// The rule for a client's name.
pub fn check_name(invalid: &mut Invalid, pointer: &str, name: &str) {
    invalid.text(pointer, name, &Text::line(1..=200));
}

/// The rule for a client's time zone.
pub fn check_time_zone(invalid: &mut Invalid, pointer: &str, zone: &str) {
    if zone.parse::<chrono_tz::Tz>().is_err() {
        invalid.add(pointer, "unknown_time_zone", "An IANA time zone, like Europe/Berlin.");
    }
}
