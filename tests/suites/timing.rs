//! That nobody learns from the door's answer, or from how long it takes, who exists.
//!
//! An unknown client, an unknown user and a wrong password are tried in turn, so that whatever else
//! the machine does falls on all alike; and each pair is compared by the Mann-Whitney statistic: how
//! often one of this kind takes longer than one of that. Where nothing differs, that is a half, with a
//! deviation of 0.065 at 40 tries; a hash that is left out makes it zero or one.

use countinghouse_tests::{PASSWORD, World};
use serde_json::{Value, json};
use std::time::Instant;

const TRIES: usize = 40;

/// More than four and a half deviations: one run in a hundred thousand fails by chance.
const TOLERANCE: f64 = 0.3;

#[tokio::test]
async fn unknown_clients_and_users_take_as_long_as_a_wrong_password() {
    let world = World::start().await;
    let kinds = [
        ("a wrong password", json!({"client_id": "north", "username": "owner", "password": "not this one, no"})),
        ("an unknown user", json!({"client_id": "north", "username": "nobody", "password": PASSWORD})),
        ("an unknown client", json!({"client_id": "nowhere", "username": "owner", "password": PASSWORD})),
    ];
    compare(&world, "/auth/login", &kinds).await;
}

#[tokio::test]
async fn unknown_superadmins_take_as_long_as_a_wrong_password() {
    let world = World::start().await;
    let kinds = [
        ("a wrong password", json!({"username": "root", "password": "not this one, no", "totp_code": "000000"})),
        ("an unknown name", json!({"username": "nobody", "password": PASSWORD, "totp_code": "000000"})),
    ];
    compare(&world, "/admin/auth/login", &kinds).await;
}

/// The same bytes but for the request's id, the same headers, and the same time.
async fn compare(world: &World, path: &str, kinds: &[(&str, Value)]) {
    let mut times = vec![Vec::new(); kinds.len()];
    let mut answers = Vec::new();
    for turn in 0..=TRIES {
        for at in 0..kinds.len() {
            // Each kind comes first, second and last as often as the others.
            let at = (at + turn) % kinds.len();
            let started = Instant::now();
            let answer = world.nobody().post(path, &kinds[at].1).await;
            let took = started.elapsed();
            let mut names: Vec<String> = answer.headers.keys().map(|name| name.to_string()).collect();
            names.sort();
            let body = answer.text.replace(answer.header("x-request-id"), "");
            answers.push((answer.status, body, names));
            // The first turn opens connections.
            if turn > 0 {
                times[at].push(took);
            }
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{:?}", answers.iter().find(|a| **a != answers[0]));
    for one in 0..kinds.len() {
        for other in 0..one {
            let longer = times[one].iter().map(|a| times[other].iter().filter(|b| a > *b).count()).sum::<usize>();
            let share = longer as f64 / (TRIES * TRIES) as f64;
            let [one, other] = [kinds[one].0, kinds[other].0];
            assert!((share - 0.5).abs() < TOLERANCE, "{one} takes longer than {other} in {share:.3} of all pairs");
        }
    }
}
