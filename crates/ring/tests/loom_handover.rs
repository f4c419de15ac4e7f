//! The hand-over protocol under every interleaving (up to a preemption bound) of the C11 memory model.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p fapilog-ring --test loom_handover --release`
//!
//! Positions count slots here instead of units, and a slot is a loom `UnsafeCell`, so that a read or a
//! write of a slot that the protocol does not order is reported as a race. Every promise has a negative
//! control: the same model with one link taken out must fail, so the model is known to be able to.
//!
//! loom treats SeqCst accesses as AcqRel and models only SeqCst *fences*; `Control` therefore puts a fence
//! between its store and its load under `cfg(loom)`. In C11 the two are interchangeable there.
//!
//! **The asymmetric barrier.** On x86-64 Linux a producer publishes with plain accesses and no fence, and
//! `prepare_park` calls membarrier(2), which interrupts every running thread of the process between two of
//! its instructions and executes a full fence there. loom cannot interrupt a thread, so `Ipi` turns it
//! around: the light producer polls at each of the places where the interrupt could hit (before the store of
//! `HEAD`, between it and the load of `PARKED`, after that load), executes the fence there and acknowledges;
//! the consumer goes on when it was acknowledged, as membarrier returns only when all threads have fenced.
#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use fapilog_ring::handover::Control;
use loom::cell::UnsafeCell;
use loom::sync::atomic::{fence, AtomicBool, AtomicU32, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// Slots of the ring; a power of two.
const CAPACITY: u32 = 2;
/// Positions start here, so that they pass 2^32 on the way.
const START: u32 = u32::MAX;

fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(body);
}

/// The twin of `crates/core/src/pipeline/parker.rs`, without its timeout: a lost wake-up is a deadlock here.
#[derive(Default)]
struct Parker {
    woken: Mutex<bool>,
    signal: Condvar,
}

impl Parker {
    fn sleep(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.signal.wait(woken).unwrap();
        }
        *woken = false;
    }

    fn wake(&self) {
        *self.woken.lock().unwrap() = true;
        self.signal.notify_one();
    }
}

/// membarrier(2), see above.
#[derive(Default)]
struct Ipi {
    requested: AtomicBool,
    acknowledged: AtomicBool,
}

impl Ipi {
    /// Producer: a place where the interrupt can hit.
    fn poll(&self) {
        if self.requested.load(Ordering::Acquire) && !self.acknowledged.load(Ordering::Relaxed) {
            fence(Ordering::SeqCst);
            self.acknowledged.store(true, Ordering::Release);
        }
    }

    /// Producer: from here on it does not run any more, and membarrier has nothing to wait for.
    fn leave(&self) {
        fence(Ordering::SeqCst);
        self.acknowledged.store(true, Ordering::Release);
    }

    /// Consumer: the system call. A second call would need a second round; the models park once.
    fn interrupt_all(&self) {
        fence(Ordering::SeqCst);
        self.requested.store(true, Ordering::Release);
        while !self.acknowledged.load(Ordering::Acquire) {
            thread::yield_now();
        }
        fence(Ordering::SeqCst);
    }
}

struct Ring {
    head: AtomicU32,
    tail: AtomicU32,
    parked: AtomicU32,
    slots: [UnsafeCell<u32>; CAPACITY as usize],
    parker: Parker,
    stopping: AtomicBool,
    flush_wanted: AtomicU32,
    flushed: Mutex<u32>,
    progress: Condvar,
}

// SAFETY: the slots are guarded by the protocol under test; loom reports it when they are not.
unsafe impl Sync for Ring {}
// SAFETY: as for Sync.
unsafe impl Send for Ring {}

impl Ring {
    fn new() -> Arc<Ring> {
        Arc::new(Ring {
            head: AtomicU32::new(START),
            tail: AtomicU32::new(START),
            parked: AtomicU32::new(0),
            slots: [UnsafeCell::new(0), UnsafeCell::new(0)],
            parker: Parker::default(),
            stopping: AtomicBool::new(false),
            flush_wanted: AtomicU32::new(0),
            flushed: Mutex::new(0),
            progress: Condvar::new(),
        })
    }

