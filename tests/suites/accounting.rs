//! The books over HTTP: entries by hand, accounts, statements, the trial balance, closed months.

use crate::footprint::{footprint, same_but_for_request_id};
use chrono::{Datelike, Days, Months, NaiveDate};
use countinghouse_tests::{Answer, Caller, Login, PASSWORD, World};
use diesel::{Connection, RunQueryDsl, connection::SimpleConnection, sql_query};
use futures_util::future::join_all;
use serde_json::{Value, json};

const ENTRIES: &str = "/accounting/journal-entries";

/// Lines of account and amount, debit positive.
fn entry(date: &str, lines: &[(&str, &str)]) -> Value {
    let line = |(account, amount): &(&str, &str)| match amount.strip_prefix('-') {
        Some(credit) => json!({"account": account, "credit": credit}),
        None => json!({"account": account, "debit": amount}),
    };
    json!({"date": date, "memo": "by hand", "lines": lines.iter().map(line).collect::<Vec<_>>()})
}

async fn post(caller: &Caller, date: &str, lines: &[(&str, &str)]) -> Answer {
    caller.post(ENTRIES, &entry(date, lines)).await
}

/// The first day of the month before the present one.
fn last_month(world: &World) -> NaiveDate {
    world.today().with_day(1).unwrap().checked_sub_months(Months::new(2)).unwrap()
}

async fn close(caller: &Caller, month: &str) -> Answer {
    caller.post(&format!("/accounting/periods/{month}/close"), &json!({})).await
}

#[tokio::test]
async fn an_entry_by_hand_is_posted_read_and_taken_back_once() {
    let world = World::start().await;
    let (owner, accountant) = (world.owner(), world.caller(&world.north, "accountant"));
    let made = post(&accountant, "2026-01-31", &[("6000", "12.50"), ("1000", "-10.00"), ("2000", "-2.5")]).await;
    let place = made.header("location").trim_start_matches("/api/v1").to_owned();
    let made = made.expect(201);
    let line = |account: &str, debit: &str, credit: &str| json!({"account": account, "debit": debit, "credit": credit, "memo": null});
    let expected = json!({
        "id": made["id"], "number": 1, "date": "2026-01-31", "memo": "by hand", "source": "manual", "source_id": null,
        "lines": [line("6000", "12.50", "0.00"), line("1000", "0.00", "10.00"), line("2000", "0.00", "2.50")],
        "reverses": null, "created_by": world.north.user("accountant"), "created_at": made["created_at"],
    });
    assert_eq!(made, expected);
    assert_eq!(owner.get(&place).await.expect(200), expected);
    let back = accountant.post(&format!("{place}/reverse"), &json!({})).await.expect(201);
    assert_eq!((&back["reverses"], &back["number"], &back["source"]), (&made["id"], &json!(2), &json!("manual")));
    let today = world.today();
    assert_eq!(back["date"], json!(today));
    assert_eq!(back["lines"][0], line("6000", "0.00", "12.50"));
    accountant.post(&format!("{place}/reverse"), &json!({})).await.problem(409, "already_reversed");
    let balance = owner.get("/accounting/trial-balance").await.expect(200);
    assert_eq!((&balance["rows"], &balance["total_debit"]), (&json!([]), &json!("0.00")));
    // What the service posted is not taken back by hand.
    let product = owner.product("A", "9.99", 10).await;
    let movement =
        owner.get(&format!("/inventory/movements?product_id={product}")).await.expect(200)["data"][0].clone();
    let source = movement["id"].as_str().unwrap();
    let stock = owner.get(&format!("{ENTRIES}?source_id={source}")).await.expect(200)["data"][0].clone();
    assert_eq!((&stock["source"], &stock["memo"]), (&json!("stock"), &json!("Opening stock")));
    let id = stock["id"].as_str().unwrap();
    owner.post(&format!("{ENTRIES}/{id}/reverse"), &json!({})).await.problem(409, "not_manual");
}

#[tokio::test]
async fn many_reversals_at_once_are_one() {
    let world = World::builder().pool(8).start().await;
    let owner = world.owner();
    let made = post(&owner, "2026-01-31", &[("6000", "1"), ("1000", "-1")]).await.expect(201);
    let path = format!("{ENTRIES}/{}/reverse", made["id"].as_str().unwrap());
    let answers = join_all((0..16).map(|_| async { owner.post(&path, &json!({})).await })).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [[201].as_slice(), &[409; 15]].concat());
}

