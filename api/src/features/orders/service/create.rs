//! Creating an order: its goods leave the stock, and it is posted, in the same transaction.

use super::{
    invoice::{self, Terms},
    request::{self, Request},
};
use crate::{
    features::{
        accounting,
        customers::{self, Snapshot},
        inventory::{self, Demand, InventoryError, Shortage, Taken},
        orders::{
            error::{OrderError, Short},
            model::{
                Asked, Buyer, Line, LineAmounts, Order, Prices, Progress, Returned, Settled, Shipping, Sums,
                cuts_more_than, divide_cost, sale_entry,
            },
            repo::{self, Number},
        },
        products::{self, ForSale, Wanted},
        users,
    },
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        authz::Permission,
        db::TenantTx,
        http::Invalid,
        ids::NoRandomness,
    },
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    OrderId, OrderLineId, ProductId, Rate,
    orders::{FulfilmentStatus, NewOrder, OrderStatus, PaymentStatus},
};
use serde_json::json;
use std::collections::BTreeMap;

pub async fn create(ctx: &TenantCtx, input: NewOrder) -> Result<Order, OrderError> {
    let request = request::check(input)?;
    // In a transaction of its own, before: no order waits for another's commit to get a number.
    let number = match repo::next_number(ctx, request.channel.clone(), request.external_reference.clone()).await? {
        Number::Next(number) => number,
        Number::Existing(order) => return Err(OrderError::DuplicateReference(order)),
    };
    ctx.transaction(move |tx| create_in(tx, request, number)).await
}

/// Locks in the order that everybody keeps: the customer, stock by product, counters.
fn create_in(tx: &mut TenantTx<'_>, request: Request, number: i64) -> Result<Order, OrderError> {
    let ordered_at = check_time(tx, request.ordered_at)?;
    let customer = find_customer(tx, &request)?;
    if let Some(person) = request.sales_person
        && !users::exists_in(tx, person)?
    {
        return Err(OrderError::NoSuchSalesPerson);
    }
    let wanted: Vec<Wanted> = request.lines.iter().map(|line| line.wanted.clone()).collect();
    let found = products::for_sale_in(tx, &wanted)?;
    let (sold, shipping) = price(tx, &request, &found)?;
    let taken = match inventory::take_in(tx, &sum_demands(&sold)) {
        Err(InventoryError::Insufficient(short)) => {
            // Somebody may have placed this very order while we waited for the stock.
            refuse_duplicate(tx, &request)?;
            return Err(OrderError::Insufficient(name_short(short, &found)));
        }
        taken => taken?,
    };
    let lines = make_lines(tx, &sold, &taken)?;
    let terms = customer.as_ref().and_then(|customer| customer.payment_terms_days);
    let mut order = assemble(tx, request, number, customer, lines, shipping, ordered_at)?;
    let terms = tx.actor().policies.auto_invoice.then(|| Terms::new(tx, accounting::local_date(tx, ordered_at), terms));
    let terms = terms.transpose()?;
    match repo::insert(tx, &order, terms.map(|terms| (terms.date, terms.due_date)))? {
        Some(progress) => order.progress = progress,
        None => return Err(duplicate_of(tx, &order.channel, order.external_reference.as_deref())?),
    }
    repo::insert_lines(tx, &order)?;
    inventory::record_sale_in(tx, order.id, &taken)?;
    record_in(tx, Entry::new(Action::OrderCreated, order.id).after(audited(&order, terms)))?;
    match terms {
        Some(terms) => order.invoice = Some(invoice::issue(tx, &order, terms, invoice::Goods::FromStock)?),
        None => {
            let date = accounting::local_date(tx, ordered_at);
            accounting::post_in(tx, sale_entry(&order, date))?;
        }
    }
    Ok(order)
}

/// What the audit log keeps of a new order: who bought stays in the order, where it can be erased.
fn audited(order: &Order, terms: Option<Terms>) -> serde_json::Value {
    let totals = order.sums.to_wire(order.currency);
    json!({
        "order_number": order.number_text(), "channel": order.channel, "customer_id": order.buyer.customer,
        "ordered_at": order.ordered_at, "invoiced_on": terms.map(|terms| terms.date),
        "discount": totals.discount, "grand_total": totals.grand_total,
    })
}

