//! Stock rows and movements in the database.

use super::model::{Level, Movement, Shelf};
use crate::{
    platform::{
        db::{DbError, TakeFirstRows, TenantTx, prepared},
        events,
        http::{Dates, PageRequest},
    },
    schema::{stock, stock_movements},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    MovementId, OrderId, ProductId, ReturnId, UserId,
    events::{Event, StockLow},
    inventory::MovementKind,
};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use std::collections::{BTreeMap, BTreeSet};
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
    pub returned: Option<ReturnId>,
    pub reason: Option<String>,
}

/// Locks stock rows, in the order of the products' ids, until the transaction ends. Products
/// that have none are left out.
pub fn lock(tx: &mut TenantTx<'_>, products: &[ProductId]) -> Result<BTreeMap<ProductId, Level>, DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<LevelRow> = levels(tenant.0, products).for_no_key_update().load(tx.conn())?;
    Ok(by_product(rows))
}

/// The same without locking them.
pub fn look(tx: &mut TenantTx<'_>, products: &[ProductId]) -> Result<BTreeMap<ProductId, Level>, DbError> {
    let tenant = tx.tenant_id();
    Ok(by_product(levels(tenant.0, products).load(tx.conn())?))
}

type LevelRow = (Uuid, i64, i64);

#[diesel::dsl::auto_type(no_type_alias)]
fn levels(tenant: Uuid, products: &[ProductId]) -> _ {
    let ids: Vec<Uuid> = products.iter().map(|product| product.0).collect();
    stock::table
        .filter(stock::tenant_id.eq(tenant).and(stock::product_id.eq_any(ids)))
        .order(stock::product_id)
        .select((stock::product_id, stock::on_hand, stock::value_minor))
}

fn by_product(rows: Vec<LevelRow>) -> BTreeMap<ProductId, Level> {
    rows.into_iter().map(|(id, on_hand, value)| (ProductId(id), Level { on_hand, value })).collect()
}

/// As [`lock`], for one product, with what is sold and still lies on the shelf.
pub fn lock_shelf(tx: &mut TenantTx<'_>, product: ProductId) -> Result<Option<Shelf>, DbError> {
    let tenant = tx.tenant_id();
    let row: Option<(i64, i64, i64)> = stock::table
        .find((tenant.0, product.0))
        .select((stock::on_hand, stock::value_minor, stock::unfulfilled))
        .for_no_key_update()
        .first(tx.conn())
        .optional()?;
    Ok(row.map(|(on_hand, value, unfulfilled)| Shelf { level: Level { on_hand, value }, unfulfilled }))
}

/// What a unit cost in the product's last movement that moved any.
pub fn last_unit_cost(tx: &mut TenantTx<'_>, product: ProductId) -> Result<Option<i64>, DbError> {
    let tenant = tx.tenant_id();
    let cost = stock_movements::table
        .filter(stock_movements::tenant_id.eq(tenant.0).and(stock_movements::product_id.eq(product.0)))
        .filter(stock_movements::quantity.ne(0))
        .order((stock_movements::created_at.desc(), stock_movements::id.desc()))
        .select(stock_movements::unit_cost_minor)
        .first(tx.conn())
        .optional()?;
    Ok(cost)
}

