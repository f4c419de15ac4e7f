//! Values of a token stream as JSON, in the two dialects that differ in what JSON has no word for.
//!
//! | value | `Dialect::Json` | `Dialect::Pino` |
//! | --- | --- | --- |
//! | NaN, ±Infinity | `"NaN"`, `"Infinity"`, `"-Infinity"` | `null` |
//! | BigInt | string of digits | bare digits |
//! | function | `"[Function: name]"` | omitted; `null` in arrays |
//! | symbol | `"Symbol(description)"` | omitted; `null` in arrays |
//! | undefined | omitted; `null` in arrays | the same |
//! | invalid date | `null` | the same |
//! | Error | object of its fields as they come | see `pino_error` |
//!
//! Every value is written with a comma after it; the end of its container (or the caller) turns the last
//! one into the closing bracket. That saves a "first?" branch per value, and a comma at the end of the
//! buffer can only be such a separator, since strings end in a quote.

use super::{json_text, number, timestamp};
use crate::wire::{Key, Text, Token, Tokens, Value};

/// Which JSON is written for values that JSON lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Nothing is lost: such values become strings.
    Json,
    /// What pino prints.
    Pino,
}

impl Dialect {
    /// Whether an entry with this value is left out of an object.
    #[inline]
    pub(crate) fn omits(self, value: &Value<'_>) -> bool {
        match value {
            Value::Undefined | Value::Close => true,
            Value::Function(_) | Value::Symbol(_) => self == Dialect::Pino,
            _ => false,
        }
    }
}

/// What to do with a top-level entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Write it.
    Write,
    /// Leave it out.
    Skip,
    /// Write neither it nor those after it.
    Stop,
}

/// The innermost open container: an object, an array, or an Error with the bits of its seen fields.
pub(crate) type Frame = u8;
pub(crate) const OBJECT: Frame = 0;
const ARRAY: Frame = 1;
pub(crate) const ERROR: Frame = 0x80;

/// The fields an Error has by nature; an own property of the same name must not appear twice.
const ERROR_FIELDS: [&str; 5] = ["type", "message", "stack", "cause", "errors"];

/// Writes values. Holds the stack of open containers, so that depth costs no native stack.
#[derive(Clone, Debug)]
pub struct ValueWriter {
    dialect: Dialect,
    open: Vec<Frame>,
    /// Errors being laid out by `pino_error`, which recurses.
    pub(crate) error_depth: u32,
}

