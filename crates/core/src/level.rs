//! Levels: their order, names and numbers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use crate::error::{Error, ErrorCode, Result};
use crate::wire::layout::LEVELS;
use fapilog_ring::layout::MAX_LEVELS;

/// A level. On the wire it is an index into the pipeline's [`LevelTable`]: the built-in levels in their order,
/// then the application's own. Levels compare by severity, whatever their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level {
    // First, since the derived order looks at it first.
    value: u8,
    index: u8,
    pino: u8,
    name: &'static str,
}

impl Level {
    /// Most detailed built-in level.
    pub const TRACE: Level = Level::built_in(0);
    /// Diagnostic detail.
    pub const DEBUG: Level = Level::built_in(1);
    /// Default threshold.
    pub const INFO: Level = Level::built_in(2);
    /// Something unexpected that did not fail.
    pub const WARNING: Level = Level::built_in(3);
    /// A failure.
    pub const ERROR: Level = Level::built_in(4);
    /// A failure the process may not survive (`critical` and `fatal`).
    pub const CRITICAL: Level = Level::built_in(5);
    /// Audit trail.
    pub const AUDIT: Level = Level::built_in(6);
    /// Security events.
    pub const SECURITY: Level = Level::built_in(7);

    /// Levels that a table has room for, and the length of every list of counters by level.
    pub const COUNT: usize = MAX_LEVELS as usize;

    /// The built-in level of this index; `INFO` for indexes that no built-in level has.
    pub const fn built_in(index: u8) -> Level {
        let known = if (index as usize) < LEVELS.len() {
            index
        } else {
            2
        };
        let (name, value, pino) = LEVELS[known as usize];
        Level {
            value,
            index: known,
            pino,
            name,
        }
    }

    /// Upper-case name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// fapilog's number, the severity: `TRACE` 5 … `SECURITY` 70.
    pub fn value(self) -> u8 {
        self.value
    }

    /// The same as the number that thresholds are compared with.
    pub fn severity(self) -> usize {
        usize::from(self.value)
    }

    /// pino's number: `TRACE` 10 … `CRITICAL` and above 60; the value of an application's own level.
    pub fn pino(self) -> u8 {
        self.pino
    }

    /// Index for counters and on the wire; always below [`Level::COUNT`].
    pub fn index(self) -> usize {
        usize::from(self.index)
    }

    /// Finds a built-in level by name, ignoring case; accepts the aliases `WARN` and `FATAL`.
    pub fn from_name(name: &str) -> Option<Level> {
        find(&built_in_levels(), name)
    }
}

fn built_in_levels() -> Vec<Level> {
    (0..LEVELS.len() as u8).map(Level::built_in).collect()
}

fn find(levels: &[Level], name: &str) -> Option<Level> {
    let upper = name.to_ascii_uppercase();
    let wanted = match upper.as_str() {
        "WARN" => "WARNING",
        "FATAL" => "CRITICAL",
        other => other,
    };
    levels.iter().find(|level| level.name == wanted).copied()
}

/// A level of the application's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomLevel {
    /// Name: a letter, then letters, digits and `_`, 32 characters at most.
    pub name: String,
    /// Severity, which no other level has: 1 to 254.
    pub value: u8,
}

/// Distinct names of own levels that a process can have.
const MAX_NAMES: usize = 4096;

/// Names live as long as the process, each once, so that a level can be copied about with its name.
static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

fn lasting(name: &str) -> Option<&'static str> {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if names.len() >= MAX_NAMES {
        return None;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    Some(kept)
}

/// The levels of one pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelTable(Arc<[Level]>);

impl Default for LevelTable {
    fn default() -> Self {
        Self(built_in_levels().into())
    }
}

impl LevelTable {
    /// The built-in levels and those of the application.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] when there are too many, or one has the name or the value of another.
    pub fn new(custom: &[CustomLevel]) -> Result<Self> {
        let mut levels = built_in_levels();
        for CustomLevel { name, value } in custom {
            let refuse = |why: &str| {
                let message = format!("customLevels.{name}: {why}");
                Err(Error::new(ErrorCode::SettingInvalid, message))
            };
            if !is_name(name) {
                return refuse("not a name for a level");
            }
            let upper = name.to_ascii_uppercase();
            if upper == "SILENT" || find(&levels, &upper).is_some() {
                return refuse("there is such a level already");
            }
            if *value == 0 || *value == u8::MAX || levels.iter().any(|level| level.value == *value)
            {
                return refuse("its value must be its own, 1 to 254");
            }
            let (Some(kept), true) = (lasting(&upper), levels.len() < Level::COUNT) else {
                return refuse("there are too many levels");
            };
            levels.push(Level {
                value: *value,
                index: levels.len() as u8,
                pino: *value,
                name: kept,
            });
        }
        Ok(Self(levels.into()))
    }

