//! The ladder that a pipeline climbs while it cannot keep up, one rung after the other and down again.
//!
//! | rung | entered at | what it does |
//! | --- | --- | --- |
//! | normal | | nothing |
//! | batching | `batch_at` | larger batches, which wait while the sink is busy: fewer writes, fewer syncs |
//! | sampling | `sample_at` | of the lowest levels only a part goes on |
//! | dropping | `drop_at` | nothing below the protected level goes on, so that what is protected finds room |
//!
//! Pressure is how full the fullest ring or queue is, from 0 to 1. A rung is entered at once and left once the
//! pressure was below half of its mark for a while, so that it does not come and go.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::level::{Level, LevelCounts, LevelTable};
use crate::stages::filter::chance::{Chance, Rate};

/// Below this part of its mark a rung is no longer needed.
const CALM: f64 = 0.5;

/// What the settings document says about the ladder.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PressureSettings {
    batch_at: f64,
    sample_at: f64,
    drop_at: f64,
    /// Levels below this one are sampled.
    sample_below: String,
    /// The part of them that goes on.
    rate: f64,
    hold_ms: u64,
    /// From this level on nothing is sampled or dropped; `SILENT` protects nothing.
    protected_level: String,
}

/// How far the ladder was climbed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rung {
    /// The pipeline keeps up.
    #[default]
    Normal,
    /// Batches are larger.
    Batching,
    /// A part of the lowest levels goes on.
    Sampling,
    /// Only protected levels go on.
    Dropping,
}

impl Rung {
    const UP: [Rung; 3] = [Rung::Batching, Rung::Sampling, Rung::Dropping];

    fn below(self) -> Rung {
        match self {
            Rung::Normal | Rung::Batching => Rung::Normal,
            Rung::Sampling => Rung::Batching,
            Rung::Dropping => Rung::Sampling,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Rung::Normal => "normal",
            Rung::Batching => "batching",
            Rung::Sampling => "sampling",
            Rung::Dropping => "dropping",
        }
    }
}

/// How often each rung was entered from below.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Entered {
    batching: u64,
    sampling: u64,
    dropping: u64,
}

/// What everybody may know of the ladder.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PressureCounts {
    pub(super) rung: Rung,
    pub(super) fill: f64,
    pub(super) entered: Entered,
    /// Events that did not go on because of sampling.
    pub(super) sampled: LevelCounts,
    /// Events that were dropped on the highest rung.
    pub(super) dropped: LevelCounts,
}

/// What is worth saying about a measurement.
#[derive(Debug, PartialEq)]
pub(super) enum News {
    /// A rung was entered.
    Entered(String),
    /// The lowest one was left.
    Over(String),
}

/// Measures pressure and decides which events go on.
#[derive(Debug)]
pub(super) struct Ladder {
    /// Marks of the rungs above the ground, in order.
    marks: [f64; 3],
    hold: Duration,
    sample_below: usize,
    rate: Rate,
    protected: usize,
    chance: Chance,
    /// Since when the pressure is low enough for the rung below.
    calm_since: Option<Instant>,
    counts: PressureCounts,
    /// Events that had not gone on when the ladder was last on the ground.
    told: (u64, u64),
}

fn wrong(setting: &str, what: impl std::fmt::Display) -> Error {
    let text = format!("pressure.{setting}: {what}");
    Error::new(ErrorCode::SettingInvalid, text)
}

impl PressureSettings {
    /// # Errors
    /// [`ErrorCode::SettingInvalid`] that names the setting.
    pub(super) fn ladder(&self, levels: &LevelTable) -> Result<Ladder> {
        let part = |setting: &str, value: f64| match value {
            value if (0.0..=1.0).contains(&value) => Ok(value),
            _ => Err(wrong(setting, format_args!("{value} is not from 0 to 1"))),
        };
        let severity = |setting: &str, name: &str| match levels.from_name(name) {
            Some(level) => Ok(level.severity()),
            None if name.eq_ignore_ascii_case("SILENT") => Ok(usize::MAX),
            None => Err(wrong(setting, format_args!("unknown level {name:?}"))),
        };
        Ok(Ladder {
            marks: [
                part("batchAt", self.batch_at)?,
                part("sampleAt", self.sample_at)?,
                part("dropAt", self.drop_at)?,
            ],
            hold: Duration::from_millis(self.hold_ms),
            sample_below: severity("sampleBelow", &self.sample_below)?,
            rate: Rate::new(part("rate", self.rate)?),
            protected: severity("protectedLevel", &self.protected_level)?,
            chance: Chance::default(),
            calm_since: None,
            counts: PressureCounts::default(),
            told: (0, 0),
        })
    }
}

