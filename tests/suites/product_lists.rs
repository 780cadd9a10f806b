//! Lists of products: their order, their pages and their filters.

use countinghouse_tests::{Caller, Login, World, encoded};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use serde_json::{Value, json};

async fn create(caller: &Caller, sku: &str) {
    caller.post("/products", &json!({"sku": sku, "name": sku, "price": "1.00"})).await.expect(201);
}

fn skus(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().expect("rows");
    rows.iter().map(|row| row["sku"].as_str().expect("a SKU").to_owned()).collect()
}

/// The SKUs of all pages; `between` runs after each page that another follows.
async fn all_pages(caller: &Caller, path: &str, mut between: impl AsyncFnMut(usize)) -> Vec<String> {
    let (mut found, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = caller.get(&format!("{path}{cursor}")).await.expect(200);
        found.extend(skus(&page));
        let Some(next) = page["next_cursor"].as_str() else { return found };
        assert!(next.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b)), "{next} needs no encoding");
        cursor = format!("&cursor={next}");
        pages += 1;
        assert!(pages < 1000, "the list has no end");
        between(pages).await;
    }
}

/// Numbered SKUs from high to low.
fn falling(letter: &str, range: std::ops::Range<usize>) -> Vec<String> {
    range.rev().map(|at| format!("{letter}-{at:03}")).collect()
}

async fn create_many(caller: &Caller, letter: &str, range: std::ops::Range<usize>) {
    for sku in falling(letter, range).iter().rev() {
        create(caller, sku).await;
    }
}

#[tokio::test]
async fn products_are_listed_newest_first_and_by_fifty() {
    let world = World::start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    assert_eq!(owner.get("/products").await.expect(200), json!({"data": [], "next_cursor": null}));
    create_many(&owner, "A", 0..50).await;
    create_many(&south, "S", 0..3).await;
    let page = owner.get("/products").await.expect(200);
    assert_eq!((skus(&page), &page["next_cursor"]), (falling("A", 0..50), &Value::Null));
    create_many(&owner, "A", 50..52).await;
    let page = owner.get("/products").await.expect(200);
    assert_eq!(skus(&page), falling("A", 2..52));
    let next = page["next_cursor"].as_str().expect("another page");
    let rest = owner.get(&format!("/products?cursor={next}")).await.expect(200);
    assert_eq!((skus(&rest), &rest["next_cursor"]), (falling("A", 0..2), &Value::Null));
    for limit in [1, 51, 52, 200] {
        let page = owner.get(&format!("/products?limit={limit}")).await.expect(200);
        assert_eq!(skus(&page), falling("A", 52 - limit.min(52)..52));
        assert_eq!(page["next_cursor"].is_null(), limit >= 52);
    }
    assert_eq!(skus(&south.get("/products").await.expect(200)), falling("S", 0..3));
}

#[tokio::test]
async fn what_is_added_and_changed_meanwhile_neither_loses_nor_doubles_a_row() {
    let world = World::start().await;
    let owner = world.owner();
    create_many(&owner, "A", 0..20).await;
    let newest = owner.get("/products?limit=1").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    let found = all_pages(&owner, "/products?limit=3", async |page| {
        create(&owner, &format!("NEW-{page}")).await;
        owner.patch(&format!("/products/{newest}"), &json!({"name": format!("changed {page}")})).await.expect(200);
    });
    assert_eq!(found.await, falling("A", 0..20));
}

#[tokio::test]
async fn paging_while_others_insert_shows_every_row_once() {
    let world = World::builder().pool(8).start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    create_many(&owner, "A", 0..30).await;
    let insert = async |caller: &Caller, letter: &str| create_many(caller, letter, 0..40).await;
    let read = all_pages(&owner, "/products?limit=2", async |_| {});
    let (found, ..) = tokio::join!(read, insert(&owner, "X"), insert(&owner, "Y"), insert(&south, "Z"));
    let (old, new): (Vec<String>, Vec<String>) = found.into_iter().partition(|sku| sku.starts_with("A-"));
    assert_eq!(old, falling("A", 0..30));
    let mut once = new.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), new.len(), "{new:?}");
    assert!(new.iter().all(|sku| !sku.starts_with('Z')), "{new:?}");
}

#[tokio::test]
async fn rows_of_the_same_moment_are_paged_through_too() {
    let world = World::start().await;
    let owner = world.owner();
    create_many(&owner, "A", 0..10).await;
    let same = "UPDATE products SET created_at = '2026-01-01T00:00:00.123456Z'";
    sql_query(same).execute(&mut world.database(Login::Owner)).expect("one moment");
    let whole = skus(&owner.get("/products").await.expect(200));
    for limit in [1, 3, 9, 10] {
        let mut found = all_pages(&owner, &format!("/products?limit={limit}"), async |_| {}).await;
        assert_eq!(found, whole);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 10);
    }
}

