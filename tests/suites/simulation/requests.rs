//! Requests that may be lost, doubled and late: each has a key, and is sent until its fate is known.

use super::Simulation;
use countinghouse_tests::{Answer, Cut};
use reqwest::Method;
use serde_json::Value;

/// What somebody wants, for as long as nobody knows what became of it.
pub struct Request {
    pub client: usize,
    pub method: Method,
    pub path: String,
    pub body: Value,
    pub state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not sent yet, or its answer was lost.
    Open,
    /// It was done, and this was the answer.
    Done(String),
    /// It was refused: nothing happened, and nobody asks again.
    Refused,
}

/// What business may be refused for.
const REFUSALS: [&str; 6] =
    ["insufficient_stock", "overpaid", "return_exceeds_sold", "over_refunded", "order_not_editable", "not_found"];

/// What a code is refused for that is not the next one: the clock was set back, or it came too often.
const OUT_OF_TIME: [&str; 2] = ["second_factor_invalid", "second_factor_locked"];

fn reason(problem: &Value) -> &str {
    let fault = problem["errors"].get(0).unwrap_or(problem);
    fault["code"].as_str().unwrap_or_default()
}

/// What came back.
enum Outcome {
    Answer(Answer),
    /// Nobody knows.
    Nothing,
}

impl Simulation {
    pub fn ask(&mut self, client: usize, path: String, body: Value) {
        self.requests.push(Request { client, method: Method::POST, path, body, state: State::Open });
    }

    /// Something behind the second factor: each time it is sent it brings a code of that moment.
    pub fn ask_with_code(&mut self, client: usize, method: Method, path: String, body: Value) {
        self.requests.push(Request { client, method, path, body, state: State::Open });
    }

    /// The newest request is sent, or left for later; the wire is cut meanwhile or its answer is lost,
    /// or it is sent twice.
    pub async fn deliver_the_newest(&mut self) {
        let Some(at) = self.requests.len().checked_sub(1) else { return };
        match self.dice.roll(8) {
            0 => {}
            1 => self.deliver_and_lose_the_answer(at).await,
            2 => {
                self.deliver(at).await;
                self.deliver(at).await;
            }
            3 => self.deliver_with(Cut::BeforeCommit, at).await,
            4 => self.deliver_with(Cut::AfterCommit, at).await,
            _ => self.deliver(at).await,
        }
    }

    /// Late, or once more though it was answered.
    pub async fn deliver_some_old_one(&mut self) {
        let at = self.dice.roll(self.requests.len().max(1) as u64) as usize;
        if at < self.requests.len() {
            self.deliver(at).await;
        }
    }

    async fn deliver_with(&mut self, cut: Cut, at: usize) {
        self.wire.cut_at(cut);
        self.deliver(at).await;
        self.cuts += u64::from(!self.wire.is_armed());
        self.wire.disarm();
    }

    async fn deliver_and_lose_the_answer(&mut self, at: usize) {
        let _lost = self.send(at).await;
    }

    /// Sends a request that was not refused, and draws the consequence of its answer.
    pub async fn deliver(&mut self, at: usize) {
        if self.requests[at].state == State::Refused {
            return;
        }
        let Outcome::Answer(answer) = self.send(at).await else { return };
        let request = &mut self.requests[at];
        let told = format!("{} {}: {answer:?}", request.path, request.body);
        match (answer.status, &request.state) {
            // The connection was cut or its end not seen yet, or it is not known what came of it.
            (503, _) => {}
            (409, _) if answer.body["code"] == "idempotency_in_progress" => {}
            (401 | 429, State::Open) if OUT_OF_TIME.contains(&reason(&answer.body)) => {}
            (200..=299, State::Open) => request.state = State::Done(answer.text),
            (200..=299, State::Done(first)) => {
                assert_eq!((answer.header("idempotency-replayed"), &answer.text), ("true", first), "{told}");
            }
            (409 | 422, State::Open) if REFUSALS.contains(&reason(&answer.body)) => request.state = State::Refused,
            (_, state) => panic!("{told} after {state:?}"),
        }
    }

    async fn send(&self, at: usize) -> Outcome {
        let Request { client, method, path, body, .. } = &self.requests[at];
        let with_code = (*method != Method::POST).then(|| self.next_code());
        let caller = self.world.caller(&self.clients[*client].tenant, "owner");
        let key = format!("request-{at}");
        let request = caller.request(method.clone(), path).header("idempotency-key", key).json(body);
        let request = match with_code {
            Some(code) => request.header("X-2FA-Code", code),
            None => request,
        };
        match request.send().await {
            Ok(response) => Outcome::Answer(Answer::from(response).await),
            Err(_) => Outcome::Nothing,
        }
    }

    /// Sends a request until its fate is known.
    pub async fn insist(&mut self, at: usize) {
        for _ in 0..500 {
            if self.requests[at].state != State::Open {
                return;
            }
            self.deliver(at).await;
        }
        panic!("request {at} gets no answer");
    }
}
