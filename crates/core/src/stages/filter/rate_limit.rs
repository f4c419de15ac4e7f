//! Lets so many events a second of each key through, and a few more at once.

use super::fingerprint::Fingerprint;
use super::key_table::KeyTable;
use super::{Filter, Gauges};
use crate::wire::Record;

/// A token bucket: how much is in it, and when that was so.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: f64,
}

/// One token bucket a key. Events without the key share one.
#[derive(Debug)]
pub struct RateLimit {
    by: Fingerprint,
    per_ms: f64,
    burst: f64,
    protected: usize,
    buckets: KeyTable<Bucket>,
}

impl RateLimit {
    /// `burst` events at once, `per_second` in the long run, for at most `max_keys` keys.
    pub fn new(
        by: Fingerprint,
        per_second: f64,
        burst: f64,
        max_keys: usize,
        protected: usize,
    ) -> Self {
        Self {
            by,
            per_ms: per_second / 1e3,
            burst,
            protected,
            buckets: KeyTable::new(max_keys),
        }
    }
}

impl Filter for RateLimit {
    #[inline]
    fn keeps(&mut self, record: &Record<'_>, now: f64) -> bool {
        if record.level().severity() >= self.protected {
            return true;
        }
        let key = self.by.of(record).unwrap_or(0);
        let Some(bucket) = self.buckets.get_mut(key) else {
            let tokens = self.burst - 1.0;
            self.buckets.insert(key, Bucket { tokens, at: now });
            return true;
        };
        bucket.tokens = (bucket.tokens + (now - bucket.at) * self.per_ms).min(self.burst);
        bucket.at = now;
        // A sum of many small parts may miss 1 by its rounding.
        let keeps = bucket.tokens > 1.0 - 1e-6;
        if keeps {
            bucket.tokens -= 1.0;
        }
        keeps
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            keys: Some(self.buckets.len() as u64),
            evicted: Some(self.buckets.evicted()),
            ..Gauges::default()
        }
    }
}
