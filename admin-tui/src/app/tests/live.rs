//! What changes is told, and shown without losing one's place; what is not told is asked for.

use super::*;
use crate::live::Heard;
use chrono::TimeDelta;
use samples::{event, id, sync};

fn told(app: &mut App, kind: &str, tenant: &str, resource: &str) {
    app.heard(&Heard::Event(Box::new(event(kind, tenant, resource))), now());
}

#[test]
fn a_change_is_shown_at_once_and_read_soon() {
    let mut app = loaded("syncs");
    press(&mut app, KeyCode::Down);
    told(&mut app, "erp_sync.before_send", "southern", &id(41));
    sees(&mut app, &["… in progress"]);
    let soon = now() + TimeDelta::milliseconds(500);
    assert_eq!(app.tick(soon), [], "it is among those that failed until it is known what becomes of it");
    told(&mut app, "erp_sync.failed", "east", &id(99));
    assert_eq!(app.tick(now()), [], "a moment later, with what else comes");
    let effects = app.tick(now() + TimeDelta::milliseconds(500));
    let records = Records::Syncs([vec![sync(99, "east", "failed", "new")], samples::syncs()].concat());
    let page = Ok(Page { records, next: None });
    app.answered(&Answer::Page { query: query(&effects), cursor: None, page }, now());
    sees(&mut app, &["SO-000099"]);
    assert_eq!(app.screen().table().current().unwrap().key, id(41), "the cursor stays on its record");
    let mut app = loaded("tenants");
    told(&mut app, "tenant.suspended", "east", &id(4));
    assert_eq!(screen(&mut app, 100, 30).matches("✗ suspended").count(), 2);
    told(&mut app, "job.dead", "east", &id(4));
    let mut app = loaded("jobs");
    told(&mut app, "session.login", "east", &id(4));
    assert_eq!(app.tick(now() + TimeDelta::seconds(10)), [], "it is of another list");
}

#[test]
fn a_screen_that_is_not_seen_is_read_when_it_is_gone_to() {
    let mut app = loaded("jobs");
    command(&mut app, "queues");
    told(&mut app, "job.dead", "east", &id(4));
    let later = now() + TimeDelta::seconds(1);
    app.tick(later);
    let effects = command(&mut app, "jobs");
    assert!(matches!(query(&effects), Query::Jobs(_)));
}

#[test]
fn what_was_missed_is_read_anew() {
    let mut app = loaded("syncs");
    let later = now() + TimeDelta::seconds(1);
    assert_eq!(app.tick(later), []);
    app.heard(&Heard::Missed, later);
    assert!(matches!(query(&app.tick(later)), Query::Syncs(_)));
}

#[test]
fn while_nothing_is_told_the_list_is_asked_for_and_the_last_of_it_stays() {
    let mut app = loaded("syncs");
    assert_eq!(app.tick(now() + TimeDelta::seconds(6)), [], "it would be told");
    app.heard(&Heard::Down, now() + TimeDelta::seconds(6));
    let effects = app.tick(now() + TimeDelta::seconds(6));
    let later = now() + TimeDelta::seconds(20);
    fails(&mut app, &effects, away(), later);
    sees(&mut app, &["! not live 14 s", "20 s old", "SO-000042"]);
    assert_eq!(app.tick(later + TimeDelta::seconds(1)), [], "not without a pause");
    app.heard(&Heard::Up, later + TimeDelta::seconds(1));
    let effects = app.tick(later + TimeDelta::seconds(1));
    answer(&mut app, &effects);
    let seen = screen(&mut app, 100, 30);
    assert!(seen.contains(" live ") && !seen.contains(" old"), "{seen}");
}

/// Of a list without end so much is read as somebody goes through, and not at once.
#[test]
fn a_long_list_is_read_as_far_as_somebody_goes() {
    let (mut app, effects) = at("syncs");
    let query = query(&effects);
    let page = |from: usize| {
        let records = (from..from + 200).map(|number| sync(number, "north", "failed", "x")).collect();
        Ok(Page { records: Records::Syncs(records), next: Some((from + 200).to_string()) })
    };
    let (mut cursor, mut from) = (None, 0);
    let mut turn = |app: &mut App, effects: &mut Vec<Effect>| {
        while let [Effect::Ask(Ask::Page { cursor: next, .. })] = effects.as_slice() {
            assert!(*next == cursor);
            let answer = Answer::Page { query: query.clone(), cursor: next.clone(), page: page(from) };
            from += 200;
            cursor = Some(from.to_string());
            *effects = app.answered(&answer, now());
        }
    };
    let mut effects = effects;
    turn(&mut app, &mut effects);
    sees(&mut app, &["Failed syncs 1000+"]);
    let mut effects = press(&mut app, KeyCode::End);
    turn(&mut app, &mut effects);
    sees(&mut app, &["Failed syncs 2000+", "SO-000999"]);
    assert_eq!(app.screen().table().current().unwrap().key, id(999));
}

/// A list of one client is a look inside it, which is written down there: it is not read for the sake of others.
#[test]
fn what_happens_to_others_is_no_reason_to_read_the_list_of_one() {
    let mut app = loaded("syncs");
    let effects = command(&mut app, "tenant north-lamps");
    answer(&mut app, &effects);
    let soon = now() + TimeDelta::seconds(1);
    told(&mut app, "erp_sync.failed", "east", &id(99));
    assert_eq!(app.tick(soon), []);
    told(&mut app, "erp_sync.failed", "north-lamps", &id(98));
    assert_eq!(app.tick(soon).len(), 1);
}

/// What somebody looked at is newer than its row.
#[test]
fn a_row_is_as_its_details_are() {
    let mut app = loaded("syncs");
    told(&mut app, "erp_sync.before_send", "north-lamps", &id(42));
    sees(&mut app, &["6/5", "… in progress"]);
    let mut log = samples::sync_log();
    if let crate::asks::Looked::Sync(log) = &mut log {
        (log.log.sync.status, log.log.sync.attempts) = (countinghouse_contract::erp::ErpSyncStatus::Success, 1);
        log.log.sync.updated_at = now();
    }
    let look = crate::asks::Look::Sync(id(42).parse().unwrap());
    app.answered(&Answer::Look { look, outcome: Ok(log) }, now());
    sees(&mut app, &["1/5", "✓ success"]);
}

/// A page that was on its way when something was told does not take it back.
#[test]
fn what_was_told_is_not_undone_by_what_was_read_before() {
    let (mut app, first) = at("syncs");
    answer(&mut app, &first);
    let effects = ctrl(&mut app, 'r');
    told(&mut app, "erp_sync.success", "north-lamps", &id(42));
    answer(&mut app, &effects);
    sees(&mut app, &["✓ success"]);
}
