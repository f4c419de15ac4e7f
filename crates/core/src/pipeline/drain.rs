//! The drain thread: takes records out of the rings, formats them and hands batches to the sinks.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use fapilog_ring::{Consumer, Pages};

use super::batch::BatchPool;
use super::bridge::{Bridge, SharedDictionary};
use super::crossing::Crossing;
use super::diagnostics::Kind;
use super::lanes::{self, Destinations, Lane, LaneSink};
use super::pressure::{Ladder, News};
use super::queue::Queue;
use super::reconfigure::Successor;
use super::reports::{Losses, ReportWriter, Told, REPORT_EVERY};
use super::retention::Retention;
use super::rings::{Listed, Rings};
use super::route::Router;
use super::settings::{DOZE, DOZE_POLL, LINGER, PARK, POLL, POLLS_PER_BATCH};
use super::Shared;
use crate::format::FormatOptions;
use crate::level::{Level, LevelCounts};
use crate::stages::Stages;
use crate::wire::layout::FLAG_TRUNCATED;
use crate::wire::{Dictionary, Frames, Record, Records};

/// Bytes copied out of a ring at once.
const CHUNK_BYTES: usize = 64 << 10;
/// A batch of this size is handed over at once.
const BATCH_BYTES: usize = 128 << 10;

/// The same under pressure; a buffer of this size is still used again.
const PRESSED_BATCH_BYTES: usize = 1 << 20;

/// Bytes that are enough to tell a record from others.
const FRAME_BYTES: usize = 16;

/// How often the counters of lost events are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often cut events are mentioned.
const TRUNCATED_EVERY: Duration = Duration::from_secs(60);

/// The reading side of one ring.
struct Source {
    id: u64,
    consumer: Consumer,
    dictionary: Dictionary,
    frames: Frames,
    /// Events taken out of it.
    taken: LevelCounts,
    /// Whether something in it was no record.
    is_damaged: bool,
    /// The same for the threads that show events to plugins, where there are any.
    shared_dictionary: Option<SharedDictionary>,
    /// The memory that `consumer` reads.
    pages: Pages,
}

/// What a flush, or the end, waits for.
struct Barrier {
    flush: u64,
    stopping: bool,
    /// The chunk that must have come back from the plugins.
    sequence: u64,
}

/// Formats an event for every lane that takes it.
#[inline(always)]
fn deliver(
    lanes: &mut [Lane],
    router: &mut Option<Router>,
    record: &Record<'_>,
    position: Option<u32>,
) {
    let matched = match router {
        None => 1,
        Some(router) => router.matched(record),
    };
    for lane in lanes {
        if lane.takes(record, matched) {
            lane.format.write(record, &mut lane.batch.bytes);
            if lane.batch.is_empty() {
                lane.batch.first_time_ms = Some(record.time_ms());
            }
            lane.batch.end_event(record.level());
            if let Some(position) = position {
                lane.batch.mark(position);
            }
        }
    }
}

impl Source {
    /// The part of the ring that is in use.
    fn fill(&self) -> f64 {
        let capacity = self.consumer.region().capacity_units().max(1);
        f64::from(self.consumer.pending_units()) / f64::from(capacity)
    }

    fn settle_damage(&self, rings: &Rings) {
        rings.settle_damage(self.id, &self.taken, self.consumer.position());
    }
}