/// Writes stock rows that [`lock`] holds, in one statement; and an event for each product that comes
/// down to its threshold by it. Their time goes forward with each change, also where a transaction that
/// began earlier comes later, or the clocks of two copies of the service differ: movements get it, and
/// so are listed as they happened.
pub fn update(tx: &mut TenantTx<'_>, changes: &[Change]) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let threshold = tx.actor().policies.low_stock_threshold;
    let column = |pick: fn(&Change) -> i64| changes.iter().map(pick).collect::<Vec<i64>>();
    let low: Vec<LowRow> = prepared(
        "WITH moved AS (UPDATE stock SET on_hand = c.on_hand, value_minor = c.value, \
         unfulfilled = stock.unfulfilled + c.sold, \
         updated_at = greatest($6, stock.updated_at + interval '1 microsecond') \
         FROM unnest($2, $3, $4, $5) AS c (product_id, on_hand, value, sold) \
         JOIN stock AS old ON old.tenant_id = $1 AND old.product_id = c.product_id \
         WHERE stock.tenant_id = $1 AND stock.product_id = c.product_id \
         RETURNING c.product_id, old.on_hand AS before, c.on_hand) \
         SELECT p.id AS product_id, p.sku, p.name, m.on_hand, coalesce(p.low_stock_threshold, $7) AS threshold \
         FROM moved m JOIN products p ON p.tenant_id = $1 AND p.id = m.product_id \
         WHERE m.before > coalesce(p.low_stock_threshold, $7) \
         AND m.on_hand <= coalesce(p.low_stock_threshold, $7)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(changes.iter().map(|change| change.product.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(column(|change| change.after.on_hand))
    .bind::<Array<BigInt>, _>(column(|change| change.after.value))
    .bind::<Array<BigInt>, _>(column(|change| change.sold))
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<BigInt>, _>(threshold)
    .load(tx.conn())?;
    events::record_in(tx, &low.into_iter().map(|row| Event::StockLow(row.into())).collect::<Vec<_>>())
}

#[derive(QueryableByName)]
struct LowRow {
    #[diesel(sql_type = SqlUuid)]
    product_id: Uuid,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    on_hand: i64,
    #[diesel(sql_type = BigInt)]
    threshold: i64,
}

impl From<LowRow> for StockLow {
    fn from(row: LowRow) -> Self {
        let LowRow { product_id, sku, name, on_hand, threshold } = row;
        Self { product_id: ProductId(product_id), sku, name, on_hand, low_stock_threshold: threshold }
    }
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

/// Makes empty rows for new products.
pub fn insert_empty(tx: &mut TenantTx<'_>, products: &[ProductId]) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    prepared("INSERT INTO stock (tenant_id, product_id, updated_at) SELECT $1, p, $2 FROM unnest($3) p")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(products.iter().map(|product| product.0).collect::<Vec<_>>())
        .execute(tx.conn())?;
    Ok(())
}

/// Those of these products whose stock has ever moved.
pub fn moved(tx: &mut TenantTx<'_>, products: &[ProductId]) -> Result<BTreeSet<ProductId>, DbError> {
    let tenant = tx.tenant_id();
    let moved: Vec<Uuid> = stock_movements::table
        .filter(stock_movements::tenant_id.eq(tenant.0))
        .filter(stock_movements::product_id.eq_any(products.iter().map(|product| product.0)))
        .select(stock_movements::product_id)
        .distinct()
        .load(tx.conn())?;
    Ok(moved.into_iter().map(ProductId).collect())
}

/// Adds one movement.
pub fn insert_movement(tx: &mut TenantTx<'_>, movement: NewMovement) -> Result<Movement, DbError> {
    let entered = insert_movements(tx, std::slice::from_ref(&movement))?.pop();
    let (id, created_at) =
        entered.ok_or_else(|| DbError::Corrupt { table: "stock_movements", what: "no id".to_owned() })?;
    let NewMovement { product, kind, quantity, unit_cost, value, after, order, returned, reason } = movement;
    let created_by = tx.actor().user_id;
    Ok(Movement {
        id,
        product,
        kind,
        quantity,
        unit_cost,
        value,
        after,
        order,
        returned,
        reason,
        created_by,
        created_at,
    })
}

/// Adds the movements of stock rows that [`update`] has written, at their time, in one statement.
pub fn insert_movements(
    tx: &mut TenantTx<'_>,
    movements: &[NewMovement],
) -> Result<Vec<(MovementId, DateTime<Utc>)>, DbError> {
    let (tenant, by) = (tx.tenant_id(), tx.actor().user_id);
    // Two of one product have one time: their ids, which sort as they are made, say which came first.
    let ids = movements.iter().map(|_| tx.make_id::<MovementId>()).collect::<Result<Vec<_>, _>>()?;
    let numbers = |pick: fn(&NewMovement) -> i64| movements.iter().map(pick).collect::<Vec<_>>();
    let entered: Vec<EnteredRow> = prepared(
        "INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor, \
         on_hand_after, value_after_minor, order_id, return_id, reason, created_by, created_at) \
         SELECT $1, m.id, m.product_id, m.kind, m.quantity, m.unit_cost, m.value, m.on_hand, m.value_after, \
         m.order_id, m.return_id, m.reason, $2, s.updated_at \
         FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) WITH ORDINALITY \
         AS m (id, product_id, kind, quantity, unit_cost, value, on_hand, value_after, order_id, return_id, reason, \
         position) \
         JOIN stock s ON s.tenant_id = $1 AND s.product_id = m.product_id ORDER BY m.position \
         RETURNING id, created_at",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(by.0)
    .bind::<Array<SqlUuid>, _>(ids.into_iter().map(|id| id.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(movements.iter().map(|movement| movement.product.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(movements.iter().map(|movement| kind_name(movement.kind)).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(numbers(|movement| movement.quantity))
    .bind::<Array<BigInt>, _>(numbers(|movement| movement.unit_cost))
    .bind::<Array<BigInt>, _>(numbers(|movement| movement.value))
    .bind::<Array<BigInt>, _>(numbers(|movement| movement.after.on_hand))
    .bind::<Array<BigInt>, _>(numbers(|movement| movement.after.value))
    .bind::<Array<Nullable<SqlUuid>>, _>(
        movements.iter().map(|movement| movement.order.map(|order| order.0)).collect::<Vec<_>>(),
    )
    .bind::<Array<Nullable<SqlUuid>>, _>(
        movements.iter().map(|movement| movement.returned.map(|id| id.0)).collect::<Vec<_>>(),
    )
    .bind::<Array<Nullable<Text>>, _>(movements.iter().map(|movement| movement.reason.as_deref()).collect::<Vec<_>>())
    .load(tx.conn())?;
    Ok(entered.into_iter().map(|row| (MovementId(row.id), row.created_at)).collect())
}

#[derive(QueryableByName)]
struct EnteredRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

/// Which movements a list shows.
#[derive(Debug, Clone)]
pub struct MovementFilter {
    pub product: Option<ProductId>,
    pub kind: Option<MovementKind>,
    pub dates: Dates,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = stock_movements)]
struct MovementRow {
    id: Uuid,
    product_id: Uuid,
    kind: String,
    quantity: i64,
    unit_cost_minor: i64,
    value_minor: i64,
    on_hand_after: i64,
    value_after_minor: i64,
    order_id: Option<Uuid>,
    return_id: Option<Uuid>,
    reason: Option<String>,
    created_by: Uuid,
    created_at: DateTime<Utc>,
}

pub fn list_movements(
    tx: &mut TenantTx<'_>,
    filter: &MovementFilter,
    asked: PageRequest,
) -> Result<Vec<Movement>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = stock_movements::table
        .filter(stock_movements::tenant_id.eq(tenant.0))
        .select(MovementRow::as_select())
        .into_boxed();
    if let Some(product) = filter.product {
        query = query.filter(stock_movements::product_id.eq(product.0));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(stock_movements::kind.eq(kind_name(kind)));
        if kind != MovementKind::Sale {
            // The words of the index that leaves sales out.
            query = query.filter(sql::<Bool>("kind <> 'sale'"));
        }
    }
    if let Some(from) = filter.dates.from {
        query = query.filter(stock_movements::created_at.ge(from));
    }
    if let Some(before) = filter.dates.before {
        query = query.filter(stock_movements::created_at.lt(before));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(stock_movements::created_at.le(after.created_at))
            .filter(stock_movements::created_at.lt(after.created_at).or(stock_movements::id.lt(after.id)));
    }
    let ordered =
        query.order((stock_movements::created_at.desc(), stock_movements::id.desc())).first_rows(asked.rows());
    let rows: Vec<MovementRow> = ordered.load(tx.conn())?;
    rows.into_iter().map(Movement::try_from).collect()
}

impl TryFrom<MovementRow> for Movement {
    type Error = DbError;

    fn try_from(row: MovementRow) -> Result<Self, DbError> {
        Ok(Self {
            id: MovementId(row.id),
            product: ProductId(row.product_id),
            kind: kind_of(&row.kind)?,
            quantity: row.quantity,
            unit_cost: row.unit_cost_minor,
            value: row.value_minor,
            after: Level { on_hand: row.on_hand_after, value: row.value_after_minor },
            order: row.order_id.map(OrderId),
            returned: row.return_id.map(ReturnId),
            reason: row.reason,
            created_by: UserId(row.created_by),
            created_at: row.created_at,
        })
    }
}

const KINDS: [(MovementKind, &str); 7] = [
    (MovementKind::Opening, "opening"),
    (MovementKind::Purchase, "purchase"),
    (MovementKind::Sale, "sale"),
    (MovementKind::Return, "return"),
    (MovementKind::Damage, "damage"),
    (MovementKind::Correction, "correction"),
    (MovementKind::Count, "count"),
];

/// The kind that the database calls so.
pub fn kind_of(name: &str) -> Result<MovementKind, DbError> {
    let kind = KINDS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind);
    kind.ok_or_else(|| DbError::Corrupt { table: "stock_movements", what: format!("kind {name}") })
}

fn kind_name(kind: MovementKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| name)
}
