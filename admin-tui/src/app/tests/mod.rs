//! The console as somebody at its keys sees it, without a terminal and without a service.

use super::*;
use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::json;
use std::path::Path;

fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn app() -> App {
    let mut profile = Profile::find(Path::new("/nowhere"), None, Some("http://127.0.0.1:8080")).unwrap();
    profile.name = "staging".to_owned();
    App::new(profile, Theme::Plain, now())
}

fn tenant(slug: &str, name: &str, status: &str) -> countinghouse_contract::admin::Tenant {
    let at = |day: u8| format!("2026-11-{day:02}T08:00:00Z");
    let id = format!("01a1fddc-2f50-7291-9451-{:0>12}", slug.len());
    let reason = (status == "suspended").then_some("Has not paid.");
    serde_json::from_value(json!({
        "id": id, "slug": slug, "name": name, "currency": "EUR", "time_zone": "Europe/Berlin", "status": status,
        "suspended_reason": reason, "version": 1, "created_at": at(u8::try_from(slug.len()).unwrap()),
        "updated_at": at(20),
    }))
    .unwrap()
}

fn tenants() -> Vec<countinghouse_contract::admin::Tenant> {
    vec![
        tenant("north-lamps", "North Lamps", "active"),
        tenant("southern", "日本の店 \u{1b}[31mred\u{7}", "suspended"),
        tenant("east", "East & Sons with a name that is a good deal longer than its column", "active"),
    ]
}

/// With these clients on its list.
fn loaded() -> App {
    let mut app = app();
    app.begin();
    app.answered(&Answer::Tenants { page: Ok((tenants(), None)) }, now());
    app
}

fn screen(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| app.draw(frame)).unwrap();
    terminal.backend().to_string()
}

/// With its colours.
fn look(app: &mut App) -> ratatui::buffer::Buffer {
    let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
    terminal.draw(|frame| app.draw(frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    app.key(&KeyEvent::new(code, KeyModifiers::NONE))
}

fn ctrl(app: &mut App, letter: char) -> Vec<Effect> {
    app.key(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))
}

fn typed(app: &mut App, text: &str) {
    for letter in text.chars() {
        press(app, KeyCode::Char(letter));
    }
}

#[test]
fn the_list_of_clients_fits_each_size() {
    let mut app = loaded();
    insta::assert_snapshot!("tenants_120x40", screen(&mut app, 120, 40));
    insta::assert_snapshot!("tenants_80x24", screen(&mut app, 80, 24));
    insta::assert_snapshot!("tenants_60x20", screen(&mut app, 60, 20));
    insta::assert_snapshot!("too_small", screen(&mut app, 59, 20));
}

#[test]
fn each_standing_of_the_list_looks_different() {
    let mut app = app();
    app.begin();
    insta::assert_snapshot!("tenants_loading", screen(&mut app, 60, 20));
    app.answered(&Answer::Tenants { page: Err(Failure::Denied) }, now());
    insta::assert_snapshot!("tenants_denied", screen(&mut app, 60, 20));
    app.answered(&Answer::Tenants { page: Err(Failure::Away("nothing listens there".to_owned())) }, now());
    insta::assert_snapshot!("tenants_failed", screen(&mut app, 60, 20));
    app.answered(&Answer::Tenants { page: Ok((Vec::new(), None)) }, now());
    insta::assert_snapshot!("tenants_empty", screen(&mut app, 60, 20));
    app.answered(&Answer::Tenants { page: Ok((tenants(), None)) }, now());
    let later = now() + chrono::TimeDelta::minutes(3);
    app.answered(&Answer::Tenants { page: Err(Failure::Away("it answers 503".to_owned())) }, later);
    insta::assert_snapshot!("tenants_stale", screen(&mut app, 100, 20));
}

#[test]
fn every_key_of_the_help_does_something_and_the_help_shows_them_all() {
    let mut app = loaded();
    press(&mut app, KeyCode::Char('?'));
    let help = screen(&mut app, 120, 60);
    for some in [keys::EVERYWHERE, keys::LIST, keys::TENANTS] {
        for binding in some {
            assert!(help.contains(binding.does), "{}: {help}", binding.does);
        }
    }
    for binding in [keys::EVERYWHERE, keys::LIST, keys::TENANTS].concat() {
        // There is one screen as yet, and it has six columns.
        if matches!(binding.command, Command::NextScreen | Command::PreviousScreen | Command::Sort(6..)) {
            continue;
        }
        for key in binding.keys {
            // In the middle of the list, where each of them can do something, or at an active one.
            let mut app = loaded();
            press(&mut app, KeyCode::Char(' '));
            if binding.command == Command::Suspend {
                press(&mut app, KeyCode::Home);
            }
            let (from, held) = (look(&mut app), if key.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE });
            let effects = app.key(&KeyEvent::new(key.code, held));
            assert!(!effects.is_empty() || from != look(&mut app), "{key:?} {}", binding.does);
        }
    }
}

#[test]
fn a_filter_narrows_and_esc_takes_it_away() {
    let mut app = loaded();
    press(&mut app, KeyCode::Char('/'));
    typed(&mut app, "lamps");
    press(&mut app, KeyCode::Enter);
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("1 of 3") && seen.contains("/lamps") && !seen.contains("southern"), "{seen}");
    press(&mut app, KeyCode::Esc);
    assert!(screen(&mut app, 80, 24).contains("southern"));
    press(&mut app, KeyCode::Char('/'));
    app.paste("!lamps\nq");
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("2 of 3") && !seen.contains("north-lamps"), "{seen}");
    press(&mut app, KeyCode::Esc);
    assert!(screen(&mut app, 80, 24).contains("north-lamps"));
}

