//! Examples of whole bodies, put together from those of their fields.

use super::schemas::Made;
use serde_json::{Map, Value, json};

/// An id that may stand for any.
pub const ID: &str = "0199aaaa-1111-7222-8333-444455556666";

/// Answers show all their fields; of what a request may leave out, only those with an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Request,
    Answer,
}

/// A value of this schema.
pub fn of(schema: &Value, made: &Made, whose: Whose) -> Value {
    let schema = &all_of(schema, made);
    if let Some(first) = schema["examples"].get(0).or_else(|| schema["enum"].get(0)) {
        return first.clone();
    }
    if let Some(only) = schema.get("const") {
        return only.clone();
    }
    let choices = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
    if let Some(choice) = choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")) {
        return of(choice, made, whose);
    }
    match kind(schema) {
        "object" => object(schema, made, whose),
        "array" => json!([of(&schema["items"], made, whose)]),
        "string" => text(schema["format"].as_str().unwrap_or_default()),
        "integer" => schema.get("minimum").filter(|least| **least != 0).cloned().unwrap_or(json!(1)),
        "boolean" => json!(false),
        _ => Value::Null,
    }
}

/// The schema that is meant: behind a reference, with what stands beside it.
fn all_of(schema: &Value, made: &Made) -> Value {
    let mut meant = made.resolve(schema).clone();
    if let (Some(meant), Some(beside)) = (meant.as_object_mut(), schema.as_object()) {
        meant
            .extend(beside.iter().filter(|(name, _)| *name != "$ref").map(|(name, part)| (name.clone(), part.clone())));
    }
    meant
}

fn kind(schema: &Value) -> &str {
    let types = schema["type"].as_array();
    let first = types.and_then(|types| types.iter().find_map(|of| of.as_str().filter(|of| *of != "null")));
    first.or_else(|| schema["type"].as_str()).unwrap_or_default()
}

fn object(schema: &Value, made: &Made, whose: Whose) -> Value {
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
    let shown = |name: &str, field: &Value| whose == Whose::Answer || required(name) || field.get("examples").is_some();
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields = fields.filter(|(name, field)| shown(name, field));
    Value::Object(fields.map(|(name, field)| (name.clone(), of(field, made, whose))).collect::<Map<_, _>>())
}

fn text(format: &str) -> Value {
    match format {
        "uuid" => json!(ID),
        "date" => json!("2026-03-31"),
        "date-time" => json!("2026-03-31T09:30:00Z"),
        "decimal" => json!("10.00"),
        _ => json!(""),
    }
}
