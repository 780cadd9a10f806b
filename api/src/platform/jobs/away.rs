//! Jobs that wait for the world outside: they stay their worker's, and leave it its hands.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Notify;

/// How many of a worker's jobs leave their hands at most. More take one while they wait.
const MOST: usize = 256;

/// Which of a worker's jobs are away.
#[derive(Debug, Clone, Default)]
pub struct Away {
    jobs: Arc<AtomicUsize>,
    left: Arc<Notify>,
}

impl Away {
    /// Waits for that with no hand taken. It is counted for as long as it is waited for, however that ends.
    pub async fn during<T>(&self, waiting: impl Future<Output = T>) -> T {
        let _counted = Counted::new(self.clone());
        waiting.await
    }

    /// How many hands they leave.
    pub fn hands(&self) -> usize {
        self.jobs.load(Ordering::Relaxed).min(MOST)
    }

    /// One more has left.
    pub async fn one_left(&self) {
        self.left.notified().await;
    }
}

struct Counted(Away);

impl Counted {
    fn new(away: Away) -> Self {
        away.jobs.fetch_add(1, Ordering::Relaxed);
        away.left.notify_one();
        Self(away)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.jobs.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::future::pending;

    #[test]
    fn who_is_away_is_counted_until_it_is_back_or_dropped() {
        let away = Away::default();
        let mut waits: Vec<_> = (0..MOST + 5).map(|_| Box::pin(away.during(pending::<()>()))).collect();
        assert_eq!(away.hands(), 0);
        for wait in &mut waits {
            assert!(wait.now_or_never().is_none());
        }
        assert_eq!(away.hands(), MOST);
        assert!(away.one_left().now_or_never().is_some());
        waits.truncate(2);
        assert_eq!(away.hands(), 2);
        drop(waits);
        assert_eq!((away.hands(), away.during(async { 7 }).now_or_never()), (0, Some(7)));
        assert_eq!(away.hands(), 0);
    }
}
