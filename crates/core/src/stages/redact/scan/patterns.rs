//! Patterns of the user: regular expressions that are matched in linear time, whatever they are.

use regex::{Regex, RegexSet};

use super::super::strategy::Strategy;
use super::Hit;
use crate::pattern;

/// Patterns of a stage, at most.
pub const MAX_PATTERNS: usize = 64;
/// Matches of one pattern in one text, at most. Each search may read the text to its end, so that many of them
/// would not be linear any more; text with more is withheld whole.
const MAX_MATCHES: usize = 256;
/// A group of this name is what is secret; without it all of the match is.
const SECRET: &str = "secret";

/// The compiled patterns.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// Tells in one pass which of several match at all.
    set: Option<RegexSet>,
    each: Vec<(Regex, bool, Strategy)>,
}

impl Patterns {
    /// Compiles patterns.
    ///
    /// # Errors
    /// The numbers of the patterns that are none, and why.
    pub fn new(patterns: &[(String, Strategy)]) -> Result<Self, Vec<(usize, String)>> {
        if patterns.len() > MAX_PATTERNS {
            let why = format!("there are more than {MAX_PATTERNS}");
            return Err(vec![(MAX_PATTERNS, why)]);
        }
        let mut each = Vec::new();
        let mut wrong = Vec::new();
        for (at, (pattern, strategy)) in patterns.iter().enumerate() {
            match pattern::compile(pattern) {
                Err(why) => wrong.push((at, why)),
                Ok(regex) if regex.is_match("") => {
                    wrong.push((at, "it matches the empty text".to_owned()));
                }
                Ok(regex) => {
                    let has_secret = regex.capture_names().flatten().any(|name| name == SECRET);
                    each.push((regex, has_secret, *strategy));
                }
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let set = if each.len() < 2 {
            None
        } else {
            let all = patterns.iter().map(|(pattern, _)| pattern.as_str());
            Some(pattern::compile_set(all).map_err(|why| vec![(0, why)])?)
        };
        Ok(Self { set, each })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// Whether none of them matches in ASCII text. Cheaper than to find where.
    pub fn match_nothing(&self, text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else {
            return false;
        };
        match &self.set {
            Some(set) => !set.is_match(text),
            None => !self.each.iter().any(|(regex, ..)| regex.is_match(text)),
        }
    }

    /// Finds what the patterns match.
    pub fn find(&self, text: &str, hits: &mut Vec<Hit>) {
        match &self.set {
            Some(set) => {
                for at in &set.matches(text) {
                    self.find_each(at, text, hits);
                }
            }
            None if !self.each.is_empty() => self.find_each(0, text, hits),
            None => {}
        }
    }

    fn find_each(&self, at: usize, text: &str, hits: &mut Vec<Hit>) {
        let Some((regex, has_secret, strategy)) = self.each.get(at) else {
            return;
        };
        let mut push = |count: usize, start: usize, end: usize| {
            let (start, end) = if count < MAX_MATCHES {
                (start, end)
            } else {
                (0, text.len())
            };
            if start < end {
                hits.push(Hit {
                    start,
                    end,
                    strategy: *strategy,
                });
            }
        };
        if *has_secret {
            for (count, found) in regex.captures_iter(text).enumerate().take(MAX_MATCHES + 1) {
                if let Some(secret) = found.name(SECRET) {
                    push(count, secret.start(), secret.end());
                }
            }
        } else {
            for (count, found) in regex.find_iter(text).enumerate().take(MAX_MATCHES + 1) {
                push(count, found.start(), found.end());
            }
        }
    }
}
