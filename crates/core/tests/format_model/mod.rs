//! Arbitrary events, and what JSON has to say about them.

use std::fmt;

use fapilog_core::level::Level;
use fapilog_core::wire::layout::*;
use fapilog_core::wire::{Dictionary, RecordWriter};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// JSON with the order of keys; reading an object that has a key twice fails.
#[derive(Clone, Debug)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn string(text: &str) -> Json {
        Json::String(text.to_owned())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Json) -> bool {
        match (self, other) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(a), Json::Bool(b)) => a == b,
            // serde_json may be off by the last bit; exactness is the oracle test's business.
            (Json::Number(a), Json::Number(b)) => {
                a == b || ((a - b) / a).abs() < 1e-15 || (a - b).abs() < 1e-320
            }
            (Json::String(a), Json::String(b)) => a == b,
            (Json::Array(a), Json::Array(b)) => a == b,
            (Json::Object(a), Json::Object(b)) => a == b,
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::string(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        while let Some((key, value)) = access.next_entry::<String, Json>()? {
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom(format!("key {key:?} comes twice")));
            }
            entries.push((key, value));
        }
        Ok(Json::Object(entries))
    }
}

/// How a string travels.
#[derive(Clone, Copy, Debug)]
pub enum Encoding {
    /// One-byte units if all characters fit, else UTF-16.
    Narrowest,
    Utf16,
    Utf8,
    Interned,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Node {
    Null,
    Undefined,
    Bool(bool),
    Int(i32),
    Float(f64),
    BigInt(i128),
    String(String, Encoding),
    Date(i64),
    Function(String),
    Symbol(String),
    Marker(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
    /// Fields in the order of the encoder: `type`, `message`, `stack`, `cause`, `errors`, own properties.
    Error {
        fields: Vec<(String, Node)>,
    },
}

impl Node {
    /// The envelope's JSON; only what is not undefined has one.
    pub fn json(&self) -> Json {
        let kept = |fields: &[(String, Node)]| -> Vec<(String, Json)> {
            let mut entries: Vec<(String, Json)> = Vec::new();
            for (key, node) in fields {
                let undefined = matches!(node, Node::Undefined);
                if !undefined && !entries.iter().any(|(known, _)| known == key) {
                    entries.push((key.clone(), node.json()));
                }
            }
            entries
        };
        match self {
            Node::Null | Node::Undefined => Json::Null,
            Node::Bool(value) => Json::Bool(*value),
            Node::Int(value) => Json::Number(f64::from(*value)),
            Node::Float(value) if value.is_finite() => Json::Number(*value),
            Node::Float(value) if value.is_nan() => Json::string("NaN"),
            Node::Float(value) if *value > 0.0 => Json::string("Infinity"),
            Node::Float(_) => Json::string("-Infinity"),
            Node::BigInt(value) => Json::String(value.to_string()),
            Node::String(text, _) | Node::Marker(text) => Json::string(text),
            Node::Date(ms) => jiff::Timestamp::from_millisecond(*ms)
                .map_or(Json::Null, |time| Json::String(format!("{time:.3}"))),
            Node::Function(name) if name.is_empty() => Json::string("[Function]"),
            Node::Function(name) => Json::String(format!("[Function: {name}]")),
            Node::Symbol(description) => Json::String(format!("Symbol({description})")),
            Node::Array(items) => Json::Array(items.iter().map(Node::json).collect()),
            Node::Object(fields) | Node::Error { fields } => Json::Object(kept(fields)),
        }
    }

    /// pino's JSON of a value that holds no Error.
    pub fn pino(&self) -> Json {
        match self {
            Node::Float(value) if !value.is_finite() => Json::Null,
            Node::BigInt(value) => Json::Number(*value as f64),
            Node::Function(_) | Node::Symbol(_) => Json::Null,
            Node::Array(items) => Json::Array(items.iter().map(Node::pino).collect()),
            Node::Object(fields) => Json::Object(
                fields
                    .iter()
                    .filter(|(_, node)| {
                        !matches!(node, Node::Undefined | Node::Function(_) | Node::Symbol(_))
                    })
                    .map(|(key, node)| (key.clone(), node.pino()))
                    .collect(),
            ),
            other => other.json(),
        }
    }

    pub fn holds_error(&self) -> bool {
        match self {
            Node::Error { .. } => true,
            Node::Array(items) => items.iter().any(Node::holds_error),
            Node::Object(fields) => fields.iter().any(|(_, node)| node.holds_error()),
            _ => false,
        }
    }
}

/// A log call.
#[derive(Clone, Debug)]
pub struct Event {
    pub level: Level,
    pub logger: Option<String>,
    pub message: Option<String>,
    pub scope: Vec<(String, Node)>,
    pub fields: Vec<(String, Node)>,
    /// Whether keys travel with the event where the writer can do that, as when the dictionary is full.
    pub inline: bool,
}

impl Event {
    /// The record and its dictionary.
    pub fn encode(&self) -> (Vec<u8>, Dictionary) {
        let mut names = Names::default();
        let logger = self.logger.as_ref().map_or(0, |name| names.id(name));
        let mut record = RecordWriter::new(self.level, logger, 1_767_323_045_678.0);
        if !self.scope.is_empty() {
            record.flag(FLAG_SCOPED);
        }
        let all = || self.scope.iter().chain(&self.fields);
        if all().any(|(key, _)| CONTEXT_KEYS.contains(&key.as_str())) {
            record.flag(FLAG_CONTEXT);
        }
        let error = |(key, node): &(String, Node)| {
            matches!(key.as_str(), "err" | "error") && matches!(node, Node::Error { .. })
        };
        if all().any(error) {
            record.flag(FLAG_ERROR);
        }
        match &self.message {
            Some(text) => record.message(text),
            None => record.no_message(),
        }
        let mut writer = Writer {
            record,
            names,
            inline: self.inline,
        };
        for (key, node) in all() {
            writer.write(Some(key), node);
        }
        (writer.record.finish(), writer.names.dictionary)
    }
}

#[derive(Default)]
struct Names {
    dictionary: Dictionary,
    known: std::collections::HashMap<String, u32>,
}

impl Names {
    fn id(&mut self, name: &str) -> u32 {
        let dictionary = &mut self.dictionary;
        *self
            .known
            .entry(name.to_owned())
            .or_insert_with(|| dictionary.intern(name))
    }
}

struct Writer {
    record: RecordWriter,
    names: Names,
    inline: bool,
}

impl Writer {
    fn token(&mut self, tag: u8, key: Option<&str>) {
        match key {
            Some(name) if self.inline => self.record.token_inline(tag, name),
            Some(name) => {
                let id = self.names.id(name);
                self.record.token(tag, id);
            }
            None => self.record.token(tag, KEY_NONE),
        }
    }

    fn entries(&mut self, tag: u8, key: Option<&str>, fields: &[(String, Node)]) {
        self.token(tag, key);
        for (key, node) in fields {
            self.write(Some(key), node);
        }
        self.record.close();
    }

    fn write(&mut self, key: Option<&str>, node: &Node) {
        let id = key.map_or(KEY_NONE, |name| self.names.id(name));
        match node {
            Node::Null => self.token(TAG_NULL, key),
            Node::Undefined => self.token(TAG_UNDEFINED, key),
            Node::Bool(true) => self.token(TAG_TRUE, key),
            Node::Bool(false) => self.token(TAG_FALSE, key),
            Node::Int(value) => self.record.int(id, *value),
            Node::Float(value) => self.record.float(id, *value),
            Node::Date(ms) => self.record.date(id, *ms as f64),
            Node::BigInt(value) => {
                self.record.tagged_text(TAG_BIGINT, id, &value.to_string());
            }
            Node::Function(text) => self.record.tagged_text(TAG_FUNCTION, id, text),
            Node::Symbol(text) => self.record.tagged_text(TAG_SYMBOL, id, text),
            Node::Marker(text) => self.record.tagged_text(TAG_MARKER, id, text),
            Node::String(text, encoding) => self.string(id, text, *encoding),
            Node::Array(items) => {
                self.token(TAG_ARRAY_START, key);
                for item in items {
                    self.write(None, item);
                }
                self.record.close();
            }
            Node::Object(fields) => self.entries(TAG_OBJECT_START, key, fields),
            Node::Error { fields } => self.entries(TAG_ERROR_START, key, fields),
        }
    }

    fn string(&mut self, id: u32, text: &str, encoding: Encoding) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let narrow: Result<Vec<u8>, _> = units.iter().map(|&unit| u8::try_from(unit)).collect();
        match (encoding, narrow) {
            (Encoding::Interned, _) => {
                let text = self.names.id(text);
                self.record.string_ref(id, text);
            }
            (Encoding::Utf8, _) => self.record.string(id, text),
            (Encoding::Narrowest, Ok(bytes)) => self.record.latin1(id, &bytes),
            _ => self.record.utf16(id, &units),
        }
    }
}

/// Text with what hurts: quotes, breaks, escapes, separators, bidi controls, every plane.
fn text() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        6 => proptest::char::range(' ', '~'),
        1 => proptest::char::range('\0', '\u{1f}'),
        1 => proptest::char::range('\u{7f}', '\u{ff}'),
        1 => proptest::sample::select(vec!['"', '\\', '\n', '\r', '\u{1b}', '=', ' ', ',', '{', ':', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}', '\u{85}', '\u{feff}', '😀', '漢']),
        1 => any::<char>(),
    ];
    proptest::collection::vec(char, 0..24).prop_map(|chars| chars.into_iter().collect())
}

