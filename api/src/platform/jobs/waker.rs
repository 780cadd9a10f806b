//! Telling workers that there is something to do.
//!
//! After a commit, never in it: a worker of the same process hears it at once, those of others by
//! Redis. Whoever hears nothing looks by itself ([`super::Worker`]).

use crate::platform::cache::Cache;
use futures_util::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

const CHANNEL: &str = "platform:jobs";

/// How long to wait before Redis is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Wakes workers, and lets one wait for it.
#[derive(Clone)]
pub struct Waker {
    heard: Arc<Notify>,
    cache: Cache,
}

impl Waker {
    pub fn new(cache: Cache) -> Self {
        Self { heard: Arc::default(), cache }
    }

    /// Does not wait: the request goes on.
    pub fn wake(&self) {
        self.heard.notify_one();
        let (channel, mut connection) = (self.cache.key(CHANNEL), self.cache.connection());
        tokio::spawn(async move {
            // Without Redis, workers look by themselves.
            let _nobody_listens = redis::cmd("PUBLISH").arg(channel).arg("").query_async::<()>(&mut connection).await;
        });
    }

    pub(super) async fn woken(&self) {
        self.heard.notified().await;
    }

    /// Passes on what other processes say, for as long as the worker lives.
    pub(super) async fn pass_on(self) {
        loop {
            if let Ok(mut messages) = self.cache.listen(CHANNEL).await {
                while messages.next().await.is_some() {
                    self.heard.notify_one();
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
