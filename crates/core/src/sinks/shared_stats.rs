//! The counters of a sink and its background thread.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use super::SinkStats;

/// One set of counters, written by the sink and by its background thread.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedStats(Arc<Mutex<SinkStats>>);

impl SharedStats {
    pub(super) fn update(&self, change: impl FnOnce(&mut SinkStats)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts a failure of rotation, compression or retention and keeps its text.
    pub(super) fn failure(&self, what: impl Display) {
        self.update(|stats| {
            stats.maintenance_errors += 1;
            stats.last_maintenance_error = Some(what.to_string());
        });
    }

    pub(super) fn snapshot(&self) -> SinkStats {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
