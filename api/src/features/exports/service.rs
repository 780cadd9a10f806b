//! Writing an export to a file, and the file to whoever asked.

use super::repo::{Export, Form, Period, for_each};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        db::{DbError, TenantTx},
        http::{ApiError, FileAnswer},
        sheets::{CSV, SheetError, SheetWriter, XLSX},
    },
};
use actix_web::web;
use chrono_tz::Tz;
use countinghouse_contract::exports::SheetFormat;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Sheet(#[from] SheetError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Sheet(error) => error.into(),
            ExportError::Db(error) => error.into(),
        }
    }
}

pub async fn export<R: Export>(
    state: &AppState,
    ctx: &TenantCtx,
    format: SheetFormat,
    period: Period,
) -> Result<FileAnswer, ApiError> {
    let spool = state.spools.turn(ctx.tenant_id()).await?;
    // The turn goes with the work, which ends what it began also when nobody waits for it any more.
    let written = ctx.transaction(move |tx| Ok::<_, ExportError>((write::<R>(tx, format, period)?, spool)));
    let (sheet, spool) = written.await?;
    // A workbook is put together now, when nobody waits for the connection any more.
    let finished = web::block(move || Ok((sheet.finish()?, spool)));
    let (file, spool) = finished.await.unwrap_or_else(|error| Err(SheetError::thread(error)))?;
    let day = state.ids.now().with_timezone(&zone(&ctx.principal().time_zone)).date_naive();
    let name = format!("{}-{day}.{}", R::NAME, format.extension());
    let media_type = match format {
        SheetFormat::Csv => CSV,
        SheetFormat::Xlsx => XLSX,
    };
    Ok(FileAnswer::new(media_type, name, spool.body(file).map_err(SheetError::from)?))
}

fn write<R: Export>(tx: &mut TenantTx<'_>, format: SheetFormat, period: Period) -> Result<SheetWriter, ExportError> {
    let actor = tx.actor();
    let form = Form {
        currency: actor.currency,
        zone: zone(&actor.time_zone),
        costs: actor.permissions.holds(Permission::CostsRead),
    };
    let costs = if form.costs { R::COSTS } else { &[] };
    let mut sheet = SheetWriter::new(format, &[R::COLUMNS, costs].concat())?;
    for_each(tx, period, |row: &R| Ok::<_, ExportError>(sheet.row(&row.cells(&form))?))?;
    Ok(sheet)
}

fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}
