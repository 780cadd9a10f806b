//! Files in the store: none is forgotten, and none is taken away that a picture refers to.

use super::*;
use crate::jobs::count;
use chrono::Duration;
use countinghouse_api::platform::points::Point;
use countinghouse_tests::{
    Process,
    patience::Patience,
    pictures::{new_picture, picture},
};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use futures_util::future::join_all;
use std::{path::PathBuf, pin::pin};

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
    // What was taken away is put there again by who brings it again, under another name.
    let again = world.owner().upload(&product, &picture(1)).await.expect(201);
    assert!(place(&world, &format!("{hash}-1")).exists() && !place(&world, &hash).exists());
    both_are_there(&world.owner(), &again).await;
}

/// An upload that stood still puts its file there when it was long taken away: that is found too, in the end.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_there_too_late_is_taken_away_once_more() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let late: Vec<PathBuf> = hashes(&world).iter().map(|hash| place(&world, hash)).collect();
    owner.delete(&path(&image)).await.expect(204);
    world.clock.advance(Duration::hours(2));
    collect(&world).await;
    let again = world.owner().upload(&product, &picture(1)).await.expect(201);
    for file in &late {
        fs::write(file, "late").unwrap();
    }
    world.clock.advance(Duration::days(6));
    collect(&world).await;
    assert_eq!((files_in_store(&world), count(&world, "image_files_leaving WHERE taken")), (4, 2), "it may come yet");
    world.clock.advance(Duration::days(2));
    collect(&world).await;
    assert_eq!((files_in_store(&world), count(&world, "image_files_leaving")), (2, 0));
    assert!(late.iter().all(|file| !file.exists()));
    both_are_there(&world.log_in(&world.north, "owner").await, &again).await;
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
fn place(world: &World, name: &str) -> PathBuf {
    world.config.images.folder.join(format!("{}/{}/{name}", world.north.id, &name[..2]))
}

/// Of all files that there are.
fn hashes(world: &World) -> Vec<String> {
    let all = sql_query("SELECT encode(sha256, 'hex') AS hash FROM image_files ORDER BY sha256");
    let rows: Vec<Hash> = all.load(&mut world.database(Login::Owner)).unwrap();
    rows.into_iter().map(|row| row.hash).collect()
}

async fn both_are_there(caller: &Caller, image: &Value) {
    for size in ["original", "display"] {
        assert!(!file(caller, image, size).await.is_empty(), "{size}");
    }
}

#[derive(QueryableByName)]
struct Hash {
    #[diesel(sql_type = sql_types::Text)]
    hash: String,
}

/// What the collector does first, in the database.
const GIVE_UP: &str = "WITH given_up AS (DELETE FROM image_files RETURNING tenant_id, sha256, generation)
    INSERT INTO image_files_leaving SELECT tenant_id, sha256, generation, false, now() FROM given_up";

/// Somebody brings a picture in the very moment that its file is given up: they wait for no more than that, and put
/// it there under another name, so that the file may be taken away at any time.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_gets_another_name_than_the_file_that_is_leaving() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    owner.delete(&path(&image)).await.expect(204);
    let leaving = hashes(&world);
    assert_eq!(leaving.len(), 2);
    let mut collector = world.database(Login::Owner);
    collector.batch_execute("BEGIN").unwrap();
    collector.batch_execute(GIVE_UP).unwrap();
    let (of, sent) = (owner.clone(), product.clone());
    let upload = tokio::spawn(async move { of.upload(&sent, &picture(1)).await });
    world.until_one_waits().await;
    collector.batch_execute("COMMIT").unwrap();
    let image = upload.await.unwrap().expect(201);
    for hash in &leaving {
        fs::remove_file(place(&world, hash)).unwrap();
    }
    both_are_there(&world.owner(), &image).await;
    // Once more, and once more it is another one.
    world.owner().delete(&path(&image)).await.expect(204);
    collector.batch_execute(GIVE_UP).unwrap();
    let image = world.owner().upload(&product, &new_picture()).await.expect(201);
    let other = world.owner().product("OTHER", "1.00", 1).await;
    let again = world.owner().upload(&other, &picture(1)).await.expect(201);
    assert_eq!(count(&world, "image_files WHERE generation = 2"), 2);
    assert_eq!(count(&world, "image_files WHERE generation = 0"), 2);
    both_are_there(&world.owner(), &image).await;
    both_are_there(&world.owner(), &again).await;
}

/// Where an upload took so long that its files were taken for forgotten, it is refused: no picture without files. It
/// is so too where somebody else has begun to put them there again, under other names.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_whose_files_are_gone_again_is_not_entered() {
    let begun_again = "INSERT INTO image_files SELECT tenant_id, sha256, bytes, now() FROM noted";
    for meanwhile in ["", begun_again] {
        let (world, owner, product) = shop().await;
        let mut holder = world.database(Login::Owner);
        holder.batch_execute("BEGIN; SELECT FROM products FOR UPDATE").unwrap();
        let (of, sent) = (owner.clone(), product.clone());
        let upload = tokio::spawn(async move { of.upload(&sent, &picture(1)).await });
        world.until_one_waits().await;
        holder
            .batch_execute(&format!(
                "CREATE TEMP TABLE noted AS SELECT * FROM image_files; {GIVE_UP}; {meanwhile}; COMMIT"
            ))
            .unwrap();
        upload.await.unwrap().problem(503, "unavailable");
        assert_eq!(count(&world, "product_images"), 0);
        let image = owner.upload(&product, &picture(1)).await.expect(201);
        both_are_there(&world.owner(), &image).await;
    }
}

