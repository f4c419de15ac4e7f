//! OpenTelemetry: one `LogsData` message of the OTLP in its JSON encoding per line, as the OTLP file exporter writes
//! it (<https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/>) and the collector's `otlpjsonfile` receiver
//! reads it. The messages are those of `opentelemetry/proto/logs/v1/logs.proto`.
//!
//! ```text
//! {"resourceLogs":[{"resource":{"attributes":[…]},"scopeLogs":[{"scope":{"name":"app"},"logRecords":[
//!  {"timeUnixNano":"…","severityNumber":9,"severityText":"INFO","body":{"stringValue":"…"},
//!   "attributes":[{"key":"orderId","value":{"intValue":"42"}}],"traceId":"…","spanId":"…"}]}]}]}
//! ```
//!
//! An Error in `err` or `error` becomes the attributes `exception.*` of the semantic conventions, its causes part of
//! the stack trace. 64-bit integers are
//! strings, as protocol buffers' JSON has them.

use super::append::append;
use super::error_view::{next_own, write_stacks, ErrorView};
use super::fields::{Field, FieldLister, Listed};
use super::json_value::{end_with, write_message, write_name, Dialect};
use super::timestamp::{clamp_ms, write_iso_date};
use super::{json_text, number, Format, FormatOptions};
use crate::level::Level;
use crate::wire::{Key, Record, Text, Token, Tokens, Value};

/// The severity number of the log data model: that of the built-in level at or below. AUDIT and SECURITY rank above
/// FATAL.
fn severity(level: Level) -> i32 {
    match level.value() {
        70.. => 23,
        60.. => 22,
        50.. => 21,
        40.. => 17,
        30.. => 13,
        20.. => 9,
        10.. => 5,
        _ => 1,
    }
}

/// The `otel` format.
#[derive(Debug)]
pub struct OtelFormat {
    lister: FieldLister,
    /// What the containers of a value that are open end with.
    open: Vec<Container>,
    /// Up to the scope.
    head: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    /// `kvlistValue`, whose entries have keys.
    Map,
    /// `arrayValue`.
    List,
}

impl OtelFormat {
    /// A format whose resource is what `options` say about the process.
    pub fn new(options: &FormatOptions) -> Self {
        let mut head = b"{\"resourceLogs\":[{\"resource\":{\"attributes\":[".to_vec();
        let texts = [
            ("service.name", options.service.as_deref()),
            ("service.version", options.version.as_deref()),
            ("deployment.environment.name", options.env.as_deref()),
            (
                "host.name",
                Some(options.hostname.as_str()).filter(|host| !host.is_empty()),
            ),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                head.extend_from_slice(
                    format!("{{\"key\":\"{key}\",\"value\":{{\"stringValue\":").as_bytes(),
                );
                json_text::write_str(&mut head, text);
                head.extend_from_slice(b"}},");
            }
        }
        if options.pid != 0 {
            let pid = options.pid;
            head.extend_from_slice(
                format!("{{\"key\":\"process.pid\",\"value\":{{\"intValue\":\"{pid}\"}}}},")
                    .as_bytes(),
            );
        }
        end_with(b']', &mut head);
        head.extend_from_slice(b"},\"scopeLogs\":[{\"scope\":{");
        Self {
            lister: FieldLister::default(),
            open: Vec::with_capacity(16),
            head,
        }
    }

    /// Writes `{"key":…,"value":…},`.
    fn attribute(&mut self, field: &mut Field<'_>, out: &mut Vec<u8>) {
        key(&field.token.key, out);
        self.value(field.token.value, &mut field.rest, out);
        out.extend_from_slice(b"},");
    }

    /// Writes an `AnyValue`. `tokens` stand behind its first token and are read on to its end.
    fn value(&mut self, value: Value<'_>, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
        debug_assert!(self.open.is_empty());
        self.scalar_or_open(value, out);
        while let Some(&container) = self.open.last() {
            let Some(Token { key: name, value }) = tokens.next() else {
                break;
            };
            if let Value::Close = value {
                self.open.pop();
                end_with(b']', out);
                out.extend_from_slice(b"}}");
                self.close_entry(out);
                continue;
            }
            match container {
                Container::Map if Dialect::Json.omits(&value) => continue,
                Container::Map => key(&name, out),
                Container::List => {}
            }
            if self.scalar_or_open(value, out) {
                self.close_entry(out);
            }
        }
        self.open.clear();
    }

    /// Ends what stands in the innermost container.
    fn close_entry(&self, out: &mut Vec<u8>) {
        match self.open.last() {
            Some(Container::Map) => out.extend_from_slice(b"},"),
            Some(Container::List) => out.push(b','),
            None => {}
        }
    }

    /// Whether the value is complete.
    fn scalar_or_open(&mut self, value: Value<'_>, out: &mut Vec<u8>) -> bool {
        match value {
            Value::ObjectStart | Value::ErrorStart => {
                out.extend_from_slice(b"{\"kvlistValue\":{\"values\":[");
                self.open.push(Container::Map);
                return false;
            }
            Value::ArrayStart => {
                out.extend_from_slice(b"{\"arrayValue\":{\"values\":[");
                self.open.push(Container::List);
                return false;
            }
            Value::Text(text) | Value::Marker(text) => string(text, out),
            Value::Int(int) => {
                out.extend_from_slice(b"{\"intValue\":\"");
                number::write_i32(out, int);
                out.extend_from_slice(b"\"}");
            }
            Value::Float(float) if float.is_finite() => {
                out.extend_from_slice(b"{\"doubleValue\":");
                number::write_f64(out, float);
                out.push(b'}');
            }
            Value::Float(float) => {
                out.extend_from_slice(b"{\"doubleValue\":\"");
                number::write_f64(out, float);
                out.extend_from_slice(b"\"}");
            }
            Value::Bool(true) => out.extend_from_slice(b"{\"boolValue\":true}"),
            Value::Bool(false) => out.extend_from_slice(b"{\"boolValue\":false}"),
            Value::BigInt(digits) => big_int(digits, out),
            Value::Date(ms) => {
                out.extend_from_slice(b"{\"stringValue\":\"");
                if write_iso_date(out, ms) {
                    out.extend_from_slice(b"\"}");
                } else {
                    out.extend_from_slice(b"Invalid Date\"}");
                }
            }
            Value::Function(_) | Value::Symbol(_) => {
                out.extend_from_slice(b"{\"stringValue\":\"");
                write_name(out, value);
                out.extend_from_slice(b"\"}");
            }
            // An AnyValue without a value is the null of OTLP.
            Value::Null | Value::Undefined | Value::Close => out.extend_from_slice(b"{}"),
        }
        true
    }

    fn exception(&mut self, field: &Field<'_>, out: &mut Vec<u8>) {
        let view = ErrorView::read(field.rest.clone());
        let parts = [
            ("exception.type", view.kind),
            ("exception.message", view.message),
        ];
        for (name, text) in parts {
            if let Some(text) = text {
                key(&Key::Inline(Text::Utf8(name)), out);
                string(text, out);
                out.extend_from_slice(b"},");
            }
        }
        key(&Key::Inline(Text::Utf8("exception.stacktrace")), out);
        out.extend_from_slice(b"{\"stringValue\":\"");
        write_stacks(&view, out);
        out.extend_from_slice(b"\"}},");
        let mut tokens = field.rest.clone();
        while let Some(own) = next_own(&mut tokens) {
            let name = format!("exception.{}", own.key.to_str());
            key(&Key::Inline(Text::Utf8(&name)), out);
            self.value(own.value, &mut tokens, out);
            out.extend_from_slice(b"},");
        }
    }
}