/// What runs on the drain thread.
pub struct Drain {
    shared: Arc<Shared>,
    stages: Stages,
    /// Plugins and what comes behind them.
    crossing: Option<Crossing>,
    /// What to go on with, once nothing is on its way to plugins.
    successor: Option<Successor>,
    router: Option<Router>,
    /// All sinks, and the same in lanes.
    sinks: Vec<LaneSink>,
    lanes: Vec<Lane>,
    constants: FormatOptions,
    pool: BatchPool,
    sources: Vec<Source>,
    rings_seen: u64,
    chunk: Vec<u8>,
    fresh: Vec<u8>,
    tick: u32,
    reports: ReportWriter,
    /// What the sinks were told, in the order of `sinks`.
    told: Vec<Told>,
    looked: Instant,
    /// Whether a sink waits to be told of losses.
    untold: bool,
    truncated: u64,
    truncated_told: Option<Instant>,
    /// In crash-safe mode, who gives space back.
    retention: Option<Arc<Retention>>,
    /// Up to where the ring was read, for the same.
    position: u32,
    /// What is done about pressure, and the size of a batch then.
    ladder: Option<Ladder>,
    pressed_batch_bytes: usize,
}

impl Drain {
    pub(super) fn new(
        shared: Arc<Shared>,
        mut stages: Stages,
        bridge: &Arc<Bridge>,
        destinations: Destinations,
        pool: BatchPool,
        retention: Option<Arc<Retention>>,
        ladder: Option<Ladder>,
    ) -> Self {
        let Destinations {
            sinks,
            router,
            constants,
        } = destinations;
        let crossing = Crossing::new(bridge, &mut stages, &shared.plugin_time);
        let smallest = sinks.iter().map(|sink| sink.handle.queue.max_bytes()).min();
        Self {
            ladder,
            // So that several fit into every queue.
            pressed_batch_bytes: PRESSED_BATCH_BYTES.min(smallest.unwrap_or(0) / 8),
            reports: ReportWriter::new(&shared.levels),
            told: sinks.iter().map(|_| Told::new()).collect(),
            lanes: lanes::group(&sinks, router.as_ref(), &constants, &pool),
            router,
            sinks,
            constants,
            looked: Instant::now(),
            untold: false,
            truncated: 0,
            truncated_told: None,
            shared,
            crossing,
            successor: None,
            stages,
            pool,
            sources: Vec::new(),
            rings_seen: 0,
            chunk: Vec::with_capacity(CHUNK_BYTES),
            fresh: Vec::new(),
            tick: 0,
            retention,
            position: 0,
        }
    }

    /// Runs until the pipeline is stopped and everything is handed over.
    pub(super) fn run(mut self) {
        let mut active = Instant::now();
        let mut polls = 0;
        let mut flushed = 0u64;
        let mut barrier: Option<Barrier> = None;
        loop {
            // Read before the rings: whoever asked for this flush has published before asking.
            let flush = self.shared.flush_wanted.load(Ordering::Acquire);
            let stopping = self.shared.stopping.load(Ordering::Acquire);
            self.change_over();
            self.refresh_sources();
            self.count_tick();
            let moved = self.drain_round() | self.take_returned();
            if moved {
                active = Instant::now();
            }
            let asked = barrier.is_none() && (flush > flushed || stopping);
            // With a change that has not come into force, what is behind it cannot be taken out yet.
            if asked && self.drain_published() {
                self.send_notices(true);
                barrier = Some(Barrier {
                    flush,
                    stopping,
                    sequence: self.crossing.as_ref().map_or(0, Crossing::sequence),
                });
            }
            if let Some(reached) = barrier.take_if(|barrier| self.is_through(barrier.sequence)) {
                self.hand_over();
                self.settle_damage();
                self.report_losses(true);
                if reached.flush > flushed {
                    flushed = reached.flush;
                    self.flush_sinks(flushed);
                    self.shared.flush_begun.store(flushed, Ordering::Release);
                    self.lower_queues(flushed);
                }
                if reached.stopping {
                    break;
                }
                continue;
            }
            self.send_notices(false);
            if moved {
                self.report_losses(false);
                continue;
            }
            let ring_fill = self.sources.iter().map(Source::fill).fold(0.0, f64::max);
            self.feel_pressure(ring_fill);
            self.settle_damage();
            self.report_losses(false);
            if active.elapsed() < LINGER {
                polls += 1;
                if polls >= POLLS_PER_BATCH {
                    self.hand_over_unless_busy();
                    polls = 0;
                }
                self.shared.parker.sleep(POLL);
                continue;
            }
            self.hand_over();
            // What comes after a pause goes on at once.
            polls = POLLS_PER_BATCH;
            if active.elapsed() < DOZE {
                self.shared.rings.stop_ticks();
                self.shared.parker.sleep(DOZE_POLL);
                continue;
            }
            if self.park() {
                active = Instant::now();
            }
        }
        // The rings stay attached: their counters go on counting calls after the close.
        let ends = self
            .sources
            .drain(..)
            .map(|source| (source.id, source.consumer.position(), source.taken));
        self.shared.rings.abandon(ends, self.retention.is_some());
        // Before the queues: once every sink has ended, this thread is known to be done with the rings.
        self.shared.drained.store(true, Ordering::Release);
        for lane in &self.lanes {
            for sink in &lane.sinks {
                sink.queue.close();
            }
        }
        self.shared.progress.announce();
        self.shared.space.end();
    }

