//! The dashboard of a client, and that of the whole service for superadmins.
//!
//! Windows end with today, a day of the client's own time zone: *today*; *week*, from Monday; *month*, from its
//! first; and *the last 30 days*. What it says of costs is there for those with `costs:read` only.

use crate::{Currency, Decimal, ProductId, inventory::MovementKind};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a client is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dashboard {
    pub currency: Currency,
    pub kpis: Kpis,
    pub sales: SalesPanel,
    pub inventory: InventoryPanel,
    /// The last 30 days.
    pub returns: ReturnsPanel,
    /// Orders of the last 30 days.
    pub discounts: DiscountsPanel,
    /// This month so far.
    pub commission: CommissionPanel,
    /// What these figures suggest.
    pub recommendations: Recommendations,
    pub security: SecurityPanel,
    pub freshness: Freshness,
    /// What the client decided, as it stands now.
    pub policies: PolicySnapshot,
}

/// The key figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kpis {
    /// Today so far.
    pub today: Kpi,
    /// From Monday to today.
    pub week: Kpi,
    /// From the first of the month to today.
    pub month: Kpi,
    /// What all that is on hand now cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory_value: Option<Decimal>,
}

/// Figures of some days, by the dates of invoices, credit notes and entries; from the journal, as the profit and
/// loss of these days has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kpi {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Sales and shipping less discounts and returns, before tax.
    pub revenue: Decimal,
    /// The revenue less what goods cost and what was adjusted of the stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross_profit: Option<Decimal>,
    /// Of the revenue; `null` without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross_margin_pct: Option<Option<Decimal>>,
    /// What was credited for returned goods, before tax.
    pub returned_amount: Decimal,
    /// How many returns were filed.
    pub returns_filed: i64,
    /// How many units came back with them.
    pub returned_units: i64,
    /// What was paid back to customers, with tax.
    pub refunded_amount: Decimal,
    /// Units invoiced less units credited.
    pub units_sold: i64,
    /// Of the units that were sold or are on hand now, how many were sold; `null` without any.
    pub sell_through_pct: Option<Decimal>,
}

/// Sales of the last 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesPanel {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The 50 products with the most revenue, most first.
    pub by_product: Vec<ProductSales>,
    /// The ten products that earned most, first the one that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_skus: Option<Vec<ProductSales>>,
    /// The ten products that earned least, first the one that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bottom_skus: Option<Vec<ProductSales>>,
    /// How many products have which margin, from losses upwards. What has no revenue is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margins: Option<Vec<MarginBucket>>,
    /// Each of the days, also those without an order.
    pub by_day: Vec<DayOfOrders>,
}

/// What was invoiced of a product less what was credited: net of discounts, before tax, without shipping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductSales {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    /// Units invoiced less units credited.
    pub units_sold: i64,
    /// Less discounts and what was credited, before tax.
    pub revenue: Decimal,
    /// Taken off by `discount_pct`, before tax, less what was credited of it.
    pub discounts: Decimal,
    /// Of the revenue of all products; `null` without any.
    pub revenue_share_pct: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross_profit: Option<Decimal>,
    /// Of the product's revenue; `null` without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross_margin_pct: Option<Option<Decimal>>,
}

/// The products whose gross profit is such a part of their revenue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MarginBucket {
    /// Percentages: the lower bound is in the bucket, the upper is not, but for 100.
    #[schemars(example = "30-40")]
    pub margin: String,
    /// How many there are.
    pub products: i64,
    /// Of these products.
    pub revenue: Decimal,
}

/// Orders that were ordered on a day and not cancelled since, as they stand now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayOfOrders {
    pub date: NaiveDate,
    /// How many there were.
    pub orders: i64,
    /// With shipping and less discounts, before tax; `null` without an order.
    pub average_order_value: Option<Decimal>,
}

/// What is on hand now, and how it moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InventoryPanel {
    /// Products that are sold, archived ones aside.
    pub products: i64,
    /// Those at or below their threshold, as `GET /products?low_stock=true` has them.
    pub low_stock: i64,
    /// Those of which nothing is on hand, whatever their threshold.
    pub out_of_stock: i64,
    pub on_hand: i64,
    /// Units sold a day, over the last 30 days.
    pub units_per_day: Decimal,
    /// How long what is on hand lasts at that; `null` when nothing is sold.
    pub days_of_inventory: Option<Decimal>,
    /// Up to 20 products that are low or out of stock, first those that last least.
    pub running_out: Vec<RunningOut>,
    /// How long what is on hand has been there, as the report on the age of stock has it.
    pub aging: Vec<AgeOfStock>,
    /// Movements of today and the six days before, by kind.
    pub movements: Vec<MovementSummary>,
}

/// A product that is low or out of stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunningOut {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub on_hand: i64,
    /// The product's own, or else the client's.
    pub low_stock_threshold: Option<i64>,
    /// Units invoiced less units credited in the last 30 days.
    pub units_sold: i64,
    /// Units sold a day, over the last 30 days.
    pub units_per_day: Decimal,
    /// `null` when it is not sold.
    pub days_of_inventory: Option<Decimal>,
}

/// What came in so many days ago, at the average cost of now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgeOfStock {
    /// Days since the goods came in.
    #[schemars(example = "31-60")]
    pub bucket: String,
    pub quantity: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
}

