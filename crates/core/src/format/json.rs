//! The default format: fapilog's envelope, one JSON object per line.
//!
//! ```text
//! {"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","message":"…","logger":"app",
//!  "context":{"message_id":"…","correlation_id":null,…},"diagnostics":{"origin":"native",…},"data":{…}}
//! ```
//!
//! Keys come in exactly this order. `logger` is missing when the record has none. The user's fields are
//! below `context` (known names only), `diagnostics.exception` and `data`, so that none can pass for
//! `timestamp`, `level` or `message`.

use super::fields::{message_and_fields, Field, FieldLister, Listed};
use super::json_text;
use super::json_value::{end_with, write_message, Dialect, ValueWriter};
use super::message_id::MessageIds;
use super::timestamp::{Timestamps, RFC3339_LEN};
use super::Format;
use crate::level::Level;
use crate::wire::layout::{CONTEXT_KEYS, FLAG_CONTEXT, FLAG_ERROR, FLAG_SCOPED, FLAG_TRUNCATED};
use crate::wire::{Key, Record, Tokens, Value};

/// Flags of records whose fields must be looked at before the first one is written.
const LISTED: u8 = FLAG_SCOPED | FLAG_CONTEXT | FLAG_ERROR;
const MESSAGE_ID: usize = 0;
const CORRELATION_ID: usize = 1;
const HEAD: &[u8] = b"{\"timestamp\":\"";

/// Fields that every event's `context` ends with; `None` leaves one out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextConstants {
    /// The service's name.
    pub service: Option<String>,
    /// The deployment environment, such as `production`.
    pub env: Option<String>,
    /// The service's version.
    pub version: Option<String>,
    /// The machine's name.
    pub host: Option<String>,
    /// The process id.
    pub pid: Option<u32>,
}

impl ContextConstants {
    /// `,"service":"…","pid":1`, or nothing.
    fn render(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let texts = [
            ("service", &self.service),
            ("env", &self.env),
            ("version", &self.version),
            ("host", &self.host),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                out.extend_from_slice(format!(",\"{key}\":").as_bytes());
                json_text::write_str(&mut out, text);
            }
        }
        if let Some(pid) = self.pid {
            out.extend_from_slice(format!(",\"pid\":{pid}").as_bytes());
        }
        out
    }
}

/// The envelope format. Events cost one pass; those with a scope, context fields or an error cost two.
#[derive(Debug)]
pub struct JsonFormat {
    timestamps: Timestamps,
    ids: MessageIds,
    values: ValueWriter,
    lister: FieldLister,
    /// `","level":"INFO","message":` by level.
    levels: [Vec<u8>; Level::COUNT],
    /// What follows a generated message id up to the first field: for whole events, for truncated ones.
    tails: [Vec<u8>; 2],
    constants: Vec<u8>,
}

impl JsonFormat {
    /// A format whose events carry `constants`.
    pub fn new(constants: &ContextConstants) -> Self {
        let constants = constants.render();
        let tail = |diagnostics: &str| {
            let mut tail = b"\",\"correlation_id\":null".to_vec();
            tail.extend_from_slice(&constants);
            tail.extend_from_slice(b"},\"diagnostics\":{\"origin\":\"native\"");
            tail.extend_from_slice(diagnostics.as_bytes());
            tail.extend_from_slice(b"},\"data\":{");
            tail
        };
        Self {
            timestamps: Timestamps::default(),
            ids: MessageIds::default(),
            values: ValueWriter::new(Dialect::Json),
            lister: FieldLister::default(),
            levels: std::array::from_fn(|index| {
                let level = Level(u8::try_from(index).unwrap_or(0));
                format!("\",\"level\":\"{}\",\"message\":", level.name()).into_bytes()
            }),
            tails: [tail(""), tail(",\"truncated\":true")],
            constants,
        }
    }

    /// Writes the line up to and including `"context":{`.
    #[inline]
    fn head(&mut self, record: &Record<'_>, message: Option<Value<'_>>, out: &mut Vec<u8>) {
        let mut head = [0u8; HEAD.len() + RFC3339_LEN];
        head[..HEAD.len()].copy_from_slice(HEAD);
        head[HEAD.len()..].copy_from_slice(self.timestamps.rfc3339(record.time_ms()));
        out.extend_from_slice(&head);
        if let Some(level) = self.levels.get(record.level().index()) {
            out.extend_from_slice(level);
        }
        write_message(out, message);
        if let Some(logger) = record.logger() {
            out.extend_from_slice(b",\"logger\":");
            out.extend_from_slice(logger.quoted());
        }
        out.extend_from_slice(b",\"context\":{");
    }

