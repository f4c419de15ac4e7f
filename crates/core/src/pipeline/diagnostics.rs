//! What the pipeline has to say about itself: on standard error, and for whoever asks.
//!
//! Texts name sinks, paths and errors of the operating system; never anything that was logged.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Records kept for whoever asks; further ones are counted.
const KEPT: usize = 256;
/// Lines of one kind on standard error: at most one in this time.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for standard error to take a line.
const STDERR_PATIENCE: Duration = Duration::from_millis(50);
/// A pipe that is ready takes this much without blocking.
const LINE_BYTES: usize = 4096;

/// Kinds of diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sink cannot write; it is tried again.
    SinkFailing,
    /// It can again.
    SinkRecovered,
    /// A sink will never write again.
    SinkFailed,
    /// Rotation, compression or retention failed; lines go on being written.
    Maintenance,
    /// Bytes of a ring are no records.
    Damaged,
    /// Events were cut because they were too long.
    Truncated,
    /// Values were withheld because they could not be redacted.
    Withheld,
    /// Time was over before everything was written.
    Unwritten,
    /// What a gone process left in its crash-safe ring could not be written.
    NotRecovered,
    /// A failing sink is not tried for a while.
    CircuitOpened,
    /// Lines were written, and the device did not confirm them.
    Unsynced,
    /// A plugin failed, or works again.
    Plugin,
    /// The pipeline does not keep up and gives up something for it.
    Pressure,
    /// It keeps up again.
    PressureOver,
}

const KINDS: usize = 14;

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Kind::SinkFailing => "FAPILOG_SINK_FAILING",
            Kind::SinkRecovered => "FAPILOG_SINK_RECOVERED",
            Kind::SinkFailed => "FAPILOG_SINK_FAILED",
            Kind::Maintenance => "FAPILOG_SINK_MAINTENANCE",
            Kind::Damaged => "FAPILOG_RING_DAMAGED",
            Kind::Truncated => "FAPILOG_EVENTS_TRUNCATED",
            Kind::Withheld => "FAPILOG_REDACTION_WITHHELD",
            Kind::Unwritten => "FAPILOG_EVENTS_UNWRITTEN",
            Kind::NotRecovered => "FAPILOG_RING_NOT_RECOVERED",
            Kind::CircuitOpened => "FAPILOG_SINK_CIRCUIT_OPENED",
            Kind::Unsynced => "FAPILOG_SINK_UNSYNCED",
            Kind::Plugin => "FAPILOG_PLUGIN",
            Kind::Pressure => "FAPILOG_PRESSURE",
            Kind::PressureOver => "FAPILOG_PRESSURE_OVER",
        }
    }

    /// Good news, which is no error.
    fn is_relief(self) -> bool {
        matches!(self, Kind::SinkRecovered | Kind::PressureOver)
    }

    /// Events are lost: said on standard error whatever the settings.
    fn is_loss(self) -> bool {
        matches!(
            self,
            Kind::SinkFailed | Kind::Unwritten | Kind::NotRecovered | Kind::Unsynced
        )
    }
}

/// Who hears what.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiagnosticSettings {
    /// Everything goes to standard error, not just losses.
    pub all: bool,
    /// Errors are kept for [`Diagnostics::take`].
    pub collect: bool,
}

/// One error of the pipeline or of a sink.
#[derive(Clone, Debug, Serialize)]
pub struct Diagnostic {
    /// Stable code.
    pub code: &'static str,
    /// The sink, if it is about one.
    pub sink: Option<String>,
    /// Text for people.
    pub message: String,
}

/// Counters of the diagnostics themselves.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct DiagnosticCounts {
    /// Everything that was found worth saying.
    pub reported: u64,
    /// Lines that standard error was spared.
    pub suppressed: u64,
    /// Errors that nobody came for in time.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct State {
    kept: VecDeque<Diagnostic>,
    counts: DiagnosticCounts,
    said: [Option<Instant>; KINDS],
    spared: [u64; KINDS],
}

