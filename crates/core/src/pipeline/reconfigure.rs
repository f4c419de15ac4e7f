//! Changes of a running pipeline: what happens to events, and where they go.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::route::{Router, RoutingSettings};
use super::Pipeline;
use crate::error::{Error, ErrorCode, Result};
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
}

/// Hands the successor over to the drain thread.
#[derive(Debug, Default)]
pub struct Handover {
    waiting: AtomicBool,
    /// The number of the latest successor, and itself until it is taken.
    latest: Mutex<(u64, Option<Successor>)>,
    /// The number of the one that is in force.
    done: AtomicU64,
}

impl Handover {
    fn put(&self, stages: Stages, router: Option<Router>) -> u64 {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.0 += 1;
        let number = latest.0;
        latest.1 = Some(Successor {
            number,
            stages,
            router,
        });
        self.waiting.store(true, Ordering::Release);
        number
    }

    /// The latest one, if there is one that was not taken.
    #[inline]
    pub fn take(&self) -> Option<Successor> {
        if !self.waiting.load(Ordering::Acquire) {
            return None;
        }
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.store(false, Ordering::Release);
        latest.1.take()
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
}

impl Pipeline {
    /// Replaces all stages and the routing, as the document `{"stages": …, "routing": …}` says, without losing an
    /// event. Waits up to [`PATIENCE`] until they are in force; whether they are. If so, everything published after
    /// the call goes the new way; if not (a sink holds up the drain thread) they come into force later. What the old
    /// stages remembered is forgotten after they have said what they had to say.
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
        let number = self.shared.handover.put(stages, router);
        self.wake();
        let deadline = Instant::now() + PATIENCE;
        Ok(self.shared.progress.wait_until(deadline, || {
            self.shared.handover.done.load(Ordering::Acquire) >= number || self.is_drained()
        }))
    }
}
