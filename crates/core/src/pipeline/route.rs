//! Which sinks get an event: rules by level, logger and fields.
//!
//! A rule is one bit. Per event, the rules that its level and its logger's name allow come from two tables; only
//! those of them that ask for fields look at the event itself.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::error::{Error, ErrorCode, Result};
use crate::level::{Level, LevelTable};
use crate::stages::field_path::FieldPath;
use crate::stages::logger_pattern::{LoggerCache, LoggerPattern};
use crate::wire::{Record, Value};

/// Rules there can be.
const MAX_RULES: usize = 63;
/// The bit of events that no rule matches.
const OTHERWISE: u64 = 1 << MAX_RULES;

/// What the settings document says about routing.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutingSettings {
    /// In order.
    rules: Vec<RuleSettings>,
    /// Whether all rules that match count, or only the first.
    overlap: bool,
    /// Sinks of events that no rule matches.
    otherwise: Vec<String>,
}

/// One rule: everything it asks for has to be so.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleSettings {
    /// Lowest level.
    level: Option<String>,
    /// Highest level.
    max_level: Option<String>,
    /// Patterns of the logger's name, one of which has to fit; any name if there are none.
    #[serde(default)]
    loggers: Vec<String>,
    /// Fields and the values that they may have.
    #[serde(default, rename = "where")]
    equal: BTreeMap<String, Vec<Json>>,
    /// Fields that have to be there.
    #[serde(default)]
    has: Vec<String>,
    /// Who gets the event.
    sinks: Vec<String>,
}

/// What a rule asks of an event's fields.
#[derive(Clone, Debug)]
enum Condition {
    Present(FieldPath),
    Equal(FieldPath, Vec<Json>),
}

impl Condition {
    fn holds(&self, record: &Record<'_>) -> bool {
        match self {
            Condition::Present(path) => path
                .find(record)
                .is_some_and(|(value, _)| !matches!(value, Value::Null)),
            Condition::Equal(path, wanted) => path
                .find(record)
                .is_some_and(|(value, _)| wanted.iter().any(|one| equal(one, &value))),
        }
    }
}

/// Whether a scalar of the settings is a value of an event.
fn equal(wanted: &Json, value: &Value<'_>) -> bool {
    match (wanted, value) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(wanted), Value::Bool(flag)) => wanted == flag,
        (Json::Number(wanted), Value::Int(int)) => wanted.as_f64() == Some(f64::from(*int)),
        (Json::Number(wanted), Value::Float(float)) => wanted.as_f64() == Some(*float),
        (Json::String(wanted), Value::Text(text)) => text.to_str() == wanted.as_str(),
        (Json::String(wanted), Value::BigInt(digits)) => digits.to_str() == wanted.as_str(),
        _ => false,
    }
}

/// The sinks that a bit of [`Router::matched`] concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route(u64);

impl Route {
    /// Every event.
    pub const ALL: Route = Route(u64::MAX);

    /// Whether an event goes this way.
    #[inline(always)]
    pub fn takes(self, matched: u64) -> bool {
        self.0 & matched != 0
    }
}

/// Finds the rules that match an event.
#[derive(Clone, Debug)]
pub struct Router {
    overlap: bool,
    /// The rules that a level allows.
    by_level: [u64; Level::COUNT],
    patterns: Vec<Vec<LoggerPattern>>,
    by_logger: LoggerCache<u64>,
    conditions: Vec<Vec<Condition>>,
    /// Rules that ask for fields.
    conditional: u64,
    sinks: Vec<Vec<String>>,
    otherwise: Vec<String>,
}

fn wrong(path: &str, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::SettingInvalid, format!("routing.{path}: {what}"))
}

impl Router {
    /// The rules of a document, for sinks of these names.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] that names the setting.
    pub fn new(settings: &RoutingSettings, sinks: &[&str], levels: &LevelTable) -> Result<Self> {
        if settings.rules.len() > MAX_RULES {
            let what = format_args!("{} are more than {MAX_RULES}", settings.rules.len());
            return Err(wrong("rules", what));
        }
        let known = |path: &str, names: &[String]| match names
            .iter()
            .find(|name| !sinks.contains(&name.as_str()))
        {
            Some(name) => Err(wrong(path, format_args!("there is no sink {name:?}"))),
            None => Ok(()),
        };
        known("otherwise", &settings.otherwise)?;
        let mut router = Self {
            overlap: settings.overlap,
            by_level: [0; Level::COUNT],
            patterns: Vec::new(),
            by_logger: LoggerCache::new(),
            conditions: Vec::new(),
            conditional: 0,
            sinks: settings
                .rules
                .iter()
                .map(|rule| rule.sinks.clone())
                .collect(),
            otherwise: settings.otherwise.clone(),
        };
        for (at, rule) in settings.rules.iter().enumerate() {
            known(&format!("rules[{at}].sinks"), &rule.sinks)?;
            router.add(at, rule, levels)?;
        }
        Ok(router)
    }

