//! What a product is, apart from HTTP and from the database.

use crate::features::inventory::Level;
use chrono::{DateTime, Utc};
use countinghouse_contract::{Attributes, Money, ProductId, Rate, events::ProductTold, products};

/// The part of a product that people enter and change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub sku: String,
    pub name: String,
    pub description: Option<String>,
    pub barcode: Option<String>,
    pub price: Money,
    pub tax_rate: Rate,
    pub low_stock_threshold: Option<i64>,
    pub attributes: Attributes,
    pub active: bool,
}

/// A catalogue entry with its stock.
#[derive(Debug, Clone)]
pub struct Product {
    pub id: ProductId,
    pub entry: Entry,
    pub level: Level,
    pub unfulfilled: i64,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What an order needs of a product.
#[derive(Debug, Clone)]
pub struct ForSale {
    pub id: ProductId,
    pub sku: String,
    pub name: String,
    pub price: Money,
    pub tax_rate: Rate,
    pub active: bool,
}

/// That of a product which was entered just now.
pub const FIRST_VERSION: i64 = 1;

impl Entry {
    /// What others are told of the product that it is of.
    pub fn told(&self, product_id: ProductId, version: i64) -> ProductTold {
        ProductTold { product_id, sku: self.sku.clone(), version }
    }
}

impl Product {
    /// What others are told of it, as it stands now.
    pub fn told(&self) -> ProductTold {
        self.entry.told(self.id, self.version)
    }

    /// As it goes out; `costs`: whether the reader may see what goods cost.
    pub fn into_wire(self, costs: bool) -> products::Product {
        let Entry { sku, name, description, barcode, price, tax_rate, low_stock_threshold, attributes, active } =
            self.entry;
        let money = |minor: i64| Money::new(minor, price.currency).to_decimal();
        products::Product {
            id: self.id,
            sku,
            name,
            description,
            barcode,
            currency: price.currency,
            price: price.to_decimal(),
            tax_rate: tax_rate.to_decimal(),
            on_hand: self.level.on_hand,
            unfulfilled: self.unfulfilled,
            average_cost: costs.then(|| self.level.average().map(money)),
            inventory_value: costs.then(|| money(self.level.value)),
            low_stock_threshold,
            attributes,
            active,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}