fn key() -> impl Strategy<Value = String> {
    let known = [
        "level",
        "level_",
        "timestamp",
        "time",
        "time_",
        "message",
        "msg",
        "msg_",
        "context",
        "data",
        "diagnostics",
        "logger",
        "err",
        "error",
        "pid",
        "hostname",
        "name",
        "a",
        "b",
        "ts",
        "type",
        "stack",
        "cause",
        "errors",
        "aggregateErrors",
        "__proto__",
        "",
        "a\"b",
        "a\nb",
        "a.b",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => proptest::sample::select(CONTEXT_KEYS.to_vec()).prop_map(str::to_owned),
        1 => text(),
    ]
}

fn fields(node: impl Strategy<Value = Node>) -> impl Strategy<Value = Vec<(String, Node)>> {
    proptest::collection::vec((key(), node), 0..7).prop_map(|mut fields| {
        let mut seen = std::collections::HashSet::new();
        fields.retain(|(key, _)| seen.insert(key.clone()));
        fields
    })
}

fn nodes() -> impl Strategy<Value = Node> {
    let encoding = proptest::sample::select(vec![
        Encoding::Narrowest,
        Encoding::Utf16,
        Encoding::Utf8,
        Encoding::Interned,
    ]);
    let leaf = prop_oneof![
        Just(Node::Null),
        Just(Node::Undefined),
        any::<bool>().prop_map(Node::Bool),
        any::<i32>().prop_map(Node::Int),
        any::<f64>().prop_map(Node::Float),
        proptest::num::f64::ANY.prop_map(Node::Float),
        any::<i128>().prop_map(Node::BigInt),
        (-62_000_000_000_000i64..253_000_000_000_000).prop_map(Node::Date),
        Just(Node::Date(i64::MAX)),
        text().prop_map(Node::Function),
        text().prop_map(Node::Symbol),
        text().prop_map(Node::Marker),
        (text(), encoding.clone()).prop_map(|(text, encoding)| Node::String(text, encoding)),
        (text(), encoding).prop_map(|(text, encoding)| Node::String(text, encoding)),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            fields(inner.clone()).prop_map(Node::Object),
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Node::Array),
            (text(), text(), text(), fields(inner)).prop_map(|(kind, message, stack, own)| {
                let text = |key: &str, text| (key.to_owned(), Node::String(text, Encoding::Utf8));
                let stack = format!("{kind}: {message}\n    at {stack}");
                let mut fields = vec![
                    text("type", kind),
                    text("message", message),
                    text("stack", stack),
                ];
                fields.extend(own);
                Node::Error { fields }
            }),
        ]
    })
}

