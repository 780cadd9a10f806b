//! A world for a test, in one line: a database of its own, a server of its own, and two clients
//! in it. The second client is the trap: whatever a test does to the first must not touch it.
//!
//! `document` holds each answer against the API's document, `ledger` reads the books, `dice` are those of random
//! walks, `cluster` knows the servers that `./dev test` started, `template` makes the database that each test's is
//! cloned from, `world` starts a `service`, `caller` speaks HTTP, `crowd` does so for many at once and `load` for
//! as long as a measurement takes, `shops` are the clients it is about, `past` what they sold before, and `figures`
//! what it prints, `editor` changes orders, `time` is the clock that tests own, `wire` is the one to the database,
//! which they cut, and `process` runs the real binary where a test is about that, `console` the superadmins' in a
//! terminal; `postgres` is a server that a test may stop, `pictures` makes pictures and forms with them, `receiver`
//! takes webhooks, `mock_erp` is the ERP of a client, `valkey` a way to Valkey that it may close, and `nginx` the
//! proxy in front; `beside` runs servers in threads, and `patience` ends every wait.

mod beside;
mod browser;
mod cable;
mod caller;
mod cluster;
mod console;
mod crowd;
mod dice;
pub mod document;
mod editor;
mod figures;
mod ledger;
mod load;
mod mock_erp;
mod nginx;
pub mod past;
pub mod patience;
pub mod pictures;
mod postgres;
mod process;
mod receiver;
mod service;
pub mod shops;
mod template;
mod time;
pub mod tools;
mod valkey;
mod wire;
mod world;

pub use browser::Browser;
pub use cable::Cable;
pub use caller::{Answer, Caller, encoded};
pub use cluster::{Cluster, Login};
pub use console::Console;
pub use crowd::Crowd;
pub use dice::{Dice, SeededRandomness};
pub use editor::Editor;
pub use figures::{Figures, Verdict};
pub use ledger::Ledger;
pub use load::{Measured, Requests, load, pgbench};
pub use mock_erp::MockErp;
pub use nginx::{Nginx, own_address};
pub use postgres::{Postgres, program, server_folder, server_program};
pub use process::Process;
pub use receiver::{Received, Receiver, Reply};
pub use service::Service;
pub use template::{PASSWORD, ROLES, SUPERADMIN, environment};
pub use time::TestClock;
pub use valkey::{ValkeyWay, valkey, valkey_program};
pub use wire::{Cut, Wire};
pub use world::{Auditor, Tenant, World, WorldBuilder};
