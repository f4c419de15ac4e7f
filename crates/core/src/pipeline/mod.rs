//! A pipeline: its rings, its drain thread, its sinks, and the handle that everybody else holds.

mod batch;
mod breaker;
mod bridge;
mod crossing;
mod diagnostics;
mod drain;
mod health;
mod histogram;
mod lanes;
mod metrics;
mod parker;
mod pressure;
mod queue;
mod reconfigure;
mod reports;
mod retention;
mod rings;
pub mod route;
mod settings;
mod sink_thread;
mod space;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fapilog_ring::background::stand_back;
use fapilog_ring::{Region, RingMemory};

pub use batch::Batch;
pub use breaker::{BreakerSettings, State as BreakerState};
pub use bridge::{verdict, Bridge, Offer, Place, PlaceSettings, PluginSettings};
pub use diagnostics::{Diagnostic, DiagnosticCounts, DiagnosticSettings};
pub use health::{Health, SinkHealth, Status};
pub use histogram::HistogramSnapshot;
pub use metrics::{Metrics, RingMetrics, SinkMetrics};
pub use pressure::{Entered, Rung};
pub use queue::WhenFull;
pub use settings::{CrashSafe, Destination, PipelineSettings, SinkSettings};
pub use sink_thread::Ledger;

use batch::BatchPool;
use diagnostics::{Diagnostics, Kind};
use drain::Drain;
use health::now_ms;
use histogram::Histogram;
use lanes::{Destinations, LaneSink};
use parker::Parker;
use pressure::PressureCounts;
use queue::{Item, Queue};
use reconfigure::{withheld_names, Handover};
use retention::Retention;
use rings::Rings;
use sink_thread::{Identity, Progress, SinkHandle};
use space::Space;

use crate::error::{Error, ErrorCode, Result};
use crate::format::FormatOptions;
use crate::level::{LevelCounts, LevelTable};
use crate::recovery::{self, journal::SinkJournal, RingReport};
use crate::sinks::file::FileSink;
use crate::sinks::handoff::{HandoffPort, HandoffSink};
use crate::sinks::memory::{MemoryHandle, MemorySink};
use crate::sinks::null::NullSink;
use crate::sinks::standard_stream::StandardStream;
use crate::sinks::Sink;
use crate::stages::redact::WithheldNames;
use crate::stages::{StageCounts, Stages};

/// Identifies an attached ring.
pub type RingId = u64;

/// State that all threads of a pipeline share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    rings: Rings,
    accepted: Mutex<LevelCounts>,
    /// What the stages have done, and how long that took, by name.
    stages: Mutex<Vec<(&'static str, StageCounts, Arc<Histogram>)>>,
    /// The ladder, if there is one.
    pressure: Mutex<PressureCounts>,
    damaged_bytes: AtomicU64,
    truncated: AtomicU64,
    flush_wanted: AtomicU64,
    /// The latest flush for which everything is in the queues.
    flush_begun: AtomicU64,
    /// Taking a chunk out of a ring and making its lines.
    drain_time: Histogram,
    /// From the log call of the first event of a chunk until it is taken out of its ring.
    ring_time: Histogram,
    /// Batches on their way through plugins.
    plugin_time: Arc<Histogram>,
    stopping: AtomicBool,
    drained: AtomicBool,
    parker: Parker,
    progress: Arc<Progress>,
    space: Arc<Space>,
    diagnostics: Arc<Diagnostics>,
    /// Stages and routing to go on with.
    handover: Handover,
    levels: LevelTable,
}

impl Shared {
    fn count_accepted(&self, counts: &LevelCounts) {
        self.accepted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .merge(counts);
    }

    fn count_stages(&self, counts: impl Iterator<Item = (&'static str, StageCounts)>) {
        let mut withheld = 0;
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, counts) in counts {
            withheld += counts.withheld;
            let timed = counts.latency;
            let known = stages.iter().position(|(known, ..)| *known == name);
            let at = known.unwrap_or_else(|| {
                stages.push((name, StageCounts::default(), Arc::default()));
                stages.len() - 1
            });
            if let Some((_, sum, latency)) = stages.get_mut(at) {
                sum.merge(&counts);
                if let Some(timed) = timed {
                    latency.record(timed);
                }
            }
        }
        drop(stages);
        if withheld > 0 {
            self.diagnostics.report(
                Kind::Withheld,
                None,
                format!("{withheld} values were withheld because they could not be redacted"),
            );
        }
    }

