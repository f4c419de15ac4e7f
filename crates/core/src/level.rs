//! Levels: their order, names and numbers.

use crate::wire::layout::LEVELS;

/// A level as it travels on the wire: an index into the level table, lowest severity first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(pub u8);

impl Level {
    /// Most detailed built-in level.
    pub const TRACE: Level = Level(0);
    /// Diagnostic detail.
    pub const DEBUG: Level = Level(1);
    /// Default threshold.
    pub const INFO: Level = Level(2);
    /// Something unexpected that did not fail.
    pub const WARNING: Level = Level(3);
    /// A failure.
    pub const ERROR: Level = Level(4);
    /// A failure the process may not survive (`critical` and `fatal`).
    pub const CRITICAL: Level = Level(5);
    /// Audit trail.
    pub const AUDIT: Level = Level(6);
    /// Security events.
    pub const SECURITY: Level = Level(7);

    /// Number of levels in the table.
    pub const COUNT: usize = LEVELS.len();

    /// Upper-case name; an index outside the table reads as `INFO`, since wire bytes are not trusted.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// fapilog's number: `TRACE` 5 … `SECURITY` 70.
    pub fn value(self) -> u8 {
        self.row().1
    }

    /// pino's number: `TRACE` 10 … `CRITICAL` and above 60.
    pub fn pino(self) -> u8 {
        self.row().2
    }

    /// Index for counters; always below [`Level::COUNT`].
    pub fn index(self) -> usize {
        let index = usize::from(self.0);
        if index < Self::COUNT {
            index
        } else {
            usize::from(Self::INFO.0)
        }
    }

    /// Finds a level by name, ignoring case; accepts the aliases `WARN` and `FATAL`.
    pub fn from_name(name: &str) -> Option<Level> {
        let wanted = match name.to_ascii_uppercase().as_str() {
            "WARN" => "WARNING".to_owned(),
            "FATAL" => "CRITICAL".to_owned(),
            other => other.to_owned(),
        };
        LEVELS
            .iter()
            .position(|(known, _, _)| *known == wanted)
            .and_then(|index| u8::try_from(index).ok())
            .map(Level)
    }

    fn row(self) -> &'static (&'static str, u8, u8) {
        LEVELS.get(self.index()).unwrap_or(&LEVELS[2])
    }
}

/// One counter per level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelCounts(pub [u64; Level::COUNT]);

impl LevelCounts {
    /// Adds one event of `level`.
    pub fn add(&mut self, level: Level) {
        if let Some(slot) = self.0.get_mut(level.index()) {
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
    use super::*;

    #[test]
    fn names_and_aliases_resolve_to_the_same_level() {
        assert_eq!(Level::from_name("warn"), Some(Level::WARNING));
        assert_eq!(Level::from_name("Warning"), Some(Level::WARNING));
        assert_eq!(Level::from_name("FATAL"), Some(Level::CRITICAL));
        assert_eq!(Level::from_name("nope"), None);
    }

    #[test]
    fn a_level_outside_the_table_reads_as_info() {
        assert_eq!(Level(200).name(), "INFO");
        assert_eq!(Level(200).index(), 2);
    }
}
