//! The document of the API: whole, valid, and true to what the routes do.
//!
//! That answers agree with it is looked at wherever a test gets one (`harness/document.rs`).

use super::{
    cases::{Things, call, name, of_tenants},
    files::files,
};
use countinghouse_api::{platform::openapi::PREFIX, routes};
use countinghouse_tests::{
    Answer, Login, World,
    document::{DOCUMENT, faults, resolve},
};
use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Each operation, with its path and method.
fn operations() -> Vec<(String, String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &'static Value)| {
        let path = path.clone();
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// Every object that stands anywhere in a value, with the pointer to it.
fn walk(value: &Value, at: &str, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            see(at, value);
            members.iter().for_each(|(name, member)| walk(member, &format!("{at}/{name}"), see));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{at}/{index}"), see));
        }
        _ => {}
    }
}

#[tokio::test]
async fn it_is_served_as_it_is_with_a_tag_and_lists_every_route() {
    let world = World::start().await;
    let answer = world.nobody().get("//openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let tag = answer.header("etag").to_owned();
    assert_eq!(answer.expect(200), *DOCUMENT);
    let request = world.nobody().request(Method::GET, "//openapi.json").header("if-none-match", tag);
    assert_eq!(Answer::of(request).await.status, 304);
    let listed: BTreeSet<_> =
        operations().into_iter().map(|(path, method, _)| format!("{} {path}", method.to_uppercase())).collect();
    let mounted = routes::table().into_iter().map(|route| format!("{} {PREFIX}{}", route.method, route.path));
    let beside = ["GET /health", "GET /ready"].map(str::to_owned);
    let mounted: BTreeSet<_> = mounted.chain(beside).collect();
    assert_eq!(listed, mounted);
}

#[test]
fn every_route_says_what_it_does_and_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(summary.ends_with(['.', '?']), "{method} {path} has no sentence: `.about(\"…\")`");
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{id} is there twice");
    }
}

#[test]
fn every_parameter_and_field_says_what_it_means() {
    let mut silent = Vec::new();
    walk(&DOCUMENT["components"]["schemas"], "", &mut |at, value| {
        for (name, field) in value["properties"].as_object().into_iter().flatten() {
            // A thing behind a reference is explained there.
            let meant = field["description"].as_str().or_else(|| resolve(field)["description"].as_str());
            if meant.is_none() {
                silent.push(format!("{at}/{name}"));
            }
        }
    });
    for (path, method, operation) in operations() {
        for parameter in operation["parameters"].as_array().unwrap() {
            if parameter["description"].as_str().is_none() {
                silent.push(format!("{method} {path}: {}", parameter["name"]));
            }
        }
    }
    assert!(silent.is_empty(), "say it in a doc comment, or in platform/openapi/glossary.rs: {silent:#?}");
}

