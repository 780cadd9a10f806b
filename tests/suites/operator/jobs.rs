//! How the queues stand, and what is done with jobs that were given up.

use super::*;
use futures_util::future::join_all;

#[tokio::test]
async fn dead_jobs_are_listed_by_client_and_kind_the_latest_first() {
    let world = World::start().await;
    let root = world.superadmin();
    let mut made = Vec::new();
    for (tenant, kind) in [(&world.north, "one_kind"), (&world.south, "one_kind"), (&world.north, "other_kind")] {
        made.push(dead(&world, tenant, kind, None));
        world.clock.advance(chrono::Duration::seconds(1));
    }
    let found = async |query: &str| each(&root.get(&format!("/admin/jobs{query}")).await.expect(200), "id");
    assert_eq!(found("").await, [&*made[2], &*made[1], &*made[0]]);
    assert_eq!(found("?tenant=north").await, [&*made[2], &*made[0]]);
    assert_eq!(found("?kind=one_kind").await, [&*made[1], &*made[0]]);
    assert_eq!(found("?kind=one_kind&tenant=south").await, [&*made[1]]);
    assert_eq!(found("?kind=no_kind").await, [""; 0]);
    let page = root.get("/admin/jobs?limit=2").await.expect(200);
    let next = format!("?limit=2&cursor={}", text(&page, "next_cursor"));
    assert_eq!(found(&next).await, [&*made[0]]);
    let job = &page["data"][0];
    assert_eq!((&job["tenant"], &job["last_error"]), (&json!("north"), &json!("it does not go")));
    assert_eq!((&job["payload"], &job["attempts"]), (&json!({"number": 1}), &json!(5)));
    root.get("/admin/jobs?tenant=nobody").await.problem(404, "not_found");
    root.get("/admin/jobs?kind=%1b").await.invalid(&[("/kind", "invalid_characters")]);
    assert_eq!(actions(&root, "/admin/audit?resource=list").await, ["list.shown"]);
    assert_eq!(actions(&world.owner(), "/audit?action=client.shown").await.len(), 1);
}

#[tokio::test]
async fn queues_count_by_kind_and_say_since_when_the_oldest_waits() {
    let world = World::start().await;
    let root = world.superadmin();
    dead(&world, &world.north, "one_kind", None);
    let waits = |tenant: &Tenant, kind: &str, offset: &str| {
        run(
            &world,
            &format!(
                "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at) \
                 VALUES ('{}', gen_random_uuid(), '{kind}', 1, '{{}}', '{}'::timestamptz + interval '{offset}', 5, now())",
                tenant.id,
                world.state.ids.now()
            ),
        );
    };
    waits(&world.north, "one_kind", "-60 seconds");
    waits(&world.north, "one_kind", "-30 seconds");
    waits(&world.south, "one_kind", "1 hour");
    let queues = root.get("/admin/jobs/queues").await.expect(200);
    let of =
        |queues: &Value| queues["data"].as_array().unwrap().iter().find(|q| q["kind"] == "one_kind").cloned().unwrap();
    let queue = of(&queues);
    let counts = ["waiting", "scheduled", "suspended", "running", "dead"].map(|name| queue[name].as_i64().unwrap());
    assert_eq!(counts, [2, 1, 0, 0, 1]);
    let due: chrono::DateTime<chrono::Utc> = text(&queue, "oldest_due").parse().unwrap();
    let age = world.state.ids.now() - due;
    assert!((60..90).contains(&age.num_seconds()), "{age}");
    root.post("/admin/tenants/north/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    let queue = of(&root.get("/admin/jobs/queues").await.expect(200));
    assert_eq!((&queue["waiting"], &queue["suspended"]), (&json!(0), &json!(2)));
}

#[tokio::test]
async fn a_dead_job_waits_again_or_is_given_up_and_both_logs_tell_of_it() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), world.owner());
    let [one, two] = [(); 2].map(|()| dead(&world, &world.north, "one_kind", None));
    let again = root.post(&format!("/admin/jobs/{one}/retry"), &json!({})).await.expect(200);
    assert_eq!(again, json!({"id": one, "tenant": "north", "kind": "one_kind", "state": "waiting"}));
    let row = rows(&world, &format!("SELECT * FROM jobs WHERE id = '{one}'")).remove(0);
    assert_eq!((&row["state"], &row["attempts"], &row["finished_at"]), (&json!("waiting"), &json!(0), &Value::Null));
    let gone = root.post(&format!("/admin/jobs/{two}/discard"), &json!({"reason": "Not needed"})).await.expect(200);
    assert_eq!(gone["state"], "cancelled");
    for id in [&one, &two] {
        root.post(&format!("/admin/jobs/{id}/retry"), &json!({})).await.problem(409, "job_not_dead");
        let reason = json!({"reason": "x"});
        root.post(&format!("/admin/jobs/{id}/discard"), &reason).await.problem(409, "job_not_dead");
    }
    let never = Uuid::now_v7();
    root.post(&format!("/admin/jobs/{never}/retry"), &json!({})).await.problem(404, "not_found");
    let reason = root.post(&format!("/admin/jobs/{two}/discard"), &json!({"reason": " "})).await;
    reason.invalid(&[("/reason", "too_short")]);
    for (caller, log) in [(&root, "/admin/audit?tenant=north&resource=job"), (&owner, "/audit?resource=job")] {
        let entries = caller.get(log).await.expect(200);
        assert_eq!(each(&entries, "action"), ["job.discarded", "job.retried"], "{log}");
        assert_eq!(entries["data"][0]["after"], json!({"kind": "one_kind", "reason": "Not needed"}));
        assert_eq!(entries["data"][1]["after"], json!({"kind": "one_kind", "state": "waiting"}));
    }
}

/// Of jobs with one unique key one waits at most: the dead one has nothing left to do where another waits.
#[tokio::test]
async fn a_dead_job_gives_way_to_another_that_waits_to_do_the_same() {
    let world = World::start().await;
    let root = world.superadmin();
    let [one, two] = [(); 2].map(|()| dead(&world, &world.north, "one_kind", Some("same")));
    let became =
        async |id: &str| text(&root.post(&format!("/admin/jobs/{id}/retry"), &json!({})).await.expect(200), "state");
    assert_eq!(became(&one).await, "waiting");
    assert_eq!(became(&two).await, "cancelled");
    assert_eq!(rows(&world, "SELECT id FROM jobs WHERE kind = 'one_kind' AND state = 'waiting'").len(), 1);
}

#[tokio::test]
async fn many_who_retry_one_job_retry_it_once() {
    let world = World::builder().pool(16).workers(2).start().await;
    let root = world.superadmin();
    let job = dead(&world, &world.north, "one_kind", None);
    let (path, nothing) = (format!("/admin/jobs/{job}/retry"), json!({}));
    let answers = join_all((0..6).map(|_| root.post(&path, &nothing))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)), "{answers:?}");
}
