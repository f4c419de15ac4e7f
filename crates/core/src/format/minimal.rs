//! `INFO order placed`: level and message, nothing else.

use super::error_view::ErrorView;
use super::fields::pass_message;
use super::json_value::skip;
use super::simple::write_message;
use super::{compact, Format};
use crate::wire::layout::FLAG_ERROR;
use crate::wire::{Record, Tokens, Value};

/// The minimal format. A call that has an Error in `err` or `error` instead of a message shows
/// `Type: message`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MinimalFormat;

impl Format for MinimalFormat {
    fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let (mut message, mut tokens) = record.message_and_fields();
        pass_message(&mut message, &mut tokens);
        out.extend_from_slice(record.level().name().as_bytes());
        out.push(b' ');
        write_message(message, out);
        if record.has(FLAG_ERROR) && matches!(message, None | Some(Value::Undefined)) {
            write_error(tokens, out);
        }
        out.push(b'\n');
    }
}

fn write_error(mut tokens: Tokens<'_>, out: &mut Vec<u8>) {
    while let Some(token) = tokens.next() {
        let named = matches!(&*token.key.to_str(), "err" | "error");
        if named && matches!(token.value, Value::ErrorStart) {
            return compact::write_headline(&ErrorView::read(tokens), out);
        }
        skip(&token.value, &mut tokens);
    }
}