/// Log calls.
pub fn events() -> impl Strategy<Value = Event> {
    let scope = prop_oneof![2 => Just(Vec::new()).boxed(), 1 => fields(nodes()).boxed()];
    (
        0u8..8,
        proptest::option::of(text()),
        proptest::option::of(text()),
        scope,
        fields(nodes()),
        any::<bool>(),
    )
        .prop_map(|(level, logger, message, scope, fields, inline)| Event {
            level: Level::built_in(level),
            logger,
            message,
            scope,
            fields,
            inline,
        })
}

/// Reads a logfmt line; `None` when it is not made of `key=value` and `key="value"` pairs.
pub fn logfmt_pairs(line: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        if key.is_empty() || key.contains([' ', '"']) {
            return None;
        }
        let (value, after) = match after.strip_prefix('"') {
            None => {
                let end = after.find(' ').unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
            Some(quoted) => {
                let mut end = 0;
                let bytes = quoted.as_bytes();
                while *bytes.get(end)? != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                let literal = format!("\"{}\"", quoted.get(..end)?);
                (serde_json::from_str(&literal).ok()?, &quoted[end + 1..])
            }
        };
        pairs.push((key.to_owned(), value));
        rest = match after.strip_prefix(' ') {
            Some(next) => next,
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(pairs)
}
