//! Keeps whole traces or drops them.

use std::borrow::Cow;

use super::chance::Rate;
use super::fingerprint::hash_of;
use super::{Filter, Gauges};
use crate::stages::field_path::FieldPath;
use crate::wire::{Record, Value};

/// Decides by the trace id alone, so that all events of a trace, in every process, meet the same fate.
///
/// A W3C trace id is judged by its last 56 bits against a threshold, which is what OpenTelemetry's samplers do
/// (<https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>): at the same rate the logs
/// that are kept are those of the traces that are kept. Any other value is hashed.
#[derive(Debug)]
pub struct TraceSampling {
    field: FieldPath,
    rate: Rate,
    protected: usize,
}

/// Bits of randomness in a trace id.
const RANDOM_BITS: u32 = 56;

impl TraceSampling {
    /// Looks at `field`; events at or above the severity `protected`, and those without the field, are kept.
    pub fn new(field: FieldPath, rate: Rate, protected: usize) -> Self {
        Self {
            field,
            rate,
            protected,
        }
    }

    fn takes(&self, id: &str) -> Option<bool> {
        if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let random = u64::from_str_radix(id.get(18..)?, 16).ok()?;
        let threshold = (1.0 - self.rate.get()) * (1u64 << RANDOM_BITS) as f64;
        Some(random >= threshold as u64)
    }
}

impl Filter for TraceSampling {
    #[inline]
    fn keeps(&mut self, record: &Record<'_>, _now: f64) -> bool {
        if record.level().severity() >= self.protected {
            return true;
        }
        let Some(found) = self.field.find(record) else {
            return true;
        };
        let text = match found.0 {
            Value::Null => return true,
            Value::Text(text) => text.to_str(),
            _ => Cow::Borrowed(""),
        };
        self.takes(&text)
            .unwrap_or_else(|| self.rate.takes(hash_of(found)))
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            rate: Some(self.rate.get()),
            ..Gauges::default()
        }
    }
}
