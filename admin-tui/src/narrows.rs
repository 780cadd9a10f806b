//! What a list is narrowed to at the service, before `/` picks from what came: `:tenant north`, `:status queued`.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// How long an id is.
const ID: usize = 36;

/// A way to narrow a list.
#[derive(Debug, Clone, Copy)]
pub struct Narrow {
    /// As it is typed behind `:`.
    pub name: &'static str,
    /// All that it can be; empty: any text.
    pub values: &'static [&'static str],
}

/// What a list is narrowed to now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrows(BTreeMap<&'static str, String>);

impl Narrows {
    pub fn to(name: &'static str, value: impl Into<String>) -> Self {
        Self::default().with(name, value)
    }

    /// With this too; an empty value takes it away.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if value.is_empty() {
            self.0.remove(name)
        } else {
            self.0.insert(name, value)
        };
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One of the words that a type of the contract is written with.
    pub fn word<T: DeserializeOwned>(&self, narrow: &Narrow) -> Result<Option<T>, String> {
        let Some(value) = self.get(narrow.name) else { return Ok(None) };
        let word = serde_json::from_value(Value::String(value.to_owned()));
        word.map(Some).map_err(|_| format!("{} is one of: {}.", narrow.name, narrow.values.join(", ")))
    }

    /// As the title of the list says it; an id by its end, which tells it from others.
    pub fn said(&self) -> String {
        let short = |value: &str| match value.rsplit_once('-') {
            Some((_, end)) if value.len() == ID => format!("…{end}"),
            _ => value.to_owned(),
        };
        self.0.iter().map(|(name, value)| format!("· {name} {} ", short(value))).collect()
    }
}
