//! The thread of one sink: takes batches from its queue, writes them, retries, and accounts for every event.

use std::io::ErrorKind;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fapilog_ring::background::stand_back;

use super::batch::{Batch, BatchPool};
use super::breaker::{Breaker, BreakerSettings, State as BreakerState};
use super::diagnostics::{Diagnostics, Kind};
use super::health::{now_ms, Trouble};
use super::histogram::Histogram;
use super::queue::{Item, Popped, Queue};
use super::retention::Retention;
use crate::error::{Error, ErrorCode, Result};
use crate::level::{Level, LevelCounts};
use crate::recovery::journal::SinkJournal;
use crate::sinks::{Sink, SinkStats, WriteError};

/// Pause before the first retry of a failed write.
const RETRY_FIRST: Duration = Duration::from_millis(10);
/// Longest pause between retries: a full disk is noticed to have space again within this time.
const RETRY_MAX: Duration = Duration::from_millis(500);
/// How often an idle sink is given the chance to rotate or to notice a moved file.
const TICK: Duration = Duration::from_secs(1);
/// How often a sink looks whether another one has done with it.
const FALLBACK_TICK: Duration = Duration::from_millis(5);
/// Longest wait for a sink's background work at the end.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// What a sink has done so far.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Events written, by level.
    pub written: LevelCounts,
    /// Events dropped because the queue was full.
    pub dropped_overflow: LevelCounts,
    /// Events given up after the destination failed for good.
    pub dropped_failed: LevelCounts,
    /// Events that were still queued when the time for shutting down was over.
    pub dropped_shutdown: LevelCounts,
    /// Events that were still queued then, and stay in the ring's file for the next start.
    pub kept: LevelCounts,
    /// Events of `written` that the device has not confirmed: syncing failed after the write.
    pub unsynced: LevelCounts,
    /// Events that the fallback has written instead.
    pub diverted: LevelCounts,
    /// Events that were written for sinks that failed; they are counted as theirs.
    pub taken_over: u64,
    /// Times the breaker was opened.
    pub opened: u64,
    /// Whether the sink is tried.
    pub state: BreakerState,
    /// Events that routing sent elsewhere, of the levels that the sink takes.
    pub skipped: LevelCounts,
    /// Bytes written.
    pub bytes: u64,
    /// Reports about lost events written; they are not in `written`.
    pub reports: u64,
    /// Batches written completely.
    pub batches: u64,
    /// Failed write attempts.
    pub errors: u64,
    /// Attempts after a failure.
    pub retries: u64,
    /// Text of the latest failure.
    pub last_error: Option<String>,
    /// When something went wrong.
    pub trouble: Trouble,
    /// Counters of the destination itself.
    pub stats: SinkStats,
}

impl Ledger {
    /// All events dropped, by level.
    pub fn dropped(&self) -> LevelCounts {
        let mut sum = self.dropped_overflow;
        sum.merge(&self.dropped_failed);
        sum.merge(&self.dropped_shutdown);
        sum
    }
}

/// Lets threads wait until sinks have come far enough.
#[derive(Debug, Default)]
pub struct Progress {
    /// How many wait.
    waiting: Mutex<usize>,
    moved: Condvar,
}

impl Progress {
    /// Tells everyone who waits to look again. Costs no system call as long as nobody does.
    pub fn announce(&self) {
        // Whoever comes to wait after this has looked under the lock, and has seen what is announced.
        if *self.guard() > 0 {
            self.moved.notify_all();
        }
    }

    /// Waits until `reached` or the deadline; whether it was reached.
    pub fn wait_until(&self, deadline: Instant, reached: impl Fn() -> bool) -> bool {
        let mut guard = self.guard();
        *guard += 1;
        let mut is_reached = reached();
        while !is_reached {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            guard = self
                .moved
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            is_reached = reached();
        }
        *guard -= 1;
        is_reached
    }

