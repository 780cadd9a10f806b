//! A lane: the connections of one database login, with a queue in front.
//!
//! r2d2 hands out connections unfairly when more ask than there are, so turns ([`Turns`]) stand in front of it, and
//! the wait happens before a thread is taken. A connection that turns out dead at BEGIN is replaced ([`Lease`]), which
//! costs a healthy one nothing.
//!
//! What only reads is answered before its COMMIT. Where somebody waits for the connection, it is handed
//! over as it is, and the COMMIT goes in one message with their BEGIN, which spares a round trip.

use super::{
    connections::Connections,
    error::DbError,
    lease::Lease,
    turns::{GivesUp, Place, Turn, Turns},
};
use crate::platform::metrics::Login;
use diesel::PgConnection;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};

#[derive(Clone)]
pub(super) struct Lane(Arc<Inner>);

struct Inner {
    connections: Connections,
    turns: Turns,
    /// How long it is waited for a turn.
    patience: Duration,
}

/// To whom the answer of some work goes, who may have gone meanwhile.
type Answer<T, E> = oneshot::Sender<Result<T, E>>;

impl Lane {
    /// `prepares`: what each connection prepares before it is used.
    pub(super) fn new(
        url: &str,
        size: u32,
        patience: Duration,
        prepares: Option<&'static str>,
        metrics: Login,
    ) -> Self {
        let connections = Connections::new(url, size, prepares, metrics);
        let turns = Turns::new(usize::try_from(size).unwrap_or(1));
        Self(Arc::new(Inner { connections, turns, patience }))
    }

    /// Runs the work on a connection, off the HTTP workers.
    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Lease) -> Result<T, E> + Send + 'static,
    {
        self.at_turn(|lane, turn, left, answer| {
            // The connection goes back before anybody is told.
            let done = lane.lease(left).map_err(E::from).and_then(|mut lease| work(&mut lease));
            let _gone_meanwhile = answer.send(done);
            Some((turn, None))
        })
        .await
    }

    /// Runs work that leaves open what it only read, and answers before that is ended.
    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Lease) -> Result<T, E> + Send + 'static,
    {
        self.at_turn(|lane, turn, left, answer| match lane.lease(left) {
            Ok(mut lease) => {
                let _gone_meanwhile = answer.send(work(&mut lease));
                Some((turn, lease.reads().then_some(lease)))
            }
            Err(error) => {
                let _gone_meanwhile = answer.send(Err(error.into()));
                Some((turn, None))
            }
        })
        .await
    }

    /// Runs work that leaves its transaction open, which is then held until somebody ends it.
    pub(super) async fn hold<T, E, F>(&self, work: F) -> Result<(T, Held), E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Lease) -> Result<T, E> + Send + 'static,
    {
        self.at_turn(|lane, turn, left, answer| {
            let done =
                lane.lease(left).map_err(E::from).and_then(|mut lease| work(&mut lease).map(|value| (value, lease)));
            match done {
                Ok((value, lease)) => {
                    // Whoever has gone meanwhile drops it, and it is undone.
                    let _gone_meanwhile = answer.send(Ok((value, Held { lease, turn })));
                    None
                }
                Err(error) => {
                    let _gone_meanwhile = answer.send(Err(error));
                    Some((turn, None))
                }
            }
        })
        .await
    }

    fn lease(&self, left: Option<Lease>) -> Result<Lease, DbError> {
        left.map_or_else(|| Lease::take(self.0.connections.clone()), Ok)
    }

    /// Has this done at a turn, which is waited for as long as there is patience; what has begun, to its end.
    async fn at_turn<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&Self, Turn, Option<Lease>, Answer<T, E>) -> Option<(Turn, Option<Lease>)> + Send + 'static,
    {
        let (asked, place) = (Instant::now(), Arc::new(Place::default()));
        let _gives_up = GivesUp(Arc::clone(&place));
        let (answer, mut answered) = oneshot::channel();
        let lane = self.clone();
        let begun = move |turn, left| {
            lane.0.connections.metrics().waited(asked.elapsed());
            work(&lane, turn, left, answer)
        };
        self.0.turns.ask(&place, Box::new(begun));
        let answer = match timeout(self.0.patience, &mut answered).await {
            Ok(answer) => answer,
            Err(_) if place.settle() => {
                self.0.connections.metrics().turned_away();
                return Err(DbError::Unavailable("too many requests are waiting".to_owned()).into());
            }
            Err(_) => answered.await,
        };
        answer.unwrap_or_else(|_| Err(DbError::Thread.into()))
    }
}

/// A transaction whose work is done, waiting to be ended. Dropped, it is undone: the pool closes a
/// connection that comes back in the middle of one.
pub(super) struct Held {
    lease: Lease,
    turn: Turn,
}

impl Held {
    /// Does the last of the work and commits.
    pub(super) async fn commit<F>(self, last: F) -> Result<(), DbError>
    where
        F: FnOnce(&mut PgConnection) -> Result<(), DbError> + Send + 'static,
    {
        self.end(|lease| lease.finish(last)).await
    }

    pub(super) async fn roll_back(self) {
        // An error of our own undoes it; that it comes back is what was wanted.
        let _undone = self.end(|lease| lease.attempt(|_| Err::<(), _>(DbError::Thread))).await;
    }

    async fn end(self, how: impl FnOnce(&mut Lease) -> Result<(), DbError> + Send + 'static) -> Result<(), DbError> {
        let (answer, answered) = oneshot::channel();
        let Self { mut lease, turn } = self;
        // It runs to its end, whether somebody waits for it or not.
        drop(spawn_blocking(move || {
            let done = how(&mut lease);
            drop(lease);
            let _gone_meanwhile = answer.send(done);
            turn.pass_on(None);
        }));
        answered.await.unwrap_or(Err(DbError::Thread))
    }
}