    fn control(&self) -> Control<'_> {
        Control {
            head: &self.head,
            tail: &self.tail,
            parked: &self.parked,
        }
    }

    fn write_slot(&self, position: u32, value: u32) {
        let slot = &self.slots[(position & (CAPACITY - 1)) as usize];
        // SAFETY: loom checks it.
        slot.with_mut(|slot| unsafe { *slot = value });
    }

    fn read_slot(&self, position: u32) -> u32 {
        let slot = &self.slots[(position & (CAPACITY - 1)) as usize];
        // SAFETY: loom checks it.
        slot.with(|slot| unsafe { *slot })
    }

    /// Producer: writes the record and returns the new head, or nothing when the ring is full.
    fn write(&self, head: u32, value: u32) -> Option<u32> {
        if head.wrapping_sub(self.control().released()) == CAPACITY {
            return None;
        }
        self.write_slot(head, value);
        Some(head.wrapping_add(1))
    }

    /// Producer: publishes one record and wakes the consumer if it must. Whether there was room.
    fn push(&self, head: &mut u32, value: u32) -> bool {
        let Some(next) = self.write(*head, value) else {
            return false;
        };
        *head = next;
        if self.control().publish(next) {
            self.parker.wake();
        }
        true
    }

    /// The producer of `src/ring/producer.ts` on x86-64 Linux: plain accesses.
    fn push_light(&self, head: &mut u32, value: u32, ipi: &Ipi) -> bool {
        let Some(next) = self.write(*head, value) else {
            return false;
        };
        *head = next;
        ipi.poll();
        // A plain store on x86-64 releases.
        self.head.store(next, Ordering::Release);
        ipi.poll();
        let parked = self.parked.load(Ordering::Relaxed);
        ipi.poll();
        if parked != 0 && self.parked.swap(0, Ordering::SeqCst) != 0 {
            self.parker.wake();
        }
        true
    }

    /// Consumer: takes everything published, in order.
    fn drain(&self, read: &mut u32, out: &mut Vec<u32>) -> bool {
        let head = self.control().published();
        let moved = head != *read;
        while *read != head {
            out.push(self.read_slot(*read));
            *read = read.wrapping_add(1);
        }
        if moved {
            self.control().release(*read);
        }
        moved
    }

    /// Consumer: the loop of `pipeline/drain.rs` without its short waits.
    fn park(&self, read: u32) {
        if self.control().prepare_park(read) {
            self.parker.sleep();
        }
        self.control().unpark();
    }

    fn flush(&self) {
        let number = self.flush_wanted.fetch_add(1, Ordering::AcqRel) + 1;
        self.parker.wake();
        let mut flushed = self.flushed.lock().unwrap();
        while *flushed < number {
            flushed = self.progress.wait(flushed).unwrap();
        }
    }
}

/// A consumer that takes `count` records and sleeps whenever there is none.
fn parking_consumer(ring: &Ring, count: usize) -> Vec<u32> {
    let mut read = START;
    let mut out = Vec::new();
    while out.len() < count {
        if !ring.drain(&mut read, &mut out) {
            ring.park(read);
        }
    }
    out
}

#[test]
fn records_arrive_once_in_order_and_whole_across_wraps_of_slots_and_positions() {
    model(|| {
        let ring = Ring::new();
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let mut head = START;
                for value in 1..=3 {
                    while !ring.push(&mut head, value) {
                        thread::yield_now();
                    }
                }
            })
        };
        let mut read = START;
        let mut out = Vec::new();
        while out.len() < 3 {
            if !ring.drain(&mut read, &mut out) {
                thread::yield_now();
            }
        }
        producer.join().unwrap();
        assert_eq!(out, [1, 2, 3]);
        assert_eq!(read, 2);
    });
}

#[test]
fn a_producer_that_finds_the_ring_full_drops_and_never_overwrites() {
    model(|| {
        let ring = Ring::new();
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let mut head = START;
                (1..=4)
                    .filter(|&value| ring.push(&mut head, value))
                    .collect::<Vec<u32>>()
            })
        };
        let mut read = START;
        let mut out = Vec::new();
        ring.drain(&mut read, &mut out);
        ring.drain(&mut read, &mut out);
        let accepted = producer.join().unwrap();
        ring.drain(&mut read, &mut out);
        assert_eq!(out, accepted);
        assert_eq!(
            accepted[..2],
            [1, 2],
            "an empty ring takes what it has room for"
        );
    });
}

#[test]
#[should_panic(expected = "Causality violation")]
fn control_a_relaxed_head_store_is_found() {
    model(|| {
        let ring = Ring::new();
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let next = ring.write(START, 1).unwrap();
                ring.head.store(next, Ordering::Relaxed);
            })
        };
        let mut read = START;
        ring.drain(&mut read, &mut Vec::new());
        producer.join().unwrap();
    });
}

#[test]
#[should_panic(expected = "Causality violation")]
fn control_a_relaxed_tail_store_is_found() {
    model(|| {
        let ring = Ring::new();
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let mut head = START;
                for value in 1..=3 {
                    ring.push(&mut head, value);
                }
            })
        };
        let mut read = START;
        while read != ring.control().published() {
            ring.read_slot(read);
            read = read.wrapping_add(1);
            ring.tail.store(read, Ordering::Relaxed);
        }
        producer.join().unwrap();
    });
}

#[test]
fn no_wake_up_is_lost() {
    model(|| {
        let ring = Ring::new();
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let mut head = START;
                assert!(ring.push(&mut head, 1));
                assert!(ring.push(&mut head, 2));
            })
        };
        assert_eq!(parking_consumer(&ring, 2), [1, 2]);
        producer.join().unwrap();
    });
}

