//! What the settings document says about redaction, and how rules are made of it.

use serde::Deserialize;

use super::key_name::{Extent, Names};
use super::path::{PathError, Paths};
use super::presets::{Preset, BLOCKED, QUERY_SECRETS};
use super::rules::{Rule, Rules};
use super::scan::{Detector, Patterns, Scanner};
use super::strategy::{Censor, Strategy};
use crate::error::{Error, ErrorCode, Result, SettingProblem};

/// What stands in the place of a value that the field blocker has taken out.
pub const BLOCKED_MASK: &str = "[BLOCKED]";
/// Rules of all kinds, at most.
const MAX_RULES: usize = 10_000;

/// The group `redact`. Defaults live in the TypeScript schema.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RedactSettings {
    /// Ready-made rules.
    pub presets: Vec<Preset>,
    /// Names of fields, looked for among the words of a key at any depth.
    pub fields: Vec<FieldRule>,
    /// Paths from the top of the event.
    pub paths: Vec<PathRule>,
    /// Names of fields whose whole value is taken out, looked for as the whole key.
    pub block: Vec<String>,
    /// Adds the names of fields that may hold anything to `block`.
    pub block_bodies: bool,
    /// Paths of what may stay; everything else is left out. Empty: everything may stay.
    pub allow: Vec<String>,
    /// Regular expressions for what is secret in texts.
    pub patterns: Vec<PatternRule>,
    /// Kinds of secrets that are known by their looks; none given: those of the presets.
    pub detectors: Option<Vec<DetectorRule>>,
    /// Whether credentials in URLs are looked for; not given: as the presets say.
    pub urls: Option<bool>,
    /// What happens to what a rule finds that names no strategy.
    pub strategy: Strategy,
    /// What stands in the place of secrets.
    pub mask: String,
    /// The key of [`Strategy::Hash`].
    pub hash_key: Option<HashKey>,
    /// Longer texts are cut, visibly; in characters.
    pub max_string_length: Option<usize>,
    /// Whether texts that are JSON are read and their keys matched.
    pub json_strings: bool,
    /// Bytes of text looked at in one event; what is beyond is withheld.
    pub max_scan_bytes: usize,
}

/// A field by its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldRule {
    /// The name, in any spelling.
    pub name: String,
    /// What happens to it.
    pub strategy: Option<Strategy>,
}

/// A place.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathRule {
    /// Where it is.
    pub path: String,
    /// What happens to it.
    pub strategy: Option<Strategy>,
}

/// A regular expression.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatternRule {
    /// What it is called in errors.
    pub name: Option<String>,
    /// The expression, as the crate `regex` reads it.
    pub regex: String,
    /// What happens to what it matches.
    pub strategy: Option<Strategy>,
}

/// A kind of secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DetectorRule {
    /// The kind.
    pub name: Detector,
    /// What happens to it.
    pub strategy: Option<Strategy>,
}

/// The key of hashes: itself, or the environment variable that has it. Only the latter belongs into the file of
/// a crash-safe ring.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum HashKey {
    /// The key.
    Value(String),
    /// The name of an environment variable.
    Env(String),
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HashKey::Value(_) => f.write_str("Value(…)"),
            HashKey::Env(name) => f.debug_tuple("Env").field(name).finish(),
        }
    }
}

fn problem(path: String, value: &str, expected: impl Into<String>) -> SettingProblem {
    SettingProblem {
        path: format!("redact.{path}"),
        value: value.to_owned(),
        expected: expected.into(),
    }
}

const NAME: &str = "a name with a letter or digit";

impl RedactSettings {
    /// Whether there is nothing to do.
    pub fn is_idle(&self) -> bool {
        self.presets.is_empty()
            && self.fields.is_empty()
            && self.paths.is_empty()
            && self.block.is_empty()
            && !self.block_bodies
            && self.allow.is_empty()
            && self.patterns.is_empty()
            && self.detectors.as_ref().is_none_or(Vec::is_empty)
            && self.urls != Some(true)
            && self.max_string_length.is_none()
    }

    /// What writes masks and hashes.
    pub(super) fn censor(&self) -> Censor {
        let key = match &self.hash_key {
            None => None,
            Some(HashKey::Value(key)) => Some(key.clone()),
            Some(HashKey::Env(name)) => std::env::var(name).ok().filter(|key| !key.is_empty()),
        };
        Censor::new(&self.mask, key.as_deref().map(str::as_bytes))
    }

    /// What applies the rules to keys and places, and what looks for secrets in texts.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] with all that is wrong.
    pub(super) fn compile(&self) -> Result<(Rules, Scanner)> {
        let mut problems = Vec::new();
        let rules = self.rules(&mut problems)?;
        let scanner = self.scanner(&mut problems);
        match Error::of_settings(problems) {
            Some(error) => Err(error),
            None => Ok((rules, scanner)),
        }
    }

