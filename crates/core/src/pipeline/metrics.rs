//! A snapshot of all counters.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::PoisonError;

use serde::Serialize;

use super::breaker::State as BreakerState;
use super::crossing::PLUGINS;
use super::diagnostics::DiagnosticCounts;
use super::histogram::HistogramSnapshot;
use super::pressure::{Entered, Rung};
use super::sink_thread::{Ledger, SinkHandle};
use super::Pipeline;
use crate::level::{LevelCounts, LevelTable};

/// Events by level name; levels without events are left out.
pub type ByLevel = BTreeMap<&'static str, u64>;

fn by_level(levels: &LevelTable, counts: &LevelCounts) -> ByLevel {
    let counts = counts.0.iter().enumerate();
    by_name(
        counts
            .filter(|(_, &count)| count > 0)
            .map(|(index, &count)| (levels.at(index as u8).name(), count)),
    )
}

/// A map of a few entries: `collect` would bring a sorting algorithm for each type of them into the binary.
pub(super) fn by_name<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(entries);
    map
}

/// All counters of a pipeline since it was opened.
///
/// For each sink, at rest: `submitted = written + skipped + diverted + dropped by it + kept + dropped before it + filtered + sampled`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Log calls at an enabled level.
    pub submitted: u64,
    /// The same, by level.
    pub submitted_by_level: ByLevel,
    /// Events that every sink has written (or does not take).
    pub written: u64,
    /// Events lost before the sinks, by level.
    pub dropped: ByLevel,
    /// The same, by reason: `full`, `timeout`, `closed`, `encode`, `damaged`, `pressure`.
    pub dropped_by_reason: BTreeMap<&'static str, u64>,
    /// Events that a stage ended on purpose, by level.
    pub filtered: ByLevel,
    /// Events that did not go on because the pipeline could not keep up, by level.
    pub sampled: ByLevel,
    /// What the pipeline does about pressure.
    pub pressure: PressureMetrics,
    /// Events accepted by the ring and not yet dealt with by the slowest sink.
    pub in_flight: u64,
    /// Sinks by name.
    pub sinks: BTreeMap<String, SinkMetrics>,
    /// Stages by name.
    pub stages: BTreeMap<&'static str, StageMetrics>,
    /// All rings together.
    pub ring: RingMetrics,
    /// Seconds from the log call of the first event of a chunk until the drain thread took it out of its ring.
    pub waited: HistogramSnapshot,
    /// Seconds that the drain thread needs for a chunk of events: decoding, stages, formats.
    pub drain: HistogramSnapshot,
    /// What was said about the pipeline itself.
    pub diagnostics: DiagnosticCounts,
}

/// Counters of one sink.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SinkMetrics {
    /// Events written.
    pub written: u64,
    /// The same, by level.
    pub written_by_level: ByLevel,
    /// Events that the sink does not take, because of its level or because routing sends them elsewhere, by level.
    pub skipped: ByLevel,
    /// Events that the fallback has written instead, by level.
    pub diverted: ByLevel,
    /// Events written for sinks that failed; they are counted there.
    pub taken_over: u64,
    /// Whether the sink is tried: `closed`, `half-open`, `open`.
    pub state: BreakerState,
    /// Times that it was given up for a while.
    pub opened: u64,
    /// Events lost at this sink, by level.
    pub dropped: ByLevel,
    /// The same, by reason: `overflow`, `failed`, `shutdown`.
    pub dropped_by_reason: BTreeMap<&'static str, u64>,
    /// Events left in the ring's file for the next start, by level (crash-safe mode).
    pub kept: ByLevel,
    /// Events of `written` that the device has not confirmed, by level (durability fsync).
    pub unsynced: ByLevel,
    /// Reports about lost events written; they are not in `written`.
    pub reports: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Batches written.
    pub batches: u64,
    /// Bytes queued or being written.
    pub queued_bytes: u64,
    /// Failed write attempts.
    pub errors: u64,
    /// Text of the latest failure.
    pub last_error: Option<String>,
    /// Whether the latest write failed.
    pub failing: bool,
    /// How long events take.
    pub latency: SinkLatencyMetrics,
    /// Files rotated.
    pub rotations: u64,
    /// Rotated files compressed.
    pub compressed: u64,
    /// Rotated files deleted by retention.
    pub deleted: u64,
    /// Times the destination was opened again.
    pub reopened: u64,
    /// Failures of rotation, compression or retention.
    pub maintenance_errors: u64,
}

