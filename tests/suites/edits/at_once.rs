//! Edits and cancels that meet each other and everything else that happens to an order: one after the other,
//! each on what the one before left, and nobody deadlocks.

use super::{books_hold, documents, path, resized};
use countinghouse_tests::{Answer, Caller, Editor, Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

async fn busy_world() -> World {
    World::builder().workers(2).pool(8).start().await
}

fn deadlocks(world: &World) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        deadlocks: i64,
    }
    let query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    sql_query(query).get_result::<Row>(&mut world.database(Login::Owner)).expect("a number").deadlocks
}

/// Whoever edits, with recovery codes, which need no clock.
struct Party<'w> {
    editor: Editor<'w>,
    next: std::cell::Cell<usize>,
}

impl<'w> Party<'w> {
    async fn of(world: &'w World, role: &'static str) -> Self {
        Self { editor: Editor::enrol(world, &world.north, role).await, next: std::cell::Cell::new(0) }
    }

    fn send(&self, method: Method, order: &Value, body: Option<Value>) -> impl Future<Output = Answer> + use<> {
        let code = &self.editor.recovery_codes[self.next.replace(self.next.get() + 1)];
        let request = self.editor.caller().request(method, &path(order)).header("X-2FA-Code", code);
        Answer::of(match body {
            Some(body) => request.json(&body),
            None => request,
        })
    }
}

#[tokio::test]
async fn two_who_have_seen_one_version_edit_it_once() {
    let world = busy_world().await;
    let (one, other) = (Party::of(&world, "owner").await, Party::of(&world, "manager").await);
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    for round in 0..5 {
        let order = owner.order(&product, 5).await.expect(201);
        let edit = |party: &Party<'_>, quantity: i64| {
            let code = &party.editor.recovery_codes[round];
            let request = party.editor.caller().request(Method::PATCH, &path(&order)).header("If-Match", "\"1\"");
            Answer::of(request.header("X-2FA-Code", code).json(&json!({"lines": [resized(&order, 0, quantity)]})))
        };
        let answers = join(edit(&one, 1), edit(&other, 2)).await;
        let mut statuses = [answers.0.status, answers.1.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{answers:?}");
        assert_eq!(documents(&owner, &order).await.len(), 3);
    }
    books_hold(&world);
    assert_eq!(deadlocks(&world), 0);
}

/// Both are made, one on top of the other: the goods and the documents are those of two edits.
#[tokio::test]
async fn two_edits_at_once_follow_one_another() {
    let world = busy_world().await;
    let (one, other) = (Party::of(&world, "owner").await, Party::of(&world, "manager").await);
    let owner = world.owner();
    let [a, b] = [owner.product("A", "10.00", 500).await, owner.product("B", "3.00", 500).await];
    for _ in 0..4 {
        // The same two products, from both ends.
        let line = |product: &str| json!({"product_id": product, "quantity": 3});
        let lines = |first: &str, second: &str| json!({"lines": [line(first), line(second)]});
        let orders = [lines(&a, &b), lines(&b, &a)];
        let [this, that] =
            [owner.post("/orders", &orders[0]).await.expect(201), owner.post("/orders", &orders[1]).await.expect(201)];
        let more = |order: &Value| json!({"lines": [resized(order, 0, 5), resized(order, 1, 1)]});
        let answers = join(
            join(
                one.send(Method::PATCH, &this, Some(more(&this))),
                other.send(Method::PATCH, &that, Some(more(&that))),
            ),
            owner.post("/orders", &orders[0]),
        );
        let ((first, second), third) = answers.await;
        assert_eq!([first.status, second.status, third.status], [200, 200, 201], "{first:?} {second:?} {third:?}");
        let twice = join(
            one.send(Method::PATCH, &this, Some(json!({"lines": [resized(&this, 0, 1)]}))),
            other.send(Method::PATCH, &this, Some(json!({"lines": [resized(&this, 0, 2)]}))),
        );
        let (first, second) = twice.await;
        assert_eq!([first.status, second.status], [200, 200], "{first:?} {second:?}");
        assert_eq!(documents(&owner, &this).await.len(), 7);
    }
    books_hold(&world);
    assert_eq!(deadlocks(&world), 0);
}