#[test]
fn examples_are_there_and_valid() {
    let mut wrong = Vec::new();
    for (path, method, operation) in operations() {
        let bodies =
            [&operation["requestBody"]].into_iter().chain(operation["responses"].as_object().unwrap().values());
        for body in bodies {
            for (media_type, content) in resolve(body)["content"].as_object().into_iter().flatten() {
                let named = content["examples"].as_object().into_iter().flatten();
                let named: Vec<_> = named.map(|(_, example)| &resolve(example)["value"]).collect();
                let all = if named.is_empty() { vec![&content["example"]] } else { named };
                for example in all {
                    let valid = if example.is_null() {
                        Err("no example".to_owned())
                    } else {
                        faults(&content["schema"], example)
                    };
                    if let Err(faults) = valid {
                        wrong.push(format!("{method} {path} {media_type}: {faults}: {example}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut empty = Vec::new();
    walk(&DOCUMENT["paths"], "", &mut |at, value| {
        if value.as_object().is_some_and(|members| members.values().any(|member| member == ""))
            && at.contains("example")
        {
            empty.push(format!("{at}: {value}"));
        }
    });
    assert!(empty.is_empty(), "texts without an example: {empty:#?}");
}

/// The names of schemas are promises; two types of one name would be told apart by a number.
#[test]
fn every_schema_has_a_name_of_its_own() {
    for name in DOCUMENT["components"]["schemas"].as_object().unwrap().keys() {
        assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "two types are called {name}");
    }
}

/// An example is a request that the service reads: it may be refused for what it names, and not for
/// its form.
#[tokio::test]
async fn examples_of_requests_are_read() {
    let world = World::builder().config(|config| config.self_service = true).start().await;
    for (path, method, operation) in operations() {
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        if example.is_null() {
            continue;
        }
        let caller = if path.starts_with("/api/v1/admin") { world.superadmin() } else { world.owner() };
        let path = path.replace("{id}", "0199aaaa-1111-7222-8333-444455556666").replace("{name}", "none");
        let path = path.replace("{slug}", "north").strip_prefix(PREFIX).unwrap().to_owned();
        let method: Method = method.to_uppercase().parse().unwrap();
        let answer = Answer::of(caller.request(method.clone(), &path).json(example)).await;
        let forms = ["missing_field", "unknown_field", "invalid_type", "invalid_value", "too_short", "too_long"];
        let faults: Vec<_> =
            answer.body["errors"].as_array().into_iter().flatten().map(|e| e["code"].clone()).collect();
        assert!(faults.iter().all(|code| !forms.contains(&code.as_str().unwrap())), "{method} {path}: {answer:?}");
        assert!(![400, 415].contains(&answer.status), "{method} {path}: {answer:?}");
    }
}

/// What the document calls the permission of an operation is what the service asks for: a user who
/// holds nothing is told its name.
#[tokio::test]
async fn the_permission_in_the_document_is_the_one_that_is_asked_for() {
    let world = World::start().await;
    let owner = world.owner();
    let things = Things::of(&world, &owner).await;
    world.database(Login::Owner).batch_execute("UPDATE users SET role = 'nothing' WHERE username = 'owner'").unwrap();
    let mut asked = 0;
    for route in of_tenants() {
        let operation = &DOCUMENT["paths"][format!("{PREFIX}{}", route.path)][route.method.as_str().to_lowercase()];
        let permission = operation["x-permission"].as_str();
        let ends = ["/auth/logout", "/sessions/{id}"].contains(&route.path);
        if ends {
            assert_eq!(permission, None);
            continue;
        }
        let answer = call(&owner, &route, &things).await;
        match permission {
            Some(permission) => {
                let detail = answer.problem(403, "permission_denied")["detail"].clone();
                assert!(detail.as_str().unwrap().contains(&format!("`{permission}`")), "{}: {detail}", name(&route));
                asked += 1;
            }
            None => assert_ne!(answer.body["code"], json!("permission_denied"), "{}", name(&route)),
        }
    }
    assert!(asked > 30, "only {asked} operations name a permission");
}

/// Every `type` leads somewhere, and every problem in the source is known there.
#[tokio::test]
async fn every_problem_has_its_page() {
    let world = World::start().await;
    let declared: BTreeSet<_> = files()
        .into_iter()
        .filter(|(name, _)| name.starts_with("api/src/"))
        .flat_map(|(_, text)| {
            let after = text.split("Kind::new(").skip(1).map(|rest| rest.split('"').nth(1).unwrap_or("").to_owned());
            after.collect::<Vec<_>>()
        })
        .collect();
    assert!(declared.len() > 40, "{declared:?}");
    for code in &declared {
        let page = world.nobody().request(Method::GET, &format!("//problems/{code}"));
        let html = Answer::of(page.header("accept", "text/html,*/*;q=0.8")).await;
        assert_eq!((html.status, html.header("content-type")), (200, "text/html; charset=utf-8"), "{code}: {html:?}");
        assert!(html.header("content-security-policy").starts_with("default-src 'none';"), "{code}");
        let json = world.nobody().get(&format!("//problems/{code}")).await.expect(200);
        assert_eq!((&json["code"], &json["type"]), (&json!(code), &json!(format!("/problems/{code}"))));
        for member in ["title", "advice"] {
            let text = json[member].as_str().unwrap();
            assert!(html.text.contains(text), "{code} lacks its {member}");
            assert!(!text.contains(['<', '>', '&']), "{code}: {text}");
        }
        assert!(json["advice"].as_str().unwrap().len() > 60, "{code} says too little: {json}");
    }
    world.nobody().get("//problems/none").await.problem(404, "not_found");
    for path in ["//problems/not_found", "//openapi.json", "//docs", "//redoc", "//health", "//ready"] {
        let answer = world.nobody().post(path, &json!({})).await;
        assert_eq!(answer.header("allow"), "GET", "{path}");
        answer.problem(405, "method_not_allowed");
    }
}

/// What a page says of a code holds for all who answer it, so a code is declared once.
#[test]
fn every_problem_is_declared_once() {
    let mut seen = BTreeSet::new();
    for (name, text) in files().into_iter().filter(|(name, _)| name.starts_with("api/src/")) {
        for rest in text.split("Kind::new(").skip(1) {
            let code = rest.split('"').nth(1).unwrap_or("").to_owned();
            assert!(seen.insert(code.clone()), "{code} is declared a second time in {name}");
        }
    }
}
