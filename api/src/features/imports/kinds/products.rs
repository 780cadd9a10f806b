//! Products, each with its own SKU; stock comes by a file of its own.

use super::{EnterError, Importer, Record, Seen, Table, judged};
use crate::{
    features::{
        imports::{
            model::Outcome,
            record::{Column, optional, required},
        },
        products::{Checked, check_all_in, create_all_in, sku_taken},
    },
    platform::db::TenantTx,
};
use countinghouse_contract::{Attributes, products::NewProduct};

#[derive(Default)]
pub struct Products {
    seen: Seen,
}

impl Importer for Products {
    fn columns(&self) -> &'static [Column] {
        const {
            &[
                required("sku"),
                required("name"),
                required("price"),
                optional("description"),
                optional("barcode"),
                optional("tax_rate"),
                optional("low_stock_threshold"),
                optional("attributes"),
                optional("active"),
            ]
        }
    }

    fn ignored(&self) -> &'static [&'static str] {
        &["currency", "on_hand", "unfulfilled", "created_at", "id", "average_cost", "inventory_value"]
    }

    fn take(&mut self, tx: &mut TenantTx<'_>, table: Table<'_>, write: bool) -> Result<Outcome, EnterError> {
        let mut outcome = Outcome::default();
        let (mut places, mut inputs) = (Vec::new(), Vec::new());
        for (line, input, invalid) in table.read(product) {
            places.push((line, invalid));
            inputs.push(input);
        }
        let mut good: Vec<(u64, Checked)> = Vec::new();
        for ((line, cells), checked) in places.into_iter().zip(check_all_in(tx, inputs)?) {
            let fresh =
                judged(cells, checked).and_then(|product| self.seen.note("sku", product.sku(), line).map(|()| product));
            match fresh {
                Ok(product) => good.push((line, product)),
                Err(invalid) => outcome.refuse(line, invalid),
            }
        }
        if write {
            outcome.written = i64::try_from(good.len()).unwrap_or(i64::MAX);
            let lines: Vec<(u64, String)> = good.iter().map(|(line, one)| (*line, one.sku().to_owned())).collect();
            let taken = create_all_in(tx, good.into_iter().map(|(_, one)| one).collect())?;
            for (line, _) in lines.into_iter().filter(|(_, sku)| taken.contains(sku)) {
                outcome.written -= 1;
                outcome.refuse(line, sku_taken());
            }
        }
        Ok(outcome)
    }
}

fn product(record: &mut Record<'_>) -> (NewProduct, bool) {
    let attributes = record.cell("attributes").map(serde_json::from_str::<Attributes>);
    if attributes.as_ref().is_some_and(Result::is_err) {
        record.invalid.add("/attributes", "invalid_attributes", "JSON like {\"colour\": \"red\"}.");
    }
    let product = NewProduct {
        sku: record.required("sku"),
        name: record.required("name"),
        description: record.text("description"),
        barcode: record.text("barcode"),
        price: record.required_decimal("price"),
        tax_rate: record.decimal("tax_rate"),
        low_stock_threshold: record.whole("low_stock_threshold"),
        attributes: attributes.and_then(Result::ok),
        opening_stock: None,
    };
    (product, record.flag("active").unwrap_or(true))
}
