//! The pipelines of this process that other threads may join, by id. The addon is loaded once a process, so
//! this is shared between all JavaScript environments.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use fapilog_core::pipeline::Pipeline;

/// What a joining thread gets.
struct Entry {
    /// Weak: an id that somebody holds keeps nothing alive.
    pipeline: Weak<Pipeline>,
    /// The settings document of the logger, for the joining side's encoder and ring.
    settings: String,
}

static ENTRIES: Mutex<BTreeMap<String, Entry>> = Mutex::new(BTreeMap::new());

fn entries() -> MutexGuard<'static, BTreeMap<String, Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets threads that know `id` find the pipeline.
pub fn share(id: String, pipeline: &Arc<Pipeline>, settings: String) {
    let mut entries = entries();
    // Those of loggers that were forgotten without being closed.
    entries.retain(|_, entry| entry.pipeline.strong_count() > 0);
    let pipeline = Arc::downgrade(pipeline);
    entries.insert(id, Entry { pipeline, settings });
}

/// Takes `share` back.
pub fn unshare(pipeline: &Arc<Pipeline>) {
    let pipeline = Arc::downgrade(pipeline);
    entries().retain(|_, entry| !entry.pipeline.ptr_eq(&pipeline));
}

/// The pipeline with this id and its settings, unless it is gone or closed.
pub fn find(id: &str) -> Option<(Arc<Pipeline>, String)> {
    let entries = entries();
    let entry = entries.get(id)?;
    let pipeline = entry.pipeline.upgrade()?;
    (!pipeline.is_closed()).then(|| (pipeline, entry.settings.clone()))
}