    /// Counts what is missing of rings in which something was no record.
    fn settle_damage(&self) {
        for source in self.sources.iter().filter(|source| source.is_damaged) {
            source.settle_damage(&self.shared.rings);
        }
    }

    /// Goes on with other stages and another routing, if that was asked for.
    fn change_over(&mut self) {
        self.look_for_successor();
        if self.successor.is_some() {
            // Whatever was logged before the change was asked for goes the old way, through all the plugins; also
            // what is in a ring that was attached since this thread last looked.
            self.find_sources();
            self.drain_published();
        }
        let sequence = self.crossing.as_ref().map_or(0, Crossing::sequence);
        if self.is_through(sequence) {
            if let Some(successor) = self.successor.take() {
                self.succeed(successor);
            }
        }
    }

    fn look_for_successor(&mut self) {
        if self.successor.is_none() {
            self.successor = self.shared.handover.take();
        }
    }

    fn succeed(&mut self, successor: Successor) {
        self.send_notices(true);
        self.hand_over();
        let number = successor.number();
        self.stages = successor.stages;
        self.router = successor.router;
        if let Some(crossing) = &mut self.crossing {
            crossing.cut(&mut self.stages);
        }
        for source in &mut self.sources {
            source.dictionary.set_own(self.stages.own_strings());
            if let Some(dictionary) = &source.shared_dictionary {
                dictionary
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .set_own(self.stages.own_strings());
            }
        }
        let router = self.router.as_ref();
        self.lanes = lanes::group(&self.sinks, router, &self.constants, &self.pool);
        self.shared.handover.done(number);
        self.shared.progress.announce();
    }

    /// Sends what stages have to say by now behind the events so far; with `force` all of it.
    fn send_notices(&mut self, force: bool) {
        let (lanes, router) = (&mut self.lanes, &mut self.router);
        let crossing = &mut self.crossing;
        let said = self.stages.due(force, |notice| {
            let passed = match crossing {
                Some(crossing) => crossing.pass(notice),
                None => Some(*notice),
            };
            let Some(notice) = &passed else { return };
            let matched = router.as_mut().map_or(1, |router| router.matched(notice));
            for lane in lanes.iter_mut() {
                if notice.level() >= lane.min_level && lane.route.takes(matched) {
                    lane.format.write(notice, &mut lane.notices.bytes);
                    lane.notices.end_report();
                }
            }
        });
        if !said {
            return;
        }
        self.shared.count_stages(self.stages.take_counts());
        for at in 0..self.lanes.len() {
            let said = |lane: &&mut Lane| lane.notices.reports() > 0;
            let Some(lane) = self.lanes.get_mut(at).filter(said) else {
                continue;
            };
            let notices = Arc::new(std::mem::take(&mut lane.notices));
            self.hand_over_lane(at);
            for sink in self.lanes.get(at).iter().flat_map(|lane| &lane.sinks) {
                sink.queue.report(Arc::clone(&notices));
            }
        }
    }

