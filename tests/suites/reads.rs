//! What only reads: the database holds it to that, its answer does not wait for its end, and nothing of it stays
//! open.

use actix_web::HttpResponse;
use countinghouse_api::platform::{
    authn::TenantCtx,
    db::DbError,
    http::{Access, ApiError, Route, no_content},
};
use countinghouse_tests::{Cluster, Login, World, patience::Patience};
use diesel::{RunQueryDsl, connection::SimpleConnection, dsl::sql, select, sql_types::BigInt};
use futures_util::future::join_all;

async fn write_while_reading(ctx: TenantCtx) -> Result<HttpResponse, ApiError> {
    ctx.read(|tx| Ok::<_, DbError>(tx.conn().batch_execute("UPDATE products SET name = 'x'")?)).await?;
    Ok(no_content())
}

fn open_transactions(world: &World) -> i64 {
    let open = "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND usename = 'countinghouse_app' AND xact_start IS NOT NULL)";
    select(sql::<BigInt>(open)).get_result(&mut world.database(Login::Superuser)).unwrap()
}

#[tokio::test]
async fn what_reads_writes_nothing() {
    let world = World::builder().routes(vec![Route::get("/test/write", Access::LoggedIn, write_while_reading)]);
    let world = world.pool(1).start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 5).await;
    for _ in 0..3 {
        assert!(owner.get("/test/write").await.status >= 500);
        assert_eq!(owner.get(&format!("/products/{product}")).await.expect(200)["name"], "A");
    }
    // The connection is good for writing again.
    owner.order(&product, 1).await.expect(201);
}

/// Connections go from hand to hand, between clients and between reading and writing, and come back at last.
#[tokio::test]
async fn connections_are_handed_over_and_nothing_stays_open() {
    let world = World::builder().workers(2).pool(2).start().await;
    let (north, south) = (world.owner(), world.caller(&world.south, "owner"));
    let product = north.product("A", "1.00", 1_000).await;
    let path = format!("/products/{product}");
    for _ in 0..5 {
        let (ours, theirs) = (join_all((0..12).map(|_| north.get(&path))), join_all((0..12).map(|_| south.get(&path))));
        let orders = join_all((0..4).map(|_| north.order(&product, 1)));
        let (ours, (theirs, orders)) =
            futures_util::future::join(ours, futures_util::future::join(theirs, orders)).await;
        ours.into_iter().for_each(|answer| drop(answer.expect(200)));
        theirs.into_iter().for_each(|answer| drop(answer.problem(404, "not_found")));
        orders.into_iter().for_each(|answer| drop(answer.expect(201)));
    }
    assert_eq!(north.get(&path).await.expect(200)["on_hand"], 980);
    // One that was left for somebody who gave up is taken by whoever comes next.
    let patience = Patience::until("is all of it ended");
    while open_transactions(&world) > 0 {
        north.get(&path).await.expect(200);
        patience.wait().await;
    }
    Cluster::get().disconnect_all(&world.database);
    north.order(&product, 1).await.expect(201);
}
