//! The sums that a dashboard is read from stay those of invoices and credit notes.

use super::{look, store};
use countinghouse_api::platform::db::MIGRATIONS;
use countinghouse_tests::{Login, World};
use diesel::{
    PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, migration::MigrationSource, pg::Pg,
    sql_query, sql_types,
};
use serde_json::{Value, json};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
}

fn count(conn: &mut PgConnection, table: &str) -> i64 {
    sql_query(format!("SELECT count(*) AS count FROM {table}")).get_result::<Count>(conn).unwrap().count
}

/// What was read when is not to be compared.
fn still(mut shown: Value) -> Value {
    shown.as_object_mut().unwrap().remove("freshness");
    shown.as_object_mut().unwrap().remove("security");
    shown
}

#[tokio::test]
async fn what_is_folded_is_shown_as_it_was() {
    let world = World::start().await;
    store(&world).await;
    let mut owner = world.database(Login::Owner);
    let before = still(look(&world.owner()).await);
    assert_eq!(count(&mut owner, "product_daily_sales"), 0);
    // The series go on just before the number that folds those before it.
    owner.batch_execute("UPDATE invoice_counters SET last_number = 1023").unwrap();
    let product = world.owner().get("/products?sku=A").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    let order = world.owner().order(&product, 1).await.expect(201);
    let folded = count(&mut owner, "product_daily_sales");
    assert!(folded > 0);
    let back = json!({"order_line_id": order["lines"][0]["id"], "quantity": 1, "restock": true});
    world.owner().post("/returns", &json!({"order_id": order["id"], "lines": [back]})).await.expect(201);
    assert!(count(&mut owner, "product_daily_sales") > folded);
    // One more and one back: of what was sold all is as it was.
    let after = still(look(&world.owner()).await);
    assert_eq!(after["sales"]["by_product"], before["sales"]["by_product"]);
    assert_eq!(after["kpis"]["today"]["units_sold"], before["kpis"]["today"]["units_sold"]);
    assert_eq!(after["inventory"]["days_of_inventory"], before["inventory"]["days_of_inventory"]);
    // And a further one is not lost behind the fold.
    world.owner().order(&product, 2).await.expect(201);
    assert_eq!(look(&world.owner()).await["kpis"]["today"]["units_sold"], 8);
}

/// Documents from before they noted their goods: what they sold is found out, and folded.
#[tokio::test]
async fn what_was_issued_before_is_shown_too() {
    let world = World::start().await;
    store(&world).await;
    let before = still(look(&world.owner()).await);
    let mut owner = world.database(Login::Owner);
    owner.batch_execute("UPDATE invoices SET goods = '[]'").unwrap();
    assert_eq!(look(&world.owner()).await["sales"]["by_product"], json!([]));
    // As though more than a thousand had been issued since.
    owner.batch_execute("UPDATE invoice_counters SET last_number = 1024").unwrap();
    let migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS).unwrap();
    for name in ["2026-11-25-140100_goods_of_what_was_issued", "2026-11-25-140200_fold_what_was_issued"] {
        let step = migrations.iter().find(|step| step.name().to_string() == name).expect("a migration");
        step.run(&mut owner).unwrap();
        // A second time changes nothing.
        step.run(&mut owner).unwrap();
    }
    assert!(count(&mut owner, "product_daily_sales") > 0);
    assert_eq!(still(look(&world.owner()).await), before);
}