    /// Tells the sinks of lost events where there is news and it is time; with `force` it is.
    fn report_losses(&mut self, force: bool) {
        if !force && self.looked.elapsed() < LOOK_EVERY {
            return;
        }
        self.looked = Instant::now();
        let ring = self.shared.rings.produced();
        let pressure = self.shared.pressure().dropped;
        self.report_truncated();
        self.untold = false;
        for lane in &mut self.lanes {
            for (sink, place) in lane.sinks.iter().zip(&lane.places) {
                let Some(told) = self.told.get_mut(*place) else {
                    continue;
                };
                if lane.min_level > Level::WARNING {
                    continue;
                }
                let losses = Losses {
                    ring,
                    pressure,
                    overflow: sink.overflow(),
                };
                let Some(news) = told.news(&losses, lane.min_level, &self.shared.levels) else {
                    continue;
                };
                if !force && (!told.is_due() || sink.queue.is_pressed()) {
                    self.untold = true;
                    continue;
                }
                let since = told.tell(&losses);
                let mut batch = self.pool.take();
                self.reports
                    .write(&news, since, lane.format.as_mut(), &mut batch);
                sink.queue.report(Arc::new(batch));
            }
        }
    }

    fn report_truncated(&mut self) {
        let truncated = self.shared.truncated.load(Ordering::Relaxed);
        let is_due = self
            .truncated_told
            .is_none_or(|last| last.elapsed() >= TRUNCATED_EVERY);
        if truncated > self.truncated && is_due {
            self.truncated_told = Some(Instant::now());
            self.shared.diagnostics.report(
                Kind::Truncated,
                None,
                format!(
                    "{} events had values cut to stay within queue.maxEventBytes",
                    truncated - self.truncated
                ),
            );
            self.truncated = truncated;
        }
    }

    /// Tells the producers that time has passed, and sees to it that they have pages to write to.
    fn count_tick(&mut self) {
        self.tick = self.tick.wrapping_add(1).max(1);
        for source in &mut self.sources {
            let head = source.consumer.control().published();
            source.pages.prepare(head);
            source.consumer.region().set_tick(self.tick);
            source.consumer.allow_light_publish();
        }
    }

    /// Whether the plugins have dealt with everything up to a chunk.
    fn is_through(&self, sequence: u64) -> bool {
        self.crossing
            .as_ref()
            .is_none_or(|crossing| crossing.is_through(sequence))
    }

    /// Formats what plugins have given back. Whether there was anything.
    fn take_returned(&mut self) -> bool {
        let Some(mut crossing) = self.crossing.take() else {
            return false;
        };
        let mut moved = false;
        let mut accepted = LevelCounts::default();
        while crossing.take_returned(|record| {
            accepted.add(record.level());
            // Events that plugins see are not kept in a ring's file: crash-safe mode has no such plugins.
            deliver(&mut self.lanes, &mut self.router, record, None);
        }) {
            moved = true;
            self.hand_over_large();
        }
        if moved {
            for lane in &mut self.lanes {
                lane.settle_skipped();
            }
            self.shared.count_accepted(&accepted);
            self.shared.count_stages(crossing.take_counts().into_iter());
        }
        self.crossing = Some(crossing);
        moved
    }

    /// Takes one chunk from every ring. Whether there was anything.
    fn drain_round(&mut self) -> bool {
        let crossing = self.crossing.as_ref();
        let is_full = crossing.is_some_and(|crossing| crossing.bridge.is_full());
        if is_full || self.successor.is_some() {
            return false;
        }
        let mut moved = false;
        let mut sources = std::mem::take(&mut self.sources);
        for source in &mut sources {
            moved |= self.drain_chunk(source);
        }
        self.sources = sources;
        moved
    }

