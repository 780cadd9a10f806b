//! The store as a bucket: the same as a folder, by a server of another's making that speaks S3.

use super::*;
use crate::jobs::count;
use countinghouse_api::{config::Bucket, platform::crypto::Secret};
use countinghouse_tests::{Receiver, Reply, patience::Patience, pictures::picture, tools};
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
};
use tokio::sync::Notify;

const BUCKET: &str = "pictures";

/// moto, until it is dropped.
struct Moto {
    child: Child,
    url: String,
}

impl Moto {
    async fn start() -> Option<Self> {
        let programs = tokio::task::spawn_blocking(|| tools::python("moto")).await.expect("it ends")?;
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let mut command = Command::new(programs.join("moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let moto = Self { child: command.spawn().expect("it starts"), url: format!("http://127.0.0.1:{port}") };
        let patience = Patience::until("does moto answer");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        // Anybody may make a bucket there.
        while !http.put(format!("{}/{BUCKET}", moto.url)).send().await.is_ok_and(|made| made.status().is_success()) {
            patience.wait().await;
        }
        Some(moto)
    }
}

fn bucket_at(url: String) -> Bucket {
    Bucket {
        name: BUCKET.to_owned(),
        endpoint: Some(url),
        region: "us-east-1".to_owned(),
        access_key_id: Some("test".to_owned()),
        secret_access_key: Some(Secret::new("test".to_owned())),
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_as_good_as_a_folder() {
    let Some(moto) = Moto::start().await else { return };
    let bucket = bucket_at(moto.url.clone());
    let world = World::builder().config(|config| config.images.bucket = Some(bucket)).start().await;
    let owner = world.owner();
    let product = owner.product("LAMP", "1.00", 1).await;
    let image = owner.upload(&product, &picture(1)).await.expect(201);
    assert_eq!(files_in_store(&world), 0, "not in the folder");
    let whole = file(&owner, &image, "original").await;
    assert!(whole.starts_with(b"\x89PNG"));
    let part = owner.request(Method::GET, &format!("{}/file?size=original", path(&image))).header("range", "bytes=1-3");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(bytes_of(part).await, b"PNG");
    // Deleted and collected, it is no longer there.
    owner.delete(&path(&image)).await.expect(204);
    world.clock.advance(chrono::Duration::hours(2));
    plant(&world, "collect_image_files");
    let worker = jobs::start_with(&world, Handlers::default().with::<CollectImageFiles>());
    until(&world, "image_files", 0).await;
    until(&world, "jobs WHERE kind = 'collect_image_files' AND state = 'done'", 1).await;
    jobs::stop(worker).await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let listed = http.get(format!("{}/{BUCKET}", moto.url)).send().await.unwrap().text().await.unwrap();
    assert!(!listed.contains("<Key>"), "{listed}");
}

/// A bucket that lets everybody wait holds no connection to the database, and no lock in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_bucket_holds_nothing_of_the_database() {
    let (server, told) = (Receiver::start(), Arc::new(Notify::new()));
    server.reply_elsewhere(Reply::status(204).when(Arc::clone(&told)));
    let bucket = bucket_at(server.url(""));
    let world = World::builder().config(|config| config.images.bucket = Some(bucket)).start().await;
    let forgotten = format!(
        "INSERT INTO image_files VALUES ('{}', sha256('forgotten'), 9, now() - interval '2 hours')",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&forgotten).unwrap();
    plant(&world, "collect_image_files");
    let worker = jobs::start_with(&world, Handlers::default().with::<CollectImageFiles>());
    let patience = Patience::until("is it asked to delete");
    while server.all().is_empty() {
        patience.wait().await;
    }
    let held = "pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    assert_eq!(count(&world, held), 0);
    assert_eq!((count(&world, "image_files"), count(&world, "image_files_leaving WHERE NOT taken")), (0, 1));
    told.notify_one();
    until(&world, "jobs WHERE kind = 'collect_image_files' AND state = 'done'", 1).await;
    jobs::stop(worker).await;
    assert_eq!(count(&world, "image_files_leaving WHERE taken"), 1);
    assert_eq!(server.all().len(), 1);
}

/// A store that is away costs nobody more than their picture: 503, and nothing is entered.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_away_is_an_outage() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bucket = bucket_at(format!("http://{free}"));
    let world = World::builder().config(|config| config.images.bucket = Some(bucket)).start().await;
    let owner = world.owner();
    let product = owner.product("LAMP", "1.00", 1).await;
    let refused = owner.upload(&product, &picture(1)).await;
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    refused.problem(503, "unavailable");
    assert_eq!(count(&world, "product_images"), 0);
}
