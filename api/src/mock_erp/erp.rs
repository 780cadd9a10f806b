//! What an ERP does: takes orders in, looks them up, hears of stock. Each call is noted, and meets its fault.

use super::{
    LookUp, Mock, admission, answer, callbacks,
    calls::End,
    faults::{Course, Fault, Subject},
    order::What,
    payload::Payload,
    refusal::Refusal,
    shortened,
    stock::Update,
};
use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::StatusCode,
    rt,
    web::{Bytes, Data, Path},
};
use serde_json::{Value, json, value::RawValue};

type Read = Result<Bytes, actix_web::Error>;

/// `POST /orders/sync`. What was begun is done, also when nobody waits for it any more.
pub async fn sync(req: HttpRequest, body: Read, mock: Data<Mock>) -> HttpResponse {
    let work = |call| {
        let (req, mock) = (req.clone(), mock.clone());
        async move {
            let body = admission::json_body(&req, body)?;
            admission::check(&mock, &req, &body)?;
            let key = admission::idempotency_key(&req)?;
            let invalid = |error| Refusal::bad_request("INVALID_PAYLOAD", error);
            let payload = Payload::read(&body).map_err(invalid)?;
            let raw: &RawValue = serde_json::from_slice(&body).map_err(|error| invalid(error.to_string()))?;
            let order = Some(payload.order_increment_id.as_str());
            let course = course(&mock, call, Subject { what: "sync", path: req.path(), key: &key, order }).await;
            if let Some(fault) = course.instead() {
                return Ok(answer::faulty(&req, fault, Value::Null, mock.now()));
            }
            let (reference, what) = receive(&mock, &key, &payload, raw)?;
            if matches!(what, What::Created | What::Updated | What::CreatedAgain) {
                callbacks::call_back_by_itself(&mock, reference.clone());
            }
            // The same each time, whatever has become of the order.
            Ok(told(&req, &mock, &course, json!({"erp_reference": reference, "status": "accepted"})))
        }
    };
    noted(&req, &mock, work).await
}

fn receive(mock: &Mock, key: &str, payload: &Payload, raw: &RawValue) -> Result<(String, What), Refusal> {
    let now = mock.now();
    mock.memory().orders.receive(key, payload, raw, now).map_err(|_| {
        let told = "this X-Idempotency-Key came with another body before";
        Refusal::new(StatusCode::CONFLICT, "KEY_REUSED", told)
    })
}

/// `GET /orders/by-key/{key}`.
pub async fn look_up(req: HttpRequest, key: Path<String>, mock: Data<Mock>) -> HttpResponse {
    let work = |call| {
        let (req, mock) = (req.clone(), mock.clone());
        async move {
            match mock.options.look_up {
                LookUp::Answers => {}
                LookUp::NoPage => return Ok(answer::no_page()),
                LookUp::NotAllowed => return Ok(answer::not_allowed()),
            }
            admission::check(&mock, &req, b"")?;
            let course =
                course(&mock, call, Subject { what: "look_up", path: req.path(), key: &key, order: None }).await;
            if let Some(fault) = course.instead() {
                return Ok(answer::faulty(&req, fault, Value::Null, mock.now()));
            }
            let found = mock
                .memory()
                .orders
                .by_key(&key)
                .map(|order| json!({"erp_reference": order.erp_reference, "status": order.status}));
            let good = found.ok_or_else(|| Refusal::not_found("no order came with this key"))?;
            Ok(told(&req, &mock, &course, good))
        }
    };
    noted(&req, &mock, work).await
}

/// `POST /mock-update-stock`, which nobody signs.
pub async fn update_stock(req: HttpRequest, body: Read, mock: Data<Mock>) -> HttpResponse {
    let work = |call| {
        let (req, mock) = (req.clone(), mock.clone());
        async move {
            let body = admission::json_body(&req, body)?;
            let invalid = |error| Refusal::bad_request("INVALID_PAYLOAD", error);
            let update = Update::read(&body).map_err(invalid)?;
            let (key, order) = (&update.idempotency_key, update.order_increment_id.as_deref());
            let course = course(&mock, call, Subject { what: "stock", path: req.path(), key, order }).await;
            if let Some(fault) = course.instead() {
                return Ok(answer::faulty(&req, fault, Value::Null, mock.now()));
            }
            let items = mock.memory().stock.update(&update).map_err(invalid)?;
            Ok(told(&req, &mock, &course, json!({"success": true, "items": items})))
        }
    };
    noted(&req, &mock, work).await
}

impl Course {
    /// The fault that comes before anything was done.
    fn instead(&self) -> Option<&Fault> {
        self.fault.as_ref().filter(|fault| fault.replaces() && !self.stores)
    }
}

/// What the rules have for this call, when its latency is over.
async fn course(mock: &Mock, call: u64, subject: Subject<'_>) -> Course {
    let course = {
        let mut memory = mock.memory();
        let course = memory.faults.decide(subject);
        let order = subject.order.or_else(|| memory.faults.order_of(subject.key)).map(shortened);
        memory.calls.note(call, |noted| {
            noted.idempotency_key = Some(shortened(subject.key));
            noted.order = order;
            noted.fault.clone_from(&course.fault);
        });
        course
    };
    if !course.latency.is_zero() {
        tokio::time::sleep(course.latency).await;
    }
    course
}

fn told(req: &HttpRequest, mock: &Mock, course: &Course, good: Value) -> HttpResponse {
    match &course.fault {
        Some(fault) => answer::faulty(req, fault, good, mock.now()),
        None => HttpResponse::Ok().json(good),
    }
}

/// Does the work of a call beside its connection, and notes how it ended.
async fn noted<W>(req: &HttpRequest, mock: &Data<Mock>, work: impl FnOnce(u64) -> W) -> HttpResponse
where
    W: Future<Output = Result<HttpResponse, Refusal>> + 'static,
{
    let now = mock.now();
    let call = mock.memory().calls.begin(req.method().as_str(), req.path(), now);
    let (work, noted) = (work(call), mock.clone());
    let working = rt::spawn(async move {
        let response = work.await.unwrap_or_else(|refusal| refusal.error_response());
        noted.memory().calls.note(call, |call| {
            let is_reset = call.fault == Some(Fault::Reset) && response.status().is_success();
            call.end = if is_reset { End::Reset } else { End::Answered(response.status().as_u16()) };
        });
        response
    });
    working.await.unwrap_or_else(|_| HttpResponse::InternalServerError().finish())
}
