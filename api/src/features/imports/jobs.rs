//! Reading a file: the job behind an import.
//!
//! What is all or nothing is read twice. The first time every row is checked, some at a time, so that one can
//! see how far it is; when nothing was wrong, the second time enters all in the transaction that ends the job.
//! What skips bad rows is read once, and each step enters its rows together with the line up to which it came.
//! A worker that takes up a lost job begins the first anew, and goes on with the second where it was.

use super::{
    kinds::{EnterError, Importer, Table, importer},
    model::{Outcome, Plan, of_file, permissions},
    record::Heading,
    repo,
};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Entry, record_in},
        db::{DbError, TenantTx},
        jobs::{Finished, Job, JobError, Run},
        sheets::{self, Row, Sheet},
    },
};
use chrono_tz::Tz;
use countinghouse_contract::{
    ImportId,
    imports::{ImportMode, ImportStatus},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Reads the file of an import.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadImport {
    pub import_id: ImportId,
}

impl Job for ReadImport {
    const KIND: &'static str = "read_import";
    const MAX_ATTEMPTS: i32 = 5;

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        let id = self.import_id;
        let plan: Option<Plan> = run.transaction(move |tx| repo::begin(tx, id)).await.map_err(JobError::Db)?;
        let Some(plan) = plan.map(Arc::new) else {
            return Ok(run.finish(|_| Ok::<_, DbError>(())).await?);
        };
        if !plan.is_known {
            let gone = of_file("user_gone", "Whoever brought the file no longer belongs to the client.");
            return refuse(run, &plan, Outcome::hopeless(vec![gone])).await;
        }
        match look(&run, &plan).await? {
            Look::Hopeless(outcome) => refuse(run, &plan, outcome).await,
            Look::Faulty if plan.mode == ImportMode::AllOrNothing => end(run, &plan, ImportStatus::Failed).await,
            Look::Faulty | Look::Good if plan.is_in_steps() || plan.dry_run => {
                end(run, &plan, ImportStatus::Done).await
            }
            Look::Faulty | Look::Good => enter_all(run, &plan).await,
        }
    }
}

/// What the first reading found.
enum Look {
    /// Nothing is wrong, or nothing that stops anything.
    Good,
    Faulty,
    /// The file can not be read to its end.
    Hopeless(Outcome),
}

/// Reads the file some rows at a time; where bad ones are skipped, enters the good ones.
async fn look(run: &Run, plan: &Arc<Plan>) -> Result<Look, JobError> {
    let mut rows = open(run, plan).await?;
    let mut reading = Reading::new(plan, plan.is_in_steps());
    loop {
        let batch = match rows.next().await {
            Ok(batch) => batch,
            Err(reason) => return Ok(Look::Hopeless(reason.into())),
        };
        let (is_last, plan) = (batch.is_none(), Arc::clone(plan));
        let step = run.transaction(move |tx| {
            act(tx, &plan);
            let outcome = reading.go_on(tx, batch)?;
            let is_hopeless = outcome.is_hopeless;
            let errors = if is_hopeless { 0 } else { repo::note(tx, plan.id, &outcome)? };
            Ok::<_, EnterError>((reading, errors, is_hopeless.then_some(outcome)))
        });
        let (errors, hopeless);
        (reading, errors, hopeless) = step.await.map_err(failed)?;
        if let Some(outcome) = hopeless {
            return Ok(Look::Hopeless(outcome));
        }
        if is_last {
            return Ok(if errors > 0 { Look::Faulty } else { Look::Good });
        }
    }
}

/// Enters everything, in the transaction that ends the job. What was good a moment ago may have become bad: then
/// nothing is entered.
async fn enter_all(run: Run, plan: &Arc<Plan>) -> Result<Finished, JobError> {
    let mut rows = open(&run, plan).await?;
    let (ending, of_plan) = (run.clone(), Arc::clone(plan));
    let entered = ending.finish(move |tx| {
        act(tx, &of_plan);
        let mut reading = Reading::new(&of_plan, true);
        let mut written = 0;
        loop {
            let batch = rows.next_blocking().map_err(|reason| EnterError::Refused(reason.into()))?;
            let is_last = batch.is_none();
            let outcome = reading.go_on(tx, batch)?;
            if !outcome.faults.is_empty() {
                return Err(EnterError::Refused(outcome));
            }
            written += outcome.written;
            if is_last {
                break;
            }
        }
        repo::note(tx, of_plan.id, &Outcome { written, ..Outcome::default() })?;
        put_away(tx, of_plan.id, ImportStatus::Done)
    });
    match entered.await {
        Err(EnterError::Refused(outcome)) => refuse(run, plan, outcome).await,
        other => other.map_err(failed),
    }
}

