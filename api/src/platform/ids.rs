//! Ids and randomness, passed in like the clock: UUIDv7 from the service's own time.

use super::clock::Clock;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use chrono::{DateTime, SubsecRound, Utc};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::{Builder, Uuid};

/// Where random bytes come from.
pub trait Randomness: Send + Sync {
    /// Fills the buffer, or says that the machine has no randomness to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The machine gave no random bytes; nothing safe can go on.
#[derive(Debug, thiserror::Error)]
#[error("the machine gave no random bytes")]
pub struct NoRandomness;

/// The operating system's randomness.
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
    }
}

/// Makes ids and secrets from a clock and a source of randomness. Clones make one sequence of ids.
#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    last: Arc<Mutex<Last>>,
}

/// By how much the clock may be set back, or two threads may read it one after the other, before ids follow it
/// down: until then they go on from the latest, and keep their order.
const STEP_BACK_MILLIS: u64 = 10_000;

impl Ids {
    pub fn new(clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { clock, randomness, last: Arc::default() }
    }

    /// Now, in the microseconds that PostgreSQL keeps: what is answered is what is read later.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// A new UUIDv7 (RFC 9562), whose kind the caller's type names: `ids.make::<OrderId>()?`. Those of one
    /// process sort as they were made.
    pub fn make<T: From<Uuid>>(&self) -> Result<T, NoRandomness> {
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or_default();
        let random = self.random_bytes::<10>()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last.next(millis, random);
        Ok(last.id().into())
    }

    pub fn random_bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// The latest id: within a millisecond the ids count on (RFC 9562, 6.2, method 1). The count begins at random,
/// below its half so that it never ends within a millisecond, and 32 random bits stand behind it: two processes
/// make no id twice.
#[derive(Debug, Clone, Copy, Default)]
struct Last {
    millis: u64,
    /// Of 42 bits.
    count: u64,
    tail: [u8; 4],
}

impl Last {
    fn next(self, millis: u64, random: [u8; 10]) -> Self {
        let [a, b, c, d, e, f, tail @ ..] = random;
        if millis <= self.millis && self.millis - millis < STEP_BACK_MILLIS {
            return Self { count: self.count + 1, tail, ..self };
        }
        // 41 of the 48 random bits.
        Self { millis, count: u64::from_be_bytes([0, 0, a, b, c, d, e, f]) >> 7, tail }
    }

    /// Twelve bits of the count stand behind the version, and the other thirty behind the variant.
    fn id(self) -> Uuid {
        let [.., a, b] = (self.count >> 30).to_be_bytes();
        let [_, _, _, _, c, d, e, f] = self.count.to_be_bytes();
        let [g, h, i, j] = self.tail;
        Builder::from_unix_timestamp_millis(self.millis, &[a, b, c, d, e, f, g, h, i, j]).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// A clock that is set by hand.
    struct Hand(Mutex<DateTime<Utc>>);

    impl Hand {
        fn turn(&self, by: Duration) {
            *self.0.lock().unwrap() += by;
        }
    }

    impl Clock for Hand {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }
    }

    /// Bytes that are all alike, and go down from one id to the next.
    struct Falling(AtomicU8);

    impl Randomness for Falling {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
            bytes.fill(self.0.fetch_sub(1, Ordering::Relaxed));
            Ok(())
        }
    }

    fn ids() -> (Arc<Hand>, Ids) {
        let hand = Arc::new(Hand(Mutex::new("2026-03-01T10:00:00Z".parse().unwrap())));
        (Arc::clone(&hand), Ids::new(hand, Arc::new(Falling(AtomicU8::new(255)))))
    }

    fn millis(id: Uuid) -> i64 {
        let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
        i64::try_from(seconds * 1000 + u64::from(nanoseconds) / 1_000_000).unwrap()
    }

    #[test]
    fn they_sort_as_they_were_made_whoever_made_them_and_whatever_is_random() {
        let (hand, ids) = ids();
        let clone = ids.clone();
        let mut made: Vec<Uuid> = Vec::new();
        for step in 0..200 {
            made.push(if step % 2 == 0 { ids.make() } else { clone.make() }.unwrap());
            // It stands, goes on, and is a little behind now and then.
            hand.turn(Duration::milliseconds([0, 1, 0, -1][step % 4]));
        }
        assert!(made.is_sorted_by(|one, next| one < next));
        for id in made {
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        }
    }

    #[test]
    fn they_say_when_they_were_made_and_follow_a_clock_that_was_set_back() {
        let (hand, ids) = ids();
        for by in [Duration::zero(), Duration::days(1), Duration::hours(-12), Duration::seconds(-10)] {
            hand.turn(by);
            assert_eq!(millis(ids.make().unwrap()), hand.now().timestamp_millis(), "{by}");
        }
    }

    /// All bits that are not fixed are the count's or random: none is lost on the way.
    #[test]
    fn the_count_and_the_random_bits_stand_where_they_belong() {
        let last = Last { millis: 0, count: (0xabc << 30) | 0x3edc_ba98, tail: [0x76, 0x54, 0x32, 0x10] };
        assert_eq!(last.id().to_string(), "00000000-0000-7abc-bedc-ba9876543210");
        let first = Last::default().next(STEP_BACK_MILLIS, [0xff; 10]);
        assert_eq!((first.count, first.next(STEP_BACK_MILLIS, [0; 10]).count), ((1 << 41) - 1, 1 << 41));
    }

    #[test]
    fn threads_make_none_twice() {
        let ids = Ids::new(Arc::new(super::super::clock::SystemClock), Arc::new(SystemRandomness));
        let some = |ids: Ids| move || (0..2000).map(|_| ids.make::<Uuid>().unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(some(ids.clone()))).collect();
        let made: Vec<Vec<Uuid>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(made.iter().all(|of_one| of_one.is_sorted()));
        assert_eq!(made.concat().into_iter().collect::<std::collections::BTreeSet<_>>().len(), 8000);
    }
}
