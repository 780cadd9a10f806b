//! The second factor of a client's users: getting one, using it, losing it.

use chrono::Duration;
use countinghouse_tests::{Answer, Caller, Login, PASSWORD, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn log_in(world: &World, code: Option<&str>) -> Answer {
    let mut body = json!({"client_id": "north", "username": "owner", "password": PASSWORD});
    if let Some(code) = code {
        body["totp_code"] = json!(code);
    }
    world.nobody().post("/auth/login", &body).await
}

fn with_code(code: &str) -> Value {
    json!({"current_password": PASSWORD, "code": code})
}

/// One whose time passes only when a test says so: a code that was spent stays the code of its step.
async fn still_world() -> World {
    let world = World::start().await;
    world.clock.stop();
    world
}

/// A code that is surely not the one of now.
fn wrong(world: &World, secret: &str) -> String {
    let right = world.code(secret);
    let first = if right.starts_with('9') { "0" } else { "9" };
    format!("{first}{}", &right[1..])
}

async fn kinds(owner: &Caller) -> Vec<String> {
    let lines = owner.get("/sessions/logs?limit=200").await.expect(200);
    lines["data"].as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn enrolling_takes_the_password_and_a_first_code_and_then_log_in_asks_for_one() {
    let world = still_world().await;
    let owner = world.owner();
    owner.post("/auth/2fa/enroll", &json!({"current_password": "wrong one"})).await.problem(403, "wrong_password");
    let enrolment = owner.post("/auth/2fa/enroll", &json!({"current_password": PASSWORD})).await.expect(200);
    let secret = enrolment["secret"].as_str().unwrap();
    assert!(enrolment["otpauth_url"].as_str().unwrap().contains(&format!("secret={secret}")));
    assert!(enrolment["qr_png_base64"].as_str().unwrap().starts_with("iVBORw0KGgo"));
    // Not confirmed: nothing asks for it, and it can be begun anew.
    log_in(&world, None).await.expect(200);
    assert_eq!(owner.get("/auth/me").await.expect(200)["second_factor"]["enrolled"], false);
    let again = owner.post("/auth/2fa/enroll", &json!({"current_password": PASSWORD})).await.expect(200);
    let old_code = json!({"code": world.code(secret)});
    owner.post("/auth/2fa/confirm", &old_code).await.problem(401, "second_factor_invalid");
    let secret = again["secret"].as_str().unwrap();
    let confirmed = owner.post("/auth/2fa/confirm", &json!({"code": world.code(secret)})).await.expect(200);
    assert_eq!(confirmed["recovery_codes"].as_array().unwrap().len(), 10);
    let state = json!({"enrolled": true, "recovery_codes_left": 10});
    assert_eq!(owner.get("/auth/me").await.expect(200)["second_factor"], state);
    owner.post("/auth/2fa/enroll", &json!({"current_password": PASSWORD})).await.problem(409, "second_factor_enrolled");
    let code = json!({"code": world.code(secret)});
    owner.post("/auth/2fa/confirm", &code).await.problem(409, "second_factor_enrolled");

    log_in(&world, None).await.problem(401, "totp_required");
    log_in(&world, Some(&wrong(&world, secret))).await.problem(401, "totp_required");
    // The code that confirmed is spent.
    log_in(&world, Some(&world.code(secret))).await.problem(401, "totp_required");
    world.clock.advance(Duration::seconds(30));
    log_in(&world, Some(&world.code(secret))).await.expect(200);
    // The password alone being wrong is no hint.
    let body = json!({"client_id": "north", "username": "owner", "password": "wrong one", "totp_code": "123456"});
    world.nobody().post("/auth/login", &body).await.problem(401, "invalid_credentials");
    let kinds = kinds(&owner).await;
    for kind in ["second_factor_enrolled", "second_factor_failed", "second_factor_used", "login", "login_failed"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} in {kinds:?}");
    }
}

#[tokio::test]
async fn a_code_is_good_one_step_either_side_and_once() {
    let world = still_world().await;
    let (secret, _) = world.enrol(&world.owner()).await;
    world.clock.advance(Duration::seconds(90));
    let code = world.code(&secret);
    world.clock.advance(Duration::seconds(60));
    log_in(&world, Some(&code)).await.problem(401, "totp_required");
    world.clock.advance(Duration::seconds(-30));
    log_in(&world, Some(&code)).await.expect(200);
    log_in(&world, Some(&code)).await.problem(401, "totp_required");
    // A code of a step before the last one used is spent too.
    world.clock.advance(Duration::seconds(60));
    let (older, newer) = {
        let older = world.code(&secret);
        world.clock.advance(Duration::seconds(30));
        (older, world.code(&secret))
    };
    log_in(&world, Some(&newer)).await.expect(200);
    log_in(&world, Some(&older)).await.problem(401, "totp_required");
}

#[tokio::test]
async fn of_many_requests_with_one_code_at_once_one_passes() {
    let world = World::builder().workers(2).pool(8).start().await;
    let (secret, recovery) = world.enrol(&world.owner()).await;
    let code = world.code(&secret);
    for code in [&code, &recovery[0]] {
        let answers = join_all((0..4).map(|_| log_in(&world, Some(code)))).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status)), "{statuses:?}");
        // A right one begins the count of wrong ones anew: the three losers do not add up.
        world.clock.advance(Duration::seconds(60));
        log_in(&world, Some(&world.code(&secret))).await.expect(200);
    }
}

