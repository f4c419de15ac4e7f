//! Formatted events on their way to the sinks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::level::{Level, LevelCounts};

/// Lines of one format, with what is needed to account for each of them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The lines, one after the other.
    pub bytes: Vec<u8>,
    /// End offset of each event in `bytes`.
    ends: Vec<u32>,
    /// Index of each event's level.
    levels: Vec<u8>,
    /// Where each event starts in the ring; only for rings that lie in files.
    positions: Vec<u32>,
    /// Time of the first event, in milliseconds since the Unix epoch.
    pub first_time_ms: Option<f64>,
    /// When the batch was put into the queues.
    pub handed_over: Option<Instant>,
    /// Up to where the ring was read when the batch was handed over.
    pub end_position: u32,
    /// Lines that are no events but the pipeline's own reports.
    reports: u64,
}

impl Batch {
    /// Marks the end of an event whose line was just appended to `bytes`.
    pub fn end_event(&mut self, level: Level) {
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        self.levels.push(level.index() as u8);
    }

    /// Marks the end of a line of the pipeline's own, which is no event.
    pub fn end_report(&mut self) {
        self.reports += 1;
    }

    /// Lines of the pipeline's own.
    pub fn reports(&self) -> u64 {
        self.reports
    }

    /// Notes where the event that was just ended starts in its ring.
    pub fn mark(&mut self, position: u32) {
        self.positions.push(position);
    }

    /// Where the first event starts in its ring.
    pub fn first_position(&self) -> Option<u32> {
        self.positions.first().copied()
    }

    /// Where the first event that is not complete in `bytes[..written]` starts in its ring.
    pub fn position_at(&self, written: usize) -> u32 {
        let complete = self.ends.partition_point(|&end| (end as usize) <= written);
        self.positions
            .get(complete)
            .copied()
            .unwrap_or(self.end_position)
    }

    /// Whether an event ends at byte `at`.
    pub fn is_boundary(&self, at: usize) -> bool {
        u32::try_from(at).is_ok_and(|at| self.ends.binary_search(&at).is_ok())
    }

    /// Where the line begins that is not complete in `bytes[..written]`.
    pub fn line_start(&self, written: usize) -> usize {
        let complete = self.ends.partition_point(|&end| (end as usize) <= written);
        let before = complete.checked_sub(1).and_then(|at| self.ends.get(at));
        before.map_or(0, |&end| end as usize)
    }

    /// The lines from `start` on, which is where one begins.
    #[must_use]
    pub fn tail(&self, start: usize) -> Batch {
        let first = self.ends.partition_point(|&end| (end as usize) <= start);
        let ends = self.ends.get(first..).unwrap_or_default();
        let shift = u32::try_from(start).unwrap_or(u32::MAX);
        Batch {
            bytes: self.bytes.get(start..).unwrap_or_default().to_vec(),
            ends: ends.iter().map(|end| end.saturating_sub(shift)).collect(),
            levels: self.levels.get(first..).unwrap_or_default().to_vec(),
            reports: self.reports,
            ..Batch::default()
        }
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
            counts.add_index(usize::from(*level));
        }
        counts
    }

    /// Events, by level.
    pub fn all_counts(&self) -> LevelCounts {
        self.counts(0, self.bytes.len())
    }

    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.levels.clear();
        self.positions.clear();
        self.reports = 0;
        self.first_time_ms = None;
        self.handed_over = None;
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
