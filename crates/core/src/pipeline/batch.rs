//! Formatted events on their way to the sinks.

use std::sync::{Arc, Mutex, PoisonError};

use crate::level::{Level, LevelCounts};

/// Lines of one format, with what is needed to account for each of them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The lines, one after the other.
    pub bytes: Vec<u8>,
    /// End offset of each event in `bytes`.
    ends: Vec<u32>,
    /// Level of each event.
    levels: Vec<Level>,
}

impl Batch {
    /// Marks the end of an event whose line was just appended to `bytes`.
    pub fn end_event(&mut self, level: Level) {
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        self.levels.push(level);
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Events whose line ends in `bytes[from..to]`, by level.
    pub fn counts(&self, from: usize, to: usize) -> LevelCounts {
        let first = self.ends.partition_point(|&end| (end as usize) <= from);
        let last = self.ends.partition_point(|&end| (end as usize) <= to);
        let mut counts = LevelCounts::default();
        for level in self.levels.get(first..last).unwrap_or_default() {
            counts.add(*level);
        }
        counts
    }

    /// Events, by level.
    pub fn all_counts(&self) -> LevelCounts {
        self.counts(0, self.bytes.len())
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.levels.clear();
    }
}

/// Batches that have been written and can be filled again, so that steady state allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct BatchPool(Arc<Mutex<Vec<Batch>>>);

/// Batches kept for reuse.
const POOL_LIMIT: usize = 4;
/// Larger buffers are given back to the allocator, so that one burst of giants does not pin memory.
const POOL_BYTES: usize = 1 << 20;

impl BatchPool {
    /// An empty batch.
    pub fn take(&self) -> Batch {
        self.lock().pop().unwrap_or_default()
    }

    /// Gives a batch back if this was its last user.
    pub fn give_back(&self, batch: Arc<Batch>) {
        if let Ok(mut batch) = Arc::try_unwrap(batch) {
            let mut pool = self.lock();
            if pool.len() < POOL_LIMIT && batch.bytes.capacity() <= POOL_BYTES {
                batch.clear();
                pool.push(batch);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Batch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