#[tokio::test]
async fn five_wrong_codes_lock_for_fifteen_minutes_however_many_come_at_once() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let (secret, recovery) = world.enrol(&owner).await;
    let code = wrong(&world, &secret);
    let body = with_code(&code);
    let answers = join_all((0..12).map(|_| owner.post("/auth/2fa/disable", &body))).await;
    let answers: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 7, "{answers:?}");
    // Also for the right code, for recovery codes, and at log-in, where the password is right.
    let locked = owner.post("/auth/2fa/disable", &with_code(&world.code(&secret))).await;
    let after: i64 = locked.header("retry-after").parse().unwrap();
    assert!((890..=901).contains(&after), "{after}");
    locked.problem(429, "second_factor_locked");
    owner.post("/auth/2fa/disable", &with_code(&recovery[0])).await.problem(429, "second_factor_locked");
    log_in(&world, Some(&world.code(&secret))).await.problem(429, "second_factor_locked");
    log_in(&world, None).await.problem(401, "totp_required");
    // Somebody else is not locked out by it.
    let manager = world.caller(&world.north, "manager");
    let (theirs, _) = world.enrol(&manager).await;
    manager.post("/auth/2fa/recovery-codes", &with_code(&world.code(&theirs))).await.expect(200);
    world.clock.advance(Duration::minutes(15));
    let owner =
        world.with_token(log_in(&world, Some(&recovery[0])).await.expect(200)["access_token"].as_str().unwrap());
    let kinds = kinds(&owner).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "second_factor_failed").count(), 5, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "second_factor_locked").count(), 1, "{kinds:?}");
    // The count begins anew, and a right code in between clears it.
    for _ in 0..4 {
        log_in(&world, Some(&wrong(&world, &secret))).await.problem(401, "totp_required");
    }
    log_in(&world, Some(&world.code(&secret))).await.expect(200);
    world.clock.advance(Duration::seconds(30));
    for _ in 0..4 {
        log_in(&world, Some(&wrong(&world, &secret))).await.problem(401, "totp_required");
    }
    log_in(&world, Some(&world.code(&secret))).await.expect(200);
}

