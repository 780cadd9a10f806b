//! Nobody's pictures take all places: a client has half of them at most at a time, so that others find one too,
//! however many large pictures somebody sends.

use super::{super::pool, PictureError};
use countinghouse_contract::TenantId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many places each client has; cheap to clone.
#[derive(Clone)]
pub struct Shares {
    most: usize,
    taken: Arc<Mutex<HashMap<TenantId, usize>>>,
}

/// A place on a thread or in the queue, which counts as a client's until it is dropped.
pub struct Place {
    pub(super) place: pool::Place,
    pub(super) share: Share,
}

/// One of a client's.
pub struct Share {
    shares: Shares,
    tenant: TenantId,
}

impl Shares {
    pub fn of(places: usize) -> Self {
        Self { most: (places / 2).max(1), taken: Arc::default() }
    }

    pub fn take(&self, tenant: TenantId) -> Result<Share, PictureError> {
        let mut taken = self.taken();
        let count = taken.entry(tenant).or_default();
        if *count >= self.most {
            return Err(PictureError::Busy);
        }
        *count = count.saturating_add(1);
        Ok(Share { shares: self.clone(), tenant })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        let left = taken.get(&self.tenant).map_or(0, |count| count.saturating_sub(1));
        // Who has none takes no memory.
        if left == 0 {
            taken.remove(&self.tenant)
        } else {
            taken.insert(self.tenant, left)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_client_has_half_of_the_places_and_leaves_the_others() {
        let (shares, [one, other]) = (Shares::of(5), [1, 2].map(|id| TenantId(Uuid::from_u128(id))));
        let held = [shares.take(one).unwrap(), shares.take(one).unwrap()];
        assert!(matches!(shares.take(one), Err(PictureError::Busy)));
        let others = [shares.take(other).unwrap(), shares.take(other).unwrap()];
        drop(held);
        let _again = [shares.take(one).unwrap(), shares.take(one).unwrap()];
        drop(others);
        assert_eq!(shares.taken().len(), 1);
        assert!(Shares::of(1).take(one).is_ok());
    }
}
