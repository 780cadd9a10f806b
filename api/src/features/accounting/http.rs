//! Routes under `/accounting`.

use super::{manual, model::Entry, repo::EntryFilter, service};
use crate::{
    app::AppState,
    features::identity::{CodeHeader, Origin},
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, Query, Route},
        limits::RateClass,
    },
};
use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use countinghouse_contract::{
    EntryId, Page,
    accounting::{
        self, Account, AsOfQuery, EntryQuery, NewAccount, NewEntry, Period, StatementLine, StatementQuery, TrialBalance,
    },
};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::AccountingRead), Access::Needs(Permission::AccountingWrite));
    let close = Access::Needs(Permission::AccountingClose);
    let reopen = Access::PersonNeeds(Permission::AccountingClose);
    vec![
        Route::get("/accounting/journal-entries", read, list).with_query(),
        Route::post("/accounting/journal-entries", write, enter),
        Route::get("/accounting/journal-entries/{id}", read, show),
        Route::post("/accounting/journal-entries/{id}/reverse", write, reverse),
        Route::get("/accounting/accounts", read, accounts),
        Route::post("/accounting/accounts", write, create_account),
        Route::get("/accounting/accounts/{code}/entries", read, statement).with_query(),
        Route::get("/accounting/trial-balance", read, trial_balance).with_query(),
        Route::get("/accounting/periods", read, periods),
        Route::post("/accounting/periods/{month}/close", close, close_month),
        Route::post("/accounting/periods/{month}/reopen", reopen, reopen_month).rate(RateClass::LogIn),
    ]
}

/// The journal, newest first.
async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<EntryQuery>,
) -> Result<Answer<Page<accounting::Entry>>, ApiError> {
    let EntryQuery { from, to, source, source_id, limit, cursor } = query.0;
    let filter = EntryFilter { from, to, source, source_id };
    let list = format!("journal {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::entries(&ctx, filter, asked).await?;
    let currency = ctx.principal().currency;
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, Entry::position, |entry| entry.into_wire(currency))))
}

/// Posts an entry by hand.
async fn enter(ctx: TenantCtx, body: Body<NewEntry>) -> Result<Answer<accounting::Entry>, ApiError> {
    let entry = manual::enter(&ctx, body.0).await?;
    Ok(created(&ctx, entry))
}

async fn show(ctx: TenantCtx, id: IdPath<EntryId>) -> Result<Answer<accounting::Entry>, ApiError> {
    let entry = service::entry(&ctx, id.0).await?;
    Ok(Answer::ok(entry.into_wire(ctx.principal().currency)))
}

/// Takes an entry by hand back.
async fn reverse(ctx: TenantCtx, id: IdPath<EntryId>) -> Result<Answer<accounting::Entry>, ApiError> {
    let entry = manual::reverse(&ctx, id.0).await?;
    Ok(created(&ctx, entry))
}

fn created(ctx: &TenantCtx, entry: Entry) -> Answer<accounting::Entry> {
    let location = format!("/api/v1/accounting/journal-entries/{}", entry.id);
    Answer::created(entry.into_wire(ctx.principal().currency)).at(location)
}

/// The whole chart, by code.
async fn accounts(ctx: TenantCtx) -> Result<Answer<Page<Account>>, ApiError> {
    Ok(Answer::ok(Page { data: service::accounts(&ctx).await?, next_cursor: None }))
}

async fn create_account(ctx: TenantCtx, body: Body<NewAccount>) -> Result<Answer<Account>, ApiError> {
    Ok(Answer::created(service::create_account(&ctx, body.0).await?))
}

/// An account's lines with its balance after each, newest first.
async fn statement(
    state: Data<AppState>,
    ctx: TenantCtx,
    code: Path<String>,
    query: Query<StatementQuery>,
) -> Result<Answer<Page<StatementLine>>, ApiError> {
    let StatementQuery { from, to, limit, cursor } = query.0;
    let list = format!("statement {} {code} {from:?} {to:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::statement(&ctx, code.into_inner(), from, to, asked).await?;
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, |(_, position)| *position, |(line, _)| line)))
}

async fn trial_balance(ctx: TenantCtx, query: Query<AsOfQuery>) -> Result<Answer<TrialBalance>, ApiError> {
    Ok(Answer::ok(service::trial_balance(&ctx, query.0.as_of).await?))
}

/// The months that are closed, the latest first.
async fn periods(ctx: TenantCtx) -> Result<Answer<Page<Period>>, ApiError> {
    Ok(Answer::ok(Page { data: service::periods(&ctx).await?, next_cursor: None }))
}

/// Closes a month: nothing is dated in it any more.
async fn close_month(ctx: TenantCtx, month: Path<String>) -> Result<Answer<Period>, ApiError> {
    Ok(Answer::ok(service::close(&ctx, month.into_inner()).await?))
}

/// Opens a closed month again; asks for `X-2FA-Code`.
async fn reopen_month(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: TenantCtx,
    month: Path<String>,
    code: CodeHeader,
) -> Result<Answer<Period>, ApiError> {
    Ok(Answer::ok(service::reopen(&state, &ctx, month.into_inner(), code, Origin::of(&req)).await?))
}
