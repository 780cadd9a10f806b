//! A client with a million orders in its journal, made by SQL, and how long reports on it take:
//! `./dev bench reports`, or `cargo bench -p countinghouse-tests --bench reports -- --orders 100000` for a smaller one.
//!
//! It fails when the profit and loss of the year is not what was sold, or its median passes 150 ms.

use clap::Parser;
use countinghouse_tests::{Caller, Figures, Login, Verdict, World};
use diesel::{PgConnection, connection::SimpleConnection};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

/// For the profit and loss of a year.
const GOAL: Duration = Duration::from_millis(150);
const YEAR: &str = "/reports/profit-loss?from=2025-01-01&to=2025-12-31";

#[derive(Parser)]
struct Args {
    /// How many orders, spread over the year 2025.
    #[arg(long, default_value_t = 1_000_000)]
    orders: i64,
    /// How often each report is asked for.
    #[arg(long, default_value_t = 20)]
    times: usize,
    /// What cargo says to all it measures.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let world = World::start().await;
    let began = Instant::now();
    fill(&mut world.database(Login::Owner), &world, args.orders);
    println!("{} orders, {} entries a day, made in {:.0?}", args.orders, args.orders / 365, began.elapsed());
    let owner = world.owner();
    let sold = owner.get(YEAR).await.expect(200)["sales"].clone();
    assert_eq!(sold, format!("{}.00", args.orders * 10), "the report does not say what was sold");
    let mut figures = Figures::default();
    for (report, path) in [
        ("profit and loss of the year, 1,000,000 orders", YEAR),
        ("profit and loss of nine odd months", "/reports/profit-loss?from=2025-02-10&to=2025-11-20"),
        ("balance sheet in the middle of a month", "/reports/balance-sheet?as_of=2025-06-17"),
        ("trial balance of today", "/accounting/trial-balance"),
        ("statement of 4000, newest page", "/accounting/accounts/4000/entries"),
        ("statement of 4000, a page in June", "/accounting/accounts/4000/entries?to=2025-06-17"),
        ("the journal, newest page", "/accounting/journal-entries"),
    ] {
        let (median, worst) = measure(&owner, path, args.times).await;
        let (goal, verdict) = match path {
            YEAR => ("150 ms or less", Verdict::of(median < GOAL)),
            _ => ("", Verdict::Told),
        };
        figures.row(report, format!("{median:.1?} (worst {worst:.1?})"), goal, verdict);
    }
    figures.ended()
}

async fn measure(owner: &Caller, path: &str, times: usize) -> (Duration, Duration) {
    let mut taken = Vec::new();
    for _ in 0..times.max(1) {
        let began = Instant::now();
        owner.get(path).await.expect(200);
        taken.push(began.elapsed());
    }
    taken.sort();
    (taken[taken.len() / 2], taken[taken.len() - 1])
}

/// Invoices of 10.00 with 20 % tax for goods that cost 4.00, as the service would have posted them
/// over the year. The triggers are off, or a million of them would take minutes.
fn fill(owner: &mut PgConnection, world: &World, orders: i64) {
    let (tenant, user) = (world.north.id, world.north.user("owner"));
    let statements = format!(
        "ALTER TABLE journal_entries DISABLE TRIGGER USER;
         ALTER TABLE journal_lines DISABLE TRIGGER USER;
         INSERT INTO journal_entries (tenant_id, id, number, date, currency, memo, source, source_id, created_by, created_at)
             SELECT '{tenant}', gen_random_uuid(), n, date '2025-01-01' + ((n - 1) * 365 / {orders})::integer, 'EUR',
                 'Invoice', 'invoice', gen_random_uuid(), '{user}', now()
             FROM generate_series(1, {orders}) n;
         INSERT INTO journal_lines (tenant_id, entry_number, position, account, date, amount_minor)
             SELECT e.tenant_id, e.number, l.position, l.account, e.date, l.amount
             FROM journal_entries e CROSS JOIN (VALUES (1, '1100', 1200), (2, '1200', -400), (3, '2100', -200),
                 (4, '4000', -1000), (5, '5000', 400)) l (position, account, amount)
             WHERE e.tenant_id = '{tenant}' ORDER BY e.number, l.position;
         UPDATE journal_counters SET last_number = {orders} WHERE tenant_id = '{tenant}';
         INSERT INTO account_daily_totals (tenant_id, account, date, amount_minor)
             SELECT tenant_id, account, date, sum(amount_minor) FROM journal_lines
             WHERE tenant_id = '{tenant}' AND entry_number <= folded_through({orders}) GROUP BY 1, 2, 3;
         ALTER TABLE journal_lines ENABLE TRIGGER USER;
         ALTER TABLE journal_entries ENABLE TRIGGER USER"
    );
    owner.batch_execute(&statements).expect("the journal is filled");
    for table in ["journal_entries", "journal_lines", "account_daily_totals"] {
        owner.batch_execute(&format!("VACUUM (ANALYZE) {table}")).expect("statistics");
    }
}
