//! A bounded table of what a filter knows of each key.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Keys are hashes already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[derive(Debug)]
struct Slot<T> {
    key: u64,
    /// Used since the hand last came by.
    used: bool,
    value: T,
}

/// At most so many keys; for a new one, one that was not used for long gives way (the clock algorithm, an
/// approximation of least recently used that costs one bit a key: Corbato, "A Paging Experiment with the Multics
/// System", 1968).
#[derive(Debug)]
pub struct KeyTable<T> {
    index: HashMap<u64, usize, BuildHasherDefault<AsIs>>,
    slots: Vec<Slot<T>>,
    hand: usize,
    max: usize,
    evicted: u64,
}

impl<T> KeyTable<T> {
    /// An empty table of at most `max` keys, at least one.
    pub fn new(max: usize) -> Self {
        Self {
            index: HashMap::default(),
            slots: Vec::new(),
            hand: 0,
            max: max.max(1),
            evicted: 0,
        }
    }

    /// What is known of a key.
    #[inline]
    pub fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        let slot = self.slots.get_mut(*self.index.get(&key)?)?;
        slot.used = true;
        Some(&mut slot.value)
    }

    /// Adds a key that is not there. Returns what was known of the one that had to give way.
    pub fn insert(&mut self, key: u64, value: T) -> Option<T> {
        let slot = Slot {
            key,
            used: false,
            value,
        };
        if self.slots.len() < self.max {
            self.index.insert(key, self.slots.len());
            self.slots.push(slot);
            return None;
        }
        loop {
            self.hand = (self.hand + 1) % self.slots.len().max(1);
            let at = self.hand;
            let candidate = self.slots.get_mut(at)?;
            if !std::mem::take(&mut candidate.used) {
                let old = std::mem::replace(candidate, slot);
                self.index.remove(&old.key);
                self.index.insert(key, at);
                self.evicted += 1;
                return Some(old.value);
            }
        }
    }

    /// Forgets the keys for which `keep` says no.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let mut at = 0;
        while let Some(slot) = self.slots.get_mut(at) {
            if keep(&mut slot.value) {
                at += 1;
                continue;
            }
            let slot = self.slots.swap_remove(at);
            self.index.remove(&slot.key);
            if let Some(moved) = self.slots.get(at) {
                self.index.insert(moved.key, at);
            }
        }
    }

    /// What is known, in no order.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().map(|slot| &slot.value)
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Keys that had to give way.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let mut table = KeyTable::new(100);
        for key in 0..10_000u64 {
            assert!(table.get_mut(key + 1).is_none());
            table.insert(key + 1, key);
            if key > 0 {
                assert_eq!(table.get_mut(1), Some(&mut 0));
            }
            assert!(table.len() <= 100);
        }
        assert_eq!(table.evicted(), 9_900);
        assert_eq!(table.get_mut(10_000), Some(&mut 9_999));
    }

    #[test]
    fn the_index_is_right_after_removals() {
        let mut table = KeyTable::new(50);
        for key in 0..50u64 {
            table.insert(key, key);
        }
        table.retain(|value| *value % 3 == 0);
        assert_eq!(table.len(), 17);
        for key in 0..50u64 {
            assert_eq!(table.get_mut(key).copied(), (key % 3 == 0).then_some(key));
        }
        for key in 100..200u64 {
            table.insert(key, key);
            assert_eq!(table.get_mut(key).copied(), Some(key));
        }
        assert_eq!(table.len(), 50);
        assert_eq!(table.values().count(), 50);
    }
}
