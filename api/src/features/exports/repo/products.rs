//! Products with their stock, by SKU.

use super::{Export, Form};
use crate::{features::inventory::Level, platform::sheets::Cell};
use chrono::{DateTime, Utc};
use countinghouse_contract::Rate;
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

#[derive(QueryableByName)]
pub struct ProductRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    description: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    barcode: Option<String>,
    #[diesel(sql_type = BigInt)]
    price_minor: i64,
    #[diesel(sql_type = Integer)]
    tax_rate: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    low_stock_threshold: Option<i64>,
    #[diesel(sql_type = Jsonb)]
    attributes: Value,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = BigInt)]
    on_hand: i64,
    #[diesel(sql_type = BigInt)]
    unfulfilled: i64,
    #[diesel(sql_type = BigInt)]
    value_minor: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

impl Export for ProductRow {
    const NAME: &'static str = "products";
    const COLUMNS: &'static [&'static str] = &[
        "sku",
        "name",
        "description",
        "barcode",
        "price",
        "tax_rate",
        "low_stock_threshold",
        "attributes",
        "active",
        "currency",
        "on_hand",
        "unfulfilled",
        "created_at",
        "id",
    ];
    const COSTS: &'static [&'static str] = &["average_cost", "inventory_value"];
    const SQL: &'static str = "SELECT \
         p.id, p.sku, p.name, p.description, p.barcode, p.price_minor, p.tax_rate, p.low_stock_threshold, \
         p.attributes, p.active, s.on_hand, s.unfulfilled, s.value_minor, p.created_at \
         FROM products p JOIN stock s ON s.tenant_id = p.tenant_id AND s.product_id = p.id \
         WHERE p.tenant_id = $1 ORDER BY p.sku";

    fn cells(&self, form: &Form) -> Vec<Cell<'_>> {
        let mut cells = vec![
            Cell::Text(&self.sku),
            Cell::Text(&self.name),
            self.description.as_deref().into(),
            self.barcode.as_deref().into(),
            form.money(self.price_minor),
            Cell::Number(Rate(self.tax_rate).to_decimal()),
            self.low_stock_threshold.map_or(Cell::Empty, Cell::Whole),
            self.attributes(),
            Cell::Flag(self.active),
            Cell::word(form.currency.code()),
            Cell::Whole(self.on_hand),
            Cell::Whole(self.unfulfilled),
            form.moment(self.created_at),
            Cell::made(self.id),
        ];
        if form.costs {
            let level = Level { on_hand: self.on_hand, value: self.value_minor };
            cells.push(level.average().map_or(Cell::Empty, |average| form.money(average)));
            cells.push(form.money(self.value_minor));
        }
        cells
    }
}

impl ProductRow {
    /// As JSON, which begins with a brace.
    fn attributes(&self) -> Cell<'_> {
        let some = self.attributes.as_object().is_some_and(|members| !members.is_empty());
        if some { Cell::made(&self.attributes) } else { Cell::Empty }
    }
}
