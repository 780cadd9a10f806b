//! The index that is searched, packed by workers.

use super::{searching::fill, *};
use crate::jobs::count;
use countinghouse_api::features::images::keep_packing;
use countinghouse_tests::patience::Patience;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use tokio::task::JoinHandle;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = sql_types::BigInt)]
    number: i64,
}

fn number(database: &mut PgConnection, what: &str) -> i64 {
    sql_query(format!("SELECT {what} AS number")).get_result::<Number>(database).unwrap().number
}

#[derive(QueryableByName)]
struct Asked {
    #[diesel(sql_type = sql_types::Text)]
    product: String,
}

const SIZE: &str = "pg_relation_size('image_vectors_pkey')";
const LEFT_OVER: &str = "(SELECT count(*) FROM pg_class WHERE relname = 'image_vectors_pkey_ccnew')";

fn keep(world: &World) -> JoinHandle<()> {
    tokio::spawn(keep_packing(world.state.db.worker_lane().unwrap()))
}

/// Vectors that come in turns leave pages half empty, and what a worker that died had half built is in the way of
/// nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_half_empty_index_is_packed_while_it_is_searched() {
    let world = World::start().await;
    let mut database = world.database(Login::Superuser);
    if number(&mut database, "current_setting('server_version_num')::bigint") < 170_000 {
        return println!("skipped: PostgreSQL 16 lets nobody but the owner pack an index");
    }
    fill(&world, world.north.id, "any", 3_000, 1);
    // As pictures leave pages when they come in turns: some rows on each.
    database.batch_execute("DELETE FROM image_vectors WHERE get_byte(uuid_send(image_id), 15) % 2 = 0").unwrap();
    database.batch_execute("VACUUM (ANALYZE) image_vectors").unwrap();
    database
        .batch_execute(
            "CREATE INDEX image_vectors_pkey_ccnew ON image_vectors (image_id);
             UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'image_vectors_pkey_ccnew'::regclass",
        )
        .unwrap();
    let (before, rows) = (number(&mut database, SIZE), count(&world, "image_vectors"));
    let asked = sql_query("SELECT product_id::text AS product FROM image_vectors LIMIT 1");
    let Asked { product } = asked.get_result(&mut database).unwrap();
    let similar = format!("/products/{product}/similar?limit=50");
    let found = world.owner().get(&similar).await.expect(200);
    let packing = keep(&world);
    let patience = Patience::until("the index is packed");
    while number(&mut database, SIZE) > before * 2 / 3 || number(&mut database, LEFT_OVER) > 0 {
        assert_eq!(world.owner().get(&similar).await.expect(200), found);
        patience.wait().await;
    }
    packing.abort();
    assert_eq!(world.owner().get(&similar).await.expect(200), found);
    assert_eq!((found["data"].as_array().unwrap().len(), count(&world, "image_vectors")), (50, rows));
    // There is nothing left to pack.
    assert_eq!(number(&mut database, "vectors_need_packing()::int::bigint"), 0);
}
