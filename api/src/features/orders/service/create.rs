//! Creating an order: its goods leave the stock, and it is posted, in the same transaction.

use super::{
    invoice::{self, Terms},
    pricing::{Catalogue, Pricing},
    request::{self, Request},
};
use crate::{
    features::{
        accounting,
        customers::{self, Snapshot},
        inventory::{self, Demand, InventoryError, Taken},
        orders::{
            error::OrderError,
            model::{
                Asked, Buyer, Line, LineAmounts, Order, Progress, Returned, Settled, Shipping, Sums, cost_of_each,
                sale_entry,
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
        events,
        http::Invalid,
        ids::NoRandomness,
    },
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    OrderId, OrderLineId, ProductId,
    events::Event,
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
pub(super) fn create_in(tx: &mut TenantTx<'_>, request: Request, number: i64) -> Result<Order, OrderError> {
    let ordered_at = check_time(tx, request.ordered_at)?;
    let customer = find_customer(tx, &request)?;
    if let Some(person) = request.sales_person
        && !users::exists_in(tx, person)?
    {
        return Err(OrderError::NoSuchSalesPerson);
    }
    let wanted: Vec<Wanted> = request.lines.iter().map(|line| line.wanted.clone()).collect();
    let found = products::for_sale_in(tx, &wanted)?;
    let pricing = Pricing::of_now(tx);
    let (sold, shipping) = price(&pricing, &request, &found)?;
    let taken = match inventory::take_in(tx, &sum_demands(&sold)) {
        Err(InventoryError::Insufficient(short)) => {
            // Somebody may have placed this very order while we waited for the stock.
            refuse_duplicate(tx, &request)?;
            return Err(OrderError::insufficient(short, |product| sku_of(&found, product)));
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
    let invoiced = terms.map(|_| Event::OrderInvoiced(order.told()));
    let happened: Vec<_> = std::iter::once(Event::OrderCreated(order.told())).chain(invoiced).collect();
    events::record_in(tx, &happened)?;
    match terms {
        Some(terms) => order.invoice = Some(invoice::issue(tx, &order, terms, invoice::Goods::FromStock)?),
        None => {
            let date = accounting::local_date(tx, ordered_at);
            accounting::post_in(tx, sale_entry(&order, "Order", order.sums.cost, date))?;
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
        prices: Pricing::of_now(tx).prices,
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

/// A line with the product it sells, at the price it is sold for.
struct Sold<'a> {
    product: &'a ForSale,
    asked: Asked,
    amounts: LineAmounts,
}

/// Finds each line's product and price, and what shipping costs; collects every fault.
fn price<'a>(pricing: &Pricing, request: &Request, found: &'a [ForSale]) -> Result<(Vec<Sold<'a>>, Shipping), Invalid> {
    let (catalogue, mut invalid) = (Catalogue::new(found), Invalid::default());
    let mut sold = Vec::with_capacity(request.lines.len());
    for (at, line) in request.lines.iter().enumerate() {
        if let Some(product) = catalogue.for_sale(&mut invalid, at, &line.wanted) {
            let priced = pricing.new_line(&mut invalid, at, line.wish, product);
            sold.extend(priced.map(|(asked, amounts)| Sold { product, asked, amounts }));
        }
    }
    let shipping = request.shipping.map(|price| pricing.shipping(&mut invalid, price));
    invalid.finish()?;
    Ok((sold, shipping.unwrap_or_default()))
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

fn sku_of(found: &[ForSale], product: ProductId) -> Option<String> {
    found.iter().find(|known| known.id == product).map(|known| known.sku.clone())
}

fn make_lines(tx: &TenantTx<'_>, sold: &[Sold<'_>], taken: &Taken) -> Result<Vec<Line>, NoRandomness> {
    let issued: Vec<_> = sold.iter().map(|line| (line.product.id, line.asked.quantity)).collect();
    let costs = cost_of_each(&issued, |product| taken.cost_of(product));
    sold.iter()
        .zip(costs)
        .map(|(line, cost)| {
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
