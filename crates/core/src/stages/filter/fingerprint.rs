//! What makes two events the same to a filter: a hash of some of their parts.

use serde::Deserialize;

use super::chance::mix;
use crate::stages::field_path::{FieldPath, Found};
use crate::wire::{Record, Text, Token, Tokens, Value};

/// One part of an event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Part {
    /// `message`
    Message,
    /// `level`
    Level,
    /// `logger`
    Logger,
    /// Any other name: a field.
    Field(FieldPath),
}

impl From<String> for Part {
    fn from(name: String) -> Self {
        match name.as_str() {
            "message" => Part::Message,
            "level" => Part::Level,
            "logger" => Part::Logger,
            path => Part::Field(FieldPath::new(path)),
        }
    }
}

const MULTIPLIER: u64 = 0x9fb2_1c65_1e98_df25;

/// Hashes parts of events. The same text has the same hash in whatever encoding it travels, and with one seed in
/// every process.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    parts: Vec<Part>,
    seed: u64,
}

impl Fingerprint {
    /// Of these parts. A seed that nobody can guess keeps others from making values that meet.
    pub fn new(parts: Vec<Part>, seed: u64) -> Self {
        Self { parts, seed }
    }

    /// The hash; `None` for an event that has neither a message nor any of the fields, where those are looked at.
    #[inline]
    pub fn of(&self, record: &Record<'_>) -> Option<u64> {
        let mut hash = self.seed;
        let (mut named, mut present) = (false, false);
        for part in &self.parts {
            hash = match part {
                Part::Level => number(hash, record.level().index() as u64),
                Part::Logger => bytes(
                    hash,
                    record.logger().map_or(&[], |name| name.text().as_bytes()),
                ),
                Part::Message => {
                    named = true;
                    let found = record.message_and_fields();
                    let found = found.0.map(|message| (message, found.1));
                    present |= matches!(found, Some((Value::Text(_), _)));
                    value(hash, found)
                }
                Part::Field(path) => {
                    named = true;
                    let found = path.find(record);
                    present |= found.is_some();
                    value(hash, found)
                }
            };
        }
        (present || !named).then(|| mix(hash))
    }
}

/// The hash of one value of an event, the same in every process.
pub fn hash_of(found: Found<'_>) -> u64 {
    mix(value(0, Some(found)))
}

fn value(hash: u64, found: Option<Found<'_>>) -> u64 {
    let Some((first, mut rest)) = found else {
        return number(hash, 0);
    };
    match first {
        Value::ObjectStart | Value::ArrayStart | Value::ErrorStart => {
            container(number(hash, 1), &mut rest)
        }
        scalar => one(hash, scalar),
    }
}

fn container(mut hash: u64, tokens: &mut Tokens<'_>) -> u64 {
    let outside = tokens.depth().saturating_sub(1);
    while tokens.depth() > outside {
        let Some(Token { key, value }) = tokens.next() else {
            break;
        };
        hash = bytes(hash, key.to_str().as_bytes());
        hash = one(hash, value);
    }
    hash
}

fn one(hash: u64, value: Value<'_>) -> u64 {
    match value {
        Value::Null => number(hash, 2),
        Value::Undefined => number(hash, 0),
        Value::Bool(flag) => number(hash, 3 + u64::from(flag)),
        Value::Int(int) => number(hash, f64::from(int).to_bits()),
        Value::Float(float) | Value::Date(float) => number(hash, float.to_bits()),
        Value::Text(text)
        | Value::BigInt(text)
        | Value::Function(text)
        | Value::Symbol(text)
        | Value::Marker(text) => hash_text(hash, text),
        Value::ObjectStart | Value::ArrayStart | Value::ErrorStart => number(hash, 1),
        Value::Close => number(hash, 5),
    }
}

#[inline]
fn hash_text(hash: u64, text: Text<'_>) -> u64 {
    match text {
        Text::Latin1(raw) if raw.is_ascii() => bytes(hash, raw),
        text => bytes(hash, text.to_str().as_bytes()),
    }
}

#[inline]
fn number(hash: u64, value: u64) -> u64 {
    let product = u128::from(hash ^ value ^ 0x2d35_8dcc_aa6c_78a5) * u128::from(MULTIPLIER);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Eight bytes at a time, folded by a multiplication, as wyhash does; the length tells ends apart.
#[inline]
fn bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk
            .first_chunk()
            .map_or(0, |&word| u64::from_le_bytes(word));
        hash = number(hash, word);
    }
    let mut tail = [0u8; 8];
    for (to, from) in tail.iter_mut().zip(chunks.remainder()) {
        *to = *from;
    }
    hash = number(hash, u64::from_le_bytes(tail));
    number(hash, bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::level::Level;
    use crate::wire::layout::KEY_NONE;
    use crate::wire::{Dictionary, RecordWriter, Records};

    fn parts(names: &[&str]) -> Fingerprint {
        let parts = names.iter().map(|&name| Part::from(name.to_owned()));
        Fingerprint::new(parts.collect(), 0)
    }

    #[test]
    fn text_is_the_same_in_every_encoding() {
        let mut dictionary = Dictionary::new();
        let interned = dictionary.intern("na\u{ef}ve and long enough");
        let text = "na\u{ef}ve and long enough";
        let units: Vec<u16> = text.encode_utf16().collect();
        let latin1: Vec<u8> = units.iter().map(|&unit| unit as u8).collect();
        let writers: [&dyn Fn(&mut RecordWriter); 4] = [
            &|writer| writer.message(text),
            &|writer| writer.utf16(KEY_NONE, &units),
            &|writer| writer.latin1(KEY_NONE, &latin1),
            &|writer| writer.string_ref(KEY_NONE, interned),
        ];
        let hashes: Vec<Option<u64>> = writers
            .iter()
            .map(|write| {
                let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
                write(&mut writer);
                let bytes = writer.finish();
                let record = Records::new(&bytes, &dictionary).next().unwrap();
                parts(&["message"]).of(&record)
            })
            .collect();
        assert!(hashes[0].is_some());
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
    }

    #[test]
    fn parts_tell_events_apart_and_absence_is_no_key() {
        let mut dictionary = Dictionary::new();
        let (user, app) = (dictionary.intern("user"), dictionary.intern("app"));
        let event = |level, logger, message: Option<&str>, value: Option<i32>| {
            let mut writer = RecordWriter::new(level, logger, 0.0);
            match message {
                Some(message) => writer.message(message),
                None => writer.no_message(),
            }
            if let Some(value) = value {
                writer.int(user, value);
            }
            writer.finish()
        };
        let hash = |names: &[&str], bytes: Vec<u8>| {
            let record = Records::new(&bytes, &dictionary).next().unwrap();
            parts(names).of(&record)
        };
        let plain = || event(Level::INFO, 0, Some("m"), Some(1));
        let all = ["level", "logger", "message", "user"];
        for other in [
            event(Level::WARNING, 0, Some("m"), Some(1)),
            event(Level::INFO, app, Some("m"), Some(1)),
            event(Level::INFO, 0, Some("n"), Some(1)),
            event(Level::INFO, 0, Some("m"), Some(2)),
            event(Level::INFO, 0, Some("m"), None),
        ] {
            assert_ne!(hash(&all, plain()), hash(&all, other));
        }
        let nothing = || event(Level::INFO, app, None, None);
        assert_eq!(hash(&["message"], nothing()), None);
        assert_eq!(hash(&["level", "message", "user"], nothing()), None);
        assert!(hash(&["level", "logger"], nothing()).is_some());
        assert!(hash(&["message", "user"], event(Level::INFO, 0, None, Some(1))).is_some());
    }
}
