//! One running copy of the service, in a thread of this process.

use crate::time::TestClock;
use actix_web::dev::ServerHandle;
use countinghouse_api::{
    app::AppState,
    config::Config,
    platform::{http::Route, ids::Randomness},
    server,
};
use std::{net::TcpListener, sync::Arc, thread::JoinHandle};

/// Stops when it is dropped.
pub struct Service {
    pub base_url: String,
    pub state: AppState,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
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
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let built = AppState::build_with(&config, clock, randomness).await;
                let state = built.expect("a service");
                let running = server::serve(state.clone(), routes, listener, &config.http).expect("a server");
                sender.send((state, running.handle())).expect("the test waits");
                running.await.expect("the server ends well");
            });
        });
        let (state, handle) = receiver.recv().expect("the server starts");
        Self { base_url, state, handle, thread: Some(thread) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let (handle, thread) = (self.handle.clone(), self.thread.take());
        // Off the test's own runtime, which may be the one that must not block.
        let ended = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(handle.stop(false));
            if let Some(thread) = thread {
                let _ = thread.join();
            }
        });
        let _ = ended.join();
    }
}
