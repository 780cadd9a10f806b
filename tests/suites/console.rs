//! The superadmins' console as somebody in front of it sees it: the real program in a terminal, against the real
//! service.

use crate::jobs::{start_with, stop, until};
use countinghouse_api::{jobs::handlers, platform::clock::Clock};
use countinghouse_tests::{Cable, Console, MockErp, PASSWORD, SUPERADMIN, World, patience::LONG_ENOUGH};
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;

const ENTER: &str = "\r";
const ESCAPE: &str = "\u{1b}";
const CTRL_S: &str = "\u{13}";
const CTRL_T: &str = "\u{14}";
const CTRL_U: &str = "\u{15}";

/// Somebody at a machine with a home.
struct Desk {
    world: World,
    home: TempDir,
}

impl Desk {
    async fn start() -> Self {
        let world = World::start().await;
        let url = world.base_url.clone();
        Self::of(world, &url)
    }

    /// Whose profile leads to this address.
    fn of(world: World, url: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".config/countinghouse-admin");
        fs::create_dir_all(&config).unwrap();
        let profile = format!("[profiles.testing]\nurl = \"{url}\"\ncolour = \"green\"\n");
        fs::write(config.join("profiles.toml"), profile).unwrap();
        Self { world, home }
    }

    fn open(&self, size: (u16, u16), arguments: &[&str]) -> Console {
        Console::start(self.home.path(), size, arguments)
    }

    /// At the first screen.
    fn open_logged_in(&self, size: (u16, u16)) -> Console {
        let console = self.open(size, &[]);
        tokio::task::block_in_place(|| self.log_in(&console));
        console.see(" live ");
        console
    }

    fn log_in(&self, console: &Console) {
        for (asked, answer) in [
            ("Username: ", SUPERADMIN),
            ("Password of", PASSWORD),
            ("One-time code: ", self.world.superadmin_login()["totp_code"].as_str().unwrap()),
        ] {
            console.see(asked);
            console.press(answer);
            console.press(ENTER);
        }
    }

    fn tokens(&self) -> PathBuf {
        self.home.path().join(".local/state/countinghouse-admin/testing.json")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_logs_in_suspends_a_client_and_lets_it_go_on() {
    let desk = Desk::start().await;
    let mut console = desk.open_logged_in((100, 30));
    console.press(":tenants");
    console.press(ENTER);
    let (seen, _) = console.see("south");
    assert!(seen.contains("testing") && seen.contains("north") && !seen.contains(PASSWORD), "{seen}");
    assert_eq!(fs::metadata(desk.tokens()).unwrap().permissions().mode() & 0o777, 0o600);

    let owner = desk.world.owner();
    console.press("/north");
    console.press(ENTER);
    console.see("1 of");
    console.press(CTRL_S);
    console.see("Type north");
    console.press("Has not paid.");
    console.press(ENTER);
    console.press("north");
    console.press(ENTER);
    console.see("north is suspended.");
    owner.get("/products").await.problem(403, "client_suspended");
    console.press(CTRL_U);
    console.see("north is resumed.");
    owner.get("/products").await.expect(200);

    console.press(ESCAPE);
    // A key right behind it would be one with Alt.
    console.see("south");
    console.press("q");
    assert!(console.wait().success());
    assert!(!console.has_screen(), "the terminal is given back");
}

/// The keys are counted, and how long the program took to answer them.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_is_found_understood_mended_and_seen_to_succeed() {
    let desk = Desk::start().await;
    let (world, owner) = (&desk.world, desk.world.owner());
    let erp = MockErp::start(MockErp::options(), Arc::clone(&world.clock) as Arc<dyn Clock>);
    erp.link(&owner, &json!({})).await;
    erp.faults(&json!({"rules": [{"path": "sync", "fault": {"status": 422}}]})).await;
    let worker = start_with(world, handlers().unwrap());
    let product = owner.product("LAMP", "1.00", 5).await;
    let order = owner.order(&product, 1).await.expect(201);
    let number = order["order_number"].as_str().unwrap();
    until(world, "erp_syncs WHERE status = 'failed'", 1).await;
    let console = desk.open_logged_in((100, 30));
    console.see("Tenants in trouble 1");
    let (mut keys, mut took) = (0, Duration::ZERO);
    let mut press = |key: &str, sees: &[&str]| {
        keys += 1;
        console.press(key);
        for text in sees {
            took += console.see(text).1;
        }
    };
    press(ENTER, &["Failed syncs 1", number, "✗ failed"]);
    // Why: what was answered, and to what.
    press(ENTER, &["Attempt 1", "✗ 422", "Answered", "Request"]);
    // What it is about, for who wants to see more: that is not counted.
    console.press("o");
    let title = format!("Order {number} of north");
    for text in [&*title, "! does not have it", "1 × LAMP", "Totals in EUR"] {
        console.see(text);
    }
    console.press(ESCAPE);
    console.see("Attempt 1");
    erp.end_faults().await;
    press(CTRL_T, &["✓ success"]);
    press(ESCAPE, &["Failed syncs 1", "✓ success"]);
    assert_eq!(keys, 4, "at most five");
    // Ten seconds are meant; who else is at work on this machine is not known.
    assert!(took < Duration::from_secs(10).max(LONG_ENOUGH / 2), "{took:?}");
    assert_eq!(erp.orders().await.len(), 1);
    let shown = owner.get("/audit?action=order.shown").await.expect(200);
    assert_eq!(shown["data"][0]["resource"]["id"], order["id"]);
    stop(worker).await;
}

