//! The orders that the ERP has. Each is known by its number, and each version of it by the key that it came with.

use super::{
    Options,
    order::{Order, Version, What},
    payload::Payload,
};
use crate::platform::{
    clock::Clock,
    crypto::sha256,
    ids::{Ids, NoRandomness, SystemRandomness},
};
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// What is kept of one order.
const MOST_VERSIONS: usize = 50;
/// What an order takes beside its payloads, roughly.
const OVERHEAD: usize = 2048;

pub struct Orders {
    by_number: HashMap<String, Order>,
    /// To the order's number.
    by_key: HashMap<String, String>,
    by_reference: HashMap<String, String>,
    /// Numbers, the oldest first.
    arrived: VecDeque<String>,
    bytes: usize,
    most_bytes: usize,
    ignore_keys: bool,
    /// References tell the runs of the mock apart.
    run: String,
    made: u64,
}

/// The same key with another body.
#[derive(Debug)]
pub struct KeyReused;

impl Orders {
    pub fn new(options: &Options, clock: &Arc<dyn Clock>) -> Result<Self, NoRandomness> {
        let random = Ids::new(Arc::clone(clock), Arc::new(SystemRandomness)).random_bytes::<2>()?;
        let most_bytes = usize::try_from(options.keep).unwrap_or(usize::MAX).saturating_mul(1 << 20);
        Ok(Self::with(most_bytes, options.ignore_keys, format!("{:04X}", u16::from_be_bytes(random))))
    }

    fn with(most_bytes: usize, ignore_keys: bool, run: String) -> Self {
        Self {
            by_number: HashMap::new(),
            by_key: HashMap::new(),
            by_reference: HashMap::new(),
            arrived: VecDeque::new(),
            bytes: 0,
            most_bytes,
            ignore_keys,
            run,
            made: 0,
        }
    }

    pub fn clear(&mut self) {
        let (run, made) = (std::mem::take(&mut self.run), self.made);
        *self = Self { made, ..Self::with(self.most_bytes, self.ignore_keys, run) };
    }

    /// Takes an order in; answers its reference, and what it was to the ERP.
    pub fn receive(
        &mut self,
        key: &str,
        payload: &Payload,
        body: &RawValue,
        now: DateTime<Utc>,
    ) -> Result<(String, What), KeyReused> {
        let digest = sha256(body.get().as_bytes());
        if let Some(order) = self.by_key.get(key).and_then(|number| self.by_number.get_mut(number)) {
            let Some(version) = order.versions.iter_mut().find(|version| version.idempotency_key == key) else {
                return Err(KeyReused);
            };
            if version.digest != digest && !self.ignore_keys {
                return Err(KeyReused);
            }
            version.received = version.received.saturating_add(1);
            let what = if self.ignore_keys { What::CreatedAgain } else { What::Repeated };
            order.note(what, key, now);
            return Ok((order.erp_reference.clone(), what));
        }
        let version = Version {
            idempotency_key: key.to_owned(),
            order_version: payload.order_version,
            first_received_at: now,
            received: 1,
            payload: Arc::from(body.to_owned()),
            digest,
        };
        let kept = self.keep(version, payload, now);
        self.forget_the_oldest();
        Ok(kept)
    }

    fn keep(&mut self, version: Version, payload: &Payload, now: DateTime<Utc>) -> (String, What) {
        let (number, key) = (payload.order_increment_id.clone(), version.idempotency_key.clone());
        let size = version.size();
        self.by_key.insert(key.clone(), number.clone());
        let what = if self.by_number.contains_key(&number) { What::Updated } else { What::Created };
        if what == What::Created {
            self.made += 1;
            let reference = format!("ERP-{}-{:06}", self.run, self.made);
            self.by_reference.insert(reference.clone(), number.clone());
            self.arrived.push_back(number.clone());
            self.bytes += OVERHEAD;
            self.by_number.insert(number.clone(), Order::new(reference, number.clone(), now));
        }
        self.bytes += size;
        let Some(order) = self.by_number.get_mut(&number) else { return (String::new(), what) };
        order.bytes += size;
        (order.grand_total, order.items) = (payload.grand_total.clone(), payload.items);
        (order.currency, order.sender_status) = (payload.currency.clone(), payload.status.clone());
        order.versions.push_back(version);
        order.note(what, &key, now);
        if order.versions.len() > MOST_VERSIONS
            && let Some(gone) = order.versions.pop_front()
        {
            order.bytes -= gone.size();
            self.bytes -= gone.size();
            self.by_key.remove(&gone.idempotency_key);
        }
        (order.erp_reference.clone(), what)
    }

