//! Routes under `/customers`.

use super::service::{self, Customer, Filter};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, IfMatch, Position, Query, Route, no_content},
    },
};
use actix_web::{HttpResponse, web::Data};
use countinghouse_contract::{
    CustomerId, Page,
    customers::{self, CustomerPatch, CustomerQuery, NewCustomer},
};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::CustomersRead), Access::Needs(Permission::CustomersWrite));
    vec![
        Route::get("/customers", read, list).about("Customers, newest first."),
        Route::post("/customers", write, create).about("Enters a customer.").creates(),
        Route::get("/customers/{id}", read, show).about("One customer."),
        Route::patch("/customers/{id}", write, change).about("Changes what the body names and leaves the rest."),
        Route::delete("/customers/{id}", write, erase).about("Erases a person; their orders stay, without them."),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<CustomerQuery>,
) -> Result<Answer<Page<customers::Customer>>, ApiError> {
    let CustomerQuery { q, email, limit, cursor } = query.0;
    let filter = Filter::new(q, email)?;
    let list = format!("customers {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::list(&ctx, filter, asked).await?;
    let position = |customer: &Customer| Position { created_at: customer.created_at, id: customer.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, Customer::into_wire)))
}

async fn create(ctx: TenantCtx, body: Body<NewCustomer>) -> Result<Answer<customers::Customer>, ApiError> {
    let customer = service::create(&ctx, body.0).await?;
    let location = format!("/api/v1/customers/{}", customer.id);
    Ok(answer(customer, Answer::created).at(location))
}

async fn show(ctx: TenantCtx, id: IdPath<CustomerId>) -> Result<Answer<customers::Customer>, ApiError> {
    Ok(answer(service::get(&ctx, id.0).await?, Answer::ok))
}

async fn change(
    ctx: TenantCtx,
    id: IdPath<CustomerId>,
    if_match: IfMatch,
    body: Body<CustomerPatch>,
) -> Result<Answer<customers::Customer>, ApiError> {
    Ok(answer(service::change(&ctx, id.0, if_match, body.0).await?, Answer::ok))
}

async fn erase(ctx: TenantCtx, id: IdPath<CustomerId>, if_match: IfMatch) -> Result<HttpResponse, ApiError> {
    service::erase(&ctx, id.0, if_match).await?;
    Ok(no_content())
}

fn answer(
    customer: Customer,
    make: fn(customers::Customer) -> Answer<customers::Customer>,
) -> Answer<customers::Customer> {
    let (version, id) = (customer.version, customer.id);
    make(customer.into_wire()).version(version).tells_of(Some(id.0))
}
