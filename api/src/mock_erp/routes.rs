//! What can be called.

use super::{admission::MOST_BODY, control, erp, page, refusal::Refusal};
use actix_web::{
    HttpResponse, ResponseError,
    middleware::DefaultHeaders,
    web::{self, PayloadConfig, QueryConfig, ServiceConfig},
};

pub fn mount(app: &mut ServiceConfig) {
    let own = || DefaultHeaders::new().add(("x-content-type-options", "nosniff")).add(("cache-control", "no-store"));
    let bad_query =
        QueryConfig::default().error_handler(|error, _| Refusal::bad_request("BAD_QUERY", error.to_string()).into());
    app.app_data(PayloadConfig::new(MOST_BODY))
        .app_data(bad_query)
        .route("/orders/sync", web::post().to(erp::sync))
        .route("/orders/by-key/{key}", web::get().to(erp::look_up))
        .route("/mock-update-stock", web::post().to(erp::update_stock))
        .service(
            web::scope("/mock")
                .wrap(own())
                .route("", web::delete().to(control::forget))
                .route("/orders", web::get().to(control::orders))
                .route("/orders/{reference}", web::get().to(control::order))
                .route("/orders/{reference}/callback", web::post().to(control::call_back))
                .route("/calls", web::get().to(control::calls))
                .route("/stock", web::get().to(control::stock))
                .route("/faults", web::get().to(control::faults))
                .route("/faults", web::put().to(control::set_faults))
                .route("/faults", web::delete().to(control::end_faults))
                .route("/page.css", web::get().to(page::style)),
        )
        .service(web::resource("/").wrap(own()).route(web::get().to(page::show)))
        .default_service(web::to(nothing_here));
}

async fn nothing_here() -> HttpResponse {
    Refusal::not_found("there is nothing here; `countinghouse mock-erp --help` says what can be called")
        .error_response()
}
