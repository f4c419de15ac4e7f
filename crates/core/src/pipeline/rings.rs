//! The rings of a pipeline, and what their producers have counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fapilog_ring::{Consumer, Counter, Region, RingMemory};

use super::metrics::RingMetrics;
use super::RingId;
use crate::level::LevelCounts;
use crate::wire::Frames;

/// Bytes looked at at once when nobody drains a ring any more.
const LATE_CHUNK_BYTES: usize = 64 << 10;

/// Counters of all levels: those in the header of a ring, and the losses that only its reader can see.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProducerCounts {
    pub(super) submitted: LevelCounts,
    pub(super) full: LevelCounts,
    pub(super) timeout: LevelCounts,
    /// Logged after the close; also those that were published when nobody read the ring any more.
    pub(super) closed: LevelCounts,
    pub(super) encode: LevelCounts,
    /// Published, and overwritten before they were read.
    pub(super) damaged: LevelCounts,
}

impl ProducerCounts {
    fn of(region: &Region) -> Self {
        let read = |counter| {
            let mut counts = LevelCounts::default();
            for (level, slot) in counts.0.iter_mut().enumerate() {
                *slot = region.counter(counter, level);
            }
            counts
        };
        // `submitted` last: what moves meanwhile must not make the drops outnumber it.
        Self {
            full: read(Counter::DroppedFull),
            timeout: read(Counter::DroppedTimeout),
            closed: read(Counter::DroppedClosed),
            encode: read(Counter::DroppedEncode),
            damaged: LevelCounts::default(),
            submitted: read(Counter::Submitted),
        }
    }

    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self {
            submitted: self.submitted.since(&earlier.submitted),
            full: self.full.since(&earlier.full),
            timeout: self.timeout.since(&earlier.timeout),
            closed: self.closed.since(&earlier.closed),
            encode: self.encode.since(&earlier.encode),
            damaged: self.damaged.since(&earlier.damaged),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.submitted.merge(&other.submitted);
        self.full.merge(&other.full);
        self.timeout.merge(&other.timeout);
        self.closed.merge(&other.closed);
        self.encode.merge(&other.encode);
        self.damaged.merge(&other.damaged);
    }

    /// All events lost before the sinks, by level.
    pub(super) fn dropped(&self) -> LevelCounts {
        let mut sum = self.full;
        for counts in [&self.timeout, &self.closed, &self.encode, &self.damaged] {
            sum.merge(counts);
        }
        sum
    }
}

/// One attached ring.
#[derive(Debug)]
struct Slot {
    id: RingId,
    memory: Arc<RingMemory>,
    leaving: bool,
    /// Read no more; its counters still count calls after the close.
    has_left: bool,
    /// Its producer is gone: nothing will be counted any more.
    is_orphan: bool,
    /// Whether something in it was no record. Only then is `taken` kept up to date.
    is_damaged: bool,
    /// Events taken out of it.
    taken: LevelCounts,
    /// Events that were never read because they were overwritten.
    damaged: LevelCounts,
    /// Events published when nobody read it any more, and that nobody will.
    late: LevelCounts,
    /// Up to where it was looked at since then, if it is to be kept as it is.
    seen: Option<u32>,
}

impl Slot {
    fn counts(&self) -> ProducerCounts {
        let mut counts = ProducerCounts::of(self.memory.region());
        counts.closed.merge(&self.late);
        counts.damaged = self.damaged;
        counts
    }

    /// What is missing of a damaged ring is known once all of it was read: what was published and never came out.
    fn settle(&mut self, read: u32) {
        if self.is_damaged && self.memory.region().control().published() == read {
            let counts = ProducerCounts::of(self.memory.region());
            let mut gone = counts.dropped();
            gone.merge(&self.taken);
            gone.merge(&self.late);
            self.damaged = counts.submitted.since(&gone);
        }
    }

