//! Bytes → records → a flat, balanced stream of tokens, all borrowed.

use fapilog_ring::layout::{
    KIND_EVENT, PAD_FLAG, RECORD_HEADER_WORDS, UNIT_BYTES, WORD_KIND, WORD_LOGGER, WORD_TIME,
    WORD_UNITS,
};

use super::dictionary::{Dictionary, Entry};
use super::layout::*;
use super::text::{Key, Text};
use crate::level::Level;

const HEADER_BYTES: usize = RECORD_HEADER_WORDS * 4;

/// A `CLOSE` token.
const CLOSE_BYTES: &[u8] = &[TAG_CLOSE, 0, 0, 0];

#[inline(always)]
fn word_at(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

/// The records of a chunk copied out of a ring, in order. Ends at the first damaged header.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    chunk: &'a [u8],
    at: usize,
    dictionary: &'a Dictionary,
}

impl<'a> Records<'a> {
    /// Reads `chunk`, whose strings refer to `dictionary`.
    pub fn new(chunk: &'a [u8], dictionary: &'a Dictionary) -> Self {
        Self {
            chunk,
            at: 0,
            dictionary,
        }
    }

    /// Bytes of the chunk that were read so far.
    pub fn position(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        loop {
            let rest = self.chunk.get(self.at..)?;
            let units = word_at(rest, WORD_UNITS * 4)?;
            let bytes = ((units & !PAD_FLAG) as usize).checked_mul(UNIT_BYTES as usize)?;
            if units & PAD_FLAG != 0 {
                if bytes == 0 || bytes > rest.len() {
                    return None;
                }
                self.at += bytes;
                continue;
            }
            let header = rest.get(..HEADER_BYTES)?;
            let body = rest.get(HEADER_BYTES..bytes)?;
            self.at += bytes;
            let kind = word_at(header, WORD_KIND * 4)?;
            if kind as u8 != KIND_EVENT {
                continue;
            }
            let low = u64::from(word_at(header, WORD_TIME * 4)?);
            let high = u64::from(word_at(header, WORD_TIME * 4 + 4)?);
            return Some(Record {
                level: self.dictionary.levels().at((kind >> 8) as u8),
                flags: (kind >> 16) as u8,
                logger: word_at(header, WORD_LOGGER * 4)?,
                time_ms: f64::from_bits(high << 32 | low),
                body,
                dictionary: self.dictionary,
            });
        }
    }
}

/// One event, borrowed from the chunk.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    level: Level,
    flags: u8,
    logger: u32,
    time_ms: f64,
    body: &'a [u8],
    dictionary: &'a Dictionary,
}

impl<'a> Record<'a> {
    /// The level; `INFO` when it is outside the table, as it may be in damaged memory.
    pub fn level(&self) -> Level {
        self.level
    }

    /// `FLAG_…` bits set by the encoder.
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether all bits of `flag` are set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag == flag
    }

    /// Event time in milliseconds since the Unix epoch, as JavaScript's `Date.now()` gave it.
    pub fn time_ms(&self) -> f64 {
        self.time_ms
    }

    /// Dictionary id of the logger's name, or 0.
    pub fn logger_id(&self) -> u32 {
        self.logger
    }

    /// The tokens as bytes.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// What the record's ids refer to.
    pub fn dictionary(&self) -> &'a Dictionary {
        self.dictionary
    }

    /// The logger's name, if it has one.
    pub fn logger(&self) -> Option<&'a Entry> {
        self.dictionary.get(self.logger)
    }

    /// The message, and the tokens of the top-level fields (scope first). The message is `None` only in a
    /// damaged record; a call without a message carries [`Value::Undefined`].
    pub fn message_and_fields(&self) -> (Option<Value<'a>>, Tokens<'a>) {
        let mut tokens = self.tokens();
        let message = tokens.next().map(|token| token.value);
        (message, tokens)
    }

    /// All tokens: the message, then the top-level fields, scope first.
    #[inline(always)]
    pub fn tokens(&self) -> Tokens<'a> {
        Tokens {
            body: self.body,
            at: 0,
            depth: 0,
            damaged: false,
            dictionary: self.dictionary,
            outer: None,
        }
    }
}

