//! Reports on the books and the stock.

use crate::{Decimal, ProductId};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /reports/profit-loss`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfitLossQuery {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// What was earned in these days.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProfitLoss {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub sales: Decimal,
    pub discounts: Decimal,
    pub returns: Decimal,
    pub shipping_income: Decimal,
    pub net_revenue: Decimal,
    pub cost_of_goods: Decimal,
    pub inventory_adjustments: Decimal,
    pub gross_profit: Decimal,
    /// Of the net revenue; null without any.
    pub gross_margin_pct: Option<Decimal>,
    /// Income on accounts of the client's own.
    pub other_income: Vec<AccountAmount>,
    pub expenses: Vec<AccountAmount>,
    pub net_profit: Decimal,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountAmount {
    pub account: String,
    pub name: String,
    pub amount: Decimal,
}

/// `GET /reports/balance-sheet`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BalanceSheet {
    pub as_of: NaiveDate,
    pub assets: Vec<AccountAmount>,
    pub liabilities: Vec<AccountAmount>,
    pub equity: Vec<AccountAmount>,
    /// Income less expenses of all time, which no entry has moved to equity.
    pub earnings_to_date: Decimal,
    pub total_assets: Decimal,
    pub total_liabilities: Decimal,
    /// With the earnings to date.
    pub total_equity: Decimal,
}

/// How long what is on hand has been there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StockAging {
    pub as_of: NaiveDate,
    /// Days since the goods came in.
    pub buckets: Vec<String>,
    pub rows: Vec<AgingRow>,
    pub totals: AgingTotals,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgingRow {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub on_hand: i64,
    pub inventory_value: Decimal,
    pub by_bucket: Vec<AgingBucket>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgingBucket {
    pub quantity: i64,
    pub value: Decimal,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AgingTotals {
    pub on_hand: i64,
    pub inventory_value: Decimal,
    pub by_bucket: Vec<AgingBucket>,
}
