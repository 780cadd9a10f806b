//! Failed syncs: found, understood, sent again, given up; the same for jobs, deliveries and sessions.

use super::*;
use crate::asks::Look;
use countinghouse_contract::admin::syncs::{ErpSyncsToRetry, RetriedStatus, RetryErpSyncs};
use samples::{id, sync};

fn deeds(effects: &[Effect]) -> Vec<Deed> {
    match effects {
        [Effect::Ask(Ask::Do(deeds))] => deeds.clone(),
        other => panic!("nothing is done: {other:?}"),
    }
}

fn retry(number: usize) -> Deed {
    Deed::RetrySync { id: id(number).parse().unwrap(), order: format!("SO-{number:06}") }
}

#[test]
fn one_is_sent_again_from_its_details_and_seen_to_go() {
    let mut app = loaded("syncs");
    press(&mut app, KeyCode::Enter);
    let look = Look::Sync(id(42).parse().unwrap());
    app.answered(&Answer::Look { look: look.clone(), outcome: Ok(samples::sync_log()) }, now());
    assert_eq!(deeds(&ctrl(&mut app, 't')), [retry(42)]);
    let waits = sync(42, "north-lamps", "pending", "Answered 422");
    done(&mut app, retry(42), Ok(Outcome::Changed(Records::Syncs(vec![waits]))));
    sees(&mut app, &["✓ SO-000042 is sent again."]);
    let told = samples::event("erp_sync.retried", "north-lamps", &id(42));
    app.heard(&crate::live::Heard::Event(Box::new(told)), now());
    let told = samples::event("erp_sync.success", "north-lamps", &id(42));
    app.heard(&crate::live::Heard::Event(Box::new(told.clone())), now());
    assert_eq!(app.look_again(&told), [Effect::Ask(Ask::Look(look))]);
    press(&mut app, KeyCode::Esc);
    sees(&mut app, &["✓ success", "3 "]);
    // It is among those that failed no more, and stays to be seen until the list is asked for by hand.
    let effects = app.tick(now() + chrono::TimeDelta::seconds(2));
    let rest = || Ok(Page { records: Records::Syncs(samples::syncs()[1..].to_vec()), next: None });
    app.answered(&Answer::Page { query: query(&effects), cursor: None, page: rest() }, now());
    sees(&mut app, &["SO-000042", "✓ success"]);
    assert_eq!(app.screen().table().current().unwrap().key, id(42));
    let effects = ctrl(&mut app, 'r');
    app.answered(&Answer::Page { query: query(&effects), cursor: None, page: rest() }, now());
    assert!(!screen(&mut app, 100, 30).contains("SO-000042"));
}

/// From the list, or from the attempts, to which one comes back; keys are about its way to the ERP all the time.
#[test]
fn its_order_is_opened_and_left_again() {
    let look = Look::Order { tenant: "north-lamps".to_owned(), id: id(100).parse().unwrap() };
    let opened = |look: &Look| vec![Effect::Ask(Ask::Look(look.clone()))];
    let mut app = loaded("syncs");
    assert_eq!(press(&mut app, KeyCode::Char('o')), opened(&look));
    app.answered(&Answer::Look { look: look.clone(), outcome: Ok(samples::order()) }, now());
    sees(
        &mut app,
        &["Order SO-000042 of north-lamps", "! does not have it", "2 × LAMP-7, Desk lamp in red", "Totals in EUR"],
    );
    assert!(press(&mut app, KeyCode::Esc).is_empty());
    let sync = Look::Sync(id(42).parse().unwrap());
    assert_eq!(press(&mut app, KeyCode::Enter), opened(&sync));
    assert_eq!(press(&mut app, KeyCode::Char('o')), opened(&look));
    // What comes late of the one beneath is not shown as the order.
    app.answered(&Answer::Look { look: sync.clone(), outcome: Ok(samples::sync_log()) }, now());
    sees(&mut app, &["Order SO-000042 of north-lamps", "Loading"]);
    app.answered(&Answer::Look { look: look.clone(), outcome: Ok(samples::order()) }, now());
    assert_eq!(deeds(&ctrl(&mut app, 't')), [retry(42)]);
    // It has come there: the order is read again, for that says so too.
    let told = samples::event("erp_sync.success", "north-lamps", &id(42));
    app.heard(&crate::live::Heard::Event(Box::new(told.clone())), now());
    assert_eq!(app.look_again(&told), opened(&look));
    assert_eq!(press(&mut app, KeyCode::Char('o')), opened(&look), "it is read again by hand");
    // The keys stand before it, and nothing is read anew for that.
    assert!(press(&mut app, KeyCode::Char('?')).is_empty());
    sees(&mut app, &["its order, as it stands"]);
    assert!(press(&mut app, KeyCode::Char('?')).is_empty());
    sees(&mut app, &["Order SO-000042 of north-lamps"]);
    assert_eq!(press(&mut app, KeyCode::Esc), opened(&sync));
    app.answered(&Answer::Look { look: sync, outcome: Ok(samples::sync_log()) }, now());
    sees(&mut app, &["Attempt 3"]);
    // What is asked about it leads back to the list.
    press(&mut app, KeyCode::Char('o'));
    ctrl(&mut app, 'd');
    sees(&mut app, &["Discard SO-000042 of north-lamps"]);
    assert!(press(&mut app, KeyCode::Esc).is_empty());
    assert_eq!(app.open_record(), None);
}

