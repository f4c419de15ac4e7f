//! An event that comes back from a plugin: the canonical event as JSON → a record again.
//!
//! `{ timestamp, level, message, logger, context, diagnostics, data }`, as `format::json` writes it. What is
//! missing or of the wrong type stays as it was in the event that the plugin was given; the logger's name cannot
//! be changed. Dates, BigInts and the like come back as the strings they were shown as.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::decode::{Record, Value};
use super::encode::RecordWriter;
use super::layout::{
    CONTEXT_KEYS, FLAG_CONTEXT, FLAG_ENVELOPE, FLAG_ERROR, FLAG_SCOPED, TAG_ARRAY_START,
    TAG_ERROR_START, TAG_FALSE, TAG_FLOAT64, TAG_INT32, TAG_NULL, TAG_OBJECT_START, TAG_TRUE,
};

/// Key of a top-level object whose entries belong to the envelope's `context`, beside the fields known there by
/// name. It means so only in records with `FLAG_ENVELOPE`, which no encoder sets: a user's key cannot pass for it.
pub const CONTEXT: &str = "\u{0}context";
/// The same for `diagnostics`.
pub const DIAGNOSTICS: &str = "\u{0}diagnostics";

/// The longest nesting that is read; deeper ones are an error.
const MAX_DEPTH: u32 = 128;
/// What the envelope says about itself and makes anew for every line.
const OWN_DIAGNOSTICS: [&str; 3] = ["origin", "truncated", "damaged"];

/// Writes the event in `json`, which a plugin made of `original`, into `out`.
///
/// # Errors
/// A text for people when `json` is no object, or nested deeper than 128 levels; `out` is of no use then.
pub fn write_event(
    json: &str,
    original: &Record<'_>,
    out: &mut RecordWriter,
) -> Result<(), String> {
    out.start_like(original);
    if !json.trim_start().starts_with('{') {
        return Err("an event must be an object".to_owned());
    }
    let mut parts = serde_json::from_str::<Parts<'_>>(json).map_err(|e| e.to_string())?;
    out.flag(FLAG_SCOPED | FLAG_ENVELOPE);
    if let Some(time_ms) = parts.time_ms() {
        out.set_time(time_ms);
    }
    if let Some(level) = parts
        .text(parts.level)
        .and_then(|name| original.dictionary().levels().from_name(&name))
    {
        out.set_level(level);
    }
    match parts.text(parts.message) {
        Some(message) => out.message(&message),
        None => copy_message(original, out),
    }
    for (section, raw) in [
        (Section::Context, parts.context.take()),
        (Section::Diagnostics, parts.diagnostics.take()),
        (Section::Data, parts.data.take()),
    ] {
        if let Some(raw) = raw {
            section.write(raw, out)?;
        }
    }
    Ok(())
}

fn copy_message(original: &Record<'_>, out: &mut RecordWriter) {
    let mut tokens = original.tokens();
    match tokens.next_with_bytes() {
        Some((token, bytes))
            if !matches!(
                token.value,
                Value::ObjectStart | Value::ArrayStart | Value::ErrorStart
            ) =>
        {
            out.copy(bytes);
        }
        _ => out.no_message(),
    }
}

/// The sections of a canonical event, not read yet.
#[derive(Default, serde::Deserialize)]
struct Parts<'a> {
    #[serde(borrow, default)]
    timestamp: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    level: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    context: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    diagnostics: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a serde_json::value::RawValue>,
}

impl Parts<'_> {
    fn text(&self, raw: Option<&serde_json::value::RawValue>) -> Option<String> {
        serde_json::from_str(raw?.get()).ok()
    }

    fn time_ms(&self) -> Option<f64> {
        let time: jiff::Timestamp = self.text(self.timestamp)?.parse().ok()?;
        Some(time.as_millisecond() as f64)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Context,
    Diagnostics,
    Data,
}

