//! Keeps the first event of each kind in a window, and a part of the others.

use super::chance::{Chance, Rate};
use super::fingerprint::Fingerprint;
use super::key_table::KeyTable;
use super::{Filter, Gauges};
use crate::wire::Record;

/// Knows since when each kind of event has been seen.
#[derive(Debug)]
pub struct FirstOccurrence {
    by: Fingerprint,
    window_ms: f64,
    others: Rate,
    protected: usize,
    chance: Chance,
    /// When the first of each kind came.
    seen: KeyTable<f64>,
}

impl FirstOccurrence {
    /// `others` of the later ones are kept.
    pub fn new(
        by: Fingerprint,
        window_ms: f64,
        others: Rate,
        max_keys: usize,
        protected: usize,
    ) -> Self {
        Self {
            by,
            window_ms,
            others,
            protected,
            chance: Chance::default(),
            seen: KeyTable::new(max_keys),
        }
    }
}

impl Filter for FirstOccurrence {
    #[inline]
    fn keeps(&mut self, record: &Record<'_>, now: f64) -> bool {
        if record.level().severity() >= self.protected {
            return true;
        }
        let Some(key) = self.by.of(record) else {
            return true;
        };
        match self.seen.get_mut(key) {
            Some(first) if now - *first < self.window_ms => self.others.takes(self.chance.bits()),
            Some(first) => {
                *first = now;
                true
            }
            None => {
                self.seen.insert(key, now);
                true
            }
        }
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            keys: Some(self.seen.len() as u64),
            evicted: Some(self.seen.evicted()),
            ..Gauges::default()
        }
    }
}
