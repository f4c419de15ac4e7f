//! Latencies in buckets of fixed bounds.
//!
//! The idea is that of HdrHistogram (G. Tene): a value falls into a bucket whose width is a fixed share of the
//! value, so memory is bounded whatever is recorded. Here with two decimal digits, so that the bounds are round
//! numbers and can be the `le` of a Prometheus histogram exactly.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

/// Buckets of one microsecond, at the low end.
const LINEAR: usize = 100;
/// Buckets of a decade: two digits, the first not 0.
const PER_DECADE: usize = 90;
/// Decades above the linear part: up to 100 s.
const DECADES: usize = 6;
const BUCKETS: usize = LINEAR + PER_DECADE * DECADES;
/// Longer ones have one more bucket, and are exact in the sum and the maximum.
const MAX_MICROS: u64 = 100_000_000;

/// Upper bounds, in microseconds, of the buckets that a snapshot has.
const BOUNDS: [u64; 19] = [
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
];

/// A histogram that one thread records into and any thread reads. 5 KB.
#[derive(Debug)]
pub struct Histogram {
    /// Bucket `i` holds what is longer than its lower bound and at most its upper bound.
    buckets: Box<[AtomicU64]>,
    sum_micros: AtomicU64,
    max_micros: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: (0..=BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            sum_micros: AtomicU64::new(0),
            max_micros: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Counts one latency, to the next microsecond above.
    pub fn record(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(bucket_of(micros)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
        self.max_micros.fetch_max(micros, Ordering::Relaxed);
    }

    /// What was recorded so far.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let counts: Vec<u64> = self
            .buckets
            .iter()
            .map(|bucket| bucket.load(Ordering::Relaxed))
            .collect();
        let count: u64 = counts.iter().sum();
        let max_micros = self.max_micros.load(Ordering::Relaxed);
        let wanted = [0.5, 0.9, 0.99, 0.999].map(|share| (count as f64 * share).ceil() as u64);
        let mut quantiles = [max_micros; 4];
        let mut buckets = Vec::with_capacity(BOUNDS.len());
        let (mut below, mut from) = (0u64, 0);
        for bound in BOUNDS {
            let end = bucket_of(bound) + 1;
            for (index, &here) in counts.iter().enumerate().take(end).skip(from) {
                if here == 0 {
                    continue;
                }
                for (quantile, &wanted) in quantiles.iter_mut().zip(&wanted) {
                    if below < wanted && below + here >= wanted {
                        *quantile = upper_bound(index).min(max_micros);
                    }
                }
                below += here;
            }
            from = end;
            buckets.push((seconds(bound), below));
        }
        let [p50, p90, p99, p999] = quantiles.map(seconds);
        HistogramSnapshot {
            count,
            sum: seconds(self.sum_micros.load(Ordering::Relaxed)),
            max: seconds(max_micros),
            p50,
            p90,
            p99,
            p999,
            buckets,
        }
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

fn bucket_of(micros: u64) -> usize {
    // The bounds belong to the bucket below.
    let value = micros.saturating_sub(1);
    if value < LINEAR as u64 {
        return value as usize;
    }
    if value >= MAX_MICROS {
        return BUCKETS;
    }
    let decade = (value.ilog10() - 2) as usize;
    let digits = value / 10u64.pow(decade as u32 + 1);
    LINEAR + decade * PER_DECADE + digits as usize - 10
}

fn upper_bound(index: usize) -> u64 {
    if index < LINEAR {
        return index as u64 + 1;
    }
    let decade = ((index - LINEAR) / PER_DECADE) as u32;
    let digits = ((index - LINEAR) % PER_DECADE + 10) as u64;
    (digits + 1) * 10u64.pow(decade + 1)
}

/// What a [`Histogram`] holds. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistogramSnapshot {
    /// Latencies recorded.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The longest.
    pub max: f64,
    /// Median; this and the other quantiles are at most 10 % above the true value.
    pub p50: f64,
    /// 90 % are at most this long.
    pub p90: f64,
    /// 99 % are at most this long.
    pub p99: f64,
    /// 99.9 % are at most this long.
    pub p999: f64,
    /// How many are at most so long: upper bound and count, cumulative.
    pub buckets: Vec<(f64, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_the_bucket_that_ends_at_or_just_above_it() {
        let mut value = 0u64;
        while value < MAX_MICROS + 5 {
            let index = bucket_of(value);
            if value <= MAX_MICROS {
                let end = upper_bound(index);
                assert!(value <= end, "{value} is above {end}");
                assert!(
                    index == 0 || value > upper_bound(index - 1),
                    "{value} belongs below"
                );
                assert!(
                    value == 0 || end - value <= value / 10,
                    "{end} is far from {value}"
                );
            }
            value += 1 + value / 997;
        }
        for bound in BOUNDS {
            assert_eq!(upper_bound(bucket_of(bound)), bound);
        }
        assert_eq!(upper_bound(BUCKETS - 1), MAX_MICROS);
    }

    #[test]
    fn a_snapshot_has_exact_counts_at_its_bounds() {
        let histogram = Histogram::default();
        let micros = [
            0,
            1,
            100,
            101,
            250,
            999,
            1000,
            1001,
            99_999_999,
            100_000_000,
            200_000_000,
        ];
        for value in micros {
            histogram.record(Duration::from_micros(value));
        }
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.count, micros.len() as u64);
        assert!((snapshot.sum - micros.iter().sum::<u64>() as f64 / 1e6).abs() < 1e-6);
        assert!((snapshot.max - 200.0).abs() < 1e-9);
        for (bound, count) in &snapshot.buckets {
            let expected = micros.iter().filter(|&&v| v as f64 / 1e6 <= *bound).count();
            assert_eq!(*count, expected as u64, "at {bound}");
        }
    }

    #[test]
    fn quantiles_are_at_most_a_tenth_too_long() {
        let histogram = Histogram::default();
        for value in 1..=10_000u64 {
            histogram.record(Duration::from_micros(value));
        }
        let snapshot = histogram.snapshot();
        for (found, expected) in [
            (snapshot.p50, 0.005),
            (snapshot.p90, 0.009),
            (snapshot.p99, 0.0099),
            (snapshot.p999, 0.00999),
        ] {
            assert!(
                found >= expected && found <= expected * 1.1,
                "{found} {expected}"
            );
        }
        assert_eq!(Histogram::default().snapshot().p99, 0.0);
    }
}
