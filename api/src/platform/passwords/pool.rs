//! The threads that hash: few, behind everybody else, and with a short queue before them.
//!
//! A hash takes tens of milliseconds of a core and 46 MiB. On threads of their own, of a lower
//! priority, hashes take what the requests that only read and write leave over; and who comes when
//! the queue is full is told so at once, rather than waiting longer than anybody would.

use super::{PasswordError, hashing::Hasher};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvError, Sender, channel},
    },
    thread,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

type Job = Box<dyn FnOnce(&mut Hasher) + Send>;

/// The threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Pool {
    jobs: Sender<Job>,
    places: Arc<Semaphore>,
    most: usize,
}

/// A place on a thread or in the queue: good for one job.
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// `queue`: how many jobs may wait besides those that run.
    pub fn new(threads: usize, queue: usize) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().name("passwords".to_owned()).spawn(move || work_off(&waiting))?;
        }
        let most = threads.saturating_add(queue);
        Ok(Self { jobs, places: Arc::new(Semaphore::new(most)), most })
    }

    /// A place, if there is one left.
    pub fn place(&self) -> Result<Place, PasswordError> {
        Arc::clone(&self.places)
            .try_acquire_owned()
            .map(|permit| Place { _permit: permit })
            .map_err(|_| PasswordError::Busy)
    }

    /// How many are taken, and how many there are.
    pub fn places(&self) -> (usize, usize) {
        (self.most.saturating_sub(self.places.available_permits()), self.most)
    }

    /// Nobody who has gone away is worked for.
    pub async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&mut Hasher) -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (done, result) = oneshot::channel();
        let job = move |hasher: &mut Hasher| {
            let _place = place;
            if !done.is_closed() {
                let _gone_meanwhile = done.send(work(hasher));
            }
        };
        self.jobs.send(Box::new(job)).map_err(|_| PasswordError::Thread)?;
        result.await.map_err(|_| PasswordError::Thread)
    }
}

fn work_off(waiting: &Mutex<Receiver<Job>>) {
    step_back();
    let mut hasher = Hasher::default();
    while let Ok(job) = next(waiting, &mut hasher) {
        // Who waits for a job that panicked sees its channel closed.
        if catch_unwind(AssertUnwindSafe(|| job(&mut hasher))).is_err() {
            tracing::error!("a hashing job panicked");
        }
    }
}

/// The next job. The memory of the last is kept for it only if it is there already.
fn next(waiting: &Mutex<Receiver<Job>>, hasher: &mut Hasher) -> Result<Job, RecvError> {
    // Another thread that holds the lock waits for a job itself: then there is none.
    let there = waiting.try_lock().ok().and_then(|waiting| waiting.try_recv().ok());
    match there {
        Some(job) => Ok(job),
        None => {
            hasher.rest();
            waiting.lock().unwrap_or_else(PoisonError::into_inner).recv()
        }
    }
}

/// On Linux, niceness is the thread's; elsewhere it would be the whole process's.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "hashing threads keep their priority");
    }
}

#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::{
        pin::pin,
        sync::{
            atomic::{AtomicBool, Ordering},
            mpsc::channel,
        },
    };

    /// One job runs, two wait, and there is no place for a fourth; when the first is done, all go on.
    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let pool = Pool::new(1, 2).unwrap();
        let (release, held) = channel::<()>();
        let mut first = pin!(pool.run(pool.place().unwrap(), move |_| held.recv().is_ok()));
        assert!(first.as_mut().now_or_never().is_none());
        let [two, three] = [pool.place().unwrap(), pool.place().unwrap()];
        let mut rest = pin!(async { tokio::join!(pool.run(two, |_| 2), pool.run(three, |_| 3)) });
        assert!(rest.as_mut().now_or_never().is_none());
        assert!(matches!(pool.place(), Err(PasswordError::Busy)));
        release.send(()).unwrap();
        assert!(first.await.unwrap());
        let (two, three) = rest.await;
        assert_eq!((two.unwrap(), three.unwrap()), (2, 3));
        assert!(matches!(pool.run(pool.place().unwrap(), |_| 4).await, Ok(4)));
    }

    #[tokio::test]
    async fn a_place_comes_back_whatever_becomes_of_it() {
        let pool = Pool::new(1, 1).unwrap();
        for _ in 0..5 {
            drop(pool.place().unwrap());
            let panics = pool.run(pool.place().unwrap(), |_| panic!("as the test asked")).await;
            assert!(matches!(panics, Err(PasswordError::Thread)));
        }
        assert_eq!(pool.run(pool.place().unwrap(), |_| 1).await.unwrap(), 1);
    }

    /// Somebody who went away while they waited: their job is not done, and leaves its place.
    #[tokio::test]
    async fn nobody_who_has_gone_is_worked_for() {
        let pool = Pool::new(1, 1).unwrap();
        let (release, held) = channel::<()>();
        let mut first = pin!(pool.run(pool.place().unwrap(), move |_| held.recv().is_ok()));
        assert!(first.as_mut().now_or_never().is_none());
        let worked = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&worked);
        {
            let mut gone = pin!(pool.run(pool.place().unwrap(), move |_| noted.store(true, Ordering::SeqCst)));
            assert!(gone.as_mut().now_or_never().is_none());
        }
        release.send(()).unwrap();
        assert!(first.await.unwrap());
        // Jobs are done in their order: when this one is, the other was passed over.
        let place = loop {
            if let Ok(place) = pool.place() {
                break place;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(pool.run(place, |_| 2).await.unwrap(), 2);
        assert!(!worked.load(Ordering::SeqCst));
    }
}
