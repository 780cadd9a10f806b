//! Going about: keys, the palette, the filter, from one screen to another and back.

use super::*;

fn where_it_is(app: &mut App) -> &'static str {
    app.screen().about().name
}

#[test]
fn every_key_of_the_help_does_something_and_the_help_shows_them_all() {
    for name in BAR.into_iter().chain(["deliveries"]) {
        let own = loaded(name).screen().about();
        let mut app = loaded(name);
        press(&mut app, KeyCode::Char('?'));
        let help = screen(&mut app, 120, 60);
        for binding in [keys::EVERYWHERE, keys::LIST, own.bindings].concat() {
            assert!(help.contains(binding.does), "{}: {help}", binding.does);
            if matches!(binding.command, Command::Sort(column) if column >= own.columns.len()) {
                continue;
            }
            for key in binding.keys {
                // In the middle of the list, where each of them can do something; with a mark, for Esc to take away.
                let mut app = loaded(name);
                press(&mut app, KeyCode::Char(' '));
                let (from, held) = (look(&mut app), if key.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE });
                let effects = app.key(&KeyEvent::new(key.code, held));
                assert!(!effects.is_empty() || from != look(&mut app), "{name}: {key:?} {}", binding.does);
            }
        }
    }
}

#[test]
fn a_filter_narrows_ranks_and_esc_takes_it_away() {
    let mut app = loaded("tenants");
    press(&mut app, KeyCode::Char('/'));
    typed(&mut app, "lamps");
    press(&mut app, KeyCode::Enter);
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("1 of 3") && seen.contains("/lamps") && !seen.contains("southern"), "{seen}");
    press(&mut app, KeyCode::Esc);
    sees(&mut app, &["southern"]);
    // Found by a letter within others, and by one that begins the slug, which is the better one.
    press(&mut app, KeyCode::Char('/'));
    typed(&mut app, "east");
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("1 of 3") && !seen.contains("southern"), "{seen}");
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('/'));
    app.paste("!lamps\nq");
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("2 of 3") && !seen.contains("north-lamps"), "{seen}");
    press(&mut app, KeyCode::Esc);
    sees(&mut app, &["north-lamps"]);
}

#[test]
fn the_palette_completes_and_says_what_it_does_not_know() {
    let mut app = loaded("tenants");
    press(&mut app, KeyCode::Char(':'));
    typed(&mut app, "sy");
    sees(&mut app, &[":sy ncs"]);
    press(&mut app, KeyCode::Tab);
    let effects = press(&mut app, KeyCode::Enter);
    assert!(matches!(query(&effects), Query::Syncs(_)));
    command(&mut app, "frobnicate");
    sees(&mut app, &["There is no command"]);
    command(&mut app, "tenants");
    let effects = command(&mut app, "export json");
    assert!(
        matches!(effects.as_slice(), [Effect::Write { name, text }]
        if name == "tenants-20261122-100000.json" && text.contains("north-lamps")),
        "{effects:?}"
    );
    assert_eq!(command(&mut app, "quit"), [Effect::Quit]);
}

#[test]
fn a_list_is_narrowed_at_the_service_and_says_to_what() {
    let mut app = loaded("syncs");
    let effects = command(&mut app, "error unknown SKU");
    let Query::Syncs(query) = query(&effects) else { panic!("{effects:?}") };
    assert_eq!(query.error_contains.as_deref(), Some("unknown SKU"));
    // What was there is of another list.
    sees(&mut app, &["· error unknown SKU", "Loading"]);
    answer(&mut app, &effects);
    press(&mut app, KeyCode::Char(':'));
    typed(&mut app, "status p");
    press(&mut app, KeyCode::Tab);
    let effects = press(&mut app, KeyCode::Enter);
    sees(&mut app, &["· error unknown SKU · status pending"]);
    answer(&mut app, &effects);
    for (wrong, said) in [
        ("status lost", "status is one of: failed, pending"),
        ("status success", "narrow to it first, with :tenant"),
        ("error 5", "three letters or more"),
    ] {
        assert!(command(&mut app, wrong).is_empty());
        sees(&mut app, &[said, "status pending"]);
    }
    let effects = press(&mut app, KeyCode::Esc);
    let Query::Syncs(query) = self::query(&effects) else { panic!("{effects:?}") };
    assert_eq!((query.error_contains, query.status), (None, None));
    let (mut app, _) = at("audit");
    assert!(command(&mut app, "from yesterday").is_empty());
    sees(&mut app, &["from is a day, such as 2026-11-22."]);
}

