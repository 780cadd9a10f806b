//! Named points: places where a test stops the process, to kill it just there, or lets its code fail.
//!
//! Only builds for development have them; in a release [`reached`] is nothing. A process that was started
//! with `STOP_AT=<point>` says so and stops itself, as SIGSTOP does, the first time that it comes by. With
//! `PANIC_AT=<point>` it panics there.

/// A place in a job's life, or a schedule's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Jobs were claimed, and nothing of them was begun.
    Claimed,
    /// A transaction on the way was committed.
    StepDone,
    /// All is written, the mark that the job is done too, and not committed.
    Finishing,
    /// It is committed, and the worker has not seen it yet.
    Finished,
    /// An attempt failed, and nobody knows of it yet.
    Failing,
    /// The same, and it is known.
    Failed,
    /// A worker that stops has not given back what it could not finish.
    HandingBack,
    /// A schedule's time has come, and its job is not stored.
    ScheduleDue,
    /// Its job is stored, and nothing of it was begun.
    ScheduleMoved,
    /// A call of a client's ERP was written down, and is not made.
    CallWritten,
    /// It has ended, and nothing of that is kept.
    CallEnded,
    /// The files of a picture are in the store, and it is not entered.
    PictureStored,
    /// Files of pictures were given up, and are in the store still.
    FilesGivenUp,
    /// They are out of it, and nobody has noted that.
    FilesTaken,
}

impl Point {
    pub const ALL: [Self; 14] = [
        Self::Claimed,
        Self::StepDone,
        Self::Finishing,
        Self::Finished,
        Self::Failing,
        Self::Failed,
        Self::HandingBack,
        Self::ScheduleDue,
        Self::ScheduleMoved,
        Self::CallWritten,
        Self::CallEnded,
        Self::PictureStored,
        Self::FilesGivenUp,
        Self::FilesTaken,
    ];
}

#[cfg(not(debug_assertions))]
pub const fn reached(_: Point) {}

#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "it was asked to")]
pub fn reached(point: Point) {
    use rustix::process::{Signal, getpid, kill_process};
    use std::{
        sync::{
            LazyLock,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };

    static STOP_AT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("STOP_AT").ok());
    static PANIC_AT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("PANIC_AT").ok());
    static STOPPED: AtomicBool = AtomicBool::new(false);

    let here = |at: &Option<String>| at.as_ref().is_some_and(|name| *name == format!("{point:?}"));
    if here(&PANIC_AT) {
        panic!("at a named point");
    }
    if here(&STOP_AT) && !STOPPED.swap(true, Ordering::SeqCst) {
        tracing::warn!(?point, "held at a named point");
        if kill_process(getpid(), Signal::STOP).is_ok() {
            // Any thread may take the signal: this one gives it the time to.
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
