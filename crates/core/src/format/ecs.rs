//! Elastic Common Schema, one JSON object per line, as the specification for ECS loggers asks
//! (<https://github.com/elastic/ecs-logging/blob/main/spec/spec.json>): `@timestamp`, `log.level` and `message` come
//! first, `log.level` with its dot.
//!
//! ```text
//! {"@timestamp":"2026-01-02T03:04:05.678Z","log.level":"info","message":"…","ecs.version":"8.10.0",
//!  "log.logger":"app","trace":{"id":"…"},…,"error":{"type":"…","message":"…","stack_trace":"…"},
//!  "labels":{…},"data":{…},"service":{…},"event":{"dataset":"shop.log"},"host":{…},"process":{…}}
//! ```
//!
//! `stack_trace` holds the stacks of the causes, too; other properties of the Error are below `data`. Fields that ECS has a place for go there; of the others, scalars are `labels` (whose keys may not contain `.`, `*`
//! or `\`), the rest is below `data`. No field of a user can pass for one of the line's own.

use super::append::append;
use super::error_view::{next_own, write_stacks, ErrorView};
use super::fields::{Field, FieldLister, Listed};
use super::json_text;
use super::json_value::{end_with, write_message, Dialect, ValueWriter};
use super::timestamp::Timestamps;
use super::{Format, FormatOptions};
use crate::level::Level;
use crate::wire::{Record, Text, Value};

/// The version of ECS whose fields are used; all of them are in every later 8.x and 9.x.
const ECS_VERSION: &str = "8.10.0";

/// Where ECS has the fields that are context in the envelope: what comes before the value, and after it.
const PLACES: [(&str, &str, &str); 5] = [
    ("trace_id", "\"trace\":{\"id\":", "},"),
    ("span_id", "\"span\":{\"id\":", "},"),
    ("user_id", "\"user\":{\"id\":", "},"),
    ("tenant_id", "\"organization\":{\"id\":", "},"),
    ("request_id", "\"http\":{\"request\":{\"id\":", "}},"),
];

/// The `ecs` format.
#[derive(Debug)]
pub struct EcsFormat {
    timestamps: Timestamps,
    values: ValueWriter,
    lister: FieldLister,
    /// `","log.level":"info","message":` by level.
    levels: [Vec<u8>; Level::COUNT],
    /// What every line ends with.
    tail: Vec<u8>,
}

impl EcsFormat {
    /// A format whose lines carry what `options` say about the process.
    pub fn new(options: &FormatOptions) -> Self {
        Self {
            timestamps: Timestamps::default(),
            values: ValueWriter::new(Dialect::Json),
            lister: FieldLister::default(),
            levels: std::array::from_fn(|index| {
                let level = options.levels.at(u8::try_from(index).unwrap_or(0)).name();
                let level = level.to_ascii_lowercase();
                format!("\",\"log.level\":\"{level}\",\"message\":").into_bytes()
            }),
            tail: tail(options),
        }
    }