#[test]
fn to_suspend_takes_a_reason_and_the_slug() {
    let mut app = loaded();
    ctrl(&mut app, 's');
    insta::assert_snapshot!("suspend", screen(&mut app, 80, 24));
    press(&mut app, KeyCode::Enter);
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "nothing is filled in");
    typed(&mut app, "Has not paid.");
    press(&mut app, KeyCode::Enter);
    typed(&mut app, "north-lamp");
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "the slug is not whole");
    typed(&mut app, "s");
    let ask = Ask::Suspend { slug: "north-lamps".to_owned(), reason: "Has not paid.".to_owned() };
    assert_eq!(press(&mut app, KeyCode::Enter), [Effect::Ask(ask)]);
    let after = tenant("north-lamps", "North Lamps", "suspended");
    app.answered(
        &Answer::Tenant { slug: "north-lamps".to_owned(), did: "suspended", outcome: Ok(Box::new(after)) },
        now(),
    );
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("✓ north-lamps is suspended.") && seen.matches("✗ suspended").count() == 2, "{seen}");
    assert_eq!(ctrl(&mut app, 's'), [], "it is suspended already");
    let ask = Ask::Resume { slug: "north-lamps".to_owned() };
    assert_eq!(ctrl(&mut app, 'u'), [Effect::Ask(ask)]);
}

#[test]
fn a_read_only_profile_changes_nothing() {
    let mut app = loaded();
    app.profile.readonly = true;
    assert_eq!(ctrl(&mut app, 's'), []);
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("[read-only]") && seen.contains("nothing is changed"), "{seen}");
    press(&mut app, KeyCode::Down);
    assert_eq!(ctrl(&mut app, 'u'), []);
}

#[test]
fn the_palette_completes_and_says_what_it_does_not_know() {
    let mut app = loaded();
    press(&mut app, KeyCode::Char(':'));
    typed(&mut app, "ten");
    assert!(screen(&mut app, 80, 24).contains(":ten ants") || screen(&mut app, 80, 24).contains("ants"));
    press(&mut app, KeyCode::Tab);
    assert_eq!(press(&mut app, KeyCode::Enter), [Effect::Ask(Ask::Tenants { cursor: None })]);
    press(&mut app, KeyCode::Char(':'));
    typed(&mut app, "frobnicate");
    press(&mut app, KeyCode::Enter);
    assert!(screen(&mut app, 80, 24).contains("There is no command"), "it says so");
    press(&mut app, KeyCode::Char(':'));
    typed(&mut app, "export json");
    let effects = press(&mut app, KeyCode::Enter);
    assert!(
        matches!(effects.as_slice(), [Effect::Write { name, text }]
        if name == "tenants-20261122-100000.json" && text.contains("north-lamps")),
        "{effects:?}"
    );
}

/// A long list comes page by page, is seen from the first on, and what is gone leaves with the last.
#[test]
fn pages_are_shown_as_they_come() {
    let mut app = loaded();
    press(&mut app, KeyCode::End);
    let all = tenants();
    ctrl(&mut app, 'r');
    let page = Ok((vec![tenant("new", "New", "active")], Some("2".to_owned())));
    let next = app.answered(&Answer::Tenants { page }, now());
    assert_eq!(next, [Effect::Ask(Ask::Tenants { cursor: Some("2".to_owned()) })]);
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("New") && seen.contains("southern"), "{seen}");
    app.answered(&Answer::Tenants { page: Ok((all[..1].to_vec(), None)) }, now());
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("New") && seen.contains("north-lamps") && !seen.contains("southern"), "{seen}");
}

#[test]
fn details_show_one_client_and_no_command_of_its_name() {
    let mut app = loaded();
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Enter);
    insta::assert_snapshot!("tenant", screen(&mut app, 80, 24));
    press(&mut app, KeyCode::Esc);
    assert!(!screen(&mut app, 80, 24).contains("Reason"));
}

#[test]
fn marked_ones_are_copied_together() {
    let mut app = loaded();
    assert_eq!(press(&mut app, KeyCode::Char('y')), [Effect::Copy("north-lamps".to_owned())]);
    press(&mut app, KeyCode::Char(' '));
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(press(&mut app, KeyCode::Char('y')), [Effect::Copy("north-lamps\nsouthern".to_owned())]);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::End);
    assert_eq!(press(&mut app, KeyCode::Char('y')), [Effect::Copy("east".to_owned())]);
}

/// Before one has come to its end, by its last page or a failure, no other reading begins.
#[test]
fn the_list_is_read_once_at_a_time() {
    let mut app = app();
    let first = Effect::Ask(Ask::Tenants { cursor: None });
    assert_eq!(app.begin(), [first]);
    let later = now() + chrono::TimeDelta::seconds(60);
    assert_eq!(app.tick(later), []);
    app.answered(&Answer::Tenants { page: Ok((tenants(), Some("2".to_owned()))) }, later);
    assert_eq!(ctrl(&mut app, 'r'), []);
    app.answered(&Answer::Tenants { page: Err(Failure::Away("it answers 503".to_owned())) }, later);
    assert_eq!(ctrl(&mut app, 'r').len(), 1);
    app.answered(&Answer::Tenants { page: Ok((Vec::new(), None)) }, later);
    assert!(screen(&mut app, 80, 24).contains("There are no clients yet."), "what is gone is gone");
}