#[test]
fn what_is_marked_is_sent_again_once_its_count_is_typed() {
    let mut app = loaded("syncs");
    press(&mut app, KeyCode::Char(' '));
    press(&mut app, KeyCode::Char(' '));
    assert!(ctrl(&mut app, 't').is_empty());
    sees(&mut app, &["2 marked orders are sent to ERPs again.", "Type 2"]);
    typed(&mut app, "3");
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    press(&mut app, KeyCode::Backspace);
    typed(&mut app, "2");
    assert_eq!(deeds(&press(&mut app, KeyCode::Enter)), [retry(42), retry(41)]);
    let refused = Err(Failure::Refused("It is suspended.".to_owned()));
    let waits = Outcome::Changed(Records::Syncs(vec![sync(42, "north-lamps", "pending", "x")]));
    app.answered(&Answer::Done(vec![(retry(42), Ok(waits)), (retry(41), refused)]), now());
    sees(&mut app, &["✗ 1 done, 1 refused: It is suspended.", "… pending"]);
}

#[test]
fn all_of_what_the_list_is_narrowed_to_are_counted_before_they_are_sent_again() {
    let mut app = loaded("syncs");
    let effects = command(&mut app, "tenant north-lamps");
    answer(&mut app, &effects);
    let which = RetryErpSyncs {
        status: RetriedStatus::Failed,
        tenant: Some("north-lamps".to_owned()),
        error_contains: None,
        dry_run: Some(true),
    };
    assert_eq!(ctrl(&mut app, 'a'), [Effect::Ask(Ask::Count(which.clone()))]);
    let counted = ErpSyncsToRetry { syncs: 1204, tenants: 1, dry_run: true };
    app.answered(&Answer::Counted { which: which.clone(), outcome: Ok(counted) }, now());
    sees(&mut app, &["To be sent again: 1204 failed syncs of north-lamps.", "Type 1204"]);
    typed(&mut app, "1204");
    let all = Deed::RetrySyncs(RetryErpSyncs { dry_run: None, ..which.clone() });
    assert_eq!(deeds(&press(&mut app, KeyCode::Enter)), std::slice::from_ref(&all));
    done(&mut app, all, Ok(Outcome::Begun(ErpSyncsToRetry { dry_run: false, ..counted })));
    sees(&mut app, &["✓ 1204 syncs of 1 client sent again."]);
    let none = ErpSyncsToRetry { syncs: 0, tenants: 0, dry_run: true };
    app.answered(&Answer::Counted { which, outcome: Ok(none) }, now());
    sees(&mut app, &["! Nothing has failed that could be sent again."]);
    // What stands behind / is not what would be sent.
    press(&mut app, KeyCode::Char('/'));
    typed(&mut app, "42");
    press(&mut app, KeyCode::Enter);
    assert!(ctrl(&mut app, 'a').is_empty());
    sees(&mut app, &["not by what stands behind /"]);
}