/// Counters of one stage.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageMetrics {
    /// Events changed.
    pub changed: u64,
    /// Events that ended there, by level.
    pub filtered: ByLevel,
    /// Events of its own that it has added; they are counted as reports at the sinks and nowhere else.
    pub notices: u64,
    /// The part of the events that it lets through at the moment, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Keys that it remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<u64>,
    /// Keys that it had to forget for want of room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evicted: Option<u64>,
    /// Values made unreadable.
    pub redacted: u64,
    /// Values and events of which nothing can be seen because they could not be redacted.
    pub withheld: u64,
    /// Seconds that one event of each chunk took there; for plugins, all events of each batch.
    pub latency: HistogramSnapshot,
}

/// Latencies of one sink, one for each batch.
#[derive(Debug, Serialize)]
pub struct SinkLatencyMetrics {
    /// From the log call of the batch's oldest event until it was written.
    pub written: HistogramSnapshot,
    /// Time in the sink's queue.
    pub queued: HistogramSnapshot,
    /// Time of the write itself, retries included.
    pub write: HistogramSnapshot,
}

/// State of the rings.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RingMetrics {
    /// Rings attached.
    pub rings: u64,
    /// Bytes of all data areas.
    pub capacity_bytes: u64,
    /// Bytes published and not yet taken.
    pub depth_bytes: u64,
    /// Events taken out of the rings.
    pub accepted: u64,
    /// Bytes that could not be read as records.
    pub damaged_bytes: u64,
    /// Events taken out of the rings that had values cut.
    pub truncated: u64,
}

/// State of the ladder that is climbed under pressure.
#[derive(Debug, Serialize)]
pub struct PressureMetrics {
    /// Where it stands.
    pub rung: Rung,
    /// How full the fullest ring or queue was when that was last looked at, 0 to 1.
    pub fill: f64,
    /// How often each rung was entered from below.
    pub entered: Entered,
}

/// The events below a sink's level, and those that went another way.
fn skipped(
    levels: &LevelTable,
    sink: &SinkHandle,
    ledger: &Ledger,
    accepted: &LevelCounts,
) -> LevelCounts {
    let mut skipped = *accepted;
    for level in levels.iter().filter(|level| *level >= sink.min_level) {
        skipped.clear(level.index());
    }
    skipped.merge(&ledger.skipped);
    skipped
}

