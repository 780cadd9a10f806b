//! Where a client's ERP is and how it is treated. Its key and the secret of signatures are written, and never read
//! back.

use super::{
    cron::ReleaseErpSyncs,
    error::ErpError,
    repo::{
        configs::{self, Settings},
        secrets,
    },
    sending::send_soon_in,
};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        crypto::{Place, Secret},
        db::TenantTx,
        http::{IfMatch, Invalid, Text},
        jobs::{Cron, schedule_in, unschedule_in},
        outbound::{BadUrl, Outbound},
        vault::Vault,
    },
};
use chrono::Duration;
use countinghouse_contract::{
    ErpSecretId, TenantId,
    erp::{ErpConfig, HIDDEN, NewErpConfig},
};
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use url::Url;

/// For how long callbacks may be signed with the secret before.
const PREVIOUS_SECRET: Duration = Duration::hours(1);
const BASE_URL: Text = Text::line(1..=2000);
const CRON: Text = Text::line(1..=100);
const SECRET: Text = Text::line(1..=500);

/// Whoever may change the address is not thereby to learn the key.
pub const KEPT_FOR_ANOTHER: &str = "The key is kept for the server that it was set for: give it again for another one.";

/// Where the key for the ERP is kept.
pub fn place_of_key(tenant: TenantId) -> Place<'static> {
    Place { tenant: tenant.0, table: "erp_configs", column: "api_key", row: tenant.0 }
}

/// Where a secret of signatures is kept.
pub fn place_of_secret(tenant: TenantId, secret: ErpSecretId) -> Place<'static> {
    Place { tenant: tenant.0, table: "erp_secrets", column: "secret", row: secret.0 }
}

/// What is shown to the ERP, and what is signed with.
#[derive(Default)]
pub struct Secrets {
    pub api_key: Option<Secret<Vec<u8>>>,
    pub hmac_secret: Option<Secret<Vec<u8>>>,
}

/// Those that hold now.
pub fn secrets_in(tx: &mut TenantTx<'_>, vault: &Vault, settings: &Settings) -> Result<Secrets, ErpError> {
    let tenant = tx.tenant_id();
    let key = settings.api_key.as_deref();
    let api_key = key.map(|key| vault.open_in(tx, place_of_key(tenant), key)).transpose()?;
    let sealed = secrets::present(tx)?;
    let secret = sealed.map(|(id, secret)| vault.open_in(tx, place_of_secret(tenant, id), &secret));
    Ok(Secrets { api_key, hmac_secret: secret.transpose()? })
}

pub async fn get(ctx: &TenantCtx) -> Result<ErpConfig, ErpError> {
    ctx.read(|tx| {
        let (settings, secret) = (configs::find(tx)?, secrets::present(tx)?);
        Ok(shown(settings.unwrap_or_default(), secret.is_some()))
    })
    .await
}

/// Sets all of it; secrets that are left out stay as they are.
pub async fn set(
    state: &AppState,
    ctx: &TenantCtx,
    if_match: IfMatch,
    input: NewErpConfig,
) -> Result<ErpConfig, ErpError> {
    let (outbound, vault) = (state.outbound.clone(), state.vault.clone());
    ctx.transaction(move |tx| {
        let before = configs::lock_or_make(tx)?;
        if_match.check(before.version).map_err(ErpError::VersionMismatch)?;
        let kept = secrets_in(tx, &vault, &before)?;
        let mut invalid = Invalid::default();
        let new = Secrets {
            api_key: changed(&mut invalid, "/api_key", input.api_key.as_deref(), kept.api_key.as_ref()),
            hmac_secret: changed(&mut invalid, "/hmac_secret", input.hmac_secret.as_deref(), kept.hmac_secret.as_ref()),
        };
        let given = is_given(input.api_key.as_deref());
        let mut after = checked(&mut invalid, &outbound, input);
        after.version = before.version;
        if given || is_for(&before, after.base_url.as_deref()) {
            after.api_key.clone_from(&before.api_key);
        } else if after.base_url.is_some() {
            invalid.add("/api_key", "required", KEPT_FOR_ANOTHER);
        }
        if after.enabled {
            let missing = [
                ("/base_url", after.base_url.is_none()),
                ("/api_key", kept.api_key.is_none() && new.api_key.is_none()),
                ("/hmac_secret", kept.hmac_secret.is_none() && new.hmac_secret.is_none()),
            ];
            for (pointer, _) in missing.into_iter().filter(|(_, missing)| *missing) {
                invalid.add(pointer, "required", "Orders can not be sent without it.");
            }
        }
        invalid.finish()?;
        let has_secret = kept.hmac_secret.is_some() || new.hmac_secret.is_some();
        let is_new = new.api_key.is_some() || new.hmac_secret.is_some();
        if after != before || is_new || before.version == 0 {
            write(tx, &vault, &before, &mut after, &kept, &new)?;
        }
        Ok(shown(after, has_secret))
    })
    .await
}

