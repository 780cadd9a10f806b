//! How many of each product the ERP has, as it was told. What comes again with its key changes nothing, so that an old
//! one that comes late sets nothing back.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use std::collections::{BTreeMap, HashSet, VecDeque};

const MOST_PRODUCTS: usize = 100_000;
const MOST_KEYS: usize = 10_000;
const MOST_OF_TEXT: usize = 200;

#[derive(Default)]
pub struct Stock {
    quantities: BTreeMap<String, Number>,
    keys: HashSet<String>,
    arrived: VecDeque<String>,
}

/// The seed's body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    items: Vec<Item>,
    pub order_increment_id: Option<String>,
    pub idempotency_key: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Item {
    sku: String,
    qty: Number,
}

impl Update {
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let update: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let fits = |text: &str| (1..=MOST_OF_TEXT).contains(&text.len());
        if !fits(&update.idempotency_key) || update.items.iter().any(|item| !fits(&item.sku)) {
            return Err("idempotencyKey and each sku are 1 to 200 bytes".to_owned());
        }
        Ok(update)
    }
}

impl Stock {
    /// Answers what is now there of these products.
    pub fn update(&mut self, update: &Update) -> Result<Vec<Item>, String> {
        let added = update.items.iter().filter(|item| !self.quantities.contains_key(&item.sku)).count();
        if self.quantities.len() + added > MOST_PRODUCTS {
            return Err(format!("it keeps no more than {MOST_PRODUCTS} products"));
        }
        if self.keys.insert(update.idempotency_key.clone()) {
            self.arrived.push_back(update.idempotency_key.clone());
            if self.arrived.len() > MOST_KEYS
                && let Some(oldest) = self.arrived.pop_front()
            {
                self.keys.remove(&oldest);
            }
            for Item { sku, qty } in &update.items {
                self.quantities.insert(sku.clone(), qty.clone());
            }
        }
        let now = update.items.iter().filter_map(|item| {
            let qty = self.quantities.get(&item.sku)?.clone();
            Some(Item { sku: item.sku.clone(), qty })
        });
        Ok(now.collect())
    }

    pub fn quantities(&self) -> &BTreeMap<String, Number> {
        &self.quantities
    }
}
