//! The lowest level that goes on, by the logger's name.

use super::Filter;
use crate::stages::logger_pattern::{LoggerCache, LoggerPattern};
use crate::wire::Record;

/// Ends events below the level of the pattern that says most about their logger's name.
#[derive(Debug)]
pub struct MinLevel {
    /// Most specific first.
    rules: Vec<(LoggerPattern, usize)>,
    cache: LoggerCache<usize>,
}

impl MinLevel {
    /// From pairs of a pattern and the index of the lowest level, in any order.
    pub fn new(mut rules: Vec<(LoggerPattern, usize)>) -> Self {
        rules.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.specificity()));
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
            let rule = rules.iter().find(|(pattern, _)| pattern.matches(name));
            rule.map_or(0, |(_, level)| *level)
        });
        record.level().severity() >= min
    }
}
