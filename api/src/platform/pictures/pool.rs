//! The threads that read pictures: few, behind everybody else, and with a short queue before them.
//!
//! A picture takes tens of milliseconds of a core, a large one a second. On threads of their own, of a lower
//! priority, pictures take what requests leave over; and who comes when the queue is full is told so at once.

use super::PictureError;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

type Work = Box<dyn FnOnce() + Send>;

/// The threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Pool {
    work: Sender<Work>,
    places: Arc<Semaphore>,
    most: usize,
}

/// A place on a thread or in the queue: good for one picture.
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// `queue`: how many may wait besides those that are being read.
    pub fn new(threads: usize, queue: usize) -> std::io::Result<Self> {
        let (work, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().name("pictures".to_owned()).spawn(move || work_off(&waiting))?;
        }
        let most = threads.saturating_add(queue);
        Ok(Self { work, places: Arc::new(Semaphore::new(most)), most })
    }

    /// How many are taken, and how many there are.
    pub fn places(&self) -> (usize, usize) {
        (self.most.saturating_sub(self.places.available_permits()), self.most)
    }

    /// A place, if there is one left.
    pub fn place(&self) -> Result<Place, PictureError> {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        permit.map(|permit| Place { _permit: permit }).map_err(|_| PictureError::Busy)
    }

    /// A place, whenever there is one.
    pub async fn wait_for_place(&self) -> Result<Place, PictureError> {
        let permit = Arc::clone(&self.places).acquire_owned().await;
        permit.map(|permit| Place { _permit: permit }).map_err(|_| PictureError::Thread)
    }

    /// Nobody who has gone away is worked for.
    pub async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PictureError> {
        let (done, result) = oneshot::channel();
        let work = move || {
            let _place = place;
            if !done.is_closed() {
                let _gone_meanwhile = done.send(work());
            }
        };
        self.work.send(Box::new(work)).map_err(|_| PictureError::Thread)?;
        result.await.map_err(|_| PictureError::Thread)
    }
}

fn work_off(waiting: &Mutex<Receiver<Work>>) {
    step_back();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        // Who waits for what panicked sees its channel closed.
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("reading a picture panicked");
        }
    }
}

/// On Linux, niceness is the thread's; elsewhere it would be the whole process's.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "threads for pictures keep their priority");
    }
}

#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::{pin::pin, sync::mpsc::channel};

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_jobs_wait() {
        let pool = Pool::new(1, 1).unwrap();
        let (release, held) = channel::<()>();
        let mut first = pin!(pool.run(pool.place().unwrap(), move || held.recv().is_ok()));
        assert!(first.as_mut().now_or_never().is_none());
        let second = pool.place().unwrap();
        assert_eq!(pool.places(), (2, 2));
        assert!(matches!(pool.place(), Err(PictureError::Busy)));
        let mut job = pin!(pool.wait_for_place());
        assert!(job.as_mut().now_or_never().is_none());
        release.send(()).unwrap();
        assert!(first.await.unwrap());
        assert_eq!(pool.run(second, || 2).await.unwrap(), 2);
        assert_eq!(pool.run(job.await.unwrap(), || 3).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_panic_costs_nobody_else_anything() {
        let pool = Pool::new(1, 1).unwrap();
        for _ in 0..5 {
            let panics = pool.run(pool.place().unwrap(), || panic!("as the test asked")).await;
            assert!(matches!(panics, Err(PictureError::Thread)));
        }
        assert_eq!(pool.run(pool.place().unwrap(), || 1).await.unwrap(), 1);
    }
}
