//! Reading and changing one's own client.

use super::{
    error::ClientError,
    model::{Client, Profile, is_telephone_number, is_time_of_day},
    repo,
};
use crate::{
    features::tenants::{check_name, check_time_zone},
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        http::{IfMatch, Invalid, MAX_QUANTITY, Text, is_origin},
    },
};
use countinghouse_contract::{Patch, client::ProfilePatch};
use serde_json::json;

const LONG_TEXT: Text = Text::lines(0..=10_000);
const MESSENGER: Text = Text::line(1..=200);
const MAX_TERMS_DAYS: i64 = 3_650;
/// What a client says of itself: the audit log keeps that it changed.
const PROSE: [&str; 4] = ["business_overview", "return_refund_policy", "whatsapp_number", "messenger"];
/// The database has the same bound.
const MAX_ORIGINS: usize = 20;

pub async fn get(ctx: &TenantCtx) -> Result<Client, ClientError> {
    Ok(ctx.read(repo::find).await?)
}

/// Applies a patch to the version that the caller has seen. A patch that changes nothing keeps
/// the version.
pub async fn change(ctx: &TenantCtx, if_match: IfMatch, patch: ProfilePatch) -> Result<Client, ClientError> {
    ctx.transaction(move |tx| {
        let before = repo::lock(tx)?;
        if_match.check(before.version).map_err(ClientError::VersionMismatch)?;
        let profile = apply(&before.profile, patch)?;
        if profile == before.profile {
            return Ok(before);
        }
        let currency = before.profile.currency;
        let after = Client { slug: before.slug.clone(), profile, version: before.version + 1 };
        repo::update(tx, currency, &after)?;
        let entry = Entry::new(Action::ClientChanged, tx.tenant_id()).changed(audited(&before), audited(&after));
        record_in(tx, entry.hiding(&PROSE))?;
        Ok(after)
    })
    .await
}

/// What the audit log keeps of a client: everything but the count of changes.
fn audited(client: &Client) -> serde_json::Value {
    json!(Client { version: 0, ..client.clone() }.into_wire())
}

fn apply(before: &Profile, patch: ProfilePatch) -> Result<Profile, Invalid> {
    let mut invalid = Invalid::default();
    let mut profile = before.clone();
    invalid.required("/name", patch.name, |_, name| profile.name = name);
    invalid.required("/currency", patch.currency, |_, currency| profile.currency = currency);
    invalid.required("/time_zone", patch.time_zone, |_, zone| profile.time_zone = zone);
    patch.business_overview.apply_to(&mut profile.business_overview);
    patch.opening_hours.apply_to(&mut profile.opening_hours);
    patch.closing_hours.apply_to(&mut profile.closing_hours);
    patch.return_refund_policy.apply_to(&mut profile.return_refund_policy);
    patch.whatsapp_number.apply_to(&mut profile.whatsapp_number);
    patch.messenger.apply_to(&mut profile.messenger);
    match patch.allowed_origins {
        Patch::Absent => {}
        Patch::Null => profile.allowed_origins.clear(),
        Patch::Value(origins) => profile.allowed_origins = origins,
    }
    let policies = &mut profile.policies;
    invalid.required("/max_discount_pct", patch.max_discount_pct, |invalid, rate| {
        policies.max_discount_pct = invalid.rate("/max_discount_pct", rate);
    });
    invalid.required("/sales_commission_pct", patch.sales_commission_pct, |invalid, rate| {
        policies.sales_commission_pct = invalid.rate("/sales_commission_pct", rate);
    });
    invalid.required("/shipping_tax_rate", patch.shipping_tax_rate, |invalid, rate| {
        policies.shipping_tax_rate = invalid.rate("/shipping_tax_rate", rate);
    });
    invalid.required("/payment_terms_days", patch.payment_terms_days, |_, days| policies.payment_terms_days = days);
    invalid.required("/prices_include_tax", patch.prices_include_tax, |_, yes| policies.prices_include_tax = yes);
    invalid.required("/auto_invoice", patch.auto_invoice, |_, yes| policies.auto_invoice = yes);
    patch.low_stock_threshold.apply_to(&mut policies.low_stock_threshold);
    check(&mut invalid, &profile);
    invalid.finish()?;
    Ok(profile)
}

fn check(invalid: &mut Invalid, profile: &Profile) {
    check_name(invalid, "/name", &profile.name);
    check_time_zone(invalid, "/time_zone", &profile.time_zone);
    invalid.optional_text("/business_overview", profile.business_overview.as_deref(), &LONG_TEXT);
    invalid.optional_text("/return_refund_policy", profile.return_refund_policy.as_deref(), &LONG_TEXT);
    invalid.optional_text("/messenger", profile.messenger.as_deref(), &MESSENGER);
    for (pointer, time) in [("/opening_hours", &profile.opening_hours), ("/closing_hours", &profile.closing_hours)] {
        if time.as_deref().is_some_and(|text| !is_time_of_day(text)) {
            invalid.add(pointer, "invalid_time", "A time of day from 00:00 to 23:59.");
        }
    }
    if profile.whatsapp_number.as_deref().is_some_and(|text| !is_telephone_number(text)) {
        let rule = "`+`, the country's code and the number: 7 to 15 digits, without blanks.";
        invalid.add("/whatsapp_number", "invalid_telephone_number", rule);
    }
    invalid.quantity("/payment_terms_days", i64::from(profile.policies.payment_terms_days), 0..=MAX_TERMS_DAYS);
    if let Some(threshold) = profile.policies.low_stock_threshold {
        invalid.quantity("/low_stock_threshold", threshold, 0..=MAX_QUANTITY);
    }
    check_origins(invalid, &profile.allowed_origins);
}

fn check_origins(invalid: &mut Invalid, origins: &[String]) {
    if origins.len() > MAX_ORIGINS {
        invalid.add("/allowed_origins", "too_many", format!("At most {MAX_ORIGINS} origins."));
    }
    for (at, origin) in origins.iter().enumerate().take(MAX_ORIGINS) {
        let pointer = format!("/allowed_origins/{at}");
        if !is_origin(origin) {
            let rule = "An origin as browsers send it, like https://shop.example.com: no path, no usual port.";
            invalid.add(&pointer, "invalid_origin", rule);
        } else if origins.iter().take(at).any(|earlier| earlier == origin) {
            invalid.add(&pointer, "duplicate", "This origin is in the list already.");
        }
    }
}
