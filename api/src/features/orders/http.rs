//! Routes under `/orders`.

use super::{
    error::{ALREADY_INVOICED, DUPLICATE_REFERENCE, FULFILMENT_EXCEEDS_ORDERED, NOT_INVOICED, NOTHING_TO_FULFIL},
    model::{IssuedInvoice, Order},
    service::{self, Filter},
};
use crate::{
    app::AppState,
    features::{accounting::PERIOD_CLOSED, inventory::INSUFFICIENT_STOCK},
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, Position, Query, Route, problems},
    },
};
use actix_web::web::Data;
use countinghouse_contract::{
    OrderId, Page,
    fulfilments::{Fulfilment, NewFulfilment},
    invoices::{Invoice, InvoiceQuery, NewInvoice},
    orders::{self, NewOrder, OrderQuery},
    payments::{NewPayment, NewRefund, Payment},
};

pub fn routes() -> Vec<Route> {
    let needs = Access::Needs;
    vec![
        Route::get("/orders", needs(Permission::OrdersRead), list)
            .about("Orders, newest first."),
        Route::post("/orders", needs(Permission::OrdersWrite), create)
            .about("Creates an order and takes its goods, all or nothing; invoices it too, unless the client invoices later.")
            .creates()
            .refuses(&[INSUFFICIENT_STOCK, DUPLICATE_REFERENCE, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::get("/orders/{id}", needs(Permission::OrdersRead), show)
            .about("One order."),
        Route::post("/orders/{id}/invoice", needs(Permission::InvoicesWrite), invoice)
            .about("Invoices an order that was placed without.")
            .creates()
            .refuses(&[ALREADY_INVOICED, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
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
