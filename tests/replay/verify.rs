//! Reads everything back through the API and compares it with the plan, to the cent and the unit.

use crate::{
    fixture::Cents,
    plan::{self, CHANNEL, Fate, Plan, Product},
};
use anyhow::{Context, Result, bail};
use countinghouse_client::Session;
use countinghouse_contract::{
    Decimal,
    customers::{Customer, CustomerQuery},
    orders::{self, OrderQuery, OrderStatus},
    products::{self, ProductQuery},
    reports::{ProfitLoss, ProfitLossQuery},
};
use std::collections::{BTreeMap, BTreeSet};

/// The longest page there is.
const PAGE: i64 = 200;

pub struct Outcome {
    /// What was counted, as found and as expected.
    pub counts: Vec<Count>,
    pub differences: Vec<String>,
}

pub struct Count {
    pub what: &'static str,
    pub found: i64,
    pub expected: i64,
    /// Whether it is an amount in cents.
    pub money: bool,
}

pub async fn verify(session: &Session, plan: &Plan) -> Result<Outcome> {
    let query = OrderQuery { channel: Some(CHANNEL.to_owned()), limit: Some(PAGE), ..OrderQuery::default() };
    let orders = session.all_orders(&query).await.context("reading the orders back")?;
    let query = ProductQuery { limit: Some(PAGE), ..ProductQuery::default() };
    let products = session.all_products(&query).await.context("reading the products back")?;
    let query = CustomerQuery { limit: Some(PAGE), ..CustomerQuery::default() };
    let customers = session.all_customers(&query).await.context("reading the customers back")?;
    let days = [plan.orders.iter().map(|order| order.date).min(), plan.orders.iter().map(|order| order.date).max()];
    let [Some(from), Some(to)] = days.map(|day| day.map(|day| day.date_naive())) else {
        bail!("the store sold nothing")
    };
    let earned = session.profit_loss(&ProfitLossQuery { from, to }).await.context("reading the profit and loss")?;
    compare(plan, &Found { customers, orders, products, earned })
}

/// What was read back.
struct Found {
    customers: Vec<Customer>,
    orders: Vec<orders::Order>,
    products: Vec<products::Product>,
    /// On the days of the store's invoices.
    earned: ProfitLoss,
}

fn compare(plan: &Plan, found: &Found) -> Result<Outcome> {
    // The client may sell other things too; under these SKUs it sells the store's.
    let skus: BTreeSet<&str> = plan.products.iter().map(|product| product.sku.as_str()).collect();
    let ours = found.products.iter().map(|product| (product.sku.as_str(), product));
    let ours: BTreeMap<&str, &products::Product> = ours.filter(|(sku, _)| skus.contains(sku)).collect();
    let counts = count(plan, found, &ours)?;
    let mut differences: Vec<String> = counts
        .iter()
        .filter(|count| count.found != count.expected)
        .map(|count| format!("{}: {} instead of {}", count.what, count.shown(count.found), count.shown(count.expected)))
        .collect();
    compare_orders(plan, &found.orders, &mut differences);
    compare_products(plan, &ours, &mut differences);
    Ok(Outcome { counts, differences })
}

fn count(plan: &Plan, found: &Found, ours: &BTreeMap<&str, &products::Product>) -> Result<Vec<Count>> {
    let Found { customers, orders, earned, .. } = found;
    let number = |n: usize| i64::try_from(n).context("a count that fits");
    let sum = |pick: fn(&orders::Order) -> Decimal| orders.iter().map(|order| cents(pick(order))).sum::<Result<i64>>();
    let total = plan.orders.iter().map(|order| order.final_total().0).sum();
    let undone = |order: &&plan::Order| matches!(order.fate, Fate::Cancelled | Fate::Returned);
    let refunded = plan.orders.iter().filter(undone).map(|order| order.total.0).sum();
    // What was edited, cancelled and returned was so today, and not on the store's days.
    let sold_then = plan.orders.iter().map(|order| order.total.0).sum();
    let came_back = orders.iter().flat_map(|order| &order.lines).map(|line| line.returned_quantity).sum();
    // The client may know other people too.
    let known = |customer: &&Customer| plan.customers.iter().any(|ours| ours.email == customer.email);
    let counts = [
        ("customers", number(customers.iter().filter(known).count())?, number(plan.customers.len())?),
        ("products", number(ours.len())?, number(plan.products.len())?),
        ("orders", number(orders.len())?, number(plan.orders.len())?),
        (
            "order lines",
            number(orders.iter().map(|order| order.lines.len()).sum())?,
            number(plan.orders.iter().map(|order| order.lines.len()).sum())?,
        ),
        ("grand totals", sum(|order| order.totals.grand_total)?, total),
        ("paid", sum(|order| order.amount_paid)?, total),
        ("refunded", sum(|order| order.amount_refunded)?, refunded),
        ("due", sum(|order| order.amount_due)?, 0),
        ("net revenue", cents(earned.net_revenue)?, sold_then),
        ("cost of goods", cents(earned.cost_of_goods)?, plan.products.iter().map(Product::cost_of_sold).sum()),
        (
            "units on hand",
            ours.values().map(|product| product.on_hand).sum(),
            plan.products.iter().map(Product::left).sum(),
        ),
        ("units that came back", came_back, plan.products.iter().map(|product| product.returned).sum()),
        (
            "units sold, not fulfilled",
            ours.values().map(|product| product.unfulfilled).sum(),
            plan.products.iter().map(Product::waiting).sum(),
        ),
    ];
    let money = ["grand totals", "paid", "refunded", "due", "net revenue", "cost of goods"];
    let named = |(what, found, expected)| Count { what, found, expected, money: money.contains(&what) };
    Ok(counts.into_iter().map(named).collect())
}

