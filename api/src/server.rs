//! How HTTP reaches the service: the layers in their order, and how it stops.

use crate::{
    app::AppState,
    config,
    platform::{
        health,
        http::{Route, cors, explain, mount, nothing_here},
        metrics, openapi,
        telemetry::observe,
    },
};
use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::from_fn,
    web::{self, Data},
};
use std::{net::TcpListener, sync::Arc};

/// A server on this listener, to be awaited; its handle stops it. It takes no signals itself.
pub fn serve(
    state: AppState,
    routes: Vec<Route>,
    listener: TcpListener,
    config: &config::Http,
) -> std::io::Result<Server> {
    // Beside all else: the first request does not wait for it.
    state.pictures.begin_loading();
    let kinds: Arc<[_]> = explain::kinds(&routes).into();
    let document = openapi::Published::of(&routes);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(state.clone()))
            .wrap(from_fn(cors::preflight))
            .wrap(from_fn(observe))
            .configure(health::mount)
            .configure(|app| explain::mount(&kinds, app))
            .configure(|app| openapi::mount(&document, app))
            .configure(openapi::pages::mount)
            .service(
                web::scope("/api/v1").configure(|scope| mount(&routes, scope)).default_service(web::to(nothing_here)),
            )
            .default_service(web::to(nothing_here))
    });
    let server = server
        .workers(config.workers)
        .shutdown_timeout(config.shutdown.as_secs())
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// What only the operator sees, on an address of its own, until the process ends.
pub fn serve_metrics(state: AppState, listener: TcpListener) -> std::io::Result<Server> {
    let server = HttpServer::new(move || App::new().app_data(Data::new(state.clone())).configure(metrics::mount));
    Ok(server.workers(1).shutdown_timeout(1).disable_signals().listen(listener)?.run())
}
