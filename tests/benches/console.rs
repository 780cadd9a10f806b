//! How soon the superadmins' console shows what it is asked for, at ten thousand clients with a hundred thousand orders
//! that did not reach their ERPs: `./dev bench console`, or
//! `cargo bench -p countinghouse-tests --bench console -- --clients 1000` for fewer.
//!
//! The real program, in a terminal of its own, against the real service. It fails when a goal is missed.

mod troubles;

use clap::Parser;
use countinghouse_tests::{Caller, Console, Figures, PASSWORD, SUPERADMIN, Verdict, World};
use serde_json::Value;
use std::{
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

const ENTER: &str = "\r";
const ESCAPE: &str = "\u{1b}";

#[derive(Parser)]
struct Args {
    /// How many clients, each with ten orders that failed.
    #[arg(long, default_value_t = 10_000)]
    clients: usize,
    /// How often a key is pressed.
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
    troubles::fill(&world, args.clients);
    let (root, mut figures) = (world.superadmin(), Figures::default());
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join(".config/countinghouse-admin");
    fs::create_dir_all(&config).expect("a folder in it");
    let profile = format!("[profiles.measured]\nurl = \"{}\"\n", world.base_url);
    fs::write(config.join("profiles.toml"), profile).expect("a profile");
    let console = Console::start(home.path(), (120, 40), &[]);
    log_in(&console, &world);
    for (screen, path, name) in
        [("syncs", "/admin/erp-syncs?limit=200", "order_number"), ("tenants", "/admin/tenants?limit=200", "slug")]
    {
        let (page, answered) = asked(&root, path).await;
        let first = page["data"][0][name].as_str().expect("a first one").to_owned();
        let begun = Instant::now();
        console.press(&format!(":{screen}{ENTER}"));
        console.see(&first);
        let more = begun.elapsed().saturating_sub(answered);
        goal(&mut figures, &format!("{screen}: the first screen, beyond the API's answer"), more, 300);
    }
    console.see(&format!("Tenants {} ", total(&args)));
    keys(&console, &args, &mut figures);
    console.press(&format!(":syncs{ENTER}"));
    for rows in [1_000, 2_000, 3_000, 4_000] {
        console.see(&format!("Failed syncs {rows}+"));
        console.press("G");
    }
    let memory = console.peak_memory() / 1024;
    figures.row("memory at most", format!("{memory} MiB"), "100 MiB or less", Verdict::of(memory < 100));
    figures.ended()
}

fn log_in(console: &Console, world: &World) {
    let code = world.superadmin_login()["totp_code"].as_str().expect("a code").to_owned();
    for (asked, answer) in [("Username: ", SUPERADMIN), ("Password of", PASSWORD), ("One-time code: ", &code)] {
        console.see(asked);
        console.press(answer);
        console.press(ENTER);
    }
    console.see(" live ");
}

/// A page, and how long it took: the second time, as for the console.
async fn asked(root: &Caller, path: &str) -> (Value, Duration) {
    root.get(path).await.expect(200);
    let begun = Instant::now();
    (root.get(path).await.expect(200), begun.elapsed())
}

/// On the longest list that is there whole.
fn keys(console: &Console, args: &Args, figures: &mut Figures) {
    // By their slugs; the two that every world has are the last ones.
    console.press("1");
    console.see("Slug↑");
    let (mut moved, mut filtered) = (Vec::new(), Vec::new());
    for _ in 0..args.times.max(1) {
        for (key, seen) in [("G", "south "), ("g", "client-1 ")] {
            console.press(key);
            moved.push(console.see(seen).1);
        }
        console.press("/");
        console.press("99");
        filtered.push(console.see(&format!(" of {} ", total(args))).1);
        console.press(ESCAPE);
        console.see(&format!("Tenants {} ", total(args)));
    }
    for (what, mut taken) in [("to the other end of the list", moved), ("a letter of a filter", filtered)] {
        taken.sort();
        goal(figures, what, taken[taken.len() / 2], 50);
    }
}

fn total(args: &Args) -> usize {
    args.clients + 2
}

fn goal(figures: &mut Figures, what: &str, took: Duration, milliseconds: u64) {
    let verdict = Verdict::of(took <= Duration::from_millis(milliseconds));
    figures.row(what, format!("{took:.1?}"), &format!("{milliseconds} ms or less"), verdict);
}
