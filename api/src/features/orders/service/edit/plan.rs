//! What an edit comes to: prices, goods, and who buys. Nothing is written here, so that the same is shown
//! before and done afterwards.

use super::{
    super::{
        invoice::Terms,
        pricing::{Catalogue, Pricing},
    },
    request::{Request, RequestLine},
};
use crate::{
    features::{
        accounting,
        customers::{self, Snapshot},
        inventory::{self, Exchanged, InventoryError, Level},
        orders::{
            error::OrderError,
            model::{Buyer, Draft, Drafted, Issued, Line, Order, Prices, Shipping},
        },
        products::{self, Wanted},
    },
    platform::{
        db::{DbError, TenantTx},
        http::Invalid,
        ids::NoRandomness,
    },
};
use countinghouse_contract::{OrderLineId, Patch, ProductId};
use std::collections::BTreeMap;

/// An edit that was worked out.
pub struct Plan {
    pub before: Order,
    pub after: Order,
    pub goods: Vec<Exchanged>,
    /// When the new invoice is issued and due, where the edit calls for one.
    pub reissued: Option<Terms>,
}

/// How the stock is read: locked by who moves it, or as it stands at the moment.
pub type ReadStock = fn(&mut TenantTx<'_>, &[ProductId]) -> Result<BTreeMap<ProductId, Level>, DbError>;

/// Prices the lines that the order is to have, and sees who buys; collects every fault. `found` is the
/// customer on record that the edit names.
pub fn draft(
    tx: &mut TenantTx<'_>,
    order: &Order,
    request: &Request,
    found: Option<Snapshot>,
) -> Result<Drafted, OrderError> {
    let products = match &request.lines {
        Some(lines) => products::for_sale_in(tx, &wanted(order, lines))?,
        None => Vec::new(),
    };
    let (pricing, catalogue) = (Pricing::of_order(tx, order), Catalogue::new(&products));
    let mut invalid = Invalid::default();
    let lines = match &request.lines {
        None => order.lines.iter().map(Draft::from).collect(),
        Some(lines) => draft_lines(tx, &mut invalid, order, lines, &pricing, &catalogue)?,
    };
    let shipping = draft_shipping(&mut invalid, order, request, &pricing);
    let buyer = draft_buyer(&mut invalid, order, request, found);
    invalid.finish()?;
    let mut note = order.note.clone();
    request.note.clone().apply_to(&mut note);
    Ok(Drafted { lines, shipping, buyer, note })
}

/// Every product that is looked up: those of lines that stay too, for their price of today.
fn wanted(order: &Order, lines: &[RequestLine]) -> Vec<Wanted> {
    let stands = order.lines_by_id();
    let stays = lines.iter().filter_map(|line| stands.get(&line.id?)).map(|line| Wanted::Id(line.product));
    stays.chain(lines.iter().filter_map(|line| line.wanted.clone())).collect()
}

fn draft_lines(
    tx: &TenantTx<'_>,
    invalid: &mut Invalid,
    order: &Order,
    lines: &[RequestLine],
    pricing: &Pricing,
    catalogue: &Catalogue<'_>,
) -> Result<Vec<Draft>, NoRandomness> {
    let stands = order.lines_by_id();
    let mut drafts = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let draft = match line.id {
            None => draft_new(tx.make_id()?, invalid, at, line, pricing, catalogue),
            Some(id) => match stands.get(&id) {
                Some(known) => draft_known(known, invalid, at, line, pricing, catalogue),
                None => {
                    invalid.add(&format!("/lines/{at}/id"), "not_found", "The order has no such line.");
                    None
                }
            },
        };
        drafts.extend(draft);
    }
    Ok(drafts)
}

fn draft_new(
    id: OrderLineId,
    invalid: &mut Invalid,
    at: usize,
    line: &RequestLine,
    pricing: &Pricing,
    catalogue: &Catalogue<'_>,
) -> Option<Draft> {
    let product = catalogue.for_sale(invalid, at, line.wanted.as_ref()?)?;
    let (asked, amounts) = pricing.new_line(invalid, at, line.wish, product)?;
    Some(Draft { id, product: product.id, sku: product.sku.clone(), name: product.name.clone(), asked, amounts })
}