#[test]
fn to_give_up_takes_a_reason() {
    let mut app = loaded("syncs");
    ctrl(&mut app, 'd');
    sees(&mut app, &["Discard SO-000042 of north-lamps"]);
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    typed(&mut app, "Entered there by hand.");
    let deeds_asked = deeds(&press(&mut app, KeyCode::Enter));
    let [Deed::DiscardSync { reason, .. }] = deeds_asked.as_slice() else { panic!("{deeds_asked:?}") };
    assert_eq!(reason, "Entered there by hand.");
    let mut app = loaded("jobs");
    ctrl(&mut app, 'd');
    typed(&mut app, "It came again.");
    let job = Deed::DiscardJob { id: id(31).parse().unwrap(), reason: "It came again.".to_owned() };
    assert_eq!(deeds(&press(&mut app, KeyCode::Enter)), std::slice::from_ref(&job));
    done(&mut app, job, Ok(Outcome::Gone(id(31))));
    let seen = screen(&mut app, 100, 30);
    assert!(seen.contains("Dead jobs 2") && !seen.contains("Answered 503"), "{seen}");
}

#[test]
fn jobs_and_deliveries_are_tried_again_and_sessions_ended() {
    let mut app = loaded("jobs");
    assert_eq!(deeds(&ctrl(&mut app, 't')), [Deed::RetryJob { id: id(31).parse().unwrap() }]);
    let mut app = loaded("deliveries");
    let replay = Deed::Replay { tenant: "north-lamps".to_owned(), id: id(61).parse().unwrap() };
    assert_eq!(deeds(&ctrl(&mut app, 't')), [replay]);
    let mut app = loaded("sessions");
    ctrl(&mut app, 'd');
    typed(&mut app, "olga");
    let end = Deed::EndSession { id: id(21).parse().unwrap(), of: "olga of north-lamps".to_owned() };
    assert_eq!(deeds(&press(&mut app, KeyCode::Enter)), std::slice::from_ref(&end));
    done(&mut app, end, Ok(Outcome::Gone(id(21))));
    let seen = screen(&mut app, 100, 30);
    assert!(seen.contains("The session of olga of north-lamps is ended.") && !seen.contains("olga  "), "{seen}");
}

#[test]
fn superadmins_sessions_are_seen_in_place_of_clients_and_ended_too() {
    let mut app = loaded("sessions");
    let effects = press(&mut app, KeyCode::Char('o'));
    answer(&mut app, &effects);
    insta::assert_snapshot!("sessions_of_superadmins", screen(&mut app, 80, 24));
    assert!(press(&mut app, KeyCode::Char('t')).is_empty());
    sees(&mut app, &["! A superadmin is of no client."]);
    ctrl(&mut app, 'd');
    sees(&mut app, &["End the session of the superadmin ada", "This console's own is among them"]);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Enter);
    insta::assert_snapshot!("sessions_of_superadmins_open", screen(&mut app, 60, 20));
    ctrl(&mut app, 'd');
    sees(&mut app, &["Whoever it is has to log in again."]);
    typed(&mut app, "grace");
    let end = Deed::EndOperatorSession { id: id(25).parse().unwrap(), of: "the superadmin grace".to_owned() };
    assert_eq!(deeds(&press(&mut app, KeyCode::Enter)), std::slice::from_ref(&end));
    done(&mut app, end, Ok(Outcome::Gone(id(25))));
    sees(&mut app, &["✓ The session of the superadmin grace is ended.", "Open sessions 1"]);
    assert!(command(&mut app, "tenant north-lamps").is_empty());
    sees(&mut app, &["! Superadmins are of no client"]);
    assert!(command(&mut app, "of everybody").is_empty());
    sees(&mut app, &["! of is one of: clients, superadmins."]);
    // Clients' again, by the same key or back.
    let effects = press(&mut app, KeyCode::Char('o'));
    answer(&mut app, &effects);
    sees(&mut app, &["olga"]);
    let effects = press(&mut app, KeyCode::Esc);
    assert!(matches!(query(&effects), Query::OperatorSessions), "{effects:?}");
}

/// A key in details is about what they show, though the list may have changed behind them.
#[test]
fn a_record_that_is_gone_is_not_taken_for_its_neighbour() {
    let mut app = loaded("jobs");
    press(&mut app, KeyCode::Enter);
    done(&mut app, Deed::RetryJob { id: id(31).parse().unwrap() }, Ok(Outcome::Gone(id(31))));
    assert!(ctrl(&mut app, 't').is_empty());
    sees(&mut app, &["It is in this list no more."]);
}
