//! The calls of our own client: what they bring is what the service says.

use super::link::*;
use countinghouse_client::{Client, ClientError};
use countinghouse_contract::{
    auth::Login,
    erp::{
        DiscardErpSync, ErpBreakerState, ErpConfigTest, ErpSyncQuery, ErpSyncStatus, ErpTestOutcome, NewErpConfig,
        SyncOrder,
    },
};
use countinghouse_tests::{PASSWORD, Reply};
use serde_json::json;

#[tokio::test]
async fn the_typed_client_links_an_erp_and_follows_an_order() {
    let link = Link::start().await;
    let login = Login {
        client_id: link.world.north.slug.to_owned(),
        username: "owner".to_owned(),
        password: PASSWORD.to_owned(),
        totp_code: None,
    };
    let session = Client::new(&link.world.base_url).unwrap().login(login).await.unwrap();
    let before = session.erp_config().await.unwrap();
    let config = json!({"enabled": true, "immediate_sync": false, "base_url": before.base_url, "cron_enabled": false,
        "api_key": "***", "hmac_secret": "***", "timeout_seconds": 5});
    let config: NewErpConfig = serde_json::from_value(config).unwrap();
    let after = session.set_erp_config(&config).await.unwrap();
    assert_eq!((after.version, after.timeout_seconds), (before.version + 1, 5));
    // It answers with nothing, so there is something to say of it.
    let tried = session.test_erp_config(&ErpConfigTest::default()).await.unwrap();
    assert_eq!((tried.ok, tried.outcome), (false, ErpTestOutcome::NotJson));

    let order = link.order().await;
    let number = order["order_number"].as_str().unwrap().to_owned();
    let status = session.erp_status().await.unwrap();
    assert_eq!((status.queue.queued, status.breaker.state), (1, ErpBreakerState::Closed));
    assert_eq!(session.run_erp().await.unwrap().released, 1);
    link.replies(Reply::status(400));
    link.work().await;
    let query = ErpSyncQuery { status: Some(ErpSyncStatus::Failed), ..ErpSyncQuery::default() };
    let [failed] = session.erp_syncs(&query).await.unwrap().data.try_into().unwrap();
    assert_eq!(session.erp_sync_of(&number).await.unwrap(), failed);
    assert_eq!(session.erp_sync(failed.sync_id).await.unwrap().log[0].status, Some(400));
    assert_eq!(session.retry_erp_sync(failed.sync_id).await.unwrap().status, ErpSyncStatus::Pending);
    let refused = session.retry_erp_sync(failed.sync_id).await.unwrap_err();
    assert!(matches!(&refused, ClientError::Problem(problem) if problem.code == "sync_not_failed"), "{refused:?}");

    link.replies(accepted("E-7"));
    let worker = link.worker();
    let sync = SyncOrder { order_number: number };
    assert_eq!(session.sync_order(&sync).await.unwrap().erp_reference.as_deref(), Some("E-7"));
    assert!(session.resync_order(&sync).await.unwrap().success);
    crate::jobs::stop(worker).await;
    assert_eq!(link.sent().len(), 3);

    link.order().await;
    let query = ErpSyncQuery { status: Some(ErpSyncStatus::Queued), ..ErpSyncQuery::default() };
    let [waits] = session.erp_syncs(&query).await.unwrap().data.try_into().unwrap();
    let discard = DiscardErpSync { reason: "Entered there by hand.".to_owned() };
    let discarded = session.discard_erp_sync(waits.sync_id, &discard).await.unwrap();
    assert_eq!((discarded.status, discarded.discard_reason), (ErpSyncStatus::Discarded, Some(discard.reason)));
}
