//! One operation of the document.

use super::{
    examples::{self, Whose},
    glossary, problems,
    schemas::{Made, Schemas},
};
use crate::platform::{
    http::{Access, Header, Repeats, Route, refusals},
    limits::RateClass,
    sheets::CSV,
};
use schemars::Schema;
use serde_json::{Map, Value, json};

/// An operation whose schemas still wait to be put together with all others.
pub struct Operation<'a> {
    route: &'a Route,
    query: Option<Schema>,
    body: Option<Schema>,
    form: Option<Schema>,
    answer: Option<Schema>,
}

/// What a route says of itself.
pub fn of<'a>(route: &'a Route, schemas: &mut Schemas) -> Operation<'a> {
    let signature = &route.signature;
    Operation {
        route,
        query: signature.query.map(|schema| schemas.input(schema)),
        body: signature.body.map(|schema| schemas.input(schema)),
        form: signature.form.map(|schema| schemas.input(schema)),
        answer: signature.answer.map(|schema| schemas.output(schema)),
    }
}

impl Operation<'_> {
    /// The operation with its schemas, as they are called in the end.
    pub fn finish(self, made: &Made) -> Value {
        let Self { route, query, body, form, answer } = self;
        let mut parameters = path_parameters(route);
        parameters.extend(headers_of(route));
        parameters.extend(query.into_iter().flat_map(|query| query_parameters(&made.input(query))));
        let form = form.map(|form| form_with_file(made.input(form)));
        let body = match route.signature.uploads {
            [] => body.map(|body| content(made.input(body), made, Whose::Request)).or(form),
            media_types => Some(files(media_types)),
        };
        let body = body.map(|content| json!({"required": true, "content": content}));
        let operation = json!({
            "operationId": operation_id(route),
            "summary": route.about,
            "tags": [tag(route.path)],
            "parameters": parameters,
            "responses": responses(route, answer.map(|answer| made.output(answer)), made),
            "security": security(route.access),
            "x-rate-class": rate_class(route.rate),
            "x-idempotency": if route.repeats == Repeats::Replayed { "replayed" } else { "none" },
        });
        let permission = route.access.permission().map(|permission| json!(permission.as_str()));
        with_members(operation, [("requestBody", body), ("x-permission", permission)])
    }
}

/// The good answer, and the problems by status.
fn responses(route: &Route, answer: Option<Value>, made: &Made) -> Value {
    let mut names = if route.repeats == Repeats::Replayed { vec!["Idempotency-Replayed"] } else { vec![] };
    if answer.as_ref().is_some_and(|schema| made.resolve(schema)["properties"].get("version").is_some()) {
        names.push("ETag");
    }
    let (downloads, in_parts) = (route.signature.downloads, route.signature.in_parts);
    let status = match (answer.is_some() || !downloads.is_empty(), route.creates) {
        (true, true) => "201",
        (true, false) => "200",
        (false, _) => "204",
    };
    if route.creates {
        names.push("Location");
    }
    if !downloads.is_empty() && downloads != ["text/event-stream"] {
        names.extend(if in_parts { &["ETag", "Accept-Ranges", "Content-Range"][..] } else { &["Content-Disposition"] });
    }
    let done = json!({"description": "Done.", "headers": header_refs(&names)});
    let content = match downloads {
        [] => answer.map(|schema| content(schema, made, Whose::Answer)),
        media_types => Some(files(media_types)),
    };
    let done = with_members(done, [("content", content)]);
    let reference = |name| json!({"$ref": format!("#/components/responses/{name}")});
    let problems = problems::by_status(&refusals::of(route)).into_iter();
    let all = problems.map(|(status, name)| (status.to_string(), reference(name)));
    let goes_on = route.goes_on.then(|| with_members(done.clone(), [("description", Some(json!("It goes on.")))]));
    let part = in_parts.then(|| {
        let nothing = json!({"description": "The caller has it already.", "headers": header_refs(&["ETag"])});
        let part = with_members(done.clone(), [("description", Some(json!("The part that was asked for.")))]);
        [("206".to_owned(), part), ("304".to_owned(), nothing)]
    });
    let good = goes_on.map(|answer| ("202".to_owned(), answer)).into_iter().chain([(status.to_owned(), done)]);
    let good = good.chain(part.into_iter().flatten());
    Value::Object(all.chain(good).collect::<Map<_, _>>())
}

fn content(schema: Value, made: &Made, whose: Whose) -> Value {
    let example = examples::of(&schema, made, whose);
    json!({"application/json": {"schema": schema, "example": example}})
}

/// A form of these fields, with its file.
fn form_with_file(fields: Value) -> Value {
    let mut properties = fields.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let about = "The picture: a JPEG, PNG or WebP of at most 10 MiB and 40 megapixels.";
    properties.insert("file".to_owned(), json!({"type": "string", "format": "binary", "description": about}));
    let schema = json!({"type": "object", "properties": without_nulls(properties), "required": ["file"],
        "additionalProperties": false});
    json!({"multipart/form-data": {"schema": schema, "example": {"file": "RIFF…"}}})
}

/// Fields of a form are texts, as in a query string.
fn without_nulls(properties: Map<String, Value>) -> Map<String, Value> {
    properties.into_iter().map(|(name, schema)| (name, without_null(&schema))).collect()
}