#[tokio::test]
async fn recovery_codes_stand_in_for_the_app_once_each_and_can_be_renewed() {
    let world = still_world().await;
    let owner = world.owner();
    let (secret, codes) = world.enrol(&owner).await;
    log_in(&world, Some(&codes[0])).await.expect(200);
    log_in(&world, Some(&codes[0])).await.problem(401, "totp_required");
    log_in(&world, Some(&codes[1].to_lowercase().replace('-', " "))).await.expect(200);
    assert_eq!(owner.get("/auth/me").await.expect(200)["second_factor"]["recovery_codes_left"], 8);
    // Renewing takes the password and a code, of either kind.
    let wrong_password = json!({"current_password": "wrong one", "code": codes[2]});
    owner.post("/auth/2fa/recovery-codes", &wrong_password).await.problem(403, "wrong_password");
    let renewed = owner.post("/auth/2fa/recovery-codes", &with_code(&codes[2])).await.expect(200);
    log_in(&world, Some(&codes[3])).await.problem(401, "totp_required");
    log_in(&world, renewed["recovery_codes"][0].as_str()).await.expect(200);
    log_in(&world, Some(&world.code(&secret))).await.expect(200);
    // Another user's codes are nobody else's.
    let manager = world.caller(&world.north, "manager");
    let (_, theirs) = world.enrol(&manager).await;
    log_in(&world, Some(&theirs[0])).await.problem(401, "totp_required");
    let kinds = kinds(&owner).await;
    for kind in ["recovery_code_used", "recovery_codes_renewed"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} in {kinds:?}");
    }
}

#[tokio::test]
async fn disabling_takes_password_and_code_and_leaves_nothing_behind() {
    let world = still_world().await;
    let owner = world.owner();
    owner.post("/auth/2fa/disable", &with_code("123456")).await.problem(403, "second_factor_not_enrolled");
    let (secret, codes) = world.enrol(&owner).await;
    owner.post("/auth/2fa/disable", &with_code(&wrong(&world, &secret))).await.problem(401, "second_factor_invalid");
    let wrong_password = json!({"current_password": "wrong one", "code": world.code(&secret)});
    owner.post("/auth/2fa/disable", &wrong_password).await.problem(403, "wrong_password");
    owner.post("/auth/2fa/disable", &with_code(&world.code(&secret))).await.expect(204);
    log_in(&world, None).await.expect(200);
    assert_eq!(owner.get("/auth/me").await.expect(200)["second_factor"]["enrolled"], false);
    // A new one has its own codes.
    let (_, new_codes) = world.enrol(&owner).await;
    log_in(&world, Some(&codes[0])).await.problem(401, "totp_required");
    log_in(&world, Some(&new_codes[0])).await.expect(200);
}

#[tokio::test]
async fn a_superadmin_takes_away_what_was_lost_and_it_shows_in_the_clients_log() {
    let world = still_world().await;
    let owner = world.owner();
    let (_, codes) = world.enrol(&owner).await;
    let superadmin = world.superadmin();
    let path = |slug: &str, user: &str| format!("/admin/tenants/{slug}/users/{user}/reset-2fa");
    let user = world.north.user("owner").to_string();
    for wrong in
        [path("south", &user), path("nowhere", &user), path("north", "x"), path("north", &world.south.id.to_string())]
    {
        superadmin.post(&wrong, &json!({})).await.problem(404, "not_found");
    }
    log_in(&world, None).await.problem(401, "totp_required");
    superadmin.post(&path("north", &user), &json!({})).await.expect(204);
    owner.get("/auth/me").await.problem(401, "session_ended");
    let answer = log_in(&world, None).await.expect(200);
    let owner = world.with_token(answer["access_token"].as_str().unwrap());
    assert_eq!(owner.get("/auth/me").await.expect(200)["second_factor"]["enrolled"], false);
    let lines = owner.get("/sessions/logs?kind=second_factor_reset").await.expect(200);
    assert_eq!(lines["data"][0]["user_id"], user);
    world.enrol(&owner).await;
    log_in(&world, Some(&codes[0])).await.problem(401, "totp_required");
    // Without a factor there is nothing to do, and no session ends.
    let viewer = world.caller(&world.north, "viewer");
    superadmin.post(&path("north", &world.north.user("viewer").to_string()), &json!({})).await.expect(204);
    viewer.get("/auth/me").await.expect(200);
}