    /// Never the one that came last.
    fn forget_the_oldest(&mut self) {
        while self.bytes > self.most_bytes && self.arrived.len() > 1 {
            let Some(order) = self.arrived.pop_front().and_then(|number| self.by_number.remove(&number)) else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(order.bytes + OVERHEAD);
            self.by_reference.remove(&order.erp_reference);
            for version in &order.versions {
                self.by_key.remove(&version.idempotency_key);
            }
        }
    }

    pub fn by_key(&self, key: &str) -> Option<&Order> {
        self.by_number.get(self.by_key.get(key)?)
    }

    pub fn by_number(&self, number: &str) -> Option<&Order> {
        self.by_number.get(number)
    }

    pub fn by_reference(&self, reference: &str) -> Option<&Order> {
        self.by_number.get(self.by_reference.get(reference)?)
    }

    /// What came of a callback.
    pub fn called_back(&mut self, reference: &str, status: &str, is_accepted: bool, now: DateTime<Utc>) {
        let number = self.by_reference.get(reference);
        if let Some(order) = number.and_then(|number| self.by_number.get_mut(number)) {
            let what = if is_accepted { What::CalledBack } else { What::CallbackFailed };
            status.clone_into(&mut order.status);
            order.note(what, status, now);
        }
    }

    /// The last that changed first.
    pub fn newest(&self, most: usize) -> Vec<Order> {
        let mut orders: Vec<_> = self.by_number.values().collect();
        orders.sort_by(|a, b| (b.changed_at, &b.erp_reference).cmp(&(a.changed_at, &a.erp_reference)));
        orders.into_iter().take(most).cloned().collect()
    }

    pub fn len(&self) -> usize {
        self.by_number.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::order::MOST_HISTORY, *};

    fn receive(orders: &mut Orders, number: &str, key: &str, body: &str) -> Result<(String, What), KeyReused> {
        let payload = Payload::read(
            format!(r#"{{"order_increment_id": "{number}", "items": [], "totals": {{"grand_total": 1}}}}"#).as_bytes(),
        )
        .unwrap();
        let raw = RawValue::from_string(format!("{body:?}")).unwrap();
        orders.receive(key, &payload, &raw, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn the_oldest_orders_are_forgotten_with_their_keys() {
        let mut orders = Orders::with(1 << 20, false, "0".to_owned());
        let body = "x".repeat(10_000);
        let references: Vec<_> = (0..1000)
            .map(|number| receive(&mut orders, &format!("SO-{number}"), &format!("K{number}"), &body).unwrap().0)
            .collect();
        assert!((50..100).contains(&orders.len()), "{}", orders.len());
        assert!(orders.bytes <= 1 << 20 && orders.arrived.len() == orders.len());
        assert_eq!([orders.by_key.len(), orders.by_reference.len()], [orders.len(), orders.len()]);
        assert!(orders.by_key("K0").is_none() && orders.by_reference(&references[0]).is_none());
        assert_eq!(orders.by_key("K999").unwrap().erp_reference, references[999]);
        let kept: usize = orders.by_number.values().map(|order| order.bytes + OVERHEAD).sum();
        assert_eq!(orders.bytes, kept);
        orders.clear();
        assert_eq!((orders.len(), orders.bytes), (0, 0));
        let (anew, what) = receive(&mut orders, "SO-0", "K0", "x").unwrap();
        assert!(what == What::Created && !references.contains(&anew));
    }

    #[test]
    fn one_order_keeps_its_last_versions_and_one_too_large_for_all_is_kept_alone() {
        let mut orders = Orders::with(1 << 20, false, "0".to_owned());
        for version in 0..MOST_VERSIONS + 300 {
            receive(&mut orders, "SO-1", &format!("K{version}"), "x").unwrap();
        }
        let order = orders.by_number("SO-1").unwrap();
        assert_eq!((order.versions.len(), order.history.len(), order.created), (MOST_VERSIONS, MOST_HISTORY, 1));
        assert_eq!((orders.by_key.len(), orders.bytes), (MOST_VERSIONS, order.bytes + OVERHEAD));
        receive(&mut orders, "SO-2", "L", &"x".repeat(2 << 20)).unwrap();
        assert_eq!((orders.len(), orders.by_key.len()), (1, 1));
        assert!(orders.by_number("SO-2").is_some());
    }

    #[test]
    fn a_key_names_one_body() {
        let mut orders = Orders::with(1 << 20, false, "0".to_owned());
        let (reference, _) = receive(&mut orders, "SO-1", "K", "x").unwrap();
        assert_eq!(receive(&mut orders, "SO-1", "K", "x").unwrap(), (reference.clone(), What::Repeated));
        assert!(receive(&mut orders, "SO-1", "K", "y").is_err() && receive(&mut orders, "SO-2", "K", "z").is_err());
        assert_eq!(receive(&mut orders, "SO-1", "L", "x").unwrap(), (reference, What::Updated));
        assert_eq!(orders.len(), 1);
    }
}
