//! What is read for many at once: one reads, the others get the same.

use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// For how long it is given again.
const FRESH: Duration = Duration::from_secs(2);

/// The last answer, while it is fresh.
pub struct Kept<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Kept<T> {
    /// What was read, or is now. Who comes meanwhile waits for whoever reads.
    pub async fn get<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut kept = self.0.lock().await;
        if let Some((when, value)) = kept.as_ref().filter(|(when, _)| when.elapsed() < FRESH) {
            tracing::trace!(age = ?when.elapsed(), "given again");
            return Ok(value.clone());
        }
        let value = read.await?;
        *kept = Some((Instant::now(), value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_read_once_while_it_is_fresh_and_failures_are_not_kept() {
        let kept = Kept::default();
        assert_eq!(kept.get(async { Err::<i32, _>("away") }).await, Err("away"));
        assert_eq!(kept.get(async { Ok::<_, &str>(1) }).await, Ok(1));
        assert_eq!(kept.get(async { Ok::<_, &str>(2) }).await, Ok(1));
    }
}
