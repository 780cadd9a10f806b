//! The superadmins' console in a terminal of a test's own: what is typed, and what is seen.

use crate::{
    patience::{self, LONG_ENOUGH},
    process::built,
};
use pty_process::{
    Size,
    blocking::{Command, Pty, open},
};
use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, ExitStatus},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use vt100::Parser;

/// A running `countinghouse-admin`; killed when it is dropped.
pub struct Console {
    pty: Arc<Pty>,
    child: Child,
    terminal: Arc<Mutex<Parser>>,
    reader: Option<JoinHandle<()>>,
}

impl Console {
    /// At this size, with its files in this folder.
    pub fn start(home: &Path, (width, height): (u16, u16), arguments: &[&str]) -> Self {
        let (pty, pts) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(height, width)).expect("its size");
        let command = Command::new(built("countinghouse-admin"))
            .args(arguments)
            .env_clear()
            .env("HOME", home)
            .env("TERM", "xterm-256color")
            .current_dir(home);
        let child = command.spawn(pts).expect("the console starts");
        let terminal = Arc::new(Mutex::new(Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0)));
        let pty = Arc::new(pty);
        let (from, to) = (Arc::clone(&pty), Arc::clone(&terminal));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It ends with an error when nobody has the other side open any more.
            while let Ok(read @ 1..) = (&*from).read(&mut bytes) {
                to.lock().expect("the screen").process(&bytes[..read]);
            }
        });
        Self { pty, child, terminal, reader: Some(reader) }
    }

    /// Keys as a terminal sends them.
    pub fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("it takes keys");
    }

    /// What is on the screen now.
    pub fn screen(&self) -> String {
        self.terminal.lock().expect("the screen").screen().contents()
    }

    /// Whether it has the whole screen to itself.
    pub fn has_screen(&self) -> bool {
        self.terminal.lock().expect("the screen").screen().alternate_screen()
    }

    /// The screen as soon as this is on it; answers how long that took.
    #[track_caller]
    pub fn see(&self, text: &str) -> (String, Duration) {
        self.until(text, true)
    }

    /// The screen as soon as this is on it no more.
    #[track_caller]
    pub fn see_no(&self, text: &str) -> (String, Duration) {
        self.until(text, false)
    }

    #[track_caller]
    fn until(&self, text: &str, is_there: bool) -> (String, Duration) {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(text) == is_there {
                return (screen, begun.elapsed());
            }
            assert!(begun.elapsed() < LONG_ENOUGH, "{text:?} on the screen is never {is_there}:\n{screen}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The most memory that it has held, in KiB.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its state");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// How it ended, by itself.
    pub fn wait(&mut self) -> ExitStatus {
        patience::ended(&mut self.child, "the console")
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
