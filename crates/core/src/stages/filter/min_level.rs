//! The lowest level that goes on, by the logger's name.

use super::Filter;
use crate::stages::logger_pattern::{LoggerCache, LoggerPattern};
use crate::wire::Record;

/// Ends events below the level of the pattern that says most about their logger's name.
#[derive(Debug)]
pub struct MinLevel {
    rules: Vec<(LoggerPattern, usize)>,
    cache: LoggerCache<usize>,
}

impl MinLevel {
    /// From pairs of a pattern and the index of the lowest level, in any order.
    pub fn new(rules: Vec<(LoggerPattern, usize)>) -> Self {
        Self {
            rules,
            cache: LoggerCache::new(),
        }
    }
}

impl Filter for MinLevel {
    #[inline]
    fn keeps(&mut self, record: &Record<'_>, _now: f64) -> bool {
        let rules = &self.rules;
        let min = self.cache.get(record, |name| {
            let fitting = rules
                .iter()
                .rev()
                .filter(|(pattern, _)| pattern.matches(name));
            let rule = fitting.max_by_key(|(pattern, _)| pattern.specificity());
            rule.map_or(0, |(_, level)| *level)
        });
        record.level().severity() >= min
    }
}
