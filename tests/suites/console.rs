//! The superadmins' console as somebody in front of it sees it: the real program in a terminal, against the real
//! service.

use countinghouse_tests::{Console, PASSWORD, SUPERADMIN, World};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
use tempfile::TempDir;

const ENTER: &str = "\r";
const ESCAPE: &str = "\u{1b}";
const CTRL_S: &str = "\u{13}";
const CTRL_U: &str = "\u{15}";

/// Somebody at a machine with a home.
struct Desk {
    world: World,
    home: TempDir,
}

impl Desk {
    async fn start() -> Self {
        let world = World::start().await;
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".config/countinghouse-admin");
        fs::create_dir_all(&config).unwrap();
        let profile = format!("[profiles.testing]\nurl = \"{}\"\ncolour = \"green\"\n", world.base_url);
        fs::write(config.join("profiles.toml"), profile).unwrap();
        Self { world, home }
    }

    fn open(&self, size: (u16, u16), arguments: &[&str]) -> Console {
        Console::start(self.home.path(), size, arguments)
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
    let mut console = desk.open((100, 30), &[]);
    tokio::task::block_in_place(|| desk.log_in(&console));
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