/// Somebody taps twice: both are answered, and the later secret is the one.
#[tokio::test]
async fn of_two_who_enrol_at_once_nobody_is_refused() {
    let world = still_world().await;
    let (owner, enrol) = (world.owner(), json!({"current_password": PASSWORD}));
    let (tenant, user) = (world.north.id, world.north.user("owner"));
    let mut database = world.database(Login::Owner);
    let first = format!(
        "BEGIN; INSERT INTO second_factors (tenant_id, user_id, totp_secret, created_at)
         VALUES ('{tenant}', '{user}', 'x', now())"
    );
    database.batch_execute(&first).unwrap();
    let second = tokio::spawn(async move { owner.post("/auth/2fa/enroll", &enrol).await });
    world.until_one_waits().await;
    database.batch_execute("COMMIT").unwrap();
    let enrolment = second.await.unwrap().expect(200);
    let code = json!({"code": world.code(enrolment["secret"].as_str().unwrap())});
    world.owner().post("/auth/2fa/confirm", &code).await.expect(200);
}

/// A stolen session cannot guess its way to recovery codes through what its user left unconfirmed.
#[tokio::test]
async fn wrong_codes_are_counted_while_nothing_is_confirmed_too() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let enrol = json!({"current_password": PASSWORD});
    let enrolment = owner.post("/auth/2fa/enroll", &enrol).await.expect(200);
    let secret = enrolment["secret"].as_str().unwrap();
    let body = json!({"code": wrong(&world, secret)});
    let statuses = join_all((0..8).map(|_| owner.post("/auth/2fa/confirm", &body))).await;
    let statuses: Vec<u16> = statuses.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 3, "{statuses:?}");
    let right = json!({"code": world.code(secret)});
    owner.post("/auth/2fa/confirm", &right).await.problem(429, "second_factor_locked");
    // Nothing is confirmed, so nothing asks for a code; and who knows the password begins anew.
    log_in(&world, None).await.expect(200);
    let again = owner.post("/auth/2fa/enroll", &enrol).await.expect(200);
    let right = json!({"code": world.code(again["secret"].as_str().unwrap())});
    owner.post("/auth/2fa/confirm", &right).await.expect(200);
    let kinds = kinds(&owner).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "second_factor_failed").count(), 5, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "second_factor_locked").count(), 1, "{kinds:?}");
}

