//! Formats: one record in, one line out.
//!
//! A format appends exactly one line, ended by `\n`, to the batch's buffer. It reads the borrowed record
//! and allocates nothing in steady state.

pub mod json_text;

use crate::wire::Record;

/// Turns records into lines.
pub trait Format: Send {
    /// Appends the line of `record` to `out`.
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>);
}
