//! The routes `/audit` and `/admin/audit`.

use super::{model::Filter, repo};
use crate::{
    app::AppState,
    platform::{
        audit::operator_standing_in,
        authn::{PlatformCtx, TenantCtx},
        authz::Permission,
        crypto::hex,
        http::{Access, Answer, ApiError, Dates, Invalid, Position, Query, Route, Text},
    },
};
use actix_web::web::Data;
use countinghouse_contract::{
    Page,
    audit::{AuditChain, AuditEntry, AuditQuery, OperatorAuditQuery},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/audit", Access::Needs(Permission::AuditRead), list)
            .about("Who did what in this client, superadmins too; newest first."),
        Route::get("/admin/audit", Access::Superadmin, list_of_operator)
            .about("What superadmins and the operator did, and who of them came in; newest first."),
        Route::get("/admin/audit/chain", Access::Superadmin, chain_of_operator)
            .about("Whether the newest entries of the operator's own log are what was sealed."),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<AuditQuery>,
) -> Result<Answer<Page<AuditEntry>>, ApiError> {
    let AuditQuery { actor, action, resource, from, to, limit, cursor } = query.0;
    let dates = Dates::new(from, to, &ctx.principal().time_zone)?;
    let filter = Filter::new(actor.as_deref(), action.as_deref(), resource.as_deref(), dates)?;
    let list = format!("audit {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = ctx.read(move |tx| repo::list(tx, &filter, asked)).await?;
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |entry| entry)))
}

async fn list_of_operator(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<OperatorAuditQuery>,
) -> Result<Answer<Page<AuditEntry>>, ApiError> {
    let OperatorAuditQuery { tenant, actor, action, resource, from, to, limit, cursor } = query.0;
    let mut invalid = Invalid::default();
    invalid.optional_text("/tenant", tenant.as_deref(), &Text::line(0..=100));
    invalid.finish()?;
    let dates = Dates::new(from, to, "UTC")?;
    let filter = Filter::new(actor.as_deref(), action.as_deref(), resource.as_deref(), dates)?;
    let list = format!("operator's audit {tenant:?} {filter:?}");
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = state.db.platform(&ctx, move |tx| repo::list_of_operator(tx, tenant.as_deref(), &filter, asked));
    let rows = rows.await?;
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |entry| entry)))
}

async fn chain_of_operator(state: Data<AppState>, ctx: PlatformCtx) -> Result<Answer<AuditChain>, ApiError> {
    let vault = state.vault.clone();
    let standing = state.db.platform(&ctx, move |tx| operator_standing_in(tx, &vault)).await?;
    Ok(Answer::ok(AuditChain {
        last: standing.last,
        last_seal: standing.last_seal.map(|seal| hex(&seal)),
        proved_from: standing.proved_from,
        faults: standing.faults.iter().map(ToString::to_string).collect(),
    }))
}

fn position(entry: &AuditEntry) -> Position {
    Position { created_at: entry.created_at, id: entry.id.0 }
}
