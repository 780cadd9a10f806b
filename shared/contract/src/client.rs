//! What a client says of itself, and how it sells.

use crate::{Currency, Decimal, Patch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /client`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// What people log in with as `client_id`; it stays.
    pub slug: String,
    pub name: String,
    /// Fixed once amounts are kept in it.
    pub currency: Currency,
    pub time_zone: String,
    pub business_overview: Option<String>,
    /// A time of day in the client's time zone, `09:00`.
    pub opening_hours: Option<String>,
    pub closing_hours: Option<String>,
    /// The deepest price cut that needs no special permission; a percentage, like the next.
    pub max_discount_pct: Decimal,
    pub return_refund_policy: Option<String>,
    pub sales_commission_pct: Decimal,
    pub payment_terms_days: i32,
    /// As E.164 has it, `+4915112345678`.
    pub whatsapp_number: Option<String>,
    pub messenger: Option<String>,
    pub required_api_keys: Vec<RequiredKey>,
    /// Whose pages may call the API from a browser.
    pub allowed_origins: Vec<String>,
    pub prices_include_tax: bool,
    pub shipping_tax_rate: Decimal,
    /// Whether creating an order invoices it.
    pub auto_invoice: bool,
    /// For products that have none of their own.
    pub low_stock_threshold: Option<i64>,
    /// The ETag.
    pub version: i64,
}

/// A key of another system that the client's links to it need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequiredKey {
    pub name: String,
    pub configured: bool,
}

/// `PATCH /client`: what is left out stays; `null` clears what may be empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfilePatch {
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub currency: Patch<Currency>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub time_zone: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub business_overview: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub opening_hours: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub closing_hours: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub max_discount_pct: Patch<Decimal>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub return_refund_policy: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub sales_commission_pct: Patch<Decimal>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub payment_terms_days: Patch<i32>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub whatsapp_number: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub messenger: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub allowed_origins: Patch<Vec<String>>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub prices_include_tax: Patch<bool>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub shipping_tax_rate: Patch<Decimal>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub auto_invoice: Patch<bool>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub low_stock_threshold: Patch<i64>,
}
