//! Files in the store: none is forgotten, and none is taken away that a picture refers to.

use super::*;
use crate::jobs::count;
use chrono::Duration;
use countinghouse_api::platform::points::Point;
use countinghouse_tests::{Process, pictures::picture};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use std::path::PathBuf;

async fn collect(world: &World) {
    plant(world, "collect_image_files");
    let worker = jobs::start_with(world, Handlers::default().with::<CollectImageFiles>());
    until(world, "jobs WHERE kind = 'collect_image_files' AND finished_at IS NULL", 0).await;
    assert_eq!(count(world, "jobs WHERE kind = 'collect_image_files' AND state <> 'done'"), 0);
    jobs::stop(worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_refers_to_is_collected_after_its_time_and_nothing_else() {
    let (world, owner, product) = shop().await;
    let other = owner.product("OTHER", "1.00", 1).await;
    let gone = owner.upload(&product, &picture(1)).await.expect(201);
    let shared = owner.upload(&product, &picture(2)).await.expect(201);
    let stays = owner.upload(&other, &picture(2)).await.expect(201);
    owner.delete(&path(&gone)).await.expect(204);
    owner.delete(&path(&shared)).await.expect(204);
    // What a process leaves that dies while it writes a file.
    let hash = "SELECT encode(f.sha256, 'hex') AS hash FROM image_files f WHERE NOT EXISTS \
                (SELECT FROM product_images i WHERE f.sha256 IN (i.original_sha256, i.display_sha256)) LIMIT 1";
    let Hash { hash } = sql_query(hash).get_result(&mut world.database(Login::Owner)).unwrap();
    fs::write(place(&world, &hash).with_file_name(format!("{hash}#1")), "half of it").unwrap();
    assert_eq!(files_in_store(&world), 5);
    collect(&world).await;
    assert_eq!((files_in_store(&world), count(&world, "image_files")), (5, 4), "an upload may be under way");
    world.clock.advance(Duration::hours(2));
    collect(&world).await;
    assert_eq!((files_in_store(&world), count(&world, "image_files")), (2, 2));
    file(&world.owner(), &stays, "original").await;
    file(&world.owner(), &stays, "display").await;
    // What was taken away is put there again by who brings it again.
    let again = world.owner().upload(&product, &picture(1)).await.expect(201);
    file(&world.owner(), &again, "display").await;
}

/// Killed with the files in the store, and the picture not entered.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_upload_left_is_collected() {
    let (world, owner, product) = shop().await;
    let mut environment = world.environment();
    environment.push(("STOP_AT", format!("{:?}", Point::PictureStored)));
    let mut service = Process::serve(&environment);
    let caller = service.caller(owner.token());
    let (content_type, body) = pictures::form(&picture(1), &[]);
    let request = caller.request(Method::POST, &format!("/products/{product}/images"));
    let upload = tokio::spawn(request.header("content-type", content_type).body(body).send());
    service.wait_for("held at a named point");
    service.signal("KILL");
    service.wait();
    assert!(upload.await.unwrap().is_err());
    assert_eq!((count(&world, "product_images"), count(&world, "image_files"), files_in_store(&world)), (0, 2, 2));
    collect(&world).await;
    assert_eq!(files_in_store(&world), 2);
    world.clock.advance(Duration::hours(2));
    collect(&world).await;
    assert_eq!((count(&world, "image_files"), files_in_store(&world)), (0, 0));
    world.owner().upload(&product, &picture(1)).await.expect(201);
}

/// Where a file of the client north lies.
fn place(world: &World, hash: &str) -> PathBuf {
    world.config.images.folder.join(format!("{}/{}/{hash}", world.north.id, &hash[..2]))
}

#[derive(QueryableByName)]
struct Hash {
    #[diesel(sql_type = sql_types::Text)]
    hash: String,
}

/// Somebody brings a picture in the very moment that its file is taken away: they wait, and put it there again.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_for_who_takes_its_file_away() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    owner.delete(&path(&image)).await.expect(204);
    let mut collector = world.database(Login::Owner);
    collector.batch_execute("BEGIN").unwrap();
    let held = "SELECT encode(sha256, 'hex') AS hash FROM image_files ORDER BY sha256 FOR UPDATE";
    let held: Vec<Hash> = sql_query(held).load(&mut collector).unwrap();
    assert_eq!(held.len(), 2);
    let upload = tokio::spawn(async move { owner.upload(&product, &picture(1)).await });
    world.until_one_waits().await;
    for Hash { hash } in held {
        fs::remove_file(place(&world, &hash)).unwrap();
    }
    collector.batch_execute("DELETE FROM image_files; COMMIT").unwrap();
    let image = upload.await.unwrap().expect(201);
    assert_eq!(files_in_store(&world), 2);
    file(&world.owner(), &image, "original").await;
}

/// Where an upload took so long that its files were taken for forgotten, it is refused: no picture without files.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_whose_files_are_gone_again_is_not_entered() {
    let (world, owner, product) = shop().await;
    let mut holder = world.database(Login::Owner);
    holder.batch_execute("BEGIN; SELECT FROM products FOR UPDATE").unwrap();
    let (of, sent) = (owner.clone(), product.clone());
    let upload = tokio::spawn(async move { of.upload(&sent, &picture(1)).await });
    world.until_one_waits().await;
    holder.batch_execute("DELETE FROM image_files; COMMIT").unwrap();
    upload.await.unwrap().problem(503, "unavailable");
    assert_eq!(count(&world, "product_images"), 0);
    owner.upload(&product, &picture(1)).await.expect(201);
}
