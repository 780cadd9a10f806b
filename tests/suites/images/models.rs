//! Without a model, with another one, and while one takes over from the other.

use super::*;
use crate::jobs::count;
use countinghouse_tests::pictures::{drawing, encoded, picture};
use image::ImageFormat;

#[tokio::test]
async fn without_a_model_all_else_works() {
    let (world, owner, product) = shop().await;
    let refused = search(&owner, &picture(1), &[]).await;
    assert_eq!(refused.header("retry-after"), "30");
    refused.problem(503, "image_model_unavailable");
    let ready = world.nobody().get("//ready").await.expect(200);
    assert_eq!((&ready["status"], &ready["parts"]["image_model"]), (&json!("ok"), &json!("none")));
    owner.upload(&product, &picture(1)).await.expect(201);
    assert_eq!(owner.get(&format!("/products/{product}/similar")).await.expect(200), nothing_found());
}

#[tokio::test]
async fn a_model_that_can_not_be_loaded_is_none_and_ready_says_so() {
    let world = World::builder().config(|config| config.images.model = "/nowhere.onnx".parse().ok()).start().await;
    let owner = world.owner();
    search(&owner, &picture(1), &[]).await.problem(503, "image_model_unavailable");
    let ready = world.nobody().get("//ready").await.expect(200);
    assert_eq!(ready["parts"]["image_model"], "failed");
}

/// What was uploaded before there was a model is found when there is one.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_wait_for_the_model() {
    let Some(model) = pictures::model() else { return };
    let (mut world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let worker = jobs::start_with(&world, Handlers::default().with::<EmbedImage>());
    until(&world, "jobs WHERE kind = 'embed_image' AND last_error LIKE '%no image model%'", 1).await;
    jobs::stop(worker).await;
    world.config.images.model = Some(model);
    world.restart().await;
    world.clock.advance(chrono::Duration::minutes(11));
    work(&world).await;
    assert_eq!(world.owner().get(&path(&image)).await.expect(200)["searchable"], true);
    assert_eq!(names(&search(&world.owner(), &picture(1), &[]).await.expect(200), "sku"), ["LAMP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_takes_over_when_it_has_seen_all() {
    let (Some(old), Some(new)) = (model_called("old"), model_called("new")) else { return };
    let before = old.clone();
    let mut world = World::builder().config(|config| config.images.model = Some(before)).start().await;
    for seed in 0..3 {
        let product = world.owner().product(&format!("P{seed}"), "1.00", 1).await;
        world.owner().upload(&product, &picture(seed)).await.expect(201);
    }
    work(&world).await;
    let query = encoded(&drawing(1), ImageFormat::Jpeg);
    let by_old = search(&world.owner(), &query, &[]).await.expect(200);
    assert!(by_old["model"].as_str().unwrap().starts_with("old"), "{by_old}");
    assert_eq!(names(&by_old, "sku")[0], "P1");

    // Without the old model nobody can ask by a picture; what needs none goes on.
    world.config.images.model = Some(new);
    world.restart().await;
    search(&world.owner(), &query, &[]).await.problem(503, "image_model_unavailable");
    let product = by_old["data"][0]["product_id"].as_str().unwrap().to_owned();
    let similar = world.owner().get(&format!("/products/{product}/similar")).await.expect(200);
    assert_eq!(similar["data"].as_array().unwrap().len(), 2);

    // With it, it is as before, and what is uploaded meanwhile is found too.
    world.config.images.previous_model = Some(old);
    world.restart().await;
    assert_eq!(search(&world.owner(), &query, &[]).await.expect(200), by_old);
    let late = world.owner().product("LATE", "1.00", 1).await;
    let image = world.owner().upload(&late, &picture(9)).await.expect(201);
    work(&world).await;
    assert_eq!(world.owner().get(&path(&image)).await.expect(200)["searchable"], true);
    assert_eq!(names(&search(&world.owner(), &picture(9), &[]).await.expect(200), "sku")[0], "LATE");
    assert_eq!(count(&world, "image_vectors WHERE model LIKE 'new%'"), 1);

    plant(&world, "embed_images_anew");
    work(&world).await;
    let by_new = search(&world.owner(), &query, &[]).await.expect(200);
    assert!(by_new["model"].as_str().unwrap().starts_with("new"), "{by_new}");
    assert_eq!((names(&by_new, "sku").len(), names(&by_new, "sku")[0].as_str()), (4, "P1"));
    assert_eq!(count(&world, "image_vectors WHERE model LIKE 'old%'"), 0);
    assert_eq!(count(&world, "image_vectors"), 4);
}

/// One picture whose file is lost does not keep all others with the old model.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_lost_keeps_no_other_back() {
    let (Some(old), Some(new)) = (model_called("old"), model_called("new")) else { return };
    let before = old.clone();
    let mut world = World::builder().config(|config| config.images.model = Some(before)).start().await;
    let product = world.owner().product("P", "1.00", 1).await;
    world.owner().upload(&product, &picture(1)).await.expect(201);
    work(&world).await;
    fs::remove_dir_all(&world.config.images.folder).unwrap();
    let second = world.owner().product("Q", "1.00", 1).await;
    world.owner().upload(&second, &picture(2)).await.expect(201);
    work(&world).await;
    (world.config.images.model, world.config.images.previous_model) = (Some(new), Some(old));
    world.restart().await;
    plant(&world, "embed_images_anew");
    work(&world).await;
    let found = search(&world.owner(), &picture(2), &[]).await.expect(200);
    assert!(found["model"].as_str().unwrap().starts_with("new"), "{found}");
    assert_eq!(names(&found, "sku"), ["Q"]);
}

/// Where all of them are lost, the store is not the right one: the old vectors stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_lost_costs_nobody_their_vectors() {
    let (Some(old), Some(new)) = (model_called("old"), model_called("new")) else { return };
    let before = old.clone();
    let mut world = World::builder().config(|config| config.images.model = Some(before)).start().await;
    for seed in 0..2 {
        let product = world.owner().product(&format!("P{seed}"), "1.00", 1).await;
        world.owner().upload(&product, &picture(seed)).await.expect(201);
    }
    work(&world).await;
    fs::remove_dir_all(&world.config.images.folder).unwrap();
    (world.config.images.model, world.config.images.previous_model) = (Some(new), Some(old));
    world.restart().await;
    plant(&world, "embed_images_anew");
    let worker = jobs::start_with(&world, Handlers::default().with::<EmbedImagesAnew>());
    until(&world, "jobs WHERE kind = 'embed_images_anew' AND last_error LIKE '2 pictures%'", 1).await;
    jobs::stop(worker).await;
    let found = search(&world.owner(), &picture(1), &[]).await.expect(200);
    assert!(found["model"].as_str().unwrap().starts_with("old"), "{found}");
    assert_eq!(names(&found, "sku"), ["P1", "P0"]);
}

