//! A real browser: Debian's Chromium without a window, led by its driver (W3C WebDriver).

use crate::{caller::http_client, patience, tools};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

const CHROMIUM: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";

/// For how long a page may take to show something.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends when it is dropped.
pub struct Browser {
    http: reqwest::Client,
    session: String,
    driver: Child,
}

impl Browser {
    /// `None`, and a loud word, where it is not installed.
    pub async fn start() -> Option<Self> {
        if ![CHROMIUM, DRIVER].iter().all(|path| Path::new(path).exists()) {
            tools::skip("no browser is here: install chromium and chromium-driver", "REQUIRE_TOOLS");
            return None;
        }
        let (driver, port) = (0..5).find_map(|_| start_driver()).expect("a driver");
        let base = format!("http://127.0.0.1:{port}/session");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1400,1000",
        ];
        let capabilities = json!({
            "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let http = http_client();
        let mut browser = Self { http, session: base, driver };
        let made = browser.call("", &json!({"capabilities": {"alwaysMatch": capabilities}})).await;
        browser.session = format!("{}/{}", browser.session, made["sessionId"].as_str().expect("a session"));
        Some(browser)
    }

    pub async fn open(&self, url: &str) {
        self.call("/url", &json!({"url": url})).await;
    }

    /// What a script in the page returns.
    pub async fn run(&self, script: &str) -> Value {
        self.call("/execute/sync", &json!({"script": script, "args": []})).await
    }

    /// Until an expression is true in the page.
    pub async fn until(&self, expression: &str) {
        let end = Instant::now() + PATIENCE;
        while self.run(&format!("return !!({expression});")).await != json!(true) {
            if Instant::now() > end {
                let text = self.run("return document.body.innerText.slice(0, 2000);").await;
                panic!("never {expression}; complaints: {:?}; the page shows {text}", self.complaints().await);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Errors in the console, among them whatever the page's policy refused.
    pub async fn complaints(&self) -> Vec<Value> {
        let log = self.call("/se/log", &json!({"type": "browser"})).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        entries.into_iter().filter(|entry| entry["level"] == "SEVERE").collect()
    }

    /// A picture of the page, as a PNG in base64.
    pub async fn picture(&self) -> String {
        let answer = self.http.get(format!("{}/screenshot", self.session)).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        answer["value"].as_str().expect("a picture").to_owned()
    }

    async fn call(&self, command: &str, body: &Value) -> Value {
        let answer = self.http.post(format!("{}{command}", self.session)).json(body).send().await.expect("an answer");
        let ok = answer.status().is_success();
        let answer: Value = answer.json().await.expect("JSON");
        assert!(ok, "{command}: {answer}");
        answer["value"].clone()
    }
}

/// With the port that it listens at; `None` where somebody else took the port that it had chosen.
fn start_driver() -> Option<(Child, u16)> {
    let mut command = Command::new(DRIVER);
    // A group of its own, so that the browser ends with its driver.
    command.arg("--port=0").stdout(Stdio::piped()).process_group(0);
    let mut driver = command.spawn().expect("a driver");
    let lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let port = lines.map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse::<u16>();
            port.ok()
        });
        let _ = sender.send(port);
    });
    let port = receiver.recv_timeout(PATIENCE).ok().flatten();
    if port.is_none() {
        end(&mut driver);
    }
    Some((driver, port?))
}

fn end(driver: &mut Child) {
    let group = format!("-{}", driver.id());
    let _ = Command::new("kill").args(["--", &group]).status();
    patience::end(driver);
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&mut self.driver);
    }
}
