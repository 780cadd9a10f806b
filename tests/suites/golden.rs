//! The golden ledgers: worked cases, replayed through the API and compared line by line. The
//! numbers in the names are those of the cases.

use countinghouse_tests::{Editor, Ledger, World};
use serde_json::{Value, json};

/// The books of a client that keeps them in this currency.
async fn books(world: &World, currency: &str, policies: Value) -> Ledger {
    let digits = match currency {
        "JPY" => 0,
        "KWD" => 3,
        _ => 2,
    };
    let mut profile = json!({"currency": currency});
    profile.as_object_mut().unwrap().extend(policies.as_object().unwrap().clone());
    world.owner().patch("/client", &profile).await.expect(200);
    Ledger::new(world, &world.north, digits)
}

#[tokio::test]
async fn case_01_plain_sale_at_weighted_average() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "0").await;
    books.purchase("A", 10, "5.00").await;
    books.posts(&["Dr 1200 50.00 / Cr 2000 50.00"]);
    books.purchase("A", 5, "6.50").await;
    books.posts(&["Dr 1200 32.50 / Cr 2000 32.50"]);
    assert_eq!(books.find("A").await["average_cost"], "5.50");
    books.sell("A", 4, "10.00").await;
    books.posts(&["Dr 1100 40.00, 5000 22.00 / Cr 4000 40.00, 1200 22.00"]);
    books.balances("1100 40.00, 1200 60.50, 2000 -82.50, 4000 -40.00, 5000 22.00");
    books.stock("A", 11, "60.50").await;
}

#[tokio::test]
async fn case_02_three_sales_to_zero() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product_with("A", 3, "3.33").await;
    books.posts(&["Dr 1200 9.99 / Cr 3900 9.99"]);
    books.purchase("A", 4, "3.50").await;
    books.posts(&["Dr 1200 14.00 / Cr 2000 14.00"]);
    books.sell("A", 2, "7.99").await;
    books.posts(&["Dr 1100 15.98, 5000 6.85 / Cr 4000 15.98, 1200 6.85"]);
    books.sell("A", 2, "7.99").await;
    books.posts(&["Dr 1100 15.98, 5000 6.86 / Cr 4000 15.98, 1200 6.86"]);
    books.sell("A", 3, "7.99").await;
    books.posts(&["Dr 1100 23.97, 5000 10.28 / Cr 4000 23.97, 1200 10.28"]);
    books.balances("1100 55.93, 2000 -14.00, 3900 -9.99, 4000 -55.93, 5000 23.99");
    books.stock("A", 0, "0.00").await;
}

#[tokio::test]
async fn case_03_discount_tax_and_shipping() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00"]);
    let line = json!({"sku": "A", "quantity": 3, "unit_price": "9.99", "discount_pct": "10"});
    let order = books.order(json!({"lines": [line], "shipping": "4.95"})).await;
    assert_eq!(order["totals"]["grand_total"], "37.31");
    books.posts(&["Dr 1100 37.31, 4300 3.00, 5000 12.00 / Cr 4000 29.97, 2100 5.39, 4200 4.95, 1200 12.00"]);
    books.balances("1100 37.31, 1200 28.00, 2000 -40.00, 2100 -5.39, 4000 -29.97, 4200 -4.95, 4300 3.00, 5000 12.00");
    books.stock("A", 7, "28.00").await;
}

#[tokio::test]
async fn case_04_two_tax_rates_and_taxed_shipping() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({"shipping_tax_rate": "20"})).await;
    books.product("A", "20").await;
    books.product("B", "5").await;
    books.purchase("A", 10, "4.00").await;
    books.purchase("B", 10, "1.50").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00", "Dr 1200 15.00 / Cr 2000 15.00"]);
    let lines = json!([
        {"sku": "A", "quantity": 1, "unit_price": "19.99"},
        {"sku": "B", "quantity": 7, "unit_price": "3.33", "discount_pct": "12.5"},
    ]);
    let order = books.order(json!({"lines": lines, "shipping": "4.95"})).await;
    assert_eq!(order["totals"]["grand_total"], "51.35");
    books.posts(&["Dr 1100 51.35, 4300 2.91, 5000 14.50 / Cr 4000 43.30, 2100 6.01, 4200 4.95, 1200 14.50"]);
    books.balances("1100 51.35, 1200 40.50, 2000 -55.00, 2100 -6.01, 4000 -43.30, 4200 -4.95, 4300 2.91, 5000 14.50");
    books.stock("A", 9, "36.00").await;
    books.stock("B", 3, "4.50").await;
}

