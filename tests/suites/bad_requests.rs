//! What is wrong with a request apart from its body: the query string, the cursor, the path
//! or the method (the headers are in `bad_headers`). Each has its clear problem and changes nothing.

use crate::{
    footprint::{footprint, same_but_for_request_id},
    operations::operations,
    wire::exchange,
};
use countinghouse_tests::{Answer, Caller, World};
use reqwest::{Method, header::ALLOW};
use serde_json::{Value, json};

const LISTS: [&str; 3] = ["/products", "/orders", "/admin/tenants"];

fn reader<'a>(path: &str, owner: &'a Caller, superadmin: &'a Caller) -> &'a Caller {
    if path.starts_with("/admin") { superadmin } else { owner }
}

#[tokio::test]
async fn a_query_parameter_that_nobody_knows_is_refused_on_every_route() {
    let world = World::start().await;
    let all = operations(&world).await;
    let (owner, superadmin) = (world.owner(), world.superadmin());
    let product = all.iter().find(|o| o.path.starts_with("/products/")).expect("a product").path.clone();
    let order = owner.order(product.trim_start_matches("/products/"), 1).await.expect(201);
    let before = footprint(&world);
    for query in ["colour=red", "colour", "colour=", "Limit=1", "tenant_id=1", "limit[]=1"] {
        let pointer = format!("/{}", query.split('=').next().unwrap());
        for path in LISTS {
            let answer = reader(path, &owner, &superadmin).get(&format!("{path}?{query}")).await;
            answer.invalid(&[(&pointer, "unknown_field")]);
        }
    }
    let order = format!("/orders/{}", order["id"].as_str().unwrap());
    for path in ["/auth/me", &product, &order] {
        owner.get(&format!("{path}?limit=1")).await.invalid(&[("/limit", "unknown_field")]);
        owner.get(&format!("{path}?a=1&b")).await.invalid(&[("/a", "unknown_field"), ("/b", "unknown_field")]);
    }
    owner.delete(&format!("{product}?force=true")).await.invalid(&[("/force", "unknown_field")]);
    owner.post("/auth/logout?all=true", &json!({})).await.invalid(&[("/all", "unknown_field")]);
    for operation in &all {
        let path = format!("{}?dry_run=true", operation.path);
        let answer =
            operation.caller.send(operation.method.clone(), &path, "application/json", operation.body.to_string());
        answer.await.invalid(&[("/dry_run", "unknown_field")]);
    }
    assert_eq!(footprint(&world), before);
    owner.get("/auth/me?").await.expect(200);
}