#[tokio::test]
async fn what_is_no_entry_is_refused_with_all_its_faults() {
    let world = World::start().await;
    let owner = world.owner();
    let before = footprint(&world);
    let day = "2026-01-31";
    let refused = async |lines: Value, faults: &[(&str, &str)]| {
        owner.post(ENTRIES, &json!({"date": day, "memo": "x", "lines": lines})).await.invalid(faults);
    };
    let cash = json!({"account": "1000", "credit": "5.00"});
    refused(json!([]), &[("/lines", "too_few")]).await;
    refused(json!([{"account": "6000", "debit": "5.00"}]), &[("/lines", "too_few")]).await;
    refused(json!([{"account": "6000", "debit": "5.01"}, cash]), &[("/lines", "unbalanced")]).await;
    for both in [
        json!({"account": "6000", "debit": "5", "credit": "5"}),
        json!({"account": "6000"}),
        json!({"account": "6000", "debit": "0.00"}),
        json!({"account": "6000", "debit": "0", "credit": "0"}),
    ] {
        refused(json!([cash, both]), &[("/lines/1", "one_of")]).await;
    }
    for control in ["1100", "1200", "1250", "2100"] {
        refused(json!([{"account": control, "debit": "5.00"}, cash]), &[("/lines/0/account", "control_account")]).await;
    }
    for (account, debit, fault) in [
        ("6001", "5.00", ("/lines/0/account", "not_found")),
        ("", "5.00", ("/lines/0/account", "not_found")),
        ("6000", "5.001", ("/lines/0/debit", "too_precise")),
        ("6000", "100000000000.01", ("/lines/0/debit", "too_large")),
        ("6000", "-5.00", ("/lines/0/debit", "negative")),
    ] {
        let entry = json!({"date": day, "memo": "x", "lines": [{"account": account, "debit": debit}, cash]});
        let body = owner.post(ENTRIES, &entry).await.problem(422, "invalid_request");
        assert_eq!((&body["errors"][0]["pointer"], &body["errors"][0]["code"]), (&json!(fault.0), &json!(fault.1)));
    }
    let many = vec![cash.clone(); 501];
    refused(json!(many), &[("/lines", "too_many")]).await;
    let body = json!({"date": "-0001-01-31", "memo": " ", "lines": [{"account": "6000", "debit": "5.00"}, cash]});
    owner.post(ENTRIES, &body).await.invalid(&[("/date", "out_of_range"), ("/memo", "too_short")]);
    assert_eq!(footprint(&world), before);
    // A side that is zero may stand there, as it does in answers.
    let zero = json!([{"account": "6000", "debit": "5.00", "credit": "0.00"}, cash]);
    owner.post(ENTRIES, &json!({"date": day, "memo": "x", "lines": zero})).await.expect(201);
}

#[tokio::test]
async fn a_client_has_accounts_of_its_own() {
    let world = World::start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    let account = |code: &str| json!({"code": code, "name": "Rent", "type": "expense"});
    let made = owner.post("/accounting/accounts", &account("6100")).await.expect(201);
    let expected = json!({
        "code": "6100", "name": "Rent", "type": "expense", "system": false, "control": false, "created_at": made["created_at"],
    });
    assert_eq!(made, expected);
    let chart = owner.get("/accounting/accounts").await.expect(200);
    assert_eq!((chart["data"].as_array().unwrap().len(), &chart["data"][16]), (17, &expected));
    assert_eq!(chart["data"][1]["control"], true);
    owner.post("/accounting/accounts", &account("6100")).await.problem(409, "account_taken");
    owner.post("/accounting/accounts", &account("1000")).await.problem(409, "account_taken");
    for code in ["610", "6100000", "61a0", "６１００", "", "-100"] {
        owner.post("/accounting/accounts", &account(code)).await.invalid(&[("/code", "invalid_code")]);
    }
    post(&owner, "2026-01-31", &[("6100", "5"), ("1000", "-5")]).await.expect(201);
    // The other client has no such account.
    post(&south, "2026-01-31", &[("6100", "5"), ("1000", "-5")]).await.invalid(&[("/lines/0/account", "not_found")]);
    let theirs = south.get("/accounting/accounts/6100/entries").await;
    same_but_for_request_id(theirs, south.get("/accounting/accounts/9999/entries").await);
    for nothing in ["abc", "%00", "10000000", "%F0%9F%8D%8E"] {
        owner.get(&format!("/accounting/accounts/{nothing}/entries")).await.problem(404, "not_found");
    }
}