/// Ends it for what is wrong with it.
async fn refuse(run: Run, plan: &Arc<Plan>, outcome: Outcome) -> Result<Finished, JobError> {
    let id = plan.id;
    let outcome = Outcome { written: 0, checked: 0, ..outcome };
    let refused = run.finish(move |tx| {
        repo::note(tx, id, &outcome)?;
        put_away(tx, id, ImportStatus::Failed)
    });
    refused.await.map_err(failed)
}

async fn end(run: Run, plan: &Arc<Plan>, status: ImportStatus) -> Result<Finished, JobError> {
    let id = plan.id;
    run.finish(move |tx| put_away(tx, id, status)).await.map_err(failed)
}

fn put_away(tx: &mut TenantTx<'_>, id: ImportId, status: ImportStatus) -> Result<(), EnterError> {
    let ended = repo::finish(tx, id, status)?;
    let told = json!({
        "kind": ended.kind, "status": status, "rows_written": ended.written, "rows_refused": ended.refused,
    });
    Ok(record_in(tx, Entry::new(Action::ImportFinished, id).after(told))?)
}

/// What the import makes is made by whoever brought it.
fn act(tx: &mut TenantTx<'_>, plan: &Plan) {
    tx.act_for(plan.created_by, permissions(plan.kind).iter().copied().collect());
}

async fn open(run: &Run, plan: &Plan) -> Result<sheets::Rows, JobError> {
    let id = plan.id;
    let bytes = run.transaction(move |tx| repo::bytes(tx, id)).await.map_err(JobError::Db)?;
    Ok(Sheet { format: plan.format, bytes }.rows())
}

fn failed(error: EnterError) -> JobError {
    match error {
        EnterError::Db(error) => JobError::Db(error),
        other => JobError::Failed(other.into()),
    }
}

/// A file that is being read: the first row says what the others mean.
struct Reading {
    importer: Box<dyn Importer>,
    heading: Option<Heading>,
    write: bool,
    /// The lines up to this one were done by an attempt before.
    done_before: u64,
    last_line: u64,
    /// Rows that were taken and wait for those to come.
    open_rows: i64,
}

impl Reading {
    fn new(plan: &Plan, write: bool) -> Self {
        let (importer, done_before) = (importer(plan), plan.through_line);
        Self { importer, heading: None, write, done_before, last_line: done_before, open_rows: 0 }
    }

    /// Takes the next rows, or learns that there are no more.
    fn go_on(&mut self, tx: &mut TenantTx<'_>, batch: Option<Vec<Row>>) -> Result<Outcome, EnterError> {
        let Some(mut batch) = batch else {
            let outcome = self.importer.end(tx, self.write)?;
            return Ok(Outcome { checked: self.open_rows, through_line: self.last_line, ..outcome });
        };
        if self.heading.is_none() {
            let first = batch.remove(0);
            match Heading::read(&first, self.importer.columns(), self.importer.ignored()) {
                Ok(heading) => self.heading = Some(heading),
                Err(faults) => return Ok(Outcome::hopeless(faults)),
            }
        }
        batch.retain(|row| row.line > self.done_before);
        let (Some(heading), Some(last)) = (&self.heading, batch.last()) else {
            return Ok(Outcome { through_line: self.done_before, ..Outcome::default() });
        };
        self.last_line = last.line;
        let zone: Tz = tx.actor().time_zone.parse().unwrap_or(Tz::UTC);
        let mut outcome = self.importer.take(tx, Table { heading, rows: &batch, zone }, self.write)?;
        outcome.faults.sort_by_key(|fault| fault.line);
        // Rows that wait are read again by whoever takes the job up after this step.
        let through_line = outcome.open_from.map_or(self.last_line, |line| line.saturating_sub(1));
        let first = batch.first().map_or(0, |row| row.line);
        let open_before = if through_line < first { self.open_rows } else { 0 };
        let open_rows = open_before + count(batch.iter().filter(|row| row.line > through_line));
        let checked = count(batch.iter()) + self.open_rows - open_rows;
        self.open_rows = open_rows;
        Ok(Outcome { checked, through_line, ..outcome })
    }
}

fn count<T>(rows: impl Iterator<Item = T>) -> i64 {
    i64::try_from(rows.count()).unwrap_or(i64::MAX)
}
