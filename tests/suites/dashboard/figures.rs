//! Each figure of a client's own dashboard.

use super::{lines, look, rows, store};
use chrono::{DateTime, Utc};
use countinghouse_tests::World;
use serde_json::{Value, json};

#[tokio::test]
async fn key_figures_are_those_of_the_store() {
    let world = World::start().await;
    store(&world).await;
    let shown = look(&world.owner()).await;
    for window in ["today", "week", "month"] {
        let mut kpi = shown["kpis"][window].clone();
        let from = kpi.as_object_mut().unwrap().remove("from").unwrap();
        assert!(from.as_str().unwrap() <= world.today().to_string().as_str(), "{from}");
        assert_eq!(
            kpi,
            json!({
                "to": world.today(), "revenue": "61.00", "gross_profit": "37.00", "gross_margin_pct": "60.66",
                "returned_amount": "10.00", "returns_filed": 1, "returned_units": 1, "refunded_amount": "4.00",
                "units_sold": 6, "sell_through_pct": "31.58"
            }),
            "{window}"
        );
    }
    assert_eq!((&shown["currency"], &shown["kpis"]["inventory_value"]), (&json!("EUR"), &json!("52.00")));
    // As the profit and loss of the day has it.
    let day = world.today();
    let report = world.owner().get(&format!("/reports/profit-loss?from={day}&to={day}")).await.expect(200);
    assert_eq!([&report["net_revenue"], &report["gross_profit"]], ["61.00", "37.00"]);
    assert_eq!(
        shown["commission"],
        json!({
            "from": shown["kpis"]["month"]["from"], "to": day, "sales_commission_pct": "10.00", "net_sales": "61.00",
            "commission": "6.10", "gross_profit_after_commission": "30.90"
        })
    );
}