/// A consumer that finds nothing, does `announce` and, if that says so, falls asleep: when the producer is
/// done it must have been woken. (Sleeping for real makes loom report a deadlock, which it cannot always do
/// without a second panic, so the negative controls ask like this.)
fn one_sleep(light: bool, announce: impl Fn(&Ring, &Ipi) -> bool + Sync + Send + 'static) {
    model(move || {
        let ring = Ring::new();
        let ipi = Arc::new(Ipi::default());
        let producer = {
            let (ring, ipi) = (Arc::clone(&ring), Arc::clone(&ipi));
            thread::spawn(move || {
                if light {
                    ring.push_light(&mut { START }, 1, &ipi);
                    ipi.leave();
                } else {
                    ring.push(&mut { START }, 1);
                }
            })
        };
        let mut read = START;
        let asleep = !ring.drain(&mut read, &mut Vec::new()) && announce(&ring, &ipi);
        producer.join().unwrap();
        let woken = *ring.parker.woken.lock().unwrap();
        assert!(!asleep || woken, "a wake-up was lost");
    });
}

#[test]
fn whoever_falls_asleep_is_woken() {
    one_sleep(false, |ring, _| ring.control().prepare_park(START));
}

#[test]
#[should_panic(expected = "a wake-up was lost")]
fn control_parking_without_looking_again_is_found() {
    one_sleep(false, |ring, _| {
        ring.parked.store(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        true
    });
}

#[test]
#[should_panic(expected = "a wake-up was lost")]
fn control_a_consumer_without_a_fence_is_found() {
    one_sleep(false, |ring, _| {
        ring.parked.store(1, Ordering::Relaxed);
        ring.head.load(Ordering::Acquire) == START
    });
}

/// `prepare_park` with the barrier that loom compiles out of it.
fn light(barrier: bool) {
    one_sleep(true, move |ring, ipi| {
        ring.parked.store(1, Ordering::SeqCst);
        if barrier {
            ipi.interrupt_all();
        } else {
            fence(Ordering::SeqCst);
        }
        ring.control().published() == START
    });
}

#[test]
fn the_asymmetric_barrier_keeps_the_wake_up_of_a_producer_without_fences() {
    light(true);
}

#[test]
#[should_panic(expected = "a wake-up was lost")]
fn control_a_producer_without_fences_needs_the_asymmetric_barrier() {
    light(false);
}

#[test]
fn what_was_published_before_closing_is_taken_and_the_consumer_ends() {
    model(|| {
        let ring = Ring::new();
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let mut head = START;
                assert!(ring.push(&mut head, 1));
                assert!(ring.push(&mut head, 2));
                ring.stopping.store(true, Ordering::Release);
                ring.parker.wake();
            })
        };
        let mut read = START;
        let mut out = Vec::new();
        loop {
            // As in `Drain::run`: read before the rings.
            let stopping = ring.stopping.load(Ordering::Acquire);
            if ring.drain(&mut read, &mut out) {
                continue;
            }
            if stopping {
                break;
            }
            ring.park(read);
        }
        producer.join().unwrap();
        assert_eq!(out, [1, 2]);
    });
}

#[test]
fn closing_from_another_thread_ends_the_consumer_and_takes_a_prefix() {
    model(|| {
        let ring = Ring::new();
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let mut head = START;
                ring.push(&mut head, 1);
                ring.push(&mut head, 2);
            })
        };
        let consumer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let mut read = START;
                let mut out = Vec::new();
                loop {
                    let stopping = ring.stopping.load(Ordering::Acquire);
                    if ring.drain(&mut read, &mut out) {
                        continue;
                    }
                    if stopping {
                        return out;
                    }
                    ring.park(read);
                }
            })
        };
        ring.stopping.store(true, Ordering::Release);
        ring.parker.wake();
        let out = consumer.join().unwrap();
        producer.join().unwrap();
        assert_eq!(out, [1, 2][..out.len()]);
    });
}

/// A thread publishes and asks for a flush; the consumer reads the wish before, or after, the heads.
fn flush(wish_first: bool) {
    model(move || {
        let ring = Ring::new();
        let taken = Arc::new(AtomicU32::new(0));
        let consumer = {
            let (ring, taken) = (Arc::clone(&ring), Arc::clone(&taken));
            thread::spawn(move || {
                let mut read = START;
                let mut out = Vec::new();
                loop {
                    let early = ring.flush_wanted.load(Ordering::Acquire);
                    let moved = ring.drain(&mut read, &mut out);
                    taken.store(out.len() as u32, Ordering::Relaxed);
                    if moved && wish_first {
                        continue;
                    }
                    let wanted = if wish_first {
                        early
                    } else {
                        ring.flush_wanted.load(Ordering::Acquire)
                    };
                    if wanted > 0 {
                        *ring.flushed.lock().unwrap() = wanted;
                        ring.progress.notify_all();
                        return;
                    }
                    ring.park(read);
                }
            })
        };
        assert!(ring.push(&mut { START }, 1));
        ring.flush();
        assert_eq!(
            taken.load(Ordering::Relaxed),
            1,
            "a flush covers what was published before it"
        );
        consumer.join().unwrap();
    });
}

#[test]
fn a_flush_covers_everything_published_before_it() {
    flush(true);
}

#[test]
#[should_panic(expected = "a flush covers what was published before it")]
fn control_reading_the_wish_after_the_heads_is_found() {
    flush(false);
}
