//! Lines that pino's tools, transports and dashboards read: the same keys, numbers and error layout.
//!
//! ```text
//! {"level":30,"time":1767323045678,"pid":1,"hostname":"h","name":"app",<fields>,"msg":"…"}
//! ```
//!
//! Unlike pino, no key comes twice. A field named `pid`, `hostname` or `name` replaces the line's own; one
//! named `level`, `time` or `msg` gets an underscore behind its name, except that a string `msg` is the
//! message of a call that has none. [`PinoOptions`] may name the message otherwise, and leave out the rest.

use super::append::append;
use super::error_view::ErrorView;
use super::fields::{pass_message, Field, FieldLister, Listed};
use super::json_value::{end_with, Dialect, Gate, ValueWriter};
use super::pino_options::{PinoOptions, PinoTime};
use super::plan::{Distinct, Plan};
use super::timestamp::{self, Timestamps};
use super::{json_text, number, Format};
use crate::level::{Level, LevelTable};
use crate::wire::layout::{FLAG_ERROR, FLAG_SCOPED};
use crate::wire::{Key, Record, Tokens, Value};

/// Flags of records whose fields must be looked at before the first one is written.
const LISTED: u8 = FLAG_SCOPED | FLAG_ERROR;

/// What every line says about its origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinoBase {
    /// The process id.
    pub pid: u32,
    /// The machine's name.
    pub hostname: String,
    /// The logger's name for records that carry none.
    pub name: Option<String>,
    /// The levels of the pipeline, whose numbers the lines have.
    pub levels: LevelTable,
    /// What the application wants otherwise.
    pub options: PinoOptions,
}

/// The keys of the line itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reserved {
    Level,
    Time,
    Pid,
    Hostname,
    Name,
    Msg,
}

/// Which names belong to the line.
#[derive(Debug)]
struct Names {
    message_key: String,
    has_time: bool,
    has_origin: bool,
}

impl Names {
    #[inline]
    fn reserved(&self, key: &Key<'_>) -> Option<Reserved> {
        match key {
            Key::Interned(entry) => self.named(entry.text()),
            Key::Inline(text) => self.named(&text.to_str()),
            Key::None => None,
        }
    }

    #[inline]
    fn named(&self, name: &str) -> Option<Reserved> {
        if name == self.message_key {
            return Some(Reserved::Msg);
        }
        match name.as_bytes() {
            b"pid" if self.has_origin => Some(Reserved::Pid),
            b"time" if self.has_time => Some(Reserved::Time),
            b"name" => Some(Reserved::Name),
            b"level" => Some(Reserved::Level),
            b"hostname" if self.has_origin => Some(Reserved::Hostname),
            _ => None,
        }
    }
}

/// The start of a line, with the time of the last event of its level.
#[derive(Debug)]
struct Head {
    time_ms: f64,
    text: Vec<u8>,
    /// Length of `{"level":30,`.
    before_time: usize,
}

impl Head {
    fn new(beginning: Vec<u8>) -> Self {
        Self {
            time_ms: f64::NAN,
            before_time: beginning.len(),
            text: beginning,
        }
    }

    fn update(&mut self, time_ms: f64, time: PinoTime, origin: &[u8]) {
        self.time_ms = time_ms;
        let text = &mut self.text;
        text.truncate(self.before_time);
        let whole = timestamp::clamp_ms(time_ms);
        if time != PinoTime::None {
            text.extend_from_slice(b"\"time\":");
        }
        match time {
            PinoTime::Epoch => number::write_f64(text, whole as f64),
            // Halves go up, as Math.round has it.
            PinoTime::Unix => number::write_f64(text, (whole + 500).div_euclid(1000) as f64),
            PinoTime::Iso => {
                text.push(b'"');
                text.extend_from_slice(Timestamps::default().rfc3339(time_ms));
                text.push(b'"');
            }
            PinoTime::None => {}
        }
        if time != PinoTime::None {
            text.push(b',');
        }
        text.extend_from_slice(origin);
    }
}

