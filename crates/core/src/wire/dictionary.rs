//! Strings interned once per ring: keys, logger names, and messages or values that repeat.
//!
//! The producer appends entries (`byte length`, then UTF-8 padded to a word) to the dictionary area and
//! never changes one; ids count from 1. The consumer mirrors them here, with the escaped JSON form made
//! once, so that an interned string costs one copy per event.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use super::layout::{CONTEXT_KEYS, DICTIONARY_BINARY, KEY_INLINE};
use crate::format::json_text;
use crate::level::LevelTable;

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
    /// Token words of a scope, for entries that are no strings.
    words: Box<[u8]>,
}

impl Entry {
    fn of_words(id: u32, words: &[u8]) -> Self {
        Self {
            words: words.into(),
            ..Self::new(id, "")
        }
    }

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
            words: Box::default(),
        }
    }

    /// The id under which the producer refers to it.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Its place among the pipeline's own strings, if it is one of them.
    #[inline]
    pub fn own_index(&self) -> Option<usize> {
        self.id.checked_sub(FIRST_OWN_ID).map(|at| at as usize)
    }

    /// The string itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tokens of a scope (the fields of a child logger that is used a lot); empty for strings.
    pub fn words(&self) -> &[u8] {
        &self.words
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

/// Ids from here on are the pipeline's own; no producer's dictionary has room for so many.
const FIRST_OWN_ID: u32 = 0xff_0000;

/// Keys and values that stages put into records, known to the dictionaries of all rings of a pipeline, as are
/// its levels.
#[derive(Debug, Default)]
pub struct OwnStrings {
    entries: Vec<Entry>,
    levels: LevelTable,
}

impl OwnStrings {
    /// No strings yet, for a pipeline with these levels.
    pub fn new(levels: LevelTable) -> Self {
        Self {
            entries: Vec::new(),
            levels,
        }
    }

    /// The id of a string; `None` when there are some 65,000 others.
    pub fn intern(&mut self, text: &str) -> Option<u32> {
        let known = self.entries.iter().find(|entry| entry.text() == text);
        if let Some(entry) = known {
            return Some(entry.id());
        }
        let id = FIRST_OWN_ID.checked_add(u32::try_from(self.entries.len()).ok()?)?;
        if id >= KEY_INLINE {
            return None;
        }
        self.entries.push(Entry::new(id, text));
        Some(id)
    }

    fn get(&self, id: u32) -> Option<&Entry> {
        self.entries.get(id.checked_sub(FIRST_OWN_ID)? as usize)
    }
}

/// The consumer's mirror of a ring's dictionary.
#[derive(Debug)]
pub struct Dictionary {
    serial: u64,
    entries: Vec<Entry>,
    consumed: usize,
    own: Arc<OwnStrings>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self::with_own(Arc::default())
    }
}

impl Dictionary {
    /// An empty dictionary.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty dictionary that knows the strings of a pipeline's stages.
    pub fn with_own(own: Arc<OwnStrings>) -> Self {
        static SERIALS: AtomicU64 = AtomicU64::new(1);
        Self {
            serial: SERIALS.fetch_add(1, Ordering::Relaxed),
            entries: Vec::new(),
            consumed: 0,
            own,
        }
    }

    /// Replaces the strings of the pipeline's stages.
    pub fn set_own(&mut self, own: Arc<OwnStrings>) {
        self.own = own;
    }

    /// A number that no other dictionary of this process has: what was found out about an id holds for it alone.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The id of a string that [`Dictionary::intern`] has added. Looks at all of them: for a few.
    pub fn find(&self, text: &str) -> Option<u32> {
        let known = self.entries.iter().find(|entry| entry.text() == text);
        known.map(Entry::id)
    }

    /// The levels that records refer to.
    #[inline]
    pub fn levels(&self) -> &LevelTable {
        &self.own.levels
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
            let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            let len = (word & !DICTIONARY_BINARY) as usize;
            // The padding belongs to the entry: without it the next one would be looked for too early.
            let end = len
                .checked_next_multiple_of(4)
                .and_then(|padded| padded.checked_add(at + 4));
            let Some(bytes) = end.and_then(|end| fresh.get(at + 4..end)) else {
                break;
            };
            let content = bytes.get(..len).unwrap_or_default();
            let id = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
            self.entries.push(if word & DICTIONARY_BINARY == 0 {
                Entry::new(id, &String::from_utf8_lossy(content))
            } else {
                Entry::of_words(id, content)
            });
            at += 4 + bytes.len();
        }
        self.consumed += at;
    }

    /// Adds one string, as the producer would, and returns its id. For the pipeline's own records.
    pub fn intern(&mut self, text: &str) -> u32 {
        let id = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
        self.entries.push(Entry::new(id, text));
        id
    }

    /// Adds the tokens of a scope, as the producer would, and returns their id.
    pub fn intern_words(&mut self, words: &[u8]) -> u32 {
        let id = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
        self.entries.push(Entry::of_words(id, words));
        id
    }

    /// The entry with this id.
    #[inline]
    pub fn get(&self, id: u32) -> Option<&Entry> {
        match self.entries.get((id as usize).wrapping_sub(1)) {
            Some(entry) => Some(entry),
            None => self.own.get(id),
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_entry_is_read_once_all_of_it_is_there_wherever_the_bytes_are_cut() {
        let mut bytes = Vec::new();
        for text in ["", "a", "key", "four", "na\u{ef}ve"] {
            bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        for cut in 0..=bytes.len() {
            let mut dictionary = Dictionary::new();
            dictionary.extend(&bytes[..cut]);
            assert!(dictionary.consumed() <= cut && dictionary.consumed().is_multiple_of(4));
            dictionary.extend(&bytes[dictionary.consumed()..]);
            assert_eq!(dictionary.consumed(), bytes.len());
            assert_eq!(dictionary.len(), 5);
            assert_eq!(dictionary.get(5).unwrap().text(), "na\u{ef}ve");
        }
    }

    #[test]
    fn own_strings_have_ids_of_their_own() {
        let mut own = OwnStrings::default();
        let region = own.intern("region").unwrap();
        assert_eq!(own.intern("region"), Some(region));
        assert_ne!(own.intern("zone"), Some(region));
        let mut dictionary = Dictionary::with_own(Arc::new(own));
        let theirs = dictionary.intern("region");
        assert_ne!(theirs, region);
        assert_eq!(dictionary.get(region).unwrap().text(), "region");
        assert!(dictionary.get(0).is_none());
        assert!(dictionary.get(region + 2).is_none());
    }

    #[test]
    fn a_length_beyond_the_end_stops_the_reading() {
        let mut dictionary = Dictionary::new();
        dictionary.extend(&[0xff; 64]);
        assert!(dictionary.is_empty());
        assert_eq!(dictionary.consumed(), 0);
    }
}