/// A worker that has only the model before leaves a picture to those that have the one that answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_yesterday_hides_no_picture() {
    let (Some(old), Some(new)) = (model_called("old"), model_called("new")) else { return };
    let first = new.clone();
    let mut world = World::builder().config(|config| config.images.model = Some(first)).start().await;
    let product = world.owner().product("P0", "1.00", 1).await;
    world.owner().upload(&product, &picture(0)).await.expect(201);
    work(&world).await;
    world.config.images.model = Some(old);
    world.restart().await;
    let image = world.owner().upload(&product, &picture(1)).await.expect(201);
    let worker = jobs::start_with(&world, Handlers::default().with::<EmbedImage>());
    until(&world, "jobs WHERE kind = 'embed_image' AND last_error LIKE '%has not the image model new%'", 1).await;
    jobs::stop(worker).await;
    world.config.images.model = Some(new);
    world.restart().await;
    world.clock.advance(chrono::Duration::minutes(11));
    work(&world).await;
    assert_eq!(world.owner().get(&path(&image)).await.expect(200)["searchable"], true);
}

/// Workers find the clients that need another model by themselves, and leave alone those that were moved just now.
#[tokio::test(flavor = "multi_thread")]
async fn workers_find_who_needs_another_model() {
    let Some(model) = pictures::model() else { return };
    let world = World::builder().config(|config| config.images.model = Some(model)).start().await;
    let index = |tenant, since: &str| {
        format!("INSERT INTO image_indexes VALUES ('{tenant}', 'older', now() - interval '{since}');")
    };
    let rows = [index(world.north.id, "2 hours"), index(world.south.id, "1 minute")].concat();
    world.database(Login::Owner).batch_execute(&rows).unwrap();
    let lane = world.state.db.worker_lane().unwrap();
    let planting = tokio::spawn(countinghouse_api::features::images::keep_planting(lane, world.state.clone()));
    until(&world, &format!("jobs WHERE kind = 'embed_images_anew' AND tenant_id = '{}'", world.north.id), 1).await;
    planting.abort();
    assert_eq!(count(&world, "jobs WHERE kind = 'embed_images_anew'"), 1);
}
