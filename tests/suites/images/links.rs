//! Links that browsers follow: signed, for one picture in one size, and good for a while.

use super::*;
use chrono::Duration;
use countinghouse_tests::pictures::picture;

/// The path of a link, for [`Caller::get`].
fn link(image: &Value, name: &str) -> String {
    image[name].as_str().expect("a link").strip_prefix("/api/v1").expect("relative to the service").to_owned()
}

async fn follow(world: &World, link: &str) -> Response {
    world.nobody().request(Method::GET, link).send().await.expect("an answer")
}

#[tokio::test]
async fn a_link_shows_its_picture_to_whoever_has_it_for_a_while() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    for (name, size) in [("url", "display"), ("original_url", "original")] {
        let shown = follow(&world, &link(&image, name)).await;
        assert_eq!(shown.status(), 200);
        let cache = shown.headers()["cache-control"].to_str().unwrap().to_owned();
        let seconds = cache.strip_prefix("private, max-age=").unwrap().parse::<u32>().unwrap();
        assert!((1..=3600).contains(&seconds), "{cache}");
        assert_eq!(bytes_of(shown).await, file(&owner, &image, size).await, "{name}");
    }
    let url = link(&image, "url");
    let tag = follow(&world, &url).await.headers()["etag"].clone();
    let known = world.nobody().request(Method::GET, &url).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(known.status(), 304);
    // It is the same for who asks again on that day, so that browsers know it.
    assert_eq!(owner.get(&path(&image)).await.expect(200)["url"], image["url"]);
    world.clock.advance(Duration::days(1));
    let later = owner.get(&path(&image)).await;
    // The token has run out meanwhile, and the link has not.
    later.problem(401, "unauthenticated");
    let owner = world.log_in(&world.north, "owner").await;
    assert_ne!(owner.get(&path(&image)).await.expect(200)["url"], image["url"]);
    world.clock.advance(Duration::days(1));
    world.nobody().get(&url).await.problem(404, "not_found");
}

#[tokio::test]
async fn nobody_makes_a_link_of_their_own() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let url = link(&image, "url");
    let (place, text) = url.rsplit_once('/').unwrap();
    for at in [0, 1, 20, 40, 55, 60, text.len() - 1] {
        let mut letters: Vec<char> = text.chars().collect();
        letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
        let forged: String = letters.into_iter().collect();
        world.nobody().get(&format!("{place}/{forged}")).await.problem(404, "not_found");
    }
    for forged in ["x", "AAAA", "%00", &format!("{text}AAAA"), &text[..text.len() - 4]] {
        world.nobody().get(&format!("{place}/{forged}")).await.problem(404, "not_found");
    }
    // Not with a cursor's or an edit's signature either: each has a key of its own.
    assert_eq!(follow(&world, &url).await.status(), 200);
}

#[tokio::test]
async fn what_was_deleted_or_suspended_is_shown_no_more() {
    let (world, owner, product) = shop().await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    let url = link(&image, "url");
    let suspend = json!({"reason": "unpaid"});
    world.superadmin().post("/admin/tenants/north/suspend", &suspend).await.expect(200);
    world.nobody().get(&url).await.problem(403, "client_suspended");
    world.superadmin().post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    assert_eq!(follow(&world, &url).await.status(), 200);
    owner.delete(&path(&image)).await.expect(204);
    world.nobody().get(&url).await.problem(404, "not_found");
}
