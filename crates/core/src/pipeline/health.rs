//! Whether the sinks do their work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::breaker::State as BreakerState;
use super::metrics::by_name;
use super::pressure::Rung;
use super::sink_thread::SinkHandle;
use super::Pipeline;

/// A queue or ring that is fuller than this is worth a look.
const NEARLY_FULL: f64 = 0.8;
/// Trouble is remembered for so long.
const RECENT_MS: u64 = 60_000;

/// Milliseconds since the Unix epoch.
pub(super) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
}

/// How well something does. In order: the worst of several is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything is written as it comes.
    Healthy,
    /// It is written, but the queue is nearly full, or there were errors or losses in the last minute.
    Degraded,
    /// The latest write failed, or nobody reads any more.
    Failing,
    /// The logger is closed.
    Closed,
}

/// When something last went wrong at a sink. Times are milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    /// When the sink was opened, or last began to fail or to write again.
    pub(super) changed_ms: u64,
    pub(super) error_ms: Option<u64>,
    pub(super) loss_ms: Option<u64>,
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            changed_ms: now_ms(),
            error_ms: None,
            loss_ms: None,
        }
    }
}

/// State of one sink.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SinkHealth {
    /// How it does.
    pub status: Status,
    /// Since when, in milliseconds since the Unix epoch: for `degraded` the latest trouble.
    pub since: u64,
    /// Text of the latest failure.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<u64>,
    /// When the sink last lost an event.
    pub last_loss_at: Option<u64>,
    /// Bytes queued or being written.
    pub queued_bytes: u64,
    /// Bound of the queue.
    pub queue_bytes: u64,
    /// Their ratio; above 1 when a single batch is larger than the queue.
    pub queue_fill: f64,
}

/// State of a pipeline.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The worst of the sinks; `degraded` also when the rings are nearly full, or events are given up under
    /// pressure.
    pub status: Status,
    /// Part of the rings that is in use, 0 to 1.
    pub ring_fill: f64,
    /// Sinks by name.
    pub sinks: BTreeMap<String, SinkHealth>,
}

impl SinkHealth {
    fn of(sink: &SinkHandle, now: u64) -> Self {
        let ledger = sink.ledger();
        let trouble = ledger.trouble;
        let (queued, bound) = (sink.queue.bytes(), sink.queue.max_bytes());
        let fill = queued as f64 / bound as f64;
        let latest = trouble.error_ms.max(trouble.loss_ms);
        let recent = latest.filter(|&at| now.saturating_sub(at) < RECENT_MS);
        let (status, since) = match recent {
            _ if sink.is_failing() || ledger.state != BreakerState::Closed => {
                (Status::Failing, trouble.changed_ms)
            }
            Some(at) => (Status::Degraded, at),
            None if fill >= NEARLY_FULL => (Status::Degraded, now),
            None => (Status::Healthy, trouble.changed_ms),
        };
        Self {
            status,
            since,
            last_error: ledger.last_error,
            last_error_at: trouble.error_ms,
            last_loss_at: trouble.loss_ms,
            queued_bytes: queued as u64,
            queue_bytes: bound as u64,
            queue_fill: fill,
        }
    }
}

impl Pipeline {
    /// How the sinks do.
    pub fn health(&self) -> Health {
        let now = now_ms();
        let of = |sink: &Arc<SinkHandle>| (sink.name().to_owned(), SinkHealth::of(sink, now));
        let sinks = by_name(self.sinks.iter().map(of));
        let rings = self.shared.rings.metrics();
        let ring_fill = rings.depth_bytes as f64 / (rings.capacity_bytes as f64).max(1.0);
        let worst = sinks.values().map(|sink| sink.status).max();
        let mut status = worst.unwrap_or(Status::Healthy);
        if ring_fill >= NEARLY_FULL || self.shared.pressure().rung >= Rung::Sampling {
            status = status.max(Status::Degraded);
        }
        if self.is_closed() {
            status = Status::Closed;
        }
        Health {
            status,
            ring_fill,
            sinks,
        }
    }
}