    fn error(&self, field: &Field<'_>, out: &mut Vec<u8>) {
        let view = ErrorView::read(field.rest.clone());
        out.extend_from_slice(b"\"error\":{");
        let parts: [(&str, Option<Text<'_>>); 2] = [("type", view.kind), ("message", view.message)];
        for (key, text) in parts {
            if let Some(text) = text {
                out.push(b'"');
                out.extend_from_slice(key.as_bytes());
                out.extend_from_slice(b"\":");
                json_text::write_text(out, text);
                out.push(b',');
            }
        }
        out.extend_from_slice(b"\"stack_trace\":\"");
        write_stacks(&view, out);
        out.extend_from_slice(b"\"},");
    }

    /// What an Error has besides its type, message, stack and causes, under its name; nothing if that is nothing.
    fn own_properties(&mut self, field: &Field<'_>, out: &mut Vec<u8>) {
        let mut tokens = field.rest.clone();
        let mut any = false;
        while let Some(token) = next_own(&mut tokens) {
            if !any {
                json_text::write_key(out, &field.token.key);
                out.push(b'{');
                any = true;
            }
            self.values.entry(token, &mut tokens, out);
        }
        if any {
            end_with(b'}', out);
            out.push(b',');
        }
    }
}

/// `,"service":{…},…}` with the line's end.
fn tail(options: &FormatOptions) -> Vec<u8> {
    let mut out = Vec::new();
    let text = |out: &mut Vec<u8>, before: &str, text: &str, after: &str| {
        out.extend_from_slice(before.as_bytes());
        json_text::write_str(out, text);
        out.extend_from_slice(after.as_bytes());
    };
    let service = [
        ("\"name\":", &options.service),
        ("\"version\":", &options.version),
        ("\"environment\":", &options.env),
    ];
    if service.iter().any(|(_, value)| value.is_some()) {
        out.extend_from_slice(b"\"service\":{");
        for (key, value) in service {
            if let Some(value) = value {
                text(&mut out, key, value, ",");
            }
        }
        end_with(b'}', &mut out);
        out.push(b',');
    }
    if let Some(service) = &options.service {
        text(
            &mut out,
            "\"event\":{\"dataset\":",
            &format!("{service}.log"),
            "},",
        );
    }
    if !options.hostname.is_empty() {
        text(&mut out, "\"host\":{\"hostname\":", &options.hostname, "},");
    }
    if options.pid != 0 {
        out.extend_from_slice(format!("\"process\":{{\"pid\":{}}},", options.pid).as_bytes());
    }
    out
}

/// Whether a value is one that a label may have.
fn is_label(value: &Value<'_>) -> bool {
    !matches!(
        value,
        Value::ObjectStart | Value::ArrayStart | Value::ErrorStart | Value::Null
    )
}

/// Writes the key of a label: `.`, `*` and `\` become `_`.
fn label_key(field: &Field<'_>, out: &mut Vec<u8>) {
    let name = field.token.key.to_str();
    if name.contains(['.', '*', '\\']) {
        json_text::write_str(out, &name.replace(['.', '*', '\\'], "_"));
        out.push(b':');
    } else {
        json_text::write_key(out, &field.token.key);
    }
}

impl Format for EcsFormat {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Listed {
            message,
            mut fields,
            ..
        } = self.lister.list(record, Dialect::Json);
        out.extend_from_slice(b"{\"@timestamp\":\"");
        out.extend_from_slice(self.timestamps.rfc3339(record.time_ms()));
        if let Some(level) = self.levels.get(record.level().index()) {
            out.extend_from_slice(level);
        }
        write_message(out, &message);
        out.extend_from_slice(b",\"ecs.version\":\"");
        out.extend_from_slice(ECS_VERSION.as_bytes());
        out.extend_from_slice(b"\",");
        if let Some(logger) = record.logger() {
            out.extend_from_slice(b"\"log.logger\":");
            append(out, logger.quoted());
            out.push(b',');
        }
        let mut exception = None;
        let (mut labels, mut data) = (false, false);
        for field in &mut fields {
            let name = field.token.key.to_str();
            if matches!(field.token.value, Value::ErrorStart)
                && exception.is_none()
                && matches!(&*name, "err" | "error")
            {
                self.error(field, out);
                data = data || next_own(&mut field.rest.clone()).is_some();
                exception = Some(field.clone());
                field.token.value = Value::Undefined;
                continue;
            }
            let place = PLACES.iter().find(|(known, _, _)| *known == name);
            match (place, is_label(&field.token.value)) {
                (Some((_, before, after)), true) => {
                    out.extend_from_slice(before.as_bytes());
                    self.values.value(field.token.value, &mut field.rest, out);
                    out.pop();
                    out.extend_from_slice(after.as_bytes());
                    field.token.value = Value::Undefined;
                }
                (_, true) => labels = true,
                _ => data = true,
            }
        }
        if labels {
            out.extend_from_slice(b"\"labels\":{");
            for field in fields.iter_mut() {
                let value = field.token.value;
                if is_label(&value) && !matches!(value, Value::Undefined) {
                    label_key(field, out);
                    self.values.value(value, &mut field.rest, out);
                }
            }
            end_with(b'}', out);
            out.push(b',');
        }
        if data {
            out.extend_from_slice(b"\"data\":{");
            if let Some(field) = &exception {
                self.own_properties(field, out);
            }
            for field in fields.iter_mut() {
                if !is_label(&field.token.value) {
                    self.values.entry(field.token, &mut field.rest, out);
                }
            }
            end_with(b'}', out);
            out.push(b',');
        }
        out.extend_from_slice(&self.tail);
        end_with(b'}', out);
        out.push(b'\n');
        self.lister.recycle(fields);
    }
}
