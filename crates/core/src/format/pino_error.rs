//! Errors as pino-std-serializers 7 lays them out: `type`, `message` with the messages of the causes,
//! `stack` with their stacks, `aggregateErrors`, then own properties.
//!
//! Differs where the wire can't tell: a `cause` that is not an Error is kept as a property (pino keeps it
//! only when it is enumerable), and plain objects that merely look like errors are plain objects.

use super::error_view::{ErrorPart, ErrorView};
use super::json_text;
use super::json_value::{end_with, skip, ValueWriter};
use crate::wire::{Text, Tokens, Value};

/// Errors within errors laid out this way; deeper ones keep the plain layout, so that neither the native
/// stack nor the repeated look at causes grows with the nesting of a record.
const MAX_DEPTH: u32 = 8;
/// Causes folded into one message and stack.
const MAX_CAUSES: usize = 32;

impl ValueWriter {
    /// Appends the Error whose start token was read last, and a comma. `false`, with nothing written or
    /// read, when errors are nested too deeply for this layout.
    pub(crate) fn pino_error(&mut self, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> bool {
        if self.error_depth >= MAX_DEPTH {
            return false;
        }
        self.error_depth += 1;
        let view = ErrorView::read(tokens.clone());
        out.extend_from_slice(b"{\"type\":");
        json_text::write_text(out, view.kind.unwrap_or(Text::Utf8("Error")));
        out.extend_from_slice(b",\"message\":\"");
        fold(&view, b": ", |error| error.message, out);
        out.extend_from_slice(b"\",\"stack\":\"");
        fold(&view, b"\\ncaused by: ", |error| error.stack, out);
        out.extend_from_slice(b"\",");
        let aggregate = view.errors.is_some();
        if let Some(mut errors) = view.errors {
            out.extend_from_slice(b"\"aggregateErrors\":");
            self.value(Value::ArrayStart, &mut errors, out);
        }
        self.own_properties(aggregate, tokens, out);
        end_with(b'}', out);
        out.push(b',');
        self.error_depth -= 1;
        true
    }

    fn own_properties(&mut self, aggregate: bool, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) {
        while let Some(token) = tokens.next() {
            if let Value::Close = token.value {
                return;
            }
            let own = ErrorPart::of(&token) == ErrorPart::Own
                && !(aggregate && token.key.to_str() == "aggregateErrors");
            if own {
                self.entry(token, tokens, out);
            } else {
                skip(&token.value, tokens);
            }
        }
    }
}

/// Appends one field of an error and of its causes.
fn fold<'a>(
    error: &ErrorView<'a>,
    separator: &[u8],
    field: impl Fn(&ErrorView<'a>) -> Option<Text<'a>>,
    out: &mut Vec<u8>,
) {
    json_text::write_text_body(out, field(error).unwrap_or(Text::Utf8("")));
    let mut cause = error.cause.clone();
    for _ in 0..MAX_CAUSES {
        let Some(tokens) = cause else { return };
        let error = ErrorView::read(tokens);
        out.extend_from_slice(separator);
        json_text::write_text_body(out, field(&error).unwrap_or(Text::Utf8("")));
        cause = error.cause;
    }
}
