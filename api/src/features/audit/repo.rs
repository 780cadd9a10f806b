//! Both logs in the database, newest first.

use super::model::{Filter, WantedActor};
use crate::{
    platform::{
        audit::{Row, entry_columns},
        db::{DbError, PlatformTx, TakeFirstRows, TenantTx},
        http::PageRequest,
    },
    schema::{audit_log, platform_audit_log, tenants},
};
use countinghouse_contract::{
    AuditEntryId, TenantId,
    audit::{AuditActor, AuditEntry, AuditResource},
};
use diesel::prelude::*;
use uuid::Uuid;

fn wire(row: Row, client_id: Option<TenantId>) -> AuditEntry {
    let kind = row.action.split('.').next().unwrap_or_default().to_owned();
    AuditEntry {
        id: AuditEntryId(row.id),
        created_at: row.created_at,
        actor: AuditActor { kind: row.actor_kind, id: row.actor_id },
        resource: AuditResource { kind, id: row.resource_id },
        action: row.action,
        before: row.before,
        after: row.after,
        client_id,
    }
}

/// The rows of either table that are asked for, a page of them.
macro_rules! newest {
    ($query:expr, $table:ident, $filter:expr, $asked:expr) => {{
        let mut query = $query;
        match &$filter.actor {
            Some(WantedActor::Id(id)) => query = query.filter($table::actor_id.eq(*id)),
            Some(WantedActor::Kind(kind)) => query = query.filter($table::actor_kind.eq(*kind)),
            None => {}
        }
        if let Some(actions) = &$filter.actions {
            query = query.filter($table::action.eq_any(actions.clone()));
        }
        if let Some(id) = &$filter.resource_id {
            query = query.filter($table::resource_id.eq(id.clone()));
        }
        if let Some(from) = $filter.dates.from {
            query = query.filter($table::created_at.ge(from));
        }
        if let Some(before) = $filter.dates.before {
            query = query.filter($table::created_at.lt(before));
        }
        if let Some(after) = $asked.after {
            query = query
                .filter($table::created_at.le(after.created_at))
                .filter($table::created_at.lt(after.created_at).or($table::id.lt(after.id)));
        }
        query.order(($table::created_at.desc(), $table::id.desc())).first_rows($asked.rows())
    }};
}

pub fn list(tx: &mut TenantTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<AuditEntry>, DbError> {
    let tenant = tx.tenant_id();
    let all = audit_log::table.filter(audit_log::tenant_id.eq(tenant.0)).select(entry_columns!(audit_log)).into_boxed();
    let rows: Vec<Row> = newest!(all, audit_log, filter, asked).load(tx.conn())?;
    Ok(rows.into_iter().map(|row| wire(row, None)).collect())
}

/// The operator's own log; of one client, when a slug is given.
pub fn list_of_operator(
    tx: &mut PlatformTx<'_>,
    slug: Option<&str>,
    filter: &Filter,
    asked: PageRequest,
) -> Result<Vec<AuditEntry>, DbError> {
    let columns = (entry_columns!(platform_audit_log), platform_audit_log::client_id);
    let mut all = platform_audit_log::table.select(columns).into_boxed();
    if let Some(slug) = slug {
        let client = tenants::table.filter(tenants::slug.eq(slug.to_owned())).select(tenants::id.nullable());
        all = all.filter(platform_audit_log::client_id.eq_any(client));
    }
    let rows: Vec<(Row, Option<Uuid>)> = newest!(all, platform_audit_log, filter, asked).load(tx.conn())?;
    Ok(rows.into_iter().map(|(row, client)| wire(row, client.map(TenantId))).collect())
}
