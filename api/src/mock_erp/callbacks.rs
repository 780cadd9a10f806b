//! What the ERP tells the service of its own accord: signed, at the one address that it was started with.
//! Beside order, reference and status it names the key of the version that it has.

use super::{Mock, admission, refusal::Refusal, shortened};
use actix_web::{http::StatusCode, rt, web::Data};
use reqwest::{Url, redirect};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// What the service answered.
#[derive(Debug, Serialize)]
pub struct Answered {
    status: u16,
    body: String,
}

pub fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(PATIENCE).build()
}

/// Sends one now, and keeps its status at the order.
pub async fn call_back(mock: &Mock, reference: &str, status: &str) -> Result<Answered, Refusal> {
    let none = || Refusal::new(StatusCode::CONFLICT, "NO_CALLBACK_URL", "it was started without --callback-url");
    let url = mock.options.callback_url.clone().ok_or_else(none)?;
    let body = {
        let memory = mock.memory();
        let order = memory.orders.by_reference(reference).ok_or_else(|| Refusal::not_found("no such order"))?;
        let key = order.versions.back().map(|version| &version.idempotency_key);
        let (number, reference) = (&order.order_increment_id, &order.erp_reference);
        json!({"orderIncrementId": number, "erpReference": reference, "status": status, "idempotencyKey": key})
            .to_string()
    };
    let answered = send(mock, url, body).await;
    let is_accepted = answered.as_ref().is_ok_and(|answered| (200..300).contains(&answered.status));
    let now = mock.now();
    mock.memory().orders.called_back(reference, status, is_accepted, now);
    answered.map_err(|error| Refusal::new(StatusCode::BAD_GATEWAY, "CALLBACK_FAILED", error.without_url().to_string()))
}

async fn send(mock: &Mock, url: Url, body: String) -> reqwest::Result<Answered> {
    let request = mock.http.post(url).header("content-type", "application/json");
    let response = request.header("x-signature", admission::sign(mock, body.as_bytes())).body(body).send().await?;
    let status = response.status().as_u16();
    Ok(Answered { status, body: shortened(&response.text().await?) })
}

/// As `--callback-status` asks for, after each accepted version.
pub fn call_back_by_itself(mock: &Data<Mock>, reference: String) {
    if mock.options.callback_status.is_empty() {
        return;
    }
    let mock = mock.clone();
    rt::spawn(async move {
        for status in &mock.options.callback_status {
            tokio::time::sleep(mock.options.callback_delay()).await;
            if let Err(refusal) = call_back(&mock, &reference, status).await {
                tracing::warn!(reference, status, %refusal, "a callback failed");
            }
        }
    });
}
