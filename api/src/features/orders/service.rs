//! Creating and reading orders.

use super::{
    error::{OrderError, Short},
    model::{Line, Order, divide_cost, price_line},
    repo::{self, Number},
};
use crate::{
    features::{
        inventory::{self, Demand, InventoryError, Shortage, Taken},
        products::{self, ForSale, Wanted},
    },
    platform::{
        authn::TenantCtx,
        db::TenantTx,
        http::{Invalid, MAX_QUANTITY, PageRequest, Text},
        ids::NoRandomness,
    },
};
use countinghouse_contract::{
    OrderId, OrderLineId, ProductId,
    money::MoneyError,
    orders::{NewOrder, NewOrderLine, OrderStatus},
};
use std::collections::BTreeMap;

const MAX_LINES: usize = 500;
const CHANNEL: Text = Text::line(1..=40);
const REFERENCE: Text = Text::line(1..=200);
const NOTE: Text = Text::lines(0..=5_000);

/// Which orders a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    pub channel: Option<String>,
    pub external_reference: Option<String>,
}

impl Filter {
    pub fn new(channel: Option<String>, external_reference: Option<String>) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        invalid.optional_text("/channel", channel.as_deref(), &CHANNEL);
        invalid.optional_text("/external_reference", external_reference.as_deref(), &REFERENCE);
        invalid.finish()?;
        Ok(Self { channel, external_reference })
    }
}

pub async fn list(ctx: &TenantCtx, filter: Filter, asked: PageRequest) -> Result<Vec<Order>, OrderError> {
    ctx.transaction(move |tx| Ok(repo::list(tx, &filter, asked)?)).await
}

pub async fn get(ctx: &TenantCtx, id: OrderId) -> Result<Order, OrderError> {
    ctx.transaction(move |tx| repo::find(tx, id)?.ok_or(OrderError::NotFound)).await
}

/// An order that was read and found in form.
struct Request {
    lines: Vec<(Wanted, i64)>,
    channel: String,
    external_reference: Option<String>,
    note: Option<String>,
}

/// Creates an order: its goods leave the stock in the same transaction, all or none.
pub async fn create(ctx: &TenantCtx, input: NewOrder) -> Result<Order, OrderError> {
    let request = check(input)?;
    // In a transaction of its own, before: no order waits for another's commit to get a number.
    let number = match repo::next_number(ctx, request.channel.clone(), request.external_reference.clone()).await? {
        Number::Next(number) => number,
        Number::Existing(order) => return Err(OrderError::DuplicateReference(order)),
    };
    ctx.transaction(move |tx| create_in(tx, request, number)).await
}

