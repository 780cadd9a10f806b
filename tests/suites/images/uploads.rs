//! Taking pictures in and out: what is answered, what is refused, and what of it stays.

use super::*;
use crate::jobs::count;
use chrono::Duration;
use countinghouse_api::platform::crypto;
use countinghouse_contract::TenantId;
use countinghouse_tests::pictures::{drawing, encoded, form, picture};
use futures_util::future::join_all;
use image::ImageFormat;

#[tokio::test]
async fn a_picture_is_taken_in_listed_and_taken_out() {
    let (world, owner, product) = shop().await;
    let sent = picture(7);
    let answer = owner.upload(&product, &sent).await;
    let location = answer.header("location").to_owned();
    let image = answer.expect(201);
    assert_eq!(location, format!("/api/v1{}", path(&image)));
    let seen = json!([image["product_id"], image["media_type"], image["width"], image["height"], image["bytes"]]);
    assert_eq!(seen, json!([product, "image/png", 96, 64, sent.len()]));
    assert_eq!(image["searchable"], false);
    let hash = crypto::hex(&crypto::sha256(&sent));
    assert_eq!(image["sha256"], json!(hash));
    assert_eq!(owner.get(&path(&image)).await.expect(200), image);
    let second = owner.upload(&product, &encoded(&drawing(7), ImageFormat::Jpeg)).await.expect(201);
    assert_eq!(second["media_type"], "image/jpeg");
    let all = owner.get(&format!("/products/{product}/images")).await.expect(200);
    assert_eq!(names(&all, "id"), [&second, &image].map(|image| image["id"].as_str().unwrap().to_owned()));
    let first_page = owner.get(&format!("/products/{product}/images?limit=1")).await.expect(200);
    let rest = format!("/products/{product}/images?limit=1&cursor={}", first_page["next_cursor"].as_str().unwrap());
    assert_eq!(owner.get(&rest).await.expect(200)["data"], json!([image]));
    owner.delete(&path(&image)).await.expect(204);
    owner.get(&path(&image)).await.problem(404, "not_found");
    owner.delete(&path(&image)).await.problem(404, "not_found");
    let left = owner.get(&format!("/products/{product}/images")).await.expect(200);
    assert_eq!(left["data"], json!([second]));
    assert_eq!(count(&world, "audit_log WHERE action = 'image.added'"), 2);
    assert_eq!(count(&world, "audit_log WHERE action = 'image.deleted'"), 1);
    // Another product's picture is none of this one's.
    let other = owner.product("OTHER", "1.00", 1).await;
    let crossed = path(&second).replace(&product, &other);
    owner.get(&crossed).await.problem(404, "not_found");
    owner.delete(&crossed).await.problem(404, "not_found");
}

#[tokio::test]
async fn content_decides_what_a_picture_is_and_each_size_is_served() {
    let (_world, owner, product) = shop().await;
    for (format, media_type) in
        [(ImageFormat::Png, "image/png"), (ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::WebP, "image/webp")]
    {
        let image = owner.upload(&product, &encoded(&drawing(3), format)).await.expect(201);
        assert_eq!(image["media_type"], media_type);
        let original = image::load_from_memory_with_format(&file(&owner, &image, "original").await, format).unwrap();
        assert_eq!((original.width(), original.height()), (96, 64));
        let display = file(&owner, &image, "display").await;
        assert_eq!(image::guess_format(&display).unwrap(), ImageFormat::Jpeg);
    }
}

#[tokio::test]
async fn a_product_has_a_file_once_and_twenty_at_most() {
    let (world, owner, product) = shop().await;
    let first = owner.upload(&product, &picture(0)).await.expect(201);
    let refused = owner.upload(&product, &picture(0)).await.problem(409, "duplicate_image");
    assert_eq!(refused["image_id"], first["id"]);
    // Another product may have the same, and its files are there once.
    let other = owner.product("OTHER", "1.00", 1).await;
    owner.upload(&other, &picture(0)).await.expect(201);
    assert_eq!((count(&world, "image_files"), files_in_store(&world)), (2, 2));
    for seed in 1..20 {
        owner.upload(&product, &picture(seed)).await.expect(201);
    }
    owner.upload(&product, &picture(20)).await.problem(409, "too_many_images");
    owner.delete(&path(&first)).await.expect(204);
    owner.upload(&product, &picture(0)).await.expect(201);
}

/// Many at once do not outwit the rules that one keeps.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_none_is_there_twice_and_none_too_many() {
    let world = World::builder().config(|config| config.images.queue = 100).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("LAMP", "1.00", 1).await;
    let same = join_all((0..8).map(|_| async { owner.upload(&product, &picture(0)).await.status })).await;
    assert_eq!(same.iter().filter(|status| **status == 201).count(), 1, "{same:?}");
    assert_eq!(same.iter().filter(|status| **status == 409).count(), 7, "{same:?}");
    let many = join_all((1..30).map(|seed| {
        let owner = &owner;
        let product = &product;
        async move { owner.upload(product, &picture(seed)).await.status }
    }))
    .await;
    assert_eq!(many.iter().filter(|status| **status == 201).count(), 19, "{many:?}");
    assert_eq!(count(&world, "product_images"), 20);
}

