//! What the settings document says about filters.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use serde::Deserialize;

use super::adaptive_sampling::AdaptiveSampling;
use super::chance::Rate;
use super::fingerprint::{Fingerprint, Part};
use super::first_occurrence::FirstOccurrence;
use super::min_level::MinLevel;
use super::rate_limit::RateLimit;
use super::sampling::Sampling;
use super::trace_sampling::TraceSampling;
use super::window::{Limits, Speech, WindowLimit};
use super::Filter;
use crate::error::{Error, ErrorCode, Result};
use crate::level::{Level, LevelTable};
use crate::stages::field_path::FieldPath;
use crate::stages::logger_pattern::LoggerPattern;

/// The most keys that a filter may be told to remember.
const MAX_KEYS: usize = 1_000_000;
/// The longest window: a day.
const MAX_WINDOW_MS: f64 = 86_400_000.0;

/// The filters of a pipeline. What is left out is not there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FilterSettings {
    /// Lowest level by pattern of the logger's name.
    pub min_levels: BTreeMap<String, String>,
    /// Whole traces kept or dropped.
    pub trace_sampling: Option<TraceSamplingSettings>,
    /// A part of the events kept.
    pub sampling: Option<SamplingSettings>,
    /// About so many events a second kept.
    pub adaptive_sampling: Option<AdaptiveSettings>,
    /// The first of each kind kept.
    pub first_occurrence: Option<FirstOccurrenceSettings>,
    /// Repeated events written once.
    pub dedupe: Option<DedupeSettings>,
    /// So many events of each kind in a window.
    pub throttle: Option<ThrottleSettings>,
    /// A token bucket a key.
    pub rate_limit: Option<RateLimitSettings>,
}

/// See [`TraceSampling`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraceSamplingSettings {
    rate: f64,
    field: String,
    protected_level: String,
}

/// See [`Sampling`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SamplingSettings {
    rate: f64,
    #[serde(default)]
    levels: BTreeMap<String, f64>,
    #[serde(default)]
    by: Vec<Part>,
    protected_level: String,
}

/// See [`AdaptiveSampling`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdaptiveSettings {
    target_per_second: f64,
    min_rate: f64,
    max_rate: f64,
    protected_level: String,
}

/// See [`FirstOccurrence`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FirstOccurrenceSettings {
    by: Vec<Part>,
    window_ms: f64,
    rate: f64,
    max_keys: usize,
    protected_level: String,
}

/// See [`WindowLimit`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DedupeSettings {
    by: Vec<Part>,
    window_ms: f64,
    max_keys: usize,
    protected_level: String,
}

/// See [`WindowLimit`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThrottleSettings {
    by: Vec<Part>,
    limit: u64,
    window_ms: f64,
    max_keys: usize,
    protected_level: String,
}

/// See [`RateLimit`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimitSettings {
    by: Vec<Part>,
    per_second: f64,
    burst: f64,
    max_keys: usize,
    protected_level: String,
}

fn wrong(path: &str, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::SettingInvalid, format!("filters.{path}: {what}"))
}

fn rate(path: &str, rate: f64) -> Result<Rate> {
    if (0.0..=1.0).contains(&rate) {
        Ok(Rate::new(rate))
    } else {
        Err(wrong(path, format_args!("{rate} is not from 0 to 1")))
    }
}

fn window(path: &str, ms: f64) -> Result<f64> {
    if (1.0..=MAX_WINDOW_MS).contains(&ms) {
        Ok(ms)
    } else {
        let what = format_args!("{ms} is not from 1 to {MAX_WINDOW_MS} ms");
        Err(wrong(path, what))
    }
}

fn at_least(path: &str, min: f64, value: f64) -> Result<f64> {
    if value.is_finite() && value >= min {
        Ok(value)
    } else {
        Err(wrong(path, format_args!("{value} is not at least {min}")))
    }
}

fn keys(path: &str, max: usize) -> Result<usize> {
    if (1..=MAX_KEYS).contains(&max) {
        Ok(max)
    } else {
        let what = format_args!("{max} is not from 1 to {MAX_KEYS}");
        Err(wrong(path, what))
    }
}

fn level(levels: &LevelTable, path: &str, name: &str) -> Result<Level> {
    let known = levels.from_name(name);
    known.ok_or_else(|| wrong(path, format_args!("unknown level {name:?}")))
}

/// The severity from which on events are protected; `SILENT` protects none.
fn protected(levels: &LevelTable, path: &str, name: &str) -> Result<usize> {
    if name.eq_ignore_ascii_case("SILENT") {
        return Ok(usize::MAX);
    }
    level(levels, path, name).map(Level::severity)
}

