//! How each screen looks, at each size, and as it stands.

use super::*;
use crate::asks::{Look, Looked};
use chrono::TimeDelta;

#[test]
fn each_screen_fits_each_size() {
    for name in BAR.into_iter().chain(["deliveries"]) {
        let mut app = loaded(name);
        for (width, height) in [(120, 40), (80, 24), (60, 20)] {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen(&mut app, width, height));
        }
    }
    insta::assert_snapshot!("too_small", screen(&mut loaded("tenants"), 59, 20));
}

/// Each kind of panel: a list alone, and one below something else.
#[test]
fn each_standing_looks_different() {
    for name in ["overview", "syncs"] {
        let (mut app, effects) = at(name);
        insta::assert_snapshot!(format!("{name}_loading"), screen(&mut app, 60, 20));
        fails(&mut app, &effects, Failure::Denied, now());
        insta::assert_snapshot!(format!("{name}_denied"), screen(&mut app, 60, 20));
        let effects = ctrl(&mut app, 'r');
        fails(&mut app, &effects, Failure::LoggedOut, now());
        insta::assert_snapshot!(format!("{name}_logged_out"), screen(&mut app, 60, 20));
        let effects = ctrl(&mut app, 'r');
        fails(&mut app, &effects, away(), now());
        insta::assert_snapshot!(format!("{name}_failed"), screen(&mut app, 60, 20));
        let effects = ctrl(&mut app, 'r');
        answer(&mut app, &effects);
        let later = now() + TimeDelta::minutes(3);
        let effects = app.tick(later);
        fails(&mut app, &effects, away(), later);
        app.live = Err(now());
        insta::assert_snapshot!(format!("{name}_stale"), screen(&mut app, 100, 24));
    }
    for name in BAR.into_iter().skip(1) {
        let (mut app, effects) = at(name);
        let records = match samples::records(&query(&effects)) {
            Records::Syncs(_) => Records::Syncs(Vec::new()),
            Records::Tenants(_) => Records::Tenants(Vec::new()),
            Records::Queues(_) => Records::Queues(Vec::new()),
            Records::Jobs(_) => Records::Jobs(Vec::new()),
            Records::Endpoints(_) => Records::Endpoints(Vec::new()),
            Records::Sessions(_) => Records::Sessions(Vec::new()),
            Records::LogIns(_) => Records::LogIns(Vec::new()),
            Records::Audit { chain, .. } => Records::Audit { entries: Vec::new(), chain },
            other => panic!("{other:?}"),
        };
        let page = Ok(Page { records, next: None });
        app.answered(&Answer::Page { query: query(&effects), cursor: None, page }, now());
        insta::assert_snapshot!(format!("{name}_empty"), screen(&mut app, 60, 20));
    }
}

#[test]
fn a_log_that_was_tampered_with_is_seen_at_once() {
    let (mut app, effects) = at("audit");
    let mut page = samples::page(&query(&effects));
    if let Records::Audit { chain: Some(chain), .. } = &mut page.records {
        chain.faults = vec!["entry 7 is not what was sealed".to_owned(), "the seal of entry 9 is gone".to_owned()];
    }
    app.answered(&Answer::Page { query: query(&effects), cursor: None, page: Ok(page) }, now());
    insta::assert_snapshot!("audit_tampered_with", screen(&mut app, 80, 24));
}

#[test]
fn what_is_open_fits_each_size_too() {
    let tenant = || Look::Usage { tenant: "north-lamps".to_owned() };
    let delivery = || Look::Delivery { tenant: "north-lamps".to_owned(), id: samples::id(61).parse().unwrap() };
    let looks: [(&str, Look, Looked); 3] = [
        ("syncs", Look::Sync(samples::id(42).parse().unwrap()), samples::sync_log()),
        ("tenants", tenant(), samples::usage()),
        ("deliveries", delivery(), samples::delivery_log()),
    ];
    for (name, look, looked) in looks {
        let mut app = loaded(name);
        assert_eq!(press(&mut app, KeyCode::Enter), [Effect::Ask(Ask::Look(look.clone()))]);
        insta::assert_snapshot!(format!("{name}_opening"), screen(&mut app, 80, 24));
        app.answered(&Answer::Look { look: look.clone(), outcome: Ok(looked) }, now());
        insta::assert_snapshot!(format!("{name}_open_120x40"), screen(&mut app, 120, 40));
        insta::assert_snapshot!(format!("{name}_open_60x20"), screen(&mut app, 60, 20));
        press(&mut app, KeyCode::End);
        insta::assert_snapshot!(format!("{name}_open_end"), screen(&mut app, 60, 20));
        app.answered(&Answer::Look { look, outcome: Err(Failure::Denied) }, now());
        sees(&mut app, &["! You may not see this."]);
        press(&mut app, KeyCode::Esc);
        assert_eq!(look_of(&mut app), None);
    }
    for name in ["jobs", "sessions", "log-ins", "audit"] {
        let mut app = loaded(name);
        assert!(press(&mut app, KeyCode::Enter).is_empty(), "all is known");
        insta::assert_snapshot!(format!("{name}_open"), screen(&mut app, 80, 24));
    }
}

#[test]
fn an_order_fits_each_size_and_says_what_became_of_it() {
    let mut app = loaded("syncs");
    let look = Look::Order { tenant: "north-lamps".to_owned(), id: samples::id(100).parse().unwrap() };
    assert_eq!(press(&mut app, KeyCode::Char('o')), [Effect::Ask(Ask::Look(look.clone()))]);
    insta::assert_snapshot!("order_opening", screen(&mut app, 80, 24));
    app.answered(&Answer::Look { look: look.clone(), outcome: Err(away()) }, now());
    insta::assert_snapshot!("order_failed", screen(&mut app, 60, 20));
    app.answered(&Answer::Look { look, outcome: Ok(samples::order()) }, now());
    for (width, height) in [(120, 40), (80, 24), (60, 20)] {
        let seen = screen(&mut app, width, height);
        assert!(!seen.chars().any(|sign| sign.is_control() && sign != '\n'), "{seen:?}");
        insta::assert_snapshot!(format!("order_{width}x{height}"), seen);
    }
    press(&mut app, KeyCode::End);
    insta::assert_snapshot!("order_end", screen(&mut app, 60, 20));
}

fn look_of(app: &mut App) -> Option<String> {
    app.open_record()
}

#[test]
fn what_asks_before_it_acts_looks_so() {
    let mut app = loaded("tenants");
    ctrl(&mut app, 's');
    insta::assert_snapshot!("suspend", screen(&mut app, 80, 24));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('n'));
    insta::assert_snapshot!("new_tenant", screen(&mut app, 80, 24));
    let mut app = loaded("syncs");
    for _ in 0..2 {
        press(&mut app, KeyCode::Char(' '));
    }
    ctrl(&mut app, 'd');
    insta::assert_snapshot!("discard", screen(&mut app, 60, 20));
    let mut app = loaded("sessions");
    ctrl(&mut app, 'd');
    insta::assert_snapshot!("end_session", screen(&mut app, 60, 20));
}

#[test]
fn nothing_that_a_client_wrote_commands_the_terminal() {
    for name in BAR.into_iter().chain(["deliveries"]) {
        let mut app = loaded(name);
        press(&mut app, KeyCode::Enter);
        let seen = screen(&mut app, 120, 40);
        assert!(!seen.chars().any(|sign| sign.is_control() && sign != '\n'), "{name}: {seen:?}");
    }
}
