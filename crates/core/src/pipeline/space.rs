//! Producers that wait for room in their rings.
//!
//! Each is woken alone, once its own ring has the room that it wants: with many threads that log without a pause,
//! waking all of them whenever one ring got room would cost the drain thread its core.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Instant;

use fapilog_ring::Region;

/// One that waits.
#[derive(Debug)]
struct Waiter {
    thread: Thread,
    /// Alive as long as the waiter is listed: its thread is in [`Space::wait`].
    region: Region,
    units: u32,
}

impl Waiter {
    fn has_room(&self) -> bool {
        has_room(&self.region, self.units)
    }
}

/// Whether a ring has so many units free; one that is empty has room for everything.
pub fn has_room(region: &Region, units: u32) -> bool {
    let capacity = region.capacity_units();
    capacity.saturating_sub(region.depth_units()) >= units.min(capacity)
}

/// The producers that wait.
#[derive(Debug, Default)]
pub struct Space {
    waiters: Mutex<Vec<Waiter>>,
}

impl Space {
    /// Room was made: wakes those who have waited for it.
    pub fn announce(&self) {
        self.wake(Waiter::has_room);
    }

    /// Nobody makes room any more: wakes everyone.
    pub fn end(&self) {
        self.wake(|_| true);
    }

    /// Waits until `region` has `units` free, `ended` holds or the deadline is over.
    pub fn wait(&self, region: &Region, units: u32, deadline: Instant, ended: impl Fn() -> bool) {
        let own = thread::current().id();
        self.lock().push(Waiter {
            thread: thread::current(),
            region: *region,
            units,
        });
        // Looked at after the entry in the list: room that is made from here on is announced to it.
        while !has_room(region, units) && !ended() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
        self.lock().retain(|waiter| waiter.thread.id() != own);
    }

    fn wake(&self, is_due: impl Fn(&Waiter) -> bool) {
        self.lock().retain(|waiter| {
            let is_due = is_due(waiter);
            if is_due {
                waiter.thread.unpark();
            }
            !is_due
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiter>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use fapilog_ring::{Consumer, Producer, RingMemory};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A ring without room for another record.
    fn full_ring() -> RingMemory {
        let memory = RingMemory::anonymous(64 << 10, 1).unwrap();
        let mut producer = Producer::new(*memory.region());
        while producer.push(&[0; 64], 0).is_ok() {}
        memory
    }

    fn empty(memory: &RingMemory) {
        let mut consumer = Consumer::new(*memory.region());
        let pending = consumer.pending_units();
        consumer.take(pending as usize * 8);
        consumer.release();
    }

    #[test]
    fn who_waits_is_woken_when_its_own_ring_has_room_and_not_before() {
        let (first, second) = (full_ring(), full_ring());
        let space = Space::default();
        let (woken, order) = mpsc::channel();
        thread::scope(|scope| {
            for (name, memory) in [("first", &first), ("second", &second)] {
                let (space, woken) = (&space, woken.clone());
                scope.spawn(move || {
                    space.wait(memory.region(), 64, Instant::now() + LONG, || false);
                    woken.send(name).unwrap();
                });
            }
            while space.lock().len() < 2 {
                thread::yield_now();
            }
            space.announce();
            assert_eq!(space.lock().len(), 2);
            empty(&second);
            space.announce();
            assert_eq!(order.recv().unwrap(), "second");
            assert_eq!(space.lock().len(), 1);
            empty(&first);
            space.announce();
            assert_eq!(order.recv().unwrap(), "first");
        });
        assert!(space.lock().is_empty());
    }

    #[test]
    fn the_end_and_the_deadline_end_the_waiting_without_room() {
        let memory = full_ring();
        let space = Space::default();
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let deadline = Instant::now() + LONG;
                space.wait(memory.region(), 64, deadline, || {
                    ended.load(Ordering::Acquire)
                });
            });
            while space.lock().is_empty() {
                thread::yield_now();
            }
            ended.store(true, Ordering::Release);
            space.end();
        });
        space.wait(memory.region(), 64, Instant::now(), || false);
        assert!(!has_room(memory.region(), 64));
        assert!(space.lock().is_empty());
    }
}
