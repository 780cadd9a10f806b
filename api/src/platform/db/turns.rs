//! Turns at a lane's connections: as many as there are connections, given in the order in which they were asked for.
//!
//! Work runs off the HTTP workers. Whoever has done theirs does that of the next who waits, on the same thread: while
//! many wait, nobody has to be woken up to begin. A connection on which something was only read goes along as it is.

use super::lease::Lease;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::runtime::Handle;

/// What is done at a turn, with the connection that the one before has left, if any. It gives back what it does not
/// keep for later.
pub(super) type Work = Box<dyn FnOnce(Turn, Option<Lease>) -> Option<(Turn, Option<Lease>)> + Send>;

#[derive(Clone)]
pub(super) struct Turns(Arc<Mutex<State>>);

struct State {
    free: usize,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    place: Arc<Place>,
    work: Work,
    /// The runtime on which its answer is waited for.
    home: Handle,
}

/// Where somebody waits. Their work is begun or given up, whichever is said first.
#[derive(Default)]
pub(super) struct Place(AtomicBool);

impl Place {
    /// Whether nobody had said either before.
    pub(super) fn settle(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// Gives the work up, should it not have begun, when nobody waits for it any more.
pub(super) struct GivesUp(pub(super) Arc<Place>);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.settle();
    }
}

impl Turns {
    pub(super) fn new(size: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: size, waiting: VecDeque::new() })))
    }

    /// Has this done as soon as there is a turn, unless it is given up before.
    pub(super) fn ask(&self, place: &Arc<Place>, work: Work) {
        let mut state = self.state();
        let one = Waiting { place: Arc::clone(place), work, home: Handle::current() };
        if state.free == 0 {
            state.waiting.push_back(one);
            return;
        }
        state.free = state.free.saturating_sub(1);
        drop(state);
        place.settle();
        begin(Turn::of(self), one);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next whose work was not given up.
    fn next(&mut self) -> Option<Waiting> {
        std::iter::from_fn(|| self.waiting.pop_front()).find(|next| next.place.settle())
    }
}

fn begin(turn: Turn, Waiting { work, home, .. }: Waiting) {
    home.spawn_blocking(move || {
        if let Some((turn, left)) = work(turn, None) {
            turn.pass_on(left);
        }
    });
}

/// The right to one connection. Dropped, it goes to the next who waits, on a thread of theirs.
pub(super) struct Turn {
    turns: Turns,
    is_over: bool,
}

impl Turn {
    fn of(turns: &Turns) -> Self {
        Self { turns: turns.clone(), is_over: false }
    }

    /// Does the work of those who wait, on this thread, until nobody does.
    pub(super) fn pass_on(self, left: Option<Lease>) {
        let mut back = Some((self, left));
        while let Some((mut turn, left)) = back.take() {
            // What is open is ended before the turn is: there are never more connections than turns.
            let next = if left.is_some() { turn.turns.state().next() } else { turn.next_or_end() };
            back = match (next, left) {
                (Some(next), left) => (next.work)(turn, left),
                (None, Some(mut left)) => {
                    left.end_reading();
                    drop(left);
                    Some((turn, None))
                }
                (None, None) => None,
            };
        }
    }

    fn next_or_end(&mut self) -> Option<Waiting> {
        let mut state = self.turns.state();
        let next = state.next();
        if next.is_none() {
            state.free = state.free.saturating_add(1);
            self.is_over = true;
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Some(next) = self.next_or_end() {
            begin(Self::of(&self.turns), next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::mpsc::{Receiver, Sender, channel},
        thread::{self, ThreadId},
        time::Duration,
    };
    use tokio::task::spawn_blocking;

    type Said = (&'static str, ThreadId);

    fn ask(turns: &Turns, say: &Sender<Said>, name: &'static str, until: Option<Receiver<()>>) -> Arc<Place> {
        let (place, say) = (Arc::new(Place::default()), say.clone());
        let work = move |turn, left| {
            let _released = until.map(|until| until.recv());
            say.send((name, thread::current().id())).unwrap();
            assert_ne!(name, "panics");
            Some((turn, left))
        };
        turns.ask(&place, Box::new(work));
        place
    }

    async fn heard(hears: Receiver<Said>, most: usize) -> Vec<Said> {
        let hear = move || (0..most).map_while(|_| hears.recv_timeout(Duration::from_secs(30)).ok()).collect();
        spawn_blocking(hear).await.unwrap()
    }

    #[tokio::test]
    async fn who_is_done_does_the_next_ones_work_and_passes_over_who_gave_up() {
        let (turns, (say, hears), (release, held)) = (Turns::new(1), channel(), channel());
        ask(&turns, &say, "first", Some(held));
        let gave_up = ask(&turns, &say, "gave up", None);
        ask(&turns, &say, "last", None);
        drop(GivesUp(gave_up));
        drop(say);
        release.send(()).unwrap();
        let heard = heard(hears, 3).await;
        let [("first", first), ("last", last)] = heard[..] else { panic!("{heard:?}") };
        assert_eq!(first, last, "somebody was woken up for it");
    }

    #[tokio::test]
    async fn no_turn_is_lost_to_a_panic() {
        let (turns, (say, hears), (release, held)) = (Turns::new(1), channel(), channel());
        ask(&turns, &say, "panics", Some(held));
        ask(&turns, &say, "panics", None);
        ask(&turns, &say, "last", None);
        drop(say);
        release.send(()).unwrap();
        let names: Vec<_> = heard(hears, 3).await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["panics", "panics", "last"]);
    }

    /// What is taken while nobody waits can be had again.
    #[tokio::test]
    async fn a_turn_that_nobody_waits_for_is_free_again() {
        let (turns, (say, hears)) = (Turns::new(1), channel());
        ask(&turns, &say, "first", None);
        while turns.state().free == 0 {
            tokio::task::yield_now().await;
        }
        ask(&turns, &say, "second", None);
        drop(say);
        assert_eq!(heard(hears, 2).await.len(), 2);
    }
}
