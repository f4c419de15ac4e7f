//! The queue between the drain thread and one sink's thread, bounded in bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use super::batch::Batch;
use super::sink_thread::SinkHandle;
use crate::level::LevelCounts;

/// What happens to a batch for which the queue has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// The drain thread waits: back-pressure to the ring, whose overflow policy then decides. Default.
    #[default]
    Block,
    /// The oldest queued batches are dropped and counted.
    DropOldest,
    /// The new batch is dropped and counted.
    DropNewest,
}

/// What travels in the queue.
#[derive(Debug)]
pub enum Item {
    /// Lines to write.
    Batch(Arc<Batch>),
    /// Lines of another sink, which accounts for them.
    Foreign(Arc<Batch>, Arc<SinkHandle>),
    /// A report about lost events: written as a batch is, but never dropped for want of room.
    Report(Arc<Batch>),
    /// Everything before this has been asked to be on the destination.
    Flush(u64),
    /// The destination is to be opened again.
    Reopen,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    /// Of these, the ones that nobody is writing yet.
    waiting: usize,
    closed: bool,
    abandoned: bool,
    /// The flush until which the bound does not hold, or 0.
    lifted: u64,
}

impl Item {
    /// Bytes of its lines.
    fn size(&self) -> usize {
        match self {
            Item::Batch(batch) | Item::Foreign(batch, _) | Item::Report(batch) => batch.bytes.len(),
            Item::Flush(_) | Item::Reopen => 0,
        }
    }
}

impl State {
    fn add(&mut self, item: Item) {
        self.bytes += item.size();
        self.waiting += item.size();
        self.items.push_back(item);
    }

    fn remove(&mut self, size: usize) {
        self.bytes -= size;
        self.waiting -= size;
    }
}

/// A bounded queue with one producer and one consumer.
#[derive(Debug)]
pub struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    freed: Condvar,
    ended: Condvar,
    max_bytes: usize,
    when_full: WhenFull,
}

/// Result of waiting for an item.
#[derive(Debug)]
pub enum Popped {
    /// The next item.
    Item(Item),
    /// Nothing came in time.
    Idle,
    /// The queue is closed and empty, or abandoned.
    Closed,
}

impl Queue {
    /// A queue that holds up to `max_bytes` of lines (a single larger batch is accepted when it is empty).
    pub fn new(max_bytes: usize, when_full: WhenFull) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            freed: Condvar::new(),
            ended: Condvar::new(),
            max_bytes,
            when_full,
        }
    }

    /// Adds a batch. Returns what had to be dropped for it, or of it. Calls `before_wait` before waiting.
    pub fn push(&self, batch: &Arc<Batch>, before_wait: impl Fn()) -> LevelCounts {
        let mut dropped = LevelCounts::default();
        let size = batch.bytes.len();
        let mut state = self.lock();
        while !state.items.is_empty()
            && state.bytes > 0
            && state.bytes + size > self.max_bytes
            && !state.abandoned
        {
            match self.when_full {
                WhenFull::Block if state.lifted > 0 => break,
                WhenFull::Block => {
                    before_wait();
                    state = self
                        .freed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                WhenFull::DropNewest => return batch.all_counts(),
                WhenFull::DropOldest => {
                    let oldest = state
                        .items
                        .iter()
                        .position(|item| matches!(item, Item::Batch(_)));
                    match oldest.and_then(|at| state.items.remove(at)) {
                        Some(Item::Batch(old)) => {
                            state.remove(old.bytes.len());
                            dropped.merge(&old.all_counts());
                        }
                        _ => break,
                    }
                }
            }
        }
        if state.abandoned {
            dropped.merge(&batch.all_counts());
            return dropped;
        }
        state.add(Item::Batch(Arc::clone(batch)));
        drop(state);
        self.filled.notify_one();
        dropped
    }

    /// Adds lines of another sink, waiting for room. Whether they were taken: not when all is given up.
    pub fn push_foreign(&self, batch: Arc<Batch>, owner: Arc<SinkHandle>) -> bool {
        let size = batch.bytes.len();
        let mut state = self.lock();
        while state.bytes > 0 && state.bytes + size > self.max_bytes && !state.abandoned {
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.abandoned {
            return false;
        }
        state.add(Item::Foreign(batch, owner));
        drop(state);
        self.filled.notify_one();
        true
    }

    /// Adds a report behind everything queued; never waits, and is dropped only when all the rest is.
    pub fn report(&self, batch: Arc<Batch>) {
        let mut state = self.lock();
        if state.abandoned {
            return;
        }
        state.add(Item::Report(batch));
        drop(state);
        self.filled.notify_one();
    }

    /// Whether a report is better kept for later: the queue is more than half full.
    pub fn is_pressed(&self) -> bool {
        self.lock().bytes > self.max_bytes / 2
    }

    /// Adds a command behind everything queued; never waits, never dropped.
    pub fn command(&self, item: Item) {
        self.lock().items.push_back(item);
        self.filled.notify_one();
    }

    /// Takes the next item, waiting up to `timeout`.
    pub fn pop(&self, timeout: Duration) -> Popped {
        let mut state = self.lock();
        if state.items.is_empty() && !state.closed && !state.abandoned {
            state = self
                .filled
                .wait_timeout(state, timeout)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        match state.items.pop_front() {
            Some(item) => {
                state.waiting = state.waiting.saturating_sub(item.size());
                Popped::Item(item)
            }
            None if state.closed || state.abandoned => Popped::Closed,
            None => Popped::Idle,
        }
    }

    /// Tells that a batch of `bytes` taken from the queue is done with; its room becomes free only now, so
    /// that what a stalled sink holds stays inside the bound.
    pub fn done(&self, bytes: usize) {
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
        drop(state);
        // The drain thread and other sinks may wait.
        self.freed.notify_all();
    }

    /// No more items will come; the consumer ends when the queue is empty.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    /// Lets a producer that would wait go on, until `lower` is called for this flush or a later one.
    pub fn lift(&self, flush: u64) {
        let mut state = self.lock();
        state.lifted = state.lifted.max(flush);
        drop(state);
        self.freed.notify_all();
    }

    /// Takes back what was lifted up to this flush.
    pub fn lower(&self, flush: u64) {
        let mut state = self.lock();
        if state.lifted <= flush {
            state.lifted = 0;
        }
    }

    /// Gives up: a waiting producer goes on and the consumer counts what is left as dropped.
    pub fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.abandoned = true;
        drop(state);
        self.filled.notify_all();
        self.freed.notify_all();
        self.ended.notify_all();
    }

    /// How full the queue is, 0 to 1. What is being written counts only while something waits behind it: a sink that
    /// keeps up is always writing something.
    pub fn pressure(&self) -> f64 {
        let state = self.lock();
        match state.waiting {
            0 => 0.0,
            _ => (state.bytes as f64 / self.max_bytes as f64).min(1.0),
        }
    }

    /// Whether something waits to be written.
    pub fn is_busy(&self) -> bool {
        self.lock().waiting > 0
    }

    /// Whether the drain thread waits when the queue is full.
    pub fn blocks(&self) -> bool {
        self.when_full == WhenFull::Block
    }

    /// Whether [`Queue::abandon`] was called.
    pub fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    /// Bound of the queue.
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Bytes of lines queued or being written.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Waits for `timeout`, or until the queue is abandoned; what comes in meanwhile does not end the wait.
    pub fn pause(&self, timeout: Duration) {
        let state = self.lock();
        drop(
            self.ended
                .wait_timeout_while(state, timeout, |state| !state.abandoned)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