/// An answer that comes when another list is wanted is not taken for it.
#[test]
fn a_late_answer_is_of_the_list_that_was_asked_for() {
    let (mut app, first) = at("syncs");
    let second = command(&mut app, "tenant east");
    answer(&mut app, &first);
    sees(&mut app, &["Loading"]);
    answer(&mut app, &second);
    sees(&mut app, &["SO-000042"]);
}

#[test]
fn one_goes_from_a_record_to_what_it_belongs_to_and_back() {
    let mut app = loaded("overview");
    press(&mut app, KeyCode::Down);
    let effects = press(&mut app, KeyCode::Enter);
    let Query::Syncs(query) = query(&effects) else { panic!("{effects:?}") };
    assert_eq!(query.tenant.as_deref(), Some("southern"));
    answer(&mut app, &effects);
    press(&mut app, KeyCode::End);
    // The client's row is gone to once it is there.
    let effects = press(&mut app, KeyCode::Char('t'));
    assert_eq!(where_it_is(&mut app), "tenants");
    answer(&mut app, &effects);
    assert_eq!(app.screen().table().current().unwrap().key, "north-lamps");
    press(&mut app, KeyCode::Esc);
    assert_eq!((where_it_is(&mut app), app.screen().narrows().get("tenant")), ("syncs", Some("southern")));
    press(&mut app, KeyCode::Esc);
    assert_eq!(where_it_is(&mut app), "overview");
    // It is as it was before.
    command(&mut app, "syncs");
    assert!(app.screen().narrows().is_empty());
    for expected in ["tenants", "queues", "jobs", "webhooks", "sessions", "log-ins", "audit", "overview"] {
        press(&mut app, KeyCode::Tab);
        assert_eq!(where_it_is(&mut app), expected);
    }
    press(&mut app, KeyCode::BackTab);
    assert_eq!(where_it_is(&mut app), "audit");
}

#[test]
fn marked_ones_are_copied_together() {
    let mut app = loaded("tenants");
    assert_eq!(press(&mut app, KeyCode::Char('y')), [Effect::Copy("north-lamps".to_owned())]);
    press(&mut app, KeyCode::Char(' '));
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(press(&mut app, KeyCode::Char('y')), [Effect::Copy("north-lamps\nsouthern".to_owned())]);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::End);
    assert_eq!(press(&mut app, KeyCode::Char('y')), [Effect::Copy("east".to_owned())]);
}

#[test]
fn the_mouse_moves_what_is_in_front() {
    let mut app = loaded("tenants");
    screen(&mut app, 80, 24);
    let wheel = |kind, row| MouseEvent { kind, column: 10, row, modifiers: KeyModifiers::NONE };
    app.mouse(wheel(MouseEventKind::Down(MouseButton::Left), 5));
    assert_eq!(app.screen().table().current().unwrap().key, "east");
    app.mouse(wheel(MouseEventKind::ScrollUp, 5));
    assert_eq!(app.screen().table().current().unwrap().key, "north-lamps");
    press(&mut app, KeyCode::Enter);
    app.mouse(wheel(MouseEventKind::Down(MouseButton::Left), 5));
    app.mouse(wheel(MouseEventKind::ScrollDown, 5));
    assert_eq!(app.screen().table().current().unwrap().key, "north-lamps", "details stand before the list");
}
