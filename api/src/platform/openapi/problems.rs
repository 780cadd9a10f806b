//! The answers that are problems: one for each status of an operation, shared by all that have the same.

use super::operation::header_refs;
use crate::platform::http::{Kind, Route, refusals};
use serde_json::{Map, Value, json};

/// An operation's problems by status, each group as the name of a shared response.
pub fn by_status(kinds: &[Kind]) -> Vec<(u16, String)> {
    groups(kinds).iter().map(|group| (group.first().map_or(500, |kind| kind.status), name(group))).collect()
}

/// All responses that [`by_status`] names.
pub fn responses(routes: &[Route]) -> Value {
    let mut responses = Map::new();
    for route in routes {
        for group in groups(&refusals::of(route)) {
            responses.entry(name(group)).or_insert_with(|| response(group));
        }
    }
    Value::Object(responses)
}

/// One problem of each kind.
pub fn examples(kinds: &[Kind]) -> Value {
    let examples = kinds.iter().map(|kind| {
        let value = json!({
            "type": format!("/problems/{}", kind.code),
            "title": kind.title,
            "status": kind.status,
            "detail": "What happened this time.",
            "code": kind.code,
            "request_id": "0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000",
        });
        (kind.code.to_owned(), json!({"summary": kind.title, "value": value}))
    });
    Value::Object(examples.collect())
}

/// They are sorted by status.
fn groups(kinds: &[Kind]) -> Vec<&[Kind]> {
    kinds.chunk_by(|one, next| one.status == next.status).collect()
}

fn name(group: &[Kind]) -> String {
    group.iter().map(|kind| kind.code).collect::<Vec<_>>().join(".")
}

fn response(group: &[Kind]) -> Value {
    let lines: Vec<_> = group.iter().map(|kind| format!("- `{}`: {}", kind.code, kind.title)).collect();
    let reference =
        |kind: &Kind| (kind.code.to_owned(), json!({"$ref": format!("#/components/examples/{}", kind.code)}));
    let late = group.iter().any(|kind| [429, 503].contains(&kind.status));
    json!({
        "description": lines.join("\n"),
        "headers": header_refs(if late { &["Retry-After"] } else { &[] }),
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": group.iter().map(reference).collect::<Map<_, _>>(),
        }},
        "x-codes": group.iter().map(|kind| kind.code).collect::<Vec<_>>(),
    })
}
