//! A job's turn at a client's ERP, step by step: what ended is kept, and what is due is begun, in one transaction.
//!
//! Locks are taken in one order: the link, orders by id, and then what is told of them. Whoever changes an order
//! holds it before its sync.

use super::{
    answers::{Accepted, Verdict, sign},
    backoff,
    config::{self, Secrets},
    error::ErpError,
    model::{Due, Ended, LinkState, Standing, Task},
    payload,
    repo::{attempts, configs, configs::Settings, syncs, turns},
    sending::{SyncWithErp, send_soon_in},
    syncing::{Settled, settle_in},
};
use crate::{
    features::orders,
    platform::{
        db::{DbError, Named, TenantTx},
        events,
        ids::Ids,
        jobs::{JobError, forget_done_in},
        vault::Vault,
    },
};
use chrono::Duration;
use countinghouse_contract::{
    ErpSyncId, JobId, OrderId,
    erp::{ErpAttemptKind, ErpSyncStatus, HIDDEN},
    events::{ErpSyncAfterSend, ErpSyncBeforeSend, ErpSyncSuccess, Event},
};
use std::collections::{BTreeSet, HashMap};

/// A version that waits for the one before it looks again after this, should nobody bring it forward.
const LOOKS_AGAIN: Duration = Duration::minutes(1);

/// How the ERP is reached in this turn.
pub struct Link {
    pub base_url: String,
    pub secrets: Secrets,
    pub settings: Settings,
}

impl Link {
    /// A text of the ERP's, for people: it may repeat the key.
    pub fn without_secrets(&self, text: &str) -> String {
        let hidden = self.hidden();
        if hidden.is_empty() { text.to_owned() } else { text.replace(&hidden, HIDDEN) }
    }

    /// What nobody is to read in a log.
    fn hidden(&self) -> String {
        let key = self.secrets.api_key.as_ref();
        key.map(|key| String::from_utf8_lossy(key.expose()).into_owned()).unwrap_or_default()
    }
}

/// The turn, with what a job that is gone has left under way; `None` when another job sends, or nothing is sent.
pub fn take_in(tx: &mut TenantTx<'_>, vault: &Vault, job: JobId) -> Result<Option<(Link, Vec<Ended>)>, ErpError> {
    let Some(turn) = turns::lock(tx)? else {
        return Ok(None);
    };
    if turn.sender.is_some_and(|sender| sender != job) && turns::sender_runs(tx)? {
        return Ok(None);
    }
    let lost = syncs::under_way(tx)?;
    if !turn.enabled && lost.is_empty() {
        return Ok(None);
    }
    let settings = configs::find(tx)?.unwrap_or_default();
    let secrets = config::secrets_in(tx, vault, &settings)?;
    turns::set_sender(tx, Some(job))?;
    let gone = || Verdict::Unknown("The worker was lost that waited for the answer.".to_owned());
    let lost = lost.into_iter().map(|task| Ended { task, called: None, verdict: gone() }).collect();
    Ok(Some((Link { base_url: settings.base_url.clone().unwrap_or_default(), secrets, settings }, lost)))
}

/// Keeps what ended, and begins what is due, as far as there is room beside what is `under_way`.
pub fn step_in(
    tx: &mut TenantTx<'_>,
    ids: &Ids,
    link: &Link,
    ended: Vec<Ended>,
    under_way: usize,
    may_begin: bool,
) -> Result<Vec<Task>, JobError> {
    turns::plan_once(tx)?;
    let Some(turn) = turns::lock(tx)? else {
        return Ok(Vec::new());
    };
    let now = tx.now();
    let same = turn.enabled && turn.version == link.settings.version;
    // Of another address, these say nothing.
    let signs = ended.iter().filter(|_| same).filter_map(|ended| ended.called.as_ref());
    let breaker = turn.breaker.after(signs.map(|called| sign(&called.answer, now)), now);
    let follows = |ended: &Ended| same && ended.verdict == Verdict::NotThere;
    let to_follow: Vec<Task> = ended.iter().filter(|ended| follows(ended)).map(followed).collect();
    let room = if same && may_begin { breaker.room(now, under_way + to_follow.len()) } else { 0 };
    let chosen = choose_in(tx, room)?;
    orders::hold_in(tx, &orders_of(ended.iter().map(|ended| &ended.task).chain(chosen.all())))?;
    attempts::complete(tx, &ended.iter().collect::<Vec<_>>(), link.settings.debug, &link.hidden())?;
    syncs::supersede(tx, &chosen.superseded)?;
    syncs::put_off(tx, &chosen.blocked, now + LOOKS_AGAIN)?;
    let mut told = conclude_in(tx, ids, link, ended.iter().filter(|ended| !follows(ended)).collect())?;
    let mut begun = begin_in(tx, chosen.sent)?;
    begun.extend(to_follow);
    attempts::insert(tx, &begun, link.settings.debug)?;
    told.extend(begun.iter().filter_map(before_send));
    events::record_in(tx, &told)?;
    if breaker != turn.breaker {
        turns::set_breaker(tx, breaker)?;
        if breaker.state(now) != turn.breaker.state(now) {
            tracing::warn!(tenant = %tx.tenant_id(), state = ?breaker.state(now), "the breaker of an ERP moved");
        }
    }
    Ok(begun)
}

