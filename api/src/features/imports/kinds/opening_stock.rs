//! What lies on the shelves when the books begin, by SKU. A product whose stock has moved has no opening stock
//! any more.

use super::{EnterError, Importer, Record, Seen, Table, judged};
use crate::{
    features::{
        imports::{
            model::Outcome,
            record::{Column, required},
        },
        inventory::{BulkOpening, check_opening, open_all_in},
        products::{Wanted, for_sale_in},
    },
    platform::{db::TenantTx, http::Invalid},
};
use countinghouse_contract::{Decimal, ProductId};
use std::collections::HashMap;

#[derive(Default)]
pub struct OpeningStock {
    seen: Seen,
}

struct Input {
    sku: String,
    quantity: i64,
    unit_cost: Decimal,
}

impl Importer for OpeningStock {
    fn columns(&self) -> &'static [Column] {
        const { &[required("sku"), required("quantity"), required("unit_cost")] }
    }

    fn ignored(&self) -> &'static [&'static str] {
        &["name", "currency"]
    }

    fn take(&mut self, tx: &mut TenantTx<'_>, table: Table<'_>, write: bool) -> Result<Outcome, EnterError> {
        let mut outcome = Outcome::default();
        let inputs: Vec<_> = table.read(input).collect();
        let wanted: Vec<_> = inputs.iter().map(|(_, input, _)| Wanted::Sku(input.sku.clone())).collect();
        let found = for_sale_in(tx, &wanted)?.into_iter().map(|product| (product.sku, product.id));
        let known: HashMap<String, ProductId> = found.collect();
        let currency = tx.actor().currency;
        let (mut lines, mut good) = (HashMap::new(), Vec::new());
        for (line, input, cells) in inputs {
            let mut meaning = Invalid::default();
            let opening = check_opening(&mut meaning, "", input.quantity, input.unit_cost, currency);
            let product = known.get(&input.sku).copied();
            if product.is_none() {
                meaning.add("/sku", "not_found", "There is no product of this SKU.");
            }
            let checked = judged(cells, meaning.finish()).and_then(|()| self.seen.note("sku", &input.sku, line));
            match (checked, product) {
                (Ok(()), Some(product)) => {
                    lines.insert(product, line);
                    good.push(BulkOpening { product, opening });
                }
                (Err(invalid), _) => outcome.refuse(line, invalid),
                (Ok(()), None) => {}
            }
        }
        let moved = open_all_in(tx, &good, write)?;
        if write {
            outcome.written = i64::try_from(good.len().saturating_sub(moved.len())).unwrap_or(i64::MAX);
        }
        for product in moved {
            let mut invalid = Invalid::default();
            invalid.add("/sku", "stock_has_moved", "The stock of this product has moved already.");
            outcome.refuse(lines.get(&product).copied().unwrap_or_default(), invalid);
        }
        Ok(outcome)
    }
}

fn input(record: &mut Record<'_>) -> Input {
    Input {
        sku: record.required("sku"),
        quantity: record.required_whole("quantity"),
        unit_cost: record.required_decimal("unit_cost"),
    }
}