/// Balances run on over pages, days and folded entries.
#[tokio::test]
async fn a_statement_shows_what_the_account_held_after_each_line() {
    let world = World::start().await;
    let owner = world.owner();
    for (day, amount) in [("2026-01-31", "10"), ("2026-01-15", "-3"), ("2026-02-01", "5"), ("2026-01-31", "-4")] {
        let other = amount.strip_prefix('-').map_or(format!("-{amount}"), str::to_owned);
        post(&owner, day, &[("1000", amount), ("3000", &other)]).await.expect(201);
    }
    post(&owner, "2026-02-01", &[("1000", "1"), ("1000", "1"), ("3000", "-2")]).await.expect(201);
    post(&world.caller(&world.south, "owner"), "2026-01-31", &[("1000", "77"), ("3000", "-77")]).await.expect(201);
    let expected = [
        ("2026-02-01", "1.00", "0.00", "10.00"),
        ("2026-02-01", "1.00", "0.00", "9.00"),
        ("2026-02-01", "5.00", "0.00", "8.00"),
        ("2026-01-31", "0.00", "4.00", "3.00"),
        ("2026-01-31", "10.00", "0.00", "7.00"),
        ("2026-01-15", "0.00", "3.00", "-3.00"),
    ];
    let path = "/accounting/accounts/1000/entries";
    let read = async |query: &str| -> (Vec<Value>, Option<String>) {
        let page = owner.get(&format!("{path}?{query}")).await.expect(200);
        let rows = page["data"].as_array().unwrap().clone();
        let fields = |row: Value| json!([row["date"], row["debit"], row["credit"], row["balance"]]);
        (rows.into_iter().map(fields).collect(), page["next_cursor"].as_str().map(str::to_owned))
    };
    let rows: Vec<Value> = expected.iter().map(|row| json!(row)).collect();
    assert_eq!(read("limit=200").await, (rows.clone(), None));
    for limit in 1..6 {
        let (mut found, mut query) = (Vec::new(), format!("limit={limit}"));
        loop {
            let (page, next) = read(&query).await;
            found.extend(page);
            let Some(next) = next else { break };
            query = format!("limit={limit}&cursor={next}");
        }
        assert_eq!(found, rows, "by {limit}");
    }
    assert_eq!(read("from=2026-01-20&to=2026-01-31").await.0, rows[3..5]);
    assert_eq!(read("to=2026-01-14").await, (vec![], None));
    owner.get(&format!("{path}?from=2026-02-01&to=2026-01-01")).await.invalid(&[("/to", "out_of_range")]);
    let cursor = read("limit=1").await.1.unwrap();
    owner
        .get(&format!("/accounting/accounts/3000/entries?cursor={cursor}"))
        .await
        .invalid(&[("/cursor", "invalid_cursor")]);
}

#[tokio::test]
async fn the_trial_balance_is_of_its_day() {
    let world = World::start().await;
    let owner = world.owner();
    post(&owner, "2026-01-31", &[("6000", "12.50"), ("1000", "-12.50")]).await.expect(201);
    post(&owner, "2026-02-28", &[("1000", "20.00"), ("3000", "-20.00")]).await.expect(201);
    let row = |account: &str, name: &str, debit: &str, credit: &str| json!({"account": account, "name": name, "debit": debit, "credit": credit});
    let read = async |day: &str| owner.get(&format!("/accounting/trial-balance?as_of={day}")).await.expect(200);
    assert_eq!(read("2026-01-30").await["rows"], json!([]));
    let expected = json!({
        "as_of": "2026-02-27", "total_debit": "12.50", "total_credit": "12.50",
        "rows": [row("1000", "Cash", "0.00", "12.50"), row("6000", "Operating expenses", "12.50", "0.00")],
    });
    assert_eq!(read("2026-02-27").await, expected);
    let later = read("9999-12-31").await;
    assert_eq!(later["rows"][0], row("1000", "Cash", "7.50", "0.00"));
    assert_eq!((&later["total_debit"], &later["total_credit"]), (&json!("20.00"), &json!("20.00")));
    owner.get("/accounting/trial-balance?as_of=%2B10000-01-01").await.invalid(&[("/as_of", "out_of_range")]);
}