/// A line that stays keeps its tax, and its price where none is given: only another price is held against
/// the catalogue of today.
fn draft_known(
    known: &Line,
    invalid: &mut Invalid,
    at: usize,
    line: &RequestLine,
    pricing: &Pricing,
    catalogue: &Catalogue<'_>,
) -> Option<Draft> {
    let (named, pointer) = match &line.wanted {
        Some(Wanted::Id(id)) => (*id == known.product, "product_id"),
        Some(Wanted::Sku(sku)) => (*sku == known.sku, "sku"),
        None => (true, ""),
    };
    if !named {
        let rule = "A line that stays keeps its product; add another line for another product.";
        invalid.add(&format!("/lines/{at}/{pointer}"), "product_differs", rule);
    }
    let stands = Draft::from(known);
    let asked = pricing.asked(invalid, at, line.wish, (known.unit_price, known.discount_pct, known.tax_rate));
    if let Some(product) = catalogue.product(known.product) {
        if asked.quantity > known.quantity && !product.active {
            invalid.add(&format!("/lines/{at}/quantity"), "archived", "This product is archived; no more is sold.");
        }
        if (asked.unit_price, asked.discount_pct) != (known.unit_price, known.discount_pct) {
            pricing.check_cut(invalid, at, &asked, product.price.minor);
        }
    }
    let amounts = pricing.amounts(invalid, at, asked)?;
    Some(Draft { asked, amounts, ..stands })
}

/// Shipping at the price that it has keeps its tax too.
fn draft_shipping(invalid: &mut Invalid, order: &Order, request: &Request, pricing: &Pricing) -> Shipping {
    let price = match request.shipping {
        Patch::Absent => return order.shipping,
        Patch::Null => return Shipping::default(),
        Patch::Value(price) => price,
    };
    let priced = pricing.shipping(invalid, price);
    let as_given = |shipping: Shipping| match order.prices {
        Prices::BeforeTax => shipping.amounts.net,
        Prices::IncludingTax => shipping.amounts.net + shipping.amounts.tax,
    };
    if as_given(priced) == as_given(order.shipping) { order.shipping } else { priced }
}

/// Another customer on record brings their addresses along; what is given besides comes before them.
fn draft_buyer(invalid: &mut Invalid, order: &Order, request: &Request, found: Option<Snapshot>) -> Buyer {
    let mut buyer = order.buyer.clone();
    match (&request.customer_id, found) {
        (Patch::Value(id), _) if buyer.customer == Some(*id) => {}
        (Patch::Value(id), Some(known)) => {
            buyer = Buyer {
                customer: Some(*id),
                contact: Some(known.contact),
                billing_address: known.billing_address,
                shipping_address: known.shipping_address,
            };
        }
        (Patch::Value(_), None) => invalid.add("/customer_id", "not_found", "There is no such customer."),
        (Patch::Null, _) => (buyer.customer, buyer.contact) = (None, None),
        (Patch::Absent, _) => {}
    }
    request.contact.clone().apply_to(&mut buyer.contact);
    request.billing_address.clone().apply_to(&mut buyer.billing_address);
    request.shipping_address.clone().apply_to(&mut buyer.shipping_address);
    buyer
}

/// Adds what the goods cost, by the stock as it is read, and what is invoiced anew.
pub fn settle(
    tx: &mut TenantTx<'_>,
    before: Order,
    drafted: Drafted,
    read_stock: ReadStock,
) -> Result<Plan, OrderError> {
    let exchanges = drafted.exchanges(&before);
    let goods = if exchanges.is_empty() {
        Vec::new()
    } else {
        let products: Vec<ProductId> = exchanges.iter().map(|exchange| exchange.product).collect();
        let stock = read_stock(tx, &products)?;
        inventory::exchange(&stock, exchanges).map_err(|error| named(error, &drafted))?
    };
    let cost_of = |product| goods.iter().find(|one| one.asked.product == product).map_or(0, |one| one.cost);
    let mut after = drafted.settle(&before, cost_of, tx.now())?;
    let mut reissued = None;
    if let Some(issued) = before.invoice.filter(|_| after.differs_in_money_or_goods(&before)) {
        let terms = terms(tx, &after)?;
        after.invoice = Some(Issued { due_date: terms.due_date, ..issued });
        reissued = Some(terms);
    }
    Ok(Plan { before, after, goods, reissued })
}

fn named(error: InventoryError, drafted: &Drafted) -> OrderError {
    let sku = |product| drafted.lines.iter().find(|line| line.product == product).map(|line| line.sku.clone());
    match error {
        InventoryError::Insufficient(short) => OrderError::insufficient(short, sku),
        other => other.into(),
    }
}

/// The new invoice is of today, and due by the customer's terms.
fn terms(tx: &mut TenantTx<'_>, order: &Order) -> Result<Terms, OrderError> {
    let own = match order.buyer.customer {
        Some(customer) => customers::payment_terms_in(tx, customer)?,
        None => None,
    };
    let today = accounting::today(tx);
    Ok(Terms::new(tx, today, own)?)
}

impl Plan {
    /// What the goods cost more than before, or less.
    pub fn cost_difference(&self) -> i64 {
        self.after.sums.cost - self.before.sums.cost
    }
}