    /// The level of an index; `INFO` for indexes outside the table, since wire bytes are not trusted.
    #[inline]
    pub fn at(&self, index: u8) -> Level {
        match self.0.get(usize::from(index)) {
            Some(level) => *level,
            None => Level::INFO,
        }
    }

    /// Finds a level by name, ignoring case; accepts the aliases `WARN` and `FATAL`.
    pub fn from_name(&self, name: &str) -> Option<Level> {
        find(&self.0, name)
    }

    /// Indexes of the levels below another.
    pub fn below(&self, min: Level) -> impl Iterator<Item = usize> + '_ {
        let lower = self.iter().filter(move |level| *level < min);
        lower.map(Level::index)
    }

    /// All levels, by index.
    pub fn iter(&self) -> impl Iterator<Item = Level> + '_ {
        self.0.iter().copied()
    }
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 32
        && bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One counter per level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelCounts(pub [u64; Level::COUNT]);

impl LevelCounts {
    /// Adds one event of `level`.
    pub fn add(&mut self, level: Level) {
        self.add_index(level.index());
    }

    /// Adds one event of the level with this index.
    pub fn add_index(&mut self, index: usize) {
        if let Some(slot) = self.0.get_mut(index) {
            *slot += 1;
        }
    }

    /// Adds every counter of `other`.
    pub fn merge(&mut self, other: &LevelCounts) {
        for (slot, more) in self.0.iter_mut().zip(other.0) {
            *slot += more;
        }
    }

    /// What every counter has grown by since it was `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &LevelCounts) -> LevelCounts {
        let mut grown = *self;
        for (slot, before) in grown.0.iter_mut().zip(earlier.0) {
            *slot = slot.saturating_sub(before);
        }
        grown
    }

    /// Forgets the count of one level index.
    pub fn clear(&mut self, level: usize) {
        if let Some(slot) = self.0.get_mut(level) {
            *slot = 0;
        }
    }

    /// Sum over all levels.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn custom(name: &str, value: u8) -> CustomLevel {
        CustomLevel {
            name: name.to_owned(),
            value,
        }
    }

    #[test]
    fn names_and_aliases_resolve_to_the_same_level() {
        assert_eq!(Level::from_name("warn"), Some(Level::WARNING));
        assert_eq!(Level::from_name("Warning"), Some(Level::WARNING));
        assert_eq!(Level::from_name("FATAL"), Some(Level::CRITICAL));
        assert_eq!(Level::from_name("nope"), None);
    }

    #[test]
    fn a_level_outside_the_table_reads_as_info() {
        assert_eq!(LevelTable::default().at(200), Level::INFO);
        assert_eq!(Level::built_in(200).index(), 2);
    }

    #[test]
    fn own_levels_stand_behind_the_built_in_ones_and_compare_by_value() {
        let table = LevelTable::new(&[custom("notice", 25), custom("Silly", 1)]).unwrap();
        let notice = table.from_name("NOTICE").unwrap();
        assert_eq!((notice.index(), notice.pino()), (8, 25));
        assert!(Level::INFO < notice && notice < Level::WARNING);
        assert!(table.at(9) < Level::TRACE);
        assert_eq!(table.at(9).name(), "SILLY");
        assert_eq!(table.at(4), Level::ERROR);
        assert_eq!(Level::from_name("notice"), None);
    }

    #[test]
    fn levels_that_cannot_be_told_apart_or_have_no_room_are_refused() {
        let refused = [
            vec![custom("info", 25)],
            vec![custom("warn", 25)],
            vec![custom("silent", 25)],
            vec![custom("notice", 30)],
            vec![custom("notice", 0)],
            vec![custom("a", 21), custom("A", 22)],
            vec![custom("a", 21), custom("b", 21)],
            vec![custom("no-name", 21)],
            vec![custom("", 21)],
            (0..9).map(|n| custom(&format!("l{n}"), 80 + n)).collect(),
        ];
        for levels in refused {
            assert!(LevelTable::new(&levels).is_err(), "{levels:?}");
        }
    }
}
