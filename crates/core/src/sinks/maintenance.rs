//! The background thread of a file sink: compression and retention, one file at a time.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fapilog_ring::background::stand_back;
use jiff::{SignedDuration, Timestamp};

use super::clock::Clock;
use super::compress::{compress, open_unused, remove, Names, Outcome, Unused};
use super::file_settings::{Compress, RotateSettings};
use super::retention::{list, surplus, RotatedFile};
use super::rotated_name::{Form, NamePattern};
use super::shared_stats::SharedStats;
use crate::error::{Error, ErrorCode, Result};
use crate::sealed::FileKey;

/// How long a file that is still in use is left before it is looked at again.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// What the thread works on.
pub(super) struct Task {
    pub(super) directory: PathBuf,
    pub(super) names: NamePattern,
    pub(super) settings: RotateSettings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stats: SharedStats,
    /// Of the files, if they are encrypted.
    pub(super) key: Option<Arc<FileKey>>,
}

/// The running thread.
pub(super) struct Maintenance {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
    abort: AtomicBool,
}

#[derive(Default)]
struct State {
    requested: bool,
    closing: bool,
    finished: bool,
}

impl Signal {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Maintenance {
    /// Starts the thread, with a first round for what earlier runs left.
    pub(super) fn start(task: Task) -> Result<Self> {
        let signal = Arc::new(Signal::default());
        signal.lock().requested = true;
        let own = signal.clone();
        // Here and not on the thread, which may start after the clock jumped.
        let start = (task.clock.now(), task.clock.monotonic());
        let run = move || {
            stand_back();
            let body = AssertUnwindSafe(|| own.serve(&task, start));
            if catch_unwind(body).is_err() {
                task.stats
                    .failure("compression and retention stopped: bug in fapilog (panic)");
            }
            own.lock().finished = true;
            own.changed.notify_all();
        };
        let thread = std::thread::Builder::new()
            .name("fapilog-rotate".into())
            .spawn(run)
            .map_err(|error| {
                let message =
                    "cannot start the thread for rotated files; raise the limit of threads";
                Error::io(ErrorCode::ThreadSpawn, message, error)
            })?;
        Ok(Self {
            signal,
            thread: Some(thread),
        })
    }

    /// Asks for another round; returns at once.
    pub(super) fn request(&self) {
        self.signal.lock().requested = true;
        self.signal.changed.notify_all();
    }

    /// Lets requested work end, at most for `timeout`, then stops the thread. True when all was done.
    pub(super) fn finish(&mut self, timeout: Duration) -> bool {
        let Some(thread) = self.thread.take() else {
            return true;
        };
        let mut state = self.signal.lock();
        state.closing = true;
        self.signal.changed.notify_all();
        state = self.wait_finished(state, timeout);
        let done = state.finished;
        if !done {
            self.signal.abort.store(true, Ordering::Relaxed);
            // Time to remove the unfinished file; a thread that hangs in a dead disk is left behind.
            state = self.wait_finished(state, Duration::from_millis(100));
        }
        let ended = state.finished;
        drop(state);
        if ended {
            // Its panics are caught inside: nothing to learn from the result.
            let _ = thread.join();
        }
        done
    }

    fn wait_finished<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        timeout: Duration,
    ) -> MutexGuard<'a, State> {
        self.signal
            .changed
            .wait_timeout_while(state, timeout, |state| !state.finished)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

impl Signal {
    fn serve(&self, task: &Task, start: (Timestamp, Duration)) {
        let mut again = false;
        while self.next_round(again) {
            again = task.round(&self.abort, start);
        }
    }

