//! Writes records as the TypeScript encoder does: for events that a stage has changed, for the pipeline's own
//! (drop reports), for tests, benches and fuzzing.

use fapilog_ring::layout::{
    KIND_EVENT, RECORD_HEADER_WORDS, UNIT_BYTES, WORD_KIND, WORD_LOGGER, WORD_TIME, WORD_UNITS,
};

use super::decode::Record;
use super::layout::*;
use crate::level::Level;

/// Builds one record, or one after the other in the same memory.
#[derive(Clone, Debug, Default)]
pub struct RecordWriter {
    bytes: Vec<u8>,
}

fn header(level: Level, flags: u8, logger: u32, time_ms: f64) -> [u8; RECORD_HEADER_WORDS * 4] {
    let mut header = [0u8; RECORD_HEADER_WORDS * 4];
    let kind = u32::from(KIND_EVENT) | (level.index() as u32) << 8 | u32::from(flags) << 16;
    header[WORD_KIND * 4..WORD_KIND * 4 + 4].copy_from_slice(&kind.to_le_bytes());
    header[WORD_LOGGER * 4..WORD_LOGGER * 4 + 4].copy_from_slice(&logger.to_le_bytes());
    header[WORD_TIME * 4..WORD_TIME * 4 + 8].copy_from_slice(&time_ms.to_bits().to_le_bytes());
    header
}

/// Appends a record that was read, as it is.
pub fn append_record(record: &Record<'_>, out: &mut Vec<u8>) {
    let body = record.body();
    let bytes = (RECORD_HEADER_WORDS * 4 + body.len()).next_multiple_of(UNIT_BYTES as usize);
    let units = u32::try_from(bytes / UNIT_BYTES as usize).unwrap_or(u32::MAX);
    let mut header = header(
        record.level(),
        record.flags(),
        record.logger_id(),
        record.time_ms(),
    );
    header[WORD_UNITS * 4..WORD_UNITS * 4 + 4].copy_from_slice(&units.to_le_bytes());
    let end = out.len() + bytes;
    out.extend_from_slice(&header);
    out.extend_from_slice(body);
    out.resize(end, 0);
}

impl RecordWriter {
    /// Bytes of a record before its first token.
    pub const HEADER_BYTES: usize = RECORD_HEADER_WORDS * 4;

    /// Starts a record of `level` at `time_ms`; `logger` is a dictionary id or 0.
    pub fn new(level: Level, logger: u32, time_ms: f64) -> Self {
        let mut writer = Self::default();
        writer.start(level, 0, logger, time_ms);
        writer
    }

    /// Forgets what was written and starts another record.
    pub fn restart(&mut self, level: Level, logger: u32, time_ms: f64) {
        self.start(level, 0, logger, time_ms);
    }

    /// Forgets what was written and starts a record with the header of another one.
    pub fn start_like(&mut self, record: &Record<'_>) {
        self.start(
            record.level(),
            record.flags(),
            record.logger_id(),
            record.time_ms(),
        );
    }

    fn start(&mut self, level: Level, flags: u8, logger: u32, time_ms: f64) {
        self.bytes.clear();
        self.bytes
            .extend_from_slice(&header(level, flags, logger, time_ms));
    }

    /// Sets the level of the record that was started.
    pub fn set_level(&mut self, level: Level) {
        if let Some(byte) = self.bytes.get_mut(WORD_KIND * 4 + 1) {
            *byte = level.index() as u8;
        }
    }

    /// Sets the time of the record that was started, in milliseconds since the Unix epoch.
    pub fn set_time(&mut self, time_ms: f64) {
        if let Some(word) = self.bytes.get_mut(WORD_TIME * 4..WORD_TIME * 4 + 8) {
            word.copy_from_slice(&time_ms.to_bits().to_le_bytes());
        }
    }

    /// Copies a token as [`Tokens::next_with_bytes`](super::Tokens::next_with_bytes) gave it.
    pub fn copy(&mut self, token: &[u8]) {
        self.bytes.extend_from_slice(token);
    }

