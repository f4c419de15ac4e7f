//! Lets the first events of each kind in a window through, and says at its end how many there were besides.
//!
//! Two filters are this: deduplication (one event of each kind, and a summary in its words) and the throttle (some
//! of each kind, and a notice).

use super::fingerprint::Fingerprint;
use super::key_table::KeyTable;
use super::{Filter, Gauges};
use crate::level::Level;
use crate::stages::notices::{Notice, Notices};
use crate::wire::{Record, Value};

/// Bytes of a message that a summary repeats.
const MESSAGE_BYTES: usize = 1_024;
/// Windows are looked at no more often than this.
const LOOK_MS: f64 = 25.0;

/// How a filter speaks of the events that it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// At their level and with their message: `… (repeated 12 times)`.
    Repeated,
    /// As a warning: `fapilog throttled 12 events`.
    Throttled,
}

/// What is let through.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Events of one kind in a window.
    pub events: u64,
    /// How long a window is.
    pub window_ms: f64,
    /// Kinds that are remembered at a time.
    pub max_keys: usize,
    /// The level index from which nothing is ended.
    pub protected: usize,
}

/// Events that were ended, and what is said of them.
#[derive(Clone, Debug)]
struct Ended {
    count: u64,
    level: Level,
    logger: Box<str>,
    message: Box<str>,
}

/// The window of one kind, which its first event has opened.
#[derive(Debug)]
struct Window {
    since: f64,
    passed: u64,
    ended: Option<Ended>,
}

/// Ends the events above the limit of their kind's window.
#[derive(Debug)]
pub struct WindowLimit {
    by: Fingerprint,
    limits: Limits,
    speech: Speech,
    windows: KeyTable<Window>,
    /// What is to be said, and how long the window had lasted.
    untold: Vec<(Ended, f64)>,
    /// When windows are looked at again.
    look_at: f64,
}

impl WindowLimit {
    /// For events of which `by` tells the kind.
    pub fn new(by: Fingerprint, limits: Limits, speech: Speech) -> Self {
        Self {
            by,
            limits,
            speech,
            windows: KeyTable::new(limits.max_keys),
            untold: Vec::new(),
            look_at: f64::INFINITY,
        }
    }

    fn end(&mut self, window: Window, now: f64) {
        if let Some(ended) = window.ended {
            let lasted = (now - window.since).min(self.limits.window_ms);
            self.untold.push((ended, lasted));
        }
    }

    fn look(&mut self, now: f64, force: bool) {
        let (window_ms, untold) = (self.limits.window_ms, &mut self.untold);
        let mut next = f64::INFINITY;
        self.windows.retain(|window| {
            let end = window.since + window_ms;
            let open = now < end;
            if open {
                next = next.min(end);
            }
            if force || !open {
                // Told at a flush, the window goes on all the same: flushing is no way around the limit.
                if let Some(ended) = window.ended.take() {
                    untold.push((ended, (now - window.since).min(window_ms)));
                }
            }
            open
        });
        self.look_at = next.max(now + LOOK_MS);
    }

    fn tell(&self, ended: &Ended, lasted_ms: f64, notices: &mut Notices) {
        let (count, logger) = (ended.count, &*ended.logger);
        match self.speech {
            Speech::Repeated => {
                let times = if count == 1 { "time" } else { "times" };
                let message = format!("{} (repeated {count} {times})", ended.message);
                notices.add(&Notice {
                    level: ended.level,
                    logger,
                    message: message.trim_start(),
                    counts: &[("repeated", count)],
                    lasted_ms,
                });
            }
            Speech::Throttled => {
                let events = if count == 1 { "event" } else { "events" };
                notices.add(&Notice {
                    level: Level::WARNING,
                    logger,
                    message: &format!("fapilog throttled {count} {events}"),
                    counts: &[("throttled", count), ("limit", self.limits.events)],
                    lasted_ms,
                });
            }
        }
    }
}

impl Filter for WindowLimit {
    #[inline]
    fn keeps(&mut self, record: &Record<'_>, now: f64) -> bool {
        if record.level().severity() >= self.limits.protected {
            return true;
        }
        let key = match (self.by.of(record), self.speech) {
            (Some(key), _) => key,
            // Without a message nothing says that two events are the same.
            (None, Speech::Repeated) => return true,
            (None, Speech::Throttled) => 0,
        };
        let fresh = Window {
            since: now,
            passed: 1,
            ended: None,
        };
        let before = match self.windows.get_mut(key) {
            Some(window) if now - window.since < self.limits.window_ms => {
                if window.passed < self.limits.events {
                    window.passed += 1;
                    return true;
                }
                match &mut window.ended {
                    Some(ended) => ended.count += 1,
                    None => window.ended = Some(Ended::first(record, self.speech)),
                }
                return false;
            }
            Some(window) => Some(std::mem::replace(window, fresh)),
            None => self.windows.insert(key, fresh),
        };
        if let Some(before) = before {
            self.end(before, now);
        }
        self.look_at = self.look_at.min(now + self.limits.window_ms);
        true
    }

    fn due(&mut self, now: f64, force: bool, notices: &mut Notices) {
        if force || now >= self.look_at {
            self.look(now, force);
        }
        if !self.untold.is_empty() {
            let untold = std::mem::take(&mut self.untold);
            for (ended, lasted) in &untold {
                self.tell(ended, *lasted, notices);
            }
        }
    }

    fn until_due(&self, now: f64) -> Option<f64> {
        if !self.untold.is_empty() {
            return Some(0.0);
        }
        let waiting = self.windows.values().any(|window| window.ended.is_some());
        waiting.then_some(self.look_at - now)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            keys: Some(self.windows.len() as u64),
            evicted: Some(self.windows.evicted()),
            ..Gauges::default()
        }
    }
}

impl Ended {
    #[cold]
    fn first(record: &Record<'_>, speech: Speech) -> Self {
        let message = match (speech, record.message_and_fields().0) {
            (Speech::Repeated, Some(Value::Text(text))) => cut(&text.to_str()).into(),
            _ => Box::default(),
        };
        Self {
            count: 1,
            level: record.level(),
            logger: record.logger().map_or("", |entry| entry.text()).into(),
            message,
        }
    }
}

fn cut(message: &str) -> &str {
    let mut end = message.len().min(MESSAGE_BYTES);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message.get(..end).unwrap_or_default()
}
