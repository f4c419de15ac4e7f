//! When is a key a name that a rule is about?
//!
//! A key is folded to lower-case letters and digits; what separates words (`_`, `-`, spaces, dots, a change of
//! case, a change between letters and digits) leaves only a border. A rule's name matches where its own folded
//! text begins and ends at borders: `accessToken`, `access_token`, `ACCESS-TOKEN`, `x.access.token` and
//! `accesstoken` are one name, and `author` is not `auth`. src/redact/key-name.ts does the same, for keys that
//! the encoder withholds; `__test__/fixtures/key-names.json` keeps the two in step.

use std::collections::HashMap;

/// Last words that say something *about* a secret: `tokenType` and `password_changed_at` are none.
pub const ABOUT: &[&str] = &[
    "algorithm",
    "at",
    "attempts",
    "count",
    "enabled",
    "endpoint",
    "expiration",
    "expired",
    "expires",
    "expiry",
    "len",
    "length",
    "limit",
    "name",
    "policy",
    "present",
    "required",
    "size",
    "status",
    "strength",
    "ttl",
    "type",
    "uri",
    "url",
    "usage",
    "valid",
    "version",
];

/// First words that make a question of a name: `hasPassword`, `isTokenValid`.
pub const ASKING: &[&str] = &["has", "is"];

/// Longer keys are compared up to here; the encoder cuts them at 256 characters anyway.
const MAX_BYTES: usize = 1024;

/// How a name is looked for in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// It is the whole key.
    Whole,
    /// It is some of the key's words.
    Words,
    /// It stands anywhere, even inside a word: for names that nothing else contains.
    Within,
}

/// A folded key, in memory that is used again.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    text: String,
    /// Byte offsets at which words begin, and the end.
    borders: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Lower,
    Upper,
    Separator,
}

/// `None` for characters that nobody sees.
fn visible(c: char) -> Option<char> {
    match c {
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => None,
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0),
        _ => Some(c),
    }
}

fn class(c: char) -> Class {
    match c {
        '0'..='9' => Class::Digit,
        'a'..='z' => Class::Lower,
        'A'..='Z' => Class::Upper,
        '\0'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' => Class::Separator,
        _ if c.to_lowercase().next() != Some(c) => Class::Upper,
        _ => Class::Lower,
    }
}

impl Folded {
    /// Folds a key.
    pub fn of(key: &str) -> Self {
        let mut folded = Self::default();
        folded.fold(key);
        folded
    }

    /// Folds another key into the same memory.
    pub fn fold(&mut self, key: &str) {
        self.text.clear();
        self.borders.clear();
        let mut before = Class::Separator;
        let mut characters = key.chars().filter_map(visible).peekable();
        while let Some(c) = characters.next() {
            let this = class(c);
            if this != Class::Separator {
                let starts = match (before, this) {
                    (Class::Separator, _) | (Class::Lower, Class::Upper) => true,
                    (Class::Digit, Class::Digit) => false,
                    (Class::Digit, _) | (_, Class::Digit) => true,
                    // The last capital of several belongs to the word behind it.
                    (Class::Upper, Class::Upper) => characters
                        .peek()
                        .is_some_and(|&next| class(next) == Class::Lower),
                    _ => false,
                };
                if starts {
                    self.borders.push(self.text.len());
                }
                self.text.extend(c.to_lowercase());
                if self.text.len() >= MAX_BYTES {
                    break;
                }
            }
            before = this;
        }
        self.borders.push(self.text.len());
    }