impl Ladder {
    /// Takes note of the pressure: climbs as far as it asks for, or down a rung once it was low for long enough.
    pub(super) fn measure(&mut self, fill: f64, now: Instant) -> Option<News> {
        self.counts.fill = fill;
        let rung = self.counts.rung;
        let wanted = Rung::UP.iter().zip(self.marks).rev();
        let wanted = wanted.filter(|(_, mark)| fill >= *mark).map(|(up, _)| *up);
        let wanted = wanted.max().unwrap_or_default();
        if wanted > rung {
            self.calm_since = None;
            return Some(self.climb(wanted));
        }
        if rung == Rung::Normal || fill >= self.mark(rung) * CALM {
            self.calm_since = None;
            return None;
        }
        let since = *self.calm_since.get_or_insert(now);
        if now.duration_since(since) < self.hold {
            return None;
        }
        self.calm_since = None;
        self.counts.rung = rung.below();
        (self.counts.rung == Rung::Normal).then(|| self.over())
    }

    fn mark(&self, rung: Rung) -> f64 {
        let at = Rung::UP.iter().position(|up| *up == rung);
        at.and_then(|at| self.marks.get(at))
            .map_or(0.0, |mark| *mark)
    }

    fn climb(&mut self, rung: Rung) -> News {
        let entered = &mut self.counts.entered;
        *match rung {
            Rung::Normal | Rung::Batching => &mut entered.batching,
            Rung::Sampling => &mut entered.sampling,
            Rung::Dropping => &mut entered.dropping,
        } += 1;
        self.counts.rung = rung;
        let does = match rung {
            Rung::Normal | Rung::Batching => "batches are larger",
            Rung::Sampling => "a part of the lowest levels goes on",
            Rung::Dropping => "only protected levels go on",
        };
        let percent = (self.counts.fill * 100.0).round();
        let name = rung.name();
        News::Entered(format!("pressure {percent} %, rung {name}: {does}"))
    }

    fn over(&mut self) -> News {
        let sums = (self.counts.sampled.total(), self.counts.dropped.total());
        let (sampled, dropped) = (sums.0 - self.told.0, sums.1 - self.told.1);
        self.told = sums;
        News::Over(format!(
            "pressure is over: {sampled} events were sampled away and {dropped} dropped meanwhile"
        ))
    }

    /// Whether batches are to be larger.
    pub(super) fn gathers(&self) -> bool {
        self.counts.rung >= Rung::Batching
    }

    /// Whether an event goes on; counts it if not.
    #[inline]
    pub(super) fn admits(&mut self, level: Level) -> bool {
        let rung = self.counts.rung;
        let severity = level.severity();
        if rung < Rung::Sampling || severity >= self.protected {
            return true;
        }
        if rung == Rung::Dropping {
            self.counts.dropped.add(level);
            return false;
        }
        if severity >= self.sample_below || self.rate.takes(self.chance.bits()) {
            return true;
        }
        self.counts.sampled.add(level);
        false
    }

    /// After which time without events another measurement is needed.
    pub(super) fn until_due(&self) -> Option<Duration> {
        (self.counts.rung > Rung::Normal).then(|| self.hold.max(Duration::from_millis(1)))
    }

    pub(super) fn counts(&self) -> &PressureCounts {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn ladder(rate: f64) -> Ladder {
        let settings = PressureSettings {
            batch_at: 0.25,
            sample_at: 0.5,
            drop_at: 0.8,
            sample_below: "WARNING".into(),
            rate,
            hold_ms: 1000,
            protected_level: "ERROR".into(),
        };
        settings.ladder(&LevelTable::default()).unwrap()
    }

    fn admitted(ladder: &mut Ladder) -> Vec<&'static str> {
        let levels = LevelTable::default();
        let all = levels.iter().filter(|level| ladder.admits(*level));
        all.map(Level::name).collect()
    }