    fn add(&mut self, at: usize, rule: &RuleSettings, levels: &LevelTable) -> Result<()> {
        let severity = |name: &Option<String>, key: &str, missing: usize| match name {
            None => Ok(missing),
            Some(name) => levels.from_name(name).map(Level::severity).ok_or_else(|| {
                let path = format!("rules[{at}].{key}");
                wrong(&path, format_args!("unknown level {name:?}"))
            }),
        };
        let lowest = severity(&rule.level, "level", 0)?;
        let highest = severity(&rule.max_level, "maxLevel", usize::MAX)?;
        let bit = 1u64 << at;
        for level in levels.iter() {
            let rules = self.by_level.get_mut(level.index());
            if let Some(rules) = rules.filter(|_| (lowest..=highest).contains(&level.severity())) {
                *rules |= bit;
            }
        }
        let patterns = rule.loggers.iter().map(|text| LoggerPattern::new(text));
        self.patterns.push(patterns.collect());
        let present = rule
            .has
            .iter()
            .map(|path| Condition::Present(FieldPath::new(path)));
        let equal = rule
            .equal
            .iter()
            .map(|(path, values)| Condition::Equal(FieldPath::new(path), values.clone()));
        let conditions: Vec<Condition> = present.chain(equal).collect();
        if !conditions.is_empty() {
            self.conditional |= bit;
        }
        self.conditions.push(conditions);
        Ok(())
    }

    /// The events of a sink: those that rules send there, or all if none names it.
    pub fn route(&self, sink: &str) -> Route {
        let names = |list: &[String]| list.iter().any(|name| name == sink);
        let mut route = 0;
        for (at, sinks) in self.sinks.iter().enumerate() {
            if names(sinks) {
                route |= 1 << at;
            }
        }
        if names(&self.otherwise) {
            route |= OTHERWISE;
        }
        match route {
            0 => Route::ALL,
            route => Route(route),
        }
    }

    /// The rules that match, or the bit of those that none matches.
    #[inline]
    pub fn matched(&mut self, record: &Record<'_>) -> u64 {
        let patterns = &self.patterns;
        let by_logger = self.by_logger.get(record, |name| rules_of(patterns, name));
        let by_level = self.by_level.get(record.level().index());
        let mut matched = by_logger & by_level.copied().unwrap_or_default();
        if matched & self.conditional != 0 {
            matched = self.check(record, matched);
        }
        if matched == 0 {
            OTHERWISE
        } else if self.overlap {
            matched
        } else {
            matched & matched.wrapping_neg()
        }
    }

    fn check(&self, record: &Record<'_>, mut matched: u64) -> u64 {
        let mut open = matched & self.conditional;
        while open != 0 {
            let bit = open & open.wrapping_neg();
            open ^= bit;
            if !self.overlap && matched & (bit - 1) != 0 {
                // An earlier rule has it already.
                break;
            }
            let conditions = self.conditions.get(bit.trailing_zeros() as usize);
            if !conditions.is_some_and(|all| all.iter().all(|one| one.holds(record))) {
                matched ^= bit;
            }
        }
        matched
    }
}

