//! The service's side of the console: asks what it is told to, with the session of the profile, and renews that when
//! its token has run out.

mod deeds;

use crate::{
    asks::{Answer, Ask, Look, Looked, Page, Query, Records},
    panel::Failure,
    tokens::{RenewError, Tokens},
};
use countinghouse_client::{Client, ClientError, SuperadminSession};
use countinghouse_contract::{
    admin::{
        TenantQuery,
        jobs::DeadJobQuery,
        looks::{FailingEndpointQuery, TenantSessionEventQuery, TenantSessionQuery},
        sessions::OperatorSessionQuery,
        syncs::TenantErpSyncQuery,
    },
    audit::OperatorAuditQuery,
    webhooks::WebhookDeliveryQuery,
};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The most that the service answers at once.
const PAGE: i64 = 200;

/// Clones share the session.
#[derive(Clone)]
pub struct Remote {
    client: Client,
    tokens: Tokens,
    session: Arc<Mutex<Arc<SuperadminSession>>>,
}

impl Remote {
    pub fn new(client: Client, tokens: Tokens, session: SuperadminSession) -> Self {
        Self { client, tokens, session: Arc::new(Mutex::new(Arc::new(session))) }
    }

    pub async fn answer(&self, ask: Ask) -> Answer {
        match ask {
            Ask::Page { query, cursor } => {
                let page = self.with(async |session| page(session, &query, cursor.clone()).await).await;
                Answer::Page { query, cursor, page }
            }
            Ask::Look(look) => {
                let outcome = self.with(async |session| looked(session, &look).await).await;
                Answer::Look { look, outcome }
            }
            Ask::Count(which) => {
                let outcome = self.with(async |session| session.retry_erp_syncs(&which).await).await;
                Answer::Counted { which, outcome }
            }
            Ask::Do(deeds) => {
                let mut done = Vec::with_capacity(deeds.len());
                for deed in deeds {
                    let outcome = self.with(async |session| deeds::done(session, &deed).await).await;
                    done.push((deed, outcome));
                }
                Answer::Done(done)
            }
        }
    }

    /// A call, and once more with a new token where the old one has run out: nothing was done then.
    pub async fn with<T>(
        &self,
        call: impl AsyncFn(&SuperadminSession) -> Result<T, ClientError>,
    ) -> Result<T, Failure> {
        let session = Arc::clone(&*self.session.lock().await);
        match call(&session).await {
            Err(error) if error.status() == Some(401) => {
                let fresh = self.renewed(&session).await?;
                call(&fresh).await.map_err(|error| failure(&error))
            }
            answer => answer.map_err(|error| failure(&error)),
        }
    }

    /// The first to ask renews it while others wait.
    async fn renewed(&self, refused: &Arc<SuperadminSession>) -> Result<Arc<SuperadminSession>, Failure> {
        let mut session = self.session.lock().await;
        if Arc::ptr_eq(&session, refused) {
            let fresh = self.tokens.renew(&self.client, refused).await;
            *session = Arc::new(fresh.map_err(|error| match error {
                RenewError::Refused(error) if error.status() == Some(401) => Failure::LoggedOut,
                RenewError::Refused(error) => failure(&error),
                RenewError::File(error) => Failure::Refused(error.to_string()),
            })?);
        }
        Ok(Arc::clone(&session))
    }
}

async fn page(session: &SuperadminSession, query: &Query, cursor: Option<String>) -> Result<Page, ClientError> {
    let limit = Some(PAGE);
    Ok(match query.clone() {
        Query::Overview => whole(Records::Overview(Box::new(session.overview().await?))),
        Query::Queues => whole(Records::Queues(session.job_queues().await?.data)),
        Query::Tenants(query) => of(session.tenants(&TenantQuery { limit, cursor, ..query }).await?, Records::Tenants),
        Query::Syncs(query) => {
            of(session.erp_syncs(&TenantErpSyncQuery { limit, cursor, ..query }).await?, Records::Syncs)
        }
        Query::Jobs(query) => of(session.dead_jobs(&DeadJobQuery { limit, cursor, ..query }).await?, Records::Jobs),
        Query::Endpoints(query) => {
            of(session.failing_endpoints(&FailingEndpointQuery { limit, cursor, ..query }).await?, Records::Endpoints)
        }
        Query::Deliveries { tenant, endpoint } => {
            let query = WebhookDeliveryQuery { limit, cursor, state: None };
            of(session.webhook_deliveries_of(&tenant, endpoint, &query).await?, Records::Deliveries)
        }
        Query::Sessions(query) => {
            of(session.sessions(&TenantSessionQuery { limit, cursor, ..query }).await?, Records::Sessions)
        }
        Query::OperatorSessions => {
            of(session.operator_sessions(&OperatorSessionQuery { limit, cursor }).await?, Records::OperatorSessions)
        }
        Query::LogIns(query) => {
            of(session.session_logs(&TenantSessionEventQuery { limit, cursor, ..query }).await?, Records::LogIns)
        }
        Query::Audit(query) => {
            let chain = if cursor.is_none() { Some(session.audit_chain().await?) } else { None };
            let page = session.audit(&OperatorAuditQuery { limit, cursor, ..query }).await?;
            Page { records: Records::Audit { entries: page.data, chain }, next: page.next_cursor }
        }
    })
}

fn of<T>(page: countinghouse_contract::Page<T>, records: fn(Vec<T>) -> Records) -> Page {
    Page { records: records(page.data), next: page.next_cursor }
}

fn whole(records: Records) -> Page {
    Page { records, next: None }
}

async fn looked(session: &SuperadminSession, look: &Look) -> Result<Looked, ClientError> {
    Ok(match look {
        Look::Sync(id) => Looked::Sync(Box::new(session.erp_sync(*id).await?)),
        Look::Order { tenant, id } => {
            Looked::Order { tenant: tenant.clone(), order: Box::new(session.order_of(tenant, *id).await?) }
        }
        Look::Usage { tenant } => Looked::Usage(Box::new(session.usage_of(tenant).await?)),
        Look::Delivery { tenant, id } => Looked::Delivery(Box::new(session.webhook_delivery_of(tenant, *id).await?)),
    })
}

/// What an error means for whoever looks on.
pub fn failure(error: &ClientError) -> Failure {
    match (error.status(), error) {
        (Some(401), _) => Failure::LoggedOut,
        (Some(403), _) => Failure::Denied,
        (Some(status @ (429 | 500..)), _) => Failure::Away(format!("it answers {status}")),
        (_, ClientError::Problem(problem)) => {
            let place = |pointer: &str| pointer.rsplit('/').next().unwrap_or_default().replace('_', " ");
            let faults = problem.errors.iter().map(|fault| format!(" {}: {}", place(&fault.pointer), fault.detail));
            Failure::Refused(format!("{}. {}{}", problem.title, problem.detail, faults.collect::<String>()))
        }
        (_, ClientError::Http(error)) if error.is_timeout() => Failure::Away("it does not answer in time".to_owned()),
        (_, ClientError::Http(error)) if error.is_connect() => Failure::Away("nothing listens there".to_owned()),
        (_, ClientError::Http(_)) => Failure::Away("the connection broke".to_owned()),
        _ => Failure::Refused(error.to_string()),
    }
}