/// A form is put together anew when it is sent again: what counts is what it says.
#[tokio::test]
async fn with_a_key_it_happens_once() {
    let (world, owner, product) = shop().await;
    let send = async |key: &str, bytes: &[u8]| {
        let (content_type, body) = form(bytes, &[]);
        let request = owner.request(Method::POST, &format!("/products/{product}/images"));
        Answer::of(request.header("idempotency-key", key).header("content-type", content_type).body(body)).await
    };
    let first = send("once", &picture(1)).await.expect(201);
    let again = send("once", &picture(1)).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), first);
    send("once", &picture(2)).await.problem(422, "idempotency_key_reused");
    send("other", &picture(1)).await.problem(409, "duplicate_image");
    assert_eq!(count(&world, "product_images"), 1);
    // A refusal keeps no key from its purpose.
    send("third", b"no picture").await.problem(422, "invalid_request");
    send("third", &picture(3)).await.expect(201);
}

/// As long as the answer is kept, its links lead somewhere.
#[tokio::test]
async fn the_answer_of_the_first_time_has_links_that_are_good() {
    let (world, owner, product) = shop().await;
    let send = async |caller: &Caller| {
        let (content_type, body) = form(&picture(1), &[]);
        let request = caller.request(Method::POST, &format!("/products/{product}/images"));
        Answer::of(request.header("idempotency-key", "once").header("content-type", content_type).body(body)).await
    };
    let first = send(&owner).await.expect(201);
    world.clock.advance(Duration::hours(24) - Duration::minutes(1));
    let again = send(&world.log_in(&world.north, "owner").await).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), first);
    for name in ["url", "original_url"] {
        let link = first[name].as_str().unwrap().strip_prefix("/api/v1").unwrap();
        assert_eq!(world.nobody().request(Method::GET, link).send().await.unwrap().status(), 200, "{name}");
    }
}

#[tokio::test]
async fn only_who_may_write_products_takes_pictures_in_and_out() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let viewer = world.caller(&world.north, "viewer");
    viewer.upload(&product, &picture(2)).await.problem(403, "permission_denied");
    viewer.delete(&path(&image)).await.problem(403, "permission_denied");
    assert_eq!(viewer.get(&path(&image)).await.expect(200)["id"], image["id"]);
    let south = world.caller(&world.south, "owner");
    south.upload(&product, &picture(2)).await.problem(404, "not_found");
    south.get(&path(&image)).await.problem(404, "not_found");
    south.delete(&path(&image)).await.problem(404, "not_found");
    south.get(&format!("/products/{product}/images")).await.problem(404, "not_found");
    south.get(&format!("/products/{product}/similar")).await.problem(404, "not_found");
    owner.get(&path(&image)).await.expect(200);
}

/// Room is given to each client, and comes back when deleted pictures were collected.
#[tokio::test(flavor = "multi_thread")]
async fn no_client_takes_all_the_room() {
    let world = World::builder().config(|config| config.images.mib_per_client = 1).start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    let [product, souths] = [owner.product("LAMP", "1.00", 1).await, south.product("LAMP", "1.00", 1).await];
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let large = "UPDATE image_files SET bytes = 1024 * 1024 / 2";
    world.database(Login::Owner).batch_execute(large).unwrap();
    owner.upload(&product, &picture(2)).await.problem(409, "image_space_used_up");
    assert_eq!((count(&world, "product_images"), count(&world, "image_files")), (1, 2));
    south.upload(&souths, &picture(1)).await.expect(201);
    owner.delete(&path(&image)).await.expect(204);
    world.clock.advance(Duration::hours(2));
    plant(&world, "collect_image_files");
    let worker = jobs::start_with(&world, Handlers::default().with::<CollectImageFiles>());
    until(&world, "jobs WHERE kind = 'collect_image_files' AND state = 'done'", 1).await;
    jobs::stop(worker).await;
    world.owner().upload(&product, &picture(2)).await.expect(201);
}

/// However much one client sends, others find a place.
#[tokio::test(flavor = "multi_thread")]
async fn no_client_takes_all_places() {
    let world =
        World::builder().config(|config| (config.images.threads, config.images.queue) = (1, 3)).pool(8).start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    let [product, souths] = [owner.product("LAMP", "1.00", 1).await, south.product("LAMP", "1.00", 1).await];
    let held = [(); 2].map(|()| world.state.pictures.place(world.north.id).unwrap());
    owner.upload(&product, &picture(1)).await.problem(503, "unavailable");
    south.upload(&souths, &picture(1)).await.expect(201);
    drop(held);
    owner.upload(&product, &picture(1)).await.expect(201);
}

/// Who comes when the queue is full is told so at once, and finds a place afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so() {
    let world =
        World::builder().config(|config| (config.images.threads, config.images.queue) = (1, 1)).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("LAMP", "1.00", 1).await;
    let held = [world.south.id, TenantId(uuid::Uuid::nil())].map(|tenant| world.state.pictures.place(tenant).unwrap());
    let refused = owner.upload(&product, &picture(1)).await;
    assert_eq!(refused.header("retry-after"), "2");
    refused.problem(503, "unavailable");
    drop(held);
    owner.upload(&product, &picture(1)).await.expect(201);
}