/// Collects diagnostics of a pipeline.
#[derive(Debug, Default)]
pub struct Diagnostics {
    settings: DiagnosticSettings,
    state: Mutex<State>,
}

impl Diagnostics {
    /// Diagnostics that go where `settings` say.
    pub fn new(settings: DiagnosticSettings) -> Self {
        Self {
            settings,
            state: Mutex::default(),
        }
    }

    /// Reports something.
    pub fn report(&self, kind: Kind, sink: Option<&str>, message: String) {
        let mut state = self.lock();
        state.counts.reported += 1;
        let mut line = None;
        if self.settings.all || kind.is_loss() {
            let now = Instant::now();
            let at = kind as usize;
            let due = state.said.get(at).copied().flatten();
            if due.is_some_and(|last| now.duration_since(last) < LINE_EVERY) {
                state.counts.suppressed += 1;
                if let Some(spared) = state.spared.get_mut(at) {
                    *spared += 1;
                }
            } else {
                let spared = state.spared.get_mut(at).map(std::mem::take);
                if let Some(said) = state.said.get_mut(at) {
                    *said = Some(now);
                }
                line = Some(match spared {
                    Some(more @ 1..) => format!("{message} ({more} more of this kind since)"),
                    _ => message.clone(),
                });
            }
        }
        if self.settings.collect && !kind.is_relief() {
            if state.kept.len() < KEPT {
                state.kept.push_back(Diagnostic {
                    code: kind.code(),
                    sink: sink.map(str::to_owned),
                    message,
                });
            } else {
                state.counts.lost += 1;
            }
        }
        drop(state);
        if let Some(line) = line {
            say_on_stderr(&line);
        }
    }

    /// The errors since the last call.
    pub fn take(&self) -> Vec<Diagnostic> {
        self.lock().kept.drain(..).collect()
    }

    /// The counters.
    pub fn counts(&self) -> DiagnosticCounts {
        self.lock().counts
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `fapilog: text` as one line to standard error; gives up when nobody reads it.
fn say_on_stderr(text: &str) {
    let mut line = format!("fapilog: {}", text.replace('\n', " "));
    if line.len() >= LINE_BYTES {
        let end = (0..LINE_BYTES)
            .rev()
            .find(|&at| line.is_char_boundary(at))
            .unwrap_or(0);
        line.truncate(end);
    }
    line.push('\n');
    write_line(line.as_bytes());
}

#[cfg(unix)]
fn write_line(line: &[u8]) {
    use rustix::event::{poll, PollFd, PollFlags, Timespec};
    let stderr = rustix::stdio::stderr();
    let Ok(patience) = Timespec::try_from(STDERR_PATIENCE) else {
        return;
    };
    let ready = poll(
        &mut [PollFd::from_borrowed_fd(stderr, PollFlags::OUT)],
        Some(&patience),
    );
    if ready == Ok(1) {
        // There is nowhere to say that this did not work.
        let _ = rustix::io::write(stderr, line);
    }
}

#[cfg(not(unix))]
fn write_line(line: &[u8]) {
    use std::io::Write;
    let _ = STDERR_PATIENCE;
    drop(std::io::stderr().lock().write_all(line));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_nobody_comes_for_is_bounded_and_counted() {
        let diagnostics = Diagnostics::new(DiagnosticSettings {
            all: false,
            collect: true,
        });
        for n in 0..1000 {
            diagnostics.report(Kind::SinkFailing, Some("file"), format!("{n}"));
        }
        diagnostics.report(Kind::SinkRecovered, Some("file"), "not an error".into());
        let taken = diagnostics.take();
        assert_eq!(taken.len(), KEPT);
        assert_eq!(taken[0].message, "0");
        assert_eq!(taken[0].code, "FAPILOG_SINK_FAILING");
        assert_eq!(diagnostics.counts().lost, 1000 - KEPT as u64);
        assert_eq!(diagnostics.counts().reported, 1001);
        assert!(diagnostics.take().is_empty());
    }
}