    /// Writes a record with no field that has its place outside `data`. `false`, with the line begun, when
    /// the record turns out to be damaged, which has to be said before the fields.
    #[inline]
    fn write_plain(
        &mut self,
        record: &Record<'_>,
        message: Option<Value<'_>>,
        tokens: &mut Tokens<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        self.head(record, message, out);
        let mut id = *b"\"message_id\":\"------------------------------------";
        id[14..].copy_from_slice(&self.ids.next_id());
        out.extend_from_slice(&id);
        out.extend_from_slice(&self.tails[usize::from(record.has(FLAG_TRUNCATED))]);
        while let Some(token) = tokens.next() {
            self.values.entry(token, tokens, out);
        }
        if tokens.damaged() {
            return false;
        }
        end_with(b'}', out);
        out.extend_from_slice(b"}\n");
        true
    }

    fn write_listed(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Listed {
            message,
            mut fields,
            damaged,
        } = self.lister.list(record, Dialect::Json);
        self.head(record, message, out);
        self.context(&mut fields, out);
        out.extend_from_slice(b"\"diagnostics\":{\"origin\":\"native\",");
        self.exception(&mut fields, out);
        if record.has(FLAG_TRUNCATED) {
            out.extend_from_slice(b"\"truncated\":true,");
        }
        if damaged {
            out.extend_from_slice(b"\"damaged\":true,");
        }
        end_with(b'}', out);
        out.extend_from_slice(b",\"data\":{");
        for field in &mut fields {
            self.values.entry(field.token, &mut field.rest, out);
        }
        end_with(b'}', out);
        out.extend_from_slice(b"}\n");
        self.lister.recycle(fields);
    }

    /// Writes the entries of `context`, its end and a comma, and takes what it wrote from `fields`.
    fn context(&mut self, fields: &mut [Field<'_>], out: &mut Vec<u8>) {
        let mut slots = [None; CONTEXT_KEYS.len()];
        for (index, field) in fields.iter().enumerate() {
            if let Some(slot) = context_slot(field.token.key).and_then(|at| slots.get_mut(at)) {
                *slot = Some(index);
            }
        }
        for (at, index) in slots.into_iter().enumerate() {
            if let Some(field) = index.and_then(|index| fields.get_mut(index)) {
                self.values.entry(field.token, &mut field.rest, out);
                field.token.value = Value::Undefined;
            } else if at == MESSAGE_ID {
                out.extend_from_slice(b"\"message_id\":\"");
                out.extend_from_slice(&self.ids.next_id());
                out.extend_from_slice(b"\",");
            } else if at == CORRELATION_ID {
                out.extend_from_slice(b"\"correlation_id\":null,");
            }
        }
        out.pop();
        out.extend_from_slice(&self.constants);
        out.extend_from_slice(b"},");
    }

    /// Writes `"exception":{…},` if `err` or `error` holds an Error, and takes it from `fields`.
    fn exception(&mut self, fields: &mut [Field<'_>], out: &mut Vec<u8>) {
        let exception = fields.iter_mut().find(|field| {
            matches!(field.token.value, Value::ErrorStart)
                && matches!(&*field.token.key.to_str(), "err" | "error")
        });
        if let Some(field) = exception {
            out.extend_from_slice(b"\"exception\":");
            self.values.value(Value::ErrorStart, &mut field.rest, out);
            field.token.value = Value::Undefined;
        }
    }
}

fn context_slot(key: Key<'_>) -> Option<usize> {
    match key {
        Key::None => None,
        Key::Interned(entry) => entry.context_slot().map(usize::from),
        Key::Inline(text) => {
            let name = text.to_str();
            CONTEXT_KEYS.iter().position(|known| *known == name)
        }
    }
}

impl Format for JsonFormat {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        if record.flags() & LISTED == 0 {
            let start = out.len();
            let (message, mut tokens) = message_and_fields(record);
            if self.write_plain(record, message, &mut tokens, out) {
                return;
            }
            out.truncate(start);
        }
        self.write_listed(record, out);
    }
}
