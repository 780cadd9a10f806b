//! Whose days a dashboard's windows are, and where they end.

use super::{begin_of_an_hour, look, rows};
use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, SecondsFormat, Utc};
use countinghouse_api::platform::clock::Clock;
use countinghouse_tests::{Caller, World};
use serde_json::{Value, json};

async fn order_at(owner: &Caller, at: DateTime<Utc>) {
    let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let body = json!({"lines": [{"sku": "A", "quantity": 1}], "ordered_at": at});
    owner.post("/orders", &body).await.expect(201);
}

/// The first moment of a day that is so many hours ahead of UTC.
fn midnight(day: NaiveDate, ahead: i64) -> DateTime<Utc> {
    day.and_hms_opt(0, 0, 0).unwrap().and_utc() - Duration::hours(ahead)
}

#[tokio::test]
async fn today_is_the_clients_own_day() {
    let world = World::start().await;
    begin_of_an_hour(&world);
    // Neither zone has summer time. Together they are never in one day but for the last hour of the one.
    for (tenant, zone, ahead) in [(&world.north, "Pacific/Kiritimati", 14), (&world.south, "Pacific/Pago_Pago", -11)] {
        let owner = world.caller(tenant, "owner");
        owner.product("A", "10.00", 10).await;
        owner.patch("/client", &json!({"time_zone": zone})).await.expect(200);
        let today = (world.clock.now() + Duration::hours(ahead)).date_naive();
        let begin = midnight(today, ahead);
        order_at(&owner, begin).await;
        order_at(&owner, begin - Duration::seconds(1)).await;
        order_at(&owner, begin - Duration::days(1)).await;
        order_at(&owner, begin - Duration::days(1) - Duration::seconds(1)).await;
        let shown = look(&owner).await;
        let kpi = &shown["kpis"]["today"];
        assert_eq!(
            [&kpi["from"], &kpi["to"], &kpi["revenue"]],
            [&json!(today), &json!(today), &json!("10.00")],
            "{zone}"
        );
        let days = rows(&shown["sales"]["by_day"], &["date", "orders"]);
        let expected =
            [(3, 0), (2, 1), (1, 2), (0, 1)].map(|(ago, orders)| format!("{} {orders}", today - Days::new(ago)));
        assert_eq!(days[26..], expected, "{zone}");
    }
}

#[tokio::test]
async fn weeks_begin_on_monday_months_on_the_first_and_windows_have_thirty_days() {
    let world = World::start().await;
    begin_of_an_hour(&world);
    let owner = world.owner();
    let product = owner.product("A", "10.00", 200).await;
    let today = world.today();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let first = today - Days::new(u64::from(today.day0()));
    // One order at noon of each of the days before, and one now.
    for ago in 1..40 {
        order_at(&owner, (today - Days::new(ago)).and_hms_opt(11, 0, 0).unwrap().and_utc()).await;
    }
    owner.order(&product, 1).await.expect(201);
    let shown = look(&owner).await;
    let days_since = |day: NaiveDate| (today - day).num_days() + 1;
    for (window, from) in [("today", today), ("week", monday), ("month", first)] {
        let kpi = &shown["kpis"][window];
        let days = days_since(from);
        assert_eq!([&kpi["from"], &kpi["to"]], [&json!(from), &json!(today)]);
        assert_eq!(
            (&kpi["revenue"], &kpi["units_sold"]),
            (&json!(format!("{}.00", days * 10)), &json!(days)),
            "{window}"
        );
    }
    assert_eq!(rows(&shown["sales"]["by_product"], &["sku", "units_sold", "revenue"]), ["A 30 300.00"]);
    assert_eq!([&shown["discounts"]["orders"], &shown["inventory"]["units_per_day"]], [&json!(30), &json!("1.00")]);
    let by_day = shown["sales"]["by_day"].as_array().unwrap();
    assert!(by_day.iter().all(|day| day["orders"] == 1 && day["average_order_value"] == "10.00"), "{by_day:?}");
    assert_eq!(shown["sales"]["from"], json!(today - Days::new(29)));
}

/// What came back today of goods of long ago is today's, and so is what was cancelled and edited today.
#[tokio::test]
async fn what_is_credited_counts_on_its_own_day() {
    let world = World::start().await;
    begin_of_an_hour(&world);
    let owner = world.owner();
    owner.product("A", "10.00", 200).await;
    let long_ago = world.clock.now() - Duration::days(50);
    let at = long_ago.to_rfc3339_opts(SecondsFormat::Secs, true);
    let body = json!({"lines": [{"sku": "A", "quantity": 3}], "ordered_at": at});
    let order = owner.post("/orders", &body).await.expect(201);
    let back = json!({"order_line_id": order["lines"][0]["id"], "quantity": 1, "restock": true});
    owner.post("/returns", &json!({"order_id": order["id"], "lines": [back]})).await.expect(201);
    let shown = look(&owner).await;
    let kpi = &shown["kpis"]["today"];
    assert_eq!(
        [&kpi["revenue"], &kpi["gross_profit"], &kpi["gross_margin_pct"], &kpi["returned_amount"]],
        ["-10.00", "-6.00", "60.00", "10.00"]
    );
    assert_eq!((&kpi["units_sold"], &kpi["sell_through_pct"]), (&json!(-1), &json!("0.00")));
    assert_eq!(rows(&shown["sales"]["by_product"], &["sku", "units_sold", "revenue"]), ["A -1 -10.00"]);
    assert_eq!(shown["sales"]["margins"], json!([]));
    assert_eq!(shown["recommendations"]["review_prices"], json!([]));
    assert_eq!(
        (&shown["inventory"]["units_per_day"], &shown["inventory"]["days_of_inventory"]),
        (&json!("0.00"), &Value::Null)
    );
    assert_eq!(shown["returns"]["returned_pct"], Value::Null);
    assert_eq!(shown["sales"]["by_day"][29]["orders"], 0);
}