/// The turn is over. Where more is due, or will be, another begins then.
pub fn end_in(tx: &mut TenantTx<'_>, job: JobId) -> Result<(), JobError> {
    let Some(turn) = turns::lock(tx)? else {
        return Ok(());
    };
    if turn.sender == Some(job) {
        turns::set_sender(tx, None)?;
    }
    let now = tx.now();
    if let Some(due) = syncs::next_due(tx)?.filter(|_| turn.enabled) {
        let open_until = turn.breaker.open_until.unwrap_or(now);
        send_soon_in(tx, due.max(open_until).max(now))?;
    }
    Ok(forget_done_in::<SyncWithErp>(tx)?)
}

/// How the link stands.
pub fn link_state_in(tx: &mut TenantTx<'_>) -> Result<LinkState, ErpError> {
    let turn = turns::find(tx)?;
    let (syncs, oldest_due) = syncs::figures(tx)?;
    let breaker = turn.as_ref().map(|turn| turn.breaker).unwrap_or_default();
    let named = |(text, count): (String, i64)| ErpSyncStatus::named(&text).map(|status| (status.name(), count));
    Ok(LinkState {
        enabled: turn.is_some_and(|turn| turn.enabled),
        breaker,
        state: breaker.state(tx.now()),
        syncs: syncs.into_iter().filter_map(named).collect(),
        oldest_due: oldest_due.filter(|due| *due <= tx.now()),
    })
}

/// What is due, divided by what becomes of it.
#[derive(Default)]
struct Chosen {
    sent: Vec<Due>,
    /// Never sent, and a later version says all.
    superseded: Vec<Task>,
    /// They wait for the version before them.
    blocked: Vec<Task>,
}

impl Chosen {
    fn all(&self) -> impl Iterator<Item = &Task> {
        self.sent.iter().map(|due| &due.task).chain(&self.superseded).chain(&self.blocked)
    }
}

fn choose_in(tx: &mut TenantTx<'_>, room: usize) -> Result<Chosen, JobError> {
    let mut chosen = Chosen::default();
    if room == 0 {
        return Ok(chosen);
    }
    for due in syncs::due(tx)? {
        if due.overtaken && !due.begun {
            chosen.superseded.push(due.task);
        } else if due.blocked {
            chosen.blocked.push(due.task);
        } else if chosen.sent.len() < room {
            chosen.sent.push(due);
        }
    }
    Ok(chosen)
}

fn orders_of<'a>(tasks: impl Iterator<Item = &'a Task>) -> Vec<OrderId> {
    tasks.map(|task| task.order).collect::<BTreeSet<_>>().into_iter().collect()
}

/// These attempts begin, each with its body: the one that was sent before, or that of the order as it stands.
fn begin_in(tx: &mut TenantTx<'_>, chosen: Vec<Due>) -> Result<Vec<Task>, JobError> {
    let unwritten = chosen.iter().filter(|due| due.task.payload.is_empty());
    let orders = read_in(tx, &unwritten.map(|due| due.task.order).collect::<Vec<_>>())?;
    let mut begun = Vec::with_capacity(chosen.len());
    for Due { mut task, erp_reference, .. } in chosen {
        if task.payload.is_empty() {
            let Some(order) = orders.get(&task.order) else {
                give_up_in(tx, &task)?;
                continue;
            };
            let version = payload::Version { number: task.order_version, erp_reference: erp_reference.as_deref() };
            task.payload = payload::body(order, &version).map_err(anyhow::Error::from)?;
        }
        begun.push(Task { attempts: task.attempts.saturating_add(1), number: task.number.saturating_add(1), ..task });
    }
    let taken: BTreeSet<ErpSyncId> = syncs::begin(tx, &begun)?.into_iter().collect();
    begun.retain(|task| taken.contains(&task.sync));
    Ok(begun)
}

/// Those that can be read: one that can not be holds up no other.
fn read_in(tx: &mut TenantTx<'_>, ids: &[OrderId]) -> Result<HashMap<OrderId, orders::Order>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut found = Vec::with_capacity(ids.len());
    match orders::find_all_in(tx, ids) {
        Ok(all) => found = all,
        Err(DbError::Corrupt { .. }) => {
            for id in ids {
                match orders::find_all_in(tx, std::slice::from_ref(id)) {
                    Ok(one) => found.extend(one),
                    Err(DbError::Corrupt { .. }) => tracing::error!(order = %id, "an order can not be read"),
                    Err(error) => return Err(error),
                }
            }
        }
        Err(error) => return Err(error),
    }
    Ok(found.into_iter().map(|order| (order.id, order)).collect())
}