/// Files are bytes to the document.
fn files(media_types: &[&str]) -> Value {
    let file = |media_type: &&str| {
        let example = match *media_type {
            CSV => "sku,name,price\r\nLAMP-1,Desk lamp,39.90\r\n",
            "text/event-stream" => "id: 42\nevent: ready\ndata: {\"sequence\":42}\n\n",
            other if other.starts_with("image/") => "RIFF…",
            _ => "PK…",
        };
        ((*media_type).to_owned(), json!({"schema": {"type": "string", "format": "binary"}, "example": example}))
    };
    Value::Object(media_types.iter().map(file).collect())
}

/// An object with those members that there are.
fn with_members<const N: usize>(mut object: Value, members: [(&str, Option<Value>); N]) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.extend(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    object
}

/// `get_orders_by_id_invoices`: it stays, as paths do.
fn operation_id(route: &Route) -> String {
    let words = route.path.split('/').filter(|part| !part.is_empty()).map(|part| {
        let name = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        name.map_or_else(|| part.replace('-', "_"), |name| format!("by_{name}"))
    });
    let method = route.method.as_str().to_lowercase();
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn tag(path: &str) -> &str {
    path.split('/').find(|part| !part.is_empty()).unwrap_or("api")
}

fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::LoggedIn | Access::PersonNeeds(_) => json!([{"access_token": []}]),
        Access::Known | Access::Needs(_) => json!([{"access_token": []}, {"api_key": []}]),
        Access::Superadmin => json!([{"superadmin": []}]),
    }
}

fn rate_class(class: RateClass) -> &'static str {
    match class {
        RateClass::Read => "read",
        RateClass::Write => "write",
        RateClass::Upload => "upload",
        RateClass::Report => "report",
        RateClass::Search => "search",
        RateClass::LogIn => "log_in",
    }
}

fn path_parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let is_id = name == "id" || name.ends_with("_id");
        let schema = if is_id { json!({"type": "string", "format": "uuid"}) } else { json!({"type": "string"}) };
        let example = if is_id { Some(examples::ID) } else { glossary::example(name) };
        json!({"name": name, "in": "path", "required": true, "schema": schema, "example": example,
               "description": path_meaning(name)})
    };
    names.map(parameter).collect()
}

/// Parts of paths whose names mean something else in bodies, or nothing there.
fn path_meaning(name: &str) -> Option<&'static str> {
    match name {
        "code" => Some("The account's code."),
        "month" => Some("The month, like `2026-03`."),
        other => glossary::meaning(other),
    }
}

/// The headers that the handler reads, and the one for all that are replayed.
fn headers_of(route: &Route) -> Vec<Value> {
    let text = |header: &Header, schema: Value| {
        json!({"name": header.name, "in": "header", "required": false, "description": header.about,
               "schema": schema, "example": header.example})
    };
    let mut headers: Vec<_> =
        route.signature.headers.iter().map(|header| text(header, json!({"type": "string"}))).collect();
    if route.repeats == Repeats::Replayed {
        let about = "Sent again with the same key, it happens once and is answered the same; kept for a day.";
        let key = Header { name: "Idempotency-Key", about, example: "8e03978e-40d5-43e8-bc93-6894a57f9324" };
        let form =
            json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^\"?[!#-~]([ !#-~]*[!#-~])?\"?$"});
        headers.push(text(&key, form));
    }
    headers
}

/// Each property of the query's schema is a parameter.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({"name": name, "in": "query", "required": required(name), "description": description,
               "schema": without_null(&schema)})
    };
    schema["properties"].as_object().into_iter().flatten().map(parameter).collect()
}

/// A query string has no `null`: what is not meant is left out.
fn without_null(schema: &Value) -> Value {
    let other = |choices: &Vec<Value>| choices.iter().find(|choice| choice["type"] != "null").cloned();
    if let Some(choice) = schema["anyOf"].as_array().and_then(other) {
        return choice;
    }
    let first = schema["type"].as_array().and_then(|types| types.iter().find(|of| *of != "null").cloned());
    with_members(schema.clone(), [("type", first)])
}

/// What answers carry besides their body.
pub fn headers() -> Value {
    let header = |about: &str, of: &str| json!({"description": about, "schema": {"type": of}});
    json!({
        "X-Request-Id": header("The request's id, by which the log knows it.", "string"),
        "RateLimit": header("What is left of the quota, and when it is full again.", "string"),
        "RateLimit-Policy": header("The quota that the request was taken from.", "string"),
        "Retry-After": header("In how many seconds to try again.", "integer"),
        "ETag": header("The version, to be sent as `If-Match`.", "string"),
        "Accept-Ranges": header("`bytes`: a part of it can be asked for.", "string"),
        "Content-Disposition": header("The name of the file.", "string"),
        "Content-Range": header("Which part it is, where one was asked for.", "string"),
        "Location": header("Where the new thing is found.", "string"),
        "Idempotency-Replayed": header("`true` when this is the first answer again.", "string"),
    })
}

/// References to the headers of every answer, and to these.
pub fn header_refs(names: &[&str]) -> Value {
    let all = ["X-Request-Id", "RateLimit", "RateLimit-Policy"].iter().chain(names);
    let reference = |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    Value::Object(all.map(reference).collect())
}
