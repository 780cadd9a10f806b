//! Telling workers that there is something to do.
//!
//! After a commit, never in it: a worker of the same process hears it at once, those of others by
//! Redis. Whoever hears nothing looks by itself ([`super::Worker`]).

use crate::platform::{
    cache::Cache,
    ids::{Ids, NoRandomness},
};
use futures_util::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use uuid::Uuid;

const CHANNEL: &str = "platform:jobs";

/// How long to wait before Redis is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Wakes workers, and lets one wait for it.
#[derive(Clone)]
pub struct Waker {
    heard: Arc<Notify>,
    cache: Cache,
    /// Whose word it is: a process has heard its own before Redis did.
    process: Arc<str>,
}

impl Waker {
    pub fn new(cache: Cache, ids: &Ids) -> Result<Self, NoRandomness> {
        Ok(Self { heard: Arc::default(), cache, process: ids.make::<Uuid>()?.to_string().into() })
    }

    /// Does not wait: the request goes on.
    pub fn wake(&self) {
        self.heard.notify_one();
        let (channel, mut connection) = (self.cache.key(CHANNEL), self.cache.connection());
        let process = Arc::clone(&self.process);
        tokio::spawn(async move {
            // Without Redis, workers look by themselves.
            let said = redis::cmd("PUBLISH").arg(channel).arg(&*process).query_async::<()>(&mut connection).await;
            let _nobody_listens = said;
        });
    }

    pub(super) async fn woken(&self) {
        self.heard.notified().await;
    }

    /// Passes on what other processes say, for as long as the worker lives.
    pub(super) async fn pass_on(self) {
        loop {
            if let Ok(mut messages) = self.cache.listen(CHANNEL).await {
                while let Some(message) = messages.next().await {
                    self.hear(message.get_payload_bytes());
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Whatever is not this process's own: older versions say nothing of who they are.
    fn hear(&self, process: &[u8]) {
        if process != self.process.as_bytes() {
            self.heard.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        platform::{clock::SystemClock, crypto::Secret, ids::SystemRandomness},
    };
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_process_does_not_hear_itself_twice() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        // Nobody listens there, and nobody has to.
        let url = Secret::new("redis://127.0.0.1:1".to_owned());
        let redis = config::Redis { url, prefix: String::new(), patience: Duration::from_millis(1) };
        let waker = Waker::new(Cache::new(&redis).unwrap(), &ids).unwrap();
        let own = Arc::clone(&waker.process);
        waker.hear(own.as_bytes());
        assert!(waker.woken().now_or_never().is_none());
        for other in ["", "another"] {
            waker.hear(other.as_bytes());
            assert!(waker.woken().now_or_never().is_some());
        }
    }
}