    /// Takes everything that is published by now from every ring, and not what comes meanwhile. With a successor up to
    /// its marks only: whether there is none.
    fn drain_published(&mut self) -> bool {
        let mut sources = std::mem::take(&mut self.sources);
        for source in &mut sources {
            let pending = source.consumer.pending_units();
            let start = source.consumer.position();
            while source.consumer.position().wrapping_sub(start) < pending
                && self.drain_chunk(source)
            {}
        }
        self.sources = sources;
        self.successor.is_none()
    }

    fn drain_chunk(&mut self, source: &mut Source) -> bool {
        // Here, since an event that was logged after a change must not go the old way, however long it took to get to it.
        self.look_for_successor();
        let most = self.successor.as_ref().map_or(usize::MAX, |successor| {
            let units = successor.units_before(source.id, source.consumer.position());
            units as usize * fapilog_ring::layout::UNIT_BYTES as usize
        });
        if most == 0 {
            return false;
        }
        let mut limit = CHUNK_BYTES.min(most);
        self.chunk.clear();
        let copied = loop {
            let copied = source.consumer.copy_pending(limit, &mut self.chunk);
            let first = source.frames.at(&self.chunk, source.consumer.position());
            let is_whole = first.is_none_or(|frame| frame.bytes <= copied);
            if copied < limit || limit == most || is_whole {
                break copied;
            }
            self.chunk.clear();
            limit = (limit * 4).min(most);
        };
        if self.successor.is_none() {
            // Once more: what was copied may be behind a change that was asked for in between.
            self.look_for_successor();
            if self.successor.is_some() {
                return false;
            }
        }
        if copied == 0 {
            return false;
        }
        self.feel_pressure(source.fill());
        let started = Instant::now();
        self.fresh.clear();
        source
            .consumer
            .region()
            .copy_dictionary(source.dictionary.consumed(), &mut self.fresh);
        source.dictionary.extend(&self.fresh);
        if let (Some(dictionary), false) = (&source.shared_dictionary, self.fresh.is_empty()) {
            dictionary
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(&self.fresh);
        }

        let mut travellers = match (&mut self.crossing, &source.shared_dictionary) {
            (Some(crossing), Some(dictionary)) => Some(crossing.begin(dictionary)),
            _ => None,
        };
        let is_untouched = self.stages.is_empty();
        let mut accepted = LevelCounts::default();
        let start = source.consumer.position();
        let kept = self.retention.is_some();
        let (mut taken, mut damaged) = (0, 0);
        let mut is_first = true;
        while let Some(rest) = self.chunk.get(taken..).filter(|rest| !rest.is_empty()) {
            let units = taken / fapilog_ring::layout::UNIT_BYTES as usize;
            let position = start.wrapping_add(units as u32);
            let frame = source.frames.at(rest, position);
            let bytes = frame.map_or(rest.len(), |frame| frame.bytes);
            if taken > 0 && copied == limit && (bytes > rest.len() || rest.len() < FRAME_BYTES) {
                // Cut at the limit, not damaged: the next chunk starts with it.
                break;
            }
            let Some(bytes) = frame.map(|frame| frame.bytes).filter(|&b| b <= rest.len()) else {
                let next = source.frames.find(&self.chunk, taken, start);
                damaged += next - taken;
                taken = next;
                continue;
            };
            let at = taken;
            taken += bytes;
            let record = Records::new(rest.get(..bytes).unwrap_or(rest), &source.dictionary).next();
            // Padding is none.
            let Some(record) = record else { continue };
            source.taken.add(record.level());
            if record.has(FLAG_TRUNCATED) {
                self.shared.truncated.fetch_add(1, Ordering::Relaxed);
            }
            if let Some(ladder) = &mut self.ladder {
                if !ladder.admits(record.level()) {
                    continue;
                }
            }
            // One event of a chunk shows how long it has waited, and how long the stages take.
            let timed = std::mem::take(&mut is_first);
            if timed {
                self.shared.count_wait(record.time_ms());
            }
            let record = if is_untouched {
                record
            } else {
                let passed = if timed {
                    self.stages.run_timed(record)
                } else {
                    self.stages.run(record)
                };
                match passed {
                    Some(record) => record,
                    None => continue,
                }
            };
            let position = kept.then_some(position);
            if let Some(travellers) = &mut travellers {
                if is_untouched {
                    travellers.mark(at, &record);
                } else {
                    travellers.push(&record);
                }
            } else {
                accepted.add(record.level());
                deliver(&mut self.lanes, &mut self.router, &record, position);
            }
        }
        if damaged > 0 {
            source.is_damaged = true;
            self.shared.count_damaged(damaged);
        }
        source.consumer.take(taken);
        if let (Some(crossing), Some(mut travellers)) = (&mut self.crossing, travellers) {
            if is_untouched {
                travellers.adopt(&mut self.chunk);
            }
            if !travellers.is_empty() {
                crossing.send(travellers);
            }
        }
        match &self.retention {
            None => {
                source.consumer.release();
                self.shared.space.announce();
            }
            Some(retention) => {
                self.position = source.consumer.position();
                let pending = self.lanes.iter().flat_map(|lane| {
                    let first = lane.batch.first_position();
                    lane.held.iter().map(move |&sink| (sink, first))
                });
                retention.read(self.position, pending);
            }
        }
        for lane in &mut self.lanes {
            lane.settle_skipped();
        }
        self.shared.drain_time.record(started.elapsed());
        if let Some(ladder) = &self.ladder {
            self.shared.note_pressure(ladder.counts());
        }
        self.shared.count_accepted(&accepted);
        if !self.stages.is_empty() {
            self.shared.count_stages(self.stages.take_counts());
        }
        self.hand_over_large();
        true
    }