#[tokio::test]
async fn case_05_prices_that_include_tax() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({"prices_include_tax": true})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00"]);
    let line = json!({"sku": "A", "quantity": 3, "unit_price": "9.99", "discount_pct": "10"});
    let order = books.order(json!({"lines": [line]})).await;
    assert_eq!(order["totals"]["grand_total"], "26.97");
    books.posts(&["Dr 1100 26.97, 4300 2.50, 5000 12.00 / Cr 4000 24.97, 2100 4.50, 1200 12.00"]);
    books.balances("1100 26.97, 1200 28.00, 2000 -40.00, 2100 -4.50, 4000 -24.97, 4300 2.50, 5000 12.00");
    books.stock("A", 7, "28.00").await;
}

#[tokio::test]
async fn case_06_a_currency_without_decimals() {
    let world = World::start().await;
    let books = books(&world, "JPY", json!({})).await;
    books.product("A", "10").await;
    books.purchase("A", 7, "1000").await;
    books.posts(&["Dr 1200 7000 / Cr 2000 7000"]);
    let order = books.sell("A", 2, "1980").await;
    assert_eq!(order["totals"]["grand_total"], "4356");
    books.posts(&["Dr 1100 4356, 5000 2000 / Cr 4000 3960, 2100 396, 1200 2000"]);
    books.balances("1100 4356, 1200 5000, 2000 -7000, 2100 -396, 4000 -3960, 5000 2000");
    books.stock("A", 5, "5000").await;
}

#[tokio::test]
async fn case_07_invoice_later_than_the_order() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({"auto_invoice": false})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00"]);
    let line = json!({"sku": "A", "quantity": 2, "unit_price": "9.99"});
    // Half past midnight of the first of April in UTC would be another day than in Berlin.
    let order = books.order(json!({"lines": [line], "ordered_at": "2026-03-31T21:30:00Z"})).await;
    books.posts_dated(&["2026-03-31 sale Dr 1250 8.00 / Cr 1200 8.00"]);
    books.on(&order, "invoice", json!({"date": "2026-04-02"})).await;
    books.posts_dated(&["2026-04-02 invoice Dr 1100 23.98, 5000 8.00 / Cr 4000 19.98, 2100 4.00, 1250 8.00"]);
    let paid = json!({"amount": "23.98", "method": "transfer", "received_at": "2026-04-10T22:30:00Z"});
    books.on(&order, "payments", paid).await;
    books.posts_dated(&["2026-04-11 payment Dr 1000 23.98 / Cr 1100 23.98"]);
    books.balances("1000 23.98, 1200 32.00, 2000 -40.00, 2100 -4.00, 4000 -19.98, 5000 8.00");
    books.stock("A", 8, "32.00").await;
}

#[tokio::test]
async fn case_08_part_returns_close_to_zero() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00"]);
    let line = json!({"sku": "A", "quantity": 3, "unit_price": "9.99", "discount_pct": "10"});
    let order = books.order(json!({"lines": [line]})).await;
    assert_eq!(order["totals"]["grand_total"], "32.36");
    books.posts(&["Dr 1100 32.36, 4300 3.00, 5000 12.00 / Cr 4000 29.97, 2100 5.39, 1200 12.00"]);
    books.on(&order, "payments", json!({"amount": "32.36", "method": "card"})).await;
    books.posts(&["Dr 1000 32.36 / Cr 1100 32.36"]);
    for (tax, total) in [("1.80", "10.79"), ("1.79", "10.78"), ("1.80", "10.79")] {
        let returned = books.take_back(&order, 1, true).await;
        assert_eq!(returned["credit_note"]["totals"]["grand_total"], total);
        books.posts(&[&format!("Dr 4100 8.99, 2100 {tax}, 1200 4.00 / Cr 1100 {total}, 5000 4.00")]);
        books.on(&order, "refunds", json!({"amount": total, "method": "card"})).await;
        books.posts(&[&format!("Dr 1100 {total} / Cr 1000 {total}")]);
    }
    books.balances("1200 40.00, 2000 -40.00, 4000 -29.97, 4100 26.97, 4300 3.00");
    books.stock("A", 10, "40.00").await;
}