    /// Counts the time that an event has lain in its ring.
    fn count_wait(&self, time_ms: f64) {
        let age_ms = now_ms() as f64 - time_ms;
        // A clock that was set is no latency.
        if (0.0..1e12).contains(&age_ms) {
            self.ring_time.record(Duration::from_secs_f64(age_ms / 1e3));
        }
    }

    fn note_pressure(&self, counts: &PressureCounts) {
        *self.pressure.lock().unwrap_or_else(PoisonError::into_inner) = *counts;
    }

    fn pressure(&self) -> PressureCounts {
        *self.pressure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_damaged(&self, bytes: usize) {
        self.damaged_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
        self.diagnostics.report(
            Kind::Damaged,
            None,
            format!("{bytes} bytes of a ring could not be read as events"),
        );
    }
}

/// What one sink says to a flush.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SinkReceipt {
    /// The sink's name.
    pub name: String,
    /// Events written since the pipeline was opened.
    pub written: u64,
    /// Events dropped since the pipeline was opened.
    pub dropped: u64,
    /// Events left in the ring's file for the next start (crash-safe mode).
    pub kept: u64,
    /// Events written since the pipeline was opened that the device has not confirmed (durability fsync).
    pub unsynced: u64,
    /// Whether everything logged before the flush has been dealt with.
    pub complete: bool,
    /// Why not, or the latest error.
    pub error: Option<String>,
}

/// Result of a flush or of closing.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Whether every sink has completed.
    pub complete: bool,
    /// One entry a sink.
    pub sinks: Vec<SinkReceipt>,
}

impl Receipt {
    /// The sinks that have not completed and why, for people.
    pub fn late(&self) -> String {
        let late: Vec<String> = self
            .sinks
            .iter()
            .filter(|sink| !sink.complete)
            .map(|sink| {
                let why = sink.error.as_deref().unwrap_or("unknown");
                format!("{} ({why})", sink.name)
            })
            .collect();
        late.join(", ")
    }
}

/// A running pipeline. Dropping it closes it without waiting.
#[derive(Debug)]
pub struct Pipeline {
    shared: Arc<Shared>,
    sinks: Vec<Arc<SinkHandle>>,
    memories: Vec<(String, MemoryHandle)>,
    bridge: Arc<Bridge>,
    handoffs: Vec<(String, Arc<HandoffPort>)>,
    diagnostics: Arc<Diagnostics>,
    drain: Mutex<Option<JoinHandle<()>>>,
    retention: Option<Arc<Retention>>,
    recovered: Vec<RingReport>,
    /// For stages and formats that are made later.
    constants: FormatOptions,
    withheld: Mutex<Option<WithheldNames>>,
}