#[tokio::test]
async fn sales_are_shown_by_product_margin_and_day() {
    let world = World::start().await;
    store(&world).await;
    let sales = look(&world.owner()).await["sales"].clone();
    let members =
        ["sku", "units_sold", "revenue", "discounts", "revenue_share_pct", "gross_profit", "gross_margin_pct"];
    let a = "A 4 40.00 0.00 65.57 24.00 60.00";
    let b = "B 1 18.00 2.00 29.51 14.00 77.78";
    let d = "D 1 3.00 0.00 4.92 -1.00 -33.33";
    assert_eq!(rows(&sales["by_product"], &members), [a, b, d]);
    assert_eq!(rows(&sales["top_skus"], &members), [a, b, d]);
    assert_eq!(rows(&sales["bottom_skus"], &members), [d, b, a]);
    let filled: Vec<String> = rows(&sales["margins"], &["margin", "products", "revenue"]);
    assert_eq!(filled.len(), 11);
    let filled: Vec<&String> = filled.iter().filter(|row| !row.ends_with(" 0 0.00")).collect();
    assert_eq!(filled, ["below 0 1 3.00", "60-70 1 40.00", "70-80 1 18.00"]);
    // The order that was cancelled is none; the one of which goods came back is one as it was.
    let days = sales["by_day"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    assert_eq!(days[29], json!({"date": world.today(), "orders": 4, "average_order_value": "17.75"}));
    assert!(days[..29].iter().all(|day| day["orders"] == 0 && day["average_order_value"] == Value::Null));
}

#[tokio::test]
async fn stock_is_shown_with_how_long_it_lasts_and_how_it_moves() {
    let world = World::start().await;
    store(&world).await;
    let inventory = look(&world.owner()).await["inventory"].clone();
    let counts = ["products", "low_stock", "out_of_stock", "on_hand"].map(|name| inventory[name].as_i64().unwrap());
    assert_eq!(counts, [4, 3, 1, 13]);
    let low = world.owner().get("/products?low_stock=true").await.expect(200);
    assert_eq!(low["data"].as_array().unwrap().len(), 3);
    assert_eq!([&inventory["units_per_day"], &inventory["days_of_inventory"]], ["0.20", "65.0"]);
    assert_eq!(
        rows(
            &inventory["running_out"],
            &["sku", "on_hand", "low_stock_threshold", "units_sold", "units_per_day", "days_of_inventory"]
        ),
        ["D 0 5 1 0.03 0.0", "B 4 5 1 0.03 120.0", "C 3 5 0 0.00 null"]
    );
    assert_eq!(
        rows(&inventory["aging"], &["bucket", "quantity", "value"]),
        ["0-30 13 52.00", "31-60 0 0.00", "61-90 0 0.00", "91+ 0 0.00"]
    );
    assert_eq!(
        rows(&inventory["movements"], &["kind", "movements", "quantity", "value"]),
        ["opening 4 19 76.00", "return 1 1 4.00", "sale 8 -7 -28.00"]
    );
}

#[tokio::test]
async fn returns_discounts_and_the_door_are_shown() {
    let world = World::start().await;
    store(&world).await;
    let wrong = json!({"client_id": "north", "username": "owner", "password": "not the password at all"});
    world.nobody().post("/auth/login", &wrong).await.problem(401, "invalid_credentials");
    let before = look(&world.owner()).await;
    world.log_in(&world.north, "sales").await;
    let shown = look(&world.owner()).await;
    let returns = &shown["returns"];
    assert_eq!(
        [&returns["returned_amount"], &returns["refunded_amount"], &returns["returned_pct"]],
        ["10.00", "4.00", "14.08"]
    );
    assert_eq!([&returns["returns_filed"], &returns["returned_units"]], [1, 1]);
    assert_eq!(rows(&returns["by_product"], &["sku", "name", "returned_units"]), ["A A 1"]);
    let mut discounts = shown["discounts"].clone();
    discounts.as_object_mut().unwrap().retain(|name, _| !["from", "to"].contains(&name.as_str()));
    let expected = json!({
        "max_discount_pct": "20.00", "orders": 4, "discounted_orders": 1, "orders_above_cap": 0, "discounts": "2.00",
        "average_discount_pct": "2.74"
    });
    assert_eq!(discounts, expected);
    let door = shown["security"]["by_day"].as_array().unwrap();
    assert_eq!(door.len(), 30);
    let today = json!({
        "date": world.today(), "logins": 1, "failed_logins": 1, "second_factor_failures": 0, "orders_edited": 1,
        "orders_cancelled": 1
    });
    assert_eq!(door[29], today);
    let open = |shown: &Value| shown["security"]["open_sessions"].as_i64().unwrap();
    assert_eq!(open(&shown), open(&before) + 1);
    let policies = json!({
        "name": shown["policies"]["name"], "time_zone": "Europe/Berlin", "business_overview": "Lamps",
        "opening_hours": "09:00", "closing_hours": "18:00", "max_discount_pct": "20.00",
        "sales_commission_pct": "10.00", "return_refund_policy": "30 days"
    });
    assert_eq!(shown["policies"], policies);
    let newest = world.owner().get("/orders?limit=1").await.expect(200)["data"][0]["created_at"].clone();
    let moved = world.owner().get("/inventory/movements?limit=1").await.expect(200)["data"][0]["created_at"].clone();
    let freshness = &shown["freshness"];
    assert_eq!([&freshness["newest_order_at"], &freshness["newest_movement_at"]], [&newest, &moved]);
    assert_eq!(freshness["newest_entry_at"], newest);
    let at = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert!(at(&freshness["read_at"]) > at(&newest), "{freshness}");
}

/// D was sold for less than it cost, and none is left; of B there are more than were sold.
#[tokio::test]
async fn what_runs_out_and_what_loses_is_recommended() {
    let world = World::start().await;
    store(&world).await;
    let recommended = look(&world.owner()).await["recommendations"].clone();
    assert_eq!(rows(&recommended["reorder"], &["sku", "name", "quantity"]), ["D D 1"]);
    assert_eq!(rows(&recommended["review_prices"], &["sku", "name", "gross_profit"]), ["D D -1.00"]);
    assert_eq!(recommended["review_discounts"], false);
}

#[tokio::test]
async fn a_discount_beyond_the_cap_is_told() {
    let world = World::start().await;
    let owner = world.owner();
    for sku in ["A", "B"] {
        owner.product(sku, "10.00", 10).await;
    }
    // Half of one line: a quarter of the order.
    owner.post("/orders", &lines(&[("A", 1, "50"), ("B", 1, "0")])).await.expect(201);
    owner.post("/orders", &lines(&[("A", 1, "30")])).await.expect(201);
    let above = async |cap: &str| {
        owner.patch("/client", &json!({"max_discount_pct": cap})).await.expect(200);
        let shown = look(&owner).await;
        let above = shown["discounts"]["orders_above_cap"].as_i64().unwrap();
        assert_eq!(shown["recommendations"]["review_discounts"], above > 0);
        above
    };
    assert_eq!([above("100").await, above("49.99").await, above("30").await, above("29").await], [0, 1, 1, 2]);
}

#[tokio::test]
async fn who_may_not_see_costs_sees_none() {
    let world = World::start().await;
    store(&world).await;
    let key = world.owner().api_key(&["reports:read"]).await;
    let software = world.software(&key);
    let shown = look(&software).await;
    let costs = [
        "/kpis/inventory_value",
        "/kpis/today/gross_profit",
        "/kpis/month/gross_margin_pct",
        "/sales/top_skus",
        "/sales/bottom_skus",
        "/sales/margins",
        "/sales/by_product/0/gross_profit",
        "/sales/by_product/0/gross_margin_pct",
        "/inventory/aging/0/value",
        "/inventory/movements/0/value",
        "/commission/gross_profit_after_commission",
        "/recommendations/review_prices",
    ];
    let whole = look(&world.owner()).await;
    for cost in costs {
        assert!(whole.pointer(cost).is_some() && shown.pointer(cost).is_none(), "{cost}");
    }
    assert_eq!(shown["kpis"]["today"]["revenue"], "61.00");
    // Nothing in it but for what is not hidden.
    for amount in ["52.00", "37.00", "60.66", "24.00", "30.90", "76.00", "-28.00"] {
        assert!(whole.to_string().contains(amount) && !shown.to_string().contains(amount), "{amount}");
    }
}

#[tokio::test]
async fn a_client_without_anything_has_zeros_and_empty_lists() {
    let world = World::start().await;
    store(&world).await;
    let shown = look(&world.caller(&world.south, "owner")).await;
    for window in ["today", "week", "month"] {
        let kpi = &shown["kpis"][window];
        let amounts =
            ["revenue", "gross_profit", "returned_amount", "refunded_amount"].map(|name| kpi[name].as_str().unwrap());
        assert!(amounts.iter().all(|amount| amount.trim_end_matches(['0', '.']).is_empty()), "{kpi}");
        assert_eq!([&kpi["returns_filed"], &kpi["returned_units"], &kpi["units_sold"]], [0, 0, 0]);
        assert_eq!([&kpi["gross_margin_pct"], &kpi["sell_through_pct"]], [&Value::Null, &Value::Null]);
    }
    let lists = [
        "/sales/by_product",
        "/sales/top_skus",
        "/sales/bottom_skus",
        "/sales/margins",
        "/inventory/running_out",
        "/inventory/movements",
        "/returns/by_product",
        "/recommendations/reorder",
        "/recommendations/review_prices",
    ];
    for list in lists {
        assert_eq!(shown.pointer(list), Some(&json!([])), "{list}");
    }
    let inventory = &shown["inventory"];
    assert_eq!([&inventory["products"], &inventory["on_hand"], &inventory["low_stock"]], [0, 0, 0]);
    assert_eq!((&inventory["units_per_day"], &inventory["days_of_inventory"]), (&json!("0.00"), &Value::Null));
    assert_eq!([&shown["discounts"]["orders"], &shown["discounts"]["orders_above_cap"]], [0, 0]);
    assert_eq!(shown["discounts"]["average_discount_pct"], Value::Null);
    let freshness = shown["freshness"].as_object().unwrap();
    assert!(freshness.iter().all(|(name, at)| at.is_null() != (name == "read_at")), "{freshness:?}");
}
