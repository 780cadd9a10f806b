//! Imports in the database, with their files and what was wrong with them.

use super::model::{FORMATS, KINDS, MODES, Outcome, Plan, STATUSES, word};
use crate::{
    platform::{
        db::{DbError, TenantTx, prepared},
        http::{PageRequest, Position},
    },
    schema::{import_chunks, import_errors, imports, jobs, users},
};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::{
    ImportId, JobId, UserId,
    exports::SheetFormat,
    imports::{Import, ImportError, ImportKind, ImportMode, ImportStatus},
};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

/// How many faults of a file are kept.
const FAULTS: i64 = 1000;

pub struct NewImport {
    pub id: ImportId,
    pub kind: ImportKind,
    pub format: SheetFormat,
    pub mode: ImportMode,
    pub dry_run: bool,
    pub date: Option<NaiveDate>,
    pub bytes: i64,
    pub job: JobId,
}

pub fn insert(tx: &mut TenantTx<'_>, new: &NewImport) -> Result<(), DbError> {
    let (tenant, now, by) = (tx.tenant_id(), tx.now(), tx.actor().user_id);
    diesel::insert_into(imports::table)
        .values((
            imports::tenant_id.eq(tenant.0),
            imports::id.eq(new.id.0),
            imports::kind.eq(word(new.kind, &KINDS)),
            imports::format.eq(word(new.format, &FORMATS)),
            imports::mode.eq(word(new.mode, &MODES)),
            imports::dry_run.eq(new.dry_run),
            imports::date.eq(new.date),
            imports::bytes.eq(new.bytes),
            imports::job_id.eq(new.job.0),
            imports::created_by.eq(by.0),
            imports::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn insert_chunk(tx: &mut TenantTx<'_>, import: ImportId, position: i32, bytes: &[u8]) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::insert_into(import_chunks::table)
        .values((
            import_chunks::tenant_id.eq(tenant.0),
            import_chunks::import_id.eq(import.0),
            import_chunks::position.eq(position),
            import_chunks::bytes.eq(bytes),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// How much waits to be read.
pub fn bytes_waiting(tx: &mut TenantTx<'_>) -> Result<i64, DbError> {
    let tenant = tx.tenant_id();
    let waiting = imports::table.filter(imports::tenant_id.eq(tenant.0)).filter(imports::finished_at.is_null());
    let bytes: Vec<i64> = waiting.select(imports::bytes).load(tx.conn())?;
    Ok(bytes.into_iter().sum())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = imports)]
struct Row {
    id: Uuid,
    kind: String,
    format: String,
    mode: String,
    dry_run: bool,
    status: String,
    bytes: i64,
    rows_checked: i64,
    rows_written: i64,
    rows_refused: i64,
    errors_found: i64,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

fn known<T: Copy>(text: &str, words: &[(T, &'static str)]) -> Result<T, DbError> {
    let found = words.iter().find(|(_, word)| *word == text).map(|(known, _)| *known);
    found.ok_or_else(|| DbError::Corrupt { table: "imports", what: text.to_owned() })
}

/// An import whose job was given up for dead is one that failed.
fn import((row, dead): (Row, Option<Option<DateTime<Utc>>>)) -> Result<Import, DbError> {
    let dead = dead.flatten().filter(|_| row.finished_at.is_none());
    Ok(Import {
        id: ImportId(row.id),
        kind: known(&row.kind, &KINDS)?,
        format: known(&row.format, &FORMATS)?,
        mode: known(&row.mode, &MODES)?,
        dry_run: row.dry_run,
        status: if dead.is_some() { ImportStatus::Failed } else { known(&row.status, &STATUSES)? },
        bytes: row.bytes,
        rows_checked: row.rows_checked,
        rows_written: row.rows_written,
        rows_refused: row.rows_refused,
        errors_found: row.errors_found,
        created_by: UserId(row.created_by),
        created_at: row.created_at,
        finished_at: row.finished_at.or(dead),
    })
}

/// Imports of these kinds, with when their job was given up.
#[diesel::dsl::auto_type(no_type_alias)]
fn shown<'a>(tenant: Uuid, kinds: Vec<&'a str>) -> _ {
    let dead = jobs::tenant_id.eq(imports::tenant_id).and(jobs::id.eq(imports::job_id)).and(jobs::state.eq("dead"));
    imports::table
        .left_join(jobs::table.on(dead))
        .filter(imports::tenant_id.eq(tenant))
        .filter(imports::kind.eq_any(kinds))
}

pub fn find(tx: &mut TenantTx<'_>, id: ImportId, kinds: &[ImportKind]) -> Result<Option<Import>, DbError> {
    let tenant = tx.tenant_id();
    let kinds = kinds.iter().map(|kind| word(*kind, &KINDS)).collect();
    let row = shown(tenant.0, kinds)
        .filter(imports::id.eq(id.0))
        .select((Row::as_select(), jobs::finished_at.nullable()))
        .first::<(Row, Option<DateTime<Utc>>)>(tx.conn())
        .optional()?;
    row.map(|(row, dead)| import((row, Some(dead)))).transpose()
}

pub fn list(tx: &mut TenantTx<'_>, kinds: &[ImportKind], asked: PageRequest) -> Result<Vec<Import>, DbError> {
    let tenant = tx.tenant_id();
    let kinds = kinds.iter().map(|kind| word(*kind, &KINDS)).collect();
    let mut query = shown(tenant.0, kinds).select((Row::as_select(), jobs::finished_at.nullable())).into_boxed();
    if let Some(after) = asked.after {
        query = query
            .filter(imports::created_at.le(after.created_at))
            .filter(imports::created_at.lt(after.created_at).or(imports::id.lt(after.id)));
    }
    let rows: Vec<(Row, Option<DateTime<Utc>>)> =
        query.order((imports::created_at.desc(), imports::id.desc())).limit(asked.rows()).load(tx.conn())?;
    rows.into_iter().map(|(row, dead)| import((row, Some(dead)))).collect()
}

/// What was wrong, in the order of the lines, with its place in it.
pub fn errors(tx: &mut TenantTx<'_>, id: ImportId, asked: PageRequest) -> Result<Vec<(i64, ImportError)>, DbError> {
    type Row = (i64, Option<i64>, Option<String>, String, String);
    let tenant = tx.tenant_id();
    let after = asked.after.map_or(0, number_of);
    let rows: Vec<Row> = import_errors::table
        .filter(import_errors::tenant_id.eq(tenant.0).and(import_errors::import_id.eq(id.0)))
        .filter(import_errors::number.gt(after))
        .order(import_errors::number)
        .limit(asked.rows())
        .select((
            import_errors::number,
            import_errors::line,
            import_errors::column_name,
            import_errors::code,
            import_errors::detail,
        ))
        .load(tx.conn())?;
    let error = |(number, line, column, code, detail)| (number, ImportError { line, column, code, detail });
    Ok(rows.into_iter().map(error).collect())
}

/// A fault's number as the position that a cursor holds.
pub fn position_of(number: i64) -> Position {
    let id = Uuid::from_u128(u128::try_from(number).unwrap_or_default());
    Position { created_at: DateTime::UNIX_EPOCH, id }
}

fn number_of(position: Position) -> i64 {
    i64::try_from(position.id.as_u128()).unwrap_or(i64::MAX)
}

/// An import that is to be read now; none when it has ended or is gone. One that enters everything at the end
/// begins anew.
pub fn begin(tx: &mut TenantTx<'_>, id: ImportId) -> Result<Option<Plan>, DbError> {
    type Row = (String, String, String, bool, Option<NaiveDate>, Uuid, i64);
    let tenant = tx.tenant_id();
    let columns = (
        imports::kind,
        imports::format,
        imports::mode,
        imports::dry_run,
        imports::date,
        imports::created_by,
        imports::through_line,
    );
    let waiting = imports::table.find((tenant.0, id.0)).filter(imports::finished_at.is_null());
    let row: Option<Row> = waiting.select(columns).first(tx.conn()).optional()?;
    let Some((kind, format, mode, dry_run, date, by, through_line)) = row else {
        return Ok(None);
    };
    let user = users::table.find((tenant.0, by)).filter(users::disabled.eq(false)).filter(users::deleted_at.is_null());
    let is_known = user.select(users::id).first::<Uuid>(tx.conn()).optional()?.is_some();
    let mut plan = Plan {
        id,
        kind: known(&kind, &KINDS)?,
        format: known(&format, &FORMATS)?,
        mode: known(&mode, &MODES)?,
        dry_run,
        date,
        created_by: UserId(by),
        is_known,
        through_line: u64::try_from(through_line).unwrap_or_default(),
    };
    diesel::update(imports::table.find((tenant.0, id.0))).set(imports::status.eq("running")).execute(tx.conn())?;
    if !plan.is_in_steps() {
        plan.through_line = 0;
        forget(tx, id)?;
    }
    Ok(Some(plan))
}

/// As if nothing of it had been looked at.
fn forget(tx: &mut TenantTx<'_>, id: ImportId) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let errors = import_errors::tenant_id.eq(tenant.0).and(import_errors::import_id.eq(id.0));
    diesel::delete(import_errors::table.filter(errors)).execute(tx.conn())?;
    diesel::update(imports::table.find((tenant.0, id.0)))
        .set((imports::rows_checked.eq(0), imports::rows_refused.eq(0), imports::errors_found.eq(0)))
        .execute(tx.conn())?;
    Ok(())
}

/// The file.
pub fn bytes(tx: &mut TenantTx<'_>, id: ImportId) -> Result<Vec<u8>, DbError> {
    let tenant = tx.tenant_id();
    let chunks: Vec<Vec<u8>> = import_chunks::table
        .filter(import_chunks::tenant_id.eq(tenant.0).and(import_chunks::import_id.eq(id.0)))
        .order(import_chunks::position)
        .select(import_chunks::bytes)
        .load(tx.conn())?;
    Ok(chunks.concat())
}

/// Adds what came of some rows to what is known, and answers how many faults there are now.
pub fn note(tx: &mut TenantTx<'_>, id: ImportId, outcome: &Outcome) -> Result<i64, DbError> {
    let (tenant, found) = (tx.tenant_id(), i64::try_from(outcome.faults.len()).unwrap_or(i64::MAX));
    let through: i64 = outcome.through_line.try_into().unwrap_or(i64::MAX);
    let errors_found: i64 = diesel::update(imports::table.find((tenant.0, id.0)))
        .set((
            imports::rows_checked.eq(imports::rows_checked + outcome.checked),
            imports::rows_written.eq(imports::rows_written + outcome.written),
            imports::rows_refused.eq(imports::rows_refused + outcome.refused),
            imports::errors_found.eq(imports::errors_found + found),
            imports::through_line.eq(through),
        ))
        .returning(imports::errors_found)
        .get_result(tx.conn())?;
    let before = errors_found - found;
    let room = usize::try_from((FAULTS - before).max(0)).unwrap_or_default();
    let kept: Vec<&ImportError> = outcome.faults.iter().take(room).collect();
    if !kept.is_empty() {
        insert_errors(tx, id, before, &kept)?;
    }
    Ok(errors_found)
}

fn insert_errors(tx: &mut TenantTx<'_>, id: ImportId, before: i64, faults: &[&ImportError]) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    prepared(
        "INSERT INTO import_errors (tenant_id, import_id, number, line, column_name, code, detail) \
         SELECT $1, $2, $3 + e.place, e.line, e.column_name, e.code, e.detail \
         FROM unnest($4, $5, $6, $7) WITH ORDINALITY AS e (line, column_name, code, detail, place)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<BigInt, _>(before)
    .bind::<Array<Nullable<BigInt>>, _>(faults.iter().map(|fault| fault.line).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(faults.iter().map(|fault| fault.column.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(faults.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(faults.iter().map(|fault| fault.detail.as_str()).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

/// How an import ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub kind: ImportKind,
    pub written: i64,
    pub refused: i64,
}

/// Ends it, and lets the file go.
pub fn finish(tx: &mut TenantTx<'_>, id: ImportId, status: ImportStatus) -> Result<Ended, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let chunks = import_chunks::tenant_id.eq(tenant.0).and(import_chunks::import_id.eq(id.0));
    diesel::delete(import_chunks::table.filter(chunks)).execute(tx.conn())?;
    let (kind, written, refused): (String, i64, i64) = diesel::update(imports::table.find((tenant.0, id.0)))
        .set((imports::status.eq(word(status, &STATUSES)), imports::finished_at.eq(now)))
        .returning((imports::kind, imports::rows_written, imports::rows_refused))
        .get_result(tx.conn())?;
    Ok(Ended { kind: known(&kind, &KINDS)?, written, refused })
}
