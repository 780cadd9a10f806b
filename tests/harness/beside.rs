//! A server in a thread of this process, beside the test.

use actix_web::dev::{Server, ServerHandle};
use std::thread::JoinHandle;

/// Stops when it is dropped.
pub(crate) struct Beside {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// Runs what is made there, and answers what else the maker has for the test.
    pub fn start<T: Send + 'static>(make: impl AsyncFnOnce() -> (Server, T) + Send + 'static) -> (Self, T) {
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (server, made) = make().await;
                sender.send((server.handle(), made)).expect("the test waits");
                server.await.expect("the server ends well");
            });
        });
        let (handle, made) = receiver.recv().expect("the server starts");
        (Self { handle, thread: Some(thread) }, made)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let (handle, thread) = (self.handle.clone(), self.thread.take());
        // Off the test's own runtime, which may be the one that must not block.
        let ended = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(handle.stop(false));
            if let Some(thread) = thread {
                let _ = thread.join();
            }
        });
        let _ = ended.join();
    }
}
