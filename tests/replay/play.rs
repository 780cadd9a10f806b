//! Sends the plan to the service, several requests at once. What is there already is left alone.

use crate::{plan::Plan, table::grouped};
use anyhow::{Context, Result};
use countinghouse_client::{ClientError, Session};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::{Duration, Instant};

/// How it went.
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

/// Orders begin in the order of their invoices; they may overtake each other on the way.
pub async fn orders(session: &Session, plan: &Plan, at_once: usize) -> Result<Played> {
    let all = plan.orders.iter().map(|order| async move {
        let answer = session.create_order(&order.to_wire()).await;
        made(answer, "duplicate_reference").with_context(|| format!("the order of invoice {}", order.reference))
    });
    play("orders", all, at_once).await
}

/// Whether it was made, or was there already.
fn made<T>(answer: Result<T, ClientError>, there_already: &str) -> Result<bool, ClientError> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some(there_already) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn play<F>(what: &str, all: impl ExactSizeIterator<Item = F>, at_once: usize) -> Result<Played>
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
