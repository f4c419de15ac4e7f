//! Values for people: `{a: 1, b: [1, 2]}`, strings bare where they can be.

use super::error_view::ErrorView;
use super::{number, timestamp, visible};
use crate::wire::{Key, Text, Token, Tokens, Value};

/// Writes compact values; keeps the stack of open containers (`true` for arrays).
#[derive(Clone, Debug, Default)]
pub(crate) struct CompactWriter {
    open: Vec<bool>,
}

impl CompactWriter {
    /// Appends a value whose first token has been read from `tokens`, and reads it to its end.
    pub(crate) fn value(&mut self, value: Value<'_>, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
        match value {
            Value::ObjectStart => out.push(b'{'),
            Value::ArrayStart => out.push(b'['),
            Value::ErrorStart => return write_error(tokens, out),
            scalar => return write_scalar(scalar, false, out),
        }
        self.open.clear();
        self.open.push(matches!(value, Value::ArrayStart));
        while let Some(Token { key, value }) = tokens.next() {
            let in_array = self.open.last() == Some(&true);
            if let Value::Close = value {
                // Only the separator of the last entry can stand here, or the opening bracket.
                if out.ends_with(b", ") {
                    out.truncate(out.len() - 2);
                }
                out.push(if in_array { b']' } else { b'}' });
                self.open.pop();
                if self.open.is_empty() {
                    return;
                }
                out.extend_from_slice(b", ");
                continue;
            }
            if !in_array {
                if let Value::Undefined = value {
                    continue;
                }
                write_key(key, out);
                out.extend_from_slice(b": ");
            }
            match value {
                Value::ObjectStart => {
                    out.push(b'{');
                    self.open.push(false);
                    continue;
                }
                Value::ArrayStart => {
                    out.push(b'[');
                    self.open.push(true);
                    continue;
                }
                Value::ErrorStart => write_error(tokens, out),
                scalar => write_scalar(scalar, true, out),
            }
            out.extend_from_slice(b", ");
        }
    }
}

/// Appends a key, quoted when it has to be.
pub(crate) fn write_key(key: Key<'_>, out: &mut Vec<u8>) {
    match key {
        Key::None => out.extend_from_slice(b"\"\""),
        Key::Interned(entry) => write_text(Text::Interned(entry), true, out),
        Key::Inline(text) => write_text(text, true, out),
    }
}

/// Appends a value that is not a container; `nested` strings are quoted when they hold punctuation of the
/// container around them.
pub(crate) fn write_scalar(value: Value<'_>, nested: bool, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => write_text(text, nested, out),
        Value::Int(int) => number::write_i32(out, int),
        Value::Float(float) => number::write_f64(out, float),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Null => out.extend_from_slice(b"null"),
        Value::BigInt(digits) => {
            visible::write(out, digits);
            out.push(b'n');
        }
        Value::Date(ms) if !timestamp::write_iso_date(out, ms) => {
            out.extend_from_slice(b"Invalid Date");
        }
        Value::Date(_) => {}
        Value::Marker(text) => visible::write(out, text),
        Value::Function(name) if name.is_empty() => out.extend_from_slice(b"[Function]"),
        Value::Function(name) => wrapped("[Function: ", name, "]", out),
        Value::Symbol(description) => wrapped("Symbol(", description, ")", out),
        Value::Undefined => out.extend_from_slice(b"undefined"),
        Value::ObjectStart | Value::ArrayStart | Value::ErrorStart | Value::Close => {}
    }
}

fn write_text(text: Text<'_>, nested: bool, out: &mut Vec<u8>) {
    if nested && visible::needs_quotes_nested(text) {
        visible::write_quoted(out, text);
    } else if nested {
        visible::write(out, text);
    } else {
        visible::write_value(out, text);
    }
}

fn wrapped(before: &str, text: Text<'_>, after: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(before.as_bytes());
    visible::write(out, text);
    out.extend_from_slice(after.as_bytes());
}

/// An Error among other values: `[TypeError: message]`.
fn write_error(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
    let view = ErrorView::read(tokens.clone());
    out.push(b'[');
    write_headline(&view, out);
    out.push(b']');
    tokens.skip_container();
}

/// Appends `Type: message`, or the type alone.
pub(crate) fn write_headline(view: &ErrorView<'_>, out: &mut Vec<u8>) {
    visible::write(out, view.kind.unwrap_or(Text::Utf8("Error")));
    if let Some(message) = view.message.filter(|message| !message.is_empty()) {
        out.extend_from_slice(b": ");
        visible::write(out, message);
    }
}
