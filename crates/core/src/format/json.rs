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

use super::append::append;
use super::fields::{pass_message, section, Field, FieldLister, Listed};
use super::json_text;
use super::json_value::{end_with, write_message, Dialect, Gate, ValueWriter};
use super::message_id::{MessageIds, UUID_LEN};
use super::plan::{Distinct, Plan};
use super::timestamp::{TimeStyle, Timestamps};
use super::Format;
use crate::level::{Level, LevelTable};
use crate::wire::layout::{
    CONTEXT_KEYS, FLAG_CONTEXT, FLAG_ENVELOPE, FLAG_ERROR, FLAG_SCOPED, FLAG_TRUNCATED,
};
use crate::wire::{Key, Record, Tokens, Value};

/// Flags of records whose fields must be looked at before the first one is written.
const LISTED: u8 = FLAG_SCOPED | FLAG_CONTEXT | FLAG_ERROR;
const GENERATED_ID: &[u8] = b"\"message_id\":\"00000000-0000-4000-8000-000000000000\",";
const MESSAGE_ID: usize = 0;
const CORRELATION_ID: usize = 1;
const HEAD: &str = "{\"timestamp\":";
const CONTEXT: &str = ",\"context\":{\"message_id\":\"";
/// Where a generated message id has its place in a tail.
const ID: std::ops::Range<usize> = CONTEXT.len()..CONTEXT.len() + UUID_LEN;

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
    /// The levels of the pipeline, whose names the events have.
    pub levels: LevelTable,
    /// How the time is written.
    pub timestamp: TimeStyle,
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

/// `{"timestamp":"…","level":"INFO","message":`, with the time of the last event of its level.
#[derive(Debug)]
struct Head {
    time_ms: f64,
    text: Vec<u8>,
    /// Where the time ends, with its quotes.
    time_end: usize,
}

/// The envelope format. Events cost one pass; those with a scope or context fields have their keys looked at
/// first, those with an Error are listed first.
#[derive(Debug)]
pub struct JsonFormat {
    timestamps: Timestamps,
    style: TimeStyle,
    /// The time that is being put into a head.
    time: Vec<u8>,
    heads: [Head; Level::COUNT],
    ids: MessageIds,
    values: ValueWriter,
    lister: FieldLister,
    /// From `,"context":{` with room for a message id to the first field: for whole events, for truncated
    /// ones.
    tails: [Vec<u8>; 2],
    constants: Vec<u8>,
}

impl JsonFormat {
    /// A format whose events carry `constants`.
    pub fn new(constants: &ContextConstants) -> Self {
        let levels = &constants.levels;
        let style = constants.timestamp;
        let constants = constants.render();
        let tail = |diagnostics: &str| {
            let mut tail = CONTEXT.as_bytes().to_vec();
            tail.resize(ID.end, b'0');
            tail.extend_from_slice(b"\",\"correlation_id\":null");
            tail.extend_from_slice(&constants);
            tail.extend_from_slice(b"},\"diagnostics\":{\"origin\":\"native\"");
            tail.extend_from_slice(diagnostics.as_bytes());
            tail.extend_from_slice(b"},\"data\":{");
            tail
        };
        Self {
            timestamps: Timestamps::default(),
            style,
            time: Vec::new(),
            heads: std::array::from_fn(|index| {
                let level = levels.at(u8::try_from(index).unwrap_or(0)).name();
                Head {
                    time_ms: f64::NAN,
                    text: format!("{HEAD},\"level\":\"{level}\",\"message\":").into_bytes(),
                    time_end: HEAD.len(),
                }
            }),
            ids: MessageIds::default(),
            values: ValueWriter::new(Dialect::Json),
            lister: FieldLister::default(),
            tails: [tail(""), tail(",\"truncated\":true")],
            constants,
        }
    }

    /// Writes the line up to the logger.
    #[inline]
    fn head(&mut self, record: &Record<'_>, message: &Option<Value<'_>>, out: &mut Vec<u8>) {
        let time_ms = record.time_ms();
        if let Some(head) = self.heads.get_mut(record.level().index()) {
            if head.time_ms != time_ms {
                head.time_ms = time_ms;
                self.time.clear();
                self.style
                    .write_json(&mut self.timestamps, time_ms, &mut self.time);
                let end = HEAD.len() + self.time.len();
                if end == head.time_end {
                    head.text[HEAD.len()..end].copy_from_slice(&self.time);
                } else {
                    let time = self.time.iter().copied();
                    head.text.splice(HEAD.len()..head.time_end, time);
                    head.time_end = end;
                }
            }
            out.extend_from_slice(&head.text);
        }
        write_message(out, message);
        if let Some(logger) = record.logger() {
            out.extend_from_slice(b",\"logger\":");
            append(out, logger.quoted());
        }
    }

