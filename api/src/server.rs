//! How HTTP reaches the service: the layers in their order, and how it stops.

use crate::{
    app::AppState,
    config,
    platform::{
        health,
        http::{ApiError, Route, mount},
        telemetry::observe,
    },
};
use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::from_fn,
    web::{self, Data},
};
use std::net::TcpListener;

/// A server on this listener, to be awaited; its handle stops it. It takes no signals itself.
pub fn serve(
    state: AppState,
    routes: Vec<Route>,
    listener: TcpListener,
    config: &config::Http,
) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(state.clone()))
            .wrap(from_fn(observe))
            .configure(health::mount)
            .service(web::scope("/api/v1").configure(|scope| mount(&routes, scope)).default_service(nothing_here()))
            .default_service(nothing_here())
    });
    let server = server
        .workers(config.workers)
        .shutdown_timeout(config.shutdown.as_secs())
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

fn nothing_here() -> actix_web::Route {
    web::to(|| std::future::ready(Err::<String, _>(ApiError::not_found())))
}