/// Whatever comes first: an order that something has left of is neither edited nor cancelled, and none that
/// was cancelled is sent, and nobody pays more than is due in the end.
#[tokio::test]
async fn edits_and_cancels_meet_payments_refunds_invoices_and_parcels() {
    let world = busy_world().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 1_000).await;
    let parties =
        [Party::of(&world, "owner").await, Party::of(&world, "manager").await, Party::of(&world, "sales").await];
    for round in 0..9 {
        owner.patch("/client", &json!({"auto_invoice": round % 3 != 2})).await.expect(200);
        let order = owner.order(&product, 4).await.expect(201);
        let paid = round % 3 == 0;
        if paid {
            pay(&owner, &order, "payments", "40.00").await.expect(201);
        }
        let ask = |party: &Party<'_>, what: usize| match what % 3 {
            0 => party.send(Method::PATCH, &order, Some(json!({"lines": [resized(&order, 0, 1)]}))),
            1 => party.send(Method::PATCH, &order, Some(json!({"lines": [resized(&order, 0, 9)]}))),
            _ => party.send(Method::DELETE, &order, None),
        };
        let edits = join_all(parties.iter().enumerate().map(|(at, party)| ask(party, at + round)));
        let moneys = join(pay(&owner, &order, "payments", "15.00"), pay(&owner, &order, "refunds", "15.00"));
        let parcel = json!({"carrier": "UPS", "tracking_number": "1Z"});
        let fulfil = format!("{}/fulfilments", path(&order));
        let invoice = format!("{}/invoice", path(&order));
        let today = json!({});
        let rest = join(owner.post(&fulfil, &parcel), owner.post(&invoice, &today));
        let (edits, (moneys, rest)) = join(edits, join(moneys, rest)).await;
        for answer in &edits {
            assert!([200, 204, 409].contains(&answer.status), "{answer:?}");
        }
        for answer in [&moneys.0, &moneys.1, &rest.0, &rest.1] {
            assert!([201, 409, 422].contains(&answer.status), "{answer:?}");
        }
        let after = owner.get(&path(&order)).await.expect(200);
        let fulfilled = rest.0.status == 201;
        assert_eq!(after["fulfilment_status"] == "fulfilled", fulfilled);
        let cancelled = edits.iter().any(|answer| answer.status == 204);
        assert_eq!(after["status"] == "cancelled", cancelled);
        assert!(!(cancelled && fulfilled), "{after}");
        books_hold(&world);
    }
    assert_eq!(deadlocks(&world), 0);
}

async fn pay(owner: &Caller, order: &Value, what: &str, amount: &str) -> Answer {
    owner.post(&format!("{}/{what}", path(order)), &json!({"amount": amount, "method": "card"})).await
}

/// Twelve units are there, and eight of them sold: of eight who want one more, four get it.
#[tokio::test]
async fn edits_upwards_never_take_more_than_there_is() {
    let world = busy_world().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 12).await;
    let mut orders = Vec::new();
    for _ in 0..8 {
        orders.push(owner.order(&product, 1).await.expect(201));
    }
    let party = Party::of(&world, "owner").await;
    let wanted =
        orders.iter().map(|order| party.send(Method::PATCH, order, Some(json!({"lines": [resized(order, 0, 2)]}))));
    let answers = join_all(wanted).await;
    let got = answers.iter().filter(|answer| answer.status == 200).count();
    let short = answers.iter().filter(|answer| answer.body["code"] == "insufficient_stock").count();
    assert_eq!((got, short), (4, 4), "{answers:?}");
    let product = owner.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!((&product["on_hand"], &product["unfulfilled"]), (&json!(0), &json!(12)));
    books_hold(&world);
}