    /// The rules for keys and places, those of the user before those of the presets; what is wrong with them goes to
    /// `problems`.
    pub(super) fn rules(&self, problems: &mut Vec<SettingProblem>) -> Result<Rules> {
        let mut rules = Vec::new();
        let mut names = Names::default();
        let mut paths = Paths::default();
        let mut next = |rule: Rule| {
            rules.push(rule);
            u16::try_from(rules.len() - 1)
                .ok()
                .filter(|&at| usize::from(at) < MAX_RULES)
                .ok_or_else(|| {
                    let text = format!("redact has more than {MAX_RULES} rules");
                    Error::new(ErrorCode::SettingInvalid, text)
                })
        };
        let of_path = |what: String, path: &str, wrong: PathError| {
            problem(
                what,
                path,
                format!("{} at character {}", wrong.expected, wrong.at),
            )
        };
        for (at, rule) in self.paths.iter().enumerate() {
            let number = next(Rule::of(rule.strategy.unwrap_or(self.strategy)))?;
            if let Err(wrong) = paths.add(&rule.path, Some(number)) {
                problems.push(of_path(format!("paths[{at}]"), &rule.path, wrong));
            }
        }
        for (at, path) in self.allow.iter().enumerate() {
            if let Err(wrong) = paths.add(path, None) {
                problems.push(of_path(format!("allow[{at}]"), path, wrong));
            }
        }
        for (at, rule) in self.fields.iter().enumerate() {
            let number = next(Rule::of(rule.strategy.unwrap_or(self.strategy)))?;
            if !names.add(&rule.name, Extent::Words, number) {
                problems.push(problem(format!("fields[{at}]"), &rule.name, NAME));
            }
        }
        let bodies = if self.block_bodies { BLOCKED } else { &[] };
        if !self.block.is_empty() || self.block_bodies {
            let number = next(Rule {
                strategy: Strategy::Mask,
                mask: Some(BLOCKED_MASK),
            })?;
            for (at, name) in self.block.iter().enumerate() {
                if !names.add(name, Extent::Whole, number) {
                    problems.push(problem(format!("block[{at}]"), name, NAME));
                }
            }
            for name in bodies {
                names.add(name, Extent::Whole, number);
            }
        }
        if !self.presets.is_empty() {
            let number = next(Rule::of(self.strategy))?;
            for preset in &self.presets {
                for (name, extent) in preset.names() {
                    names.add(name, extent, number);
                }
            }
        }
        Ok(Rules::new(rules, names, paths))
    }

    /// What looks for secrets in texts; what is wrong with it goes to `problems`.
    pub(super) fn scanner(&self, problems: &mut Vec<SettingProblem>) -> Scanner {
        let patterns: Vec<_> = self
            .patterns
            .iter()
            .map(|rule| (rule.regex.clone(), rule.strategy.unwrap_or(self.strategy)))
            .collect();
        let patterns = Patterns::new(&patterns).unwrap_or_else(|wrong| {
            problems.extend(wrong.into_iter().map(|(at, why)| self.of_pattern(at, &why)));
            Patterns::default()
        });
        let mut names = Names::default();
        let credentials = Preset::Credentials.names();
        for (name, extent) in credentials {
            names.add(name, extent, 0);
        }
        for name in QUERY_SECRETS {
            match name.strip_prefix('=') {
                Some(name) => names.add(name, Extent::Whole, 0),
                None => names.add(name, Extent::Words, 0),
            };
        }
        for rule in &self.fields {
            names.add(&rule.name, Extent::Words, 0);
        }
        let mut scanner = Scanner::new(patterns, names);
        match &self.detectors {
            Some(rules) => {
                for rule in rules {
                    scanner.add(rule.name, rule.strategy.unwrap_or(self.strategy));
                }
            }
            None => {
                for preset in &self.presets {
                    for detector in preset.detectors() {
                        if detector != Detector::Url || self.urls.is_none() {
                            scanner.add(detector, self.strategy);
                        }
                    }
                }
            }
        }
        if self.urls == Some(true) {
            scanner.add(Detector::Url, self.strategy);
        }
        scanner
    }

    fn of_pattern(&self, at: usize, why: &str) -> SettingProblem {
        let rule = self.patterns.get(at);
        let name = rule.and_then(|rule| rule.name.as_deref());
        let whose = name.map_or_else(String::new, |name| format!(" for {name:?}"));
        let expected = format!("an expression of the Rust crate regex{whose}: {why}");
        let regex = rule.map_or("", |rule| &rule.regex);
        problem(format!("patterns[{at}]"), regex, expected)
    }
}
