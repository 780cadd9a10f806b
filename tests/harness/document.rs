//! Holds every answer that a test sees against the document of the API: its status, the problem's
//! code, the media type, and each field of the body.

use crate::caller::Answer;
use countinghouse_api::{platform::openapi, routes};
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

/// The document of the product's own routes.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| openapi::document(&routes::table()));

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Fails on an answer that the document does not list. What it does not know of at all, like a
/// route of the test's own, is passed over, and so is what a test's stub answers in the service's place.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    if answer.headers.contains_key("x-stub") {
        return;
    }
    let Some((pattern, operation)) = operation(method, path) else { return };
    let name = format!("{method} {pattern}");
    let listed = &operation["responses"][answer.status.to_string()];
    assert!(!listed.is_null(), "{name} does not list the status of {answer:?}");
    let response = resolve(listed);
    let Some(contents) = response["content"].as_object() else {
        assert!(answer.text.is_empty(), "{name} lists no body: {answer:?}");
        return;
    };
    let content = contents.get(answer.header("content-type"));
    let content = content.unwrap_or_else(|| panic!("{name} does not list the media type of {answer:?}"));
    if content["schema"]["format"] == "binary" {
        return;
    }
    if let Err(faults) = faults(&content["schema"], &answer.body) {
        panic!("{name} answers what its schema does not allow: {faults}: {answer:?}");
    }
    if let Some(codes) = response["x-codes"].as_array() {
        assert!(codes.contains(&answer.body["code"]), "{name} does not list the code of {answer:?}");
    }
}

/// What is wrong with a value, by a schema of the document.
pub fn faults(schema: &Value, value: &Value) -> Result<(), String> {
    let validator = Arc::clone(VALIDATORS.lock().expect("no panic").entry(schema.to_string()).or_insert_with(|| {
        let mut whole = schema.clone();
        whole["components"] = json!({"schemas": DOCUMENT["components"]["schemas"]});
        let options = jsonschema::options().should_validate_formats(true);
        Arc::new(options.build(&whole).unwrap_or_else(|error| panic!("{schema} is no schema: {error}")))
    }));
    let faults: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

/// What stands behind a reference within the document.
pub fn resolve(part: &Value) -> &Value {
    let pointer = part["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.map_or(part, |pointer| DOCUMENT.pointer(pointer).unwrap_or_else(|| panic!("nothing stands at {pointer}")))
}

/// The operation that a request reaches, with its path as the document has it: of two that fit, the
/// one with fewer holes.
fn operation(method: &Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let parts: Vec<_> = path.split('/').collect();
    let fits = |pattern: &&String| {
        let holes: Vec<_> = pattern.split('/').collect();
        holes.len() == parts.len()
            && holes.iter().zip(&parts).all(|(hole, part)| hole == part || (hole.starts_with('{') && !part.is_empty()))
    };
    let paths = DOCUMENT["paths"].as_object()?;
    let pattern = paths.keys().filter(fits).min_by_key(|pattern| pattern.matches('{').count())?;
    let operation = paths[pattern].get(method.as_str().to_lowercase())?;
    Some((pattern, operation))
}
