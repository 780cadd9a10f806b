//! One running copy of the service, in a thread of this process.

use crate::{beside::Beside, time::TestClock};
use countinghouse_api::{
    app::AppState,
    config::Config,
    platform::{http::Route, ids::Randomness},
    server,
};
use std::{net::TcpListener, sync::Arc};

/// Stops when it is dropped.
pub struct Service {
    pub base_url: String,
    pub state: AppState,
    _running: Beside,
}

impl Service {
    pub(crate) fn start(
        config: Config,
        routes: Vec<Route>,
        clock: Arc<TestClock>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let (running, state) = Beside::start(async move || {
            let built = AppState::build_with(&config, clock, randomness).await;
            let state = built.expect("a service");
            (server::serve(state.clone(), routes, listener, &config.http).expect("a server"), state)
        });
        Self { base_url, state, _running: running }
    }
}