/// `{"key":"…","value":`
fn key(name: &Key<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"key\":");
    match name {
        Key::Interned(entry) => append(out, entry.quoted()),
        name => json_text::write_str(out, &name.to_str()),
    }
    out.extend_from_slice(b",\"value\":");
}

fn string(text: Text<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"stringValue\":");
    json_text::write_text(out, text);
    out.push(b'}');
}

/// An integer if 64 bits are enough, else its digits.
fn big_int(digits: Text<'_>, out: &mut Vec<u8>) {
    match digits.to_str().parse::<i64>() {
        Ok(value) => {
            out.extend_from_slice(format!("{{\"intValue\":\"{value}\"}}").as_bytes());
        }
        Err(_) => string(digits, out),
    }
}

/// Takes the field of this name if it is an id of so many hexadecimal digits, not all zero.
fn take_id<'a>(fields: &mut [Field<'a>], name: &str, digits: usize) -> Option<Text<'a>> {
    let field = fields
        .iter_mut()
        .find(|field| field.token.key.to_str() == name)?;
    let Value::Text(text) = field.token.value else {
        return None;
    };
    let id = text.to_str();
    let is_id = id.len() == digits
        && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        && id.bytes().any(|byte| byte != b'0');
    drop(id);
    is_id.then(|| {
        field.token.value = Value::Undefined;
        text
    })
}

impl Format for OtelFormat {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Listed {
            message,
            mut fields,
            ..
        } = self.lister.list(record, Dialect::Json);
        out.extend_from_slice(&self.head);
        if let Some(logger) = record.logger() {
            out.extend_from_slice(b"\"name\":");
            append(out, logger.quoted());
        }
        out.extend_from_slice(b"},\"logRecords\":[{\"timeUnixNano\":\"");
        let ms = clamp_ms(record.time_ms()).max(0);
        let mut digits = itoa::Buffer::new();
        let ms_digits = digits.format(ms);
        out.extend_from_slice(ms_digits.as_bytes());
        if ms > 0 {
            out.extend_from_slice(b"000000");
        }
        out.extend_from_slice(b"\",\"severityNumber\":");
        number::write_i32(out, severity(record.level()));
        out.extend_from_slice(b",\"severityText\":\"");
        out.extend_from_slice(record.level().name().as_bytes());
        out.push(b'"');
        if !matches!(message, None | Some(Value::Undefined)) {
            out.extend_from_slice(b",\"body\":{\"stringValue\":");
            write_message(out, &message);
            out.push(b'}');
        }
        let trace = take_id(&mut fields, "trace_id", 32);
        let span = trace.and_then(|_| take_id(&mut fields, "span_id", 16));
        out.extend_from_slice(b",\"attributes\":[");
        let mut has_exception = false;
        for field in &mut fields {
            if matches!(field.token.value, Value::ErrorStart)
                && !has_exception
                && matches!(&*field.token.key.to_str(), "err" | "error")
            {
                has_exception = true;
                self.exception(field, out);
            } else if !matches!(field.token.value, Value::Undefined) {
                self.attribute(field, out);
            }
        }
        end_with(b']', out);
        for (name, id) in [(&b",\"traceId\":"[..], trace), (b",\"spanId\":", span)] {
            if let Some(id) = id {
                out.extend_from_slice(name);
                json_text::write_text(out, id);
            }
        }
        out.extend_from_slice(b"}]}]}]}\n");
        self.lister.recycle(fields);
    }
}
