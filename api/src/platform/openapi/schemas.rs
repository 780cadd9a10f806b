//! The schemas of all bodies and answers, under one name each.
//!
//! A type that is both sent and answered may look different either way: what may be left out of a
//! request is always there in an answer. It has two schemas then, and that of requests is called
//! `…Input`.

use super::glossary;
use crate::platform::http::SchemaOf;
use countinghouse_contract::Problem;
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Where the document keeps schemas.
const PLACE: &str = "#/components/schemas/";

/// Collects schemas.
pub struct Schemas {
    inputs: SchemaGenerator,
    outputs: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let mut outputs = settings.clone().for_serialize().into_generator();
        outputs.subschema_for::<Problem>();
        Self { inputs: settings.for_deserialize().into_generator(), outputs }
    }
}

impl Schemas {
    /// The schema of what is sent.
    pub fn input(&mut self, of: SchemaOf) -> Schema {
        of(&mut self.inputs)
    }

    /// The schema of what is answered.
    pub fn output(&mut self, of: SchemaOf) -> Schema {
        of(&mut self.outputs)
    }

    /// Gives everything its name in the end.
    pub fn finish(mut self) -> Made {
        let mut inputs = self.inputs.take_definitions(true);
        let outputs = self.outputs.take_definitions(true);
        let mut renamed = BTreeSet::new();
        // A type that names another with two schemas has two itself, so this is repeated.
        loop {
            let different = |(name, schema): &(&String, &Value)| {
                let said = rename((*schema).clone(), &renamed);
                outputs.get(*name).is_some_and(|other| *other != said) && !renamed.contains(*name)
            };
            let found: Vec<String> = inputs.iter().filter(different).map(|(name, _)| name.clone()).collect();
            if found.is_empty() {
                break;
            }
            renamed.extend(found);
        }
        let mut components = outputs;
        for (name, schema) in std::mem::take(&mut inputs) {
            let name = if renamed.contains(&name) { format!("{name}Input") } else { name };
            components.insert(name, rename(schema, &renamed));
        }
        for schema in components.values_mut() {
            say_what_fields_mean(schema);
        }
        Made { components, renamed }
    }
}

/// All schemas, and which of the inputs have a name of their own.
pub struct Made {
    components: Map<String, Value>,
    renamed: BTreeSet<String>,
}

impl Made {
    pub fn components(&self) -> &Map<String, Value> {
        &self.components
    }

    pub fn input(&self, schema: Schema) -> Value {
        let mut schema = rename(schema.to_value(), &self.renamed);
        say_what_fields_mean(&mut schema);
        schema
    }

    pub fn output(&self, schema: Schema) -> Value {
        schema.to_value()
    }

    /// The schema that a reference leads to, or the schema itself.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|place| place.strip_prefix(PLACE));
        name.and_then(|name| self.components.get(name)).unwrap_or(schema)
    }
}

/// The schema with its references to these changed.
fn rename(mut schema: Value, renamed: &BTreeSet<String>) -> Value {
    for_each(&mut schema, &mut |part| {
        let name = part["$ref"].as_str().and_then(|place| place.strip_prefix(PLACE)).map(str::to_owned);
        if let Some(name) = name.filter(|name| renamed.contains(name)) {
            part["$ref"] = json!(format!("{PLACE}{name}Input"));
        }
    });
    schema
}

/// Adds to the fields what the glossary says of their names.
fn say_what_fields_mean(schema: &mut Value) {
    for_each(schema, &mut |part| {
        for (name, field) in part.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            if *field == json!(true) {
                *field = json!({});
            }
            let Some(field) = field.as_object_mut() else { continue };
            if let Some(meaning) = glossary::meaning(name) {
                field.entry("description").or_insert_with(|| json!(meaning));
            }
            let Some(example) = glossary::example(name).filter(|_| takes_text(field)) else { continue };
            let of_list = field.get("type").is_some_and(|of| names(of, "array"));
            field.entry("examples").or_insert_with(|| if of_list { json!([[example]]) } else { json!([example]) });
        }
    });
}

/// Whether a field is a text, or a list of texts, of any form.
fn takes_text(field: &Map<String, Value>) -> bool {
    let text = |field: &Map<String, Value>| field.get("type").is_some_and(|of| names(of, "string"));
    let closed = |field: &Map<String, Value>| {
        field.contains_key("enum") || field.get("format").is_some_and(|format| format != "decimal")
    };
    let items = field.get("items").and_then(Value::as_object);
    [Some(field), items].into_iter().flatten().any(|field| text(field) && !closed(field))
}

fn names(of: &Value, name: &str) -> bool {
    of == name || of.as_array().is_some_and(|types| types.contains(&json!(name)))
}

fn for_each(value: &mut Value, act: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Object(_) => {
            act(value);
            value.as_object_mut().into_iter().flatten().for_each(|(_, part)| for_each(part, act));
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| for_each(part, act)),
        _ => {}
    }
}
