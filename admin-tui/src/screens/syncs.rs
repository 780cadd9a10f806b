//! Orders that do not reach clients' ERPs: which, why, and what is done about them.

use super::{About, Chosen, Subject, Wish, orders, subject};
use crate::{
    asks::{Ask, Deed, Look, Looked, Query, Records},
    diff::differences,
    keys::{self, Command},
    narrows::{Narrow, Narrows},
    popups::{Details, Form, Line, Popup},
    table::{Cell, Column, Row, Width},
    text::{self, brief, moment, word},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    admin::{
        live::OperatorEvent,
        syncs::{ErpSyncsToRetry, RetriedStatus, RetryErpSyncs, TenantErpSync, TenantErpSyncLog, TenantErpSyncQuery},
    },
    erp::{ErpAttempt, ErpAttemptKind, ErpSync, ErpSyncStatus},
};

const STATUS: Narrow =
    Narrow { name: "status", values: &["failed", "pending", "queued", "in_progress", "success", "discarded"] };
const TENANT: Narrow = Narrow { name: "tenant", values: &[] };
const ERROR: Narrow = Narrow { name: "error", values: &[] };

#[derive(Debug)]
pub struct Syncs;

impl Subject for Syncs {
    type Record = TenantErpSync;

    const ABOUT: About = About {
        name: "syncs",
        title: "Failed syncs",
        columns: &[
            Column { title: "Tenant", width: Width::Fixed(14), rank: 0, right: false },
            Column { title: "Order", width: Width::Fixed(10), rank: 0, right: false },
            Column { title: "State", width: Width::Fixed(13), rank: 0, right: false },
            Column { title: "Tries", width: Width::Fixed(5), rank: 1, right: true },
            Column { title: "Why", width: Width::Rest(12), rank: 0, right: false },
            Column { title: "Last try", width: Width::Fixed(14), rank: 2, right: false },
            Column { title: "Version", width: Width::Fixed(7), rank: 3, right: true },
            Column { title: "Cause", width: Width::Fixed(8), rank: 3, right: false },
        ],
        bindings: keys::SYNCS,
        narrows: &[TENANT, STATUS, ERROR],
        nothing: "Nothing has failed on its way to an ERP.",
        at_once: 1_000,
        fresh: 60,
        events: &["erp_sync."],
        is_in_bar: true,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        let status = narrows.word(&STATUS)?;
        if status == Some(ErpSyncStatus::Success) && narrows.get("tenant").is_none() {
            return Err("What arrived is listed of one client only: narrow to it first, with :tenant.".to_owned());
        }
        if narrows.get("error").is_some_and(|part| part.chars().count() < 3) {
            return Err("A part of an error has three letters or more.".to_owned());
        }
        let (tenant, error_contains) = (narrows.text("tenant"), narrows.text("error"));
        Ok(Query::Syncs(TenantErpSyncQuery { status, tenant, error_contains, ..TenantErpSyncQuery::default() }))
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<TenantErpSync>> {
        if let Records::Syncs(syncs) = records { Some(syncs.clone()) } else { None }
    }

    fn row(TenantErpSync { tenant, sync }: &TenantErpSync) -> Row {
        let last = sync.last_attempt_at.map_or(Cell::by("", 0), |at| Cell::by(brief(at), at.timestamp_millis()));
        let cells = vec![
            Cell::text(&**tenant),
            Cell::text(&*sync.order_number),
            Cell::text(word(&sync.status)).toned(tone(sync.status)),
            Cell::by(format!("{}/{}", sync.attempts, sync.max_attempts), sync.attempts),
            Cell::text(why(sync)),
            last.toned(Tone::Quiet),
            Cell::by(sync.order_version.to_string(), sync.order_version),
            Cell::text(word(&sync.cause)).toned(Tone::Quiet),
        ];
        Row { key: sync.sync_id.to_string(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, TenantErpSync>) -> Vec<Wish> {
        if command == Command::RetryAll {
            return counting(chosen);
        }
        let Some(TenantErpSync { tenant, sync }) = chosen.one else { return Vec::new() };
        match command {
            Command::Open => {
                let title = format!("{} of {tenant}", sync.order_number);
                let details = Details::of(&title, head(tenant, sync, chosen.now)).looking(Look::Sync(sync.sync_id));
                vec![Wish::Open(Box::new(Popup::Details(details)))]
            }
            Command::Order => vec![Wish::Open(Box::new(Popup::Details(orders::opening(tenant, sync))))],
            Command::Tenant => subject::go_to_tenant(tenant),
            Command::Retry => retrying(chosen),
            Command::Discard => subject::open(discarding(chosen)),
            _ => Vec::new(),
        }
    }

    fn told(TenantErpSync { sync, .. }: &mut TenantErpSync, event: &OperatorEvent) -> bool {
        sync.status = match event.kind.as_str() {
            "erp_sync.before_send" | "erp_sync.after_send" => ErpSyncStatus::InProgress,
            "erp_sync.success" => ErpSyncStatus::Success,
            "erp_sync.failed" => ErpSyncStatus::Failed,
            "erp_sync.retried" => ErpSyncStatus::Pending,
            "erp_sync.discarded" => ErpSyncStatus::Discarded,
            _ => return false,
        };
        // It is begun with what is told before.
        sync.attempts += i64::from(event.kind == "erp_sync.before_send");
        sync.updated_at = sync.updated_at.max(event.created_at);
        true
    }

    /// What goes its way is told of all; those that fail are few.
    fn concerns(narrows: &Narrows, event: &OperatorEvent) -> bool {
        let is_of_failed = narrows.get("status").is_none_or(|status| status == "failed");
        !is_of_failed || ["erp_sync.failed", "erp_sync.retried", "erp_sync.discarded"].contains(&event.kind.as_str())
    }

    fn looked(looked: &Looked) -> Option<TenantErpSync> {
        let Looked::Sync(log) = looked else { return None };
        Some(TenantErpSync { tenant: log.tenant.clone(), sync: log.log.sync.clone() })
    }

    fn is_newer(answered: &TenantErpSync, shown: &TenantErpSync) -> bool {
        answered.sync.updated_at >= shown.sync.updated_at
    }
}

fn tone(status: ErpSyncStatus) -> Tone {
    match status {
        ErpSyncStatus::Pending | ErpSyncStatus::Queued | ErpSyncStatus::InProgress => Tone::Busy,
        ErpSyncStatus::Success => Tone::Good,
        ErpSyncStatus::Failed => Tone::Bad,
        ErpSyncStatus::Discarded => Tone::Quiet,
    }
}

/// What there is to say of it.
fn why(sync: &ErpSync) -> &str {
    let said = match sync.status {
        ErpSyncStatus::Success => sync.warning.as_ref().or(sync.erp_reference.as_ref()),
        ErpSyncStatus::Discarded => sync.discard_reason.as_ref(),
        _ => sync.last_error.as_ref(),
    };
    said.map(String::as_str).unwrap_or_default()
}

/// One at once, for nothing is lost by it; more by their count.
fn retrying(chosen: &Chosen<'_, TenantErpSync>) -> Vec<Wish> {
    let failed = chosen.all.iter().filter(|record| record.sync.status == ErpSyncStatus::Failed);
    let deed = |record: &&TenantErpSync| {
        let ErpSync { sync_id, order_number, .. } = &record.sync;
        Deed::RetrySync { id: *sync_id, order: order_number.clone() }
    };
    let deeds: Vec<Deed> = failed.map(deed).collect();
    match deeds.len() {
        0 => subject::say("Only what has failed for good is sent again."),
        1 => vec![Wish::Ask(Ask::Do(deeds))],
        count => {
            let form = Form::new("Send again").warning(&format!("{count} marked orders are sent to ERPs again."));
            subject::open(form.exactly(&count.to_string()).doing(deeds))
        }
    }
}

fn discarding(chosen: &Chosen<'_, TenantErpSync>) -> Form {
    let deed = |record: &&TenantErpSync| {
        let (id, order) = (record.sync.sync_id, record.sync.order_number.clone());
        Deed::DiscardSync { id, order, reason: String::new() }
    };
    let deeds: Vec<Deed> = chosen.all.iter().map(deed).collect();
    let what = match chosen.all.as_slice() {
        [one] => format!("{} of {}", one.sync.order_number, one.tenant),
        more => format!("{} marked syncs", more.len()),
    };
    let form =
        Form::new(&format!("Discard {what}")).warning("The ERP is never told of it, unless it is asked for anew.");
    let form = form.reason();
    let form = if let Some(count) = chosen.count() { form.exactly(&count) } else { form };
    form.doing(deeds)
}

/// First how many that would be.
fn counting(chosen: &Chosen<'_, TenantErpSync>) -> Vec<Wish> {
    if !chosen.filter.is_empty() {
        return subject::say("All goes by :tenant and :error, not by what stands behind /. Esc takes that away.");
    }
    if chosen.narrows.get("status").is_some_and(|status| status != "failed") {
        return subject::say("Only what has failed for good is sent again: :status failed.");
    }
    let (tenant, error_contains) = (chosen.narrows.text("tenant"), chosen.narrows.text("error"));
    vec![Wish::Ask(Ask::Count(RetryErpSyncs {
        status: RetriedStatus::Failed,
        tenant,
        error_contains,
        dry_run: Some(true),
    }))]
}

/// Once it is known how many there are.
pub fn retrying_all(which: &RetryErpSyncs, counted: ErpSyncsToRetry) -> Option<Form> {
    if counted.syncs == 0 {
        return None;
    }
    let of = match &which.tenant {
        Some(tenant) => format!("of {tenant}"),
        None => format!("of {}", text::counted(counted.tenants, "client")),
    };
    let part =
        which.error_contains.as_ref().map(|part| format!(", with \"{part}\" in their error")).unwrap_or_default();
    let deed = Deed::RetrySyncs(RetryErpSyncs { dry_run: None, ..which.clone() });
    let form = Form::new("Send all again")
        .warning(&format!("To be sent again: {} {of}{part}.", text::counted(counted.syncs, "failed sync")));
    Some(form.exactly(&counted.syncs.to_string()).doing(vec![deed]))
}

fn head(tenant: &str, sync: &ErpSync, now: DateTime<Utc>) -> Vec<Line> {
    let mut lines = vec![
        Line::field("Tenant", tenant),
        Line::field("Order", format!("{}, version {} ({})", sync.order_number, sync.order_version, word(&sync.cause))),
        Line::Field("State", word(&sync.status), tone(sync.status)),
        Line::field("Attempts", format!("{} of {}", sync.attempts, sync.max_attempts)),
    ];
    let mut note = |name, text: Option<String>| lines.extend(text.map(|text| Line::field(name, text)));
    note("Why", sync.last_error.clone().filter(|_| sync.status != ErpSyncStatus::Success));
    note(
        "Unknown",
        sync.outcome_unknown.then(|| "The ERP may have it: it is asked before it is sent again.".to_owned()),
    );
    note("Next try", sync.next_attempt_at.map(|at| moment(at, now)));
    note("Reference", sync.erp_reference.clone());
    note("ERP says", sync.erp_status.clone());
    note("Warning", sync.warning.clone());
    note("Discarded", sync.discard_reason.clone());
    note("Key", Some(sync.idempotency_key.clone()));
    note("Id", Some(sync.sync_id.to_string()));
    lines
}

/// All that is known of it: the last attempt first, for that says why.
pub fn log(TenantErpSyncLog { tenant, log }: &TenantErpSyncLog, now: DateTime<Utc>) -> Vec<Line> {
    let mut lines = head(tenant, &log.sync, now);
    for (at, attempt) in log.log.iter().enumerate().rev() {
        let before = at.checked_sub(1).and_then(|at| log.log.get(at));
        lines.extend(attempted(attempt, before, at + 1 == log.log.len()));
    }
    for told in &log.callbacks {
        let of = told.erp_status.as_deref().unwrap_or("something");
        lines.push(Line::Heading(format!("The ERP told: {}", moment(told.received_at, now))));
        lines.push(Line::field("Said", format!("{of} ({})", word(&told.outcome))));
        lines.extend(told.erp_reference.as_ref().map(|reference| Line::field("Reference", reference)));
    }
    lines
}

fn attempted(attempt: &ErpAttempt, before: Option<&ErpAttempt>, is_last: bool) -> Vec<Line> {
    let what = match attempt.kind {
        ErpAttemptKind::Send => "sent",
        ErpAttemptKind::LookUp => "asked whether it has it",
    };
    let took = attempt.duration_ms.map(|took| format!(", {took} ms")).unwrap_or_default();
    let when = attempt.attempted_at.format("%F %T UTC");
    let mut lines = vec![Line::Heading(format!("Attempt {}: {what} {when}{took}", attempt.number))];
    lines.push(match (attempt.status, &attempt.error) {
        (Some(status @ 200..300), _) => Line::Field("Answer", status.to_string(), Tone::Good),
        (Some(status), _) => Line::Field("Answer", status.to_string(), Tone::Bad),
        (None, Some(error)) => Line::Field("Answer", error.clone(), Tone::Bad),
        (None, None) => Line::Field("Answer", "none yet".to_owned(), Tone::Busy),
    });
    let same_kind = before.filter(|before| before.kind == attempt.kind);
    let of = |text: fn(&ErpAttempt) -> Option<&str>| (text(attempt), same_kind.and_then(text));
    for (name, (text, before)) in [
        ("Answered", of(|attempt| attempt.body.as_deref())),
        ("Request", of(|attempt| attempt.request_body.as_deref())),
    ] {
        lines.extend(compared(name, text.unwrap_or_default(), before, is_last));
    }
    lines
}

/// What differs from the attempt before, and the message whole where there is nothing to see it from.
fn compared(name: &'static str, text: &str, before: Option<&str>, is_last: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(before) = before {
        let found = differences(before, text);
        if found.is_empty() {
            lines.push(Line::Field(name, "as in the attempt before".to_owned(), Tone::Quiet));
        } else {
            lines.push(Line::Field(name, "differs from the attempt before:".to_owned(), Tone::Warning));
            lines.extend(found.into_iter().map(|line| Line::Text(line, Tone::Plain)));
        }
    }
    if before.is_none() || is_last {
        let name = if lines.is_empty() { name } else { "" };
        lines.extend(Line::message(name, text));
    }
    lines
}