/// Whoever has the password alone is told that a code is missing, and nothing else; and every log-in
/// that was refused stands in the log.
#[tokio::test]
async fn a_log_in_without_its_code_says_nothing_more_and_leaves_a_line() {
    let world = still_world().await;
    let (secret, _) = world.enrol(&world.owner()).await;
    let superadmin = world.superadmin();
    superadmin.post("/admin/tenants/north/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    log_in(&world, None).await.problem(401, "totp_required");
    log_in(&world, Some(&wrong(&world, &secret))).await.problem(401, "totp_required");
    log_in(&world, Some(&world.code(&secret))).await.problem(403, "client_suspended");
    for _ in 0..5 {
        log_in(&world, Some(&wrong(&world, &secret))).await.problem(401, "totp_required");
    }
    world.clock.advance(Duration::seconds(60));
    log_in(&world, Some(&world.code(&secret))).await.problem(429, "second_factor_locked");
    superadmin.post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    let owner = world.owner();
    let failed = owner.get("/sessions/logs?kind=login_failed").await.expect(200);
    let failed = failed["data"].as_array().unwrap();
    assert_eq!(failed.len(), 9);
    assert!(failed.iter().all(|line| line["username"] == "owner" && line["session_id"].is_null()), "{failed:?}");
    assert_eq!(kinds(&owner).await.iter().filter(|kind| *kind == "login").count(), 0);
}

/// Five wrong codes close a superadmin's door, and the answer does not say that the password was right.
#[tokio::test]
async fn a_superadmins_door_closes_after_five_wrong_codes_and_says_nothing_more() {
    let world = still_world().await;
    let right = world.superadmin_login();
    let mut wrong = right.clone();
    wrong["totp_code"] = json!("x");
    let attempt = |body: Value| {
        let nobody = world.nobody();
        async move { nobody.post("/admin/auth/login", &body).await }
    };
    // Wrong passwords are not counted: anybody could lock anybody out.
    let mut stranger = right.clone();
    stranger["password"] = json!("wrong password");
    for _ in 0..6 {
        attempt(stranger.clone()).await.problem(401, "invalid_credentials");
    }
    for _ in 0..4 {
        attempt(wrong.clone()).await.problem(401, "invalid_credentials");
    }
    let mut closed = attempt(wrong.clone()).await.problem(401, "invalid_credentials");
    let mut locked = attempt(right).await.problem(401, "invalid_credentials");
    (closed["request_id"], locked["request_id"]) = (json!(""), json!(""));
    assert_eq!(closed, locked);
    world.clock.advance(Duration::minutes(15));
    attempt(world.superadmin_login()).await.expect(200);
}

/// What is stored of a second factor is sealed or hashed.
#[tokio::test]
async fn the_database_holds_no_secret_and_no_recovery_code() {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let world = still_world().await;
    let (_, codes) = world.enrol(&world.owner()).await;
    let mut database = world.database(Login::Owner);
    let count =
        |sql: &str, database: &mut diesel::PgConnection| sql_query(sql).get_result::<Count>(database).unwrap().n;
    assert_eq!(count("SELECT count(*) AS n FROM recovery_codes", &mut database), 10);
    assert_eq!(count("SELECT count(*) AS n FROM data_keys", &mut database), 1);
    let plain = codes[0].replace('-', "");
    for text in [codes[0].as_str(), &plain] {
        let sql =
            format!("SELECT count(*) AS n FROM recovery_codes WHERE position('{text}'::bytea IN code_sha256) > 0");
        assert_eq!(count(&sql, &mut database), 0);
    }
}

/// Operations behind a second factor: the code is looked at last, and spent only when it is done.
mod behind_a_code {
    use super::*;
    use actix_web::{HttpRequest, HttpResponse, web::Data};
    use countinghouse_api::{
        app::AppState,
        features::identity::{CodeHeader, Done, Origin, SecondFactorError, with_second_factor},
        platform::{
            authn::TenantCtx,
            db::DbError,
            http::{Access, ApiError, Body, Invalid, Route, no_content},
        },
    };
    use diesel::connection::SimpleConnection;
    use schemars::JsonSchema;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    struct Rename {
        to: String,
        refuse: bool,
    }

    enum RenameError {
        Refused,
        SecondFactor(SecondFactorError),
        Db(DbError),
    }

    impl From<SecondFactorError> for RenameError {
        fn from(error: SecondFactorError) -> Self {
            Self::SecondFactor(error)
        }
    }

    impl From<DbError> for RenameError {
        fn from(error: DbError) -> Self {
            Self::Db(error)
        }
    }

    async fn rename(
        state: Data<AppState>,
        req: HttpRequest,
        ctx: TenantCtx,
        code: CodeHeader,
        body: Body<Rename>,
    ) -> Result<HttpResponse, ApiError> {
        let Rename { to, refuse } = body.0;
        let done = with_second_factor(&state, &ctx, code, Origin::of(&req), move |tx| {
            let sql = format!("UPDATE products SET name = '{to}', version = version + 1");
            tx.conn().batch_execute(&sql).unwrap();
            if refuse { Err(RenameError::Refused) } else { Ok(Done::Changed(())) }
        });
        done.await.map_err(|error| match error {
            RenameError::Refused => {
                let mut invalid = Invalid::default();
                invalid.add("/refuse", "refused", "As asked.");
                invalid.into()
            }
            RenameError::SecondFactor(error) => error.into(),
            RenameError::Db(error) => ApiError::from(error),
        })?;
        Ok(no_content())
    }

    async fn call(owner: &Caller, to: &str, refuse: bool, code: Option<&str>) -> Answer {
        let request = owner.request(reqwest::Method::POST, "/rename").json(&json!({"to": to, "refuse": refuse}));
        Answer::of(match code {
            Some(code) => request.header("X-2FA-Code", code),
            None => request,
        })
        .await
    }

    /// Whatever the route declares: a key neither guesses its maker's codes nor locks them out.
    #[tokio::test]
    async fn an_api_key_tries_no_code() {
        let world = World::builder().routes(vec![Route::post("/rename", Access::Known, rename)]).start().await;
        let owner = world.owner();
        let (secret, _) = world.enrol(&owner).await;
        let software = world.software(&owner.api_key(&["products:write"]).await);
        for code in [None, Some(world.code(&secret))] {
            call(&software, "B", false, code.as_deref()).await.problem(403, "people_only");
        }
        for _ in 0..6 {
            call(&software, "B", false, Some(&wrong(&world, &secret))).await.problem(403, "people_only");
        }
        call(&owner, "B", false, Some(&world.code(&secret))).await.expect(204);
    }

    #[tokio::test]
    async fn the_code_is_looked_at_last_and_spent_only_when_the_work_is_done() {
        let routes = vec![Route::post("/rename", Access::LoggedIn, rename)];
        let world = World::builder().routes(routes).start().await;
        let owner = world.owner();
        let product = format!("/products/{}", owner.product("A", "1.00", 1).await);
        call(&owner, "B", false, Some("123456")).await.problem(403, "second_factor_not_enrolled");
        let (secret, recovery) = world.enrol(&owner).await;
        call(&owner, "B", false, None).await.problem(401, "second_factor_required");
        call(&owner, "B", false, Some(&wrong(&world, &secret))).await.problem(401, "second_factor_invalid");
        // Another reason comes first, and costs no code and no try.
        let code = world.code(&secret);
        for code in [None, Some("000000"), Some(&*code), Some(&*recovery[0])] {
            for _ in 0..3 {
                call(&owner, "B", true, code).await.invalid(&[("/refuse", "refused")]);
            }
        }
        assert_eq!(owner.get(&product).await.expect(200)["name"], "A");
        call(&owner, "B", false, Some(&code)).await.expect(204);
        assert_eq!(owner.get(&product).await.expect(200)["name"], "B");
        call(&owner, "C", false, Some(&code)).await.problem(401, "second_factor_invalid");
        call(&owner, "C", false, Some(&recovery[0])).await.expect(204);
        call(&owner, "D", false, Some(&recovery[0])).await.problem(401, "second_factor_invalid");
        assert_eq!(owner.get(&product).await.expect(200)["name"], "C");
        for _ in 0..4 {
            call(&owner, "D", false, Some("nonsense")).await.problem(401, "second_factor_invalid");
        }
        call(&owner, "D", false, Some(&recovery[1])).await.problem(429, "second_factor_locked");
        call(&owner, "D", true, Some(&recovery[1])).await.invalid(&[("/refuse", "refused")]);
        assert_eq!(owner.get(&product).await.expect(200)["name"], "C");
        // The one that was wrong before and the one spent twice count too: five in a row it was.
        world.clock.advance(Duration::minutes(15));
        let owner =
            world.with_token(log_in(&world, Some(&recovery[1])).await.expect(200)["access_token"].as_str().unwrap());
        world.clock.advance(Duration::seconds(30));
        call(&owner, "D", false, Some(&world.code(&secret))).await.expect(204);
    }
}