/// When it was ordered: now, unless somebody who may enters an order of the past.
fn check_time(tx: &TenantTx<'_>, ordered_at: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, OrderError> {
    let Some(at) = ordered_at else {
        return Ok(tx.now());
    };
    if !tx.actor().permissions.holds(Permission::OrdersBackdate) {
        return Err(OrderError::Forbidden(Permission::OrdersBackdate));
    }
    if at > tx.now() {
        let mut invalid = Invalid::default();
        invalid.add("/ordered_at", "in_the_future", "This lies in the future.");
        return Err(invalid.into());
    }
    Ok(chrono::SubsecRound::trunc_subsecs(at, 6))
}

fn find_customer(tx: &mut TenantTx<'_>, request: &Request) -> Result<Option<Snapshot>, OrderError> {
    let Some(id) = request.customer_id else {
        return Ok(None);
    };
    let found = customers::snapshot_in(tx, id)?;
    if found.is_none() {
        let mut invalid = Invalid::default();
        invalid.add("/customer_id", "not_found", "There is no such customer.");
        invalid.finish()?;
    }
    Ok(found)
}

fn refuse_duplicate(tx: &mut TenantTx<'_>, request: &Request) -> Result<(), OrderError> {
    let Some(reference) = &request.external_reference else {
        return Ok(());
    };
    match repo::find_reference(tx, &request.channel, reference)? {
        Some(existing) => Err(OrderError::DuplicateReference(existing)),
        None => Ok(()),
    }
}

fn duplicate_of(tx: &mut TenantTx<'_>, channel: &str, reference: Option<&str>) -> Result<OrderError, OrderError> {
    let existing = repo::find_reference(tx, channel, reference.unwrap_or_default())?;
    Ok(existing.map_or(OrderError::NotFound, OrderError::DuplicateReference))
}

fn assemble(
    tx: &TenantTx<'_>,
    request: Request,
    number: i64,
    customer: Option<Snapshot>,
    lines: Vec<Line>,
    shipping: Shipping,
    ordered_at: DateTime<Utc>,
) -> Result<Order, OrderError> {
    let (actor, now) = (tx.actor(), tx.now());
    let sums = Sums::of(&lines, shipping.amounts, actor.currency)?;
    let (contact, billing, delivery) = match customer {
        Some(known) => (Some(known.contact), known.billing_address, known.shipping_address),
        None => (request.contact, None, None),
    };
    Ok(Order {
        id: tx.make_id::<OrderId>()?,
        number,
        // Until the database says better: it derives them.
        progress: Progress {
            status: OrderStatus::Placed,
            payment: PaymentStatus::Unpaid,
            fulfilment: FulfilmentStatus::Unfulfilled,
        },
        channel: request.channel,
        external_reference: request.external_reference,
        currency: actor.currency,
        buyer: Buyer {
            customer: request.customer_id,
            contact,
            billing_address: request.billing_address.or(billing),
            shipping_address: request.shipping_address.or(delivery),
        },
        lines,
        prices: prices(tx),
        shipping,
        sums,
        settled: Settled::default(),
        invoice: None,
        fulfilments: Vec::new(),
        sales_person: request.sales_person,
        commission_rate: actor.policies.sales_commission_pct,
        erp_synced: false,
        note: request.note,
        ordered_at,
        created_by: actor.user_id,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

fn prices(tx: &TenantTx<'_>) -> Prices {
    if tx.actor().policies.prices_include_tax { Prices::IncludingTax } else { Prices::BeforeTax }
}

/// A line with the product it sells, at the price it is sold for.
struct Sold<'a> {
    product: &'a ForSale,
    asked: Asked,
    amounts: LineAmounts,
}

/// Finds each line's product and price, and what shipping costs; collects every fault.
fn price<'a>(
    tx: &TenantTx<'_>,
    request: &Request,
    found: &'a [ForSale],
) -> Result<(Vec<Sold<'a>>, Shipping), OrderError> {
    let by_id: BTreeMap<ProductId, &ForSale> = found.iter().map(|product| (product.id, product)).collect();
    let by_sku: BTreeMap<&str, &ForSale> = found.iter().map(|product| (product.sku.as_str(), product)).collect();
    let mut invalid = Invalid::default();
    let mut sold = Vec::with_capacity(request.lines.len());
    for (at, line) in request.lines.iter().enumerate() {
        let (field, product) = match &line.wanted {
            Wanted::Id(id) => ("product_id", by_id.get(id)),
            Wanted::Sku(sku) => ("sku", by_sku.get(sku.as_str())),
        };
        let pointer = format!("/lines/{at}/{field}");
        match product {
            None => invalid.add(&pointer, "not_found", "There is no such product."),
            Some(product) if !product.active => invalid.add(&pointer, "archived", "This product is archived."),
            Some(product) => sold.extend(price_line(tx, &mut invalid, at, line, product)),
        }
    }
    let shipping = price_shipping(tx, &mut invalid, request);
    invalid.finish()?;
    Ok((sold, shipping))
}

fn price_line<'a>(
    tx: &TenantTx<'_>,
    invalid: &mut Invalid,
    at: usize,
    line: &request::RequestLine,
    product: &'a ForSale,
) -> Option<Sold<'a>> {
    let currency = tx.actor().currency;
    let given = line.unit_price.map(|price| invalid.amount(&format!("/lines/{at}/unit_price"), price, currency).minor);
    let asked = Asked {
        quantity: line.quantity,
        unit_price: given.unwrap_or(product.price.minor),
        discount_pct: line.discount_pct,
        tax_rate: product.tax_rate,
    };
    let (actor, catalogue) = (tx.actor(), product.price.minor);
    let free = actor.permissions.holds(Permission::OrdersPrice);
    let cap = actor.policies.max_discount_pct;
    if !free && cuts_more_than(cap, catalogue, asked.unit_price, asked.discount_pct) {
        let field = if asked.discount_pct > Rate::default() { "discount_pct" } else { "unit_price" };
        let most = format!("The price may be cut by {} % of the catalogue's at most.", cap.to_decimal());
        invalid.add(&format!("/lines/{at}/{field}"), "discount_above_cap", most);
    }
    match prices(tx).line(asked, currency) {
        Ok(amounts) => Some(Sold { product, asked, amounts }),
        Err(_) => {
            let pointer = format!("/lines/{at}/quantity");
            invalid.add(&pointer, "too_large", "Quantity times price is more than 10^13 minor units.");
            None
        }
    }
}