    /// Takes what was published since the drain thread ended, and gives the space back; of a ring that is to be
    /// kept, it only returns the new events.
    fn take_late(&mut self) -> LevelCounts {
        let mut found = LevelCounts::default();
        let region = *self.memory.region();
        let frames = Frames::of(&region);
        let mut consumer = Consumer::new(region);
        if let Some(seen) = self.seen {
            consumer.take(seen.wrapping_sub(consumer.position()) as usize * 8);
        }
        let mut chunk = Vec::new();
        let mut limit = LATE_CHUNK_BYTES;
        loop {
            chunk.clear();
            let copied = consumer.copy_pending(limit, &mut chunk);
            let mut at = 0;
            while at < copied {
                let rest = chunk.get(at..).unwrap_or_default();
                let position = consumer.position().wrapping_add((at / 8) as u32);
                match frames.at(rest, position) {
                    Some(frame) if frame.bytes <= rest.len() => {
                        if let Some(level) = frame.level {
                            found.add_index(usize::from(level));
                        }
                        at += frame.bytes;
                    }
                    _ if copied == limit && at > 0 => break,
                    Some(_) if copied == limit => {
                        limit *= 4;
                        break;
                    }
                    _ => {
                        self.is_damaged = true;
                        at = frames.find(&chunk, at, consumer.position());
                    }
                }
            }
            consumer.take(at);
            if copied == 0 {
                break;
            }
        }
        if self.seen.is_some() {
            self.seen = Some(consumer.position());
            return found;
        }
        consumer.release();
        self.late.merge(&found);
        self.settle(consumer.position());
        LevelCounts::default()
    }
}

#[derive(Debug, Default)]
struct State {
    slots: Vec<Slot>,
    /// Counters of the rings that left.
    retired: ProducerCounts,
    last_id: RingId,
    /// No ring is taken any more.
    is_closed: bool,
    /// Nobody reads the rings any more.
    is_abandoned: bool,
    /// Calls that were never finished because their thread was ended. No losses to report: none had returned.
    interrupted: LevelCounts,
    /// Lowest level index that producers log.
    threshold: u8,
}

impl State {
    fn slot(&mut self, id: RingId) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.id == id)
    }

    /// Keeps a ring's counters and forgets its memory.
    fn retire(&mut self, id: RingId) {
        if let Some(at) = self.slots.iter().position(|slot| slot.id == id) {
            let slot = self.slots.swap_remove(at);
            let counts = slot.counts();
            if slot.seen.is_none() {
                let settled = counts.dropped();
                let unfinished = counts.submitted.since(&settled).since(&slot.taken);
                self.interrupted.merge(&unfinished);
            }
            self.retired.merge(&counts);
        }
    }

    fn take_late(&mut self) -> LevelCounts {
        let mut kept = LevelCounts::default();
        if self.is_abandoned {
            for slot in &mut self.slots {
                kept.merge(&slot.take_late());
            }
        }
        kept
    }
}

/// What the drain thread needs to know of a ring.
pub(super) struct Listed {
    pub(super) id: RingId,
    pub(super) memory: Arc<RingMemory>,
    pub(super) leaving: bool,
}

/// All rings of a pipeline, attached and gone.
#[derive(Debug, Default)]
pub(super) struct Rings {
    state: Mutex<State>,
    version: AtomicU64,
}

impl Rings {
    /// Adds a ring; nothing after [`Rings::close`].
    pub(super) fn attach(&self, memory: Arc<RingMemory>) -> Option<RingId> {
        let mut state = self.lock();
        if state.is_closed {
            return None;
        }
        memory.region().set_threshold(state.threshold);
        state.last_id += 1;
        let id = state.last_id;
        state.slots.push(Slot {
            id,
            memory,
            leaving: false,
            has_left: false,
            is_orphan: false,
            is_damaged: false,
            taken: LevelCounts::default(),
            damaged: LevelCounts::default(),
            late: LevelCounts::default(),
            seen: None,
        });
        self.change();
        Some(id)
    }

