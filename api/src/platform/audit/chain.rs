//! The chain of seals: what an entry is sealed with, and where a chain begins and ends.
//!
//! The seal of entry n is an HMAC-SHA-256 of the chain's owner, n, the seal of n − 1 and everything
//! in the entry; its key is kept as an envelope, so that who holds the database alone can make none.
//! The end of a chain has a MAC of its own: without it, cutting off the last entries would only need
//! the seal that stands there to be called the last one.

use crate::platform::crypto::{Place, Secret};
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

pub type Seal = [u8; 32];

/// Before the first entry there is none.
const FIRST: Seal = [0; 32];

/// The MAC of an end that is not to be trusted any more; no key gives it.
const BROKEN: Seal = [0; 32];

/// Everything in an entry, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub created_at: DateTime<Utc>,
    pub id: Uuid,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub action: String,
    pub resource_id: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// In the operator's own log, the client that it was done to.
    pub client_id: Option<Uuid>,
}

/// Where a chain ends and, after a purge, where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    pub last_sequence: i64,
    pub last_seal: Seal,
    pub purged_through: i64,
    pub purged_seal: Seal,
}

impl Ends {
    pub const NEW: Self = Self { last_sequence: 0, last_seal: FIRST, purged_through: 0, purged_seal: FIRST };
}

/// The key of one chain.
pub struct SealingKey {
    owner: Uuid,
    key: hmac::Key,
}

impl SealingKey {
    /// `owner` is the client, or nil for the operator.
    pub fn new(owner: Uuid, secret: &Secret<Vec<u8>>) -> Self {
        Self { owner, key: hmac::Key::new(hmac::HMAC_SHA256, secret.expose()) }
    }

    /// Where the key itself is kept.
    pub fn place(owner: Uuid) -> Place<'static> {
        let table = if owner.is_nil() { "platform_audit_chain" } else { "audit_chains" };
        Place { tenant: owner, table, column: "sealing_key", row: owner }
    }

    /// The seal of an entry that stands behind another.
    pub fn seal(&self, sequence: i64, previous: &Seal, entry: &Stored) -> Seal {
        let json = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        let mut parts = Parts::new(&self.key, "entry", self.owner);
        parts.add(&sequence.to_be_bytes());
        parts.add(previous);
        parts.add(&entry.created_at.timestamp_micros().to_be_bytes());
        parts.add(entry.id.as_bytes());
        parts.add(entry.actor_kind.as_bytes());
        parts.add_some(entry.actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        parts.add(entry.action.as_bytes());
        parts.add(entry.resource_id.as_bytes());
        parts.add_some(json(&entry.before).as_ref().map(String::as_bytes));
        parts.add_some(json(&entry.after).as_ref().map(String::as_bytes));
        parts.add_some(entry.client_id.as_ref().map(|id| id.as_bytes().as_slice()));
        parts.finish()
    }

    pub fn mac(&self, ends: &Ends) -> Seal {
        let mut parts = Parts::new(&self.key, "ends", self.owner);
        parts.add(&ends.last_sequence.to_be_bytes());
        parts.add(&ends.last_seal);
        parts.add(&ends.purged_through.to_be_bytes());
        parts.add(&ends.purged_seal);
        parts.finish()
    }
}

/// Parts of a message, each behind its length, so that none runs into the next.
struct Parts(hmac::Context);

impl Parts {
    fn new(key: &hmac::Key, what: &str, owner: Uuid) -> Self {
        let mut parts = Self(hmac::Context::with_key(key));
        parts.add(b"countinghouse audit 1");
        parts.add(what.as_bytes());
        parts.add(owner.as_bytes());
        parts
    }

    fn add(&mut self, part: &[u8]) {
        // A slice is never longer than that.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.0.update(&length.to_be_bytes());
        self.0.update(part);
    }

    /// What is missing differs from what is empty.
    fn add_some(&mut self, part: Option<&[u8]>) {
        self.add(if part.is_some() { &[1] } else { &[0] });
        self.add(part.unwrap_or_default());
    }

    fn finish(self) -> Seal {
        let mut seal = [0; 32];
        seal.iter_mut().zip(self.0.sign().as_ref()).for_each(|(to, from)| *to = *from);
        seal
    }
}

/// A chain whose end is held, to be added to.
pub struct Chain {
    key: SealingKey,
    ends: Ends,
    intact: bool,
}

