//! Routes under `/orders`.

use super::{
    error::{
        ALREADY_INVOICED, DUPLICATE_REFERENCE, EDIT_CHANGED, FULFILMENT_EXCEEDS_ORDERED, NOT_INVOICED,
        NOTHING_TO_FULFIL, ORDER_CANCELLED, ORDER_NOT_EDITABLE,
    },
    model::{IssuedInvoice, Order},
    service::{self, Filter, Proof},
};
use crate::{
    app::AppState,
    features::{
        accounting::PERIOD_CLOSED,
        identity::{CodeHeader, Origin},
        inventory::INSUFFICIENT_STOCK,
    },
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{
            Access, Answer, ApiError, Body, Header, IdPath, IfMatch, Position, Query, Route, Signature, Takes,
            no_content, problems,
        },
        limits::RateClass,
    },
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, web::Data};
use countinghouse_contract::{
    OrderId, Page,
    edits::{EditPreview, OrderPatch},
    fulfilments::{Fulfilment, NewFulfilment},
    invoices::{Invoice, InvoiceQuery, NewInvoice},
    orders::{self, NewOrder, OrderQuery},
    payments::{NewPayment, NewRefund, Payment},
};
use std::future::{Ready, ready};

pub fn routes() -> Vec<Route> {
    let needs = Access::Needs;
    let edits = Access::PersonNeeds(Permission::OrdersWrite);
    vec![
        Route::get("/orders", needs(Permission::OrdersRead), list)
            .about("Orders, newest first."),
        Route::post("/orders", needs(Permission::OrdersWrite), create)
            .about("Creates an order and takes its goods, all or nothing; invoices it too, unless the client invoices later.")
            .creates()
            .refuses(&[INSUFFICIENT_STOCK, DUPLICATE_REFERENCE, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::get("/orders/{id}", needs(Permission::OrdersRead), show)
            .about("One order."),
        Route::patch("/orders/{id}", edits, edit)
            .about("Edits an order of which nothing has left; asks for a second factor.")
            .rate(RateClass::LogIn)
            .refuses(&[ORDER_NOT_EDITABLE, INSUFFICIENT_STOCK, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::delete("/orders/{id}", edits, cancel)
            .about("Cancels an order of which nothing has left; asks for a second factor.")
            .rate(RateClass::LogIn)
            .refuses(&[ORDER_NOT_EDITABLE, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::post("/orders/{id}/edits/preview", edits, preview)
            .about("What an edit would come to, and a token with which just that is done.")
            .refuses(&[ORDER_NOT_EDITABLE, INSUFFICIENT_STOCK])
            .not_replayed("it changes nothing"),
        Route::post("/orders/{id}/invoice", needs(Permission::InvoicesWrite), invoice)
            .about("Invoices an order that was placed without.")
            .creates()
            .refuses(&[ALREADY_INVOICED, ORDER_CANCELLED, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::get("/orders/{id}/invoices", needs(Permission::OrdersRead), invoices)
            .about("What was issued for an order, newest first."),
        Route::post("/orders/{id}/payments", needs(Permission::PaymentsWrite), pay)
            .about("Enters money that came for an order.")
            .creates()
            .refuses(&[NOT_INVOICED, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::post("/orders/{id}/refunds", needs(Permission::RefundsWrite), refund)
            .about("Enters money that went back to the customer.")
            .creates()
            .refuses(&[NOT_INVOICED, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::post("/orders/{id}/fulfilments", needs(Permission::FulfilmentsWrite), fulfil)
            .about("Enters what leaves the shelf for the customer.")
            .creates()
            .refuses(&[NOTHING_TO_FULFIL, FULFILMENT_EXCEEDS_ORDERED]),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<OrderQuery>,
) -> Result<Answer<Page<orders::Order>>, ApiError> {
    let (limit, cursor) = (query.0.limit, query.0.cursor.clone());
    let filter = Filter::new(query.0, &ctx.principal().time_zone)?;
    let list = format!("orders {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::list(&ctx, filter, asked).await?;
    let position = |order: &Order| Position { created_at: order.ordered_at, id: order.id.0 };
    let costs = sees_costs(&ctx);
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |order| order.into_wire(costs))))
}

async fn create(ctx: TenantCtx, body: Body<NewOrder>) -> Result<Answer<orders::Order>, ApiError> {
    let order = service::create(&ctx, body.0).await?;
    let location = format!("/api/v1/orders/{}", order.id);
    Ok(answer(&ctx, order, Answer::created).at(location))
}

async fn show(ctx: TenantCtx, id: IdPath<OrderId>) -> Result<Answer<orders::Order>, ApiError> {
    let order = service::get(&ctx, id.0).await?;
    Ok(answer(&ctx, order, Answer::ok))
}

impl FromRequest for Proof {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let token = req.headers().get("x-edit-token").map(|value| value.to_str().unwrap_or_default().to_owned());
        let if_match = IfMatch::from_request(req, payload).into_inner();
        let code = CodeHeader::from_request(req, payload).into_inner();
        let proof = if_match.and_then(|if_match| Ok(Self { if_match, code: code?, token, from: Origin::of(req) }));
        ready(proof)
    }
}

impl Takes for Proof {
    fn note(signature: &mut Signature) {
        <(IfMatch, CodeHeader)>::note(signature);
        let about = "The token of a preview: the edit is made as it was shown, or not at all.";
        signature.headers.push(Header { name: "X-Edit-Token", about, example: "AAAAAAAAAAE" });
        signature.refusals.push(EDIT_CHANGED);
    }
}

async fn edit(
    state: Data<AppState>,
    ctx: TenantCtx,
    id: IdPath<OrderId>,
    proof: Proof,
    body: Body<OrderPatch>,
) -> Result<Answer<orders::Order>, ApiError> {
    let order = service::edit(&state, &ctx, id.0, proof, body.0).await?;
    Ok(answer(&ctx, order, Answer::ok))
}

async fn cancel(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: TenantCtx,
    id: IdPath<OrderId>,
    if_match: IfMatch,
    code: CodeHeader,
) -> Result<HttpResponse, ApiError> {
    service::cancel(&state, &ctx, id.0, if_match, code, Origin::of(&req)).await?;
    Ok(no_content())
}

async fn preview(
    state: Data<AppState>,
    ctx: TenantCtx,
    id: IdPath<OrderId>,
    if_match: IfMatch,
    body: Body<OrderPatch>,
) -> Result<Answer<EditPreview>, ApiError> {
    Ok(Answer::ok(service::preview(&state, &ctx, id.0, if_match, body.0).await?))
}

async fn invoice(
    ctx: TenantCtx,
    id: IdPath<OrderId>,
    body: Body<NewInvoice>,
) -> Result<Answer<orders::Order>, ApiError> {
    let order = service::invoice(&ctx, id.0, body.0).await?;
    let location = format!("/api/v1/orders/{}/invoices", order.id);
    Ok(answer(&ctx, order, Answer::created).at(location))
}

async fn invoices(
    state: Data<AppState>,
    ctx: TenantCtx,
    id: IdPath<OrderId>,
    query: Query<InvoiceQuery>,
) -> Result<Answer<Page<Invoice>>, ApiError> {
    let InvoiceQuery { limit, cursor } = query.0;
    let list = format!("invoices {} {}", ctx.tenant_id(), id.0);
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::invoices(&ctx, id.0, asked).await?;
    let position = |invoice: &IssuedInvoice| Position { created_at: invoice.created_at, id: invoice.id.0 };
    let currency = ctx.principal().currency;
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |invoice| invoice.into_wire(currency))))
}

async fn pay(ctx: TenantCtx, id: IdPath<OrderId>, body: Body<NewPayment>) -> Result<Answer<Payment>, ApiError> {
    let paid = service::pay(&ctx, id.0, body.0).await?;
    Ok(Answer::created(paid.into_wire()))
}

async fn refund(ctx: TenantCtx, id: IdPath<OrderId>, body: Body<NewRefund>) -> Result<Answer<Payment>, ApiError> {
    let paid = service::refund(&ctx, id.0, body.0).await?;
    Ok(Answer::created(paid.into_wire()))
}

async fn fulfil(
    ctx: TenantCtx,
    id: IdPath<OrderId>,
    body: Body<NewFulfilment>,
) -> Result<Answer<Fulfilment>, ApiError> {
    let parcel = service::fulfil(&ctx, id.0, body.0).await?;
    Ok(Answer::created(parcel.to_wire()))
}

fn sees_costs(ctx: &TenantCtx) -> bool {
    ctx.may(Permission::CostsRead)
}

fn answer(ctx: &TenantCtx, order: Order, make: fn(orders::Order) -> Answer<orders::Order>) -> Answer<orders::Order> {
    let (version, customer) = (order.version, order.buyer.customer);
    make(order.into_wire(sees_costs(ctx))).version(version).tells_of(customer.map(|id| id.0))
}
