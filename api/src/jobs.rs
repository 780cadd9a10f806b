//! What happens behind the requests, on one screen: every kind of job, feature by feature, and what
//! comes at set times.

use crate::{
    features::{erp, images, imports, retention, webhooks},
    platform::{
        audit,
        jobs::{CronError, Handlers},
    },
};

/// All kinds of jobs. Times of a client's are on the client's own clock, in the quiet of the night.
pub fn handlers() -> Result<Handlers, CronError> {
    Handlers::default()
        .with::<audit::SealAudit>()
        .with::<imports::ReadImport>()
        .with::<webhooks::GiveOutEvent>()
        .with::<webhooks::SendWebhooks>()
        .with::<webhooks::ReplayEvents>()
        .with::<erp::SyncWithErp>()
        .with::<erp::ReleaseErpSyncs>()
        .with::<erp::RetryFailedSyncs>()
        .with::<images::EmbedImage>()
        .with::<images::EmbedImagesAnew>()
        .for_every_client::<retention::Purge>("17 3 * * *")
        .for_every_client::<images::CollectImageFiles>("41 3 * * *")
        .for_the_operator("purge", "47 3 * * *", retention::purge_operators)?
        .for_the_operator("purge_events", "*/10 * * * *", retention::purge_operators_events)
}
