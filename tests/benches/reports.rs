//! A client with a million orders of the last year, made by SQL, and how long reports on it take:
//! `./dev bench reports`, or `cargo bench -p countinghouse-tests --bench reports -- --orders 100000` for a smaller one.
//!
//! It fails when reports do not say what was sold, or a median passes its goal: 150 ms for the profit and loss of
//! the year, 300 ms for the dashboard.

use chrono::{Days, NaiveDate};
use clap::Parser;
use countinghouse_tests::{Caller, Figures, Login, Tenant, Verdict, World, past, shops::shops};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

/// What all these orders sold.
const PRODUCTS: u64 = 1_000;

#[derive(Parser)]
struct Args {
    /// How many orders, spread over the last 365 days.
    #[arg(long, default_value_t = 1_000_000)]
    orders: usize,
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
    let shops = shops(&world, 1, PRODUCTS);
    let began = Instant::now();
    past::fill(&world, &shops, args.orders);
    receive(&world, &shops[0].tenant);
    world.database(Login::Owner).batch_execute("VACUUM ANALYZE").expect("statistics");
    println!("{} orders, {} a day, made in {:.0?}", args.orders, args.orders / 365, began.elapsed());
    let owner = world.caller(&shops[0].tenant, "owner");
    let ago = |days: u64| world.today() - Days::new(days);
    let earned = |from: NaiveDate, to: NaiveDate| format!("/reports/profit-loss?from={from}&to={to}");
    let year = earned(ago(366), ago(0) + Days::new(1));
    let sold = owner.get(&year).await.expect(200)["sales"].clone();
    assert_eq!(sold, format!("{}.00", args.orders * 20), "the report does not say what was sold");
    check_dashboard(&owner).await;
    let [some, half] = [ago(300), ago(160)];
    let entries = "/accounting/accounts/4000/entries";
    let mut figures = Figures::default();
    for (report, path, goal) in [
        ("dashboard, 1,000,000 orders", "/reports/dashboard", Some(300)),
        ("profit and loss of the year, 1,000,000 orders", year.as_str(), Some(150)),
        ("profit and loss of nine odd months", earned(some, ago(20)).as_str(), None),
        ("balance sheet in the middle of the year", format!("/reports/balance-sheet?as_of={half}").as_str(), None),
        ("age of stock", "/reports/stock-aging", None),
        ("trial balance of today", "/accounting/trial-balance", None),
        ("statement of 4000, newest page", entries, None),
        ("statement of 4000, a page in the middle", format!("{entries}?to={half}").as_str(), None),
        ("the journal, newest page", "/accounting/journal-entries", None),
    ] {
        let (median, worst) = measure(&owner, path, args.times).await;
        let goal = goal.map(Duration::from_millis);
        let verdict = goal.map_or(Verdict::Told, |goal| Verdict::of(median < goal));
        let goal = goal.map_or(String::new(), |goal| format!("{} ms or less", goal.as_millis()));
        figures.row(report, format!("{median:.1?} (worst {worst:.1?})"), &goal, verdict);
    }
    figures.ended()
}

/// What is on hand came in week by week, and people came and went, and came back for more every quarter of an hour.
fn receive(world: &World, tenant: &Tenant) {
    let (tenant, user) = (tenant.id, tenant.user("owner"));
    let statements = format!(
        "INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor,
                 on_hand_after, value_after_minor, created_by, created_at)
             SELECT '{tenant}', uuidv7(), p.id, 'purchase', 20000, 400, 8000000, 20000, 8000000, '{user}',
                 now() - week * interval '7 days'
             FROM products p, generate_series(1, 52) week WHERE p.tenant_id = '{tenant}';
         INSERT INTO session_events (tenant_id, id, kind, user_id, created_at)
             SELECT '{tenant}', uuidv7(), CASE WHEN n % 100 = 0 THEN 'login_failed' WHEN n % 50 = 0 THEN 'login'
                 ELSE 'refresh' END, '{user}', now() - n * interval '26 seconds'
             FROM generate_series(1, 200000) n"
    );
    world.database(Login::Owner).batch_execute(&statements).expect("receipts and log-ins");
}

/// Its figures of the month are those of the profit and loss, and its products sold what was earned.
async fn check_dashboard(owner: &Caller) {
    let shown = owner.get("/reports/dashboard").await.expect(200);
    let month = &shown["kpis"]["month"];
    let [from, to] = ["from", "to"].map(|name| month[name].as_str().expect("a day"));
    let report = owner.get(&format!("/reports/profit-loss?from={from}&to={to}")).await.expect(200);
    assert_eq!(month["revenue"], report["net_revenue"], "the dashboard does not say what was earned");
    let units = month["units_sold"].as_i64().expect("a count");
    assert_eq!(json!(format!("{}.00", units * 10)), month["revenue"], "the dashboard does not say what was sold");
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
