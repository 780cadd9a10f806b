//! From an event to the endpoints that are told of it.

use super::{
    model::NewDelivery,
    repo,
    sending::{self, SendWebhooks},
};
use crate::{
    app::AppState,
    platform::{
        db::{DbError, TenantTx},
        jobs::{Finished, Job, JobError, Run},
    },
};
use countinghouse_contract::{EventId, webhooks::DeliveryCause};
use serde::{Deserialize, Serialize};

/// Gives an event out. A trigger stores it with the event (`give_out_event` in the migration).
#[derive(Debug, Serialize, Deserialize)]
pub struct GiveOutEvent {
    event: EventId,
}

impl Job for GiveOutEvent {
    const KIND: &'static str = "give_out_event";
    const MAX_ATTEMPTS: i32 = 100;

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        run.finish(move |tx| Ok::<_, JobError>(give_out_in(tx, self.event)?)).await
    }
}

/// One delivery for each endpoint that listens for it, however often it is done.
fn give_out_in(tx: &mut TenantTx<'_>, event: EventId) -> Result<(), DbError> {
    let listening = repo::listening(tx, event)?;
    let delivery = |endpoint| Ok(NewDelivery { id: tx.make_id()?, endpoint, event, cause: DeliveryCause::Event });
    let new = listening.iter().copied().map(delivery).collect::<Result<Vec<_>, DbError>>()?;
    repo::insert_deliveries(tx, &new)?;
    sending::send_soon_in(tx, listening.into_iter().map(SendWebhooks::to), tx.now())
}
