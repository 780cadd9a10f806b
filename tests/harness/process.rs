//! The real binary as a process of its own, for what no thread can show: signals, exit codes,
//! and what is printed.

use crate::{
    caller::{Caller, http_client},
    patience::{self, LONG_ENOUGH},
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Condvar, LazyLock, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Where the programs are, built once per test binary; `cargo test` builds tests only.
static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
    let release: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bin", "countinghouse", "--bin", "countinghouse-admin"])
        .args(release)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status();
    assert!(built.expect("cargo runs").success(), "the programs do not build");
    // Tests are in target/debug/deps, the binary one folder up; programs stand beside it.
    let own = std::env::current_exe().expect("the test's own path");
    let folder = own.parent().expect("a folder");
    let target = if folder.ends_with("deps") { folder.parent().expect("a target folder") } else { folder };
    target.to_owned()
});

/// One of the programs, ready to be run.
pub(crate) fn built(name: &str) -> PathBuf {
    PROGRAMS.join(name)
}

/// A running `countinghouse serve` or `work`.
pub struct Process {
    pub base_url: String,
    child: Child,
    said: Arc<Said>,
    /// How many lines [`Process::wait_for`] has gone past.
    read: usize,
    listeners: Vec<JoinHandle<()>>,
}

/// What a process wrote on both of its outputs, line by line. It is taken in at once, for a process
/// whose log nobody reads stands still when the pipe is full.
#[derive(Default)]
struct Said {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Said {
    fn listen(self: &Arc<Self>, output: impl Read + Send + 'static) -> JoinHandle<()> {
        let said = Arc::clone(self);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                said.lines.lock().expect("the lines").push(line.expect("a readable log"));
                said.more.notify_all();
            }
        })
    }
}

impl Process {
    /// Starts `serve` and waits until it says where it listens.
    pub fn serve(environment: &[(&str, String)]) -> Self {
        Self::serve_with(environment, &[])
    }

    /// The same with arguments.
    pub fn serve_with(environment: &[(&str, String)], arguments: &[&str]) -> Self {
        let mut process = Self::start(environment, &[&["serve"], arguments].concat());
        let listening = process.wait_for("listening");
        process.base_url = format!("http://{}", listening["address"].as_str().expect("an address"));
        process
    }

    /// Starts `work` and waits until it does.
    pub fn work(environment: &[(&str, String)]) -> Self {
        let mut process = Self::start(environment, &["work"]);
        process.wait_for("working");
        process
    }

    /// Any sub-command that goes on until it is told to stop.
    pub fn start(environment: &[(&str, String)], arguments: &[&str]) -> Self {
        let mut child = command(environment)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let said = Arc::new(Said::default());
        let listeners = vec![
            said.listen(child.stdout.take().expect("its output")),
            said.listen(child.stderr.take().expect("its log")),
        ];
        Self { base_url: String::new(), child, said, read: 0, listeners }
    }

    /// Runs another sub-command to its end, with this on standard input.
    pub fn run(environment: &[(&str, String)], arguments: &[&str], input: &str) -> Output {
        let mut child = command(environment)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("its standard input");
        // It may end without reading.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        patience::output_of(child, LONG_ENOUGH).unwrap_or_else(|said| panic!("{arguments:?}: {said}"))
    }

    /// Reads the log up to a line with this message.
    pub fn wait_for(&mut self, message: &str) -> Value {
        let begun = Instant::now();
        let mut lines = self.said.lines.lock().expect("the lines");
        loop {
            while let Some(line) = lines.get(self.read) {
                self.read += 1;
                let entry: Value = serde_json::from_str(line).unwrap_or(Value::Null);
                if entry["message"].as_str().is_some_and(|text| text.starts_with(message)) {
                    return entry;
                }
            }
            let ended = self.listeners.iter().all(JoinHandle::is_finished);
            assert!(!ended, "the process ended before it said {message:?}");
            assert!(begun.elapsed() < LONG_ENOUGH, "the process never said {message:?}");
            // Its end comes without a line: hence the time.
            lines = self.said.more.wait_timeout(lines, Duration::from_millis(50)).expect("the lines").0;
        }
    }

    /// Where it serves its metrics, with `METRICS_LISTEN` set.
    pub fn metrics_url(&self) -> String {
        let lines = self.said.lines.lock().expect("the lines");
        let mut entries = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let entry = entries.find(|entry| entry["message"] == "metrics").expect("it says where");
        format!("http://{}/metrics", entry["address"].as_str().expect("an address"))
    }

    /// All that it wrote, from beginning to end.
    pub fn all_it_said(mut self) -> Vec<String> {
        self.signal("TERM");
        assert!(self.wait().success());
        for listener in self.listeners.drain(..) {
            listener.join().expect("the log was read");
        }
        std::mem::take(&mut *self.said.lines.lock().expect("the lines"))
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// The most memory it ever had, in MiB (Linux).
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes") / 1024
    }

    /// What it has had of the processors (Linux), in steps of ten milliseconds.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a running process");
        // Behind the name, which may hold anything: the state, and then the 12th and 13th are what is wanted.
        let (_, fields) = stat.rsplit_once(") ").expect("a name");
        let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    pub fn wait(&mut self) -> ExitStatus {
        patience::ended(&mut self.child, "the process")
    }

    /// Somebody who calls this process.
    pub fn caller(&self, token: impl Into<String>) -> Caller {
        Caller::new(http_client(), &self.base_url, Some(token.into()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lines = self.said.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.iter().filter(|line| line.contains("\"ERROR\"")).for_each(|line| eprintln!("{line}"));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(environment: &[(&str, String)]) -> Command {
    let mut command = Command::new(built("countinghouse"));
    command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    command
}