#[tokio::test]
async fn case_09_return_on_a_part_paid_order_not_restocked() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00"]);
    let line = json!({"sku": "A", "quantity": 2, "unit_price": "15.00"});
    let order = books.order(json!({"lines": [line], "shipping": "5.00"})).await;
    assert_eq!(order["totals"]["grand_total"], "41.00");
    books.posts(&["Dr 1100 41.00, 5000 8.00 / Cr 4000 30.00, 2100 6.00, 4200 5.00, 1200 8.00"]);
    books.on(&order, "payments", json!({"amount": "10.00", "method": "card"})).await;
    books.posts(&["Dr 1000 10.00 / Cr 1100 10.00"]);
    books.take_back(&order, 1, false).await;
    books.posts(&["Dr 4100 15.00, 2100 3.00 / Cr 1100 18.00"]);
    let path = format!("/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(books.caller.get(&path).await.expect(200)["amount_due"], "13.00");
    let refund = books.caller.post(&format!("{path}/refunds"), &json!({"amount": "0.01", "method": "card"})).await;
    refund.invalid(&[("/amount", "over_refunded")]);
    books.balances(
        "1000 10.00, 1100 13.00, 1200 32.00, 2000 -40.00, 2100 -3.00, 4000 -30.00, 4100 15.00, 4200 -5.00, 5000 8.00",
    );
    books.stock("A", 8, "32.00").await;
}

#[tokio::test]
async fn case_10_cancelling_a_paid_order() {
    let world = World::start().await;
    let editor = Editor::enrol(&world, &world.north, "owner").await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00"]);
    let line = json!({"sku": "A", "quantity": 3, "unit_price": "9.99", "discount_pct": "10"});
    let order = books.order(json!({"lines": [line], "shipping": "4.95"})).await;
    assert_eq!(order["totals"]["grand_total"], "37.31");
    books.posts(&["Dr 1100 37.31, 4300 3.00, 5000 12.00 / Cr 4000 29.97, 2100 5.39, 4200 4.95, 1200 12.00"]);
    books.on(&order, "payments", json!({"amount": "37.31", "method": "card"})).await;
    books.posts(&["Dr 1000 37.31 / Cr 1100 37.31"]);
    editor.cancel(&order).await.expect(204);
    books.posts(&["Dr 4000 29.97, 2100 5.39, 4200 4.95, 1200 12.00 / Cr 1100 37.31, 4300 3.00, 5000 12.00"]);
    assert_eq!(editor.look(&order).await["amount_due"], "-37.31");
    books.on(&order, "refunds", json!({"amount": "37.31", "method": "card"})).await;
    books.posts(&["Dr 1100 37.31 / Cr 1000 37.31"]);
    books.balances("1200 40.00, 2000 -40.00");
    books.stock("A", 10, "40.00").await;
}

#[tokio::test]
async fn case_11_edit_upwards_after_the_cost_has_moved() {
    let world = World::start().await;
    let editor = Editor::enrol(&world, &world.north, "owner").await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    let order = books.sell("A", 2, "10.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00", "Dr 1100 24.00, 5000 8.00 / Cr 4000 20.00, 2100 4.00, 1200 8.00"]);
    books.purchase("A", 8, "6.00").await;
    books.posts(&["Dr 1200 48.00 / Cr 2000 48.00"]);
    editor.edit(&order, &json!({"lines": [{"id": order["lines"][0]["id"], "quantity": 5}]})).await.expect(200);
    books.posts(&[
        "Dr 4000 20.00, 2100 4.00 / Cr 1100 24.00",
        "Dr 1100 60.00, 5000 15.00 / Cr 4000 50.00, 2100 10.00, 1200 15.00",
    ]);
    books.balances("1100 60.00, 1200 65.00, 2000 -88.00, 2100 -10.00, 4000 -50.00, 5000 23.00");
    books.stock("A", 13, "65.00").await;
}

