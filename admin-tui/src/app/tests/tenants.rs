//! Clients: suspended and resumed, made and changed; and lists that are read page by page.

use super::*;
use samples::{tenant, tenants};

#[test]
fn to_suspend_takes_a_reason_and_the_slug() {
    let mut app = loaded("tenants");
    ctrl(&mut app, 's');
    press(&mut app, KeyCode::Enter);
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "nothing is filled in");
    typed(&mut app, "Has not paid.");
    press(&mut app, KeyCode::Enter);
    typed(&mut app, "north-lamp");
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "the slug is not whole");
    typed(&mut app, "s");
    let deed = Deed::SuspendTenant { slug: "north-lamps".to_owned(), reason: "Has not paid.".to_owned() };
    assert_eq!(press(&mut app, KeyCode::Enter), [Effect::Ask(Ask::Do(vec![deed.clone()]))]);
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "it is asked once");
    let after = tenant("north-lamps", "North Lamps", "suspended");
    done(&mut app, deed, Ok(Outcome::Changed(Records::Tenants(vec![after]))));
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("✓ north-lamps is suspended.") && seen.matches("✗ suspended").count() == 2, "{seen}");
    assert_eq!(ctrl(&mut app, 's'), []);
    sees(&mut app, &["north-lamps is suspended already."]);
    let deed = Deed::ResumeTenant { slug: "north-lamps".to_owned() };
    assert_eq!(ctrl(&mut app, 'u'), [Effect::Ask(Ask::Do(vec![deed]))]);
}

#[test]
fn a_read_only_profile_changes_nothing() {
    let mut app = loaded("tenants");
    app.profile.readonly = true;
    assert_eq!(ctrl(&mut app, 's'), []);
    sees(&mut app, &["[read-only]", "nothing is changed"]);
    press(&mut app, KeyCode::Down);
    assert_eq!(ctrl(&mut app, 'u'), []);
    for letter in ['n', 'c'] {
        assert_eq!(press(&mut app, KeyCode::Char(letter)), []);
        sees(&mut app, &["nothing is changed"]);
    }
    let mut app = loaded("syncs");
    app.profile.readonly = true;
    assert_eq!((ctrl(&mut app, 't'), ctrl(&mut app, 'd')), (Vec::new(), Vec::new()));
}

#[test]
fn a_client_is_made_with_its_first_owner_and_what_is_wrong_is_mended_where_it_stands() {
    let mut app = loaded("tenants");
    press(&mut app, KeyCode::Char('n'));
    for text in ["west", "West Lamps", "", "", "", "correct horse battery", "w@example.com"] {
        typed(&mut app, text);
        let effects = press(&mut app, KeyCode::Enter);
        if text != "w@example.com" {
            continue;
        }
        assert!(!screen(&mut app, 80, 24).contains("correct horse"), "a password is not shown");
        let [Effect::Ask(Ask::Do(deeds))] = effects.as_slice() else { panic!("{effects:?}") };
        let [Deed::CreateTenant(made)] = deeds.as_slice() else { panic!("{deeds:?}") };
        assert_eq!((made.client.slug.as_str(), made.client.currency.code()), ("west", "EUR"));
        assert_eq!((made.owner.username.as_str(), made.owner.password.as_str()), ("owner", "correct horse battery"));
        done(&mut app, deeds[0].clone(), Err(Failure::Refused("The slug is taken.".to_owned())));
        sees(&mut app, &["✗ The slug is taken.", "West Lamps"]);
        let effects = press(&mut app, KeyCode::Enter);
        assert_eq!(effects, [Effect::Ask(Ask::Do(deeds.clone()))]);
        let after = tenant("west", "West Lamps", "active");
        done(&mut app, deeds[0].clone(), Ok(Outcome::Changed(Records::Tenants(vec![after]))));
        sees(&mut app, &["✓ west is made.", "West Lamps", "Tenants 4"]);
    }
    press(&mut app, KeyCode::Char('n'));
    for text in ["west", "West", "\u{7f}", "", "", "secret secret", ""] {
        if text == "\u{7f}" {
            (0..3).for_each(|_| drop(press(&mut app, KeyCode::Backspace)));
            typed(&mut app, "MONEY");
        } else {
            typed(&mut app, text);
        }
        press(&mut app, KeyCode::Enter);
    }
    sees(&mut app, &["✗ MONEY is no currency"]);
}

#[test]
fn only_what_was_changed_is_sent() {
    let mut app = loaded("tenants");
    press(&mut app, KeyCode::Char('c'));
    press(&mut app, KeyCode::Enter);
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    sees(&mut app, &["✗ Nothing is changed."]);
    press(&mut app, KeyCode::Up);
    typed(&mut app, " Ltd");
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Ask(Ask::Do(deeds))] = effects.as_slice() else { panic!("{effects:?}") };
    let [Deed::ChangeTenant { version: 1, patch, .. }] = deeds.as_slice() else { panic!("{deeds:?}") };
    assert_eq!(serde_json::to_value(patch).unwrap(), serde_json::json!({"name": "North Lamps Ltd"}));
}

fn page(
    app: &mut App,
    effects: &[Effect],
    tenants: Vec<countinghouse_contract::admin::Tenant>,
    next: Option<&str>,
) -> Vec<Effect> {
    let [.., Effect::Ask(Ask::Page { query, cursor })] = effects else { panic!("{effects:?}") };
    let page = Ok(Page { records: Records::Tenants(tenants), next: next.map(str::to_owned) });
    app.answered(&Answer::Page { query: query.clone(), cursor: cursor.clone(), page }, now())
}

/// A long list comes page by page, is seen from the first on, and what is gone leaves with the last.
#[test]
fn pages_are_shown_as_they_come() {
    let mut app = loaded("tenants");
    press(&mut app, KeyCode::End);
    let first = ctrl(&mut app, 'r');
    let next = page(&mut app, &first, vec![tenant("new", "New", "active")], Some("2"));
    assert!(
        matches!(next.as_slice(), [Effect::Ask(Ask::Page { cursor: Some(cursor), .. })] if cursor == "2"),
        "{next:?}"
    );
    sees(&mut app, &["New", "southern"]);
    page(&mut app, &next, tenants()[..1].to_vec(), None);
    let seen = screen(&mut app, 80, 24);
    assert!(seen.contains("New") && seen.contains("north-lamps") && !seen.contains("southern"), "{seen}");
}

/// Before one has come to its end, by its last page or a failure, no other reading begins.
#[test]
fn the_list_is_read_once_at_a_time() {
    let (mut app, first) = at("tenants");
    let later = now() + chrono::TimeDelta::seconds(120);
    assert_eq!(app.tick(later), []);
    let second = page(&mut app, &first, tenants(), Some("2"));
    assert_eq!(ctrl(&mut app, 'r'), []);
    let [Effect::Ask(Ask::Page { query, cursor })] = second.as_slice() else { panic!("{second:?}") };
    let failed = Answer::Page { query: query.clone(), cursor: cursor.clone(), page: Err(away()) };
    app.answered(&failed, now());
    let third = ctrl(&mut app, 'r');
    assert_eq!(third.len(), 1);
    page(&mut app, &third, Vec::new(), None);
    sees(&mut app, &["There are no clients yet."]);
}

#[test]
fn details_show_one_client_and_no_command_of_its_name() {
    let mut app = loaded("tenants");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Enter);
    sees(&mut app, &["Has not paid.", "日本の店 red"]);
    press(&mut app, KeyCode::Esc);
    assert!(!screen(&mut app, 80, 24).contains("Reason"));
}