/// The pino-compatible format. Events cost one pass; those with a scope have their keys looked at first, those
/// with an Error or a field that has the name of one of the line's own are listed first.
#[derive(Debug)]
pub struct PinoFormat {
    values: ValueWriter,
    lister: FieldLister,
    heads: [Head; Level::COUNT],
    /// `"pid":1,`
    pid: Vec<u8>,
    /// `"hostname":"h",`
    hostname: Vec<u8>,
    /// `"pid":1,"hostname":"h",`: what follows the time of most lines.
    origin: Vec<u8>,
    /// `"name":"app",` or nothing.
    name: Vec<u8>,
    names: Names,
    time: PinoTime,
    error_key: String,
    /// `"msg":`
    message_key: Vec<u8>,
    /// `}` and the end of the line.
    end: &'static [u8],
}

impl PinoFormat {
    /// A format whose lines carry `base`.
    pub fn new(base: &PinoBase) -> Self {
        let PinoOptions {
            message_key,
            error_key,
            timestamp,
            origin,
            crlf,
            ..
        } = base.options.clone();
        let (mut pid, mut hostname) = (Vec::new(), Vec::new());
        if origin {
            pid = format!("\"pid\":{},", base.pid).into_bytes();
            entry("hostname", &base.hostname, &mut hostname);
        }
        let mut name = Vec::new();
        if let Some(text) = &base.name {
            entry("name", text, &mut name);
        }
        let mut quoted_key = Vec::new();
        json_text::write_str(&mut quoted_key, &message_key);
        quoted_key.push(b':');
        Self {
            values: ValueWriter::new(Dialect::Pino),
            lister: FieldLister::default(),
            heads: std::array::from_fn(|index| {
                let level = base.levels.at(u8::try_from(index).unwrap_or(0));
                Head::new(base.options.beginning(level, &base.levels))
            }),
            origin: [pid.as_slice(), &hostname].concat(),
            pid,
            hostname,
            name,
            names: Names {
                message_key,
                has_time: timestamp != PinoTime::None,
                has_origin: origin,
            },
            time: timestamp,
            error_key,
            message_key: quoted_key,
            end: if crlf { b"}\r\n" } else { b"}\n" },
        }
    }

    /// Writes `{"level":30,"time":1767323045678,"pid":1,"hostname":"h",`.
    #[inline]
    fn head(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        if let Some(head) = self.heads.get_mut(record.level().index()) {
            if head.time_ms != record.time_ms() {
                head.update(record.time_ms(), self.time, &self.origin);
            }
            out.extend_from_slice(&head.text);
        }
    }

    #[inline]
    fn logger_name(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        if let Some(logger) = record.logger() {
            out.extend_from_slice(b"\"name\":");
            append(out, logger.quoted());
            out.push(b',');
        } else {
            out.extend_from_slice(&self.name);
        }
    }