    /// Measures how full the rings and queues are, this ring among them, and climbs or comes down.
    fn feel_pressure(&mut self, ring_fill: f64) {
        let Some(ladder) = &mut self.ladder else {
            return;
        };
        // A sink that drops lines itself holds nobody up.
        let queues = self.sinks.iter().map(|sink| &sink.handle.queue);
        let queues = queues.filter(|queue| queue.blocks());
        let fill = queues.map(Queue::pressure).fold(ring_fill, f64::max);
        let news = ladder.measure(fill, Instant::now());
        self.shared.note_pressure(ladder.counts());
        match news {
            None => {}
            Some(News::Entered(text)) => {
                self.shared.diagnostics.report(Kind::Pressure, None, text);
            }
            Some(News::Over(text)) => {
                self.shared
                    .diagnostics
                    .report(Kind::PressureOver, None, text);
            }
        }
    }

    /// From which size on a batch is handed over at once.
    fn batch_bytes(&self) -> usize {
        match &self.ladder {
            None => BATCH_BYTES,
            Some(ladder) if ladder.gathers() => self.pressed_batch_bytes,
            Some(_) => BATCH_BYTES.min(self.pressed_batch_bytes / 2),
        }
    }

    /// Hands over what there is; under pressure not to a sink that has something to do, so that batches grow.
    fn hand_over_unless_busy(&mut self) {
        let gathers = self.ladder.as_ref().is_some_and(Ladder::gathers);
        for at in 0..self.lanes.len() {
            let sinks = self.lanes.get(at).map_or(&[][..], |lane| &lane.sinks);
            if !gathers || !sinks.iter().all(|sink| sink.queue.is_busy()) {
                self.hand_over_lane(at);
            }
        }
    }

    /// Hands over the batches that are large enough.
    fn hand_over_large(&mut self) {
        let enough = self.batch_bytes();
        for at in 0..self.lanes.len() {
            if self
                .lanes
                .get(at)
                .is_some_and(|lane| lane.batch.bytes.len() >= enough)
            {
                self.hand_over_lane(at);
            }
        }
    }

    fn hand_over(&mut self) {
        for at in 0..self.lanes.len() {
            self.hand_over_lane(at);
        }
    }

