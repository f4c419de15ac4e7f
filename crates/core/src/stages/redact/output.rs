//! The event as it leaves the stage: copied from the first change on, and never before.

use super::Verdict;
use crate::wire::{Record, RecordWriter};

/// Tokens that stay as they are are only counted until one of them changes.
pub struct Output<'r, 'o> {
    record: &'r Record<'r>,
    out: &'o mut RecordWriter,
    kept: usize,
    changed: bool,
}

impl<'r, 'o> Output<'r, 'o> {
    /// Nothing has changed yet.
    pub fn new(record: &'r Record<'_>, out: &'o mut RecordWriter) -> Self {
        Self {
            record,
            out,
            kept: 0,
            changed: false,
        }
    }

    /// The next token stays as it is.
    #[inline(always)]
    pub fn keep(&mut self, bytes: &[u8]) {
        if self.changed {
            self.out.copy(bytes);
        } else {
            self.kept += 1;
        }
    }

    /// The next token does not: what is to stand in its place goes into the writer.
    pub fn change(&mut self) -> &mut RecordWriter {
        if !self.changed {
            self.changed = true;
            self.out.start_like(self.record);
            let mut tokens = self.record.tokens();
            for _ in 0..self.kept {
                if let Some((_, bytes)) = tokens.next_with_bytes() {
                    self.out.copy(bytes);
                }
            }
        }
        self.out
    }

    /// What has become of the event.
    pub fn verdict(&self) -> Verdict {
        if self.changed {
            Verdict::Changed
        } else {
            Verdict::Unchanged
        }
    }
}