#[tokio::test]
async fn case_12_edit_downwards() {
    let world = World::start().await;
    let editor = Editor::enrol(&world, &world.north, "owner").await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.purchase("A", 1, "4.33").await;
    let line = json!({"sku": "A", "quantity": 5, "unit_price": "10.00", "discount_pct": "5"});
    let order = books.order(json!({"lines": [line]})).await;
    books.posts(&[
        "Dr 1200 40.00 / Cr 2000 40.00",
        "Dr 1200 4.33 / Cr 2000 4.33",
        "Dr 1100 57.00, 4300 2.50, 5000 20.15 / Cr 4000 50.00, 2100 9.50, 1200 20.15",
    ]);
    books.purchase("A", 4, "7.00").await;
    books.posts(&["Dr 1200 28.00 / Cr 2000 28.00"]);
    editor.edit(&order, &json!({"lines": [{"id": order["lines"][0]["id"], "quantity": 3}]})).await.expect(200);
    books.posts(&[
        "Dr 4000 50.00, 2100 9.50 / Cr 1100 57.00, 4300 2.50",
        "Dr 1100 34.20, 4300 1.50, 1200 8.06 / Cr 4000 30.00, 2100 5.70, 5000 8.06",
    ]);
    books.balances("1100 34.20, 1200 60.24, 2000 -72.33, 2100 -5.70, 4000 -30.00, 4300 1.50, 5000 12.09");
    books.stock("A", 12, "60.24").await;
}

#[tokio::test]
async fn case_13_edit_of_an_address() {
    let world = World::start().await;
    let editor = Editor::enrol(&world, &world.north, "owner").await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "0").await;
    books.purchase("A", 10, "4.00").await;
    let order = books.sell("A", 1, "10.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00", "Dr 1100 10.00, 5000 4.00 / Cr 4000 10.00, 1200 4.00"]);
    let address = json!({"street1": "Main 1", "city": "Oslo", "postal_code": "3000", "country": "NO"});
    let after = editor.edit(&order, &json!({"shipping_address": address})).await.expect(200);
    assert_eq!((&after["shipping_address"]["city"], &after["version"]), (&json!("Oslo"), &json!(2)));
    books.posts(&[]);
    books.balances("1100 10.00, 1200 36.00, 2000 -40.00, 4000 -10.00, 5000 4.00");
    books.stock("A", 9, "36.00").await;
}

#[tokio::test]
async fn case_14_free_goods() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({"max_discount_pct": "10"})).await;
    books.product_with("A", 5, "0.00").await;
    books.posts(&[]);
    let line = json!({"sku": "A", "quantity": 2, "unit_price": "10.00", "discount_pct": "100"});
    let order = books.order(json!({"lines": [line]})).await;
    assert_eq!(order["payment_status"], "paid");
    books.posts(&["Dr 4300 20.00 / Cr 4000 20.00"]);
    books.balances("4000 -20.00, 4300 20.00");
    books.stock("A", 3, "0.00").await;
}

#[tokio::test]
async fn case_15_damage_counts_and_stock_found_at_zero() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "0").await;
    books.purchase("A", 10, "4.25").await;
    books.posts(&["Dr 1200 42.50 / Cr 2000 42.50"]);
    books.adjust("A", json!({"kind": "damage", "quantity": 3})).await;
    books.posts(&["Dr 5100 12.75 / Cr 1200 12.75"]);
    books.adjust("A", json!({"kind": "count", "quantity": 6})).await;
    books.posts(&["Dr 5100 4.25 / Cr 1200 4.25"]);
    books.sell("A", 6, "9.00").await;
    books.posts(&["Dr 1100 54.00, 5000 25.50 / Cr 4000 54.00, 1200 25.50"]);
    books.adjust("A", json!({"kind": "count", "quantity": 8})).await;
    books.posts(&["Dr 1200 8.50 / Cr 5100 8.50"]);
    books.balances("1100 54.00, 1200 8.50, 2000 -42.50, 4000 -54.00, 5000 25.50, 5100 8.50");
    books.stock("A", 2, "8.50").await;
}

