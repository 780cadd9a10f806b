//! The chain of seals: nothing committed is left out of it, and `countinghouse verify audit` finds
//! whatever somebody with the whole database in hand changes.

use countinghouse_tests::{Cluster, Login, Process, World};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use serde_json::json;
use std::{
    process::Command,
    time::{Duration, Instant},
};

fn count(world: &World, from: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        n: i64,
    }
    let query = sql_query(format!("SELECT count(*) AS n FROM {from}"));
    query.get_result::<Count>(&mut world.database(Login::Owner)).expect("a number").n
}

/// What a command of the operator's may need: everything that the service has, and the owner's login.
fn environment(world: &World) -> Vec<(&'static str, String)> {
    let mut environment = world.environment();
    environment.push(("DATABASE_URL_OWNER", Cluster::get().url(Login::Owner, &world.database)));
    environment
}

/// Runs `verify audit`; whether all holds, and what it says.
fn verify(world: &World, more: &[&str]) -> (bool, String) {
    let output = Process::run(&environment(world), &[&["verify", "audit"], more].concat(), "");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("text"))
}

/// Starts a worker and waits until nothing waits for a seal.
async fn seal(world: &World) {
    let worker = Process::work(&environment(world));
    until(world, "audit_unsealed", 0).await;
    drop(worker);
}

