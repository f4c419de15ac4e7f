//! The hand-over protocol on its three control words, free of memory layout so that loom can model it.

use crate::sync::{model_sequential_consistency, AtomicU32, Ordering};

/// Control words of one ring.
#[derive(Clone, Copy, Debug)]
pub struct Control<'a> {
    /// End of what the producer has published.
    pub head: &'a AtomicU32,
    /// End of what the consumer has released.
    pub tail: &'a AtomicU32,
    /// 1 while the consumer sleeps, or is about to.
    pub parked: &'a AtomicU32,
}

impl Control<'_> {
    /// Producer: makes everything up to `head` visible. Returns whether the consumer must be woken; then
    /// the caller has taken the duty to do so, and no other publish will see it.
    pub fn publish(&self, head: u32) -> bool {
        // SeqCst: this store must not move after the load of PARKED (pairs with `prepare_park`).
        self.head.store(head, Ordering::SeqCst);
        model_sequential_consistency();
        // A plain check first keeps the line shared while the consumer is awake.
        self.parked.load(Ordering::SeqCst) != 0 && self.parked.swap(0, Ordering::SeqCst) != 0
    }

    /// Producer: position up to which space is free again. Acquire pairs with the Release in `release`:
    /// the consumer's reads of the old bytes happen before our writes over them.
    pub fn released(&self) -> u32 {
        self.tail.load(Ordering::Acquire)
    }

    /// Consumer: end of the published records. SeqCst so that it is ordered after `prepare_park`'s store.
    pub fn published(&self) -> u32 {
        self.head.load(Ordering::SeqCst)
    }

    /// Consumer: gives the space up to `tail` back.
    pub fn release(&self, tail: u32) {
        self.tail.store(tail, Ordering::Release);
    }

    /// Consumer: announces sleep. Returns false, and withdraws, when something was published beyond
    /// `tail`; otherwise the caller may sleep until it is woken.
    pub fn prepare_park(&self, tail: u32) -> bool {
        // SeqCst: this store must not move after the load of HEAD (pairs with `publish`).
        self.parked.store(1, Ordering::SeqCst);
        model_sequential_consistency();
        #[cfg(not(loom))]
        if !crate::barrier::heavy() {
            // Light producers could miss the store: stay awake.
            self.unpark();
            return false;
        }
        if self.published() == tail {
            return true;
        }
        self.unpark();
        false
    }

    /// Consumer: withdraws the announcement after waking for any reason.
    pub fn unpark(&self) {
        self.parked.store(0, Ordering::SeqCst);
    }
}
