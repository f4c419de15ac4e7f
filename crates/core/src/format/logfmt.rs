//! `key=value` pairs on one line.
//!
//! ```text
//! ts=2026-01-02T03:04:05.678Z level=info msg="order placed" logger=app orderId=42 user.id=u-1
//! ```
//!
//! Objects and Errors are flattened with dots, arrays are JSON. A value is quoted when it is empty or holds
//! white space, quotes, `=` or characters that are escaped. Such characters in keys become `_`, and a field
//! named like one of the line's own (`ts`, `level`, `msg`, `logger`) gets a `_` behind its name.

use super::fields::{FieldLister, Listed};
use super::json_value::{
    repeats_error_field, skip, write_message_body, Dialect, Frame, ValueWriter, ERROR, OBJECT,
};
use super::timestamp::{self, TimeStyle, Timestamps};
use super::{number, visible, Format};
use crate::wire::{Key, Record, Text, Token, Tokens, Value};

/// Deeper objects are JSON, so that the path before a value stays shorter than the record.
const MAX_DEPTH: usize = 16;

/// The logfmt format.
#[derive(Debug)]
pub struct LogfmtFormat {
    timestamps: Timestamps,
    style: TimeStyle,
    lister: FieldLister,
    values: ValueWriter,
    /// The dotted key being written.
    path: Vec<u8>,
    /// Objects being flattened, and the length of the path outside of each.
    open: Vec<(Frame, usize)>,
    /// JSON before it is quoted.
    json: Vec<u8>,
}

impl LogfmtFormat {
    /// A format that writes the time like this.
    pub fn new(style: TimeStyle) -> Self {
        Self {
            timestamps: Timestamps::default(),
            style,
            lister: FieldLister::default(),
            values: ValueWriter::new(Dialect::Json),
            path: Vec::new(),
            open: Vec::new(),
            json: Vec::new(),
        }
    }
}

impl LogfmtFormat {
    /// Writes a field and all that is in it; each pair begins with a space.
    fn field(&mut self, token: Token<'_>, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
        self.path.clear();
        self.open.clear();
        push_key(token.key, &mut self.path);
        if matches!(self.path.as_slice(), b"ts" | b"level" | b"msg" | b"logger") {
            self.path.push(b'_');
        }
        if self.opens(token.value, tokens, out) {
            self.flatten(tokens, out);
        }
    }

    fn flatten(&mut self, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
        while let Some(token) = tokens.next() {
            match token.value {
                Value::Close => match self.open.pop() {
                    Some((_, end)) if !self.open.is_empty() => {
                        self.path.truncate(end);
                        continue;
                    }
                    _ => return,
                },
                Value::Undefined => continue,
                _ => {}
            }
            let repeated = |(frame, _): &mut (Frame, usize)| repeats_error_field(frame, &token.key);
            if self.open.last_mut().is_some_and(repeated) {
                skip(&token.value, tokens);
                continue;
            }
            let end = self.path.len();
            self.path.push(b'.');
            push_key(token.key, &mut self.path);
            if self.opens(token.value, tokens, out) {
                // The path is cut when the object closes.
                if let Some((_, last)) = self.open.last_mut() {
                    *last = end;
                }
            } else {
                self.path.truncate(end);
            }
        }
    }

    /// Writes the pair of a value under the current path; `true` if it is an object to be flattened.
    fn opens(&mut self, value: Value<'_>, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> bool {
        let container = matches!(value, Value::ObjectStart | Value::ErrorStart);
        if container && self.open.len() < MAX_DEPTH && !is_empty(tokens) {
            let error = matches!(value, Value::ErrorStart);
            self.open.push((if error { ERROR } else { OBJECT }, 0));
            return true;
        }
        out.push(b' ');
        out.extend_from_slice(&self.path);
        out.push(b'=');
        if container || matches!(value, Value::ArrayStart) {
            self.json.clear();
            self.values.value(value, tokens, &mut self.json);
            self.json.pop();
            let json = String::from_utf8_lossy(&self.json);
            visible::write_value(out, Text::Utf8(&json));
        } else {
            write_scalar(value, out);
        }
        false
    }
}

/// Whether the container that has just been opened ends at once.
fn is_empty(tokens: &Tokens<'_>) -> bool {
    let next = tokens.clone().next();
    matches!(
        next,
        None | Some(Token {
            value: Value::Close,
            ..
        })
    )
}

fn push_key(key: Key<'_>, path: &mut Vec<u8>) {
    let name = key.to_str();
    for char in name.chars() {
        let unsafe_char =
            matches!(char, '=' | '"') || char.is_whitespace() || visible::is_hidden(char);
        let char = if unsafe_char { '_' } else { char };
        path.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if name.is_empty() {
        path.push(b'_');
    }
}

fn write_scalar(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) | Value::Marker(text) | Value::BigInt(text) => {
            visible::write_value(out, text);
        }
        Value::Int(int) => number::write_i32(out, int),
        Value::Float(float) => number::write_f64(out, float),
        Value::Date(ms) if timestamp::write_iso_date(out, ms) => {}
        Value::Function(_) | Value::Symbol(_) => {
            let mut name = Vec::new();
            super::compact::write_scalar(value, false, &mut name);
            visible::write_value(out, Text::Utf8(&String::from_utf8_lossy(&name)));
        }
        Value::Bool(_) => write_message_body(out, Some(value)),
        _ => out.extend_from_slice(b"null"),
    }
}

impl Format for LogfmtFormat {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let Listed {
            message,
            mut fields,
            ..
        } = self.lister.list(record, Dialect::Json);
        out.extend_from_slice(b"ts=");
        self.style
            .write(&mut self.timestamps, record.time_ms(), out);
        out.extend_from_slice(b" level=");
        out.extend(
            record
                .level()
                .name()
                .bytes()
                .map(|byte| byte.to_ascii_lowercase()),
        );
        match message {
            None | Some(Value::Undefined) => {}
            Some(message) => {
                out.extend_from_slice(b" msg=");
                write_scalar(message, out);
            }
        }
        if let Some(logger) = record.logger() {
            out.extend_from_slice(b" logger=");
            visible::write_value(out, Text::Interned(logger));
        }
        for field in &mut fields {
            self.field(field.token, &mut field.rest, out);
        }
        out.push(b'\n');
        self.lister.recycle(fields);
    }
}