impl Pipeline {
    /// Reads all counters.
    pub fn metrics(&self) -> Metrics {
        self.settle_late();
        // Sinks first, rings last: what moves meanwhile can then only make `submitted` larger, never smaller
        // than what was written.
        let ledgers: Vec<_> = self
            .sinks
            .iter()
            .map(|sink| (sink, sink.ledger()))
            .collect();
        let accepted = *self
            .shared
            .accepted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let stages = self
            .shared
            .stages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut filtered = LevelCounts::default();
        for (_, counts, _) in &stages {
            filtered.merge(&counts.filtered);
        }
        let pressure = self.shared.pressure();
        let thinned = pressure.sampled.total() + pressure.dropped.total();
        let ring = RingMetrics {
            accepted: accepted.total() + filtered.total() + thinned,
            damaged_bytes: self.shared.damaged_bytes.load(Ordering::Relaxed),
            truncated: self.shared.truncated.load(Ordering::Relaxed),
            ..self.shared.rings.metrics()
        };
        let mut produced = self.shared.rings.produced();
        produced.encode.merge(&self.shared.rings.interrupted());
        let mut dropped = produced.dropped();
        dropped.merge(&pressure.dropped);
        let submitted = produced.submitted.total();
        let offered =
            submitted.saturating_sub(dropped.total() + filtered.total() + pressure.sampled.total());
        let mut written = offered;
        let mut settled = offered;
        let levels = &self.shared.levels;
        for (sink, ledger) in &ledgers {
            let done = ledger.written.total()
                + skipped(levels, sink, ledger, &accepted).total()
                + ledger.diverted.total();
            written = written.min(done);
            settled = settled.min(done + ledger.dropped().total() + ledger.kept.total());
        }
        let reasons = [
            ("full", produced.full.total()),
            ("timeout", produced.timeout.total()),
            ("closed", produced.closed.total()),
            ("encode", produced.encode.total()),
            ("damaged", produced.damaged.total()),
            ("pressure", pressure.dropped.total()),
        ];
        Metrics {
            submitted,
            submitted_by_level: by_level(levels, &produced.submitted),
            written,
            dropped: by_level(levels, &dropped),
            dropped_by_reason: by_name(reasons),
            in_flight: offered - settled,
            sinks: by_name(ledgers.iter().map(|(sink, ledger)| {
                let reasons = [
                    ("overflow", ledger.dropped_overflow.total()),
                    ("failed", ledger.dropped_failed.total()),
                    ("shutdown", ledger.dropped_shutdown.total()),
                ];
                let metrics = SinkMetrics {
                    written: ledger.written.total(),
                    written_by_level: by_level(levels, &ledger.written),
                    skipped: by_level(levels, &skipped(levels, sink, ledger, &accepted)),
                    diverted: by_level(levels, &ledger.diverted),
                    taken_over: ledger.taken_over,
                    state: ledger.state,
                    opened: ledger.opened,
                    dropped: by_level(levels, &ledger.dropped()),
                    dropped_by_reason: by_name(reasons),
                    kept: by_level(levels, &ledger.kept),
                    unsynced: by_level(levels, &ledger.unsynced),
                    reports: ledger.reports,
                    bytes: ledger.bytes,
                    batches: ledger.batches,
                    queued_bytes: sink.queue.bytes() as u64,
                    errors: ledger.errors,
                    last_error: ledger.last_error.clone(),
                    failing: sink.is_failing(),
                    latency: SinkLatencyMetrics {
                        written: sink.latency.written.snapshot(),
                        queued: sink.latency.queued.snapshot(),
                        write: sink.latency.write.snapshot(),
                    },
                    rotations: ledger.stats.rotations,
                    compressed: ledger.stats.compressed,
                    deleted: ledger.stats.deleted,
                    reopened: ledger.stats.reopened,
                    maintenance_errors: ledger.stats.maintenance_errors,
                };
                (sink.name().to_owned(), metrics)
            })),
            filtered: by_level(levels, &filtered),
            sampled: by_level(levels, &pressure.sampled),
            pressure: PressureMetrics {
                rung: pressure.rung,
                fill: pressure.fill,
                entered: pressure.entered,
            },
            stages: by_name(stages.iter().map(|(name, counts, latency)| {
                let latency = if *name == PLUGINS {
                    &self.shared.plugin_time
                } else {
                    latency
                };
                let metrics = StageMetrics {
                    changed: counts.changed,
                    filtered: by_level(levels, &counts.filtered),
                    notices: counts.notices,
                    rate: counts.gauges.rate,
                    keys: counts.gauges.keys,
                    evicted: counts.gauges.evicted,
                    redacted: counts.redacted,
                    withheld: counts.withheld,
                    latency: latency.snapshot(),
                };
                (*name, metrics)
            })),
            ring,
            waited: self.shared.ring_time.snapshot(),
            drain: self.shared.drain_time.snapshot(),
            diagnostics: self.diagnostics.counts(),
        }
    }
}