    /// Writes a record with no field that has its place outside `data`. `false`, with the line begun, when
    /// the record turns out to be damaged, which has to be said before the fields, and if these are to be `distinct` at
    /// the first that comes twice.
    #[inline]
    fn write_plain(
        &mut self,
        record: &Record<'_>,
        message: &Option<Value<'_>>,
        distinct: bool,
        tokens: &mut Tokens<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        self.head(record, message, out);
        let context = out.len();
        out.extend_from_slice(&self.tails[usize::from(record.has(FLAG_TRUNCATED))]);
        self.generate_id(context + ID.start, out);
        let mut keys = Distinct::new();
        let gate = |key: &Key<'_>| {
            if distinct && !keys.is_new(key) {
                Gate::Stop
            } else {
                Gate::Write
            }
        };
        if !self.values.entries(gate, tokens, out) || tokens.damaged() {
            return false;
        }
        end_with(b'}', out);
        out.extend_from_slice(b"}\n");
        true
    }

    /// Overwrites the bytes at `at` with a new message id.
    #[inline]
    fn generate_id(&mut self, at: usize, out: &mut [u8]) {
        let id = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        if let Some(id) = id {
            self.ids.write_next(id);
        }
    }

    /// Writes a record with a scope or context fields but without an Error. `false` and nothing if it
    /// takes more than a plan.
    fn write_planned(
        &mut self,
        record: &Record<'_>,
        message: &Option<Value<'_>>,
        tokens: &mut Tokens<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        let mut plan = Plan::new();
        let known = plan.look(tokens, Dialect::Json, record.has(FLAG_CONTEXT));
        if known.is_none() {
            return false;
        }
        self.head(record, message, out);
        self.context(&mut plan.context, None, out);
        self.diagnostics(&mut [], None, record.has(FLAG_TRUNCATED), false, out);
        let mut left_out = plan.left_out;
        let gate = |_: &Key<'_>| {
            let skip = left_out & 1 != 0;
            left_out >>= 1;
            if skip {
                Gate::Skip
            } else {
                Gate::Write
            }
        };
        self.values.entries(gate, tokens, out);
        end_with(b'}', out);
        out.extend_from_slice(b"}\n");
        true
    }

    fn write_listed(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Listed {
            message,
            mut fields,
            damaged,
        } = self.lister.list_for_envelope(record, Dialect::Json);
        self.head(record, &message, out);
        let mut sections = [None, None];
        if record.has(FLAG_ENVELOPE) {
            for field in &mut fields {
                if let Some(name) = section(&field.token.key) {
                    sections[usize::from(name != "context")] = Some(field.rest.clone());
                    field.token.value = Value::Undefined;
                }
            }
        }
        let [more_context, more_diagnostics] = sections;
        let mut context = [const { None }; CONTEXT_KEYS.len()];
        for field in &mut fields {
            if let Some(place) = context_slot(&field.token.key).and_then(|at| context.get_mut(at)) {
                *place = Some(field.clone());
                field.token.value = Value::Undefined;
            }
        }
        self.context(&mut context, more_context, out);
        let truncated = record.has(FLAG_TRUNCATED);
        self.diagnostics(&mut fields, more_diagnostics, truncated, damaged, out);
        for field in &mut fields {
            self.values.entry(field.token, &mut field.rest, out);
        }
        end_with(b'}', out);
        out.extend_from_slice(b"}\n");
        self.lister.recycle(fields);
    }

    /// Writes `,"context":{…}` with these fields in the places of the known ones, and `more` behind them.
    fn context(
        &mut self,
        fields: &mut [Option<Field<'_>>; CONTEXT_KEYS.len()],
        more: Option<Tokens<'_>>,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b",\"context\":{");
        for (at, field) in fields.iter_mut().enumerate() {
            if let Some(field) = field {
                self.values.entry(field.token, &mut field.rest, out);
            } else if at == MESSAGE_ID {
                out.extend_from_slice(GENERATED_ID);
                self.generate_id(out.len() - UUID_LEN - 2, out);
            } else if at == CORRELATION_ID {
                out.extend_from_slice(b"\"correlation_id\":null,");
            }
        }
        self.section(more, out);
        out.pop();
        out.extend_from_slice(&self.constants);
        out.push(b'}');
    }

    /// Writes the entries of an object whose start was just read, each with its comma.
    fn section(&mut self, tokens: Option<Tokens<'_>>, out: &mut Vec<u8>) {
        let Some(mut tokens) = tokens else { return };
        let start = out.len();
        self.values.value(Value::ObjectStart, &mut tokens, out);
        // Without its braces, which become the separators of its neighbours.
        out.remove(start);
        out.truncate(out.len() - 2);
        if out.len() > start {
            out.push(b',');
        }
    }

    /// Writes `,"diagnostics":{…},"data":{`.
    fn diagnostics(
        &mut self,
        fields: &mut [Field<'_>],
        more: Option<Tokens<'_>>,
        truncated: bool,
        damaged: bool,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b",\"diagnostics\":{\"origin\":\"native\",");
        self.exception(fields, out);
        self.section(more, out);
        if truncated {
            out.extend_from_slice(b"\"truncated\":true,");
        }
        if damaged {
            out.extend_from_slice(b"\"damaged\":true,");
        }
        end_with(b'}', out);
        out.extend_from_slice(b",\"data\":{");
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

fn context_slot(key: &Key<'_>) -> Option<usize> {
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
        let start = out.len();
        let (mut message, mut tokens) = record.message_and_fields();
        pass_message(&mut message, &mut tokens);
        let flags = record.flags() & LISTED;
        let mut written = match flags {
            0 => self.write_plain(record, &message, false, &mut tokens, out),
            FLAG_SCOPED => self.write_plain(record, &message, true, &mut tokens.clone(), out),
            _ => false,
        };
        if !written && flags != 0 && flags & FLAG_ERROR == 0 {
            out.truncate(start);
            written = self.write_planned(record, &message, &mut tokens, out);
        }
        if !written {
            out.truncate(start);
            self.write_listed(record, out);
        }
    }
}