impl Chain {
    pub fn new(key: SealingKey, ends: Ends, mac: &[u8]) -> Self {
        let intact = verify_slices_are_equal(&key.mac(&ends), mac).is_ok();
        if !intact {
            tracing::error!(owner = %key.owner, "the end of an audit chain was changed by somebody else");
        }
        Self { key, ends, intact }
    }

    pub fn key(&self) -> &SealingKey {
        &self.key
    }

    pub fn ends(&self) -> &Ends {
        &self.ends
    }

    /// Whether nobody else has moved its end.
    pub fn is_intact(&self) -> bool {
        self.intact
    }

    /// The number and the seal of one more entry.
    pub fn append(&mut self, entry: &Stored) -> (i64, Seal) {
        let sequence = self.ends.last_sequence.saturating_add(1);
        let seal = self.key.seal(sequence, &self.ends.last_seal, entry);
        self.ends = Ends { last_sequence: sequence, last_seal: seal, ..self.ends };
        (sequence, seal)
    }

    /// Says that everything up to this entry is gone for good.
    pub fn purge(&mut self, through: i64, seal: Seal) {
        self.ends = Ends { purged_through: through, purged_seal: seal, ..self.ends };
    }

    /// The MAC of the end as it is now. An end that somebody else has moved gets none: work goes on,
    /// and the tampering stays to be seen.
    pub fn mac(&self) -> Seal {
        if self.intact { self.key.mac(&self.ends) } else { BROKEN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(owner: Uuid) -> SealingKey {
        SealingKey::new(owner, &Secret::new(vec![7; 32]))
    }

    fn entry() -> Stored {
        Stored {
            created_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            id: Uuid::max(),
            actor_kind: "user".to_owned(),
            actor_id: Some(Uuid::max()),
            action: "user.changed".to_owned(),
            resource_id: "r".to_owned(),
            before: Some(json!({"a": 1, "b": "x"})),
            after: None,
            client_id: None,
        }
    }

    #[test]
    fn a_seal_is_of_everything_in_its_entry_and_of_its_place() {
        let sealed = key(Uuid::nil()).seal(1, &FIRST, &entry());
        assert_eq!(key(Uuid::nil()).seal(1, &FIRST, &entry()), sealed);
        let changes: [fn(&mut Stored); 10] = [
            |e| e.created_at += chrono::Duration::microseconds(1),
            |e| e.id = Uuid::nil(),
            |e| e.actor_kind = "worker".to_owned(),
            |e| e.actor_id = None,
            |e| e.action.push('x'),
            |e| e.resource_id.clear(),
            |e| e.before = Some(json!({"a": 2, "b": "x"})),
            |e| e.before = None,
            |e| e.after = Some(Value::Null),
            |e| e.client_id = Some(Uuid::nil()),
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(key(Uuid::nil()).seal(1, &FIRST, &changed), sealed, "change {at}");
        }
        assert_ne!(key(Uuid::nil()).seal(2, &FIRST, &entry()), sealed);
        assert_ne!(key(Uuid::nil()).seal(1, &[1; 32], &entry()), sealed);
        assert_ne!(key(Uuid::max()).seal(1, &FIRST, &entry()), sealed);
        assert_ne!(SealingKey::new(Uuid::nil(), &Secret::new(vec![8; 32])).seal(1, &FIRST, &entry()), sealed);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let (one, other) = (
            Stored { action: "a.bc".to_owned(), resource_id: "d".to_owned(), ..entry() },
            Stored { action: "a.b".to_owned(), resource_id: "cd".to_owned(), ..entry() },
        );
        assert_ne!(key(Uuid::nil()).seal(1, &FIRST, &one), key(Uuid::nil()).seal(1, &FIRST, &other));
    }

    #[test]
    fn an_end_that_was_moved_never_gets_a_mac_again() {
        let mut chain = Chain::new(key(Uuid::nil()), Ends::NEW, &key(Uuid::nil()).mac(&Ends::NEW));
        chain.append(&entry());
        let (ends, mac) = (*chain.ends(), chain.mac());
        assert_eq!(mac, key(Uuid::nil()).mac(&ends));
        let moved = Ends { last_sequence: 0, last_seal: FIRST, ..ends };
        let mut chain = Chain::new(key(Uuid::nil()), moved, &mac);
        chain.append(&entry());
        assert_eq!(chain.mac(), BROKEN);
        assert_eq!(Chain::new(key(Uuid::nil()), *chain.ends(), &chain.mac()).mac(), BROKEN);
    }
}
