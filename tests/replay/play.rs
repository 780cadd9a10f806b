//! Sends the plan to the service, several requests at once. What is there already is left alone.

use crate::{
    plan::{self, CHANNEL, Fate, Plan},
    table::grouped,
};
use anyhow::{Context, Result};
use countinghouse_client::{ClientError, Session};
use countinghouse_contract::{
    CustomerId, Decimal,
    customers::CustomerQuery,
    orders::{Order, OrderLine, OrderQuery},
    payments::{NewPayment, NewRefund},
    returns::{NewReturn, NewReturnLine},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How it went.
#[derive(Default)]
pub struct Played {
    pub made: usize,
    pub there_already: usize,
    pub took: Duration,
}

pub async fn products(session: &Session, plan: &Plan, at_once: usize) -> Result<Played> {
    let all = plan.products.iter().map(|product| async move {
        let answer = session.create_product(&product.to_wire()).await;
        made(answer, "sku_taken").with_context(|| format!("product {}", product.sku))
    });
    play("products", all, at_once).await
}

/// Customers that are not there yet, known by their e-mail address.
pub async fn customers(session: &Session, plan: &Plan, at_once: usize) -> Result<Played> {
    let there = &customers_by_email(session).await?;
    let all = plan.customers.iter().map(|customer| async move {
        let email = customer.email.as_deref().unwrap_or_default();
        if there.contains_key(email) {
            return Ok(false);
        }
        let answer = session.create_customer(customer).await;
        answer.map(|_| true).with_context(|| format!("customer {email}"))
    });
    play("customers", all, at_once).await
}

async fn customers_by_email(session: &Session) -> Result<BTreeMap<String, CustomerId>> {
    let customers = session.all_customers(&CustomerQuery { limit: Some(200), ..CustomerQuery::default() }).await?;
    Ok(customers.into_iter().filter_map(|customer| Some((customer.email?, customer.id))).collect())
}

/// Orders begin in the order of their invoices; they may overtake each other on the way.
pub async fn orders(session: &Session, plan: &Plan, at_once: usize) -> Result<Played> {
    let customers = &customers_by_email(session).await?;
    let all = plan.orders.iter().map(|order| async move {
        let answer = session.create_order(&order.to_wire(customers.get(&order.email).copied())).await;
        made(answer, "duplicate_reference").with_context(|| format!("the order of invoice {}", order.reference))
    });
    play("orders", all, at_once).await
}

/// Pays in full what is still due, on the day of the order.
pub async fn payments(session: &Session, at_once: usize) -> Result<Played> {
    let orders = played(session).await?;
    let all = orders.iter().map(|order| async move {
        if order.amount_due.scaled_to(2).is_none_or(|due| due <= 0) {
            return Ok(false);
        }
        let payment = NewPayment {
            amount: order.amount_due,
            method: "card".to_owned(),
            reference: order.external_reference.clone(),
            received_at: Some(order.ordered_at),
        };
        let answer = session.pay_order(order.id, &payment).await;
        answer.map(|_| true).with_context(|| format!("paying {}", order.order_number))
    });
    play("payments", all, at_once).await
}

/// All of the orders that come back does, and can be sold again.
pub async fn returns(session: &Session, plan: &Plan, at_once: usize) -> Result<Played> {
    let returned = played_with(session, plan, Fate::Returned).await?;
    let all = returned.iter().map(|(order, _)| order).map(|order| async move {
        if order.lines.iter().any(|line| line.returned_quantity > 0) {
            return Ok(false);
        }
        let line = |line: &OrderLine| NewReturnLine {
            order_line_id: line.id,
            quantity: line.quantity,
            restock: true,
            reason: None,
        };
        let lines = order.lines.iter().map(line).collect();
        let answer = session.create_return(&NewReturn { order_id: order.id, lines, credit_shipping: true }).await;
        answer.map(|_| true).with_context(|| format!("returning {}", order.order_number))
    });
    play("returns", all, at_once).await
}

/// Refunds whatever customers are owed.
pub async fn refunds(session: &Session, at_once: usize) -> Result<Played> {
    let orders = played(session).await?;
    let owed: Vec<(&Order, i128)> = (orders.iter())
        .filter_map(|order| Some((order, -order.amount_due.scaled_to(2)?)))
        .filter(|(_, owed)| *owed > 0)
        .collect();
    let all = owed.into_iter().map(|(order, owed)| async move {
        let refund = NewRefund { amount: Decimal::new(owed, 2), method: "card".to_owned(), reference: None };
        let answer = session.refund_order(order.id, &refund).await;
        answer.map(|_| true).with_context(|| format!("refunding {}", order.order_number))
    });
    play("refunds", all, at_once).await
}

/// The store's orders of one fate as they stand, beside what was planned.
pub async fn played_with<'p>(session: &Session, plan: &'p Plan, fate: Fate) -> Result<Vec<(Order, &'p plan::Order)>> {
    let of_fate = plan.orders.iter().filter(|order| order.fate == fate);
    let planned: BTreeMap<&str, &plan::Order> = of_fate.map(|order| (order.reference.as_str(), order)).collect();
    let beside = |order: Order| {
        let planned = *planned.get(order.external_reference.as_deref()?)?;
        Some((order, planned))
    };
    Ok(played(session).await?.into_iter().filter_map(beside).collect())
}

/// The store's orders as they stand.
async fn played(session: &Session) -> Result<Vec<Order>> {
    let query = OrderQuery { channel: Some(CHANNEL.to_owned()), limit: Some(200), ..OrderQuery::default() };
    session.all_orders(&query).await.context("reading the orders")
}

/// Whether it was made, or was there already.
fn made<T>(answer: Result<T, ClientError>, there_already: &str) -> Result<bool, ClientError> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some(there_already) => Ok(false),
        Err(error) => Err(error),
    }
}

pub async fn play<F>(what: &str, all: impl ExactSizeIterator<Item = F>, at_once: usize) -> Result<Played>
where
    F: Future<Output = Result<bool>>,
{
    let (started, total) = (Instant::now(), all.len());
    let (mut made, mut done) = (0, 0);
    let mut answers = stream::iter(all).buffer_unordered(at_once);
    while let Some(was_made) = answers.try_next().await? {
        made += usize::from(was_made);
        done += 1;
        if done % total.div_ceil(5) == 0 || done == total {
            eprintln!("{:>7} of {} {what}", grouped(done), grouped(total));
        }
    }
    Ok(Played { made, there_already: done - made, took: started.elapsed() })
}
