//! A glance at an event that most often says: nothing here is to be redacted.
//!
//! Most events hold no secret. This walks over the words of a record without making tokens of them and keeps
//! neither a place nor a way back. It knows keys, interned texts and scopes by their numbers. Whatever is not plainly
//! harmless, damage included, it leaves to the pass that looks in earnest.

use super::{is_card_text, json_text, text_of, Redact};
use crate::wire::layout::*;
use crate::wire::{Dictionary, Record, Text, Value};

/// Containers within containers: a bit each.
const MAX_DEPTH: u32 = 60;

/// Whether an event can go on as it is; `false` only says that it has to be looked at in earnest.
#[inline]
pub fn is_harmless(redact: &mut Redact, record: &Record<'_>) -> bool {
    if redact.rules.paths.words() > 0 {
        return false;
    }
    let body = record.body();
    // The message is no field: what is not a scalar there is damage.
    let tag = body.first().copied().unwrap_or(TAG_END);
    if matches!(tag, TAG_END | TAG_SCOPE | TAG_CLOSE)
        || matches!(tag, TAG_OBJECT_START | TAG_ARRAY_START | TAG_ERROR_START)
    {
        return false;
    }
    redact.memory.select(record.dictionary());
    redact.scanned = 0;
    walk(redact, body, record.dictionary(), false).is_some()
}

/// Reads words one after the other.
struct Words<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    #[inline(always)]
    fn word(&mut self) -> Option<u32> {
        let word = self.body.get(self.at..)?.first_chunk::<4>()?;
        self.at += 4;
        Some(u32::from_le_bytes(*word))
    }

    #[inline(always)]
    fn float(&mut self) -> Option<f64> {
        let word = self.body.get(self.at..)?.first_chunk::<8>()?;
        self.at += 8;
        Some(f64::from_le_bytes(*word))
    }

    #[inline(always)]
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.body.get(self.at..self.at.checked_add(len)?)?;
        self.at += len.next_multiple_of(4);
        Some(bytes)
    }
}

/// Walks over tokens. `None` where one is not plainly harmless.
#[inline(always)]
fn walk(redact: &mut Redact, body: &[u8], dictionary: &Dictionary, in_scope: bool) -> Option<()> {
    let mut words = Words { body, at: 0 };
    let mut depth = 0u32;
    // For each open container, whether it is an array; the innermost is the lowest bit.
    let mut arrays = 0u64;
    while let Some(word) = words.word() {
        let (tag, key) = (word as u8, word >> 8);
        match key {
            KEY_NONE => {}
            _ if tag == TAG_SCOPE => {}
            KEY_INLINE => {
                let key = inline(&mut words)?;
                let decision = redact.rules.recall(&Text::Latin1(key).to_str());
                decision.is_harmless().then_some(())?;
            }
            _ if redact.memory.is_harmless_key(key) => {}
            _ => {
                let entry = dictionary.get(key)?;
                let decision = redact.memory.decision(entry, &mut redact.rules);
                decision.is_harmless().then_some(())?;
            }
        }
        match tag {
            TAG_STRING_REF => {
                let id = words.word()?;
                if redact.reads_text && !redact.memory.is_clean_text(id) {
                    let entry = dictionary.get(id)?;
                    if !redact.memory.is_clean(entry) {
                        text(redact, entry.text().as_bytes())?;
                        redact.memory.set_clean(entry);
                    }
                } else if !redact.reads_text {
                    dictionary.get(id)?;
                }
            }
            TAG_STRING_LATIN1 => {
                let len = words.word()? as usize;
                let bytes = words.bytes(len)?;
                text(redact, bytes)?;
            }
            TAG_STRING_UTF8 => {
                let len = words.word()? as usize;
                let bytes = words.bytes(len)?;
                if redact.reads_text {
                    // What is clean is ASCII.
                    text(redact, bytes)?;
                } else {
                    std::str::from_utf8(bytes).ok()?;
                }
            }
            TAG_INT32 => {
                words.word()?;
            }
            TAG_FLOAT64 => {
                let number = words.float()?;
                if number >= 1e12 && redact.scanner.card().is_some() {
                    let is_card = text_of(&Value::Float(number)).is_some_and(|t| is_card_text(&t));
                    (!is_card).then_some(())?;
                }
            }
            TAG_DATE => {
                words.float()?;
            }
            TAG_NULL | TAG_UNDEFINED | TAG_FALSE | TAG_TRUE => {}
            TAG_MARKER | TAG_FUNCTION | TAG_SYMBOL => {
                let bytes = inline(&mut words)?;
                text(redact, bytes)?;
            }
            TAG_OBJECT_START | TAG_ERROR_START | TAG_ARRAY_START => {
                let is_array = tag == TAG_ARRAY_START;
                // In an array of arrays the elements may be names and values.
                let is_simple = !(is_array && arrays & 1 == 1) && depth < MAX_DEPTH;
                is_simple.then_some(())?;
                arrays = arrays << 1 | u64::from(is_array);
                depth += 1;
            }
            TAG_CLOSE => {
                depth = depth.checked_sub(1)?;
                arrays >>= 1;
            }
            TAG_SCOPE if depth == 0 && !in_scope => {
                if !redact.memory.is_harmless_scope(key) {
                    let entry = dictionary.get(key)?;
                    scope(redact, entry.words(), dictionary)?;
                    redact.memory.set_harmless_scope(entry);
                }
            }
            TAG_END => break,
            // Numbers of any length, which may be those of cards, and what is damaged.
            _ => return None,
        }
    }
    (depth == 0).then_some(())
}

/// The same for a scope, once.
#[cold]
#[inline(never)]
fn scope(redact: &mut Redact, body: &[u8], dictionary: &Dictionary) -> Option<()> {
    walk(redact, body, dictionary, true)
}

/// A text behind its length and encoding, if it is of one byte a character.
#[inline(always)]
fn inline<'a>(words: &mut Words<'a>) -> Option<&'a [u8]> {
    let word = words.word()?;
    if word & 3 != TEXT_LATIN1 {
        return None;
    }
    words.bytes((word >> 2) as usize)
}

/// Looks at a text as the pass does, within the same limits.
#[inline(always)]
fn text(redact: &mut Redact, bytes: &[u8]) -> Option<()> {
    if !redact.reads_text {
        return Some(());
    }
    #[cfg(test)]
    redact.may_panic(bytes);
    redact.scanned += bytes.len();
    let is_clean = bytes.len() <= redact.max_characters
        && !(redact.json_strings && json_text::may_be(bytes))
        && redact.scanned <= redact.max_scan_bytes
        && redact.scanner.is_clean(bytes);
    is_clean.then_some(())
}