fn compare_orders(plan: &Plan, orders: &[orders::Order], differences: &mut Vec<String>) {
    let mut found: BTreeMap<&str, &orders::Order> = BTreeMap::new();
    for order in orders {
        let reference = order.external_reference.as_deref().unwrap_or_default();
        if found.insert(reference, order).is_some() || !plan.orders.iter().any(|known| known.reference == reference) {
            differences.push(format!("order {} (reference `{reference}`) is not the store's", order.order_number));
        }
    }
    for expected in &plan.orders {
        let invoice = format!("invoice {}", expected.reference);
        let Some(order) = found.get(expected.reference.as_str()) else {
            differences.push(format!("{invoice}: there is no order"));
            continue;
        };
        let mut check = Check { of: &invoice, differences };
        check.same("total", &order.totals.grand_total, &expected.final_total().to_decimal());
        check.same("cancelled", &(order.status == OrderStatus::Cancelled), &(expected.fate == Fate::Cancelled));
        check.same("date", &order.ordered_at, &expected.date);
        let email = order.customer.as_ref().and_then(|customer| customer.email.as_deref());
        check.same("customer", &email, &Some(expected.email.as_str()));
        check.same("lines", &order.lines.iter().map(line_found).collect(), &lines_expected(&expected.final_lines()));
    }
}

fn compare_products(plan: &Plan, ours: &BTreeMap<&str, &products::Product>, differences: &mut Vec<String>) {
    for expected in &plan.products {
        let Some(product) = ours.get(expected.sku.as_str()) else {
            differences.push(format!("{}: there is no such product", expected.sku));
            continue;
        };
        let mut check = Check { of: &expected.sku, differences };
        check.same("name", &product.name, &expected.name);
        check.same("price", &product.price, &expected.price.to_decimal());
        check.same("attributes", &product.attributes.0, &expected.attributes);
        check.same("on_hand", &product.on_hand, &expected.left());
        check.same("unfulfilled", &product.unfulfilled, &expected.waiting());
        // Who may not see costs is not shown any.
        if let Some(value) = product.inventory_value {
            check.same("inventory_value", &value, &Cents(expected.left() * expected.unit_cost.0).to_decimal());
        }
    }
}

/// SKU, quantity, price and total of a line.
type LineShown = (String, i64, Decimal, Decimal);

fn line_found(line: &orders::OrderLine) -> LineShown {
    (line.sku.clone(), line.quantity, line.unit_price, line.line_total)
}

fn lines_expected(lines: &[plan::Line]) -> Vec<LineShown> {
    let total = |line: &plan::Line| Cents(line.quantity * line.unit_price.0).to_decimal();
    lines.iter().map(|line| (line.sku.clone(), line.quantity, line.unit_price.to_decimal(), total(line))).collect()
}

struct Check<'a> {
    of: &'a str,
    differences: &'a mut Vec<String>,
}

impl Check<'_> {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: &T, expected: &T) {
        if found != expected {
            self.differences.push(format!("{}: {what} is {found:?} instead of {expected:?}", self.of));
        }
    }
}

fn cents(amount: Decimal) -> Result<i64> {
    let cents = amount.scaled_to(2).and_then(|cents| i64::try_from(cents).ok());
    cents.with_context(|| format!("{amount} is no amount with two decimal places"))
}
