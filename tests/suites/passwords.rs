//! Passwords: which are refused, hashes that grow stronger, and crowds at the door.

use countinghouse_tests::{Answer, Login, PASSWORD, Process, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};
use serde_json::json;

/// At every door where a new password comes in.
#[tokio::test]
async fn common_passwords_are_refused_at_every_door() {
    let world = World::start().await;
    for password in ["password123456", "P@ssw0rd2024!", "aaaaaaaaaaaa", "Countinghouse-1", "north-2024"] {
        let user = json!({"username": "ines", "password": password, "role": "sales"});
        world.owner().post("/users", &user).await.invalid(&[("/password", "password_common")]);
        let change = json!({"current_password": PASSWORD, "new_password": password});
        world.owner().post("/auth/password", &change).await.invalid(&[("/new_password", "password_common")]);
        let client = json!({"slug": "north-too", "name": "North", "currency": "EUR"});
        let tenant = json!({"client": client, "owner": {"username": "olga", "password": password}});
        world.superadmin().post("/admin/tenants", &tenant).await.invalid(&[("/owner/password", "password_common")]);
    }
    let make = ["admin", "create-superadmin", "--username", "chief", "--password-stdin"];
    let output = Process::run(&world.environment(), &make, "password123456\n");
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("anybody tries"));
}

/// [`PASSWORD`] under a fifth of the memory.
const WEAK: &str = "$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Qd/uPU2dNuqz/ljLQKUryhqKULDfO/egRNHbpCY1GDk";

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    password_hash: String,
}

fn kept(world: &World) -> String {
    let query = format!("SELECT password_hash FROM users WHERE id = '{}'", world.north.user("sales"));
    sql_query(query).get_result::<Kept>(&mut world.database(Login::Owner)).unwrap().password_hash
}

fn keep(world: &World, hash: &str) {
    let change = format!("UPDATE users SET password_hash = '{hash}' WHERE id = '{}'", world.north.user("sales"));
    world.database(Login::Owner).batch_execute(&change).unwrap();
}

#[tokio::test]
async fn a_weaker_hash_is_raised_by_its_owners_log_in() {
    let world = World::start().await;
    let strong = kept(&world);
    world.log_in(&world.north, "sales").await;
    assert_eq!(kept(&world), strong);
    keep(&world, WEAK);
    let wrong = json!({"client_id": "north", "username": "sales", "password": "not this one, no"});
    world.nobody().post("/auth/login", &wrong).await.problem(401, "invalid_credentials");
    assert_eq!(kept(&world), WEAK);
    // The session that it opens is good, and so is the new hash.
    world.log_in(&world.north, "sales").await.get("/auth/me").await.expect(200);
    let raised = kept(&world);
    assert!(raised.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{raised}");
    world.log_in(&world.north, "sales").await;
    assert_eq!(kept(&world), raised);
}

#[tokio::test]
async fn a_hash_that_cannot_be_raised_stops_nobody() {
    let world = World::start().await;
    keep(&world, WEAK);
    let fails = "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
        CREATE TRIGGER fails BEFORE UPDATE OF password_hash ON users FOR EACH ROW EXECUTE FUNCTION fails()";
    world.database(Login::Superuser).batch_execute(fails).unwrap();
    world.log_in(&world.north, "sales").await.get("/auth/me").await.expect(200);
    assert_eq!(kept(&world), WEAK);
}

/// The password is changed between the log-in and the raising: the change stands.
#[tokio::test]
async fn a_changed_password_is_not_overwritten_by_raising_the_old_one() {
    let world = World::start().await;
    keep(&world, WEAK);
    let changes = "CREATE FUNCTION changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \
        'BEGIN UPDATE users SET password_hash = ''another'' WHERE id = NEW.user_id; RETURN NULL; END';
        CREATE TRIGGER changes AFTER INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION changes()";
    world.database(Login::Superuser).batch_execute(changes).unwrap();
    world.log_in(&world.north, "sales").await;
    assert_eq!(kept(&world), "another");
}

/// 500 at once: some are let in, the others are told to come back, nobody who reads notices more
/// than that. (How much they notice is measured by `bench_log_ins`.)
#[tokio::test]
async fn a_crowd_at_the_door_is_let_in_or_sent_away() {
    let builder = World::builder().config(|config| (config.passwords.threads, config.passwords.queue) = (1, 4));
    let world = builder.start().await;
    let (nobody, owner) = (world.nobody(), world.owner());
    let body = json!({"client_id": "north", "username": "sales", "password": PASSWORD});
    let crowd = futures_util::future::join_all((0..500).map(|_| nobody.post("/auth/login", &body)));
    let reads = async {
        for _ in 0..50 {
            owner.get("/products").await.expect(200);
        }
    };
    let (answers, ()): (Vec<Answer>, ()) = tokio::join!(crowd, reads);
    let (let_in, sent_away): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(let_in.len() >= 5, "{}", let_in.len());
    assert!(sent_away.len() > 100, "{}", sent_away.len());
    for answer in sent_away {
        assert_eq!(answer.header("retry-after"), "2");
        answer.problem(429, "rate_limited");
    }
    world.log_in(&world.north, "sales").await;
}
