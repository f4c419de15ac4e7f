//! Sleeping and waking of the drain thread.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A one-thread parking place that remembers a wake-up given while nobody slept.
#[derive(Debug, Default)]
pub struct Parker {
    woken: Mutex<bool>,
    signal: Condvar,
}

impl Parker {
    /// Sleeps until woken or `timeout` is over. Whether it was woken.
    pub fn sleep(&self, timeout: Duration) -> bool {
        let guard = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut woken, _) = self
            .signal
            .wait_timeout_while(guard, timeout, |woken| !*woken)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *woken)
    }

    /// Wakes the sleeper, or keeps it from sleeping next time.
    pub fn wake(&self) {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.signal.notify_one();
    }
}