#[tokio::test]
async fn the_journal_is_listed_by_day_and_number() {
    let world = World::start().await;
    let owner = world.owner();
    for day in ["2026-01-31", "2026-01-15", "2026-02-01", "2026-01-31"] {
        post(&owner, day, &[("1000", "1"), ("3000", "-1")]).await.expect(201);
    }
    owner.product("A", "9.99", 10).await;
    world.caller(&world.south, "owner").product("THEIRS", "9.99", 10).await;
    let numbers = async |query: &str| -> Vec<i64> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = owner.get(&format!("{ENTRIES}?{query}{cursor}")).await.expect(200);
            found.extend(page["data"].as_array().unwrap().iter().map(|row| row["number"].as_i64().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    for limit in [1, 2, 3, 200] {
        assert_eq!(numbers(&format!("limit={limit}")).await, [5, 3, 4, 1, 2]);
        assert_eq!(numbers(&format!("limit={limit}&source=manual&to=2026-01-31")).await, [4, 1, 2]);
    }
    assert_eq!(numbers("from=2026-01-31&to=2026-01-31").await, [4, 1]);
    assert_eq!(numbers("source=stock").await, [5]);
    owner.get(&format!("{ENTRIES}?source=theft")).await.invalid(&[("/source", "invalid_value")]);
}

#[tokio::test]
async fn a_closed_month_takes_nothing_more() {
    let world = World::start().await;
    let (owner, month) = (world.owner(), last_month(&world));
    let text = month.format("%Y-%m").to_string();
    let (first, last) = (month.to_string(), month.checked_add_months(Months::new(1)).unwrap() - Days::new(1));
    post(&owner, &first, &[("6000", "1"), ("1000", "-1")]).await.expect(201);
    let closed = json!({"month": text, "closed": true});
    assert_eq!(close(&owner, &text).await.expect(200), closed);
    assert_eq!(close(&world.caller(&world.north, "accountant"), &text).await.expect(200), closed);
    assert_eq!(owner.get("/accounting/periods").await.expect(200)["data"], json!([closed]));
    let before = footprint(&world);
    for day in [&first, &last.to_string()] {
        post(&owner, day, &[("6000", "1"), ("1000", "-1")]).await.problem(409, "period_closed");
    }
    assert_eq!(footprint(&world), before);
    for day in [month - Days::new(1), last + Days::new(1)] {
        post(&owner, &day.to_string(), &[("6000", "1"), ("1000", "-1")]).await.expect(201);
    }
    // Another client's month is its own, and the present one is not over.
    post(&world.caller(&world.south, "owner"), &first, &[("6000", "1"), ("1000", "-1")]).await.expect(201);
    let today = world.today();
    for later in [today, today + Months::new(1)] {
        close(&owner, &later.format("%Y-%m").to_string()).await.problem(409, "period_not_over");
    }
    for nothing in ["2026", "2026-1", "2026-13", "2026-00", "x", "2026-01-01", "20%20-01"] {
        close(&owner, nothing).await.problem(404, "not_found");
    }
    for role in ["manager", "sales", "warehouse", "technician", "viewer"] {
        close(&world.caller(&world.north, role), &text).await.problem(403, "permission_denied");
    }
}

#[tokio::test]
async fn a_closed_month_is_opened_again_with_a_second_factor() {
    let world = World::start().await;
    // No step of codes ends in the middle.
    world.clock.stop();
    let (owner, month) = (world.owner(), last_month(&world));
    let text = month.format("%Y-%m").to_string();
    let path = format!("/accounting/periods/{text}/reopen");
    let with_code =
        async |code: &str| Answer::of(owner.request(reqwest::Method::POST, &path).header("X-2FA-Code", code)).await;
    with_code("123456").await.problem(409, "period_not_closed");
    close(&owner, &text).await.expect(200);
    with_code("123456").await.problem(403, "second_factor_not_enrolled");
    let enrolment = owner.post("/auth/2fa/enroll", &json!({"current_password": PASSWORD})).await.expect(200);
    let secret = enrolment["secret"].as_str().unwrap();
    owner.post("/auth/2fa/confirm", &json!({"code": world.code(secret)})).await.expect(200);
    owner.post(&path, &json!({})).await.problem(401, "second_factor_required");
    with_code(&world.code(secret)).await.problem(401, "second_factor_invalid");
    post(&owner, &month.to_string(), &[("6000", "1"), ("1000", "-1")]).await.problem(409, "period_closed");
    // The code that confirmed is spent; the next one is good.
    world.clock.advance(chrono::Duration::seconds(30));
    let opened = with_code(&world.code(secret)).await.expect(200);
    assert_eq!(opened, json!({"month": text, "closed": false}));
    assert_eq!(owner.get("/accounting/periods").await.expect(200)["data"], json!([]));
    post(&owner, &month.to_string(), &[("6000", "1"), ("1000", "-1")]).await.expect(201);
    for role in ["manager", "sales"] {
        world.caller(&world.north, role).post(&path, &json!({})).await.problem(403, "permission_denied");
    }
}

/// A sale that is on its way holds the closing up, and one that comes later finds it closed.
#[tokio::test]
async fn no_entry_slips_into_a_month_while_it_is_closed() {
    let world = World::builder().pool(8).start().await;
    let (owner, month) = (world.owner(), last_month(&world));
    let text = month.format("%Y-%m").to_string();
    let product = owner.product("A", "9.99", 1_000).await;
    let lines = json!([{"product_id": product, "quantity": 1}]);
    let sale = json!({"lines": lines, "ordered_at": format!("{month}T12:00:00Z")});
    let first = owner.post("/orders", &sale).await.expect(201);
    let posting = join_all((0..60).map(|_| owner.post("/orders", &sale)));
    let closing = async {
        owner.post("/orders", &sale).await.expect(201);
        close(&owner, &text).await.expect(200);
        let page = owner.get(&format!("/accounting/trial-balance?as_of={}", month + Days::new(40))).await.expect(200);
        page["total_debit"].clone()
    };
    let (answers, at_closing) = tokio::join!(posting, closing);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.problem(409, "period_closed");
    }
    // Whatever would post into it comes too late, and leaves nothing behind.
    let before = footprint(&world);
    owner.post("/orders", &sale).await.problem(409, "period_closed");
    let payment = json!({"amount": "1.00", "method": "card", "received_at": format!("{month}T13:00:00Z")});
    let path = format!("/orders/{}/payments", first["id"].as_str().unwrap());
    owner.post(&path, &payment).await.problem(409, "period_closed");
    assert_eq!(footprint(&world), before);
    let later = owner.get(&format!("/accounting/trial-balance?as_of={}", month + Days::new(40))).await.expect(200);
    assert_eq!(later["total_debit"], at_closing, "something was posted after the month was closed");
}

/// The same to the point: the closing waits for a transaction that has posted and not committed.
#[tokio::test]
async fn closing_waits_for_who_has_posted() {
    let world = World::start().await;
    let (owner, month) = (world.owner(), last_month(&world));
    let text = month.format("%Y-%m").to_string();
    let mut poster = world.database(Login::App);
    let tenant = world.north.id;
    poster.batch_execute(&format!("SET app.tenant_id = '{tenant}'; BEGIN; SELECT lock_posting('{tenant}')")).unwrap();
    let closing = tokio::spawn(async move { close(&owner, &text).await });
    let mut watcher = world.database(Login::Superuser);
    let waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while sql_query(waiting).execute(&mut watcher).unwrap() == 0 {
        assert!(!closing.is_finished(), "the month was closed under a poster's feet");
        tokio::task::yield_now().await;
    }
    poster.batch_execute("COMMIT").unwrap();
    closing.await.unwrap().expect(200);
    // And whoever comes in a transaction that began before it sees it closed.
    let refused = poster.transaction(|conn| {
        conn.batch_execute(&format!(
            "INSERT INTO journal_entries (tenant_id, id, number, date, currency, memo, source, created_by, created_at) \
             VALUES ('{tenant}', gen_random_uuid(), 1, '{month}', 'EUR', 'x', 'manual', '{}', now())",
            world.north.user("owner")
        ))
    });
    assert!(refused.unwrap_err().to_string().contains("is closed"));
}
