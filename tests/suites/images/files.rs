//! Pictures as they are served: with a tag, in parts, and to nobody else.

use super::*;
use crate::jobs::count;
use countinghouse_tests::pictures::picture;

#[tokio::test]
async fn a_picture_comes_with_its_tag_and_in_parts() {
    let (_world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let place = format!("{}/file?size=original", path(&image));
    let get = async |headers: &[(&str, &str)]| {
        let request = owner.request(Method::GET, &place);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
    };
    let whole = get(&[]).await;
    let header = |response: &Response, name: &str| {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    assert_eq!(whole.status(), 200);
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-cache"),
        ("content-disposition", "inline"),
    ] {
        assert_eq!(header(&whole, name), value, "{name}");
    }
    assert!(header(&whole, "content-security-policy").contains("sandbox"));
    let tag = header(&whole, "etag");
    let length = header(&whole, "content-length").parse::<usize>().unwrap();
    let bytes = bytes_of(whole).await;
    assert_eq!(bytes.len(), length);
    let known = get(&[("if-none-match", &tag)]).await;
    assert_eq!((known.status().as_u16(), header(&known, "etag")), (304, tag.clone()));
    assert!(bytes_of(known).await.is_empty());
    for (range, part) in [("bytes=0-9", &bytes[..10]), ("bytes=10-", &bytes[10..]), ("bytes=-5", &bytes[length - 5..])]
    {
        let answer = get(&[("range", range)]).await;
        assert_eq!(answer.status(), 206, "{range}");
        assert!(header(&answer, "content-range").ends_with(&format!("/{length}")));
        assert_eq!(bytes_of(answer).await, part, "{range}");
    }
    let beyond = Answer::from(get(&[("range", &format!("bytes={length}-"))]).await).await;
    assert_eq!(beyond.header("content-range"), format!("bytes */{length}"));
    beyond.problem(416, "range_not_satisfiable");
    assert_eq!(get(&[("range", "bytes=0-1"), ("if-range", "\"other\"")]).await.status(), 200);
    // What has another content has another tag, and is the same for all who have that content.
    let display = owner.request(Method::GET, &format!("{}/file", path(&image))).send().await.unwrap();
    assert_eq!(header(&display, "content-type"), "image/jpeg");
    assert_ne!(header(&display, "etag"), tag);
    owner.get(&format!("{}/file?size=huge", path(&image))).await.invalid(&[("/size", "invalid_value")]);
}

#[tokio::test]
async fn only_who_may_see_the_product_gets_it() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let place = format!("{}/file", path(&image));
    world.nobody().get(&place).await.problem(401, "unauthenticated");
    world.caller(&world.south, "owner").get(&place).await.problem(404, "not_found");
    let software = world.software(&owner.api_key(&["orders:read"]).await);
    software.get(&place).await.problem(403, "permission_denied");
    let viewer = world.caller(&world.north, "viewer");
    assert_eq!(file(&viewer, &image, "display").await, file(&owner, &image, "display").await);
    owner.delete(&path(&image)).await.expect(204);
    owner.get(&place).await.problem(404, "not_found");
}

/// A store that lost its files is a fault of ours, and says so.
#[tokio::test]
async fn a_store_that_is_away_is_told_from_one_that_lost_a_file() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    fs::remove_dir_all(&world.config.images.folder).unwrap();
    owner.get(&format!("{}/file", path(&image))).await.problem(500, "internal_error");
    // It is made anew for whoever brings the next one.
    owner.upload(&product, &picture(2)).await.expect(201);
}

/// A folder that can not be had is an outage, which ends by itself.
#[tokio::test]
async fn a_folder_that_is_away_is_an_outage() {
    let folder = std::env::temp_dir().join(format!("countinghouse-images-{}", uuid::Uuid::new_v4()));
    fs::write(&folder, "in the way").unwrap();
    let place = folder.clone();
    let world = World::builder().config(|config| config.images.folder = place).start().await;
    let owner = world.owner();
    let product = owner.product("LAMP", "1.00", 1).await;
    let refused = owner.upload(&product, &picture(1)).await;
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    refused.problem(503, "unavailable");
    assert_eq!(count(&world, "product_images"), 0);
    fs::remove_file(&folder).unwrap();
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    // The same while it is in use.
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    owner.upload(&product, &picture(2)).await.problem(503, "unavailable");
    assert_ne!(owner.get(&format!("{}/file", path(&image))).await.status, 200);
    assert_eq!(count(&world, "product_images"), 1);
    fs::remove_file(&folder).unwrap();
}
