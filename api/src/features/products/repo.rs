//! Products in the database, each read with its stock row.

use super::{
    model::{Entry, ForSale, Product},
    service::{Filter, Wanted},
};
use crate::{
    features::inventory::Level,
    platform::{
        db::{DbError, TakeFirstRows, TenantTx, prepared},
        http::PageRequest,
    },
    schema::{products, stock},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{Attributes, Currency, Money, ProductId, Rate};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use std::collections::HashSet;
use uuid::Uuid;

diesel::define_sql_function! {
    fn coalesce(own: Nullable<BigInt>, other: Nullable<BigInt>) -> Nullable<BigInt>;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = products)]
struct ProductRow {
    id: Uuid,
    sku: String,
    name: String,
    description: Option<String>,
    barcode: Option<String>,
    currency: String,
    price_minor: i64,
    tax_rate: i32,
    low_stock_threshold: Option<i64>,
    attributes: StoredAttributes,
    active: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Read without the detour of a JSON value: lists read many.
#[derive(FromSqlRow)]
struct StoredAttributes(Attributes);

impl FromSql<Jsonb, Pg> for StoredAttributes {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        // The number of its binary form comes first: there is one.
        match value.as_bytes().split_first() {
            Some((1, json)) => Ok(Self(serde_json::from_slice(json)?)),
            _ => Err("another form of jsonb than the first".into()),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = stock)]
struct StockRow {
    on_hand: i64,
    unfulfilled: i64,
    value_minor: i64,
}

fn product((row, stock): (ProductRow, StockRow)) -> Result<Product, DbError> {
    let price = money(&row.currency, row.price_minor)?;
    Ok(Product {
        id: ProductId(row.id),
        entry: Entry {
            sku: row.sku,
            name: row.name,
            description: row.description,
            barcode: row.barcode,
            price,
            tax_rate: Rate(row.tax_rate),
            low_stock_threshold: row.low_stock_threshold,
            attributes: row.attributes.0,
            active: row.active,
        },
        level: Level { on_hand: stock.on_hand, value: stock.value_minor },
        unfulfilled: stock.unfulfilled,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn money(currency: &str, minor: i64) -> Result<Money, DbError> {
    let known = Currency::from_code(currency);
    let known = known.ok_or_else(|| DbError::Corrupt { table: "products", what: format!("currency {currency}") })?;
    Ok(Money::new(minor, known))
}

/// The products of the tenant with their stock.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_stock(tenant: Uuid) -> _ {
    let same_product = stock::tenant_id.eq(products::tenant_id).and(stock::product_id.eq(products::id));
    products::table.inner_join(stock::table.on(same_product)).filter(products::tenant_id.eq(tenant))
}

pub fn find(tx: &mut TenantTx<'_>, id: ProductId) -> Result<Option<Product>, DbError> {
    let tenant = tx.tenant_id();
    let row = with_stock(tenant.0)
        .filter(products::id.eq(id.0))
        .select((ProductRow::as_select(), StockRow::as_select()))
        .first(tx.conn())
        .optional()?;
    row.map(product).transpose()
}

/// As [`find`], and nobody else changes the catalogue entry until the transaction ends. The
/// stock stays free: selling does not wait for those who edit.
pub fn lock(tx: &mut TenantTx<'_>, id: ProductId) -> Result<Option<Product>, DbError> {
    let tenant = tx.tenant_id();
    let locked: Option<Uuid> =
        products::table.find((tenant.0, id.0)).select(products::id).for_no_key_update().first(tx.conn()).optional()?;
    locked.map_or(Ok(None), |_| find(tx, id))
}

/// Newest first; only `among` these, where it says which.
pub fn list(
    tx: &mut TenantTx<'_>,
    filter: &Filter,
    among: Option<&[Uuid]>,
    asked: PageRequest,
) -> Result<Vec<Product>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = with_stock(tenant.0)
        .filter(products::active.eq(filter.active))
        .select((ProductRow::as_select(), StockRow::as_select()))
        .into_boxed();
    if let Some(sku) = &filter.sku {
        query = query.filter(products::sku.eq(sku));
    }
    if let Some(ids) = among {
        query = query.filter(products::id.eq_any(ids));
    }
    if let Some(low) = filter.low_stock {
        let clients = tx.actor().policies.low_stock_threshold;
        let threshold = coalesce(products::low_stock_threshold, clients);
        query = match (low, clients) {
            // In the words of the index of those that have a threshold of their own.
            (true, None) => query
                .filter(products::low_stock_threshold.is_not_null())
                .filter(stock::on_hand.nullable().le(threshold).assume_not_null()),
            (true, Some(_)) => query.filter(stock::on_hand.nullable().le(threshold).assume_not_null()),
            (false, _) => {
                query.filter(threshold.is_null().or(stock::on_hand.nullable().gt(threshold).assume_not_null()))
            }
        };
    }
    if let Some(after) = asked.after {
        query = query
            .filter(products::created_at.le(after.created_at))
            .filter(products::created_at.lt(after.created_at).or(products::id.lt(after.id)));
    }
    let rows =
        query.order((products::created_at.desc(), products::id.desc())).first_rows(asked.rows()).load(tx.conn())?;
    rows.into_iter().map(product).collect()
}

pub fn insert(tx: &mut TenantTx<'_>, id: ProductId, entry: &Entry) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::insert_into(products::table)
        .values((
            products::tenant_id.eq(tenant.0),
            products::id.eq(id.0),
            products::currency.eq(entry.price.currency.code()),
            Columns::of(entry),
            products::created_at.eq(now),
            products::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Those of these SKUs that products have.
pub fn taken_skus(tx: &mut TenantTx<'_>, skus: &[&str]) -> Result<HashSet<String>, DbError> {
    let tenant = tx.tenant_id();
    let taken: Vec<String> = products::table
        .filter(products::tenant_id.eq(tenant.0).and(products::sku.eq_any(skus)))
        .select(products::sku)
        .load(tx.conn())?;
    Ok(taken.into_iter().collect())
}

/// Enters many in one statement, and answers which: one whose SKU is taken is not entered.
pub fn insert_all(tx: &mut TenantTx<'_>, all: &[(ProductId, Entry)]) -> Result<HashSet<ProductId>, DbError> {
    #[derive(QueryableByName)]
    struct Entered {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let texts = |pick: fn(&Entry) -> &str| all.iter().map(|(_, entry)| pick(entry)).collect::<Vec<_>>();
    let options = |pick: fn(&Entry) -> Option<&str>| all.iter().map(|(_, entry)| pick(entry)).collect::<Vec<_>>();
    let entered: Vec<Entered> = prepared(
        "INSERT INTO products (tenant_id, id, sku, name, description, barcode, currency, price_minor, tax_rate, \
         low_stock_threshold, attributes, active, created_at, updated_at) \
         SELECT $1, p.*, $2, $2 FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) p \
         ON CONFLICT (tenant_id, sku) DO NOTHING RETURNING id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(all.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(texts(|entry| &entry.sku))
    .bind::<Array<Text>, _>(texts(|entry| &entry.name))
    .bind::<Array<Nullable<Text>>, _>(options(|entry| entry.description.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(options(|entry| entry.barcode.as_deref()))
    .bind::<Array<Text>, _>(all.iter().map(|(_, entry)| entry.price.currency.code()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(all.iter().map(|(_, entry)| entry.price.minor).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(all.iter().map(|(_, entry)| entry.tax_rate.0).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(all.iter().map(|(_, entry)| entry.low_stock_threshold).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(all.iter().map(|(_, entry)| serde_json::json!(entry.attributes)).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(all.iter().map(|(_, entry)| entry.active).collect::<Vec<_>>())
    .load(tx.conn())?;
    Ok(entered.into_iter().map(|row| ProductId(row.id)).collect())
}

/// Writes a changed entry over the one that [`lock`] gave. An equal one is left as it is.
pub fn update(tx: &mut TenantTx<'_>, before: &Product, entry: &Entry) -> Result<(), DbError> {
    if *entry == before.entry {
        return Ok(());
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(products::table.find((tenant.0, before.id.0)))
        .set((Columns::of(entry), products::version.eq(before.version + 1), products::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// The columns that people enter and change; `None` clears one.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = products, treat_none_as_null = true)]
struct Columns<'a> {
    sku: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    barcode: Option<&'a str>,
    price_minor: i64,
    tax_rate: i32,
    low_stock_threshold: Option<i64>,
    attributes: serde_json::Value,
    active: bool,
}

impl<'a> Columns<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            sku: &entry.sku,
            name: &entry.name,
            description: entry.description.as_deref(),
            barcode: entry.barcode.as_deref(),
            price_minor: entry.price.minor,
            tax_rate: entry.tax_rate.0,
            low_stock_threshold: entry.low_stock_threshold,
            attributes: serde_json::json!(entry.attributes),
            active: entry.active,
        }
    }
}

pub fn for_sale(tx: &mut TenantTx<'_>, wanted: &[Wanted]) -> Result<Vec<ForSale>, DbError> {
    let tenant = tx.tenant_id();
    let (mut ids, mut skus) = (Vec::new(), Vec::new());
    for one in wanted {
        match one {
            Wanted::Id(id) => ids.push(id.0),
            Wanted::Sku(sku) => skus.push(sku.as_str()),
        }
    }
    let rows: Vec<ProductRow> = products::table
        .filter(products::tenant_id.eq(tenant.0))
        .filter(products::id.eq_any(ids).or(products::sku.eq_any(skus)))
        .select(ProductRow::as_select())
        .load(tx.conn())?;
    rows.into_iter()
        .map(|row| {
            Ok(ForSale {
                id: ProductId(row.id),
                price: money(&row.currency, row.price_minor)?,
                tax_rate: Rate(row.tax_rate),
                sku: row.sku,
                name: row.name,
                active: row.active,
            })
        })
        .collect()
}
