//! What changes something at the service, one call each.

use crate::asks::{Deed, Outcome, Records};
use countinghouse_client::{ClientError, SuperadminSession};
use countinghouse_contract::{
    admin::{Suspension, jobs::DiscardJob},
    erp::DiscardErpSync,
};

pub async fn done(session: &SuperadminSession, deed: &Deed) -> Result<Outcome, ClientError> {
    let tenant = |tenant| Outcome::Changed(Records::Tenants(vec![tenant]));
    let sync = |sync| Outcome::Changed(Records::Syncs(vec![sync]));
    Ok(match deed {
        Deed::CreateTenant(made) => tenant(session.create_tenant(made).await?.client),
        Deed::ChangeTenant { slug, version, patch } => tenant(session.change_tenant(slug, *version, patch).await?),
        Deed::SuspendTenant { slug, reason } => {
            tenant(session.suspend_tenant(slug, &Suspension { reason: reason.clone() }).await?)
        }
        Deed::ResumeTenant { slug } => tenant(session.resume_tenant(slug).await?),
        Deed::RetrySync { id, .. } => sync(session.retry_erp_sync(*id).await?),
        Deed::DiscardSync { id, reason, .. } => {
            sync(session.discard_erp_sync(*id, &DiscardErpSync { reason: reason.clone() }).await?)
        }
        Deed::RetrySyncs(which) => Outcome::Begun(session.retry_erp_syncs(which).await?),
        Deed::RetryJob { id } => Outcome::Gone(session.retry_job(*id).await?.id.to_string()),
        Deed::DiscardJob { id, reason } => {
            Outcome::Gone(session.discard_job(*id, &DiscardJob { reason: reason.clone() }).await?.id.to_string())
        }
        Deed::EndSession { id, .. } => {
            session.end_session(*id).await?;
            Outcome::Gone(id.to_string())
        }
        Deed::EndOperatorSession { id, .. } => {
            session.end_operator_session(*id).await?;
            Outcome::Gone(id.to_string())
        }
        Deed::Replay { tenant, id } => {
            Outcome::Changed(Records::Deliveries(vec![session.replay_webhook_of(tenant, *id).await?]))
        }
    })
}
