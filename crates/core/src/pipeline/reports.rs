//! Tells every sink in-band what it did not get: a WARNING at most once a second, and at every flush.
//!
//! What was told is the difference of counters that only grow, so the numbers of all reports add up to them.
//! Reports are no events: they are counted apart, never dropped for want of room, and never reported.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::batch::Batch;
use super::rings::ProducerCounts;
use crate::format::Format;
use crate::level::{Level, LevelCounts, LevelTable};
use crate::wire::{layout, Dictionary, RecordWriter, Records};

/// At most one report a sink in this time, except at a flush.
pub const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Reasons for which events are lost.
const REASONS: usize = 7;

/// Keys of a report: dictionary ids.
#[derive(Debug)]
struct Keys {
    dropped: u32,
    reasons: u32,
    since: u32,
    levels: [u32; Level::COUNT],
    names: [(&'static str, u32); REASONS],
}

/// Writes reports as lines.
#[derive(Debug)]
pub struct ReportWriter {
    dictionary: Dictionary,
    keys: Keys,
}

/// What one sink has lost, or has been told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Losses {
    pub(super) ring: ProducerCounts,
    pub(super) pressure: LevelCounts,
    pub(super) overflow: LevelCounts,
}

/// What one sink has been told, and when.
#[derive(Debug)]
pub struct Told {
    losses: Losses,
    last: Option<Instant>,
    /// When nothing was lost that it had not been told of, in milliseconds since 1970.
    since: f64,
}

impl Told {
    pub fn new() -> Self {
        Self {
            losses: Losses::default(),
            last: None,
            since: now_ms(),
        }
    }

    /// What a sink of `min_level` that has lost `losses` has not been told of, if anything.
    pub fn news(
        &mut self,
        losses: &Losses,
        min_level: Level,
        levels: &LevelTable,
    ) -> Option<Losses> {
        let mut news = Losses {
            ring: losses.ring.since(&self.losses.ring),
            pressure: losses.pressure.since(&self.losses.pressure),
            overflow: losses.overflow.since(&self.losses.overflow),
        };
        for level in levels.below(min_level) {
            for counts in news.all() {
                counts.clear(level);
            }
        }
        if news.total() == 0 {
            self.since = now_ms();
            return None;
        }
        Some(news)
    }

    /// Whether the last report is long enough ago.
    pub fn is_due(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= REPORT_EVERY)
    }

    /// Remembers that the sink was told of `losses`; returns since when they had come up.
    pub fn tell(&mut self, losses: &Losses) -> f64 {
        self.losses = *losses;
        self.last = Some(Instant::now());
        std::mem::replace(&mut self.since, now_ms())
    }
}

impl Losses {
    fn all(&mut self) -> [&mut LevelCounts; REASONS] {
        let ring = &mut self.ring;
        [
            &mut ring.full,
            &mut ring.timeout,
            &mut ring.closed,
            &mut ring.encode,
            &mut ring.damaged,
            &mut self.pressure,
            &mut self.overflow,
        ]
    }

    fn reasons(&self) -> [(&'static str, &LevelCounts); REASONS] {
        [
            ("full", &self.ring.full),
            ("timeout", &self.ring.timeout),
            ("closed", &self.ring.closed),
            ("encode", &self.ring.encode),
            ("damaged", &self.ring.damaged),
            ("pressure", &self.pressure),
            ("overflow", &self.overflow),
        ]
    }

    fn total(&self) -> u64 {
        self.reasons()
            .iter()
            .map(|(_, counts)| counts.total())
            .sum()
    }
}

impl ReportWriter {
    pub fn new(levels: &LevelTable) -> Self {
        let mut dictionary = Dictionary::new();
        let keys = Keys {
            dropped: dictionary.intern("dropped"),
            reasons: dictionary.intern("reasons"),
            since: dictionary.intern("since"),
            levels: std::array::from_fn(|level| {
                dictionary.intern(levels.at(u8::try_from(level).unwrap_or(0)).name())
            }),
            names: Losses::default()
                .reasons()
                .map(|(name, _)| (name, dictionary.intern(name))),
        };
        Self { dictionary, keys }
    }

    /// Appends the line of a report to `batch`, which counts no event for it.
    pub fn write(&self, news: &Losses, since: f64, format: &mut dyn Format, batch: &mut Batch) {
        let mut by_level = LevelCounts::default();
        for (_, counts) in news.reasons() {
            by_level.merge(counts);
        }
        let total = by_level.total();
        let mut record = RecordWriter::new(Level::WARNING, 0, now_ms());
        let noun = if total == 1 { "event" } else { "events" };
        record.message(&format!("fapilog dropped {total} {noun}"));
        record.open_object(self.keys.dropped);
        for (key, count) in self.keys.levels.iter().zip(by_level.0) {
            number(&mut record, *key, count);
        }
        record.close();
        record.open_object(self.keys.reasons);
        for ((_, key), (_, counts)) in self.keys.names.iter().zip(news.reasons()) {
            number(&mut record, *key, counts.total());
        }
        record.close();
        record.date(self.keys.since, since);
        let bytes = record.finish();
        for record in Records::new(&bytes, &self.dictionary) {
            format.write(&record, &mut batch.bytes);
            batch.end_report();
        }
    }
}

fn number(record: &mut RecordWriter, key: u32, count: u64) {
    debug_assert_ne!(key, layout::KEY_NONE);
    match i32::try_from(count) {
        Ok(0) => {}
        Ok(count) => record.int(key, count),
        Err(_) => record.float(key, count as f64),
    }
}

fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_millis() as f64)
}
