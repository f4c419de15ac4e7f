//! Renames and drops fields.

use crate::stages::path_tree::{copy_rest, is_open, PathTree};
use crate::stages::{Stage, Verdict};
use crate::wire::layout::{FLAG_CONTEXT, FLAG_SCOPED};
use crate::wire::{Record, RecordWriter};

/// What becomes of a field.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is left out.
    Drop,
    /// It has another name, a dictionary id, in the same place.
    Rename(u32),
}

/// Renames and drops fields by their paths.
#[derive(Debug)]
pub struct Fields {
    changes: PathTree<Change>,
}

impl Fields {
    /// With these changes.
    pub fn new(changes: PathTree<Change>) -> Self {
        Self { changes }
    }
}

impl Stage for Fields {
    fn apply(&mut self, record: &Record<'_>, out: &mut RecordWriter) -> Verdict {
        if !self.changes.is_in(record) {
            return Verdict::Unchanged;
        }
        let mut renamed = false;
        self.changes
            .rewrite(record, out, |change, token, bytes, tokens, depth, out| {
                let opens = is_open(&token.value);
                match change {
                    Change::Drop if opens => tokens.skip_container(),
                    Change::Drop => {}
                    Change::Rename(key) => {
                        renamed |= depth == 0;
                        out.copy_as(bytes, *key);
                        if opens {
                            copy_rest(tokens, out);
                        }
                    }
                }
            });
        if renamed {
            // The new name may be there already, or be one of the envelope's context.
            out.flag(FLAG_SCOPED | FLAG_CONTEXT);
        }
        Verdict::Changed
    }
}