fn price_shipping(tx: &TenantTx<'_>, invalid: &mut Invalid, request: &Request) -> Shipping {
    let Some(shipping) = request.shipping else {
        return Shipping::default();
    };
    let (currency, tax_rate) = (tx.actor().currency, tx.actor().policies.shipping_tax_rate);
    let amount = invalid.amount("/shipping", shipping, currency).minor;
    let amounts = prices(tx).tax(amount, tax_rate, currency).unwrap_or_else(|_| {
        invalid.add("/shipping", "too_large", "At most 10^13 minor units.");
        Default::default()
    });
    Shipping { amounts, tax_rate }
}

/// What is wanted of each product: repeated products are one demand.
fn sum_demands(sold: &[Sold<'_>]) -> Vec<Demand> {
    let mut quantities: BTreeMap<ProductId, i64> = BTreeMap::new();
    for line in sold {
        let sum = quantities.entry(line.product.id).or_default();
        *sum = sum.saturating_add(line.asked.quantity);
    }
    quantities.into_iter().map(|(product, quantity)| Demand { product, quantity }).collect()
}

fn name_short(short: Vec<Shortage>, found: &[ForSale]) -> Vec<Short> {
    let sku = |product| found.iter().find(|known| known.id == product).map(|known| known.sku.clone());
    short.into_iter().map(|shortage| Short { sku: sku(shortage.product).unwrap_or_default(), shortage }).collect()
}

fn make_lines(tx: &TenantTx<'_>, sold: &[Sold<'_>], taken: &Taken) -> Result<Vec<Line>, NoRandomness> {
    let mut costs = line_costs(sold, taken);
    sold.iter()
        .map(|line| {
            let cost = costs.get_mut(&line.product.id).and_then(Iterator::next).unwrap_or_default();
            Ok(Line {
                id: tx.make_id::<OrderLineId>()?,
                product: line.product.id,
                sku: line.product.sku.clone(),
                name: line.product.name.clone(),
                quantity: line.asked.quantity,
                unit_price: line.asked.unit_price,
                discount_pct: line.asked.discount_pct,
                tax_rate: line.asked.tax_rate,
                amounts: line.amounts,
                cost,
                returned: Returned::default(),
            })
        })
        .collect()
}

/// The cost of each product's goods, divided over its lines in their order.
fn line_costs(sold: &[Sold<'_>], taken: &Taken) -> BTreeMap<ProductId, std::vec::IntoIter<i64>> {
    let mut quantities: BTreeMap<ProductId, Vec<i64>> = BTreeMap::new();
    for line in sold {
        quantities.entry(line.product.id).or_default().push(line.asked.quantity);
    }
    let divide = |(product, quantities): (ProductId, Vec<i64>)| {
        (product, divide_cost(taken.cost_of(product), &quantities).into_iter())
    };
    quantities.into_iter().map(divide).collect()
}
