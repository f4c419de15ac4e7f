//! Strings interned once per ring: keys, logger names, and messages or values that repeat.
//!
//! The producer appends entries (`byte length`, then UTF-8 padded to a word) to the dictionary area and
//! never changes one; ids count from 1. The consumer mirrors them here, with the escaped JSON form made
//! once, so that an interned string costs one copy per event.

use super::layout::CONTEXT_KEYS;
use crate::format::json_text;

/// Position of a key among the fields that the envelope moves to `context`.
pub type ContextSlot = u8;

/// One interned string.
#[derive(Debug)]
pub struct Entry {
    id: u32,
    text: Box<str>,
    /// `"text"`, quoted and escaped.
    quoted: Box<[u8]>,
    /// `"text":`, as an object key.
    key: Box<[u8]>,
    context: Option<ContextSlot>,
}

impl Entry {
    fn new(id: u32, text: &str) -> Self {
        let mut quoted = Vec::with_capacity(text.len() + 3);
        json_text::write_str(&mut quoted, text);
        let mut key = quoted.clone();
        key.push(b':');
        Self {
            id,
            text: text.into(),
            quoted: quoted.into(),
            key: key.into(),
            context: CONTEXT_KEYS
                .iter()
                .position(|known| *known == text)
                .and_then(|slot| u8::try_from(slot).ok()),
        }
    }

    /// The id under which the producer refers to it.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The string itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The JSON string literal, quotes included.
    pub fn quoted(&self) -> &[u8] {
        &self.quoted
    }

    /// The JSON object key with its colon: `"name":`.
    pub fn json_key(&self) -> &[u8] {
        &self.key
    }

    /// Which field of the envelope's `context` this key names, if any.
    pub fn context_slot(&self) -> Option<ContextSlot> {
        self.context
    }
}

/// The consumer's mirror of a ring's dictionary.
#[derive(Debug, Default)]
pub struct Dictionary {
    entries: Vec<Entry>,
    consumed: usize,
}

impl Dictionary {
    /// An empty dictionary.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the dictionary area that have been read.
    pub fn consumed(&self) -> usize {
        self.consumed
    }

    /// Reads the entries in `fresh`, the bytes after [`Dictionary::consumed`]. Invalid UTF-8 is replaced,
    /// an entry that runs past the end stops the reading (it is read again when more bytes are there).
    pub fn extend(&mut self, fresh: &[u8]) {
        let mut at = 0usize;
        while let Some(word) = fresh.get(at..at + 4) {
            let len = u32::from_le_bytes([word[0], word[1], word[2], word[3]]) as usize;
            let Some(bytes) = fresh.get(at + 4..(at + 4).saturating_add(len)) else {
                break;
            };
            let text = String::from_utf8_lossy(bytes);
            let id = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
            self.entries.push(Entry::new(id, &text));
            at += 4 + len.next_multiple_of(4);
        }
        self.consumed += at.min(fresh.len());
    }

    /// Adds one string, as the producer would, and returns its id. For the pipeline's own records.
    pub fn intern(&mut self, text: &str) -> u32 {
        let id = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
        self.entries.push(Entry::new(id, text));
        id
    }

    /// The entry with this id.
    pub fn get(&self, id: u32) -> Option<&Entry> {
        self.entries.get((id as usize).checked_sub(1)?)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing has been interned yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
