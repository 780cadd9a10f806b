//! The rules of the catalogue, and its transactions.

use super::{
    error::ProductError,
    model::{Entry, FIRST_VERSION, ForSale, Product},
    repo, search,
};
use crate::{
    features::inventory::{self, Opening},
    platform::{
        audit::{self, Action, record_in},
        authn::TenantCtx,
        db::{DbError, TenantTx},
        events,
        http::{IfMatch, Invalid, MAX_QUANTITY, PageRequest, Text},
    },
};
use countinghouse_contract::{
    Attributes, Currency, Money, Patch, ProductId, Rate,
    events::{Event, ProductTold},
    products::{NewProduct, ProductPatch},
};
use serde_json::json;

const SKU: Text = Text::line(1..=64);
const NAME: Text = Text::line(1..=300);
const DESCRIPTION: Text = Text::lines(0..=10_000);
const BARCODE: Text = Text::line(1..=64);
const MAX_ATTRIBUTES: usize = 50;

/// Long, and no matter of money: the audit log keeps that they changed.
pub(super) const PROSE: [&str; 2] = ["description", "attributes"];

/// Which products a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    pub q: Option<String>,
    pub sku: Option<String>,
    pub active: bool,
    pub low_stock: Option<bool>,
}

impl Filter {
    pub fn new(
        q: Option<String>,
        sku: Option<String>,
        active: Option<bool>,
        low_stock: Option<bool>,
    ) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        invalid.optional_text("/q", q.as_deref(), &Text::line(0..=200));
        invalid.optional_text("/sku", sku.as_deref(), &Text::line(0..=64));
        invalid.finish()?;
        let q = q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Self { q, sku, active: active.unwrap_or(true), low_stock })
    }
}

pub async fn list(ctx: &TenantCtx, filter: Filter, asked: PageRequest) -> Result<Vec<Product>, ProductError> {
    Ok(ctx.read(move |tx| list_in(tx, &filter, asked)).await?)
}

pub fn list_in(tx: &mut TenantTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<Product>, DbError> {
    match &filter.q {
        Some(q) => search::list(tx, q, filter, asked),
        None => repo::list(tx, filter, None, asked),
    }
}

pub async fn get(ctx: &TenantCtx, id: ProductId) -> Result<Product, ProductError> {
    ctx.read(move |tx| repo::find(tx, id)?.ok_or(ProductError::NotFound)).await
}

/// Enters a product and its stock row, with an opening movement where something lies there. The
/// input is checked inside the transaction, which knows the client's present currency.
pub async fn create(ctx: &TenantCtx, input: NewProduct) -> Result<Product, ProductError> {
    ctx.transaction(move |tx| {
        let (entry, opening) = check_new(input, tx.actor().currency)?;
        let id = tx.make_id::<ProductId>()?;
        repo::insert(tx, id, &entry)?;
        let level = inventory::open_in(tx, id, opening)?;
        let made = audit::Entry::new(Action::ProductCreated, id).after(audited(&entry)).hiding(&PROSE);
        let value = Money::new(level.value, entry.price.currency).to_decimal();
        record_in(tx, made.noting("on_hand", json!(level.on_hand)).noting("inventory_value", json!(value)))?;
        let now = tx.now();
        let product =
            Product { id, entry, level, unfulfilled: 0, version: FIRST_VERSION, created_at: now, updated_at: now };
        events::record_in(tx, &[Event::ProductCreated(product.told())])?;
        Ok(product)
    })
    .await
}

/// Applies a patch to the version that the caller has seen. A patch that changes nothing keeps
/// the version.
pub async fn change(
    ctx: &TenantCtx,
    id: ProductId,
    if_match: IfMatch,
    patch: ProductPatch,
) -> Result<Product, ProductError> {
    ctx.transaction(move |tx| {
        let before = repo::lock(tx, id)?.ok_or(ProductError::NotFound)?;
        if_match.check(before.version).map_err(ProductError::VersionMismatch)?;
        let entry = apply(&before.entry, patch)?;
        if entry != before.entry {
            repo::update(tx, &before, &entry)?;
            let changed =
                audit::Entry::new(Action::ProductChanged, id).changed(audited(&before.entry), audited(&entry));
            record_in(tx, changed.hiding(&PROSE))?;
        }
        let after = repo::find(tx, id)?.ok_or(ProductError::NotFound)?;
        if after.version != before.version {
            let archived = before.entry.active && !after.entry.active;
            let event = if archived { Event::ProductArchived } else { Event::ProductUpdated };
            events::record_in(tx, &[event(after.told())])?;
        }
        Ok(after)
    })
    .await
}

/// Takes a product out of the catalogue; doing it again changes nothing.
pub async fn archive(ctx: &TenantCtx, id: ProductId, if_match: IfMatch) -> Result<(), ProductError> {
    ctx.transaction(move |tx| {
        let before = repo::lock(tx, id)?.ok_or(ProductError::NotFound)?;
        if_match.check(before.version).map_err(ProductError::VersionMismatch)?;
        if before.entry.active {
            let archived = Entry { active: false, ..before.entry.clone() };
            repo::update(tx, &before, &archived)?;
            let entry = audit::Entry::new(Action::ProductArchived, id);
            record_in(tx, entry.changed(audited(&before.entry), audited(&archived)))?;
            let told = ProductTold { version: before.version + 1, ..before.told() };
            events::record_in(tx, &[Event::ProductArchived(told)])?;
        }
        Ok(())
    })
    .await
}

/// What the audit log keeps of a product.
pub(super) fn audited(entry: &Entry) -> serde_json::Value {
    let Entry { sku, name, description, barcode, low_stock_threshold, attributes, active, .. } = entry;
    json!({
        "sku": sku, "name": name, "description": description, "barcode": barcode, "attributes": attributes,
        "price": entry.price.to_decimal(), "tax_rate": entry.tax_rate.to_decimal(),
        "low_stock_threshold": low_stock_threshold, "active": active,
    })
}

/// How an order names a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Id(ProductId),
    Sku(String),
}