/// Deleted pictures whose files are old enough to be collected, and a worker that stops itself there.
async fn worker_held_at(world: &World, point: Point, product: &str, seed: u32) -> Process {
    let image = world.owner().upload(product, &picture(seed)).await.expect(201);
    world.owner().delete(&path(&image)).await.expect(204);
    let older = "UPDATE image_files SET touched_at = touched_at - interval '2 hours'";
    world.database(Login::Owner).batch_execute(older).unwrap();
    plant(world, "collect_image_files");
    let mut worker = worker_with(world, Some(point));
    worker.wait_for("held at a named point");
    worker
}

fn worker_with(world: &World, stop_at: Option<Point>) -> Process {
    let mut environment = world.environment();
    environment.push(("WORKER_LEASE_SECONDS", "3".to_owned()));
    environment.extend(stop_at.map(|point| ("STOP_AT", format!("{point:?}"))));
    Process::work(&environment)
}

/// Another one goes on with what it left.
async fn another_ends_it(world: &World) {
    let mut worker = worker_with(world, None);
    until(world, "jobs WHERE kind = 'collect_image_files' AND finished_at IS NULL", 0).await;
    stop(&mut worker);
}

fn stop(worker: &mut Process) {
    worker.signal("TERM");
    worker.wait_for("stopped");
    assert!(worker.wait().success());
}

/// Killed on either side of the store, with the same picture brought again before and after: no file is forgotten, and
/// none is taken away that a picture refers to.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_collector_forgets_no_file_and_takes_none_in_use() {
    let (world, _, product) = shop().await;
    for (seed, point) in (0..).zip([Point::FilesGivenUp, Point::FilesTaken]) {
        let mut worker = worker_held_at(&world, point, &product, seed).await;
        let before = world.owner().upload(&product, &picture(seed)).await.expect(201);
        worker.signal("KILL");
        worker.wait();
        both_are_there(&world.owner(), &before).await;
        another_ends_it(&world).await;
        both_are_there(&world.owner(), &before).await;
        assert_eq!(count(&world, "image_files_leaving WHERE NOT taken"), 0, "{point:?}");
        assert_eq!(i64::try_from(files_in_store(&world)).unwrap(), count(&world, "image_files"), "{point:?}");
    }
}

/// One that stood still for so long that another did its work, and the picture came back since.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_comes_too_late_takes_nothing_in_use() {
    let (world, _, product) = shop().await;
    let mut late = worker_held_at(&world, Point::FilesGivenUp, &product, 1).await;
    another_ends_it(&world).await;
    assert_eq!(files_in_store(&world), 0);
    let image = world.owner().upload(&product, &picture(1)).await.expect(201);
    late.signal("CONT");
    stop(&mut late);
    both_are_there(&world.owner(), &image).await;
}

/// One content comes and goes for several products at once, while collectors take every moment for an hour later: who is
/// told that their picture is in has it, and in the end there are the files that are needed and no others.
#[tokio::test(flavor = "multi_thread")]
async fn one_content_comes_and_goes_while_files_are_collected() {
    let world = World::builder().config(|config| config.images.queue = 100).pool(8).start().await;
    let owner = &world.owner();
    let products = join_all((0..4).map(|at| owner.product(["A", "B", "C", "D"][at], "1.00", 1))).await;
    let worker = jobs::start_with(&world, Handlers::default().with::<CollectImageFiles>());
    let coming_and_going = join_all(products.iter().map(|product| async move {
        let mut kept = 0;
        while kept < 6 {
            let answer = owner.upload(product, &picture(0)).await;
            if answer.status == 503 {
                continue;
            }
            let image = answer.expect(201);
            both_are_there(owner, &image).await;
            owner.delete(&path(&image)).await.expect(204);
            kept += 1;
        }
        owner.upload(product, &picture(0)).await
    }));
    let open = "jobs WHERE kind = 'collect_image_files' AND finished_at IS NULL";
    let mut coming_and_going = pin!(coming_and_going);
    let (mut database, patience) = (world.database(Login::Owner), Patience::until("have all come and gone"));
    let last = loop {
        tokio::select! {
            last = &mut coming_and_going => break last,
            () = patience.wait() => {
                if count(&world, open) == 0 {
                    plant(&world, "collect_image_files");
                }
                let older = "UPDATE image_files SET touched_at = touched_at - interval '2 hours'";
                database.batch_execute(older).unwrap();
            }
        }
    };
    until(&world, open, 0).await;
    jobs::stop(worker).await;
    for answer in last.into_iter().filter(|answer| answer.status != 503) {
        both_are_there(owner, &answer.expect(201)).await;
    }
    world.clock.advance(Duration::days(8));
    collect(&world).await;
    assert_eq!(i64::try_from(files_in_store(&world)).unwrap(), count(&world, "image_files"));
    assert_eq!(count(&world, "image_files_leaving WHERE NOT taken"), 0);
}