    fn hand_over_lane(&mut self, at: usize) {
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        if lane.batch.is_empty() {
            return;
        }
        if let (Some(retention), Some(first)) = (&self.retention, lane.batch.first_position()) {
            lane.batch.end_position = self.position;
            for &sink in &lane.held {
                retention.hand_over(sink, first);
            }
        }
        lane.batch.handed_over = Some(Instant::now());
        let batch = Arc::new(std::mem::replace(&mut lane.batch, self.pool.take()));
        for sink in &lane.sinks {
            // Nobody counts ticks while this thread waits for a sink.
            let dropped = sink.queue.push(&batch, || self.shared.rings.stop_ticks());
            sink.count_dropped(&dropped);
        }
        self.pool.give_back(batch);
    }

    fn flush_sinks(&self, number: u64) {
        for lane in &self.lanes {
            for sink in &lane.sinks {
                sink.queue.command(super::queue::Item::Flush(number));
            }
        }
    }

    /// The bounds of the queues hold again, unless a later flush has lifted them.
    fn lower_queues(&self, flush: u64) {
        for lane in &self.lanes {
            for sink in &lane.sinks {
                sink.queue.lower(flush);
            }
        }
    }

    /// Announces sleep to every ring and sleeps unless something came in between. Whether something did.
    fn park(&mut self) -> bool {
        let mut quiet = true;
        self.shared.rings.stop_ticks();
        for source in &self.sources {
            source.consumer.allow_light_publish();
            quiet &= source
                .consumer
                .control()
                .prepare_park(source.consumer.position());
        }
        let woken = if quiet {
            let longest = if self.untold { REPORT_EVERY } else { PARK };
            let notices = self.stages.until_due().unwrap_or(longest);
            let pressure = self.ladder.as_ref().and_then(Ladder::until_due);
            let longest = longest.min(pressure.unwrap_or(longest));
            self.shared.parker.sleep(longest.min(notices))
        } else {
            true
        };
        for source in &self.sources {
            source.consumer.control().unpark();
        }
        woken
    }

    /// Takes over rings that were attached, and lets go of those that were detached and are empty.
    fn refresh_sources(&mut self) {
        let version = self.shared.rings.version();
        if version == self.rings_seen {
            return;
        }
        let listed = self.find_sources();
        for id in listed
            .iter()
            .filter(|ring| ring.leaving)
            .map(|ring| ring.id)
        {
            // A ring that leaves is to be read to its end, which a change may not allow yet.
            if self.successor.is_some() {
                return;
            }
            let Some(at) = self.sources.iter().position(|source| source.id == id) else {
                continue;
            };
            let mut source = self.sources.swap_remove(at);
            while self.drain_chunk(&mut source) {}
            if self.successor.is_some() {
                self.sources.push(source);
                return;
            }
            if source.is_damaged {
                source.settle_damage(&self.shared.rings);
            }
            let taken = source.taken;
            drop(source);
            self.shared.rings.left(id, &taken);
            self.shared.progress.announce();
        }
        self.rings_seen = version;
    }

    /// Takes over rings that were attached, those that came and went unseen too: they may hold records all the same.
    /// All that are to be read.
    fn find_sources(&mut self) -> Vec<Listed> {
        let listed = self.shared.rings.list();
        for ring in &listed {
            if self.sources.iter().any(|source| source.id == ring.id) {
                continue;
            }
            let memory = Arc::clone(&ring.memory);
            self.sources.push(Source {
                id: ring.id,
                consumer: Consumer::new(*memory.region()),
                dictionary: Dictionary::with_own(self.stages.own_strings()),
                frames: Frames::of(memory.region()),
                taken: LevelCounts::default(),
                is_damaged: false,
                shared_dictionary: self.crossing.as_ref().map(|_| {
                    let own = self.stages.own_strings();
                    Arc::new(RwLock::new(Dictionary::with_own(own)))
                }),
                pages: Pages::new(memory),
            });
        }
        listed
    }
}