/// Nobody presses anything, and nothing is asked for from time to time within the test.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_do_is_seen_as_it_happens() {
    let desk = Desk::start().await;
    let console = desk.open_logged_in((100, 30));
    console.press(":tenants");
    console.press(ENTER);
    console.see("south");
    let root = desk.world.superadmin();
    root.post("/admin/tenants/south/suspend", &json!({"reason": "Has not paid."})).await.expect(200);
    let told = console.see("✗ suspended").1;
    root.patch("/admin/tenants/south", &json!({"name": "South, and further"})).await.expect(200);
    let read = console.see("South, and further").1;
    // Less than a second, but for who else is at work on this machine; without the stream it would be a minute.
    assert!(told.max(read) < Duration::from_secs(45), "{told:?}, {read:?}");
    console.press(":log-ins");
    console.press(ENTER);
    console.see("Nobody was turned away.");
    let wrong = json!({"client_id": "north", "username": "owner", "password": "not the one at all"});
    desk.world.nobody().post("/auth/login", &wrong).await.problem(401, "invalid_credentials");
    console.see("login failed");
}

/// What was there stays with its age, and what has changed meanwhile is seen, the cursor on its record.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_was_away_is_found_again() {
    let world = World::start().await;
    let cable = Cable::to(&world.base_url).await;
    let desk = Desk::of(world, &cable.url());
    let console = desk.open_logged_in((100, 30));
    console.press(":tenants");
    console.press(ENTER);
    console.see("south");
    cable.cut();
    console.see("! not live");
    console.see(" old: ");
    let root = desk.world.superadmin();
    root.post("/admin/tenants/south/suspend", &json!({"reason": "Has not paid."})).await.expect(200);
    let (seen, _) = console.see("Tenants 2");
    assert!(seen.contains("south") && !seen.contains("✗ suspended"), "{seen}");
    cable.mend();
    console.see("✗ suspended");
    console.see(" live ");
    let (seen, _) = console.see_no(" old: ");
    assert!(seen.contains("✗ suspended"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_logged_in_stays_so_until_they_log_out() {
    let desk = Desk::start().await;
    let mut first = desk.open((80, 24), &["login"]);
    tokio::task::block_in_place(|| desk.log_in(&first));
    assert!(first.wait().success());
    // Its token has run out, and the session is renewed, by each of two at once.
    desk.world.clock.advance(chrono::Duration::minutes(16));
    let mut both = [(80, 24), (60, 20)].map(|size| desk.open(size, &["tenants", "--output", "csv"]));
    for console in &mut both {
        assert!(console.wait().success(), "{}", console.screen());
        console.see("slug,name,status");
        let (seen, _) = console.see("north,");
        assert!(!seen.contains("Password"), "{seen}");
    }
    let mut list = desk.open((120, 24), &["audit", "--only", "action=superadmin.logged_in", "--output", "csv"]);
    assert!(list.wait().success(), "{}", list.screen());
    list.see("When,Who,What,Of,Details");
    list.see("superadmin.logged_in");
    let mut list = desk.open((120, 24), &["sessions", "--only", "of=superadmins", "--output", "csv"]);
    assert!(list.wait().success(), "{}", list.screen());
    list.see(&format!("(this one),{SUPERADMIN},127.0.0.1"));
    let mut wrong = desk.open((120, 24), &["syncs", "--only", "status=lost"]);
    assert!(!wrong.wait().success());
    wrong.see("status is one of: failed");
    let mut wrong = desk.open((120, 24), &["syncs", "--only", "colour=red"]);
    assert!(!wrong.wait().success());
    wrong.see("with a name of: tenant, status, error");
    let mut out = desk.open((80, 24), &["logout"]);
    assert!(out.wait().success());
    assert!(!desk.tokens().exists());
    let again = desk.open((80, 24), &["tenants"]);
    again.see("Username: ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_lets_nobody_in_and_is_said() {
    let desk = Desk::start().await;
    let console = desk.open((80, 24), &[]);
    for (asked, answer) in [("Username: ", SUPERADMIN), ("Password of", PASSWORD), ("One-time code: ", "000000")] {
        console.see(asked);
        console.press(answer);
        console.press(ENTER);
    }
    let (seen, _) = console.see("That was wrong");
    assert!(!seen.contains(PASSWORD) && !seen.contains("000000"), "{seen}");
    assert!(!desk.tokens().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_profile_is_said_before_anything_is_asked() {
    let desk = Desk::start().await;
    let mut console = desk.open((80, 24), &["--profile", "production"]);
    assert!(!console.wait().success());
    console.see("no profile production");
}