/// Looks until it is so, for a while that no healthy machine needs.
async fn until(world: &World, from: &str, wanted: i64) {
    let begun = Instant::now();
    while count(world, from) != wanted {
        assert!(begun.elapsed() < Duration::from_secs(30), "{from}: {} and not {wanted}", count(world, from));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Six entries in the log of north, one in that of south, and three more in the operator's.
async fn filled() -> World {
    let world = World::start().await;
    for number in 1..=6 {
        world.owner().product(&format!("P{number}"), "9.99", 1).await;
    }
    world.caller(&world.south, "owner").product("THEIRS", "1.00", 0).await;
    for name in ["Süden", "Sud", "South"] {
        world.superadmin().patch("/admin/tenants/south", &json!({"name": name})).await.expect(200);
    }
    world
}

/// The superuser, whom no trigger and no policy stops.
fn intruder(world: &World) -> PgConnection {
    let mut conn = world.database(Login::Superuser);
    conn.batch_execute("SET session_replication_role = replica").expect("a setting");
    conn
}

const TABLES: [&str; 6] =
    ["audit_log", "audit_unsealed", "audit_seals", "audit_chains", "platform_audit_log", "platform_audit_chain"];

/// The entry of north that has this number, as a condition.
fn entry(world: &World, sequence: i64) -> String {
    format!(
        "(tenant_id, created_at, id) IN (SELECT tenant_id, entry_created_at, entry_id FROM audit_seals \
         WHERE tenant_id = '{}' AND sequence = {sequence})",
        world.north.id
    )
}

#[tokio::test]
async fn what_is_untouched_holds() {
    let world = filled().await;
    let (holds, said) = verify(&world, &[]);
    assert!(holds && said.contains("not sealed yet since"), "{said}");
    seal(&world).await;
    let (holds, said) = verify(&world, &[]);
    assert!(holds && said.contains("the audit logs hold") && !said.contains("not sealed yet"), "{said}");
    let line = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(line("north"), ["north", "0", "6", "0", "0"]);
    assert_eq!(line("south"), ["south", "0", "4", "0", "0"]);
    // The superadmin of every world was made on the command line.
    assert_eq!(line("(operator)"), ["(operator)", "0", "4", "0", "0"]);
    let (holds, said) = verify(&world, &["--client", "north"]);
    assert!(holds && !said.contains("south"), "{said}");
    let (holds, said) = verify(&world, &["--client", "nobody"]);
    assert!(!holds && said.contains("there is no such client"), "{said}");
}

/// Each of these is done by somebody who may do anything in the database and lacks MASTER_KEYS.
#[tokio::test]
async fn whatever_is_tampered_with_is_found() {
    let world = filled().await;
    seal(&world).await;
    let mut intruder = intruder(&world);
    intruder.batch_execute("ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_entry_key").unwrap();
    for table in TABLES {
        intruder.batch_execute(&format!("CREATE TABLE saved_{table} AS TABLE {table}")).unwrap();
    }
    for (what, sql, found) in tamperings(&world) {
        intruder.batch_execute(&sql).unwrap_or_else(|error| panic!("{what}: {error}"));
        let (holds, said) = verify(&world, &[]);
        assert!(!holds, "{what}: {said}");
        assert!(said.contains(found) && said.contains("tampered with"), "{what}: {said}");
        for table in TABLES {
            let back = format!("TRUNCATE {table} CASCADE; INSERT INTO {table} TABLE saved_{table}");
            intruder.batch_execute(&back).unwrap();
        }
    }
    let (holds, said) = verify(&world, &[]);
    assert!(holds, "{said}");
}

/// What is done, the statements, and what `verify audit` says of it.
fn tamperings(world: &World) -> Vec<(&'static str, String, &'static str)> {
    let (north, south) = (world.north.id, world.south.id);
    let at = |sequence| entry(world, sequence);
    let cut = format!(
        "DELETE FROM audit_log WHERE {}; DELETE FROM audit_log WHERE {}; \
        DELETE FROM audit_seals WHERE tenant_id = '{north}' AND sequence > 4",
        at(5),
        at(6)
    );
    let shown_as_end = format!(
        "UPDATE audit_chains SET last_sequence = 4, last_seal = (SELECT seal FROM audit_seals \
        WHERE tenant_id = '{north}' AND sequence = 4) WHERE tenant_id = '{north}'"
    );
    let swap = format!(
        "UPDATE audit_seals s SET entry_created_at = o.entry_created_at, entry_id = o.entry_id \
        FROM audit_seals o WHERE s.tenant_id = '{north}' AND o.tenant_id = '{north}' \
        AND s.sequence IN (2, 3) AND o.sequence = 5 - s.sequence"
    );
    let with_seals = format!(
        "UPDATE audit_seals s SET entry_created_at = o.entry_created_at, entry_id = o.entry_id, \
        seal = o.seal FROM audit_seals o WHERE s.tenant_id = '{north}' AND o.tenant_id = '{north}' \
        AND s.sequence IN (2, 3) AND o.sequence = 5 - s.sequence"
    );
    let again = format!(
        "CREATE TEMPORARY TABLE kept AS SELECT * FROM audit_log WHERE {0}; \
        DELETE FROM audit_log WHERE {0}; UPDATE kept SET after = '{{\"price\": \"0.01\"}}'; \
        INSERT INTO audit_log SELECT * FROM kept; DROP TABLE kept",
        at(3)
    );
    let copied = format!(
        "INSERT INTO audit_log SELECT tenant_id, created_at, gen_random_uuid(), actor_kind, actor_id, \
        action, resource_id, before, after FROM audit_log WHERE {}",
        at(3)
    );
    let removed_middle = format!(
        "DELETE FROM audit_log WHERE {0}; \
        DELETE FROM audit_seals WHERE tenant_id = '{north}' AND sequence = 3",
        at(3)
    );
    let closed_up = format!(
        "{removed_middle}; UPDATE audit_seals SET sequence = sequence - 1 \
        WHERE tenant_id = '{north}' AND sequence > 3; \
        UPDATE audit_chains SET last_sequence = 5 WHERE tenant_id = '{north}'"
    );
    let of_south = format!(
        "UPDATE audit_chains n SET sealing_key = s.sealing_key, mac = s.mac FROM audit_chains s \
        WHERE n.tenant_id = '{north}' AND s.tenant_id = '{south}'"
    );
    let purged = format!(
        "UPDATE audit_chains SET purged_through = 3, purged_seal = (SELECT seal FROM audit_seals \
        WHERE tenant_id = '{north}' AND sequence = 3) WHERE tenant_id = '{north}'; \
        DELETE FROM audit_log WHERE {}; DELETE FROM audit_seals WHERE tenant_id = '{north}' AND sequence <= 3",
        at(2)
    );
    vec![
        (
            "an entry edited",
            format!("UPDATE audit_log SET after = '{{}}' WHERE {}", at(3)),
            "north: entry 3 is not what",
        ),
        (
            "another actor",
            format!("UPDATE audit_log SET actor_id = gen_random_uuid() WHERE {}", at(1)),
            "entry 1 is not",
        ),
        (
            "a later time",
            format!("UPDATE audit_log SET created_at = created_at + interval '1 second' WHERE {}", at(2)),
            "entry 2 is gone",
        ),
        ("an entry removed", format!("DELETE FROM audit_log WHERE {}", at(4)), "north: entry 4 is gone"),
        ("an entry and its seal removed", removed_middle, "the seal of entry 3 is gone"),
        ("and the gap closed", closed_up, "entry 3 is not what was sealed"),
        ("the end cut off", cut.clone(), "the last entry is 4, and was 6"),
        ("the end cut off and moved", format!("{cut}; {shown_as_end}"), "where the chain ends was changed"),
        ("two entries swapped", swap, "entry 2 is not what was sealed"),
        ("two entries swapped with their seals", with_seals, "entry 2 is not what was sealed"),
        ("an entry put back otherwise", again, "entry 3 is not what was sealed"),
        ("an entry put beside", copied, "was put there past the service"),
        ("a forged checkpoint", purged, "where the chain ends was changed"),
        ("another client's chain", of_south, "the chain's key was changed"),
        (
            "no chain",
            format!("DELETE FROM audit_chains WHERE tenant_id = '{north}'"),
            "nothing says where their chain ends",
        ),
        (
            "the operator's log edited",
            "UPDATE platform_audit_log SET after = NULL WHERE sequence = 2".to_owned(),
            "(operator): entry 2 is not what",
        ),
        (
            "the operator's log cut off",
            "DELETE FROM platform_audit_log WHERE sequence = 4".to_owned(),
            "the last entry is 3, and was 4",
        ),
        (
            "the operator's entry removed",
            "DELETE FROM platform_audit_log WHERE sequence = 1".to_owned(),
            "the seal of entry 1 is gone",
        ),
    ]
}

/// An end that somebody moved is not made good by what is sealed after it.
#[tokio::test]
async fn sealing_goes_on_over_what_was_tampered_with_and_does_not_hide_it() {
    let world = filled().await;
    seal(&world).await;
    let cut = format!(
        "DELETE FROM audit_log WHERE {}; DELETE FROM audit_seals WHERE tenant_id = '{1}' AND sequence = 6; \
         UPDATE audit_chains SET last_sequence = 5, last_seal = (SELECT seal FROM audit_seals \
         WHERE tenant_id = '{1}' AND sequence = 5) WHERE tenant_id = '{1}'",
        entry(&world, 6),
        world.north.id
    );
    intruder(&world).batch_execute(&cut).unwrap();
    world.owner().product("LATER", "9.99", 1).await;
    seal(&world).await;
    let (holds, said) = verify(&world, &[]);
    assert!(!holds && said.contains("north: where the chain ends was changed"), "{said}");
    assert_eq!(count(&world, &format!("audit_seals WHERE tenant_id = '{}'", world.north.id)), 6);
}

/// A transaction that began early and commits late: its entry has an earlier time and id than what
/// was sealed meanwhile.
#[tokio::test]
async fn what_is_committed_late_is_sealed_too() {
    let world = World::start().await;
    let mut late = world.database(Login::App);
    let begin = format!(
        "BEGIN; SET LOCAL app.tenant_id = '{0}'; \
         INSERT INTO audit_log (tenant_id, created_at, id, actor_kind, action, resource_id) \
         VALUES ('{0}', now() - interval '1 minute', '00000000-0000-7000-8000-000000000001', 'worker', 'x.late', 'x')",
        world.north.id
    );
    late.batch_execute(&begin).unwrap();
    world.owner().product("A", "9.99", 1).await;
    seal(&world).await;
    assert_eq!(count(&world, "audit_seals"), 1);
    late.batch_execute("COMMIT").unwrap();
    assert_eq!(count(&world, "audit_unsealed"), 1);
    seal(&world).await;
    assert_eq!(
        count(&world, "audit_seals WHERE entry_id = '00000000-0000-7000-8000-000000000001' AND sequence = 2"),
        1
    );
    let (holds, said) = verify(&world, &[]);
    assert!(holds, "{said}");
}

/// A database that was put back to an earlier state proves right by itself; a file that remembers
/// more does not agree.
#[tokio::test]
async fn what_is_remembered_outside_shows_a_database_put_back() {
    let world = filled().await;
    seal(&world).await;
    let mut intruder = intruder(&world);
    for table in TABLES {
        intruder.batch_execute(&format!("CREATE TABLE saved_{table} AS TABLE {table}")).unwrap();
    }
    let file = std::env::temp_dir().join(format!("{}.json", world.database)).display().to_string();
    let remember = ["--remember", &file];
    let (holds, said) = verify(&world, &remember);
    assert!(holds, "{said}");
    world.owner().product("LATER", "9.99", 1).await;
    world.superadmin().patch("/admin/tenants/north", &json!({"name": "Norden"})).await.expect(200);
    seal(&world).await;
    let (holds, said) = verify(&world, &remember);
    assert!(holds, "{said}");
    for table in TABLES {
        let back = format!("TRUNCATE {table} CASCADE; INSERT INTO {table} TABLE saved_{table}");
        intruder.batch_execute(&back).unwrap();
    }
    let (holds, said) = verify(&world, &[]);
    assert!(holds, "{said}");
    let (holds, said) = verify(&world, &remember);
    assert!(!holds && said.contains("north: the last entry is 6, and 8 was there"), "{said}");
    assert!(said.contains("(operator): the last entry is 4, and 5 was there"), "{said}");
    // Grown again, with other entries at the places that are remembered.
    for number in 1..=2 {
        world.owner().product(&format!("OTHER{number}"), "9.99", 1).await;
    }
    seal(&world).await;
    let (holds, said) = verify(&world, &[&["--client", "north"], &remember[..]].concat());
    assert!(!holds && said.contains("north: entry 8 is another than when"), "{said}");
    std::fs::write(&file, "{\"x\": 1}").unwrap();
    let (holds, said) = verify(&world, &remember);
    assert!(!holds && said.contains("is not a memory of audit logs"), "{said}");
    std::fs::remove_file(&file).unwrap();
}

/// Two workers and a client that goes on: one chain, no number twice.
#[tokio::test]
async fn workers_at_once_make_one_chain() {
    let world = World::start().await;
    let workers = [Process::work(&environment(&world)), Process::work(&environment(&world))];
    let owner = world.owner();
    for number in 0..30 {
        owner.product(&format!("P{number}"), "9.99", 0).await;
    }
    drop(workers);
    seal(&world).await;
    assert_eq!(count(&world, "audit_seals"), 30);
    let (holds, said) = verify(&world, &[]);
    assert!(holds, "{said}");
}

/// Without the master key nothing is proved, and it says so.
#[tokio::test]
async fn verifying_needs_the_master_keys() {
    let world = filled().await;
    seal(&world).await;
    let with = |keys: Option<String>| {
        let mut environment = environment(&world);
        environment.retain(|(name, _)| *name != "MASTER_KEYS");
        environment.extend(keys.map(|keys| ("MASTER_KEYS", keys)));
        let output = Process::run(&environment, &["verify", "audit"], "");
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (holds, said) = with(None);
    assert!(!holds && said.contains("MASTER_KEYS is not set"), "{said}");
    let (holds, said) = with(Some(format!("master-test:{}", "I".repeat(43))));
    assert!(!holds && said.contains("MASTER_KEYS lacks its master key"), "{said}");
}

/// What a backup brings back is proved like what it was taken of.
#[tokio::test]
async fn a_restored_dump_holds_and_goes_on() {
    let world = filled().await;
    seal(&world).await;
    let cluster = Cluster::get();
    let restored = World::start().await;
    let file = std::env::temp_dir().join(format!("{}.dump", world.database)).display().to_string();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(cluster.bin_dir.join(program)).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (from, to) = (cluster.url(Login::Owner, &world.database), cluster.url(Login::Superuser, &restored.database));
    run("pg_dump", &["--enable-row-security", "--format=custom", "--file", &file, "--dbname", &from]);
    run("pg_restore", &["--clean", "--if-exists", "--schema=public", "--dbname", &to, &file]);
    std::fs::remove_file(&file).unwrap();
    let (holds, said) = verify(&restored, &[]);
    assert!(holds, "{said}");
    restored.owner().product("AFTER", "9.99", 1).await;
    seal(&restored).await;
    assert_eq!(count(&restored, &format!("audit_seals WHERE tenant_id = '{}'", restored.north.id)), 7);
    let (holds, said) = verify(&restored, &[]);
    assert!(holds, "{said}");
}

/// What is past its time goes, and what is left is proved from a checkpoint; an entry that was
/// tampered with does not go with it.
#[tokio::test]
async fn a_purge_leaves_a_chain_that_holds_and_hides_nothing() {
    let world = World::start().await;
    world.clock.advance(chrono::Duration::days(-10));
    for number in 1..=4 {
        world.caller(&world.north, "manager").product(&format!("OLD{number}"), "9.99", 0).await;
    }
    world.clock.advance(chrono::Duration::days(10));
    let owner = world.owner();
    owner.product("NEW1", "9.99", 0).await;
    owner.product("NEW2", "9.99", 0).await;
    seal(&world).await;

    let saved = "SET session_replication_role = replica; CREATE TABLE saved AS TABLE audit_log; \
        UPDATE audit_log SET after = NULL WHERE resource_id = (SELECT resource_id FROM audit_log e \
        JOIN audit_seals s ON s.entry_id = e.id WHERE s.sequence = 3)";
    world.database(Login::Superuser).batch_execute(saved).unwrap();
    purge(&world).await;
    let (holds, said) = verify(&world, &["--client", "north"]);
    assert!(!holds && said.contains("entry 3 is not what was sealed"), "{said}");
    assert_eq!(count(&world, "audit_log"), 4);

    let undone = "SET session_replication_role = replica; TRUNCATE audit_log; INSERT INTO audit_log TABLE saved; \
        DELETE FROM audit_log e WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.entry_id = e.id)";
    world.database(Login::Superuser).batch_execute(undone).unwrap();
    purge(&world).await;
    let (holds, said) = verify(&world, &["--client", "north"]);
    let line: Vec<&str> = said.lines().find(|line| line.starts_with("north")).unwrap().split_whitespace().collect();
    assert!(holds && line == ["north", "4", "2", "0", "0"], "{said}");
    assert_eq!(count(&world, "audit_log"), 2);
    owner.product("NEWER", "9.99", 0).await;
    seal(&world).await;
    let (holds, said) = verify(&world, &[]);
    assert!(holds, "{said}");
}

/// What somebody did with the newest part of the operator's log shows at once; what lies further back, the command finds.
#[tokio::test]
async fn the_operator_sees_whether_the_newest_part_of_their_log_holds() {
    let world = filled().await;
    let superadmin = world.superadmin();
    let chain = async || superadmin.get("/admin/audit/chain").await.expect(200);
    let whole = chain().await;
    assert_eq!((&whole["last"], &whole["proved_from"], &whole["faults"]), (&json!(4), &json!(1), &json!([])));
    assert_eq!(whole["last_seal"].as_str().map(str::len), Some(64));

    let mut intruder = intruder(&world);
    let tables = ["platform_audit_log", "platform_audit_chain"];
    for table in tables {
        intruder.batch_execute(&format!("CREATE TABLE saved_{table} AS TABLE {table}")).unwrap();
    }
    for (sql, found) in [
        ("UPDATE platform_audit_log SET after = NULL WHERE sequence = 2", "entry 2 is not what was sealed"),
        ("DELETE FROM platform_audit_log WHERE sequence = 1", "the seal of entry 1 is gone"),
        ("DELETE FROM platform_audit_log WHERE sequence = 4", "the last entry is 3, and was 4"),
        ("UPDATE platform_audit_chain SET last_sequence = 3", "where the chain ends was changed"),
        ("UPDATE platform_audit_chain SET sealing_key = mac", "the chain's key was changed"),
        ("DELETE FROM platform_audit_chain", "nothing says where their chain ends"),
    ] {
        intruder.batch_execute(sql).unwrap();
        let said = chain().await["faults"].to_string();
        assert!(said.contains(found), "{sql}: {said}");
        for table in tables {
            let back = format!("TRUNCATE {table} CASCADE; INSERT INTO {table} TABLE saved_{table}");
            intruder.batch_execute(&back).unwrap();
        }
    }
    assert_eq!(chain().await, whole);

    for number in 0..1_000 {
        let name = json!({"name": format!("South {number}")});
        superadmin.patch("/admin/tenants/south", &name).await.expect(200);
    }
    let long = chain().await;
    assert_eq!((&long["last"], &long["proved_from"], &long["faults"]), (&json!(1_004), &json!(5), &json!([])));
    intruder.batch_execute("UPDATE platform_audit_log SET after = NULL WHERE sequence = 2").unwrap();
    assert_eq!(chain().await["faults"], json!([]));
    let (holds, said) = verify(&world, &[]);
    assert!(!holds && said.contains("(operator): entry 2 is not what"), "{said}");
    intruder.batch_execute("UPDATE platform_audit_log SET after = NULL WHERE sequence = 5").unwrap();
    assert_eq!(chain().await["faults"], json!(["entry 5 is not what was sealed"]));
    intruder.batch_execute("DELETE FROM platform_audit_log WHERE sequence = 4").unwrap();
    let said = chain().await["faults"].to_string();
    assert!(said.contains("the seal of entry 4 is gone"), "{said}");
}

/// Runs north's purge, which keeps five days.
async fn purge(world: &World) {
    let due = format!(
        "DELETE FROM jobs WHERE kind = 'purge'; INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, \
         unique_key, run_at, max_attempts, created_at) \
         VALUES ('{}', gen_random_uuid(), 'purge', 1, '{{}}', 'daily', now(), 12, now())",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&due).unwrap();
    let mut environment = environment(world);
    environment.push(("KEEP_AUDIT_LOG_DAYS", "5".to_owned()));
    let worker = Process::work(&environment);
    until(world, "jobs WHERE kind = 'purge' AND state = 'done'", 1).await;
    drop(worker);
}
