//! Both logs in the database, newest first.

use super::model::{Filter, WantedActor};
use crate::{
    platform::{
        db::{DbError, PlatformTx, TenantTx},
        http::PageRequest,
    },
    schema::{audit_log, platform_audit_log, tenants},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    AuditEntryId, TenantId,
    audit::{AuditActor, AuditEntry, AuditResource},
};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log)]
struct Row {
    created_at: DateTime<Utc>,
    id: Uuid,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    resource_id: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl Row {
    fn into_wire(self, client_id: Option<TenantId>) -> AuditEntry {
        let kind = self.action.split('.').next().unwrap_or_default().to_owned();
        AuditEntry {
            id: AuditEntryId(self.id),
            created_at: self.created_at,
            actor: AuditActor { kind: self.actor_kind, id: self.actor_id },
            resource: AuditResource { kind, id: self.resource_id },
            action: self.action,
            before: self.before,
            after: self.after,
            client_id,
        }
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
        query.order(($table::created_at.desc(), $table::id.desc())).limit($asked.rows())
    }};
}

pub fn list(tx: &mut TenantTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<AuditEntry>, DbError> {
    let tenant = tx.tenant_id();
    let all = audit_log::table.filter(audit_log::tenant_id.eq(tenant.0)).select(Row::as_select()).into_boxed();
    let rows: Vec<Row> = newest!(all, audit_log, filter, asked).load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.into_wire(None)).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = platform_audit_log)]
struct OperatorRow {
    created_at: DateTime<Utc>,
    id: Uuid,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    resource_id: String,
    before: Option<Value>,
    after: Option<Value>,
    client_id: Option<Uuid>,
}

/// The operator's own log; of one client, when a slug is given.
pub fn list_of_operator(
    tx: &mut PlatformTx<'_>,
    slug: Option<&str>,
    filter: &Filter,
    asked: PageRequest,
) -> Result<Vec<AuditEntry>, DbError> {
    let mut all = platform_audit_log::table.select(OperatorRow::as_select()).into_boxed();
    if let Some(slug) = slug {
        let client = tenants::table.filter(tenants::slug.eq(slug.to_owned())).select(tenants::id.nullable());
        all = all.filter(platform_audit_log::client_id.eq_any(client));
    }
    let rows: Vec<OperatorRow> = newest!(all, platform_audit_log, filter, asked).load(tx.conn())?;
    Ok(rows.into_iter().map(AuditEntry::from).collect())
}

impl From<OperatorRow> for AuditEntry {
    fn from(row: OperatorRow) -> Self {
        let OperatorRow { created_at, id, actor_kind, actor_id, action, resource_id, before, after, client_id } = row;
        let row = Row { created_at, id, actor_kind, actor_id, action, resource_id, before, after };
        row.into_wire(client_id.map(TenantId))
    }
}
