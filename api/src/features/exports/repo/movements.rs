//! What moved stock, newest first.

use super::{Export, Form};
use crate::{features::orders::order_number_text, platform::sheets::Cell};
use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

#[derive(QueryableByName)]
pub struct MovementRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = BigInt)]
    on_hand_after: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    order_number: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    unit_cost_minor: i64,
    #[diesel(sql_type = BigInt)]
    value_minor: i64,
    #[diesel(sql_type = BigInt)]
    value_after_minor: i64,
}

impl Export for MovementRow {
    const NAME: &'static str = "movements";
    const COLUMNS: &'static [&'static str] =
        &["created_at", "sku", "kind", "quantity", "on_hand_after", "order_number", "reason", "id"];
    const COSTS: &'static [&'static str] = &["currency", "unit_cost", "value", "value_after"];
    const SQL: &'static str = "SELECT \
         m.id, m.created_at, p.sku, m.kind, m.quantity, m.on_hand_after, o.number AS order_number, m.reason, \
         m.unit_cost_minor, m.value_minor, m.value_after_minor \
         FROM stock_movements m JOIN products p ON p.tenant_id = m.tenant_id AND p.id = m.product_id \
         LEFT JOIN orders o ON o.tenant_id = m.tenant_id AND o.id = m.order_id \
         WHERE m.tenant_id = $1 AND ($2 IS NULL OR m.created_at >= $2) AND ($3 IS NULL OR m.created_at < $3) \
         ORDER BY m.created_at DESC, m.id DESC";

    fn cells(&self, form: &Form) -> Vec<Cell<'_>> {
        let mut cells = vec![
            form.moment(self.created_at),
            Cell::Text(&self.sku),
            Cell::word(&self.kind),
            Cell::Whole(self.quantity),
            Cell::Whole(self.on_hand_after),
            self.order_number.map_or(Cell::Empty, |number| Cell::made(order_number_text(number))),
            self.reason.as_deref().into(),
            Cell::made(self.id),
        ];
        if form.costs {
            cells.push(Cell::word(form.currency.code()));
            cells.extend(
                [self.unit_cost_minor, self.value_minor, self.value_after_minor].map(|minor| form.money(minor)),
            );
        }
        cells
    }
}
