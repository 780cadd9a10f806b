//! Lengths and ranges in the API's document are those that the service keeps: a value at the limit is taken, one
//! beyond it is refused, and by the field's name. They stand next to the fields in the contract, and where the
//! service checks; here both are held against each other.

use super::cases::{Things, case, name, of_tenants};
use countinghouse_api::platform::{http::Route, openapi::PREFIX};
use countinghouse_tests::{
    Answer, Caller, World,
    document::{DOCUMENT, resolve},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Whose bodies integrators post.
const ROOMS: [&str; 7] = ["/products", "/customers", "/orders", "/inventory", "/returns", "/webhooks", "/erp"];

/// A field of a body, as its schema has it.
struct Field {
    path: Vec<String>,
    schema: &'static Value,
}

impl Field {
    fn pointer(&self) -> String {
        self.path.iter().map(|part| format!("/{part}")).collect()
    }

    fn is(&self, kind: &str) -> bool {
        let kinds = &self.schema["type"];
        kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
    }

    /// For each limit of its schema, a value at it and one beyond.
    fn limits(&self) -> Vec<(Value, Value)> {
        let number = |keyword: &str| self.schema[keyword].as_i64();
        let text = |count: i64| json!(padded(self.schema["examples"][0].as_str().unwrap_or_default(), count));
        let list = |count: i64| json!(vec![least(&self.schema["items"]); usize::try_from(count).unwrap()]);
        let plain = |count: i64| json!(count);
        let pair = |make: &dyn Fn(i64) -> Value, most: Option<i64>, step| most.map(|at| (make(at), make(at + step)));
        let limits = [
            pair(&text, number("maxLength"), 1),
            pair(&text, number("minLength"), -1),
            pair(&list, number("maxItems"), 1),
            pair(&list, number("minItems"), -1),
            pair(&plain, number("maximum"), 1),
            pair(&plain, number("minimum"), -1),
        ];
        limits.into_iter().flatten().collect()
    }
}

/// A text of this length that ends like the example; a URL begins like it.
fn padded(example: &str, count: i64) -> String {
    let count = usize::try_from(count).unwrap();
    if example.contains("://") {
        return format!("{example:x<count$}");
    }
    let end: String = example.chars().rev().take(count).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{}{end}", "x".repeat(count - end.chars().count()))
}

/// What stands behind a reference, or beside `null`.
fn inner(schema: &'static Value) -> &'static Value {
    resolve(schema.pointer("/anyOf/0").unwrap_or(schema))
}

/// All fields of a schema, with those of what lies in them.
fn fields(schema: &'static Value, at: &[String], found: &mut Vec<Field>) {
    for (name, field) in inner(schema)["properties"].as_object().into_iter().flatten() {
        let path = extended(at, name);
        fields(field, &path, found);
        fields(&field["items"], &extended(&path, "0"), found);
        found.push(Field { path, schema: field });
    }
}

fn extended(path: &[String], part: &str) -> Vec<String> {
    path.iter().cloned().chain([part.to_owned()]).collect()
}

/// The smallest value that a schema takes, texts by its examples.
fn least(schema: &Value) -> Value {
    let schema = resolve(schema);
    let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
    match schema["type"].as_str().unwrap_or_default() {
        "object" => {
            let members = required.map(|name| (name.to_owned(), least(&schema["properties"][name])));
            Value::Object(members.collect::<Map<_, _>>())
        }
        "integer" => json!(1),
        "boolean" => json!(true),
        _ if schema["enum"].is_array() => schema["enum"][0].clone(),
        _ if schema["format"] == "uuid" => json!(uuid::Uuid::nil()),
        _ => schema["examples"][0].clone(),
    }
}

/// Puts a value into a body, with what has to stand around it.
fn put(body: &mut Value, schema: &'static Value, path: &[String], value: Value) {
    let schema = inner(schema);
    let Some((first, rest)) = path.split_first() else {
        *body = value;
        return;
    };
    if first == "0" {
        if body.is_null() {
            *body = json!([least(&schema["items"])]);
        }
        return put(&mut body[0], &schema["items"], rest, value);
    }
    if body.is_null() {
        *body = least(schema);
    }
    // A product is named by one of the two.
    if first == "sku" {
        body.as_object_mut().unwrap().remove("product_id");
    }
    put(&mut body[first.as_str()], &schema["properties"][first], rest, value);
}

/// The schema of the route's body; `null` for one without.
fn schema(route: &Route) -> &'static Value {
    let operation = &DOCUMENT["paths"][format!("{PREFIX}{}", route.path)][route.method.as_str().to_lowercase()];
    &operation["requestBody"]["content"]["application/json"]["schema"]
}

/// The routes of those rooms, with all fields of their bodies.
fn posts() -> Vec<(Route, Vec<Field>)> {
    let routes = of_tenants().into_iter().filter(|route| ROOMS.iter().any(|room| route.path.starts_with(room)));
    let with_fields = routes.map(|route| {
        let mut found = Vec::new();
        fields(schema(&route), &[], &mut found);
        (route, found)
    });
    with_fields.collect()
}

/// Sends the route's body with this value, and answers the codes of what is wrong there.
async fn codes(
    caller: &Caller,
    route: &Route,
    (path, body): (String, Option<Value>),
    field: &Field,
    value: Value,
) -> BTreeSet<String> {
    let mut body = body.expect("a route with a body");
    put(&mut body, schema(route), &field.path, value);
    let answer = Answer::of(caller.request(route.method.as_str().parse().unwrap(), &path).json(&body)).await;
    assert!(answer.status < 500, "{answer:?}");
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    let there = errors.filter(|error| error["pointer"] == field.pointer().as_str());
    there.map(|error| error["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn limits_of_the_document_are_those_of_the_service() {
    let world = World::start().await;
    let owner = world.owner();
    let things = Things::of(&world, &owner).await;
    let mut tried = 0;
    for (route, fields) in posts() {
        for field in &fields {
            for (at, beyond) in field.limits() {
                let what = format!("{} {}", name(&route), field.pointer());
                let refused = codes(&owner, &route, case(&route, &things), field, beyond.clone()).await;
                assert!(!refused.is_empty(), "{what} takes {beyond}");
                let taken = codes(&owner, &route, case(&route, &things), field, at.clone()).await;
                assert!(taken.is_disjoint(&refused), "{what} refuses {at}: {taken:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "only {tried} limits");
}

#[test]
fn every_text_number_and_list_that_integrators_post_has_a_limit() {
    let mut without = Vec::new();
    for (route, fields) in posts() {
        for field in fields {
            let has = |keyword: &str| field.schema.get(keyword).is_some();
            let free = (field.is("string") && !has("maxLength") && !has("format") && !has("enum"))
                || (field.is("integer") && !has("maximum"))
                || (field.is("array") && !has("maxItems"));
            if free {
                without.push(format!("{} {}", name(&route), field.pointer()));
            }
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}
