//! Stock rows and movements in the database.

use super::model::Level;
use crate::{
    platform::db::{DbError, TenantTx},
    schema::{stock, stock_movements},
};
use countinghouse_contract::{MovementId, OrderId, ProductId, inventory::MovementKind};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A stock row as it is to be.
pub struct Change {
    pub product: ProductId,
    pub after: Level,
    /// How many units were sold, which lie on the shelf until they are fulfilled; negative for
    /// units that leave it.
    pub sold: i64,
}

pub struct NewMovement {
    pub product: ProductId,
    pub kind: MovementKind,
    pub quantity: i64,
    pub unit_cost: i64,
    pub value: i64,
    pub after: Level,
    pub order: Option<OrderId>,
    pub reason: Option<String>,
}

/// Locks stock rows, in the order of the products' ids, until the transaction ends. Products
/// that have none are left out.
pub fn lock(tx: &mut TenantTx<'_>, products: &[ProductId]) -> Result<BTreeMap<ProductId, Level>, DbError> {
    let tenant = tx.tenant_id();
    let ids: Vec<Uuid> = products.iter().map(|product| product.0).collect();
    let rows: Vec<(Uuid, i64, i64)> = stock::table
        .filter(stock::tenant_id.eq(tenant.0).and(stock::product_id.eq_any(ids)))
        .order(stock::product_id)
        .select((stock::product_id, stock::on_hand, stock::value_minor))
        .for_no_key_update()
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|(id, on_hand, value)| (ProductId(id), Level { on_hand, value })).collect())
}

/// Writes stock rows that [`lock`] holds, in one statement.
pub fn update(tx: &mut TenantTx<'_>, changes: &[Change]) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let column = |pick: fn(&Change) -> i64| changes.iter().map(pick).collect::<Vec<i64>>();
    sql_query(
        "UPDATE stock SET on_hand = c.on_hand, value_minor = c.value, unfulfilled = stock.unfulfilled + c.sold, \
         updated_at = $6 \
         FROM unnest($2, $3, $4, $5) AS c (product_id, on_hand, value, sold) \
         WHERE stock.tenant_id = $1 AND stock.product_id = c.product_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(changes.iter().map(|change| change.product.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(column(|change| change.after.on_hand))
    .bind::<Array<BigInt>, _>(column(|change| change.after.value))
    .bind::<Array<BigInt>, _>(column(|change| change.sold))
    .bind::<Timestamptz, _>(now)
    .execute(tx.conn())?;
    Ok(())
}

pub fn insert(tx: &mut TenantTx<'_>, product: ProductId, level: Level) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::insert_into(stock::table)
        .values((
            stock::tenant_id.eq(tenant.0),
            stock::product_id.eq(product.0),
            stock::on_hand.eq(level.on_hand),
            stock::value_minor.eq(level.value),
            stock::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Adds one movement and returns its id.
pub fn insert_movement(tx: &mut TenantTx<'_>, movement: &NewMovement) -> Result<MovementId, DbError> {
    let ids = insert_movements(tx, &[movement])?;
    ids.first().copied().ok_or_else(|| DbError::Corrupt { table: "stock_movements", what: "no id".to_owned() })
}

/// Adds movements, in one statement, and returns their ids in the same order.
pub fn insert_movements(tx: &mut TenantTx<'_>, movements: &[&NewMovement]) -> Result<Vec<MovementId>, DbError> {
    let (tenant, now, by) = (tx.tenant_id(), tx.now(), tx.actor().user_id);
    let ids = movements.iter().map(|_| tx.make_id::<MovementId>()).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<_> = (movements.iter().zip(&ids))
        .map(|(movement, id)| {
            (
                stock_movements::tenant_id.eq(tenant.0),
                stock_movements::id.eq(id.0),
                stock_movements::product_id.eq(movement.product.0),
                stock_movements::kind.eq(kind_name(movement.kind)),
                stock_movements::quantity.eq(movement.quantity),
                stock_movements::unit_cost_minor.eq(movement.unit_cost),
                stock_movements::value_minor.eq(movement.value),
                stock_movements::on_hand_after.eq(movement.after.on_hand),
                stock_movements::value_after_minor.eq(movement.after.value),
                stock_movements::order_id.eq(movement.order.map(|order| order.0)),
                stock_movements::reason.eq(movement.reason.clone()),
                stock_movements::created_by.eq(by.0),
                stock_movements::created_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(stock_movements::table).values(rows).execute(tx.conn())?;
    Ok(ids)
}

fn kind_name(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Opening => "opening",
        MovementKind::Purchase => "purchase",
        MovementKind::Sale => "sale",
    }
}