    /// Takes no ring from now on. Every ring attached before is seen by whoever looks at [`Rings::version`]
    /// after this.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
    }

    /// Asks the drain thread to let go of a ring whose producer publishes no more.
    pub(super) fn leave(&self, id: RingId) {
        if let Some(slot) = self.lock().slot(id) {
            slot.leaving = true;
        }
        self.change();
    }

    /// Asks the drain thread to let go of a ring whose producer is gone.
    pub(super) fn orphan(&self, id: RingId) {
        let mut state = self.lock();
        let Some(slot) = state.slot(id) else { return };
        slot.leaving = true;
        slot.is_orphan = true;
        if slot.has_left {
            state.retire(id);
        }
        drop(state);
        self.change();
    }

    /// Sets the lowest level index that producers log.
    pub(super) fn set_threshold(&self, level: u8) {
        let mut state = self.lock();
        state.threshold = level;
        for slot in &state.slots {
            slot.memory.region().set_threshold(level);
        }
    }

    fn change(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Changes when a ring comes or wants to go.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Up to where each ring is filled that is still read.
    pub(super) fn published(&self) -> Vec<(RingId, u32)> {
        let state = self.lock();
        let read = state.slots.iter().filter(|slot| !slot.has_left);
        read.map(|slot| (slot.id, slot.memory.region().control().published()))
            .collect()
    }

    pub(super) fn list(&self) -> Vec<Listed> {
        let listed = |slot: &Slot| Listed {
            id: slot.id,
            memory: Arc::clone(&slot.memory),
            leaving: slot.leaving,
        };
        let state = self.lock();
        let read = state.slots.iter().filter(|slot| !slot.has_left);
        read.map(listed).collect()
    }

    /// Whether a ring is still read.
    pub(super) fn is_read(&self, id: RingId) -> bool {
        self.lock().slot(id).is_some_and(|slot| !slot.has_left)
    }

    pub(super) fn has(&self, id: RingId) -> bool {
        self.lock().slot(id).is_some()
    }

    /// Notes that a ring is read no more, and what was taken out of it.
    pub(super) fn left(&self, id: RingId, taken: &LevelCounts) {
        let mut state = self.lock();
        let Some(slot) = state.slot(id) else { return };
        slot.has_left = true;
        slot.taken = *taken;
        if slot.is_orphan {
            state.retire(id);
        }
    }

    /// Keeps a ring's counters and forgets its memory.
    pub(super) fn retire(&self, id: RingId) {
        self.lock().retire(id);
    }

    /// Calls that were never finished because their thread was ended.
    pub(super) fn interrupted(&self) -> LevelCounts {
        self.lock().interrupted
    }

    /// Tells what was taken out of a ring in which something was no record, and up to where it was read.
    pub(super) fn settle_damage(&self, id: RingId, taken: &LevelCounts, read: u32) {
        if let Some(slot) = self.lock().slot(id) {
            slot.is_damaged = true;
            slot.taken = *taken;
            slot.settle(read);
        }
    }

    /// Nobody counts ticks for the producers for now.
    pub(super) fn stop_ticks(&self) {
        for slot in &self.lock().slots {
            slot.memory.region().set_tick(0);
        }
    }

    /// Nobody reads the rings from now on: what is published after this is counted as dropped, `closed`. With
    /// `keep` it stays where it is, for a later process. Told of each ring: up to where it was read, and what was
    /// taken out of it.
    pub(super) fn abandon(
        &self,
        rings: impl Iterator<Item = (RingId, u32, LevelCounts)>,
        keep: bool,
    ) {
        let mut state = self.lock();
        for (id, position, taken) in rings {
            if let Some(slot) = state.slot(id) {
                slot.taken = taken;
                slot.seen = keep.then_some(position);
            }
        }
        for slot in &state.slots {
            slot.memory.region().set_closed();
        }
        state.is_abandoned = true;
    }

    /// What was kept is gone.
    pub(super) fn stop_keeping(&self) {
        for slot in &mut self.lock().slots {
            slot.seen = None;
        }
    }

    /// Looks for what was published after [`Rings::abandon`]. Returns what is kept of it; the rest is counted as
    /// dropped.
    pub(super) fn take_late(&self) -> LevelCounts {
        self.lock().take_late()
    }

    /// Producer counters of all rings there are and were.
    pub(super) fn produced(&self) -> ProducerCounts {
        let state = self.lock();
        let mut sum = state.retired;
        for slot in &state.slots {
            sum.merge(&slot.counts());
        }
        sum
    }

    /// Sizes and depths of the rings there are.
    pub(super) fn metrics(&self) -> RingMetrics {
        let state = self.lock();
        let mut metrics = RingMetrics::default();
        for slot in state.slots.iter().filter(|slot| !slot.has_left) {
            metrics.rings += 1;
            let region = slot.memory.region();
            metrics.capacity_bytes += u64::from(region.data_bytes());
            metrics.depth_bytes += u64::from(region.depth_units()) * 8;
        }
        metrics
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