/// One value, or the start or end of a container.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `undefined`: left out of objects, `null` in arrays, as `JSON.stringify` does.
    Undefined,
    /// A boolean.
    Bool(bool),
    /// A number that is a 32-bit integer (never -0).
    Int(i32),
    /// Any other number, NaN and infinities included.
    Float(f64),
    /// Decimal digits of a BigInt.
    BigInt(Text<'a>),
    /// A string.
    Text(Text<'a>),
    /// Milliseconds since the Unix epoch; NaN for an invalid date.
    Date(f64),
    /// The name of a function.
    Function(Text<'a>),
    /// The description of a symbol.
    Symbol(Text<'a>),
    /// What the encoder has to say instead of a value, such as `[Circular: $.a]`.
    Marker(Text<'a>),
    /// Start of an object; its entries have keys.
    ObjectStart,
    /// Start of an array; its elements have none.
    ArrayStart,
    /// Start of an Error: an object whose entries are `type`, `message`, `stack`, then `cause`, `errors`
    /// and the error's own properties.
    ErrorStart,
    /// End of the innermost open container.
    Close,
}

/// A key and a value.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// The key; [`Key::None`] in arrays and on [`Value::Close`].
    pub key: Key<'a>,
    /// The value.
    pub value: Value<'a>,
}

/// A flat stream of tokens. Always balanced: containers left open by damage are closed at the end, and a
/// `Close` without a container ends the stream.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    body: &'a [u8],
    at: usize,
    depth: u32,
    damaged: bool,
    dictionary: &'a Dictionary,
    /// Where to go on after the tokens of a scope.
    outer: Option<(&'a [u8], usize)>,
}

impl<'a> Tokens<'a> {
    /// Containers open at this point.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether the record turned out to be damaged.
    pub fn damaged(&self) -> bool {
        self.damaged
    }

    /// Skips the rest of the container that a start token has just opened, its `Close` included.
    pub fn skip_container(&mut self) {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if self.next().is_none() {
                break;
            }
        }
    }

    #[inline(always)]
    /// Goes on with the tokens of a scope; they stand at the top level and refer to no other scope.
    fn enter_scope(&mut self, id: u32) {
        match self.dictionary.get(id) {
            Some(entry) if self.outer.is_none() && self.depth == 0 => {
                self.outer = Some((self.body, self.at));
                (self.body, self.at) = (entry.words(), 0);
            }
            _ => self.damaged = true,
        }
    }

    fn word(&mut self) -> Option<u32> {
        let word = word_at(self.body, self.at)?;
        self.at += 4;
        Some(word)
    }

    #[inline(always)]
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.body.get(self.at..self.at.checked_add(len)?)?;
        self.at += len.next_multiple_of(4);
        Some(bytes)
    }

    #[inline]
    fn text(&mut self) -> Option<Text<'a>> {
        let word = self.word()?;
        let bytes = self.bytes((word >> 2) as usize)?;
        match word & 3 {
            TEXT_LATIN1 => Some(Text::Latin1(bytes)),
            TEXT_UTF16 => Some(Text::Utf16(bytes)),
            TEXT_UTF8 => std::str::from_utf8(bytes).ok().map(Text::Utf8),
            _ => None,
        }
    }

    #[inline(always)]
    fn string(&mut self, tag: u8) -> Option<Text<'a>> {
        let len = self.word()? as usize;
        let bytes = self.bytes(len)?;
        match tag {
            TAG_STRING_LATIN1 => Some(Text::Latin1(bytes)),
            TAG_STRING_UTF16 => Some(Text::Utf16(bytes)),
            _ => std::str::from_utf8(bytes).ok().map(Text::Utf8),
        }
    }

    #[inline(always)]
    fn float(&mut self) -> Option<f64> {
        let low = u64::from(self.word()?);
        let high = u64::from(self.word()?);
        Some(f64::from_bits(high << 32 | low))
    }

    /// The next token and the bytes it was read from, which mean the same wherever they stand in a record
    /// (the tokens of a scope included).
    #[inline(always)]
    pub fn next_with_bytes(&mut self) -> Option<(Token<'a>, &'a [u8])> {
        if !self.damaged {
            if let Some((tag, key)) = self.read_word() {
                let from = self.at - 4;
                let token = self.read_payload(tag, key);
                self.damaged |= token.is_none();
                if let Some(token) = token {
                    return Some((token, self.body.get(from..self.at).unwrap_or_default()));
                }
            }
        }
        self.close_damaged().map(|token| (token, CLOSE_BYTES))
    }

    #[inline(always)]
    fn read(&mut self) -> Option<Token<'a>> {
        let (tag, key) = self.read_word()?;
        let token = self.read_payload(tag, key);
        self.damaged |= token.is_none();
        token
    }

    /// Tag and key of the next token, going into and out of scopes.
    #[inline(always)]
    fn read_word(&mut self) -> Option<(u8, u32)> {
        let (tag, word) = loop {
            let word = word_at(self.body, self.at).unwrap_or(u32::from(TAG_END));
            let tag = word as u8;
            if tag == TAG_END {
                self.damaged |= self.depth > 0;
                match self.outer.take() {
                    Some((body, at)) if !self.damaged => (self.body, self.at) = (body, at),
                    _ => return None,
                }
            } else if tag == TAG_SCOPE {
                self.at += 4;
                self.enter_scope(word >> 8);
                if self.damaged {
                    return None;
                }
            } else {
                break (tag, word);
            }
        };
        self.at += 4;
        Some((tag, word >> 8))
    }

    /// Closes what damage has left open.
    #[cold]
    fn close_damaged(&mut self) -> Option<Token<'a>> {
        if !self.damaged || self.depth == 0 {
            return None;
        }
        self.at = self.body.len();
        self.depth -= 1;
        Some(Token {
            key: Key::None,
            value: Value::Close,
        })
    }

    #[inline(always)]
    fn read_payload(&mut self, tag: u8, key: u32) -> Option<Token<'a>> {
        let key = match key {
            KEY_NONE => Key::None,
            KEY_INLINE => Key::Inline(self.text()?),
            id => Key::Interned(self.dictionary.get(id)?),
        };
        let value = match tag {
            TAG_STRING_REF => {
                let id = self.word()?;
                Value::Text(Text::Interned(self.dictionary.get(id)?))
            }
            TAG_STRING_LATIN1 | TAG_STRING_UTF16 | TAG_STRING_UTF8 => {
                Value::Text(self.string(tag)?)
            }
            TAG_INT32 => Value::Int(self.word()? as i32),
            TAG_FLOAT64 => Value::Float(self.float()?),
            TAG_NULL => Value::Null,
            TAG_UNDEFINED => Value::Undefined,
            TAG_FALSE => Value::Bool(false),
            TAG_TRUE => Value::Bool(true),
            TAG_DATE => Value::Date(self.float()?),
            TAG_BIGINT => Value::BigInt(self.text()?),
            TAG_FUNCTION => Value::Function(self.text()?),
            TAG_SYMBOL => Value::Symbol(self.text()?),
            TAG_MARKER => Value::Marker(self.text()?),
            TAG_OBJECT_START => {
                self.depth += 1;
                Value::ObjectStart
            }
            TAG_ARRAY_START => {
                self.depth += 1;
                Value::ArrayStart
            }
            TAG_ERROR_START => {
                self.depth += 1;
                Value::ErrorStart
            }
            TAG_CLOSE => {
                self.depth = self.depth.checked_sub(1)?;
                Value::Close
            }
            _ => return None,
        };
        Some(Token { key, value })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Token<'a>> {
        if !self.damaged {
            if let Some(token) = self.read() {
                return Some(token);
            }
        }
        self.close_damaged()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::super::encode::RecordWriter;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_written_record_reads_back() {
        let mut dictionary = Dictionary::new();
        let key = dictionary.intern("hello");
        let mut writer = RecordWriter::new(Level::ERROR, 0, 12.5);
        writer.message("hi");
        writer.string(key, "wörld");
        writer.int(key, -3);
        writer.open_object(key);
        writer.float(key, 0.5);
        writer.close();
        let bytes = writer.finish();
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        assert_eq!(record.level(), Level::ERROR);
        assert_eq!(record.time_ms(), 12.5);
        let (message, tokens) = record.message_and_fields();
        assert!(matches!(message, Some(Value::Text(text)) if text.to_str() == "hi"));
        let seen: Vec<String> = tokens
            .map(|t| format!("{}={:?}", t.key.to_str(), t.value))
            .collect();
        assert_eq!(seen.len(), 5);
        assert!(seen[1].contains("Int(-3)"));
    }

    #[test]
    fn open_containers_of_a_damaged_record_are_closed() {
        let mut dictionary = Dictionary::new();
        let key = dictionary.intern("a");
        let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
        writer.message("m");
        writer.open_object(key);
        writer.open_array(key);
        let bytes = writer.finish();
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        let (_, mut tokens) = record.message_and_fields();
        let mut depth = 0i32;
        for token in tokens.by_ref() {
            match token.value {
                Value::ObjectStart | Value::ArrayStart => depth += 1,
                Value::Close => depth -= 1,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        assert!(tokens.damaged());
    }

    #[test]
    fn the_tokens_of_a_scope_stand_where_it_is_referred_to() {
        let mut dictionary = Dictionary::new();
        let key = dictionary.intern("a");
        let mut scope = RecordWriter::new(Level::INFO, 0, 0.0);
        scope.int(key, 1);
        let id = dictionary.intern_words(&scope.finish()[24..32]);
        let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
        writer.message("m");
        writer.scope(id);
        writer.int(key, 2);
        writer.scope(99);
        let bytes = writer.finish();
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        let (_, mut tokens) = record.message_and_fields();
        let seen: Vec<i32> = tokens
            .by_ref()
            .map(|token| match token.value {
                Value::Int(value) => value,
                _ => -1,
            })
            .collect();
        assert_eq!(seen, [1, 2]);
        assert!(tokens.damaged());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_stay_balanced(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let mut dictionary = Dictionary::new();
            dictionary.extend(&bytes);
            dictionary.intern("k");
            let mut chunk = bytes.clone();
            if chunk.len() >= 24 {
                let units = (chunk.len() / 8) as u32;
                chunk[..4].copy_from_slice(&units.to_le_bytes());
                chunk[8] = KIND_EVENT;
            }
            for record in Records::new(&chunk, &dictionary) {
                let (_, tokens) = record.message_and_fields();
                let mut depth = 0i64;
                for token in tokens {
                    match token.value {
                        Value::ObjectStart | Value::ArrayStart | Value::ErrorStart => depth += 1,
                        Value::Close => depth -= 1,
                        Value::Text(text) | Value::Marker(text) => { text.to_str(); }
                        _ => {}
                    }
                    prop_assert!(depth >= 0);
                }
                prop_assert_eq!(depth, 0);
            }
        }
    }
}
