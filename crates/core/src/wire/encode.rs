//! Writes records as the TypeScript encoder does: for the pipeline's own events (drop reports), for tests,
//! benches and fuzzing.

use fapilog_ring::layout::{
    KIND_EVENT, RECORD_HEADER_WORDS, UNIT_BYTES, WORD_KIND, WORD_LOGGER, WORD_TIME, WORD_UNITS,
};

use super::layout::*;
use crate::level::Level;

/// Builds one record.
#[derive(Clone, Debug)]
pub struct RecordWriter {
    bytes: Vec<u8>,
}

impl RecordWriter {
    /// Starts a record of `level` at `time_ms`; `logger` is a dictionary id or 0.
    pub fn new(level: Level, logger: u32, time_ms: f64) -> Self {
        let mut bytes = vec![0u8; RECORD_HEADER_WORDS * 4];
        let kind = u32::from(KIND_EVENT) | u32::from(level.0) << 8;
        bytes[WORD_KIND * 4..WORD_KIND * 4 + 4].copy_from_slice(&kind.to_le_bytes());
        bytes[WORD_LOGGER * 4..WORD_LOGGER * 4 + 4].copy_from_slice(&logger.to_le_bytes());
        bytes[WORD_TIME * 4..WORD_TIME * 4 + 8].copy_from_slice(&time_ms.to_bits().to_le_bytes());
        Self { bytes }
    }

    /// Sets `FLAG_…` bits.
    pub fn flag(&mut self, flag: u8) {
        self.bytes[WORD_KIND * 4 + 2] |= flag;
    }

    /// Writes the message; must come first.
    pub fn message(&mut self, text: &str) {
        self.string(KEY_NONE, text);
    }

    /// Writes a call without a message; must come first.
    pub fn no_message(&mut self) {
        self.token(TAG_UNDEFINED, KEY_NONE);
    }

    /// Writes a token without a payload, such as `TAG_NULL` or `TAG_TRUE`.
    pub fn token(&mut self, tag: u8, key: u32) {
        self.word(u32::from(tag) | key << 8);
    }

    /// Writes a token word for a key that travels inline.
    pub fn token_inline(&mut self, tag: u8, key: &str) {
        self.token(tag, KEY_INLINE);
        self.text(key);
    }

    /// Writes a UTF-8 string.
    pub fn string(&mut self, key: u32, text: &str) {
        self.token(TAG_STRING_UTF8, key);
        self.sized(text.as_bytes());
    }

    /// Writes a string of one-byte code units.
    pub fn latin1(&mut self, key: u32, bytes: &[u8]) {
        self.token(TAG_STRING_LATIN1, key);
        self.sized(bytes);
    }

    /// Writes a string of UTF-16 code units.
    pub fn utf16(&mut self, key: u32, units: &[u16]) {
        self.token(TAG_STRING_UTF16, key);
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        self.sized(&bytes);
    }

    /// Writes a reference to an interned string.
    pub fn string_ref(&mut self, key: u32, id: u32) {
        self.token(TAG_STRING_REF, key);
        self.word(id);
    }

    /// Writes a 32-bit integer.
    pub fn int(&mut self, key: u32, value: i32) {
        self.token(TAG_INT32, key);
        self.word(value as u32);
    }

    /// Writes a double.
    pub fn float(&mut self, key: u32, value: f64) {
        self.token(TAG_FLOAT64, key);
        self.bytes.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    /// Writes a date.
    pub fn date(&mut self, key: u32, ms: f64) {
        self.token(TAG_DATE, key);
        self.bytes.extend_from_slice(&ms.to_bits().to_le_bytes());
    }

    /// Writes a tag whose payload is a text: `TAG_BIGINT`, `TAG_FUNCTION`, `TAG_SYMBOL` or `TAG_MARKER`.
    pub fn tagged_text(&mut self, tag: u8, key: u32, text: &str) {
        self.token(tag, key);
        self.text(text);
    }

    /// Opens an object.
    pub fn open_object(&mut self, key: u32) {
        self.token(TAG_OBJECT_START, key);
    }

    /// Opens an array.
    pub fn open_array(&mut self, key: u32) {
        self.token(TAG_ARRAY_START, key);
    }

    /// Opens an Error.
    pub fn open_error(&mut self, key: u32) {
        self.token(TAG_ERROR_START, key);
    }

    /// Refers to the tokens of a scope in the dictionary.
    pub fn scope(&mut self, id: u32) {
        self.token(TAG_SCOPE, id);
    }

    /// Closes the innermost container.
    pub fn close(&mut self) {
        self.token(TAG_CLOSE, KEY_NONE);
    }

    /// Pads the record to a whole unit, writes its size and returns its bytes.
    pub fn finish(mut self) -> Vec<u8> {
        let unit = UNIT_BYTES as usize;
        self.bytes
            .resize(self.bytes.len().next_multiple_of(unit), 0);
        let units = u32::try_from(self.bytes.len() / unit).unwrap_or(u32::MAX);
        self.bytes[WORD_UNITS * 4..WORD_UNITS * 4 + 4].copy_from_slice(&units.to_le_bytes());
        self.bytes
    }

    fn word(&mut self, word: u32) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.word(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.padded(bytes);
    }

    fn text(&mut self, text: &str) {
        self.word(u32::try_from(text.len()).unwrap_or(u32::MAX) << 2 | TEXT_UTF8);
        self.padded(text.as_bytes());
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