#[tokio::test]
async fn case_16_ties_in_tax_and_discount_go_up() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "10").await;
    books.purchase("A", 4, "1.00").await;
    books.posts(&["Dr 1200 4.00 / Cr 2000 4.00"]);
    books.sell("A", 1, "0.25").await;
    books.posts(&["Dr 1100 0.28, 5000 1.00 / Cr 4000 0.25, 2100 0.03, 1200 1.00"]);
    books.set_tax("A", "0").await;
    let line = json!({"sku": "A", "quantity": 1, "unit_price": "0.45", "discount_pct": "10"});
    books.order(json!({"lines": [line]})).await;
    books.posts(&["Dr 1100 0.40, 4300 0.05, 5000 1.00 / Cr 4000 0.45, 1200 1.00"]);
    books.balances("1100 0.68, 1200 2.00, 2000 -4.00, 2100 -0.03, 4000 -0.70, 4300 0.05, 5000 2.00");
    books.stock("A", 2, "2.00").await;
}

#[tokio::test]
async fn case_17_ties_in_cost_and_the_last_known_cost() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "0").await;
    books.purchase("A", 1, "0.02").await;
    books.purchase("A", 1, "0.03").await;
    books.posts(&["Dr 1200 0.02 / Cr 2000 0.02", "Dr 1200 0.03 / Cr 2000 0.03"]);
    books.sell("A", 1, "1.00").await;
    books.posts(&["Dr 1100 1.00, 5000 0.02 / Cr 4000 1.00, 1200 0.02"]);
    books.sell("A", 1, "1.00").await;
    books.posts(&["Dr 1100 1.00, 5000 0.03 / Cr 4000 1.00, 1200 0.03"]);
    books.adjust("A", json!({"kind": "count", "quantity": 4})).await;
    books.posts(&["Dr 1200 0.06 / Cr 5100 0.06"]);
    books.balances("1100 2.00, 1200 0.06, 2000 -0.05, 4000 -2.00, 5000 0.05, 5100 -0.06");
    books.stock("A", 2, "0.06").await;
}

#[tokio::test]
async fn case_18_a_purchase_between_sale_and_return() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00"]);
    let order = books.sell("A", 3, "10.00").await;
    books.posts(&["Dr 1100 36.00, 5000 12.00 / Cr 4000 30.00, 2100 6.00, 1200 12.00"]);
    books.purchase("A", 5, "9.00").await;
    books.posts(&["Dr 1200 45.00 / Cr 2000 45.00"]);
    books.take_back(&order, 2, true).await;
    books.posts(&["Dr 4100 20.00, 2100 4.00, 1200 8.00 / Cr 1100 24.00, 5000 8.00"]);
    books.set_tax("A", "0").await;
    books.sell("A", 4, "10.00").await;
    books.posts(&["Dr 1100 40.00, 5000 23.14 / Cr 4000 40.00, 1200 23.14"]);
    books.balances("1100 52.00, 1200 57.86, 2000 -85.00, 2100 -2.00, 4000 -70.00, 4100 20.00, 5000 27.14");
    books.stock("A", 10, "57.86").await;
}

#[tokio::test]
async fn case_19_a_currency_with_three_digits() {
    let world = World::start().await;
    let books = books(&world, "KWD", json!({})).await;
    books.product("A", "5").await;
    books.purchase("A", 7, "1.234").await;
    books.posts(&["Dr 1200 8.638 / Cr 2000 8.638"]);
    let line = json!({"sku": "A", "quantity": 3, "unit_price": "2.345", "discount_pct": "3.3333"});
    let order = books.order(json!({"lines": [line], "shipping": "1.500"})).await;
    assert_eq!(order["totals"]["grand_total"], "8.641");
    books.posts(&["Dr 1100 8.641, 4300 0.234, 5000 3.702 / Cr 4000 7.035, 2100 0.340, 4200 1.500, 1200 3.702"]);
    books
        .balances("1100 8.641, 1200 4.936, 2000 -8.638, 2100 -0.340, 4000 -7.035, 4200 -1.500, 4300 0.234, 5000 3.702");
    books.stock("A", 4, "4.936").await;
}

