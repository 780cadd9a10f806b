//! What superadmins' screens ask for, at ten thousand clients with a hundred thousand orders that did not reach their
//! ERPs, as many jobs that were given up, and half a million that went well, made by SQL:
//! `./dev bench operator`, or `cargo bench -p countinghouse-tests --bench operator -- --clients 1000` for fewer.
//!
//! It fails when a median passes its goal.

mod troubles;

use clap::Parser;
use countinghouse_tests::{Caller, Figures, Login, Verdict, World};
use diesel::connection::SimpleConnection;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

#[derive(Parser)]
struct Args {
    /// How many clients, each with ten orders and jobs that failed, and fifty orders that arrived.
    #[arg(long, default_value_t = 10_000)]
    clients: usize,
    /// How often each list is asked for.
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
    troubles::fill(&world, args.clients);
    show(&world, "client-77", 50_000);
    println!("{} clients made in {:.0?}", args.clients, began.elapsed());
    let root = world.superadmin();
    let mut figures = Figures::default();
    for (what, path, goal) in [
        ("failed syncs of all clients, newest page", "/admin/erp-syncs", 20),
        ("those whose error is rare", "/admin/erp-syncs?error_contains=SKU%204321", 20),
        ("those whose error is common", "/admin/erp-syncs?error_contains=answered%20503", 150),
        ("those of one client", "/admin/erp-syncs?tenant=client-77", 20),
        ("syncs that wait, of all clients", "/admin/erp-syncs?status=pending", 150),
        ("dead jobs of all clients, newest page", "/admin/jobs", 20),
        ("dead jobs of one kind", "/admin/jobs?kind=purge", 20),
        ("queues by kind", "/admin/jobs/queues", 100),
        ("sessions of all clients", "/admin/sessions", 20),
        ("who was turned away, of all clients", "/admin/sessions/logs", 20),
        ("failing endpoints of all clients", "/admin/webhooks/endpoints", 20),
        ("clients, newest page", "/admin/tenants", 20),
        ("clients by a part of their name", "/admin/tenants?q=ient%209999", 20),
        ("what one client makes use of, with ten pictures", "/admin/tenants/client-78/usage", 20),
        ("the same, with 50,000", "/admin/tenants/client-77/usage", 100),
    ] {
        let (median, worst) = measure(&root, path, args.times).await;
        let verdict = Verdict::of(median < Duration::from_millis(goal));
        figures.row(what, format!("{median:.1?} (worst {worst:.1?})"), &format!("{goal} ms or less"), verdict);
    }
    let began = Instant::now();
    root.get("/admin/overview").await.expect(200);
    let took = began.elapsed();
    let verdict = Verdict::of(took < Duration::from_millis(300));
    figures.row("the overview, read anew", format!("{took:.1?}"), "300 ms or less", verdict);
    figures.ended()
}

/// Pictures, with two files each: ten of each client, and so many of this one, as they may have come over the years.
fn show(world: &World, slug: &str, pictures: usize) {
    let statements = format!(
        "SET session_replication_role = replica;
         CREATE TEMPORARY TABLE shown AS
             SELECT t.id AS tenant_id, gen_random_uuid() AS id FROM tenants t
             CROSS JOIN LATERAL generate_series(1, CASE WHEN t.slug = '{slug}' THEN {pictures} ELSE 10 END) n;
         INSERT INTO image_files (tenant_id, sha256, bytes, touched_at)
             SELECT tenant_id, sha256((id::text || n)::bytea), 100000, now() FROM shown, generate_series(1, 2) n
             ORDER BY random();
         INSERT INTO product_images (tenant_id, id, product_id, sha256, bytes, format, width, height,
                 original_sha256, display_sha256, created_by, created_at)
             SELECT tenant_id, id, gen_random_uuid(), sha256(id::text::bytea), 1, 'png', 1, 1,
                 sha256((id::text || 1)::bytea), sha256((id::text || 2)::bytea), gen_random_uuid(), now() FROM shown
             ORDER BY random()"
    );
    let mut database = world.database(Login::Superuser);
    database.batch_execute(&statements).expect("pictures");
    database.batch_execute("VACUUM ANALYZE").expect("statistics");
}

async fn measure(root: &Caller, path: &str, times: usize) -> (Duration, Duration) {
    let mut taken = Vec::new();
    for _ in 0..times.max(1) {
        let began = Instant::now();
        root.get(path).await.expect(200);
        taken.push(began.elapsed());
    }
    taken.sort();
    (taken[taken.len() / 2], taken[taken.len() - 1])
}
