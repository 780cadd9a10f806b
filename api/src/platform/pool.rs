//! Threads for what takes long: few, behind everybody else, and with a short queue before them.
//!
//! A hash or a picture takes tens of milliseconds of a core and tens of megabytes. On threads of their own, of a
//! lower priority, they take what the requests that only read and write leave over; and who comes when the queue
//! is full is told so at once, rather than waiting longer than anybody would.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvError, Sender, channel},
    },
    thread,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// What a thread keeps from one job to the next.
pub trait Kit: Default + 'static {
    /// Nothing waits just now.
    fn rest(&mut self) {}
}

impl Kit for () {}

type Job<K> = Box<dyn FnOnce(&mut K) + Send>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    #[error("too many are waiting")]
    Busy,
    #[error("the thread ended early")]
    Thread,
}

/// The threads end when the last clone is dropped.
pub struct Pool<K> {
    jobs: Sender<Job<K>>,
    places: Arc<Semaphore>,
    most: usize,
}

impl<K> Clone for Pool<K> {
    fn clone(&self) -> Self {
        Self { jobs: self.jobs.clone(), places: Arc::clone(&self.places), most: self.most }
    }
}

/// A place on a thread or in the queue: good for one job.
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl<K: Kit> Pool<K> {
    /// `name`: of its threads, and of what they do. `queue`: how many jobs may wait besides those that run.
    pub fn new(name: &'static str, threads: usize, queue: usize) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().name(name.to_owned()).spawn(move || work_off::<K>(name, &waiting))?;
        }
        let most = threads.saturating_add(queue);
        Ok(Self { jobs, places: Arc::new(Semaphore::new(most)), most })
    }

    /// A place, if there is one left.
    pub fn place(&self) -> Result<Place, PoolError> {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        permit.map(|permit| Place { _permit: permit }).map_err(|_| PoolError::Busy)
    }

    /// A place, whenever there is one.
    pub async fn wait_for_place(&self) -> Result<Place, PoolError> {
        let permit = Arc::clone(&self.places).acquire_owned().await;
        permit.map(|permit| Place { _permit: permit }).map_err(|_| PoolError::Thread)
    }

    /// How many are taken, and how many there are.
    pub fn places(&self) -> (usize, usize) {
        (self.most.saturating_sub(self.places.available_permits()), self.most)
    }

    /// Nobody who has gone away is worked for.
    pub async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&mut K) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let (done, result) = oneshot::channel();
        let job = move |kit: &mut K| {
            let _place = place;
            if !done.is_closed() {
                let _gone_meanwhile = done.send(work(kit));
            }
        };
        self.jobs.send(Box::new(job)).map_err(|_| PoolError::Thread)?;
        result.await.map_err(|_| PoolError::Thread)
    }
}

fn work_off<K: Kit>(name: &str, waiting: &Mutex<Receiver<Job<K>>>) {
    step_back(name);
    let mut kit = K::default();
    while let Ok(job) = next(waiting, &mut kit) {
        // Who waits for a job that panicked sees its channel closed.
        if catch_unwind(AssertUnwindSafe(|| job(&mut kit))).is_err() {
            tracing::error!(pool = name, "a job panicked");
        }
    }
}

/// The next job. What the last has left is kept for it only if it is there already.
fn next<K: Kit>(waiting: &Mutex<Receiver<Job<K>>>, kit: &mut K) -> Result<Job<K>, RecvError> {
    // Another thread that holds the lock waits for a job itself: then there is none.
    let there = waiting.try_lock().ok().and_then(|waiting| waiting.try_recv().ok());
    match there {
        Some(job) => Ok(job),
        None => {
            kit.rest();
            waiting.lock().unwrap_or_else(PoisonError::into_inner).recv()
        }
    }
}

/// On Linux, niceness is the thread's; elsewhere it would be the whole process's.
fn step_back(name: &str) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, pool = name, "threads keep their priority");
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
        let pool = Pool::<()>::new("test", 1, 2).unwrap();
        let (release, held) = channel::<()>();
        let mut first = pin!(pool.run(pool.place().unwrap(), move |_| held.recv().is_ok()));
        assert!(first.as_mut().now_or_never().is_none());
        let [two, three] = [pool.place().unwrap(), pool.place().unwrap()];
        let mut rest = pin!(async { tokio::join!(pool.run(two, |_| 2), pool.run(three, |_| 3)) });
        assert!(rest.as_mut().now_or_never().is_none());
        assert!(matches!(pool.place(), Err(PoolError::Busy)));
        release.send(()).unwrap();
        assert!(first.await.unwrap());
        let (two, three) = rest.await;
        assert_eq!((two.unwrap(), three.unwrap()), (2, 3));
        assert!(matches!(pool.run(pool.place().unwrap(), |_| 4).await, Ok(4)));
    }

    #[tokio::test]
    async fn who_waits_for_a_place_gets_one() {
        let pool = Pool::<()>::new("test", 1, 0).unwrap();
        let taken = pool.place().unwrap();
        assert_eq!(pool.places(), (1, 1));
        let mut waits = pin!(pool.wait_for_place());
        assert!(waits.as_mut().now_or_never().is_none());
        drop(taken);
        assert_eq!(pool.run(waits.await.unwrap(), |_| 3).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_place_comes_back_whatever_becomes_of_it() {
        let pool = Pool::<()>::new("test", 1, 1).unwrap();
        for _ in 0..5 {
            drop(pool.place().unwrap());
            let panics = pool.run(pool.place().unwrap(), |_| panic!("as the test asked")).await;
            assert!(matches!(panics, Err(PoolError::Thread)));
        }
        assert_eq!(pool.run(pool.place().unwrap(), |_| 1).await.unwrap(), 1);
    }

    /// Somebody who went away while they waited: their job is not done, and leaves its place.
    #[tokio::test]
    async fn nobody_who_has_gone_is_worked_for() {
        let pool = Pool::<()>::new("test", 1, 1).unwrap();
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
