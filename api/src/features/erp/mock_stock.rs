//! The stock update of an ERP that is none: it says what a real one would do, and does nothing.

use super::error::ErpError;
use crate::{
    app::AppState,
    platform::http::{Invalid, MAX_QUANTITY, Text},
};
use countinghouse_contract::erp::{MockStockItem, MockStockUpdate, MockStockUpdated};

const MOST_ITEMS: usize = 200;
const SKU: Text = Text::line(1..=64);
const ORDER_NUMBER: Text = Text::line(1..=64);
const KEY: Text = Text::line(1..=100);

/// As if it were not there, where the operator has not switched it on.
pub fn update(state: &AppState, input: MockStockUpdate) -> Result<MockStockUpdated, ErpError> {
    if !state.erp_mock {
        return Err(ErpError::NotFound);
    }
    let mut invalid = Invalid::default();
    invalid.text("/orderIncrementId", &input.order_increment_id, &ORDER_NUMBER);
    invalid.text("/idempotencyKey", &input.idempotency_key, &KEY);
    match input.items.len() {
        0 => invalid.add("/items", "too_short", "At least one item."),
        1..=MOST_ITEMS => {}
        _ => invalid.add("/items", "too_many", format!("At most {MOST_ITEMS} items.")),
    }
    for (at, item) in input.items.iter().enumerate().take(MOST_ITEMS) {
        invalid.text(&format!("/items/{at}/sku"), &item.sku, &SKU);
        invalid.quantity(&format!("/items/{at}/qty"), item.qty, 1..=MAX_QUANTITY);
    }
    invalid.finish()?;
    let each: Vec<_> = input.items.iter().map(|MockStockItem { sku, qty }| format!("{qty} of {sku}")).collect();
    Ok(MockStockUpdated {
        success: true,
        message: format!("Would take {} for {}; nothing was changed.", each.join(", "), input.order_increment_id),
        order_increment_id: input.order_increment_id,
        idempotency_key: input.idempotency_key,
        items: input.items,
    })
}
