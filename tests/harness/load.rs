//! A load of requests over connections that stay open, and how soon they were answered; and beside it
//! what pgbench does with the same database.

use crate::{Cluster, Login, crowd::answer};
use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// What a load came to.
pub struct Measured {
    /// Answers a second.
    pub rate: f64,
    times: Vec<Duration>,
}

impl Measured {
    /// The time within which so many percent were answered.
    pub fn percentile(&self, percent: f64) -> Duration {
        let place = (self.times.len() as f64 * percent / 100.0) as usize;
        self.times.get(place.min(self.times.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// What each connection asks (its number, and how often it has asked before): HTTP/1.1, whole.
pub type Requests = Arc<dyn Fn(usize, u64) -> String + Send + Sync>;

/// For so long, each connection asks again as soon as it is answered, or, with `rate`, as often as all
/// of them together come to that. Every answer must have this status.
pub async fn load(
    address: &str,
    connections: usize,
    time: Duration,
    rate: Option<f64>,
    status: u16,
    requests: Requests,
) -> Measured {
    let mut tasks = Vec::new();
    let began = Instant::now();
    for number in 0..connections {
        let mut stream = TcpStream::connect(address).await.expect("the service takes the connection");
        stream.set_nodelay(true).expect("a socket");
        let requests = Arc::clone(&requests);
        let pause = rate.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
        tasks.push(tokio::spawn(async move {
            let (mut times, mut room) = (Vec::new(), Vec::new());
            let mut due = Instant::now() + pause.unwrap_or_default().mul_f64(number as f64 / connections as f64);
            while began.elapsed() < time {
                if let Some(pause) = pause {
                    tokio::time::sleep_until(due.into()).await;
                    due += pause;
                }
                let request = requests(number, times.len() as u64);
                let asked = Instant::now();
                stream.write_all(request.as_bytes()).await.expect("the service reads");
                let answered = answer(&mut stream, &mut room).await;
                assert_eq!(answered, status, "{request}");
                times.push(asked.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a connection ends"));
    }
    times.sort();
    Measured { rate: times.len() as f64 / began.elapsed().as_secs_f64(), times }
}

/// Transactions a second of these scripts, of which each client takes one at random each time, with
/// prepared statements, as the service's own login.
pub fn pgbench(database: &str, clients: usize, time: Duration, scripts: &[impl AsRef<Path>]) -> f64 {
    let cluster = Cluster::get();
    let mut command = Command::new(cluster.bin_dir.join("pgbench"));
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
    command.arg(format!("--client={clients}")).arg(format!("--time={}", time.as_secs()));
    command.args(scripts.iter().map(|script| format!("--file={}", script.as_ref().display())));
    let output = command.arg(cluster.url(Login::App, database)).output().expect("pgbench runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !complaints.contains("aborted"), "{said}{complaints}");
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.unwrap_or_else(|| panic!("no figure in {said}{complaints}"))
}
