//! Names of loggers with `*` in them, and what is known of a logger once its name has been looked at.

use crate::wire::Record;

/// A logger's name in which `*` stands for any characters, none included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggerPattern(Box<str>);

impl LoggerPattern {
    /// The pattern that `text` writes.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// How much it says: characters that are no `*`. The pattern that says more wins.
    pub fn specificity(&self) -> usize {
        self.0.chars().filter(|&c| c != '*').count()
    }

    /// Whether it stands for `name`. Takes the time of their lengths' product at most.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

/// Dictionaries whose loggers are remembered: one a ring.
const RINGS: usize = 32;
/// Loggers of a ring that are remembered; of the others the answer is made anew each time.
const LOGGERS: usize = 4_096;

#[derive(Clone, Debug)]
struct Known<T> {
    dictionary: u64,
    /// By the logger's dictionary id.
    answers: Vec<Option<T>>,
}

/// What was found out about a logger's name, by the id that stands for it: a lookup of two indexes.
#[derive(Clone, Debug, Default)]
pub struct LoggerCache<T> {
    rings: Vec<Known<T>>,
}

impl<T: Copy> LoggerCache<T> {
    /// An empty cache.
    pub fn new() -> Self {
        Self { rings: Vec::new() }
    }

    /// The answer for the record's logger; `find` gets its name, or "" when there is none.
    #[inline]
    pub fn get(&mut self, record: &Record<'_>, find: impl FnOnce(&str) -> T) -> T {
        let dictionary = record.dictionary().serial();
        let id = record.logger_id() as usize;
        if let Some(known) = self.rings.first() {
            if known.dictionary == dictionary {
                if let Some(Some(answer)) = known.answers.get(id) {
                    return *answer;
                }
            }
        }
        self.learn(record, dictionary, id, find)
    }

    #[cold]
    fn learn(
        &mut self,
        record: &Record<'_>,
        dictionary: u64,
        id: usize,
        find: impl FnOnce(&str) -> T,
    ) -> T {
        let at = self
            .rings
            .iter()
            .position(|known| known.dictionary == dictionary);
        match at {
            Some(at) => self.rings.swap(0, at),
            None => {
                self.rings.truncate(RINGS - 1);
                self.rings.insert(
                    0,
                    Known {
                        dictionary,
                        answers: Vec::new(),
                    },
                );
            }
        }
        let known = self.rings.first_mut().map(|known| &mut known.answers);
        if let Some(Some(Some(answer))) = known.as_ref().map(|answers| answers.get(id)) {
            return *answer;
        }
        let answer = find(record.logger().map_or("", |entry| entry.text()));
        if let (Some(answers), true) = (known, id < LOGGERS) {
            if answers.len() <= id {
                answers.resize(id + 1, None);
            }
            if let Some(slot) = answers.get_mut(id) {
                *slot = Some(answer);
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::level::Level;
    use crate::wire::{Dictionary, RecordWriter, Records};

    #[test]
    fn a_star_stands_for_any_characters() {
        let cases = [
            ("*", "", true),
            ("*", "db.pool", true),
            ("db", "db", true),
            ("db", "db2", false),
            ("db.*", "db.pool", true),
            ("db.*", "db", false),
            ("*.pool", "db.pool", true),
            ("*.pool", "db.pools", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*bc*c", "abc", false),
            ("a*a", "a", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, name, expected) in cases {
            let pattern = LoggerPattern::new(pattern);
            assert_eq!(pattern.matches(name), expected, "{pattern:?} {name}");
        }
    }

    #[test]
    fn every_ring_has_its_own_ids_and_each_name_is_looked_at_once() {
        let dictionaries: Vec<Dictionary> = (0..40)
            .map(|n| {
                let mut dictionary = Dictionary::new();
                dictionary.intern(&format!("a{n}"));
                dictionary.intern(&format!("b{n}"));
                dictionary
            })
            .collect();
        let bytes: Vec<Vec<u8>> = (0..3)
            .map(|id| {
                let mut writer = RecordWriter::new(Level::INFO, id, 0.0);
                writer.message("m");
                writer.finish()
            })
            .collect();
        let mut cache = LoggerCache::new();
        let mut looked = 0;
        for round in 0..2 {
            for dictionary in dictionaries.iter().take(20) {
                for bytes in &bytes {
                    let record = Records::new(bytes, dictionary).next().unwrap();
                    let name = record.logger().map_or(0, |entry| entry.text().len());
                    let answer = cache.get(&record, |name| {
                        looked += 1;
                        name.len()
                    });
                    assert_eq!(answer, name);
                }
            }
            assert_eq!(looked, 60, "round {round}");
        }
        for dictionary in &dictionaries {
            let record = Records::new(&bytes[1], dictionary).next().unwrap();
            let expected = record.logger().unwrap().text().len();
            assert_eq!(cache.get(&record, str::len), expected);
        }
        assert!(cache.rings.len() <= RINGS);
    }
}
