//! `/mock/…`: what was received, and what goes wrong from now on. For people and tests; nothing here is signed.

use super::{
    Mock, admission, callbacks,
    faults::{Faults, Plan},
    order::Order,
    refusal::Refusal,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Path, Query},
};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};

const MOST_OF_STATUS: usize = 100;

type Read = Result<Bytes, actix_web::Error>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    #[serde(default = "all")]
    limit: usize,
    /// Of orders: only this one.
    order: Option<String>,
}

fn all() -> usize {
    usize::MAX
}

/// An order with all that it came with.
#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    order: &'a Order,
    /// In the order of `versions`.
    payloads: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Callback {
    status: String,
}

pub async fn orders(list: Query<List>, mock: Data<Mock>) -> HttpResponse {
    let orders = match &list.order {
        Some(number) => mock.memory().orders.by_number(number).cloned().into_iter().collect(),
        None => mock.memory().orders.newest(list.limit),
    };
    HttpResponse::Ok().json(json!({"orders": orders}))
}

pub async fn order(reference: Path<String>, mock: Data<Mock>) -> Result<HttpResponse, Refusal> {
    let memory = mock.memory();
    let order = memory.orders.by_reference(&reference).ok_or_else(|| Refusal::not_found("no such order"))?;
    let payloads = order.versions.iter().map(|version| &*version.payload).collect();
    Ok(HttpResponse::Ok().json(Detail { order, payloads }))
}

pub async fn call_back(
    req: HttpRequest,
    reference: Path<String>,
    body: Read,
    mock: Data<Mock>,
) -> Result<HttpResponse, Refusal> {
    let body = admission::json_body(&req, body)?;
    let invalid = |error: String| Refusal::bad_request("INVALID_CALLBACK", error);
    let Callback { status } = serde_json::from_slice(&body).map_err(|error| invalid(error.to_string()))?;
    if !(1..=MOST_OF_STATUS).contains(&status.len()) {
        return Err(invalid(format!("status is not 1 to {MOST_OF_STATUS} bytes")));
    }
    let answered = callbacks::call_back(&mock, &reference, &status).await?;
    Ok(HttpResponse::Ok().json(answered))
}

pub async fn calls(list: Query<List>, mock: Data<Mock>) -> HttpResponse {
    let mut calls = mock.memory().calls.newest(usize::MAX);
    calls.retain(|call| list.order.is_none() || call.order == list.order);
    calls.truncate(list.limit);
    HttpResponse::Ok().json(json!({"calls": calls}))
}

pub async fn stock(mock: Data<Mock>) -> HttpResponse {
    HttpResponse::Ok().json(mock.memory().stock.quantities())
}

pub async fn faults(mock: Data<Mock>) -> HttpResponse {
    HttpResponse::Ok().json(mock.memory().faults.standing())
}

pub async fn set_faults(req: HttpRequest, body: Read, mock: Data<Mock>) -> Result<HttpResponse, Refusal> {
    let body = admission::json_body(&req, body)?;
    let faults = Faults::read(&body).map_err(|error| Refusal::bad_request("INVALID_FAULTS", error))?;
    mock.memory().faults = Plan::of(faults);
    Ok(HttpResponse::Ok().json(mock.memory().faults.standing()))
}

pub async fn end_faults(mock: Data<Mock>) -> HttpResponse {
    mock.memory().faults = Plan::default();
    HttpResponse::NoContent().finish()
}

pub async fn forget(mock: Data<Mock>) -> HttpResponse {
    mock.memory().forget();
    HttpResponse::NoContent().finish()
}