    /// The letters and digits.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words, for tests.
    #[cfg(test)]
    fn words(&self) -> Vec<&str> {
        self.borders
            .windows(2)
            .map(|pair| &self.text[pair[0]..pair[1]])
            .collect()
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Whether the key talks about what stands at `start..end` instead of holding it.
    fn is_about(&self, start: usize, end: usize) -> bool {
        let count = self.borders.len();
        if count < 3 {
            return false;
        }
        let border = |at: usize| self.borders.get(at).copied().unwrap_or(0);
        let last = border(count - 2);
        if last >= end && ABOUT.contains(&self.slice(last, border(count - 1))) {
            return true;
        }
        let first = border(1);
        start >= first && ASKING.contains(&self.slice(0, first))
    }
}

/// The names of a set of rules. Where several match, the rule that was added first counts.
#[derive(Clone, Debug, Default)]
pub struct Names {
    whole: HashMap<Box<str>, u16>,
    words: HashMap<Box<str>, u16>,
    within: Vec<(Box<str>, u16)>,
    longest: usize,
}

impl Names {
    /// Adds the name of a rule; its first rule counts when it was there before. `false` if it has no letters.
    pub fn add(&mut self, name: &str, extent: Extent, rule: u16) -> bool {
        let folded = Folded::of(name);
        let text: Box<str> = folded.text().into();
        if text.is_empty() {
            return false;
        }
        match extent {
            Extent::Whole => {
                self.whole.entry(text).or_insert(rule);
            }
            Extent::Words => {
                self.longest = self.longest.max(text.len());
                self.words.entry(text).or_insert(rule);
            }
            Extent::Within => self.within.push((text, rule)),
        }
        true
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.words.is_empty() && self.within.is_empty()
    }

    /// All names, folded, with their rules.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Extent, u16)> {
        fn entries(
            map: &HashMap<Box<str>, u16>,
            extent: Extent,
        ) -> impl Iterator<Item = (&str, Extent, u16)> {
            map.iter().map(move |(text, &rule)| (&**text, extent, rule))
        }
        entries(&self.whole, Extent::Whole)
            .chain(entries(&self.words, Extent::Words))
            .chain(
                self.within
                    .iter()
                    .map(|(text, rule)| (&**text, Extent::Within, *rule)),
            )
    }

    /// The rule that a folded key falls under.
    pub fn find(&self, key: &Folded) -> Option<u16> {
        let mut found = self.whole.get(key.text()).copied();
        let mut take = |rule: u16, start: usize, end: usize| {
            if found.is_none_or(|known| rule < known) && !key.is_about(start, end) {
                found = Some(rule);
            }
        };
        for (at, &start) in key.borders.iter().enumerate() {
            for &end in key.borders.get(at + 1..).unwrap_or_default() {
                if end - start > self.longest {
                    break;
                }
                if let Some(&rule) = self.words.get(key.slice(start, end)) {
                    take(rule, start, end);
                }
            }
        }
        for (text, rule) in &self.within {
            if let Some(start) = key.text().find(&**text) {
                take(*rule, start, start + text.len());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        words: Vec<(String, Vec<String>)>,
        matches: Vec<Match>,
    }

    #[derive(serde::Deserialize)]
    struct Match {
        name: String,
        extent: String,
        hits: Vec<String>,
        misses: Vec<String>,
    }

    fn vectors() -> Vectors {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../__test__/fixtures/key-names.json"
        );
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn keys_fall_into_the_words_that_the_vectors_say() {
        let vectors = vectors();
        assert!(vectors.words.len() > 20);
        for (key, words) in vectors.words {
            assert_eq!(Folded::of(&key).words(), words, "{key}");
        }
    }

    #[test]
    fn names_match_the_keys_that_the_vectors_say() {
        for Match {
            name,
            extent,
            hits,
            misses,
        } in vectors().matches
        {
            let extent = match extent.as_str() {
                "whole" => Extent::Whole,
                "words" => Extent::Words,
                _ => Extent::Within,
            };
            let mut names = Names::default();
            assert!(names.add(&name, extent, 7));
            for key in hits {
                assert_eq!(names.find(&Folded::of(&key)), Some(7), "{name} in {key}");
            }
            for key in misses {
                assert_eq!(names.find(&Folded::of(&key)), None, "{name} in {key}");
            }
        }
    }

    #[test]
    fn of_several_rules_the_first_counts() {
        let mut names = Names::default();
        names.add("token", Extent::Words, 3);
        names.add("password", Extent::Within, 2);
        names.add("accessToken", Extent::Words, 1);
        names.add("token", Extent::Words, 0);
        assert_eq!(names.find(&Folded::of("access_token")), Some(1));
        assert_eq!(names.find(&Folded::of("passwordToken")), Some(2));
        assert_eq!(names.find(&Folded::of("token")), Some(3));
    }
}