    #[test]
    fn it_climbs_at_once_and_comes_down_rung_by_rung_after_a_while() {
        let mut ladder = ladder(0.0);
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(ladder.measure(0.24, at(0)), None);
        assert_eq!(
            ladder.measure(0.9, at(1)),
            Some(News::Entered(
                "pressure 90 %, rung dropping: only protected levels go on".into()
            ))
        );
        // Less, but not below half of the mark: it stays, however long.
        assert_eq!(ladder.measure(0.41, at(5000)), None);
        assert_eq!(ladder.counts().rung, Rung::Dropping);
        // Low for a moment only.
        assert_eq!(ladder.measure(0.1, at(5001)), None);
        assert_eq!(ladder.measure(0.5, at(5900)), None);
        assert_eq!(ladder.measure(0.1, at(6100)), None);
        assert_eq!(ladder.counts().rung, Rung::Dropping);
        for (ms, rung) in [
            (7100, Rung::Sampling),
            (7200, Rung::Sampling),
            (8199, Rung::Sampling),
        ] {
            assert_eq!(ladder.measure(0.1, at(ms)), None);
            assert_eq!(ladder.counts().rung, rung);
        }
        assert_eq!(ladder.measure(0.1, at(8200)), None);
        assert_eq!(ladder.counts().rung, Rung::Batching);
        assert_eq!(ladder.measure(0.1, at(8300)), None);
        let over = "pressure is over: 0 events were sampled away and 0 dropped meanwhile";
        assert_eq!(ladder.measure(0.1, at(9300)), Some(News::Over(over.into())));
        assert_eq!(ladder.counts().rung, Rung::Normal);
        let Entered {
            batching,
            sampling,
            dropping,
        } = ladder.counts().entered;
        assert_eq!((batching, sampling, dropping), (0, 0, 1));
    }

    #[test]
    fn each_rung_lets_through_what_it_says_and_counts_the_rest() {
        let mut ladder = ladder(0.0);
        let now = Instant::now();
        let all = 8;
        assert_eq!(admitted(&mut ladder).len(), all);
        ladder.measure(0.3, now);
        assert!(ladder.gathers());
        assert_eq!(admitted(&mut ladder).len(), all);
        ladder.measure(0.6, now);
        let named = ["WARNING", "ERROR", "CRITICAL", "AUDIT", "SECURITY"];
        assert_eq!(admitted(&mut ladder), named);
        assert_eq!(
            (
                ladder.counts().sampled.total(),
                ladder.counts().dropped.total()
            ),
            (3, 0)
        );
        ladder.measure(0.95, now);
        assert_eq!(admitted(&mut ladder), named[1..]);
        assert_eq!(
            (
                ladder.counts().sampled.total(),
                ladder.counts().dropped.total()
            ),
            (3, 4)
        );
    }

    #[test]
    fn the_rate_is_the_part_that_goes_on() {
        let mut ladder = ladder(0.25);
        ladder.measure(0.6, Instant::now());
        let taken = (0..40_000).filter(|_| ladder.admits(Level::INFO)).count();
        // Five standard deviations of a binomial distribution.
        assert!(
            (taken as f64 - 10_000.0).abs() < 5.0 * 7_500f64.sqrt(),
            "{taken}"
        );
        assert_eq!(ladder.counts().sampled.total(), 40_000 - taken as u64);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused_by_name() {
        let good = serde_json::json!({
            "batchAt": 0.2, "sampleAt": 0.5, "dropAt": 1.0, "sampleBelow": "silent", "rate": 0.1,
            "holdMs": 10, "protectedLevel": "SILENT",
        });
        let levels = LevelTable::default();
        let of = |value: serde_json::Value| {
            let settings: PressureSettings = serde_json::from_value(value).unwrap();
            settings.ladder(&levels)
        };
        of(good.clone()).unwrap();
        for (key, bad) in [
            ("batchAt", serde_json::json!(-0.1)),
            ("sampleAt", serde_json::json!(1.1)),
            ("dropAt", serde_json::json!(2)),
            ("rate", serde_json::json!(1.5)),
            ("sampleBelow", serde_json::json!("loud")),
            ("protectedLevel", serde_json::json!("quiet")),
        ] {
            let mut settings = good.clone();
            settings[key] = bad;
            let error = of(settings).unwrap_err();
            assert!(
                error.message().starts_with(&format!("pressure.{key}: ")),
                "{error}"
            );
        }
    }
}
