//! Which entries are wanted.

use crate::platform::{
    audit::Action,
    http::{Dates, Invalid, Text},
};
use uuid::Uuid;

const ACTORS: [&str; 5] = ["user", "api_key", "worker", "superadmin", "operator"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedActor {
    Id(Uuid),
    Kind(&'static str),
}

/// What a list shows; whatever is not named is all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actor: Option<WantedActor>,
    /// Any of these.
    pub actions: Option<Vec<&'static str>>,
    pub resource_id: Option<String>,
    pub dates: Dates,
}

impl Filter {
    pub fn new(
        actor: Option<&str>,
        action: Option<&str>,
        resource: Option<&str>,
        dates: Dates,
    ) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        let mut filter = Self { dates, ..Self::default() };
        if let Some(text) = actor {
            filter.actor = wanted_actor(text);
            if filter.actor.is_none() {
                invalid.add("/actor", "unknown_actor", format!("An id, or one of {}.", ACTORS.join(", ")));
            }
        }
        if let Some(text) = resource {
            let (kind, id) = text.split_once(':').map_or((text, None), |(kind, id)| (kind, Some(id)));
            filter.actions = Some(of_kind(kind));
            if filter.actions.as_ref().is_some_and(Vec::is_empty) {
                invalid.add("/resource", "unknown_resource", "A kind, like `user`, or one thing, like `user:<id>`.");
            }
            if let Some(id) = id {
                invalid.text("/resource", id, &Text::line(1..=100));
                filter.resource_id = Some(id.to_owned());
            }
        }
        if let Some(text) = action {
            match Action::from_text(text) {
                None => invalid.add("/action", "unknown_action", "An action, like `user.changed`."),
                Some(action) => {
                    let of_resource = filter.actions.take();
                    let both = of_resource.is_none_or(|actions| actions.contains(&action.as_str()));
                    filter.actions = Some(if both { vec![action.as_str()] } else { Vec::new() });
                }
            }
        }
        invalid.finish()?;
        Ok(filter)
    }
}

fn wanted_actor(text: &str) -> Option<WantedActor> {
    let kind = ACTORS.into_iter().find(|kind| *kind == text).map(WantedActor::Kind);
    kind.or_else(|| text.parse().ok().map(WantedActor::Id))
}

/// The actions on things of this kind.
fn of_kind(kind: &str) -> Vec<&'static str> {
    let all = Action::ALL.iter().map(|action| action.as_str());
    all.filter(|text| text.split_once('.').is_some_and(|(thing, _)| thing == kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(actor: Option<&str>, action: Option<&str>, resource: Option<&str>) -> Result<Filter, Invalid> {
        Filter::new(actor, action, resource, Dates::default())
    }

    #[test]
    fn a_resource_is_a_kind_or_one_thing_of_it() {
        let kind = filter(None, None, Some("role")).unwrap();
        assert_eq!(kind.actions, Some(vec!["role.created", "role.changed", "role.deleted"]));
        let one = filter(None, None, Some("role:a:b")).unwrap();
        assert_eq!((one.actions, one.resource_id.as_deref()), (kind.actions, Some("a:b")));
        let narrowed = filter(None, Some("role.deleted"), Some("role:a")).unwrap();
        assert_eq!(narrowed.actions, Some(vec!["role.deleted"]));
        assert_eq!(filter(None, Some("user.deleted"), Some("role")).unwrap().actions, Some(Vec::new()));
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for (actor, action, resource) in [
            (Some("somebody"), None, None),
            (Some(""), None, None),
            (None, Some("user"), None),
            (None, Some("user.changed "), None),
            (None, None, Some("users")),
            (None, None, Some("user:")),
            (None, None, Some("user:\u{1}")),
        ] {
            assert!(filter(actor, action, resource).is_err(), "{actor:?} {action:?} {resource:?}");
        }
        assert_eq!(filter(Some("worker"), None, None).unwrap().actor, Some(WantedActor::Kind("worker")));
    }
}