#[tokio::test]
async fn case_20_shipping_inside_inclusive_prices_is_credited_with_the_return() {
    let world = World::start().await;
    let books = books(&world, "EUR", json!({"prices_include_tax": true, "shipping_tax_rate": "20"})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00"]);
    let line = json!({"sku": "A", "quantity": 1, "unit_price": "19.99"});
    let order = books.order(json!({"lines": [line], "shipping": "4.95"})).await;
    assert_eq!(order["totals"]["grand_total"], "24.94");
    books.posts(&["Dr 1100 24.94, 5000 4.00 / Cr 4000 16.66, 2100 4.16, 4200 4.12, 1200 4.00"]);
    books.on(&order, "payments", json!({"amount": "24.94", "method": "card"})).await;
    books.posts(&["Dr 1000 24.94 / Cr 1100 24.94"]);
    let line = json!({"order_line_id": order["lines"][0]["id"], "quantity": 1, "restock": true});
    let body = json!({"order_id": order["id"], "lines": [line], "credit_shipping": true});
    books.caller.post("/returns", &body).await.expect(201);
    books.posts(&["Dr 4100 16.66, 2100 4.16, 4200 4.12, 1200 4.00 / Cr 1100 24.94, 5000 4.00"]);
    books.on(&order, "refunds", json!({"amount": "24.94", "method": "card"})).await;
    books.posts(&["Dr 1100 24.94 / Cr 1000 24.94"]);
    books.balances("1200 40.00, 2000 -40.00, 4000 -16.66, 4100 16.66");
    books.stock("A", 10, "40.00").await;
}

#[tokio::test]
async fn case_21_edit_and_cancel_before_the_invoice() {
    let world = World::start().await;
    let editor = Editor::enrol(&world, &world.north, "owner").await;
    let books = books(&world, "EUR", json!({"auto_invoice": false})).await;
    books.product("A", "0").await;
    books.product("B", "0").await;
    books.purchase("A", 10, "4.00").await;
    books.purchase("B", 10, "1.50").await;
    let order = books.sell("A", 4, "10.00").await;
    books.posts(&["Dr 1200 40.00 / Cr 2000 40.00", "Dr 1200 15.00 / Cr 2000 15.00", "Dr 1250 16.00 / Cr 1200 16.00"]);
    let stays = json!({"id": order["lines"][0]["id"], "quantity": 1});
    let added = json!({"sku": "B", "quantity": 2, "unit_price": "3.00"});
    editor.edit(&order, &json!({"lines": [stays, added]})).await.expect(200);
    books.posts(&["Dr 1200 9.00 / Cr 1250 9.00"]);
    editor.cancel(&order).await.expect(204);
    books.posts(&["Dr 1200 7.00 / Cr 1250 7.00"]);
    books.balances("1200 55.00, 2000 -55.00");
    books.stock("A", 10, "40.00").await;
    books.stock("B", 10, "15.00").await;
}

#[tokio::test]
async fn case_22_two_edits_after_one_another() {
    let world = World::start().await;
    let editor = Editor::enrol(&world, &world.north, "owner").await;
    let books = books(&world, "EUR", json!({})).await;
    books.product("A", "20").await;
    books.purchase("A", 10, "4.00").await;
    books.purchase("A", 1, "4.37").await;
    let order = books.sell("A", 6, "9.99").await;
    books.posts(&[
        "Dr 1200 40.00 / Cr 2000 40.00",
        "Dr 1200 4.37 / Cr 2000 4.37",
        "Dr 1100 71.93, 5000 24.20 / Cr 4000 59.94, 2100 11.99, 1200 24.20",
    ]);
    let id = &order["lines"][0]["id"];
    editor.edit(&order, &json!({"lines": [{"id": id, "quantity": 4}]})).await.expect(200);
    books.posts(&[
        "Dr 4000 59.94, 2100 11.99 / Cr 1100 71.93",
        "Dr 1100 47.95, 1200 8.07 / Cr 4000 39.96, 2100 7.99, 5000 8.07",
    ]);
    let cheaper = json!({"lines": [{"id": id, "quantity": 3, "unit_price": "8.99"}]});
    editor.edit(&order, &cheaper).await.expect(200);
    books.posts(&[
        "Dr 4000 39.96, 2100 7.99 / Cr 1100 47.95",
        "Dr 1100 32.36, 1200 4.03 / Cr 4000 26.97, 2100 5.39, 5000 4.03",
    ]);
    books.balances("1100 32.36, 1200 32.27, 2000 -44.37, 2100 -5.39, 4000 -26.97, 5000 12.10");
    books.stock("A", 8, "32.27").await;
}
