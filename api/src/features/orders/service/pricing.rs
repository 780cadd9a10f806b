//! Which products are sold, and at what price: for orders that are created, and for those that are edited.

use crate::{
    features::{
        orders::model::{Asked, LineAmounts, Order, Prices, Shipping, cuts_more_than},
        products::{ForSale, Wanted},
    },
    platform::{authz::Permission, db::TenantTx, http::Invalid},
};
use countinghouse_contract::{Currency, Decimal, ProductId, Rate};
use std::collections::BTreeMap;

/// The products that lines name, found with one query.
pub struct Catalogue<'a> {
    by_id: BTreeMap<ProductId, &'a ForSale>,
    by_sku: BTreeMap<&'a str, &'a ForSale>,
}

impl<'a> Catalogue<'a> {
    pub fn new(found: &'a [ForSale]) -> Self {
        Self {
            by_id: found.iter().map(|product| (product.id, product)).collect(),
            by_sku: found.iter().map(|product| (product.sku.as_str(), product)).collect(),
        }
    }

    pub fn product(&self, id: ProductId) -> Option<&'a ForSale> {
        self.by_id.get(&id).copied()
    }

    /// The product that the line at this place names, if there is one and it is sold.
    pub fn for_sale(&self, invalid: &mut Invalid, at: usize, wanted: &Wanted) -> Option<&'a ForSale> {
        let (field, product) = match wanted {
            Wanted::Id(id) => ("product_id", self.product(*id)),
            Wanted::Sku(sku) => ("sku", self.by_sku.get(sku.as_str()).copied()),
        };
        let pointer = format!("/lines/{at}/{field}");
        match product {
            None => invalid.add(&pointer, "not_found", "There is no such product."),
            Some(product) if !product.active => invalid.add(&pointer, "archived", "This product is archived."),
            Some(product) => return Some(product),
        }
        None
    }
}

/// How many somebody wants on a line, and at what price where they say one.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub quantity: i64,
    pub unit_price: Option<Decimal>,
    pub discount_pct: Option<Rate>,
}

/// How lines and shipping are priced.
pub struct Pricing {
    currency: Currency,
    pub prices: Prices,
    shipping_tax_rate: Rate,
    /// The deepest cut below the catalogue; none for who may sell at any price.
    cap: Option<Rate>,
}

impl Pricing {
    /// By the client's policies and the actor's rights of now.
    pub fn of_now(tx: &TenantTx<'_>) -> Self {
        let (actor, policies) = (tx.actor(), &tx.actor().policies);
        let free = actor.permissions.holds(Permission::OrdersPrice);
        Self {
            currency: actor.currency,
            prices: if policies.prices_include_tax { Prices::IncludingTax } else { Prices::BeforeTax },
            shipping_tax_rate: policies.shipping_tax_rate,
            cap: (!free).then_some(policies.max_discount_pct),
        }
    }

    /// The same for an order that stands already: its prices are meant as they were then.
    pub fn of_order(tx: &TenantTx<'_>, order: &Order) -> Self {
        Self { currency: order.currency, prices: order.prices, ..Self::of_now(tx) }
    }

    /// A new line of this product, at the catalogue's price where none is given.
    pub fn new_line(
        &self,
        invalid: &mut Invalid,
        at: usize,
        wish: Wish,
        product: &ForSale,
    ) -> Option<(Asked, LineAmounts)> {
        let (price, no_discount) = (product.price.minor, Rate::default());
        let asked = self.asked(invalid, at, wish, (price, no_discount, product.tax_rate));
        self.check_cut(invalid, at, &asked, price);
        Some((asked, self.amounts(invalid, at, asked)?))
    }

    /// What is asked for on the line at this place; `otherwise` holds where nothing is said: price, discount,
    /// and the tax that nobody says.
    pub fn asked(&self, invalid: &mut Invalid, at: usize, wish: Wish, otherwise: (i64, Rate, Rate)) -> Asked {
        let (unit_price, discount_pct, tax_rate) = otherwise;
        let given =
            wish.unit_price.map(|price| invalid.amount(&format!("/lines/{at}/unit_price"), price, self.currency).minor);
        Asked {
            quantity: wish.quantity,
            unit_price: given.unwrap_or(unit_price),
            discount_pct: wish.discount_pct.unwrap_or(discount_pct),
            tax_rate,
        }
    }

    /// Refuses a price that is cut deeper than the actor may.
    pub fn check_cut(&self, invalid: &mut Invalid, at: usize, asked: &Asked, catalogue: i64) {
        let Some(cap) = self.cap.filter(|cap| cuts_more_than(*cap, catalogue, asked.unit_price, asked.discount_pct))
        else {
            return;
        };
        let field = if asked.discount_pct > Rate::default() { "discount_pct" } else { "unit_price" };
        let most = format!("The price may be cut by {} % of the catalogue's at most.", cap.to_decimal());
        invalid.add(&format!("/lines/{at}/{field}"), "discount_above_cap", most);
    }

    pub fn amounts(&self, invalid: &mut Invalid, at: usize, asked: Asked) -> Option<LineAmounts> {
        let amounts = self.prices.line(asked, self.currency);
        if amounts.is_err() {
            let pointer = format!("/lines/{at}/quantity");
            invalid.add(&pointer, "too_large", "Quantity times price is more than 10^13 minor units.");
        }
        amounts.ok()
    }

    /// What shipping comes to at this price, and at the tax of now.
    pub fn shipping(&self, invalid: &mut Invalid, price: Decimal) -> Shipping {
        let (currency, tax_rate) = (self.currency, self.shipping_tax_rate);
        let amount = invalid.amount("/shipping", price, currency).minor;
        let amounts = self.prices.tax(amount, tax_rate, currency).unwrap_or_else(|_| {
            invalid.add("/shipping", "too_large", "At most 10^13 minor units.");
            Default::default()
        });
        Shipping { amounts, tax_rate }
    }
}
