//! Finding products by a picture, and by one of the client's own.

use super::*;
use crate::jobs::count;
use countinghouse_tests::pictures::{drawing, encoded, picture};
use diesel::{RunQueryDsl, sql_query, sql_types};
use image::ImageFormat;
use std::time::Instant;

/// Products `P0`, `P1`, … with a drawing each, which are searchable.
async fn shelves(world: &World, count: u32) -> Vec<Value> {
    let mut images = Vec::new();
    for seed in 0..count {
        let product = world.owner().product(&format!("P{seed}"), "1.00", 1).await;
        images.push(world.owner().upload(&product, &picture(seed)).await.expect(201));
    }
    work(world).await;
    images
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_found_by_its_picture_in_another_form() {
    let Some(world) = world_with_model().await else { return };
    let images = shelves(&world, 5).await;
    let owner = world.owner();
    for (seed, image) in (0..).zip(&images) {
        let query = encoded(&drawing(seed), ImageFormat::Jpeg);
        let found = search(&owner, &query, &[]).await.expect(200);
        let best = &found["data"][0];
        assert_eq!((&best["product_id"], &best["image_id"]), (&image["product_id"], &image["id"]), "{found}");
        assert_eq!(
            (best["sku"].as_str(), best["name"].as_str()),
            (Some(&*format!("P{seed}")), Some(&*format!("P{seed}")))
        );
        assert_eq!(found["data"].as_array().unwrap().len(), 5);
        let scores: Vec<f64> =
            found["data"].as_array().unwrap().iter().map(|row| row["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted_by(|one, next| one >= next) && scores[0] > scores[1], "{scores:?}");
        assert_eq!(owner.get(&path(image)).await.expect(200)["searchable"], true);
    }
    let same = search(&owner, &picture(3), &[("limit", "2"), ("min_score", "0.999")]).await.expect(200);
    assert_eq!(names(&same, "sku"), ["P3"]);
    assert!(same["data"][0]["score"].as_f64().unwrap() <= 1.0);
    let two = search(&owner, &picture(3), &[("limit", "2")]).await.expect(200);
    assert_eq!(names(&two, "sku").len(), 2);
    // What is no picture is said to be none here, too.
    let refused = search(&owner, b"words", &[]).await.problem(422, "invalid_request");
    assert_eq!(refused["errors"][0]["code"], "not_a_picture");
    // The other client has none of it.
    let south = world.caller(&world.south, "owner");
    assert_eq!(search(&south, &picture(3), &[]).await.expect(200), nothing_found());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_archived_or_deleted_is_out_at_once() {
    let Some(world) = world_with_model().await else { return };
    let images = shelves(&world, 3).await;
    let owner = world.owner();
    let found = async || names(&search(&owner, &picture(0), &[]).await.expect(200), "sku");
    assert_eq!(found().await.len(), 3);
    let archived = images[0]["product_id"].as_str().unwrap();
    owner.delete(&format!("/products/{archived}")).await.expect(204);
    assert!(!found().await.contains(&"P0".to_owned()));
    owner.patch(&format!("/products/{archived}"), &json!({"active": true})).await.expect(200);
    assert_eq!(found().await[0], "P0");
    owner.delete(&path(&images[0])).await.expect(204);
    assert!(!found().await.contains(&"P0".to_owned()));
    assert_eq!(count(&world, "image_vectors"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_there_once_by_its_best_picture() {
    let Some(world) = world_with_model().await else { return };
    let owner = world.owner();
    let product = owner.product("MANY", "1.00", 1).await;
    for seed in 0..6 {
        owner.upload(&product, &picture(seed)).await.expect(201);
    }
    let other = owner.product("OTHER", "1.00", 1).await;
    owner.upload(&other, &picture(20)).await.expect(201);
    work(&world).await;
    let images = owner.get(&format!("/products/{product}/images")).await.expect(200);
    let fourth = images["data"][6 - 1 - 4]["id"].clone();
    let found = search(&owner, &picture(4), &[]).await.expect(200);
    assert_eq!(names(&found, "sku"), ["MANY", "OTHER"]);
    assert_eq!(found["data"][0]["image_id"], fourth);
    let similar = owner.get(&format!("/products/{other}/similar")).await.expect(200);
    assert_eq!((names(&similar, "sku"), &similar["model"]), (vec!["MANY".to_owned()], &found["model"]));
    owner.get(&format!("/products/{other}/similar?limit=51")).await.invalid(&[("/limit", "out_of_range")]);
    owner.get("/products/0199aaaa-1111-7222-8333-444455556666/similar").await.problem(404, "not_found");
}

/// Searchable within seconds of the upload, by the worker of a running service.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_searchable_soon() {
    let Some(world) = world_with_model().await else { return };
    let owner = world.owner();
    let product = owner.product("P", "1.00", 1).await;
    let worker = jobs::start_with(&world, Handlers::default().with::<EmbedImage>());
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let begun = Instant::now();
    until(&world, "image_vectors", 1).await;
    println!("searchable after {:?}", begun.elapsed());
    assert_eq!(owner.get(&path(&image)).await.expect(200)["searchable"], true);
    jobs::stop(worker).await;
}

/// Vectors of many products without pictures of their own, as another million would look.
pub fn fill(world: &World, tenant: countinghouse_contract::TenantId, model: &str, products: i64, each: i64) {
    let fill = format!(
        "WITH p AS (
             INSERT INTO products (tenant_id, id, sku, name, currency, price_minor, tax_rate, attributes, active,
                 created_at, updated_at)
             SELECT t.id, gen_random_uuid(), 'F' || n, 'F' || n, t.currency, 100, 0, '{{}}', true, now(), now()
             FROM tenants t, generate_series(1, {products}) n WHERE t.id = '{tenant}' RETURNING tenant_id, id),
         f AS (
             INSERT INTO image_files SELECT tenant_id, sha256(id::text::bytea), 1, now() FROM p
             RETURNING tenant_id, sha256),
         i AS (
             INSERT INTO product_images (tenant_id, id, product_id, sha256, bytes, format, width, height,
                 original_sha256, display_sha256, created_by, created_at)
             SELECT p.tenant_id, gen_random_uuid(), p.id, sha256((p.id::text || n)::bytea), 1, 'png', 1, 1,
                 sha256(p.id::text::bytea), sha256(p.id::text::bytea), u.id, now()
             FROM p JOIN f ON f.sha256 = sha256(p.id::text::bytea), generate_series(1, {each}) n,
                 (SELECT id FROM users WHERE tenant_id = '{tenant}' LIMIT 1) u
             RETURNING tenant_id, id, product_id)
         INSERT INTO image_vectors SELECT i.tenant_id, '{model}', i.id, i.product_id,
             (SELECT array_agg(random() - 0.5 + 0 * g * length(i.id::text))
                 FROM generate_series(1, 256) g)::real[]::vector::halfvec FROM i;
         INSERT INTO image_indexes VALUES ('{tenant}', '{model}', now()) ON CONFLICT DO NOTHING"
    );
    world.database(Login::Owner).batch_execute(&fill).expect("vectors");
}

/// A statement that was prepared and planned for a large client serves a small one, and the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_client_gets_all_its_rows_by_the_plan_of_a_large_one() {
    let Some(model) = pictures::model() else { return };
    let world = World::builder().config(|config| config.images.model = Some(model)).pool(1).start().await;
    let name = world.state.pictures.model().await.expect("a model").id().to_owned();
    fill(&world, world.north.id, &name, 3_000, 1);
    fill(&world, world.south.id, &name, 3, 2);
    world.database(Login::Superuser).batch_execute("ANALYZE").unwrap();
    let (north, south) = (world.owner(), world.caller(&world.south, "owner"));
    // More often than PostgreSQL tries plans of its own for each.
    for _ in 0..8 {
        let found = search(&north, &picture(1), &[("limit", "50")]).await.expect(200);
        assert_eq!(found["data"].as_array().unwrap().len(), 50);
        let found = search(&south, &picture(1), &[("limit", "50")]).await.expect(200);
        assert_eq!(found["data"].as_array().unwrap().len(), 3, "{found}");
        let product = found["data"][0]["product_id"].as_str().unwrap().to_owned();
        let similar = south.get(&format!("/products/{product}/similar")).await.expect(200);
        assert_eq!(similar["data"].as_array().unwrap().len(), 2, "{similar}");
    }
}

/// However many pictures stand before them, that do not count, products that do are found.
#[tokio::test(flavor = "multi_thread")]
async fn archived_products_in_front_hide_nothing_behind() {
    let Some(model) = pictures::model() else { return };
    let world = World::builder().config(|config| config.images.model = Some(model)).start().await;
    let name = world.state.pictures.model().await.expect("a model").id().to_owned();
    fill(&world, world.north.id, &name, 400, 2);
    world.database(Login::Owner).batch_execute("UPDATE products SET active = false WHERE sku <> 'F7'").unwrap();
    let found = search(&world.owner(), &picture(1), &[]).await.expect(200);
    assert_eq!(names(&found, "sku"), ["F7"]);
}

/// The nearest by the service are the nearest by adding up here: of more pictures than are looked at first, and with
/// more of each product than are compared at a time.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_nearer_is_left_out() {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        product: String,
        #[diesel(sql_type = sql_types::Array<sql_types::Float>)]
        vector: Vec<f32>,
    }
    use diesel::QueryableByName;
    let world = World::start().await;
    fill(&world, world.north.id, "any", 250, 6);
    let rows: Vec<Row> = sql_query(
        "SELECT product_id::text AS product, vector::vector::real[] AS vector FROM image_vectors ORDER BY product_id",
    )
    .load(&mut world.database(Login::Owner))
    .unwrap();
    let cosine = |one: &[f32], other: &[f32]| {
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            one.iter().zip(other).map(|(a, b)| of(f64::from(*a), f64::from(*b))).sum()
        };
        sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
    };
    let owner = world.owner();
    let products: Vec<&[Row]> = rows.chunks(6).collect();
    for asked in products.iter().take(3) {
        let nearest = |other: &[Row]| {
            let pairs = asked.iter().flat_map(|one| other.iter().map(|next| cosine(&one.vector, &next.vector)));
            pairs.fold(-1.0, f64::max)
        };
        let others = products.iter().filter(|other| other[0].product != asked[0].product);
        let mut expected: Vec<(f64, &str)> = others.map(|other| (nearest(other), &*other[0].product)).collect();
        expected.sort_by(|one, other| other.0.total_cmp(&one.0));
        let found = owner.get(&format!("/products/{}/similar?limit=20", asked[0].product)).await.expect(200);
        let nearest: Vec<&str> = expected.iter().take(20).map(|(_, product)| *product).collect();
        assert_eq!(names(&found, "product_id"), nearest);
        let score = found["data"][0]["score"].as_f64().unwrap();
        assert!((score - expected[0].0).abs() < 1e-4, "{score} and {}", expected[0].0);
    }
}
