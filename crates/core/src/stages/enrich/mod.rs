//! Enrichers: what every event says besides what its call said.
//!
//! What is the same for all events of a process and has a place of its own in a format (service, host, pid) is a
//! constant of the format and costs nothing; see [`FormatOptions`](crate::format::FormatOptions).

mod settings;

pub use settings::{intern, EnrichSettings};

use super::{Stage, Verdict};
use crate::wire::layout::{FLAG_CONTEXT, FLAG_SCOPED};
use crate::wire::{Record, RecordWriter};

/// Puts fields into every event, as a scope would: a field of the call or of its scopes wins over one of the same
/// name.
#[derive(Debug)]
pub struct StaticFields {
    /// Their tokens.
    tokens: Vec<u8>,
    /// Whether one of them belongs to the envelope's `context`.
    context: bool,
}

impl Stage for StaticFields {
    fn apply(&mut self, record: &Record<'_>, out: &mut RecordWriter) -> Verdict {
        let mut tokens = record.tokens();
        let Some((_, message)) = tokens.next_with_bytes() else {
            return Verdict::Unchanged;
        };
        if tokens.depth() > 0 {
            // A container in the place of the message: damaged memory, which stays as it is.
            return Verdict::Unchanged;
        }
        out.start_like(record);
        out.flag(FLAG_SCOPED);
        if self.context {
            out.flag(FLAG_CONTEXT);
        }
        out.copy(message);
        out.copy(&self.tokens);
        while let Some((_, bytes)) = tokens.next_with_bytes() {
            out.copy(bytes);
        }
        Verdict::Changed
    }
}