    fn guard(&self) -> MutexGuard<'_, usize> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a sink is called.
#[derive(Debug)]
pub struct Identity {
    /// Unique name.
    pub name: String,
    /// What it writes to, for people.
    pub place: String,
    /// Lowest level that it takes.
    pub min_level: Level,
    /// Who keeps the ring's space until this sink has written, and the sink's number there.
    pub retention: Option<(Arc<Retention>, usize)>,
    /// When it is not tried for a while.
    pub breaker: Option<BreakerSettings>,
}

/// How long the parts of an event's way take, once for each batch.
#[derive(Debug, Default)]
pub struct SinkLatency {
    /// From the log call of the oldest event to the end of the write. By the clock, whose resolution in
    /// JavaScript is 1 ms.
    pub written: Histogram,
    /// In the queue.
    pub queued: Histogram,
    /// Writing, retries included.
    pub write: Histogram,
}

impl SinkLatency {
    fn record(&self, batch: &Batch, started: Instant) {
        let ended = Instant::now();
        self.write.record(ended.duration_since(started));
        if let Some(handed_over) = batch.handed_over {
            self.queued.record(started.duration_since(handed_over));
        }
        if let Some(time_ms) = batch.first_time_ms {
            let age_ms = now_ms() as f64 - time_ms;
            if (0.0..1e12).contains(&age_ms) {
                self.written.record(Duration::from_secs_f64(age_ms / 1e3));
            }
        }
    }
}

/// The side of a sink that other threads see.
#[derive(Debug)]
pub struct SinkHandle {
    name: String,
    /// Lowest level that the sink takes.
    pub min_level: Level,
    /// Batches on their way.
    pub queue: Queue,
    /// What it does not write in time stays in the ring's file.
    keeps: bool,
    /// How long events take.
    pub latency: SinkLatency,
    ledger: Mutex<Ledger>,
    flushed: AtomicU64,
    failing: AtomicBool,
    ended: AtomicBool,
    end_by: Mutex<Option<Instant>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    fallback: OnceLock<Arc<SinkHandle>>,
    /// Batches that its fallback has still to write.
    diverted: AtomicUsize,
    /// Sinks that may still send lines here.
    dependents: AtomicUsize,
}

impl SinkHandle {
    /// Starts the thread of a sink.
    ///
    /// # Errors
    /// [`ErrorCode::ThreadSpawn`] when the operating system has no thread to give.
    pub fn spawn(
        Identity {
            name,
            place,
            min_level,
            retention,
            breaker,
        }: Identity,
        sink: Box<dyn Sink>,
        queue: Queue,
        pool: BatchPool,
        progress: Arc<Progress>,
        diagnostics: Arc<Diagnostics>,
        fsync: bool,
    ) -> Result<Arc<SinkHandle>> {
        let handle = Arc::new(SinkHandle {
            name: name.clone(),
            min_level,
            queue,
            keeps: retention.is_some(),
            latency: SinkLatency::default(),
            ledger: Mutex::default(),
            flushed: AtomicU64::new(0),
            failing: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            end_by: Mutex::new(None),
            thread: Mutex::new(None),
            fallback: OnceLock::new(),
            diverted: AtomicUsize::new(0),
            dependents: AtomicUsize::new(0),
        });
        let worker = Worker {
            handle: Arc::clone(&handle),
            sink,
            pool,
            progress,
            fsync,
            place,
            diagnostics,
            failing_since: None,
            is_gone: false,
            maintenance_errors: 0,
            retention,
            breaker: breaker.map(Breaker::new),
        };
        let thread = std::thread::Builder::new()
            .name(format!("fapilog:{name}"))
            .stack_size(512 << 10)
            .spawn(move || {
                stand_back();
                worker.run();
            })
            .map_err(|e| {
                Error::io(
                    ErrorCode::ThreadSpawn,
                    format!("no thread for the sink {name}"),
                    e,
                )
            })?;
        *handle.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(handle)
    }

