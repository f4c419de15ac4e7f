//! Keeps about so many events a second, however many there are.

use super::chance::{Chance, Rate};
use super::{Filter, Gauges};
use crate::wire::Record;

/// How often the rate is set anew.
const STEP_MS: f64 = 100.0;
/// Weight of the latest step in the mean of arrivals: half of a jump is seen within 200 ms, nine tenths in 700.
const WEIGHT: f64 = 0.3;

/// Measures how many events arrive (not how many it keeps, which would take long to settle) and keeps the part
/// that makes the target.
#[derive(Debug)]
pub struct AdaptiveSampling {
    target_per_step: f64,
    bounds: (f64, f64),
    protected: usize,
    chance: Chance,
    rate: Rate,
    /// Arrivals a step, as an exponentially weighted mean.
    mean: f64,
    arrived: f64,
    kept: f64,
    step_ends: f64,
}

impl AdaptiveSampling {
    /// For events below the severity `protected`: a target a second, and bounds for the rate.
    pub fn new(target_per_second: f64, bounds: (f64, f64), protected: usize) -> Self {
        Self {
            target_per_step: target_per_second * STEP_MS / 1e3,
            bounds,
            protected,
            chance: Chance::default(),
            rate: Rate::new(bounds.1),
            mean: 0.0,
            arrived: 0.0,
            kept: 0.0,
            step_ends: f64::NEG_INFINITY,
        }
    }

    fn set_rate(&mut self, arrivals: f64) {
        let ideal = self.target_per_step / arrivals.max(f64::MIN_POSITIVE);
        self.rate = Rate::new(ideal.clamp(self.bounds.0, self.bounds.1));
    }

    /// Ends the steps that are over.
    fn advance(&mut self, now: f64) {
        if self.step_ends == f64::NEG_INFINITY {
            self.step_ends = now + STEP_MS;
            return;
        }
        // The mean is 0 long before this many empty steps.
        let steps = (((now - self.step_ends) / STEP_MS).floor() + 1.0).min(1_000.0);
        self.mean += WEIGHT * (self.arrived - self.mean);
        self.mean *= (1.0 - WEIGHT).powf(steps - 1.0);
        (self.arrived, self.kept) = (0.0, 0.0);
        self.step_ends = (self.step_ends + steps * STEP_MS).max(now + 1.0);
        self.set_rate(self.mean);
    }
}

impl Filter for AdaptiveSampling {
    #[inline]
    fn keeps(&mut self, record: &Record<'_>, now: f64) -> bool {
        if record.level().severity() >= self.protected {
            return true;
        }
        if now >= self.step_ends {
            self.advance(now);
        }
        self.arrived += 1.0;
        // A burst is met within its first step: by then twice the target of a step was kept.
        if self.kept >= 2.0 * self.target_per_step.max(1.0) && self.arrived > self.mean {
            self.set_rate(self.arrived.max(self.mean) * 2.0);
        }
        let keeps = self.rate.takes(self.chance.bits());
        self.kept += f64::from(u8::from(keeps));
        keeps
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            rate: Some(self.rate.get()),
            ..Gauges::default()
        }
    }
}
