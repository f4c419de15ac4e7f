//! A sink whose writing somebody else does: a plugin in JavaScript.
//!
//! The sink's thread lays a batch out and waits for the answer; whoever is told comes, takes it and answers.
//! Failures and retries are those of any sink: an answer that does not come in time is a failed write, and the
//! batch is laid out again, so that a plugin sees every line at least once.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::{Sink, WriteError};

/// Lines that wait to be written by somebody else.
#[derive(Clone, Debug)]
pub struct Handoff {
    /// To be answered with.
    pub id: u64,
    /// Whole lines.
    pub lines: Arc<str>,
}

/// What has become of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They are written.
    Written,
    /// Nobody wants them for now: the plugin is turned off.
    Skipped,
    /// They are not, and this is why; they are to be laid out again.
    Failed(String),
    /// They never will be, and this is why.
    Gone(String),
}

#[derive(Default)]
struct State {
    id: u64,
    /// Laid out and not taken.
    waiting: Option<Arc<str>>,
    answer: Option<Answer>,
    interrupted: bool,
    gone: bool,
}

/// The side of whoever does the writing.
#[derive(Default)]
pub struct HandoffPort {
    state: Mutex<State>,
    answered: Condvar,
    tell: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl std::fmt::Debug for HandoffPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandoffPort").finish_non_exhaustive()
    }
}

impl HandoffPort {
    /// Says whom to tell that lines wait. Only the first call has an effect.
    pub fn on_waiting(&self, tell: Box<dyn Fn() + Send + Sync>) {
        drop(self.tell.set(tell));
        if self.has_waiting() {
            self.tell();
        }
    }

    /// Whether lines wait to be taken.
    pub fn has_waiting(&self) -> bool {
        self.lock().waiting.is_some()
    }

    /// Takes the lines that wait.
    pub fn take(&self) -> Option<Handoff> {
        let mut state = self.lock();
        let lines = state.waiting.take()?;
        Some(Handoff {
            id: state.id,
            lines,
        })
    }

    /// Answers; whether it was still waited for.
    pub fn answer(&self, id: u64, answer: Answer) -> bool {
        let mut state = self.lock();
        if state.id != id || state.answer.is_some() {
            return false;
        }
        state.answer = Some(answer);
        drop(state);
        self.answered.notify_one();
        true
    }

    /// Nobody will answer any more: what waits and what comes is lost and counted.
    pub fn leave(&self) {
        self.lock().gone = true;
        self.answered.notify_one();
    }

    /// Whoever waits for an answer looks whether that still makes sense.
    pub fn interrupt(&self) {
        self.lock().interrupted = true;
        self.answered.notify_one();
    }

