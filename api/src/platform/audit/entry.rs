//! An entry of the audit log: who did what to what, with what differs.

use super::Action;
use crate::platform::authn::{Credential, PlatformCtx, Principal};
use countinghouse_contract::{ApiKeyId, SuperadminId, UserId};
use serde_json::{Map, Value};
use std::fmt::Display;
use uuid::Uuid;

/// In place of a value that differs and is not for the log: a secret, or what erasing a person has
/// to remove.
const HIDDEN: &str = "***";

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    User(UserId),
    ApiKey(ApiKeyId),
    /// A job of the service.
    Worker,
    Superadmin(SuperadminId),
    /// The command line, on the service's own machine.
    Operator,
}

impl Actor {
    pub fn of(principal: &Principal) -> Self {
        match principal.credential {
            Credential::Session { .. } => Self::User(principal.user_id),
            Credential::ApiKey { key, .. } => Self::ApiKey(key),
            // In the name of a user, or of nobody.
            Credential::Worker { .. } if principal.user_id.0.is_nil() => Self::Worker,
            Credential::Worker { .. } => Self::User(principal.user_id),
            Credential::Superadmin { superadmin, .. } => Self::Superadmin(superadmin),
        }
    }

    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::ApiKey(_) => "api_key",
            Self::Worker => "worker",
            Self::Superadmin(_) => "superadmin",
            Self::Operator => "operator",
        }
    }

    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(id.0),
            Self::ApiKey(id) => Some(id.0),
            Self::Superadmin(id) => Some(id.0),
            Self::Worker | Self::Operator => None,
        }
    }
}

impl From<&PlatformCtx> for Actor {
    fn from(ctx: &PlatformCtx) -> Self {
        Self::Superadmin(ctx.superadmin_id())
    }
}

/// What was done, to what. Values are objects of what matters for money and rights; ids, never
/// names or addresses of customers.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) action: Action,
    pub(super) resource_id: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

impl Entry {
    pub fn new(action: Action, resource: impl Display) -> Self {
        Self { action, resource_id: resource.to_string(), before: None, after: None }
    }

    /// How it was.
    pub fn before(self, value: Value) -> Self {
        Self { before: Some(value), ..self }
    }

    /// How it is now.
    pub fn after(self, value: Value) -> Self {
        Self { after: Some(value), ..self }
    }

    /// Of two objects, the members that differ.
    pub fn changed(self, before: Value, after: Value) -> Self {
        let (Value::Object(before), Value::Object(after)) = (before, after) else {
            return self;
        };
        let differing = |one: &Map<String, Value>, other: &Map<String, Value>| {
            one.iter()
                .filter(|(name, value)| other.get(*name) != Some(value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        let (was, is) = (differing(&before, &after), differing(&after, &before));
        Self { before: Some(Value::Object(was)), after: Some(Value::Object(is)), ..self }
    }

    /// One more member of how it is now.
    pub fn noting(mut self, name: &str, value: Value) -> Self {
        if let Some(after) = self.after.as_mut().and_then(Value::as_object_mut) {
            after.insert(name.to_owned(), value);
        }
        self
    }

    /// Members whose values are not for the log: that they differ, or that there is one, is.
    pub fn hiding(mut self, names: &[&str]) -> Self {
        for object in [&mut self.before, &mut self.after].into_iter().flatten().filter_map(Value::as_object_mut) {
            for (name, value) in object.iter_mut() {
                if names.contains(&name.as_str()) && !value.is_null() {
                    *value = Value::from(HIDDEN);
                }
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_kept_and_what_is_hidden_is_seen_to_differ() {
        let before = json!({"role": "sales", "email": null, "disabled": false, "note": "a"});
        let after = json!({"role": "owner", "email": "a@example.com", "disabled": false, "note": "b"});
        let entry = Entry::new(Action::UserChanged, "x").changed(before, after).hiding(&["email", "note"]);
        assert_eq!(entry.before, Some(json!({"role": "sales", "email": null, "note": HIDDEN})));
        assert_eq!(entry.after, Some(json!({"role": "owner", "email": HIDDEN, "note": HIDDEN})));
    }
}