impl Section {
    fn write(
        self,
        raw: &serde_json::value::RawValue,
        out: &mut RecordWriter,
    ) -> Result<(), String> {
        if !raw.get().starts_with('{') {
            return Ok(());
        }
        // Known names come before the others, which share one object.
        for others in [false, true] {
            if others && self == Section::Data {
                break;
            }
            let entries = Entries {
                section: self,
                others,
                out: &mut *out,
            };
            entries
                .deserialize(&mut serde_json::Deserializer::from_str(raw.get()))
                .map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Whether an entry of this name has a place of its own in a record.
    fn knows(self, key: &str) -> bool {
        match self {
            Section::Context => CONTEXT_KEYS.contains(&key),
            Section::Diagnostics => key == "exception",
            Section::Data => true,
        }
    }

    fn container(self) -> &'static str {
        match self {
            Section::Diagnostics => DIAGNOSTICS,
            _ => CONTEXT,
        }
    }
}

/// The entries of a section.
struct Entries<'w> {
    section: Section,
    others: bool,
    out: &'w mut RecordWriter,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Entries {
            section,
            others,
            out,
        } = self;
        let mut opened = false;
        while let Some(key) = map.next_key::<String>()? {
            let own = section == Section::Diagnostics && OWN_DIAGNOSTICS.contains(&key.as_str());
            if own || section.knows(&key) == others {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if others && !opened {
                out.token_inline(TAG_OBJECT_START, section.container());
                opened = true;
            }
            let exception = section == Section::Diagnostics && !others;
            if section == Section::Context && !others {
                out.flag(FLAG_CONTEXT);
            }
            if exception {
                out.flag(FLAG_ERROR);
            }
            map.next_value_seed(Entry {
                key: Some(if exception { "err" } else { key.as_str() }),
                error: exception,
                depth: 0,
                out: &mut *out,
            })?;
        }
        if opened {
            out.close();
        }
        Ok(())
    }
}

/// One value, under its key or in an array.
struct Entry<'k, 'w> {
    key: Option<&'k str>,
    /// The value is an Error, if it is an object.
    error: bool,
    depth: u32,
    out: &'w mut RecordWriter,
}

impl Entry<'_, '_> {
    fn token(&mut self, tag: u8) {
        self.out.token_under(tag, self.key);
    }

    fn deeper<E: serde::de::Error>(&self) -> Result<u32, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom("nested too deep"));
        }
        Ok(self.depth + 1)
    }
}