    /// Writes a record none of whose fields concerns the line's own, but for those `left_out`; `false`, with
    /// the line begun, at the first field that does, and if they are to be `distinct` at the first that comes twice.
    #[inline]
    fn write_plain(
        &mut self,
        record: &Record<'_>,
        message: &Option<Value<'_>>,
        mut left_out: u64,
        distinct: bool,
        tokens: &mut Tokens<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        self.head(record, out);
        self.logger_name(record, out);
        let names = &self.names;
        let mut keys = Distinct::new();
        let gate = |key: &Key<'_>| {
            let skip = left_out & 1 != 0;
            left_out >>= 1;
            if skip {
                Gate::Skip
            } else if (distinct && !keys.is_new(key)) || names.reserved(key).is_some() {
                Gate::Stop
            } else {
                Gate::Write
            }
        };
        if !self.values.entries(gate, tokens, out) {
            return false;
        }
        self.end(message, tokens, out);
        true
    }

    /// Writes the message, if there is one, and the end of the line.
    #[inline]
    fn end(&mut self, message: &Option<Value<'_>>, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
        match message {
            Some(Value::Text(text)) => {
                out.extend_from_slice(&self.message_key);
                json_text::write_text(out, *text);
                out.extend_from_slice(self.end);
                return;
            }
            Some(value) if !Dialect::Pino.omits(value) => {
                out.extend_from_slice(&self.message_key);
                self.values.value(*value, tokens, out);
            }
            _ => {}
        }
        end_with(b'}', out);
        out.extend_from_slice(&self.end[1..]);
    }

    fn write_listed(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Listed {
            message,
            mut fields,
            ..
        } = self.lister.list(record, Dialect::Pino);
        self.head(record, out);
        out.truncate(out.len() - self.origin.len());
        if !self.take(&mut fields, Reserved::Pid, out) {
            out.extend_from_slice(&self.pid);
        }
        if !self.take(&mut fields, Reserved::Hostname, out) {
            out.extend_from_slice(&self.hostname);
        }
        if !self.take(&mut fields, Reserved::Name, out) {
            self.logger_name(record, out);
        }
        let message = message
            .filter(|value| !Dialect::Pino.omits(value))
            .or_else(|| self.message_field(&mut fields))
            .or_else(|| self.error_message(&fields));
        for index in 0..fields.len() {
            if self.names.reserved(&fields[index].token.key).is_some() {
                write_renamed(&fields, index, out);
                let field = &mut fields[index];
                self.values.value(field.token.value, &mut field.rest, out);
            } else {
                let field = &mut fields[index];
                self.values.entry(field.token, &mut field.rest, out);
            }
        }
        let (_, mut tokens) = record.message_and_fields();
        self.end(&message, &mut tokens, out);
        self.lister.recycle(fields);
    }

    /// Writes the field with this name and takes it from the list.
    fn take(&mut self, fields: &mut Vec<Field<'_>>, name: Reserved, out: &mut Vec<u8>) -> bool {
        let found = |field: &Field<'_>| self.names.reserved(&field.token.key) == Some(name);
        let Some(index) = fields.iter().position(found) else {
            return false;
        };
        let mut field = fields.remove(index);
        self.values.entry(field.token, &mut field.rest, out);
        true
    }

    /// Takes a string field `msg` to be the message.
    fn message_field<'a>(&self, fields: &mut Vec<Field<'a>>) -> Option<Value<'a>> {
        let index = fields.iter().position(|field| {
            matches!(field.token.value, Value::Text(_))
                && self.names.reserved(&field.token.key) == Some(Reserved::Msg)
        })?;
        Some(fields.remove(index).token.value)
    }

    /// The message of the Error in `err`, which pino repeats as `msg` when the call has no message and no field
    /// `msg`.
    fn error_message<'a>(&self, fields: &[Field<'a>]) -> Option<Value<'a>> {
        let is = |field: &&Field<'a>, name: &str| field.token.key.to_str() == name;
        let has_message = fields
            .iter()
            .any(|field| is(&field, &self.names.message_key));
        if self.error_key.is_empty() || has_message {
            return None;
        }
        fields
            .iter()
            .find(|field| {
                matches!(field.token.value, Value::ErrorStart) && is(field, &self.error_key)
            })
            .and_then(|field| ErrorView::read(field.rest.clone()).message)
            .map(Value::Text)
    }
}

/// Writes `"key":"text",`.
fn entry(key: &str, text: &str, out: &mut Vec<u8>) {
    json_text::write_str(out, key);
    out.push(b':');
    json_text::write_str(out, text);
    out.push(b',');
}

/// Writes the key of a field whose name is taken: with as many underscores as no other field has.
fn write_renamed(fields: &[Field<'_>], index: usize, out: &mut Vec<u8>) {
    let mut name = fields[index].token.key.to_str().into_owned() + "_";
    while fields.iter().any(|field| field.token.key.to_str() == name) {
        name.push('_');
    }
    json_text::write_str(out, &name);
    out.push(b':');
}

impl Format for PinoFormat {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        let (mut message, mut tokens) = record.message_and_fields();
        pass_message(&mut message, &mut tokens);
        let mut written = false;
        let flags = record.flags() & LISTED;
        if flags == 0 {
            written = self.write_plain(record, &message, 0, false, &mut tokens, out);
        } else if flags == FLAG_SCOPED {
            let mut rest = tokens.clone();
            written = self.write_plain(record, &message, 0, true, &mut rest, out);
            let mut plan = Plan::new();
            if !written && plan.look(&tokens, Dialect::Pino, false).is_some() {
                out.truncate(start);
                let left_out = plan.left_out;
                written = self.write_plain(record, &message, left_out, false, &mut tokens, out);
            }
        }
        if !written {
            out.truncate(start);
            self.write_listed(record, out);
        }
    }
}