/// A filter, and what it is called in metrics.
type Named = (&'static str, Box<dyn Filter>);

impl FilterSettings {
    /// The filters in their order; for a recovery without those whose word depends on what they saw before, and
    /// whether there were any.
    ///
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] that names the setting.
    pub fn build(&self, levels: &LevelTable, recovery: bool) -> Result<(Vec<Named>, bool)> {
        let lasting = self.lasting(levels)?;
        let passing = self.passing(levels)?;
        if recovery {
            let left_out = !passing.is_empty();
            return Ok((lasting, left_out));
        }
        Ok((lasting.into_iter().chain(passing).collect(), false))
    }

    /// Filters that say the same of an event whenever they are asked.
    fn lasting(&self, levels: &LevelTable) -> Result<Vec<Named>> {
        let mut filters: Vec<Named> = Vec::new();
        if !self.min_levels.is_empty() {
            let mut rules = Vec::new();
            for (pattern, name) in &self.min_levels {
                let level = protected(levels, &format!("minLevels.{pattern}"), name)?;
                rules.push((LoggerPattern::new(pattern), level));
            }
            filters.push(("minLevels", Box::new(MinLevel::new(rules))));
        }
        if let Some(traces) = &self.trace_sampling {
            let filter = TraceSampling::new(
                FieldPath::new(&traces.field),
                rate("traceSampling.rate", traces.rate)?,
                protected(
                    levels,
                    "traceSampling.protectedLevel",
                    &traces.protected_level,
                )?,
            );
            filters.push(("traceSampling", Box::new(filter)));
        }
        if let Some(sampling) = &self.sampling {
            if !sampling.by.is_empty() {
                filters.push(("sampling", Box::new(sampling.build(levels)?)));
            }
        }
        Ok(filters)
    }

    /// Filters whose word depends on what they saw before, or on chance.
    fn passing(&self, levels: &LevelTable) -> Result<Vec<Named>> {
        let mut filters: Vec<Named> = Vec::new();
        if let Some(sampling) = &self.sampling {
            if sampling.by.is_empty() {
                filters.push(("sampling", Box::new(sampling.build(levels)?)));
            }
        }
        if let Some(adaptive) = &self.adaptive_sampling {
            filters.push(("adaptiveSampling", Box::new(adaptive.build(levels)?)));
        }
        if let Some(first) = &self.first_occurrence {
            filters.push(("firstOccurrence", Box::new(first.build(levels)?)));
        }
        if let Some(dedupe) = &self.dedupe {
            let limits = Limits {
                events: 1,
                window_ms: window("dedupe.windowMs", dedupe.window_ms)?,
                max_keys: keys("dedupe.maxKeys", dedupe.max_keys)?,
                protected: protected(levels, "dedupe.protectedLevel", &dedupe.protected_level)?,
            };
            let filter = WindowLimit::new(guarded(&dedupe.by), limits, Speech::Repeated);
            filters.push(("dedupe", Box::new(filter)));
        }
        if let Some(throttle) = &self.throttle {
            at_least("throttle.limit", 1.0, throttle.limit as f64)?;
            let limits = Limits {
                events: throttle.limit,
                window_ms: window("throttle.windowMs", throttle.window_ms)?,
                max_keys: keys("throttle.maxKeys", throttle.max_keys)?,
                protected: protected(levels, "throttle.protectedLevel", &throttle.protected_level)?,
            };
            let filter = WindowLimit::new(guarded(&throttle.by), limits, Speech::Throttled);
            filters.push(("throttle", Box::new(filter)));
        }
        if let Some(limit) = &self.rate_limit {
            let filter = RateLimit::new(
                guarded(&limit.by),
                at_least("rateLimit.perSecond", 0.0, limit.per_second)?,
                at_least("rateLimit.burst", 1.0, limit.burst)?,
                keys("rateLimit.maxKeys", limit.max_keys)?,
                protected(levels, "rateLimit.protectedLevel", &limit.protected_level)?,
            );
            filters.push(("rateLimit", Box::new(filter)));
        }
        Ok(filters)
    }
}

/// Keys of tables: others cannot make values that meet.
fn guarded(by: &[Part]) -> Fingerprint {
    Fingerprint::new(by.to_vec(), RandomState::new().hash_one(0u8))
}

impl SamplingSettings {
    fn build(&self, levels: &LevelTable) -> Result<Sampling> {
        let common = rate("sampling.rate", self.rate)?;
        let protected = protected(levels, "sampling.protectedLevel", &self.protected_level)?;
        let mut rates = [common; Level::COUNT];
        for level in levels.iter().filter(|level| level.severity() >= protected) {
            if let Some(rate) = rates.get_mut(level.index()) {
                *rate = Rate::ALL;
            }
        }
        for (name, one) in &self.levels {
            let path = format!("sampling.levels.{name}");
            let slot = rates.get_mut(level(levels, &path, name)?.index());
            if let Some(slot) = slot {
                *slot = rate(&path, *one)?;
            }
        }
        let by = (!self.by.is_empty()).then(|| Fingerprint::new(self.by.clone(), 0));
        Ok(Sampling::new(rates, by))
    }
}

impl AdaptiveSettings {
    fn build(&self, levels: &LevelTable) -> Result<AdaptiveSampling> {
        let min = rate("adaptiveSampling.minRate", self.min_rate)?.get();
        let max = rate("adaptiveSampling.maxRate", self.max_rate)?.get();
        if min > max {
            let what = format_args!("{min} is more than maxRate, {max}");
            return Err(wrong("adaptiveSampling.minRate", what));
        }
        let target = at_least(
            "adaptiveSampling.targetPerSecond",
            0.0,
            self.target_per_second,
        )?;
        let protected = protected(
            levels,
            "adaptiveSampling.protectedLevel",
            &self.protected_level,
        )?;
        Ok(AdaptiveSampling::new(target, (min, max), protected))
    }
}

impl FirstOccurrenceSettings {
    fn build(&self, levels: &LevelTable) -> Result<FirstOccurrence> {
        Ok(FirstOccurrence::new(
            guarded(&self.by),
            window("firstOccurrence.windowMs", self.window_ms)?,
            rate("firstOccurrence.rate", self.rate)?,
            keys("firstOccurrence.maxKeys", self.max_keys)?,
            protected(
                levels,
                "firstOccurrence.protectedLevel",
                &self.protected_level,
            )?,
        ))
    }
}
