//! Waiting for programs, which have an end to it: what hangs fails its own test, and says so, instead of holding up
//! all of them until somebody looks.

use std::{
    io::Read,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// What has not happened by then, on the busiest machine, does not happen any more.
pub const LONG_ENOUGH: Duration = Duration::from_secs(120);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// Whoever waits for something that no program ends with, in a loop of their own.
pub struct Patience {
    what: String,
    begun: Instant,
}

impl Patience {
    pub fn until(what: impl Into<String>) -> Self {
        Self { what: what.into(), begun: Instant::now() }
    }

    /// Lets others go on before the next look.
    pub async fn wait(&self) {
        assert!(self.begun.elapsed() < LONG_ENOUGH, "never {}", self.what);
        tokio::time::sleep(PAUSE).await;
    }
}

/// How a program ended that is about to end.
pub fn ended(child: &mut Child, what: &str) -> ExitStatus {
    until(child, LONG_ENOUGH).unwrap_or_else(|| panic!("{what} does not end"))
}

/// The same where nothing may go wrong any more: what does not end by itself is killed.
pub fn end(child: &mut Child) {
    if until(child, LONG_ENOUGH).is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn until(child: &mut Child, long_enough: Duration) -> Option<ExitStatus> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("its state") {
            return Some(status);
        }
        if begun.elapsed() > long_enough {
            return None;
        }
        thread::sleep(PAUSE);
    }
}

/// Runs a program to its end; what it said so far, if it takes longer than this.
pub fn output(command: &mut Command, long_enough: Duration) -> std::io::Result<Result<Output, String>> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    Ok(output_of(child, long_enough))
}

/// The same of one that was started with pipes.
pub fn output_of(mut child: Child, long_enough: Duration) -> Result<Output, String> {
    let (stdout, stderr) = (Heard::of(child.stdout.take()), Heard::of(child.stderr.take()));
    let Some(status) = until(&mut child, long_enough) else {
        let _ = child.kill();
        let _ = child.wait();
        let said = [stdout.so_far(), stderr.so_far()].concat();
        return Err(format!("it did not end in {long_enough:?}, and said\n{}", String::from_utf8_lossy(&said)));
    };
    Ok(Output { status, stdout: stdout.whole(), stderr: stderr.whole() })
}

/// What comes out of a pipe, taken in at once: a program that nobody listens to stands still.
struct Heard {
    bytes: Arc<Mutex<Vec<u8>>>,
    listener: thread::JoinHandle<()>,
}

impl Heard {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (mut pipe, into) = (pipe.expect("a pipe"), Arc::clone(&bytes));
        let listener = thread::spawn(move || {
            let mut part = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut part) {
                into.lock().expect("the bytes").extend_from_slice(&part[..length]);
            }
        });
        Self { bytes, listener }
    }

    fn so_far(&self) -> Vec<u8> {
        self.bytes.lock().expect("the bytes").clone()
    }

    /// A program of its own making may hold the pipe for longer than it lives: that is not waited for.
    fn whole(self) -> Vec<u8> {
        let begun = Instant::now();
        while !self.listener.is_finished() && begun.elapsed() < LONG_ENOUGH {
            thread::sleep(PAUSE);
        }
        self.so_far()
    }
}