/// The movements of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovementSummary {
    pub kind: MovementKind,
    /// How many there were.
    pub movements: i64,
    /// What came in less what went out.
    pub quantity: i64,
    /// What that is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnsPanel {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// How many returns were filed.
    pub returns_filed: i64,
    /// How many units came back.
    pub returned_units: i64,
    /// What was credited for them, before tax.
    pub returned_amount: Decimal,
    /// What was paid back to customers, with tax.
    pub refunded_amount: Decimal,
    /// Of the sales less discounts; `null` without any.
    pub returned_pct: Option<Decimal>,
    /// The ten products of which most came back, most first.
    pub by_product: Vec<ReturnedProduct>,
}

/// A product that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnedProduct {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    /// How many units came back.
    pub returned_units: i64,
}

/// What was taken off prices by `discount_pct`. A lower `unit_price` is a price, and no discount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiscountsPanel {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The deepest price cut that needs no special permission.
    pub max_discount_pct: Decimal,
    /// How many there were.
    pub orders: i64,
    /// Those of which a line has a discount.
    pub discounted_orders: i64,
    /// Those with a discount beyond what is allowed now.
    pub orders_above_cap: i64,
    /// Before tax.
    pub discounts: Decimal,
    /// Of the sales before discounts; `null` without any.
    pub average_discount_pct: Option<Decimal>,
}

/// What this month's sales come to in commission, at the rate of now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommissionPanel {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub sales_commission_pct: Decimal,
    /// Sales less discounts and returns, without shipping.
    pub net_sales: Decimal,
    /// That part of them; less than nothing when more was credited than sold.
    pub commission: Decimal,
    /// The gross profit of the month less the commission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross_profit_after_commission: Option<Decimal>,
}

/// What a client might do next, by rules that ask no more than these figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendations {
    /// What to buy: products of `running_out` that sold more in 30 days than is on hand.
    pub reorder: Vec<Reorder>,
    /// Whose price to look at: products of `bottom_skus` that were sold for less than they cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_prices: Option<Vec<SoldAtLoss>>,
    /// Whether to look at who gives discounts: some go beyond what is allowed now.
    pub review_discounts: bool,
}

/// A product to buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reorder {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    /// So many, with those on hand, last for 30 days at what sold lately.
    pub quantity: i64,
}

/// A product that was sold for less than it cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SoldAtLoss {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    /// Less than nothing.
    pub gross_profit: Decimal,
}

/// The door, and changes of orders that take a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityPanel {
    /// Sessions that began in the last 30 days and can be used now.
    pub open_sessions: i64,
    /// Each of the last 30 days.
    pub by_day: Vec<DayAtDoor>,
}

/// What happened on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayAtDoor {
    pub date: NaiveDate,
    /// How often somebody came in.
    pub logins: i64,
    /// How often somebody was not let in.
    pub failed_logins: i64,
    /// Wrong codes, and the locks that they led to.
    pub second_factor_failures: i64,
    /// How many edits of orders there were.
    pub orders_edited: i64,
    /// How many orders were cancelled.
    pub orders_cancelled: i64,
}

/// How new the data are; `null` where there are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Freshness {
    /// When all of this was read.
    pub read_at: DateTime<Utc>,
    /// When the newest order was ordered.
    pub newest_order_at: Option<DateTime<Utc>>,
    /// When goods last moved.
    pub newest_movement_at: Option<DateTime<Utc>>,
    /// When something was last posted to the journal.
    pub newest_entry_at: Option<DateTime<Utc>>,
}

/// How the client works and sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicySnapshot {
    pub name: String,
    pub time_zone: String,
    pub business_overview: Option<String>,
    pub opening_hours: Option<String>,
    pub closing_hours: Option<String>,
    pub max_discount_pct: Decimal,
    pub sales_commission_pct: Decimal,
    pub return_refund_policy: Option<String>,
}

/// `GET /admin/reports/dashboard`: how all clients are doing. Each client's days are those of its own time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceDashboard {
    /// When all of this was read.
    pub read_at: DateTime<Utc>,
    /// Clients that can be used.
    pub active_clients: i64,
    /// Clients that are stopped.
    pub suspended_clients: i64,
    /// Amounts of one currency add up, those of different ones do not.
    pub by_currency: Vec<CurrencyFigures>,
    /// Days of UTC.
    pub security: SecurityPanel,
    /// By slug, the first 1,000.
    pub by_client: Vec<ClientFigures>,
}

/// The clients with one currency, together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CurrencyFigures {
    pub currency: Currency,
    /// How many clients have it.
    pub clients: i64,
    pub figures: Earned,
}

/// One client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientFigures {
    /// What people log in with as `client_id`.
    pub slug: String,
    pub name: String,
    /// `active` or `suspended`.
    pub status: String,
    pub currency: Currency,
    pub figures: Earned,
    /// Products at or below their threshold.
    pub low_stock: i64,
    /// Products of which nothing is on hand.
    pub out_of_stock: i64,
    /// When its newest order was ordered; `null` without any.
    pub newest_order_at: Option<DateTime<Utc>>,
}

/// What was earned, and what is on hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Earned {
    /// Today so far.
    pub today: EarnedIn,
    /// From Monday to today.
    pub week: EarnedIn,
    /// From the first of the month to today.
    pub month: EarnedIn,
    /// What all that is on hand now cost.
    pub inventory_value: Decimal,
}

/// As a client's own dashboard has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EarnedIn {
    /// Less discounts and what was credited, before tax.
    pub revenue: Decimal,
    pub gross_profit: Decimal,
    /// Of the revenue; `null` without any.
    pub gross_margin_pct: Option<Decimal>,
    /// What was credited for returned goods, before tax.
    pub returned_amount: Decimal,
}
