//! Changes of a running pipeline: what happens to events, and where they go.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::rings::Rings;
use super::route::{Router, RoutingSettings};
use super::{Pipeline, RingId};
use crate::error::{Error, ErrorCode, Result};
use crate::stages::redact::WithheldNames;
use crate::stages::{Stages, StagesSettings};

/// How long a change waits for the drain thread.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// The part of the settings document that can change while events flow. It replaces all of what it names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reconfiguration {
    stages: StagesSettings,
    #[serde(default)]
    routing: Option<RoutingSettings>,
}

/// What the drain thread is to go on with.
#[derive(Debug)]
pub struct Successor {
    /// Counts from 1.
    number: u64,
    pub(super) stages: Stages,
    pub(super) router: Option<Router>,
    /// Up to where each ring was filled when it was asked for: what is before that goes the old way, and nothing
    /// behind it does.
    marks: Vec<(RingId, u32)>,
}

/// Hands successors over to the drain thread.
#[derive(Debug, Default)]
pub struct Handover {
    waiting: AtomicBool,
    /// The number of the latest successor, and those that were not taken yet.
    queue: Mutex<(u64, VecDeque<Successor>)>,
    /// The number of the one that is in force.
    done: AtomicU64,
}

impl Handover {
    fn put(&self, stages: Stages, router: Option<Router>, rings: &Rings) -> u64 {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.0 += 1;
        let number = queue.0;
        queue.1.push_back(Successor {
            number,
            stages,
            router,
            marks: rings.published(),
        });
        self.waiting.store(true, Ordering::Release);
        number
    }

    /// The first one that was not taken.
    #[inline]
    pub fn take(&self) -> Option<Successor> {
        if !self.waiting.load(Ordering::Acquire) {
            return None;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let first = queue.1.pop_front();
        self.waiting.store(!queue.1.is_empty(), Ordering::Release);
        first
    }

    /// Says that one is in force.
    pub fn done(&self, number: u64) {
        self.done.store(number, Ordering::Release);
    }
}

impl Successor {
    /// For [`Handover::done`].
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Units of a ring, read up to `position`, that still go the old way.
    pub(super) fn units_before(&self, id: RingId, position: u32) -> u32 {
        let mark = self.marks.iter().find(|(ring, _)| *ring == id);
        // Half of the numbers are behind a position: positions wrap.
        mark.map(|(_, mark)| mark.wrapping_sub(position))
            .filter(|units| *units <= u32::MAX / 2)
            .unwrap_or(0)
    }
}

/// Names of keys whose values producers are to mask.
///
/// # Errors
/// As for the stages themselves.
pub fn withheld_names(stages: &StagesSettings) -> Result<Option<WithheldNames>> {
    match &stages.redact {
        Some(redact) => WithheldNames::of(redact),
        None => Ok(None),
    }
}

impl Pipeline {
    /// Replaces all stages and the routing, as the document `{"stages": …, "routing": …}` says, without losing an
    /// event: whatever was published before the call goes the old way, and everything after it the new one. Waits up to
    /// [`PATIENCE`] until that has begun; whether it has, or a sink holds up the drain thread. What the old stages
    /// remembered is forgotten after they have said what they had to say. [`Pipeline::withheld_names`] are those of the
    /// new settings then.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] that names the setting, nothing is changed then; also in crash-safe mode,
    /// where a recovery has to find the stages in the ring's file.
    pub fn reconfigure(&self, document: &str) -> Result<bool> {
        let invalid = |what: String| Error::new(ErrorCode::SettingInvalid, what);
        if self.is_crash_safe() {
            return Err(invalid(
                "stages and routing cannot be changed with durability crash-safe: a recovery uses those that the \
                 process began with"
                    .to_owned(),
            ));
        }
        let change: Reconfiguration = serde_json::from_str(document)
            .map_err(|e| invalid(format!("settings document: {e}")))?;
        let names: Vec<&str> = self.sinks.iter().map(|sink| sink.name()).collect();
        let router = change
            .routing
            .map(|routing| Router::new(&routing, &names, &self.shared.levels))
            .transpose()?;
        let stages = Stages::new(&change.stages, &self.constants)?;
        let withheld = withheld_names(&change.stages)?;
        let number = self.shared.handover.put(stages, router, &self.shared.rings);
        *self.withheld.lock().unwrap_or_else(PoisonError::into_inner) = withheld;
        self.wake();
        let deadline = Instant::now() + PATIENCE;
        Ok(self.shared.progress.wait_until(deadline, || {
            self.shared.handover.done.load(Ordering::Acquire) >= number || self.is_drained()
        }))
    }
}