    fn tell(&self) {
        if let Some(tell) = self.tell.get() {
            tell();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sink itself.
#[derive(Debug)]
pub struct HandoffSink {
    port: Arc<HandoffPort>,
    timeout: Duration,
    declined: bool,
}

impl HandoffSink {
    /// A sink that waits up to `timeout` for the answer to a batch.
    pub fn new(timeout: Duration) -> Self {
        Self {
            port: Arc::default(),
            timeout,
            declined: false,
        }
    }

    /// For whoever does the writing.
    pub fn port(&self) -> Arc<HandoffPort> {
        Arc::clone(&self.port)
    }
}

fn failure(kind: io::ErrorKind, text: String) -> WriteError {
    WriteError {
        written: 0,
        error: io::Error::new(kind, text),
    }
}

impl Sink for HandoffSink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let lines: Arc<str> = String::from_utf8_lossy(bytes).into();
        let mut state = self.port.lock();
        state.id += 1;
        state.answer = None;
        state.waiting = Some(lines);
        drop(state);
        self.port.tell();
        let deadline = Instant::now() + self.timeout;
        let mut state = self.port.lock();
        loop {
            if let Some(answer) = state.answer.take() {
                // A second answer belongs to nothing.
                state.id += 1;
                self.declined = answer == Answer::Skipped;
                return match answer {
                    Answer::Written | Answer::Skipped => Ok(()),
                    Answer::Failed(why) => Err(failure(io::ErrorKind::Other, why)),
                    Answer::Gone(why) => Err(failure(io::ErrorKind::BrokenPipe, why)),
                };
            }
            if state.gone {
                state.waiting = None;
                let text = "the thread that runs the plugin has ended".to_owned();
                return Err(failure(io::ErrorKind::BrokenPipe, text));
            }
            if std::mem::take(&mut state.interrupted) {
                state.waiting = None;
                state.id += 1;
                return Err(failure(io::ErrorKind::Interrupted, String::new()));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting = None;
                // An answer that comes now belongs to nothing.
                state.id += 1;
                let text = format!("no answer within {} ms", self.timeout.as_millis());
                return Err(failure(io::ErrorKind::TimedOut, text));
            }
            state = self
                .port
                .answered
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn declined(&self) -> bool {
        self.declined
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    type Seen = (Vec<(Result<(), io::ErrorKind>, bool)>, Vec<String>);

    /// What each write ends with and whether it was declined, and the lines that were taken.
    fn with_reader(answers: Vec<Answer>) -> Seen {
        let mut sink = HandoffSink::new(Duration::from_secs(5));
        let port = sink.port();
        let (tell, told) = std::sync::mpsc::channel();
        port.on_waiting(Box::new(move || tell.send(()).unwrap()));
        let count = answers.len();
        let reader = std::thread::spawn(move || {
            let mut seen = Vec::new();
            for answer in answers {
                told.recv().unwrap();
                let handoff = port.take().unwrap();
                seen.push(handoff.lines.to_string());
                assert!(
                    !port.answer(handoff.id + 1, Answer::Written),
                    "of another batch"
                );
                assert!(port.answer(handoff.id, answer));
                assert!(!port.answer(handoff.id, Answer::Written), "a second time");
            }
            seen
        });
        let results = (0..count)
            .map(|n| {
                let line = format!("line {n}\n");
                let result = sink.write(line.as_bytes()).map_err(|e| e.error.kind());
                (result, sink.declined())
            })
            .collect();
        (results, reader.join().unwrap())
    }

    #[test]
    fn a_write_ends_with_its_answer() {
        let (results, seen) = with_reader(vec![
            Answer::Written,
            Answer::Failed("no".to_owned()),
            Answer::Skipped,
            Answer::Gone("never".to_owned()),
            Answer::Written,
        ]);
        assert_eq!(
            results,
            [
                (Ok(()), false),
                (Err(io::ErrorKind::Other), false),
                (Ok(()), true),
                (Err(io::ErrorKind::BrokenPipe), false),
                (Ok(()), false),
            ]
        );
        assert_eq!(
            seen,
            ["line 0\n", "line 1\n", "line 2\n", "line 3\n", "line 4\n"]
        );
    }

    #[test]
    fn a_late_answer_belongs_to_nothing() {
        let mut sink = HandoffSink::new(Duration::from_millis(20));
        let port = sink.port();
        let failure = sink.write(b"a\n").unwrap_err();
        assert_eq!(failure.error.kind(), io::ErrorKind::TimedOut);
        assert!(port.take().is_none());
        assert!(!port.answer(1, Answer::Written));
    }

    #[test]
    fn an_interrupted_write_has_written_nothing() {
        let mut sink = HandoffSink::new(Duration::from_secs(60));
        let port = sink.port();
        port.interrupt();
        let failure = sink.write(b"a\n").unwrap_err();
        assert_eq!(failure.error.kind(), io::ErrorKind::Interrupted);
        assert_eq!(failure.written, 0);
        assert!(!port.answer(1, Answer::Written), "too late");
    }

    #[test]
    fn nobody_waits_for_a_thread_that_has_ended() {
        let mut sink = HandoffSink::new(Duration::from_secs(60));
        sink.port().leave();
        let failure = sink.write(b"a\n").unwrap_err();
        assert_eq!(failure.error.kind(), io::ErrorKind::BrokenPipe);
    }
}