/// The products that an order names, found with one query; those that do not exist are left out.
pub fn for_sale_in(tx: &mut TenantTx<'_>, wanted: &[Wanted]) -> Result<Vec<ForSale>, DbError> {
    repo::for_sale(tx, wanted)
}

pub(super) fn check_new(input: NewProduct, currency: Currency) -> Result<(Entry, Option<Opening>), Invalid> {
    let mut invalid = Invalid::default();
    let entry = Entry {
        price: invalid.amount("/price", input.price, currency),
        tax_rate: input.tax_rate.map_or(Rate::default(), |rate| invalid.rate("/tax_rate", rate)),
        sku: input.sku,
        name: input.name,
        description: input.description,
        barcode: input.barcode,
        low_stock_threshold: input.low_stock_threshold,
        attributes: input.attributes.unwrap_or_default(),
        active: true,
    };
    check_entry(&mut invalid, &entry);
    let opening = input.opening_stock.map(|stock| {
        inventory::check_opening(&mut invalid, "/opening_stock", stock.quantity, stock.unit_cost, currency)
    });
    invalid.finish()?;
    Ok((entry, opening))
}

fn check_entry(invalid: &mut Invalid, entry: &Entry) {
    invalid.text("/sku", &entry.sku, &SKU);
    invalid.text("/name", &entry.name, &NAME);
    invalid.optional_text("/description", entry.description.as_deref(), &DESCRIPTION);
    invalid.optional_text("/barcode", entry.barcode.as_deref(), &BARCODE);
    if let Some(threshold) = entry.low_stock_threshold {
        invalid.quantity("/low_stock_threshold", threshold, 0..=MAX_QUANTITY);
    }
    check_attributes(invalid, &entry.attributes);
}

fn check_attributes(invalid: &mut Invalid, attributes: &Attributes) {
    if attributes.0.len() > MAX_ATTRIBUTES {
        invalid.add("/attributes", "too_many", format!("At most {MAX_ATTRIBUTES} attributes."));
    }
    for (name, value) in attributes.0.iter().take(MAX_ATTRIBUTES) {
        let pointer = format!("/attributes/{}", name.replace('~', "~0").replace('/', "~1"));
        invalid.text(&pointer, name, &Text::line(1..=64));
        invalid.text(&pointer, value, &Text::line(0..=500));
    }
}

fn apply(before: &Entry, patch: ProductPatch) -> Result<Entry, Invalid> {
    let mut invalid = Invalid::default();
    let mut entry = before.clone();
    let currency = entry.price.currency;
    invalid.required("/sku", patch.sku, |_, sku| entry.sku = sku);
    invalid.required("/name", patch.name, |_, name| entry.name = name);
    invalid.required("/price", patch.price, |invalid, price| {
        entry.price = invalid.amount("/price", price, currency);
    });
    invalid.required("/tax_rate", patch.tax_rate, |invalid, rate| {
        entry.tax_rate = invalid.rate("/tax_rate", rate);
    });
    invalid.required("/active", patch.active, |_, active| entry.active = active);
    patch.description.apply_to(&mut entry.description);
    patch.barcode.apply_to(&mut entry.barcode);
    patch.low_stock_threshold.apply_to(&mut entry.low_stock_threshold);
    match patch.attributes {
        Patch::Absent => {}
        Patch::Null => entry.attributes = Attributes::default(),
        Patch::Value(attributes) => entry.attributes = attributes,
    }
    check_entry(&mut invalid, &entry);
    invalid.finish()?;
    Ok(entry)
}
