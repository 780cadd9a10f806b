//! Routes under `/accounting`.

use super::{
    error::{ACCOUNT_TAKEN, ALREADY_REVERSED, NOT_MANUAL, PERIOD_CLOSED, PERIOD_NOT_CLOSED, PERIOD_NOT_OVER},
    manual,
    model::Entry,
    repo::EntryFilter,
    service,
};
use crate::{
    app::AppState,
    features::identity::{CodeHeader, Origin},
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, Query, Route, problems},
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
        Route::get("/accounting/journal-entries", read, list).about("The journal, newest first."),
        Route::post("/accounting/journal-entries", write, enter)
            .about("Posts an entry by hand.")
            .creates()
            .refuses(&[PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::get("/accounting/journal-entries/{id}", read, show).about("One entry of the journal."),
        Route::post("/accounting/journal-entries/{id}/reverse", write, reverse)
            .about("Takes an entry by hand back, with one that is dated today.")
            .creates()
            .refuses(&[NOT_MANUAL, ALREADY_REVERSED, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::get("/accounting/accounts", read, accounts).about("The whole chart, by code."),
        Route::post("/accounting/accounts", write, create_account)
            .about("Adds an account to the chart.")
            .creates()
            .refuses(&[ACCOUNT_TAKEN]),
        Route::get("/accounting/accounts/{code}/entries", read, statement)
            .about("An account's lines with its balance after each, newest first."),
        Route::get("/accounting/trial-balance", read, trial_balance)
            .about("What every account holds at the end of a day."),
        Route::get("/accounting/periods", read, periods).about("The months that are closed, the latest first."),
        Route::post("/accounting/periods/{month}/close", close, close_month)
            .about("Closes a month: nothing is dated in it any more.")
            .refuses(&[PERIOD_NOT_OVER]),
        Route::post("/accounting/periods/{month}/reopen", reopen, reopen_month)
            .about("Opens a closed month again; asks for a second factor.")
            .rate(RateClass::LogIn)
            .refuses(&[PERIOD_NOT_CLOSED]),
    ]
}

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

async fn enter(ctx: TenantCtx, body: Body<NewEntry>) -> Result<Answer<accounting::Entry>, ApiError> {
    let entry = manual::enter(&ctx, body.0).await?;
    Ok(created(&ctx, entry))
}

async fn show(ctx: TenantCtx, id: IdPath<EntryId>) -> Result<Answer<accounting::Entry>, ApiError> {
    let entry = service::entry(&ctx, id.0).await?;
    Ok(Answer::ok(entry.into_wire(ctx.principal().currency)))
}

async fn reverse(ctx: TenantCtx, id: IdPath<EntryId>) -> Result<Answer<accounting::Entry>, ApiError> {
    let entry = manual::reverse(&ctx, id.0).await?;
    Ok(created(&ctx, entry))
}

fn created(ctx: &TenantCtx, entry: Entry) -> Answer<accounting::Entry> {
    let location = format!("/api/v1/accounting/journal-entries/{}", entry.id);
    Answer::created(entry.into_wire(ctx.principal().currency)).at(location)
}

async fn accounts(ctx: TenantCtx) -> Result<Answer<Page<Account>>, ApiError> {
    Ok(Answer::ok(Page { data: service::accounts(&ctx).await?, next_cursor: None }))
}

async fn create_account(ctx: TenantCtx, body: Body<NewAccount>) -> Result<Answer<Account>, ApiError> {
    Ok(Answer::created(service::create_account(&ctx, body.0).await?))
}

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

async fn periods(ctx: TenantCtx) -> Result<Answer<Page<Period>>, ApiError> {
    Ok(Answer::ok(Page { data: service::periods(&ctx).await?, next_cursor: None }))
}

async fn close_month(ctx: TenantCtx, month: Path<String>) -> Result<Answer<Period>, ApiError> {
    Ok(Answer::ok(service::close(&ctx, month.into_inner()).await?))
}

async fn reopen_month(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: TenantCtx,
    month: Path<String>,
    code: CodeHeader,
) -> Result<Answer<Period>, ApiError> {
    Ok(Answer::ok(service::reopen(&state, &ctx, month.into_inner(), code, Origin::of(&req)).await?))
}