fn write(
    tx: &mut TenantTx<'_>,
    vault: &Vault,
    before: &Settings,
    after: &mut Settings,
    kept: &Secrets,
    new: &Secrets,
) -> Result<(), ErpError> {
    let tenant = tx.tenant_id();
    if let Some(key) = &new.api_key {
        after.api_key = Some(vault.seal_in(tx, place_of_key(tenant), key.expose())?);
    }
    if let Some(secret) = &new.hmac_secret {
        let id = tx.make_id::<ErpSecretId>()?;
        let envelope = vault.seal_in(tx, place_of_secret(tenant, id), secret.expose())?;
        secrets::replace(tx, id, &envelope, tx.now() + PREVIOUS_SECRET)?;
    }
    after.version = before.version + 1;
    configs::update(tx, after)?;
    let was = [&kept.api_key, &kept.hmac_secret].map(|secret| secret.as_ref().map(|_| "before"));
    let renewed = [&new.api_key, &new.hmac_secret].map(|secret| secret.as_ref().map(|_| "after"));
    let is = [renewed[0].or(was[0]).filter(|_| after.api_key.is_some()), renewed[1].or(was[1])];
    let entry = Entry::new(Action::ErpConfigChanged, tenant).changed(audited(before, was), audited(after, is));
    record_in(tx, entry.hiding(&["api_key", "hmac_secret"]))?;
    act_in(tx, after)
}

/// What follows from how it is set now: the cron's times, and that what waited goes on. While it is switched off,
/// what waits stays where it is.
fn act_in(tx: &mut TenantTx<'_>, settings: &Settings) -> Result<(), ErpError> {
    match settings.cron_schedule.parse::<Cron>() {
        Ok(cron) if settings.enabled && settings.cron_enabled => schedule_in::<ReleaseErpSyncs>(tx, &cron)?,
        _ => unschedule_in::<ReleaseErpSyncs>(tx)?,
    }
    if settings.enabled {
        send_soon_in(tx, tx.now())?;
    }
    Ok(())
}

/// Whether the key that is kept may be sent there: where it was set for, whatever the path.
pub fn is_for(kept: &Settings, base_url: Option<&str>) -> bool {
    let before = kept.base_url.as_deref();
    kept.api_key.is_none() || before.is_none() || before.and_then(origin) == base_url.and_then(origin)
}

/// Whether a secret is given, and not as it reads back.
pub fn is_given(secret: Option<&str>) -> bool {
    secret.is_some_and(|text| text != HIDDEN)
}

/// A secret that is given and is not the one of before.
fn changed(
    invalid: &mut Invalid,
    pointer: &str,
    given: Option<&str>,
    kept: Option<&Secret<Vec<u8>>>,
) -> Option<Secret<Vec<u8>>> {
    given_secret(invalid, pointer, given).filter(|given| kept.is_none_or(|kept| kept.expose() != given.expose()))
}

/// A secret that is given, and not as it reads back.
pub fn given_secret(invalid: &mut Invalid, pointer: &str, given: Option<&str>) -> Option<Secret<Vec<u8>>> {
    let given = given.filter(|text| *text != HIDDEN)?;
    invalid.text(pointer, given, &SECRET);
    // It is sent in a header.
    if pointer == "/api_key" && !given.bytes().all(|byte| byte.is_ascii_graphic()) {
        invalid.add(pointer, "invalid_characters", "Printable characters of ASCII without blanks.");
    }
    Some(Secret::new(given.as_bytes().to_vec()))
}

