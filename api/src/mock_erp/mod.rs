//! `countinghouse mock-erp`: an ERP to try the connector on, with every fault that a real one has. It is no part of
//! the product: it keeps what it receives in memory, knows no client, and must not be used for real orders.
//!
//! Read in this order: `options` is what can be set, `routes` what can be called, `erp` what becomes of a call,
//! `orders` what the ERP keeps, `faults` what goes wrong on demand. An order that is sent again is the same order:
//! whoever sends one twice as if it were two is told by its `created`, which should be one, and by its versions.

mod admission;
mod answer;
mod callbacks;
mod calls;
mod control;
mod erp;
mod faults;
mod options;
mod order;
mod orders;
mod page;
mod payload;
mod refusal;
mod routes;
mod stock;
mod wire;

pub use options::{LookUp, Options};

use crate::platform::{clock::Clock, ids::NoRandomness};
use actix_web::{App, HttpServer, dev::Server, web::Data};
use chrono::{DateTime, Utc};
use std::{
    net::TcpListener,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What one ERP is and has.
struct Mock {
    options: Options,
    clock: Arc<dyn Clock>,
    memory: Mutex<Memory>,
    /// For callbacks.
    http: reqwest::Client,
}

struct Memory {
    orders: orders::Orders,
    stock: stock::Stock,
    calls: calls::Calls,
    faults: faults::Plan,
}

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    #[error(transparent)]
    Listening(#[from] std::io::Error),
    #[error(transparent)]
    Calling(#[from] reqwest::Error),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// A server on this listener, to be awaited; its handle stops it. It takes no signals itself.
pub fn serve(options: Options, clock: Arc<dyn Clock>, listener: TcpListener) -> Result<Server, CannotStart> {
    let http = callbacks::client()?;
    let memory = Mutex::new(Memory {
        orders: orders::Orders::new(&options, &clock)?,
        stock: stock::Stock::default(),
        calls: calls::Calls::default(),
        faults: faults::Plan::default(),
    });
    let mock = Data::new(Mock { options, clock, memory, http });
    let server = HttpServer::new(move || App::new().app_data(mock.clone()).configure(routes::mount));
    // One thread: what comes at once is taken in one after the other.
    let server = server.on_connect(wire::remember).workers(1).shutdown_timeout(1).disable_signals();
    Ok(server.listen(listener)?.run())
}

impl Mock {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Faults stay as they were set.
    fn forget(&mut self) {
        self.orders.clear();
        self.stock = stock::Stock::default();
        self.calls = calls::Calls::default();
    }
}

/// As much of a text as is kept for people to read.
fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    text.chars().take(MOST).collect()
}
