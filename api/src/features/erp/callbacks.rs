//! What the ERP tells by itself. Whoever tells it has no session: the message is signed with a secret that it shares
//! with the client.
//!
//! Who the client is, whether it takes messages at all and whether the signature is right: one and the same answer
//! says no to all of it, after the same work, and before anything of the message is read.

use super::{
    config::place_of_secret,
    error::ErpError,
    ranks::{self, Known, Told, Verdict, judge},
    repo::{
        callbacks::{self, Message, Version},
        secrets,
    },
    syncing::{Settled, settle_in},
};
use crate::{
    app::AppState,
    platform::{
        crypto::Secret,
        db::TenantTx,
        http::{Invalid, SignedBody, Text},
    },
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use countinghouse_contract::{
    TenantId,
    erp::{ErpCallback, ErpCallbackOutcome, ErpCallbackTaken, ErpSyncStatus},
};
use uuid::Uuid;

/// The longest slug that is looked for.
const LONGEST_SLUG: usize = 100;
/// Opened where there is nothing to open: no key is called so.
const DECOY: [u8; 61] = [1; 61];

const ORDER_NUMBER: Text = Text::line(1..=64);
const REFERENCE: Text = Text::line(1..=200);
const STATUS: Text = Text::line(1..=100);
const KEY: Text = Text::line(1..=100);

/// Takes what an ERP tells of one of its client's orders.
pub async fn receive(
    state: &AppState,
    slug: String,
    message: SignedBody<ErpCallback>,
) -> Result<ErpCallbackTaken, ErpError> {
    let slug =
        if slug.len() <= LONGEST_SLUG && slug.bytes().all(|b| b.is_ascii_graphic()) { slug } else { String::new() };
    let tenant = state.db.tenant_by_slug(slug).await?;
    let secrets = secrets_of(state, tenant.unwrap_or(TenantId(Uuid::nil()))).await?;
    let signed = is_signed(&secrets, &message.bytes, message.signature.as_deref());
    let tenant = tenant.filter(|_| signed).ok_or(ErpError::InvalidSignature)?;
    state.limits.signed(tenant).await.allowed()?;
    let said = Said::of(message.parse().map_err(ErpError::Unreadable)?)?;
    state.db.signed(tenant, move |tx| take_in(tx, &said)).await?
}

/// Those that messages for a client may be signed with. Where there are none, as much is done for nothing.
async fn secrets_of(state: &AppState, tenant: TenantId) -> Result<Vec<Secret<Vec<u8>>>, ErpError> {
    let (vault, now) = (state.vault.clone(), state.ids.now());
    let opened = state.db.tenant_entry(tenant, move |tx| {
        let sealed = secrets::in_force(tx, tenant, now)?;
        if sealed.is_empty() {
            let _not_there = vault.open_in(tx, place_of_secret(tenant, tenant.0.into()), &DECOY);
        }
        let open = |(id, envelope): (_, Vec<u8>)| vault.open_in(tx, place_of_secret(tenant, id), &envelope);
        sealed.into_iter().map(open).collect::<Result<Vec<_>, _>>().map_err(ErpError::from)
    });
    opened.await
}

/// Compared in the same time wherever it is wrong.
fn is_signed(secrets: &[Secret<Vec<u8>>], bytes: &[u8], signature: Option<&str>) -> bool {
    let given = signature.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let is_with = |secret: &[u8]| hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), bytes, &given).is_ok();
    if secrets.is_empty() {
        is_with(&DECOY);
    }
    // Each is tried, whatever became of the one before.
    secrets.iter().filter(|secret| is_with(secret.expose())).count() > 0
}

/// A message whose spellings are one.
struct Said {
    order_number: String,
    reference: Option<String>,
    status: Option<String>,
    key: Option<String>,
}

