//! Files: how long a million rows take to be exported and a hundred thousand products to be imported, and how
//! much memory that costs the service: `./dev bench bulk`.
//!
//! It fails where a goal is missed, or a file is not whole.

use clap::Parser;
use countinghouse_tests::{Caller, Figures, Login, Process, Verdict, World};
use diesel::connection::SimpleConnection;
use reqwest::Method;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

/// In MiB.
const MEMORY: u64 = 64;

#[derive(Parser)]
struct Args {
    /// Rows of the CSV export.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Rows of the XLSX export, and products of the import.
    #[arg(long, default_value_t = 100_000)]
    fewer: u64,
    /// What cargo says to all it measures.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let world = World::start().await;
    let process = Process::serve_with(&world.environment(), &["--with-worker"]);
    let owner = process.caller(world.owner().token());
    owner.product("A", "9.99", 1).await;
    let mut figures = Figures::default();
    fill(&world, args.rows);
    let before = process.peak_memory();
    let taken = export(&owner, "csv").await;
    let grown = process.peak_memory().saturating_sub(before);
    show(&mut figures, &format!("export of {} rows as CSV", args.rows), taken, Duration::from_secs(10), Some(grown));
    shrink(&world, args.fewer);
    let before = process.peak_memory();
    let taken = export(&owner, "xlsx").await;
    let grown = process.peak_memory().saturating_sub(before);
    show(&mut figures, &format!("export of {} rows as XLSX", args.fewer), taken, Duration::from_secs(5), Some(grown));
    for mode in ["all_or_nothing", "skip_bad"] {
        let taken = import(&owner, mode, args.fewer).await;
        let what = format!("import of {} products, {mode}", args.fewer);
        show(&mut figures, &what, taken, Duration::from_secs(60), None);
    }
    figures.ended()
}

/// What it took, and with what growth of memory where that has a goal.
fn show(figures: &mut Figures, what: &str, taken: Duration, goal: Duration, grown: Option<u64>) {
    figures.row(what, format!("{taken:.1?}"), &format!("{goal:.0?} or less"), Verdict::of(taken <= goal));
    if let Some(grown) = grown {
        let verdict = Verdict::of(grown <= MEMORY);
        figures.row(&format!("{what}: growth of memory"), format!("{grown} MiB"), "64 MiB or less", verdict);
    }
}

/// Reads it to its end.
async fn export(owner: &Caller, format: &str) -> Duration {
    let began = Instant::now();
    let response = owner.request(Method::GET, &format!("/exports/movements?format={format}")).send().await;
    let mut response = response.expect("an answer");
    assert_eq!(response.status(), 200);
    let length = response.content_length().expect("a length");
    let mut bytes = 0;
    while let Some(piece) = response.chunk().await.expect("a piece") {
        bytes += u64::try_from(piece.len()).expect("a length");
    }
    assert_eq!(bytes, length, "the file is not whole");
    began.elapsed()
}

async fn import(owner: &Caller, mode: &str, rows: u64) -> Duration {
    let row = |at: u64| format!("{mode}-{at:06},Desk lamp number {at},\"Bright, and warm\",{}.90,20.00\n", at % 1000);
    let file = format!("sku,name,description,price,tax_rate\n{}", (0..rows).map(row).collect::<String>());
    let began = Instant::now();
    let import = owner.import(&format!("products?mode={mode}"), file).await.expect(201);
    let path = format!("/imports/{}", import["id"].as_str().expect("an id"));
    loop {
        let import = owner.get(&path).await.expect(200);
        match import["status"].as_str() {
            Some("done") => {
                assert_eq!(import["rows_written"], rows, "not all were entered");
                return began.elapsed();
            }
            Some("failed") => panic!("{import}"),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Movements of one product, as corrections would have made them.
fn fill(world: &World, rows: u64) {
    let sql = format!(
        "INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor, \
         on_hand_after, value_after_minor, reason, created_by, created_at) \
         SELECT p.tenant_id, gen_random_uuid(), p.id, 'correction', 1, 400, 400, n, n, 'found in the cellar', '{}', \
         now() - n * interval '1 second' FROM products p, generate_series(2, {rows}) n",
        world.north.user("owner")
    );
    let mut owner = world.database(Login::Owner);
    owner.batch_execute(&sql).expect("movements");
    owner.batch_execute("VACUUM (ANALYZE) stock_movements").expect("statistics");
}

fn shrink(world: &World, rows: u64) {
    let sql = format!(
        "DELETE FROM stock_movements WHERE id NOT IN \
         (SELECT id FROM stock_movements ORDER BY created_at DESC LIMIT {rows})"
    );
    let mut owner = world.database(Login::Owner);
    owner.batch_execute(&sql).expect("fewer movements");
    owner.batch_execute("VACUUM (ANALYZE) stock_movements").expect("statistics");
}
