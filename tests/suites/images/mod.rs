//! Pictures of products: taking them in, showing them, keeping their files, and finding products by them.

mod files;
mod forms;
mod hostile;
mod links;
mod models;
mod packing;
mod s3;
mod searching;
mod storing;
mod uploads;

use crate::jobs::{self, until};
use countinghouse_api::{
    config::ImageModel,
    features::images::{CollectImageFiles, EmbedImage, EmbedImagesAnew},
    platform::jobs::Handlers,
};
use countinghouse_tests::{Answer, Caller, Login, World, pictures};
use diesel::connection::SimpleConnection;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// A client's owner, and a product of theirs.
async fn shop() -> (World, Caller, String) {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("LAMP", "39.90", 1).await;
    (world, owner, product)
}

/// A world with the model; none where it can not be had.
async fn world_with_model() -> Option<World> {
    let model = pictures::model()?;
    Some(World::builder().config(|config| config.images.model = Some(model)).start().await)
}

/// The model under another name, which makes it another one.
fn model_called(name: &str) -> Option<ImageModel> {
    let ImageModel(settings) = pictures::model()?;
    Some(format!("{}?name={name}", settings.file.display()).parse().expect("a model"))
}

fn path(image: &Value) -> String {
    let id = |name: &str| image[name].as_str().expect("an id").to_owned();
    format!("/products/{}/images/{}", id("product_id"), id("id"))
}

async fn bytes_of(response: Response) -> Vec<u8> {
    response.bytes().await.expect("a body to its end").to_vec()
}

/// The picture itself, as it comes.
async fn file(caller: &Caller, image: &Value, size: &str) -> Vec<u8> {
    let request = caller.request(Method::GET, &format!("{}/file?size={size}", path(image)));
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    bytes_of(response).await
}

/// What lies in the store, of all clients.
fn files_in_store(world: &World) -> usize {
    fn count(folder: &Path) -> usize {
        let Ok(entries) = fs::read_dir(folder) else { return 0 };
        let each = entries.map(|entry| entry.expect("an entry").path());
        each.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&world.config.images.folder)
}

/// Does all jobs about pictures that wait, with the models of this world.
async fn work(world: &World) {
    let handlers = Handlers::default().with::<EmbedImage>().with::<EmbedImagesAnew>().with::<CollectImageFiles>();
    let worker = jobs::start_with(world, handlers);
    let open = "jobs WHERE finished_at IS NULL AND \
                kind IN ('embed_image', 'embed_images_anew', 'collect_image_files')";
    until(world, open, 0).await;
    jobs::stop(worker).await;
}

/// Stores a job for the client north, as its schedule or the planter would.
fn plant(world: &World, kind: &str) {
    let insert = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, max_attempts, run_at, created_at)
         VALUES ('{}', gen_random_uuid(), '{kind}', 1, '{{}}', 12, now() - interval '1 minute', now())",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&insert).expect("a job");
}

async fn search(caller: &Caller, picture: &[u8], fields: &[(&str, &str)]) -> Answer {
    caller.form("/products/image-search", picture, fields).await
}

fn names(found: &Value, field: &str) -> Vec<String> {
    let rows = found["data"].as_array().expect("rows").iter();
    rows.map(|row| row[field].as_str().expect("a text").to_owned()).collect()
}

fn nothing_found() -> Value {
    json!({"data": [], "model": null})
}