    /// The sink's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends the lines that it fails to write there. Once, before there are any.
    pub fn fall_back_to(&self, fallback: &Arc<SinkHandle>) {
        if self.fallback.set(Arc::clone(fallback)).is_ok() {
            fallback.dependents.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// A copy of what the sink has done so far.
    pub fn ledger(&self) -> Ledger {
        self.lock().clone()
    }

    /// Events that the queue dropped.
    pub fn overflow(&self) -> LevelCounts {
        self.lock().dropped_overflow
    }

    /// Counts events that the queue dropped, because it was full or because the time for shutting down is over.
    pub fn count_dropped(&self, dropped: &LevelCounts) {
        if dropped.total() > 0 {
            let late = self.queue.is_abandoned();
            let mut ledger = self.lock();
            if !late {
                ledger.dropped_overflow.merge(dropped);
                ledger.trouble.loss_ms = Some(now_ms());
            } else if self.keeps {
                ledger.kept.merge(dropped);
            } else {
                ledger.dropped_shutdown.merge(dropped);
            }
        }
    }

    /// Counts events that routing sends elsewhere.
    pub fn count_skipped(&self, skipped: &LevelCounts) {
        self.lock().skipped.merge(skipped);
    }

    /// Counts events that came into a ring that is kept when nobody read it any more.
    pub fn count_late(&self, found: &LevelCounts) {
        let mut wanted = *found;
        for level in 0..self.min_level.index() {
            wanted.clear(level);
        }
        let mut ledger = self.lock();
        if self.keeps {
            ledger.kept.merge(&wanted);
        } else {
            ledger.dropped_shutdown.merge(&wanted);
        }
    }

    /// The latest flush that this sink has completed.
    pub fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    /// Whether the latest write failed.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    /// Tells the thread until when it must have ended.
    pub fn end_by(&self, deadline: Instant) {
        *self.end_by.lock().unwrap_or_else(PoisonError::into_inner) = Some(deadline);
    }

    fn remaining(&self) -> Duration {
        match *self.end_by.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => FINISH_MAX,
        }
    }

    /// Whether the thread has ended.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Waits for the thread, which must have been told to end.
    pub fn join(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A panic of the thread has been counted by its own fence.
            drop(thread.join());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Worker {
    handle: Arc<SinkHandle>,
    sink: Box<dyn Sink>,
    pool: BatchPool,
    progress: Arc<Progress>,
    fsync: bool,
    place: String,
    diagnostics: Arc<Diagnostics>,
    failing_since: Option<Instant>,
    /// Nobody will ever read again.
    is_gone: bool,
    maintenance_errors: u64,
    /// Who keeps the ring's space until this sink has written, and the sink's number there.
    retention: Option<(Arc<Retention>, usize)>,
    breaker: Option<Breaker>,
}

impl Worker {
    fn run(mut self) {
        if self.fsync {
            self.guarded(|sink| sink.sync().map_err(whole));
        }
        loop {
            match self.handle.queue.pop(TICK) {
                Popped::Item(Item::Batch(batch)) => {
                    self.batch(batch, None);
                }
                Popped::Item(Item::Foreign(batch, owner)) => {
                    self.batch(batch, Some(&owner));
                    owner.diverted.fetch_sub(1, Ordering::AcqRel);
                }
                Popped::Item(Item::Report(batch)) => {
                    let reports = batch.reports();
                    if self.batch(batch, None) {
                        self.handle.lock().reports += reports;
                    }
                }
                Popped::Item(Item::Flush(number)) => {
                    self.await_diverted();
                    self.guarded(|sink| sink.flush().map_err(whole));
                    self.handle.flushed.fetch_max(number, Ordering::AcqRel);
                    self.progress.announce();
                }
                Popped::Item(Item::Reopen) => {
                    self.guarded(|sink| sink.reopen().map_err(whole));
                    self.publish_stats();
                }
                Popped::Idle => {
                    self.guarded(|sink| {
                        sink.tick();
                        Ok(())
                    });
                    self.publish_stats();
                }
                Popped::Closed if self.is_needed() => self.handle.queue.pause(FALLBACK_TICK),
                Popped::Closed => break,
            }
        }
        self.await_diverted();
        if let Some(fallback) = self.handle.fallback.get() {
            fallback.dependents.fetch_sub(1, Ordering::AcqRel);
        }
        self.guarded(|sink| sink.flush().map_err(whole));
        self.publish_stats();
        // Compressions may go on for a while; what is not finished in time is finished by the next start.
        let patience = self.handle.remaining().min(FINISH_MAX);
        self.guarded(|sink| {
            sink.finish(patience);
            Ok(())
        });
        self.publish_stats();
        let Worker {
            handle,
            sink,
            progress,
            ..
        } = self;
        drop(catch_unwind(AssertUnwindSafe(move || drop(sink))));
        handle.ended.store(true, Ordering::Release);
        progress.announce();
    }

    /// Whether other sinks may still send lines here.
    fn is_needed(&self) -> bool {
        self.handle.dependents.load(Ordering::Acquire) > 0 && !self.handle.queue.is_abandoned()
    }

    /// Waits until the fallback has written what it was sent.
    fn await_diverted(&self) {
        while self.handle.diverted.load(Ordering::Acquire) > 0 && !self.handle.queue.is_abandoned()
        {
            self.handle.queue.pause(FALLBACK_TICK);
        }
    }

    /// Whether the sink is to be tried now.
    fn is_allowed(&mut self) -> bool {
        let Some(breaker) = &mut self.breaker else {
            return true;
        };
        let before = breaker.state();
        let allowed = breaker.allows(Instant::now());
        if breaker.state() != before {
            self.handle.lock().state = breaker.state();
        }
        allowed
    }

    /// Whether a failure has opened the breaker.
    fn opens(&mut self, failure: &WriteError, for_good: bool) -> bool {
        let Some(breaker) = &mut self.breaker else {
            return false;
        };
        let before = breaker.state();
        let open = breaker.failed(Instant::now(), for_good);
        if breaker.state() != before {
            let mut ledger = self.handle.lock();
            ledger.state = breaker.state();
            ledger.opened += u64::from(before == BreakerState::Closed);
            drop(ledger);
            if before == BreakerState::Closed {
                let then = match self.handle.fallback.get() {
                    Some(fallback) => format!("its lines go to {}", fallback.name()),
                    None => "its lines are dropped and counted".to_owned(),
                };
                let text = format!("is not tried for a while: {}; {then}", failure.error);
                self.tell(Kind::CircuitOpened, &text);
            }
        }
        open
    }

    /// Gives up what is not written of a batch: to the fallback, or as lost.
    fn divert(&mut self, batch: &Arc<Batch>, written: usize) {
        let start = batch.line_start(written);
        if start < written {
            self.sink.abandon_line();
        }
        let rest = batch.counts(start, batch.bytes.len());
        let Some(fallback) = self.handle.fallback.get() else {
            let mut ledger = self.handle.lock();
            ledger.dropped_failed.merge(&rest);
            ledger.trouble.loss_ms = Some(now_ms());
            return;
        };
        let tail = match start {
            0 => Arc::clone(batch),
            start => Arc::new(batch.tail(start)),
        };
        self.handle.diverted.fetch_add(1, Ordering::AcqRel);
        if !fallback.queue.push_foreign(tail, Arc::clone(&self.handle)) {
            self.handle.diverted.fetch_sub(1, Ordering::AcqRel);
            self.handle.lock().dropped_shutdown.merge(&rest);
        }
    }

    /// Writes a batch, of another sink if there is an `owner`, retrying. Whether all of it was written.
    fn batch(&mut self, batch: Arc<Batch>, owner: Option<&Arc<SinkHandle>>) -> bool {
        let started = Instant::now();
        let size = batch.bytes.len();
        let mut written = 0usize;
        let mut pause = RETRY_FIRST;
        let mut attempts = 0u64;
        let mut complete = false;
        // Left in the ring for the next start, if it lies in a file.
        let mut kept = false;
        loop {
            if self.handle.queue.is_abandoned() {
                let rest = batch.counts(written, size);
                kept = self.journal(&batch).is_some();
                let mut ledger = owner.unwrap_or(&self.handle).lock();
                if kept {
                    ledger.kept.merge(&rest);
                } else {
                    ledger.dropped_shutdown.merge(&rest);
                }
                drop(ledger);
                self.sink.abandon_line();
                break;
            }
            if !self.is_allowed() {
                self.divert(&batch, written);
                break;
            }
            let Some(rest) = batch.bytes.get(written..) else {
                break;
            };
            let before = written;
            if let Some(journal) = self.journal(&batch) {
                journal.begin(&batch, written);
            }
            let result = self.write(rest);
            let advanced = match &result {
                Ok(()) => rest.len(),
                Err(failure) => failure.written.min(rest.len()),
            };
            written += advanced;
            if advanced > 0 {
                let counts = batch.counts(before, written);
                let declined = self.sink.declined();
                let mut ledger = self.handle.lock();
                if !declined {
                    ledger.bytes += advanced as u64;
                }
                match owner {
                    None if declined => ledger.skipped.merge(&counts),
                    None => ledger.written.merge(&counts),
                    Some(owner) => {
                        ledger.taken_over += counts.total();
                        drop(ledger);
                        owner.lock().diverted.merge(&counts);
                    }
                }
                pause = RETRY_FIRST;
            }
            let Err(failure) = result else {
                self.succeeded(attempts);
                self.sync(&batch);
                owner
                    .unwrap_or(&self.handle)
                    .latency
                    .record(&batch, started);
                complete = true;
                break;
            };
            match failure.error.kind() {
                // Not a failure: the reader is slow. The wait happened in the sink.
                ErrorKind::WouldBlock | ErrorKind::Interrupted => continue,
                ErrorKind::BrokenPipe if self.opens(&failure, true) => {
                    self.count_failure(&failure);
                    self.divert(&batch, written);
                    break;
                }
                ErrorKind::BrokenPipe => {
                    self.gone(&failure);
                    let rest = batch.counts(written, size);
                    let owner = owner.unwrap_or(&self.handle);
                    let mut ledger = owner.lock();
                    ledger.dropped_failed.merge(&rest);
                    ledger.trouble.loss_ms = Some(now_ms());
                    drop(ledger);
                    self.sink.abandon_line();
                    break;
                }
                _ => {
                    attempts += 1;
                    self.failed(&failure);
                    if self.opens(&failure, false) {
                        self.divert(&batch, written);
                        break;
                    }
                    self.handle.queue.pause(pause);
                    pause = (pause * 2).min(RETRY_MAX);
                }
            }
        }
        self.publish_stats();
        if let (Some(journal), false) = (self.journal(&batch), kept) {
            // In mapped memory, where nothing fails.
            let _ = journal.finish(batch.end_position);
            if let Some((retention, number)) = &self.retention {
                retention.written(*number);
            }
        }
        self.pool.give_back(batch);
        self.handle.queue.done(size);
        complete
    }

    /// Where the appends of `batch` are noted, if its events are kept in the ring until they are written.
    fn journal(&self, batch: &Batch) -> Option<&SinkJournal> {
        let (retention, number) = self.retention.as_ref()?;
        batch.first_position()?;
        retention.journals.get(*number).map(AsRef::as_ref)
    }

    fn write(&mut self, bytes: &[u8]) -> std::result::Result<(), WriteError> {
        let sink = &mut self.sink;
        catch_unwind(AssertUnwindSafe(|| sink.write(bytes)))
            .unwrap_or_else(|_| Err(whole(std::io::Error::other("the sink panicked"))))
    }

    /// Puts a batch that was written on the device, if the settings ask for that. It is not tried again: after an
    /// error the kernel may have dropped the pages and would call the next attempt a success.
    fn sync(&mut self, batch: &Batch) {
        if !self.fsync {
            return;
        }
        let sink = &mut self.sink;
        let result = catch_unwind(AssertUnwindSafe(|| sink.sync()))
            .unwrap_or_else(|_| Err(std::io::Error::other("the sink panicked")));
        if let Err(error) = result {
            let text = format!("not synced to the device: {error}");
            let mut ledger = self.handle.lock();
            ledger.unsynced.merge(&batch.all_counts());
            ledger.errors += 1;
            ledger.last_error = Some(text);
            ledger.trouble.error_ms = Some(now_ms());
            drop(ledger);
            self.tell(
                Kind::Unsynced,
                &format!("has written lines that may not survive a power failure: {error}"),
            );
        }
    }

    fn guarded(&mut self, work: impl FnOnce(&mut dyn Sink) -> std::result::Result<(), WriteError>) {
        let sink = self.sink.as_mut();
        let result = catch_unwind(AssertUnwindSafe(|| work(sink)));
        match result {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => self.failed(&failure),
            Err(_) => self.failed(&whole(std::io::Error::other("the sink panicked"))),
        }
    }

    fn succeeded(&mut self, attempts: u64) {
        let closed = self.breaker.as_mut().is_some_and(Breaker::succeeded);
        let mut ledger = self.handle.lock();
        if closed {
            ledger.state = BreakerState::Closed;
        }
        ledger.batches += 1;
        if self.handle.is_failing() {
            ledger.trouble.changed_ms = now_ms();
        }
        ledger.retries += attempts;
        drop(ledger);
        self.handle.failing.store(false, Ordering::Release);
        if let Some(since) = self.failing_since.take() {
            let seconds = since.elapsed().as_secs_f64();
            self.tell(
                Kind::SinkRecovered,
                &format!("is writing again after {seconds:.1} s, {attempts} retries"),
            );
        }
    }

    fn failed(&mut self, failure: &WriteError) {
        self.count_failure(failure);
        if self.failing_since.is_none() {
            self.failing_since = Some(Instant::now());
            self.tell(
                Kind::SinkFailing,
                &format!("cannot write and tries again: {}", failure.error),
            );
        }
    }

    fn gone(&mut self, failure: &WriteError) {
        self.count_failure(failure);
        if !self.is_gone {
            self.is_gone = true;
            self.tell(
                Kind::SinkFailed,
                &format!(
                    "has lost its reader: {}; its events are dropped and counted",
                    failure.error
                ),
            );
        }
    }

    fn tell(&self, kind: Kind, what: &str) {
        let name = self.handle.name();
        let text = format!("sink {name} ({}) {what}", self.place);
        self.diagnostics.report(kind, Some(name), text);
    }

    fn count_failure(&mut self, failure: &WriteError) {
        let mut ledger = self.handle.lock();
        ledger.errors += 1;
        ledger.last_error = Some(failure.error.to_string());
        let now = now_ms();
        ledger.trouble.error_ms = Some(now);
        if !self.handle.is_failing() {
            ledger.trouble.changed_ms = now;
        }
        drop(ledger);
        self.handle.failing.store(true, Ordering::Release);
    }

    fn publish_stats(&mut self) {
        let stats = self.sink.stats();
        if stats.maintenance_errors > self.maintenance_errors {
            self.maintenance_errors = stats.maintenance_errors;
            let why = stats.last_maintenance_error.as_deref();
            self.tell(
                Kind::Maintenance,
                &format!("could not rotate or tidy up: {}", why.unwrap_or("unknown")),
            );
        }
        self.handle.lock().stats = stats;
    }
}

fn whole(error: std::io::Error) -> WriteError {
    WriteError { written: 0, error }
}