impl ValueWriter {
    /// A writer of `dialect`.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            open: Vec::with_capacity(64),
            error_depth: 0,
        }
    }

    /// Appends `"key":value,` for a token just read from `tokens`, which is read on to the end of the
    /// value; nothing for a value that objects leave out.
    pub fn entry(&mut self, token: Token<'_>, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
        if !self.dialect.omits(&token.value) {
            json_text::write_key(out, &token.key);
            self.value(token.value, tokens, out);
        }
    }

    /// Appends `value,`; what has no JSON of its own is `null`. `tokens` stands behind the value's token
    /// and is read on to the end of the value.
    pub fn value(&mut self, value: Value<'_>, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
        if let Some(frame) = self.scalar_or_frame(&value, tokens, out) {
            self.run(frame, |_| Gate::Write, tokens, out);
        }
    }

    /// Appends `"key":value,` for every entry left in `tokens`, which stand outside of any container, as
    /// `gate` says. `false` when it stopped; then the token of that entry has been read.
    #[inline]
    pub fn entries(
        &mut self,
        gate: impl FnMut(&Key<'_>) -> Gate,
        tokens: &mut Tokens<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        self.run(OBJECT, gate, tokens, out)
    }

    /// Writes a scalar and its comma, or the bracket that opens a container.
    #[inline(always)]
    fn scalar_or_frame(
        &mut self,
        value: &Value<'_>,
        tokens: &mut Tokens<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Frame> {
        // By reference: moving a token costs more than the rest of an integer.
        match value {
            Value::Text(text) => {
                json_text::write_text_and_comma(out, *text);
                return None;
            }
            Value::Int(int) => number::write_i32(out, *int),
            Value::Float(float) => self.float(*float, out),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Null => out.extend_from_slice(b"null"),
            Value::ObjectStart => {
                out.push(b'{');
                return Some(OBJECT);
            }
            Value::ArrayStart => {
                out.push(b'[');
                return Some(ARRAY);
            }
            Value::ErrorStart => {
                if self.dialect == Dialect::Pino && self.pino_error(tokens, out) {
                    return None;
                }
                out.push(b'{');
                return Some(ERROR);
            }
            rare => self.rare(*rare, out),
        }
        out.push(b',');
        None
    }

    #[inline]
    fn float(&self, value: f64, out: &mut Vec<u8>) {
        if value.is_finite() {
            number::write_f64(out, value);
        } else if self.dialect == Dialect::Pino {
            out.extend_from_slice(b"null");
        } else {
            out.push(b'"');
            number::write_f64(out, value);
            out.push(b'"');
        }
    }

    #[cold]
    fn rare(&self, value: Value<'_>, out: &mut Vec<u8>) {
        let json = self.dialect == Dialect::Json;
        match value {
            Value::Date(ms) => {
                out.push(b'"');
                if timestamp::write_iso_date(out, ms) {
                    out.push(b'"');
                } else {
                    out.pop();
                    out.extend_from_slice(b"null");
                }
            }
            Value::Marker(text) => json_text::write_text(out, text),
            Value::BigInt(digits) if json || !is_integer(digits) => {
                json_text::write_text(out, digits);
            }
            Value::BigInt(digits) => json_text::write_text_body(out, digits),
            Value::Function(_) | Value::Symbol(_) if json => {
                out.push(b'"');
                write_name(out, value);
                out.push(b'"');
            }
            _ => out.extend_from_slice(b"null"),
        }
    }

    /// Writes the entries of `frame`, until it is closed (then its end and a comma, too), until the tokens
    /// end, or until `gate`, which sees the keys of `frame` itself, stops.
    #[inline]
    fn run(
        &mut self,
        mut frame: Frame,
        mut gate: impl FnMut(&Key<'_>) -> Gate,
        tokens: &mut Tokens<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        let base = self.open.len();
        while let Some(token) = tokens.next() {
            let Token { key, value } = &token;
            if let Value::Close = value {
                close(frame, out);
                if self.open.len() == base {
                    return true;
                }
                frame = self.open.pop().unwrap_or(OBJECT);
                continue;
            }
            if frame != ARRAY {
                if self.open.len() == base {
                    match gate(key) {
                        Gate::Write => {}
                        Gate::Skip => {
                            skip(value, tokens);
                            continue;
                        }
                        Gate::Stop => return false,
                    }
                }
                if self.dialect.omits(value) {
                    continue;
                }
                if repeats_error_field(&mut frame, key) {
                    skip(value, tokens);
                    continue;
                }
                json_text::write_key(out, key);
            }
            if let Some(inner) = self.scalar_or_frame(value, tokens, out) {
                self.open.push(frame);
                frame = inner;
            }
        }
        true
    }
}

/// Ends the object or array whose entries were written last: the comma after the last one becomes `end`.
#[inline]
pub(crate) fn end_with(end: u8, out: &mut Vec<u8>) {
    match out.last_mut() {
        Some(last @ b',') => *last = end,
        _ => out.push(end),
    }
}

#[inline]
fn close(frame: Frame, out: &mut Vec<u8>) {
    end_with(if frame == ARRAY { b']' } else { b'}' }, out);
    out.push(b',');
}

/// Reads over a value whose first token has been read.
pub(crate) fn skip(value: &Value<'_>, tokens: &mut Tokens<'_>) {
    if let Value::ObjectStart | Value::ArrayStart | Value::ErrorStart = value {
        tokens.skip_container();
    }
}

/// Notes that an Error's field has been seen; `true` when it is there already.
#[inline]
pub(crate) fn repeats_error_field(frame: &mut Frame, key: &Key<'_>) -> bool {
    *frame & ERROR != 0 && repeats_field(frame, key)
}

fn repeats_field(frame: &mut Frame, key: &Key<'_>) -> bool {
    let name = key.to_str();
    let Some(index) = ERROR_FIELDS.iter().position(|known| *known == name) else {
        return false;
    };
    let repeats = *frame & 1 << index != 0;
    *frame |= 1 << index;
    repeats
}

fn is_integer(digits: Text<'_>) -> bool {
    let text = digits.to_str();
    let unsigned = text.strip_prefix('-').unwrap_or(&text);
    let plain = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    plain && (unsigned.len() == 1 || !unsigned.starts_with('0'))
}

/// Appends the escaped, unquoted form of a function or symbol: `[Function: name]`, `Symbol(description)`.
pub(crate) fn write_name(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Function(name) if name.is_empty() => out.extend_from_slice(b"[Function]"),
        Value::Function(name) => {
            out.extend_from_slice(b"[Function: ");
            json_text::write_text_body(out, name);
            out.push(b']');
        }
        Value::Symbol(description) => {
            out.extend_from_slice(b"Symbol(");
            json_text::write_text_body(out, description);
            out.push(b')');
        }
        _ => {}
    }
}

/// Appends a message as a JSON string, whatever type it has: `""` for none, numbers and booleans as text.
#[inline]
pub(crate) fn write_message(out: &mut Vec<u8>, message: &Option<Value<'_>>) {
    if let Some(Value::Text(text)) = message {
        return json_text::write_text(out, *text);
    }
    out.push(b'"');
    write_message_body(out, *message);
    out.push(b'"');
}

/// Appends a message escaped but without quotes.
pub(crate) fn write_message_body(out: &mut Vec<u8>, message: Option<Value<'_>>) {
    match message {
        Some(Value::Text(text) | Value::Marker(text) | Value::BigInt(text)) => {
            json_text::write_text_body(out, text);
        }
        Some(Value::Int(int)) => number::write_i32(out, int),
        Some(Value::Float(float)) => number::write_f64(out, float),
        Some(Value::Bool(true)) => out.extend_from_slice(b"true"),
        Some(Value::Bool(false)) => out.extend_from_slice(b"false"),
        Some(Value::Null) => out.extend_from_slice(b"null"),
        Some(Value::Date(ms)) if !timestamp::write_iso_date(out, ms) => {
            out.extend_from_slice(b"Invalid Date");
        }
        Some(name @ (Value::Function(_) | Value::Symbol(_))) => write_name(out, name),
        _ => {}
    }
}
