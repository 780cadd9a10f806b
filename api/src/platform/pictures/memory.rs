//! What pictures may take of the machine's memory, all that are being read together.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A budget in bytes.
pub struct Memory {
    most: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// Some of it, until it is dropped.
pub struct Share<'m> {
    memory: &'m Memory,
    bytes: u64,
}

impl Memory {
    pub fn new(most: u64) -> Self {
        Self { most, taken: Mutex::default(), given_back: Condvar::new() }
    }

    /// Waits until there is as much. Nobody waits for others with a share in hand, and what is more than all of it
    /// is let in alone.
    pub fn share(&self, bytes: u64) -> Share<'_> {
        let mut taken = self.taken();
        while *taken > 0 && taken.saturating_add(bytes) > self.most {
            taken = self.given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken = taken.saturating_add(bytes);
        Share { memory: self, bytes }
    }

    fn taken(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut taken = self.memory.taken();
        *taken = taken.saturating_sub(self.bytes);
        drop(taken);
        self.memory.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    #[test]
    fn together_they_never_take_more_and_all_get_their_turn() {
        let (memory, now, most) = (Memory::new(100), AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for bytes in [60, 60, 30, 100, 10, 45, 45, 90] {
                let (memory, now, most) = (&memory, &now, &most);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let _share = memory.share(bytes);
                        most.fetch_max(now.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                        thread::yield_now();
                        now.fetch_sub(bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 100);
    }

    #[test]
    fn what_is_larger_than_all_of_it_is_let_in_alone() {
        let memory = Memory::new(100);
        drop(memory.share(1_000));
        let _small = memory.share(1);
        assert_eq!(*memory.taken(), 1);
    }
}