impl Pipeline {
    /// Names of keys whose values the producer is to mask, if there are any.
    pub fn withheld_names(&self) -> Option<WithheldNames> {
        self.withheld
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Opens the sinks and starts the threads.
    ///
    /// # Errors
    /// [`ErrorCode::SinkOpen`] when a sink cannot be opened, [`ErrorCode::ThreadSpawn`], or
    /// [`ErrorCode::SettingInvalid`]; nothing is left running then.
    pub fn open(settings: PipelineSettings) -> Result<Pipeline> {
        Self::open_with(settings, Vec::new())
    }

    /// As [`Pipeline::open`], but a sink whose name is in `replaced` writes there instead. For tests.
    #[doc(hidden)]
    pub fn open_with(
        settings: PipelineSettings,
        mut replaced: Vec<(&str, Box<dyn Sink>)>,
    ) -> Result<Pipeline> {
        let stages = Stages::new(&settings.stages, &settings.constants)?;
        let withheld = withheld_names(&settings.stages)?;
        let diagnostics = Arc::new(Diagnostics::new(settings.diagnostics));
        let shared = Arc::new(Shared {
            levels: settings.constants.levels.clone(),
            diagnostics: Arc::clone(&diagnostics),
            ..Shared::default()
        });
        let retention = Retention::of(&settings, Arc::clone(&shared.space))?.map(Arc::new);
        let waker = Arc::clone(&shared);
        let bridge = Bridge::new(
            &settings.plugins,
            &shared.levels,
            Box::new(move || waker.parker.wake()),
        );
        let mut pipeline = Pipeline {
            bridge: Arc::new(bridge),
            handoffs: Vec::new(),
            recovered: match &settings.crash_safe {
                // Before any sink is open: what is left of earlier processes comes first in the files.
                Some(safe) => recover_before(&safe.directory, &diagnostics),
                None => Vec::new(),
            },
            withheld: Mutex::new(withheld),
            retention: retention.clone(),
            shared,
            diagnostics,
            sinks: Vec::new(),
            memories: Vec::new(),
            drain: Mutex::new(None),
            constants: settings.constants.clone(),
        };
        // Dropping the pipeline on an early return closes what was opened.
        let pool = BatchPool::default();
        let mut opened = Vec::new();
        let mut files = retention.iter().flat_map(|kept| &kept.journals);
        for (at, sink) in settings.sinks.iter().enumerate() {
            let journal = match sink.destination {
                Destination::File(_) => files.next(),
                _ => None,
            };
            opened.push(
                match replaced.iter().position(|(name, _)| *name == sink.name) {
                    Some(at) => replaced.swap_remove(at).1,
                    None => pipeline
                        .open_sink(&sink.name, &sink.destination, journal)
                        .map_err(|error| error.within(&format!("sinks[{at}]")))?,
                },
            );
        }
        let names: Vec<&str> = settings.sinks.iter().map(|sink| &*sink.name).collect();
        let router = settings.router(&names)?;
        let ladder = settings.pressure.as_ref();
        let ladder = ladder
            .map(|one| one.ladder(&settings.constants.levels))
            .transpose()?;
        let mut lanes = Vec::new();
        let mut numbers = 0..;
        for (sink, destination) in settings.sinks.iter().zip(opened) {
            let kept = match (&retention, &sink.destination) {
                (Some(retention), Destination::File(_)) => {
                    numbers.next().map(|number| (Arc::clone(retention), number))
                }
                _ => None,
            };
            let number = kept.as_ref().map(|(_, number)| *number);
            let handle = SinkHandle::spawn(
                Identity {
                    name: sink.name.clone(),
                    place: sink.destination.place(),
                    min_level: sink.min_level(&settings.constants.levels)?,
                    retention: kept,
                    breaker: sink.breaker,
                },
                destination,
                Queue::new(sink.queue_bytes as usize, sink.when_full),
                pool.clone(),
                Arc::clone(&pipeline.shared.progress),
                Arc::clone(&pipeline.diagnostics),
                settings.fsync,
            )?;
            pipeline.sinks.push(Arc::clone(&handle));
            lanes.push(LaneSink {
                handle,
                format: sink.format,
                color: sink.color,
                held: number,
                plugin: matches!(sink.destination, Destination::Plugin { .. }),
            });
        }
        for sink in &settings.sinks {
            let handle = |name: &str| pipeline.sinks.iter().find(|one| one.name() == name);
            if let Some(fallback) = &sink.fallback {
                if let (Some(sink), Some(fallback)) = (handle(&sink.name), handle(fallback)) {
                    sink.fall_back_to(fallback);
                }
            }
        }
        let shared = Arc::clone(&pipeline.shared);
        let destinations = Destinations {
            sinks: lanes,
            router,
            constants: settings.constants,
        };
        let drain = Drain::new(
            shared,
            stages,
            &pipeline.bridge,
            destinations,
            pool,
            retention,
            ladder,
        );
        let thread = std::thread::Builder::new()
            .name("fapilog:drain".into())
            .stack_size(1 << 20)
            .spawn(move || {
                stand_back();
                drain.run();
            })
            .map_err(|e| Error::io(ErrorCode::ThreadSpawn, "no thread to drain the rings", e))?;
        *pipeline
            .drain
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(pipeline)
    }

    fn open_sink(
        &mut self,
        name: &str,
        destination: &Destination,
        journal: Option<&Arc<SinkJournal>>,
    ) -> Result<Box<dyn Sink>> {
        Ok(match destination {
            Destination::Stdout => Box::new(StandardStream::stdout()),
            Destination::Stderr => Box::new(StandardStream::stderr()),
            Destination::Null => Box::new(NullSink::new()),
            Destination::Memory { max_bytes } => {
                let sink = MemorySink::new(*max_bytes as usize);
                self.memories.push((name.to_owned(), sink.handle()));
                Box::new(sink)
            }
            Destination::Plugin { timeout_ms } => {
                let sink = HandoffSink::new(Duration::from_millis(u64::from(*timeout_ms)));
                self.handoffs.push((name.to_owned(), sink.port()));
                Box::new(sink)
            }
            Destination::File(file) => {
                let mut sink = FileSink::open(file.clone())?;
                if let Some(journal) = journal {
                    sink.observe(Arc::clone(journal) as _);
                }
                Box::new(sink)
            }
        })
    }

    /// Makes a ring, in a file when the settings ask for it, and drains it from now on.
    ///
    /// # Errors
    /// [`ErrorCode::RegionInvalid`] when there is no memory, [`ErrorCode::RingFile`] when the file cannot be
    /// made, [`ErrorCode::SettingInvalid`] for a second ring in crash-safe mode, and those of
    /// [`Pipeline::attach`].
    pub fn open_ring(&self, data_bytes: u32, salt: u32) -> Result<(RingId, Arc<RingMemory>)> {
        let memory = match &self.retention {
            None => Arc::new(
                RingMemory::anonymous(data_bytes, salt)
                    .map_err(|e| Error::io(ErrorCode::RegionInvalid, "ring memory", e))?,
            ),
            Some(retention) => retention.open_ring(data_bytes, salt)?,
        };
        Ok((self.attach(Arc::clone(&memory))?, memory))
    }

    /// What was found of earlier processes when the pipeline was opened.
    pub fn recovered(&self) -> &[RingReport] {
        &self.recovered
    }

    /// Whether the ring lies in a file.
    pub fn is_crash_safe(&self) -> bool {
        self.retention.is_some()
    }

    /// In crash-safe mode, removes the ring's file if everything in it was written. For the end of the
    /// process; [`Pipeline::close`] does so itself.
    pub fn finish_ring(&self) -> bool {
        let Some(retention) = &self.retention else {
            return true;
        };
        let finished = retention.finish();
        if finished {
            self.shared.rings.stop_keeping();
        }
        finished
    }

    /// As [`Pipeline::finish_ring`], for a process that is about to die of a signal: waits for no lock and touches
    /// no heap, because the thread that logs is stopped wherever it was. That it is stopped is what makes this
    /// safe: nothing may be published after the look at the ring.
    #[cfg(unix)]
    pub fn unlink_ring(&self) {
        if let Some(retention) = &self.retention {
            retention.unlink();
        }
    }

    /// Adds a ring to be drained.
    ///
    /// # Errors
    /// [`ErrorCode::Closed`] after [`Pipeline::close`].
    pub fn attach(&self, memory: Arc<RingMemory>) -> Result<RingId> {
        let Some(id) = self.shared.rings.attach(memory) else {
            return Err(Error::new(ErrorCode::Closed, "the pipeline is closed"));
        };
        self.wake();
        Ok(id)
    }

    /// Sets the lowest level index that is logged, for the producers of all rings there are and will be.
    pub fn set_threshold(&self, level: u8) {
        self.shared.rings.set_threshold(level);
    }

    /// Drains a ring, whose producer publishes no more, and waits until the sinks have dealt with what was in
    /// it. Its counters go on counting calls until [`Pipeline::detach`].
    pub fn leave(&self, id: RingId, timeout: Duration) -> Receipt {
        let deadline = Instant::now() + timeout;
        self.shared.rings.leave(id);
        self.wake();
        self.shared.progress.wait_until(deadline, || {
            !self.shared.rings.is_read(id) || self.is_drained()
        });
        self.await_flush(self.begin_flush(), deadline)
    }

    /// Drains a ring, whose producer is gone, and lets go of its memory. Whether that was done within
    /// `timeout`; if not, it is done as soon as the sinks let it (the pipeline keeps the memory alive until
    /// then).
    pub fn detach(&self, id: RingId, timeout: Duration) -> bool {
        self.shared.rings.orphan(id);
        self.wake();
        self.shared
            .progress
            .wait_until(Instant::now() + timeout, || {
                !self.shared.rings.has(id) || self.is_drained()
            });
        if self.is_drained() {
            self.settle_late();
            self.shared.rings.retire(id);
        }
        !self.shared.rings.has(id)
    }

    /// Where events cross over to plugins.
    pub fn bridge(&self) -> &Arc<Bridge> {
        &self.bridge
    }

    /// The sinks that are plugins, by name.
    pub fn handoffs(&self) -> &[(String, Arc<HandoffPort>)] {
        &self.handoffs
    }

    /// Says whom to tell that plugins have something to do. Only the first call has an effect.
    pub fn on_plugin_work(&self, tell: Arc<dyn Fn() + Send + Sync>) {
        let tell = || {
            let progress = Arc::clone(&self.shared.progress);
            let tell = Arc::clone(&tell);
            Box::new(move || {
                // Whoever waits for a flush on the thread of the plugins has to go and run them.
                progress.announce();
                tell();
            })
        };
        self.bridge.on_waiting(tell());
        for (_, port) in &self.handoffs {
            port.on_waiting(tell());
        }
    }

    /// Whether plugins have something to do.
    pub fn has_plugin_work(&self) -> bool {
        self.bridge.has_waiting() || self.handoffs.iter().any(|(_, port)| port.has_waiting())
    }

    /// Plugins are not asked any more: events go on as they are, or without their fields where a plugin would
    /// have redacted them. Returns how many events they had not answered for.
    pub fn abandon_plugins(&self) -> usize {
        self.bridge.abandon()
    }

    /// The thread that runs the plugins has ended: as [`Pipeline::abandon_plugins`], and sinks that are plugins
    /// count what they have not written.
    pub fn leave_plugins(&self) {
        self.bridge.abandon();
        for (_, port) in &self.handoffs {
            port.leave();
        }
    }

    /// As [`Pipeline::await_flush`] for the thread that runs the plugins: `None` when they have something to do
    /// first.
    pub fn await_flush_between(&self, number: u64, deadline: Instant) -> Option<Receipt> {
        let done = |sink: &SinkHandle| sink.flushed() >= number || sink.has_ended();
        let complete = || self.sinks.iter().all(|sink| done(sink));
        self.shared
            .progress
            .wait_until(deadline, || complete() || self.has_plugin_work());
        let wanted = !complete() && self.has_plugin_work() && Instant::now() < deadline;
        (!wanted).then(|| self.receipt(done))
    }

    /// Wakes the drain thread.
    pub fn wake(&self) {
        self.shared.parker.wake();
    }

    /// Waits until `units` of a ring are free; false when the time is over.
    pub fn wait_for_space(&self, region: &Region, units: u32, timeout: Duration) -> bool {
        self.wake();
        let deadline = Instant::now() + timeout;
        self.shared
            .space
            .wait(region, units, deadline, || self.is_drained());
        if self.is_drained() {
            self.settle_late();
        }
        space::has_room(region, units)
    }

    /// Counts what was published when nobody read the rings any more.
    fn settle_late(&self) {
        if self.is_drained() {
            let kept = self.shared.rings.take_late();
            if kept.total() > 0 {
                self.shared.count_accepted(&kept);
                for sink in &self.sinks {
                    sink.count_late(&kept);
                }
            }
        }
    }

    /// Waits until everything published before the call has been dealt with by every sink.
    pub fn flush(&self, timeout: Duration) -> Receipt {
        let deadline = Instant::now() + timeout;
        self.await_flush(self.begin_flush(), deadline)
    }

    /// Asks for a flush without waiting. Returns its number, for [`Pipeline::await_flush`].
    pub fn begin_flush(&self) -> u64 {
        let number = self.shared.flush_wanted.fetch_add(1, Ordering::AcqRel) + 1;
        self.wake();
        number
    }

    /// As [`Pipeline::flush`], for the end of the process: what is in the rings now goes to every sink even if
    /// another one is stuck and its queue full, so that a sink that works loses nothing to one that does not. The
    /// queues may exceed their bounds by the size of the rings meanwhile.
    pub fn last_flush(&self, timeout: Duration) -> Receipt {
        let deadline = Instant::now() + timeout;
        self.await_last_flush(self.begin_last_flush(), deadline)
    }

    /// As [`Pipeline::await_flush`]; plugins that do not answer in time are not waited for any longer, so that what
    /// they have not seen is still written.
    pub fn await_last_flush(&self, number: u64, deadline: Instant) -> Receipt {
        let done = |sink: &SinkHandle| sink.flushed() >= number || sink.has_ended();
        self.await_plugins(deadline, || self.sinks.iter().all(|sink| done(sink)));
        self.await_flush(number, deadline)
    }

    /// Asks for [`Pipeline::last_flush`] without waiting.
    pub fn begin_last_flush(&self) -> u64 {
        let number = self.shared.flush_wanted.fetch_add(1, Ordering::AcqRel) + 1;
        for sink in &self.sinks {
            sink.queue.lift(number);
        }
        // The drain thread may have been quicker.
        let begun = self.shared.flush_begun.load(Ordering::Acquire);
        for sink in &self.sinks {
            sink.queue.lower(begun);
        }
        self.wake();
        number
    }

    /// Waits for a flush, or until the deadline.
    pub fn await_flush(&self, number: u64, deadline: Instant) -> Receipt {
        let done = |sink: &SinkHandle| sink.flushed() >= number || sink.has_ended();
        self.shared
            .progress
            .wait_until(deadline, || self.sinks.iter().all(|sink| done(sink)));
        self.receipt(done)
    }

    /// Flushes, then ends all threads. What could not be written within `timeout` is counted as dropped.
    /// Later calls return the same state at once.
    pub fn close(&self, timeout: Duration) -> Receipt {
        let deadline = Instant::now() + timeout;
        self.shared.rings.close();
        self.shared.stopping.store(true, Ordering::Release);
        for sink in &self.sinks {
            sink.end_by(deadline);
            // One that is stuck must not keep the others from what is left in the rings.
            sink.queue.lift(u64::MAX);
        }
        self.wake();
        let ended = |sink: &SinkHandle| sink.has_ended();
        self.await_plugins(deadline, || self.sinks.iter().all(|sink| ended(sink)));
        let in_time = self
            .shared
            .progress
            .wait_until(deadline, || self.sinks.iter().all(|sink| ended(sink)));
        let receipt = self.receipt(ended);
        if !in_time {
            self.report_unwritten(&format!(
                "close after {} ms with unwritten events in {}",
                timeout.as_millis(),
                receipt.late()
            ));
            for sink in &self.sinks {
                sink.queue.abandon();
            }
            for (_, port) in &self.handoffs {
                port.interrupt();
            }
            // Threads that are stuck in the operating system are left to it.
            self.shared
                .progress
                .wait_until(Instant::now() + Duration::from_millis(200), || {
                    self.shared.drained.load(Ordering::Acquire)
                        && self.sinks.iter().all(|sink| ended(sink))
                });
        }
        if self.shared.drained.load(Ordering::Acquire) {
            let drain = self
                .drain
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(drain) = drain {
                drop(drain.join());
            }
        }
        for sink in &self.sinks {
            if sink.has_ended() {
                sink.join();
            }
        }
        self.finish_ring();
        self.settle_late();
        if in_time {
            return self.receipt(ended);
        }
        Receipt {
            complete: false,
            sinks: self
                .receipt(ended)
                .sinks
                .into_iter()
                .zip(receipt.sinks)
                .map(|(now, then)| SinkReceipt {
                    complete: then.complete,
                    ..now
                })
                .collect(),
        }
    }

    /// Waits until `done`, or until the plugins have had most of the time; then they are not asked any more.
    fn await_plugins(&self, deadline: Instant, done: impl Fn() -> bool) {
        if self.bridge.places().is_empty() {
            return;
        }
        let timeout = deadline.saturating_duration_since(Instant::now());
        let kept = (timeout / 5).min(Duration::from_millis(500));
        let until = deadline.checked_sub(kept).unwrap_or(deadline);
        if !self.shared.progress.wait_until(until, done) {
            let left = self.abandon_plugins();
            if left > 0 {
                self.diagnostics.report(
                    Kind::Unwritten,
                    None,
                    format!(
                        "{left} events were not shown to plugins, which did not answer in time"
                    ),
                );
            }
        }
    }

    /// Says what went wrong with a plugin.
    pub fn report_plugin(&self, message: &str) {
        self.diagnostics
            .report(Kind::Plugin, None, message.to_owned());
    }

    /// Says that events were left unwritten when time was over.
    pub fn report_unwritten(&self, message: &str) {
        let mut message = message.to_owned();
        if self.is_crash_safe() {
            message.push_str("; the next start writes what files lack");
        }
        self.diagnostics.report(Kind::Unwritten, None, message);
    }

    /// The errors since the last call, if the settings say that they are collected.
    pub fn take_diagnostics(&self) -> Vec<Diagnostic> {
        self.diagnostics.take()
    }

    /// Whether [`Pipeline::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    /// Whether the rings are no longer read.
    pub fn is_drained(&self) -> bool {
        self.shared.drained.load(Ordering::Acquire)
    }

    /// Asks every sink to open its destination again.
    pub fn reopen(&self) {
        for sink in &self.sinks {
            sink.queue.command(Item::Reopen);
        }
    }

    /// The lines of a memory sink; `take` empties it.
    pub fn memory(&self, name: &str, take: bool) -> Option<Vec<u8>> {
        let (_, handle) = self.memories.iter().find(|(known, _)| known == name)?;
        Some(if take {
            handle.take()
        } else {
            handle.snapshot()
        })
    }

    fn receipt(&self, complete: impl Fn(&SinkHandle) -> bool) -> Receipt {
        let sinks: Vec<SinkReceipt> = self
            .sinks
            .iter()
            .map(|sink| {
                let ledger = sink.ledger();
                let complete = complete(sink);
                SinkReceipt {
                    name: sink.name().to_owned(),
                    written: ledger.written.total(),
                    dropped: ledger.dropped().total(),
                    kept: ledger.kept.total(),
                    unsynced: ledger.unsynced.total(),
                    complete,
                    error: if complete && !sink.is_failing() && ledger.unsynced.total() == 0 {
                        None
                    } else {
                        ledger.last_error.or_else(|| {
                            (!complete).then(|| "the sink did not finish in time".to_owned())
                        })
                    },
                }
            })
            .collect();
        Receipt {
            complete: sinks.iter().all(|sink| sink.complete),
            sinks,
        }
    }
}

/// Recovers what earlier processes left, and says what could not be.
fn recover_before(directory: &Path, diagnostics: &Diagnostics) -> Vec<RingReport> {
    let reports = match recovery::recover(directory, false) {
        Ok(reports) => reports,
        Err(error) => {
            let message = format!(
                "cannot list the rings in '{}': {error}",
                directory.display()
            );
            diagnostics.report(Kind::NotRecovered, None, message);
            return Vec::new();
        }
    };
    for report in &reports {
        if let Some(error) = &report.error {
            let message = format!("the ring '{}': {error}", report.path.display());
            diagnostics.report(Kind::NotRecovered, None, message);
        }
    }
    reports
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.wake();
        if self
            .drain
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
        {
            for sink in &self.sinks {
                sink.queue.close();
            }
        }
    }
}