impl Said {
    fn of(message: ErpCallback) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        let mut one = |[usual, other]: [(&str, Option<String>); 2], form: &Text| {
            for (pointer, text) in [&usual, &other] {
                invalid.optional_text(pointer, text.as_deref(), form);
            }
            if usual.1.is_some() && other.1.is_some() && usual.1 != other.1 {
                invalid.add(other.0, "invalid_value", "The two spellings of this field do not say the same.");
            }
            usual.1.or(other.1)
        };
        let number = one(
            [("/order_number", message.order_number), ("/orderIncrementId", message.order_increment_id)],
            &ORDER_NUMBER,
        );
        let reference =
            one([("/erp_reference", message.erp_reference), ("/erpReference", message.erp_reference_too)], &REFERENCE);
        let key = one(
            [("/idempotency_key", message.idempotency_key), ("/idempotencyKey", message.idempotency_key_too)],
            &KEY,
        );
        let status = one([("/status", message.status), ("/status", None)], &STATUS);
        if number.is_none() {
            invalid.add("/order_number", "missing_field", "It says of which order.");
        }
        if reference.is_none() && status.is_none() {
            invalid.add("/status", "missing_field", "A status, a reference, or both.");
        }
        invalid.finish()?;
        Ok(Self { order_number: number.unwrap_or_default(), reference, status, key })
    }
}

/// A refusal is no error: what contradicts is kept.
fn take_in(tx: &mut TenantTx<'_>, said: &Said) -> Result<Result<ErpCallbackTaken, ErpError>, ErpError> {
    let order = callbacks::order_of(tx, &said.order_number)?.ok_or(ErpError::NotFound)?;
    let versions = callbacks::lock_versions(tx, order)?;
    let (version, of_version) = meant(&versions, said.key.as_deref()).ok_or(ErpError::NotFound)?;
    let message =
        Message { sync: version.id, erp_reference: said.reference.as_deref(), erp_status: said.status.as_deref() };
    let before = callbacks::was_taken(tx, &message)?;
    let told = Told { reference: message.erp_reference, status: message.erp_status, of_version, before };
    let known = Known {
        status: version.status,
        sent: version.sent,
        reference: version.erp_reference.as_deref(),
        erp_status: version.erp_status.as_deref(),
    };
    let verdict = judge(known, told);
    callbacks::keep(tx, &message, verdict.outcome)?;
    act_in(tx, version, said, verdict)?;
    match verdict.outcome {
        ErpCallbackOutcome::Contradicts => Ok(Err(ErpError::ReferenceMismatch)),
        outcome => Ok(Ok(ErpCallbackTaken { order_number: said.order_number.clone(), outcome })),
    }
}

/// The version that a message is about, and whether it is surely that one. Without its key: of those that the ERP has
/// the newest; where it has none, the newest that it was sent. That one is meant where no other can be.
fn meant<'v>(versions: &'v [Version], key: Option<&str>) -> Option<(&'v Version, bool)> {
    if let Some(key) = key {
        return versions.iter().find(|version| version.key == key).map(|version| (version, true));
    }
    let arrived = versions.iter().find(|version| version.status == ErpSyncStatus::Success);
    if let Some(version) = arrived {
        return Some((version, true));
    }
    let mut sent = versions.iter().filter(|version| version.sent);
    match (sent.next(), sent.next()) {
        (Some(only), None) => Some((only, true)),
        (Some(newest), Some(_)) => Some((newest, false)),
        (None, _) => versions.first().map(|newest| (newest, false)),
    }
}

/// Writes down what a message changes.
fn act_in(tx: &mut TenantTx<'_>, version: &Version, said: &Said, verdict: Verdict) -> Result<(), ErpError> {
    let reference = said.reference.as_deref().filter(|_| verdict.takes_reference);
    let status = said.status.as_deref().filter(|_| verdict.takes_status);
    let warning = match verdict.outcome {
        ErpCallbackOutcome::Contradicts => {
            said.reference.as_deref().map(|other| format!("The ERP calls it {other} in a callback."))
        }
        _ if verdict.refused_later => said.status.as_deref().map(|word| format!("The ERP says afterwards: {word}.")),
        _ => None,
    };
    if reference.is_some() || status.is_some() || warning.is_some() {
        callbacks::note(tx, version.id, reference, status, warning.as_deref())?;
    }
    let settled = match verdict.settles {
        None => return Ok(()),
        Some(ranks::Settled::Success) => Settled::Success,
        Some(ranks::Settled::Failed) => {
            Settled::Failed { why: format!("The ERP says: {}.", said.status.as_deref().unwrap_or_default()) }
        }
    };
    settle_in(tx, version.id, &settled).map(drop)
}