#[tokio::test]
async fn a_query_without_names_is_told_what_is_wrong_or_taken_for_none() {
    let world = World::start().await;
    let owner = world.owner();
    for path in ["/auth/me?&", "/auth/me?&&", "/products?&", "/auth/me?=", "/products?="] {
        let answer = owner.get(path).await;
        if answer.status != 200 {
            let faults = answer.body["errors"].as_array().map_or(0, Vec::len);
            assert!(answer.status == 422 && faults > 0, "{path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_limit_is_a_whole_number_from_1_to_200() {
    let world = World::start().await;
    let (owner, superadmin) = (world.owner(), world.superadmin());
    for path in LISTS {
        let caller = reader(path, &owner, &superadmin);
        for limit in ["0", "-1", "201", "9223372036854775807"] {
            caller.get(&format!("{path}?limit={limit}")).await.invalid(&[("/limit", "out_of_range")]);
        }
        for limit in ["", "abc", "1.5", "1e2", "9223372036854775808", "%20", "0x10", "1%00", "null"] {
            let answer = caller.get(&format!("{path}?limit={limit}")).await;
            let fault = answer.body["errors"][0]["pointer"].as_str();
            assert_eq!((answer.status, fault), (422, Some("/limit")), "{path}?limit={limit}: {answer:?}");
            answer.problem(422, "invalid_request");
        }
        for limit in ["1", "200"] {
            caller.get(&format!("{path}?limit={limit}")).await.expect(200);
        }
        caller.get(&format!("{path}?limit=1&limit=1")).await.invalid(&[("/limit", "duplicate_field")]);
        caller.get(&format!("{path}?cursor=a&cursor=b")).await.invalid(&[("/cursor", "duplicate_field")]);
    }
}

#[tokio::test]
async fn filters_refuse_what_they_can_not_mean() {
    let world = World::start().await;
    let owner = world.owner();
    for active in ["maybe", "1", "0", "TRUE", "yes", "", "null", "true%00"] {
        let answer = owner.get(&format!("/products?active={active}")).await;
        let fault = answer.body["errors"][0]["pointer"].as_str();
        assert_eq!((answer.status, fault), (422, Some("/active")), "active={active}: {answer:?}");
    }
    owner.get("/products?q=a&q=b").await.invalid(&[("/q", "duplicate_field")]);
    owner.get("/products?active=true&active=false").await.invalid(&[("/active", "duplicate_field")]);
    let long = "x".repeat(5000);
    for (path, name) in
        [("/products", "q"), ("/products", "sku"), ("/orders", "channel"), ("/orders", "external_reference")]
    {
        let pointer = format!("/{name}");
        for control in ["%00", "a%00b", "%1b", "a%0ab", "%7f"] {
            owner.get(&format!("{path}?{name}={control}")).await.invalid(&[(&pointer, "invalid_characters")]);
        }
        owner.get(&format!("{path}?{name}={long}")).await.invalid(&[(&pointer, "too_long")]);
    }
}

#[tokio::test]
async fn a_query_that_is_no_text_is_not_guessed_at() {
    let world = World::start().await;
    let owner = world.owner();
    let head = |target: &str| format!("GET /api/v1{target} HTTP/1.1\r\nAuthorization: Bearer {}", owner.token());
    let mut wrong = Vec::new();
    for query in ["q=%ff", "q=%c0%af", "q=%ed%a0%80", "sku=%", "q=%z", "q=%zz", "q=a%2", "%ff=1", "active=tru%65%"] {
        let reply = exchange(&world.base_url, &head(&format!("/products?{query}")), Vec::new(), false).await;
        if !matches!(reply.status, 400 | 422) {
            wrong.push(format!("{query} → {} {}", reply.status, reply.body));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Makes three of each thing that has a list, in both clients.
async fn fill(world: &World) {
    for caller in [world.owner(), world.caller(&world.south, "owner")] {
        for sku in ["A-x", "B-x", "C-x"] {
            let id = caller.product(sku, "1.00", 9).await;
            caller.order(&id, 1).await.expect(201);
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let world = World::start().await;
    fill(&world).await;
    let (north, south, superadmin) = (world.owner(), world.caller(&world.south, "owner"), world.superadmin());
    let cursor = async |caller: &Caller, path: &str| {
        let page = caller.get(path).await.expect(200);
        page["next_cursor"].as_str().unwrap_or_else(|| panic!("{path} has another page: {page}")).to_owned()
    };
    let own = cursor(&north, "/products?limit=1").await;
    let page = north.get(&format!("/products?limit=1&cursor={own}")).await.expect(200);
    assert_eq!(page["data"][0]["sku"], "B-x");
    let again = north.get(&format!("/products?limit=2&cursor={own}")).await.expect(200);
    assert_eq!(again["data"][1]["sku"], "A-x");
    assert_eq!(again["next_cursor"], Value::Null);
    let mut strange = vec![
        ("another client's", cursor(&south, "/products?limit=1").await),
        ("another list's", cursor(&north, "/orders?limit=1").await),
        ("the superadmins'", cursor(&superadmin, "/admin/tenants?limit=1").await),
        ("another filter's", cursor(&north, "/products?limit=1&q=x").await),
    ];
    strange.retain(|(_, cursor)| *cursor != own);
    assert_eq!(strange.len(), 4);
    let flipped = |at: usize| {
        let mut bytes = own.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let forged =
        [flipped(0), flipped(own.len() / 2), flipped(own.len() - 8), own[1..].to_owned(), format!("{own}AAAA")];
    let forged = forged.into_iter().chain(["", "A", "%00", "!!", "null"].map(str::to_owned));
    let forged = forged.chain([own.to_lowercase(), format!("{own}="), format!("{own}%0a"), "A".repeat(3000)]);
    strange.extend(forged.map(|cursor| ("forged", cursor)));
    for (whose, cursor) in &strange {
        let answer = north.get(&format!("/products?limit=1&cursor={cursor}")).await;
        assert_eq!(answer.status, 422, "{whose} {cursor}: {answer:?}");
        answer.invalid(&[("/cursor", "invalid_cursor")]);
    }
    for (caller, path) in [
        (&south, "/products?limit=1"),
        (&north, "/orders?limit=1"),
        (&north, "/products?limit=1&active=false"),
        (&north, "/products?limit=1&q=x"),
        (&north, "/products?limit=1&sku=A"),
        (&superadmin, "/admin/tenants?limit=1"),
    ] {
        caller.get(&format!("{path}&cursor={own}")).await.invalid(&[("/cursor", "invalid_cursor")]);
    }
    north
        .get(&format!("/products?limit=0&cursor={own}x"))
        .await
        .invalid(&[("/limit", "out_of_range"), ("/cursor", "invalid_cursor")]);
}

#[tokio::test]
async fn a_malformed_id_is_like_one_that_never_was() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 5).await;
    let order = owner.order(&product, 1).await.expect(201)["id"].as_str().unwrap().to_owned();
    let before = footprint(&world);
    let never = uuid::Uuid::now_v7().to_string();
    for (list, id) in [("/products", &product), ("/orders", &order)] {
        let long = "0".repeat(8000);
        let malformed = [
            "1",
            "-1",
            "null",
            "%00",
            "%ff",
            "%",
            "%zz",
            "%2F",
            "..%2f",
            "me",
            "%20",
            "00000000-0000-0000-0000-00000000000g",
            "'%20or%20'1'='1",
            &format!("{id}0"),
            &format!("{id}%00"),
            &format!("{id}%2F"),
            &format!("{id}%20"),
            &format!("{id}/"),
            &format!("{id}/lines"),
            &format!("{id};a=b"),
            &id[1..],
            &long,
            "",
        ]
        .map(str::to_owned);
        for wrong in malformed.iter() {
            let head = format!("GET /api/v1{list}/{wrong} HTTP/1.1\r\nAuthorization: Bearer {}", owner.token());
            let reply = exchange(&world.base_url, &head, Vec::new(), false).await;
            assert_eq!(reply.status, 404, "{list}/{wrong}: {} {}", reply.head, reply.body);
            reply.problem(404, "not_found");
        }
        let unknown = owner.get(&format!("{list}/{never}")).await;
        unknown.problem(404, "not_found");
        let [one, other] = [owner.get(&format!("{list}/{never}")).await, owner.get(&format!("{list}/7")).await];
        same_but_for_request_id(one, other);
    }
    for path in ["/products/7", &format!("/products/{never}")] {
        owner.patch(path, &json!({"name": "x"})).await.problem(404, "not_found");
        owner.delete(path).await.problem(404, "not_found");
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_not_found() {
    let world = World::start().await;
    for caller in [world.nobody(), world.owner(), world.superadmin()] {
        for path in [
            "/",
            "",
            "/nowhere",
            "/products/",
            "//",
            "//api",
            "//api/v2/products",
            "//api/v1",
            "/Products",
            "/orders/a/b/c",
            "/admin",
            "/admin/",
            "/%00",
            "/%ff",
            "/%2e%2e/%2e%2e/etc/passwd",
            "//..;/health",
            "//favicon.ico",
            "/products%2F",
            "/products%3Fq=1",
            "//api/v1//products",
        ] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = Answer::of(caller.request(method.clone(), path)).await;
                assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
                answer.problem(404, "not_found");
            }
        }
        let long = "a".repeat(10_000);
        caller.get(&format!("/{long}")).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let world = World::start().await;
    let owner = world.owner();
    let before = footprint(&world);
    let id = uuid::Uuid::now_v7();
    for (path, allowed) in [
        ("/auth/login".to_owned(), "POST"),
        ("/auth/logout".to_owned(), "POST"),
        ("/auth/me".to_owned(), "GET"),
        ("/products".to_owned(), "GET, POST"),
        (format!("/products/{id}"), "DELETE, GET, PATCH"),
        ("/inventory/adjustments".to_owned(), "POST"),
        ("/orders".to_owned(), "GET, POST"),
        (format!("/orders/{id}"), "DELETE, GET, PATCH"),
        ("/admin/auth/login".to_owned(), "POST"),
        ("/admin/tenants".to_owned(), "GET, POST"),
    ] {
        let all = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"];
        let wrong = all.iter().filter(|method| !allowed.split(", ").any(|known| known == **method));
        for method in wrong {
            for caller in [&owner, &world.nobody()] {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                let request = caller.request(method.clone(), &path).json(&json!({}));
                let answer = Answer::of(request).await;
                assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
                let mut told: Vec<&str> = answer.header(ALLOW.as_str()).split(", ").collect();
                told.sort_unstable();
                assert_eq!(told.join(", "), allowed, "{method} {path}");
                answer.problem(405, "method_not_allowed");
            }
        }
    }
    assert_eq!(footprint(&world), before);
}
