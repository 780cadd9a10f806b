//! The rules of customers, and their transactions.

use super::{error::CustomerError, model::Details, repo};
use crate::platform::{
    audit::{Action, Entry, record_in},
    authn::TenantCtx,
    db::{DbError, TenantTx},
    http::{IfMatch, Invalid, PageRequest, Text},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    CustomerId,
    customers::{self, Address, Contact, CustomerPatch, NewCustomer},
};
use serde_json::json;

/// What erasing has to remove: the audit log keeps that it was given or changed.
pub(super) const PERSON: [&str; 4] = ["contact", "billing_address", "shipping_address", "note"];

#[derive(Debug, Clone)]
pub struct Customer {
    pub id: CustomerId,
    pub details: Details,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Customer {
    pub fn into_wire(self) -> customers::Customer {
        let Details { contact, billing_address, shipping_address, payment_terms_days, note } = self.details;
        let Contact { email, first_name, last_name, company, phone } = contact;
        customers::Customer {
            id: self.id,
            email,
            first_name,
            last_name,
            company,
            phone,
            billing_address,
            shipping_address,
            payment_terms_days,
            note,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// Which customers a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    pub q: Option<String>,
    pub email: Option<String>,
}

impl Filter {
    pub fn new(q: Option<String>, email: Option<String>) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        invalid.optional_text("/q", q.as_deref(), &Text::line(0..=200));
        invalid.optional_text("/email", email.as_deref(), &Text::line(0..=254));
        invalid.finish()?;
        let q = q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Self { q, email })
    }
}

pub async fn list(ctx: &TenantCtx, filter: Filter, asked: PageRequest) -> Result<Vec<Customer>, CustomerError> {
    ctx.read(move |tx| Ok(repo::list(tx, &filter, asked)?)).await
}

pub async fn get(ctx: &TenantCtx, id: CustomerId) -> Result<Customer, CustomerError> {
    ctx.read(move |tx| repo::find(tx, id)?.ok_or(CustomerError::NotFound)).await
}

pub async fn create(ctx: &TenantCtx, input: NewCustomer) -> Result<Customer, CustomerError> {
    let details = Details::of_new(input);
    details.check()?;
    ctx.transaction(move |tx| {
        let id = tx.make_id::<CustomerId>()?;
        repo::insert(tx, id, &details)?;
        record_in(tx, Entry::new(Action::CustomerCreated, id).after(audited(&details)).hiding(&PERSON))?;
        Ok(Customer { id, details, version: 1, created_at: tx.now(), updated_at: tx.now() })
    })
    .await
}

/// Applies a patch to the version that the caller has seen. A patch that changes nothing keeps
/// the version.
pub async fn change(
    ctx: &TenantCtx,
    id: CustomerId,
    if_match: IfMatch,
    patch: CustomerPatch,
) -> Result<Customer, CustomerError> {
    ctx.transaction(move |tx| {
        let before = seen(tx, id, &if_match)?;
        let details = before.details.patched(patch);
        details.check()?;
        if details == before.details {
            return Ok(before);
        }
        let entry = Entry::new(Action::CustomerChanged, id).changed(audited(&before.details), audited(&details));
        let after = Customer { details, version: before.version + 1, updated_at: tx.now(), ..before };
        repo::update(tx, &after)?;
        record_in(tx, entry.hiding(&PERSON))?;
        Ok(after)
    })
    .await
}

/// Erases the person, here and on their orders. Afterwards there is no such customer.
pub async fn erase(ctx: &TenantCtx, id: CustomerId, if_match: IfMatch) -> Result<(), CustomerError> {
    ctx.transaction(move |tx| {
        let customer = seen(tx, id, &if_match)?;
        repo::erase(tx, &customer)?;
        Ok(record_in(tx, Entry::new(Action::CustomerErased, id))?)
    })
    .await
}

/// What the audit log keeps of a customer.
pub(super) fn audited(details: &Details) -> serde_json::Value {
    let Details { contact, billing_address, shipping_address, payment_terms_days, note } = details;
    json!({
        "contact": contact, "billing_address": billing_address, "shipping_address": shipping_address,
        "payment_terms_days": payment_terms_days, "note": note,
    })
}

fn seen(tx: &mut TenantTx<'_>, id: CustomerId, if_match: &IfMatch) -> Result<Customer, CustomerError> {
    let customer = repo::lock(tx, id)?.ok_or(CustomerError::NotFound)?;
    if_match.check(customer.version).map_err(CustomerError::VersionMismatch)?;
    Ok(customer)
}

/// What an order keeps of its customer.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub contact: Contact,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub payment_terms_days: Option<i32>,
}

/// The customer as they are now; they are not erased before the transaction ends.
pub fn snapshot_in(tx: &mut TenantTx<'_>, id: CustomerId) -> Result<Option<Snapshot>, DbError> {
    let customer = repo::hold(tx, id)?;
    Ok(customer.map(|Customer { details, .. }| Snapshot {
        contact: details.contact,
        billing_address: details.billing_address,
        shipping_address: details.shipping_address,
        payment_terms_days: details.payment_terms_days,
    }))
}

/// The customer's own terms, if there are any.
pub fn payment_terms_in(tx: &mut TenantTx<'_>, id: CustomerId) -> Result<Option<i32>, DbError> {
    Ok(repo::find(tx, id)?.and_then(|customer| customer.details.payment_terms_days))
}