/// What is set, without secrets.
fn checked(invalid: &mut Invalid, outbound: &Outbound, input: NewErpConfig) -> Settings {
    let default = Settings::default();
    let mut number = |pointer: &str, given: Option<i64>, default: i32, range: RangeInclusive<i64>| {
        let Some(given) = given else { return default };
        invalid.quantity(pointer, given, range);
        i32::try_from(given).unwrap_or(default)
    };
    let settings = Settings {
        enabled: input.enabled,
        immediate_sync: input.immediate_sync.unwrap_or(default.immediate_sync),
        debug: input.debug.unwrap_or(default.debug),
        cron_enabled: input.cron_enabled.unwrap_or(default.cron_enabled),
        cron_schedule: input.cron_schedule.unwrap_or(default.cron_schedule),
        base_url: input.base_url,
        timeout_seconds: number("/timeout_seconds", input.timeout_seconds, default.timeout_seconds, 1..=120),
        max_attempts: number("/max_attempts", input.max_attempts, default.max_attempts, 1..=20),
        base_delay_seconds: number(
            "/base_delay_seconds",
            input.base_delay_seconds,
            default.base_delay_seconds,
            1..=3600,
        ),
        ..Settings::default()
    };
    check_schedule(invalid, &settings.cron_schedule);
    if let Some(url) = &settings.base_url {
        check_url(invalid, outbound, url);
    }
    settings
}

fn check_schedule(invalid: &mut Invalid, schedule: &str) {
    if fits(invalid, "/cron_schedule", schedule, &CRON)
        && let Err(error) = schedule.parse::<Cron>()
    {
        invalid.add("/cron_schedule", "invalid_schedule", format!("A schedule of cron: {error}."));
    }
}

/// The paths of the ERP's operations are added at its end.
pub fn check_url(invalid: &mut Invalid, outbound: &Outbound, text: &str) {
    if !fits(invalid, "/base_url", text, &BASE_URL) {
        return;
    }
    match outbound.check(text) {
        Ok(url) if url.query().is_some() => invalid.add("/base_url", "invalid_url", "A URL without a query."),
        Ok(_) => {}
        Err(bad @ BadUrl::Form) => invalid.add("/base_url", "invalid_url", bad.to_string()),
        Err(bad @ BadUrl::NotAllowed) => invalid.add("/base_url", "address_not_allowed", bad.to_string()),
    }
}

/// Whether a text has its form, and need be looked at further.
fn fits(invalid: &mut Invalid, pointer: &str, text: &str, form: &Text) -> bool {
    let mut faults = Invalid::default();
    faults.text(pointer, text, form);
    faults.finish().map_err(|faults| invalid.append(faults)).is_ok()
}

/// Whom a URL is at, without its path, which may hold a secret.
pub fn origin(url: &str) -> Option<String> {
    Url::parse(url).ok().map(|url| url.origin().ascii_serialization())
}

fn shown(settings: Settings, has_secret: bool) -> ErpConfig {
    let hidden = |there: bool| there.then(|| HIDDEN.to_owned());
    ErpConfig {
        enabled: settings.enabled,
        immediate_sync: settings.immediate_sync,
        debug: settings.debug,
        cron_enabled: settings.cron_enabled,
        cron_schedule: settings.cron_schedule,
        base_url: settings.base_url,
        api_key: hidden(settings.api_key.is_some()),
        hmac_secret: hidden(has_secret),
        timeout_seconds: settings.timeout_seconds.into(),
        max_attempts: settings.max_attempts.into(),
        base_delay_seconds: settings.base_delay_seconds.into(),
        version: settings.version,
    }
}

/// What the audit log keeps.
fn audited(settings: &Settings, [api_key, hmac_secret]: [Option<&str>; 2]) -> Value {
    json!({
        "enabled": settings.enabled,
        "immediate_sync": settings.immediate_sync,
        "debug": settings.debug,
        "cron_enabled": settings.cron_enabled,
        "cron_schedule": settings.cron_schedule,
        "origin": settings.base_url.as_deref().and_then(origin),
        "api_key": api_key,
        "hmac_secret": hmac_secret,
        "timeout_seconds": settings.timeout_seconds,
        "max_attempts": settings.max_attempts,
        "base_delay_seconds": settings.base_delay_seconds,
    })
}
