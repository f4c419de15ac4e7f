//! The event as it leaves the stage: copied from the first change on, and never before.

use super::Verdict;
use crate::wire::layout::{KEY_INLINE, TEXT_UTF8};
use crate::wire::{Record, RecordWriter};

/// The bytes of a token with another key.
#[cold]
#[inline(never)]
pub fn rekeyed(token: &[u8], key: &str) -> Vec<u8> {
    let word = |at: usize| {
        let word = token.get(at..).and_then(|rest| rest.first_chunk::<4>());
        word.map_or(0, |&word| u32::from_le_bytes(word))
    };
    let head = word(0);
    let old = if head >> 8 == KEY_INLINE {
        4 + (word(4) >> 2).next_multiple_of(4) as usize
    } else {
        0
    };
    let size = (key.len() as u32) << 2 | TEXT_UTF8;
    let mut bytes = Vec::with_capacity(token.len() + key.len() + 8);
    bytes.extend_from_slice(&(head & 0xff | KEY_INLINE << 8).to_le_bytes());
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(key.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend_from_slice(token.get(4 + old..).unwrap_or_default());
    bytes
}

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