/// It failed for good, where people see it, until somebody has mended the order and retries it.
fn give_up_in(tx: &mut TenantTx<'_>, task: &Task) -> Result<(), JobError> {
    let why = "The order could not be read, so it was not sent. Tell the operator, and retry it when it is mended.";
    settle_in(tx, task.sync, &Settled::Failed { why: why.to_owned() }).map_err(anyhow::Error::from)?;
    Ok(())
}

/// The ERP has not got it: it is sent in the same attempt.
fn followed(looked_up: &Ended) -> Task {
    let task = looked_up.task.clone();
    Task { number: task.number.saturating_add(1), kind: ErpAttemptKind::Send, ..task }
}

fn before_send(task: &Task) -> Option<Event> {
    let payload = (task.kind == ErpAttemptKind::Send).then(|| payload::told(&task.payload).ok())??;
    Some(Event::ErpSyncBeforeSend(ErpSyncBeforeSend { sync: task.told(), payload: Box::new(payload) }))
}

/// Keeps how each stands, and says what is told of it.
fn conclude_in(tx: &mut TenantTx<'_>, ids: &Ids, link: &Link, ended: Vec<&Ended>) -> Result<Vec<Event>, JobError> {
    let unknown = ended.iter().filter(|ended| matches!(ended.verdict, Verdict::Unknown(_)));
    let unknown: Vec<ErpSyncId> = unknown.map(|ended| ended.task.sync).collect();
    let told_of = if unknown.is_empty() { HashMap::new() } else { syncs::references(tx, &unknown)? };
    let standings: Vec<Standing> = ended
        .iter()
        .map(|ended| match told_of.get(&ended.task.sync) {
            Some(reference) => has_it(Accepted { reference: Some(reference.clone()), ..Accepted::default() }),
            None => standing(ended, link.settings.base_delay_seconds, tx, ids),
        })
        .collect();
    syncs::conclude(tx, &ended, &standings)?;
    let of = |status: ErpSyncStatus| {
        let some = ended.iter().zip(&standings).filter(move |(_, standing)| standing.status == status);
        some.map(|(ended, _)| &ended.task)
    };
    syncs::mark_synced(tx, &orders_of(of(ErpSyncStatus::Success)))?;
    let settled = of(ErpSyncStatus::Success).chain(of(ErpSyncStatus::Failed));
    syncs::bring_forward(tx, &orders_of(settled))?;
    Ok(ended.iter().zip(&standings).flat_map(|(ended, standing)| told(ended, standing)).collect())
}

fn has_it(accepted: Accepted) -> Standing {
    Standing { status: ErpSyncStatus::Success, next_attempt_at: None, outcome_unknown: false, error: None, accepted }
}

fn standing(ended: &Ended, base_delay: i32, tx: &TenantTx<'_>, ids: &Ids) -> Standing {
    let task = &ended.task;
    let (wait, error, outcome_unknown) = match &ended.verdict {
        Verdict::Accepted(accepted) => return has_it(accepted.clone()),
        Verdict::Refused(error) => {
            return Standing {
                status: ErpSyncStatus::Failed,
                error: Some(error.clone()),
                ..has_it(Accepted::default())
            };
        }
        // The answer to a question leaves open what it was asked about.
        Verdict::Again { wait, error } => (*wait, error.clone(), task.kind == ErpAttemptKind::LookUp),
        Verdict::Unknown(error) => (None, error.clone(), true),
        Verdict::NotThere => (None, "The link was changed before it was sent.".to_owned(), false),
    };
    let waiting = task.attempts < task.max_attempts;
    // Nobody has to be spared where a worker was lost: the ERP is asked at once.
    let delay = ended.called.as_ref().map(|_| backoff::delay(task.attempts, base_delay, wait, ids));
    Standing {
        status: if waiting { ErpSyncStatus::Pending } else { ErpSyncStatus::Failed },
        next_attempt_at: waiting.then(|| tx.now() + delay.unwrap_or_default()),
        outcome_unknown,
        error: Some(error),
        accepted: Accepted::default(),
    }
}

/// What others are told of an attempt that ended.
fn told(ended: &Ended, standing: &Standing) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(called) = ended.called.as_ref().filter(|_| ended.task.kind == ErpAttemptKind::Send) {
        let status = called.answer.as_ref().ok().map(|answer| answer.status.into());
        let outcome_unknown = standing.outcome_unknown;
        events.push(Event::ErpSyncAfterSend(ErpSyncAfterSend { sync: ended.task.told(), status, outcome_unknown }));
    }
    match standing.status {
        ErpSyncStatus::Success => {
            let erp_reference = standing.accepted.reference.clone();
            events.push(Event::ErpSyncSuccess(ErpSyncSuccess { sync: ended.task.told(), erp_reference }));
        }
        ErpSyncStatus::Failed => events.push(Event::ErpSyncFailed(ended.task.told())),
        _ => {}
    }
    events
}