    /// Waits for work; false when there is none left and the sink closes.
    fn next_round(&self, again: bool) -> bool {
        let mut state = self.lock();
        loop {
            if std::mem::take(&mut state.requested) {
                return true;
            }
            if state.closing {
                return false;
            }
            if again {
                let (next, wait) = self
                    .changed
                    .wait_timeout(state, BUSY_RETRY)
                    .unwrap_or_else(PoisonError::into_inner);
                state = next;
                if wait.timed_out() && !state.closing {
                    return true;
                }
            } else {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Task {
    /// Does everything there is to do now. True when a file was in use and has to be looked at again.
    fn round(&self, abort: &AtomicBool, start: (Timestamp, Duration)) -> bool {
        let mut again = false;
        let Some(files) = self.list() else {
            return false;
        };
        // What is surplus anyway goes first; how much room the others take is known once they are small.
        let early = RotateSettings {
            keep_bytes: None,
            ..self.settings.clone()
        };
        again |= self.delete(&files, &early, start);
        for file in &files {
            if abort.load(Ordering::Relaxed) {
                return false;
            }
            again |= match (file.form, self.settings.compress) {
                (Form::Plain, Compress::Gzip) => self.compress(file, abort),
                (Form::Unfinished, _) => self.clear(file),
                _ => false,
            };
        }
        if self.settings.keep_bytes.is_some() {
            let files = self.list().unwrap_or_default();
            again |= self.delete(&files, &self.settings, start);
        }
        again
    }

    fn list(&self) -> Option<Vec<RotatedFile>> {
        list(&self.directory, &self.names)
            .map_err(|error| {
                let shown = self.directory.display();
                self.stats.failure(format_args!(
                    "cannot list rotated files in '{shown}': {error}"
                ));
            })
            .ok()
    }

    fn delete(
        &self,
        files: &[RotatedFile],
        settings: &RotateSettings,
        start: (Timestamp, Duration),
    ) -> bool {
        let mut again = false;
        for file in surplus(files, settings, self.believable_now(start)) {
            let result = match open_unused(&file.path) {
                Ok(Unused::Yes(_open)) => remove(&file.path).map(|()| true),
                Ok(Unused::Gone) => Ok(false),
                Ok(Unused::Busy) => {
                    again = true;
                    Ok(false)
                }
                Err(error) => Err(error),
            };
            match result {
                Ok(true) => self.stats.update(|stats| stats.deleted += 1),
                Ok(false) => {}
                Err(error) => {
                    let shown = file.path.display();
                    self.stats
                        .failure(format_args!("cannot delete '{shown}': {error}"));
                }
            }
        }
        again
    }

    /// The wall clock, but never further on than time has really passed: a clock that jumps ten years ahead
    /// must not make every file too old.
    fn believable_now(&self, (wall, monotonic): (Timestamp, Duration)) -> Timestamp {
        let passed = self.clock.monotonic().saturating_sub(monotonic);
        let expected = SignedDuration::try_from(passed)
            .ok()
            .and_then(|passed| wall.checked_add(passed).ok());
        let now = self.clock.now();
        expected.map_or(now, |expected| expected.min(now))
    }

    fn compress(&self, file: &RotatedFile, abort: &AtomicBool) -> bool {
        let at = |form| self.directory.join(self.names.name(&file.turn, form));
        let names = Names {
            plain: &file.path,
            gzip: &at(Form::Gzip),
            unfinished: &at(Form::Unfinished),
        };
        match compress(names, self.key.as_ref(), abort) {
            Ok(Outcome::Done) => self.stats.update(|stats| stats.compressed += 1),
            Ok(Outcome::Busy) => return true,
            Ok(Outcome::Gone | Outcome::Aborted) => {}
            Err(error) => {
                let shown = file.path.display();
                self.stats
                    .failure(format_args!("cannot compress '{shown}': {error}"));
            }
        }
        false
    }

    /// Removes what a crash left of a compression, unless another process is at it right now.
    fn clear(&self, file: &RotatedFile) -> bool {
        let plain = self
            .directory
            .join(self.names.name(&file.turn, Form::Plain));
        let result = match open_unused(&plain) {
            Ok(Unused::Busy) => return true,
            Ok(Unused::Yes(_) | Unused::Gone) => remove(&file.path),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            let shown = file.path.display();
            self.stats
                .failure(format_args!("cannot remove leftover '{shown}': {error}"));
        }
        false
    }
}
