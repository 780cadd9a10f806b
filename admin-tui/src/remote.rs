//! The service's side of the console: asks what it is told to, with the session of the profile, and renews that when
//! its token has run out.

use crate::{
    asks::{Answer, Ask},
    panel::Failure,
    tokens::{RenewError, Tokens},
};
use countinghouse_client::{Client, ClientError, SuperadminSession};
use countinghouse_contract::admin::{Suspension, TenantQuery};
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
            Ask::Tenants { cursor } => {
                let query = TenantQuery { limit: Some(PAGE), cursor: cursor.clone(), ..TenantQuery::default() };
                let page = self.with(async |session| session.tenants(&query).await).await;
                Answer::Tenants { page: page.map(|page| (page.data, page.next_cursor)) }
            }
            Ask::Suspend { slug, reason } => {
                let suspension = Suspension { reason };
                let outcome = self.with(async |session| session.suspend_tenant(&slug, &suspension).await).await;
                Answer::Tenant { slug, did: "suspended", outcome: outcome.map(Box::new) }
            }
            Ask::Resume { slug } => {
                let outcome = self.with(async |session| session.resume_tenant(&slug).await).await;
                Answer::Tenant { slug, did: "resumed", outcome: outcome.map(Box::new) }
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

/// What an error means for whoever looks on.
pub fn failure(error: &ClientError) -> Failure {
    match (error.status(), error) {
        (Some(401), _) => Failure::LoggedOut,
        (Some(403), _) => Failure::Denied,
        (Some(status @ (429 | 500..)), _) => Failure::Away(format!("it answers {status}")),
        (_, ClientError::Problem(problem)) => Failure::Refused(format!("{}. {}", problem.title, problem.detail)),
        (_, ClientError::Http(error)) if error.is_timeout() => Failure::Away("it does not answer in time".to_owned()),
        (_, ClientError::Http(error)) if error.is_connect() => Failure::Away("nothing listens there".to_owned()),
        (_, ClientError::Http(_)) => Failure::Away("the connection broke".to_owned()),
        _ => Failure::Refused(error.to_string()),
    }
}