#[tokio::test]
async fn a_cursor_lives_on_when_its_row_is_archived() {
    let world = World::start().await;
    let owner = world.owner();
    create_many(&owner, "A", 0..6).await;
    let page = owner.get("/products?limit=3").await.expect(200);
    let last = page["data"][2]["id"].as_str().unwrap();
    owner.delete(&format!("/products/{last}")).await.expect(204);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = owner.get(&format!("/products?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!(skus(&rest), falling("A", 0..3));
}

#[tokio::test]
async fn q_finds_parts_of_name_sku_barcode_and_description() {
    let world = World::start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    for (sku, name, barcode, description) in [
        ("SOCK-1", "Wool socks", "4006381333931", "Warm and grey"),
        ("HAT_2", "Größe L: Hut", "111", "100% wool"),
        ("C\\3", "Coat", "222", "for him_her"),
        ("D-4", "日本語の靴下", "333", "' OR '1'='1"),
    ] {
        let body = json!({"sku": sku, "name": name, "barcode": barcode, "description": description, "price": "1.00"});
        owner.post("/products", &body).await.expect(201);
        south.post("/products", &body).await.expect(201);
    }
    owner.post("/products", &json!({"sku": "E-5", "name": "Bare", "price": "1.00"})).await.expect(201);
    for (q, expected) in [
        ("socks", &["SOCK-1"][..]),
        ("SOCK", &["SOCK-1"]),
        ("sock-1", &["SOCK-1"]),
        ("WOOL", &["HAT_2", "SOCK-1"]),
        ("63813", &["SOCK-1"]),
        ("4006381333931", &["SOCK-1"]),
        ("and grey", &["SOCK-1"]),
        ("größe", &["HAT_2"]),
        ("GRÖßE", &["HAT_2"]),
        ("grey  WOOL", &["SOCK-1"]),
        ("靴下", &["D-4"]),
        ("%", &["HAT_2"]),
        ("0%", &["HAT_2"]),
        ("_", &["C\\3", "HAT_2"]),
        ("HAT_2", &["HAT_2"]),
        ("\\", &["C\\3"]),
        ("C\\3", &["C\\3"]),
        ("\\%", &[]),
        ("' OR '1'='1", &["D-4"]),
        ("bare", &["E-5"]),
        ("nowhere", &[]),
        ("north", &[]),
    ] {
        let request = owner.request(reqwest::Method::GET, &format!("/products?q={}", encoded(q)));
        let page = countinghouse_tests::Answer::of(request).await.expect(200);
        let mut found = skus(&page);
        found.sort();
        assert_eq!(found, expected, "q={q}");
    }
    for nothing in ["", "%20"] {
        assert_eq!(skus(&owner.get(&format!("/products?q={nothing}")).await.expect(200)).len(), 5);
    }
}

/// Where nothing has what was typed in it, what is nearest comes first; another client's never.
#[tokio::test]
async fn one_typing_error_is_forgiven() {
    let world = World::start().await;
    let owner = world.owner();
    for (sku, name, description) in [
        ("CH-20417", "Walnut chair", "Comes with felt pads."),
        ("CH-88123", "Oak armchair", "Comes unassembled."),
        ("LP-55310", "Reading lamp", "Brushed aluminium, with a cable of two metres."),
        ("KT-77001", "Kettle", "Switches itself off."),
        ("TB-10 1", "Folding table, 100% oak_veneer 120 cm", "Seats four."),
        ("TB-10 2", "Folding table, solid oak 120 cm", "Seats six."),
    ] {
        let product = json!({"sku": sku, "name": name, "description": description, "price": "1"});
        owner.post("/products", &product).await.expect(201);
    }
    let archived =
        owner.post("/products", &json!({"sku": "WC", "name": "Walnut chairs", "price": "1"})).await.expect(201);
    owner.delete(&format!("/products/{}", archived["id"].as_str().unwrap())).await.expect(204);
    let first_three = async |q: &str| {
        let found = owner.get(&format!("/products?q={}", encoded(q))).await.expect(200);
        assert!(found["next_cursor"].is_null());
        skus(&found).into_iter().take(3).collect::<Vec<_>>()
    };
    for (typed, meant) in [
        ("walnt chair", "CH-20417"),
        ("wallnut", "CH-20417"),
        ("chair wulnut", "CH-20417"),
        // One word of several, the longest, another, or none but the last; and two of them.
        ("foldnig table oak_veneer", "TB-10 1"),
        ("folding tabel oak_veneer", "TB-10 1"),
        ("folding table oka_veneer 120", "TB-10 1"),
        ("foldin tabel 100% oak_veneer", "TB-10 1"),
        ("folding table solit oak", "TB-10 2"),
        ("chiar", "CH-20417"),
        ("armchiar", "CH-88123"),
        ("CH-88213", "CH-88123"),
        ("CH-881233", "CH-88123"),
        ("CJ-88123", "CH-88123"),
        ("CH-8123", "CH-88123"),
        ("LP-5531O", "LP-55310"),
        ("ketle", "KT-77001"),
        ("alumnium", "LP-55310"),
        ("reeding", "LP-55310"),
    ] {
        let found = first_three(typed).await;
        assert!(found.iter().any(|sku| sku == meant), "{typed}: {found:?}");
    }
    // The right word finds what has it, newest first, and nothing that is merely like it.
    let found = owner.get("/products?q=chair").await.expect(200);
    assert_eq!(skus(&found), ["CH-88123", "CH-20417"]);
    let archive = owner.get("/products?q=walnt&active=false").await.expect(200);
    assert_eq!(skus(&archive), ["WC"]);
    let other = world.caller(&world.south, "owner");
    for typed in ["walnt", "walnut", "CH-20417"] {
        assert!(skus(&other.get(&format!("/products?q={typed}")).await.expect(200)).is_empty(), "{typed}");
    }
}

/// Nobody but the service may ask the functions that row-level security does not hold up, and
/// without a tenant they find nothing.
#[tokio::test]
async fn search_is_bound_to_the_transactions_tenant() {
    let world = World::start().await;
    create(&world.owner(), "A-100").await;
    let calls = [
        "products_with('{%A-1%}', true, NULL, NULL, 10)",
        "products_with_all('{%A-1%}', true, NULL, NULL, 10)",
        "products_near('A-100', '{%A-1%,%-10%,%B%}', true, 10)",
        "products_like('A-101', true, 10)",
    ];
    let count = |login: Login, tenant: &str, call: &str| {
        let query = format!(
            "SELECT count(*) AS count FROM (SELECT set_config('app.tenant_id', '{tenant}', false)) s, LATERAL {call}"
        );
        sql_query(query).get_result::<Count>(&mut world.database(login)).map(|row| row.count)
    };
    for call in calls {
        assert_eq!(count(Login::App, &world.north.id.to_string(), call).unwrap(), 1, "{call}");
        assert_eq!(count(Login::App, &world.south.id.to_string(), call).unwrap(), 0, "{call}");
        assert_eq!(count(Login::App, "", call).unwrap(), 0, "{call}");
        for login in [Login::Worker, Login::Platform] {
            assert!(count(login, &world.north.id.to_string(), call).is_err(), "{login:?} {call}");
        }
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
}

#[tokio::test]
async fn sku_finds_the_one_and_active_chooses_the_shelf() {
    let world = World::start().await;
    let owner = world.owner();
    for sku in ["A", "AB", "A%", "B"] {
        create(&owner, sku).await;
    }
    let list = async |query: &str| skus(&owner.get(&format!("/products?{query}")).await.expect(200));
    assert_eq!(list("sku=A").await, ["A"]);
    assert_eq!(list("sku=A%25").await, ["A%"]);
    assert_eq!(list("sku=C").await, Vec::<String>::new());
    let page = owner.get("/products?sku=AB").await.expect(200);
    owner.delete(&format!("/products/{}", page["data"][0]["id"].as_str().unwrap())).await.expect(204);
    assert_eq!(list("").await, ["B", "A%", "A"]);
    assert_eq!(list("active=true").await, ["B", "A%", "A"]);
    assert_eq!(list("active=false").await, ["AB"]);
    assert_eq!(list("sku=AB").await, Vec::<String>::new());
    assert_eq!(list("sku=AB&active=false").await, ["AB"]);
    assert_eq!(list("q=a").await, ["A%", "A"]);
    assert_eq!(list("q=a&active=false").await, ["AB"]);
    assert_eq!(list("q=a&sku=A").await, ["A"]);
    assert_eq!(list("q=b&sku=A").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_filter_holds_on_every_page() {
    let world = World::start().await;
    let owner = world.owner();
    for at in 0..8 {
        create(&owner, &format!("A-{at:03}")).await;
        create(&owner, &format!("B-{at:03}")).await;
    }
    assert_eq!(all_pages(&owner, "/products?limit=3&q=a-", async |_| {}).await, falling("A", 0..8));
    for sku in falling("B", 2..8) {
        let page = owner.get(&format!("/products?sku={sku}")).await.expect(200);
        owner.delete(&format!("/products/{}", page["data"][0]["id"].as_str().unwrap())).await.expect(204);
    }
    assert_eq!(all_pages(&owner, "/products?limit=2&active=false", async |_| {}).await, falling("B", 2..8));
}