impl<'de> DeserializeSeed<'de> for Entry<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(mut self) -> Result<(), E> {
        self.token(TAG_NULL);
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(mut self, value: bool) -> Result<(), E> {
        self.token(if value { TAG_TRUE } else { TAG_FALSE });
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(mut self, value: i64) -> Result<(), E> {
        match i32::try_from(value) {
            Ok(value) => {
                self.token(TAG_INT32);
                self.out.copy(&value.to_le_bytes());
                Ok(())
            }
            // What JavaScript had was a double.
            Err(_) => self.visit_f64(value as f64),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => self.visit_f64(value as f64),
        }
    }

    fn visit_f64<E: serde::de::Error>(mut self, value: f64) -> Result<(), E> {
        self.token(TAG_FLOAT64);
        self.out.copy(&value.to_bits().to_le_bytes());
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.out.string_under(self.key, value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        let Entry { key, out, .. } = self;
        out.token_under(TAG_ARRAY_START, key);
        while seq
            .next_element_seed(Entry {
                key: None,
                error: false,
                depth,
                out: &mut *out,
            })?
            .is_some()
        {}
        out.close();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        let Entry {
            key, error, out, ..
        } = self;
        let start = if error && key.is_some() {
            TAG_ERROR_START
        } else {
            TAG_OBJECT_START
        };
        out.token_under(start, key);
        while let Some(name) = map.next_key::<String>()? {
            map.next_value_seed(Entry {
                key: Some(&name),
                // The causes of an Error are shown as it is.
                error: error && name == "cause",
                depth,
                out: &mut *out,
            })?;
        }
        out.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::format::{FormatKind, FormatOptions};
    use crate::level::Level;
    use crate::wire::{Dictionary, Records};

    fn original(dictionary: &mut Dictionary) -> Vec<u8> {
        let name = dictionary.intern("app");
        let (user, id) = (
            dictionary.intern("user"),
            dictionary.intern("correlation_id"),
        );
        let mut writer = RecordWriter::new(Level::INFO, name, 1_767_323_045_678.0);
        writer.flag(FLAG_CONTEXT);
        writer.message("placed");
        writer.string(id, "c-1");
        writer.string(user, "ann");
        writer.finish()
    }

    fn line(record: &Record<'_>, kind: FormatKind) -> String {
        let mut out = Vec::new();
        crate::format::build(kind, &FormatOptions::default()).write(record, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn changed(json: &str, kind: FormatKind) -> String {
        let mut dictionary = Dictionary::new();
        let bytes = original(&mut dictionary);
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        let mut out = RecordWriter::default();
        write_event(json, &record, &mut out).unwrap();
        out.complete();
        let record = Records::new(out.bytes(), &dictionary).next().unwrap();
        line(&record, kind)
    }

    #[test]
    fn what_the_json_format_shows_comes_back_the_same() {
        let mut dictionary = Dictionary::new();
        let bytes = original(&mut dictionary);
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        let shown = line(&record, FormatKind::Json);
        assert_eq!(changed(&shown, FormatKind::Json), shown);
    }

    #[test]
    fn every_section_can_be_changed() {
        let event = r#"{"timestamp":"2026-01-02T03:04:06.000Z","level":"error","message":"late","logger":"forged",
            "context":{"region":"eu","request_id":"r-1"},
            "diagnostics":{"origin":"x","exception":{"type":"E","message":"m","cause":{"type":"C","message":"c"}},"tries":2},
            "data":{"n":1,"big":5000000000,"f":0.5,"a":[true,null,"x",{"b":[]}]}}"#;
        let json = changed(event, FormatKind::Json);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["timestamp"], "2026-01-02T03:04:06.000Z");
        assert_eq!(value["level"], "ERROR");
        assert_eq!(value["logger"], "app");
        assert_eq!(value["context"]["region"], "eu");
        assert_eq!(value["context"]["request_id"], "r-1");
        assert_eq!(value["diagnostics"]["origin"], "native");
        assert_eq!(value["diagnostics"]["tries"], 2);
        assert_eq!(value["diagnostics"]["exception"]["cause"]["message"], "c");
        assert_eq!(
            value["data"].to_string(),
            r#"{"a":[true,null,"x",{"b":[]}],"big":5000000000.0,"f":0.5,"n":1}"#
                .replace(".0,", ",")
        );
        let pino: serde_json::Value =
            serde_json::from_str(&changed(event, FormatKind::Pino)).unwrap();
        assert_eq!(pino["context"]["region"], "eu");
        assert_eq!(pino["request_id"], "r-1");
        assert_eq!(pino["level"], 50);
    }

    #[test]
    fn what_is_missing_or_wrong_stays_as_it_was() {
        let json = changed(
            r#"{"level":"loud","timestamp":5,"message":7,"data":"none","context":[]}"#,
            FormatKind::Json,
        );
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["timestamp"], "2026-01-02T03:04:05.678Z");
        assert_eq!(value["level"], "INFO");
        assert_eq!(value["message"], "placed");
        assert_eq!(value["data"].to_string(), "{}");
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        let mut dictionary = Dictionary::new();
        let bytes = original(&mut dictionary);
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        let deep = format!(
            "{{\"data\":{{\"a\":{}{}}}}}",
            "[".repeat(500),
            "]".repeat(500)
        );
        for json in ["", "7", "null", "[1]", "{\"data\":{", &deep] {
            assert!(
                write_event(json, &record, &mut RecordWriter::default()).is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn a_users_key_does_not_pass_for_a_section() {
        let mut dictionary = Dictionary::new();
        let mut writer = RecordWriter::new(Level::INFO, 0, 0.0);
        writer.flag(FLAG_SCOPED);
        writer.message("m");
        writer.token_inline(TAG_OBJECT_START, CONTEXT);
        writer.close();
        let bytes = writer.finish();
        dictionary.intern("x");
        let record = Records::new(&bytes, &dictionary).next().unwrap();
        let json = line(&record, FormatKind::Json);
        assert!(json.contains(r#""data":{"\u0000context":{}}"#), "{json}");
    }
}
