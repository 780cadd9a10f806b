//! `/docs` and `/redoc` in a real browser, under the policies that they are sent with.

use countinghouse_tests::{Browser, PASSWORD, World};
use serde_json::json;

#[tokio::test]
async fn swagger_ui_shows_an_operation_and_tries_it() {
    let world = World::start().await;
    let Some(browser) = Browser::start().await else { return };
    browser.open(&format!("{}/docs", world.base_url)).await;
    browser.until("document.querySelectorAll('.opblock').length > 60").await;
    browser.run("document.querySelector('#operations-auth-post_auth_login button').click()").await;
    browser.until("document.querySelector('#operations-auth-post_auth_login .try-out__btn')").await;
    browser.run("document.querySelector('#operations-auth-post_auth_login .try-out__btn').click()").await;
    browser.until("document.querySelector('#operations-auth-post_auth_login textarea.body-param__text')").await;
    let body = json!({"client_id": "north", "username": "owner", "password": PASSWORD}).to_string();
    // As somebody who types: React listens for the event.
    let typed = format!(
        "const area = document.querySelector('#operations-auth-post_auth_login textarea.body-param__text');
         Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(area, {});
         area.dispatchEvent(new Event('input', {{bubbles: true}}));",
        json!(body)
    );
    browser.run(&typed).await;
    browser
        .until(&format!("[...document.querySelectorAll('textarea')].some(area => area.value === {})", json!(body)))
        .await;
    browser.run("document.querySelector('#operations-auth-post_auth_login .btn.execute').click()").await;
    let shown = "document.querySelector('#operations-auth-post_auth_login .live-responses-table')";
    browser.until(&format!("{shown}?.innerText.includes('access_token')")).await;
    keep(&browser, "docs").await;
    assert_eq!(browser.complaints().await, Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn redoc_shows_the_document() {
    let world = World::start().await;
    let Some(browser) = Browser::start().await else { return };
    browser.open(&format!("{}/redoc", world.base_url)).await;
    browser.until("document.querySelectorAll('[data-section-id*=\"/operation/\"]').length > 60").await;
    // An operation of the menu: its problems and its example are there to be opened.
    let menu = "[...document.querySelectorAll('[role=menuitem] label, label[role=menuitem]')]";
    browser.run(&format!("{menu}.find(item => item.innerText.includes('Creates an order'))?.click()")).await;
    browser.until("location.hash.includes('post_orders')").await;
    let section = "document.querySelector('[data-section-id*=\"operation/post_orders\"]')";
    browser.until(&format!("{section}?.innerText.includes('insufficient_stock')")).await;
    browser.until(&format!("{section}?.innerText.includes('external_reference')")).await;
    keep(&browser, "redoc").await;
    assert_eq!(browser.complaints().await, Vec::<serde_json::Value>::new());
}

/// A picture for people, where `PICTURES` names a folder.
async fn keep(browser: &Browser, name: &str) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    if let Some(folder) = std::env::var_os("PICTURES") {
        let picture = STANDARD.decode(browser.picture().await).expect("base64");
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), picture).expect("a picture is kept");
    }
}