    /// Starts a token with the key of one that was read: its word, and the key's name if that travels inline.
    /// `token` are the bytes it was read from.
    pub fn token_like(&mut self, tag: u8, token: &[u8]) {
        let (word, rest) = token.split_at_checked(4).unwrap_or_default();
        self.bytes.push(tag);
        self.bytes
            .extend_from_slice(word.get(1..).unwrap_or(&[0; 3]));
        if word.get(1..) == Some(&KEY_INLINE.to_le_bytes()[..3]) {
            let len = rest
                .first_chunk()
                .map_or(0, |&size| (u32::from_le_bytes(size) >> 2) as usize);
            let padded = 4 + len.next_multiple_of(4);
            self.bytes
                .extend_from_slice(rest.get(..padded).unwrap_or_default());
        }
    }

    /// Copies a token as [`Tokens::next_with_bytes`](super::Tokens::next_with_bytes) gave it, under another key.
    pub fn copy_as(&mut self, token: &[u8], key: u32) {
        let from = self.bytes.len();
        self.token_like(token.first().copied().unwrap_or(TAG_NULL), token);
        let head = self.bytes.len() - from;
        self.bytes.truncate(from);
        self.token(token.first().copied().unwrap_or(TAG_NULL), key);
        self.copy(token.get(head..).unwrap_or_default());
    }

    /// A string in the place of a token that was read, under its key.
    pub fn string_like(&mut self, token: &[u8], text: &str) {
        self.token_like(TAG_STRING_UTF8, token);
        self.sized(text.as_bytes());
    }

    /// What the pipeline has to say in the place of a token that was read, under its key.
    pub fn marker_like(&mut self, token: &[u8], text: &str) {
        self.text_like(TAG_MARKER, token, text);
    }

    /// Another payload that is a text (`TAG_MARKER`, `TAG_BIGINT`, …) in the place of a token, under its key.
    pub fn text_like(&mut self, tag: u8, token: &[u8], text: &str) {
        self.token_like(tag, token);
        self.text(text);
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

    /// Writes a token word whose key, if any, travels inline.
    pub fn token_under(&mut self, tag: u8, key: Option<&str>) {
        match key {
            Some(key) => self.token_inline(tag, key),
            None => self.token(tag, KEY_NONE),
        }
    }

    /// Writes a string whose key, if any, travels inline; as Latin-1, which is read faster, if it is ASCII.
    pub fn string_under(&mut self, key: Option<&str>, text: &str) {
        let tag = if text.is_ascii() {
            TAG_STRING_LATIN1
        } else {
            TAG_STRING_UTF8
        };
        self.token_under(tag, key);
        self.sized(text.as_bytes());
    }

    /// Writes a marker whose key, if any, travels inline.
    pub fn marker_under(&mut self, key: Option<&str>, text: &str) {
        self.token_under(TAG_MARKER, key);
        self.text(text);
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
        self.complete();
        self.bytes
    }

    /// As [`RecordWriter::finish`], keeping the memory for the next record.
    pub fn complete(&mut self) -> &[u8] {
        let unit = UNIT_BYTES as usize;
        self.bytes
            .resize(self.bytes.len().next_multiple_of(unit), 0);
        let units = u32::try_from(self.bytes.len() / unit).unwrap_or(u32::MAX);
        if let Some(word) = self.bytes.get_mut(WORD_UNITS * 4..WORD_UNITS * 4 + 4) {
            word.copy_from_slice(&units.to_le_bytes());
        }
        &self.bytes
    }

    /// The record that was completed last.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn word(&mut self, word: u32) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.word(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.padded(bytes);
    }

    fn text(&mut self, text: &str) {
        let encoding = if text.is_ascii() {
            TEXT_LATIN1
        } else {
            TEXT_UTF8
        };
        self.word(u32::try_from(text.len()).unwrap_or(u32::MAX) << 2 | encoding);
        self.padded(text.as_bytes());
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
