//! Edits of orders: what is to change, and what that would come to.

use crate::{
    CustomerId, Decimal, OrderLineId, Patch, ProductId,
    accounting::EntrySource,
    customers::{Address, Contact},
    orders::Totals,
};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `PATCH /orders/{id}`: what is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderPatch {
    /// All lines that the order is to have: one with its id stays, one without is new, and one that is left
    /// out is removed.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(min = 1, max = 500))]
    pub lines: Patch<Vec<EditedLine>>,
    /// A customer on record, whose details and addresses take the place of those that the order keeps.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub customer_id: Patch<CustomerId>,
    /// Who buys, as it is written on the order; not together with another customer on record.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub customer: Patch<Contact>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub billing_address: Patch<Address>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub shipping_address: Patch<Address>,
    /// What shipping costs, meant like the order's prices: before tax, or with it.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub shipping: Patch<Decimal>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(max = 5_000))]
    pub note: Patch<String>,
}

/// A line as it is to be. One that stays keeps its product, and its price and discount where they are left
/// out; a new one names its product by id or SKU, and costs what the catalogue says.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditedLine {
    /// Of the line that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OrderLineId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub sku: Option<String>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub quantity: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_pct: Option<Decimal>,
}

/// What an edit would come to, and a token with which just that is done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EditPreview {
    /// To be sent in `X-Edit-Token` with the same body.
    #[schemars(example = &"AAAAAAAAAAEAAAAAacusSA")]
    pub edit_token: String,
    pub before: EditedOrder,
    pub after: EditedOrder,
    /// What moves of each product: units that go back, and then units that are taken.
    pub stock_changes: Vec<StockChange>,
    /// The entries that the edit would post; for those with `accounting:read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_changes: Option<Vec<JournalChange>>,
    /// Until when the token is good.
    pub expires_at: DateTime<Utc>,
}

/// What an edit may change of an order, and what follows from it. Costs are an estimate: others may move the
/// stock meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditedOrder {
    pub lines: Vec<PreviewLine>,
    pub totals: Totals,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_of_goods: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross_profit: Option<Decimal>,
    /// What the sales person earns.
    pub commission: Decimal,
    /// Negative when the customer is owed.
    pub amount_due: Decimal,
    pub due_date: Option<NaiveDate>,
    pub customer_id: Option<CustomerId>,
    pub customer: Option<Contact>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub note: Option<String>,
}

/// A line of such an order; a new one gets its id when the edit is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreviewLine {
    pub id: Option<OrderLineId>,
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    /// As it was given: before tax, or with it.
    pub unit_price: Decimal,
    pub discount_pct: Decimal,
    pub discount: Decimal,
    pub tax_rate: Decimal,
    pub tax: Decimal,
    pub line_total: Decimal,
    pub line_gross: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<Decimal>,
}

/// What an edit moves of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockChange {
    pub product_id: ProductId,
    pub sku: String,
    /// Units that go back, at what they cost when they left.
    pub put_back: i64,
    /// Units that are taken then, at the average of that moment.
    pub taken: i64,
    /// Units free to sell before the edit.
    pub on_hand_before: i64,
    /// And after it.
    pub on_hand_after: i64,
    /// By how much the stock is worth more, or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
}

/// An entry that an edit would post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JournalChange {
    pub source: EntrySource,
    pub date: NaiveDate,
    pub memo: String,
    pub lines: Vec<JournalChangeLine>,
}

/// One line; the side that it does not stand on is zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JournalChangeLine {
    pub account: String,
    pub debit: Decimal,
    pub credit: Decimal,
}