fn rules_of(patterns: &[Vec<LoggerPattern>], name: &str) -> u64 {
    patterns
        .iter()
        .enumerate()
        .filter(|(_, any)| any.is_empty() || any.iter().any(|pattern| pattern.matches(name)))
        .fold(0, |rules, (at, _)| rules | 1 << at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::wire::layout::{TAG_NULL, TAG_TRUE};
    use crate::wire::{Dictionary, RecordWriter, Records};
    use serde_json::json;

    struct Bed {
        router: Router,
        sinks: Vec<&'static str>,
        dictionary: Dictionary,
    }

    impl Bed {
        fn new(settings: Json) -> Self {
            let sinks = vec!["a", "b", "c", "free"];
            let settings: RoutingSettings = serde_json::from_value(settings).unwrap();
            Self {
                router: Router::new(&settings, &sinks, &LevelTable::default()).unwrap(),
                sinks,
                dictionary: Dictionary::new(),
            }
        }

        /// The sinks that get an event.
        fn sinks(
            &mut self,
            level: Level,
            logger: &str,
            fields: impl Fn(&mut RecordWriter, &mut dyn FnMut(&str) -> u32),
        ) -> String {
            let dictionary = &mut self.dictionary;
            let mut id = |name: &str| {
                let known = dictionary.find(name);
                known.unwrap_or_else(|| dictionary.intern(name))
            };
            let logger = if logger.is_empty() { 0 } else { id(logger) };
            let mut writer = RecordWriter::new(level, logger, 0.0);
            writer.message("m");
            fields(&mut writer, &mut id);
            let bytes = writer.finish();
            let record = Records::new(&bytes, &self.dictionary).next().unwrap();
            let matched = self.router.matched(&record);
            let taking = self
                .sinks
                .iter()
                .filter(|sink| self.router.route(sink).takes(matched));
            taking.copied().collect::<Vec<_>>().join(" ")
        }
    }

    fn document(overlap: bool) -> Json {
        json!({
            "overlap": overlap,
            "otherwise": ["c"],
            "rules": [
                { "level": "ERROR", "sinks": ["a"] },
                { "loggers": ["db.*", "cache"], "maxLevel": "ERROR", "sinks": ["b"] },
                { "where": { "user.plan": ["pro", 7, true, null] }, "sinks": ["b"] },
                { "has": ["audit"], "level": "INFO", "sinks": ["c"] },
            ],
        })
    }

    #[test]
    fn levels_loggers_and_fields_decide() {
        let mut bed = Bed::new(document(true));
        let plain = |_: &mut RecordWriter, _: &mut dyn FnMut(&str) -> u32| {};
        for _ in 0..2 {
            assert_eq!(bed.sinks(Level::INFO, "app", plain), "c free");
            assert_eq!(bed.sinks(Level::INFO, "", plain), "c free");
            assert_eq!(bed.sinks(Level::ERROR, "app", plain), "a free");
            assert_eq!(bed.sinks(Level::ERROR, "db.pool", plain), "a b free");
            assert_eq!(bed.sinks(Level::CRITICAL, "cache", plain), "a free");
            assert_eq!(bed.sinks(Level::DEBUG, "db.", plain), "b free");
        }
        let audit = |record: &mut RecordWriter, id: &mut dyn FnMut(&str) -> u32| {
            record.int(id("audit"), 1);
        };
        assert_eq!(bed.sinks(Level::ERROR, "db.x", audit), "a b c free");
        assert_eq!(bed.sinks(Level::DEBUG, "db.x", audit), "b free");
        let none = |record: &mut RecordWriter, id: &mut dyn FnMut(&str) -> u32| {
            record.token(TAG_NULL, id("audit"));
        };
        assert_eq!(bed.sinks(Level::ERROR, "x", none), "a free");
    }

    #[test]
    fn a_value_is_equal_only_to_one_of_its_type() {
        let mut bed = Bed::new(document(true));
        type Write = dyn Fn(&mut RecordWriter, u32);
        let cases: [(&Write, bool); 8] = [
            (&|record, key| record.string(key, "pro"), true),
            (&|record, key| record.string(key, "professional"), false),
            (&|record, key| record.int(key, 7), true),
            (&|record, key| record.float(key, 7.0), true),
            (&|record, key| record.float(key, 7.5), false),
            (&|record, key| record.string(key, "7"), false),
            (&|record, key| record.token(TAG_TRUE, key), true),
            (&|record, key| record.token(TAG_NULL, key), true),
        ];
        for (at, (write, expected)) in cases.iter().enumerate() {
            let found = bed.sinks(Level::INFO, "app", |record, id| {
                record.open_object(id("user"));
                write(record, id("plan"));
                record.close();
            });
            assert_eq!(found == "b free", *expected, "case {at}: {found}");
        }
    }

    #[test]
    fn without_overlap_the_first_rule_wins() {
        let mut bed = Bed::new(document(false));
        let audit = |record: &mut RecordWriter, id: &mut dyn FnMut(&str) -> u32| {
            record.int(id("audit"), 1);
        };
        assert_eq!(bed.sinks(Level::ERROR, "db.x", audit), "a free");
        assert_eq!(bed.sinks(Level::INFO, "db.x", audit), "b free");
        assert_eq!(bed.sinks(Level::INFO, "app", audit), "c free");
        assert_eq!(bed.sinks(Level::DEBUG, "app", audit), "c free");
    }

    #[test]
    fn unknown_sinks_and_levels_are_named() {
        for (settings, path) in [
            (
                json!({ "rules": [], "overlap": true, "otherwise": ["x"] }),
                "otherwise",
            ),
            (
                json!({ "rules": [{ "sinks": ["a", "x"] }], "overlap": true, "otherwise": [] }),
                "rules[0].sinks",
            ),
            (
                json!({ "rules": [{ "level": "X", "sinks": ["a"] }], "overlap": true, "otherwise": [] }),
                "rules[0].level",
            ),
        ] {
            let settings: RoutingSettings = serde_json::from_value(settings).unwrap();
            let error = Router::new(&settings, &["a"], &LevelTable::default()).unwrap_err();
            assert!(error.to_string().contains(path), "{error}");
        }
    }
}