fn create_in(tx: &mut TenantTx<'_>, request: Request, number: i64) -> Result<Order, OrderError> {
    let wanted: Vec<Wanted> = request.lines.iter().map(|(wanted, _)| wanted.clone()).collect();
    let found = products::for_sale_in(tx, &wanted)?;
    let sold = match_lines(&request.lines, &found)?;
    let demands = sum_demands(&sold);
    let taken = match inventory::take_in(tx, &demands) {
        Err(InventoryError::Insufficient(short)) => {
            // Somebody may have placed this very order while we waited for the stock.
            refuse_duplicate(tx, &request)?;
            return Err(OrderError::Insufficient(name_short(short, &found)));
        }
        taken => taken?,
    };
    let id = tx.make_id::<OrderId>()?;
    let order = Order {
        id,
        number,
        status: OrderStatus::Placed,
        currency: tx.actor().currency,
        lines: make_lines(tx, &sold, &taken)?,
        channel: request.channel,
        external_reference: request.external_reference,
        note: request.note,
        created_by: tx.actor().user_id,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    let sums = order.sums()?;
    if !repo::insert(tx, &order, &sums)? {
        return Err(duplicate_of(tx, &order.channel, order.external_reference.as_deref())?);
    }
    inventory::record_sale_in(tx, id, &taken)?;
    Ok(order)
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

fn check(input: NewOrder) -> Result<Request, Invalid> {
    let mut invalid = Invalid::default();
    match input.lines.len() {
        0 => invalid.add("/lines", "too_few", "An order has at least one line."),
        count if count > MAX_LINES => {
            invalid.add("/lines", "too_many", format!("An order has at most {MAX_LINES} lines."));
        }
        _ => {}
    }
    let channel = input.channel.unwrap_or_else(|| "api".to_owned());
    invalid.text("/channel", &channel, &CHANNEL);
    invalid.optional_text("/external_reference", input.external_reference.as_deref(), &REFERENCE);
    invalid.optional_text("/note", input.note.as_deref(), &NOTE);
    let lines = input.lines.into_iter().take(MAX_LINES).enumerate();
    let lines = lines.filter_map(|(at, line)| check_line(&mut invalid, at, line)).collect();
    invalid.finish()?;
    Ok(Request { lines, channel, external_reference: input.external_reference, note: input.note })
}

fn check_line(invalid: &mut Invalid, at: usize, line: NewOrderLine) -> Option<(Wanted, i64)> {
    invalid.quantity(&format!("/lines/{at}/quantity"), line.quantity, 1..=MAX_QUANTITY);
    match (line.product_id, line.sku) {
        (Some(id), None) => Some((Wanted::Id(id), line.quantity)),
        (None, Some(sku)) => {
            invalid.text(&format!("/lines/{at}/sku"), &sku, &Text::line(1..=64));
            Some((Wanted::Sku(sku), line.quantity))
        }
        _ => {
            invalid.add(&format!("/lines/{at}"), "one_of", "Name the product by product_id or by sku, one of the two.");
            None
        }
    }
}

/// A line with the product it sells.
struct Sold<'a> {
    product: &'a ForSale,
    quantity: i64,
    net: i64,
    tax: i64,
}

fn match_lines<'a>(lines: &[(Wanted, i64)], found: &'a [ForSale]) -> Result<Vec<Sold<'a>>, OrderError> {
    let by_id: BTreeMap<ProductId, &ForSale> = found.iter().map(|product| (product.id, product)).collect();
    let by_sku: BTreeMap<&str, &ForSale> = found.iter().map(|product| (product.sku.as_str(), product)).collect();
    let mut invalid = Invalid::default();
    let mut sold = Vec::with_capacity(lines.len());
    for (at, (wanted, quantity)) in lines.iter().enumerate() {
        let (field, product) = match wanted {
            Wanted::Id(id) => ("product_id", by_id.get(id)),
            Wanted::Sku(sku) => ("sku", by_sku.get(sku.as_str())),
        };
        let pointer = format!("/lines/{at}/{field}");
        match product {
            None => invalid.add(&pointer, "not_found", "There is no such product."),
            Some(product) if !product.active => invalid.add(&pointer, "archived", "This product is archived."),
            Some(product) => match price_line(*quantity, product.price, product.tax_rate) {
                Ok((net, tax)) => sold.push(Sold { product, quantity: *quantity, net, tax }),
                Err(MoneyError::TooLarge | MoneyError::TooPrecise { .. }) => {
                    let pointer = format!("/lines/{at}/quantity");
                    invalid.add(&pointer, "too_large", "Quantity times price is more than 10^13 minor units.");
                }
            },
        }
    }
    invalid.finish()?;
    Ok(sold)
}

/// What is wanted of each product: repeated products are one demand.
fn sum_demands(sold: &[Sold<'_>]) -> Vec<Demand> {
    let mut quantities: BTreeMap<ProductId, i64> = BTreeMap::new();
    for line in sold {
        let sum = quantities.entry(line.product.id).or_default();
        *sum = sum.saturating_add(line.quantity);
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
                quantity: line.quantity,
                unit_price: line.product.price.minor,
                tax_rate: line.product.tax_rate,
                net: line.net,
                tax: line.tax,
                cost,
            })
        })
        .collect()
}

/// The cost of each product's goods, divided over its lines in their order.
fn line_costs(sold: &[Sold<'_>], taken: &Taken) -> BTreeMap<ProductId, std::vec::IntoIter<i64>> {
    let mut quantities: BTreeMap<ProductId, Vec<i64>> = BTreeMap::new();
    for line in sold {
        quantities.entry(line.product.id).or_default().push(line.quantity);
    }
    let divide = |(product, quantities): (ProductId, Vec<i64>)| {
        (product, divide_cost(taken.cost_of(product), &quantities).into_iter())
    };
    quantities.into_iter().map(divide).collect()
}
